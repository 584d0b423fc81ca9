-- Which segments to choose.
CREATE TABLE segments (segment text, volume float8, competition float8, fit float8, speed numeric);
INSERT INTO segments VALUES ('distributors', 7, 4, 9, 8), ('e-commerce', 6, 7, 8, 9), ('manufacturing', 9, 5, 5, 3), ('public sector', 10, 9, 2, 1), ('law firms', 3, 2, 8, 9);
SELECT * FROM unnest((SELECT icp_attractiveness(s, '{}') FROM segments s));
-- The parts total the score exactly, with any weights.
SELECT bool_and(volume + competition + fit + speed = score) AS exact, bool_and(score BETWEEN 0 AND 10) AS within
FROM unnest((SELECT icp_attractiveness(s, '{"attractiveness": {"weights": {"volume": 0.3, "competition": 0.1, "fit": 0.7, "speed": 0.111}}}') FROM segments s));
-- A criterion without a weight among given ones does not count; how many to choose.
SELECT rank, segment, score, volume, fit, speed, coverage, choose FROM unnest((SELECT icp_attractiveness(s, '{"attractiveness": {"weights": {"volume": 1}, "choose": 1}}') FROM segments s));
-- Numbers in their own units: the values that mean 0 and 10; more days are slower; beyond them is 0 or 10.
SELECT segment, volume, speed FROM unnest((SELECT icp_attractiveness(s, '{"attractiveness": {"scales": {"volume": [0, 2000], "speed": [180, 14]}}}')
  FROM (VALUES ('a', 500, 14.0), ('b', 3000, 180), ('c', 0, 97)) s (segment, volume, speed)));
-- Ties in the order of names; of three segments two are chosen, of two both.
SELECT rank, segment, choose FROM unnest((SELECT icp_attractiveness(s, '{}') FROM (VALUES ('b', 5, 5), ('c', 5, 5), ('a', 5, 5)) s (segment, volume, fit)));
SELECT rank, segment, choose FROM unnest((SELECT icp_attractiveness(s, '{}') FROM (VALUES (2, 5, 5), (1, 5, 5)) s (segment, volume, fit)));
-- What is not known leaves its weight to the others; below half of the weight there is no score.
SELECT rank, segment, score, volume, competition, fit, speed, coverage, choose FROM unnest((SELECT icp_attractiveness(s, '{}')
  FROM (VALUES ('all', 6.0, 5.0, 7.0, 8.0), ('half', 6, NULL, 7, NULL), ('little', 10, NULL, NULL, NULL), ('nothing', NULL, NULL, NULL, 'NaN')) s (segment, volume, competition, fit, speed)));
SELECT icp_attractiveness(s, '{}') FROM segments s WHERE false;
SELECT (SELECT icp_attractiveness(s, '{}') FROM segments s) = (SELECT icp_attractiveness(to_jsonb(s), '{}') FROM (SELECT * FROM segments ORDER BY segment DESC) s) AS same;

-- Wrong input.
SELECT icp_attractiveness(s, '{}') FROM (VALUES (1)) s (volume);
SELECT icp_attractiveness(s, '{}') FROM (VALUES ('a', 11)) s (segment, volume);
SELECT icp_attractiveness(s, '{}') FROM (VALUES ('a', -3)) s (segment, fit);
SELECT icp_attractiveness(s, '{}') FROM (VALUES ('a', 1), ('a', 2)) s (segment, volume);
SELECT icp_attractiveness(s, '{}') FROM (VALUES ('a', 1), ('a', 1)) s (segment, volume);
SELECT icp_attractiveness(s, '{}') FROM (VALUES (NULL::text, 1), ('a', 1)) s (segment, volume);
SELECT icp_attractiveness(s, '{}') FROM (VALUES ('a', 'big')) s (segment, volume);
SELECT icp_attractiveness(s, '{}') FROM (VALUES (ARRAY['a'], 1)) s (segment, volume);
SELECT icp_attractiveness(s, '{"attractiveness": {"weights": {"size": 1}}}') FROM segments s;
SELECT icp_attractiveness(s, '{"attractiveness": {"weights": {"fit": 0}}}') FROM segments s;
SELECT icp_attractiveness(s, '{"attractiveness": {"weights": {"fit": -1}}}') FROM segments s;
SELECT icp_attractiveness(s, '{"attractiveness": {"scales": {"speed": [1]}}}') FROM segments s;
SELECT icp_attractiveness(s, '{"attractiveness": {"scales": {"speed": [1, 1]}}}') FROM segments s;
SELECT icp_attractiveness(s, '{"attractiveness": {"choose": 0}}') FROM segments s;
SELECT icp_attractiveness(s, '{"attractiveness": {"best": 0}}') FROM segments s;
SELECT icp_fit(s, '{"attractiveness": {}}') FROM segments s;
DROP TABLE segments;
