-- What functions that run a view of the user's need to know of its columns.

CREATE FUNCTION icp_source_types(source regclass, needed text[], hint text) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    types jsonb;
    missing text;
BEGIN
    SELECT jsonb_object_agg(a.attname, format_type(CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END, NULL)) INTO types
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = icp_source_types.source AND a.attnum > 0 AND NOT a.attisdropped;
    IF types IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_table', MESSAGE = 'the source does not exist', HINT = icp_source_types.hint;
    END IF;
    SELECT string_agg(c.name, ', ' ORDER BY c.n) INTO missing FROM unnest(icp_source_types.needed) WITH ORDINALITY c (name, n) WHERE NOT types ? c.name;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_column', MESSAGE = format('%s lacks the columns %s', icp_source_types.source, missing), HINT = icp_source_types.hint;
    END IF;
    RETURN types;
END
$$;
COMMENT ON FUNCTION icp_source_types(regclass, text[], text) IS
'The types of the columns of a table or view, by name; of a domain, the type that it is over. A source that is NULL or gone is an error (42P01), one that lacks needed columns another (42703); hint is their HINT.';

CREATE FUNCTION icp_source_zoned(types jsonb, name text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF types ->> name IN ('date', 'timestamp without time zone', 'timestamp with time zone') THEN
        RETURN types ->> name = 'timestamp with time zone';
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'datatype_mismatch', MESSAGE = format('the column %I of the source is no time', name),
        DETAIL = format('It is of type %s.', types ->> name), HINT = 'Give it as date, timestamp or timestamptz.';
END
$$;
COMMENT ON FUNCTION icp_source_zoned(jsonb, text) IS 'Whether a column of a source with these types is a moment (timestamptz), or a day or time without a zone. A column of another type is an error (42804).';

CREATE FUNCTION icp_source_time(types jsonb, name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
SELECT CASE WHEN NOT types ? name THEN 'NULL::pg_catalog.timestamptz' WHEN @extschema@.icp_source_zoned(types, name) THEN format('s.%I', name)
            ELSE format('pg_catalog.timezone(''UTC'', s.%I::pg_catalog.timestamp)', name) END
$$;
COMMENT ON FUNCTION icp_source_time(jsonb, text) IS
'The SQL of a time of the row s of a source whose columns have these types, as timestamptz: times without a zone are read in UTC, never in the zone of the session. NULL for a column that the source lacks.';

CREATE FUNCTION icp_source_day(types jsonb, name text, zone text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
SELECT format(CASE WHEN @extschema@.icp_source_zoned(types, name) THEN 'pg_catalog.timezone(%2$L, s.%1$I)::pg_catalog.date' ELSE 's.%1$I::pg_catalog.date' END, name, zone)
$$;
COMMENT ON FUNCTION icp_source_day(jsonb, text, text) IS
'The SQL of a day of the row s of a source whose columns have these types: that of a moment in the zone given, never in that of the session.';

CREATE FUNCTION icp_source_number(types jsonb, name text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT types ? name THEN
        RETURN 'NULL::pg_catalog.numeric';
    ELSIF types ->> name IN ('smallint', 'integer', 'bigint', 'money') THEN
        RETURN format('s.%I::pg_catalog.numeric', name);
    ELSIF types ->> name IN ('numeric', 'real', 'double precision') THEN
        -- The difference is 0 for all numbers but NaN and the infinities.
        RETURN format('CASE WHEN s.%1$I OPERATOR(pg_catalog.-) s.%1$I OPERATOR(pg_catalog.=) 0 THEN s.%1$I::pg_catalog.numeric END', name);
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'datatype_mismatch', MESSAGE = format('the column %I of the source is no number', name),
        DETAIL = format('It is of type %s.', types ->> name), HINT = format('Give it as numeric: %I::numeric.', name);
END
$$;
COMMENT ON FUNCTION icp_source_number(jsonb, text) IS
'The SQL of a number of the row s of a source whose columns have these types, as numeric: NaN and the infinities are NULL, and so is a column that the source lacks. A column of another type is an error (42804).';
