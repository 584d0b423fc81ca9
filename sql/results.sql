-- The results of the priority matrix, kept for reports: snapshots, and the views that read them.

CREATE TABLE icp_priority_snapshots (
    source text COLLATE "C" NOT NULL,
    matrix text COLLATE "C" NOT NULL,
    as_of timestamptz NOT NULL,
    created_by text NOT NULL DEFAULT CURRENT_USER,
    created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    CONSTRAINT icp_priority_snapshots_finite_as_of CHECK (pg_catalog.isfinite(as_of)),
    CONSTRAINT icp_priority_snapshots_pkey PRIMARY KEY (source, matrix, as_of));
ALTER TABLE icp_priority_snapshots OWNER TO @extowner@;
SELECT pg_catalog.pg_extension_config_dump('icp_priority_snapshots', '');
COMMENT ON TABLE icp_priority_snapshots IS 'The times at which the results of a priority matrix were kept, written by icp_snapshot_priorities. Deleting a row deletes its cells.';
COMMENT ON COLUMN icp_priority_snapshots.source IS 'The view that the leads came from.';
COMMENT ON COLUMN icp_priority_snapshots.matrix IS 'Name of the priority matrix.';
COMMENT ON COLUMN icp_priority_snapshots.as_of IS 'The moment that the figures speak of.';
COMMENT ON COLUMN icp_priority_snapshots.created_by IS 'The role that took the snapshot.';
COMMENT ON COLUMN icp_priority_snapshots.created_at IS 'When it was taken.';

CREATE TABLE icp_priority_snapshot_cells (
    source text COLLATE "C" NOT NULL,
    matrix text COLLATE "C" NOT NULL,
    as_of timestamptz NOT NULL,
    cell integer NOT NULL,
    stage text,
    interest text,
    readiness text,
    priority text NOT NULL,
    priority_rank integer,
    scenario text,
    leads bigint NOT NULL,
    n bigint,
    n_companies bigint,
    converted bigint,
    conversion double precision,
    conversion_lo double precision,
    conversion_hi double precision,
    feedback bigint,
    realness double precision,
    realness_lo double precision,
    realness_hi double precision,
    suggested_priority text,
    suggested_rank integer,
    suggestion text,
    suggestion_ru text,
    CONSTRAINT icp_priority_snapshot_cells_pkey PRIMARY KEY (source, matrix, as_of, cell),
    CONSTRAINT icp_priority_snapshot_cells_snapshot FOREIGN KEY (source, matrix, as_of) REFERENCES icp_priority_snapshots ON DELETE CASCADE);
ALTER TABLE icp_priority_snapshot_cells OWNER TO @extowner@;
SELECT pg_catalog.pg_extension_config_dump('icp_priority_snapshot_cells', '');
COMMENT ON TABLE icp_priority_snapshot_cells IS 'What each cell was worth at a snapshot, as icp_priority_results had it; two rows more for leads that are unplaced and visitors who are unqualified. Read it by icp_priority_cells and icp_priority_history.';
COMMENT ON COLUMN icp_priority_snapshot_cells.source IS 'The view that the leads came from.';
COMMENT ON COLUMN icp_priority_snapshot_cells.matrix IS 'Name of the priority matrix.';
COMMENT ON COLUMN icp_priority_snapshot_cells.as_of IS 'The moment that the figures speak of.';
COMMENT ON COLUMN icp_priority_snapshot_cells.cell IS 'Number of the row within its snapshot, from 1.';
COMMENT ON COLUMN icp_priority_snapshot_cells.stage IS 'Stage of the funnel; NULL for unqualified and unplaced.';
COMMENT ON COLUMN icp_priority_snapshot_cells.interest IS 'Level of interest.';
COMMENT ON COLUMN icp_priority_snapshot_cells.readiness IS 'Readiness to buy.';
COMMENT ON COLUMN icp_priority_snapshot_cells.priority IS 'Priority of the cell; unqualified: visitors without a qualifying event; unplaced: leads that no cell of the matrix takes.';
COMMENT ON COLUMN icp_priority_snapshot_cells.priority_rank IS 'The priority as a number to sort by, 1 the most urgent.';
COMMENT ON COLUMN icp_priority_snapshot_cells.scenario IS 'What to do now, by the matrix.';
COMMENT ON COLUMN icp_priority_snapshot_cells.leads IS 'Leads created by the as-of time, whether or not they had time to convert.';
COMMENT ON COLUMN icp_priority_snapshot_cells.n IS 'Those of them that are as old as the maturity: conversion is of these.';
COMMENT ON COLUMN icp_priority_snapshot_cells.n_companies IS 'Their companies: the independent units of the interval.';
COMMENT ON COLUMN icp_priority_snapshot_cells.converted IS 'Those of the n that converted.';
COMMENT ON COLUMN icp_priority_snapshot_cells.conversion IS 'converted / n, 0 to 1.';
COMMENT ON COLUMN icp_priority_snapshot_cells.conversion_lo IS 'Lower end of its 95 % interval (Wilson, by companies).';
COMMENT ON COLUMN icp_priority_snapshot_cells.conversion_hi IS 'Upper end of that interval.';
COMMENT ON COLUMN icp_priority_snapshot_cells.feedback IS 'Leads of the n of which sales said how real they were; the latest word of each.';
COMMENT ON COLUMN icp_priority_snapshot_cells.realness IS 'Mean of what they said, 0 to 1.';
COMMENT ON COLUMN icp_priority_snapshot_cells.realness_lo IS 'Lower end of its 95 % interval, as if of a share, which is wide enough for marks between 0 and 1.';
COMMENT ON COLUMN icp_priority_snapshot_cells.realness_hi IS 'Upper end of that interval.';
COMMENT ON COLUMN icp_priority_snapshot_cells.suggested_priority IS 'Another priority that the results suggest; NULL: leave it as it is.';
COMMENT ON COLUMN icp_priority_snapshot_cells.suggested_rank IS 'Its number.';
COMMENT ON COLUMN icp_priority_snapshot_cells.suggestion IS 'Why, or why nothing can be said, in English.';
COMMENT ON COLUMN icp_priority_snapshot_cells.suggestion_ru IS 'The same in Russian.';

CREATE VIEW icp_priority_history AS
SELECT s.source, s.matrix, s.as_of, c.stage, c.interest, c.readiness, c.priority, c.priority_rank, c.scenario, c.leads, c.n, c.n_companies, c.converted, c.conversion, c.conversion_lo, c.conversion_hi, c.feedback, c.realness, c.realness_lo, c.realness_hi, c.suggested_priority, c.suggested_rank, c.suggestion, c.suggestion_ru
FROM @extschema@.icp_priority_snapshots s JOIN @extschema@.icp_priority_snapshot_cells c
  ON c.source OPERATOR(pg_catalog.=) s.source AND c.matrix OPERATOR(pg_catalog.=) s.matrix AND c.as_of OPERATOR(pg_catalog.=) s.as_of;
ALTER VIEW icp_priority_history OWNER TO @extowner@;
COMMENT ON VIEW icp_priority_history IS 'What each cell of the priority matrices was worth, at every snapshot.';
COMMENT ON COLUMN icp_priority_history.source IS 'The view that the leads came from.';
COMMENT ON COLUMN icp_priority_history.matrix IS 'Name of the priority matrix.';
COMMENT ON COLUMN icp_priority_history.as_of IS 'The moment that the figures speak of.';
COMMENT ON COLUMN icp_priority_history.stage IS 'Stage of the funnel; NULL for unqualified and unplaced.';
COMMENT ON COLUMN icp_priority_history.interest IS 'Level of interest.';
COMMENT ON COLUMN icp_priority_history.readiness IS 'Readiness to buy.';
COMMENT ON COLUMN icp_priority_history.priority IS 'Priority of the cell; unqualified: visitors without a qualifying event; unplaced: leads that no cell of the matrix takes.';
COMMENT ON COLUMN icp_priority_history.priority_rank IS 'The priority as a number to sort by, 1 the most urgent.';
COMMENT ON COLUMN icp_priority_history.scenario IS 'What to do now, by the matrix.';
COMMENT ON COLUMN icp_priority_history.leads IS 'Leads created by the as-of time, whether or not they had time to convert.';
COMMENT ON COLUMN icp_priority_history.n IS 'Those of them that are as old as the maturity: conversion is of these.';
COMMENT ON COLUMN icp_priority_history.n_companies IS 'Their companies: the independent units of the interval.';
COMMENT ON COLUMN icp_priority_history.converted IS 'Those of the n that converted.';
COMMENT ON COLUMN icp_priority_history.conversion IS 'converted / n, 0 to 1.';
COMMENT ON COLUMN icp_priority_history.conversion_lo IS 'Lower end of its 95 % interval (Wilson, by companies).';
COMMENT ON COLUMN icp_priority_history.conversion_hi IS 'Upper end of that interval.';
COMMENT ON COLUMN icp_priority_history.feedback IS 'Leads of the n of which sales said how real they were; the latest word of each.';
COMMENT ON COLUMN icp_priority_history.realness IS 'Mean of what they said, 0 to 1.';
COMMENT ON COLUMN icp_priority_history.realness_lo IS 'Lower end of its 95 % interval, as if of a share, which is wide enough for marks between 0 and 1.';
COMMENT ON COLUMN icp_priority_history.realness_hi IS 'Upper end of that interval.';
COMMENT ON COLUMN icp_priority_history.suggested_priority IS 'Another priority that the results suggest; NULL: leave it as it is.';
COMMENT ON COLUMN icp_priority_history.suggested_rank IS 'Its number.';
COMMENT ON COLUMN icp_priority_history.suggestion IS 'Why, or why nothing can be said, in English.';
COMMENT ON COLUMN icp_priority_history.suggestion_ru IS 'The same in Russian.';

CREATE VIEW icp_priority_cells AS
SELECT h.* FROM @extschema@.icp_priority_history h
JOIN (SELECT s.source, s.matrix, pg_catalog.max(s.as_of) AS as_of FROM @extschema@.icp_priority_snapshots s GROUP BY s.source, s.matrix) l
  ON l.source OPERATOR(pg_catalog.=) h.source AND l.matrix OPERATOR(pg_catalog.=) h.matrix AND l.as_of OPERATOR(pg_catalog.=) h.as_of;
ALTER VIEW icp_priority_cells OWNER TO @extowner@;
COMMENT ON VIEW icp_priority_cells IS 'What each cell of the priority matrices is worth, by the latest snapshot of each source and matrix: conversion and feedback with their intervals, and the priority that they suggest.';
COMMENT ON COLUMN icp_priority_cells.source IS 'The view that the leads came from.';
COMMENT ON COLUMN icp_priority_cells.matrix IS 'Name of the priority matrix.';
COMMENT ON COLUMN icp_priority_cells.as_of IS 'The moment that the figures speak of.';
COMMENT ON COLUMN icp_priority_cells.stage IS 'Stage of the funnel; NULL for unqualified and unplaced.';
COMMENT ON COLUMN icp_priority_cells.interest IS 'Level of interest.';
COMMENT ON COLUMN icp_priority_cells.readiness IS 'Readiness to buy.';
COMMENT ON COLUMN icp_priority_cells.priority IS 'Priority of the cell; unqualified: visitors without a qualifying event; unplaced: leads that no cell of the matrix takes.';
COMMENT ON COLUMN icp_priority_cells.priority_rank IS 'The priority as a number to sort by, 1 the most urgent.';
COMMENT ON COLUMN icp_priority_cells.scenario IS 'What to do now, by the matrix.';
COMMENT ON COLUMN icp_priority_cells.leads IS 'Leads created by the as-of time, whether or not they had time to convert.';
COMMENT ON COLUMN icp_priority_cells.n IS 'Those of them that are as old as the maturity: conversion is of these.';
COMMENT ON COLUMN icp_priority_cells.n_companies IS 'Their companies: the independent units of the interval.';
COMMENT ON COLUMN icp_priority_cells.converted IS 'Those of the n that converted.';
COMMENT ON COLUMN icp_priority_cells.conversion IS 'converted / n, 0 to 1.';
COMMENT ON COLUMN icp_priority_cells.conversion_lo IS 'Lower end of its 95 % interval (Wilson, by companies).';
COMMENT ON COLUMN icp_priority_cells.conversion_hi IS 'Upper end of that interval.';
COMMENT ON COLUMN icp_priority_cells.feedback IS 'Leads of the n of which sales said how real they were; the latest word of each.';
COMMENT ON COLUMN icp_priority_cells.realness IS 'Mean of what they said, 0 to 1.';
COMMENT ON COLUMN icp_priority_cells.realness_lo IS 'Lower end of its 95 % interval, as if of a share, which is wide enough for marks between 0 and 1.';
COMMENT ON COLUMN icp_priority_cells.realness_hi IS 'Upper end of that interval.';
COMMENT ON COLUMN icp_priority_cells.suggested_priority IS 'Another priority that the results suggest; NULL: leave it as it is.';
COMMENT ON COLUMN icp_priority_cells.suggested_rank IS 'Its number.';
COMMENT ON COLUMN icp_priority_cells.suggestion IS 'Why, or why nothing can be said, in English.';
COMMENT ON COLUMN icp_priority_cells.suggestion_ru IS 'The same in Russian.';

CREATE TYPE icp_priority_snapshot AS (source text, matrix text, as_of timestamptz, replaced boolean, cells bigint, leads bigint, n bigint, converted bigint, suggestions bigint);
COMMENT ON TYPE icp_priority_snapshot IS 'What a snapshot of a priority matrix has in it: result of icp_snapshot_priorities.';
COMMENT ON COLUMN icp_priority_snapshot.source IS 'The view that the leads came from.';
COMMENT ON COLUMN icp_priority_snapshot.matrix IS 'Name of the priority matrix.';
COMMENT ON COLUMN icp_priority_snapshot.as_of IS 'The moment that the figures speak of.';
COMMENT ON COLUMN icp_priority_snapshot.replaced IS 'Whether there was a snapshot of that moment, in whose place this one stands now.';
COMMENT ON COLUMN icp_priority_snapshot.cells IS 'Rows kept: the cells of the matrix, and what is unplaced or unqualified.';
COMMENT ON COLUMN icp_priority_snapshot.leads IS 'Leads in cells.';
COMMENT ON COLUMN icp_priority_snapshot.n IS 'Those of them that had time to convert.';
COMMENT ON COLUMN icp_priority_snapshot.converted IS 'Those of the n that converted.';
COMMENT ON COLUMN icp_priority_snapshot.suggestions IS 'Cells for which another priority is suggested.';

-- Runs a view of the user's, under the user's search_path: every name and operator of ours is written with its schema.
CREATE FUNCTION icp_snapshot_priorities(source regclass, matrix text DEFAULT 'main', as_of timestamptz DEFAULT NULL, maturity interval DEFAULT NULL)
RETURNS icp_priority_snapshot
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
    types pg_catalog.jsonb := @extschema@.icp_source_types(icp_snapshot_priorities.source, '{lead_id,stage,interest,readiness}', 'Give a view as icp_priority_results takes it.');
    matrix_name CONSTANT pg_catalog.text := coalesce(icp_snapshot_priorities.matrix, 'main');
    result @extschema@.icp_priority_snapshot;
    name pg_catalog.text;
    moment pg_catalog.timestamptz := icp_snapshot_priorities.as_of;
BEGIN
    IF moment IS NULL THEN
        EXECUTE pg_catalog.format('SELECT pg_catalog.max(GREATEST(%s, %s)) FROM %s s', @extschema@.icp_source_time(types, 'created_at'), @extschema@.icp_source_time(types, 'converted_at'),
                                  icp_snapshot_priorities.source) INTO moment;
    END IF;
    IF NOT pg_catalog.isfinite(moment) THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'the moment of the snapshot is infinite',
            DETAIL = CASE WHEN icp_snapshot_priorities.as_of IS NULL THEN pg_catalog.format('It is the latest in created_at and converted_at of %s.', icp_snapshot_priorities.source) ELSE 'It is given by as_of.' END,
            HINT = 'Give as_of, the moment that the figures speak of.';
    END IF;
    IF moment IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'it is not known of which moment the snapshot speaks',
            DETAIL = pg_catalog.format('%s has no dates in created_at or converted_at.', icp_snapshot_priorities.source), HINT = 'Give as_of.';
    END IF;
    SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) INTO name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    WHERE c.oid OPERATOR(pg_catalog.=) icp_snapshot_priorities.source;
    -- Whoever takes the same snapshot waits here until this transaction ends, and then replaces it.
    INSERT INTO @extschema@.icp_priority_snapshots (source, matrix, as_of) VALUES (name, matrix_name, moment)
    ON CONFLICT ON CONSTRAINT icp_priority_snapshots_pkey DO UPDATE SET created_by = EXCLUDED.created_by, created_at = EXCLUDED.created_at;
    DELETE FROM @extschema@.icp_priority_snapshot_cells c
    WHERE c.source OPERATOR(pg_catalog.=) name AND c.matrix OPERATOR(pg_catalog.=) matrix_name AND c.as_of OPERATOR(pg_catalog.=) moment;
    result.replaced := FOUND;
    WITH written AS (
        INSERT INTO @extschema@.icp_priority_snapshot_cells
        SELECT name, matrix_name, moment, pg_catalog.row_number() OVER (ORDER BY e.priority_rank, e.stage COLLATE pg_catalog."C", e.interest COLLATE pg_catalog."C", e.readiness COLLATE pg_catalog."C", e.priority COLLATE pg_catalog."C"),
               e.*, r.suggestion
        FROM @extschema@.icp_priority_results(icp_snapshot_priorities.source, matrix_name, 'en', icp_snapshot_priorities.as_of, icp_snapshot_priorities.maturity) e
        LEFT JOIN @extschema@.icp_priority_results(icp_snapshot_priorities.source, matrix_name, 'ru', icp_snapshot_priorities.as_of, icp_snapshot_priorities.maturity) r
          ON r.stage OPERATOR(pg_catalog.=) e.stage AND r.interest OPERATOR(pg_catalog.=) e.interest AND r.readiness OPERATOR(pg_catalog.=) e.readiness
        RETURNING *)
    SELECT name, matrix_name, moment, result.replaced, pg_catalog.count(*), coalesce(pg_catalog.sum(w.leads) FILTER (WHERE w.stage IS NOT NULL), 0),
           coalesce(pg_catalog.sum(w.n), 0), coalesce(pg_catalog.sum(w.converted), 0), pg_catalog.count(w.suggested_rank)
    INTO result FROM written w;
    RETURN result;
END
$$;
COMMENT ON FUNCTION icp_snapshot_priorities(regclass, text, timestamptz, interval) IS
'Keeps what icp_priority_results says of a view of leads, for the views icp_priority_cells and icp_priority_history, and returns what the snapshot has in it. as_of: the moment that it speaks of; NULL: the latest date of the rows, and without any an error (22004). A snapshot of the same source, matrix and moment is replaced, as a whole; another session that takes the same one waits. Needs SELECT on the source, icp_priorities and icp_feedback, and SELECT, INSERT, UPDATE, DELETE on icp_priority_snapshots and icp_priority_snapshot_cells.';
