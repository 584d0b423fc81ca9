-- Intervals of shares and rates, for views that count.

CREATE TYPE icp_interval AS (lo double precision, hi double precision);
COMMENT ON TYPE icp_interval IS 'An interval: result of icp_share_interval and icp_rate_interval.';
COMMENT ON COLUMN icp_interval.lo IS 'Its lower end.';
COMMENT ON COLUMN icp_interval.hi IS 'Its upper end.';

CREATE FUNCTION icp_share_interval(seen bigint, number bigint) RETURNS icp_interval
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_share_interval(bigint, bigint) IS
'95 % interval of a share, seen of number independent ones (Wilson 1927). number 0: NULL. A count below 0 or above number is an error (22023).';

CREATE FUNCTION icp_rate_interval(events bigint, exposure double precision) RETURNS icp_interval
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_rate_interval(bigint, double precision) IS
'95 % interval of a rate, events in an exposure (client-years, days): quantiles of Gamma(events + 1/2, exposure), Jeffreys'' prior (1946); from 0 where nothing happened. No events in no exposure: NULL. Events below 0, or in an exposure of 0 or less, are an error (22023).';
