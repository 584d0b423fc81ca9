-- The four levels of segmentation in a model.

CREATE TYPE icp_level AS (
    level text, depth integer, reached boolean, features text[], coverage double precision, cohort_weight double precision,
    win_gain double precision, win_gain_lo double precision, win_gain_hi double precision, win_gain_up_to double precision,
    dqs_gain double precision, dqs_gain_lo double precision, dqs_gain_hi double precision, dqs_gain_up_to double precision,
    note text);
COMMENT ON TYPE icp_level IS 'A level of segmentation and what it says: result of icp_levels.';
COMMENT ON COLUMN icp_level.level IS 'firmographic (who customers are), technographic (what they use), situational (what happens to them now) or psychographic (how they think and decide).';
COMMENT ON COLUMN icp_level.depth IS 'Its place, 1 to 4: each level is more precise than the one before and needs more data.';
COMMENT ON COLUMN icp_level.reached IS 'Whether one of its features at least is known in half of the closed deals.';
COMMENT ON COLUMN icp_level.features IS 'Features of the model that are of this level, guessed from their names or set by the option levels.';
COMMENT ON COLUMN icp_level.coverage IS 'Share of the closed deals in which a feature of the level is known, the mean over its features, 0 to 1; NULL without features.';
COMMENT ON COLUMN icp_level.cohort_weight IS 'Share of what tells the cohorts apart that is of this level; over the levels it totals 1. NULL with fewer than two cohorts.';
COMMENT ON COLUMN icp_level.win_gain IS 'Share of the squared error in foretelling won and lost that the features of this level alone save, on companies not learned from; 0 or less: nothing. NULL where it was not measured (fewer than 50 companies, no lost deals).';
COMMENT ON COLUMN icp_level.win_gain_lo IS 'Lower end of its 95 % interval.';
COMMENT ON COLUMN icp_level.win_gain_hi IS 'Upper end of its 95 % interval.';
COMMENT ON COLUMN icp_level.win_gain_up_to IS 'The same of this level together with those before it.';
COMMENT ON COLUMN icp_level.dqs_gain IS 'As win_gain, of the deal quality score of won deals.';
COMMENT ON COLUMN icp_level.dqs_gain_lo IS 'Lower end of its 95 % interval.';
COMMENT ON COLUMN icp_level.dqs_gain_hi IS 'Upper end of its 95 % interval.';
COMMENT ON COLUMN icp_level.dqs_gain_up_to IS 'The same of this level together with those before it.';
COMMENT ON COLUMN icp_level.note IS 'The depth that the profile reaches, and what this level lacks.';

CREATE FUNCTION icp_levels(model icp_model, language text DEFAULT 'en') RETURNS SETOF icp_level
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 4 COST 1000 AS 'MODULE_PATHNAME', 'icp_levels_value';
COMMENT ON FUNCTION icp_levels(icp_model, text) IS 'The four levels of segmentation in a model, one row each: features, coverage, what they tell of cohorts and of the outcome. language (en, ru) is that of the notes.';
CREATE FUNCTION icp_levels(model text DEFAULT NULL, language text DEFAULT 'en') RETURNS SETOF icp_level
LANGUAGE c STABLE PARALLEL SAFE ROWS 4 COST 1000 AS 'MODULE_PATHNAME', 'icp_levels_name';
COMMENT ON FUNCTION icp_levels(text, text) IS 'The levels of segmentation in a registered model: a name as icp_load takes it; NULL or empty: the default.';
