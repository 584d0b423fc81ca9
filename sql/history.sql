-- Histories: a customer's purchases as a small exact value.

CREATE TYPE ltv_history;
CREATE FUNCTION ltv_history_in(cstring) RETURNS ltv_history
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv_history_in(cstring) IS 'Input of ltv_history.';
CREATE FUNCTION ltv_history_out(ltv_history) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv_history_out(ltv_history) IS 'Output of ltv_history.';
CREATE FUNCTION ltv_history_recv(internal) RETURNS ltv_history
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv_history_recv(internal) IS 'Binary input of ltv_history.';
CREATE FUNCTION ltv_history_send(ltv_history) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv_history_send(ltv_history) IS 'Binary output of ltv_history.';
CREATE TYPE ltv_history (
    INPUT = ltv_history_in, OUTPUT = ltv_history_out, RECEIVE = ltv_history_recv, SEND = ltv_history_send,
    ALIGNMENT = double, STORAGE = extended);
COMMENT ON TYPE ltv_history IS
'A customers purchases up to a common end, made by ltv_history_agg, merged by ltv_history_merge, read by ltv_history_summary, ltv_fit and ltv: the days with orders and the exact sum of each days amounts, 24 bytes a day, at most 36,525 days; or the four numbers of ltv_history_of. The same orders in any order, split and merged in any way, give the same bytes. Its text is JSON without loss.';

CREATE FUNCTION ltv_history_step(state ltv_history, happened_at date, amount double precision, until date) RETURNS ltv_history
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'ltv_history_step_date';
COMMENT ON FUNCTION ltv_history_step(ltv_history, date, double precision, date) IS 'Transition function of ltv_history_agg: the history with one more order; a NULL state is an empty one.';
CREATE FUNCTION ltv_history_step(state ltv_history, happened_at timestamp, amount double precision, until timestamp) RETURNS ltv_history
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'ltv_history_step_moment';
COMMENT ON FUNCTION ltv_history_step(ltv_history, timestamp, double precision, timestamp) IS 'Transition function of ltv_history_agg: the history with one more order; a NULL state is an empty one.';
CREATE FUNCTION ltv_history_step(state ltv_history, happened_at timestamptz, amount double precision, until timestamptz) RETURNS ltv_history
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'ltv_history_step_moment';
COMMENT ON FUNCTION ltv_history_step(ltv_history, timestamptz, double precision, timestamptz) IS 'Transition function of ltv_history_agg: the history with one more order; a NULL state is an empty one.';
CREATE FUNCTION ltv_history_step(state ltv_history, happened_at timestamptz, amount double precision, until date) RETURNS ltv_history
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'ltv_history_step_moment_date';
COMMENT ON FUNCTION ltv_history_step(ltv_history, timestamptz, double precision, date) IS 'Transition function of ltv_history_agg: the history with one more order; a NULL state is an empty one.';
CREATE FUNCTION ltv_history_step(state ltv_history, happened_at timestamp, amount double precision, until date) RETURNS ltv_history
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'ltv_history_step_moment_date';
COMMENT ON FUNCTION ltv_history_step(ltv_history, timestamp, double precision, date) IS 'Transition function of ltv_history_agg: the history with one more order; a NULL state is an empty one.';
CREATE FUNCTION ltv_history_combine(a ltv_history, b ltv_history) RETURNS ltv_history
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv_history_combine(ltv_history, ltv_history) IS
'The history of the orders of both; the other one where one is NULL. Different ends, and histories made from numbers, are an error (22023).';

CREATE AGGREGATE ltv_history_agg(happened_at date, amount double precision, until date) (
    STYPE = ltv_history, SFUNC = ltv_history_step, COMBINEFUNC = ltv_history_combine, SSPACE = 512, PARALLEL = SAFE);
COMMENT ON AGGREGATE ltv_history_agg(date, double precision, date) IS
'Purchases of one customer up to the day until. Orders of one day are one purchase; amounts of a day add up. A day is a purchase where they add up to more than zero, or to zero with nothing returned; returns and cancellations are negative amounts and reduce the money of their day, the mean spend and the total. An order whose day or amount is NULL, or that lies after until, does not count; NULL where none has both. Until, the last day up to which orders are complete, is required: without a common end everyone looks alive. Errors (22023): until NULL, infinite or not the same for all orders; an infinite day; an amount that is not a number from -1e15 to 1e15. More than 36,525 days: 54000.';
CREATE AGGREGATE ltv_history_agg(happened_at timestamp, amount double precision, until timestamp) (
    STYPE = ltv_history, SFUNC = ltv_history_step, COMBINEFUNC = ltv_history_combine, SSPACE = 512, PARALLEL = SAFE);
COMMENT ON AGGREGATE ltv_history_agg(timestamp, double precision, timestamp) IS
'The same of times without a zone: their days as they are written, whatever the zone of the session.';
CREATE AGGREGATE ltv_history_agg(happened_at timestamptz, amount double precision, until timestamptz) (
    STYPE = ltv_history, SFUNC = ltv_history_step, COMBINEFUNC = ltv_history_combine, SSPACE = 512, PARALLEL = SAFE);
COMMENT ON AGGREGATE ltv_history_agg(timestamptz, double precision, timestamptz) IS
'The same of moments: their days in UTC, whatever the zone of the session. Only moments may have a moment as their end: with other times PostgreSQL would cast those in the zone of the session.';
CREATE AGGREGATE ltv_history_agg(happened_at timestamptz, amount double precision, until date) (
    STYPE = ltv_history, SFUNC = ltv_history_step, COMBINEFUNC = ltv_history_combine, SSPACE = 512, PARALLEL = SAFE);
COMMENT ON AGGREGATE ltv_history_agg(timestamptz, double precision, date) IS
'The same of moments with the end as a day: their days in UTC, whatever the zone of the session.';
CREATE AGGREGATE ltv_history_agg(happened_at timestamp, amount double precision, until date) (
    STYPE = ltv_history, SFUNC = ltv_history_step, COMBINEFUNC = ltv_history_combine, SSPACE = 512, PARALLEL = SAFE);
COMMENT ON AGGREGATE ltv_history_agg(timestamp, double precision, date) IS
'The same of times without a zone with the end as a day.';
CREATE AGGREGATE ltv_history_merge(history ltv_history) (
    STYPE = ltv_history, SFUNC = ltv_history_combine, COMBINEFUNC = ltv_history_combine, SSPACE = 512, PARALLEL = SAFE);
COMMENT ON AGGREGATE ltv_history_merge(ltv_history) IS
'The history of all orders of the histories, byte for byte the one that ltv_history_agg makes of the orders: of the branches of one customer, or of partitions. NULLs are passed over, NULL of none. Different ends, and histories made from numbers, are an error (22023).';

CREATE FUNCTION ltv_history_of(frequency double precision, recency double precision, age double precision, mean_spend double precision, weight double precision DEFAULT 1) RETURNS ltv_history
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv_history_of(double precision, double precision, double precision, double precision, double precision) IS
'A history from four numbers: repeat purchases (without the first), weeks from the first purchase to the last, weeks from the first purchase to the end, mean amount of the repeat purchases (NULL: not known); and for how many customers it stands. For the option period the weeks must be those of whole periods. NULL where one of the first three is NULL. What contradicts itself is an error (22023): a frequency that is not a whole number from 0, a recency above the age, above 0 without repeat purchases or 0 with some, a negative mean, a weight that is not positive. Weights are kept as multiples of 2^-20.';

CREATE FUNCTION ltv_history_until(history ltv_history, day date) RETURNS ltv_history
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv_history_until(ltv_history, date) IS
'The history as it was at the end of an earlier day, byte for byte the one of ltv_history_agg with that day as until. A day after the end, and a history made from numbers, are an error (22023).';

CREATE TYPE ltv_history_parts AS (
    frequency bigint, recency double precision, age double precision, mean_spend double precision, first_spend double precision,
    total double precision, purchases bigint, weight double precision, until date);
COMMENT ON TYPE ltv_history_parts IS 'What a history says: result of ltv_history_summary.';
COMMENT ON COLUMN ltv_history_parts.frequency IS 'Days of purchase after the first; NULL without a purchase.';
COMMENT ON COLUMN ltv_history_parts.recency IS 'Weeks from the first purchase to the last; 0 where there is one.';
COMMENT ON COLUMN ltv_history_parts.age IS 'Weeks from the first purchase to the end.';
COMMENT ON COLUMN ltv_history_parts.mean_spend IS 'Mean amount of the repeat purchases, net of returns after the first purchase, never negative; NULL without repeat purchases.';
COMMENT ON COLUMN ltv_history_parts.first_spend IS 'Amount of the first day of purchase; NULL where the history was made from numbers.';
COMMENT ON COLUMN ltv_history_parts.total IS 'All money to the end, net of returns, so it can be negative; of numbers that of the repeat purchases alone.';
COMMENT ON COLUMN ltv_history_parts.purchases IS 'Days of purchase.';
COMMENT ON COLUMN ltv_history_parts.weight IS 'For how many customers the history stands.';
COMMENT ON COLUMN ltv_history_parts.until IS 'The last day that counts; NULL where the history was made from numbers.';

CREATE FUNCTION ltv_history_summary(history ltv_history) RETURNS ltv_history_parts
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv_history_summary(ltv_history) IS 'Frequency, recency, age and spend of a history, as the models of purchases read them; times in weeks.';
