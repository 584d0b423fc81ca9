#!/usr/bin/env bash
# Quality of icp_cluster() where the classes are known and their number is given: adjusted Rand index, one configuration for
# all tables, against what one would use instead, in one run: KAMILA, k-prototypes, k-means on one-hot columns, Gower's
# distance with PAM, a plain latent-class mixture (bench/clusters.py). The tables are heart_cleveland and zoo of ICP_DATA
# and those of Debian's R packages (bench/clusters.R). What is not installed is named and left out:
#   apt-get install python3-sklearn python3-pandas r-base-core r-cran-modeldata r-cran-mass r-cran-rpart r-cran-mclust r-cran-gclus r-cran-mlbench
#   ICP_DATA=DIR bench/clusters.sh
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/server.sh"
. "$top/bench/python.sh"
python_with 'pandas, scipy, sklearn'
server_build with_llvm=no >/dev/null
trap 'server_stop bench' EXIT
server_start bench
server_env bench
tables=$home/bench/tables
rm -rf "$tables"
mkdir -p "$tables"
if [ -n "${ICP_DATA:-}" ]; then
  sed 1s/,type$/,known_class/ "$ICP_DATA/zoo/zoo.csv" | cut -d, -f2- >"$tables/zoo.csv"
  : >"$tables/zoo.numbers"
  awk -F, -v OFS=, 'NR == 1 { $NF = "known_class" } NR > 1 { $NF = $NF > 0 } { print }' "$ICP_DATA/heart_cleveland/heart_cleveland.csv" >"$tables/heart_cleveland.csv"
  echo age,trestbps,chol,thalach,oldpeak,ca >"$tables/heart_cleveland.numbers"
else
  echo 'ICP_DATA is not set: heart_cleveland and zoo are left out'
fi
if command -v Rscript >/dev/null; then Rscript --vanilla "$top/bench/clusters.R" "$tables"; else echo 'R: not installed, its tables are left out'; fi
[ -n "$python" ] || echo 'scikit-learn: not installed, not compared'
psql -X -q -v ON_ERROR_STOP=1 -c 'CREATE EXTENSION icp'
printf '%-28s %6s %3s %8s' table rows k icp
[ -z "$python" ] || printf ' %8s %8s %8s %8s %8s' KAMILA k-proto one-hot Gower latent
echo
results=$home/bench/clusters.txt
: >"$results"
for csv in "$tables"/*.csv; do
  name=$(basename "$csv" .csv)
  numbers=$(cat "$tables/$name.numbers")
  columns=$(head -n 1 "$csv" | tr -d '"\r' | tr , ' ')
  definition='' row='' features=''
  for c in $columns; do
    definition+=", \"$c\" text"
    [ "$c" = known_class ] && continue
    features+=",\"$c\""
    case ",$numbers," in
      *,"$c",*) row+=", nullif(\"$c\", '')::float8 AS \"$c\"" ;;
      *) row+=", nullif(\"$c\", '') AS \"$c\"" ;;
    esac
  done
  found=$(psql -X -q -A -t -v ON_ERROR_STOP=1 <<SQL
CREATE TEMP TABLE t (${definition#, });
\copy t FROM '$csv' CSV HEADER
WITH r AS (SELECT known_class, icp_cluster(x, (SELECT count(DISTINCT known_class)::int FROM t), '{"features": [${features#,}]}') OVER () AS g
           FROM t CROSS JOIN LATERAL (SELECT ${row#, }) x),
     c AS (SELECT known_class, g, count(*)::float8 AS n FROM r GROUP BY 1, 2),
     s AS (SELECT (SELECT sum(n * (n - 1) / 2) FROM c) AS shared,
                  (SELECT sum(n * (n - 1) / 2) FROM (SELECT sum(n) AS n FROM c GROUP BY known_class) q) AS a,
                  (SELECT sum(n * (n - 1) / 2) FROM (SELECT sum(n) AS n FROM c GROUP BY g) q) AS b,
                  (SELECT count(*) FROM t)::float8 AS n, (SELECT count(DISTINCT known_class) FROM t) AS k)
SELECT n, k, round(((shared - a * b / (n * (n - 1) / 2)) / ((a + b) / 2 - a * b / (n * (n - 1) / 2)))::numeric, 3) FROM s
SQL
  )
  IFS='|' read -r n k icp <<<"$found"
  others=''
  [ -z "$python" ] || others=$(OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "$python" -W ignore "$top/bench/clusters.py" "$csv" "$k" "$numbers" | awk '{ printf " %8s", $2 }')
  printf '%-28s %6d %3d %8s%s\n' "$name" "$n" "$k" "$icp" "$others" | tee -a "$results"
done
awk '{ for (i = 4; i <= NF; ++i) sum[i] += $i } END { printf "%-39s", "mean of " NR " tables"; for (i = 4; i <= NF; ++i) printf " %8.3f", sum[i] / NR; print "" }' "$results"
