-- Engagement: weights of a lead's events, halved with every half-life since.

CREATE TYPE icp_engagement;
CREATE FUNCTION icp_engagement_in(cstring) RETURNS icp_engagement
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_engagement_in(cstring) IS 'Input of icp_engagement.';
CREATE FUNCTION icp_engagement_out(icp_engagement) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_engagement_out(icp_engagement) IS 'Output of icp_engagement.';
CREATE FUNCTION icp_engagement_recv(internal) RETURNS icp_engagement
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_engagement_recv(internal) IS 'Binary input of icp_engagement.';
CREATE FUNCTION icp_engagement_send(icp_engagement) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_engagement_send(icp_engagement) IS 'Binary output of icp_engagement.';
CREATE TYPE icp_engagement (
    INPUT = icp_engagement_in, OUTPUT = icp_engagement_out, RECEIVE = icp_engagement_recv, SEND = icp_engagement_send,
    ALIGNMENT = double, STORAGE = extended);
COMMENT ON TYPE icp_engagement IS
'How engaged a lead is: its events, made by icp_engagement_agg, merged by icp_engagement_merge, read by icp_engagement_at. The latest 64 events are kept as they are, earlier ones as an exact sum: at most 1,200 bytes. The same events in any order, split and merged in any way, give the same bytes. Its text is JSON without loss.';

CREATE FUNCTION icp_engagement_step(state icp_engagement, weight double precision, happened_at timestamptz, half_life interval) RETURNS icp_engagement
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'icp_engagement_step_moment';
COMMENT ON FUNCTION icp_engagement_step(icp_engagement, double precision, timestamptz, interval) IS 'Transition function of icp_engagement_agg: the engagement with one more event; a NULL state is an empty one.';
CREATE FUNCTION icp_engagement_step(state icp_engagement, weight double precision, happened_at timestamp, half_life interval) RETURNS icp_engagement
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'icp_engagement_step_moment';
COMMENT ON FUNCTION icp_engagement_step(icp_engagement, double precision, timestamp, interval) IS 'Transition function of icp_engagement_agg: the engagement with one more event; a NULL state is an empty one.';
CREATE FUNCTION icp_engagement_step(state icp_engagement, weight double precision, happened_at date, half_life interval) RETURNS icp_engagement
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'icp_engagement_step_date';
COMMENT ON FUNCTION icp_engagement_step(icp_engagement, double precision, date, interval) IS 'Transition function of icp_engagement_agg: the engagement with one more event; a NULL state is an empty one.';
CREATE FUNCTION icp_engagement_combine(a icp_engagement, b icp_engagement) RETURNS icp_engagement
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_engagement_combine(icp_engagement, icp_engagement) IS
'The engagement of the events of both; the other one where one is NULL. Different half-lives are an error (22023).';

CREATE AGGREGATE icp_engagement_agg(weight double precision, happened_at timestamptz, half_life interval) (
    STYPE = icp_engagement, SFUNC = icp_engagement_step, COMBINEFUNC = icp_engagement_combine, SSPACE = 1176, PARALLEL = SAFE);
COMMENT ON AGGREGATE icp_engagement_agg(double precision, timestamptz, interval) IS
'Engagement of a lead: the sum of the weights of its events, each halved with every half_life that has passed since happened_at. A weight may be negative (unsubscribed); it is kept as a multiple of 2^-32. An event whose weight or time is NULL does not count; NULL of none. A month of half_life is 30 days. Errors (22023): a weight that is not a number from -1e9 to 1e9, an infinite time, a half-life that is NULL, not positive or not the same for all events.';

CREATE AGGREGATE icp_engagement_agg(weight double precision, happened_at timestamp, half_life interval) (
    STYPE = icp_engagement, SFUNC = icp_engagement_step, COMBINEFUNC = icp_engagement_combine, SSPACE = 1176, PARALLEL = SAFE);
COMMENT ON AGGREGATE icp_engagement_agg(double precision, timestamp, interval) IS
'Engagement of a lead, as icp_engagement_agg of timestamptz; happened_at is a time without a zone, read in UTC, never in the zone of the session.';

CREATE AGGREGATE icp_engagement_agg(weight double precision, happened_at date, half_life interval) (
    STYPE = icp_engagement, SFUNC = icp_engagement_step, COMBINEFUNC = icp_engagement_combine, SSPACE = 1176, PARALLEL = SAFE);
COMMENT ON AGGREGATE icp_engagement_agg(double precision, date, interval) IS
'Engagement of a lead, as icp_engagement_agg of timestamptz; happened_at is a date, taken at midnight UTC, never in the zone of the session.';

CREATE AGGREGATE icp_engagement_merge(e icp_engagement) (
    STYPE = icp_engagement, SFUNC = icp_engagement_combine, COMBINEFUNC = icp_engagement_combine, SSPACE = 1176, PARALLEL = SAFE);
COMMENT ON AGGREGATE icp_engagement_merge(icp_engagement) IS
'The engagement of all events of the engagements, byte for byte the one that icp_engagement_agg makes of the events; NULLs are passed over, NULL of none. Different half-lives are an error (22023).';

CREATE FUNCTION icp_engagement_at(e icp_engagement, as_of timestamptz) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'icp_engagement_at_moment';
COMMENT ON FUNCTION icp_engagement_at(icp_engagement, timestamptz) IS
'The engagement as of a time: events after it do not count, so the figure is the one that was known then. Only the latest 64 events can be left out: an as_of before those that are kept as a sum (icp_engagement_known_from) is an error (22023), never a wrong figure; aggregate FILTER (WHERE happened_at <= …) then. An infinite time is an error.';
CREATE FUNCTION icp_engagement_at(e icp_engagement, as_of timestamp) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'icp_engagement_at_moment';
COMMENT ON FUNCTION icp_engagement_at(icp_engagement, timestamp) IS
'The engagement as of a time, as icp_engagement_at of timestamptz; as_of is a time without a zone, read in UTC, never in the zone of the session.';
CREATE FUNCTION icp_engagement_at(e icp_engagement, as_of date) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'icp_engagement_at_date';
COMMENT ON FUNCTION icp_engagement_at(icp_engagement, date) IS
'The engagement as of a time, as icp_engagement_at of timestamptz; as_of is a date, taken at midnight UTC, never in the zone of the session.';
CREATE FUNCTION icp_engagement_known_from(e icp_engagement) RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_engagement_known_from(icp_engagement) IS
'The earliest time that icp_engagement_at can be asked for: that of the latest event that is kept in a sum only; -infinity where every event is kept, up to 64.';
