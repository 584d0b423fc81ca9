#!/usr/bin/env bash
# icp_discover() against pysubgroup, in one run, on one core: times, and whether the best rules are the same. The measure is
# n^0.5 times the difference of shares, the conditions are those of icp (bench/rules.py). Tables: salvirt_b2b of ICP_DATA to
# depth 3, all combinations; 41,000 rows × 20 mixed attributes to depth 2, all combinations (pysubgroup takes minutes); 41,000
# and 100,000 to depth 3 by beam search, pysubgroup's of its usual width, 20, and of ours, 100. What is called the search is it alone; what is called in full is the default:
# permutations or the other half test the rules, for which pysubgroup has nothing, and both directions are searched.
#   apt-get install python3-pandas python3-scipy python3-venv; pip installs pysubgroup into a virtual environment under
#   build/, unless PYTHONPATH leads to it
#   ICP_DATA=DIR bench/rules.sh
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/server.sh"
python=/usr/bin/python3
if ! "$python" -c 'import pysubgroup' 2>/dev/null; then
  python=$top/build/pysubgroup-venv/bin/python
  if ! "$python" -c 'import pysubgroup' 2>/dev/null; then
    { /usr/bin/python3 -m venv --system-site-packages "$top/build/pysubgroup-venv" && "$python" -m pip install -q pysubgroup; } ||
      { echo 'pysubgroup: not installed, not compared'; python=''; }
  fi
fi
server_build with_llvm=no >/dev/null
trap 'server_stop bench' EXIT
server_start bench
server_env bench
psql -X -q -c 'CREATE EXTENSION icp'

# seconds TABLE RULES: the best of three runs.
seconds() {
  local call="SELECT cardinality(icp_discover(d, 'won', '{\"rules\": {$2}}')) FROM $1 d"
  psql -X -q -A -t -c 'SET max_parallel_workers_per_gather = 0' -c '\timing on' -c "$call" -c "$call" -c "$call" |
    awk '/^Time:/ { if (best == "" || $2 < best) best = $2 } END { printf "%.3f", best / 1000 }'
}
# compare TABLE DEPTH ALGORITHM
compare() {
  local search='"permutations": 0, "holdout": 0, "exponent": 0.5, "all": true, "direction": "high", "depth": '$2
  local ours full theirs selectors same
  ours=$(seconds "$1" "$search")
  full=$(seconds "$1" "\"depth\": $2")
  printf '%-16s %7d rows, depth %d, %-8s  search %7.3f s, in full %7.3f s' "$1" "$(psql -X -A -t -c "SELECT count(*) FROM $1")" "$2" "$3" "$ours" "$full"
  if [ -n "$python" ]; then
    psql -X -q -A -t -c "COPY $1 TO STDOUT CSV HEADER" >"$home/bench/$1.csv"
    read -r selectors theirs < <(OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "$python" -W ignore "$top/bench/rules.py" "$home/bench/$1.csv" won "$2" "$3" 10 "$home/bench/peer.csv")
    # The same rows, the same number of them, the same share.
    same=$(psql -X -q -A -t -v ON_ERROR_STOP=1 <<SQL
CREATE TEMP TABLE peer (rank int, predicate text, n int, value float8, quality float8);
\copy peer FROM '$home/bench/peer.csv' CSV
CREATE TEMP TABLE ours AS SELECT r.* FROM unnest((SELECT icp_discover(d, 'won', '{"rules": {$search, "top": 200}}') FROM $1 d)) r;
CREATE TEMP TABLE found (predicate text);
DO \$\$
DECLARE p record; o record; differ bigint;
BEGIN
  FOR p IN SELECT * FROM peer ORDER BY rank LOOP
    FOR o IN SELECT * FROM ours WHERE n = p.n AND abs(value - p.value) < 1e-9 LOOP
      EXECUTE format('SELECT count(*) FROM $1 WHERE ((%s) IS TRUE) <> ((%s) IS TRUE)', p.predicate, o.predicate) INTO differ;
      IF differ = 0 THEN INSERT INTO found VALUES (p.predicate); EXIT; END IF;
    END LOOP;
  END LOOP;
END \$\$;
SELECT (SELECT count(*) FROM found) || ' of ' || (SELECT count(*) FROM peer);
SQL
    )
    awk -v s="$theirs" -v o="$ours" -v f="$full" -v k="$selectors" -v same="$same" 'BEGIN { printf "; pysubgroup, %d conditions %8.3f s; ratio %.3f, in full %.3f; same rules: %s", k, s, o / s, f / s, same }'
  fi
  echo
}
if [ -n "${ICP_DATA:-}" ]; then
  file=$ICP_DATA/salvirt_b2b/salvirt_b2b.csv
  psql -X -q -v ON_ERROR_STOP=1 <<SQL
CREATE TABLE salvirt_b2b ($(head -n 1 "$file" | tr -d '\r' | sed 's/,/ text, /g') text);
\copy salvirt_b2b FROM '$file' CSV HEADER
ALTER TABLE salvirt_b2b ADD won boolean;
UPDATE salvirt_b2b SET won = status = 'Won';
ALTER TABLE salvirt_b2b DROP status;
SQL
  compare salvirt_b2b 3 all
else
  echo 'ICP_DATA is not set: salvirt_b2b is left out'
fi
for rows in 41000 100000; do
  psql -X -q -v ON_ERROR_STOP=1 -v rows=$rows -f "$top/bench/rules.sql"
  psql -X -q -c "ALTER TABLE mixed RENAME TO mixed_$rows"
done
compare mixed_41000 2 all
for width in 20 100; do
  compare mixed_41000 3 beam:$width
  compare mixed_100000 3 beam:$width
done
