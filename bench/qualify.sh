#!/usr/bin/env bash
# Engagement of 20,000 leads out of 2,000,000 events, on one core: icp_engagement_agg() and icp_engagement_at() against the SQL that
# one would write by hand, a sum of weights times a power of one half, which must read all events again for each new date.
#   bench/qualify.sh [EVENTS]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/server.sh"
events=${1:-2000000}
server_build with_llvm=no >/dev/null
trap 'server_stop bench' EXIT
server_start bench
server_env bench
psql -X -q -c 'CREATE EXTENSION icp' -c "
CREATE TABLE touch AS
SELECT (i * 7919::bigint % 20011)::int AS lead, (ARRAY[1, 0.5, 2, 4, 10, 12, -10])[1 + i % 7]::float8 AS weight,
       timestamptz '2025-01-01 00:00+00' + i * 104729::bigint % 26280000 * interval '1 second' AS at
FROM generate_series(1, $events) i" -c 'VACUUM ANALYZE touch'

# seconds QUERY: the best of three runs, without parallel workers.
seconds() {
  psql -X -q -A -t -c 'SET max_parallel_workers_per_gather = 0' -c "SET work_mem = '256MB'" -c '\timing on' -c "$1" -c "$1" -c "$1" |
    awk '/^Time:/ { if (best == "" || $2 < best) best = $2 } END { printf "%.3f", best / 1000 }'
}
plain() { echo "SELECT lead, sum(weight * power(0.5, extract(epoch FROM (timestamptz '$1' - at))::float8 / (14 * 86400))) AS e FROM touch WHERE at <= timestamptz '$1' GROUP BY lead"; }
last='2025-11-05 00:00+00' later='2025-12-01 00:00+00'
psql -X -q -c "CREATE TABLE engaged AS SELECT lead, icp_engagement_agg(weight, at, interval '14 days') AS e FROM touch GROUP BY lead" -c 'VACUUM ANALYZE engaged'
scan=$(seconds 'SELECT sum(weight), max(at) FROM touch')
agg=$(seconds "SELECT count(e) FROM (SELECT lead, icp_engagement_agg(weight, at, interval '14 days') AS e FROM touch GROUP BY lead) g")
whole=$(seconds "SELECT sum(icp_engagement_at(e, '$last')) FROM (SELECT lead, icp_engagement_agg(weight, at, interval '14 days') AS e FROM touch GROUP BY lead) g")
hand=$(seconds "SELECT sum(e) FROM ($(plain "$last")) g")
at=$(seconds "SELECT sum(icp_engagement_at(e, '$later')) FROM engaged")
again=$(seconds "SELECT sum(e) FROM ($(plain "$later")) g")
differ=$(psql -X -q -A -t -c "SELECT max(abs(icp_engagement_at(e.e, '$last') - g.e)) FROM engaged e JOIN ($(plain "$last")) g USING (lead)")
echo "# $events events of 20,011 leads; best of three, one core; the largest difference between the two is $differ"
printf '%-58s %8.3f s\n' 'reading the events' "$scan" 'icp_engagement_agg' "$agg" 'icp_engagement_agg, then icp_engagement_at' "$whole" 'the same figures by hand' "$hand" \
  'as of another day: icp_engagement_at of what is kept' "$at" 'as of another day by hand' "$again"
awk -v a="$agg" -v s="$scan" -v w="$whole" -v h="$hand" -v t="$at" -v o="$again" -v n="$events" 'BEGIN {
  printf "ratios to SQL by hand: aggregate %.2f (%.2f µs an event above reading), another day %.4f (%.2f µs a lead)\n", w / h, 1e6 * (a - s) / n, t / o, 1e6 * t / 20011 }'
psql -X -q -A -t -c "SELECT 'bytes of an engagement: ' || round(avg(pg_column_size(e))) FROM engaged"
