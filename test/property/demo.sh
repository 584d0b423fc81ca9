# The groups planted in the demo's CRM come back: two A, one B, one C, and neither enterprise nor public sector is gold.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
psql -X -q -v ON_ERROR_STOP=1 -f demo/crm.sql
psql -X -q -v ON_ERROR_STOP=1 -f demo/train.sql
psql -X -v ON_ERROR_STOP=1 -c "SELECT cohort, title, grade, n, n_closed, dqs, win_rate FROM icp_cohorts('main')"
psql -X -q -v ON_ERROR_STOP=1 <<'SQL'
CREATE TEMP TABLE typical AS
SELECT t.*, s.* FROM (VALUES
  ('distributors', 'A', 'wholesale', 45, 'referral', 'owner'), ('ecom', 'A', 'online retail', 18, 'content', 'director'),
  ('conservative', 'B', 'manufacturing', 180, 'exhibition', 'committee'), ('startups', 'C', 'software', 4, 'ads', 'founder'),
  ('enterprise', NULL, 'banking', 3000, 'cold', 'committee'), ('public', NULL, 'public', 250, 'tender portal', 'committee')
) t (grp, wanted, industry, employees, source, decision_maker)
CROSS JOIN LATERAL icp_score(t, 'main') s;
TABLE typical;
DO $$
DECLARE wrong text;
BEGIN
  SELECT string_agg(format('%s: cohort %s of grade %s, label %s', grp, cohort, grade, label), '; ') INTO wrong FROM typical
  WHERE CASE WHEN wanted IS NULL THEN grade = 'A' OR label = 'gold' ELSE grade IS DISTINCT FROM wanted END
     OR label IS DISTINCT FROM CASE wanted WHEN 'A' THEN 'gold' WHEN 'C' THEN 'non_target' WHEN 'B' THEN 'ordinary' ELSE label END;
  IF wrong IS NOT NULL THEN RAISE EXCEPTION '%', wrong; END IF;
  IF (SELECT count(DISTINCT cohort) FROM typical WHERE wanted IS NOT NULL) < 4 THEN RAISE EXCEPTION 'cohorts have run together'; END IF;
  IF (SELECT round(100.0 * count(*) FILTER (WHERE loss_reason = 'tender') / count(*)) FROM deal d JOIN account a ON a.id = d.account_id
      WHERE d.stage = 'Lost' AND a.industry = 'public') NOT BETWEEN 83 AND 87 THEN RAISE EXCEPTION 'the share of tenders among the losses is off'; END IF;
END $$;
SQL
