-- Rules for any column.
CREATE TABLE customer AS
SELECT i AS id, (ARRAY['Retail', 'Wholesale', 'IT', 'Public', 'Build'])[1 + i % 5] AS "In""dustry",
       (ARRAY['север', 'юг', 'O''Hara\'])[1 + (i / 5) % 3] AS region, (37 * i) % 101 AS employees,
       CASE WHEN i % 11 > 0 THEN (i * 7919) % 13 < 5 END AS trial,
       CASE WHEN i % 17 > 0 THEN 40 + (i * 104729) % 31 + CASE WHEN i % 5 = 1 AND (37 * i) % 101 BETWEEN 30 AND 70 THEN 25 ELSE 0 END END AS score
FROM generate_series(1, 2000) i;

-- A planted rule comes back, and its predicate gives exactly the numbers reported.
CREATE TABLE found AS SELECT (unnest(icp_discover(c, 'score', '{}'))).* FROM customer c;
SELECT rank, rule, predicate, population, n, significant, reliability, holdout_value BETWEEN lo AND hi AS inside, lift_diff > 20 AS lifted FROM found WHERE rank = 1;
CREATE FUNCTION differs(OUT differing bigint, OUT rules bigint) LANGUAGE plpgsql AS $$
DECLARE r icp_rule; same boolean;
BEGIN
  differing := 0; rules := 0;
  FOR r IN SELECT * FROM found LOOP
    EXECUTE format('SELECT count(*) = $1 AND abs(avg(score) - $2) < 1e-9 FROM customer WHERE (%s) AND (%s)', r.population, r.predicate) INTO same USING r.n, r.value;
    rules := rules + 1;
    IF same IS NOT TRUE THEN differing := differing + 1; END IF;
  END LOOP;
END $$;
SELECT differing, rules > 0 AS any FROM differs();
TRUNCATE found;
INSERT INTO found SELECT (unnest(icp_discover(c, 'score', '{"rules": {"all": true, "top": 200, "missing": true, "exponent": 0.5}}'))).* FROM customer c;
SELECT differing, rules FROM differs();

-- The same rows as JSON and in another order.
SELECT (SELECT icp_discover(c, 'score', '{}') FROM customer c) = (SELECT icp_discover(to_jsonb(c), 'score', '{}') FROM (SELECT * FROM customer ORDER BY md5(id::text)) c) AS same;

-- Nothing where there is nothing; no rows: NULL; a constant target: no rules.
SELECT icp_discover(c, 'noise', '{}') FROM (SELECT *, md5(id::text || 'noise') < '8' AS noise FROM customer) c;
SELECT icp_discover(c, 'score', '{}') FROM customer c WHERE false;
SELECT icp_discover(c, 'score', '{}') FROM (SELECT id, region, 1 AS score FROM customer) c;

-- Wrong input.
SELECT icp_discover(c, 'nothing', '{}') FROM customer c;
SELECT icp_discover(c, 'region', '{}') FROM customer c;
SELECT icp_discover(c, NULL, '{}') FROM customer c;
SELECT icp_discover(c, 'score', '{"rules": {"dept": 3}}') FROM customer c;
SELECT icp_discover(c, 'score', '{"rules": {"depth": 9}}') FROM customer c;
SELECT icp_sample_add(NULL::icp_sample, c, 'score', '{}') FROM customer c LIMIT 1;
SELECT icp_fit(c, '{"rules": {"depth": 2}}') FROM customer c;
DROP TABLE customer, found;
DROP FUNCTION differs;
