-- Training and checking from views. These functions run a view of the user's, under the user's search_path: every name
-- and operator of ours is written with its schema. EXECUTE lets the query run in parallel, which a plain SELECT INTO
-- does not.

CREATE FUNCTION icp_lead_columns(options jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    leads CONSTANT pg_catalog.text := icp_lead_columns.options OPERATOR(pg_catalog.->>) 'leads';
    relation CONSTANT pg_catalog.regclass := pg_catalog.to_regclass(leads);
    columns pg_catalog.text[];
    known pg_catalog.text;
    shares pg_catalog.jsonb := '{}';
BEGIN
    IF leads IS NULL THEN
        RETURN icp_lead_columns.options;
    END IF;
    IF relation IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_table', MESSAGE = pg_catalog.format('the leads view "%s" does not exist', leads),
            HINT = 'The option leads names a view or table, with its schema where that is not in the search_path.';
    END IF;
    SELECT pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY a.attnum), pg_catalog.string_agg(pg_catalog.format('pg_catalog.count(%I)', a.attname), ', ' ORDER BY a.attnum)
    INTO columns, known FROM pg_catalog.pg_attribute a
    WHERE a.attrelid OPERATOR(pg_catalog.=) relation AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped;
    IF pg_catalog.has_table_privilege(relation, 'SELECT') THEN
        EXECUTE pg_catalog.format('SELECT pg_catalog.jsonb_object_agg(c, pg_catalog.round(n::pg_catalog.numeric OPERATOR(pg_catalog./) total, 3)) FROM (SELECT pg_catalog.count(*) AS total, ARRAY[%s] AS known FROM %s) x CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest(known)) u (c, n) WHERE total OPERATOR(pg_catalog.>) 0',
            known, relation) INTO shares USING columns;
    END IF;
    RETURN icp_lead_columns.options OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object('lead_columns', columns, 'lead_known', coalesce(shares, '{}'));
END
$$;
COMMENT ON FUNCTION icp_lead_columns(jsonb) IS
'Options with lead_columns and lead_known set to the columns of the view that the option leads names and the share of its rows in which each is known (where the caller may read them); without leads, as they are.';

CREATE FUNCTION icp_train(name text DEFAULT 'main', source regclass DEFAULT NULL, options jsonb DEFAULT NULL, activate boolean DEFAULT true)
RETURNS icp_training
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
    model_name CONSTANT pg_catalog.text := coalesce(icp_train.name, 'main');
    relation pg_catalog.regclass := icp_train.source;
    source_name pg_catalog.text;
    given pg_catalog.jsonb;
    model @extschema@.icp_model;
    number pg_catalog.int4;
    result @extschema@.icp_training;
    activates pg_catalog.bool;
BEGIN
    SELECT m.source, m.options INTO source_name, given FROM @extschema@.icp_models m
    WHERE m.name OPERATOR(pg_catalog.=) model_name ORDER BY m.version USING OPERATOR(pg_catalog.>) LIMIT 1;
    given := @extschema@.icp_merge_options(coalesce(given, '{}'), coalesce(icp_train.options, '{}'));
    IF relation IS NULL THEN
        IF source_name IS NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
                MESSAGE = pg_catalog.format('model "%s" has no view to learn from', model_name),
                HINT = pg_catalog.format('Name the deals view: icp_train(%L, ''icp_deals'').', model_name);
        END IF;
        relation := pg_catalog.to_regclass(source_name);
        IF relation IS NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'undefined_table',
                MESSAGE = pg_catalog.format('the view %s, from which model "%s" was learned, does not exist', source_name, model_name),
                HINT = 'Name another view as source.';
        END IF;
    END IF;
    SELECT pg_catalog.format('%I.%I', CASE WHEN c.relpersistence OPERATOR(pg_catalog.=) 't' THEN 'pg_temp' ELSE n.nspname END, c.relname) INTO source_name
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    WHERE c.oid OPERATOR(pg_catalog.=) relation;
    IF source_name IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_table', MESSAGE = 'the source does not exist';
    END IF;
    EXECUTE pg_catalog.format('SELECT @extschema@.icp_fit("icp row", $1) FROM %s "icp row"', source_name)
    INTO model USING @extschema@.icp_loss_reason_options(@extschema@.icp_lead_columns(given));
    IF model IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'no_data_found', MESSAGE = pg_catalog.format('%s has no rows', source_name),
            HINT = 'A deals view has one row a deal; row-level security may hide them from you.';
    END IF;
    -- What was read off the leads view is read again next time.
    IF given OPERATOR(pg_catalog.?) 'leads' THEN
        given := given OPERATOR(pg_catalog.-) ARRAY['lead_columns', 'lead_known'];
    END IF;
    SELECT s.* INTO result FROM @extschema@.icp_model_summary(model) s;
    -- A model without cohorts scores nothing: it does not take the place of one that does.
    activates := coalesce(icp_train.activate, true) AND (result.cohorts OPERATOR(pg_catalog.>) 0 OR NOT EXISTS
        (SELECT FROM @extschema@.icp_models m WHERE m.name OPERATOR(pg_catalog.=) model_name AND m.active));
    number := @extschema@.icp_register(model_name, model, activates, source_name, given, NULL);
    SELECT s.* INTO result FROM @extschema@.icp_models m CROSS JOIN LATERAL @extschema@.icp_model_summary(m.model) s
    WHERE m.name OPERATOR(pg_catalog.=) model_name AND m.version OPERATOR(pg_catalog.=) number;
    result.active := activates;
    IF NOT activates AND coalesce(icp_train.activate, true) THEN
        result.warnings := result.warnings OPERATOR(pg_catalog.||) 'not activated: it has no cohorts, and the active version stays'::pg_catalog.text;
    END IF;
    IF NOT pg_catalog.has_table_privilege('@extschema@.icp_loss_reasons'::pg_catalog.regclass, 'SELECT') THEN
        result.warnings := result.warnings OPERATOR(pg_catalog.||) 'loss reasons are as written: no privilege to read icp_loss_reasons'::pg_catalog.text;
    END IF;
    RETURN result;
END
$$;
COMMENT ON FUNCTION icp_train(text, regclass, jsonb, boolean) IS
'Learns a model from a deals view with the privileges of the caller, saves it as a new version of name and returns what was learned. source, options NULL: those of the newest version; given options replace single keys at every depth, null takes one away. activate: whether the name means the new version from now on; a model without cohorts does not replace an active one. A failed training changes nothing. Needs SELECT on the view, and SELECT, INSERT and UPDATE on icp_models; SELECT on icp_loss_reasons, whose rows go into the options of the model, or it says that reasons are as written.';

CREATE FUNCTION icp_check(source regclass, options jsonb DEFAULT '{}') RETURNS SETOF icp_finding
LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 10 COST 100000 AS $$
DECLARE
    given pg_catalog.jsonb := coalesce(icp_check.options, '{}');
    model_name CONSTANT pg_catalog.text := given OPERATOR(pg_catalog.->>) 'model';
    rows_seen @extschema@.icp_sample;
BEGIN
    IF icp_check.source IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'the source is NULL', HINT = 'Name a view or table.';
    END IF;
    IF pg_catalog.jsonb_typeof(given) OPERATOR(pg_catalog.=) 'object' THEN
        given := given OPERATOR(pg_catalog.-) 'model'::pg_catalog.text;
    END IF;
    given := @extschema@.icp_loss_reason_options(@extschema@.icp_lead_columns(@extschema@.icp_merge_options('{}', given)));
    EXECUTE pg_catalog.format('SELECT @extschema@.icp_sample_agg("icp row", $1) FROM %s "icp row"', icp_check.source)
    INTO rows_seen USING given;
    IF rows_seen IS NULL THEN
        RETURN NEXT ROW('error', NULL, 0, pg_catalog.format('%s has no rows', icp_check.source),
            'row-level security may hide them from you')::@extschema@.icp_finding;
    ELSIF model_name IS NULL THEN
        RETURN QUERY SELECT f.* FROM @extschema@.icp_findings(rows_seen) f;
    ELSE
        RETURN QUERY SELECT f.* FROM @extschema@.icp_findings(rows_seen, @extschema@.icp_load(model_name)) f;
    END IF;
END
$$;
COMMENT ON FUNCTION icp_check(regclass, jsonb) IS
'What would hinder or mislead training on a view: repeated deals, unknown outcomes, kinds of columns, NULLs, identifiers, leaks, mixed currencies, loss reasons that icp_loss_reasons does not know, too little or too old data. Options are those of icp_fit, and: leads names the leads view (what deals have and leads lack), model checks the rows as leads for that model. Reads with the privileges of the caller and writes nothing.';
