#!/usr/bin/env bash
# A snapshot of a million clients and the views of the potential matrix, against what a user would write instead: INSERT … SELECT with
# CASE expressions into a table with the same columns and indexes, GROUP BY with CASE, a full join of two dates. The results are compared.
#   bench/ledger.sh [CLIENTS] [ROUNDS]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/server.sh"
clients=${1:-1000000} rounds=${2:-3}
server_build with_llvm=no >/dev/null
trap 'server_stop bench' EXIT
server_start bench
server_env bench
psql -X -q -v ON_ERROR_STOP=1 -c 'CREATE EXTENSION icp' -v n="$clients" -f - <<'SQL'
CREATE TABLE client AS
SELECT i AS client_id, round((random() ^ 4 * 2e6)::numeric, 2) AS potential, round((random() ^ 3 * 1e6)::numeric, 2) * (i % 5 > 0)::int AS purchases, 'manager ' || i % 50 AS owner,
       date '2025-10-01' - i % 400 AS updated_at, CASE WHEN i % 3 > 0 THEN 'survey' END AS potential_source FROM generate_series(1, :n) i;
CREATE VIEW today AS TABLE client;
CREATE VIEW later AS SELECT client_id, potential, purchases * (1 + (client_id % 7) / 10.0) AS purchases, owner, updated_at, potential_source FROM client WHERE client_id % 50 > 0;
VACUUM ANALYZE client;
CREATE TABLE by_hand (LIKE icp_potential_placements INCLUDING ALL);
ALTER TABLE icp_potential_placements SET (autovacuum_enabled = false);
ALTER TABLE by_hand SET (autovacuum_enabled = false);
SQL
timed() { psql -X -q -A -t -v ON_ERROR_STOP=1 -c '\timing on' -c "$1" | awk '/^Time:/ { t = $2 } END { print t / 1000 }'; }
by_hand() { echo "INSERT INTO by_hand SELECT 'main', '$2', client_id::text, CASE WHEN potential > 0 THEN (enum_range(NULL::potential_cell_name))[CASE WHEN potential < 50000 THEN 0 WHEN potential <= 500000 THEN 3 ELSE 6 END
  + CASE WHEN purchases <= 0 THEN 1 WHEN purchases < potential THEN 2 ELSE 3 END] END, CASE WHEN potential > 0 THEN NULL ELSE 'zero_potential' END, potential, purchases, owner, updated_at::timestamp AT TIME ZONE 'UTC', updated_at < date '$2' - interval '3 months',
  potential > 0 AND purchases > potential, potential_source, NULL, false, NULL, NULL, NULL FROM $1 ORDER BY client_id::text COLLATE \"C\""; }
measured=$home/bench/measured
note() { echo "$1 $2" >>"$measured"; }
for ((r = 0; r < rounds; r++)); do
  psql -X -q -c 'TRUNCATE icp_potential_placements, icp_potential_snapshots, by_hand' -c CHECKPOINT
  note snapshot "$(timed "SELECT icp_snapshot_potential('today', '2025-10-01')")"
  note snapshot.hand "$(timed "$(by_hand today 2025-10-01)")"
  psql -X -q -c "SELECT icp_snapshot_potential('later', '2026-01-01')" -c "$(by_hand later 2026-01-01)" -c 'VACUUM ANALYZE icp_potential_placements, by_hand' -c CHECKPOINT >/dev/null
  note matrix "$(timed 'SELECT * FROM icp_potential_matrix')"
  note matrix.hand "$(timed "SELECT cell, count(*), sum(purchases), sum(potential), sum(greatest(potential - greatest(purchases, 0), 0)), count(*) FILTER (WHERE underestimated), count(*) FILTER (WHERE stale), count(potential_source)
    FROM by_hand WHERE matrix = 'main' AND as_of = '2026-01-01' GROUP BY cell")"
  note movement "$(timed 'SELECT * FROM icp_potential_movement()')"
  note movement.hand "$(timed "SELECT a.cell, b.cell, count(*), sum(a.potential), sum(b.potential), sum(a.purchases), sum(b.purchases) FROM (SELECT * FROM by_hand WHERE as_of = '2025-10-01') a
    FULL JOIN (SELECT * FROM by_hand WHERE as_of = '2026-01-01') b USING (client_id) GROUP BY 1, 2")"
  note account "$(timed 'SELECT * FROM icp_potential_account')"
  note indicators "$(timed 'SELECT * FROM icp_potential_indicators')"
  note speed "$(timed 'SELECT * FROM icp_potential_speed')"
  psql -X -q -c 'TRUNCATE icp_potential_goals' -c "INSERT INTO icp_potential_goals (target, starts_on, due_on) VALUES (100000, '2026-01-01', '2026-04-01')"
  note goals "$(timed 'SELECT * FROM icp_potential_goal_progress')"
  note pilot "$(timed 'SELECT * FROM icp_potential_pilot')"
  note again "$(timed "SELECT icp_snapshot_potential('later', '2026-01-01')")"
done
psql -X -q -A -t -v ON_ERROR_STOP=1 <<'SQL'
SELECT 'rows that differ from those by hand: ' || count(*) FROM (SELECT matrix, as_of, client_id, cell, unplaced, stale, underestimated FROM icp_potential_placements EXCEPT SELECT matrix, as_of, client_id, cell, unplaced, stale, underestimated FROM by_hand) x;
SQL
echo "# $clients clients; best of $rounds rounds"
awk '!($1 in best) || $2 < best[$1] { best[$1] = $2 }
  END {
    n = split("snapshot matrix movement account indicators speed goals pilot again", key, " ")
    what["snapshot"] = "snapshot"; what["matrix"] = "icp_potential_matrix"; what["movement"] = "icp_potential_movement()"; what["account"] = "icp_potential_account"
    what["indicators"] = "icp_potential_indicators"; what["speed"] = "icp_potential_speed"; what["goals"] = "icp_potential_goal_progress, one goal"; what["pilot"] = "icp_potential_pilot"; what["again"] = "the same snapshot again"
    for (i = 1; i <= n; i++) {
      k = key[i]
      if (k ".hand" in best) printf "%-38s %7.2f s   by hand %7.2f s   ratio %.2f\n", what[k], best[k], best[k ".hand"], best[k] / best[k ".hand"]
      else printf "%-38s %7.2f s\n", what[k], best[k]
    }
  }' "$measured"
