-- The client potential matrix as a ledger: bounds, snapshots that place every client in one cell, and the matrix.

CREATE TABLE icp_potential_bounds (
    matrix text COLLATE "C" NOT NULL CONSTRAINT icp_potential_bounds_matrix CHECK (matrix <> ''),
    low numeric NOT NULL DEFAULT 50000,
    high numeric NOT NULL DEFAULT 500000,
    reached_from numeric NOT NULL DEFAULT 1 CONSTRAINT icp_potential_bounds_reached_from CHECK (reached_from > 0 AND reached_from <= 1),
    year text COLLATE "C" NOT NULL DEFAULT 'rolling' CONSTRAINT icp_potential_bounds_year CHECK (year IN ('rolling', 'calendar')),
    stale_after interval NOT NULL DEFAULT '3 months' CONSTRAINT icp_potential_bounds_stale_after CHECK (stale_after > interval '0'),
    currency text,
    builtin boolean NOT NULL DEFAULT false,
    CONSTRAINT icp_potential_bounds_order CHECK (low >= 0 AND low <= high AND high - high = 0),
    CONSTRAINT icp_potential_bounds_pkey PRIMARY KEY (matrix, builtin));
ALTER TABLE icp_potential_bounds OWNER TO @extowner@;
SELECT pg_catalog.pg_extension_config_dump('icp_potential_bounds', 'WHERE NOT builtin');
COMMENT ON TABLE icp_potential_bounds IS
'Potential matrices and their bounds; icp_potential_matrices shows those in force. To change the built-in matrix main, insert a row of that name, which then stands in its place; a row of another name makes a matrix of its own. A snapshot keeps the bounds that it was taken with. The built-in row comes with the extension and is not dumped.';
COMMENT ON COLUMN icp_potential_bounds.matrix IS 'Name of the matrix; main is the one meant where none is given.';
COMMENT ON COLUMN icp_potential_bounds.low IS 'Below it a potential is low; it belongs to medium.';
COMMENT ON COLUMN icp_potential_bounds.high IS 'Above it a potential is high; it belongs to medium.';
COMMENT ON COLUMN icp_potential_bounds.reached_from IS 'The share of the potential, above 0 and at most 1, from which on it counts as reached.';
COMMENT ON COLUMN icp_potential_bounds.year IS 'The year of purchases: rolling, the twelve months up to the date of the snapshot, or calendar, from 1 January of its year. icp_purchases_in_year adds up by it; a source that adds up itself should do the same.';
COMMENT ON COLUMN icp_potential_bounds.stale_after IS 'An estimate of the potential that was last updated longer ago is stale.';
COMMENT ON COLUMN icp_potential_bounds.currency IS 'Currency of all amounts; NULL: not said.';
COMMENT ON COLUMN icp_potential_bounds.builtin IS 'Whether the row comes with the extension.';
INSERT INTO icp_potential_bounds (matrix, builtin) VALUES ('main', true);
CREATE TRIGGER icp_keep_builtin BEFORE INSERT OR UPDATE OR DELETE ON icp_potential_bounds
FOR EACH ROW EXECUTE FUNCTION icp_keep_builtin('matrix');

CREATE VIEW icp_potential_matrices AS
SELECT DISTINCT ON (b.matrix) b.matrix, b.low, b.high, b.reached_from, b.year, b.stale_after, b.currency
FROM @extschema@.icp_potential_bounds b ORDER BY b.matrix, b.builtin;
ALTER VIEW icp_potential_matrices OWNER TO @extowner@;
COMMENT ON VIEW icp_potential_matrices IS 'The bounds of each potential matrix in force: your own rows before built-in ones.';
COMMENT ON COLUMN icp_potential_matrices.matrix IS 'Name of the matrix.';
COMMENT ON COLUMN icp_potential_matrices.low IS 'Below it a potential is low.';
COMMENT ON COLUMN icp_potential_matrices.high IS 'Above it a potential is high.';
COMMENT ON COLUMN icp_potential_matrices.reached_from IS 'The share of the potential from which on it is reached.';
COMMENT ON COLUMN icp_potential_matrices.year IS 'The year of purchases: rolling or calendar.';
COMMENT ON COLUMN icp_potential_matrices.stale_after IS 'Age from which on an estimate is stale.';
COMMENT ON COLUMN icp_potential_matrices.currency IS 'Currency of all amounts; NULL: not said.';

CREATE TABLE icp_potential_snapshots (
    matrix text COLLATE "C" NOT NULL,
    as_of date NOT NULL,
    low numeric NOT NULL,
    high numeric NOT NULL,
    reached_from numeric NOT NULL,
    year text NOT NULL,
    stale_after interval NOT NULL,
    currency text,
    source text,
    created_by text NOT NULL DEFAULT CURRENT_USER,
    created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    CONSTRAINT icp_potential_snapshots_finite_as_of CHECK (pg_catalog.isfinite(as_of)),
    CONSTRAINT icp_potential_snapshots_pkey PRIMARY KEY (matrix, as_of));
ALTER TABLE icp_potential_snapshots OWNER TO @extowner@;
SELECT pg_catalog.pg_extension_config_dump('icp_potential_snapshots', '');
COMMENT ON TABLE icp_potential_snapshots IS 'The dates at which clients were placed, written by icp_snapshot_potential, with the bounds that held then. Deleting a row deletes its placements.';
COMMENT ON COLUMN icp_potential_snapshots.matrix IS 'Name of the matrix.';
COMMENT ON COLUMN icp_potential_snapshots.as_of IS 'The date that the placements speak of.';
COMMENT ON COLUMN icp_potential_snapshots.low IS 'Below it a potential was low.';
COMMENT ON COLUMN icp_potential_snapshots.high IS 'Above it a potential was high.';
COMMENT ON COLUMN icp_potential_snapshots.reached_from IS 'The share of the potential from which on it was reached.';
COMMENT ON COLUMN icp_potential_snapshots.year IS 'The year of purchases by the bounds: rolling or calendar.';
COMMENT ON COLUMN icp_potential_snapshots.stale_after IS 'Age from which on an estimate was stale.';
COMMENT ON COLUMN icp_potential_snapshots.currency IS 'Currency of the amounts; NULL: not said.';
COMMENT ON COLUMN icp_potential_snapshots.source IS 'The view that the clients came from.';
COMMENT ON COLUMN icp_potential_snapshots.created_by IS 'The role that took the snapshot.';
COMMENT ON COLUMN icp_potential_snapshots.created_at IS 'When it was taken.';

-- Without a foreign key to the snapshot, which would be checked for a million rows one by one: the trigger below keeps the two together.
CREATE TABLE icp_potential_placements (
    matrix text COLLATE "C" NOT NULL,
    as_of date NOT NULL,
    client_id text COLLATE "C" NOT NULL CONSTRAINT icp_potential_placements_client CHECK (client_id <> ''),
    cell potential_cell_name,
    unplaced text COLLATE "C" CONSTRAINT icp_potential_placements_unplaced CHECK (unplaced IN ('no_potential', 'zero_potential', 'negative_potential', 'no_purchases')),
    potential numeric,
    purchases numeric,
    owner text,
    updated_at timestamptz,
    stale boolean,
    underestimated boolean NOT NULL DEFAULT false,
    potential_source text,
    expected_reached numeric,
    lead boolean NOT NULL DEFAULT false,
    lead_id text COLLATE "C",
    lead_source text,
    campaign text,
    CONSTRAINT icp_potential_placements_place CHECK ((cell IS NULL) <> (unplaced IS NULL)),
    CONSTRAINT icp_potential_placements_pkey PRIMARY KEY (matrix, as_of, client_id));
CREATE INDEX icp_potential_placements_client ON icp_potential_placements (client_id);
CREATE INDEX icp_potential_placements_lead ON icp_potential_placements (lead_id) WHERE lead_id IS NOT NULL;
ALTER TABLE icp_potential_placements OWNER TO @extowner@;
SELECT pg_catalog.pg_extension_config_dump('icp_potential_placements', '');
COMMENT ON TABLE icp_potential_placements IS 'The ledger: one row a client and snapshot, with the cell it was in, or why it was in none. Written by icp_snapshot_potential.';
COMMENT ON COLUMN icp_potential_placements.matrix IS 'Name of the matrix.';
COMMENT ON COLUMN icp_potential_placements.as_of IS 'Date of the snapshot.';
COMMENT ON COLUMN icp_potential_placements.client_id IS 'The client, as text: once in a snapshot.';
COMMENT ON COLUMN icp_potential_placements.cell IS 'Its cell by potential_cell; NULL: unplaced.';
COMMENT ON COLUMN icp_potential_placements.unplaced IS 'Why it has no cell: no_potential (not known), zero_potential, negative_potential, no_purchases (not known; a client that bought nothing has 0). NULL: it has one.';
COMMENT ON COLUMN icp_potential_placements.potential IS 'The most it could buy in a year, as the source said.';
COMMENT ON COLUMN icp_potential_placements.purchases IS 'What it bought in the year, less what it returned, as the source said; can be negative.';
COMMENT ON COLUMN icp_potential_placements.owner IS 'Who answers for the estimate; NULL: nobody.';
COMMENT ON COLUMN icp_potential_placements.updated_at IS 'When the estimate was last updated; NULL: not known.';
COMMENT ON COLUMN icp_potential_placements.stale IS 'Whether the estimate was older than stale_after; NULL: updated_at is not known.';
COMMENT ON COLUMN icp_potential_placements.underestimated IS 'Whether purchases are above the potential (above potential_hi, where the source has it): it can buy more than was thought.';
COMMENT ON COLUMN icp_potential_placements.potential_source IS 'Where the estimate comes from; NULL: it is unverified.';
COMMENT ON COLUMN icp_potential_placements.expected_reached IS 'Probability, 0 to 1, that the client''s purchases reach the estimate, as the source said: 0.2 for an estimate that is the 0.8 quantile. NULL: not said.';
COMMENT ON COLUMN icp_potential_placements.lead IS 'Whether it was a lead: not a client yet.';
COMMENT ON COLUMN icp_potential_placements.lead_id IS 'The lead, for icp_forget: the source''s lead_id, else of a lead its client_id.';
COMMENT ON COLUMN icp_potential_placements.lead_source IS 'Where the lead came from.';
COMMENT ON COLUMN icp_potential_placements.campaign IS 'The campaign it came by.';

CREATE FUNCTION icp_delete_placements() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM @extschema@.icp_potential_placements;
    ELSE
        DELETE FROM @extschema@.icp_potential_placements p WHERE p.matrix = OLD.matrix AND p.as_of = OLD.as_of;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION icp_delete_placements() IS 'Trigger function: with a snapshot go its placements.';
CREATE TRIGGER icp_delete_placements AFTER DELETE ON icp_potential_snapshots FOR EACH ROW EXECUTE FUNCTION icp_delete_placements();
CREATE TRIGGER icp_truncate_placements AFTER TRUNCATE ON icp_potential_snapshots FOR EACH STATEMENT EXECUTE FUNCTION icp_delete_placements();

CREATE TYPE icp_potential_snapshot AS (
    matrix text, as_of date, replaced boolean, clients bigint, leads bigint, placed bigint, unplaced bigint,
    potential numeric, purchases numeric, unrealised numeric, underestimated bigint, stale bigint, undated bigint, without_owner bigint, unverified bigint);
COMMENT ON TYPE icp_potential_snapshot IS 'What a snapshot of a potential matrix has in it: result of icp_snapshot_potential.';
COMMENT ON COLUMN icp_potential_snapshot.matrix IS 'Name of the matrix.';
COMMENT ON COLUMN icp_potential_snapshot.as_of IS 'Date of the snapshot.';
COMMENT ON COLUMN icp_potential_snapshot.replaced IS 'Whether there was a snapshot of that date, in whose place this one stands now.';
COMMENT ON COLUMN icp_potential_snapshot.clients IS 'Rows of the source: clients and leads.';
COMMENT ON COLUMN icp_potential_snapshot.leads IS 'Leads among them.';
COMMENT ON COLUMN icp_potential_snapshot.placed IS 'Those with a cell.';
COMMENT ON COLUMN icp_potential_snapshot.unplaced IS 'Those without: clients less placed.';
COMMENT ON COLUMN icp_potential_snapshot.potential IS 'Sum of all potentials, as the source has them.';
COMMENT ON COLUMN icp_potential_snapshot.purchases IS 'Sum of all purchases, as the source has them.';
COMMENT ON COLUMN icp_potential_snapshot.unrealised IS 'Sum over the placed of what they could still buy.';
COMMENT ON COLUMN icp_potential_snapshot.underestimated IS 'Those that bought more than was thought possible.';
COMMENT ON COLUMN icp_potential_snapshot.stale IS 'Of the placed, those whose estimate is older than stale_after.';
COMMENT ON COLUMN icp_potential_snapshot.undated IS 'Of the placed, those whose estimate has no date.';
COMMENT ON COLUMN icp_potential_snapshot.without_owner IS 'Of the placed, those for whose estimate nobody answers.';
COMMENT ON COLUMN icp_potential_snapshot.unverified IS 'Of the placed, those whose estimate has no source.';

CREATE FUNCTION icp_unrealised(potential numeric, purchases numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT GREATEST(potential OPERATOR(pg_catalog.-) GREATEST(purchases, 0), 0)
$$;
COMMENT ON FUNCTION icp_unrealised(numeric, numeric) IS
'What a client could still buy in a year: its potential less its purchases, where returns count as nothing bought; 0 where it bought more than its potential. NULL potential: 0.';

-- Of the rows of the source, as columns of a row s. Runs nothing of the user's.
CREATE FUNCTION icp_potential_statement(source regclass, types jsonb) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kind CONSTANT text := CASE WHEN types ? 'is_lead' THEN 's.is_lead IS TRUE' WHEN types ? 'lead_id' THEN 's.lead_id IS NOT NULL' ELSE 'false' END;
    words text := '';
    name text;
BEGIN
    FOREACH name IN ARRAY '{owner,potential_source,lead_source,campaign,currency}'::text[] LOOP
        words := words || format(CASE WHEN types ? name THEN ', nullif(pg_catalog.btrim(s.%1$I::pg_catalog.text), '''') AS %1$I' ELSE ', NULL::pg_catalog.text AS %1$I' END, name);
    END LOOP;
    RETURN format('SELECT s.client_id::pg_catalog.text AS client_id, %s AS potential, %s AS purchases, %s AS potential_hi, %s AS expected_reached, %s AS updated_at, %s AS lead, '
            '%s AS lead_id%s FROM %s s%s',
        @extschema@.icp_source_number(types, 'potential'), @extschema@.icp_source_number(types, 'purchases'),
        @extschema@.icp_source_number(types, 'potential_hi'), @extschema@.icp_source_number(types, 'expected_reached'),
        @extschema@.icp_source_time(types, 'updated_at'), kind,
        CASE WHEN types ? 'lead_id' THEN 's.lead_id::pg_catalog.text' ELSE format('CASE WHEN %s THEN s.client_id::pg_catalog.text END', kind) END, words,
        source, CASE WHEN types ? 'as_of' THEN format(' WHERE %s OPERATOR(pg_catalog.=) $2', @extschema@.icp_source_day(types, 'as_of', 'UTC')) ELSE '' END);
END
$$;
COMMENT ON FUNCTION icp_potential_statement(regclass, jsonb) IS
'The query that icp_snapshot_potential reads a source by; $2 is the date, where the source has a column as_of.';

-- Runs a view of the user's, under the user's search_path: every name and operator of ours is written with its schema.
CREATE FUNCTION icp_snapshot_potential(source regclass, as_of date, matrix text DEFAULT 'main') RETURNS icp_potential_snapshot
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
    needed CONSTANT pg_catalog.text := 'Give a view with client_id, potential, purchases, and where you have them owner, updated_at, potential_source.';
    types pg_catalog.jsonb;
    rows_of pg_catalog.text;
    bounds @extschema@.icp_potential_matrices;
    result @extschema@.icp_potential_snapshot;
    constrained pg_catalog.text;
    relation pg_catalog.text;
    wrong pg_catalog.text;
    wrong_rows pg_catalog.int8;
BEGIN
    IF icp_snapshot_potential.as_of IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'the date of the snapshot is NULL';
    END IF;
    IF NOT pg_catalog.isfinite(icp_snapshot_potential.as_of) THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'the date of the snapshot is infinite', HINT = 'Give the day that the potentials and purchases speak of.';
    END IF;
    types := @extschema@.icp_source_types(icp_snapshot_potential.source, '{client_id,potential,purchases}', needed);
    rows_of := @extschema@.icp_potential_statement(icp_snapshot_potential.source, types);
    SELECT * INTO bounds FROM @extschema@.icp_potential_matrices m WHERE m.matrix OPERATOR(pg_catalog.=) coalesce(icp_snapshot_potential.matrix, 'main');
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = pg_catalog.format('there is no potential matrix "%s"', icp_snapshot_potential.matrix),
            HINT = 'Insert its bounds into icp_potential_bounds.';
    END IF;
    IF types OPERATOR(pg_catalog.?) 'currency' THEN
        EXECUTE pg_catalog.format('SELECT pg_catalog.string_agg(c.currency, '', '' ORDER BY c.currency COLLATE pg_catalog."C"), pg_catalog.count(*) '
            'FROM (SELECT DISTINCT r.currency FROM (%s) r WHERE r.currency IS NOT NULL) c', rows_of) INTO wrong, wrong_rows USING bounds.matrix, icp_snapshot_potential.as_of;
        IF wrong_rows OPERATOR(pg_catalog.>) 1 OR wrong OPERATOR(pg_catalog.<>) bounds.currency THEN
            RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = pg_catalog.format('amounts are in %s', wrong),
                DETAIL = pg_catalog.format('The matrix "%s" takes one currency%s.', bounds.matrix, coalesce(': ' OPERATOR(pg_catalog.||) bounds.currency, '')),
                HINT = 'Convert the amounts in the view, or keep a matrix for each currency.';
        END IF;
    END IF;
    -- Whoever takes a snapshot of the same matrix and date waits here until this transaction ends, and then replaces it.
    INSERT INTO @extschema@.icp_potential_snapshots AS p (matrix, as_of, low, high, reached_from, year, stale_after, currency, source)
    VALUES (bounds.matrix, icp_snapshot_potential.as_of, bounds.low, bounds.high, bounds.reached_from, bounds.year, bounds.stale_after, bounds.currency,
            (SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
             WHERE c.oid OPERATOR(pg_catalog.=) icp_snapshot_potential.source))
    ON CONFLICT ON CONSTRAINT icp_potential_snapshots_pkey DO UPDATE SET low = EXCLUDED.low, high = EXCLUDED.high, reached_from = EXCLUDED.reached_from,
        year = EXCLUDED.year, stale_after = EXCLUDED.stale_after, currency = EXCLUDED.currency, source = EXCLUDED.source,
        created_by = EXCLUDED.created_by, created_at = EXCLUDED.created_at;
    DELETE FROM @extschema@.icp_potential_placements p
    WHERE p.matrix OPERATOR(pg_catalog.=) bounds.matrix AND p.as_of OPERATOR(pg_catalog.=) icp_snapshot_potential.as_of;
    result.replaced := FOUND;
    BEGIN
        EXECUTE pg_catalog.format($q$
            WITH written AS (
                INSERT INTO @extschema@.icp_potential_placements (matrix, as_of, client_id, cell, unplaced, potential, purchases, owner, updated_at, stale,
                    underestimated, potential_source, expected_reached, lead, lead_id, lead_source, campaign)
                SELECT $1, $2, s.client_id, s.cell,
                       CASE WHEN s.cell IS NOT NULL THEN NULL WHEN s.potential IS NULL THEN 'no_potential' WHEN s.potential OPERATOR(pg_catalog.=) 0 THEN 'zero_potential'
                            WHEN s.potential OPERATOR(pg_catalog.<) 0 THEN 'negative_potential' ELSE 'no_purchases' END,
                       s.potential, s.purchases, s.owner, s.updated_at,
                       s.updated_at OPERATOR(pg_catalog.<) pg_catalog.timezone('UTC', $2::pg_catalog.timestamp OPERATOR(pg_catalog.-) $6),
                       s.cell IS NOT NULL AND s.purchases OPERATOR(pg_catalog.>) GREATEST(s.potential, s.potential_hi),
                       s.potential_source, CASE WHEN s.expected_reached OPERATOR(pg_catalog.>=) 0 AND s.expected_reached OPERATOR(pg_catalog.<=) 1 THEN s.expected_reached END,
                       s.lead, s.lead_id, s.lead_source, s.campaign
                FROM (SELECT r.*, CASE WHEN r.potential OPERATOR(pg_catalog.>) 0 THEN @extschema@.potential_cell(r.potential, r.purchases, $3, $4, $5) END AS cell
                      FROM (%s) r) s
                ORDER BY s.client_id COLLATE pg_catalog."C"
                RETURNING cell, potential, purchases, lead, underestimated, stale, updated_at IS NULL AS undated, owner IS NULL AS ownerless, potential_source IS NULL AS unverified)
            SELECT $1, $2, $7, pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE w.lead), pg_catalog.count(w.cell), pg_catalog.count(*) FILTER (WHERE w.cell IS NULL),
                   coalesce(pg_catalog.sum(w.potential), 0), coalesce(pg_catalog.sum(w.purchases), 0),
                   coalesce(pg_catalog.sum(@extschema@.icp_unrealised(w.potential, w.purchases)) FILTER (WHERE w.cell IS NOT NULL), 0),
                   pg_catalog.count(*) FILTER (WHERE w.underestimated), pg_catalog.count(*) FILTER (WHERE w.stale AND w.cell IS NOT NULL),
                   pg_catalog.count(*) FILTER (WHERE w.undated AND w.cell IS NOT NULL), pg_catalog.count(*) FILTER (WHERE w.ownerless AND w.cell IS NOT NULL),
                   pg_catalog.count(*) FILTER (WHERE w.unverified AND w.cell IS NOT NULL)
            FROM written w$q$, rows_of)
        INTO result USING bounds.matrix, icp_snapshot_potential.as_of, bounds.low, bounds.high, bounds.reached_from, bounds.stale_after, result.replaced;
    EXCEPTION WHEN unique_violation OR not_null_violation OR check_violation THEN
        GET STACKED DIAGNOSTICS constrained = CONSTRAINT_NAME, relation = TABLE_NAME;
        IF relation OPERATOR(pg_catalog.<>) 'icp_potential_placements' THEN
            RAISE;
        END IF;
        EXECUTE pg_catalog.format('SELECT pg_catalog.count(*) FROM (%s) s WHERE s.client_id IS NULL OR s.client_id OPERATOR(pg_catalog.=) ''''', rows_of)
        INTO wrong_rows USING bounds.matrix, icp_snapshot_potential.as_of;
        IF wrong_rows OPERATOR(pg_catalog.>) 0 THEN
            RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'a client_id is NULL or empty',
                DETAIL = pg_catalog.format('So it is in %s rows of %s.', wrong_rows, icp_snapshot_potential.source),
                HINT = 'A client that cannot be told from others cannot be followed: give it an id, or leave the row out of the view.';
        END IF;
        EXECUTE pg_catalog.format('SELECT pg_catalog.min(s.client_id COLLATE pg_catalog."C"), pg_catalog.count(*) FROM (SELECT s.client_id FROM (%s) s GROUP BY 1 HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1) s',
            rows_of) INTO wrong, wrong_rows USING bounds.matrix, icp_snapshot_potential.as_of;
        IF wrong IS NULL THEN
            RAISE;
        END IF;
        RAISE EXCEPTION USING ERRCODE = 'cardinality_violation', MESSAGE = pg_catalog.format('client %s occurs more than once', wrong),
            DETAIL = pg_catalog.format('It is one of %s such clients in %s.', wrong_rows, icp_snapshot_potential.source),
            HINT = 'A join multiplies clients: the source needs one row a client.';
    END;
    RETURN result;
END
$$;
COMMENT ON FUNCTION icp_snapshot_potential(regclass, date, text) IS
'Places every client of a view in one cell of a potential matrix, as of a date, and returns what the snapshot has in it. A snapshot of the same matrix and date is replaced, as a whole; another session that takes the same one waits. source: client_id, potential, purchases (of the year), and where there are any owner, updated_at, potential_source (without: unverified), potential_hi (underestimated only above it), expected_reached, is_lead, lead_id, lead_source, campaign, currency, as_of (only rows of that date are taken). Potential NULL, 0 or negative, or purchases NULL: unplaced, with the reason; NaN and infinities are NULL. A client that occurs twice is an error (21000), one without an id too (22004), a matrix that there is not 42704, an infinite date 22023. Needs SELECT on the source and icp_potential_matrices, and SELECT, INSERT, UPDATE, DELETE on icp_potential_snapshots and icp_potential_placements.';
