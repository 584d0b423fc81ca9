-- Tess's test: segments that do not behave differently are classes.

CREATE TYPE icp_tess_row AS (
    behaviour text, differs boolean, explained double precision, p double precision, p_adjusted double precision,
    n bigint, n_companies bigint, segments bigint, least text, least_value double precision, most text, most_value double precision,
    verdict text, note text);
COMMENT ON TYPE icp_tess_row IS 'Whether segments differ in one behaviour: element of the result of icp_tess.';
COMMENT ON COLUMN icp_tess_row.behaviour IS 'win_rate, cycle, effort or retention; NULL in the one row of an answer that nothing could be compared for.';
COMMENT ON COLUMN icp_tess_row.differs IS 'Whether the segments differ in it: p_adjusted at most 0.05.';
COMMENT ON COLUMN icp_tess_row.explained IS 'Share of its variance between the segments, beyond what chance gives, 0 to 1 (cycle and effort: of their ranks).';
COMMENT ON COLUMN icp_tess_row.p IS 'How often companies placed in segments at random differ as much.';
COMMENT ON COLUMN icp_tess_row.p_adjusted IS 'The same over all behaviours tested (Holm 1979).';
COMMENT ON COLUMN icp_tess_row.n IS 'Deals whose behaviour and segment are known; of retention, companies.';
COMMENT ON COLUMN icp_tess_row.n_companies IS 'Their companies: the independent units of the test.';
COMMENT ON COLUMN icp_tess_row.segments IS 'Segments compared.';
COMMENT ON COLUMN icp_tess_row.least IS 'The segment with the smallest mean, of those in which the behaviour is known of enough companies (tess.min_companies); NULL: none.';
COMMENT ON COLUMN icp_tess_row.least_value IS 'That mean: a share (win_rate, retention), days (cycle), touches or hours (effort).';
COMMENT ON COLUMN icp_tess_row.most IS 'The segment with the largest mean.';
COMMENT ON COLUMN icp_tess_row.most_value IS 'That mean.';
COMMENT ON COLUMN icp_tess_row.verdict IS 'Of the segments as a whole: segmentation; classification, not segmentation (they differ in no behaviour); no segments (there are fewer than two); too little data (fewer than 50 companies or 10 deals of either outcome, and nothing differs).';
COMMENT ON COLUMN icp_tess_row.note IS 'How segments were made, and which were left out.';

CREATE FUNCTION icp_tess_final(state icp_sample) RETURNS icp_tess_row[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_tess_final(icp_sample) IS 'Final function of icp_tess.';
CREATE AGGREGATE icp_tess(deal record, segment text, options jsonb) (
    SFUNC = icp_sample_add, STYPE = icp_sample, SSPACE = 100000000, COMBINEFUNC = icp_sample_merge,
    FINALFUNC = icp_tess_final, FINALFUNC_MODIFY = READ_ONLY, PARALLEL = SAFE);
COMMENT ON AGGREGATE icp_tess(record, text, jsonb) IS
'Whether the segments of closed deals differ in win rate, cycle, effort and retention; company by company. segment: the name of a column (text or boolean; a number of more than 20 values is cut at its quarters), or a level (firmographic, technographic, situational, psychographic), whose features then form the segments. Options: those of icp_fit, and {"tess": {"min_companies": 5}}, below which a segment is left out. No rows: NULL. Errors: those of icp_fit; neither such a column nor such a level (42703).';
CREATE AGGREGATE icp_tess(deal jsonb, segment text, options jsonb) (
    SFUNC = icp_sample_add, STYPE = icp_sample, SSPACE = 100000000, COMBINEFUNC = icp_sample_merge,
    FINALFUNC = icp_tess_final, FINALFUNC_MODIFY = READ_ONLY, PARALLEL = SAFE);
COMMENT ON AGGREGATE icp_tess(jsonb, text, jsonb) IS 'The same over JSON objects.';
