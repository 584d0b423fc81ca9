#!/usr/bin/env bash
# icp_cluster() of 1,000,000 rows × 12 mixed columns in eight planted groups, one value in twenty missing, k = 8, against
# exporting them, one-hot encoding and scikit-learn's KMeans with one initialisation, in one run. One core each. Aims: at
# most half of the time and a quarter of the memory.
#   bench/cluster.sh [ROWS]
# On a busy machine look at the processor's time. Memory is the peak of the backend's resident set, shared buffers
# included, against that of the Python process alone.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/server.sh"
. "$top/bench/python.sh"
rows=${1:-1000000}
python_with 'pandas, psycopg2, sklearn'
server_build with_llvm=no >/dev/null
trap 'server_stop bench' EXIT
server_start bench
server_env bench
# Numbers are log-normal, uniform or zero-inflated about each group's own level; three words in five are the group's own.
psql -X -q -v ON_ERROR_STOP=1 -c 'CREATE EXTENSION icp' -c "
CREATE FUNCTION u(i int, what text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
  \$\$SELECT (hashtextextended(what, i) & 4503599627370495)::float8 / 4503599627370496.0\$\$;
CREATE FUNCTION z(i int, what text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
  \$\$SELECT sqrt(-2 * ln(1 - u(i, what || '/r'))) * cos(2 * pi() * u(i, what || '/a'))\$\$;
CREATE TABLE bench_rows AS
SELECT i AS id, g AS truth,
  CASE WHEN u(i, 'e?') > .05 THEN round(exp(2 + .8 * g + .6 * z(i, 'e')))::int END AS employees,
  CASE WHEN u(i, 'v?') > .05 THEN round((exp(8 + .5 * (g * 5 % 8) + .7 * z(i, 'v')))::numeric, 2) END AS revenue,
  CASE WHEN u(i, 'y?') > .05 THEN floor(40 * u(i, 'y'))::int + 10 * (g * 3 % 8) END AS years,
  CASE WHEN u(i, 'n0') < .4 THEN 0 ELSE floor(exp(1 + .3 * g + .5 * z(i, 'n')))::int END AS visits,
  CASE WHEN u(i, 'd?') > .05 THEN .05 * (g % 4) + .1 * u(i, 'd') END AS discount,
  1 + floor(-2 * ln(1 - u(i, 'o')) * (1 + g % 3))::int AS offices,
  CASE WHEN u(i, 'a?') > .05 THEN 'industry ' || CASE WHEN u(i, 'a') < .6 THEN g ELSE floor(10 * u(i, 'aa'))::int END END AS industry,
  CASE WHEN u(i, 'b?') > .05 THEN 'region ' || CASE WHEN u(i, 'b') < .6 THEN g * 3 % 7 ELSE floor(12 * u(i, 'bb'))::int END END AS region,
  CASE WHEN u(i, 'c?') > .05 THEN 'source ' || CASE WHEN u(i, 'c') < .6 THEN g % 5 ELSE floor(6 * u(i, 'cc'))::int END END AS source,
  CASE WHEN u(i, 'f?') > .05 THEN 'role ' || CASE WHEN u(i, 'f') < .6 THEN g / 2 ELSE floor(5 * u(i, 'ff'))::int END END AS decision_maker,
  CASE WHEN u(i, 'p?') > .05 THEN u(i, 'p') < CASE WHEN g % 2 = 0 THEN .8 ELSE .2 END END AS uses_erp,
  CASE WHEN u(i, 'x?') > .05 THEN u(i, 'x') < CASE WHEN g < 4 THEN .7 ELSE .1 END END AS exports
FROM (SELECT i, floor(8 * u(i, 'g'))::int AS g FROM generate_series(1, $rows) i) s" -c 'VACUUM ANALYZE bench_rows' -c '
CREATE VIEW bench_input AS SELECT id, employees, revenue, years, visits, discount, offices, industry, region, source,
  decision_maker, uses_erp, exports FROM bench_rows'

# A new session: its peak is that of this statement. Labels are kept in a table.
out=$(psql -X -q -A -t -v ON_ERROR_STOP=1 -c 'SET max_parallel_workers_per_gather = 0' -c '\timing on' -c '
CREATE UNLOGGED TABLE bench_group AS
SELECT id, icp_cluster(b, 8, $${"ignore": ["id", "truth"]}$$) OVER () AS "group" FROM bench_rows b' -c '\timing off' -c "
SELECT (regexp_match(pg_read_file('/proc/self/status'), 'VmHWM:\s*(\d+)'))[1]::int / 1024,
  round((t[14]::numeric + t[15]::numeric) / 100, 2) FROM (SELECT string_to_array(pg_read_file('/proc/self/stat'), ' ') AS t) s")
icp=$(awk '/^Time:/ { printf "%.3f", $2 / 1000 }' <<<"$out")
IFS='|' read -r peak processor < <(tail -n 1 <<<"$out")
echo "# $rows rows × 12 columns, six of them numbers; k = 8; one run of each, one core"
line='%-36s %8.3f s  (%.2f s of processor)  peak %4d MB\n'
printf "$line" 'icp_cluster, its labels stored' "$icp" "$processor" "$peak"
if [ -z "$python" ]; then
  echo 'scikit-learn: not installed, not compared (apt-get install python3-sklearn python3-pandas python3-psycopg2)'
  exit 0
fi
OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "$python" "$top/bench/cluster.py" >"$home/bench/python"
read -r total python_processor python_peak export encode fit index icp_index <"$home/bench/python"
printf "$line" 'export, one-hot, scikit-learn KMeans' "$total" "$python_processor" "$python_peak"
echo "  of these export $export s, one-hot $encode s, KMeans $fit s; the server's share of the export is not in Python's processor time"
awk -v a="$icp" -v b="$total" -v m="$peak" -v n="$python_peak" 'BEGIN {
  printf "ratio of time %.2f (aim: at most 0.50), of memory %.2f (aim: at most 0.25)\n", a / b, m / n }'
printf 'adjusted Rand index with the planted groups: icp_cluster %s, KMeans %s\n' "$icp_index" "$index"
