-- Anti-ICP: verdicts, loss reasons, predicates, exclusions, the veto in scoring and in the trigger.
CREATE TABLE deal AS
SELECT row_number() OVER () AS deal_id, row_number() OVER () AS company_id, CASE WHEN i <= won THEN 'Won' ELSE 'Lost' END AS outcome, hours,
       date '2024-01-01' + (i * 37 % 400)::int AS first_contact_at, ltv, industry AS "In""dustry", (ARRAY['north', 'south', 'O''Hara'])[1 + i % 3] AS region, i * 7919 % 100 AS size,
       CASE WHEN i > won THEN (CASE WHEN i % 20 < 3 THEN 'Дорого' ELSE reason END) END AS loss_reason, CASE WHEN i > won THEN stage END AS lost_stage
FROM (VALUES ('retail', 200, 70, 8, 'competitor', 'proposal'), ('wholesale', 200, 80, 8, 'No budget', 'proposal'), ('software', 200, 60, 8, NULL, 'negotiation'),
             ('public', 120, 4, 20, 'проиграли  тендер', 'proposal'), ('enterprise', 47, 3, 20, 'no_decision', 'proposal'), ('agency', 50, 5, 20, 'weather', 'proposal'),
             ('tiny', 150, 45, 4, 'not_a_fit', 'Demo')) t (industry, n, won, hours, reason, stage),
     LATERAL generate_series(1, n) i, LATERAL (SELECT CASE WHEN i <= won THEN 1000 END AS ltv) v;

-- Reasons: what the view says that no code matches, and deals without one.
SELECT severity, column_name, rows, message FROM icp_check('deal', '{}') WHERE column_name = 'loss_reason';
INSERT INTO icp_loss_reasons (code, title_en, matches) VALUES ('weather', 'Bad weather', '{storm}');
SELECT severity, column_name, rows, message FROM icp_check('deal', '{}') WHERE column_name = 'loss_reason';

SELECT deals, won, warnings FROM icp_train('main', 'deal', '{"k": 1}');
SELECT segment, n, won, round(win_rate::numeric, 3) AS win_rate, main_reason, main_reason_title, round(main_reason_share::numeric, 2) AS share, lost_stage,
       hours, round(hours_per_win::numeric, 1) AS per_win, round(black_hole_probability::numeric, 2) AS probability, verdict
FROM icp_anti_icp('main') WHERE kind = 'vocabulary' AND verdict IS NOT NULL;
SELECT segment, main_reason_title, win_rate BETWEEN win_rate_lo AND win_rate_hi AS inside, expected_value, cost FROM icp_anti_icp('main', 'ru') LIMIT 1;
SELECT count(*) > 0 AS same FROM icp_anti_icp((SELECT icp_load('main'))) a JOIN icp_anti_icp() b USING (segment, predicate, n, won, hours);

-- Each predicate returns exactly what is reported; the hours of segments that have nothing in common and the rest add up.
DO $$
DECLARE s icp_anti_segment; same boolean;
BEGIN
  FOR s IN SELECT * FROM icp_anti_icp('main') LOOP
    EXECUTE format('SELECT (count(*), count(*) FILTER (WHERE outcome = ''Won''), sum(hours)) = ($1, $2, $3::numeric) FROM deal WHERE %s', s.predicate)
    INTO same USING s.n, s.won, s.hours;
    IF same IS NOT TRUE THEN RAISE EXCEPTION '%', s.segment; END IF;
  END LOOP;
END $$;
SELECT sum(hours) + (SELECT sum(hours) FROM deal WHERE "In""dustry" NOT IN ('public', 'enterprise')) AS hours, (SELECT value FROM icp_metrics('main') WHERE metric = 'hours') AS total
FROM icp_anti_icp('main') WHERE segment IN ('In"dustry: public', 'In"dustry: enterprise');

-- Money: known once its parts are; icp_set needs no new training.
SELECT icp_set('main', '{"margin": 0.5, "hour_cost": 2}');
SELECT cost, hours_per_loss, cost_per_loss, round(expected_value::numeric, 1) AS expected_value, expected_value_lo < expected_value AND expected_value < expected_value_hi AS bounded
FROM icp_anti_icp('main') WHERE verdict = 'black_hole';

-- The veto: of a confirmed black hole, of exclusions, in explanations, in the trigger. Not of a suspicion, and not of what is not known.
SELECT icp_set('main', '{"exclusions": {"not ready": "readiness < 5", "our list": "blacklisted"}}');
CREATE TABLE lead (id int, "In""dustry" text, region text, size int, readiness numeric, blacklisted boolean, icp_label text, icp_priority text, icp_exclusion text);
INSERT INTO lead VALUES (1, 'retail', 'north', 50, 7, false), (2, ' PUBLIC', 'north', 50, 7, false), (3, 'enterprise', 'north', 50, 7, false), (4, 'retail', 'south', 10, 4.5, NULL),
       (5, 'retail', 'south', 10, NULL, true), (6, 'retail', 'south', 10, NULL, NULL), (7, 'public', NULL, NULL, 1, true);
SELECT l.id, s.label, s.priority, s.priority_rank, s.exclusion, s.similarity IS NOT NULL AS scored FROM lead l CROSS JOIN LATERAL icp_score(l) s ORDER BY 1;
SELECT l.id, s.label, s.exclusion FROM lead l CROSS JOIN LATERAL icp_score(to_jsonb(l), (SELECT icp_load('main'))) s ORDER BY 1;
SELECT e.feature, e.value, e.usual, e.points, e.text FROM lead l CROSS JOIN LATERAL icp_explain(l) e WHERE l.id = 7 AND e.score = 'veto';
SELECT e.feature, e.value, e.text FROM lead l CROSS JOIN LATERAL icp_explain(l, 'main', 'ru') e WHERE l.id = 7 AND e.score = 'veto';
CREATE TRIGGER lead_icp BEFORE INSERT OR UPDATE ON lead FOR EACH ROW EXECUTE FUNCTION icp_score_lead('main');
SELECT severity, column_name FROM icp_check_trigger('lead');
ALTER TABLE lead RENAME readiness TO ready;
SELECT severity, column_name, message FROM icp_check_trigger('lead');
ALTER TABLE lead RENAME ready TO readiness;
INSERT INTO lead VALUES (8, 'retail', 'north', 50, 2, false) RETURNING icp_label, icp_priority, icp_exclusion;
UPDATE lead SET readiness = 6 WHERE id = 8 RETURNING icp_label <> 'non_target' AS target, icp_exclusion;
UPDATE lead SET blacklisted = true WHERE id = 8 RETURNING icp_label, icp_exclusion;
SELECT column_name, message FROM icp_check('lead', '{"model": "main"}') WHERE message LIKE '%exclusion%';
SELECT icp_set('main', '{"exclusions": null}', activate => false);
SELECT column_name, message FROM icp_check('deal', '{"exclusions": ["region = north", "reediness < 5"]}') WHERE message LIKE '%exclusion%';

-- Templates are conditions that can be used as they stand.
SELECT code, title_ru, condition FROM icp_exclusion_templates;
SELECT l.id, s.exclusion FROM lead l CROSS JOIN LATERAL icp_score(l, icp_model_change(icp_load('main'),
  (SELECT jsonb_build_object('exclusions', jsonb_object_agg(code, condition)) FROM icp_exclusion_templates))) s WHERE l.id IN (4, 6) ORDER BY 1;

-- Reasons of one's own: an override stands in the place of the built-in row, which cannot be changed itself.
INSERT INTO icp_loss_reasons (code, title_en, title_ru, matches) VALUES ('tender', 'Lost a tender', 'Проигран тендер', '{"проиграли тендер"}');
SELECT version FROM icp_train('main', options => '{"exclusions": null}');
SELECT main_reason, main_reason_title FROM icp_anti_icp('main', 'ru') WHERE verdict = 'black_hole';
SELECT options ? 'loss_reasons' AS kept FROM icp_models WHERE version = 1;
UPDATE icp_loss_reasons SET title_en = 'x' WHERE code = 'tender' AND builtin;
DELETE FROM icp_loss_reasons WHERE builtin;
DELETE FROM icp_loss_reasons WHERE NOT builtin;
SELECT code, cardinality(matches) > 0 AS matches FROM icp_loss_reasons ORDER BY 1;

-- Nothing from nothing: with outcomes that have nothing to do with the rest there is no black hole.
SELECT count(*) FROM icp_anti_icp((SELECT icp_fit(d, '{"k": 1}') FROM (SELECT d.*, w.outcome FROM (SELECT deal_id, company_id, hours, "In""dustry", region, size FROM deal) d
  JOIN (SELECT outcome, row_number() OVER (ORDER BY md5(deal_id::text)) AS deal_id FROM deal) w USING (deal_id)) d)) WHERE verdict = 'black_hole';

-- Wrong input.
SELECT icp_set('main', '{"exclusions": {"x": "readiness <"}}');
SELECT icp_fit(d, '{"anti_icp": {"hours": 1}}') FROM deal d;
SELECT icp_set('main', '{"anti_icp": {"win_rate": 0.2}}');
SELECT * FROM icp_anti_icp('main', 'de');
SELECT * FROM icp_anti_icp('nothing');
TRUNCATE icp_models;
DROP TABLE deal, lead;
