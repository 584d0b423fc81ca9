# Revenue of 5,000 companies as if it were purchases: potentials learned from four fifths, held against the others.
set -euo pipefail
[ -n "${ICP_DATA:-}" ] || { echo 'ICP_DATA is not set'; exit 77; }
psql -X -q -v ON_ERROR_STOP=1 <<SQL
CREATE TABLE company (rank int, company_name text, growth_pct_3y float8, employees int, state text, revenue_usd numeric, founded int, industry text);
\copy company FROM '$ICP_DATA/inc5000/inc5000.csv' CSV HEADER
CREATE VIEW client AS
SELECT row_number() OVER (ORDER BY company_name COLLATE "C", rank) AS client_id, growth_pct_3y, employees, state, founded, industry, revenue_usd AS purchases FROM company;
CREATE TABLE wallet AS SELECT potential_fit(c, '{"potential": {"cohort": "industry"}}') AS model FROM client c WHERE client_id % 5 > 0;
SELECT n_buyers, features, interactions, trees, loss, loss_base FROM potential_summary((SELECT model FROM wallet));
SELECT cohort, n, round(below_before::numeric, 3) AS below_before, round(shift::numeric, 3) AS shift FROM potential_groups((SELECT model FROM wallet));
CREATE TABLE held AS SELECT c.industry, c.purchases, f.* FROM client c CROSS JOIN LATERAL potential_estimate(c, (SELECT model FROM wallet)) f WHERE client_id % 5 = 0;
SELECT count(*), avg((purchases <= potential)::int) AS below, avg((purchases <= q95)::int) AS below95 FROM held;
DO \$\$
BEGIN
  -- 2.576 standard deviations of a share of 1,000, a quarter more since those that calibrate are a sample of 4,000.
  IF (SELECT abs(avg((purchases <= potential)::int) - 0.8) > 0.036 OR abs(avg((purchases <= q95)::int) - 0.95) > 0.02 FROM held) THEN RAISE EXCEPTION 'held-out shares'; END IF;
  IF (SELECT loss > 0.66 * loss_base FROM wallet, potential_summary(model)) THEN RAISE EXCEPTION 'size and industry foretell revenue'; END IF;
  IF (SELECT bool_or(potential IS NULL OR lo > potential OR potential > hi OR potential > q95) FROM held) THEN RAISE EXCEPTION 'figures out of order'; END IF;
END \$\$;
SQL
