#!/usr/bin/env bash
# icp_profile_agg() of 1,000,000 deals × 12 columns on one core, against plain SQL that computes the same figures:
# count, average, deviation, five percentiles, minimum, maximum and distinct values of each number; the most frequent
# category and the distinct ones of each text; shares of the booleans.
#   bench/profile.sh [ROWS]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/server.sh"
rows=${1:-1000000}
server_build with_llvm=no >/dev/null
trap 'server_stop bench' EXIT
server_start bench
server_env bench
psql -X -q -c 'CREATE EXTENSION icp' -c "
CREATE TABLE deals AS
SELECT i % 5000 AS employees, (i * 7919::bigint % 1000003) / 100.0 AS amount, exp((i * 104729::bigint % 1000003) / 100000.0) AS ltv,
       i % 90 AS cycle_days, (i * 31 % 1009)::real / 1009 AS retention, i % 3 = 0 AS won, i % 7 = 0 AS upsell,
       (ARRAY['wholesale', 'retail', 'e-commerce', 'IT', 'public', 'construction'])[1 + i % 6] AS industry,
       'region ' || i % 80 AS region, (ARRAY['owner', 'director', 'buyer'])[1 + i % 3] AS decision_maker,
       'city ' || (i * 17 % 700) AS city, CASE WHEN i % 4 > 0 THEN 'source ' || i % 9 END AS source
FROM generate_series(1, $rows) i" -c 'VACUUM ANALYZE deals'

numbers=(employees amount ltv cycle_days retention) texts=(industry region decision_maker city source) flags=(won upsell)
list=''
for c in "${numbers[@]}"; do
  list+="count($c), avg($c), stddev($c), min($c), max($c), count(DISTINCT $c), percentile_cont(ARRAY[0.1, 0.25, 0.5, 0.75, 0.9]) WITHIN GROUP (ORDER BY $c::float8), "
done
for c in "${texts[@]}"; do list+="count($c), count(DISTINCT $c), mode() WITHIN GROUP (ORDER BY $c), "; done
for c in "${flags[@]}"; do list+="count($c), count(*) FILTER (WHERE $c), "; done

# seconds QUERY: the best of three runs, without parallel workers.
seconds() {
  psql -X -q -A -t -c 'SET max_parallel_workers_per_gather = 0' -c "SET work_mem = '256MB'" -c '\timing on' -c "$1" -c "$1" -c "$1" |
    awk '/^Time:/ { if (best == "" || $2 < best) best = $2 } END { printf "%.3f", best / 1000 }'
}
scan=$(seconds 'SELECT count(d) FROM deals d')
profile=$(seconds "SELECT count(*) FROM (SELECT icp_profile_agg(d, '{}') AS p FROM deals d) a, icp_profile_features(p)")
plain=$(seconds "SELECT ${list%, } FROM deals")
echo "# $rows deals × 12 columns; best of three, one core"
printf '%-36s %8.3f s\n' 'count of whole rows' "$scan" 'icp_profile_agg and its features' "$profile" 'the same figures in plain SQL' "$plain"
awk -v a="$profile" -v b="$plain" -v n="$rows" 'BEGIN { printf "ratio %.2f (%.2f µs a row)\n", a / b, 1e6 * a / n }'
psql -X -q -A -t -c "SELECT 'bytes of the profile: ' || length(icp_profile_send(icp_profile_agg(d, '{}'))) FROM deals d"
