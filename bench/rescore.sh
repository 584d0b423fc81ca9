#!/usr/bin/env bash
# Scoring a million stored leads of 12 attributes again by icp_rescore: rows a second, the memory of the backend, and the
# time an insert of another session takes meanwhile; against the one UPDATE that a user would write instead. Each writes
# every row: the second time a new version of the model is stored.
#   bench/rescore.sh [LEADS] [BATCH]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/server.sh"
leads=${1:-1000000} batch=${2:-1000}
server_build with_llvm=no >/dev/null
trap 'server_stop bench' EXIT
server_start bench
server_env bench
psql -X -q -c 'CREATE EXTENSION icp' -v leads="$leads" -f "$top/bench/leads.sql" >/dev/null
psql -X -q -v ON_ERROR_STOP=1 <<'SQL'
ALTER TABLE bench_leads ADD PRIMARY KEY (lead_id), ADD icp_cohort text, ADD icp_label text, ADD icp_priority text, ADD icp_similarity float8, ADD icp_version int;
ALTER TABLE bench_leads SET (autovacuum_enabled = false);
VACUUM (FULL, ANALYZE) bench_leads;
CREATE FUNCTION resident(pid int) RETURNS bigint LANGUAGE sql AS
$$ SELECT (regexp_match(pg_read_file('/proc/' || pid || '/status', 0, 4000, true), 'RssAnon:\s+(\d+)'))[1]::bigint $$;
SQL
line() { awk -v what="$1" -v t="$2" -v n="$leads" 'BEGIN { printf "%-52s %8.1f s  %9.0f rows/s\n", what, t, n / t }'; }
timed() { psql -X -q -A -t -v ON_ERROR_STOP=1 -c '\timing on' -c "$1" | awk '/^Time:/ { print $2 / 1000 }'; }
# rescore NAME: in the background, with a look at its memory and at inserts every half second.
rescore() {
  local pid peak=0 now slowest=0 took inserts=0
  PGAPPNAME=rescore timed "CALL icp_rescore('bench_leads', 'bench', batch => $batch)" >"$home/bench/time" &
  local client=$!
  while kill -0 $client 2>/dev/null; do
    now=$(psql -X -q -A -t -c "SELECT coalesce(max(resident(pid)), 0) FROM pg_stat_activity WHERE application_name = 'rescore'" 2>/dev/null || echo 0)
    if [ "${now:-0}" -gt "$peak" ]; then peak=$now; fi
    took=$(timed "INSERT INTO bench_leads (lead_id, industry) SELECT max(lead_id) + 1, 'retail' FROM bench_leads" | awk '{ print int(1000 * $1 + 0.5) }')
    inserts=$((inserts + 1))
    if [ "${took:-0}" -gt "$slowest" ]; then slowest=$took; fi
    sleep 0.5
  done
  wait $client
  line "$1" "$(cat "$home/bench/time")"
  echo "  memory of the backend at most $((peak / 1024)) MB; $inserts inserts by another session meanwhile, the slowest in $slowest ms"
}
echo "# $leads leads, batches of $batch"
rescore 'icp_rescore, every row written'
psql -X -q -c 'VACUUM bench_leads'
rescore 'icp_rescore, no row changed'
psql -X -q -c "SELECT icp_save('bench', icp_load('bench'))" -c 'VACUUM bench_leads' >/dev/null
statement=$(timed "UPDATE bench_leads l SET (icp_cohort, icp_label, icp_priority, icp_similarity, icp_version) = (SELECT s.cohort, s.label, s.priority, s.similarity, s.version FROM icp_score(l, 'bench') s)")
line 'one UPDATE, which locks every row until its end' "$statement"
psql -X -q -c "SELECT icp_save('bench', icp_load('bench'))" -c 'VACUUM bench_leads' >/dev/null
rescore 'icp_rescore again, every row written'
awk -v a="$(cat "$home/bench/time")" -v b="$statement" 'BEGIN { printf "ratio to the one UPDATE: %.2f\n", a / b }'
psql -X -c 'SELECT run, version, status, scanned, written, unscored, skipped FROM icp_rescore_progress ORDER BY run'
wrong=$(psql -X -q -A -t -c "SELECT count(*) FROM bench_leads l CROSS JOIN LATERAL icp_score(l, 'bench') s WHERE (l.icp_cohort, l.icp_label, l.icp_similarity, l.icp_version) IS DISTINCT FROM (s.cohort, s.label, s.similarity, s.version)")
echo "rows that differ from icp_score: $wrong (inserted at the very end)"
