-- Planning by quarter, analysis by month, and why clients stop.

CREATE TABLE icp_potential_stops (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT icp_potential_stops_pkey PRIMARY KEY,
    client_id text COLLATE "C" NOT NULL CONSTRAINT icp_potential_stops_client CHECK (client_id <> ''),
    noted_on date NOT NULL DEFAULT CURRENT_DATE,
    phase text COLLATE "C" NOT NULL CONSTRAINT icp_potential_stops_phase CHECK (phase IN ('come', 'grow', 'leave')),
    reason text COLLATE "C" NOT NULL CONSTRAINT icp_potential_stops_reason CHECK (reason <> ''),
    note text,
    owner text,
    matrix text COLLATE "C" NOT NULL DEFAULT 'main',
    created_by text NOT NULL DEFAULT CURRENT_USER,
    created_at timestamptz NOT NULL DEFAULT pg_catalog.now());
CREATE INDEX icp_potential_stops_client_id ON icp_potential_stops (client_id, id);
ALTER TABLE icp_potential_stops OWNER TO @extowner@;
SELECT pg_catalog.pg_extension_config_dump('icp_potential_stops', '');
SELECT pg_catalog.pg_extension_config_dump('icp_potential_stops_id_seq', '');
COMMENT ON TABLE icp_potential_stops IS 'Why a client does not go on: (client_id, phase, reason), inserted by whoever talks to it. Of several rows of a client and phase the latest counts for the client, all of them in a month or quarter.';
COMMENT ON SEQUENCE icp_potential_stops_id_seq IS 'Numbers of the rows of icp_potential_stops.';
COMMENT ON COLUMN icp_potential_stops.id IS 'Number of the row.';
COMMENT ON COLUMN icp_potential_stops.client_id IS 'The client or lead, as in the snapshots.';
COMMENT ON COLUMN icp_potential_stops.noted_on IS 'The day of which it speaks.';
COMMENT ON COLUMN icp_potential_stops.phase IS 'come: it does not begin to buy; grow: it buys and does not buy more; leave: it stops buying.';
COMMENT ON COLUMN icp_potential_stops.reason IS 'The reason: a code of icp_loss_reasons, which has its titles, or a word of your own.';
COMMENT ON COLUMN icp_potential_stops.note IS 'In the client''s words.';
COMMENT ON COLUMN icp_potential_stops.owner IS 'Who heard it.';
COMMENT ON COLUMN icp_potential_stops.matrix IS 'Name of the matrix.';
COMMENT ON COLUMN icp_potential_stops.created_by IS 'The role that wrote it.';
COMMENT ON COLUMN icp_potential_stops.created_at IS 'When it was written.';

CREATE VIEW icp_potential_stop_reasons AS
SELECT s.id, s.matrix, s.client_id, s.noted_on, s.phase, s.reason, coalesce(r.title_en, s.reason) AS title_en, coalesce(r.title_ru, s.reason) AS title_ru, s.note, s.owner,
       c.cell_no, c.title_en AS cell_en, c.title_ru AS cell_ru, c.potential, c.unrealised, c.next_amount,
       s.id = pg_catalog.max(s.id) OVER (PARTITION BY s.matrix, s.client_id, s.phase) AS latest
FROM icp_potential_stops s
LEFT JOIN (SELECT DISTINCT ON (l.code) l.code, l.title_en, l.title_ru FROM icp_loss_reasons l ORDER BY l.code, l.builtin) r ON r.code = s.reason
LEFT JOIN icp_potential_clients c ON c.matrix = s.matrix AND c.client_id = s.client_id;
ALTER VIEW icp_potential_stop_reasons OWNER TO @extowner@;
COMMENT ON VIEW icp_potential_stop_reasons IS 'Recorded reasons of stop, client by client, with where the client stands in the latest snapshot.';
COMMENT ON COLUMN icp_potential_stop_reasons.id IS 'Number of the record.';
COMMENT ON COLUMN icp_potential_stop_reasons.matrix IS 'Name of the matrix.';
COMMENT ON COLUMN icp_potential_stop_reasons.client_id IS 'The client or lead.';
COMMENT ON COLUMN icp_potential_stop_reasons.noted_on IS 'The day of which it speaks.';
COMMENT ON COLUMN icp_potential_stop_reasons.phase IS 'come, grow or leave.';
COMMENT ON COLUMN icp_potential_stop_reasons.reason IS 'The reason.';
COMMENT ON COLUMN icp_potential_stop_reasons.title_en IS 'The reason in English, where icp_loss_reasons has it.';
COMMENT ON COLUMN icp_potential_stop_reasons.title_ru IS 'The reason in Russian, where icp_loss_reasons has it.';
COMMENT ON COLUMN icp_potential_stop_reasons.note IS 'In the client''s words.';
COMMENT ON COLUMN icp_potential_stop_reasons.owner IS 'Who heard it.';
COMMENT ON COLUMN icp_potential_stop_reasons.cell_no IS 'Number of the cell that the client is in now; NULL: none.';
COMMENT ON COLUMN icp_potential_stop_reasons.cell_en IS 'Title of that cell in English.';
COMMENT ON COLUMN icp_potential_stop_reasons.cell_ru IS 'Title of that cell in Russian.';
COMMENT ON COLUMN icp_potential_stop_reasons.potential IS 'Its potential now.';
COMMENT ON COLUMN icp_potential_stop_reasons.unrealised IS 'What it could still buy.';
COMMENT ON COLUMN icp_potential_stop_reasons.next_amount IS 'The further purchases that move it one cell.';
COMMENT ON COLUMN icp_potential_stop_reasons.latest IS 'Whether it is the latest word of this client and phase.';

CREATE VIEW icp_potential_calendar AS
SELECT p.matrix, p.unit, p.starts_on, p.ends_on, coalesce(o.as_of, n.as_of) AS from_as_of, c.as_of
-- The periods that a snapshot lies in, or closes.
FROM (SELECT DISTINCT s.matrix, u.unit, pg_catalog.date_trunc(u.unit, s.as_of - d.days + time '00:00')::date AS starts_on,
             (pg_catalog.date_trunc(u.unit, s.as_of - d.days + time '00:00') + u.step)::date AS ends_on
      FROM icp_potential_snapshots s CROSS JOIN (VALUES ('month', interval '1 month'), ('quarter', interval '3 months')) u (unit, step) CROSS JOIN (VALUES (0), (1)) d (days)) p
LEFT JOIN LATERAL (SELECT pg_catalog.max(s.as_of) AS as_of FROM icp_potential_snapshots s WHERE s.matrix = p.matrix AND s.as_of <= p.starts_on) o ON true
LEFT JOIN LATERAL (SELECT pg_catalog.min(s.as_of) AS as_of FROM icp_potential_snapshots s WHERE s.matrix = p.matrix AND s.as_of > p.starts_on) n ON true
LEFT JOIN LATERAL (SELECT pg_catalog.max(s.as_of) AS as_of FROM icp_potential_snapshots s WHERE s.matrix = p.matrix AND s.as_of <= p.ends_on) c ON true
WHERE coalesce(o.as_of, n.as_of) <= c.as_of AND coalesce(o.as_of, n.as_of) < p.ends_on;
ALTER VIEW icp_potential_calendar OWNER TO @extowner@;
COMMENT ON VIEW icp_potential_calendar IS
'Months and quarters with the snapshots that open and close them: the latest by the first day, or else the first one after it; and the latest by the first day of the next. So one closes with the snapshot that opens the next. Without a snapshot that lies in it or closes it, a month or quarter is left out.';
COMMENT ON COLUMN icp_potential_calendar.matrix IS 'Name of the matrix.';
COMMENT ON COLUMN icp_potential_calendar.unit IS 'month or quarter.';
COMMENT ON COLUMN icp_potential_calendar.starts_on IS 'Its first day.';
COMMENT ON COLUMN icp_potential_calendar.ends_on IS 'The first day of the next.';
COMMENT ON COLUMN icp_potential_calendar.from_as_of IS 'Date of the snapshot that opens it.';
COMMENT ON COLUMN icp_potential_calendar.as_of IS 'Date of the snapshot that closes it; the same where there is no other one yet.';

CREATE VIEW icp_potential_planning AS
SELECT q.matrix, q.starts_on AS quarter, q.from_as_of, q.as_of, h.cell_no, h.cell, h.title_en, h.title_ru,
       coalesce(m.opening, h.clients) AS opening, coalesce(m.entered, 0) AS entered, coalesce(m.up, 0) AS up, coalesce(m.down, 0) AS down, coalesce(m.gone, 0) AS gone,
       h.clients AS closing, h.purchases, h.potential, h.unrealised, g.goals, coalesce(r.stops, 0) AS stops, r.reasons_en, r.reasons_ru,
       (SELECT pg_catalog.string_agg(b.title_en, '; ' ORDER BY b.position, b.play) FROM icp_potential_playbook b WHERE b.cell = h.cell) AS plays_en,
       (SELECT pg_catalog.string_agg(b.title_ru, '; ' ORDER BY b.position, b.play) FROM icp_potential_playbook b WHERE b.cell = h.cell) AS plays_ru
FROM icp_potential_calendar q
JOIN icp_potential_history h ON h.matrix = q.matrix AND h.as_of = q.as_of
LEFT JOIN LATERAL (
    SELECT s.place, pg_catalog.count(*) FILTER (WHERE NOT s.later) AS opening, pg_catalog.count(*) FILTER (WHERE s.later AND l.movement = 'entered') AS entered,
           pg_catalog.count(*) FILTER (WHERE NOT s.later AND l.movement = 'up') AS up, pg_catalog.count(*) FILTER (WHERE NOT s.later AND l.movement = 'down') AS down,
           pg_catalog.count(*) FILTER (WHERE NOT s.later AND l.movement = 'left') AS gone
    FROM icp_potential_pairs l CROSS JOIN LATERAL (VALUES (l.from_no, false), (l.to_no, true)) s (place, later)
    WHERE l.matrix = q.matrix AND l.from_as_of = q.from_as_of AND l.as_of = q.as_of GROUP BY s.place) m ON m.place = h.cell_no
LEFT JOIN LATERAL (
    SELECT pg_catalog.string_agg(pg_catalog.format('%s: %s/%s', coalesce(g.title, '#' || g.goal), p.done, g.target), '; ' ORDER BY g.goal) AS goals
    FROM icp_potential_goals g JOIN icp_potential_goal_progress p ON p.goal = g.goal
    WHERE g.matrix = q.matrix AND g.starts_on < q.ends_on AND g.due_on >= q.starts_on
      AND icp_goal_concerns(g.measure, g.from_cells, g.to_cells, 'all', h.cell, false)) g ON true
LEFT JOIN LATERAL (
    SELECT pg_catalog.sum(c.n)::bigint AS stops, pg_catalog.string_agg(pg_catalog.format('%s: %s', c.title_en, c.n), '; ' ORDER BY c.n DESC, c.reason) AS reasons_en,
           pg_catalog.string_agg(pg_catalog.format('%s: %s', c.title_ru, c.n), '; ' ORDER BY c.n DESC, c.reason) AS reasons_ru
    FROM (SELECT s.reason, s.title_en, s.title_ru, pg_catalog.count(*) AS n FROM icp_potential_stop_reasons s
          -- Where the client stood at the end of the quarter, else at its beginning.
          LEFT JOIN icp_potential_placements b ON b.matrix = s.matrix AND b.as_of = q.as_of AND b.client_id = s.client_id
          LEFT JOIN icp_potential_placements a ON a.matrix = s.matrix AND a.as_of = q.from_as_of AND a.client_id = s.client_id
          WHERE s.matrix = q.matrix AND s.noted_on >= q.starts_on AND s.noted_on < q.ends_on
            AND coalesce(potential_cell_number(CASE WHEN b.client_id IS NULL THEN a.cell ELSE b.cell END), 0) = h.cell_no
          GROUP BY s.reason, s.title_en, s.title_ru) c) r ON true
WHERE q.unit = 'quarter';
ALTER VIEW icp_potential_planning OWNER TO @extowner@;
COMMENT ON VIEW icp_potential_planning IS
'For planning together, quarter by quarter: ten rows a quarter, the nine cells and the unplaced, each with its clients, movement, goals, recorded reasons of stop and plays. icp_potential_stop_reasons has the reasons client by client. The latest quarter may have one snapshot only, that of its beginning: then nobody has moved yet.';
COMMENT ON COLUMN icp_potential_planning.matrix IS 'Name of the matrix.';
COMMENT ON COLUMN icp_potential_planning.quarter IS 'First day of the quarter.';
COMMENT ON COLUMN icp_potential_planning.from_as_of IS 'Date of the snapshot that opens it.';
COMMENT ON COLUMN icp_potential_planning.as_of IS 'Date of the snapshot that closes it, or of the latest.';
COMMENT ON COLUMN icp_potential_planning.cell_no IS 'Number of the cell, 1 to 9; 0: the unplaced.';
COMMENT ON COLUMN icp_potential_planning.cell IS 'The cell; NULL: the unplaced.';
COMMENT ON COLUMN icp_potential_planning.title_en IS 'Title in English.';
COMMENT ON COLUMN icp_potential_planning.title_ru IS 'Title in Russian.';
COMMENT ON COLUMN icp_potential_planning.opening IS 'Clients at the beginning.';
COMMENT ON COLUMN icp_potential_planning.entered IS 'Clients here that were not in the snapshot of the beginning.';
COMMENT ON COLUMN icp_potential_planning.up IS 'Clients that were here and moved up.';
COMMENT ON COLUMN icp_potential_planning.down IS 'Clients that were here and moved down.';
COMMENT ON COLUMN icp_potential_planning.gone IS 'Clients that were here and are no longer in the source.';
COMMENT ON COLUMN icp_potential_planning.closing IS 'Clients at the end, or now.';
COMMENT ON COLUMN icp_potential_planning.purchases IS 'What they bought in the year.';
COMMENT ON COLUMN icp_potential_planning.potential IS 'The most they could buy in a year.';
COMMENT ON COLUMN icp_potential_planning.unrealised IS 'What they could still buy.';
COMMENT ON COLUMN icp_potential_planning.goals IS 'Goals that run in the quarter and speak of clients in this cell, each with what is done of how many.';
COMMENT ON COLUMN icp_potential_planning.stops IS 'Reasons of stop recorded in the quarter of clients of this cell.';
COMMENT ON COLUMN icp_potential_planning.reasons_en IS 'These reasons in English, with how many, the most frequent first.';
COMMENT ON COLUMN icp_potential_planning.reasons_ru IS 'These reasons in Russian.';
COMMENT ON COLUMN icp_potential_planning.plays_en IS 'What to do in the cell, in English.';
COMMENT ON COLUMN icp_potential_planning.plays_ru IS 'What to do in the cell, in Russian.';

CREATE VIEW icp_potential_monthly AS
WITH moved AS (
    SELECT q.matrix, q.starts_on AS month, q.ends_on, q.from_as_of, q.as_of, m.client_id, m.movement, m.from_no, m.to_no, m.from_lead, m.lead,
           (m.from_no + 2) % 3 AS from_progress, (m.to_no + 2) % 3 AS progress
    FROM icp_potential_calendar q
    -- OFFSET 0: each month looks up its own two snapshots.
    CROSS JOIN LATERAL (SELECT l.* FROM icp_potential_pairs l WHERE l.matrix = q.matrix AND l.from_as_of = q.from_as_of AND l.as_of = q.as_of OFFSET 0) m
    WHERE q.unit = 'month'),
step AS (
    -- Leads that are gone, clients that left or stopped buying; then each step from interest to purchase.
    SELECT m.matrix, m.month, m.from_as_of, m.as_of, 'come' AS question, 'lost_leads' AS item, pg_catalog.count(*) AS of_clients, pg_catalog.count(*) FILTER (WHERE m.movement = 'left') AS clients
    FROM moved m WHERE m.from_lead GROUP BY m.matrix, m.month, m.from_as_of, m.as_of
    UNION ALL
    SELECT m.matrix, m.month, m.from_as_of, m.as_of, 'leave', 'stopped_buying', pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE m.movement = 'left' OR m.to_no > 0 AND m.progress = 0)
    FROM moved m WHERE m.from_no > 0 AND m.from_progress > 0 GROUP BY m.matrix, m.month, m.from_as_of, m.as_of
    UNION ALL
    SELECT m.matrix, m.month, m.from_as_of, m.as_of, 'slow', 'lead_to_client', pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE NOT m.lead)
    FROM moved m WHERE m.from_lead GROUP BY m.matrix, m.month, m.from_as_of, m.as_of
    UNION ALL
    SELECT m.matrix, m.month, m.from_as_of, m.as_of, 'slow', m.from_no::text, pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE m.to_no > 0 AND m.progress > m.from_progress)
    FROM moved m WHERE m.from_no > 0 AND m.from_progress < 2 GROUP BY m.matrix, m.month, m.from_as_of, m.as_of, m.from_no),
judged AS (
    SELECT s.*, s.clients / s.of_clients::double precision AS share, i.lo, i.hi,
           pg_catalog.lag(s.clients / s.of_clients::double precision) OVER earlier AS previous_share, pg_catalog.lag(i.lo) OVER earlier AS previous_lo, pg_catalog.lag(i.hi) OVER earlier AS previous_hi
    FROM step s CROSS JOIN LATERAL icp_share_interval(s.clients, s.of_clients) i
    WINDOW earlier AS (PARTITION BY s.matrix, s.question, s.item ORDER BY s.month)),
recorded AS (
    SELECT q.matrix, q.starts_on AS month, q.from_as_of, q.as_of, s.phase, s.reason, s.title_en, s.title_ru, pg_catalog.count(*) AS clients, pg_catalog.sum(pg_catalog.count(*)) OVER (PARTITION BY q.matrix, q.starts_on, s.phase) AS of_clients
    FROM icp_potential_calendar q JOIN icp_potential_stop_reasons s ON s.matrix = q.matrix AND s.noted_on >= q.starts_on AND s.noted_on < q.ends_on
    WHERE q.unit = 'month' GROUP BY q.matrix, q.starts_on, q.from_as_of, q.as_of, s.phase, s.reason, s.title_en, s.title_ru)
SELECT j.matrix, j.month, j.from_as_of, j.as_of, j.question, j.item,
       CASE j.item WHEN 'lost_leads' THEN 'Leads lost' WHEN 'stopped_buying' THEN 'Clients that left or stopped buying' WHEN 'lead_to_client' THEN 'From lead to client'
                   ELSE pg_catalog.format('%s: %s', c.title_en, CASE WHEN c.cell_no % 3 = 1 THEN 'to the first purchase' ELSE 'to the whole potential' END) END AS title_en,
       CASE j.item WHEN 'lost_leads' THEN 'Потеряно лидов' WHEN 'stopped_buying' THEN 'Ушли или перестали покупать' WHEN 'lead_to_client' THEN 'Из лида в клиента'
                   ELSE pg_catalog.format('%s: %s', c.title_ru, CASE WHEN c.cell_no % 3 = 1 THEN 'до первой закупки' ELSE 'до полного потенциала' END) END AS title_ru,
       j.clients, j.of_clients, j.share, j.lo AS share_lo, j.hi AS share_hi, j.previous_share,
       CASE WHEN j.question = 'slow' THEN j.hi < j.previous_lo ELSE j.lo > j.previous_hi END AS worse
FROM judged j LEFT JOIN icp_potential_cells c ON c.cell_no::text = j.item
UNION ALL
SELECT r.matrix, r.month, r.from_as_of, r.as_of, r.phase, r.reason, r.title_en, r.title_ru, r.clients, r.of_clients::bigint, r.clients / r.of_clients::double precision, i.lo, i.hi, NULL, NULL
FROM recorded r CROSS JOIN LATERAL icp_share_interval(r.clients, r.of_clients::bigint) i;
ALTER VIEW icp_potential_monthly OWNER TO @extowner@;
COMMENT ON VIEW icp_potential_monthly IS
'For the meeting of the month: why they do not come, why they leave, where interest slows on its way to purchase. Of the first two, what happened to those who could (item lost_leads, stopped_buying) and the reasons recorded in icp_potential_stops; of the third, each step: lead_to_client, and of each cell that is not reached (item: its number) the share that bought for the first time, or reached the potential. Intervals are of 95 % (Wilson).';
COMMENT ON COLUMN icp_potential_monthly.matrix IS 'Name of the matrix.';
COMMENT ON COLUMN icp_potential_monthly.month IS 'First day of the month.';
COMMENT ON COLUMN icp_potential_monthly.from_as_of IS 'Date of the snapshot that opens the month: with fewer snapshots than months it can lie before its first day.';
COMMENT ON COLUMN icp_potential_monthly.as_of IS 'Date of the snapshot that closes the month, or of the latest.';
COMMENT ON COLUMN icp_potential_monthly.question IS 'come: why they do not come; leave: why they leave; slow: where it slows; grow: why they do not buy more (recorded reasons only).';
COMMENT ON COLUMN icp_potential_monthly.item IS 'What is counted: lost_leads, stopped_buying, lead_to_client, the number of a cell, or a reason.';
COMMENT ON COLUMN icp_potential_monthly.title_en IS 'That in English.';
COMMENT ON COLUMN icp_potential_monthly.title_ru IS 'That in Russian.';
COMMENT ON COLUMN icp_potential_monthly.clients IS 'How many; of a reason, how often it was recorded in the month.';
COMMENT ON COLUMN icp_potential_monthly.of_clients IS 'Of how many at the beginning of the month; of a reason, of all that were recorded for the question.';
COMMENT ON COLUMN icp_potential_monthly.share IS 'clients / of_clients.';
COMMENT ON COLUMN icp_potential_monthly.share_lo IS 'Lower end of its interval.';
COMMENT ON COLUMN icp_potential_monthly.share_hi IS 'Upper end of that interval.';
COMMENT ON COLUMN icp_potential_monthly.previous_share IS 'The share of the month before; NULL: there is none.';
COMMENT ON COLUMN icp_potential_monthly.worse IS 'Whether it is worse than the month before by more than chance: the two intervals do not meet. NULL: nothing to compare with.';
