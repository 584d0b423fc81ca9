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

-- Blank text is missing as NULL is: the predicate returns both.
CREATE TABLE blank AS
SELECT id, CASE WHEN id > 600 THEN region WHEN id % 3 = 0 THEN NULL WHEN id % 3 = 1 THEN '' ELSE E' \t' END AS region, employees,
       CASE WHEN id > 600 THEN score ELSE 40 + (id * 104729) % 31 END AS score
FROM customer;
SELECT rule, predicate, n, format('SELECT count(*) = %s AS exact FROM blank WHERE (%s) AND (%s)', n, population, predicate) AS query
FROM unnest((SELECT icp_discover(b, 'score', '{"rules": {"missing": true, "depth": 1}}') FROM blank b)) WHERE predicate LIKE '%NULL%' \gset
\echo :rule :n :predicate
:query;
DROP TABLE blank;

-- The same rows as JSON and in another order.
SELECT (SELECT icp_discover(c, 'score', '{}') FROM customer c) = (SELECT icp_discover(to_jsonb(c), 'score', '{}') FROM (SELECT * FROM customer ORDER BY md5(id::text)) c) AS same;

-- Nothing where there is nothing; no rows: NULL; a constant target: no rules.
SELECT icp_discover(c, 'noise', '{}') FROM (SELECT *, md5(id::text || 'noise') < '8' AS noise FROM customer) c;
SELECT icp_discover(c, 'score', '{}') FROM customer c WHERE false;
SELECT icp_discover(c, 'score', '{}') FROM (SELECT id, region, 1 AS score FROM customer) c;

-- Wrong input.
SELECT (icp_discover(c, 'score', '{"language": "ru"}'))[1].rule FROM customer c;
SELECT icp_discover(c, 'score', '{"language": "fr"}') FROM customer c;
SELECT icp_discover(c, 'nothing', '{}') FROM customer c;
SELECT icp_discover(c, 'region', '{}') FROM customer c;
SELECT icp_discover(c, NULL, '{}') FROM customer c;
SELECT icp_discover(c, 'score', '{"rules": {"dept": 3}}') FROM customer c;
SELECT icp_discover(c, 'score', '{"rules": {"depth": 9}}') FROM customer c;
SELECT icp_discover(c, 'score', '{"rules": {"permutations": 50}}') FROM customer c;
SELECT icp_sample_add(NULL::icp_sample, c, 'score', '{}') FROM customer c LIMIT 1;
SELECT icp_fit(c, '{"target": "score"}') FROM customer c;
DROP TABLE customer, found;
DROP FUNCTION differs;

-- The rules of a model: for winning and for the quality of won deals. Run on the deals, in their population, they return
-- exactly the numbers reported: young deals, those of weight 0 and unscored ones are left out.
CREATE TABLE deal AS
SELECT i AS deal_id, i % 400 AS company_id, CASE WHEN i % 50 = 0 THEN 'Open' WHEN (i * 7919) % 97 < CASE WHEN i % 400 % 5 = 1 THEN 70 ELSE 25 END THEN 'Won!' ELSE 'lost' END AS "Stage",
       CASE WHEN i % 3 > 0 THEN timestamp '2024-01-01' + i * interval '9 hours' END AS first_contact_at,
       CASE WHEN i % 7 > 0 THEN date '2023-12-31' + i / 3 END AS created_at,
       timestamptz '2024-01-10 00:00:00+00' + i * interval '9 hours' + i % 30 * interval '1 day' AS closed_at, (i % 40 > 0)::int AS weight,
       1000.0 AS ltv, 100 + (i * 37) % 200 AS cac, CASE WHEN i % 400 % 5 = 2 THEN 5 ELSE 25 END + i % 4 AS calls, CASE WHEN i % 9 > 0 THEN 0.5 END AS retention,
       (ARRAY['Розница', 'Опт', 'O''Hara', 'Public\', 'Build'])[1 + i % 400 % 5] AS "In""dustry", (i % 400 * 53) % 97 AS employees
FROM generate_series(1, 2400) i;
CREATE TABLE fitted AS SELECT icp_fit(d, '{"roles": {"outcome": "Stage", "won": ["won!"]}, "timezone": "Asia/Almaty", "maturity_days": 60}') AS model FROM deal d;
CREATE FUNCTION differs(model icp_model, OUT differing bigint, OUT rules bigint) LANGUAGE plpgsql AS $$
DECLARE r icp_rule; same boolean;
BEGIN
  differing := 0; rules := 0;
  FOR r IN SELECT * FROM icp_rules(model) LOOP
    EXECUTE format('SELECT count(*) = $2 AND abs(avg(%s) - $3) < 1e-9 FROM deal d WHERE (%s) AND (%s)',
      CASE r.target WHEN 'won' THEN '("Stage" = ''Won!'')::int' ELSE 'icp_dqs(d, $1)' END, r.population, r.predicate) INTO same USING model, r.n, r.value;
    rules := rules + 1;
    IF same IS NOT TRUE THEN differing := differing + 1; RAISE NOTICE '%', r; END IF;
  END LOOP;
END $$;
SELECT rank, target, rule, n, n_companies, significant FROM fitted, icp_rules(model) WHERE rank = 1;
SELECT population FROM fitted, icp_rules(model) WHERE rank = 1;
SELECT rule FROM fitted, icp_rules(model, 'ru') WHERE rank = 1;
SELECT differing, rules >= 2 AS some FROM fitted, differs(model);
SET timezone = 'America/New_York';
SELECT differing, rules >= 2 AS some FROM fitted, differs(model);
RESET timezone;
-- As of a day: what was begun or closed later is in no rule, and the population says so.
CREATE TABLE earlier AS SELECT icp_fit(d, '{"roles": {"outcome": "Stage", "won": ["won!"]}, "timezone": "Asia/Almaty", "maturity_days": 60, "as_of": "2025-10-15"}') AS model FROM deal d;
SELECT DISTINCT target, population FROM earlier, icp_rules(model) ORDER BY 1;
SELECT differing, rules >= 2 AS some FROM earlier, differs(model);
SELECT column_name, rows, message FROM earlier, icp_diagnostics(model) WHERE message LIKE '%as-of%' ORDER BY 1;
SELECT count(*) FILTER (WHERE coalesce(first_contact_at AT TIME ZONE 'Asia/Almaty', created_at::timestamp AT TIME ZONE 'Asia/Almaty') > timestamptz '2025-10-15 00:00+05') AS begun_later FROM deal;
-- A saved model is named in the population. No rules where they are not wanted, one error where they make no sense.
SELECT icp_save('rules', model) FROM fitted;
SELECT right(population, 45) AS ending FROM icp_rules('rules') WHERE target = 'dqs' AND rank = 1;
SELECT count(*) FROM icp_rules((SELECT icp_fit(d, '{"roles": {"outcome": "Stage", "won": ["won!"]}, "rules": {"top": 0}}') FROM deal d));
SELECT icp_drop_model('rules', 1);
DROP TABLE deal, fitted, earlier;
DROP FUNCTION differs;
