-- How much of a base of companies a profile takes in.

CREATE TYPE icp_width_row AS (
    cohort text, title text, grade text, base bigint, n bigint, share double precision,
    similar_n bigint, similar_share double precision, too_wide boolean, widest text, widest_share double precision,
    exact boolean, note text);
COMMENT ON TYPE icp_width_row IS 'How much of a base a cohort takes in: result of icp_width.';
COMMENT ON COLUMN icp_width_row.cohort IS 'Key of the cohort; NULL for all cohorts graded A together.';
COMMENT ON COLUMN icp_width_row.title IS 'Its title.';
COMMENT ON COLUMN icp_width_row.grade IS 'Its grade; NULL with too few companies.';
COMMENT ON COLUMN icp_width_row.base IS 'Rows of the base.';
COMMENT ON COLUMN icp_width_row.n IS 'Rows that satisfy its definition (the predicate of icp_cohorts); NULL where the base lacks a column of it.';
COMMENT ON COLUMN icp_width_row.share IS 'The same as a share of the base, 0 to 1.';
COMMENT ON COLUMN icp_width_row.similar_n IS 'Rows that icp_cohort() puts there.';
COMMENT ON COLUMN icp_width_row.similar_share IS 'The same as a share of the base, 0 to 1.';
COMMENT ON COLUMN icp_width_row.too_wide IS 'Whether n (where NULL: similar_n) is more than most_rows, or its share more than most_share.';
COMMENT ON COLUMN icp_width_row.widest IS 'The condition of the definition that alone takes in most of the base: the one to narrow first. NULL without conditions.';
COMMENT ON COLUMN icp_width_row.widest_share IS 'What it takes in alone, 0 to 1.';
COMMENT ON COLUMN icp_width_row.exact IS 'False where the base had more rows than its sample kept: numbers are then estimates.';
COMMENT ON COLUMN icp_width_row.note IS 'Which limit was passed, which columns the base lacks.';

CREATE FUNCTION icp_width(base icp_sample, model icp_model, most_rows bigint DEFAULT 12000, most_share double precision DEFAULT 0.2, language text DEFAULT 'en')
RETURNS SETOF icp_width_row
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 6 COST 100000 AS 'MODULE_PATHNAME', 'icp_width_value';
COMMENT ON FUNCTION icp_width(icp_sample, icp_model, bigint, double precision, text) IS
'How many rows of a base each cohort of a model takes in, and whether that is too many to say anything: above most_rows or above most_share of the base. base: icp_sample_agg(row, ''{}'') of the companies; NULL: no rows. Errors: a base with none of the model''s features (42703).';
CREATE FUNCTION icp_width(base icp_sample, model text DEFAULT NULL, most_rows bigint DEFAULT 12000, most_share double precision DEFAULT 0.2, language text DEFAULT 'en')
RETURNS SETOF icp_width_row
LANGUAGE c STABLE PARALLEL SAFE ROWS 6 COST 100000 AS 'MODULE_PATHNAME', 'icp_width_name';
COMMENT ON FUNCTION icp_width(icp_sample, text, bigint, double precision, text) IS 'The same of a registered model: a name as icp_load takes it; NULL or empty: the default.';
