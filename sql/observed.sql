-- What was known of a customer at a fixed age: value to date, and the last day that counts.

CREATE FUNCTION icp_observed_until(closed_on date, as_of date, age integer DEFAULT 180) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE WHEN icp_observed_until.closed_on OPERATOR(pg_catalog.+) icp_observed_until.age OPERATOR(pg_catalog.<=) icp_observed_until.as_of
            THEN icp_observed_until.closed_on OPERATOR(pg_catalog.+) icp_observed_until.age END
$$;
COMMENT ON FUNCTION icp_observed_until(date, date, integer) IS
'The last day that counts for a deal as observed at a fixed age: age days after it was closed, as many as the option dqs.age_days. NULL where that day is still to come by as_of: such a deal is immature, and what is made of its orders and costs is unknown, never small. For times write icp_day(closed_at).';

CREATE FUNCTION icp_total_step(state numeric, amount numeric, happened_at date, until date) RETURNS numeric
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'icp_total_step_date';
COMMENT ON FUNCTION icp_total_step(numeric, numeric, date, date) IS 'Transition function of icp_total; a state of NaN means that the sum is not known.';
CREATE FUNCTION icp_total_step(state numeric, amount numeric, happened_at timestamp, until date) RETURNS numeric
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'icp_total_step_moment';
COMMENT ON FUNCTION icp_total_step(numeric, numeric, timestamp, date) IS 'Transition function of icp_total; a state of NaN means that the sum is not known.';
CREATE FUNCTION icp_total_step(state numeric, amount numeric, happened_at timestamptz, until date) RETURNS numeric
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'icp_total_step_moment';
COMMENT ON FUNCTION icp_total_step(numeric, numeric, timestamptz, date) IS 'Transition function of icp_total; a state of NaN means that the sum is not known.';
CREATE FUNCTION icp_total_final(state numeric) RETURNS numeric
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_total_final(numeric) IS 'Final function of icp_total: NULL for a sum that is not known.';

CREATE AGGREGATE icp_total(amount numeric, happened_at date, until date) (
    STYPE = numeric, SFUNC = icp_total_step, COMBINEFUNC = pg_catalog.numeric_add, FINALFUNC = icp_total_final, FINALFUNC_MODIFY = READ_ONLY, PARALLEL = SAFE);
COMMENT ON AGGREGATE icp_total(numeric, date, date) IS
'What a customer has brought until a day, inclusive: the exact sum of the amounts (margins, or revenue) that happened until then; returns are negative amounts. NULL, not a smaller sum, where one of these amounts is NULL (as icp_money gives it without a rate), NaN or infinite, where an amount has no day, and where until is NULL (icp_observed_until of an immature deal). A row without amount and day, as a LEFT JOIN gives it, is no order; a customer without any until then has brought 0. NULL of no rows.';
CREATE AGGREGATE icp_total(amount numeric, happened_at timestamp, until date) (
    STYPE = numeric, SFUNC = icp_total_step, COMBINEFUNC = pg_catalog.numeric_add, FINALFUNC = icp_total_final, FINALFUNC_MODIFY = READ_ONLY, PARALLEL = SAFE);
COMMENT ON AGGREGATE icp_total(numeric, timestamp, date) IS 'What a customer has brought until a day, as icp_total of dates; the day of happened_at is as it is written.';
CREATE AGGREGATE icp_total(amount numeric, happened_at timestamptz, until date) (
    STYPE = numeric, SFUNC = icp_total_step, COMBINEFUNC = pg_catalog.numeric_add, FINALFUNC = icp_total_final, FINALFUNC_MODIFY = READ_ONLY, PARALLEL = SAFE);
COMMENT ON AGGREGATE icp_total(numeric, timestamptz, date) IS
'What a customer has brought until a day, as icp_total of dates; the day of happened_at is that of UTC, never of the session. For another zone write icp_day(happened_at, zone).';
