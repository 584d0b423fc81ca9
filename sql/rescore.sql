-- Scoring stored leads again: in batches, each committed with its progress, and with a log of the scores if wanted. What
-- commits runs under the caller's search_path: every name and operator is written with its schema.

CREATE FUNCTION icp_scored(lead anyelement, arguments text[] DEFAULT '{}') RETURNS anyelement
LANGUAGE c STABLE PARALLEL UNSAFE COST 20 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_scored(anyelement, text[]) IS
'A row of a table as icp_score_lead() with these arguments would store it now: its score in the columns that take one, overrides included. NULL for a row that cannot be scored (an error of the input= function: one WARNING a statement). No model, or none of its features, is an error. Writes nothing. arguments: as in CREATE TRIGGER, ARRAY[''main'', ''icp_label=label''].';

CREATE FUNCTION icp_trigger_arguments(source regclass) RETURNS text[]
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_trigger_arguments(regclass) IS 'The arguments of the trigger of a table that runs icp_score_lead(); NULL where none does. Several are an error.';

CREATE TYPE icp_score_target AS (column_name text, field text, model text, input text, lead_column text);
COMMENT ON TYPE icp_score_target IS 'A column of a table that takes a field of the score: result of icp_score_targets.';
COMMENT ON COLUMN icp_score_target.column_name IS 'The column.';
COMMENT ON COLUMN icp_score_target.field IS 'The field of icp_lead_score.';
COMMENT ON COLUMN icp_score_target.model IS 'The model that the arguments name; NULL: the default.';
COMMENT ON COLUMN icp_score_target.input IS 'The function of input=, with its schema; NULL without one.';
COMMENT ON COLUMN icp_score_target.lead_column IS 'The column that says which lead a row is: lead_id, else the only column of the primary key; NULL where there is none.';

CREATE FUNCTION icp_score_targets(source regclass, arguments text[] DEFAULT '{}') RETURNS SETOF icp_score_target
LANGUAGE c STABLE STRICT PARALLEL SAFE ROWS 5 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_score_targets(regclass, text[]) IS
'Which columns of a table take which fields of the score, by arguments as in CREATE TRIGGER; without pairs, every column named icp_ and a field.';

CREATE TABLE icp_rescore_progress (
    run bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT icp_rescore_progress_pkey PRIMARY KEY,
    source text COLLATE "C" NOT NULL,
    model text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    arguments text[] NOT NULL,
    log boolean NOT NULL,
    status text NOT NULL DEFAULT 'running' CONSTRAINT icp_rescore_progress_status CHECK (status IN ('running', 'done', 'superseded')),
    last_key text[],
    scanned bigint NOT NULL DEFAULT 0,
    written bigint NOT NULL DEFAULT 0,
    unscored bigint NOT NULL DEFAULT 0,
    skipped bigint NOT NULL DEFAULT 0,
    estimated bigint,
    pid integer NOT NULL DEFAULT pg_catalog.pg_backend_pid(),
    started_by text NOT NULL DEFAULT CURRENT_USER,
    started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    finished_at timestamptz);
CREATE UNIQUE INDEX icp_rescore_progress_open ON icp_rescore_progress (source, model) WHERE finished_at IS NULL;
ALTER TABLE icp_rescore_progress OWNER TO @extowner@;
SELECT pg_catalog.pg_extension_config_dump('icp_rescore_progress', '');
SELECT pg_catalog.pg_extension_config_dump('icp_rescore_progress_run_seq', '');
COMMENT ON TABLE icp_rescore_progress IS 'How far each run of icp_rescore is: committed after every batch, so other sessions see it, and a run that was interrupted goes on from it.';
COMMENT ON SEQUENCE icp_rescore_progress_run_seq IS 'Numbers of runs.';
COMMENT ON COLUMN icp_rescore_progress.run IS 'Number of the run.';
COMMENT ON COLUMN icp_rescore_progress.source IS 'The table, with its schema.';
COMMENT ON COLUMN icp_rescore_progress.model IS 'Name of the model.';
COMMENT ON COLUMN icp_rescore_progress.version IS 'Its version, the same for the whole run.';
COMMENT ON COLUMN icp_rescore_progress.arguments IS 'What fills which columns, as the arguments of the trigger.';
COMMENT ON COLUMN icp_rescore_progress.log IS 'Whether scores are logged.';
COMMENT ON COLUMN icp_rescore_progress.status IS 'running (or interrupted: the next call goes on), done, superseded by a run with another version or other arguments.';
COMMENT ON COLUMN icp_rescore_progress.last_key IS 'Primary key of the last row of the last batch, as text; NULL before the first and after the last one.';
COMMENT ON COLUMN icp_rescore_progress.scanned IS 'Rows looked at.';
COMMENT ON COLUMN icp_rescore_progress.written IS 'Rows whose score had changed, and was written.';
COMMENT ON COLUMN icp_rescore_progress.unscored IS 'Rows that could not be scored and stay as they were.';
COMMENT ON COLUMN icp_rescore_progress.skipped IS 'Rows left to other sessions, which changed them again and again.';
COMMENT ON COLUMN icp_rescore_progress.estimated IS 'Rows that the table has by the planner''s statistics.';
COMMENT ON COLUMN icp_rescore_progress.pid IS 'Process of the session that works, or last worked, on the run.';
COMMENT ON COLUMN icp_rescore_progress.started_by IS 'The role that started it.';
COMMENT ON COLUMN icp_rescore_progress.started_at IS 'When it started.';
COMMENT ON COLUMN icp_rescore_progress.updated_at IS 'When the last batch ended.';
COMMENT ON COLUMN icp_rescore_progress.finished_at IS 'When it ended; NULL while it runs or waits to go on.';

CREATE TYPE icp_rescore_plan AS (
    source text, model text, version integer, arguments text[], keys text[], key_types text[], equal text[], greater text[], columns text[], fields text[],
    attributes text, lead text, lead_column text, lead_type text, company text);
COMMENT ON TYPE icp_rescore_plan IS 'What icp_rescore and its preview know of a table before they begin.';
COMMENT ON COLUMN icp_rescore_plan.source IS 'The table, quoted, with its schema.';
COMMENT ON COLUMN icp_rescore_plan.model IS 'Name of the model.';
COMMENT ON COLUMN icp_rescore_plan.version IS 'Its version.';
COMMENT ON COLUMN icp_rescore_plan.arguments IS 'Arguments for icp_scored, the model with its version.';
COMMENT ON COLUMN icp_rescore_plan.keys IS 'Columns of the primary key, quoted.';
COMMENT ON COLUMN icp_rescore_plan.key_types IS 'Their types, with their collations.';
COMMENT ON COLUMN icp_rescore_plan.equal IS 'The operators by which they are the same.';
COMMENT ON COLUMN icp_rescore_plan.greater IS 'The operators of their order.';
COMMENT ON COLUMN icp_rescore_plan.columns IS 'Columns that take the score, quoted.';
COMMENT ON COLUMN icp_rescore_plan.fields IS 'The fields that they take.';
COMMENT ON COLUMN icp_rescore_plan.attributes IS 'Expression of the attributes of a row, for format().';
COMMENT ON COLUMN icp_rescore_plan.lead IS 'Expression of its lead, as text, for format().';
COMMENT ON COLUMN icp_rescore_plan.lead_column IS 'The column of that, quoted; NULL where there is none.';
COMMENT ON COLUMN icp_rescore_plan.lead_type IS 'Type of that column.';
COMMENT ON COLUMN icp_rescore_plan.company IS 'Expression of its company, as text, for format().';

CREATE FUNCTION icp_rescore_arguments(source regclass, model text, arguments text[]) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    given pg_catalog.text[] := coalesce(icp_rescore_arguments.arguments, @extschema@.icp_trigger_arguments(icp_rescore_arguments.source), '{}');
    name pg_catalog.text := icp_rescore_arguments.model;
    base @extschema@.icp_models;
BEGIN
    IF icp_rescore_arguments.source IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'the source is NULL', HINT = 'Name the table of the leads.';
    END IF;
    IF pg_catalog.strpos(given[1], '=') OPERATOR(pg_catalog.=) 0 THEN
        name := coalesce(name, given[1]);
        given := given[2:];
    END IF;
    base := @extschema@.icp_registered(name);
    RETURN pg_catalog.array_prepend(pg_catalog.concat(base.name, '@', base.version), given);
END
$$;
COMMENT ON FUNCTION icp_rescore_arguments(regclass, text, text[]) IS
'The arguments that icp_rescore works by: those given, else those of the table''s trigger, with the model replaced by the one given and its version fixed.';

CREATE FUNCTION icp_plan_rescore(source regclass, arguments text[], targets icp_score_target[]) RETURNS icp_rescore_plan
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    plan @extschema@.icp_rescore_plan;
BEGIN
    plan.arguments := icp_plan_rescore.arguments;
    plan.model := split_part(plan.arguments[1], '@', 1);
    plan.version := split_part(plan.arguments[1], '@', 2)::integer;
    SELECT format('%I.%I', n.nspname, c.relname) INTO plan.source
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = icp_plan_rescore.source;
    SELECT array_agg(quote_ident(a.attname) ORDER BY k.n), array_agg(concat(format_type(a.atttypid, a.atttypmod), l.clause) ORDER BY k.n),
           array_agg(o.equal ORDER BY k.n), array_agg(o.greater ORDER BY k.n)
    INTO plan.keys, plan.key_types, plan.equal, plan.greater
    FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey, i.indclass) WITH ORDINALITY k (attnum, opclass, n)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
    JOIN pg_opclass c ON c.oid = k.opclass
    -- A domain may bring a collation of its own.
    LEFT JOIN LATERAL (SELECT format(' COLLATE %I.%I', s.nspname, t.collname) FROM pg_collation t JOIN pg_namespace s ON s.oid = t.collnamespace
                       WHERE t.oid = a.attcollation) l (clause) ON true
    CROSS JOIN LATERAL (
        SELECT max(w.written) FILTER (WHERE w.strategy = 3), max(w.written) FILTER (WHERE w.strategy = 5)
        FROM (SELECT p.amopstrategy, format('OPERATOR(%I.%s)', s.nspname, r.oprname)
              FROM pg_amop p JOIN pg_operator r ON r.oid = p.amopopr JOIN pg_namespace s ON s.oid = r.oprnamespace
              WHERE p.amopfamily = c.opcfamily AND p.amoplefttype = c.opcintype AND p.amoprighttype = c.opcintype) w (strategy, written)) o (equal, greater)
    WHERE i.indrelid = icp_plan_rescore.source AND i.indisprimary AND k.n <= i.indnkeyatts;
    IF plan.keys IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('%s has no primary key to go by', plan.source),
            HINT = 'Leads are scored again in the order of the primary key of their table.';
    END IF;
    IF coalesce(cardinality(icp_plan_rescore.targets), 0) = 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_column', MESSAGE = format('%s has no column that takes a score', plan.source),
            HINT = 'Add columns such as icp_cohort and icp_label, or name pairs: arguments => ARRAY[''main'', ''grade=grade''].';
    END IF;
    SELECT array_agg(quote_ident(t.column_name) ORDER BY t.ordinality), array_agg(t.field ORDER BY t.ordinality) INTO plan.columns, plan.fields
    FROM unnest(icp_plan_rescore.targets) WITH ORDINALITY t;
    plan.attributes := coalesce(replace((icp_plan_rescore.targets[1]).input, '%', '%%') || '(%s)', '%s');
    plan.lead_column := quote_ident((icp_plan_rescore.targets[1]).lead_column);
    plan.lead := coalesce('(%s).' || replace(plan.lead_column, '%', '%%') || '::pg_catalog.text', 'NULL::pg_catalog.text');
    plan.lead_type := (SELECT format_type(a.atttypid, NULL) FROM pg_attribute a
                       WHERE a.attrelid = icp_plan_rescore.source AND a.attname = (icp_plan_rescore.targets[1]).lead_column AND NOT a.attisdropped);
    plan.company := CASE WHEN EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = icp_plan_rescore.source AND a.attname = 'company_id' AND NOT a.attisdropped)
                    THEN '(%s).company_id::pg_catalog.text' ELSE 'NULL::pg_catalog.text' END;
    RETURN plan;
END
$$;
COMMENT ON FUNCTION icp_plan_rescore(regclass, text[], icp_score_target[]) IS 'What icp_rescore must know of a table: arguments as icp_rescore_arguments returns them, targets as icp_score_targets does.';

CREATE FUNCTION icp_score_log_statement(plan icp_rescore_plan, rows_of text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
SELECT format($f$
    INSERT INTO @extschema@.icp_score_log (source, lead_id, company_id, model, version, cohort, grade, similarity, label, model_label, win_probability,
                                           expected_dqs, coverage, exclusion, part_score, part_cohort, part_feature, part_value, part_points)
    SELECT %1$L, %2$s, %3$s, s.model, s.version, s.cohort, s.grade, s.similarity, coalesce(@extschema@.icp_overridden(s.model, %2$s), s.label), s.label,
           s.win_probability, s.expected_dqs, s.coverage, s.exclusion, e.score, e.cohort, e.feature, e.value, e.points
    FROM %4$s w CROSS JOIN LATERAL @extschema@.icp_score(%5$s, $1[1]) s
    CROSS JOIN LATERAL (
        SELECT pg_catalog.array_agg(x.score ORDER BY x.ordinality), pg_catalog.array_agg(x.cohort ORDER BY x.ordinality),
               pg_catalog.array_agg(x.feature ORDER BY x.ordinality), pg_catalog.array_agg(x.value ORDER BY x.ordinality),
               pg_catalog.array_agg(x.points ORDER BY x.ordinality)
        FROM @extschema@.icp_explain(%5$s, $1[1]) WITH ORDINALITY x) e (score, cohort, feature, value, points)
    WHERE %2$s IS NOT NULL$f$,
    plan.source, format(plan.lead, 'w.whole'), format(plan.company, 'w.whole'), rows_of, format(plan.attributes, 'w.whole'))
$$;
COMMENT ON FUNCTION icp_score_log_statement(icp_rescore_plan, text) IS
'The statement that logs the scores of the rows in the column whole of a relation. $1: the arguments.';

CREATE FUNCTION icp_log_score() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    given pg_catalog.text[] := CASE WHEN TG_NARGS OPERATOR(pg_catalog.>) 0 THEN ARRAY(SELECT a FROM pg_catalog.unnest(TG_ARGV) a) END;
    plan @extschema@.icp_rescore_plan;
    rows_of pg_catalog.text;
BEGIN
    IF TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'STATEMENT' OR TG_OP OPERATOR(pg_catalog.<>) ALL (ARRAY['INSERT', 'UPDATE']) THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = pg_catalog.format('trigger "%s" cannot run icp_log_score(): it is declared %s %s FOR EACH %s', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL),
            HINT = 'Declare it AFTER INSERT … REFERENCING NEW TABLE AS icp_new FOR EACH STATEMENT, and another one AFTER UPDATE … REFERENCING OLD TABLE AS icp_old NEW TABLE AS icp_new.';
    END IF;
    BEGIN
        given := @extschema@.icp_rescore_arguments(TG_RELID, NULL, given);
        plan := @extschema@.icp_plan_rescore(TG_RELID, given, ARRAY(SELECT t FROM @extschema@.icp_score_targets(TG_RELID, given) t));
        IF plan.lead_column IS NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'undefined_column', MESSAGE = pg_catalog.format('%s has no column that says which lead a row is', plan.source);
        END IF;
        rows_of := pg_catalog.format('(SELECT CAST(ROW(n.*) AS %s) AS whole FROM icp_new n', plan.source);
        IF TG_OP OPERATOR(pg_catalog.=) 'UPDATE' THEN
            rows_of := pg_catalog.format('%s LEFT JOIN icp_old o ON %s OPERATOR(pg_catalog.=) %s WHERE %s IS NULL OR CAST(ROW(%s) AS pg_catalog.record) OPERATOR(pg_catalog.*<>) CAST(ROW(%s) AS pg_catalog.record)',
                rows_of, pg_catalog.format(plan.lead, 'o'), pg_catalog.format(plan.lead, 'n'), pg_catalog.format(plan.lead, 'o'),
                (SELECT pg_catalog.string_agg(pg_catalog.concat('o.', c), ', ' ORDER BY c) FROM pg_catalog.unnest(plan.columns) c),
                (SELECT pg_catalog.string_agg(pg_catalog.concat('n.', c), ', ' ORDER BY c) FROM pg_catalog.unnest(plan.columns) c));
        END IF;
        EXECUTE @extschema@.icp_score_log_statement(plan, pg_catalog.concat(rows_of, ')')) USING given;
    EXCEPTION WHEN OTHERS THEN
        -- A lead is stored even where its score cannot be logged; what ends a transaction still does.
        IF pg_catalog."left"(SQLSTATE, 2) OPERATOR(pg_catalog.=) ANY (ARRAY['40', '53', '57', '58', 'XX']) THEN
            RAISE;
        END IF;
        RAISE WARNING USING MESSAGE = pg_catalog.format('trigger "%s" on table "%s" logs no scores: %s', TG_NAME, TG_TABLE_NAME, SQLERRM),
            HINT = 'It needs INSERT on icp_score_log, SELECT on icp_models and icp_overrides, and transition tables named icp_new and, on UPDATE, icp_old.';
    END;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION icp_log_score() IS
'Trigger AFTER INSERT or UPDATE FOR EACH STATEMENT that logs the scores just stored into icp_score_log. Arguments as for icp_score_lead(); without, those of the table''s trigger that runs it. Transition tables: NEW TABLE AS icp_new, on UPDATE also OLD TABLE AS icp_old; then only rows whose stored score has changed are logged.';

-- concat() writes by the type's output function, whatever casts to text there are. The settings are those under which
-- what is written can be read in one way only, whatever they are then.
CREATE FUNCTION icp_rescore_place(key anyelement) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET intervalstyle = postgres SET timezone = 'UTC'
SET extra_float_digits = 3 SET bytea_output = hex AS $$
SELECT concat(icp_rescore_place.key)
$$;
COMMENT ON FUNCTION icp_rescore_place(anyelement) IS
'A value as text from which its type reads the same value again, whatever the settings of the session are; NULL for NULL. For the columns of a primary key.';

-- A comparison of rows has one operator for all their columns, and an index serves it. Types of other schemas have
-- operators of their own: their columns are compared one after another.
CREATE FUNCTION icp_rescore_behind(plan icp_rescore_plan, place text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
WITH key AS (
    SELECT u.n, '"icp row".' || u.k AS name, format('%L::%s', u.v, u.t) AS value, u.equal, u.greater
    FROM unnest(plan.keys, plan.key_types, place, plan.equal, plan.greater) WITH ORDINALITY u (k, t, v, equal, greater, n))
SELECT CASE WHEN min(k.greater) = max(k.greater)
       THEN format('ROW(%s) %s ROW(%s)', string_agg(k.name, ', ' ORDER BY k.n), min(k.greater), string_agg(k.value, ', ' ORDER BY k.n))
       ELSE string_agg(format('(%s)', (SELECT string_agg(format('%s %s %s', b.name, CASE WHEN b.n = k.n THEN b.greater ELSE b.equal END, b.value), ' AND ' ORDER BY b.n)
                                       FROM key b WHERE b.n <= k.n)), ' OR ' ORDER BY k.n) END
FROM key k
$$;
COMMENT ON FUNCTION icp_rescore_behind(icp_rescore_plan, text[]) IS 'The condition that a row of the table stands behind a place in the order of its primary key.';

-- A row is written only if it still is the version that was scored: another session's change sends it through again. The
-- place stands in the statement as literals, which the input functions of the types read, as icp_rescore_place() wrote them.
CREATE FUNCTION icp_rescore_statement(plan icp_rescore_plan, by_leads boolean, place text[], log boolean) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
SELECT format($f$
WITH batch AS MATERIALIZED (
    SELECT r.place, r.part, r.made, r.scored, r.scored OPERATOR(pg_catalog.*<>) r.whole AS changed, %3$s
    FROM (SELECT "icp row" AS whole, "icp row".ctid AS place, "icp row".tableoid AS part, "icp row".xmin AS made,
                 @extschema@.icp_scored("icp row", $1) AS scored, %11$s
          FROM %1$s "icp row" WHERE %4$s ORDER BY %2$s LIMIT $3) r),
written AS (
    UPDATE %1$s "icp row" SET (%5$s) = ROW(%6$s) FROM batch b
    WHERE "icp row".ctid OPERATOR(pg_catalog.=) b.place AND "icp row".tableoid OPERATOR(pg_catalog.=) b.part
      AND "icp row".xmin OPERATOR(pg_catalog.=) b.made AND b.changed
    RETURNING %8$s AS whole)%7$s
SELECT pg_catalog.count(*) AS scanned, pg_catalog.count(*) FILTER (WHERE b.changed) AS changed, (SELECT pg_catalog.count(*) FROM written) AS written,
       pg_catalog.count(*) FILTER (WHERE b.changed IS NULL) AS unscored,
       (SELECT ARRAY[%9$s] FROM batch r ORDER BY %10$s LIMIT 1) AS last
FROM batch b$f$,
    plan.source,
    (SELECT string_agg('"icp row".' || k, ', ' ORDER BY n) FROM unnest(plan.keys) WITH ORDINALITY u (k, n)),
    (SELECT string_agg(format('r."icp key %s"', n), ', ' ORDER BY n) FROM unnest(plan.keys) WITH ORDINALITY u (k, n)),
    CASE WHEN by_leads THEN format('"icp row".%s OPERATOR(pg_catalog.=) ANY ($2::%s[])', plan.lead_column, plan.lead_type)
         WHEN place IS NOT NULL THEN @extschema@.icp_rescore_behind(plan, place) ELSE 'true' END,
    array_to_string(plan.columns, ', '),
    (SELECT string_agg('(b.scored).' || c, ', ' ORDER BY n) FROM unnest(plan.columns) WITH ORDINALITY u (c, n)),
    CASE WHEN log THEN format(',
logged AS (%s)', @extschema@.icp_score_log_statement(plan, 'written')) ELSE '' END,
    CASE WHEN log THEN '"icp row"' ELSE 'NULL' END,
    (SELECT string_agg(format('@extschema@.icp_rescore_place(r."icp key %s")', n), ', ' ORDER BY n)
     FROM unnest(plan.keys) WITH ORDINALITY u (k, n)),
    (SELECT string_agg(format('r."icp key %s" DESC', n), ', ' ORDER BY n) FROM unnest(plan.keys) WITH ORDINALITY u (k, n)),
    (SELECT string_agg(format('"icp row".%s AS "icp key %s"', k, n), ', ' ORDER BY n) FROM unnest(plan.keys) WITH ORDINALITY u (k, n)))
$$;
COMMENT ON FUNCTION icp_rescore_statement(icp_rescore_plan, boolean, text[], boolean) IS
'The statement of one batch of icp_rescore, behind a place: the primary key of the last row of the last batch as icp_rescore_place() writes it, NULL before the first. $1 arguments, $2 the leads, $3 rows at most.';

CREATE PROCEDURE icp_rescore(source regclass, model text DEFAULT NULL, arguments text[] DEFAULT NULL, leads text[] DEFAULT NULL,
                             batch integer DEFAULT 1000, log boolean DEFAULT false)
LANGUAGE plpgsql AS $$
DECLARE
    rows CONSTANT pg_catalog.int4 := coalesce(icp_rescore.batch, 1000);
    logs CONSTANT pg_catalog.bool := coalesce(icp_rescore.log, false);
    given pg_catalog.text[];
    plan @extschema@.icp_rescore_plan;
    number pg_catalog.int8;
    progress @extschema@.icp_rescore_progress;
    statement pg_catalog.text;
    done pg_catalog.record;
    written_rows pg_catalog.int8;
BEGIN
    IF rows OPERATOR(pg_catalog.<) 1 OR rows OPERATOR(pg_catalog.>) 1000000 THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = pg_catalog.format('a batch of %s rows', rows),
            HINT = 'A batch has 1 to 1000000 rows; 1000 where nothing is said.';
    END IF;
    given := @extschema@.icp_rescore_arguments(icp_rescore.source, icp_rescore.model, icp_rescore.arguments);
    plan := @extschema@.icp_plan_rescore(icp_rescore.source, given, ARRAY(SELECT t FROM @extschema@.icp_score_targets(icp_rescore.source, given) t));
    IF plan.lead_column IS NULL AND (logs OR icp_rescore.leads IS NOT NULL) THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_column', MESSAGE = pg_catalog.format('%s has no column that says which lead a row is', plan.source),
            HINT = 'A primary key of one column, or a column lead_id, does.';
    END IF;
    IF icp_rescore.leads IS NULL THEN
        -- Sessions that begin at the same time share one run.
        PERFORM pg_catalog.pg_advisory_xact_lock('@extschema@.icp_rescore_progress'::pg_catalog.regclass::pg_catalog.oid::pg_catalog.int4,
            pg_catalog.hashtext(pg_catalog.concat(plan.source, ' ', plan.model)));
        SELECT p.run INTO number FROM @extschema@.icp_rescore_progress p
        WHERE p.source OPERATOR(pg_catalog.=) plan.source AND p.model OPERATOR(pg_catalog.=) plan.model AND p.finished_at IS NULL
          AND p.version OPERATOR(pg_catalog.=) plan.version AND p.arguments OPERATOR(pg_catalog.=) plan.arguments AND p.log OPERATOR(pg_catalog.=) logs;
        IF number IS NULL THEN
            UPDATE @extschema@.icp_rescore_progress p SET status = 'superseded', last_key = NULL, finished_at = pg_catalog.clock_timestamp()
            WHERE p.source OPERATOR(pg_catalog.=) plan.source AND p.model OPERATOR(pg_catalog.=) plan.model AND p.finished_at IS NULL;
            INSERT INTO @extschema@.icp_rescore_progress (source, model, version, arguments, log, estimated)
            SELECT plan.source, plan.model, plan.version, plan.arguments, logs, pg_catalog.sum(greatest(c.reltuples, 0))
            FROM pg_catalog.pg_class c
            WHERE c.oid OPERATOR(pg_catalog.=) icp_rescore.source
               OR c.oid OPERATOR(pg_catalog.=) ANY (SELECT t.relid FROM pg_catalog.pg_partition_tree(icp_rescore.source) t WHERE t.isleaf)
            RETURNING run INTO number;
        END IF;
        COMMIT;
    END IF;
    LOOP
        IF number IS NOT NULL THEN
            -- Another session at the same run has its turn first.
            SELECT p.* INTO progress FROM @extschema@.icp_rescore_progress p WHERE p.run OPERATOR(pg_catalog.=) number FOR UPDATE;
            IF progress.run IS NULL OR progress.status OPERATOR(pg_catalog.=) 'superseded' THEN
                RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state', MESSAGE = pg_catalog.format('run %s of icp_rescore was taken away', number),
                    HINT = 'Another run was started, or a lead forgotten. Call icp_rescore() again.';
            END IF;
            EXIT WHEN progress.finished_at IS NOT NULL;
        END IF;
        statement := @extschema@.icp_rescore_statement(plan, number IS NULL, progress.last_key, logs);
        written_rows := 0;
        FOR attempt IN 1 .. 10 LOOP
            EXECUTE statement INTO done USING plan.arguments, icp_rescore.leads, CASE WHEN number IS NOT NULL THEN rows END;
            written_rows := written_rows OPERATOR(pg_catalog.+) done.written;
            EXIT WHEN done.written OPERATOR(pg_catalog.=) done.changed;
        END LOOP;
        IF number IS NULL THEN
            COMMIT;
            EXIT;
        END IF;
        UPDATE @extschema@.icp_rescore_progress p
        SET scanned = p.scanned OPERATOR(pg_catalog.+) done.scanned, written = p.written OPERATOR(pg_catalog.+) written_rows,
            unscored = p.unscored OPERATOR(pg_catalog.+) done.unscored,
            skipped = p.skipped OPERATOR(pg_catalog.+) (done.changed OPERATOR(pg_catalog.-) done.written),
            last_key = done.last, pid = pg_catalog.pg_backend_pid(),
            updated_at = pg_catalog.clock_timestamp()
        WHERE p.run OPERATOR(pg_catalog.=) number;
        IF done.scanned OPERATOR(pg_catalog.<) rows THEN
            UPDATE @extschema@.icp_rescore_progress p SET status = 'done', last_key = NULL, finished_at = pg_catalog.clock_timestamp()
            WHERE p.run OPERATOR(pg_catalog.=) number;
        END IF;
        COMMIT;
    END LOOP;
END
$$;
COMMENT ON PROCEDURE icp_rescore(regclass, text, text[], text[], integer, boolean) IS
'Scores the leads of a table again, in batches in the order of its primary key, each committed with its progress (icp_rescore_progress). Only rows whose score changes are written; overrides win; other sessions go on writing. Interrupted, the next call goes on where it stopped. model: NULL that of the table''s trigger, else the default; its version now is used to the end. arguments: which columns take which fields, as in CREATE TRIGGER; NULL: those of the table''s trigger, else the columns named icp_ and a field. leads: only these, at once. log: what is written also goes to icp_score_log. Cannot run inside a transaction block. Needs SELECT and UPDATE on the table, SELECT on icp_models and icp_overrides, SELECT, INSERT and UPDATE on icp_rescore_progress (without leads), INSERT on icp_score_log (with log).';
