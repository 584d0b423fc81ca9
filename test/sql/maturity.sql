-- Digital maturity on a scale of one's own.
SELECT * FROM icp_maturity('{"cloud": 3, "roles": true, "training": 0, "data": 2.5}');
-- What is not known is not zero.
SELECT * FROM icp_maturity('{"cloud": 3, "roles": null}');
SELECT * FROM icp_maturity('{"cloud": 3, "roles": 0, "training": 0, "data": 0}');
SELECT * FROM icp_maturity('{}');
SELECT icp_maturity(NULL) IS NULL AS nothing;
SELECT item, title, points, maximum FROM icp_maturity_parts('{"cloud": 3, "roles": null}');
SELECT item, title FROM icp_maturity_parts('{}', language => 'ru');
SELECT count(*) FROM icp_maturity_parts(NULL);
-- A scale of one's own; the parts total the score exactly.
CREATE TABLE scale AS SELECT '{"maximum": 1, "items": [{"name": "a b", "points": 0.1, "title": "A"}, {"name": "б", "points": 0.2, "title": {"ru": "Б"}}, {"name": "c", "points": 0.7}]}'::jsonb AS s;
SELECT m.*, (SELECT sum(points) FROM icp_maturity_parts('{"a b": 0.1, "б": 0.1, "c": 0.3}', s)) = m.score AS exact FROM scale, icp_maturity('{"a b": 0.1, "б": 0.1, "c": 0.3}', s) m;
SELECT item, title FROM scale, icp_maturity_parts('{}', s);
SELECT (icp_maturity(jsonb_build_object('c', x), s)).score FROM scale, generate_series(0, 2) i, LATERAL (SELECT i * 0.25 AS x) y ORDER BY 1;
-- Ten times 0.1 are 1.
SELECT * FROM icp_maturity('{"1": 0.1, "10": 0.1}', jsonb_build_object('maximum', 1, 'items', (SELECT jsonb_agg(jsonb_build_object('name', i::text, 'points', 0.1)) FROM generate_series(1, 10) i)));
-- Points that do not total the declared maximum, 15 unless another is declared.
SELECT icp_maturity('{}', '{"items": [{"name": "a", "points": 5}, {"name": "b", "points": 5}]}');
SELECT icp_maturity('{}', '{"maximum": 12, "items": [{"name": "a", "points": 5}, {"name": "b", "points": 5}]}');
SELECT * FROM icp_maturity('{"a": 5}', '{"items": [{"name": "a", "points": 5}, {"name": "b", "points": 5}, {"name": "c", "points": 5}]}');
-- Wrong input.
SELECT icp_maturity('{"clouds": 3}');
SELECT icp_maturity('{"cloud": 5}');
SELECT icp_maturity('{"cloud": -1}');
SELECT icp_maturity('{"cloud": "3"}');
SELECT icp_maturity('[1]');
SELECT icp_maturity('{}', '[1]');
SELECT icp_maturity('{}', '{}');
SELECT icp_maturity('{}', '{"items": []}');
SELECT icp_maturity('{}', '{"items": [1]}');
SELECT icp_maturity('{}', '{"items": [{"name": "a", "points": 15, "weight": 1}]}');
SELECT icp_maturity('{}', '{"items": [{"points": 15}]}');
SELECT icp_maturity('{}', '{"items": [{"name": "a", "points": 0}]}');
SELECT icp_maturity('{}', '{"items": [{"name": "a", "points": 10}, {"name": "a", "points": 5}]}');
SELECT icp_maturity('{}', '{"items": [{"name": "a", "points": 15, "title": 1}]}');
SELECT icp_maturity('{}', '{"items": [{"name": "a", "points": 15, "title": {"de": "x"}}]}');
SELECT icp_maturity('{}', '{"max": 15, "items": [{"name": "a", "points": 15}]}');
SELECT count(*) FROM icp_maturity_parts('{}', language => 'de');
DROP TABLE scale;
