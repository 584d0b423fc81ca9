-- Scoring stored leads again: what is written, progress, restart, preview, log, bad input, privileges.
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE SCHEMA rescore_test;
SET search_path = rescore_test, public;
CREATE TABLE deals AS
SELECT i AS deal_id, CASE WHEN i * 7919 % 1000 < (ARRAY[600, 300, 80])[g] THEN 'won' ELSE 'lost' END AS outcome,
       (ARRAY[90000, 30000, 4000])[g] AS ltv, (ARRAY[9000, 9000, 3000])[g] AS cac, (ARRAY[15, 40, 120])[g] AS cycle_days, (ARRAY[0.9, 0.7, 0.2])[g] AS retention,
       (ARRAY['wholesale', 'retail', 'software'])[g] AS industry, (ARRAY[40, 400, 4])[g] + i % 5 AS employees, (ARRAY['owner', 'buyer', 'founder'])[g] AS decision_maker
FROM generate_series(1, 900) i CROSS JOIN LATERAL (SELECT 1 + i % 3 AS g) x;
SELECT icp_save('rescore_test', icp_fit(d, '{}')) AS version FROM deals d;
CREATE TABLE lead (id int PRIMARY KEY, company_id int, industry text, employees int, decision_maker text, note text, updates int DEFAULT 0,
                   icp_cohort text, icp_label text, icp_grade text, icp_priority_rank int, icp_similarity float8, icp_version int);
INSERT INTO lead (id, company_id, industry, employees, decision_maker)
SELECT i, i / 2, (ARRAY['wholesale', 'retail', 'software', NULL, 'unheard of'])[1 + i % 5], (ARRAY[40, 400, 4])[1 + i % 3] + i % 7, (ARRAY['owner', 'buyer', 'founder', NULL])[1 + i % 4]
FROM generate_series(1, 2500) i;
CREATE FUNCTION counted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updates := OLD.updates + 1; RETURN NEW; END $$;
CREATE TRIGGER zz_counted BEFORE UPDATE ON lead FOR EACH ROW EXECUTE FUNCTION counted();
CREATE VIEW wrong AS
SELECT l.id FROM lead l CROSS JOIN LATERAL icp_score(l, 'rescore_test') s
WHERE (l.icp_cohort, l.icp_label, l.icp_grade, l.icp_priority_rank, l.icp_similarity, l.icp_version)
      IS DISTINCT FROM (s.cohort, s.label, s.grade, s.priority_rank, s.similarity, s.version);

-- No trigger: the columns named icp_ and a field. Only what changes is written.
SELECT * FROM icp_score_targets('lead');
SELECT icp_trigger_arguments('lead');
CALL icp_rescore('lead', 'rescore_test', batch => 700);
SELECT count(*) FROM wrong;
SELECT min(updates), max(updates) FROM lead;
CREATE VIEW runs AS SELECT source, model, version, arguments, log, status, last_key, scanned, written, unscored, skipped, finished_at >= started_at AS finished
FROM icp_rescore_progress WHERE source LIKE 'rescore_test.%' ORDER BY run;
SELECT * FROM runs;
CALL icp_rescore('lead', 'rescore_test');
UPDATE lead SET icp_label = 'by hand', icp_cohort = NULL WHERE id IN (7, 2500);
CALL icp_rescore('lead', 'rescore_test', log => true);
SELECT scanned, written FROM runs;
SELECT count(*) FROM wrong;

-- The preview says the same beforehand, and writes nothing.
SELECT * FROM icp_rescore_preview('lead', 'rescore_test');
SELECT icp_set('rescore_test', '{"min_similarity": 0.95, "exclusions": {"unheard": "industry = unheard of"}}') AS version;
CREATE TABLE announced AS SELECT * FROM icp_rescore_preview('lead', 'rescore_test');
SELECT label, new_label, grade = new_grade AS same_grade, reason LIKE 'industry%the exclusion "unheard": the lead is no target%' AS exclusion,
       reason LIKE 'similarity = %: %min_similarity default → 0.95%' AS threshold, count(*)
FROM announced GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4;
SELECT count(*) FROM wrong w JOIN lead l USING (id) CROSS JOIN LATERAL icp_score(l, 'rescore_test') s WHERE s.label <> l.icp_label;
SELECT reason FROM icp_rescore_preview('lead', 'rescore_test', language => 'ru') WHERE reason NOT LIKE 'similarity%' LIMIT 1;
CREATE TABLE before AS SELECT id, icp_label FROM lead;
CALL icp_rescore('lead', 'rescore_test', log => true);
SELECT count(*) AS changed, count(*) FILTER (WHERE l.icp_label = a.new_label) AS as_announced
FROM lead l JOIN before b USING (id) FULL JOIN announced a ON a.lead_id = l.id::text WHERE b.icp_label <> l.icp_label OR a.lead_id IS NOT NULL;
SELECT count(*) FROM wrong;

-- The log: an entry for each row written, the parts of which add up to the score.
SELECT version, count(*), count(DISTINCT lead_id) AS leads, count(company_id) AS companies, bool_and(label = model_label) AS own FROM icp_score_log WHERE model = 'rescore_test' GROUP BY 1 ORDER BY 1;
SELECT score, count(*), bool_and(adds_up) AS adds_up FROM icp_score_log_check GROUP BY 1;
SELECT count(*) AS unlike FROM icp_score_log g JOIN lead l ON l.id::text = g.lead_id AND g.version = l.icp_version
WHERE (g.cohort, g.grade, g.similarity, g.label) IS DISTINCT FROM (l.icp_cohort, l.icp_grade, l.icp_similarity, l.icp_label);
SELECT p.score, p.feature, p.value, p.points = e.points AS points FROM icp_score_log_parts p JOIN lead l ON l.id = 7
JOIN icp_explain(l, 'rescore_test') e ON e.score = p.score AND e.feature IS NOT DISTINCT FROM p.feature
WHERE p.lead_id = '7' AND p.version = 2 ORDER BY 1, 2;
UPDATE icp_score_log SET part_points[1] = part_points[1] + 0.0000001 WHERE id = (SELECT max(id) FROM icp_score_log WHERE similarity > 0 AND part_score[1] = 'similarity');
SELECT count(*) AS wrong FROM icp_score_log_check WHERE NOT adds_up;
DELETE FROM icp_score_log;

-- Overrides win; only the leads named are touched.
SELECT icp_override('rescore_test', '7', 'gold', 'met them') > 0 AND icp_override('rescore_test', '8', 'gold') > 0 AS decided;
SELECT lead_id, label, new_label, decided, reason = current_user || ': met them' AS reason FROM icp_rescore_preview('lead', 'rescore_test');
CALL icp_rescore('lead', 'rescore_test', leads => ARRAY['7', '9', '77777'], log => true);
SELECT id, icp_label, icp_priority_rank, icp_version FROM lead WHERE id IN (7, 8, 9) ORDER BY id;
SELECT lead_id, label, model_label FROM icp_score_log;
CALL icp_rescore('lead', 'rescore_test');
SELECT id, icp_label FROM lead WHERE id IN (7, 8) ORDER BY id;
SELECT id FROM wrong ORDER BY id;

-- A trigger with pairs and an input function: its arguments are taken. A row that cannot be scored stays as it was.
CREATE TABLE lead2 (region text, n bigint, ref uuid, industry text, x_label varchar(4), x_rank numeric(3, 1), PRIMARY KEY (region, n)) PARTITION BY LIST (region);
CREATE TABLE lead2_n PARTITION OF lead2 FOR VALUES IN ('north');
CREATE TABLE lead2_s (x_rank numeric(3, 1), x_label varchar(4), industry text, ref uuid, n bigint NOT NULL, region text NOT NULL);
ALTER TABLE lead2 ATTACH PARTITION lead2_s FOR VALUES IN ('south', 'west');
CREATE FUNCTION lead2_row(l lead2) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN IF l.industry = 'fail' THEN RAISE 'no luck'; END IF; RETURN jsonb_build_object('industry', l.industry, 'employees', 40, 'decision_maker', 'owner'); END $$;
INSERT INTO lead2 SELECT (ARRAY['north', 'south', 'west'])[1 + i % 3], i, NULL, (ARRAY['wholesale', 'fail'])[1 + (i % 10 = 0)::int], 'old' FROM generate_series(1, 100) i;
CREATE TRIGGER t BEFORE INSERT OR UPDATE ON lead2 FOR EACH ROW EXECUTE FUNCTION icp_score_lead('rescore_test@1', 'input=rescore_test.lead2_row', 'x_label=label', 'x_rank=priority_rank');
SELECT icp_trigger_arguments('lead2');
SET client_min_messages = error;
CALL icp_rescore('lead2', batch => 7);
SET client_min_messages = warning;
SELECT x_label, x_rank, count(*) FROM lead2 GROUP BY 1, 2 ORDER BY 2;
SELECT source, version, arguments, scanned, written, unscored FROM runs WHERE source LIKE '%lead2';
SET client_min_messages = error;
CALL icp_rescore('lead2', 'rescore_test', ARRAY['input=rescore_test.lead2_row', 'x_rank=version'], batch => 40);
SET client_min_messages = warning;
CALL icp_rescore('lead2', 'rescore_test', ARRAY['x_rank=version']);
SELECT x_rank, count(*) FROM lead2 GROUP BY 1;
CALL icp_rescore('lead2', leads => '{1}');
CALL icp_rescore('lead2', 'rescore_test', log => true);
-- A value that a column cannot hold: NULL, as the trigger stores it.
SET client_min_messages = error;
CALL icp_rescore('lead2', 'rescore_test', ARRAY['input=rescore_test.lead2_row', 'x_label=cohort']);
RESET client_min_messages;
SELECT x_label, count(*) FROM lead2 GROUP BY 1 ORDER BY 1;
SET client_min_messages = warning;

-- One row as the trigger would store it.
SELECT (n.r).id, (n.r).icp_label, (n.r).note, (n.r).icp_version FROM (SELECT icp_scored(l, ARRAY['rescore_test']) AS r FROM lead l WHERE id IN (7, 11) ORDER BY id) n;
SELECT icp_scored(NULL::lead, ARRAY['rescore_test']) IS NULL AS nothing;
SELECT icp_scored(x, ARRAY['rescore_test']) FROM (SELECT 'wholesale' AS industry) x;
SELECT icp_scored(1);
SELECT icp_scored(l, NULL) FROM lead l LIMIT 1;
SELECT icp_scored(l, ARRAY['rescore_test', NULL]) FROM lead l LIMIT 1;
SELECT icp_scored(l, ARRAY['rescore_test', 'nothing=label']) FROM lead l LIMIT 1;

-- Interrupted: it goes on where it stopped, with the version that it began with.
UPDATE lead SET icp_label = NULL;
CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'enough'; END $$;
CREATE TRIGGER stop BEFORE UPDATE ON lead FOR EACH ROW WHEN (NEW.id = 1200) EXECUTE FUNCTION stop();
CALL icp_rescore('lead', 'rescore_test', batch => 500);
SELECT status, last_key, scanned, written, finished FROM runs WHERE status = 'running';
SELECT count(icp_label), max(id) FILTER (WHERE icp_label IS NOT NULL) FROM lead;
CALL icp_rescore('lead', 'rescore_test', batch => 500);
DROP TRIGGER stop ON lead;
UPDATE lead SET icp_label = 'seen again?' WHERE id = 3;
CALL icp_rescore('lead', 'rescore_test', batch => 500);
SELECT count(icp_label), count(*) FILTER (WHERE icp_label = 'seen again?') AS before_the_stop FROM lead;
SELECT count(*) AS runs, count(*) FILTER (WHERE scanned = 2500 AND written = 2500 AND status = 'done') AS resumed FROM icp_rescore_progress WHERE source = 'rescore_test.lead' AND last_key IS NULL AND run = (SELECT max(run) FROM icp_rescore_progress);
-- Another version begins anew.
CREATE TRIGGER stop BEFORE UPDATE ON lead FOR EACH ROW WHEN (NEW.id = 1200) EXECUTE FUNCTION stop();
UPDATE lead SET icp_label = NULL WHERE id <> 1200;
CALL icp_rescore('lead', 'rescore_test@1', batch => 500);
DROP TRIGGER stop ON lead;
CALL icp_rescore('lead', 'rescore_test', batch => 500);
SELECT version, status, scanned FROM (SELECT * FROM icp_rescore_progress ORDER BY run DESC LIMIT 2) r ORDER BY run;
SELECT id FROM wrong ORDER BY id;

-- The log by triggers: what is stored, once.
CREATE TABLE lead3 (lead_id int, note text, industry text, employees int, decision_maker text, icp_label text, icp_similarity float8, PRIMARY KEY (lead_id));
ALTER TABLE lead3 DROP COLUMN note;
CREATE TRIGGER a BEFORE INSERT OR UPDATE ON lead3 FOR EACH ROW EXECUTE FUNCTION icp_score_lead('rescore_test');
CREATE TRIGGER b AFTER INSERT ON lead3 REFERENCING NEW TABLE AS icp_new FOR EACH STATEMENT EXECUTE FUNCTION icp_log_score();
CREATE TRIGGER c AFTER UPDATE ON lead3 REFERENCING OLD TABLE AS icp_old NEW TABLE AS icp_new FOR EACH STATEMENT EXECUTE FUNCTION icp_log_score();
INSERT INTO lead3 SELECT id, industry, employees, decision_maker FROM lead WHERE id < 20;
UPDATE lead3 SET industry = industry;
UPDATE lead3 SET employees = 4, decision_maker = 'founder' WHERE lead_id IN (2, 6);
SELECT lead_id, count(*), bool_and(version = 2) AS version FROM icp_score_log WHERE source = 'rescore_test.lead3' GROUP BY 1 ORDER BY 2 DESC, lead_id::int LIMIT 3;
SELECT count(*) AS unlike FROM lead3 l JOIN icp_score_log g ON g.lead_id = l.lead_id::text AND g.id = (SELECT max(id) FROM icp_score_log m WHERE m.lead_id = l.lead_id::text AND m.source = 'rescore_test.lead3')
WHERE (g.label, g.similarity) IS DISTINCT FROM (l.icp_label, l.icp_similarity);
SELECT count(*) AS entries, bool_and(adds_up) AS adds_up FROM icp_score_log_check WHERE id IN (SELECT id FROM icp_score_log WHERE source = 'rescore_test.lead3');
CREATE OR REPLACE TRIGGER b AFTER INSERT ON lead3 REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION icp_log_score();
INSERT INTO lead3 (lead_id) VALUES (100) RETURNING icp_label;
CREATE OR REPLACE TRIGGER b AFTER INSERT ON lead3 FOR EACH ROW EXECUTE FUNCTION icp_log_score();
INSERT INTO lead3 (lead_id) VALUES (101) RETURNING icp_label;
DELETE FROM icp_score_log;

-- Keys of every type, in settings that lose digits, days or time zones: each row once, and an end.
SET extra_float_digits = 0;
SET datestyle = 'SQL, DMY';
SET intervalstyle = sql_standard;
SET timezone = 'America/St_Johns';
SET bytea_output = escape;
SET statement_timeout = '20s';
CREATE TYPE key_kind AS ENUM ('b', 'a', 'a b', 'c''d', 'e\f', 'g"h', '{', '(,)', 'NULL', 'z', ' ', '%s');
CREATE TYPE key_pair AS (a float8, b interval);
CREATE TYPE float8range AS RANGE (subtype = float8);
CREATE DOMAIN key_text AS text COLLATE "C";
-- A type whose operators are in another schema than those of integer.
CREATE SCHEMA rescore_other;
CREATE TYPE rescore_other.part AS (n int);
CREATE FUNCTION rescore_other.order_of(a rescore_other.part, b rescore_other.part) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT sign($2.n - $1.n)::int $$;
SELECT format('CREATE FUNCTION rescore_other.%s(a rescore_other.part, b rescore_other.part) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT rescore_other.order_of($1, $2) %s 0 $$', f, o),
       format('CREATE OPERATOR rescore_other.%s (LEFTARG = rescore_other.part, RIGHTARG = rescore_other.part, FUNCTION = rescore_other.%s)', o, f)
FROM (VALUES (1, 'lt', '<'), (2, 'le', '<='), (3, 'eq', '='), (4, 'ge', '>='), (5, 'gt', '>')) v(n, f, o) ORDER BY n \gexec
CREATE OPERATOR CLASS rescore_other.part_ops DEFAULT FOR TYPE rescore_other.part USING btree AS
    OPERATOR 1 rescore_other.<, OPERATOR 2 rescore_other.<=, OPERATOR 3 rescore_other.=, OPERATOR 4 rescore_other.>=, OPERATOR 5 rescore_other.>, FUNCTION 1 rescore_other.order_of(rescore_other.part, rescore_other.part);
CREATE DOMAIN key_share AS float8 CHECK (value > 0);
CREATE TABLE key_type (n int, type text, value text);
INSERT INTO key_type VALUES
    (1, 'float8', '1 + i * 2.220446049250313e-16'), (2, 'float4', '1 + i * 1.2e-7'), (3, 'key_share', '1 + i * 2.220446049250313e-16'),
    (4, 'int[]', 'ARRAY[i % 3, NULL, i]'), (5, 'text[]', 'ARRAY[''a"b'', ''c\d'', NULL, ''NULL'', i::text]'), (6, 'interval', 'make_interval(days => i - 6, secs => 6.000001 - i)'),
    (7, 'timestamptz', '''1850-06-01 12:00:00+00''::timestamptz + i * interval ''1 microsecond'''), (8, 'date', '''0001-12-28 BC''::date + i'),
    (9, 'timestamptz', '''2024-11-03 04:29:54+00''::timestamptz + i * interval ''1 second'''), (10, 'bytea', 'set_byte(''\x005c27c3ff'', 2, i)'),
    (11, 'char(5)', 'i::text'), (12, 'key_kind', '(enum_range(NULL::key_kind))[i]'), (13, 'float8range', 'float8range(1 + i * 2.220446049250313e-16, 2)'),
    (14, 'key_pair', 'ROW(1 + i * 2.220446049250313e-16, make_interval(days => -i, hours => 5))::key_pair'), (15, 'jsonb', 'jsonb_build_object(''a'', i / 3.0)'),
    (16, 'bit(4)', 'i::bit(4)'), (17, 'timetz', '''10:00:00-03:30:52''::timetz + i * interval ''1 second'''), (18, 'regtype', '(15 + i)::regtype');
SELECT format('CREATE TABLE key_%s (k %s PRIMARY KEY, industry text, employees int, decision_maker text, icp_label text)', n, type),
       format('INSERT INTO key_%s SELECT %s, ''wholesale'', 40, ''owner'' FROM generate_series(1, 12) i', n, value),
       format('CALL icp_rescore(''key_%s'', ''rescore_test'', batch => 5)', n) FROM key_type ORDER BY n \gexec
CREATE TABLE key_several (a float8, b interval, c bytea, industry text, employees int, decision_maker text, icp_label text, PRIMARY KEY (a, b, c));
INSERT INTO key_several SELECT 1 + i % 3 * 2.220446049250313e-16, make_interval(days => -1, hours => i % 2), set_byte('\x00', 0, i), 'wholesale', 40, 'owner' FROM generate_series(1, 12) i;
CALL icp_rescore('key_several', 'rescore_test', batch => 5);
CREATE TABLE key_mixed (a rescore_other.part, b key_text COLLATE "POSIX", c int, industry text, employees int, decision_maker text, icp_label text, PRIMARY KEY (b, a, c));
INSERT INTO key_mixed SELECT ROW(i % 5)::rescore_other.part, i % 2, i, 'wholesale', 40, 'owner' FROM generate_series(1, 12) i;
CALL icp_rescore('key_mixed', 'rescore_test', batch => 2);
SELECT substr(p.source, 14) AS key, k.type, p.status, p.scanned, p.written FROM icp_rescore_progress p LEFT JOIN key_type k ON p.source = 'rescore_test.key_' || k.n
WHERE p.source LIKE 'rescore_test.key_%' AND (p.status, p.scanned, p.written) IS DISTINCT FROM ('done', 12, 12) ORDER BY p.run;
SELECT count(*) AS tables, bool_and(status = 'done') AS done FROM icp_rescore_progress WHERE source LIKE 'rescore_test.key_%';
RESET extra_float_digits;
RESET datestyle;
RESET intervalstyle;
RESET timezone;
RESET bytea_output;
RESET statement_timeout;
-- A column that takes no NULL stays as it was, and is not written for that.
CREATE DOMAIN filled AS text CHECK (value IS NOT NULL);
CREATE TABLE lead4 (id int PRIMARY KEY, industry text, employees int, decision_maker text, icp_cohort filled DEFAULT 'none', icp_label text);
INSERT INTO lead4 VALUES (1, 'wholesale', 41, 'owner', 'old', 'old'), (2, NULL, NULL, NULL, 'old', 'old');
CALL icp_rescore('lead4', 'rescore_test@1');
SELECT id, icp_cohort = 'old' AS kept, icp_label FROM lead4 ORDER BY id;
CALL icp_rescore('lead4', 'rescore_test@1');
SELECT scanned, written FROM icp_rescore_progress WHERE source = 'rescore_test.lead4' ORDER BY run;

-- Bad input.
CALL icp_rescore(NULL);
CALL icp_rescore('lead', 'no such model');
CALL icp_rescore('lead', 'rescore_test', batch => 0);
CALL icp_rescore('lead', 'rescore_test', ARRAY['icp_label=lable']);
CALL icp_rescore('lead', 'rescore_test', ARRAY['nothing=label']);
CALL icp_rescore('lead', 'rescore_test', ARRAY['input=nothing']);
CALL icp_rescore('lead', 'rescore_test', leads => '{x}');
CALL icp_rescore('wrong', 'rescore_test');
CALL icp_rescore('deals', 'rescore_test');
CREATE TABLE plain (id int PRIMARY KEY, industry text);
CALL icp_rescore('plain', 'rescore_test');
CREATE TABLE strange (id int PRIMARY KEY, colour text, icp_label text);
INSERT INTO strange VALUES (1, 'red', 'kept');
CALL icp_rescore('strange', 'rescore_test');
SELECT icp_label FROM strange;
SELECT * FROM icp_rescore_preview('strange', 'rescore_test');
SELECT * FROM icp_rescore_preview('plain', 'rescore_test');
SELECT * FROM icp_rescore_preview('lead', 'rescore_test', ARRAY['icp_cohort=cohort']);
SELECT * FROM icp_rescore_preview('lead', 'rescore_test@1', previous => 'no such model');
UPDATE lead SET icp_label = NULL WHERE id = 1;
SELECT * FROM icp_rescore_preview('lead', 'rescore_test', language => 'xx');
\set VERBOSITY terse
BEGIN;
CALL icp_rescore('lead', 'rescore_test');
ROLLBACK;
\set VERBOSITY default
-- Operators and functions of the caller's search_path are not run.
CREATE FUNCTION trap(int, int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE FUNCTION trap(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE FUNCTION trap(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
SELECT format('CREATE OPERATOR rescore_test.%s (LEFTARG = %s, RIGHTARG = %2$s, FUNCTION = trap)', o, t) FROM unnest('{<,=,<>,>}'::text[]) o, unnest('{int,bigint,text}'::text[]) t \gexec
CREATE FUNCTION concat(VARIADIC text[]) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
SET search_path = rescore_test, pg_catalog, public;
CALL icp_rescore('lead', 'rescore_test', batch => 900, log => true);
UPDATE lead SET icp_label = 'y' WHERE id OPERATOR(pg_catalog.<) 3;
SELECT count(reason) FROM icp_rescore_preview('lead', 'rescore_test');
SET search_path = rescore_test, public;
CALL icp_rescore('lead', 'rescore_test');

-- Privileges.
CREATE ROLE icp_test_rescorer;
GRANT USAGE ON SCHEMA rescore_test TO icp_test_rescorer;
GRANT SELECT, UPDATE ON lead TO icp_test_rescorer;
GRANT SELECT ON icp_models, icp_overrides TO icp_test_rescorer;
SET ROLE icp_test_rescorer;
CALL icp_rescore('lead', 'rescore_test');
RESET ROLE;
UPDATE lead SET icp_label = 'x' WHERE id IN (7, 9);
GRANT SELECT, INSERT, UPDATE ON icp_rescore_progress TO icp_test_rescorer;
SET ROLE icp_test_rescorer;
CALL icp_rescore('lead', 'rescore_test');
SELECT started_by, written FROM icp_rescore_progress ORDER BY run DESC LIMIT 1;
CALL icp_rescore('lead', 'rescore_test', log => true);
SELECT count(*) FROM icp_rescore_preview('lead', 'rescore_test');
RESET ROLE;
SELECT id FROM wrong ORDER BY id;
SELECT count(*) AS granted FROM pg_class c, aclexplode(c.relacl) a WHERE c.relname ~ '^icp_(rescore|score_log)' AND a.grantee = 0;

REVOKE ALL ON icp_overrides, icp_models, icp_rescore_progress FROM icp_test_rescorer;
DROP SCHEMA rescore_test, rescore_other CASCADE;
DROP ROLE icp_test_rescorer;
DELETE FROM icp_score_log;
DELETE FROM icp_rescore_progress;
DELETE FROM icp_overrides WHERE model = 'rescore_test';
DELETE FROM icp_models WHERE name = 'rescore_test';
