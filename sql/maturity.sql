-- Digital maturity on a scale of one's own.

CREATE TYPE icp_maturity_score AS (score double precision, highest double precision, maximum double precision, coverage double precision);
COMMENT ON TYPE icp_maturity_score IS 'Points on a scale of maturity: result of icp_maturity.';
COMMENT ON COLUMN icp_maturity_score.score IS 'Points of the items that are known; NULL where none is.';
COMMENT ON COLUMN icp_maturity_score.highest IS 'What it could be at most, were every unknown item to have all its points: the score lies between the two.';
COMMENT ON COLUMN icp_maturity_score.maximum IS 'The declared maximum of the scale.';
COMMENT ON COLUMN icp_maturity_score.coverage IS 'Share of the maximum that the known items make, 0 to 1.';

CREATE TYPE icp_maturity_part AS (item text, title text, points double precision, maximum double precision);
COMMENT ON TYPE icp_maturity_part IS 'Points for one item of a scale of maturity: result of icp_maturity_parts.';
COMMENT ON COLUMN icp_maturity_part.item IS 'Its name in the scale.';
COMMENT ON COLUMN icp_maturity_part.title IS 'Its title in the language asked for, else in another, else its name.';
COMMENT ON COLUMN icp_maturity_part.points IS 'Its points; NULL where the answer is not known. They total the score exactly.';
COMMENT ON COLUMN icp_maturity_part.maximum IS 'The most it can give.';

CREATE FUNCTION icp_maturity(answers jsonb, scale jsonb DEFAULT NULL) RETURNS icp_maturity_score
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_maturity(jsonb, jsonb) IS
'Points on a scale of digital maturity. answers: item and points, true (all of them) or false (none); null or absent: not known, which lowers the coverage and is never zero. scale: {"maximum": 15, "items": [{"name", "points", "title"}]}, whose items must total the maximum (15 where it names none); NULL: cloud 4, roles 4, training 4, data 3. NULL answers: NULL. Errors (22023): items that do not total the maximum, an unknown item, points out of range.';
CREATE FUNCTION icp_maturity_parts(answers jsonb, scale jsonb DEFAULT NULL, language text DEFAULT 'en') RETURNS SETOF icp_maturity_part
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 4 COST 100 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_maturity_parts(jsonb, jsonb, text) IS 'The points of each item, in the order of the scale; they total the score of icp_maturity exactly. language (en, ru) is that of titles.';
