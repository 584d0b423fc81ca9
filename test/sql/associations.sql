-- Which attributes go with a column.
CREATE TABLE customer AS
SELECT i AS id, i / 2 AS company_id, (ARRAY['Retail', 'Wholesale', 'IT', 'Public', 'Build'])[1 + (i / 2) % 5] AS "In""dustry",
       (ARRAY['север', 'юг', 'O''Hara\'])[1 + (i * 7919) % 3] AS region, (37 * (i / 2)) % 101 AS employees,
       CASE WHEN i % 11 > 0 THEN (i * 7919) % 13 < 5 END AS trial,
       ARRAY(SELECT t FROM unnest(ARRAY['1c', 'sap', 'excel']) WITH ORDINALITY u(t, k) WHERE (i * 104729 / k) % 7 < 3) AS tools,
       CASE WHEN i % 17 > 0 THEN 40 + (i * 104729) % 31 + CASE WHEN (i / 2) % 5 = 1 THEN 12 ELSE 0 END + (37 * (i / 2)) % 101 / 10.0 END AS score
FROM generate_series(2, 1001) i;
CREATE TABLE found AS SELECT (unnest(icp_associations(c, 'score', '{}'))).* FROM customer c;
SELECT rank, attribute, item, measure, round(value::numeric, 3) AS value, round(information::numeric, 3) AS information, n, n_companies, significant, contrast, reliability
FROM found WHERE significant ORDER BY rank;
SELECT count(*) AS attributes, count(*) FILTER (WHERE lo <= value AND value <= hi AND information_lo <= information AND information <= information_hi AND effect_lo <= effect AND effect <= effect_hi) AS ordered,
       count(*) FILTER (WHERE attribute = 'tools') AS items, bool_and(p_adjusted > .05 OR significant) AS consistent FROM found;

-- Simpson's paradox: kidney stones (Charig et al. 1986).
CREATE TABLE stone AS
SELECT surgery, large, success FROM (VALUES (true, false, true, 81), (true, false, false, 6), (false, false, true, 234), (false, false, false, 36),
  (true, true, true, 192), (true, true, false, 71), (false, true, true, 55), (false, true, false, 25)) v (surgery, large, success, n), generate_series(1, n);
SELECT attribute, round(effect::numeric, 3) AS effect, confounder, confounding, round(adjusted::numeric, 3) AS adjusted, note
FROM unnest((SELECT icp_associations(s, 'success', '{}') FROM stone s)) ORDER BY attribute;

SELECT note FROM unnest((SELECT icp_associations(s, 'success', '{"language": "ru"}') FROM stone s)) WHERE note <> '' ORDER BY attribute;

-- The same rows as JSON and in another order.
SELECT (SELECT icp_associations(c, 'score', '{"associations": {"all": true}}') FROM customer c) =
       (SELECT icp_associations(to_jsonb(c), 'score', '{"associations": {"all": true}}') FROM (SELECT * FROM customer ORDER BY md5(id::text)) c) AS same;

-- No rows: NULL; a constant target, too few companies: nothing.
SELECT icp_associations(c, 'score', '{}') FROM customer c WHERE false;
SELECT icp_associations(c, 'score', '{}') FROM (SELECT id, region, 1 AS score FROM customer) c;
SELECT icp_associations(c, 'score', '{}') FROM (SELECT * FROM customer LIMIT 9) c;

-- Wrong input.
SELECT icp_associations(c, 'nothing', '{}') FROM customer c;
SELECT icp_associations(c, 'region', '{}') FROM customer c;
SELECT icp_associations(c, NULL, '{}') FROM customer c;
SELECT icp_associations(c, 'score', '{"associations": {"pair": 3}}') FROM customer c;
SELECT icp_associations(c, 'score', '{"associations": {"pairs": 5000}}') FROM customer c;
SELECT icp_fit(c, '{"associations": {"pairs": 10}}') FROM customer c;
DROP TABLE customer, found, stone;
