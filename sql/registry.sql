-- The registry of models: names, versions, which one is in force; and the readers of a model by its name.

CREATE TABLE icp_models (
    name text COLLATE "C" NOT NULL CONSTRAINT icp_models_name CHECK (name <> '' AND pg_catalog.strpos(name, '@') = 0),
    version integer NOT NULL CONSTRAINT icp_models_version CHECK (version > 0),
    active boolean NOT NULL DEFAULT false,
    is_default boolean NOT NULL DEFAULT false,
    model icp_model NOT NULL,
    source text,
    options jsonb NOT NULL DEFAULT '{}',
    trained_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    trained_by text NOT NULL DEFAULT CURRENT_USER,
    metrics jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT icp_models_pkey PRIMARY KEY (name, version));
-- Look-ups go through these indexes by name.
CREATE UNIQUE INDEX icp_models_active ON icp_models (name) WHERE active;
CREATE UNIQUE INDEX icp_models_default ON icp_models (is_default) WHERE is_default;
ALTER TABLE icp_models OWNER TO @extowner@;
SELECT pg_catalog.pg_extension_config_dump('icp_models', '');
COMMENT ON TABLE icp_models IS
'The registry of models: one row a version. Written by icp_save, icp_train, icp_set, icp_rename_cohort, icp_activate, icp_set_default and icp_drop_model, with the privileges of their caller; SELECT on it is what scoring by name needs.';
COMMENT ON COLUMN icp_models.name IS 'Name of the model; no @ in it.';
COMMENT ON COLUMN icp_models.version IS 'Version, from 1; name@version means it for ever.';
COMMENT ON COLUMN icp_models.active IS 'Whether the name alone means this version; at most one of a name.';
COMMENT ON COLUMN icp_models.is_default IS 'On one row at most: its name is the model meant where none is given, in its active version.';
COMMENT ON COLUMN icp_models.model IS 'The model itself.';
COMMENT ON COLUMN icp_models.source IS 'The view that icp_train learned from, with its schema; NULL where icp_save was given a value.';
COMMENT ON COLUMN icp_models.options IS 'The options of the training, as given.';
COMMENT ON COLUMN icp_models.trained_at IS 'When the version was saved.';
COMMENT ON COLUMN icp_models.trained_by IS 'The role that saved it, by name.';
COMMENT ON COLUMN icp_models.metrics IS 'Figures about the model at training: deals, won, lost, open, companies, cohorts, reliability, and those of icp_metrics.';

CREATE FUNCTION icp_load(name text DEFAULT NULL) RETURNS icp_model
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_load(text) IS
'The model that a name means: main its active version, main@3 that version, NULL or empty the registered default. None: an error. Needs SELECT on icp_models. As a value, (SELECT icp_load(''main'')), a model can go where the registry is not, as to Citus workers.';

CREATE FUNCTION icp_registered(name text) RETURNS icp_models
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found_row @extschema@.icp_models;
    number integer;
BEGIN
    PERFORM @extschema@.icp_load(icp_registered.name);
    IF coalesce(icp_registered.name, '') = '' THEN
        SELECT m.* INTO found_row FROM @extschema@.icp_models m WHERE m.is_default;
    ELSE
        number := nullif(split_part(icp_registered.name, '@', 2), '');
        SELECT m.* INTO found_row FROM @extschema@.icp_models m
        WHERE m.name = split_part(icp_registered.name, '@', 1) AND (m.version = number OR number IS NULL AND m.active);
    END IF;
    RETURN found_row;
END
$$;
COMMENT ON FUNCTION icp_registered(text) IS 'The row of icp_models that a name means, as icp_load finds it.';

CREATE FUNCTION icp_register(name text, model icp_model, activate boolean, source text, options jsonb, previous icp_model)
RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    registry CONSTANT integer := '@extschema@.icp_models'::regclass::oid;
    number integer;
    before @extschema@.icp_model := icp_register.previous;
    stamped @extschema@.icp_model;
    becomes_default boolean;
BEGIN
    IF icp_register.name IS NULL OR icp_register.name = '' OR strpos(icp_register.name, '@') > 0 OR octet_length(icp_register.name) > 255 THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('invalid name of a model: %s', coalesce(quote_ident(icp_register.name), 'NULL')),
            HINT = 'A name has 1 to 255 bytes and no @, which stands before the number of a version.';
    END IF;
    IF icp_register.model IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'the model is NULL',
            HINT = 'icp_fit() of no rows gives NULL.';
    END IF;
    -- Concurrent saves under one name wait for one another, and so get successive versions.
    PERFORM pg_advisory_xact_lock(registry, hashtext(icp_register.name));
    SELECT max(m.version) INTO number FROM @extschema@.icp_models m WHERE m.name = icp_register.name;
    IF before IS NULL AND number IS NOT NULL THEN
        SELECT m.model INTO before FROM @extschema@.icp_models m WHERE m.name = icp_register.name AND m.version = number;
    END IF;
    number := coalesce(number, 0) + 1;
    stamped := @extschema@.icp_model_stamp(icp_register.model, icp_register.name, number, before);
    SELECT m.name = icp_register.name AND icp_register.activate INTO becomes_default FROM @extschema@.icp_models m WHERE m.is_default;
    IF becomes_default IS NULL THEN
        PERFORM pg_advisory_xact_lock(registry, 0);
        becomes_default := NOT EXISTS (SELECT FROM @extschema@.icp_models m WHERE m.is_default);
    END IF;
    IF icp_register.activate THEN
        UPDATE @extschema@.icp_models m SET active = false, is_default = false
        WHERE m.name = icp_register.name AND (m.active OR m.is_default);
    END IF;
    INSERT INTO @extschema@.icp_models (name, version, active, is_default, model, source, options, metrics)
    VALUES (icp_register.name, number, icp_register.activate, becomes_default, stamped, icp_register.source,
        coalesce(icp_register.options, @extschema@.icp_model_options(stamped)),
        (SELECT to_jsonb(s) - '{model,version,active,warnings}'::text[] FROM @extschema@.icp_model_summary(stamped) s)
        || coalesce((SELECT jsonb_object_agg(f.metric, f.value) FROM @extschema@.icp_metrics(stamped) f), '{}'));
    RETURN number;
EXCEPTION WHEN unique_violation THEN
    -- Only where the snapshot is older than the lock (REPEATABLE READ, SERIALIZABLE).
    RAISE EXCEPTION USING ERRCODE = 'serialization_failure',
        MESSAGE = format('could not save model %s because of a concurrent save', quote_ident(icp_register.name)),
        HINT = 'Run the transaction again.';
END
$$;
COMMENT ON FUNCTION icp_register(text, icp_model, boolean, text, jsonb, icp_model) IS
'Writes a new version into icp_models; icp_save, icp_train, icp_set and icp_rename_cohort call it. source, options: as the row shall show them (options NULL: those of the model). previous: the model whose cohort keys are carried over; NULL: the newest version.';

CREATE FUNCTION icp_save(name text, model icp_model, activate boolean DEFAULT true) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN @extschema@.icp_register(icp_save.name, icp_save.model, coalesce(icp_save.activate, true), NULL, NULL, NULL);
END
$$;
COMMENT ON FUNCTION icp_save(text, icp_model, boolean) IS
'Saves a model as a new version of a name and returns the version. activate: whether the name means it from now on. The first name saved becomes the default. Name, version and the cohort keys of the newest version are stamped into the saved value. Needs SELECT, INSERT and UPDATE on icp_models.';

CREATE FUNCTION icp_activate(name text, version integer) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    default_name boolean;
BEGIN
    PERFORM pg_advisory_xact_lock('@extschema@.icp_models'::regclass::oid::integer, hashtext(icp_activate.name));
    IF NOT EXISTS (SELECT FROM @extschema@.icp_models m WHERE m.name = icp_activate.name AND m.version = icp_activate.version) THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_object',
            MESSAGE = format('model "%s@%s" does not exist', icp_activate.name, icp_activate.version),
            HINT = 'The registry icp_models lists the versions there are.';
    END IF;
    default_name := EXISTS (SELECT FROM @extschema@.icp_models m WHERE m.name = icp_activate.name AND m.is_default);
    UPDATE @extschema@.icp_models m SET active = false, is_default = false
    WHERE m.name = icp_activate.name AND m.version <> icp_activate.version AND (m.active OR m.is_default);
    UPDATE @extschema@.icp_models m SET active = true, is_default = default_name
    WHERE m.name = icp_activate.name AND m.version = icp_activate.version;
END
$$;
COMMENT ON FUNCTION icp_activate(text, integer) IS 'Lets a name mean one of its versions from now on, a newer or an older one. Needs SELECT and UPDATE on icp_models.';

CREATE FUNCTION icp_set_default(name text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    number integer;
BEGIN
    PERFORM pg_advisory_xact_lock('@extschema@.icp_models'::regclass::oid::integer, 0);
    SELECT m.version INTO number FROM @extschema@.icp_models m WHERE m.name = icp_set_default.name ORDER BY m.active DESC, m.version DESC LIMIT 1;
    IF number IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_object',
            MESSAGE = format('model "%s" does not exist', icp_set_default.name), HINT = 'Train it with icp_train().';
    END IF;
    UPDATE @extschema@.icp_models m SET is_default = false WHERE m.is_default;
    UPDATE @extschema@.icp_models m SET is_default = true WHERE m.name = icp_set_default.name AND m.version = number;
END
$$;
COMMENT ON FUNCTION icp_set_default(text) IS 'Makes a name the one that is meant where no model is given. Needs SELECT and UPDATE on icp_models.';

CREATE FUNCTION icp_drop_model(name text, version integer) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    doomed @extschema@.icp_models;
BEGIN
    PERFORM pg_advisory_xact_lock('@extschema@.icp_models'::regclass::oid::integer, hashtext(icp_drop_model.name));
    SELECT m.* INTO doomed FROM @extschema@.icp_models m WHERE m.name = icp_drop_model.name AND m.version = icp_drop_model.version;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_object',
            MESSAGE = format('model "%s@%s" does not exist', icp_drop_model.name, icp_drop_model.version),
            HINT = 'The registry icp_models lists the versions there are.';
    END IF;
    IF doomed.active AND EXISTS (SELECT FROM @extschema@.icp_models m WHERE m.name = doomed.name AND m.version <> doomed.version) THEN
        RAISE EXCEPTION USING ERRCODE = 'object_in_use',
            MESSAGE = format('version %s of model "%s" is active', doomed.version, doomed.name),
            HINT = 'Activate another version first with icp_activate(). Only the last version of a name can be dropped while active.';
    END IF;
    IF doomed.is_default AND EXISTS (SELECT FROM @extschema@.icp_models m WHERE m.name <> doomed.name OR m.version <> doomed.version) THEN
        RAISE EXCEPTION USING ERRCODE = 'object_in_use',
            MESSAGE = format('model "%s" is the default', doomed.name),
            HINT = 'Choose another default first with icp_set_default(), or activate another version of this one.';
    END IF;
    DELETE FROM @extschema@.icp_models m WHERE m.name = doomed.name AND m.version = doomed.version;
END
$$;
COMMENT ON FUNCTION icp_drop_model(text, integer) IS
'Deletes a version. The active version can be dropped only when it is the last of its name, and that of the default only when it is the last model. Needs SELECT and DELETE on icp_models.';

CREATE FUNCTION icp_set(name text, changes jsonb, activate boolean DEFAULT true) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    base CONSTANT @extschema@.icp_models := @extschema@.icp_registered(icp_set.name);
BEGIN
    RETURN @extschema@.icp_register(base.name,
        @extschema@.icp_model_change(base.model, coalesce(icp_set.changes, '{}')), coalesce(icp_set.activate, true), base.source,
        @extschema@.icp_merge_options(base.options, coalesce(icp_set.changes, '{}')), base.model);
END
$$;
COMMENT ON FUNCTION icp_set(text, jsonb, boolean) IS
'Saves a new version with options changed that need no new training (min_similarity, gold_similarity, min_coverage, titles, margin, touch_cost, hour_cost, sources, significance, exclusions) and returns its number. name: as icp_load takes it. Another option is an error: train again.';

CREATE FUNCTION icp_rename_cohort(model text, cohort text, title text, language text DEFAULT 'en') RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    base CONSTANT @extschema@.icp_models := @extschema@.icp_registered(icp_rename_cohort.model);
    renamed @extschema@.icp_model;
    titles jsonb;
BEGIN
    IF icp_rename_cohort.cohort IS NULL OR icp_rename_cohort.language IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'cohort and language must not be NULL';
    END IF;
    renamed := @extschema@.icp_model_rename(base.model, icp_rename_cohort.cohort, coalesce(icp_rename_cohort.title, ''), icp_rename_cohort.language);
    titles := @extschema@.icp_model_options(renamed) -> 'titles';
    RETURN @extschema@.icp_register(base.name, renamed, base.active, base.source,
        CASE WHEN titles IS NULL THEN base.options - 'titles' ELSE base.options || jsonb_build_object('titles', titles) END, base.model);
END
$$;
COMMENT ON FUNCTION icp_rename_cohort(text, text, text, text) IS
'Gives a cohort a title in a language (en, ru), in a new version whose number is returned; it is active where the version named was. NULL or an empty title takes it away. Keys do not change, and titles survive training again.';

-- Readers by name.

CREATE FUNCTION icp_cohorts(model text DEFAULT NULL, language text DEFAULT 'en') RETURNS SETOF icp_cohort_row
LANGUAGE c STABLE PARALLEL SAFE ROWS 6 COST 1000 AS 'MODULE_PATHNAME', 'icp_cohorts_name';
COMMENT ON FUNCTION icp_cohorts(text, text) IS 'The cohorts of a registered model: a name as icp_load takes it; NULL or empty: the default.';
CREATE FUNCTION icp_traits(model text DEFAULT NULL, language text DEFAULT 'en') RETURNS SETOF icp_trait
LANGUAGE c STABLE PARALLEL SAFE ROWS 60 COST 1000 AS 'MODULE_PATHNAME', 'icp_traits_name';
COMMENT ON FUNCTION icp_traits(text, text) IS 'What is usual in each cohort of a registered model.';
CREATE FUNCTION icp_metrics(model text DEFAULT NULL) RETURNS SETOF icp_metric
LANGUAGE c STABLE PARALLEL SAFE ROWS 10 COST 1000 AS 'MODULE_PATHNAME', 'icp_metrics_name';
COMMENT ON FUNCTION icp_metrics(text) IS 'Figures about a registered model as a whole.';
CREATE FUNCTION icp_label_results(model text DEFAULT NULL) RETURNS SETOF icp_label_result
LANGUAGE c STABLE PARALLEL SAFE ROWS 4 COST 1000 AS 'MODULE_PATHNAME', 'icp_label_results_name';
COMMENT ON FUNCTION icp_label_results(text) IS 'How the closed deals turned out by label, for a registered model.';
CREATE FUNCTION icp_diagnostics(model text DEFAULT NULL) RETURNS SETOF icp_finding
LANGUAGE c STABLE PARALLEL SAFE ROWS 10 COST 1000 AS 'MODULE_PATHNAME', 'icp_diagnostics_name';
COMMENT ON FUNCTION icp_diagnostics(text) IS 'What the training of a registered model noticed.';
CREATE FUNCTION icp_diff(a text, b text) RETURNS SETOF icp_difference
LANGUAGE c STABLE PARALLEL SAFE ROWS 20 COST 1000 AS 'MODULE_PATHNAME', 'icp_diff_name';
COMMENT ON FUNCTION icp_diff(text, text) IS 'What differs from one registered model to another: icp_diff(''main@3'', ''main@4'').';
