-- What stands at the table of leads: triggers that put a lead into the queue of routing, and that end its assignment.

CREATE FUNCTION icp_lead_key(relation oid, lead jsonb, named text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    key CONSTANT text := coalesce(icp_lead_key.named, CASE WHEN icp_lead_key.lead ? 'lead_id' THEN 'lead_id' ELSE
        (SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
         WHERE i.indrelid = icp_lead_key.relation AND i.indisprimary AND i.indnkeyatts = 1) END);
BEGIN
    IF key IS NULL OR NOT icp_lead_key.lead ? key THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_column',
            MESSAGE = format('which column of table "%s" identifies a lead is not known', icp_lead_key.relation::regclass),
            HINT = 'Name it in the trigger''s arguments, as id=column; else it is lead_id, or the primary key where that is one column.';
    END IF;
    RETURN icp_lead_key.lead ->> key;
END
$$;
COMMENT ON FUNCTION icp_lead_key(oid, jsonb, text) IS 'What identifies a row of a table of leads: the column named, else lead_id, else a primary key of one column.';

CREATE FUNCTION icp_enqueue_lead() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    lead jsonb;
    before jsonb;
    argument text;
    setting text;
    id_column text;
    pool text := 'main';
    model text;
    needs text[] := '{}';
    key text;
    at_once boolean := false;
    exploration double precision := 0.05;
    seed bigint := 0;
BEGIN
    IF TG_WHEN <> 'AFTER' OR TG_LEVEL <> 'ROW' OR TG_OP NOT IN ('INSERT', 'UPDATE') THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('trigger "%s" cannot run icp_enqueue_lead()', TG_NAME),
            HINT = 'Declare it AFTER INSERT OR UPDATE … FOR EACH ROW.';
    END IF;
    FOREACH argument IN ARRAY coalesce(TG_ARGV::text[], '{}') LOOP
        setting := substr(argument, strpos(argument, '=') + 1);
        CASE split_part(argument, '=', 1)
            WHEN 'id' THEN id_column := setting;
            WHEN 'pool' THEN pool := setting;
            WHEN 'model' THEN model := setting;
            WHEN 'needs' THEN needs := string_to_array(setting, ',');
            WHEN 'exploration' THEN exploration := setting;
            WHEN 'seed' THEN seed := setting;
            WHEN 'assign' THEN at_once := setting = 'now';
            ELSE
                RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
                    MESSAGE = format('trigger "%s" has an argument that icp_enqueue_lead() does not know: %s', TG_NAME, argument),
                    HINT = 'Arguments are id=column, pool=name, model=name, needs=column,column, assign=now, exploration=share, seed=number.';
        END CASE;
    END LOOP;
    IF NOT (has_table_privilege('@extschema@.icp_routing_queue'::regclass, 'INSERT') AND has_table_privilege('@extschema@.icp_routing_queue'::regclass, 'SELECT')
            AND has_table_privilege('@extschema@.icp_routing_queue'::regclass, 'UPDATE') AND has_sequence_privilege('@extschema@.icp_routing_seq'::regclass, 'USAGE')) THEN
        RAISE WARNING USING ERRCODE = 'insufficient_privilege', MESSAGE = format('trigger "%s" does not put leads into the queue', TG_NAME),
            HINT = format('GRANT SELECT, INSERT, UPDATE ON icp_routing_queue TO %1$I; GRANT USAGE ON SEQUENCE icp_routing_seq TO %1$I', CURRENT_USER);
        RETURN NULL;
    END IF;
    lead := to_jsonb(NEW);
    IF TG_OP = 'UPDATE' THEN
        before := to_jsonb(OLD);
        IF NOT EXISTS (SELECT FROM unnest('{icp_label,icp_cohort,icp_grade,icp_priority,icp_priority_rank,icp_scenario}'::text[] || needs) c (name)
                       WHERE lead -> c.name IS DISTINCT FROM before -> c.name) THEN
            RETURN NULL;
        END IF;
    END IF;
    key := coalesce(lead ->> coalesce(id_column, 'lead_id'), @extschema@.icp_lead_key(TG_RELID, lead, id_column));
    IF key IS NULL THEN
        RAISE WARNING USING ERRCODE = 'null_value_not_allowed', MESSAGE = format('trigger "%s" does not put a lead without a key into the queue', TG_NAME);
        RETURN NULL;
    END IF;
    INSERT INTO @extschema@.icp_routing_queue AS q (lead_id, pool, model, version, cohort, grade, label, priority_rank, scenario, needs)
    VALUES (key, pool, coalesce(lead ->> 'icp_model', split_part(model, '@', 1), 'main'),
        CASE WHEN lead ->> 'icp_version' ~ '^\d{1,9}$' THEN (lead ->> 'icp_version')::bigint END, lead ->> 'icp_cohort', lead ->> 'icp_grade', lead ->> 'icp_label',
        CASE WHEN lead ->> 'icp_priority_rank' ~ '^[123]$' THEN (lead ->> 'icp_priority_rank')::integer
            ELSE CASE lead ->> 'icp_priority' WHEN 'high' THEN 1 WHEN 'low' THEN 3 ELSE 2 END END, lead ->> 'icp_scenario',
        CASE WHEN needs = '{}' THEN needs ELSE
            (SELECT coalesce(array_agg(DISTINCT lower(btrim(lead ->> c.name))) FILTER (WHERE btrim(lead ->> c.name) <> ''), '{}') FROM unnest(needs) c (name)) END)
    ON CONFLICT ON CONSTRAINT icp_routing_queue_pkey DO UPDATE
    SET pool = excluded.pool, model = excluded.model, version = excluded.version, cohort = excluded.cohort, grade = excluded.grade, label = excluded.label,
        priority_rank = excluded.priority_rank, scenario = excluded.scenario, needs = excluded.needs, state = 'new';
    IF at_once AND current_setting('transaction_isolation') = 'read committed' THEN
        IF has_table_privilege('@extschema@.icp_managers'::regclass, 'UPDATE') AND has_table_privilege('@extschema@.icp_manager_results'::regclass, 'SELECT')
            AND has_table_privilege('@extschema@.icp_routing_queue'::regclass, 'DELETE') AND has_table_privilege('@extschema@.icp_assignments'::regclass, 'INSERT')
            AND has_table_privilege('@extschema@.icp_outbox'::regclass, 'INSERT') THEN
            PERFORM @extschema@.icp_route(pool, 1000, exploration, seed);
        ELSE
            RAISE WARNING USING ERRCODE = 'insufficient_privilege', MESSAGE = format('trigger "%s" puts leads into the queue only', TG_NAME),
                HINT = format('assign=now needs the privileges of icp_route() for %I.', CURRENT_USER);
        END IF;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION icp_enqueue_lead() IS
'Trigger, AFTER INSERT OR UPDATE, FOR EACH ROW: puts a lead, with what its columns icp_label, icp_cohort, icp_grade, icp_priority or icp_priority_rank, icp_scenario, icp_model and icp_version say, into icp_routing_queue; a lead that waits there already is brought up to date. An UPDATE counts only where one of these or of needs= has changed. Arguments, all optional: id=column (else lead_id, else the primary key), pool=name (main), model=name (else icp_model, else main), needs=column,column: columns whose words the manager''s skills must have. assign=now, with exploration=share and seed=number: icp_route(pool) runs at once, in the same transaction, so that every other lead of the pool waits until it ends; only in READ COMMITTED, else the lead is queued alone. Without the privileges for it a lead is stored, not queued, with a WARNING.';

CREATE FUNCTION icp_close_lead() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    named CONSTANT text := CASE WHEN TG_NARGS > 0 THEN substr(TG_ARGV[0], strpos(TG_ARGV[0], '=') + 1) END;
BEGIN
    IF TG_WHEN <> 'AFTER' OR TG_LEVEL <> 'ROW' OR TG_OP NOT IN ('UPDATE', 'DELETE') OR TG_NARGS > 1 OR NOT coalesce(TG_ARGV[0], 'id=') LIKE 'id=%' THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('trigger "%s" cannot run icp_close_lead()', TG_NAME),
            HINT = 'Declare it AFTER UPDATE OR DELETE … FOR EACH ROW, with no argument but id=column.';
    END IF;
    PERFORM @extschema@.icp_release_lead(@extschema@.icp_lead_key(TG_RELID, to_jsonb(OLD), named));
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION icp_close_lead() IS
'Trigger, AFTER UPDATE OR DELETE, FOR EACH ROW, with a WHEN that tells a lead that is done with (won, lost, deleted): icp_release_lead of it. Argument: id=column, else lead_id, else the primary key.';
