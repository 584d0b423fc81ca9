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
-- The cohorts of a model are tested too.
SELECT metric, n > 0 AS n, note ~ 'differ' AS said FROM (SELECT icp_fit(d, '{"k": 2}') AS m FROM deal d) f, icp_metrics(m) WHERE metric LIKE 'tess%' ORDER BY 1;
SELECT severity, message FROM (SELECT icp_fit(d, '{"k": 3, "ignore": ["decides"]}') AS m FROM deal d) f, icp_diagnostics(m) WHERE message LIKE '%not segmentation%';

-- Wrong input.
SELECT icp_tess(d, 'nothing', '{}') FROM deal d;
SELECT icp_tess(d, 'technographic', '{}') FROM deal d;
SELECT icp_tess(d, 'tags', '{}') FROM deal d;
SELECT icp_tess(d, NULL, '{}') FROM deal d;
SELECT icp_tess(d, 'region', '{"tess": {"least": 1}}') FROM deal d;
SELECT icp_tess(d, 'region', '{}') FROM (SELECT deal_id, region FROM deal) d;
SELECT icp_fit(d, '{"tess": {}}') FROM deal d;
DROP TABLE deal;
