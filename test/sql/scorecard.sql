-- Scorecards: the table, the score that it gives, and what it is worth.
CREATE TABLE deal AS
SELECT i AS deal_id, i / 2 AS company_id,
       CASE WHEN (hashtextextended(i::text, 9) & 1023) / 1024.0 < 1 / (1 + exp(-(CASE industry WHEN 'wholesale' THEN 1 WHEN 'retail' THEN 0 ELSE -1.5 END + CASE WHEN employees >= 40 THEN .8 ELSE -.8 END))) THEN 'won' ELSE 'lost' END AS outcome,
       industry, CASE WHEN i % 11 > 0 THEN employees END AS employees, partner,
       CASE WHEN i % 3 > 0 THEN 50 + CASE industry WHEN 'wholesale' THEN 15 ELSE -10 END + (hashtextextended(i::text, 5) & 15)::int END AS dqs
FROM generate_series(1, 1600) i
CROSS JOIN LATERAL (SELECT (ARRAY['wholesale', 'retail', 'software'])[1 + (hashtextextended((i / 2)::text, 1) & 1023)::int % 3] AS industry,
  10 + (hashtextextended((i / 2)::text, 3) & 63)::int AS employees, (hashtextextended((i / 2)::text, 4) & 1) = 1 AS partner) x;
SELECT model || '@' || version AS model FROM icp_train('scorecard', 'deal', '{"rules": {"top": 0}}');

-- Industry and size matter, the partner does not; the DQS depends on the industry alone.
SELECT target, rank, feature, count(*) AS lines, sum(n) AS n FROM icp_scorecard('scorecard') GROUP BY 1, 2, 3 HAVING rank <= 2 AND (target = 'won' OR rank < 2) ORDER BY target DESC, rank;
SELECT value, points > 0 AS more, error < 0.4 AS known_well, n > 400 AS many, text ~ '^odds [0-9.]+ times (higher|lower) \(' AS words FROM icp_scorecard('scorecard') WHERE target = 'won' AND feature = 'industry' AND with_feature IS NULL ORDER BY points DESC;
SELECT text ~ '^шансы в [0-9.,]+ раза' AS words FROM icp_scorecard('scorecard', 'ru') WHERE target = 'won' AND feature = 'industry' AND with_feature IS NULL;
SELECT bool_and(points = round(points::numeric * 4294967296) / 4294967296) AS multiples FROM icp_scorecard('scorecard');
SELECT icp_scorecard('scorecard', 'de');
SELECT count(*) FROM icp_scorecard((SELECT icp_load('scorecard'))) a FULL JOIN icp_scorecard() b ON a::text = b::text WHERE a IS NULL OR b IS NULL;

-- Points add up to the score, for every lead, whatever is unknown.
CREATE TABLE lead AS SELECT i AS id, CASE WHEN i % 5 > 0 THEN industry END AS industry, CASE WHEN i % 7 > 0 THEN employees END AS employees, CASE WHEN i % 2 > 0 THEN partner END AS partner
FROM (SELECT *, row_number() OVER (ORDER BY deal_id) AS i FROM deal) d WHERE i <= 500;
SELECT count(*) AS leads, count(*) FILTER (WHERE 1 / (1 + exp(-total)) = s.win_probability OR abs(1 / (1 + exp(-total)) - s.win_probability) < 1e-15) AS won, count(*) FILTER (WHERE quality = s.expected_dqs) AS dqs
FROM lead l CROSS JOIN LATERAL icp_score(l) s
CROSS JOIN LATERAL (SELECT sum(points) FILTER (WHERE score = 'win_probability') AS total, sum(points) FILTER (WHERE score = 'expected_dqs') AS quality FROM icp_explain(l)) e;
-- The same by the table alone.
SELECT count(*) FROM (SELECT s.win_probability AS p, l.* FROM deal d CROSS JOIN LATERAL (SELECT d.industry, d.employees, d.partner) l CROSS JOIN LATERAL icp_score(l) s) x WHERE p NOT BETWEEN 0 AND 1;
SELECT e.score, e.feature, e.value, e.usual, e.points <> 0 AS points, e.weight > 0 AS weight FROM icp_explain('{"industry": "wholesale"}'::jsonb, 'scorecard') e WHERE score = 'win_probability' AND (feature IS NULL OR feature IN ('industry', 'employees')) ORDER BY feature NULLS FIRST;
SELECT s.win_probability > t.win_probability AS better, s.expected_dqs > t.expected_dqs + 15 AS much_better
FROM icp_score('{"industry": "wholesale", "employees": 60}'::jsonb) s, icp_score('{"industry": "software", "employees": 20}'::jsonb) t;

-- What it is worth on deals not learned from.
SELECT metric, CASE WHEN metric ~ 'auc' THEN value BETWEEN 0.75 AND 0.9 WHEN metric ~ 'slope' THEN value BETWEEN 0.8 AND 1.25 WHEN metric ~ 'base' THEN value > 0.2 ELSE value IS NOT NULL END AS good, lo < value AND value < hi AS within
FROM icp_metrics('scorecard') WHERE metric ~ '^(win|dqs)_' AND metric !~ 'decile';
SELECT count(*) AS tenths, bool_and(lo <= value AND value <= hi) AS within, sum(n) AS n, corr(value, substring(metric FROM '\d+')::int) < -0.9 AS falls FROM icp_metrics('scorecard') WHERE metric ~ 'decile';
SELECT share, "precision" BETWEEN lo AND hi AS within, lift > 1.2 AS lift, pilot > 0 AS pilot, threshold BETWEEN 0.5 AND 1 AS threshold, n FROM icp_reach();

-- Nothing to find: an empty card, and everyone gets the rate of all.
CREATE TABLE noise AS SELECT deal_id, company_id, CASE WHEN (hashtextextended(deal_id::text, 77) & 1023) < 400 THEN 'won' ELSE 'lost' END AS outcome, industry, employees, partner FROM deal;
SELECT cohorts > 0 AS cohorts FROM icp_train('scorecard_noise', 'noise', '{"rules": {"top": 0}}');
SELECT target, rank, feature, round((1 / (1 + exp(-points)))::numeric, 1) AS base FROM icp_scorecard('scorecard_noise');
SELECT message FROM icp_diagnostics('scorecard_noise') WHERE message ~ 'scorecard';
SELECT DISTINCT round(s.win_probability::numeric, 1) AS everyone, s.expected_dqs FROM lead l CROSS JOIN LATERAL icp_score(l, 'scorecard_noise') s;
SELECT metric, note FROM icp_metrics('scorecard_noise') WHERE metric = 'win_auc';
SELECT count(*) FROM icp_reach('scorecard_noise');
-- A pilot: too early, then what it says: all won is more than the usual, none is less than was expected.
SELECT k.verdict, k.missing > 0 AS missing, k.win_rate, round(k.lo::numeric, 3) AS lo, k.hi FROM icp_reach_check(NULL, 0.1, 2, 2) k;
SELECT a.verdict, b.verdict, b.missing, b.win_rate, b.lo, a.expected = r."precision" AS expected, abs(a.usual * r.lift - r."precision") < 1e-12 AS usual,
       a.p_usual < 0.05 AS p_usual, b.p_usual AS nothing, b.p_expected < 0.05 AS p_expected
FROM icp_reach() r, icp_reach_check(NULL, 0.1, r.pilot + 30, r.pilot + 30) a, icp_reach_check(NULL, 0.1, r.pilot + 30, 0) b WHERE r.share = 0.1;
SELECT k IS NULL AS nothing FROM icp_reach_check(NULL, 0.1, NULL, 1) k;
SELECT icp_reach_check(NULL, 0.2, 10, 1);
SELECT icp_reach_check(NULL, 0.1, 10, 11);
SELECT icp_reach_check('scorecard_noise', 0.1, 10, 1);

-- Options.
SELECT bool_and(points >= before) AS rises FROM (SELECT points, lag(points) OVER (ORDER BY line) AS before FROM (SELECT *, row_number() OVER () AS line FROM icp_scorecard((SELECT icp_fit(d, '{"rules": {"top": 0}, "scorecard": {"pairs": 0, "monotone": {"employees": "increasing"}}}') FROM deal d))) c
  WHERE target = 'won' AND feature = 'employees' AND value <> 'not known') x;
SELECT count(*) FROM icp_scorecard((SELECT icp_fit(d, '{"rules": {"top": 0}, "scorecard": {"pairs": 0}}') FROM deal d)) WHERE with_feature IS NOT NULL;
SELECT icp_fit(d, '{"scorecard": {"pairs": -1}}') FROM deal d;
SELECT icp_fit(d, '{"scorecard": {"monotone": {"employees": "up"}}}') FROM deal d;
SELECT icp_fit(d, '{"scorecard": {"depth": 3}}') FROM deal d;
SELECT message FROM (SELECT icp_fit(d, '{"rules": {"top": 0}, "scorecard": {"monotone": {"industry": "increasing"}}}') AS m FROM deal d) f, icp_diagnostics(m) WHERE message ~ 'monotone';
-- Class weights: another card, the same probabilities on the whole, judged on the deals as they are. Only the ratio counts.
CREATE TEMP TABLE weighed AS
SELECT o, icp_fit(d, jsonb_build_object('k', 1, 'rules', '{"top": 0}'::jsonb, 'scorecard', o)) AS model
FROM (SELECT * FROM deal WHERE outcome = 'lost' OR deal_id % 4 = 0) d, unnest('{"{}", "{\"class_weights\": \"balanced\"}", "{\"class_weights\": {\"won\": 6, \"lost\": 2}}", "{\"class_weights\": {\"won\": 3}}"}'::jsonb[]) o GROUP BY o;
SELECT o, abs(avg(s.win_probability) - avg((outcome = 'won')::int)) < 0.01 AS true_on_the_whole,
       max(m.value) FILTER (WHERE metric = 'win_calibration_slope') BETWEEN 0.8 AND 1.25 AS slope, max(m.value) FILTER (WHERE metric = 'win_spiegelhalter_p') > 0.01 AS calibrated,
       max(m.value) FILTER (WHERE metric = 'win_auc') > 0.75 AS auc
FROM weighed w CROSS JOIN LATERAL icp_metrics(w.model) m CROSS JOIN deal d CROSS JOIN LATERAL icp_score(d, w.model) s
WHERE metric IN ('win_calibration_slope', 'win_spiegelhalter_p', 'win_auc') AND (outcome = 'lost' OR deal_id % 4 = 0) GROUP BY o ORDER BY o::text;
SELECT count(DISTINCT c) AS different FROM (SELECT string_agg(s::text, ' ') AS c FROM weighed CROSS JOIN LATERAL icp_scorecard(model) s GROUP BY o) x;
SELECT regexp_replace(message, '[0-9.]+', '#') AS message, count(*) FROM weighed, icp_diagnostics(model) WHERE message ~ 'class weights' GROUP BY 1;
SELECT icp_fit(d, '{"scorecard": {"class_weights": "even"}}') FROM deal d;
SELECT icp_fit(d, '{"scorecard": {"class_weights": {"won": 0}}}') FROM deal d;
SELECT icp_fit(d, '{"scorecard": {"class_weights": {"gold": 2}}}') FROM deal d;
-- Row weights: one lost deal of four was kept and weighs four.
CREATE VIEW kept AS SELECT *, CASE outcome WHEN 'lost' THEN 4 ELSE 1 END AS weight FROM deal WHERE outcome = 'won' OR hashtextextended(deal_id::text, 42) & 3 = 0;
SELECT (SELECT avg((outcome = 'won')::int) FROM kept) > 0.7 AS mostly_won,
       avg(s.win_probability) BETWEEN 0.38 AND 0.48 AS as_of_all, abs(avg(s.win_probability) - avg((outcome = 'won')::int)) < 0.03 AS as_they_are
FROM (SELECT icp_fit(k, '{"rules": {"top": 0}}') AS model FROM kept k) f CROSS JOIN deal d CROSS JOIN LATERAL icp_score(d, f.model) s;
SELECT column_name, regexp_replace(message, '[0-9]+', '#', 'g') AS message FROM (SELECT icp_fit(k, '{"rules": {"top": 0}}') AS m FROM kept k) f, icp_diagnostics(f.m) WHERE column_name = 'weight';
CREATE VIEW negative AS SELECT deal_id, outcome, industry, employees, CASE WHEN deal_id < 9 THEN -1 WHEN deal_id < 12 THEN 0 WHEN deal_id > 20 THEN 1 END AS weight FROM deal;
SELECT icp_fit(n, '{}') FROM negative n;
SELECT severity, rows, message, hint FROM icp_check('negative', '{}') WHERE column_name = 'weight';
DROP VIEW kept, negative;
-- A field that leads seldom have: its absence says nothing.
CREATE VIEW leads_without AS SELECT id, industry, CASE WHEN id % 10 = 0 THEN employees END AS employees, partner FROM lead;
SELECT warnings IS NOT NULL AS trained FROM icp_train('scorecard_leads', 'deal', '{"leads": "leads_without", "rules": {"top": 0}}');
SELECT points FROM icp_scorecard('scorecard_leads') WHERE target = 'won' AND feature = 'employees' AND value = 'not known' AND with_feature IS NULL;
SELECT message FROM icp_diagnostics('scorecard_leads') WHERE column_name = 'employees';
SELECT options ? 'lead_known' AS kept FROM icp_models WHERE name = 'scorecard_leads';
-- Won deals alone: no probability.
SELECT count(*) FILTER (WHERE target = 'won') AS won, count(*) FILTER (WHERE target = 'dqs') > 1 AS dqs FROM icp_scorecard((SELECT icp_fit(d, '{}') FROM deal d WHERE outcome = 'won'));
SELECT icp_drop_model('scorecard_leads', 1), icp_drop_model('scorecard_noise', 1), icp_drop_model('scorecard', 1);
DROP VIEW leads_without;
DROP TABLE deal, lead, noise;
