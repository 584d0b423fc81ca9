-- Qualification: event weights, the priority matrix, scenarios, tiers, handover notes.
-- One's own rows stand in the place of built-in ones, which cannot be changed.
SELECT field, count(*), count(*) FILTER (WHERE qualifying) AS qualifying FROM icp_events GROUP BY 1 ORDER BY 1;
SELECT icp_event_weight('cart', 'ecommerce'), icp_event_weight('form', 'ecommerce'), icp_event_weight('form'), icp_event_weight('cart');
INSERT INTO icp_event_weights (field, event, weight, qualifying) VALUES ('ecommerce', 'cart', 9, false), ('ecommerce', 'form', 1, false), ('farm', 'visit', 2, true);
SELECT event, weight, qualifying FROM icp_events WHERE field = 'ecommerce' ORDER BY 1;
SELECT count(*), icp_event_weight('visit', 'farm') FROM icp_events WHERE field = 'farm';
UPDATE icp_event_weights SET weight = 1 WHERE event = 'cart' AND builtin;
INSERT INTO icp_event_weights (field, event, weight, builtin) VALUES ('a', 'b', 1, true);
INSERT INTO icp_event_weights (field, event, weight) VALUES ('a', 'b', 'NaN');
DELETE FROM icp_event_weights WHERE NOT builtin;
SELECT icp_interest(x) FROM unnest('{NULL,-1,4.99,5,14.9,15,Infinity,NaN}'::float8[]) x;
SELECT icp_interest(7, 'NaN') IS NULL AS no_medium, icp_interest(7, 5, 'NaN') IS NULL AS no_high, icp_interest(7, 5, NULL) AS two_levels;

-- The matrix.
SELECT stage, interest, string_agg(readiness || ' ' || priority, ', ' ORDER BY priority_rank, readiness) FROM icp_priorities GROUP BY 1, 2 ORDER BY 1, 2;
SELECT * FROM icp_priority('decision', 'high', 'now');
INSERT INTO icp_priority_matrix (stage, interest, readiness, priority, priority_rank, scenario) VALUES ('decision', 'high', 'now', 'burning', 1, 'director');
INSERT INTO icp_priority_matrix VALUES ('own', 'new', 'any', 'any', 'first', 1, NULL);
SELECT * FROM icp_priority('decision', 'high', 'now');
SELECT * FROM icp_priority('new', 'any', 'any', 'own');
SELECT count(*), count(DISTINCT (stage, interest, readiness)) FROM icp_priorities WHERE matrix = 'main';
-- A visitor without a qualifying event.
SELECT q, p.* FROM (VALUES (true), (false), (NULL)) v (q), icp_priority('decision', NULL, 'now', qualified => q) p;
SELECT icp_priority('decision', 'high', 'tomorrow');
SELECT icp_priority('decision', 'high', 'now', 'others');
INSERT INTO icp_priority_matrix VALUES ('own', 'new', 'any', 'low', 'unqualified', 1, NULL);
INSERT INTO icp_priority_matrix VALUES ('own', 'new', 'any', 'low', 'x', 0, NULL);
DELETE FROM icp_priority_matrix WHERE matrix = 'main';
DELETE FROM icp_priority_matrix WHERE NOT builtin;

-- Scenarios: a veto before the cohort, the cohort before the label, the label before the grade; a cell adds its pace.
INSERT INTO icp_scenarios (scope, key, hours, title_en, steps_en) VALUES ('cohort', 'wholesale', 12, 'Director calls', 'The director calls.'), ('cell', 'director', 20, 'At once', NULL), ('label', 'gold', 6, 'Ours', NULL);
SELECT v.*, s.* FROM (VALUES ('wholesale', 'A', 'gold', 'contact_now'), ('wholesale', 'A', 'non_target', 'contact_now'), ('wholesale', 'A', 'unknown', 'develop'), ('retail', 'A', 'ordinary', 'director'),
  ('retail', 'A', 'gold', NULL), (NULL, 'C', NULL, 'observe'), (NULL, NULL, NULL, 'nurture'), (NULL, NULL, 'no such', 'no such')) v (cohort, grade, label, cell),
  icp_scenario(v.cohort, v.grade, v.label, v.cell) s;
SELECT s.title, s.pace FROM icp_scenario('wholesale', 'A', 'gold', 'develop', 'ru') s;
SELECT icp_scenario(grade => 'A', language => 'de');
INSERT INTO icp_scenarios (scope, key) VALUES ('colour', 'red');
INSERT INTO icp_scenarios (scope, key, hours) VALUES ('label', 'red', -1);
UPDATE icp_scenarios SET hours = 1 WHERE key = 'A';
DELETE FROM icp_scenarios WHERE NOT builtin;

-- Tiers. Equal fits have one tier, whatever the order of the rows; NULL and NaN have none and are not counted.
SELECT tier, count(*), min(x), max(x) FROM (SELECT x, icp_tier(x) OVER () AS tier FROM (SELECT i * 7919 % 1000 AS x FROM generate_series(0, 999) i) s) t GROUP BY 1 ORDER BY 1;
SELECT x, icp_tier(x) OVER () FROM unnest('{.9,.5,.5,.5,NULL,NaN,.1,.1,.1,.1,.1,.1}'::float8[]) x;
SELECT x, icp_tier(x, cuts => '{.8,.5}') OVER (), icp_tier(x, shares => '{50,50}') OVER () FROM unnest('{.9,.8,.7,.5,.4,NULL}'::float8[]) x;
SELECT bool_and(n = 1) AS one FROM (SELECT count(DISTINCT tier) AS n FROM (SELECT x, icp_tier(x) OVER (ORDER BY y ROWS 1 PRECEDING) AS tier, y
  FROM (SELECT i % 17 AS x, md5(i::text) AS y FROM generate_series(1, 500) i) s) t GROUP BY x) u;
SELECT g, x, icp_tier(x, '{50,50}') OVER (PARTITION BY g) FROM (VALUES ('a', 1), ('a', 2), ('b', 10), ('b', NULL)) v (g, x);
SELECT icp_tier(1, '{10,20}') OVER ();
SELECT icp_tier(1, '{-10,110}') OVER ();
SELECT icp_tier(1, '{}') OVER ();
SELECT icp_tier(1, '{{50,50}}') OVER ();
SELECT icp_tier(1, '{50,NULL}') OVER ();
SELECT icp_tier(1, cuts => '{.5,.8}') OVER ();
SELECT icp_tier(1, cuts => '{}') OVER ();
SELECT icp_tier(1, '{100}', '{.5}') OVER ();
SELECT icp_tier(1);

-- Handover notes.
CREATE TABLE deal AS SELECT i AS deal_id, i AS company_id, CASE WHEN i % 10 < (CASE WHEN i % 3 = 0 THEN 6 ELSE 2 END) THEN 'won' ELSE 'lost' END AS outcome, (CASE i % 3 WHEN 0 THEN 85 WHEN 1 THEN 55 ELSE 30 END)::float8 AS dqs,
  (ARRAY['wholesale', 'retail', 'software'])[1 + i % 3] AS industry, (ARRAY[45, 300, 5])[1 + i % 3] + i % 7 AS employees, (ARRAY['owner', 'committee', 'founder'])[1 + i % 3] AS decision_maker, 'north' AS region
  FROM generate_series(1, 600) i;
SELECT cohorts FROM icp_train('main', 'deal', '{"k": 3}');
CREATE TABLE lead (id int, industry text, employees int, decision_maker text);
INSERT INTO lead VALUES (1, 'wholesale', 47, 'owner'), (2, 'software', 6, NULL), (3, 'wholesale', 300, 'owner'), (4, NULL, NULL, NULL);
\pset format unaligned
SELECT icp_handover_note(l, engagement => 16.25, potential => 1200000.00, done => '{price list sent,demo on 3 June}', cell => 'contact_now') FROM lead l WHERE id = 1;
SELECT icp_handover_note(l, 'main', cell => 'contact_now', language => 'ru') FROM lead l WHERE id <> 1 ORDER BY id;
\pset format aligned
SELECT count(*) FROM lead l WHERE icp_handover_note(l, 'main@1', 1) = icp_handover_note(to_jsonb(l), (SELECT icp_load('main')), 1) AND icp_handover_note(l, (SELECT icp_load()), 1) = icp_handover_note(to_jsonb(l), engagement => 1);
SELECT icp_handover_note(NULL::jsonb, 'main') IS NULL AS nothing;
-- The expected quality of a lead, once a model knows it, is said.
SELECT icp_handover_text(ROW('c', 'B', .5, 'ordinary', 'normal', 2, .344, 71.6, .75, NULL, 'm', 1)::icp_lead_score, '{}', NULL, NULL, NULL, NULL, NULL, NULL, 'en');
\set VERBOSITY terse
SELECT icp_handover_note(l, 'main', language => 'de') FROM lead l;
SELECT icp_handover_note(l, 'nothing') FROM lead l;
SELECT icp_handover_note(d, 'main') FROM (SELECT 1 AS x) d;
-- Which function a call means: a named row, an anonymous one, jsonb, an untyped literal, NULL, a parameter.
SELECT icp_handover_note(ROW(1, 2), 'main');
SELECT icp_handover_note('{}', 'main');
SELECT icp_handover_note(NULL);
PREPARE note AS SELECT icp_handover_note($1, 'main');
PREPARE note AS SELECT icp_handover_note(l, $1) IS NOT NULL AS by_name FROM lead l WHERE id = 1;
EXECUTE note('main');
SELECT icp_handover_note(l, NULL) FROM lead l;
\set VERBOSITY default
TRUNCATE icp_models;
DROP TABLE deal, lead;
