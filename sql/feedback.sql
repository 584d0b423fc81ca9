-- Feedback: how real a lead was, and what the cells of the priority matrix turned out to be worth.

CREATE TABLE icp_feedback (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT icp_feedback_pkey PRIMARY KEY,
    lead_id text NOT NULL,
    manager text,
    realness double precision NOT NULL CONSTRAINT icp_feedback_realness CHECK (realness BETWEEN 0 AND 1),
    comment text,
    given_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    given_by text NOT NULL DEFAULT CURRENT_USER);
CREATE INDEX icp_feedback_lead ON icp_feedback (lead_id);
ALTER TABLE icp_feedback OWNER TO @extowner@;
SELECT pg_catalog.pg_extension_config_dump('icp_feedback', '');
SELECT pg_catalog.pg_extension_config_dump('icp_feedback_id_seq', '');
COMMENT ON TABLE icp_feedback IS 'What sales said of leads, written by icp_add_feedback. Of several rows of a lead the latest counts.';
COMMENT ON SEQUENCE icp_feedback_id_seq IS 'Numbers of the rows of icp_feedback.';
COMMENT ON COLUMN icp_feedback.id IS 'Number of the row.';
COMMENT ON COLUMN icp_feedback.lead_id IS 'The lead, as text.';
COMMENT ON COLUMN icp_feedback.manager IS 'The manager who worked on it.';
COMMENT ON COLUMN icp_feedback.realness IS 'How real it was: 0 not at all, 1 a real buyer.';
COMMENT ON COLUMN icp_feedback.comment IS 'In the manager''s words.';
COMMENT ON COLUMN icp_feedback.given_at IS 'When it was said.';
COMMENT ON COLUMN icp_feedback.given_by IS 'The role that wrote it, by name.';

CREATE FUNCTION icp_add_feedback(lead_id text, realness double precision, manager text DEFAULT NULL, comment text DEFAULT NULL, given_at timestamptz DEFAULT now())
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    number bigint;
BEGIN
    IF icp_add_feedback.lead_id IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'the lead of the feedback is NULL';
    END IF;
    IF icp_add_feedback.realness IS NULL OR NOT icp_add_feedback.realness BETWEEN 0 AND 1 THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'realness must be a number from 0 to 1',
            DETAIL = format('It is %s.', coalesce(icp_add_feedback.realness::text, 'NULL')),
            HINT = '0 is not real at all, 1 a real buyer; marks m from 1 to 5 are (m - 1) / 4.0.';
    END IF;
    INSERT INTO @extschema@.icp_feedback AS f (lead_id, manager, realness, comment, given_at)
    VALUES (icp_add_feedback.lead_id, icp_add_feedback.manager, icp_add_feedback.realness, icp_add_feedback.comment,
            coalesce(icp_add_feedback.given_at, now())) RETURNING f.id INTO number;
    RETURN number;
END
$$;
COMMENT ON FUNCTION icp_add_feedback(text, double precision, text, text, timestamptz) IS
'Writes what a manager says of a lead into icp_feedback: realness from 0 (not real at all) to 1 (a real buyer). Returns the number of the row. Needs INSERT and SELECT on icp_feedback.';

CREATE FUNCTION icp_latest_feedback(as_of timestamptz DEFAULT NULL) RETURNS SETOF icp_feedback
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT DISTINCT ON (f.lead_id) f.* FROM @extschema@.icp_feedback f
WHERE icp_latest_feedback.as_of IS NULL OR f.given_at OPERATOR(pg_catalog.<=) icp_latest_feedback.as_of
ORDER BY f.lead_id, f.given_at DESC, f.id DESC
$$;
COMMENT ON FUNCTION icp_latest_feedback(timestamptz) IS
'The latest row of icp_feedback of each lead, as of a moment (NULL: all that was said): what to join to a view of leads or deals. Leads of which nothing was said have no row. Needs SELECT on icp_feedback.';

CREATE TYPE icp_priority_result AS (
    stage text, interest text, readiness text, priority text, priority_rank integer, scenario text, leads bigint,
    n bigint, n_companies bigint, converted bigint, conversion double precision, conversion_lo double precision, conversion_hi double precision,
    feedback bigint, realness double precision, realness_lo double precision, realness_hi double precision,
    suggested_priority text, suggested_rank integer, suggestion text);
COMMENT ON TYPE icp_priority_result IS 'What a cell of the priority matrix turned out to be worth: result of icp_priority_results.';
COMMENT ON COLUMN icp_priority_result.stage IS 'Stage of the funnel; NULL for unqualified and unplaced.';
COMMENT ON COLUMN icp_priority_result.interest IS 'Level of interest.';
COMMENT ON COLUMN icp_priority_result.readiness IS 'Readiness to buy.';
COMMENT ON COLUMN icp_priority_result.priority IS 'Priority of the cell; unqualified: visitors without a qualifying event; unplaced: leads that no cell of the matrix takes.';
COMMENT ON COLUMN icp_priority_result.priority_rank IS 'The priority as a number to sort by, 1 the most urgent.';
COMMENT ON COLUMN icp_priority_result.scenario IS 'What to do now, by the matrix.';
COMMENT ON COLUMN icp_priority_result.leads IS 'Leads created by the as-of time, whether or not they had time to convert.';
COMMENT ON COLUMN icp_priority_result.n IS 'Those of them that are as old as the maturity: conversion is of these.';
COMMENT ON COLUMN icp_priority_result.n_companies IS 'Their companies: the independent units of the interval.';
COMMENT ON COLUMN icp_priority_result.converted IS 'Those of the n that converted.';
COMMENT ON COLUMN icp_priority_result.conversion IS 'converted / n, 0 to 1.';
COMMENT ON COLUMN icp_priority_result.conversion_lo IS 'Lower end of its 95 % interval (Wilson, by companies).';
COMMENT ON COLUMN icp_priority_result.conversion_hi IS 'Upper end of that interval.';
COMMENT ON COLUMN icp_priority_result.feedback IS 'Leads of the n of which sales said how real they were; the latest word of each.';
COMMENT ON COLUMN icp_priority_result.realness IS 'Mean of what they said, 0 to 1.';
COMMENT ON COLUMN icp_priority_result.realness_lo IS 'Lower end of its 95 % interval, as if of a share, which is wide enough for marks between 0 and 1.';
COMMENT ON COLUMN icp_priority_result.realness_hi IS 'Upper end of that interval.';
COMMENT ON COLUMN icp_priority_result.suggested_priority IS 'Another priority that the results suggest; NULL: leave it as it is.';
COMMENT ON COLUMN icp_priority_result.suggested_rank IS 'Its number.';
COMMENT ON COLUMN icp_priority_result.suggestion IS 'Why, or why nothing can be said.';

CREATE TYPE icp_priority_comparison AS (
    cell integer, n bigint, n_companies bigint, converted bigint, conversion double precision, conversion_lo double precision, conversion_hi double precision,
    feedback bigint, realness double precision, realness_lo double precision, realness_hi double precision, suggested_rank integer, suggestion text);
COMMENT ON TYPE icp_priority_comparison IS 'A cell among the others: result of icp_priority_compare; columns as in icp_priority_result.';
COMMENT ON COLUMN icp_priority_comparison.cell IS 'Number of the cell, from 1.';
COMMENT ON COLUMN icp_priority_comparison.n IS 'Leads.';
COMMENT ON COLUMN icp_priority_comparison.n_companies IS 'Their companies.';
COMMENT ON COLUMN icp_priority_comparison.converted IS 'Those that converted.';
COMMENT ON COLUMN icp_priority_comparison.conversion IS 'Their share.';
COMMENT ON COLUMN icp_priority_comparison.conversion_lo IS 'Lower end of its 95 % interval.';
COMMENT ON COLUMN icp_priority_comparison.conversion_hi IS 'Upper end.';
COMMENT ON COLUMN icp_priority_comparison.feedback IS 'Leads with feedback.';
COMMENT ON COLUMN icp_priority_comparison.realness IS 'Its mean.';
COMMENT ON COLUMN icp_priority_comparison.realness_lo IS 'Lower end of its 95 % interval.';
COMMENT ON COLUMN icp_priority_comparison.realness_hi IS 'Upper end.';
COMMENT ON COLUMN icp_priority_comparison.suggested_rank IS 'Another rank that the results suggest.';
COMMENT ON COLUMN icp_priority_comparison.suggestion IS 'Why, or why nothing can be said.';

CREATE FUNCTION icp_priority_compare(ranks integer[], cells integer[], companies integer[], converted boolean[], realness double precision[], language text DEFAULT 'en')
RETURNS SETOF icp_priority_comparison
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 27 COST 10000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_priority_compare(integer[], integer[], integer[], boolean[], double precision[], text) IS
'Compares cells: ranks are their priorities, the other arrays have an element for each lead (its cell from 1, its company, whether it converted, how real it was or NULL). The statistics of icp_priority_results.';

CREATE FUNCTION icp_priority_summary(lead_ids text[], companies text[], stages text[], interests text[], readinesses text[], qualified boolean[],
    created timestamptz[], converted_at timestamptz[], converted boolean[], matrix text, language text, as_of timestamptz, maturity interval)
RETURNS SETOF icp_priority_result
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    now_at timestamptz := icp_priority_summary.as_of;
    age interval := icp_priority_summary.maturity;
    repeated text;
BEGIN
    SELECT u.id INTO repeated FROM unnest(lead_ids) u (id) GROUP BY u.id HAVING count(*) > 1 ORDER BY u.id LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'cardinality_violation', MESSAGE = format('lead %s occurs more than once', coalesce(repeated, 'NULL')),
            HINT = 'A join multiplies leads: the source needs one row a lead, each with a lead_id.';
    END IF;
    PERFORM FROM @extschema@.icp_priorities p WHERE p.matrix = icp_priority_summary.matrix;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = format('there is no priority matrix "%s"', icp_priority_summary.matrix),
            HINT = 'Insert its cells into icp_priority_matrix.';
    END IF;
    IF now_at IS NULL THEN
        SELECT max(greatest(u.c, u.v)) INTO now_at FROM unnest(icp_priority_summary.created, icp_priority_summary.converted_at) u (c, v);
    END IF;
    IF age IS NULL THEN
        SELECT percentile_disc(0.9) WITHIN GROUP (ORDER BY u.v - u.c) INTO age FROM unnest(icp_priority_summary.created, icp_priority_summary.converted_at) u (c, v)
        WHERE u.v >= u.c AND u.v <= now_at;
    END IF;
    RETURN QUERY
    WITH cell AS MATERIALIZED (
        SELECT p.*, row_number() OVER (ORDER BY p.priority_rank, p.stage, p.interest, p.readiness)::integer AS number
        FROM @extschema@.icp_priorities p WHERE p.matrix = icp_priority_summary.matrix),
    lead AS MATERIALIZED (
        SELECT u.id, dense_rank() OVER (ORDER BY u.company COLLATE "C")::integer AS company, u.qualified, c.number,
               u.created IS NULL OR age IS NULL OR u.created <= now_at - age AS mature,
               u.converted AND (u.v IS NULL OR now_at IS NULL OR u.v <= now_at) AS converted
        FROM unnest(lead_ids, companies, stages, interests, readinesses, icp_priority_summary.qualified, icp_priority_summary.created,
                    icp_priority_summary.converted_at, icp_priority_summary.converted) u (id, company, stage, interest, readiness, qualified, created, v, converted)
        LEFT JOIN cell c ON c.stage = u.stage AND c.interest = u.interest AND c.readiness = u.readiness
        WHERE u.created IS NULL OR now_at IS NULL OR u.created <= now_at),
    said AS (
        SELECT f.lead_id, f.realness FROM @extschema@.icp_latest_feedback(icp_priority_summary.as_of) f),
    -- Without an order of their own: the comparison gives its own.
    mature AS (
        SELECT array_agg(l.number) AS cells, array_agg(l.company) AS companies, array_agg(l.converted) AS converted, array_agg(s.realness) AS realness
        FROM lead l LEFT JOIN said s ON s.lead_id = l.id WHERE l.qualified AND l.mature AND l.number IS NOT NULL),
    placed AS (SELECT l.number, count(*) AS leads FROM lead l WHERE l.qualified GROUP BY l.number),
    compared AS (
        SELECT r.* FROM mature m, @extschema@.icp_priority_compare((SELECT array_agg(c.priority_rank ORDER BY c.number) FROM cell c),
            coalesce(m.cells, '{}'), coalesce(m.companies, '{}'), coalesce(m.converted, '{}'), coalesce(m.realness, '{}'), coalesce(icp_priority_summary.language, 'en')) r)
    SELECT c.stage, c.interest, c.readiness, c.priority, c.priority_rank, c.scenario,
           coalesce(p.leads, 0),
           r.n, r.n_companies, r.converted, r.conversion, r.conversion_lo, r.conversion_hi, r.feedback, r.realness, r.realness_lo, r.realness_hi,
           (SELECT min(o.priority COLLATE "C") FROM cell o WHERE o.priority_rank = r.suggested_rank), r.suggested_rank, r.suggestion
    FROM cell c JOIN compared r ON r.cell = c.number LEFT JOIN placed p ON p.number = c.number
    UNION ALL
    SELECT NULL, NULL, NULL, 'unplaced', NULL, NULL, p.leads, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM placed p WHERE p.number IS NULL
    UNION ALL
    SELECT NULL, NULL, NULL, 'unqualified', NULL, NULL, count(*), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM lead l WHERE NOT l.qualified HAVING count(*) > 0;
END
$$;
COMMENT ON FUNCTION icp_priority_summary(text[], text[], text[], text[], text[], boolean[], timestamptz[], timestamptz[], boolean[], text, text, timestamptz, interval) IS
'icp_priority_results of leads given as arrays, with nothing of the caller''s run on the way.';

-- Runs a view of the user's, under the user's search_path: every name and operator of ours is written with its schema.
CREATE FUNCTION icp_priority_results(source regclass, matrix text DEFAULT 'main', language text DEFAULT 'en', as_of timestamptz DEFAULT NULL, maturity interval DEFAULT NULL)
RETURNS SETOF icp_priority_result
LANGUAGE plpgsql STABLE AS $$
DECLARE
    types pg_catalog.jsonb;
    query pg_catalog.text := '';
    needed CONSTANT pg_catalog.text := 'Give a view with lead_id, stage, interest, readiness, converted_at (or converted), and where you have them company_id, created_at, qualified.';
BEGIN
    PERFORM @extschema@.icp_language(icp_priority_results.language);
    types := @extschema@.icp_source_types(icp_priority_results.source, '{lead_id,stage,interest,readiness}', needed);
    IF NOT types OPERATOR(pg_catalog.?|) '{converted,converted_at}'::pg_catalog.text[] THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_column', MESSAGE = pg_catalog.format('%s lacks the columns converted_at', icp_priority_results.source), HINT = needed;
    END IF;
    query := pg_catalog.format('SELECT r.* FROM (SELECT pg_catalog.array_agg(s.lead_id::pg_catalog.text) AS a, pg_catalog.array_agg(%s) AS b, '
        'pg_catalog.array_agg(s.stage::pg_catalog.text) AS c, pg_catalog.array_agg(s.interest::pg_catalog.text) AS d, pg_catalog.array_agg(s.readiness::pg_catalog.text) AS e, '
        'pg_catalog.array_agg(%s) AS f, pg_catalog.array_agg(%s) AS g, pg_catalog.array_agg(%s) AS h, pg_catalog.array_agg(%s) AS i FROM %s s) s, '
        'LATERAL @extschema@.icp_priority_summary(s.a, s.b, s.c, s.d, s.e, s.f, s.g, s.h, s.i, $1, $2, $3, $4) r',
        CASE WHEN types OPERATOR(pg_catalog.?) 'company_id' THEN 'coalesce(s.company_id::pg_catalog.text, ''lead '' OPERATOR(pg_catalog.||) s.lead_id::pg_catalog.text)'
             ELSE 's.lead_id::pg_catalog.text' END,
        CASE WHEN types OPERATOR(pg_catalog.?) 'qualified' THEN 's.qualified IS TRUE' ELSE 'true' END,
        @extschema@.icp_source_time(types, 'created_at'), @extschema@.icp_source_time(types, 'converted_at'),
        CASE WHEN types OPERATOR(pg_catalog.?) 'converted_at' THEN 's.converted_at IS NOT NULL' ELSE 's.converted IS TRUE' END,
        icp_priority_results.source);
    RETURN QUERY EXECUTE query USING coalesce(icp_priority_results.matrix, 'main'), icp_priority_results.language, icp_priority_results.as_of, icp_priority_results.maturity;
END
$$;
COMMENT ON FUNCTION icp_priority_results(regclass, text, text, timestamptz, interval) IS
'Conversion and feedback of leads by cell of the priority matrix, with 95 % intervals by companies, and the priority that they suggest. source: a view with lead_id, stage, interest, readiness, converted_at (or converted), and where there are any company_id, created_at, qualified. Visitors who are not qualified are a row of their own and in no rate. Only leads count that had time to convert: created at least maturity (the 90th percentile of the time to convert) before as_of (the latest date of the rows). A change is suggested where the cell differs from the rest of its priority beyond chance (95 % for all comparisons of the matrix together, at least ten companies a side) and does at least as well as the priority above, or at most as well as the one below. What a priority gets is what it was given: who is called first also converts more; give a view of leads routed at random to compare without that. language (en, ru).';
