-- Random histories of clients with snapshots in between: see ledger.sh.
\set ON_ERROR_STOP 1
CREATE FUNCTION must(holds boolean, what text) RETURNS void LANGUAGE plpgsql AS 'BEGIN IF holds IS NOT TRUE THEN RAISE EXCEPTION ''%'', what; END IF; END';
CREATE TABLE client (client_id int, potential numeric, purchases numeric, owner text, is_lead boolean);
-- What was there at each snapshot, placed by hand.
CREATE TABLE truth (as_of date, client_id text, place int, potential numeric, purchases numeric, PRIMARY KEY (as_of, client_id));
CREATE FUNCTION money() RETURNS numeric LANGUAGE sql AS
$$ SELECT CASE floor(random() * 8) WHEN 0 THEN NULL WHEN 1 THEN 0 WHEN 2 THEN 50000 WHEN 3 THEN 500000 WHEN 4 THEN -100 ELSE round((random() ^ 3 * 1e6)::numeric, 2) END $$;
CREATE FUNCTION by_hand(potential numeric, purchases numeric, low numeric, high numeric, reached numeric) RETURNS int LANGUAGE sql AS
$$ SELECT CASE WHEN potential IS NULL OR purchases IS NULL OR potential <= 0 THEN 0 ELSE
     CASE WHEN potential < low THEN 1 WHEN potential <= high THEN 4 ELSE 7 END + CASE WHEN purchases <= 0 THEN 0 WHEN purchases >= reached * potential THEN 2 ELSE 1 END END $$;

CREATE PROCEDURE step(day date) LANGUAGE plpgsql AS $$
DECLARE
  b icp_potential_matrices;
  s icp_potential_snapshot;
BEGIN
  -- Some come, some go, some change, some come back under the same id; now and then everybody goes, or the bounds change.
  IF random() < 0.05 THEN DELETE FROM client; END IF;
  DELETE FROM client WHERE random() < 0.1;
  INSERT INTO client SELECT i, money(), money(), 'o' || i % 3, random() < 0.3 FROM generate_series(1, 60) i WHERE random() < 0.2 AND i NOT IN (SELECT client_id FROM client);
  UPDATE client SET potential = money() WHERE random() < 0.1;
  UPDATE client SET purchases = CASE WHEN random() < 0.5 THEN potential ELSE money() END, is_lead = false WHERE random() < 0.3;
  IF random() < 0.1 THEN
    INSERT INTO icp_potential_bounds (matrix, low, high, reached_from) VALUES ('main', round((random() * 1e5)::numeric), round((1e5 + random() * 1e6)::numeric), 0.5 + round(random()::numeric / 2, 2))
    ON CONFLICT (matrix, builtin) DO UPDATE SET low = EXCLUDED.low, high = EXCLUDED.high, reached_from = EXCLUDED.reached_from;
  END IF;
  -- A snapshot can be taken twice, the second time of something else.
  IF random() < 0.2 THEN
    PERFORM icp_snapshot_potential('client', day);
    UPDATE client SET purchases = purchases + 1 WHERE random() < 0.5;
  END IF;
  s := icp_snapshot_potential('client', day);
  SELECT * INTO b FROM icp_potential_matrices WHERE matrix = 'main';
  INSERT INTO truth SELECT day, client_id, by_hand(potential, purchases, b.low, b.high, b.reached_from), potential, purchases FROM client;
  PERFORM must(s.clients = (SELECT count(*) FROM client) AND s.placed + s.unplaced = s.clients, 'counts of the snapshot');
  PERFORM must(s.potential = (SELECT coalesce(sum(potential), 0) FROM client) AND s.purchases = (SELECT coalesce(sum(purchases), 0) FROM client), 'sums of the snapshot');
END $$;

SELECT setseed(:seed) \g /dev/null
DO $$
DECLARE
  day date := '2020-01-01';
BEGIN
  FOR i IN 1 .. 60 LOOP
    CALL step(day);
    day := day + 1 + floor(random() * 50)::int;
  END LOOP;
END $$;

-- Everyone is in exactly one place, that where one would put him by hand.
SELECT must(NOT EXISTS (SELECT FROM truth t FULL JOIN icp_potential_placements p ON p.as_of = t.as_of AND p.client_id = t.client_id
  WHERE t.place IS DISTINCT FROM coalesce(potential_cell_number(p.cell), 0) OR t.client_id IS NULL OR p.client_id IS NULL OR (p.cell IS NULL) = (p.unplaced IS NULL)), 'a place');
SELECT must((SELECT count(*) FROM truth) = (SELECT count(*) FROM icp_potential_placements), 'somebody is in two places');
-- The matrix at each date.
SELECT must(NOT EXISTS (SELECT FROM (SELECT as_of, place, count(*) AS n, sum(potential) AS potential, sum(purchases) AS purchases,
    sum(CASE WHEN place > 0 THEN CASE WHEN purchases >= potential THEN 0 WHEN purchases <= 0 THEN potential ELSE potential - purchases END END) AS unrealised FROM truth GROUP BY 1, 2) t
  FULL JOIN (SELECT * FROM icp_potential_history WHERE clients > 0) h ON h.as_of = t.as_of AND h.cell_no = t.place
  WHERE (t.n, coalesce(t.potential, 0), coalesce(t.purchases, 0), coalesce(t.unrealised, 0)) IS DISTINCT FROM (h.clients, h.potential, h.purchases, h.unrealised)), 'the matrix');
SELECT must(bool_and(n = 10), 'ten rows a date') FROM (SELECT count(*) AS n FROM icp_potential_history GROUP BY as_of) h;
-- Counts change by exactly the movements; so do the sums.
SELECT must(count(*) = 59 * 10 AND bool_and(opening + entered + moved_in - moved_out - gone = closing
  AND potential_opening + potential_in - potential_out + potential_revised = potential_closing AND purchases_opening + purchases_in - purchases_out + purchases_change = purchases_closing), 'the account') FROM icp_potential_account;
SELECT must(bool_and(a.opening = (SELECT count(*) FROM truth t WHERE t.as_of = a.from_as_of AND t.place = a.cell_no) AND a.closing = (SELECT count(*) FROM truth t WHERE t.as_of = a.as_of AND t.place = a.cell_no)
  AND a.moved_in = (SELECT count(*) FROM truth t JOIN truth f USING (client_id) WHERE t.as_of = a.as_of AND f.as_of = a.from_as_of AND t.place = a.cell_no AND f.place <> a.cell_no)
  AND a.moved_out = (SELECT count(*) FROM truth t JOIN truth f USING (client_id) WHERE t.as_of = a.as_of AND f.as_of = a.from_as_of AND f.place = a.cell_no AND t.place <> a.cell_no)
  AND a.gone = (SELECT count(*) FROM truth f WHERE f.as_of = a.from_as_of AND f.place = a.cell_no AND NOT EXISTS (SELECT FROM truth t WHERE t.as_of = a.as_of AND t.client_id = f.client_id))), 'the entries')
FROM icp_potential_account a;
SELECT must((SELECT sum(opening) + sum(entered) - sum(gone) FROM icp_potential_account WHERE as_of = d.as_of) = (SELECT count(*) FROM truth WHERE as_of = d.as_of), 'entered and left')
FROM icp_potential_dates d WHERE as_of > '2020-01-01' \g /dev/null
-- Between any two dates, near or far: rows of the transition matrix add up to 1, its margins to the two snapshots.
CREATE VIEW pair AS SELECT a.as_of AS a, b.as_of AS b FROM icp_potential_snapshots a JOIN icp_potential_snapshots b ON a.as_of < b.as_of WHERE abs(hashtext(a.as_of::text || b.as_of)) % 20 = 0;
SELECT must(count(*) > 50, 'pairs') FROM pair;
SELECT must(abs(sum(m.share) - 1) < 1e-12 AND sum(m.clients) = min(m.of_clients)
    AND sum(m.clients) = CASE WHEN m.from_no IS NULL THEN (SELECT count(*) FROM truth t WHERE t.as_of = p.b AND t.client_id NOT IN (SELECT f.client_id FROM truth f WHERE f.as_of = p.a))
                              ELSE (SELECT count(*) FROM truth f WHERE f.as_of = p.a AND f.place = m.from_no) END, 'a row of the transition matrix')
FROM pair p, icp_potential_movement(p.a, p.b) m GROUP BY p.a, p.b, m.from_no \g /dev/null
SELECT must(sum(m.clients) = (SELECT count(*) FROM truth t WHERE t.as_of = p.b AND t.place = m.to_no) AND coalesce(sum(m.potential), 0) = (SELECT coalesce(sum(potential), 0) FROM truth t WHERE t.as_of = p.b AND t.place = m.to_no), 'a column of the transition matrix')
FROM pair p, icp_potential_movement(p.a, p.b) m WHERE m.to_no IS NOT NULL GROUP BY p.a, p.b, m.to_no \g /dev/null
-- Indicators and speed count the same movements.
SELECT must((SELECT sum(up) FROM icp_potential_indicators) = (SELECT up FROM icp_potential_speed WHERE cell_no IS NULL)
  AND (SELECT sum(up) FROM icp_potential_speed WHERE cell_no IS NOT NULL) = (SELECT up FROM icp_potential_speed WHERE cell_no IS NULL), 'speed');
SELECT must(bool_and(i.top - i.top_before = i.top_growth AND i.retention BETWEEN 0 AND 1 IS NOT FALSE AND i.retention_lo <= i.retention IS NOT FALSE AND i.retention <= i.retention_hi IS NOT FALSE
  AND i.top = (SELECT count(*) FROM truth t WHERE t.as_of = i.as_of AND t.place IN (6, 9))), 'indicators') FROM icp_potential_indicators i;
SELECT must(bool_and(leads = converted + lost + open OR n < leads), 'leads') FROM icp_potential_leads WHERE dimension = 'all';
SELECT must((SELECT sum(leads) FROM icp_potential_leads WHERE dimension = d) = (SELECT leads FROM icp_potential_leads WHERE dimension = 'all'), 'leads by ' || d) FROM unnest('{source,campaign}'::text[]) d \g /dev/null
-- Of the latest snapshot: what moves a client one cell, moves it.
SELECT must(bool_and(potential_cell(potential, purchases + next_amount, low, high, reached_from) = next_cell AND next_cell > cell), 'the next cell')
FROM icp_potential_clients JOIN icp_potential_dates USING (matrix, as_of) WHERE next_amount IS NOT NULL;
-- Goals add up, and expect something possible.
INSERT INTO icp_potential_goals (target, starts_on, due_on, measure, from_cells) SELECT 1 + i % 7, d, d + 10 + i * 7 % 100, (ARRAY['cell', 'potential', 'progress'])[1 + i % 3], CASE WHEN i % 2 = 0 THEN '{promising,development_focus}'::potential_cell_name[] END
FROM (SELECT row_number() OVER (ORDER BY as_of)::int AS i, as_of + 3 AS d FROM icp_potential_snapshots) s;
SELECT must(bool_and(done + remaining + gone = eligible AND done <= eligible AND expected_lo <= expected_hi IS NOT FALSE AND expected_lo >= done IS NOT FALSE AND expected_hi <= eligible IS NOT FALSE
  AND expected_by_due BETWEEN done AND eligible IS NOT FALSE AND probability BETWEEN 0 AND 1 IS NOT FALSE AND as_of >= baseline_as_of IS NOT FALSE), 'goals'), count(expected_by_due) AS expectations FROM icp_potential_goal_progress \gset
SELECT must(:expectations > 40, 'expectations');
-- Planning by quarter carries over: what closes one quarter opens the next.
SELECT must(bool_and(p.closing = n.opening), 'quarters') FROM icp_potential_planning p JOIN icp_potential_planning n ON n.cell_no = p.cell_no AND n.quarter = p.quarter + interval '3 months' WHERE n.from_as_of = p.as_of;
SELECT must(bool_and(of_clients >= clients AND share BETWEEN 0 AND 1), 'months') FROM icp_potential_monthly;
-- Rows in another order make the same ledger; forgetting a client leaves one that is balanced.
CREATE TABLE before AS SELECT * FROM icp_potential_placements;
CREATE VIEW shuffled AS SELECT * FROM client ORDER BY hashtext(client_id::text || 'x');
SELECT count(icp_snapshot_potential('shuffled', (SELECT max(as_of) FROM icp_potential_snapshots))) \g /dev/null
SELECT must(NOT EXISTS (SELECT FROM ((TABLE before EXCEPT TABLE icp_potential_placements) UNION ALL (TABLE icp_potential_placements EXCEPT TABLE before)) x), 'the order of rows matters');
SELECT count(*) FROM icp_forget('company', '17') \g /dev/null
SELECT must(NOT EXISTS (SELECT FROM icp_potential_placements WHERE client_id = '17'), 'a trace of 17');
SELECT must(bool_and(opening + entered + moved_in - moved_out - gone = closing), 'the account without 17') FROM icp_potential_account;
SELECT count(*) || ' placements in ' || count(DISTINCT as_of) || ' snapshots, ' || (SELECT sum(entered + moved_in + gone) FROM icp_potential_account) || ' movements' FROM icp_potential_placements;
