-- Models: learning, versions, readers, errors. Numbers of the statistics are the unit tests' business.
\set VERBOSITY default
SET client_min_messages = warning;
CREATE SCHEMA crm;
CREATE TABLE crm.deal AS
SELECT i AS deal_id, (i * 7 % 400) AS company_id,
       CASE WHEN i % 10 = 9 THEN 'open' WHEN (i * 7919 % 1000) < (ARRAY[600, 300, 80])[g] THEN 'won' ELSE 'lost' END AS outcome,
       date '2024-01-01' + i % 365 AS first_contact_at, date '2024-01-01' + i % 365 + (ARRAY[15, 40, 120])[g] + i % 7 AS closed_at,
       (ARRAY[90000, 30000, 4000])[g] + (i * 31 % 1000) AS ltv, (ARRAY[9000, 9000, 3000])[g] + (i * 17 % 500)::numeric AS cac,
       (ARRAY[0.9, 0.7, 0.2])[g] AS retention, (ARRAY[6, 18, 45])[g] + i % 3 AS calls,
       (ARRAY['wholesale', 'retail', 'software'])[g] AS industry, (ARRAY[30, 120, 2])[g] + (i * 13 % (ARRAY[40, 100, 8])[g]) AS employees,
       (ARRAY['owner', 'buyer', 'founder'])[CASE WHEN i * 101 % 20 = 0 THEN 1 + g % 3 ELSE g END] AS decision_maker,
       CASE WHEN i % 11 = 0 THEN NULL ELSE (ARRAY['referral', 'fair', 'cold'])[g] END AS source, i % 2 = 0 AS newsletter
FROM generate_series(1, 900) i CROSS JOIN LATERAL (SELECT 1 + i * 37 % 3 AS g) x;
CREATE TABLE crm.lead AS
SELECT deal_id AS lead_id, industry, employees, decision_maker, newsletter FROM crm.deal WHERE deal_id <= 50;
SET search_path = public, crm;
CREATE VIEW deals AS SELECT * FROM crm.deal;

-- A value: nothing is saved.
SELECT s.model, s.version, s.active, s.deals = (SELECT count(*) FROM deals WHERE outcome <> 'open') AS deals, s.cohorts > 1 AS cohorts
FROM (SELECT icp_fit(d, '{}') AS m FROM deals d) f CROSS JOIN LATERAL icp_model_summary(f.m) s;
SELECT icp_fit(d, '{}') IS NULL AS no_rows FROM deals d WHERE false;
SELECT icp_fit(CASE WHEN d.deal_id > 0 THEN NULL ELSE d END, '{}') IS NULL AS only_nulls FROM deals d;
SELECT count(*) AS models FROM icp_models;

-- Training, versions, what is in force.
SELECT * FROM icp_check('deals', '{"leads": "crm.lead"}') WHERE severity = 'error';
SELECT column_name FROM icp_check('deals', '{"leads": "crm.lead"}') WHERE column_name = 'source';
-- A role that names no column is said, whichever it is; one that nobody named is not.
SELECT * FROM icp_check('deals', '{"roles": {"weight": "wieght", "company_id": "firm", "retention": "retention", "open": ["open"]}}') WHERE message LIKE '%role %';
SELECT count(*) AS roles, bool_and(severity = 'warning' AND hint = 'check the spelling') AS warned
FROM unnest(ARRAY['deal_id', 'company_id', 'first_contact_at', 'closed_at', 'amount', 'currency', 'ltv', 'cac', 'cycle_days', 'retention', 'effort', 'dqs', 'loss_reason', 'lost_stage', 'owner', 'weight', 'hours', 'calls']) role
CROSS JOIN LATERAL icp_check('deals', jsonb_build_object('roles', jsonb_build_object(role, 'nothing'))) c WHERE c.column_name = 'nothing' AND c.message = 'the role ' || role || ' names a column that does not exist';
SELECT d.severity, d.column_name, d.message FROM (SELECT icp_fit(d, '{"roles": {"weight": "wieght"}}') AS m FROM deals d) f CROSS JOIN LATERAL icp_diagnostics(f.m) d WHERE d.column_name = 'wieght';
SELECT model, version, active, deals, won + lost = deals AS total, open, companies > 0 AS companies, cohorts > 1 AS cohorts, reliability
FROM icp_train('main', 'deals', '{"leads": "lead", "dqs": {"weights": "saas"}}');
SELECT name, version, active, is_default, source, options, trained_by = current_user AS mine, metrics ? 'won' AS metrics FROM icp_models;
SELECT (icp_model_options(icp_load('main')) -> 'lead_columns') AS lead_columns;
-- NULL: as the newest version; single keys are replaced.
SELECT model, version, active FROM icp_train(options => '{"dqs": {"age_days": 90}, "seed": 7}', activate => false);
SELECT version, active, is_default, options FROM icp_models ORDER BY version;
SELECT model, version, active FROM icp_train('main', options => '{"seed": null, "leads": null}');
SELECT version, active, is_default, options FROM icp_models ORDER BY version;
SELECT s.version FROM icp_model_summary(icp_load()) s;
SELECT s.version FROM icp_model_summary(icp_load('main@1')) s;
SELECT icp_activate('main', 1);
SELECT s.version FROM icp_model_summary(icp_load('main')) s;
-- The keys of cohorts are carried from version to version.
SELECT array_agg(cohort ORDER BY cohort) = (SELECT array_agg(cohort ORDER BY cohort) FROM icp_cohorts('main@2')) AS same FROM icp_cohorts('main@1');
SELECT change, property FROM icp_diff('main@1', 'main@1');
SELECT icp_save('second', icp_load('main@2'));
SELECT name, version, active, is_default FROM icp_models ORDER BY 1, 2;
SELECT icp_set_default('second');
SELECT s.model FROM icp_model_summary(icp_load()) s;
SELECT icp_set('main@1', '{"gold_similarity": 0.9}', activate => false);
SELECT icp_set('main', '{"gold_similarity": 0.8, "titles": {"x": {"en": "X"}}}');
SELECT version, active, options FROM icp_models WHERE name = 'main' AND version > 3 ORDER BY version;
SELECT icp_rename_cohort('main', (SELECT min(cohort) FROM icp_cohorts('main')), 'Our own', 'en');
SELECT title FROM icp_cohorts('main') WHERE cohort = (SELECT min(cohort) FROM icp_cohorts('main'));
SELECT model, version, active FROM icp_train('main');
SELECT title FROM icp_cohorts('main') WHERE cohort = (SELECT min(cohort) FROM icp_cohorts('main@1'));
SELECT icp_rename_cohort('main', (SELECT min(cohort) FROM icp_cohorts('main@1')), NULL, 'en');
SELECT options ? 'titles' AND options -> 'titles' ? (SELECT min(cohort) FROM icp_cohorts('main@1')) AS title FROM icp_models WHERE name = 'main' AND active;
SELECT * FROM icp_diff('main@6', 'main@8');
SELECT icp_drop_model('main', 2);
SELECT icp_drop_model('second', 1);
SELECT icp_set_default('main');
SELECT icp_drop_model('second', 1);
SELECT name, version, active, is_default FROM icp_models ORDER BY 1, 2;

-- Every reader, by value, by name, by default.
SELECT count(*) > 1 AS by_value, bool_and(length(definition) > 0 AND n_companies > 0) AS filled FROM icp_cohorts(icp_load('main'));
SELECT count(*) > 1 AS by_name FROM icp_cohorts('main', 'ru');
SELECT count(*) > 1 AS by_default FROM icp_cohorts();
SELECT bool_and(abs(total - 1) < 1e-9) AS weights_total_1 FROM (SELECT sum(weight) AS total FROM icp_traits('main') GROUP BY cohort) x;
SELECT count(*) > 0 AS metrics FROM icp_metrics('main');
SELECT sum(n) > 0 AS labelled, round(sum(share)::numeric, 6) AS share FROM icp_label_results('main');
SELECT count(*) > 0 AS diagnostics FROM icp_diagnostics('main');
SELECT (SELECT count(*) FROM icp_cohort_summary) = (SELECT count(*) FROM icp_cohorts()) AS summary,
       (SELECT count(*) FROM icp_cohort_traits) = (SELECT count(*) FROM icp_traits()) AS traits,
       (SELECT count(*) FROM icp_model_history) = (SELECT count(*) FROM icp_models) AS history;
SELECT attrelid::regclass, attname, format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid IN ('icp_cohort_summary'::regclass, 'icp_cohort_traits'::regclass, 'icp_model_history'::regclass)
  AND atttypid NOT IN ('text'::regtype, 'integer'::regtype, 'bigint'::regtype, 'boolean'::regtype, 'double precision'::regtype, 'timestamptz'::regtype)
  AND attnum > 0;
-- The predicate of a cohort returns exactly predicate_n rows.
DO $$
DECLARE c record; n bigint;
BEGIN
  FOR c IN SELECT * FROM icp_cohorts('main') LOOP
    EXECUTE format('SELECT count(*) FROM deals WHERE %s', c.predicate) INTO n;
    IF n <> c.predicate_n OR n = 0 THEN RAISE WARNING 'predicate of %: % rows, not %', c.cohort, n, c.predicate_n; END IF;
  END LOOP;
END $$;

-- How calls are resolved: a named row, an anonymous record, jsonb, an unknown literal, NULL, a parameter.
SELECT icp_fit(d, '{}') IS NOT NULL AS named_row FROM deals d;
SELECT icp_fit(r, '{"roles": {"outcome": "f1"}}') IS NOT NULL AS anonymous_record FROM (SELECT ROW(outcome, industry) AS r FROM deals) x;
SELECT icp_fit(to_jsonb(d), '{}') IS NOT NULL AS jsonb FROM deals d;
SELECT icp_fit('{"outcome": "won"}', '{}') IS NOT NULL AS unknown_literal;
SELECT icp_fit(NULL, '{}') IS NULL AS null_literal;
PREPARE fit AS SELECT icp_fit($1, '{}');
SELECT icp_fit('{"outcome": "won"}'::jsonb, NULL) IS NOT NULL AS typed_literal;
SELECT count(*) > 0 AS name_literal FROM icp_metrics('main');
SELECT count(*) > 0 AS null_means_default FROM icp_metrics(NULL);
SELECT count(*) > 0 AS empty_means_default FROM icp_metrics('');
PREPARE metrics AS SELECT count(*) > 0 AS text_parameter FROM icp_metrics($1);
SELECT parameter_types FROM pg_prepared_statements WHERE name = 'metrics';
EXECUTE metrics('main@1');
SELECT p.oid::regprocedure, p.provolatile, p.proparallel FROM pg_proc p
WHERE p.proname IN ('icp_cohorts', 'icp_traits', 'icp_metrics', 'icp_label_results', 'icp_diagnostics', 'icp_diff', 'icp_load') ORDER BY p.oid::regprocedure::text COLLATE "C";
-- A call f(x) is a cast where f is a type too: no function with one argument may have the name of a type.
SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_type t ON t.typname = p.proname
WHERE p.proname ~ '^(icp|dqs|potential|ltv|lookalike)' AND (p.pronargs = 1 OR p.prokind = 'a');

-- Lossless forms.
SELECT m.name, m.version, md5(icp_model_send(m.model)) = md5(icp_model_send(m.model::text::icp_model)) AS lossless FROM icp_models m WHERE version = 1;
SELECT icp_sample_send(s) = icp_sample_send(s::text::icp_sample) AS lossless FROM (SELECT icp_sample_agg(d, '{}') AS s FROM deals d) x;
CREATE TEMP TABLE copied (m icp_model);
\copy (SELECT model FROM icp_models WHERE name = 'main' AND version = 1) TO 'icp_model_test.bin' (FORMAT binary)
\copy copied FROM 'icp_model_test.bin' (FORMAT binary)
\! rm -f icp_model_test.bin
SELECT md5(icp_model_send(c.m)) = md5(icp_model_send(icp_load('main@1'))) AS lossless FROM copied c;

-- Reading never writes.
BEGIN READ ONLY;
SELECT count(*) > 0 AS read FROM icp_cohorts('main');
SELECT count(*) >= 0 AS checked FROM icp_check('deals', '{"model": "main"}');
SELECT icp_fit(d, '{}') IS NOT NULL AS fitted FROM deals d;
SELECT count(*) > 0 AS summary FROM icp_cohort_summary;
ROLLBACK;

-- Too few deals, or one outcome and no DQS: a model without cohorts that says so, and is kept and read as any other.
CREATE VIEW few AS SELECT * FROM deals WHERE deal_id <= 15;
CREATE VIEW won_only AS SELECT deal_id, outcome, industry, employees FROM deals WHERE outcome = 'won';
SELECT model, version, cohorts, reliability, array_length(warnings, 1) > 0 AS warned FROM icp_train('few', 'few');
SELECT model, version, cohorts, array_length(warnings, 1) > 0 AS warned FROM icp_train('won_only', 'won_only');
SELECT count(*) AS cohorts FROM icp_cohorts('few');
SELECT count(*) AS cohorts FROM icp_cohort_summary WHERE model IN ('few', 'won_only');
SELECT md5(icp_model_send(m)) = md5(icp_model_send(m::text::icp_model)) AS lossless FROM icp_load('won_only') m;
SELECT icp_drop_model('few', 1), icp_drop_model('won_only', 1);

-- Errors: one clear one each, and the old model stays in force.
SELECT * FROM icp_train('main', 'crm.nothing');
CREATE VIEW empty AS SELECT * FROM deals WHERE false;
SELECT * FROM icp_train('main', 'empty');
SELECT * FROM icp_check('empty');
SELECT * FROM icp_train('other');
SELECT * FROM icp_train('main', 'deals', '{"colour": 1}');
SELECT * FROM icp_train('main', 'deals', '{"k": "many"}');
SELECT * FROM icp_train('main', 'deals', '[1]');
SELECT * FROM icp_train('main', 'deals', '{"leads": "nowhere"}');
SELECT * FROM icp_train('main', 'deals', '{"timezone": "Mars/Olympus"}');
SELECT * FROM icp_train('main', 'deals', '{"roles": {"outcome": "stage"}}');
SELECT * FROM icp_train('a@1', 'deals');
SELECT * FROM icp_train('', 'deals');
SELECT icp_fit(d, CASE WHEN deal_id < 5 THEN '{}'::jsonb ELSE '{"k": 2}' END) FROM deals d;
SELECT icp_fit(d, '{}') FROM (SELECT * FROM deals UNION ALL SELECT * FROM deals WHERE deal_id = 5) d;
SELECT icp_fit(d, '{}') FROM (SELECT *, outcome AS outcome FROM deals) d;
SELECT icp_fit(to_jsonb(deal_id), '{}') FROM deals;
SELECT count(*) FROM icp_cohorts('nobody');
SELECT count(*) FROM icp_cohorts('main@99');
SELECT count(*) FROM icp_cohorts('main@x');
SELECT count(*) FROM icp_cohorts(NULL::icp_model);
SELECT count(*) FROM icp_cohorts('main', 'xx');
SELECT icp_load('main@0');
SELECT icp_activate('main', 99);
SELECT icp_activate('nobody', 1);
SELECT icp_set_default('nobody');
SELECT icp_drop_model('main', 99);
SELECT icp_drop_model('main', (SELECT version FROM icp_models WHERE name = 'main' AND active));
SELECT icp_set('main', '{"k": 3}');
SELECT icp_set('main', '{"gold_similarity": 2}');
SELECT icp_set('nobody', '{}');
\set VERBOSITY terse
SELECT icp_rename_cohort('main', 'no_such_cohort', 'Title');
\set VERBOSITY default
SELECT icp_save('main', NULL);
SELECT icp_save(NULL, icp_load());
SELECT 'x'::icp_model;
SELECT '{}'::icp_model;
SELECT 'zz!'::icp_sample;
SELECT icp_sample_add(NULL, '{"a": 1}'::jsonb, '{}');
SELECT name, version, active, is_default FROM icp_models ORDER BY 1, 2;

-- What was found in a subtransaction that failed is gone.
DO $$
DECLARE n integer;
BEGIN
  BEGIN
    PERFORM icp_save('passing', icp_load());
    SELECT count(*) INTO n FROM icp_cohorts('passing');
    RAISE EXCEPTION 'undo';
  EXCEPTION WHEN raise_exception THEN NULL;
  END;
  BEGIN
    SELECT count(*) INTO n FROM icp_cohorts('passing');
    RAISE WARNING 'found %', n;
  EXCEPTION WHEN undefined_object THEN RAISE WARNING 'gone';
  END;
END $$;

-- A look-up within one call site follows what the transaction does: a simple expression of PL/pgSQL keeps its state.
DO $$
DECLARE
  said text := '';
  version integer;
BEGIN
  FOR i IN 1..4 LOOP
    BEGIN
      PERFORM icp_activate('main', CASE WHEN i % 2 = 1 THEN 1 ELSE 3 END);
      version := (icp_score('{"employees": 40}'::jsonb, 'main')).version;
      said := said || version || ' ';
      IF i = 2 THEN RAISE EXCEPTION 'undo'; END IF;
    EXCEPTION WHEN raise_exception THEN NULL;
    END;
    version := (icp_score('{"employees": 40}'::jsonb, 'main')).version;
    said := said || version || ' ';
  END LOOP;
  RAISE WARNING 'versions %', said;
END $$;

-- Privileges and policies: no role sees another's model.
CREATE ROLE icp_test_reader;
GRANT USAGE ON SCHEMA crm TO icp_test_reader;
SET ROLE icp_test_reader;
SELECT count(*) > 0 FROM icp_metrics('main');
RESET ROLE;
-- Nor by a call site that another role's model has passed.
DO $$
DECLARE version integer;
BEGIN
  FOR i IN 1..2 LOOP
    IF i = 2 THEN SET LOCAL ROLE icp_test_reader; END IF;
    version := (icp_score('{"employees": 40}'::jsonb, 'main')).version;
    RAISE WARNING 'scored by version %', version;
  END LOOP;
END $$;
GRANT SELECT (name, version, active, is_default, model) ON icp_models TO icp_test_reader;
SET ROLE icp_test_reader;
SELECT count(*) > 0 AS by_columns FROM icp_metrics('main');
SELECT count(*) > 0 AS by_default FROM icp_metrics();
RESET ROLE;
GRANT SELECT ON icp_models TO icp_test_reader;
ALTER TABLE icp_models ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON icp_models TO icp_test_reader USING (name = current_setting('icp_test.tenant', true));
SET ROLE icp_test_reader;
SELECT count(*) > 0 FROM icp_metrics('main');
SET icp_test.tenant = 'main';
SELECT count(*) > 0 AS tenant FROM icp_metrics('main');
-- A policy that follows a setting is asked again within one snapshot.
DO $$
DECLARE n integer;
BEGIN
  FOR i IN 1..2 LOOP
    PERFORM set_config('icp_test.tenant', CASE i WHEN 1 THEN 'main' ELSE 'another' END, false);
    BEGIN
      n := (icp_score('{"employees": 40}'::jsonb, 'main')).version;
      RAISE WARNING 'seen %', n > 0;
    EXCEPTION WHEN undefined_object THEN RAISE WARNING 'not seen';
    END;
  END LOOP;
END $$;
RESET ROLE;
DROP POLICY own ON icp_models;
ALTER TABLE icp_models DISABLE ROW LEVEL SECURITY;
REVOKE ALL ON icp_models FROM icp_test_reader;
REVOKE ALL (name, version, active, is_default, model) ON icp_models FROM icp_test_reader;
DROP OWNED BY icp_test_reader;
DROP ROLE icp_test_reader;

-- Memory is summed up before learning begins; a setting decides whether there is a result, never which.
SET maintenance_work_mem = '1MB';
SELECT icp_fit(r, '{}') FROM (SELECT n AS deal_id, 'won' AS outcome, n % 7 AS sites, 'text ' || n AS note FROM generate_series(1, 20000) n) r;
SELECT icp_discover(r, 'sites', '{}') FROM (SELECT n AS deal_id, n % 7 AS sites, 'text ' || n AS note FROM generate_series(1, 20000) n) r;
RESET maintenance_work_mem;
CREATE TEMPORARY TABLE ample AS SELECT md5(icp_model_send(icp_fit(d, '{}'))) AS digest FROM deals d;
SET maintenance_work_mem = '16MB';
SELECT md5(icp_model_send(icp_fit(d, '{}'))) = (SELECT digest FROM ample) AS same FROM deals d;
RESET maintenance_work_mem;

-- Every object of the extension has a comment.
SELECT pg_describe_object(d.classid, d.objid, 0) FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'icp' AND obj_description(d.objid, d.classid::regclass::name) IS NULL
  AND d.classid <> 'pg_cast'::regclass;
DROP SCHEMA crm CASCADE;
DROP VIEW IF EXISTS deals;
DELETE FROM icp_models;

-- Rows that are the same in everything, weights in any unit, and what weights do not reach.
CREATE VIEW twins AS SELECT CASE WHEN i % 3 = 0 THEN 'won' ELSE 'lost' END AS outcome, i % 7 AS employees, (ARRAY['a', 'b'])[1 + i % 2] AS industry FROM generate_series(1, 400) i;
SELECT severity, column_name, rows, message FROM icp_check('twins') WHERE message LIKE 'rows that are the same%';
SELECT d.severity, d.column_name, d.message FROM icp_diagnostics((SELECT icp_fit(t, '{}') FROM (SELECT row_number() OVER () AS deal_id, *, 1 + row_number() OVER () % 2 AS weight FROM twins) t)) d WHERE message LIKE 'rules and associations%';
SELECT unit, (SELECT round(c.win_rate::numeric, 6) FROM icp_cohorts(m.model) c LIMIT 1) AS win_rate
FROM (VALUES (1::float8), (1e300), (1e-300)) u (unit)
CROSS JOIN LATERAL (SELECT icp_fit(t, '{"k": 1}') AS model FROM (SELECT row_number() OVER () AS deal_id, *, unit * (1 + row_number() OVER () % 2) AS weight FROM twins) t) m;
DROP VIEW twins;
