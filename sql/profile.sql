-- Profiles: mergeable statistical summaries of sets of rows.

CREATE TYPE icp_profile;
CREATE FUNCTION icp_profile_in(cstring) RETURNS icp_profile
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_profile_in(cstring) IS 'Input of icp_profile.';
CREATE FUNCTION icp_profile_out(icp_profile) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_profile_out(icp_profile) IS 'Output of icp_profile.';
CREATE FUNCTION icp_profile_recv(internal) RETURNS icp_profile
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_profile_recv(internal) IS 'Binary input of icp_profile.';
CREATE FUNCTION icp_profile_send(icp_profile) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_profile_send(icp_profile) IS 'Binary output of icp_profile.';
CREATE TYPE icp_profile (
    INPUT = icp_profile_in, OUTPUT = icp_profile_out, RECEIVE = icp_profile_recv, SEND = icp_profile_send,
    ALIGNMENT = double, STORAGE = extended);
COMMENT ON TYPE icp_profile IS
'Statistical summary of a set of rows, column by column, made by icp_profile_agg, merged by icp_profile_merge, read by icp_profile_features. Its size is bounded whatever the number of rows and distinct values; the same rows in any order, split and merged in any way, give the same bytes. Its text is JSON without loss.';

CREATE FUNCTION icp_profile_step(state icp_profile, d record, options jsonb) RETURNS icp_profile
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'icp_profile_step_record';
COMMENT ON FUNCTION icp_profile_step(icp_profile, record, jsonb) IS
'Transition function of icp_profile_agg(record, jsonb): the profile with one more row; a NULL row changes nothing.';
CREATE FUNCTION icp_profile_step(state icp_profile, d jsonb, options jsonb) RETURNS icp_profile
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'icp_profile_step_jsonb';
COMMENT ON FUNCTION icp_profile_step(icp_profile, jsonb, jsonb) IS
'Transition function of icp_profile_agg(jsonb, jsonb): the profile with one more row; a NULL row changes nothing.';
CREATE FUNCTION icp_profile_combine(a icp_profile, b icp_profile) RETURNS icp_profile
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_profile_combine(icp_profile, icp_profile) IS
'The profile of the rows of both; the other one where one is NULL. Profiles made with different options are an error (22023).';

CREATE AGGREGATE icp_profile_agg(d record, options jsonb) (
    STYPE = icp_profile, SFUNC = icp_profile_step, COMBINEFUNC = icp_profile_combine,
    SSPACE = 100000000, PARALLEL = SAFE);
COMMENT ON AGGREGATE icp_profile_agg(record, jsonb) IS
'Profile of rows; NULL of no rows. Options: features (columns to profile; default all), ignore (columns to leave out), kinds ({column: numeric, binary, categorical, set or date}, as which to read a column); another option is an error (22023). Counts, mean, sd, minimum and maximum are exact (of numbers as double precision); quantiles, categories and distinct values are exact up to 1,024 distinct values of a column and estimated beyond. NULL, NaN and infinities are missing; text in the form of ISO 8601 is a date unless kinds says categorical.';

CREATE AGGREGATE icp_profile_agg(d jsonb, options jsonb) (
    STYPE = icp_profile, SFUNC = icp_profile_step, COMBINEFUNC = icp_profile_combine,
    SSPACE = 100000000, PARALLEL = SAFE);
COMMENT ON AGGREGATE icp_profile_agg(jsonb, jsonb) IS
'Profile of rows given as JSON objects, as icp_profile_agg(record, jsonb): of to_jsonb(row) the same profile byte for byte where the columns are numbers, booleans, text, enums, dates, timestamps or arrays of text.';

CREATE AGGREGATE icp_profile_merge(p icp_profile) (
    STYPE = icp_profile, SFUNC = icp_profile_combine, COMBINEFUNC = icp_profile_combine,
    SSPACE = 100000000, PARALLEL = SAFE);
COMMENT ON AGGREGATE icp_profile_merge(icp_profile) IS
'The profile of all rows of the profiles, byte for byte the one that icp_profile_agg makes of the rows; NULLs are passed over, NULL of none. Profiles made with different options are an error (22023).';

CREATE TYPE icp_profile_feature AS (
    feature text,
    kind text,
    rows bigint,
    known bigint,
    known_share double precision,
    distinct_values bigint,
    distinct_error double precision,
    mean double precision,
    sd double precision,
    min double precision,
    q10 double precision,
    q25 double precision,
    median double precision,
    q75 double precision,
    q90 double precision,
    max double precision,
    quantile_error double precision,
    top_value text,
    top_share double precision,
    earliest timestamp,
    latest timestamp,
    detail jsonb);
COMMENT ON TYPE icp_profile_feature IS 'What a profile says of one column, as icp_profile_features returns it. A figure that the kind does not have is NULL.';
COMMENT ON COLUMN icp_profile_feature.feature IS 'Name of the column.';
COMMENT ON COLUMN icp_profile_feature.kind IS 'numeric, binary, categorical, set, date or other: the kind of most of its values, of which the figures are; NULL where none is known.';
COMMENT ON COLUMN icp_profile_feature.rows IS 'Rows of the profile.';
COMMENT ON COLUMN icp_profile_feature.known IS 'Rows in which the column has a value of any kind.';
COMMENT ON COLUMN icp_profile_feature.known_share IS 'known / rows, 0 to 1.';
COMMENT ON COLUMN icp_profile_feature.distinct_values IS 'Distinct numbers, categories (trimmed and case-folded) or items of sets.';
COMMENT ON COLUMN icp_profile_feature.distinct_error IS 'Relative standard error of distinct_values; 0 where exact.';
COMMENT ON COLUMN icp_profile_feature.mean IS 'numeric: mean, the exact one rounded once; binary: share of true.';
COMMENT ON COLUMN icp_profile_feature.sd IS 'numeric: standard deviation of a sample (n - 1); NULL of a single value.';
COMMENT ON COLUMN icp_profile_feature.min IS 'numeric: smallest value.';
COMMENT ON COLUMN icp_profile_feature.q10 IS 'numeric: 10th percentile, as percentile_cont.';
COMMENT ON COLUMN icp_profile_feature.q25 IS 'numeric: first quartile, as percentile_cont.';
COMMENT ON COLUMN icp_profile_feature.median IS 'numeric: median, as percentile_cont.';
COMMENT ON COLUMN icp_profile_feature.q75 IS 'numeric: third quartile, as percentile_cont.';
COMMENT ON COLUMN icp_profile_feature.q90 IS 'numeric: 90th percentile, as percentile_cont.';
COMMENT ON COLUMN icp_profile_feature.max IS 'numeric: largest value.';
COMMENT ON COLUMN icp_profile_feature.quantile_error IS 'numeric: the ordered values that a percentile is taken from are off by at most this share of themselves; 0 where exact.';
COMMENT ON COLUMN icp_profile_feature.top_value IS 'Most frequent value (numeric: only where exact), category in its most frequent spelling, or item; of equally frequent ones the first.';
COMMENT ON COLUMN icp_profile_feature.top_share IS 'Its share among the values of that kind, 0 to 1; for sets, among the sets.';
COMMENT ON COLUMN icp_profile_feature.earliest IS 'date: earliest moment, in UTC or, without a zone, as it stands.';
COMMENT ON COLUMN icp_profile_feature.latest IS 'date: latest moment, in UTC or, without a zone, as it stands.';
COMMENT ON COLUMN icp_profile_feature.detail IS 'values: up to 20 most frequent as {value, n, share}; binary: counts of true and false; set: empty sets; date: moments without_zone; of_kind_…: the counts where a column holds several kinds.';

CREATE FUNCTION icp_profile_features(p icp_profile) RETURNS SETOF icp_profile_feature
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 20 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_profile_features(icp_profile) IS
'A row for each column of a profile, by name (byte order); none for NULL.';

CREATE FUNCTION lookalike_similarity(lead record, profile icp_profile) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'lookalike_similarity_record_profile';
COMMENT ON FUNCTION lookalike_similarity(record, icp_profile) IS
'How alike a row is to the rows of a profile, 0 to 1: the weighted mean, over the features known on both sides, of how well each is met. A number is met fully from the 10th to the 90th percentile and 1 / (1 + (d / w)²) at a distance d beyond, w being the distance of the two percentiles (at least a tenth of the median; on logarithms where the positive numbers are skewed); a category or boolean by its share relative to the most common one''s; a set by its items'' shares relative to the best that as many items can have. A feature weighs its known share × its concentration: 1 / (1 + (q90 - q10) / (|q10| + |q90|)) for numbers, the sum of squared shares for categories, the share-weighted mean share of an item for sets. Dates and numbers in columns named like identifiers (id, …_id, …Id) are left out. NULL where nothing is known or an argument is NULL; a row without any of the columns is an error (42703).';
CREATE FUNCTION lookalike_similarity(lead jsonb, profile icp_profile) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'lookalike_similarity_jsonb_profile';
COMMENT ON FUNCTION lookalike_similarity(jsonb, icp_profile) IS
'As lookalike_similarity(record, icp_profile), of a row given as a JSON object.';
