-- Forgetting a lead, a company, a person: every table of the extension that has a column for them, also those that came later.
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE SCHEMA forget_test;
SET search_path = forget_test, public;
CREATE TABLE deals AS
SELECT i AS deal_id, CASE WHEN i * 7919 % 1000 < (ARRAY[600, 100])[g] THEN 'won' ELSE 'lost' END AS outcome,
       (ARRAY[90000, 1000])[g] AS ltv, 9000 AS cac, (ARRAY['wholesale', 'software'])[g] AS industry, (ARRAY[40, 4])[g] + i % 5 AS employees
FROM generate_series(1, 400) i CROSS JOIN LATERAL (SELECT 1 + i % 2 AS g) x;
SELECT icp_save('forget_test', icp_fit(d, '{}')) AS version FROM deals d;
CREATE TABLE lead (id text PRIMARY KEY, company_id int, industry text, employees int, icp_label text);
INSERT INTO lead SELECT 'L' || i, i / 2, 'wholesale', 40 FROM generate_series(1, 9) i;
CALL icp_rescore('lead', 'forget_test', log => true);
SELECT count(icp_override('forget_test', 'L' || i, 'gold', 'said so')) FROM generate_series(1, 9) i;
CREATE TABLE icp_test_managers (manager text PRIMARY KEY, active boolean);
CREATE TABLE icp_test_assignments (n int, lead_id bigint, account_id uuid, manager text NOT NULL REFERENCES icp_test_managers, assigned_by text NOT NULL);
CREATE TABLE icp_test_other (client_id int, owner text, amount int);
CREATE TABLE icp_test_past (lead_id int, manager text, avoid text, reason text, basis jsonb, CHECK ((manager IS NULL) = (reason = 'funnel')));
CREATE TABLE not_ours (lead_id text, company_id int, manager text);
ALTER EXTENSION icp ADD TABLE icp_test_managers;
ALTER EXTENSION icp ADD TABLE icp_test_assignments;
ALTER EXTENSION icp ADD TABLE icp_test_other;
ALTER EXTENSION icp ADD TABLE icp_test_past;
INSERT INTO icp_test_managers VALUES ('anna', true), ('boris', true);
INSERT INTO icp_test_assignments VALUES (1, 7, '00000000-0000-0000-0000-000000000001', 'anna', 'boris'), (2, 8, NULL, 'boris', 'anna'), (3, 9, NULL, 'boris', 'chief');
INSERT INTO icp_test_other VALUES (2, 'anna', 10), (3, 'boris', 20);
INSERT INTO icp_test_past VALUES (77, 'boris', NULL, 'best', '{"boris": 0.5, "of": ["anna", "boris", "boris karlov", "said \"boris"]}'), (78, NULL, 'boris', 'funnel', NULL);
INSERT INTO not_ours VALUES ('L1', 2, 'anna');

SELECT * FROM icp_forget('lead', 'L1') ORDER BY 1, 2;
SELECT * FROM icp_forget('lead', 'L1');
-- Its leads go with a company: L4 and L5.
SELECT * FROM icp_forget('company', '2') ORDER BY 1, 2;
SELECT string_agg(DISTINCT lead_id, ' ') AS log FROM icp_score_log;
SELECT string_agg(lead_id, ' ' ORDER BY lead_id) AS overrides FROM icp_overrides;
SELECT * FROM icp_forget('company', '00000000-0000-0000-0000-000000000001') ORDER BY 1, 2;
-- The person's own row goes; of rows about something else, only the name, unless they cannot do without.
SELECT * FROM icp_forget('person', 'boris') ORDER BY 1, 2;
TABLE icp_test_managers;
TABLE icp_test_assignments;
SELECT * FROM icp_test_other ORDER BY 1;
SELECT * FROM icp_test_past ORDER BY 1;
CREATE ROLE icp_test_author;
GRANT SELECT ON icp_models TO icp_test_author;
GRANT SELECT, INSERT ON icp_overrides TO icp_test_author;
SET ROLE icp_test_author;
SELECT icp_override('forget_test', 'L9', 'gold', 'I know them') > 0 AS decided;
SELECT * FROM icp_forget('lead', 'L9');
RESET ROLE;
SELECT * FROM icp_forget('person', 'icp_test_author') ORDER BY 1, 2;
SELECT lead_id, label, decided_by, reason FROM icp_overrides ORDER BY id DESC LIMIT 1;
-- An interrupted run remembers a lead.
UPDATE lead SET icp_label = NULL;
CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'enough'; END $$;
CREATE TRIGGER stop BEFORE UPDATE ON lead FOR EACH ROW WHEN (NEW.id = 'L8') EXECUTE FUNCTION stop();
CALL icp_rescore('lead', 'forget_test', batch => 3);
SELECT last_key FROM icp_rescore_progress WHERE finished_at IS NULL;
SELECT * FROM icp_forget('lead', 'L6') ORDER BY 1, 2;
DROP TRIGGER stop ON lead;
CALL icp_rescore('lead', 'forget_test');
SELECT scanned, written FROM icp_rescore_progress ORDER BY run DESC LIMIT 1;
SELECT * FROM not_ours;

SELECT * FROM icp_forget('deal', '1');
SELECT * FROM icp_forget(NULL, '1');
SELECT * FROM icp_forget('lead', '');
SELECT * FROM icp_forget('lead', NULL);
SELECT * FROM icp_forget('lead', $$x' OR 'a' = 'a$$);

ALTER EXTENSION icp DROP TABLE icp_test_assignments;
ALTER EXTENSION icp DROP TABLE icp_test_managers;
ALTER EXTENSION icp DROP TABLE icp_test_other;
ALTER EXTENSION icp DROP TABLE icp_test_past;
REVOKE ALL ON icp_overrides, icp_models FROM icp_test_author;
DROP ROLE icp_test_author;
DROP SCHEMA forget_test CASCADE;
DELETE FROM icp_score_log;
DELETE FROM icp_rescore_progress;
DELETE FROM icp_overrides;
DELETE FROM icp_models WHERE name = 'forget_test';
