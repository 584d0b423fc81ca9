-- Scoring of leads: icp_cohort, icp_score, icp_explain, lookalike_similarity, icp_dqs.
\set VERBOSITY default
CREATE SCHEMA score_test;
SET search_path = score_test, public;

-- Deals of three kinds of companies, and leads; "random" numbers from a hash of the row's number.
CREATE FUNCTION u(i int, what text) RETURNS double precision LANGUAGE sql IMMUTABLE
AS $$ SELECT ('x' || substr(md5(what || i), 1, 7))::bit(28)::int / 268435456.0 $$;
CREATE TABLE deals AS
SELECT i AS deal_id, i / 2 AS company_id, d.outcome,
       date '2024-01-01' + i AS first_contact_at, date '2024-01-01' + i + d.cycle AS closed_at,
       d.ltv, 1000::numeric AS cac, d.cycle AS cycle_days, d.retention, d.calls, 2 AS meetings,
       f.industry, f.employees, f.decision_maker, f.source, f.tags
FROM generate_series(1, 600) i
CROSS JOIN LATERAL (SELECT (i / 2) % 3 AS kind) k
CROSS JOIN LATERAL (
    SELECT CASE WHEN u(i, 'won') < (ARRAY[0.55, 0.35, 0.25])[kind + 1] THEN 'Won' ELSE 'Lost' END AS outcome,
           (ARRAY[20, 60, 150])[kind + 1] + (20 * u(i, 'cycle'))::int AS cycle,
           ((ARRAY[7000, 3000, 900])[kind + 1] * (0.8 + 0.4 * u(i, 'ltv')))::numeric(12, 2) AS ltv,
           (ARRAY[0.9, 0.6, 0.2])[kind + 1] AS retention,
           (ARRAY[5, 15, 40])[kind + 1] + (5 * u(i, 'calls'))::int AS calls) d
CROSS JOIN LATERAL (
    SELECT (ARRAY['Wholesale', 'E-commerce', 'IT start-up'])[kind + 1] AS industry,
           ((ARRAY[30, 80, 3])[kind + 1] * (1 + u(i / 2, 'employees')))::numeric(10, 1) AS employees,
           CASE WHEN u(i, 'decides') < 0.2 THEN 'committee' ELSE (ARRAY['owner', 'director', 'founder'])[kind + 1] END AS decision_maker,
           (ARRAY['referral', 'search', 'cold', 'event'])[1 + (4 * u(i, 'source'))::int % 4] AS source,
           (ARRAY['{1C}', '{1C,API}', '{API}', '{}'])[1 + (kind + (1.3 * u(i, 'tags'))::int) % 4]::text[] AS tags) f;
CREATE TABLE leads AS
SELECT deal_id AS lead_id, industry, employees, decision_maker, source, tags FROM deals WHERE deal_id % 5 = 0;

SELECT icp_save('score_test', icp_fit(d, '{}')) AS version FROM deals d;
CREATE TABLE model AS SELECT icp_load('score_test') AS m;

-- What comes back.
SELECT count(*) > 0 AS rows, bool_and(s.label IN ('gold', 'ordinary', 'non_target', 'unknown')) AS labels,
       bool_and((s.priority, s.priority_rank) IN (('high', 1), ('normal', 2), ('low', 3))) AS priorities,
       bool_and(s.priority = CASE s.label WHEN 'gold' THEN 'high' WHEN 'non_target' THEN 'low' ELSE 'normal' END) AS agree,
       bool_and(s.coverage BETWEEN 0 AND 1) AS coverage, bool_and(s.similarity BETWEEN 0 AND 1) AS similarity,
       bool_and(s.cohort IS NOT DISTINCT FROM icp_cohort(l, 'score_test')) AS cohort,
       bool_and(s.model = 'score_test' AND s.version = 1) AS model, count(DISTINCT s.cohort) AS cohorts
FROM leads l CROSS JOIN LATERAL icp_score(l, 'score_test') s;
SELECT DISTINCT l.industry, c.grade, s.label
FROM leads l CROSS JOIN LATERAL icp_score(l, 'score_test') s LEFT JOIN icp_cohorts('score_test') c USING (cohort) ORDER BY 1;

-- Every form of the row and of the model gives the same.
SELECT count(*) FILTER (WHERE a IS DISTINCT FROM b) AS jsonb_differs, count(*) FILTER (WHERE a IS DISTINCT FROM c) AS value_differs,
       count(*) FILTER (WHERE a IS DISTINCT FROM d) AS version_differs, count(*) FILTER (WHERE a IS DISTINCT FROM e) AS record_differs,
       count(*) FILTER (WHERE a IS DISTINCT FROM f) AS subselect_differs
FROM (SELECT icp_score(l, 'score_test') AS a, icp_score(to_jsonb(l), 'score_test') AS b, icp_score(l, (SELECT m FROM model)) AS c,
             icp_score(l, 'score_test@1') AS d, icp_score(to_jsonb(l), icp_load('score_test')) AS e,
             icp_score(x, 'score_test') AS f
      FROM leads l CROSS JOIN LATERAL (SELECT l.tags, l.source, l.employees::double precision, l.industry::varchar(40), l.decision_maker) x) q;
-- A value that was never saved has no name.
SELECT (icp_score(l, (SELECT icp_fit(d, '{}') FROM deals d))).model IS NULL AS nameless FROM leads l LIMIT 1;

-- The points add up to the similarity exactly, whatever is missing.
SELECT count(*) AS leads, count(*) FILTER (WHERE s.similarity IS DISTINCT FROM e.points) AS wrong
FROM (SELECT l.*, CASE WHEN lead_id % 2 = 0 THEN source END AS source2 FROM leads l) l
CROSS JOIN LATERAL (SELECT industry, CASE WHEN lead_id % 3 > 0 THEN employees END AS employees, decision_maker, source2 AS source, tags) r
CROSS JOIN LATERAL icp_score(r, 'score_test') s
LEFT JOIN LATERAL (SELECT sum(points) AS points FROM icp_explain(r, 'score_test') WHERE score = 'similarity') e ON true;
SELECT feature, value, weight > 0 AS weighs, points >= 0 AS counts, text <> '' AS said
FROM icp_explain('{"industry": " WHOLESALE ", "employees": 45, "decision_maker": null, "source": "carrier pigeon"}'::jsonb, 'score_test')
ORDER BY feature;
SELECT count(*) FROM icp_explain((SELECT l FROM leads l LIMIT 1), 'score_test', 'ru') WHERE text ~ '[а-я]';
-- Nothing is left in memory by a call: a kilobyte each would be 3 MB.
SELECT x.points > 0 AS points, (SELECT sum(total_bytes) < 1000000 FROM pg_backend_memory_contexts WHERE name = 'ExecutorState' AND x.points > 0) AS small
FROM (SELECT count(e.points) AS points FROM (SELECT l.* FROM leads l CROSS JOIN generate_series(1, 3000) LIMIT 3000) l CROSS JOIN LATERAL icp_explain(l, 'score_test') e) x;
SELECT * FROM icp_explain((SELECT l FROM leads l LIMIT 1), 'score_test', 'klingon');
SELECT * FROM icp_explain((SELECT l FROM leads l LIMIT 1), 'score_test', language => NULL);

-- Columns that are absent, unknown, NaN or infinite are missing and show as coverage.
SELECT label, coverage FROM icp_score('{"employees": null, "industry": "never heard of it", "source": 5}'::jsonb, 'score_test');
SELECT a.coverage = b.coverage AND a.similarity = b.similarity AS same
FROM icp_score('{"industry": "wholesale", "employees": "NaN"}'::jsonb, 'score_test') a,
     icp_score('{"industry": "Wholesale"}'::jsonb, 'score_test') b;
SELECT icp_cohort(r, 'score_test') IS NOT NULL AS found
FROM (VALUES ('Wholesale', 'Infinity'::float8, 'owner'), ('Wholesale', 'NaN', 'owner'), ('Wholesale', NULL, 'owner')) r(industry, employees, decision_maker);
-- A row with none of the features.
SELECT icp_score('{"a": 1}'::jsonb, 'score_test');
SELECT icp_cohort(ROW(1, 2), 'score_test');
SELECT icp_cohort('[1]'::jsonb, 'score_test');
SELECT icp_cohort(r, 'score_test') FROM (SELECT 'a' AS industry, 'b' AS industry) r;

-- NULLs.
SELECT icp_cohort(NULL::leads, 'score_test') IS NULL AS a, icp_score(NULL::jsonb, 'score_test') IS NULL AS b,
       (SELECT count(*) FROM icp_explain(NULL::jsonb, 'score_test')) AS c,
       lookalike_similarity(NULL::jsonb, 'x', 'score_test') IS NULL AS d, lookalike_similarity('{}'::jsonb, NULL::text, 'score_test') IS NULL AS e,
       icp_dqs(NULL::jsonb, 'score_test') IS NULL AS f;
SELECT icp_cohort(l, NULL::text) FROM leads l LIMIT 1;
SELECT icp_cohort(l, NULL::icp_model) FROM leads l LIMIT 1;
SELECT icp_cohort(l, 'line_' || NULL) FROM leads l LIMIT 1;
SELECT icp_cohort(l, 'no such model') FROM leads l LIMIT 1;
SELECT icp_cohort(l, 'score_test@99') FROM leads l LIMIT 1;
SELECT icp_cohort(l, 'score_test@x') FROM leads l LIMIT 1;

-- Look-alikes.
SELECT count(*) FILTER (WHERE lookalike_similarity(l, s.cohort, 'score_test') IS DISTINCT FROM s.similarity) AS wrong
FROM leads l CROSS JOIN LATERAL icp_score(l, 'score_test') s WHERE s.cohort IS NOT NULL;
SELECT lookalike_similarity(l, l, 'score_test') AS itself, lookalike_similarity(l, o, 'score_test') BETWEEN 0 AND 1 AS other,
       lookalike_similarity(l, o, 'score_test') = lookalike_similarity(o, l, (SELECT m FROM model)) AS symmetric,
       lookalike_similarity(to_jsonb(l), to_jsonb(o), 'score_test') = lookalike_similarity(l, o, 'score_test') AS jsonb
FROM leads l, leads o WHERE l.lead_id = 5 AND o.lead_id = 10;
SELECT lookalike_similarity(l, 'no such cohort', 'score_test') FROM leads l LIMIT 1;

-- DQS of deals: the same as the formula, NULL unless won.
SELECT count(*) FILTER (WHERE outcome <> 'Won' AND icp_dqs(d, 'score_test') IS NOT NULL) AS not_won,
       count(*) FILTER (WHERE outcome = 'Won' AND icp_dqs(d, 'score_test') IS DISTINCT FROM dqs(ltv::float8, cac::float8, cycle_days, retention::float8, calls + meetings)) AS wrong,
       count(*) FILTER (WHERE icp_dqs(d, 'score_test') IS DISTINCT FROM icp_dqs(to_jsonb(d), (SELECT m FROM model))) AS jsonb_differs,
       count(*) FILTER (WHERE outcome = 'Won' AND icp_dqs(d, 'score_test', weights => 'project') IS DISTINCT FROM dqs(ltv::float8, cac::float8, cycle_days, retention::float8, calls + meetings, 'project')) AS what_if_differs
FROM deals d;
SELECT icp_dqs('{"outcome": "won", "dqs": 61.5, "ltv": 1}'::jsonb, 'score_test') AS given,
       icp_dqs('{"outcome": "won", "dqs": 61.5}'::jsonb, 'score_test', weights => 'saas') AS what_if,
       icp_dqs('{"outcome": true, "first_contact_at": "2024-01-01", "closed_at": "2024-01-31", "retention": 1, "calls": 5}'::jsonb, 'score_test') AS dates,
       icp_dqs('{"outcome": 1, "ltv": 3, "cac": -1, "cycle_days": -5, "retention": 0.5, "effort": 5}'::jsonb, 'score_test') AS faults;
SELECT icp_dqs('{"ltv": 3}'::jsonb, 'score_test');
SELECT dqs_band(icp_dqs(d, 'score_test')) AS now, dqs_band(icp_dqs(d, 'score_test', weights => 'project')) AS what_if, count(*) > 0 AS some
FROM deals d WHERE outcome = 'Won' GROUP BY 1, 2 ORDER BY 1, 2;

-- A model named by each row.
SELECT industry, icp_save('line_' || industry, icp_fit(d, '{}')) AS version FROM deals d GROUP BY industry ORDER BY industry;
SELECT count(*) AS rows, count(DISTINCT s.model) AS models, bool_and(s.model = 'line_' || l.industry) AS right_one
FROM leads l CROSS JOIN LATERAL icp_score(l, 'line_' || l.industry) s;

-- The registered default, and resolution of the overloads.
SELECT icp_set_default('score_test');
CREATE VIEW one AS SELECT * FROM leads WHERE lead_id = 5;
SELECT (icp_score(l)).version AS left_out, (icp_score(l, model => 'score_test')).version AS named,
       (icp_score(l, (SELECT icp_load('score_test')))).version AS value, (icp_score(to_jsonb(l))).version AS jsonb
FROM one l;
SELECT icp_score(ROW(l.industry, l.source), 'score_test') FROM one l;
SELECT (icp_score(r)).label FROM (SELECT 'Wholesale' AS industry, 40 AS employees) r;
SELECT (icp_score('{"industry": "Wholesale"}'::jsonb)).coverage > 0 AS jsonb;
SELECT icp_score('{"industry": "Wholesale"}');
SELECT icp_score(NULL);
SELECT icp_score('{"industry": "Wholesale"}'::json);
SELECT icp_score(l, NULL) FROM one l;
PREPARE by_parameter AS SELECT icp_cohort(l, $1) = icp_cohort(l) AS same FROM one l;
EXECUTE by_parameter('score_test');
PREPARE by_jsonb(jsonb) AS SELECT (icp_score($1)).coverage > 0 AS some;
EXECUTE by_jsonb('{"industry": "Wholesale"}');
SELECT icp_cohort(l, 'score_' || 'test'::varchar) = icp_cohort(l, 'score_test'::name::text) AS same FROM one l;
SELECT lookalike_similarity(l, l) AS rows, lookalike_similarity(l, icp_cohort(l)) > 0 AS cohort, lookalike_similarity(l, other => l, model => 'score_test') AS named,
       lookalike_similarity(l, cohort => icp_cohort(l), model => (SELECT m FROM model)) > 0 AS value FROM one l;
SELECT count(*) > 0 AS explained FROM one l CROSS JOIN LATERAL icp_explain(l, language => 'ru');
SELECT count(*) AS rows FROM icp_dqs((SELECT d FROM deals d LIMIT 1), scale => 'default');

-- Volatility: a value reads nothing; a name reads the registry.
SELECT p.proname, p.provolatile, count(*) FROM pg_proc p
WHERE p.proname IN ('icp_cohort', 'icp_score', 'icp_explain', 'lookalike_similarity', 'icp_dqs') AND p.proparallel = 's' AND NOT p.proisstrict
GROUP BY 1, 2 ORDER BY 1, 2;

-- Reading never writes.
BEGIN READ ONLY;
SELECT count(icp_cohort(l)) > 0 AS scored FROM leads l;
SELECT count(*) > 0 AS explained FROM one l, icp_explain(l);
ROLLBACK;

-- In parallel workers.
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
ALTER TABLE deals SET (parallel_workers = 2);
CREATE FUNCTION parallel_plan() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE line text; found boolean := false;
BEGIN
  FOR line IN EXPLAIN SELECT icp_cohort(d, 'score_test'), count(*) FROM deals d GROUP BY 1 LOOP found := found OR line LIKE '%Gather%'; END LOOP;
  RETURN found;
END $$;
SELECT parallel_plan();
SELECT count(*) AS rows, sum(n) AS deals FROM (SELECT icp_cohort(d, 'score_test'), count(*) AS n FROM deals d GROUP BY 1) q;
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET max_parallel_workers_per_gather;

-- A new version answers in the next statement, also where a call site lives on.
CREATE FUNCTION version_now() RETURNS int LANGUAGE plpgsql AS $$
DECLARE r record; v int;
BEGIN
  SELECT * INTO r FROM leads LIMIT 1;
  v := (icp_score(r, 'score_test')).version;
  RETURN v;
END $$;
SELECT version_now();
BEGIN;
SELECT version_now();
SELECT icp_save('score_test', icp_fit(d, '{}')) FROM deals d;
SELECT version_now();
ROLLBACK;
SELECT version_now();

-- Times without a zone are read in the model's zone, as in training, whatever the session's.
CREATE TABLE dated AS
SELECT deal_id, company_id, outcome, m.met AS first_contact_at, industry,
       (m.met - interval '1 hour' * ((ARRAY[6, 40, 90])[1 + company_id % 3] + 10 * u(deal_id, 'asked'))) AT TIME ZONE 'Pacific/Kiritimati' AS asked
FROM deals CROSS JOIN LATERAL (SELECT (first_contact_at + time '12:00') AT TIME ZONE 'UTC' AS met) m;
SELECT icp_save('score_zone', icp_fit(d, '{"timezone": "Pacific/Kiritimati", "kinds": {"asked": "date"}}'), false) AS version FROM dated d;
SET timezone = 'America/Lima';
SELECT count(*) AS leads, count(*) FILTER (WHERE a IS DISTINCT FROM b) AS with_a_zone_differs, count(*) FILTER (WHERE a IS DISTINCT FROM c) AS jsonb_differs
FROM (SELECT icp_score(l, 'score_zone@1') AS a, icp_score(z, 'score_zone@1') AS b, icp_score(to_jsonb(l), 'score_zone@1') AS c
      FROM (SELECT first_contact_at, asked FROM dated) l
      CROSS JOIN LATERAL (SELECT l.first_contact_at, l.asked AT TIME ZONE 'Pacific/Kiritimati' AS asked) z) q;
RESET timezone;
SELECT icp_drop_model('score_zone', 1);

-- Bytes that are no model.
SELECT icp_cohort('{"industry": "x"}'::jsonb, '{}'::icp_model);
SELECT icp_cohort('{"industry": "x"}'::jsonb, 'x'::icp_model);

SET client_min_messages = warning;
DROP SCHEMA score_test CASCADE;
SELECT icp_drop_model(name, version) FROM icp_models WHERE name LIKE 'line@_%' ESCAPE '@' OR name = 'score_test';
