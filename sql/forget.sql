-- Forgetting a lead, a company or a person.

CREATE TYPE icp_forgotten AS (table_name text, column_name text, action text, row_count bigint);
COMMENT ON TYPE icp_forgotten IS 'What icp_forget did to one table.';
COMMENT ON COLUMN icp_forgotten.table_name IS 'The table.';
COMMENT ON COLUMN icp_forgotten.column_name IS 'The column in which the id stood.';
COMMENT ON COLUMN icp_forgotten.action IS 'deleted: the rows are gone; emptied: the rows stay, without the name.';
COMMENT ON COLUMN icp_forgotten.row_count IS 'How many rows.';

CREATE FUNCTION icp_own_tables(OUT oid oid, OUT "position" bigint) RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
SELECT c.oid, row_number() OVER (ORDER BY (SELECT count(*) FROM pg_constraint k WHERE k.confrelid = c.oid AND k.contype = 'f' AND k.conrelid <> c.oid), c.relname)
FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid JOIN pg_class c ON c.oid = d.objid
WHERE d.refclassid = 'pg_extension'::regclass AND d.classid = 'pg_class'::regclass AND d.deptype = 'e' AND e.extname = 'icp'
  AND c.relkind IN ('r', 'p')
$$;
COMMENT ON FUNCTION icp_own_tables() IS 'The tables that belong to the extension; those that others refer to come last.';

CREATE FUNCTION icp_forget(kind text, id text) RETURNS SETOF icp_forgotten
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 10 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    names CONSTANT text[] := CASE icp_forget.kind
        WHEN 'lead' THEN '{lead_id}' WHEN 'company' THEN '{company_id,account_id,client_id,customer_id}'
        WHEN 'person' THEN '{manager,manager_id,person_id,contact_id,owner,owner_id,employee_id,author,created_by,updated_by,decided_by,decided_by_session,assigned_by,given_by,avoid,started_by,trained_by}' END;
    found record;
    empty text;
    leads text[] := '{}';
    clients text[];
    more text[];
    result @extschema@.icp_forgotten;
    condition text;
BEGIN
    IF names IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('"%s" cannot be forgotten', icp_forget.kind),
            HINT = 'The kinds are lead, company, person.';
    END IF;
    IF coalesce(icp_forget.id, '') = '' THEN
        RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'the id is NULL or empty';
    END IF;
    IF icp_forget.kind = 'lead' THEN
        leads := ARRAY[icp_forget.id];
        -- Under what names the potential matrix knows it, as far as these are not a client's.
        SELECT array_agg(DISTINCT p.client_id) INTO clients FROM @extschema@.icp_potential_placements p
        WHERE p.lead_id = icp_forget.id AND NOT EXISTS (SELECT FROM @extschema@.icp_potential_placements c WHERE c.client_id = p.client_id AND NOT c.lead);
    ELSIF icp_forget.kind = 'company' THEN
        -- With a company go its leads, as far as our own tables know them.
        FOR found IN SELECT c.oid::regclass AS relation, a.attname AS company FROM @extschema@.icp_own_tables() c
                     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = ANY (names) AND NOT a.attisdropped
                     JOIN pg_attribute l ON l.attrelid = c.oid AND l.attname = 'lead_id' AND NOT l.attisdropped ORDER BY c.position LOOP
            EXECUTE format('SELECT array_agg(DISTINCT lead_id::text) FROM %s WHERE %I::text = $1 AND lead_id IS NOT NULL', found.relation, found.company)
            INTO more USING icp_forget.id;
            leads := leads || coalesce(more, '{}');
        END LOOP;
    END IF;
    FOR found IN SELECT c.oid::regclass AS relation, a.attname AS name, a.attname = 'lead_id' AS lead, a.attnotnull AS needed, a.atttypid = 'text'::regtype AS plain,
                        -- A row of the person's own goes; of a row about something else only the name does.
                        icp_forget.kind <> 'person' OR EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND a.attnum = ANY (k.conkey)
                                                               AND (k.contype = 'p' OR k.contype = 'f' AND a.attnotnull)) AS whole
                 FROM @extschema@.icp_own_tables() c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                 WHERE a.attname = ANY (names) OR cardinality(leads) > 0 AND a.attname = 'lead_id'
                 ORDER BY c.position, a.attnum LOOP
        result.table_name := found.relation::text;
        result.column_name := found.name;
        more := CASE WHEN found.lead THEN leads ELSE ARRAY[icp_forget.id] END;
        condition := format('%I%s = ANY ($1)', found.name, CASE WHEN found.plain THEN '' ELSE '::text' END);
        result.action := NULL;
        -- Without a name where the table permits that, else with an empty one, else the row cannot do without it.
        FOR empty IN SELECT e FROM unnest(ARRAY['NULL', quote_literal('')]) WITH ORDINALITY u (e, n) WHERE NOT found.whole AND (n = 2 OR NOT found.needed) ORDER BY n LOOP
            BEGIN
                EXECUTE format('UPDATE %s SET %I = %s WHERE %s', found.relation, found.name, empty, condition) USING more;
                GET DIAGNOSTICS result.row_count = ROW_COUNT;
                result.action := 'emptied';
                EXIT;
            EXCEPTION WHEN integrity_constraint_violation OR not_null_violation OR check_violation OR foreign_key_violation OR unique_violation
                OR invalid_text_representation THEN
                NULL;
            END;
        END LOOP;
        IF result.action IS NULL THEN
            EXECUTE format('DELETE FROM %s WHERE %s', found.relation, condition) USING more;
            GET DIAGNOSTICS result.row_count = ROW_COUNT;
            result.action := 'deleted';
        END IF;
        CONTINUE WHEN result.row_count = 0;
        RETURN NEXT result;
    END LOOP;
    IF icp_forget.kind = 'person' THEN
        -- What is told of a lead, as messages and reasons, names people by whole strings.
        FOR found IN SELECT c.oid::regclass AS relation, a.attname AS name FROM @extschema@.icp_own_tables() c
                     JOIN pg_attribute a ON a.attrelid = c.oid AND a.atttypid = 'jsonb'::regtype AND NOT a.attisdropped
                     WHERE EXISTS (SELECT FROM pg_attribute l WHERE l.attrelid = c.oid AND l.attname = 'lead_id' AND NOT l.attisdropped)
                     ORDER BY c.position, a.attnum LOOP
            EXECUTE format('UPDATE %1$s SET %2$I = replace(%2$I::text, $1, ''""'')::jsonb WHERE strpos(%2$I::text, $1) > 0', found.relation, found.name)
            USING to_jsonb(icp_forget.id)::text;
            GET DIAGNOSTICS result.row_count = ROW_COUNT;
            CONTINUE WHEN result.row_count = 0;
            result := ROW(found.relation::text, found.name, 'emptied', result.row_count);
            RETURN NEXT result;
        END LOOP;
    END IF;
    DELETE FROM @extschema@.icp_potential_stops s WHERE s.client_id = ANY (clients);
    GET DIAGNOSTICS result.row_count = ROW_COUNT;
    IF result.row_count > 0 THEN
        result := ROW('@extschema@.icp_potential_stops'::regclass::text, 'client_id', 'deleted', result.row_count);
        RETURN NEXT result;
    END IF;
    -- An unfinished run of icp_rescore remembers the key of a lead; without it, it begins anew.
    IF cardinality(leads) > 0 THEN
        DELETE FROM @extschema@.icp_rescore_progress p WHERE p.last_key && leads;
        GET DIAGNOSTICS result.row_count = ROW_COUNT;
        IF result.row_count > 0 THEN
            result := ROW('@extschema@.icp_rescore_progress'::regclass::text, 'last_key', 'deleted', result.row_count);
            RETURN NEXT result;
        END IF;
    END IF;
END
$$;
COMMENT ON FUNCTION icp_forget(text, text) IS
'Removes the traces of a lead, a company (and its leads) or a person from every table of the extension that has a column for them, and returns what was removed, table by table. kind: lead, company, person. Of a person, a row whose key is the person goes; a row about something else stays, without the name. Your own tables, and models, are not touched: a model has aggregated figures only, see docs/forget.md. Needs SELECT and DELETE (UPDATE for names) on these tables; without, nothing is removed.';
