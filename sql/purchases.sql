-- Purchases of a year, from orders.

CREATE FUNCTION icp_year_start(as_of date, year text DEFAULT 'rolling') RETURNS date
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF icp_year_start.year = 'rolling' THEN
        RETURN (icp_year_start.as_of - interval '1 year')::date + 1;
    ELSIF icp_year_start.year = 'calendar' THEN
        RETURN make_date(extract(year FROM icp_year_start.as_of)::integer, 1, 1);
    ELSIF icp_year_start.year IS NULL THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('"%s" is no kind of year', icp_year_start.year), HINT = 'The kinds are rolling and calendar.';
END
$$;
COMMENT ON FUNCTION icp_year_start(date, text) IS
'The first day of the year of purchases that ends with the day as_of: rolling, twelve months with as_of as their last day; calendar, 1 January of the year of as_of, so that on its first days next to nothing has been bought. NULL: NULL; another year is an error (22023).';

CREATE FUNCTION icp_in_year(happened_at date, as_of date, year text DEFAULT 'rolling') RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT happened_at OPERATOR(pg_catalog.<=) as_of AND happened_at OPERATOR(pg_catalog.>=) @extschema@.icp_year_start(as_of, year)
$$;
COMMENT ON FUNCTION icp_in_year(date, date, text) IS
'Whether a day lies in the year of purchases that ends with the day as_of (icp_year_start): coalesce(sum(amount) FILTER (WHERE icp_in_year(paid_on, date ''2025-10-01'')), 0). A NULL argument: NULL.';

CREATE FUNCTION icp_in_year(happened_at timestamp, as_of date, year text DEFAULT 'rolling') RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT @extschema@.icp_in_year(@extschema@.icp_day(happened_at), as_of, year)
$$;
COMMENT ON FUNCTION icp_in_year(timestamp, date, text) IS 'Whether a time without a zone lies in the year of purchases, by its own day: as icp_in_year of a date.';

CREATE FUNCTION icp_in_year(happened_at timestamptz, as_of date, year text DEFAULT 'rolling', zone text DEFAULT 'UTC') RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT @extschema@.icp_in_year(@extschema@.icp_day(happened_at, zone), as_of, year)
$$;
COMMENT ON FUNCTION icp_in_year(timestamptz, date, text, text) IS
'Whether a moment lies in the year of purchases, by its day in zone, never in that of the session: as icp_in_year of a date.';

CREATE TYPE icp_client_purchases AS (client_id text, purchases numeric, returned numeric, orders bigint, last_at date);
COMMENT ON TYPE icp_client_purchases IS 'What a client bought in a year: result of icp_purchases_in_year.';
COMMENT ON COLUMN icp_client_purchases.client_id IS 'The client, as text.';
COMMENT ON COLUMN icp_client_purchases.purchases IS 'Sum of the amounts of the year, returns taken off: negative where more was returned than bought.';
COMMENT ON COLUMN icp_client_purchases.returned IS 'Of that, what was returned: the negative amounts, as a figure of 0 or more.';
COMMENT ON COLUMN icp_client_purchases.orders IS 'Rows of the year with an amount above 0.';
COMMENT ON COLUMN icp_client_purchases.last_at IS 'The day of the latest of them; NULL where there is none.';

-- Runs a view of the user's, under the user's search_path: every name and operator of ours is written with its schema.
CREATE FUNCTION icp_purchases_in_year(orders regclass, as_of date, matrix text DEFAULT 'main', zone text DEFAULT 'UTC') RETURNS SETOF icp_client_purchases
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10000 AS $$
DECLARE
    needed CONSTANT pg_catalog.text := 'Give a view with client_id, happened_at, amount (below 0: a return).';
    types pg_catalog.jsonb;
    first_day pg_catalog.date;
BEGIN
    IF icp_purchases_in_year.as_of IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'the date up to which purchases count is NULL';
    END IF;
    types := @extschema@.icp_source_types(icp_purchases_in_year.orders, '{client_id,happened_at,amount}', needed);
    SELECT @extschema@.icp_year_start(icp_purchases_in_year.as_of, m.year) INTO first_day FROM @extschema@.icp_potential_matrices m
    WHERE m.matrix OPERATOR(pg_catalog.=) coalesce(icp_purchases_in_year.matrix, 'main');
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = pg_catalog.format('there is no potential matrix "%s"', icp_purchases_in_year.matrix),
            HINT = 'Insert its bounds into icp_potential_bounds.';
    END IF;
    RETURN QUERY EXECUTE pg_catalog.format(
        'SELECT o.client_id, coalesce(pg_catalog.sum(o.amount), 0), coalesce(OPERATOR(pg_catalog.-) pg_catalog.sum(o.amount) FILTER (WHERE o.amount OPERATOR(pg_catalog.<) 0), 0), '
        'pg_catalog.count(*) FILTER (WHERE o.amount OPERATOR(pg_catalog.>) 0), pg_catalog.max(o.happened_on) FILTER (WHERE o.amount OPERATOR(pg_catalog.>) 0) '
        'FROM (SELECT s.client_id::pg_catalog.text, %s AS amount, %s AS happened_on FROM %s s WHERE s.client_id IS NOT NULL) o '
        'WHERE o.happened_on OPERATOR(pg_catalog.>=) $1 AND o.happened_on OPERATOR(pg_catalog.<=) $2 GROUP BY o.client_id',
        @extschema@.icp_source_number(types, 'amount'),
        @extschema@.icp_source_day(types, 'happened_at', coalesce(icp_purchases_in_year.zone, 'UTC')),
        icp_purchases_in_year.orders) USING first_day, icp_purchases_in_year.as_of;
END
$$;
COMMENT ON FUNCTION icp_purchases_in_year(regclass, date, text, text) IS
'What each client bought in the year that ends with the day as_of, rolling or calendar as the bounds of the matrix say. orders: a view with client_id, happened_at (date, timestamp, timestamptz, whose day is that in zone), amount. Amounts below 0 are returns and count against purchases. Clients without an order in the year have no row: with coalesce(…, 0) they bought nothing, while purchases that are NULL leave a client unplaced.';
