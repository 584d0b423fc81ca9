-- Movement between two snapshots: who moved, the transition matrix, the account of each cell, speed, indicators, leads.

CREATE VIEW icp_potential_periods AS
SELECT a.matrix, a.as_of AS from_as_of, b.as_of, b.as_of - a.as_of AS days, b.as_of = a.next_as_of AS consecutive,
       (a.low, a.high, a.reached_from, a.year, a.currency) IS DISTINCT FROM (b.low, b.high, b.reached_from, b.year, b.currency) AS bounds_changed
FROM (SELECT s.*, pg_catalog.lead(s.as_of) OVER (PARTITION BY s.matrix ORDER BY s.as_of) AS next_as_of FROM icp_potential_snapshots s) a
JOIN icp_potential_snapshots b ON b.matrix = a.matrix AND b.as_of > a.as_of;
ALTER VIEW icp_potential_periods OWNER TO @extowner@;
COMMENT ON VIEW icp_potential_periods IS 'Every pair of snapshots of a matrix.';
COMMENT ON COLUMN icp_potential_periods.matrix IS 'Name of the matrix.';
COMMENT ON COLUMN icp_potential_periods.from_as_of IS 'Date of the earlier snapshot.';
COMMENT ON COLUMN icp_potential_periods.as_of IS 'Date of the later snapshot.';
COMMENT ON COLUMN icp_potential_periods.days IS 'Days between them.';
COMMENT ON COLUMN icp_potential_periods.consecutive IS 'Whether there is no snapshot between them.';
COMMENT ON COLUMN icp_potential_periods.bounds_changed IS 'Whether the bounds of the matrix, its kind of year or its currency changed in between: then clients moved without having changed.';

-- The two halves: who was in the earlier snapshot, and who is only in the later one.
CREATE VIEW icp_potential_pairs AS
SELECT m.matrix, m.from_as_of, m.as_of, m.client_id,
       CASE WHEN m.from_no IS NULL THEN 'entered' WHEN m.to_no IS NULL THEN 'left' WHEN m.from_no = m.to_no THEN 'same' WHEN m.from_no = 0 THEN 'placed' WHEN m.to_no = 0 THEN 'unplaced'
            WHEN m.to_no > m.from_no THEN 'up' ELSE 'down' END AS movement,
       m.from_no, m.to_no, m.from_cell, m.to_cell,
       CASE WHEN m.from_no > 0 AND m.to_no > 0 THEN (m.to_no + 2) / 3 - (m.from_no + 2) / 3 END AS potential_steps,
       CASE WHEN m.from_no > 0 AND m.to_no > 0 THEN (m.to_no + 2) % 3 - (m.from_no + 2) % 3 END AS progress_steps,
       m.from_potential, m.potential, m.from_purchases, m.purchases, m.from_lead, m.lead, m.owner, m.lead_source, m.campaign
FROM (
    SELECT a.matrix, a.as_of AS from_as_of, d.as_of, a.client_id,
           coalesce(potential_cell_number(a.cell), 0) AS from_no, CASE WHEN b.client_id IS NOT NULL THEN coalesce(potential_cell_number(b.cell), 0) END AS to_no,
           a.cell AS from_cell, b.cell AS to_cell, a.potential AS from_potential, b.potential, a.purchases AS from_purchases, b.purchases, a.lead AS from_lead, b.lead,
           CASE WHEN b.client_id IS NULL THEN a.owner ELSE b.owner END AS owner, coalesce(a.lead_source, b.lead_source) AS lead_source, coalesce(a.campaign, b.campaign) AS campaign
    FROM icp_potential_placements a
    JOIN icp_potential_snapshots d ON d.matrix = a.matrix AND d.as_of > a.as_of
    LEFT JOIN icp_potential_placements b ON b.matrix = a.matrix AND b.as_of = d.as_of AND b.client_id = a.client_id
    UNION ALL
    SELECT b.matrix, d.as_of, b.as_of, b.client_id, NULL, coalesce(potential_cell_number(b.cell), 0), NULL, b.cell, NULL, b.potential, NULL, b.purchases, NULL, b.lead, b.owner, b.lead_source, b.campaign
    FROM icp_potential_placements b
    JOIN icp_potential_snapshots d ON d.matrix = b.matrix AND d.as_of < b.as_of
    WHERE NOT EXISTS (SELECT FROM icp_potential_placements a WHERE a.matrix = b.matrix AND a.as_of = d.as_of AND a.client_id = b.client_id)) m;
ALTER VIEW icp_potential_pairs OWNER TO @extowner@;
COMMENT ON VIEW icp_potential_pairs IS
'What became of each client between any two snapshots: one row a client that is in either. Always ask for one matrix, from_as_of and as_of: all pairs of snapshots are very many rows. icp_potential_moves has the consecutive ones.';
COMMENT ON COLUMN icp_potential_pairs.matrix IS 'Name of the matrix.';
COMMENT ON COLUMN icp_potential_pairs.from_as_of IS 'Date of the earlier snapshot.';
COMMENT ON COLUMN icp_potential_pairs.as_of IS 'Date of the later snapshot.';
COMMENT ON COLUMN icp_potential_pairs.client_id IS 'The client or lead.';
COMMENT ON COLUMN icp_potential_pairs.movement IS 'up, down: to a cell of a higher or lower number; same: in the same cell, or unplaced at both dates; placed, unplaced: into the matrix, out of it; entered, left: new in the source, no longer in it.';
COMMENT ON COLUMN icp_potential_pairs.from_no IS 'Number of the cell it was in; 0: unplaced; NULL: it was not there.';
COMMENT ON COLUMN icp_potential_pairs.to_no IS 'Number of the cell it is in; 0: unplaced; NULL: it is gone.';
COMMENT ON COLUMN icp_potential_pairs.from_cell IS 'The cell it was in.';
COMMENT ON COLUMN icp_potential_pairs.to_cell IS 'The cell it is in.';
COMMENT ON COLUMN icp_potential_pairs.potential_steps IS 'Levels of potential (low, medium, high) that it moved, up above 0: a client can move up because it is thought capable of more. NULL where it has no cell at one of the dates.';
COMMENT ON COLUMN icp_potential_pairs.progress_steps IS 'Steps of progress (nothing, a part, reached) that it moved, up above 0.';
COMMENT ON COLUMN icp_potential_pairs.from_potential IS 'Its potential then.';
COMMENT ON COLUMN icp_potential_pairs.potential IS 'Its potential at the later date.';
COMMENT ON COLUMN icp_potential_pairs.from_purchases IS 'Its purchases then.';
COMMENT ON COLUMN icp_potential_pairs.purchases IS 'Its purchases at the later date.';
COMMENT ON COLUMN icp_potential_pairs.from_lead IS 'Whether it was a lead then; NULL: it was not there.';
COMMENT ON COLUMN icp_potential_pairs.lead IS 'Whether it is a lead at the later date; NULL: it is gone.';
COMMENT ON COLUMN icp_potential_pairs.owner IS 'Who answers for it; of one that is gone, who did.';
COMMENT ON COLUMN icp_potential_pairs.lead_source IS 'Where it came from as a lead.';
COMMENT ON COLUMN icp_potential_pairs.campaign IS 'The campaign it came by.';

CREATE VIEW icp_potential_moves AS
SELECT p.matrix, p.from_as_of, p.as_of, p.days, p.bounds_changed, m.client_id, m.movement, m.from_no, m.to_no, m.from_cell, m.to_cell, m.potential_steps, m.progress_steps,
       m.from_potential, m.potential, m.from_purchases, m.purchases, m.from_lead, m.lead, m.owner, m.lead_source, m.campaign
FROM icp_potential_periods p
-- OFFSET 0: each period looks up its own two snapshots, rather than all pairs being made and then thrown away.
CROSS JOIN LATERAL (SELECT l.* FROM icp_potential_pairs l WHERE l.matrix = p.matrix AND l.from_as_of = p.from_as_of AND l.as_of = p.as_of OFFSET 0) m
WHERE p.consecutive;
ALTER VIEW icp_potential_moves OWNER TO @extowner@;
COMMENT ON VIEW icp_potential_moves IS 'What became of each client between consecutive snapshots: one row a client that is in either.';
COMMENT ON COLUMN icp_potential_moves.matrix IS 'Name of the matrix.';
COMMENT ON COLUMN icp_potential_moves.from_as_of IS 'Date of the earlier snapshot.';
COMMENT ON COLUMN icp_potential_moves.as_of IS 'Date of the later snapshot.';
COMMENT ON COLUMN icp_potential_moves.days IS 'Days between them.';
COMMENT ON COLUMN icp_potential_moves.bounds_changed IS 'Whether the bounds changed in between.';
COMMENT ON COLUMN icp_potential_moves.client_id IS 'The client or lead.';
COMMENT ON COLUMN icp_potential_moves.movement IS 'up, down: to a cell of a higher or lower number; same: in the same cell, or unplaced at both dates; placed, unplaced: into the matrix, out of it; entered, left: new in the source, no longer in it.';
COMMENT ON COLUMN icp_potential_moves.from_no IS 'Number of the cell it was in; 0: unplaced; NULL: it was not there.';
COMMENT ON COLUMN icp_potential_moves.to_no IS 'Number of the cell it is in; 0: unplaced; NULL: it is gone.';
COMMENT ON COLUMN icp_potential_moves.from_cell IS 'The cell it was in.';
COMMENT ON COLUMN icp_potential_moves.to_cell IS 'The cell it is in.';
COMMENT ON COLUMN icp_potential_moves.potential_steps IS 'Levels of potential (low, medium, high) that it moved, up above 0: a client can move up because it is thought capable of more. NULL where it has no cell at one of the dates.';
COMMENT ON COLUMN icp_potential_moves.progress_steps IS 'Steps of progress (nothing, a part, reached) that it moved, up above 0.';
COMMENT ON COLUMN icp_potential_moves.from_potential IS 'Its potential then.';
COMMENT ON COLUMN icp_potential_moves.potential IS 'Its potential at the later date.';
COMMENT ON COLUMN icp_potential_moves.from_purchases IS 'Its purchases then.';
COMMENT ON COLUMN icp_potential_moves.purchases IS 'Its purchases at the later date.';
COMMENT ON COLUMN icp_potential_moves.from_lead IS 'Whether it was a lead then; NULL: it was not there.';
COMMENT ON COLUMN icp_potential_moves.lead IS 'Whether it is a lead at the later date; NULL: it is gone.';
COMMENT ON COLUMN icp_potential_moves.owner IS 'Who answers for it; of one that is gone, who did.';
COMMENT ON COLUMN icp_potential_moves.lead_source IS 'Where it came from as a lead.';
COMMENT ON COLUMN icp_potential_moves.campaign IS 'The campaign it came by.';

CREATE TYPE icp_potential_transition AS (
    from_no integer, to_no integer, from_cell potential_cell_name, to_cell potential_cell_name, movement text, clients bigint, of_clients bigint, share double precision,
    share_lo double precision, share_hi double precision, from_potential numeric, potential numeric, from_purchases numeric, purchases numeric, bounds_changed boolean);
COMMENT ON TYPE icp_potential_transition IS 'An entry of a transition matrix: result of icp_potential_movement.';
COMMENT ON COLUMN icp_potential_transition.from_no IS 'Row: number of the cell at the earlier date; 0: unplaced; NULL: entered, not there yet.';
COMMENT ON COLUMN icp_potential_transition.to_no IS 'Column: number of the cell at the later date; 0: unplaced; NULL: left, no longer there.';
COMMENT ON COLUMN icp_potential_transition.from_cell IS 'The cell of the row.';
COMMENT ON COLUMN icp_potential_transition.to_cell IS 'The cell of the column.';
COMMENT ON COLUMN icp_potential_transition.movement IS 'up, down, same, placed, unplaced, entered or left, as in icp_potential_moves.';
COMMENT ON COLUMN icp_potential_transition.clients IS 'How many moved so.';
COMMENT ON COLUMN icp_potential_transition.of_clients IS 'How many there are in the row.';
COMMENT ON COLUMN icp_potential_transition.share IS 'clients / of_clients: the shares of a row add up to 1.';
COMMENT ON COLUMN icp_potential_transition.share_lo IS 'Lower end of its 95 % interval (Wilson).';
COMMENT ON COLUMN icp_potential_transition.share_hi IS 'Upper end of that interval.';
COMMENT ON COLUMN icp_potential_transition.from_potential IS 'Their potential at the earlier date.';
COMMENT ON COLUMN icp_potential_transition.potential IS 'Their potential at the later date.';
COMMENT ON COLUMN icp_potential_transition.from_purchases IS 'Their purchases at the earlier date.';
COMMENT ON COLUMN icp_potential_transition.purchases IS 'Their purchases at the later date.';
COMMENT ON COLUMN icp_potential_transition.bounds_changed IS 'Whether the bounds of the matrix changed in between.';

CREATE FUNCTION icp_potential_movement(from_date date DEFAULT NULL, to_date date DEFAULT NULL, matrix text DEFAULT 'main') RETURNS SETOF icp_potential_transition
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 40 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    name CONSTANT text := coalesce(icp_potential_movement.matrix, 'main');
    later date := icp_potential_movement.to_date;
    earlier date := icp_potential_movement.from_date;
    missing date;
BEGIN
    later := coalesce(later, (SELECT max(s.as_of) FROM @extschema@.icp_potential_snapshots s WHERE s.matrix = name));
    earlier := coalesce(earlier, (SELECT max(s.as_of) FROM @extschema@.icp_potential_snapshots s WHERE s.matrix = name AND s.as_of < later));
    SELECT d.day INTO missing FROM unnest(ARRAY[earlier, later]) d (day)
    WHERE NOT EXISTS (SELECT FROM @extschema@.icp_potential_snapshots s WHERE s.matrix = name AND s.as_of = d.day) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_object',
            MESSAGE = CASE WHEN missing IS NULL THEN format('the matrix "%s" has no two snapshots to compare', name)
                           ELSE format('there is no snapshot of the matrix "%s" as of %s', name, to_char(missing, 'YYYY-MM-DD')) END,
            HINT = coalesce((SELECT 'There are: ' || string_agg(to_char(s.as_of, 'YYYY-MM-DD'), ', ' ORDER BY s.as_of) || '.' FROM @extschema@.icp_potential_snapshots s WHERE s.matrix = name),
                            'Take one with icp_snapshot_potential.');
    END IF;
    IF earlier >= later THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'movement goes from an earlier date to a later one';
    END IF;
    RETURN QUERY
    SELECT t.from_no, t.to_no, t.from_cell, t.to_cell, t.movement, t.clients, t.of_clients, t.clients::double precision / t.of_clients, i.lo, i.hi,
           t.from_potential, t.potential, t.from_purchases, t.purchases,
           (SELECT p.bounds_changed FROM @extschema@.icp_potential_periods p WHERE p.matrix = name AND p.from_as_of = earlier AND p.as_of = later)
    FROM (SELECT m.from_no, m.to_no, m.from_cell, m.to_cell, m.movement, count(*) AS clients, (sum(count(*)) OVER (PARTITION BY m.from_no))::bigint AS of_clients,
                 sum(m.from_potential) AS from_potential, sum(m.potential) AS potential, sum(m.from_purchases) AS from_purchases, sum(m.purchases) AS purchases
          FROM @extschema@.icp_potential_pairs m
          WHERE m.matrix = name AND m.from_as_of = earlier AND m.as_of = later
          GROUP BY m.from_no, m.to_no, m.from_cell, m.to_cell, m.movement) t
    CROSS JOIN LATERAL @extschema@.icp_share_interval(t.clients, t.of_clients) i
    ORDER BY t.from_no NULLS LAST, t.to_no NULLS LAST;
END
$$;
COMMENT ON FUNCTION icp_potential_movement(date, date, text) IS
'The transition matrix between two snapshots: how many clients went from which cell to which, as a share of the row''s. Only entries that occurred; the row NULL is of those who entered, the column NULL of those who left. to_date NULL: the latest snapshot; from_date NULL: the one before to_date. A date without a snapshot is an error (42704). Needs SELECT on icp_potential_snapshots, icp_potential_periods and icp_potential_pairs.';

CREATE VIEW icp_potential_account AS
SELECT t.matrix, t.from_as_of, t.as_of, t.days, t.bounds_changed, e.cell_no, e.cell, e.title_en, e.title_ru,
       coalesce(e.opening, 0) AS opening, coalesce(e.entered, 0) AS entered, coalesce(e.moved_in, 0) AS moved_in, coalesce(e.moved_out, 0) AS moved_out, coalesce(e.gone, 0) AS gone,
       coalesce(e.closing, 0) AS closing,
       coalesce(e.potential_opening, 0) AS potential_opening, coalesce(e.potential_in, 0) AS potential_in, coalesce(e.potential_out, 0) AS potential_out,
       coalesce(e.potential_revised, 0) AS potential_revised, coalesce(e.potential_closing, 0) AS potential_closing,
       coalesce(e.purchases_opening, 0) AS purchases_opening, coalesce(e.purchases_in, 0) AS purchases_in, coalesce(e.purchases_out, 0) AS purchases_out,
       coalesce(e.purchases_change, 0) AS purchases_change, coalesce(e.purchases_closing, 0) AS purchases_closing
FROM icp_potential_periods t
-- OFFSET 0: once a period, not once a cell.
CROSS JOIN LATERAL (
    SELECT c.cell_no, c.cell, c.title_en, c.title_ru, e.* FROM icp_potential_cells c
    LEFT JOIN (
        -- Each client is one entry in the cell it was in, and one in the cell it is in.
        SELECT s.place, pg_catalog.count(*) FILTER (WHERE NOT s.later) AS opening,
               pg_catalog.count(*) FILTER (WHERE s.later AND m.from_no IS NULL) AS entered, pg_catalog.count(*) FILTER (WHERE s.later AND m.from_no <> m.to_no) AS moved_in,
               pg_catalog.count(*) FILTER (WHERE NOT s.later AND m.from_no <> m.to_no) AS moved_out, pg_catalog.count(*) FILTER (WHERE NOT s.later AND m.to_no IS NULL) AS gone,
               pg_catalog.count(*) FILTER (WHERE s.later) AS closing,
               pg_catalog.sum(m.from_potential) FILTER (WHERE NOT s.later) AS potential_opening,
               pg_catalog.sum(m.potential) FILTER (WHERE s.later AND m.movement <> 'same') AS potential_in,
               pg_catalog.sum(m.from_potential) FILTER (WHERE NOT s.later AND m.movement <> 'same') AS potential_out,
               pg_catalog.sum(coalesce(m.potential, 0) - coalesce(m.from_potential, 0)) FILTER (WHERE s.later AND m.movement = 'same') AS potential_revised,
               pg_catalog.sum(m.potential) FILTER (WHERE s.later) AS potential_closing,
               pg_catalog.sum(m.from_purchases) FILTER (WHERE NOT s.later) AS purchases_opening,
               pg_catalog.sum(m.purchases) FILTER (WHERE s.later AND m.movement <> 'same') AS purchases_in,
               pg_catalog.sum(m.from_purchases) FILTER (WHERE NOT s.later AND m.movement <> 'same') AS purchases_out,
               pg_catalog.sum(coalesce(m.purchases, 0) - coalesce(m.from_purchases, 0)) FILTER (WHERE s.later AND m.movement = 'same') AS purchases_change,
               pg_catalog.sum(m.purchases) FILTER (WHERE s.later) AS purchases_closing
        FROM icp_potential_pairs m CROSS JOIN LATERAL (VALUES (m.from_no, false), (m.to_no, true)) s (place, later)
        WHERE m.matrix = t.matrix AND m.from_as_of = t.from_as_of AND m.as_of = t.as_of AND s.place IS NOT NULL GROUP BY s.place) e ON e.place = c.cell_no OFFSET 0) e
WHERE t.consecutive;
ALTER VIEW icp_potential_account OWNER TO @extowner@;
COMMENT ON VIEW icp_potential_account IS
'The ledger of each cell between consecutive snapshots, ten rows a period, the nine cells and the unplaced (0). opening + entered + moved_in - moved_out - gone = closing, exactly; potential_opening + potential_in - potential_out + potential_revised = potential_closing, and purchases likewise.';
COMMENT ON COLUMN icp_potential_account.matrix IS 'Name of the matrix.';
COMMENT ON COLUMN icp_potential_account.from_as_of IS 'Date of the earlier snapshot.';
COMMENT ON COLUMN icp_potential_account.as_of IS 'Date of the later snapshot.';
COMMENT ON COLUMN icp_potential_account.days IS 'Days between them.';
COMMENT ON COLUMN icp_potential_account.bounds_changed IS 'Whether the bounds of the matrix changed in between.';
COMMENT ON COLUMN icp_potential_account.cell_no IS 'Number of the cell, 1 to 9; 0: the unplaced.';
COMMENT ON COLUMN icp_potential_account.cell IS 'The cell; NULL: the unplaced.';
COMMENT ON COLUMN icp_potential_account.title_en IS 'Title in English.';
COMMENT ON COLUMN icp_potential_account.title_ru IS 'Title in Russian.';
COMMENT ON COLUMN icp_potential_account.opening IS 'Clients at the earlier date.';
COMMENT ON COLUMN icp_potential_account.entered IS 'Clients here that were not in the earlier snapshot.';
COMMENT ON COLUMN icp_potential_account.moved_in IS 'Clients here that were in another cell, or unplaced.';
COMMENT ON COLUMN icp_potential_account.moved_out IS 'Clients that were here and are in another cell, or unplaced.';
COMMENT ON COLUMN icp_potential_account.gone IS 'Clients that were here and are not in the later snapshot.';
COMMENT ON COLUMN icp_potential_account.closing IS 'Clients at the later date.';
COMMENT ON COLUMN icp_potential_account.potential_opening IS 'Their potential at the earlier date.';
COMMENT ON COLUMN icp_potential_account.potential_in IS 'Potential, at the later date, of those who entered or moved in.';
COMMENT ON COLUMN icp_potential_account.potential_out IS 'Potential, at the earlier date, of those who moved out or are gone.';
COMMENT ON COLUMN icp_potential_account.potential_revised IS 'By how much the potential of those who stayed was revised.';
COMMENT ON COLUMN icp_potential_account.potential_closing IS 'Their potential at the later date.';
COMMENT ON COLUMN icp_potential_account.purchases_opening IS 'Purchases of the year at the earlier date.';
COMMENT ON COLUMN icp_potential_account.purchases_in IS 'Purchases, at the later date, of those who entered or moved in.';
COMMENT ON COLUMN icp_potential_account.purchases_out IS 'Purchases, at the earlier date, of those who moved out or are gone.';
COMMENT ON COLUMN icp_potential_account.purchases_change IS 'By how much those who stayed buy more, or less.';
COMMENT ON COLUMN icp_potential_account.purchases_closing IS 'Purchases of the year at the later date.';
