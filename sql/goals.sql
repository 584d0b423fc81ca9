-- Goals of movement, how far they are, and what to expect.

CREATE TABLE icp_potential_goals (
    goal bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT icp_potential_goals_pkey PRIMARY KEY,
    title text,
    matrix text COLLATE "C" NOT NULL DEFAULT 'main',
    target integer NOT NULL CONSTRAINT icp_potential_goals_target CHECK (target > 0),
    starts_on date NOT NULL,
    due_on date NOT NULL,
    measure text COLLATE "C" NOT NULL DEFAULT 'cell' CONSTRAINT icp_potential_goals_measure CHECK (measure IN ('cell', 'potential', 'progress')),
    from_cells potential_cell_name[],
    to_cells potential_cell_name[],
    who text COLLATE "C" NOT NULL DEFAULT 'all' CONSTRAINT icp_potential_goals_who CHECK (who IN ('all', 'clients', 'leads')),
    owner text,
    note text,
    created_by text NOT NULL DEFAULT CURRENT_USER,
    created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT icp_potential_goals_dates CHECK (starts_on < due_on),
    CONSTRAINT icp_potential_goals_finite_dates CHECK (pg_catalog.isfinite(starts_on) AND pg_catalog.isfinite(due_on)));
ALTER TABLE icp_potential_goals OWNER TO @extowner@;
SELECT pg_catalog.pg_extension_config_dump('icp_potential_goals', '');
SELECT pg_catalog.pg_extension_config_dump('icp_potential_goals_goal_seq', '');
COMMENT ON TABLE icp_potential_goals IS
'Goals: so many clients up by a date. Insert them yourself: (target, starts_on, due_on) alone is "so many clients to a cell of a higher number". icp_potential_goal_progress shows how far they are.';
COMMENT ON SEQUENCE icp_potential_goals_goal_seq IS 'Numbers of goals.';
COMMENT ON COLUMN icp_potential_goals.goal IS 'Number of the goal.';
COMMENT ON COLUMN icp_potential_goals.title IS 'The goal in words.';
COMMENT ON COLUMN icp_potential_goals.matrix IS 'Name of the matrix.';
COMMENT ON COLUMN icp_potential_goals.target IS 'How many clients shall move.';
COMMENT ON COLUMN icp_potential_goals.starts_on IS 'From where they stand on this day, which is finite.';
COMMENT ON COLUMN icp_potential_goals.due_on IS 'Until when, a finite day.';
COMMENT ON COLUMN icp_potential_goals.measure IS 'What up means: cell, to a cell of a higher number; progress, from nothing bought to a part or from a part to all; potential, to a higher level of potential. Without effect where to_cells says it.';
COMMENT ON COLUMN icp_potential_goals.from_cells IS 'Only clients that stand in these cells on the first day; NULL: in any.';
COMMENT ON COLUMN icp_potential_goals.to_cells IS 'They shall stand in one of these cells; clients that do on the first day are not counted. NULL: up, by measure.';
COMMENT ON COLUMN icp_potential_goals.who IS 'all, clients, or leads: as they are on the first day.';
COMMENT ON COLUMN icp_potential_goals.owner IS 'Who answers for it.';
COMMENT ON COLUMN icp_potential_goals.note IS 'Anything else.';
COMMENT ON COLUMN icp_potential_goals.created_by IS 'The role that wrote it.';
COMMENT ON COLUMN icp_potential_goals.created_at IS 'When it was written.';

CREATE FUNCTION icp_goal_concerns(measure text, from_cells potential_cell_name[], to_cells potential_cell_name[], who text, cell potential_cell_name, lead boolean) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT cell IS NOT NULL AND (from_cells IS NULL OR cell OPERATOR(pg_catalog.=) ANY (from_cells))
       AND (who OPERATOR(pg_catalog.<>) 'clients' OR NOT lead) AND (who OPERATOR(pg_catalog.<>) 'leads' OR lead)
       AND CASE WHEN to_cells IS NOT NULL THEN cell OPERATOR(pg_catalog.<>) ALL (to_cells)
                WHEN measure OPERATOR(pg_catalog.=) 'cell' THEN cell OPERATOR(pg_catalog.<>) 'vip'
                WHEN measure OPERATOR(pg_catalog.=) 'potential' THEN cell OPERATOR(pg_catalog.<) 'capture_priority'
                ELSE cell OPERATOR(pg_catalog.<>) ALL ('{stable,key,vip}'::@extschema@.potential_cell_name[]) END
$$;
COMMENT ON FUNCTION icp_goal_concerns(text, potential_cell_name[], potential_cell_name[], text, potential_cell_name, boolean) IS
'Whether a client that stands in a cell can help to reach a goal: it is one of those meant, and there is somewhere to move to. No cell: false.';

CREATE FUNCTION icp_goal_met(measure text, to_cells potential_cell_name[], from_cell potential_cell_name, to_cell potential_cell_name) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT to_cell IS NOT NULL AND CASE
    WHEN to_cells IS NOT NULL THEN to_cell OPERATOR(pg_catalog.=) ANY (to_cells)
    WHEN measure OPERATOR(pg_catalog.=) 'cell' THEN to_cell OPERATOR(pg_catalog.>) from_cell
    WHEN measure OPERATOR(pg_catalog.=) 'potential' THEN ((@extschema@.potential_cell_number(to_cell) OPERATOR(pg_catalog.-) 1) OPERATOR(pg_catalog./) 3)
        OPERATOR(pg_catalog.>) ((@extschema@.potential_cell_number(from_cell) OPERATOR(pg_catalog.-) 1) OPERATOR(pg_catalog./) 3)
    ELSE ((@extschema@.potential_cell_number(to_cell) OPERATOR(pg_catalog.-) 1) OPERATOR(pg_catalog.%) 3)
        OPERATOR(pg_catalog.>) ((@extschema@.potential_cell_number(from_cell) OPERATOR(pg_catalog.-) 1) OPERATOR(pg_catalog.%) 3) END
$$;
COMMENT ON FUNCTION icp_goal_met(text, potential_cell_name[], potential_cell_name, potential_cell_name) IS
'Whether a client that stood in a cell and stands in another counts for a goal. No cell now: false.';

CREATE TYPE icp_move_forecast AS (expected double precision, lo bigint, hi bigint, enough double precision, rate double precision, correlation double precision);
COMMENT ON TYPE icp_move_forecast IS 'How many clients will move: result of icp_expected_moves.';
COMMENT ON COLUMN icp_move_forecast.expected IS 'Mean of the prediction, as if clients moved independently: that they move together makes it less sure, not another one.';
COMMENT ON COLUMN icp_move_forecast.lo IS 'Lower end of the prediction interval; NULL from one window alone, which cannot show how much windows differ.';
COMMENT ON COLUMN icp_move_forecast.hi IS 'Upper end of the prediction interval; NULL where lo is.';
COMMENT ON COLUMN icp_move_forecast.enough IS 'Probability that at least needed clients move; NULL from one window alone.';
COMMENT ON COLUMN icp_move_forecast.rate IS 'Moves per client and year.';
COMMENT ON COLUMN icp_move_forecast.correlation IS 'Correlation of clients within a window, 0 to 0.25, as the windows let expect it: how much more they differ than independent clients would make them.';

CREATE FUNCTION icp_expected_moves(days double precision[], clients bigint[], moved bigint[], remaining bigint, ahead double precision, needed bigint DEFAULT 0, level double precision DEFAULT 0.8)
RETURNS icp_move_forecast
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_expected_moves(double precision[], bigint[], bigint[], bigint, double precision, bigint, double precision) IS
'How many of remaining clients will have moved in ahead days, from windows of the past: days, clients that could move, moved. A client has moved after g days with probability 1 - exp(-r g), one steady rate r for all (grouped survival, Prentice & Gloeckler 1978), with Jeffreys'' prior for r; and the number that moves in a window is beta-binomial (Skellam 1948): its correlation of clients is 0 with probability 1/10, else anything up to 1/4, all as likely, before the windows speak (on a grid of 1/1024, 1/512, ... 1/4; Gelman 2006, of flat priors for how much groups differ). Were it known to be 0, windows of one length would give the beta-binomial prediction from Beta(moved + 1/2, clients - moved + 1/2). lo and hi hold level of the probability; they and enough are NULL where there is one window only. No window with clients and days: NULL.';

CREATE VIEW icp_potential_goal_progress AS
WITH RECURSIVE dated AS (
    SELECT g.*, b.as_of AS baseline, n.as_of AS now_at, CASE WHEN n.as_of IS NOT NULL THEN GREATEST(g.due_on - n.as_of, 0) END AS days_left
    FROM icp_potential_goals g
    -- The latest snapshot by the first day, else the first one after it; and that of the due day, or the first one past it, else the latest.
    LEFT JOIN LATERAL (SELECT s.as_of FROM icp_potential_snapshots s WHERE s.matrix = g.matrix AND s.as_of < g.due_on
                       ORDER BY s.as_of > g.starts_on, CASE WHEN s.as_of > g.starts_on THEN s.as_of - g.starts_on ELSE g.starts_on - s.as_of END LIMIT 1) b ON true
    LEFT JOIN LATERAL (SELECT s.as_of FROM icp_potential_snapshots s WHERE s.matrix = g.matrix AND s.as_of >= b.as_of
                       ORDER BY s.as_of < g.due_on, CASE WHEN s.as_of < g.due_on THEN g.due_on - s.as_of ELSE s.as_of - g.due_on END LIMIT 1) n ON true),
standing AS (
    SELECT d.goal, pg_catalog.count(*) AS eligible, pg_catalog.count(*) FILTER (WHERE m.met) AS done,
           pg_catalog.count(*) FILTER (WHERE icp_goal_met(d.measure, NULL, c.cell, a.cell)) AS fallen_back,
           pg_catalog.count(*) FILTER (WHERE c.cell IS NULL) AS gone, pg_catalog.count(*) FILTER (WHERE c.cell IS NOT NULL AND NOT m.met) AS remaining
    FROM dated d
    JOIN icp_potential_placements a ON a.matrix = d.matrix AND a.as_of = d.baseline AND icp_goal_concerns(d.measure, d.from_cells, d.to_cells, d.who, a.cell, a.lead)
    LEFT JOIN icp_potential_placements c ON c.matrix = d.matrix AND c.as_of = d.now_at AND c.client_id = a.client_id
    CROSS JOIN LATERAL (SELECT icp_goal_met(d.measure, d.to_cells, a.cell, c.cell)) m (met)
    GROUP BY d.goal),
-- Windows of the past about as long as the time that is left, one after another back from the latest snapshot.
past AS (
    SELECT d.goal, d.matrix, d.days_left, d.now_at AS ends, w.starts FROM dated d
    CROSS JOIN LATERAL (SELECT s.as_of AS starts FROM icp_potential_snapshots s WHERE s.matrix = d.matrix AND s.as_of < d.now_at
                        ORDER BY pg_catalog.abs(d.now_at - s.as_of - d.days_left), s.as_of LIMIT 1) w
    WHERE d.days_left > 0
    UNION ALL
    SELECT p.goal, p.matrix, p.days_left, p.starts, w.starts FROM past p
    CROSS JOIN LATERAL (SELECT s.as_of AS starts FROM icp_potential_snapshots s WHERE s.matrix = p.matrix AND s.as_of < p.starts
                        ORDER BY pg_catalog.abs(p.starts - s.as_of - p.days_left), s.as_of LIMIT 1) w
    WHERE 2 * (p.starts - w.starts) >= p.days_left),
learned AS (
    SELECT p.goal, pg_catalog.count(*) AS windows, pg_catalog.array_agg(o.days ORDER BY p.ends) AS days, pg_catalog.array_agg(o.clients ORDER BY p.ends) AS clients,
           pg_catalog.array_agg(o.moved ORDER BY p.ends) AS moved, pg_catalog.sum(o.clients)::bigint AS observed, pg_catalog.sum(o.moved)::bigint AS moves
    FROM past p JOIN dated d ON d.goal = p.goal
    JOIN icp_potential_periods t ON t.matrix = p.matrix AND t.from_as_of = p.starts AND t.as_of = p.ends AND NOT t.bounds_changed
    CROSS JOIN LATERAL (SELECT t.days::double precision AS days, pg_catalog.count(*) AS clients, pg_catalog.count(*) FILTER (WHERE icp_goal_met(d.measure, d.to_cells, a.cell, c.cell)) AS moved
                        FROM icp_potential_placements a JOIN icp_potential_placements c ON c.matrix = a.matrix AND c.as_of = p.ends AND c.client_id = a.client_id AND c.cell IS NOT NULL
                        WHERE a.matrix = p.matrix AND a.as_of = p.starts AND icp_goal_concerns(d.measure, d.from_cells, d.to_cells, d.who, a.cell, a.lead)) o
    WHERE o.clients > 0 GROUP BY p.goal)
SELECT d.goal, d.title, d.target, coalesce(s.done, 0) AS done, f.expected AS expected_by_due, f.lo AS expected_lo, f.hi AS expected_hi, f.enough AS probability,
       CASE WHEN d.baseline IS NULL THEN 'unknown' WHEN coalesce(s.done, 0) >= d.target THEN 'met' WHEN d.days_left = 0 THEN 'missed' WHEN f.enough IS NULL THEN 'unknown'
            WHEN f.enough >= 0.8 THEN 'likely' WHEN f.enough <= 0.2 THEN 'unlikely' ELSE 'uncertain' END AS status,
       d.matrix, d.measure, d.starts_on, d.due_on, d.baseline AS baseline_as_of, d.now_at AS as_of, d.days_left,
       coalesce(s.eligible, 0) AS eligible, coalesce(s.remaining, 0) AS remaining, coalesce(s.fallen_back, 0) AS fallen_back, coalesce(s.gone, 0) AS gone,
       l.windows, l.observed, l.moves, e.rate AS moves_a_year, e.correlation, d.owner
FROM dated d LEFT JOIN standing s ON s.goal = d.goal LEFT JOIN learned l ON l.goal = d.goal
CROSS JOIN LATERAL icp_expected_moves(l.days, l.clients, l.moved, coalesce(s.remaining, 0), d.days_left::double precision, d.target - coalesce(s.done, 0)) e
CROSS JOIN LATERAL (
    SELECT coalesce(s.done, 0) + CASE WHEN d.days_left = 0 THEN 0 ELSE e.expected END AS expected, coalesce(s.done, 0) + CASE WHEN d.days_left = 0 THEN 0 ELSE e.lo END AS lo,
           coalesce(s.done, 0) + CASE WHEN d.days_left = 0 THEN 0 ELSE e.hi END AS hi,
           CASE WHEN coalesce(s.done, 0) >= d.target THEN 1 WHEN d.days_left = 0 THEN 0 ELSE e.enough END AS enough) f;
ALTER VIEW icp_potential_goal_progress OWNER TO @extowner@;
COMMENT ON VIEW icp_potential_goal_progress IS
'How far each goal is and what to expect by its day. Counted are the clients that had a cell in the first snapshot of the goal; who came later is not. Expected is done plus what icp_expected_moves says of those who are left, from windows of the past about as long as the time left, one after another back from as_of, whose bounds are the same at both ends. It takes for granted that those who are up stay up, that clients of the goal move at one rate as they did, and together as much as the windows show. Without two snapshots there is nothing to expect from: NULL.';
COMMENT ON COLUMN icp_potential_goal_progress.goal IS 'Number of the goal.';
COMMENT ON COLUMN icp_potential_goal_progress.title IS 'The goal in words.';
COMMENT ON COLUMN icp_potential_goal_progress.target IS 'How many clients shall move.';
COMMENT ON COLUMN icp_potential_goal_progress.done IS 'How many stand where they shall, in the snapshot as_of.';
COMMENT ON COLUMN icp_potential_goal_progress.expected_by_due IS 'How many to expect on the due day.';
COMMENT ON COLUMN icp_potential_goal_progress.expected_lo IS 'Lower end of its 80 % prediction interval; NULL where there is one window only to learn from.';
COMMENT ON COLUMN icp_potential_goal_progress.expected_hi IS 'Upper end of that interval; NULL where there is one window only.';
COMMENT ON COLUMN icp_potential_goal_progress.probability IS 'Probability that the target is met on the due day; NULL where there is one window only to learn from.';
COMMENT ON COLUMN icp_potential_goal_progress.status IS 'met; missed; by the probability likely (from 0.8), unlikely (up to 0.2) or uncertain; unknown: not enough snapshots to tell from.';
COMMENT ON COLUMN icp_potential_goal_progress.matrix IS 'Name of the matrix.';
COMMENT ON COLUMN icp_potential_goal_progress.measure IS 'What up means: cell, potential or progress.';
COMMENT ON COLUMN icp_potential_goal_progress.starts_on IS 'First day of the goal.';
COMMENT ON COLUMN icp_potential_goal_progress.due_on IS 'Its due day.';
COMMENT ON COLUMN icp_potential_goal_progress.baseline_as_of IS 'The snapshot that it counts from: the latest by the first day, else the first after it; NULL: there is none.';
COMMENT ON COLUMN icp_potential_goal_progress.as_of IS 'The snapshot that it is judged by: that of the due day or the first after it, else the latest.';
COMMENT ON COLUMN icp_potential_goal_progress.days_left IS 'Days from that snapshot to the due day.';
COMMENT ON COLUMN icp_potential_goal_progress.eligible IS 'Clients of the first snapshot that the goal speaks of and that had somewhere to move to.';
COMMENT ON COLUMN icp_potential_goal_progress.remaining IS 'Those of them that can still move.';
COMMENT ON COLUMN icp_potential_goal_progress.fallen_back IS 'Those of them that stand lower now, by the measure.';
COMMENT ON COLUMN icp_potential_goal_progress.gone IS 'Those of them that have no cell now or are no longer in the source.';
COMMENT ON COLUMN icp_potential_goal_progress.windows IS 'Windows of the past that the expectation comes from; NULL: none.';
COMMENT ON COLUMN icp_potential_goal_progress.observed IS 'Clients in them, once a window.';
COMMENT ON COLUMN icp_potential_goal_progress.moves IS 'Those that moved as the goal asks.';
COMMENT ON COLUMN icp_potential_goal_progress.moves_a_year IS 'The rate that follows: moves per client and year.';
COMMENT ON COLUMN icp_potential_goal_progress.correlation IS 'How much the clients of a window move together, 0 to 0.125.';
COMMENT ON COLUMN icp_potential_goal_progress.owner IS 'Who answers for the goal.';
