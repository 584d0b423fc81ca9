-- The model and the leads of the benchmarks: 20,000 deals of four kinds of companies, leads of 12 columns, three of them
-- numeric. :leads rows.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT setseed(0.5) \g /dev/null
CREATE TABLE bench_companies AS
SELECT i AS id, kind,
       (ARRAY['wholesale', 'e-commerce', 'logistics', 'start-up', 'construction', 'retail'])[1 + (CASE WHEN random() < 0.8 THEN kind ELSE (6 * random())::int % 6 END)] AS industry,
       (ARRAY['north', 'south', 'east', 'west', 'centre'])[1 + (5 * random())::int % 5] AS region,
       (ARRAY['referral', 'search', 'cold', 'event'])[1 + (CASE WHEN random() < 0.6 THEN kind ELSE (4 * random())::int % 4 END)] AS source,
       (ARRAY['owner', 'director', 'committee', 'founder'])[1 + (CASE WHEN random() < 0.8 THEN kind ELSE (4 * random())::int % 4 END)] AS decision_maker,
       ((ARRAY[50, 120, 400, 5])[kind + 1] * exp(0.4 * (random() + random() + random() - 1.5)))::numeric(10, 1) AS employees,
       ((ARRAY[5e6, 2e7, 1e8, 2e5])[kind + 1] * exp(random() + random() - 1))::numeric(14, 2) AS revenue,
       ((ARRAY[15, 6, 20, 1])[kind + 1] * (0.5 + random()))::numeric(6, 2) AS years,
       random() < (ARRAY[0.8, 0.5, 0.3, 0.1])[kind + 1] AS uses_erp,
       (ARRAY['ru', 'kz', 'by'])[1 + (3 * random())::int % 3] AS country,
       (ARRAY['excel', '1c', 'sap', 'none'])[1 + (CASE WHEN random() < 0.5 THEN kind ELSE (4 * random())::int % 4 END)] AS erp,
       (ARRAY['trial', 'demo', 'call'])[1 + (3 * random())::int % 3] AS entry
FROM generate_series(1, 20000 + :leads) i CROSS JOIN LATERAL (SELECT i % 4 AS kind) k;
CREATE TABLE bench_deals AS
SELECT id AS deal_id, id AS company_id, CASE WHEN random() < (ARRAY[0.5, 0.4, 0.1, 0.25])[kind + 1] THEN 'won' ELSE 'lost' END AS outcome,
       (ARRAY[8000, 6000, 5000, 700])[kind + 1] * (0.7 + 0.6 * random()) AS ltv, 1000 AS cac,
       (ARRAY[20, 40, 200, 60])[kind + 1] * (0.7 + 0.6 * random()) AS cycle_days, (ARRAY[0.9, 0.8, 0.6, 0.2])[kind + 1] AS retention,
       (ARRAY[8, 10, 50, 30])[kind + 1] AS effort,
       industry, region, source, decision_maker, employees, revenue, years, uses_erp, country, erp, entry
FROM bench_companies WHERE id <= 20000;
CREATE TABLE bench_leads AS
SELECT id AS lead_id, industry, region, source, decision_maker, employees, revenue, years, uses_erp, country, erp, entry
FROM bench_companies WHERE id > 20000;
DROP TABLE bench_companies;
VACUUM ANALYZE bench_leads;
SELECT icp_save('bench', icp_fit(d, '{}')) AS version FROM bench_deals d;
SELECT cohort, grade, n FROM icp_cohorts('bench');
