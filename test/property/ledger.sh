# Random histories of clients, with snapshots of the potential matrix in between, checked against places found by hand: everyone is in
# one place, counts and sums change by exactly the movements, rows of transition matrices add up to 1. And sessions that take the same
# snapshot at once: both succeed, one remains, readers see the old one or the new one as a whole.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
run() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }
fresh() { run -c 'SET client_min_messages = warning' -c 'DROP SCHEMA IF EXISTS random CASCADE' -c 'CREATE SCHEMA random' -c 'DELETE FROM icp_potential_snapshots' -c 'DELETE FROM icp_potential_goals' -c 'DELETE FROM icp_potential_bounds WHERE NOT builtin'; }
for seed in ${SEEDS:-0.1 0.2}; do
  fresh
  PGOPTIONS='-c search_path=random,public' run -v seed="$seed" -f test/property/ledger.sql | grep -v '^$' || { echo "seed $seed"; exit 1; }
done
fresh
run <<'SQL'
CREATE TABLE many AS SELECT i AS client_id, i * 7 % 1000000 AS potential, i * 11 % 500000 AS purchases FROM generate_series(1, 20000) i;
CREATE VIEW one AS TABLE many;
CREATE VIEW other AS SELECT client_id, potential, purchases + 1 AS purchases FROM many WHERE client_id % 2 = 0;
SELECT count(icp_snapshot_potential('one', '2025-01-01')) \g /dev/null
SQL
for ((s = 0; s < 4; s++)); do
  for ((i = 0; i < 5; i++)); do echo "SELECT count(icp_snapshot_potential('$([ $((s % 2)) = 0 ] && echo one || echo other)', '2025-01-01'));"; done | run >/dev/null &
  pids[s]=$!
done
while kill -0 "${pids[0]}" 2>/dev/null; do
  seen=$(run -c 'SELECT sum(clients) || CHR(32) || sum(purchases) FROM icp_potential_matrix')
  known=$(run -c "SELECT count(*) || CHR(32) || sum(purchases) FROM one UNION ALL SELECT count(*) || CHR(32) || sum(purchases) FROM other")
  grep -qxF "$seen" <<<"$known" || { echo "a reader saw $seen, not one of: $known"; exit 1; }
done
for pid in "${pids[@]}"; do wait "$pid"; done
# An interrupted snapshot, and one of a source with an error, leave what was there.
before=$(run -c 'SELECT md5(string_agg(p::text, chr(10) ORDER BY client_id)) FROM icp_potential_placements p')
run -c "CREATE VIEW broken AS SELECT client_id, potential, purchases / (client_id - 19999) AS purchases FROM many"
if run -c "SELECT icp_snapshot_potential('broken', '2025-01-01')" 2>/dev/null; then echo 'an error was lost'; exit 1; fi
if PGOPTIONS='-c statement_timeout=30' run -c "SELECT icp_snapshot_potential('one', '2025-01-01')" 2>/dev/null; then echo 'too fast to be interrupted'; fi
[ "$before" = "$(run -c 'SELECT md5(string_agg(p::text, chr(10) ORDER BY client_id)) FROM icp_potential_placements p')" ] || { echo 'a failure left something'; exit 1; }
# In a read-only transaction everything can be read.
run -c 'BEGIN READ ONLY' -c 'SELECT count(*) FROM icp_potential_matrix' -c 'SELECT count(*) FROM icp_potential_account' -c 'SELECT count(*) FROM icp_potential_leads' -c 'SELECT count(*) FROM icp_potential_goal_progress' \
  -c 'SELECT count(*) FROM icp_potential_planning' -c 'SELECT count(*) FROM icp_potential_monthly' -c 'COMMIT' >/dev/null
