-- Rows kept for training: the state of the aggregates that learn from rows.

CREATE TYPE icp_sample;
CREATE FUNCTION icp_sample_in(cstring) RETURNS icp_sample
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_sample_in(cstring) IS 'Input of icp_sample.';
CREATE FUNCTION icp_sample_out(icp_sample) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_sample_out(icp_sample) IS 'Output of icp_sample.';
CREATE FUNCTION icp_sample_recv(internal) RETURNS icp_sample
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_sample_recv(internal) IS 'Binary input of icp_sample.';
CREATE FUNCTION icp_sample_send(icp_sample) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_sample_send(icp_sample) IS 'Binary output of icp_sample.';
CREATE TYPE icp_sample (
    INPUT = icp_sample_in, OUTPUT = icp_sample_out, RECEIVE = icp_sample_recv, SEND = icp_sample_send,
    ALIGNMENT = double, STORAGE = extended);
COMMENT ON TYPE icp_sample IS
'Rows seen by an aggregate, in a canonical form: all of them up to the option sample (100,000), beyond it those with the smallest seeded hashes, so that order, parallel workers and partitions change nothing. Its text is base64 of its bytes, lossless.';

CREATE FUNCTION icp_sample_add(state icp_sample, deal record, options jsonb) RETURNS icp_sample
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'icp_sample_add_record';
COMMENT ON FUNCTION icp_sample_add(icp_sample, record, jsonb) IS 'Transition function of icp_fit and icp_sample_agg over rows.';
CREATE FUNCTION icp_sample_add(state icp_sample, deal jsonb, options jsonb) RETURNS icp_sample
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'icp_sample_add_jsonb';
COMMENT ON FUNCTION icp_sample_add(icp_sample, jsonb, jsonb) IS 'Transition function of icp_fit and icp_sample_agg over JSON objects.';
CREATE FUNCTION icp_sample_merge(a icp_sample, b icp_sample) RETURNS icp_sample
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_sample_merge(icp_sample, icp_sample) IS 'Combine function of icp_fit and icp_sample_agg.';

CREATE AGGREGATE icp_sample_agg(deal record, options jsonb) (
    SFUNC = icp_sample_add, STYPE = icp_sample, SSPACE = 100000000, COMBINEFUNC = icp_sample_merge,
    FINALFUNC_MODIFY = READ_ONLY, PARALLEL = SAFE);
COMMENT ON AGGREGATE icp_sample_agg(record, jsonb) IS
'Keeps rows for learning, as icp_fit would learn from them with the same options. Rows that are NULL are passed over; no rows: NULL. Columns are matched by name; the options must be the same for all rows.';
CREATE AGGREGATE icp_sample_agg(deal jsonb, options jsonb) (
    SFUNC = icp_sample_add, STYPE = icp_sample, SSPACE = 100000000, COMBINEFUNC = icp_sample_merge,
    FINALFUNC_MODIFY = READ_ONLY, PARALLEL = SAFE);
COMMENT ON AGGREGATE icp_sample_agg(jsonb, jsonb) IS 'The same over JSON objects, one a row.';
