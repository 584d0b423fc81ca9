# pg_dump and restore keep the models, their numbers, what is active, overrides, the log of scores, feedback, routing, the potential
# matrix with its history and goals, and rows of one's own beside built-in ones; training goes on after it; reading needs no writing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
restored=${PGDATABASE}_restored
psql -X -q -v ON_ERROR_STOP=1 -f demo/crm.sql -f demo/train.sql -c "SELECT icp_set('main', '{\"gold_similarity\": 0.8}', activate => false)"
psql -X -q -v ON_ERROR_STOP=1 -c "INSERT INTO icp_loss_reasons (code, title_en, matches) VALUES ('tender', 'Lost a tender', '{rfp}')"
psql -X -q -v ON_ERROR_STOP=1 -c "SELECT icp_override('main', '7', 'gold', 'said so')" -c "CALL icp_rescore('lead', leads => '{7,8}', log => true)" -c "CALL icp_rescore('lead')" >/dev/null
psql -X -q -v ON_ERROR_STOP=1 <<'SQL'
INSERT INTO icp_event_weights (field, event, weight) VALUES ('b2b', 'exhibition', 12);
INSERT INTO icp_priority_matrix (stage, interest, readiness, priority, priority_rank) VALUES ('decision', 'low', 'now', 'normal', 2);
INSERT INTO icp_scenarios (scope, key, hours) VALUES ('label', 'gold', 10);
SELECT icp_add_feedback('4711', 0.5);
CREATE VIEW leads_by_cell AS SELECT id AS lead_id, 'decision' AS stage, 'high' AS interest, (ARRAY['now', 'soon'])[1 + id % 2] AS readiness, created_at, id % 7 = 0 AS converted FROM lead;
SELECT icp_snapshot_priorities('leads_by_cell');
INSERT INTO icp_currency_rates (currency, base, valid_from, rate) VALUES ('USD', 'EUR', '2025-01-01', 0.96);
SELECT icp_snapshot_potential('client_potential', d) FROM unnest('{2025-07-01,2025-10-01}'::date[]) d;
INSERT INTO icp_potential_bounds (matrix, low, high) VALUES ('main', 10000, 100000), ('service', 1, 2);
INSERT INTO icp_potential_goals (target, starts_on, due_on, from_cells) VALUES (10, '2025-07-01', '2025-12-31', '{promising,strategic}');
INSERT INTO icp_potential_plays (cell, play, title_en) VALUES ('vip', 'dinner', 'Dinner');
INSERT INTO icp_potential_stops (client_id, phase, reason) VALUES ('1', 'leave', 'competitor');
SQL
psql -X -q -v ON_ERROR_STOP=1 -c "INSERT INTO icp_managers VALUES ('m', 'main', true, 1)" -c "INSERT INTO icp_manager_results (model, manager, cohort) VALUES ('main', 'm', '')" \
  -c "INSERT INTO icp_routing_queue (lead_id) VALUES ('1'), ('2')" -c "SELECT icp_route()" >/dev/null
psql -X -q -d postgres -c 'SET client_min_messages = warning' -c "DROP DATABASE IF EXISTS $restored" -c "CREATE DATABASE $restored TEMPLATE template0"
trap 'psql -X -q -d postgres -c "DROP DATABASE IF EXISTS $restored"' EXIT
pg_dump | psql -X -q -v ON_ERROR_STOP=1 -d "$restored" >/dev/null
for table in icp_event_weights icp_priority_matrix icp_scenarios icp_feedback icp_priority_snapshots icp_priority_snapshot_cells icp_priority_cells icp_currency_rates icp_potential_bounds icp_potential_snapshots icp_potential_placements icp_potential_goals \
  icp_potential_plays icp_potential_stops icp_potential_matrix icp_potential_account icp_potential_goal_progress; do
  diff <(psql -X -A -t -c "SELECT t::text FROM $table t ORDER BY 1") <(psql -X -A -t -d "$restored" -c "SELECT t::text FROM $table t ORDER BY 1")
done
state="SELECT name, version, active, is_default, md5(icp_model_send(model)) FROM icp_models ORDER BY 1, 2"
reasons="SELECT * FROM icp_loss_reasons ORDER BY code, builtin"
routing="SELECT to_jsonb(t) FROM (SELECT * FROM icp_managers) t UNION ALL SELECT to_jsonb(t) FROM icp_manager_results t UNION ALL SELECT to_jsonb(t) FROM icp_routing_queue t
  UNION ALL SELECT to_jsonb(t) FROM icp_assignments t UNION ALL SELECT to_jsonb(t) FROM icp_outbox t UNION ALL SELECT to_jsonb(last_value) FROM icp_routing_seq"
[ "$(psql -X -A -t -c "$routing" | wc -l)" -ge 6 ]
diff <(psql -X -A -t -c "$routing") <(psql -X -A -t -d "$restored" -c "$routing")
diff <(psql -X -A -t -c "$reasons") <(psql -X -A -t -d "$restored" -c "$reasons")
for table in icp_overrides icp_rescore_progress icp_score_log; do
  diff <(psql -X -A -t -c "TABLE $table") <(psql -X -A -t -d "$restored" -c "TABLE $table")
  [ "$(psql -X -A -t -c "SELECT count(*) > 0 FROM $table")" = t ] || { echo "$table is empty"; exit 1; }
done
diff <(psql -X -A -t -c "$state") <(psql -X -A -t -d "$restored" -c "$state")
psql -X -q -v ON_ERROR_STOP=1 -d "$restored" <<'SQL'
BEGIN READ ONLY;
SELECT s.label, count(*) FROM lead l CROSS JOIN LATERAL icp_score(l, 'main@1') s GROUP BY 1;
SELECT count(*) FROM lead l CROSS JOIN LATERAL icp_explain(l) e WHERE l.id < 100;
SELECT count(*) FROM icp_cohort_summary;
COMMIT;
SELECT * FROM icp_train('main');
SELECT icp_override('main', '7', NULL);
CALL icp_rescore('lead', log => true);
DO $$
BEGIN
  IF (SELECT count(DISTINCT id) FROM icp_overrides) <> 2 THEN RAISE EXCEPTION 'numbers of overrides'; END IF;
  INSERT INTO icp_potential_goals (target, starts_on, due_on) VALUES (1, '2025-10-01', '2025-12-31');
  INSERT INTO icp_potential_stops (client_id, phase, reason) VALUES ('2', 'come', 'price');
  IF (SELECT max(goal) FROM icp_potential_goals) <> 2 OR (SELECT max(id) FROM icp_potential_stops) <> 2 THEN RAISE EXCEPTION 'numbers of goals and stops'; END IF;
  IF icp_add_feedback('4711', 1) <> 2 THEN RAISE EXCEPTION 'numbers of feedback'; END IF;
  IF (SELECT string_agg(name || '@' || version, ' ' ORDER BY version) FROM icp_models) <> 'main@1 main@2 main@3' THEN RAISE EXCEPTION 'versions'; END IF;
END $$;
SQL
