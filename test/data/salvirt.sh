# The main job on real opportunities of which only won or lost is known: one call learns, the model is read and explained.
set -euo pipefail
[ -n "${ICP_DATA:-}" ] || { echo 'ICP_DATA is not set'; exit 77; }
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
file=$ICP_DATA/salvirt_b2b/salvirt_b2b.csv
psql -X -q -v ON_ERROR_STOP=1 <<SQL
CREATE TABLE opportunity ($(head -n 1 "$file" | tr -d '\r' | sed 's/,/ text, /g') text);
\copy opportunity FROM '$file' CSV HEADER
ALTER TABLE opportunity RENAME status TO outcome;
SELECT * FROM icp_check('opportunity', '{}');
SELECT * FROM icp_train('main', 'opportunity', '{}');
SELECT cohort, grade, title, n, n_closed, win_rate, win_rate_lo, win_rate_hi, predicate_n FROM icp_cohorts('main');
SELECT * FROM icp_diagnostics('main');
SELECT * FROM icp_label_results('main');
DO \$\$
BEGIN
  IF (SELECT (m.won, m.lost) IS DISTINCT FROM (227::bigint, 221::bigint) FROM icp_train('again', 'opportunity', '{}') m) THEN RAISE EXCEPTION 'won and lost'; END IF;
  IF NOT EXISTS (SELECT FROM icp_cohorts('main')) THEN RAISE EXCEPTION 'no cohorts'; END IF;
  -- Who is offered more than once and is a client already buys far more often: that must be seen.
  IF NOT EXISTS (SELECT FROM icp_cohorts('main') WHERE grade = 'A' AND win_rate > .6) THEN RAISE EXCEPTION 'nothing found where there is much'; END IF;
END \$\$;
SQL
psql -X -q -v model=main -v deals=opportunity -f test/consistent.sql
