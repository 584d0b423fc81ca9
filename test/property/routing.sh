# Many sessions at once insert leads, route, close and give back: no manager over capacity, no lead lost or given out twice, and
# the same decisions again when the log is replayed, from itself and in another database.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
sessions=${SESSIONS:-8} leads=${LEADS:-1000} managers=${MANAGERS:-12}
again=${PGDATABASE}_again
work=$(mktemp -d)
fresh_again() { psql -X -q -d postgres -c 'SET client_min_messages = warning' -c "DROP DATABASE IF EXISTS $again"; }
trap 'rm -rf "$work"; fresh_again' EXIT
cat >"$work/setup.sql" <<SQL
INSERT INTO icp_managers (manager, capacity, cohorts, skills)
SELECT 'm' || i, 3 + i, CASE WHEN i % 5 = 0 THEN '{c1,c2}' ELSE '{}' END::text[], CASE WHEN i % 2 = 0 THEN '{english}' ELSE '{}' END::text[]
FROM generate_series(1, $managers) i;
INSERT INTO icp_manager_results (model, manager, cohort, value)
SELECT 'main', m, c, (hashtext(m || c) & 255) / 255.0 FROM unnest('{"",c1,c2,c3}'::text[]) c, (SELECT '' AS m UNION ALL SELECT manager FROM icp_managers) m;
SQL
psql -X -q -v ON_ERROR_STOP=1 -f "$work/setup.sql" -f - <<'SQL'
CREATE TABLE lead (id text PRIMARY KEY, language text, icp_cohort text, icp_label text, icp_priority_rank int);
CREATE TRIGGER lead_queue AFTER INSERT OR UPDATE ON lead FOR EACH ROW EXECUTE FUNCTION icp_enqueue_lead('needs=language');
SQL
# A session inserts its leads (some in transactions that fail, some rescored), lets managers come and go, routes and closes.
for ((s = 1; s <= sessions; s++)); do
  awk -v s="$s" -v sessions="$sessions" -v leads="$leads" -v managers="$managers" 'BEGIN {
    srand(s)
    for (i = s; i <= leads; i += sessions) {
      c = int(4 * rand())
      insert = sprintf("INSERT INTO lead VALUES (\047L%d\047, %s, %s, %s, %d);", i, rand() < .3 ? "\047English\047" : "NULL", c > 0 ? "\047c" c "\047" : "NULL",
        rand() < .1 ? "\047non_target\047" : "\047ordinary\047", 1 + int(3 * rand()))
      if (rand() < .05) print "BEGIN; " insert " ROLLBACK;"
      print insert
      if (rand() < .1) printf "UPDATE lead SET icp_priority_rank = 1 WHERE id = \047L%d\047;\n", i
      if (rand() < .4) printf "SELECT icp_route(most => %d, exploration => 0.1, seed => 42);\n", 1 + int(20 * rand())
      if (rand() < .7) printf "SELECT icp_release_lead((SELECT lead_id FROM icp_assignments WHERE closed_at IS NULL AND manager IS NOT NULL ORDER BY hashtext(lead_id || %d) LIMIT 1), again => %s);\n", i, rand() < .1 ? "true" : "false"
      if (rand() < .02) printf "UPDATE icp_managers SET absent_until = CASE WHEN absent_until IS NULL THEN timestamptz \047infinity\047 END WHERE manager = \047m%d\047;\n", 1 + int(managers * rand())
    }
  }' >"$work/$s.sql"
  psql -X -q -A -t -v ON_ERROR_STOP=1 -f "$work/$s.sql" >"$work/$s.log" 2>&1 &
  pids[s]=$!
done
for pid in "${pids[@]}"; do wait "$pid" || { cat "$work"/*.log | grep -i error | head; exit 1; }; done
# Everybody is back; what still waits is given out as places become free.
psql -X -q -v ON_ERROR_STOP=1 <<'SQL'
UPDATE icp_managers SET absent_until = NULL;
DO $$
BEGIN
  LOOP
    PERFORM icp_route(exploration => 0.1, seed => 42);
    EXIT WHEN NOT EXISTS (SELECT FROM icp_routing_queue);
    PERFORM icp_release_lead(lead_id) FROM icp_assignments WHERE closed_at IS NULL AND manager IS NOT NULL;
  END LOOP;
END $$;
CREATE FUNCTION must(holds boolean, what text) RETURNS void LANGUAGE plpgsql AS 'BEGIN IF holds IS NOT TRUE THEN RAISE EXCEPTION ''%'', what; END IF; END';
SELECT must(NOT EXISTS (SELECT FROM lead l WHERE NOT EXISTS (SELECT FROM icp_assignments a WHERE a.lead_id = l.id)), 'a lead is lost');
SELECT must(NOT EXISTS (SELECT FROM icp_assignments a WHERE NOT EXISTS (SELECT FROM lead l WHERE l.id = a.lead_id)), 'a lead that is not there was given out');
-- Given out a second time only after it was closed.
SELECT must(NOT EXISTS (SELECT FROM icp_assignments a JOIN icp_assignments b ON a.lead_id = b.lead_id AND a.seq < b.seq
  AND a.manager IS NOT NULL AND (a.closed_at IS NULL OR a.closed_seq IS NULL OR a.closed_seq > b.seq)), 'a lead is out twice');
SELECT must(count(*) = count(DISTINCT lead_id), 'decisions') FROM icp_assignments WHERE manager IS NULL;
SELECT must(NOT EXISTS (SELECT FROM (
  SELECT m.capacity, sum(e.change) OVER (PARTITION BY m.manager ORDER BY e.at) AS open FROM icp_managers m JOIN (
    SELECT manager, seq AS at, 1 AS change FROM icp_assignments UNION ALL SELECT manager, closed_seq, -1 FROM icp_assignments WHERE closed_seq IS NOT NULL) e USING (manager)) s
  WHERE open > capacity), 'over capacity');
SELECT must(NOT EXISTS (SELECT FROM icp_assignments a JOIN icp_managers m USING (manager)
  WHERE NOT a.needs <@ m.skills OR cardinality(m.cohorts) > 0 AND NOT coalesce(a.cohort = ANY (m.cohorts), false)), 'a lead went to somebody who does not take such');
SELECT must((SELECT count(*) FROM icp_replay_routing()) = 0, 'the log does not replay');
SELECT must((SELECT count(*) FROM icp_outbox WHERE event IN ('assigned', 'funnel')) = (SELECT count(*) FROM icp_assignments), 'the outbox');
SELECT must((SELECT count(*) FROM icp_assignments WHERE exploration) > 0, 'nothing was explored');
SQL
# The same events, one after another, in a database of its own: who was absent is what the log says was not free.
fresh_again
psql -X -q -d postgres -c "CREATE DATABASE $again TEMPLATE template0"
psql -X -q -v ON_ERROR_STOP=1 -d "$again" -c 'CREATE EXTENSION icp' -f "$work/setup.sql"
psql -X -q -A -t -v ON_ERROR_STOP=1 >"$work/again.sql" <<'SQL'
SELECT statement FROM (
  SELECT seq AS at, format('UPDATE icp_managers SET absent_until = CASE WHEN NOT %1$L::jsonb ? manager AND (cardinality(cohorts) = 0 OR %5$L = ANY (cohorts)) AND %2$L::text[] <@ skills
      AND manager IS DISTINCT FROM %3$L AND capacity > (SELECT count(*) FROM icp_assignments a WHERE a.manager = icp_managers.manager AND a.closed_at IS NULL) THEN timestamptz ''infinity'' END;
    INSERT INTO icp_routing_queue (lead_id, cohort, label, priority_rank, needs, avoid) VALUES (%4$L, %5$L, %6$L, %7$L, %2$L, %3$L);
    SELECT icp_route(exploration => 0.1, seed => 42);',
      coalesce(basis -> 'free', '{}'), needs,
      (SELECT b.manager FROM icp_assignments b WHERE b.lead_id = a.lead_id AND b.seq < a.seq AND b.manager IS NOT NULL ORDER BY b.seq DESC LIMIT 1),
      lead_id, cohort, label, priority_rank) AS statement
  FROM icp_assignments a
  UNION ALL
  SELECT closed_seq, format('SELECT icp_release_lead(%L);', lead_id) FROM icp_assignments WHERE closed_seq IS NOT NULL) e
ORDER BY at;
SQL
psql -X -q -v ON_ERROR_STOP=1 -d "$again" -f "$work/again.sql" >/dev/null
decisions="SELECT lead_id, manager, reason, basis FROM icp_assignments ORDER BY seq"
diff <(psql -X -A -t -c "$decisions") <(psql -X -A -t -d "$again" -c "$decisions")
psql -X -A -t -c "SELECT count(*) || ' decisions replayed, ' || count(*) FILTER (WHERE exploration) || ' at random, ' || count(DISTINCT lead_id) || ' leads' FROM icp_assignments"
