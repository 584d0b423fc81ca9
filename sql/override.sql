-- Labels that people have decided. They win where a label is stored: in the trigger and in icp_rescore.

CREATE TABLE icp_overrides (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT icp_overrides_pkey PRIMARY KEY,
    model text COLLATE "C" NOT NULL,
    lead_id text COLLATE "C" NOT NULL CONSTRAINT icp_overrides_lead_id CHECK (lead_id <> ''),
    label text COLLATE "C" CONSTRAINT icp_overrides_label CHECK (label IN ('gold', 'ordinary', 'non_target', 'unknown')),
    reason text,
    until timestamptz,
    decided_by text NOT NULL DEFAULT CURRENT_USER,
    decided_by_session text NOT NULL DEFAULT SESSION_USER,
    decided_at timestamptz NOT NULL DEFAULT pg_catalog.now());
-- The trigger finds the latest decision about a lead at the end of a range of this index.
CREATE INDEX icp_overrides_lead ON icp_overrides (model, lead_id, id);
ALTER TABLE icp_overrides OWNER TO @extowner@;
SELECT pg_catalog.pg_extension_config_dump('icp_overrides', '');
SELECT pg_catalog.pg_extension_config_dump('icp_overrides_id_seq', '');
COMMENT ON TABLE icp_overrides IS
'Decisions of people about the labels of leads, one row each, never changed: the latest one about a lead counts. Written by icp_override with the privileges of its caller. A role that stores leads needs SELECT on it for overrides to hold.';
COMMENT ON SEQUENCE icp_overrides_id_seq IS 'Numbers of decisions.';
COMMENT ON COLUMN icp_overrides.id IS 'Order of the decisions.';
COMMENT ON COLUMN icp_overrides.model IS 'Name of the model, in all its versions.';
COMMENT ON COLUMN icp_overrides.lead_id IS 'The lead: its lead_id, else the only column of the primary key, as text.';
COMMENT ON COLUMN icp_overrides.label IS 'gold, ordinary, non_target or unknown; NULL: the model decides again.';
COMMENT ON COLUMN icp_overrides.reason IS 'Why.';
COMMENT ON COLUMN icp_overrides.until IS 'From this moment on the model decides again; NULL: for good.';
COMMENT ON COLUMN icp_overrides.decided_by IS 'The role that decided (current_user).';
COMMENT ON COLUMN icp_overrides.decided_by_session IS 'The role that had logged in (session_user).';
COMMENT ON COLUMN icp_overrides.decided_at IS 'When.';

CREATE VIEW icp_active_overrides AS
SELECT o.model, o.lead_id, o.label, o.reason, o.until, o.decided_by, o.decided_at
FROM (SELECT DISTINCT ON (l.model, l.lead_id) l.* FROM icp_overrides l ORDER BY l.model, l.lead_id, l.id DESC) o
WHERE o.label IS NOT NULL AND (o.until IS NULL OR o.until > pg_catalog.now());
ALTER VIEW icp_active_overrides OWNER TO @extowner@;
COMMENT ON VIEW icp_active_overrides IS 'The decisions that hold now, one a lead and model.';
COMMENT ON COLUMN icp_active_overrides.model IS 'Name of the model.';
COMMENT ON COLUMN icp_active_overrides.lead_id IS 'The lead.';
COMMENT ON COLUMN icp_active_overrides.label IS 'The label decided.';
COMMENT ON COLUMN icp_active_overrides.reason IS 'Why.';
COMMENT ON COLUMN icp_active_overrides.until IS 'From this moment on the model decides again; NULL: for good.';
COMMENT ON COLUMN icp_active_overrides.decided_by IS 'The role that decided.';
COMMENT ON COLUMN icp_active_overrides.decided_at IS 'When.';

CREATE FUNCTION icp_override(model text, lead_id text, label text, reason text DEFAULT NULL, until timestamptz DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    base @extschema@.icp_models;
    decision bigint;
BEGIN
    IF strpos(coalesce(icp_override.model, ''), '@') > 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'an override names a version of a model',
            HINT = format('It holds for every version: write %L.', split_part(icp_override.model, '@', 1));
    END IF;
    IF coalesce(icp_override.lead_id, '') = '' THEN
        RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'the lead is NULL or empty',
            HINT = 'Give the lead''s lead_id, or its primary key, as text.';
    END IF;
    IF icp_override.label NOT IN ('gold', 'ordinary', 'non_target', 'unknown') THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('"%s" is no label', icp_override.label),
            HINT = 'The labels are gold, ordinary, non_target, unknown; NULL takes an override back.';
    END IF;
    IF icp_override.until <= now() THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('the override would end at %s, which is past', icp_override.until),
            HINT = 'Give a later moment, or none; a label of NULL takes an override back at once.';
    END IF;
    IF icp_override.label IS NULL AND icp_override.until IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'taking an override back has no end',
            HINT = 'Leave until out.';
    END IF;
    base := @extschema@.icp_registered(icp_override.model);
    INSERT INTO @extschema@.icp_overrides (model, lead_id, label, reason, until)
    VALUES (base.name, icp_override.lead_id, icp_override.label, icp_override.reason, icp_override.until) RETURNING id INTO decision;
    RETURN decision;
END
$$;
COMMENT ON FUNCTION icp_override(text, text, text, text, timestamptz) IS
'Decides the label of a lead, whatever the model says; returns the number of the decision. It holds in all versions of the model (NULL or empty: the default) until the given moment, or for good; label NULL takes it back. Stored labels follow when the lead is next scored: by the trigger, or at once by CALL icp_rescore(table, leads => ARRAY[lead]). Needs SELECT on icp_models, SELECT on icp_overrides and INSERT on its columns model, lead_id, label, reason, until.';

CREATE FUNCTION icp_overridden(model text, lead_id text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT o.label FROM (SELECT l.label, l.until FROM @extschema@.icp_overrides l
                     WHERE l.model OPERATOR(pg_catalog.=) $1 AND l.lead_id OPERATOR(pg_catalog.=) $2 ORDER BY l.id DESC LIMIT 1) o
WHERE o.until IS NULL OR o.until OPERATOR(pg_catalog.>) pg_catalog.now()
$$;
COMMENT ON FUNCTION icp_overridden(text, text) IS 'The label decided for a lead that holds now, of a model by its name alone; NULL: the model decides.';
