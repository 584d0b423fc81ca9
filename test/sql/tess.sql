-- Tess's test: segments that behave alike are classes.
CREATE TABLE deal AS
SELECT i AS deal_id, i / 3 AS company_id, CASE WHEN (hashtextextended(i::text, 1) & 1023) < (CASE WHEN g = 1 THEN 700 ELSE 350 END) THEN 'won' ELSE 'lost' END AS outcome,
       date '2024-01-01' + i % 300 AS first_contact_at, date '2024-01-01' + i % 300 + 20 + (hashtextextended(i::text, 2) & 31)::int AS closed_at,
       3 + (hashtextextended(i::text, 3) & 7)::int AS calls,
       (ARRAY['north', 'south', 'east'])[1 + (hashtextextended((i / 3)::text, 4) & 1023)::int % 3] AS region,
       (ARRAY['owner', 'committee'])[g] AS decides, (hashtextextended((i / 3)::text, 6) & 1023)::int AS employees, i % 2 = 0 AS newsletter, ARRAY['x'] AS tags
FROM generate_series(1, 1500) i CROSS JOIN LATERAL (SELECT 1 + (hashtextextended((i / 3)::text, 5) & 1)::int AS g) x;

SELECT behaviour, differs, segments, n_companies, least, most, round(p_adjusted::numeric, 1) = 0 AS small, verdict, note FROM unnest((SELECT icp_tess(d, 'decides', '{}') FROM deal d));
SELECT behaviour, differs, segments, verdict, note FROM unnest((SELECT icp_tess(d, 'region', '{}') FROM deal d));
SELECT behaviour, least_value < most_value AS ordered, p <= p_adjusted AS holm FROM unnest((SELECT icp_tess(d, 'region', '{}') FROM deal d));
-- A number is cut at its quarters; a boolean names two segments.
SELECT DISTINCT segments, verdict, note FROM unnest((SELECT icp_tess(d, 'employees', '{}') FROM deal d));
SELECT DISTINCT segments, verdict, note FROM unnest((SELECT icp_tess(d, 'newsletter', '{}') FROM deal d));
-- A level: the groups that its features form.
SELECT DISTINCT verdict, note FROM unnest((SELECT icp_tess(d, 'firmographic', '{"k": 3}') FROM deal d));
SELECT DISTINCT verdict, note FROM unnest((SELECT icp_tess(d, 'psychographic', '{"k": 2}') FROM deal d));
-- Too little data is said, not taken for a finding; small segments are left out.
SELECT DISTINCT verdict, note FROM unnest((SELECT icp_tess(d, 'region', '{}') FROM deal d WHERE deal_id <= 90));
SELECT behaviour, segments, verdict, note FROM unnest((SELECT icp_tess(d, 'region', '{"tess": {"min_companies": 400}}') FROM deal d));
SELECT icp_tess(d, 'region', '{}') FROM deal d WHERE false;
-- The same in any order and as JSON.
SELECT (SELECT icp_tess(d, 'decides', '{}') FROM deal d) = (SELECT icp_tess(to_jsonb(d), 'decides', '{}') FROM (SELECT * FROM deal ORDER BY md5(deal_id::text)) d) AS same;
-- The cohorts of a model are tested too: groups of attributes with a behaviour of their own, and the same groups without.
CREATE FUNCTION grouped(behaves boolean) RETURNS TABLE (deal_id int, company_id int, outcome text, first_contact_at date, closed_at date, industry text, employees int, source text) LANGUAGE sql AS $$
SELECT i, i / 2, CASE WHEN (hashtextextended(i::text, 1) & 1023) < CASE WHEN behaves AND g = 1 THEN 800 ELSE 400 END THEN 'won' ELSE 'lost' END,
       date '2024-01-01' + i % 300, date '2024-01-01' + i % 300 + 20 + (hashtextextended(i::text, 2) & 31)::int,
       (ARRAY['wholesale', 'retail', 'software'])[g], (ARRAY[30, 120, 2])[g] + (hashtextextended((i / 2)::text, 3) & (ARRAY[31, 63, 7])[g])::int, (ARRAY['referral', 'fair', 'cold'])[CASE WHEN i % 10 < 2 THEN 1 + i % 3 ELSE g END]
FROM generate_series(1, 900) i, LATERAL (SELECT 1 + (hashtextextended((i / 2)::text, 4) & 1023)::int % 3 AS g) x
$$;
CREATE TABLE fitted AS SELECT behaves, icp_fit(d, '{"k": 3}') AS model FROM (VALUES (true), (false)) b (behaves), LATERAL grouped(behaves) d GROUP BY 1;
SELECT behaves, metric, value < 0.01 AS nothing, n > 0 AS n, regexp_replace(note, '[0-9.]+', '#', 'g') AS note FROM fitted, icp_metrics(model) WHERE metric LIKE 'tess%' ORDER BY 1, 2;
SELECT behaves, severity, message FROM fitted, icp_diagnostics(model) WHERE message LIKE '%not segmentation%';
DROP TABLE fitted;
DROP FUNCTION grouped;

-- Wrong input.
SELECT icp_tess(d, 'nothing', '{}') FROM deal d;
SELECT icp_tess(d, 'technographic', '{}') FROM deal d;
SELECT icp_tess(d, 'tags', '{}') FROM deal d;
SELECT icp_tess(d, NULL, '{}') FROM deal d;
SELECT icp_tess(d, 'region', '{"tess": {"least": 1}}') FROM deal d;
SELECT icp_tess(d, 'region', '{}') FROM (SELECT deal_id, region FROM deal) d;
SELECT icp_fit(d, '{"tess": {}}') FROM deal d;
DROP TABLE deal;
