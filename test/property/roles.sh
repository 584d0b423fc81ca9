# The grants of the README, as a role without superuser rights gives them: each of the three roles can do its part and no more.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
database=${PGDATABASE}_roles
clean() { psql -X -q -d postgres -c 'SET client_min_messages = warning' -c "DROP DATABASE IF EXISTS $database" -c 'DROP ROLE IF EXISTS icp_trainer, icp_scorer, icp_reader, icp_installer'; }
clean
trap clean EXIT
psql -X -q -d postgres -c 'CREATE ROLE icp_installer LOGIN CREATEROLE' -c "CREATE DATABASE $database OWNER icp_installer TEMPLATE template0"
export PGDATABASE=$database
psql -X -q -v ON_ERROR_STOP=1 -c 'GRANT ALL ON SCHEMA public TO icp_installer' -c 'GRANT USAGE ON SCHEMA public TO PUBLIC'

as() { PGOPTIONS="-c role=$1" psql -X -q -A -t -v ON_ERROR_STOP=1 "${@:2}"; }
may() { if ! as "$1" -c "$2"; then echo "$1 may not: $2"; exit 1; fi; }
may_not() {
  local said
  if said=$(as "$1" -v VERBOSITY=verbose -c "$2" 2>&1); then echo "$1 may: $2"; exit 1; fi
  if ! grep -q 'ERROR:  42501' <<<"$said"; then echo "$said"; exit 1; fi
}

as icp_installer -c 'CREATE EXTENSION icp' -f demo/crm.sql
as icp_installer -f <(awk '/^## /{ inside = ($0 == "## Three roles") } inside' README.md | scripts/docs.sh /dev/stdin)

may icp_trainer "SELECT * FROM icp_train('main', 'icp_deals', '{\"leads\": \"icp_leads\", \"roles\": {\"open\": [\"New\", \"Demo\", \"Proposal\"]}}')"
may icp_trainer "SELECT * FROM icp_train('main', activate => false)"
may icp_trainer "SELECT icp_activate('main', 2)"
may icp_trainer "SELECT cohort, grade FROM icp_cohorts('main')"
may icp_trainer "SELECT icp_rename_cohort('main', (SELECT min(cohort) FROM icp_cohorts('main')), 'A title of our own', 'en')"
may icp_trainer "SELECT icp_set_default('main')"
may_not icp_trainer 'SELECT count(*) FROM lead'
may_not icp_trainer 'SELECT count(*) FROM deal'

as icp_installer -f <(sed '1,/^CREATE TRIGGER/{/^CREATE TRIGGER/!d}' demo/train.sql)
may icp_scorer "SELECT s.cohort, s.label FROM lead l CROSS JOIN LATERAL icp_score(l, 'main') s LIMIT 1"
may icp_scorer "SELECT e.* FROM lead l CROSS JOIN LATERAL icp_explain(l, 'main') e WHERE l.id = 4711"
label=$(as icp_scorer -c "INSERT INTO lead (id, industry, employees, source, decision_maker) VALUES (200001, 'wholesale', 45, 'referral', 'owner') RETURNING icp_label")
[ "$label" = gold ] || { echo "the trigger gave the label '$label'"; exit 1; }
as icp_installer -c "SELECT icp_override('main', '200002', 'non_target', 'a competitor')" >/dev/null
label=$(as icp_scorer -c "INSERT INTO lead (id, industry, employees, source, decision_maker) VALUES (200002, 'wholesale', 45, 'referral', 'owner') RETURNING icp_label")
[ "$label" = non_target ] || { echo "the trigger gave the label '$label' where another was decided"; exit 1; }
may_not icp_scorer "SELECT icp_override('main', '200002', 'gold')"
may_not icp_scorer "CALL icp_rescore('lead')"
may_not icp_scorer "SELECT * FROM icp_forget('lead', '200002')"
may_not icp_scorer 'SELECT count(*) FROM deal'
may_not icp_scorer "SELECT icp_activate('main', 1)"
may_not icp_scorer "SELECT icp_rename_cohort('main', (SELECT min(cohort) FROM icp_cohorts('main')), 'Another', 'en')"
may_not icp_scorer "SELECT icp_drop_model('main', 1)"
may_not icp_scorer "SELECT * FROM icp_train('main', 'icp_deals', '{}')"

may icp_reader 'SELECT count(*) FROM icp_cohort_summary'
may icp_reader 'SELECT count(*) FROM icp_cohort_traits'
may icp_reader 'SELECT count(*) FROM icp_model_history'
may_not icp_reader 'SELECT count(*) FROM icp_models'
may_not icp_reader "SELECT icp_load('main')"
may_not icp_reader 'SELECT count(*) FROM lead'
# The potential matrix: who keeps it, who reads it.
as icp_installer -c 'GRANT SELECT ON client_potential, icp_potential_matrices TO icp_trainer' -c 'GRANT SELECT, INSERT, UPDATE, DELETE ON icp_potential_snapshots, icp_potential_placements TO icp_trainer' \
  -c 'GRANT SELECT ON icp_potential_matrix, icp_potential_goal_progress, icp_potential_planning TO icp_reader' -c "INSERT INTO icp_potential_goals (target, starts_on, due_on) VALUES (1, '2025-10-01', '2025-12-31')"
may icp_trainer "SELECT icp_snapshot_potential('client_potential', '2025-10-01')"
may icp_trainer "DELETE FROM icp_potential_snapshots WHERE as_of = '2025-10-01'"
may icp_trainer "SELECT icp_snapshot_potential('client_potential', '2025-10-01')"
may_not icp_trainer "INSERT INTO icp_potential_goals (target, starts_on, due_on) VALUES (1, '2025-10-01', '2025-12-31')"
may_not icp_scorer "SELECT icp_snapshot_potential('client_potential', '2025-10-01')"
may icp_reader 'SELECT count(*) FROM icp_potential_matrix'
may icp_reader 'SELECT count(*) FROM icp_potential_goal_progress'
may icp_reader 'SELECT count(*) FROM icp_potential_planning'
may_not icp_reader 'SELECT count(*) FROM icp_potential_placements'
# The results of the priority matrix: who keeps them, who reads them.
as icp_installer -c "CREATE VIEW leads_by_cell AS SELECT id AS lead_id, 'decision' AS stage, 'high' AS interest, 'now' AS readiness, created_at, id % 7 = 0 AS converted FROM lead" \
  -c 'GRANT SELECT ON leads_by_cell, icp_priorities, icp_feedback TO icp_trainer' -c 'GRANT SELECT, INSERT, UPDATE, DELETE ON icp_priority_snapshots, icp_priority_snapshot_cells TO icp_trainer' \
  -c 'GRANT SELECT ON icp_priority_cells, icp_priority_history TO icp_reader'
may icp_trainer "SELECT icp_snapshot_priorities('leads_by_cell')"
may_not icp_scorer "SELECT icp_snapshot_priorities('leads_by_cell')"
may icp_reader 'SELECT count(*) FROM icp_priority_cells'
may icp_reader 'SELECT count(*) FROM icp_priority_history'
may_not icp_reader 'SELECT count(*) FROM icp_priority_snapshot_cells'
may_not icp_reader "SELECT * FROM icp_priority_results('leads_by_cell')"
granted=$(as icp_installer -c "SELECT string_agg(relname, ', ') FROM pg_class c, aclexplode(relacl) a WHERE relname LIKE 'icp%' AND a.grantee = 0")
[ -z "$granted" ] || { echo "granted to PUBLIC: $granted"; exit 1; }
