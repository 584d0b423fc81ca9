-- Indicators of the potential matrix: speed of change, growth, retention, leads.

CREATE VIEW icp_potential_speed AS
SELECT m.matrix, m.cell_no, c.cell, c.title_en, c.title_ru, m.periods, m.observed, m.client_days, m.up, m.down,
       m.up * 365.25 / nullif(m.client_days, 0)::double precision AS up_a_year, u.lo AS up_a_year_lo, u.hi AS up_a_year_hi,
       m.down * 365.25 / nullif(m.client_days, 0)::double precision AS down_a_year, d.lo AS down_a_year_lo, d.hi AS down_a_year_hi,
       m.client_days / nullif(m.up, 0)::double precision AS days_per_up
FROM (SELECT m.matrix, m.from_no AS cell_no, pg_catalog.count(DISTINCT m.as_of) AS periods, pg_catalog.count(*) AS observed, pg_catalog.sum(m.days) AS client_days,
             pg_catalog.count(*) FILTER (WHERE m.movement = 'up') AS up, pg_catalog.count(*) FILTER (WHERE m.movement = 'down') AS down
      FROM icp_potential_moves m WHERE m.from_no > 0 AND m.to_no > 0
      GROUP BY GROUPING SETS ((m.matrix, m.from_no), (m.matrix))) m
LEFT JOIN icp_potential_cells c ON c.cell_no = m.cell_no
CROSS JOIN LATERAL icp_rate_interval(m.up, m.client_days / 365.25::double precision) u
CROSS JOIN LATERAL icp_rate_interval(m.down, m.client_days / 365.25::double precision) d;
ALTER VIEW icp_potential_speed OWNER TO @extowner@;
COMMENT ON VIEW icp_potential_speed IS
'How fast clients move, by the cell they start from, over all consecutive snapshots; a row without a cell is of all cells. Clients count for the days between two snapshots in which both have them placed; a client that moved and came back in between is not seen to have moved.';
COMMENT ON COLUMN icp_potential_speed.matrix IS 'Name of the matrix.';
COMMENT ON COLUMN icp_potential_speed.cell_no IS 'Number of the cell that they start from; NULL: all cells.';
COMMENT ON COLUMN icp_potential_speed.cell IS 'The cell.';
COMMENT ON COLUMN icp_potential_speed.title_en IS 'Its title in English.';
COMMENT ON COLUMN icp_potential_speed.title_ru IS 'Its title in Russian.';
COMMENT ON COLUMN icp_potential_speed.periods IS 'Periods between snapshots in which clients were there.';
COMMENT ON COLUMN icp_potential_speed.observed IS 'Clients, counted once a period.';
COMMENT ON COLUMN icp_potential_speed.client_days IS 'Days that they were observed, in total.';
COMMENT ON COLUMN icp_potential_speed.up IS 'Moves to a cell of a higher number.';
COMMENT ON COLUMN icp_potential_speed.down IS 'Moves to a cell of a lower number.';
COMMENT ON COLUMN icp_potential_speed.up_a_year IS 'Moves up per client and year.';
COMMENT ON COLUMN icp_potential_speed.up_a_year_lo IS 'Lower end of its 95 % interval, for clients that move independently (icp_rate_interval).';
COMMENT ON COLUMN icp_potential_speed.up_a_year_hi IS 'Upper end of that interval.';
COMMENT ON COLUMN icp_potential_speed.down_a_year IS 'Moves down per client and year.';
COMMENT ON COLUMN icp_potential_speed.down_a_year_lo IS 'Lower end of its 95 % interval.';
COMMENT ON COLUMN icp_potential_speed.down_a_year_hi IS 'Upper end of that interval.';
COMMENT ON COLUMN icp_potential_speed.days_per_up IS 'Days that a client takes on average to move up: client_days / up; NULL where none did.';

CREATE VIEW icp_potential_indicators AS
SELECT m.matrix, m.from_as_of, m.as_of, m.days, m.bounds_changed,
       m.new_leads, m.new_leads_target, m.new_leads_target / nullif(m.new_leads, 0)::double precision AS new_leads_target_share, l.lo AS new_leads_target_lo, l.hi AS new_leads_target_hi,
       m.leads, m.leads_target, m.leads_target / nullif(m.leads, 0)::double precision AS leads_target_share,
       m.top_before, m.top, m.top - m.top_before AS top_growth,
       m.observed, m.up, m.down, m.up / nullif(m.observed, 0)::double precision AS up_share, u.lo AS up_lo, u.hi AS up_hi,
       m.strategic_before, m.strategic_kept, m.strategic_kept / nullif(m.strategic_before, 0)::double precision AS retention, r.lo AS retention_lo, r.hi AS retention_hi
FROM (SELECT m.matrix, m.from_as_of, m.as_of, m.days, m.bounds_changed,
             pg_catalog.count(*) FILTER (WHERE m.lead AND m.to_no > 0 AND m.movement = 'entered') AS new_leads,
             pg_catalog.count(*) FILTER (WHERE m.lead AND m.to_no IN (4, 5, 7, 8) AND m.movement = 'entered') AS new_leads_target,
             pg_catalog.count(*) FILTER (WHERE m.lead AND m.to_no > 0) AS leads,
             pg_catalog.count(*) FILTER (WHERE m.lead AND m.to_no IN (4, 5, 7, 8)) AS leads_target,
             pg_catalog.count(*) FILTER (WHERE m.from_no IN (6, 9)) AS top_before, pg_catalog.count(*) FILTER (WHERE m.to_no IN (6, 9)) AS top,
             pg_catalog.count(*) FILTER (WHERE m.from_no > 0 AND m.to_no > 0) AS observed,
             pg_catalog.count(*) FILTER (WHERE m.movement = 'up') AS up, pg_catalog.count(*) FILTER (WHERE m.movement = 'down') AS down,
             pg_catalog.count(*) FILTER (WHERE m.from_no IN (8, 9)) AS strategic_before, pg_catalog.count(*) FILTER (WHERE m.from_no IN (8, 9) AND m.to_no IN (8, 9)) AS strategic_kept
      FROM icp_potential_moves m GROUP BY m.matrix, m.from_as_of, m.as_of, m.days, m.bounds_changed) m
CROSS JOIN LATERAL icp_share_interval(m.new_leads_target, m.new_leads) l
CROSS JOIN LATERAL icp_share_interval(m.up, m.observed) u
CROSS JOIN LATERAL icp_share_interval(m.strategic_kept, m.strategic_before) r;
ALTER VIEW icp_potential_indicators OWNER TO @extowner@;
COMMENT ON VIEW icp_potential_indicators IS
'Indicators of marketing and sales, one row a period between consecutive snapshots: leads of the target cells 4, 5, 7, 8; growth in 6 and 9; who moved up or down; retention in 8 and 9. Intervals are of 95 % (Wilson).';
COMMENT ON COLUMN icp_potential_indicators.matrix IS 'Name of the matrix.';
COMMENT ON COLUMN icp_potential_indicators.from_as_of IS 'Date of the earlier snapshot.';
COMMENT ON COLUMN icp_potential_indicators.as_of IS 'Date of the later snapshot.';
COMMENT ON COLUMN icp_potential_indicators.days IS 'Days between them.';
COMMENT ON COLUMN icp_potential_indicators.bounds_changed IS 'Whether the bounds of the matrix changed in between.';
COMMENT ON COLUMN icp_potential_indicators.new_leads IS 'Leads with a cell that were not in the earlier snapshot.';
COMMENT ON COLUMN icp_potential_indicators.new_leads_target IS 'Those of them in the cells 4, 5, 7, 8.';
COMMENT ON COLUMN icp_potential_indicators.new_leads_target_share IS 'Their share, 0 to 1.';
COMMENT ON COLUMN icp_potential_indicators.new_leads_target_lo IS 'Lower end of its interval.';
COMMENT ON COLUMN icp_potential_indicators.new_leads_target_hi IS 'Upper end of that interval.';
COMMENT ON COLUMN icp_potential_indicators.leads IS 'All leads with a cell at the later date.';
COMMENT ON COLUMN icp_potential_indicators.leads_target IS 'Those of them in the cells 4, 5, 7, 8.';
COMMENT ON COLUMN icp_potential_indicators.leads_target_share IS 'Their share, 0 to 1.';
COMMENT ON COLUMN icp_potential_indicators.top_before IS 'Clients in the cells 6 and 9 at the earlier date.';
COMMENT ON COLUMN icp_potential_indicators.top IS 'Clients in the cells 6 and 9 at the later date.';
COMMENT ON COLUMN icp_potential_indicators.top_growth IS 'By how many they have become more.';
COMMENT ON COLUMN icp_potential_indicators.observed IS 'Clients with a cell at both dates.';
COMMENT ON COLUMN icp_potential_indicators.up IS 'Those that moved to a cell of a higher number.';
COMMENT ON COLUMN icp_potential_indicators.down IS 'Those that moved to a cell of a lower number.';
COMMENT ON COLUMN icp_potential_indicators.up_share IS 'up / observed.';
COMMENT ON COLUMN icp_potential_indicators.up_lo IS 'Lower end of its interval.';
COMMENT ON COLUMN icp_potential_indicators.up_hi IS 'Upper end of that interval.';
COMMENT ON COLUMN icp_potential_indicators.strategic_before IS 'Clients in the cells 8 and 9 at the earlier date.';
COMMENT ON COLUMN icp_potential_indicators.strategic_kept IS 'Those of them in 8 or 9 at the later date.';
COMMENT ON COLUMN icp_potential_indicators.retention IS 'Their share: retention in 8 and 9 over the days of the period.';
COMMENT ON COLUMN icp_potential_indicators.retention_lo IS 'Lower end of its interval.';
COMMENT ON COLUMN icp_potential_indicators.retention_hi IS 'Upper end of that interval.';

CREATE VIEW icp_potential_leads AS
WITH seen AS (
    SELECT p.matrix, p.client_id, pg_catalog.min(p.as_of) FILTER (WHERE p.lead) AS first_at, pg_catalog.max(p.as_of) AS last_at
    FROM icp_potential_placements p
    WHERE EXISTS (SELECT FROM icp_potential_placements l WHERE l.matrix = p.matrix AND l.client_id = p.client_id AND l.lead)
    GROUP BY p.matrix, p.client_id),
lead AS (
    SELECT s.matrix, s.first_at, s.last_at = d.as_of AS present, f.lead_source, f.campaign, potential_cell_number(f.cell) AS first_no, potential_cell_number(n.cell) AS last_no,
           d.as_of AS now_at, c.at AS converted_at, c.at - s.first_at AS took
    FROM seen s JOIN icp_potential_dates d ON d.matrix = s.matrix AND d.latest
    JOIN icp_potential_placements f ON f.matrix = s.matrix AND f.as_of = s.first_at AND f.client_id = s.client_id
    JOIN icp_potential_placements n ON n.matrix = s.matrix AND n.as_of = s.last_at AND n.client_id = s.client_id
    CROSS JOIN LATERAL (SELECT pg_catalog.min(p.as_of) AS at FROM icp_potential_placements p
                        WHERE p.matrix = s.matrix AND p.client_id = s.client_id AND p.as_of > s.first_at AND NOT p.lead) c),
aged AS (
    SELECT l.*, l.first_at < l.now_at AND l.first_at <= l.now_at - coalesce(m.days, 0) AS mature, m.days AS maturity_days
    FROM lead l JOIN (SELECT l.matrix, pg_catalog.percentile_disc(0.9) WITHIN GROUP (ORDER BY l.took) AS days FROM lead l GROUP BY l.matrix) m ON m.matrix = l.matrix)
SELECT a.matrix, a.dimension, a.value, a.leads, a.placed, a.target, a.target / nullif(a.placed, 0)::double precision AS target_share, t.lo AS target_lo, t.hi AS target_hi,
       a.n, a.converted, a.converted / nullif(a.n, 0)::double precision AS conversion, c.lo AS conversion_lo, c.hi AS conversion_hi, a.up, a.down, a.lost, a.open, a.maturity_days
FROM (SELECT a.matrix, CASE WHEN GROUPING(a.lead_source) = 0 THEN 'source' WHEN GROUPING(a.campaign) = 0 THEN 'campaign' ELSE 'all' END AS dimension,
             CASE WHEN GROUPING(a.lead_source) = 0 THEN a.lead_source WHEN GROUPING(a.campaign) = 0 THEN a.campaign END AS value,
             pg_catalog.count(*) AS leads, pg_catalog.count(a.first_no) AS placed, pg_catalog.count(*) FILTER (WHERE a.first_no IN (4, 5, 7, 8)) AS target,
             pg_catalog.count(*) FILTER (WHERE a.mature) AS n, pg_catalog.count(a.converted_at) FILTER (WHERE a.mature) AS converted,
             pg_catalog.count(*) FILTER (WHERE a.last_no > a.first_no) AS up, pg_catalog.count(*) FILTER (WHERE a.last_no < a.first_no) AS down,
             pg_catalog.count(*) FILTER (WHERE a.converted_at IS NULL AND NOT a.present) AS lost, pg_catalog.count(*) FILTER (WHERE a.converted_at IS NULL AND a.present) AS open,
             pg_catalog.max(a.maturity_days) AS maturity_days
      FROM aged a GROUP BY GROUPING SETS ((a.matrix), (a.matrix, a.lead_source), (a.matrix, a.campaign))) a
CROSS JOIN LATERAL icp_share_interval(a.target, a.placed) t
CROSS JOIN LATERAL icp_share_interval(a.converted, a.n) c;
ALTER VIEW icp_potential_leads OWNER TO @extowner@;
COMMENT ON VIEW icp_potential_leads IS
'Leads in the matrix by where they came from: a row for all leads, one for each source, one for each campaign. A lead is whoever was once in a snapshot as a lead; it has converted when a later snapshot has it as a client. Rates are of leads that had time to convert: first seen at least maturity_days before the latest snapshot. Intervals are of 95 % (Wilson). What a source brings may also differ for what else differs between sources.';
COMMENT ON COLUMN icp_potential_leads.matrix IS 'Name of the matrix.';
COMMENT ON COLUMN icp_potential_leads.dimension IS 'all, source (lead_source) or campaign.';
COMMENT ON COLUMN icp_potential_leads.value IS 'The source or campaign, as the lead was first seen; NULL: all, or not known.';
COMMENT ON COLUMN icp_potential_leads.leads IS 'Leads ever seen.';
COMMENT ON COLUMN icp_potential_leads.placed IS 'Those that had a cell when they were first seen.';
COMMENT ON COLUMN icp_potential_leads.target IS 'Those of them in the cells 4, 5, 7, 8.';
COMMENT ON COLUMN icp_potential_leads.target_share IS 'target / placed.';
COMMENT ON COLUMN icp_potential_leads.target_lo IS 'Lower end of its interval.';
COMMENT ON COLUMN icp_potential_leads.target_hi IS 'Upper end of that interval.';
COMMENT ON COLUMN icp_potential_leads.n IS 'Leads that had time to convert.';
COMMENT ON COLUMN icp_potential_leads.converted IS 'Those of the n that did.';
COMMENT ON COLUMN icp_potential_leads.conversion IS 'converted / n.';
COMMENT ON COLUMN icp_potential_leads.conversion_lo IS 'Lower end of its interval.';
COMMENT ON COLUMN icp_potential_leads.conversion_hi IS 'Upper end of that interval.';
COMMENT ON COLUMN icp_potential_leads.up IS 'Leads whose latest cell has a higher number than their first one.';
COMMENT ON COLUMN icp_potential_leads.down IS 'Leads whose latest cell has a lower number.';
COMMENT ON COLUMN icp_potential_leads.lost IS 'Leads that did not convert and are not in the latest snapshot.';
COMMENT ON COLUMN icp_potential_leads.open IS 'Leads in the latest snapshot that have not converted.';
COMMENT ON COLUMN icp_potential_leads.maturity_days IS 'The 90th percentile of the days from a lead''s first snapshot to its first as a client, over all leads of the matrix; NULL: none has converted.';
