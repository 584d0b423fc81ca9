-- Money in one currency, by dated rates.
INSERT INTO icp_currency_rates (currency, base, valid_from, rate) VALUES
  ('USD', 'EUR', '2025-01-01', 0.96), ('USD', 'EUR', '2025-02-01', 0.97), ('RUB', 'EUR', '2025-01-15', 0.0098);
SELECT d, icp_rate('USD', d, 'EUR'), icp_money(100.50, ' usd', d, 'eur') FROM unnest('{2024-12-31,2025-01-01,2025-01-31,2025-02-01,2030-01-01,infinity,-infinity,NULL}'::date[]) d;
-- The same currency needs no rate and no day; no currency is assumed; nothing is turned round.
SELECT icp_money(10, 'EUR', NULL::date, 'EUR') AS same, icp_money(10, NULL, date '2025-03-01', 'EUR') AS nothing, icp_money(10, ' ', date '2025-03-01', ' ') AS blank, icp_money(10, 'EUR', date '2025-03-01', 'USD') AS turned;
SELECT icp_money(NULL, 'EUR', date '2025-03-01', 'EUR') AS unknown, icp_money('NaN', 'EUR', date '2025-03-01', 'EUR') AS nan, icp_money(-5, 'USD', date '2025-03-01', 'EUR') AS credit;
-- Days of times are days in UTC, in any session.
SET TimeZone = 'Asia/Tokyo';
SELECT icp_money(100, 'USD', timestamptz '2025-01-31 23:30+00', 'EUR') AS utc, icp_money(100, 'USD', timestamp '2025-01-31 23:30', 'EUR') AS written, icp_day(timestamptz '2025-01-31 23:30+00') AS day, icp_day(timestamptz '2025-01-31 23:30+00', 'Asia/Tokyo') AS in_tokyo;
RESET TimeZone;
SELECT icp_day(timestamptz 'infinity'), icp_day(timestamp '2025-05-05 10:00'), icp_day(date '2025-05-05', 'nowhere'), icp_day(NULL::timestamptz);
SELECT icp_day(timestamptz '2025-01-31 23:30+00', 'nowhere');
-- The flag on the row, and the diagnostic.
CREATE TABLE orders (id int, amount numeric, currency text, ordered_at timestamptz);
INSERT INTO orders VALUES (1, 100, 'EUR', '2025-01-05'), (2, 100, 'USD', '2025-01-05'), (3, 100, 'USD', '2024-11-05'), (4, 50, 'USD', '2024-12-05'), (5, 100, NULL, '2025-01-05'), (6, 100, 'RUB', NULL),
  (7, NULL, 'GBP', '2025-01-05'), (8, 10, 'GBP', '2025-01-05'), (9, 'NaN', 'EUR', '2025-01-05'), (10, 7, 'usd ', '2025-09-05'), (11, 3, 'USD', 'infinity');
SELECT o.id, c.* FROM orders o CROSS JOIN LATERAL icp_convert(o.amount, o.currency, icp_day(o.ordered_at), 'EUR') c ORDER BY o.id;
SELECT * FROM icp_missing_rates('orders', 'EUR', at => 'ordered_at');
SELECT problem, currency, row_count FROM icp_missing_rates('orders', 'eur', at => 'ordered_at', max_age => NULL);
SELECT problem, currency, hint FROM icp_missing_rates('orders', 'EUR', at => 'ordered_at', language => 'RU');
SELECT problem FROM icp_missing_rates('orders', 'EUR', at => 'ordered_at', language => 'de');
DO $$BEGIN PERFORM FROM icp_missing_rates('orders', 'EUR', at => 'ordered_on'); EXCEPTION WHEN undefined_column THEN RAISE NOTICE '%', SQLERRM; END$$;
SELECT count(*) FROM icp_missing_rates('orders', NULL);
SELECT count(*) FROM icp_missing_rates('orders', 'EUR', at => NULL);
SELECT count(*) FROM icp_missing_rates('orders', 'EUR', amount => NULL, at => 'ordered_at');
-- Inlined: no function of SQL is left to be called for a row but the one that looks up a rate.
CREATE FUNCTION calls(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  plan text := '';
  line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS OFF, VERBOSE) ' || query LOOP plan := plan || line; END LOOP;
  RETURN (SELECT string_agg(DISTINCT m[1], ' ' ORDER BY m[1]) FROM regexp_matches(plan, '(icp_[a-z_]+)\(', 'g') m);
END$$;
SELECT calls('SELECT icp_money(amount, currency, ordered_at, ''EUR'') FROM orders') AS money, calls('SELECT c.amount FROM orders o CROSS JOIN LATERAL icp_convert(o.amount, o.currency, icp_day(o.ordered_at), ''EUR'') c') AS convert,
       calls('SELECT icp_cycle_days(ordered_at, ordered_at), icp_cycle_days(ordered_at, current_date) FROM orders') AS cycle, calls('SELECT icp_cycle_days(ordered_at, ordered_at, true) FROM orders') AS working,
       calls('SELECT icp_observed_until(icp_day(ordered_at), ''2025-01-01''), icp_period(icp_day(ordered_at), ''2025-01-01''), icp_effort(currency, icp_effort_weights(''hours'')), icp_renewed(icp_day(ordered_at), NULL, ''2025-01-01''), icp_stayed(icp_day(ordered_at), NULL, ''2025-01-01'') FROM orders') AS the_rest;
DROP FUNCTION calls;
-- Rates that cannot be.
INSERT INTO icp_currency_rates (currency, base, valid_from, rate) VALUES ('usd', 'EUR', '2025-01-01', 1);
INSERT INTO icp_currency_rates (currency, base, valid_from, rate) VALUES ('USD', 'USD', '2025-01-01', 1);
INSERT INTO icp_currency_rates (currency, base, valid_from, rate) VALUES ('USD', 'EUR', '2026-01-01', 0);
INSERT INTO icp_currency_rates (currency, base, valid_from, rate) VALUES ('USD', 'EUR', '2026-01-01', 'NaN');
INSERT INTO icp_currency_rates (currency, base, valid_from, rate) VALUES ('USD', 'EUR', 'infinity', 1);
INSERT INTO icp_currency_rates (currency, base, valid_from, rate) VALUES ('USD', 'EUR', '2025-01-01', 1);
DELETE FROM icp_currency_rates;
DROP TABLE orders;
