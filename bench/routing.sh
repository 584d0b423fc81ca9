#!/usr/bin/env bash
# What routing costs whoever inserts leads: sessions insert one lead a transaction (pgbench) into a table with a primary key and
# two indexes, with no trigger, scored (icp_score_lead), scored and queued (and icp_enqueue_lead) while a router gives them out and
# fills the outbox, and with the lead given out inside the insert (assign=now). Then the invariants and the replay are checked.
#   bench/routing.sh [SESSIONS] [LEADS] [ROUNDS]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/server.sh"
sessions=${1:-16} leads=${2:-10000} rounds=${3:-3}
server_build with_llvm=no >/dev/null
trap 'server_stop bench' EXIT
server_start bench
server_env bench
psql -X -q -c 'CREATE EXTENSION icp' -v leads=1000 -f "$top/bench/leads.sql" >/dev/null
psql -X -q -v ON_ERROR_STOP=1 <<'SQL'
CREATE SEQUENCE ids;
INSERT INTO icp_manager_results (model, manager, cohort, value)
SELECT 'bench', m, c, (hashtext(m || c) & 255) / 255.0
FROM (SELECT '' AS c UNION ALL SELECT cohort FROM icp_cohorts('bench')) c, (SELECT '' AS m UNION ALL SELECT 'm' || i FROM generate_series(1, 20) i) m;
SQL
kinds=(none score queue now)
for kind in "${kinds[@]}"; do
  psql -X -q -c "CREATE TABLE lead_$kind (lead_id bigint PRIMARY KEY DEFAULT nextval('ids'), industry text, region text, source text, decision_maker text, employees numeric, revenue numeric, years numeric, uses_erp boolean, country text, erp text, entry text, icp_cohort text, icp_grade text, icp_label text, icp_priority text)" \
    -c "CREATE INDEX ON lead_$kind (region)" -c "CREATE INDEX ON lead_$kind (revenue)" -c "ALTER TABLE lead_$kind SET (autovacuum_enabled = false)"
  if [ "$kind" != none ]; then psql -X -q -c "CREATE TRIGGER a BEFORE INSERT OR UPDATE ON lead_$kind FOR EACH ROW EXECUTE FUNCTION icp_score_lead('bench')"; fi
done
psql -X -q -c "CREATE TRIGGER b AFTER INSERT OR UPDATE ON lead_queue FOR EACH ROW EXECUTE FUNCTION icp_enqueue_lead('model=bench')" \
  -c "CREATE TRIGGER b AFTER INSERT OR UPDATE ON lead_now FOR EACH ROW EXECUTE FUNCTION icp_enqueue_lead('model=bench', 'assign=now')"
for kind in "${kinds[@]}"; do
  cat >"$home/bench/$kind.sql" <<SQL
\\set e random(1, 500)
\\set r random(1, 100000000)
INSERT INTO lead_$kind (industry, region, source, decision_maker, employees, revenue, years, uses_erp, country, erp, entry) VALUES ('wholesale', 'north', 'referral', 'owner', :e, :r, 7.5, true, 'ru', '1c', 'demo');
SQL
done
printf "SELECT icp_route(most => 200);\n\\sleep 20 ms\n" >"$home/bench/route.sql"
measured=$home/bench/measured
for ((round = 0; round < rounds; round++)); do
  for ((k = 0; k < ${#kinds[@]}; k++)); do
    kind=${kinds[(k + round) % ${#kinds[@]}]}
    psql -X -q -c "TRUNCATE lead_$kind, icp_routing_queue, icp_assignments, icp_outbox, icp_managers" \
      -c "INSERT INTO icp_managers (manager, capacity) SELECT 'm' || i, $leads / 10 FROM generate_series(1, 20) i" -c CHECKPOINT
    router=''
    if [ "$kind" = queue ]; then
      pgbench -n -M prepared -c 1 -T 600 -f "$home/bench/route.sql" >/dev/null 2>&1 &
      router=$!
    fi
    pgbench -n -M prepared -c "$sessions" -j 2 -t $((leads / sessions)) -f "$home/bench/$kind.sql" 2>/dev/null | awk -v k="$kind" '/^tps/ { print k, $3 }' >>"$measured"
    if [ -n "$router" ]; then kill "$router"; wait "$router" 2>/dev/null || true; fi
    case $kind in
      queue | now)
        start=$(date +%s%N)
        left=$(psql -X -q -A -t -c 'SELECT icp_route(most => 1000000)')
        echo "$kind.left $left $((($(date +%s%N) - start) / 1000000))" >>"$measured"
        psql -X -q -A -t -v ON_ERROR_STOP=1 <<SQL
DO \$\$
BEGIN
  IF (SELECT count(DISTINCT a.lead_id) <> (SELECT count(*) FROM lead_$kind) OR count(*) <> count(DISTINCT a.lead_id) FROM icp_assignments a) THEN RAISE 'leads'; END IF;
  IF EXISTS (SELECT FROM icp_manager_load WHERE open > capacity) THEN RAISE 'capacity'; END IF;
  IF EXISTS (SELECT FROM icp_replay_routing()) THEN RAISE 'replay'; END IF;
  IF (SELECT count(*) FROM icp_outbox) <> (SELECT count(*) FROM icp_assignments) THEN RAISE 'outbox'; END IF;
END \$\$;
SQL
        ;;
    esac
  done
done
echo "# $sessions sessions, $leads leads, 20 managers; best of $rounds rounds by turns; inserts a second, and in % of no trigger"
awk '$1 !~ /\./ && $2 > best[$1] { best[$1] = $2 }
  $1 == "queue.left" { if ($2 > left) { left = $2; ms = $3 } }
  END {
    n = split("none score queue now", kind, " ")
    what["none"] = "no trigger"; what["score"] = "scored"; what["queue"] = "scored, queued, router and outbox at work"; what["now"] = "scored, given out inside the insert"
    for (i = 1; i <= n; i++) printf "%-45s %8.0f/s %6.1f %%\n", what[kind[i]], best[kind[i]], 100 * best[kind[i]] / best["none"]
    printf "left for the router after the last insert: at most %d leads, given out in %d ms\n", left, ms
  }' "$measured"
echo 'no lead lost or given out twice, nobody over capacity, every decision replays: yes'
