-- The sales cycle in days, from first contact to payment: calendar days or working days.

CREATE FUNCTION icp_working_days(first_day date, last_day date, holidays date[] DEFAULT NULL, weekend integer[] DEFAULT '{6,7}') RETURNS integer
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_working_days(date, date, date[], integer[]) IS
'Working days from first_day until last_day, which itself does not count (as busday_count of NumPy): 0 on the same day, 1 from Friday to Monday. weekend: ISO days of the week that are free, 1 Monday to 7 Sunday; {} none, NULL Saturday and Sunday. holidays: days that are free besides, in any order; NULL none. NULL where a day is NULL, infinite, or last_day lies before first_day. A day of the week other than 1 to 7 is an error (22023).';

CREATE FUNCTION icp_cycle_days(first_contact date, paid date, working boolean DEFAULT false, holidays date[] DEFAULT NULL, weekend integer[] DEFAULT '{6,7}', zone text DEFAULT 'UTC')
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE WHEN NOT (pg_catalog.isfinite(icp_cycle_days.first_contact) AND pg_catalog.isfinite(icp_cycle_days.paid)
                      AND icp_cycle_days.paid OPERATOR(pg_catalog.>=) icp_cycle_days.first_contact) THEN NULL
            WHEN icp_cycle_days.working THEN @extschema@.icp_working_days(icp_cycle_days.first_contact, icp_cycle_days.paid, icp_cycle_days.holidays, icp_cycle_days.weekend)
            ELSE icp_cycle_days.paid OPERATOR(pg_catalog.-) icp_cycle_days.first_contact END
$$;
COMMENT ON FUNCTION icp_cycle_days(date, date, boolean, date[], integer[], text) IS
'Days from first contact to payment: calendar days, or with working the working days by icp_working_days. Times are days of the zone, UTC unless another is named, never of the session; of dates the zone changes nothing. Each of the two may be a date, timestamp or timestamptz. NULL where one is not known, and where payment lies before first contact: such data are wrong, and a deals view that has both columns has them counted by icp_check.';
CREATE FUNCTION icp_cycle_days(first_contact date, paid timestamp, working boolean DEFAULT false, holidays date[] DEFAULT NULL, weekend integer[] DEFAULT '{6,7}', zone text DEFAULT 'UTC')
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT @extschema@.icp_cycle_days(icp_cycle_days.first_contact, @extschema@.icp_day(icp_cycle_days.paid, icp_cycle_days.zone), icp_cycle_days.working, icp_cycle_days.holidays, icp_cycle_days.weekend)
$$;
COMMENT ON FUNCTION icp_cycle_days(date, timestamp, boolean, date[], integer[], text) IS 'Days from first contact to payment, as icp_cycle_days of two dates.';
CREATE FUNCTION icp_cycle_days(first_contact date, paid timestamptz, working boolean DEFAULT false, holidays date[] DEFAULT NULL, weekend integer[] DEFAULT '{6,7}', zone text DEFAULT 'UTC')
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT @extschema@.icp_cycle_days(icp_cycle_days.first_contact, @extschema@.icp_day(icp_cycle_days.paid, icp_cycle_days.zone), icp_cycle_days.working, icp_cycle_days.holidays, icp_cycle_days.weekend)
$$;
COMMENT ON FUNCTION icp_cycle_days(date, timestamptz, boolean, date[], integer[], text) IS 'Days from first contact to payment, as icp_cycle_days of two dates.';
CREATE FUNCTION icp_cycle_days(first_contact timestamp, paid date, working boolean DEFAULT false, holidays date[] DEFAULT NULL, weekend integer[] DEFAULT '{6,7}', zone text DEFAULT 'UTC')
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT @extschema@.icp_cycle_days(@extschema@.icp_day(icp_cycle_days.first_contact, icp_cycle_days.zone), icp_cycle_days.paid, icp_cycle_days.working, icp_cycle_days.holidays, icp_cycle_days.weekend)
$$;
COMMENT ON FUNCTION icp_cycle_days(timestamp, date, boolean, date[], integer[], text) IS 'Days from first contact to payment, as icp_cycle_days of two dates.';
CREATE FUNCTION icp_cycle_days(first_contact timestamp, paid timestamp, working boolean DEFAULT false, holidays date[] DEFAULT NULL, weekend integer[] DEFAULT '{6,7}', zone text DEFAULT 'UTC')
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT @extschema@.icp_cycle_days(@extschema@.icp_day(icp_cycle_days.first_contact, icp_cycle_days.zone), @extschema@.icp_day(icp_cycle_days.paid, icp_cycle_days.zone), icp_cycle_days.working, icp_cycle_days.holidays, icp_cycle_days.weekend)
$$;
COMMENT ON FUNCTION icp_cycle_days(timestamp, timestamp, boolean, date[], integer[], text) IS 'Days from first contact to payment, as icp_cycle_days of two dates.';
CREATE FUNCTION icp_cycle_days(first_contact timestamp, paid timestamptz, working boolean DEFAULT false, holidays date[] DEFAULT NULL, weekend integer[] DEFAULT '{6,7}', zone text DEFAULT 'UTC')
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT @extschema@.icp_cycle_days(@extschema@.icp_day(icp_cycle_days.first_contact, icp_cycle_days.zone), @extschema@.icp_day(icp_cycle_days.paid, icp_cycle_days.zone), icp_cycle_days.working, icp_cycle_days.holidays, icp_cycle_days.weekend)
$$;
COMMENT ON FUNCTION icp_cycle_days(timestamp, timestamptz, boolean, date[], integer[], text) IS 'Days from first contact to payment, as icp_cycle_days of two dates.';
CREATE FUNCTION icp_cycle_days(first_contact timestamptz, paid date, working boolean DEFAULT false, holidays date[] DEFAULT NULL, weekend integer[] DEFAULT '{6,7}', zone text DEFAULT 'UTC')
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT @extschema@.icp_cycle_days(@extschema@.icp_day(icp_cycle_days.first_contact, icp_cycle_days.zone), icp_cycle_days.paid, icp_cycle_days.working, icp_cycle_days.holidays, icp_cycle_days.weekend)
$$;
COMMENT ON FUNCTION icp_cycle_days(timestamptz, date, boolean, date[], integer[], text) IS 'Days from first contact to payment, as icp_cycle_days of two dates.';
CREATE FUNCTION icp_cycle_days(first_contact timestamptz, paid timestamp, working boolean DEFAULT false, holidays date[] DEFAULT NULL, weekend integer[] DEFAULT '{6,7}', zone text DEFAULT 'UTC')
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT @extschema@.icp_cycle_days(@extschema@.icp_day(icp_cycle_days.first_contact, icp_cycle_days.zone), @extschema@.icp_day(icp_cycle_days.paid, icp_cycle_days.zone), icp_cycle_days.working, icp_cycle_days.holidays, icp_cycle_days.weekend)
$$;
COMMENT ON FUNCTION icp_cycle_days(timestamptz, timestamp, boolean, date[], integer[], text) IS 'Days from first contact to payment, as icp_cycle_days of two dates.';
CREATE FUNCTION icp_cycle_days(first_contact timestamptz, paid timestamptz, working boolean DEFAULT false, holidays date[] DEFAULT NULL, weekend integer[] DEFAULT '{6,7}', zone text DEFAULT 'UTC')
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT @extschema@.icp_cycle_days(@extschema@.icp_day(icp_cycle_days.first_contact, icp_cycle_days.zone), @extschema@.icp_day(icp_cycle_days.paid, icp_cycle_days.zone), icp_cycle_days.working, icp_cycle_days.holidays, icp_cycle_days.weekend)
$$;
COMMENT ON FUNCTION icp_cycle_days(timestamptz, timestamptz, boolean, date[], integer[], text) IS 'Days from first contact to payment, as icp_cycle_days of two dates.';
