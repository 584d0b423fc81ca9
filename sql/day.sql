-- The day of a time, whatever the session's time zone.

CREATE FUNCTION icp_day(at timestamptz, zone text DEFAULT 'UTC') RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT pg_catalog.timezone(icp_day.zone, icp_day.at)::pg_catalog.date
$$;
COMMENT ON FUNCTION icp_day(timestamptz, text) IS
'The day on which a moment lies in a zone, UTC unless another is named: never that of the session, which a cast to date follows. NULL of NULL; a zone that there is not is an error (22023).';
CREATE FUNCTION icp_day(at timestamp, zone text DEFAULT 'UTC') RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT icp_day.at::pg_catalog.date
$$;
COMMENT ON FUNCTION icp_day(timestamp, text) IS 'The day of a time without a zone, as it is written; the zone changes nothing. NULL of NULL.';
CREATE FUNCTION icp_day(at date, zone text DEFAULT 'UTC') RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT icp_day.at
$$;
COMMENT ON FUNCTION icp_day(date, text) IS 'The day itself; the zone changes nothing.';
