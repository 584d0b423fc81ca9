-- Which segments to choose.

CREATE TYPE icp_attractiveness_row AS (
    rank bigint, segment text, score double precision, volume double precision, competition double precision, fit double precision,
    speed double precision, coverage double precision, choose boolean);
COMMENT ON TYPE icp_attractiveness_row IS 'How attractive a segment is: element of the result of icp_attractiveness.';
COMMENT ON COLUMN icp_attractiveness_row.rank IS 'From 1, the most attractive; equal scores in the order of the names. NULL without a score.';
COMMENT ON COLUMN icp_attractiveness_row.segment IS 'The segment.';
COMMENT ON COLUMN icp_attractiveness_row.score IS '0 to 10: the weighted mean of the marks that are known; NULL where less than half of the weight is known.';
COMMENT ON COLUMN icp_attractiveness_row.volume IS 'What its volume adds to the score. The four parts total the score exactly; NULL where the mark is not known.';
COMMENT ON COLUMN icp_attractiveness_row.competition IS 'What competition adds: the less of it, the more.';
COMMENT ON COLUMN icp_attractiveness_row.fit IS 'What the fit with one''s competences adds.';
COMMENT ON COLUMN icp_attractiveness_row.speed IS 'What the speed of its deals adds.';
COMMENT ON COLUMN icp_attractiveness_row.coverage IS 'Share of the weight whose marks are known, 0 to 1.';
COMMENT ON COLUMN icp_attractiveness_row.choose IS 'Whether it is one of the two or three to choose.';

CREATE FUNCTION icp_attractiveness_final(state icp_sample) RETURNS icp_attractiveness_row[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_attractiveness_final(icp_sample) IS 'Final function of icp_attractiveness.';
CREATE AGGREGATE icp_attractiveness(segment record, options jsonb) (
    SFUNC = icp_sample_add, STYPE = icp_sample, SSPACE = 1000000, COMBINEFUNC = icp_sample_merge,
    FINALFUNC = icp_attractiveness_final, FINALFUNC_MODIFY = READ_ONLY, PARALLEL = SAFE);
COMMENT ON AGGREGATE icp_attractiveness(record, jsonb) IS
'Ranks segments, one a row with the columns segment, volume, competition, fit, speed: marks from 0 to 10, or numbers that the option scales turns into marks. Options: {"attractiveness": {"weights": {"volume": 2, "fit": 1}, "scales": {"speed": [180, 14]}, "choose": 2}}: weights, equal where none is given, 0 where some are and this is not; the values that mean 0 and 10; how many to choose (3, of three or fewer segments 2). No rows: NULL. Errors: no column segment (42703), a segment without a name or twice (21000), a mark out of range, an unknown option.';
CREATE AGGREGATE icp_attractiveness(segment jsonb, options jsonb) (
    SFUNC = icp_sample_add, STYPE = icp_sample, SSPACE = 1000000, COMBINEFUNC = icp_sample_merge,
    FINALFUNC = icp_attractiveness_final, FINALFUNC_MODIFY = READ_ONLY, PARALLEL = SAFE);
COMMENT ON AGGREGATE icp_attractiveness(jsonb, jsonb) IS 'The same over JSON objects.';
