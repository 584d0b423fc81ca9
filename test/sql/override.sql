-- Overrides: recorded, in force, in the trigger; bad input; privileges.
SET client_min_messages = warning;
CREATE SCHEMA override_test;
SET search_path = override_test, public;
CREATE TABLE deals AS
SELECT i AS deal_id, CASE WHEN i * 7919 % 1000 < (ARRAY[600, 100])[g] THEN 'won' ELSE 'lost' END AS outcome,
       (ARRAY[90000, 1000])[g] AS ltv, 9000 AS cac, (ARRAY[20, 200])[g] AS cycle_days, (ARRAY[0.9, 0.1])[g] AS retention, (ARRAY[5, 50])[g] AS effort,
       (ARRAY['wholesale', 'software'])[g] AS industry, (ARRAY[40, 4])[g] + i % 5 AS employees
FROM generate_series(1, 400) i CROSS JOIN LATERAL (SELECT 1 + i % 2 AS g) x;
SELECT icp_save('override_test', icp_fit(d, '{}')) AS version FROM deals d;
CREATE TABLE lead (id int PRIMARY KEY, industry text, employees int, icp_label text, icp_priority text, icp_priority_rank int, icp_cohort text, icp_exclusion text);
CREATE TRIGGER lead_icp BEFORE INSERT OR UPDATE ON lead FOR EACH ROW EXECUTE FUNCTION icp_score_lead('override_test');

-- Before anybody has decided anything, and after.
INSERT INTO lead VALUES (1, 'wholesale', 42), (2, 'software', 5), (3, NULL, NULL) RETURNING id, icp_label, icp_priority, icp_priority_rank;
SELECT icp_override('override_test', '2', label => 'gold', reason => 'referred by Acme', until => now() + interval '1 year') > 0 AS decided;
SELECT icp_override('override_test', '1', 'non_target') > 0 AS decided;
SELECT icp_override('override_test', '3', 'ordinary', 'called them') > 0 AS decided;
SELECT model, lead_id, label, reason, until > now() AS until, decided_by = current_user AS mine, decided_by_session = session_user AS my_session, decided_at <= now() AS decided_at
FROM icp_overrides WHERE model = 'override_test' ORDER BY id;
-- What is stored stays until the lead is scored; icp_score gives the model's own answer.
SELECT id, icp_label FROM lead ORDER BY id;
UPDATE lead SET employees = coalesce(employees, 0) + 1 RETURNING id, icp_label, icp_priority, icp_priority_rank, icp_cohort IS NOT NULL AS cohort;
SELECT l.id, s.label FROM lead l CROSS JOIN LATERAL icp_score(l, 'override_test') s ORDER BY id;
INSERT INTO lead VALUES (4, 'wholesale', 41) RETURNING icp_label;
-- It holds in every version; another model does not know it.
SELECT icp_save('override_test', icp_load('override_test')) AS version, icp_save('override_other', icp_load('override_test')) AS other;
UPDATE lead SET employees = employees + 1 WHERE id = 2 RETURNING icp_label;
CREATE OR REPLACE TRIGGER lead_icp BEFORE INSERT OR UPDATE ON lead FOR EACH ROW EXECUTE FUNCTION icp_score_lead('override_other');
UPDATE lead SET employees = employees - 1 WHERE id = 2 RETURNING icp_label;
CREATE OR REPLACE TRIGGER lead_icp BEFORE INSERT OR UPDATE ON lead FOR EACH ROW EXECUTE FUNCTION icp_score_lead('override_test@1');
UPDATE lead SET employees = employees + 1 WHERE id = 2 RETURNING icp_label;
-- Taken back; history stays.
SELECT icp_override('override_test', '2', NULL, 'was wrong') > 0 AS decided;
UPDATE lead SET employees = employees - 1 WHERE id = 2 RETURNING icp_label, icp_priority;
SELECT lead_id, label, reason FROM icp_overrides WHERE model = 'override_test' AND lead_id = '2' ORDER BY id;
SELECT icp_overridden('override_test', '1') AS one, icp_overridden('override_test', '2') AS two, icp_overridden('override_test', '9') AS nine;
SELECT lead_id, label FROM icp_active_overrides WHERE model = 'override_test' ORDER BY 1;
-- Over when its time is.
INSERT INTO icp_overrides (model, lead_id, label, until) VALUES ('override_test', '2', 'gold', now() - interval '1 second');
UPDATE lead SET employees = employees + 1 WHERE id = 2 RETURNING icp_label;
SELECT count(*) AS active FROM icp_active_overrides WHERE model = 'override_test' AND lead_id = '2';
-- Within a transaction, and not after it was rolled back.
BEGIN;
SELECT icp_override('override_test', '2', 'gold') > 0 AS decided;
UPDATE lead SET employees = employees - 1 WHERE id = 2 RETURNING icp_label;
ROLLBACK;
UPDATE lead SET employees = employees - 2 WHERE id = 2 RETURNING icp_label;

-- A lead that cannot be scored still gets the label; lead_id goes before the primary key; partitions; no identity, no override.
CREATE TABLE partly (id int, lead_id varchar(8), industry text, icp_label text, icp_priority_rank int, icp_coverage float8, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE partly_1 PARTITION OF partly FOR VALUES FROM (0) TO (10);
CREATE TABLE partly_2 (icp_coverage float8, icp_label text, icp_priority_rank int, lead_id varchar(8), industry text, id int NOT NULL);
ALTER TABLE partly ATTACH PARTITION partly_2 FOR VALUES FROM (10) TO (20);
CREATE FUNCTION partly_row(l partly) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN IF l.industry = 'fail' THEN RAISE 'no luck'; END IF; RETURN to_jsonb(l); END $$;
CREATE TRIGGER t BEFORE INSERT OR UPDATE ON partly FOR EACH ROW EXECUTE FUNCTION icp_score_lead('override_test', 'input=override_test.partly_row');
SELECT icp_override('override_test', 'a', 'gold') > 0 AND icp_override('override_test', 'b', 'gold') > 0 AS decided;
SET client_min_messages = error;
INSERT INTO partly (id, lead_id, industry) VALUES (1, 'a', 'software'), (2, 'x', 'software'), (11, 'b', 'fail'), (12, NULL, 'fail'), (13, 'b', 'software')
RETURNING id, icp_label, icp_priority_rank, icp_coverage IS NOT NULL AS coverage;
SET client_min_messages = warning;
CREATE TABLE nobody (industry text, icp_label text);
CREATE TRIGGER t BEFORE INSERT OR UPDATE ON nobody FOR EACH ROW EXECUTE FUNCTION icp_score_lead('override_test');
INSERT INTO nobody VALUES ('software') RETURNING icp_label;

-- Many rows of one statement: all decisions are read at once.
SELECT count(icp_override('override_test', i::text, (ARRAY['gold', 'non_target'])[1 + i % 2])) FROM generate_series(1000, 1999, 10) i;
SELECT count(icp_override('override_test', i::text, (ARRAY['unknown', NULL])[1 + i % 2])) FROM generate_series(1000, 1999, 35) i;
INSERT INTO icp_overrides (model, lead_id, label, until) VALUES ('override_test', '1990', 'gold', now() - interval '1 second'), ('override_other', '1980', 'gold', NULL);
CREATE TABLE many (LIKE lead INCLUDING ALL);
CREATE TRIGGER t BEFORE INSERT OR UPDATE ON many FOR EACH ROW EXECUTE FUNCTION icp_score_lead('override_test');
INSERT INTO many SELECT i, (ARRAY['wholesale', 'software'])[1 + i % 3 / 2], 4 FROM generate_series(900, 2100) i;
SELECT count(*) AS leads, count(*) FILTER (WHERE icp_overridden('override_test', m.id::text) IS NOT NULL) AS decided,
       count(*) FILTER (WHERE m.icp_label IS DISTINCT FROM coalesce(icp_overridden('override_test', m.id::text), s.label)) AS wrong
FROM many m CROSS JOIN LATERAL icp_score(m, 'override_test') s;

-- Bad input.
SELECT icp_override('override_test', '1', 'golden');
SELECT icp_override('override_test', '1', 'Gold');
SELECT icp_override('override_test@1', '1', 'gold');
SELECT icp_override('no such model', '1', 'gold');
SELECT icp_override('override_test', NULL, 'gold');
SELECT icp_override('override_test', '', 'gold');
SELECT icp_override('override_test', '1', 'gold', until => '2020-01-01');
SELECT icp_override('override_test', '1', NULL, until => 'infinity');
\set VERBOSITY terse
INSERT INTO icp_overrides (model, lead_id, label) VALUES ('override_test', '1', 'golden');
\set VERBOSITY default

-- Privileges: one column at a time, so that the author cannot be invented. Without SELECT the model's label is stored.
CREATE ROLE icp_test_decider;
GRANT USAGE ON SCHEMA override_test TO icp_test_decider;
GRANT SELECT, INSERT, UPDATE ON lead TO icp_test_decider;
GRANT SELECT ON icp_models TO icp_test_decider;
SET ROLE icp_test_decider;
SELECT icp_override('override_test', '4', 'non_target');
INSERT INTO lead VALUES (5, 'wholesale', 42) RETURNING icp_label;
RESET ROLE;
SELECT icp_override('override_test', '6', 'non_target') > 0 AS decided;
SET ROLE icp_test_decider;
INSERT INTO lead VALUES (6, 'wholesale', 42) RETURNING icp_label;
RESET ROLE;
GRANT SELECT, INSERT (model, lead_id, label, reason, until) ON icp_overrides TO icp_test_decider;
SET ROLE icp_test_decider;
UPDATE lead SET employees = 43 WHERE id = 6 RETURNING icp_label;
SELECT icp_override('override_test', '4', 'non_target') > 0 AS decided;
SELECT decided_by, decided_by_session = session_user AS session FROM icp_overrides WHERE model = 'override_test' AND lead_id = '4';
INSERT INTO icp_overrides (model, lead_id, label, decided_by) VALUES ('override_test', '4', 'gold', 'somebody else');
DELETE FROM icp_overrides;
RESET ROLE;
-- Policies are kept to.
ALTER TABLE icp_overrides ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON icp_overrides USING (lead_id = '4');
SET ROLE icp_test_decider;
UPDATE lead SET employees = 44 WHERE id IN (4, 6) RETURNING id, icp_label;
RESET ROLE;
DROP POLICY p ON icp_overrides;
ALTER TABLE icp_overrides DISABLE ROW LEVEL SECURITY;
SELECT count(*) AS granted FROM pg_class c, aclexplode(c.relacl) a WHERE c.relname IN ('icp_overrides', 'icp_active_overrides') AND a.grantee = 0;

REVOKE ALL ON icp_overrides, icp_models FROM icp_test_decider;
DROP SCHEMA override_test CASCADE;
DROP ROLE icp_test_decider;
DELETE FROM icp_overrides WHERE model LIKE 'override%';
DELETE FROM icp_models WHERE name LIKE 'override%';
