-- Deal quality score (DQS): 0 to 100 per won deal, from LTV/CAC, speed, retention and effort.

CREATE TYPE dqs_weights;
CREATE FUNCTION dqs_weights_in(cstring) RETURNS dqs_weights
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION dqs_weights_in(cstring) IS 'Input of dqs_weights.';
CREATE FUNCTION dqs_weights_out(dqs_weights) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION dqs_weights_out(dqs_weights) IS 'Output of dqs_weights.';
CREATE FUNCTION dqs_weights_recv(internal) RETURNS dqs_weights
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION dqs_weights_recv(internal) IS 'Binary input of dqs_weights.';
CREATE FUNCTION dqs_weights_send(dqs_weights) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION dqs_weights_send(dqs_weights) IS 'Binary output of dqs_weights.';
CREATE TYPE dqs_weights (
    INPUT = dqs_weights_in, OUTPUT = dqs_weights_out, RECEIVE = dqs_weights_recv, SEND = dqs_weights_send,
    STORAGE = extended);
COMMENT ON TYPE dqs_weights IS
'What each component of the deal quality score counts, in points that total 100: ltv_cac=30,speed=25,retention=25,effort=20 (a component left out weighs 0), or a preset: default (these), saas (30, 15, 40, 15: retention above speed), project (30, 35, 10, 25: speed above retention).';

CREATE TYPE dqs_scale;
CREATE FUNCTION dqs_scale_in(cstring) RETURNS dqs_scale
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION dqs_scale_in(cstring) IS 'Input of dqs_scale.';
CREATE FUNCTION dqs_scale_out(dqs_scale) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION dqs_scale_out(dqs_scale) IS 'Output of dqs_scale.';
CREATE FUNCTION dqs_scale_recv(internal) RETURNS dqs_scale
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION dqs_scale_recv(internal) IS 'Binary input of dqs_scale.';
CREATE FUNCTION dqs_scale_send(dqs_scale) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION dqs_scale_send(dqs_scale) IS 'Binary output of dqs_scale.';
CREATE TYPE dqs_scale (
    INPUT = dqs_scale_in, OUTPUT = dqs_scale_out, RECEIVE = dqs_scale_recv, SEND = dqs_scale_send,
    STORAGE = extended);
COMMENT ON TYPE dqs_scale IS
'Monotone piecewise-linear map of each raw component of a deal (ltv_cac: a ratio; speed: days; retention; effort: touches or hours) to 0–100, as JSON anchors [raw, score]: {"ltv_cac": [[0,0],[3,60],[10,100]], "speed": …, "retention": …, "effort": …}; outside the anchors the score stays, a component with [] is never known. Presets: default, hours (effort in hours), identity (components that are 0–100 already). A relative scale ("relative": true, made by dqs_calibrate) holds percentiles of one''s own history and bounds of bands of its own.';

CREATE FUNCTION dqs(
    ltv double precision, cac double precision, cycle_days double precision, retention double precision, effort double precision,
    weights dqs_weights DEFAULT 'default', scale dqs_scale DEFAULT 'default')
RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION dqs(double precision, double precision, double precision, double precision, double precision, dqs_weights, dqs_scale) IS
'Deal quality score, 0 to 100: the weighted sum of LTV/CAC, speed (cycle_days), retention and effort, each brought to 0–100 by the scale. A component that is NULL (LTV/CAC also where cac is 0) drops out and the weights of the others are renormalised; NULL where less than half of the weight is known. ltv and cac share a currency; effort is in touches (scale default) or hours (scale hours). A negative cac, cycle_days, retention or effort, a retention above 1 on a scale that ends at 1, NaN or an infinity is an error (22023).';

CREATE TYPE dqs_part AS (
    component text,
    raw double precision,
    score double precision,
    weight double precision,
    contribution double precision);
COMMENT ON TYPE dqs_part IS 'A part of a deal quality score, as dqs_parts returns it.';
COMMENT ON COLUMN dqs_part.component IS 'ltv_cac, speed, retention or effort.';
COMMENT ON COLUMN dqs_part.raw IS 'The component before scaling: LTV/CAC, days, retention, effort; NULL where unknown.';
COMMENT ON COLUMN dqs_part.score IS 'The component on the scale, 0 to 100; NULL where unknown.';
COMMENT ON COLUMN dqs_part.weight IS 'Its weight in points of 100, renormalised over the known components; 0 where unknown, NULL where there is no score.';
COMMENT ON COLUMN dqs_part.contribution IS 'weight × score / 100, rounded to a multiple of 2^-32; the contributions sum to the score exactly, in any order. 0 where unknown, NULL where there is no score.';

CREATE FUNCTION dqs_parts(
    ltv double precision, cac double precision, cycle_days double precision, retention double precision, effort double precision,
    weights dqs_weights DEFAULT 'default', scale dqs_scale DEFAULT 'default')
RETURNS SETOF dqs_part
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 4 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION dqs_parts(double precision, double precision, double precision, double precision, double precision, dqs_weights, dqs_scale) IS
'The four parts of a deal quality score; arguments, NULLs and errors as in dqs(). The contributions sum to dqs() exactly. No rows where weights or scale is NULL.';

CREATE FUNCTION dqs_band(dqs double precision, scale dqs_scale DEFAULT 'default')
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION dqs_band(double precision, dqs_scale) IS
'Band of a deal quality score, compared unrounded: problem below 40, ordinary from 40 to 70, gold above 70; on a relative scale its own bounds. A score outside 0–100 is an error (22023).';

CREATE TYPE dqs_calibration;
CREATE FUNCTION dqs_calibration_in(cstring) RETURNS dqs_calibration
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION dqs_calibration_in(cstring) IS 'Input of dqs_calibration.';
CREATE FUNCTION dqs_calibration_out(dqs_calibration) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION dqs_calibration_out(dqs_calibration) IS 'Output of dqs_calibration.';
CREATE FUNCTION dqs_calibration_recv(internal) RETURNS dqs_calibration
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION dqs_calibration_recv(internal) IS 'Binary input of dqs_calibration.';
CREATE FUNCTION dqs_calibration_send(dqs_calibration) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION dqs_calibration_send(dqs_calibration) IS 'Binary output of dqs_calibration.';
CREATE TYPE dqs_calibration (
    INPUT = dqs_calibration_in, OUTPUT = dqs_calibration_out, RECEIVE = dqs_calibration_recv, SEND = dqs_calibration_send,
    ALIGNMENT = double, STORAGE = extended);
COMMENT ON TYPE dqs_calibration IS
'Running state of the aggregate dqs_calibrate: a function of the multiset of deals, at most 49,224 bytes, merged exactly in any order.';

CREATE FUNCTION dqs_calibrate_add(
    state dqs_calibration,
    ltv double precision, cac double precision, cycle_days double precision, retention double precision, effort double precision)
RETURNS dqs_calibration
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION dqs_calibrate_add(dqs_calibration, double precision, double precision, double precision, double precision, double precision) IS
'Adds a deal to the state of dqs_calibrate; a NULL state is an empty one.';
CREATE FUNCTION dqs_calibrate_combine(dqs_calibration, dqs_calibration) RETURNS dqs_calibration
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION dqs_calibrate_combine(dqs_calibration, dqs_calibration) IS 'Merges two states of dqs_calibrate exactly.';
CREATE FUNCTION dqs_calibrate_final(state dqs_calibration) RETURNS dqs_scale
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION dqs_calibrate_final(dqs_calibration) IS 'The relative scale of a state of dqs_calibrate; NULL where no deal had a known component.';

CREATE AGGREGATE dqs_calibrate(
    ltv double precision, cac double precision, cycle_days double precision, retention double precision, effort double precision) (
    SFUNC = dqs_calibrate_add, STYPE = dqs_calibration, SSPACE = 49224,
    COMBINEFUNC = dqs_calibrate_combine,
    FINALFUNC = dqs_calibrate_final, FINALFUNC_MODIFY = READ_ONLY,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE dqs_calibrate(double precision, double precision, double precision, double precision, double precision) IS
'Freezes the percentiles of one''s own history into a relative dqs_scale: each component scores its mid-rank among these deals (0–100, mean 50; fewer days and less effort are better), and the bands are the 30th and 80th percentile of their scores under the default weights. Exact up to 101 distinct values of a component, within 1 point up to 256; beyond, half the share of the deals whose values fall into one of 256 bins is added. Bands stand on at most 512 distinct deals, chosen by hash (standard error 2 percent). NULLs and errors as in dqs(), but any retention of at least 0; NULL where nothing is known. The order of the rows does not matter.';

