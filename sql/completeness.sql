-- Whether a profile says enough to be used.

CREATE TYPE icp_completeness_row AS (
    item text, have bigint, need bigint, ok boolean, significance double precision, items text[], missing text);
COMMENT ON TYPE icp_completeness_row IS 'One thing that a profile should have: result of icp_completeness.';
COMMENT ON COLUMN icp_completeness_row.item IS 'metrics (figures by which a good customer is known), exclusions (criteria that exclude), levels (of segmentation that are reached), gold (cohorts graded A).';
COMMENT ON COLUMN icp_completeness_row.have IS 'How many the profile has.';
COMMENT ON COLUMN icp_completeness_row.need IS 'How many it should have.';
COMMENT ON COLUMN icp_completeness_row.ok IS 'Whether it has as many.';
COMMENT ON COLUMN icp_completeness_row.significance IS 'Of metrics: the total of their significance (option significance: medium 1, high 2, very high 3; 1 where none is given). NULL for the other items.';
COMMENT ON COLUMN icp_completeness_row.items IS 'Which they are; metrics with the most significant first.';
COMMENT ON COLUMN icp_completeness_row.missing IS 'What to add; NULL where nothing is missing.';

CREATE FUNCTION icp_completeness(model icp_model, metrics integer DEFAULT 5, exclusions integer DEFAULT 3, depth integer DEFAULT 2, language text DEFAULT 'en')
RETURNS SETOF icp_completeness_row
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 4 COST 1000 AS 'MODULE_PATHNAME', 'icp_completeness_value';
COMMENT ON FUNCTION icp_completeness(icp_model, integer, integer, integer, text) IS
'Whether a model''s profile has enough metrics (5 to 7), exclusions (3 to 4) and levels of segmentation, and a cohort graded A. metrics, exclusions and depth: how many are needed. language (en, ru) is that of missing.';
CREATE FUNCTION icp_completeness(model text DEFAULT NULL, metrics integer DEFAULT 5, exclusions integer DEFAULT 3, depth integer DEFAULT 2, language text DEFAULT 'en')
RETURNS SETOF icp_completeness_row
LANGUAGE c STABLE PARALLEL SAFE ROWS 4 COST 1000 AS 'MODULE_PATHNAME', 'icp_completeness_name';
COMMENT ON FUNCTION icp_completeness(text, integer, integer, integer, text) IS 'The same of a registered model: a name as icp_load takes it; NULL or empty: the default.';
