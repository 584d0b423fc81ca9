# pg_dump and restore keep the models, their numbers, what is active, loss reasons of one's own, and routing; training goes on after it; reading needs no writing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
restored=${PGDATABASE}_restored
psql -X -q -v ON_ERROR_STOP=1 -f demo/crm.sql -f demo/train.sql -c "SELECT icp_set('main', '{\"gold_similarity\": 0.8}', activate => false)"
psql -X -q -v ON_ERROR_STOP=1 -c "INSERT INTO icp_loss_reasons (code, title_en, matches) VALUES ('tender', 'Lost a tender', '{rfp}')"
psql -X -q -v ON_ERROR_STOP=1 -c "INSERT INTO icp_managers VALUES ('m', 'main', true, 1)" -c "INSERT INTO icp_manager_results (model, manager, cohort) VALUES ('main', 'm', '')" \
  -c "INSERT INTO icp_routing_queue (lead_id) VALUES ('1'), ('2')" -c "SELECT icp_route()" >/dev/null
psql -X -q -d postgres -c 'SET client_min_messages = warning' -c "DROP DATABASE IF EXISTS $restored" -c "CREATE DATABASE $restored TEMPLATE template0"
trap 'psql -X -q -d postgres -c "DROP DATABASE IF EXISTS $restored"' EXIT
pg_dump | psql -X -q -v ON_ERROR_STOP=1 -d "$restored" >/dev/null
state="SELECT name, version, active, is_default, md5(icp_model_send(model)) FROM icp_models ORDER BY 1, 2"
reasons="SELECT * FROM icp_loss_reasons ORDER BY code, builtin"
routing="SELECT to_jsonb(t) FROM (SELECT * FROM icp_managers) t UNION ALL SELECT to_jsonb(t) FROM icp_manager_results t UNION ALL SELECT to_jsonb(t) FROM icp_routing_queue t
  UNION ALL SELECT to_jsonb(t) FROM icp_assignments t UNION ALL SELECT to_jsonb(t) FROM icp_outbox t UNION ALL SELECT to_jsonb(last_value) FROM icp_routing_seq"
[ "$(psql -X -A -t -c "$routing" | wc -l)" -ge 6 ]
diff <(psql -X -A -t -c "$routing") <(psql -X -A -t -d "$restored" -c "$routing")
diff <(psql -X -A -t -c "$reasons") <(psql -X -A -t -d "$restored" -c "$reasons")
diff <(psql -X -A -t -c "$state") <(psql -X -A -t -d "$restored" -c "$state")
psql -X -q -v ON_ERROR_STOP=1 -d "$restored" <<'SQL'
BEGIN READ ONLY;
SELECT s.label, count(*) FROM lead l CROSS JOIN LATERAL icp_score(l, 'main@1') s GROUP BY 1;
SELECT count(*) FROM lead l CROSS JOIN LATERAL icp_explain(l) e WHERE l.id < 100;
SELECT count(*) FROM icp_cohort_summary;
COMMIT;
SELECT * FROM icp_train('main');
DO $$
BEGIN
  IF (SELECT string_agg(name || '@' || version, ' ' ORDER BY version) FROM icp_models) <> 'main@1 main@2 main@3' THEN RAISE EXCEPTION 'versions'; END IF;
END $$;
SQL
