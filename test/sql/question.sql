-- What is not known of a lead: bounds of its scores against trying every value, what to ask first, the list for a call.
CREATE TABLE deal AS
SELECT i AS deal_id, i / 2 AS company_id,
       CASE WHEN (hashtextextended(i::text, 9) & 1023) < (ARRAY[700, 350, 80])[g] THEN 'won' ELSE 'lost' END AS outcome,
       (ARRAY['wholesale', 'retail', 'software'])[CASE WHEN (hashtextextended((i / 2)::text, 1) & 1023) < 800 THEN g ELSE 1 + g % 3 END] AS industry,
       (ARRAY['owner', 'buyer', 'founder'])[CASE WHEN (hashtextextended((i / 2)::text, 2) & 1023) < 850 THEN g ELSE 1 + (g + 1) % 3 END] AS decision_maker,
       (hashtextextended((i / 2)::text, 3) & 1023) < 200 * g AS exports, 'r' || (hashtextextended((i / 2)::text, 4) & 3) AS region,
       CASE WHEN i % 3 > 0 THEN 90 - 20 * g + (hashtextextended(i::text, 5) & 7)::int END AS dqs
FROM generate_series(1, 1500) i CROSS JOIN LATERAL (SELECT 1 + (i / 2) * 37 % 3 AS g) x;
SELECT cohorts FROM icp_train('question', 'deal', '{"rules": {"top": 0}, "k": 3}');

-- Every combination of what is unknown: the bounds are the least and the largest score.
CREATE TABLE lead AS SELECT * FROM (VALUES (1, 'wholesale', NULL, NULL::boolean, NULL), (2, NULL, NULL, NULL, NULL), (3, NULL, 'owner', true, 'r1'), (4, 'retail', 'buyer', false, 'r2')) l (id, industry, decision_maker, exports, region);
SELECT l.id, r.win_lo = t.least AS lo, r.win_hi = t.most AS hi, r.dqs_lo = t.least_dqs AS dqs_lo, r.dqs_hi = t.most_dqs AS dqs_hi, r.win_lo <= r.win_probability AND r.win_probability <= r.win_hi AS inside, r.win_lo < r.win_hi AS wide, r.unknown
FROM lead l CROSS JOIN LATERAL icp_score_range(l, 'question') r
CROSS JOIN LATERAL (SELECT min(s.win_probability) AS least, max(s.win_probability) AS most, min(s.expected_dqs) AS least_dqs, max(s.expected_dqs) AS most_dqs
  FROM (SELECT DISTINCT industry FROM deal) i, (SELECT DISTINCT decision_maker FROM deal) d, (SELECT DISTINCT exports FROM deal) e, (SELECT DISTINCT region FROM deal) g
  CROSS JOIN LATERAL icp_score(jsonb_build_object('industry', coalesce(l.industry, i.industry), 'decision_maker', coalesce(l.decision_maker, d.decision_maker), 'exports', coalesce(l.exports, e.exports), 'region', coalesce(l.region, g.region)), 'question') s) t
ORDER BY 1;
-- What is asked first changes most; labels are those that answers lead to.
SELECT l.id, q.rank, q.feature, q.changes, q.labels <@ '{gold,ordinary,non_target,unknown}' AS labels, q.narrowing > 0 AS narrows, q.text FROM lead l CROSS JOIN LATERAL icp_next_question(l, 'question') q WHERE q.feature <> 'region' ORDER BY 1, 2;
SELECT q.feature, q.labels = t.labels AS labels, q.changes = (t.labels <> ARRAY[now.label] OR t.grades <> ARRAY[coalesce(now.grade, '')]) AS changes
FROM lead l CROSS JOIN LATERAL icp_next_question(l, 'question') q CROSS JOIN LATERAL icp_score(l, 'question') now
CROSS JOIN LATERAL (SELECT array_agg(DISTINCT s.label ORDER BY s.label) AS labels, array_agg(DISTINCT coalesce(s.grade, '') ORDER BY coalesce(s.grade, '')) AS grades
  FROM (SELECT DISTINCT to_jsonb(d) -> q.feature AS answer FROM deal d) a CROSS JOIN LATERAL icp_score(to_jsonb(l) || jsonb_build_object(q.feature, a.answer), 'question') s) t
WHERE l.id = 1 ORDER BY q.rank;
SELECT rank, feature, text FROM icp_next_question('{"industry": "retail"}'::jsonb, 'question', 'ru') WHERE rank = 1;
-- Nothing left to ask; NULL; the four forms agree; wrong input.
SELECT count(*) FROM icp_next_question('{"industry": "retail", "decision_maker": "buyer", "exports": true, "region": "r1"}'::jsonb, 'question');
SELECT icp_score_range(NULL::jsonb, 'question') IS NULL AS none, (SELECT count(*) FROM icp_next_question(NULL::jsonb, 'question')) AS questions;
SELECT count(DISTINCT r::text) FROM lead l, LATERAL (VALUES (icp_score_range(l, 'question')), (icp_score_range(to_jsonb(l), 'question')), (icp_score_range(l, icp_load('question'))), (icp_score_range(to_jsonb(l), icp_load('question'))), (icp_score_range(l))) v (r) WHERE l.id = 1;
SELECT count(DISTINCT q) FROM lead l, LATERAL (VALUES ((SELECT string_agg(x::text, ' ') FROM icp_next_question(l, 'question') x)), ((SELECT string_agg(x::text, ' ') FROM icp_next_question(to_jsonb(l), icp_load('question'), NULL) x))) v (q) WHERE l.id = 1;
SELECT icp_next_question('{"industry": "retail"}'::jsonb, 'question', 'de');
SELECT icp_score_range('{"x": 1}'::jsonb, 'question');
SELECT icp_next_question('{"industry": "retail"}'::jsonb, 'nothing');

-- The list for the first call.
SELECT c.grade, q.rank, q.feature, q.good, q.points > 0 AS points FROM icp_cohorts('question') c CROSS JOIN LATERAL icp_checklist('question', c.cohort) q WHERE q.rank <= 2 ORDER BY c.win_rate DESC, q.rank;
SELECT bool_and(total <= 1.000001) AS weights, max(n) AS questions FROM (SELECT sum(q.weight) AS total, count(*) AS n FROM icp_cohorts('question') c CROSS JOIN LATERAL icp_checklist((SELECT icp_load('question')), c.cohort, 'ru') q GROUP BY c.cohort) x;
SELECT regexp_replace(icp_checklist::text, '.*', '') FROM icp_checklist('question', 'nobody');
SELECT icp_drop_model('question', 1);
DROP TABLE deal, lead;
