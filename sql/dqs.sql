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

