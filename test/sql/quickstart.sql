-- What unites the few best deals.
CREATE TABLE deal AS
SELECT i AS deal_id, i / 2 AS company_id, CASE WHEN i % 4 = 3 THEN 'lost' WHEN i % 50 = 0 THEN 'open' ELSE 'won' END AS outcome,
       CASE WHEN g THEN 85 + i % 9 ELSE 30 + i % 50 END AS dqs, CASE WHEN g THEN 900 + i ELSE i * 7919 % 800 END AS margin,
       CASE WHEN g THEN 10 ELSE 30 + i % 60 END AS cycle_days, CASE WHEN i % 3 > 0 THEN i % 10 END AS nps, i % 17 AS logins,
       CASE WHEN g THEN 'O''Neil & Co' ELSE (ARRAY['retail', 'software', 'public', 'build'])[1 + i % 4] END AS "In""dustry",
       CASE WHEN g THEN 30 + i % 30 ELSE 1 + i * 13 % 400 END AS employees, CASE WHEN g OR i % 5 = 0 THEN ARRAY['1c', 'excel'] ELSE ARRAY['excel'] END AS tech, i * 31 % 2 = 0 AS newsletter
FROM generate_series(1, 400) i CROSS JOIN LATERAL (SELECT i % 16 = 1 AS g) x;

SELECT rank, attribute, predicate, round(share_best::numeric, 2) AS best, round(share_rest::numeric, 2) AS rest, best, best_n, rest_n, reliability FROM unnest((SELECT icp_quick_start(d, '{}') FROM deal d));
-- Each count is what the predicate returns among the best and among the other closed deals.
CREATE FUNCTION differs(options jsonb, condition text, OUT rules bigint, OUT differing bigint) LANGUAGE plpgsql AS $$
DECLARE r record; a bigint; b bigint;
BEGIN
  rules := 0; differing := 0;
  FOR r IN SELECT q.* FROM unnest((SELECT icp_quick_start(d, options) FROM deal d)) q LOOP
    EXECUTE format('SELECT count(*) FILTER (WHERE %1$s), count(*) FILTER (WHERE (%1$s) IS NOT TRUE) FROM deal WHERE outcome <> ''open'' AND (%2$s)', condition, r.predicate) INTO a, b;
    rules := rules + 1;
    IF a <> r.n_best OR b <> r.n_rest THEN differing := differing + 1; END IF;
  END LOOP;
END $$;
SELECT * FROM differs('{"quick_start": {"k": 10}}', 'outcome = ''won'' AND dqs >= (SELECT dqs FROM deal WHERE outcome = ''won'' ORDER BY dqs DESC OFFSET 19 LIMIT 1)');
-- The ready targets: the top 20 % rounded up, ties kept; the shortest cycle; the most active; the highest NPS.
SELECT DISTINCT best, best_n, best_n >= ceil(0.2 * (SELECT count(margin) FROM deal WHERE outcome = 'won')) AS fifth FROM unnest((SELECT icp_quick_start(d, '{"target": "top_margin"}') FROM deal d));
SELECT * FROM differs('{"target": "top_margin"}', 'outcome = ''won'' AND margin >= (SELECT margin FROM deal WHERE outcome = ''won'' ORDER BY margin DESC OFFSET (SELECT ceil(0.2 * count(*))::int - 1 FROM deal WHERE outcome = ''won'') LIMIT 1)');
SELECT DISTINCT best, best_n, best_n = (SELECT count(*) FROM deal WHERE outcome = 'won' AND cycle_days <= 10) AS ties FROM unnest((SELECT icp_quick_start(d, '{"target": "shortest_cycle"}') FROM deal d));
SELECT count(*) AS rows, min(best) AS best FROM unnest((SELECT icp_quick_start(d, '{"target": "most_active", "quick_start": {"activity": "logins", "n": 30}}') FROM deal d));
SELECT count(*) AS rows, min(best) AS best FROM unnest((SELECT icp_quick_start(d, '{"target": "highest_nps", "ignore": ["logins"]}') FROM deal d));
SELECT best, attribute FROM unnest((SELECT icp_quick_start(d, '{"target": "margin", "quick_start": {"n": 10, "k": 1}}') FROM deal d));
-- Customers without outcomes; all of them are the best: there is nothing to compare with.
SELECT rank, best_n, rest_n FROM unnest((SELECT icp_quick_start(d, '{"target": "margin", "quick_start": {"n": 15}}') FROM (SELECT margin, "In""dustry", employees FROM deal) d)) LIMIT 1;
SELECT attribute, share_rest, lift, rest_n FROM unnest((SELECT icp_quick_start(d, '{"target": "margin", "quick_start": {"n": 1000, "k": 1}}') FROM (SELECT margin, tech FROM deal) d));
-- Nothing unites them: an empty array. No rows: NULL.
SELECT icp_quick_start(d, '{"target": "margin"}') FROM (SELECT deal_id, outcome, margin, (ARRAY['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'])[1 + i % 10] AS letter FROM (SELECT deal_id, outcome, margin, deal_id * 7 + deal_id / 10 AS i FROM deal) x) d;
SELECT icp_quick_start(d, '{}') FROM deal d WHERE false;
SELECT (SELECT icp_quick_start(d, '{}') FROM deal d) = (SELECT icp_quick_start(to_jsonb(d), '{}') FROM (SELECT * FROM deal ORDER BY md5(deal_id::text)) d) AS same;

-- In Russian.
SELECT attribute FROM unnest((SELECT icp_quick_start(d, '{"target": "margin", "language": "ru", "quick_start": {"n": 10}}') FROM deal d)) ORDER BY rank LIMIT 2;

-- Wrong input.
SELECT icp_quick_start(d, '{"target": "margin", "language": "fr"}') FROM deal d;
SELECT icp_fit(d, '{"language": "ru"}') FROM deal d;
SELECT icp_quick_start(d, '{"target": "highest_nps", "quick_start": {"nps": "score"}}') FROM deal d;
SELECT icp_quick_start(d, '{"target": "profit"}') FROM deal d;
SELECT icp_quick_start(d, '{"target": "tech"}') FROM deal d;
SELECT icp_quick_start(d, '{}') FROM (SELECT deal_id, outcome, employees FROM deal) d;
SELECT icp_quick_start(d, '{}') FROM deal d WHERE outcome = 'lost';
SELECT icp_quick_start(d, '{"quick_start": {"n": 1}}') FROM deal d;
SELECT icp_quick_start(d, '{"quick_start": {"best": 1}}') FROM deal d;
SELECT icp_fit(d, '{"quick_start": {}}') FROM deal d;
DROP TABLE deal;
DROP FUNCTION differs;
