-- The client potential matrix as a ledger.
SET client_min_messages = warning;
\set SHOW_CONTEXT never
\pset null '(null)'
CREATE SCHEMA ledger_test;
SET search_path = ledger_test, public;
CREATE FUNCTION pg_temp.error_of(statement text, OUT state text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END $$;

-- Nothing yet: views are empty, and say so without an error.
SELECT count(*) FROM icp_potential_matrix;
SELECT * FROM icp_potential_movement();
SELECT matrix, low, high, reached_from, year, stale_after, currency FROM icp_potential_matrices;

-- One client for each cell and each reason to have none.
CREATE TABLE clients (client_id text, potential numeric, purchases numeric, owner text, updated_at date, potential_source text);
INSERT INTO clients VALUES
  ('a1', 49999.99, 0, 'anna', '2025-09-01', 'survey'), ('a2', 40000, 10000, 'anna', '2025-06-30', 'survey'), ('a3', 1000, 1000, 'anna', '2025-07-01', ' '),
  ('b1', 50000, -20, 'boris', NULL, 'budget'), ('b2', 500000, 100000.5, 'boris', '2025-09-01', NULL), ('b3', 60000, 90000, NULL, '2024-01-01', 'budget'),
  ('c1', 500000.01, 0, '', '2025-09-01', NULL), ('c2', 1000000, 250000, 'anna', '2025-09-01', 'expert'), ('c3', 600000, 600000, 'anna', '2025-09-01', 'expert'),
  ('u1', NULL, 70, 'anna', NULL, NULL), ('u2', 0, 0, 'anna', NULL, NULL), ('u3', -5, 1, 'anna', NULL, NULL), ('u4', 800000, NULL, 'anna', NULL, NULL), ('u5', 'NaN', 5, 'anna', NULL, NULL);
CREATE VIEW client_potential AS SELECT * FROM clients;
SELECT icp_snapshot_potential('client_potential', date '2025-10-01');
SELECT cell_no, title_ru, clients, purchases, potential, unrealised FROM icp_potential_matrix;
SELECT * FROM icp_potential_goal_progress;
SELECT cell_no, cell, title_en, strategy_en, round(share::numeric, 4) AS share, round(level_share::numeric, 4) AS level_share, expected_level_share AS expected,
       underestimated AS under, stale, undated, without_owner AS ownerless, verified FROM icp_potential_matrix;
SELECT reason, title_en, title_ru, clients, purchases FROM icp_potential_unplaced ORDER BY reason;
SELECT clients, placed, round(placed_share::numeric, 4) AS placed_share, verified, round(placed_verified_share::numeric, 4) AS both, unverified, stale, undated, without_owner, underestimated FROM icp_potential_quality;
-- What is in the matrix is what is in the source, to the cent.
SELECT (SELECT sum(clients) FROM icp_potential_matrix) = (SELECT count(*) FROM clients) AS all_clients,
       (SELECT sum(purchases) FROM icp_potential_matrix) = (SELECT sum(purchases) FROM clients) AS purchases,
       (SELECT sum(potential) FROM icp_potential_matrix) = (SELECT sum(nullif(potential, 'NaN')) FROM clients) AS potential,
       (SELECT sum(unrealised) FROM icp_potential_matrix) = (SELECT sum(unrealised) FROM icp_potential_clients) AS unrealised;
-- The amount that moves each one cell, and by the hundredth part less does not.
SELECT client_id, cell_no, potential, purchases, unrealised, next_amount, next_cell, reach_amount, next_level_amount FROM icp_potential_clients ORDER BY client_id;
SELECT count(*) AS movable, count(*) FILTER (WHERE potential_cell(potential, purchases + next_amount) = next_cell AND next_cell > cell) AS arrive,
       count(*) FILTER (WHERE potential_cell(potential, purchases + next_amount - 0.01) = cell) AS not_before,
       count(*) FILTER (WHERE potential_cell_number(potential_cell(potential, purchases + reach_amount)) % 3 = 0) AS reach
FROM icp_potential_clients WHERE next_amount IS NOT NULL;
SELECT rank, client_id, cell_no, unrealised, plays_en FROM icp_potential_pilot;

-- Again as of the same date: replaced as a whole. A failure leaves what was there.
DELETE FROM clients WHERE client_id = 'u5';
SELECT (s).replaced, (s).clients, (s).unplaced FROM icp_snapshot_potential('clients', '2025-10-01') s;
INSERT INTO clients VALUES ('c2', 1, 1), ('b1', 1, 1), ('b1', 2, 2);
SELECT * FROM pg_temp.error_of('SELECT icp_snapshot_potential(''clients'', ''2025-10-01'')');
DELETE FROM clients WHERE potential <= 2 AND client_id IN ('c2', 'b1');
INSERT INTO clients VALUES (NULL, 5, 5), ('', 6, 6);
SELECT * FROM pg_temp.error_of('SELECT icp_snapshot_potential(''clients'', ''2025-10-01'')');
DELETE FROM clients WHERE client_id IS NULL OR client_id = '';
SELECT count(*) AS clients, (SELECT source FROM icp_potential_snapshots) AS source FROM icp_potential_placements;

-- Each wrong argument is one clear error.
CREATE VIEW bare AS SELECT client_id, potential FROM clients;
CREATE VIEW words AS SELECT client_id, potential::text, purchases FROM clients;
CREATE VIEW times AS SELECT client_id, potential, purchases, updated_at::text FROM clients;
CREATE VIEW money AS SELECT client_id, potential, purchases, CASE WHEN client_id < 'b' THEN 'USD' ELSE 'RUB' END AS currency FROM clients;
SELECT id, e.* FROM (VALUES (1, '''bare'', ''2025-10-01'''), (2, '''words'', ''2025-10-01'''), (3, '''clients'', NULL'), (4, '''clients'', ''2025-10-01'', ''other'''), (5, 'NULL, ''2025-10-01'''),
  (8, '''times'', ''2025-10-01'''), (6, '''money'', ''2025-10-01'''), (7, '''nowhere'', ''2025-10-01''')) v (id, arguments), pg_temp.error_of(format('SELECT icp_snapshot_potential(%s)', arguments)) e ORDER BY id;
SELECT e.state, e.message FROM (VALUES ('INSERT INTO icp_potential_bounds (matrix, low, high) VALUES (''x'', 5, 4)'), ('INSERT INTO icp_potential_bounds (matrix, high) VALUES (''x'', ''NaN'')'),
  ('INSERT INTO icp_potential_bounds (matrix, reached_from) VALUES (''x'', 0)'), ('INSERT INTO icp_potential_bounds (matrix, year) VALUES (''x'', ''lunar'')'),
  ('UPDATE icp_potential_bounds SET low = 1'), ('DELETE FROM icp_potential_plays')) v (s), pg_temp.error_of(s) e;

-- Three months on: anna's a1 buys, a2 reaches, b2 falls back to nothing, c1's potential is revised, c3 is gone, n1 is new, u1 gets a potential, b1 loses its own.
UPDATE clients SET purchases = 5 WHERE client_id = 'a1';
UPDATE clients SET purchases = 40000 WHERE client_id = 'a2';
UPDATE clients SET purchases = 0 WHERE client_id = 'b2';
UPDATE clients SET potential = 100000 WHERE client_id = 'c1';
UPDATE clients SET potential = 90 WHERE client_id = 'u1';
UPDATE clients SET potential = NULL WHERE client_id = 'b1';
DELETE FROM clients WHERE client_id = 'c3';
INSERT INTO clients VALUES ('n1', 70000, 0, 'anna', '2025-12-30', 'survey');
SELECT (s).clients, (s).placed, (s).stale FROM icp_snapshot_potential('client_potential', '2026-01-01') s;
SELECT from_no, to_no, movement, clients, of_clients, share, round(share_lo::numeric, 3) AS lo, round(share_hi::numeric, 3) AS hi, from_potential, potential, from_purchases, purchases FROM icp_potential_movement();
SELECT from_no, sum(share) FROM icp_potential_movement('2025-10-01', '2026-01-01') GROUP BY from_no HAVING sum(share) <> 1;
SELECT client_id, movement, from_no, to_no, potential_steps, progress_steps FROM icp_potential_moves WHERE movement <> 'same' ORDER BY client_id;
SELECT cell_no, opening, entered, moved_in, moved_out, gone, closing, purchases_opening, purchases_in, purchases_out, purchases_change, purchases_closing FROM icp_potential_account ORDER BY cell_no;
SELECT count(*) FILTER (WHERE opening + entered + moved_in - moved_out - gone = closing AND potential_opening + potential_in - potential_out + potential_revised = potential_closing
  AND purchases_opening + purchases_in - purchases_out + purchases_change = purchases_closing) AS balanced FROM icp_potential_account;
SELECT * FROM pg_temp.error_of('SELECT * FROM icp_potential_movement(''2025-09-01'', ''2026-01-01'')');
SELECT * FROM pg_temp.error_of('SELECT * FROM icp_potential_movement(''2026-01-01'', ''2025-10-01'')');
SELECT cell_no, observed, client_days, up, down, round(up_a_year::numeric, 4) AS up_a_year, round(up_a_year_lo::numeric, 4) AS lo, round(up_a_year_hi::numeric, 4) AS hi, round(days_per_up::numeric, 1) AS days_per_up
FROM icp_potential_speed ORDER BY cell_no;
SELECT days, new_leads, top_before, top, top_growth, observed, up, down, round(up_share::numeric, 4) AS up_share, strategic_before, strategic_kept, retention, round(retention_lo::numeric, 3) AS lo, round(retention_hi::numeric, 3) AS hi
FROM icp_potential_indicators;

-- A matrix of one's own, by a tolerance; the built-in one changed by a row in its place; a source with a date column.
INSERT INTO icp_potential_bounds (matrix, low, high, reached_from, year, stale_after, currency) VALUES ('eu', 1000, 8000, 0.95, 'calendar', '1 year', 'EUR'), ('main', 10, 100, 1, 'rolling', '1 year', NULL);
CREATE TABLE history (as_of date, client_id int, potential double precision, purchases real, currency text, expected_reached numeric, potential_hi bigint, updated_at timestamptz, is_lead boolean, lead_source text, campaign text);
INSERT INTO history VALUES
  ('2025-01-01', 1, 9000, 8600, 'EUR', 0.2, 10000, '2024-06-01 00:00+00', false), ('2025-01-01', 2, 9000, 8500, 'EUR', 0.4, NULL, '2023-12-31 23:00+00', false),
  ('2025-01-01', 3, 9000, 9500, 'EUR', 7, 10000, '2024-01-01 00:00+00', false), ('2025-01-01', 4, 9000, 10500, 'EUR', NULL, 10000, NULL, false), ('2025-01-01', 5, 500, 'Infinity', NULL, NULL, NULL, NULL, NULL),
  ('2025-02-01', 1, 1, 1, 'USD', NULL, NULL, NULL, NULL);
SELECT (s).clients, (s).placed, (s).underestimated, (s).stale, (s).undated FROM icp_snapshot_potential('history', '2025-01-01', 'eu') s;
SELECT client_id, cell_no, unplaced, underestimated, stale, next_amount, next_cell, currency FROM icp_potential_clients WHERE matrix = 'eu' ORDER BY 1;
SELECT cell_no, clients, round(level_share::numeric, 3) AS level_share, round(expected_level_share::numeric, 3) AS expected, currency FROM icp_potential_matrix WHERE matrix = 'eu' AND cell_no > 6;
SELECT (s).placed FROM icp_snapshot_potential('clients', '2026-02-01') s;
SELECT from_as_of, as_of, consecutive, bounds_changed FROM icp_potential_periods ORDER BY 1, 2;
DELETE FROM icp_potential_bounds WHERE matrix = 'main' AND NOT builtin;
DELETE FROM icp_potential_snapshots WHERE matrix = 'main' AND as_of = '2026-02-01';
SELECT matrix, as_of, count(*) FROM icp_potential_placements GROUP BY 1, 2 ORDER BY 1, 2;

-- Leads: share, conversion and movement by source and campaign.
INSERT INTO icp_potential_bounds (matrix) VALUES ('leads');
INSERT INTO history (as_of, client_id, potential, purchases, is_lead, lead_source, campaign)
SELECT d, g, CASE WHEN i % 4 = 0 THEN 20000 ELSE 90000 END, CASE WHEN d >= '2025-05-01' AND i % 5 = 0 THEN 100 ELSE 0 END, NOT (d >= '2025-05-01' AND i % 5 = 0), CASE WHEN i <= 20 THEN 'fair' ELSE 'ads' END, CASE WHEN i % 2 = 0 THEN 'spring' END
FROM generate_series(100, 139) g, LATERAL (SELECT g - 99) i (i), unnest('{2025-03-01,2025-04-01,2025-05-01,2025-06-01}'::date[]) d WHERE NOT (d = '2025-06-01' AND i % 7 = 0) AND NOT (i > 35 AND d < '2025-06-01');
SELECT d, (s).clients, (s).leads FROM unnest('{2025-03-01,2025-04-01,2025-05-01,2025-06-01}'::date[]) d, icp_snapshot_potential('history', d, 'leads') s;
SELECT dimension, value, leads, placed, target, round(target_share::numeric, 3) AS share, n, converted, round(conversion::numeric, 3) AS conversion, round(conversion_lo::numeric, 3) AS lo, round(conversion_hi::numeric, 3) AS hi,
       up, down, lost, open, maturity_days FROM icp_potential_leads ORDER BY 1, 2;
SELECT as_of, new_leads, new_leads_target, round(new_leads_target_share::numeric, 3) AS share, leads, leads_target FROM icp_potential_indicators WHERE matrix = 'leads' ORDER BY 1;

-- Goals: met, missed, likely, not to be told; the same numbers by hand.
INSERT INTO icp_potential_goals (title, target, starts_on, due_on, measure, matrix, from_cells, to_cells, who) VALUES
  ('begin to buy', 8, '2025-03-01', '2025-05-01', 'progress', 'leads', NULL, NULL, 'leads'), ('begin to buy', 6, '2025-03-01', '2025-05-01', 'cell', 'leads', NULL, NULL, 'all'),
  ('more by July', 9, '2025-05-15', '2025-07-01', 'progress', 'leads', '{promising}', NULL, 'all'), ('into focus', 1, '2025-06-01', '2025-09-01', 'cell', 'leads', NULL, '{development_focus,key}', 'all'),
  ('one level up', 2, '2025-06-01', '2025-07-01', 'potential', 'leads', NULL, NULL, 'clients'), ('nothing to tell from', 1, '2024-01-01', '2024-02-01', 'cell', 'leads', NULL, NULL, 'all'),
  ('ten up', 3, '2025-10-01', '2025-12-31', 'cell', 'main', NULL, NULL, 'all'), ('only one snapshot', 1, '2025-01-01', '2025-03-01', 'cell', 'eu', NULL, NULL, 'all');
SELECT goal, title, target, done, round(expected_by_due::numeric, 3) AS expected, expected_lo AS lo, expected_hi AS hi, round(probability::numeric, 3) AS p, status, baseline_as_of, as_of, days_left AS days,
       eligible, remaining, fallen_back AS back, gone, windows, observed, moves FROM icp_potential_goal_progress ORDER BY goal;
SELECT round(expected::numeric, 4) AS expected, lo, hi, round(enough::numeric, 2) AS enough FROM icp_expected_moves('{90}', '{100}', '{7}', 40, 90, 3)
UNION ALL SELECT round(expected::numeric, 4), lo, hi, round(enough::numeric, 2) FROM icp_expected_moves('{90,90,90}', '{100,100,100}', '{7,9,5}', 40, 90, 3);
SELECT icp_expected_moves('{}', '{}', '{}', 40, 90), icp_expected_moves('{90}', '{0}', '{0}', 40, 90), icp_expected_moves(NULL, '{1}', '{1}', 1, 1);
SELECT e.state, e.message FROM (VALUES ('{90}', '{5}', '{6}'), ('{90}', '{5,6}', '{1}'), ('{-1}', '{5}', '{1}'), ('{NaN}', '{5}', '{1}'), ('{90}', '{5}', '{NULL}')) v (a, b, c),
  pg_temp.error_of(format('SELECT icp_expected_moves(%L, %L, %L, 1, 1)', a, b, c)) e;
SELECT e.state, e.message FROM (VALUES ('INSERT INTO icp_potential_goals (target, starts_on, due_on) VALUES (0, ''2025-01-01'', ''2025-02-01'')'),
  ('INSERT INTO icp_potential_goals (target, starts_on, due_on) VALUES (1, ''2025-02-01'', ''2025-02-01'')'),
  ('INSERT INTO icp_potential_goals (target, starts_on, due_on, measure) VALUES (1, ''2025-01-01'', ''2025-02-01'', ''mood'')'),
  ('INSERT INTO icp_potential_goals (target, starts_on, due_on) VALUES (1, ''2025-01-01'', ''infinity'')'),
  ('INSERT INTO icp_potential_goals (target, starts_on, due_on) VALUES (1, ''-infinity'', ''2025-01-01'')'),
  ('INSERT INTO icp_potential_snapshots (matrix, as_of, low, high, reached_from, year, stale_after) VALUES (''main'', ''infinity'', 1, 2, 1, ''rolling'', ''1 year'')'),
  ('SELECT icp_snapshot_potential(''client_potential'', ''infinity'')'), ('SELECT icp_snapshot_potential(''client_potential'', ''-infinity'')')) v (s), pg_temp.error_of(s) e;
SELECT icp_share_interval(0, 0), icp_share_interval(3, 10), icp_share_interval(NULL, 1), icp_rate_interval(0, 0), icp_rate_interval(7, 12.5);
SELECT e.state, e.message FROM (VALUES ('SELECT icp_share_interval(2, 1)'), ('SELECT icp_rate_interval(1, 0)')) v (s), pg_temp.error_of(s) e;

-- Plays: changed, added, taken away.
INSERT INTO icp_potential_plays (cell, play, position, title_en, title_ru) VALUES ('vip', 'exclusive_content', 1, 'A letter of the founder', 'Письмо основателя'), ('vip', 'dinner', 5, 'Dinner', 'Ужин'), ('vip', 'test_access', 3, NULL, NULL);
SELECT cell_no, play, title_en, title_ru FROM icp_potential_playbook ORDER BY cell_no, position, play;
DELETE FROM icp_potential_plays WHERE NOT builtin;

-- Planning and the month.
INSERT INTO icp_potential_stops (client_id, noted_on, phase, reason, matrix) VALUES ('110', '2025-05-20', 'come', 'too_expensive', 'leads'), ('111', '2025-05-21', 'come', 'no time', 'leads'), ('112', '2025-05-22', 'come', 'too_expensive', 'leads'), ('113', '2025-04-02', 'leave', 'competitor', 'leads');
SELECT e.state, e.message FROM pg_temp.error_of('INSERT INTO icp_potential_stops (client_id, phase, reason) VALUES (''1'', ''sleep'', ''x'')') e;
SELECT client_id, phase, reason, title_en, title_ru, cell_no, potential, latest FROM icp_potential_stop_reasons ORDER BY id;
SELECT quarter, from_as_of, as_of, cell_no, opening, entered, up, down, gone, closing, goals, stops, reasons_en, reasons_ru FROM icp_potential_planning WHERE matrix = 'leads' AND (opening + closing > 0) ORDER BY quarter, cell_no;
SELECT month, question, item, title_en, clients, of_clients, round(share::numeric, 3) AS share, round(share_lo::numeric, 3) AS lo, round(share_hi::numeric, 3) AS hi, round(previous_share::numeric, 3) AS previous, worse
FROM icp_potential_monthly WHERE matrix = 'leads' ORDER BY month, question, item;
SELECT title_ru FROM icp_potential_monthly WHERE matrix = 'leads' GROUP BY 1 ORDER BY 1;

-- The year of purchases, whatever the zone of the session; returns count against purchases.
CREATE TABLE orders (client_id int, happened_at timestamptz, amount numeric);
INSERT INTO orders VALUES (1, '2024-10-01 23:59+00', 1), (1, '2024-10-02 00:01+00', 10), (1, '2025-10-01 23:59+00', 100), (1, '2025-10-02 00:00+00', 1000), (2, '2025-05-05', 50), (2, '2025-05-06', -80), (3, '2025-09-09', 'NaN'), (NULL, '2025-09-09', 7);
CREATE VIEW naive AS SELECT client_id, happened_at AT TIME ZONE 'UTC' AS happened_at, amount::float8 FROM orders;
CREATE VIEW days AS SELECT client_id, (happened_at AT TIME ZONE 'UTC')::date AS happened_at, amount::int FROM orders WHERE amount < 2000;
INSERT INTO icp_potential_bounds (matrix, year) VALUES ('calendar', 'calendar');
CREATE FUNCTION pg_temp.in_zone(zone text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('timezone', zone, true);
  PERFORM icp_snapshot_potential('history', '2025-01-01', 'eu');
  RETURN (SELECT string_agg(format('%s %s', s, t), ' | ') FROM (
    SELECT 'rolling' AS s, string_agg(p::text, ' ' ORDER BY client_id) AS t FROM icp_purchases_in_year('orders', '2025-10-01') p UNION ALL
    SELECT 'calendar', string_agg(p::text, ' ' ORDER BY client_id) FROM icp_purchases_in_year('naive', '2025-10-01', 'calendar') p UNION ALL
    SELECT 'days', string_agg(p::text, ' ' ORDER BY client_id) FROM icp_purchases_in_year('days', '2025-10-01') p UNION ALL
    SELECT 'sum', (sum(amount) FILTER (WHERE icp_in_year(happened_at, '2025-10-01')))::text FROM orders WHERE client_id = 1 UNION ALL
    SELECT 'moscow', (sum(amount) FILTER (WHERE icp_in_year(happened_at, '2025-10-01', zone => 'Europe/Moscow')))::text FROM orders WHERE client_id = 1 UNION ALL
    SELECT 'stale', (SELECT string_agg(coalesce(l.stale::text, '-'), ' ' ORDER BY l.client_id) FROM icp_potential_placements l WHERE l.matrix = 'eu')) x);
END $$;
SELECT pg_temp.in_zone('UTC');
SELECT pg_temp.in_zone('UTC') = pg_temp.in_zone('America/Los_Angeles') AND pg_temp.in_zone('UTC') = pg_temp.in_zone('Pacific/Kiritimati') AS same_everywhere;
SELECT icp_year_start('2025-10-01'), icp_year_start('2024-02-29'), icp_year_start('2025-10-01', 'calendar'), icp_year_start('2025-12-31', 'calendar'), icp_year_start(NULL), icp_year_start('2025-10-01', NULL);
SELECT icp_in_year(date '2024-10-02', '2025-10-01'), icp_in_year(date '2024-10-01', '2025-10-01'), icp_in_year(timestamp '2025-10-01 23:59', '2025-10-01'), icp_in_year(date '2025-10-02', '2025-10-01'), icp_in_year(date '2024-12-31', '2025-10-01', 'calendar');
SELECT icp_in_year('2024-10-02 12:00+00', '2025-10-01') AS literal, icp_in_year(NULL, '2025-10-01') AS nothing, icp_in_year(timestamptz '2024-10-01 22:00+00', '2025-10-01', 'rolling', 'Europe/Moscow') AS in_moscow;
PREPARE p AS SELECT icp_in_year($1, $2), icp_in_year($3::date, $2, year => 'calendar');
EXECUTE p('2025-10-01 23:59:59+00', '2025-10-01', '2025-01-01');
DEALLOCATE p;
SELECT id, e.state, e.message, e.hint FROM (VALUES (1, 'SELECT icp_year_start(''2025-01-01'', ''lunar'')'), (2, 'SELECT icp_purchases_in_year(''orders'', NULL)'), (3, 'SELECT icp_purchases_in_year(''clients'', ''2025-01-01'')'),
  (4, 'SELECT icp_purchases_in_year(''orders'', ''2025-01-01'', ''none'')')) v (id, s), pg_temp.error_of(s) e ORDER BY id;

-- Money times k changes nothing but the money.
INSERT INTO icp_potential_bounds (matrix, low, high) VALUES ('k', 50000 * 1000, 500000 * 1000);
CREATE VIEW thousandfold AS SELECT client_id, potential * 1000 AS potential, purchases * 1000 AS purchases FROM clients;
SELECT (s).placed FROM icp_snapshot_potential('thousandfold', '2026-01-01', 'k') s;
SELECT count(*) AS cells, count(*) FILTER (WHERE k.clients = m.clients AND k.potential = 1000 * m.potential AND k.unrealised = 1000 * m.unrealised) AS same
FROM icp_potential_matrix k JOIN icp_potential_matrix m USING (cell_no) WHERE k.matrix = 'k' AND m.matrix = 'main';

-- Reading needs no writing, and its views no right to the tables; what writes needs its rights, and no more.
CREATE ROLE icp_test_planner;
GRANT USAGE ON SCHEMA ledger_test TO icp_test_planner;
GRANT SELECT ON icp_potential_matrix, icp_potential_goal_progress, icp_potential_planning, icp_potential_monthly, icp_potential_leads, icp_potential_speed, icp_potential_pilot TO icp_test_planner;
SET ROLE icp_test_planner;
BEGIN READ ONLY;
SELECT (SELECT count(*) FROM icp_potential_matrix WHERE matrix = 'main') AS matrix, (SELECT count(*) FROM icp_potential_goal_progress) AS goals, (SELECT count(*) > 0 FROM icp_potential_planning) AS planning,
       (SELECT count(*) > 0 FROM icp_potential_monthly) AS monthly, (SELECT count(*) > 0 FROM icp_potential_leads) AS leads, (SELECT count(*) > 0 FROM icp_potential_speed) AS speed, (SELECT count(*) > 0 FROM icp_potential_pilot) AS pilot;
COMMIT;
SELECT e.state, e.message FROM (VALUES ('SELECT count(*) FROM icp_potential_placements'), ('SELECT icp_snapshot_potential(''client_potential'', ''2026-01-01'')'), ('SELECT * FROM icp_potential_movement()')) v (s), pg_temp.error_of(s) e;
RESET ROLE;
GRANT SELECT ON client_potential, icp_potential_matrices TO icp_test_planner;
GRANT SELECT, INSERT, UPDATE, DELETE ON icp_potential_snapshots, icp_potential_placements TO icp_test_planner;
SET ROLE icp_test_planner;
SELECT (s).clients, (s).replaced FROM icp_snapshot_potential('client_potential', '2026-01-01') s;
RESET ROLE;
SELECT created_by, source FROM icp_potential_snapshots WHERE matrix = 'main' ORDER BY as_of;

-- A company, a lead, a person are forgotten.
SELECT * FROM icp_forget('company', 'a2') ORDER BY 1, 2;
SELECT * FROM icp_forget('lead', '110') ORDER BY 1, 2;
SELECT * FROM icp_forget('person', 'boris') ORDER BY 1, 2;
SELECT count(*) AS traces FROM icp_potential_placements WHERE client_id IN ('a2', '110') AND (client_id <> '110' OR lead) OR owner = 'boris';
SELECT bool_and(opening + entered + moved_in - moved_out - gone = closing) AS balanced FROM icp_potential_account;

-- Every object says what it is.
SELECT c.relname, a.attname FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relname ~ '^icp_(potential|goal|move|client_p|interval)' AND c.relkind IN ('r', 'v', 'c') AND (col_description(c.oid, a.attnum) IS NULL OR c.relkind <> 'c' AND obj_description(c.oid) IS NULL);
SELECT p.oid::regprocedure FROM pg_proc p WHERE p.proname ~ '^icp_(.*potential|goal|expected_m|unreal|year|in_year|purch|source_|share_i|rate_i|delete_pl)' AND obj_description(p.oid, 'pg_proc') IS NULL;

DELETE FROM icp_potential_goals;
DELETE FROM icp_potential_stops;
DELETE FROM icp_potential_snapshots WHERE matrix = 'leads';
SELECT matrix, count(*) FROM icp_potential_placements GROUP BY matrix ORDER BY matrix;
TRUNCATE icp_potential_snapshots;
DELETE FROM icp_potential_bounds WHERE NOT builtin;
SELECT count(*) FROM icp_potential_placements;
DROP OWNED BY icp_test_planner;
DROP ROLE icp_test_planner;
DROP SCHEMA ledger_test CASCADE;
