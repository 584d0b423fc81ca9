-- Routing: managers, the queue, decisions, the log, the outbox.
CREATE SCHEMA routing_test;
SET search_path = routing_test, public;
\set SHOW_CONTEXT never
CREATE VIEW log AS SELECT lead_id, manager, reason, basis -> 'free' AS free, closed_at IS NOT NULL AS closed FROM icp_assignments ORDER BY seq;
INSERT INTO icp_managers (manager, capacity) VALUES ('anna', 2), ('boris', 2), ('vera', 1);
INSERT INTO icp_manager_results (model, manager, cohort, value) VALUES
    ('main', '', 'wholesale', .30), ('main', 'anna', 'wholesale', .30), ('main', 'boris', 'wholesale', .45),
    ('main', '', 'retail', .20), ('main', 'anna', 'retail', .40), ('main', 'boris', 'retail', .20), ('main', '', '', .25);

-- The best in the cohort first, never over capacity; then the next best; whoever has no record counts as the cohort does.
INSERT INTO icp_routing_queue (lead_id, cohort, label) SELECT 'w' || i, 'wholesale', 'ordinary' FROM generate_series(1, 4) i;
SELECT icp_route(exploration => 0);
SELECT * FROM log;
-- Priority before order of arrival; when nobody is free a lead waits, which is told once.
INSERT INTO icp_routing_queue (lead_id, cohort, label, priority_rank, scenario) VALUES
    ('r1', 'retail', 'ordinary', 2, NULL), ('r2', 'retail', 'gold', 1, 'call within the hour'), ('r3', NULL, 'unknown', 2, NULL), ('r4', 'retail', NULL, 2, NULL);
SELECT icp_route(exploration => 0), icp_route(exploration => 0);
SELECT lead_id, manager, free FROM log OFFSET 4;
SELECT lead_id, state, label FROM icp_routing_queue ORDER BY priority_rank, seq;
SELECT event, lead_id, payload FROM icp_outbox WHERE event <> 'assigned' OR lead_id LIKE 'r%' ORDER BY id;

-- A place is free once its lead is closed.
SELECT icp_release_lead('w1'), icp_release_lead('w1'), icp_release_lead('no such lead');
SELECT icp_route(exploration => 0);
SELECT lead_id, manager, free, closed FROM log OFFSET 4;
-- A lead that still waits leaves the queue.
SELECT icp_release_lead('r3');
SELECT lead_id FROM icp_routing_queue;
-- Given back, it goes to somebody else, and counts as new.
SELECT icp_release_lead('r2', again => true);
UPDATE icp_managers SET capacity = 5 WHERE manager = 'vera';
SELECT icp_route(exploration => 0);
SELECT lead_id, manager, free, closed FROM log WHERE lead_id = 'r2';
SELECT event, payload ->> 'manager' AS manager FROM icp_outbox WHERE lead_id = 'r2' ORDER BY id;
-- The same lead again, though it is out already or was closed.
INSERT INTO icp_routing_queue (lead_id) VALUES ('r2'), ('w1');
SELECT icp_route();
SELECT (SELECT count(*) FROM icp_routing_queue) AS queued, (SELECT count(*) FROM icp_assignments WHERE lead_id IN ('r2', 'w1')) AS decisions;

-- No manager for a non_target lead; one that turns out better gets one.
INSERT INTO icp_routing_queue (lead_id, label, priority_rank) VALUES ('n1', 'non_target', 3), ('n2', 'non_target', 3);
SELECT icp_route(exploration => 0);
INSERT INTO icp_routing_queue (lead_id, label) VALUES ('n1', 'non_target'), ('n2', 'ordinary');
SELECT icp_route(exploration => 0);
SELECT lead_id, manager, reason, closed FROM log WHERE lead_id LIKE 'n%';
SELECT event, lead_id, payload FROM icp_outbox WHERE lead_id LIKE 'n%' ORDER BY id;

-- Absent, inactive, other cohorts, skills, other pool.
UPDATE icp_managers SET capacity = 50, skills = CASE manager WHEN 'boris' THEN '{english,urals}' WHEN 'vera' THEN '{english}' ELSE '{}' END::text[];
UPDATE icp_managers SET absent_until = 'infinity' WHERE manager = 'boris';
INSERT INTO icp_managers (manager, pool, cohorts) VALUES ('galina', 'main', '{startup}'), ('dmitri', 'other', '{}');
INSERT INTO icp_routing_queue (lead_id, cohort, needs) VALUES ('s1', 'wholesale', '{}'), ('s2', 'wholesale', '{english}'), ('s3', 'wholesale', '{english,urals}'), ('s4', 'startup', '{}'), ('s5', NULL, '{}');
SELECT icp_route(exploration => 0);
SELECT lead_id, manager, (SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(free) k) AS free FROM log WHERE lead_id LIKE 's%';
SELECT lead_id, state FROM icp_routing_queue;
UPDATE icp_managers SET absent_until = now() - interval '1 day' WHERE manager = 'boris';
UPDATE icp_managers SET active = false WHERE manager = 'vera';
SELECT manager, reason, label FROM icp_assign_lead('s3', exploration => 0);
SELECT manager FROM icp_assign_lead('s3');
SELECT manager FROM icp_assign_lead('s3 again');
INSERT INTO icp_routing_queue (lead_id, needs) VALUES ('s6', '{japanese}');
SELECT icp_assign_lead('s6') IS NULL AS waits;
DELETE FROM icp_routing_queue;
INSERT INTO icp_managers (manager, skills) VALUES ('zoya', '{English}');

-- Ties: the smaller share of capacity in use, then the name.
SELECT c.manager FROM (VALUES ('{"b": [0.5, 1, 4], "a": [0.5, 1, 2], "c": [0.4, 0, 9]}'::jsonb), ('{"b": [0.5, 1, 2], "a": [0.5, 2, 4]}'), ('{"a": [0.10, 1, 2], "b": [0.1, 0, 9]}')) f (free)
CROSS JOIN LATERAL icp_choose_manager('x', f.free, 0, 0) c;
-- Exploration: the share asked for, uniform, by lead and seed alone.
SELECT explored, manager, count(*), round(sum(1 / propensity)) AS weighted
FROM generate_series(1, 4000) i CROSS JOIN LATERAL icp_choose_manager('lead' || i, '{"a": [0.5, 0, 9], "b": [0.4, 0, 9], "c": [0.3, 0, 9], "d": [0.2, 0, 9]}', 0.25, 7) GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) FILTER (WHERE a.explored AND b.explored) AS both, count(*) FILTER (WHERE a.explored) AS one, count(*) FILTER (WHERE a <> c) AS differ
FROM generate_series(1, 4000) i, LATERAL icp_choose_manager('lead' || i, '{"a": [0.5, 0, 9]}', 0.25, 7) a, LATERAL icp_choose_manager('lead' || i, '{"a": [0.5, 0, 9]}', 0.25, 8) b,
     LATERAL icp_choose_manager('lead' || i, '{"a": [0.5, 0, 9]}', 0.25, 7) c;
INSERT INTO icp_routing_queue (lead_id, cohort) SELECT 'e' || i, 'wholesale' FROM generate_series(1, 60) i;
SELECT icp_route(exploration => 0.2, seed => 3);
SELECT reason, exploration, count(*), min(round(propensity::numeric, 3)), max(round(propensity::numeric, 3)) FROM icp_assignments WHERE lead_id LIKE 'e%' GROUP BY 1, 2 ORDER BY 1;

-- The log replays; what has been changed in it is found.
SELECT * FROM icp_replay_routing();
BEGIN;
UPDATE icp_assignments SET manager = 'anna' WHERE lead_id = 'w2';
UPDATE icp_assignments SET basis = jsonb_set(basis, '{free,boris,1}', '7') WHERE lead_id = 'w3';
DELETE FROM icp_assignments WHERE lead_id = 'w4';
SELECT lead_id, manager, replayed, message FROM icp_replay_routing('main') LIMIT 5;
ROLLBACK;
SELECT pool, manager, active, absent, capacity, open, free, round(load::numeric, 2) AS load, assigned, gold, exploration > 0 AS explored, round(share_30_days::numeric, 2) AS share, round(share_of_capacity::numeric, 2) AS of_capacity
FROM icp_manager_load ORDER BY pool, manager;

-- What managers can be expected to do: expert wins twice as often; easy wins more than plain by his mix alone.
CREATE FUNCTION u(i int, what text) RETURNS double precision LANGUAGE sql IMMUTABLE
AS $$ SELECT ('x' || substr(md5(what || i), 1, 7))::bit(28)::int / 268435456.0 $$;
CREATE TABLE deals AS
SELECT i AS deal_id, i AS company_id, owner, (ARRAY['Wholesale', 'Start-up'])[kind + 1] AS industry,
       ((ARRAY[30, 3])[kind + 1] * (1 + u(i, 'employees')))::numeric(10, 1) AS employees, (ARRAY['owner', 'founder'])[kind + 1] AS decision_maker,
       CASE WHEN u(i, 'won') < (ARRAY[0.35, 0.15])[kind + 1] * CASE owner WHEN 'expert' THEN 2 ELSE 1 END THEN 'won' ELSE 'lost' END AS outcome
FROM generate_series(1, 1200) i
CROSS JOIN LATERAL (SELECT (ARRAY['expert', 'plain', 'easy', 'newcomer'])[1 + i % 4] AS owner) o
CROSS JOIN LATERAL (SELECT CASE WHEN u(i, 'kind') < CASE owner WHEN 'easy' THEN 0.9 ELSE 0.4 END THEN 0 ELSE 1 END AS kind) k;
SELECT icp_save('routing_test', icp_fit((SELECT r FROM (SELECT deal_id, company_id, industry, employees, decision_maker, outcome) r), '{}')) AS version FROM deals;
SELECT icp_refresh_managers('routing_test', 'deals');
CREATE VIEW results AS
SELECT manager, cohort, closed, won, n_companies, round(win_rate::numeric, 3) AS win_rate, round(expected_win_rate::numeric, 3) AS expected,
       round(value::numeric, 3) AS value, p_managers < 0.001 AS differ, p_cohorts > 0.05 AS alike_by_cohort
FROM icp_manager_results WHERE model = 'routing_test' ORDER BY cohort, manager;
SELECT * FROM results;
SELECT (SELECT sum(closed) FROM results) = count(*) AS every_deal, (SELECT sum(won) FROM results) = count(*) FILTER (WHERE outcome = 'won') AS every_won_one FROM deals;
-- Shuffled among the managers nothing is left of it: each is worth what the cohort is.
CREATE VIEW shuffled AS SELECT d.deal_id, d.company_id, industry, employees, decision_maker, outcome, (ARRAY['expert', 'plain', 'easy', 'newcomer'])[1 + floor(4 * u(deal_id, 'shuffle'))::int] AS seller FROM deals d;
SELECT icp_refresh_managers('routing_test', 'shuffled');
SELECT icp_save('routing_shuffled', icp_fit(d, '{"roles": {"owner": "seller"}}')) AS version FROM shuffled d;
SELECT icp_refresh_managers('routing_shuffled', 'shuffled');
SELECT cohort, count(*) AS managers, count(DISTINCT value) AS values, min(p_managers) > 0.05 AS alike FROM icp_manager_results WHERE model = 'routing_shuffled' GROUP BY 1 ORDER BY 1;
SELECT icp_refresh_managers('no such model', 'deals');
SELECT icp_refresh_managers('routing_test');
CREATE VIEW none AS SELECT * FROM deals WHERE false;
SELECT icp_refresh_managers('routing_test', 'none');
DELETE FROM icp_models WHERE name LIKE 'routing\_%';

-- What cannot be.
SELECT icp_route(exploration => 2);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT icp_route();
ROLLBACK;
INSERT INTO icp_assignments (lead_id, pool, manager, reason, priority_rank, enqueued_at) VALUES ('s1', 'main', 'anna', 'best', 2, now());

-- The triggers.
CREATE TABLE lead (id int PRIMARY KEY, region text, language text, status text, note text, icp_label text, icp_cohort text, icp_priority text, icp_scenario text);
CREATE TRIGGER lead_queue AFTER INSERT OR UPDATE ON lead FOR EACH ROW EXECUTE FUNCTION icp_enqueue_lead('needs=language,region');
CREATE TRIGGER lead_close AFTER UPDATE ON lead FOR EACH ROW WHEN (NEW.status IN ('won', 'lost')) EXECUTE FUNCTION icp_close_lead();
CREATE TRIGGER lead_gone AFTER DELETE ON lead FOR EACH ROW EXECUTE FUNCTION icp_close_lead();
CREATE VIEW queue AS SELECT lead_id, pool, model, cohort, label, priority_rank, scenario, needs, state FROM icp_routing_queue ORDER BY seq;
INSERT INTO lead VALUES (1, ' Urals ', 'English', 'new', NULL, 'gold', 'wholesale', 'high', 'call'), (2, NULL, '', 'new', NULL, NULL, NULL, NULL, NULL);
SELECT * FROM queue;
UPDATE lead SET note = 'called';
UPDATE lead SET icp_label = 'ordinary', icp_priority = 'normal' WHERE id = 1;
SELECT * FROM queue;
BEGIN;
INSERT INTO lead (id) VALUES (3);
ROLLBACK;
UPDATE lead SET status = 'lost' WHERE id = 2;
SELECT * FROM queue;
SELECT icp_route(exploration => 0);
UPDATE lead SET icp_label = 'gold', note = 'x';
SELECT icp_route(exploration => 0);
SELECT lead_id, manager, label, scenario, needs, closed_at IS NOT NULL AS closed FROM icp_assignments WHERE lead_id IN ('1', '2') ORDER BY seq;
DELETE FROM lead;
SELECT lead_id, manager, closed_at IS NOT NULL AS closed FROM icp_assignments WHERE lead_id IN ('1', '2') ORDER BY seq;
SELECT * FROM queue;
-- At once, in the inserting transaction; elsewhere than in READ COMMITTED the lead is queued alone.
CREATE OR REPLACE TRIGGER lead_queue AFTER INSERT OR UPDATE ON lead FOR EACH ROW EXECUTE FUNCTION icp_enqueue_lead('id=note', 'pool=other', 'model=main@3', 'assign=now', 'exploration=0', 'seed=5');
INSERT INTO lead (id, note, icp_label) VALUES (1, 'one', 'gold');
SELECT lead_id, manager, model, basis FROM icp_assignments WHERE lead_id = 'one';
BEGIN ISOLATION LEVEL SERIALIZABLE;
INSERT INTO lead (id, note, icp_label) VALUES (2, 'two', 'gold');
COMMIT;
SELECT lead_id, pool FROM queue;
INSERT INTO lead (id) VALUES (3);
-- Wrong definitions.
CREATE OR REPLACE TRIGGER lead_queue AFTER INSERT ON lead FOR EACH ROW EXECUTE FUNCTION icp_enqueue_lead('team=main');
INSERT INTO lead (id) VALUES (9);
CREATE OR REPLACE TRIGGER lead_queue BEFORE INSERT ON lead FOR EACH ROW EXECUTE FUNCTION icp_enqueue_lead();
INSERT INTO lead (id) VALUES (9);
CREATE OR REPLACE TRIGGER lead_queue AFTER INSERT ON lead FOR EACH ROW EXECUTE FUNCTION icp_enqueue_lead('id=nothing');
INSERT INTO lead (id) VALUES (9);
CREATE OR REPLACE TRIGGER lead_queue AFTER INSERT ON lead FOR EACH ROW EXECUTE FUNCTION icp_enqueue_lead();
CREATE OR REPLACE TRIGGER lead_close AFTER UPDATE ON lead FOR EACH ROW EXECUTE FUNCTION icp_close_lead('key=id');
UPDATE lead SET note = 'x';
CREATE TABLE pair (a int, b int, PRIMARY KEY (a, b));
CREATE TRIGGER pair_queue AFTER INSERT ON pair FOR EACH ROW EXECUTE FUNCTION icp_enqueue_lead();
INSERT INTO pair VALUES (1, 2);
-- Without the privileges a lead is stored, not queued.
CREATE ROLE icp_test_crm;
GRANT USAGE ON SCHEMA routing_test TO icp_test_crm;
GRANT SELECT, INSERT ON lead TO icp_test_crm;
SET ROLE icp_test_crm;
INSERT INTO lead (id) VALUES (4) RETURNING id;
RESET ROLE;
GRANT SELECT, INSERT, UPDATE ON icp_routing_queue TO icp_test_crm;
GRANT USAGE ON SEQUENCE icp_routing_seq TO icp_test_crm;
SET ROLE icp_test_crm;
INSERT INTO lead (id) VALUES (5) RETURNING id;
RESET ROLE;
SELECT lead_id, pool FROM queue;
-- Each role with the rights that the documentation gives it, and no more.
GRANT DELETE ON icp_routing_queue TO icp_test_crm;
GRANT SELECT, UPDATE ON icp_assignments TO icp_test_crm;
CREATE ROLE icp_test_router;
GRANT SELECT, UPDATE ON icp_managers TO icp_test_router;
GRANT SELECT ON icp_manager_results TO icp_test_router;
GRANT SELECT, UPDATE, DELETE ON icp_routing_queue TO icp_test_router;
GRANT SELECT, INSERT, UPDATE ON icp_assignments TO icp_test_router;
GRANT SELECT, INSERT, UPDATE, DELETE ON icp_outbox TO icp_test_router;
GRANT USAGE ON SEQUENCE icp_routing_seq TO icp_test_router;
SET ROLE icp_test_router;
SELECT icp_route(), icp_route('other');
SELECT count(*) FROM icp_replay_routing();
INSERT INTO icp_routing_queue (lead_id) VALUES ('forged');
SELECT count(*) FROM icp_models;
SET ROLE icp_test_crm;
SELECT icp_release_lead('5', again => true), icp_release_lead('two');
SELECT icp_route();
SELECT count(*) FROM icp_managers;
RESET ROLE;
CREATE OR REPLACE TRIGGER lead_queue AFTER INSERT ON lead FOR EACH ROW EXECUTE FUNCTION icp_enqueue_lead('assign=now');
SET ROLE icp_test_crm;
INSERT INTO lead (id) VALUES (6) RETURNING id;
RESET ROLE;
SELECT lead_id FROM queue;
DROP OWNED BY icp_test_router;
DROP ROLE icp_test_router;
SELECT string_agg(relname, ', ') AS granted_to_public FROM pg_class, aclexplode(relacl) a WHERE relname ~ '^icp_(manager|rout|assign|outbox)' AND a.grantee = 0;
DROP OWNED BY icp_test_crm;
DROP ROLE icp_test_crm;
SELECT count(*) FROM icp_replay_routing();
