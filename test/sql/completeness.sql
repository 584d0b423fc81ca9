-- Whether a profile says enough: metrics, exclusions, levels, a cohort graded A.
CREATE TABLE deal AS
SELECT i AS deal_id, i AS company_id, CASE WHEN (i * 7919 % 1000) < (ARRAY[750, 400, 100])[g] THEN 'won' ELSE 'lost' END AS outcome,
       date '2024-01-01' + i % 200 AS first_contact_at, date '2024-01-01' + i % 200 + (ARRAY[15, 40, 120])[g] + i % 7 AS closed_at,
       (ARRAY[90000, 30000, 4000])[g] + (i * 31 % 1000) AS ltv, 9000 + (i * 17 % 500) AS cac, (ARRAY[0.9, 0.7, 0.2])[g] AS retention, (ARRAY[6, 18, 45])[g] + i % 3 AS calls,
       (ARRAY['wholesale', 'retail', 'software'])[g] AS industry, (ARRAY[30, 120, 2])[g] + (i * 13 % (ARRAY[40, 100, 8])[g]) AS employees,
       (ARRAY['referral', 'fair', 'cold'])[1 + (hashtextextended(i::text, 1) & 1023)::int % 3] AS source, 5 + i % 5 AS nps
FROM generate_series(1, 900) i CROSS JOIN LATERAL (SELECT 1 + i * 37 % 3 AS g) x;
CREATE TABLE fitted AS
SELECT icp_fit(d, '{"metrics": ["nps"], "as_of": "2025-12-31", "significance": {"retention": "very high", "nps": "high", "cac": 1.5}}') AS model FROM deal d;

SELECT item, have, need, ok, significance, items, missing FROM fitted, icp_completeness(model) WHERE item <> 'gold';
SELECT have = cardinality(items) AS counted, have > 0 AS any, ok FROM fitted, icp_completeness(model) WHERE item = 'gold';
SELECT item, have, need, ok, missing FROM fitted, icp_completeness(model, metrics => 8, exclusions => 0, depth => 4, language => 'ru') WHERE item <> 'gold';
-- The significance and its words can be changed without training; they order and weigh the metrics.
SELECT significance, items FROM fitted, icp_completeness(icp_model_change(model, '{"significance": {"cycle": "very high", "nps": null}, "significance_scale": {"very high": 4}}')) WHERE item = 'metrics';
SELECT icp_model_change(model, '{"significance": {"cycle": "enormous"}}') FROM fitted;
SELECT icp_model_change(model, '{"significance": ["cycle"]}') FROM fitted;
SELECT icp_model_change(model, '{"significance_scale": {"high": -1}}') FROM fitted;
-- A thin profile.
SELECT item, have, ok, missing FROM (SELECT icp_fit(d, '{}') AS model FROM (SELECT deal_id, outcome, industry FROM deal) d) f, icp_completeness(model);
-- By name; wrong input.
SELECT icp_save('complete', model, true) FROM fitted;
SELECT count(*) FROM icp_completeness('complete');
SELECT count(*) FROM icp_completeness();
SELECT count(*) FROM icp_completeness('complete', depth => 5);
SELECT count(*) FROM icp_completeness('complete', metrics => -1);
SELECT count(*) FROM icp_completeness('nothing');
SELECT icp_drop_model('complete', 1);
DROP TABLE deal, fitted;
