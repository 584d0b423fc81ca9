-- Histories of purchases, models learned from them, what customers will buy and be worth.
-- One history: two orders of a day are one purchase, a returned one is none, later ones do not count.
CREATE TABLE purchase (customer int, at date, amount numeric);
INSERT INTO purchase VALUES (1, '2025-01-01', 50), (1, '2025-01-01', 30), (1, '2025-01-08', 20), (1, '2025-01-22', 60), (1, '2025-01-22', -60), (1, '2025-02-05', 40), (1, '2025-02-10', -10), (1, '2025-04-01', 99),
  (2, '2025-02-01', 0), (3, '2025-04-01', 5), (4, NULL, 5), (4, '2025-02-01', NULL), (5, '2025-02-01', 5), (5, '2025-02-03', -8);
SELECT customer, s.* FROM (SELECT customer, ltv_history_agg(at, amount, '2025-03-12') AS h FROM purchase GROUP BY 1) x, ltv_history_summary(h) s ORDER BY 1;
SELECT s.* FROM ltv_history_summary(ltv_history_of(2, 30.43, 38.86, 22.35, weight => 3)) s;
SELECT ltv_history_of(NULL, 1, 2, 3) IS NULL AS unknown, ltv_history_of(1, 1, 2, NULL) IS NULL AS known;
-- The same day in three zones, whatever the session's; each type of time as it is.
CREATE TABLE moments AS SELECT at, at::timestamp + interval '23:30' AS wall, (at::timestamp + interval '23:30') AT TIME ZONE 'UTC' AS moment, amount FROM purchase WHERE customer = 1;
CREATE FUNCTION in_zone(zone text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
  PERFORM set_config('timezone', zone, true);
  RETURN (SELECT string_agg(md5(h::text), ' ') FROM (SELECT DISTINCT h::text AS h FROM (
    SELECT ltv_history_agg(at, amount, date '2025-03-12') FROM moments
    UNION ALL SELECT ltv_history_agg(wall, amount, timestamp '2025-03-12 12:00') FROM moments
    UNION ALL SELECT ltv_history_agg(wall, amount, date '2025-03-12') FROM moments
    UNION ALL SELECT ltv_history_agg(at, amount, timestamp '2025-03-12 12:00') FROM moments
    UNION ALL SELECT ltv_history_agg(moment, amount, date '2025-03-12') FROM moments
    UNION ALL SELECT ltv_history_agg(moment, amount, timestamptz '2025-03-12 12:00+00') FROM moments) a (h)) d);
END $$;
SELECT count(DISTINCT in_zone(zone)) AS results, max(length(in_zone(zone))) AS length FROM unnest('{UTC,Asia/Tokyo,America/Los_Angeles}'::text[]) zone;

-- A shop of 900 customers who come, buy some times, and leave; two branches, of which one has rarer customers.
CREATE FUNCTION u(i int, what text) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$SELECT (hashtextextended(what, i) & 4503599627370495)::float8 / 4503599627370496.0$$;
CREATE TABLE shop AS
SELECT c AS customer, CASE WHEN c % 3 = 0 THEN 'south' WHEN c % 100 = 1 THEN 'new' ELSE 'north' END AS branch, date '2023-01-01' + day AS at, round((10 + 60 * u(c, 'level') + 20 * u(c, 'amount' || n))::numeric, 2) AS amount
FROM generate_series(1, 900) c, LATERAL (SELECT floor(600 * u(c, 'first'))::int AS first, (CASE WHEN c % 3 = 0 THEN 70 ELSE 30 END) / (0.2 - ln(1 - u(c, 'rate'))) AS gap, floor(-ln(1 - u(c, 'life')) / (0.03 + 0.4 * u(c, 'stay') ^ 2))::int AS times) k,
  LATERAL (SELECT n, (first + (SELECT coalesce(sum(ceil(gap * -ln(1 - u(c, 'gap' || j)))), 0) FROM generate_series(1, n) j))::int AS day FROM generate_series(0, times) n) o
WHERE day <= 730;
CREATE TABLE shop_history AS SELECT customer, min(branch) AS branch, ltv_history_agg(at, amount, date '2024-12-31') AS h FROM shop GROUP BY 1;
SELECT count(*) AS customers, sum(s.frequency) AS repeats, round(sum(s.total)::numeric, 2) = (SELECT sum(amount) FROM shop) AS reconciles FROM shop_history, ltv_history_summary(h) s;
-- The same bytes: shuffled, merged, by parallel workers, in partitions, stored and read back, as text and as binary.
SELECT bool_and(ltv_history_send(s.h) = ltv_history_send(g.h)) FROM shop_history g JOIN (SELECT customer, ltv_history_agg(at, amount, date '2024-12-31') AS h FROM (SELECT * FROM shop ORDER BY md5(at::text || customer)) t GROUP BY 1) s USING (customer);
SELECT bool_and(ltv_history_send(s.h) = ltv_history_send(g.h)) FROM shop_history g JOIN (SELECT customer, ltv_history_merge(h) AS h FROM (SELECT customer, ltv_history_agg(at, amount, date '2024-12-31') AS h FROM shop GROUP BY customer, date_trunc('month', at)) m GROUP BY 1) s USING (customer);
SELECT bool_and(ltv_history_send(h::text::ltv_history) = ltv_history_send(h)), bool_and(ltv_history_send(ltv_history_until(h, '2024-06-30')) = ltv_history_send(earlier)) FROM shop_history
JOIN (SELECT customer, ltv_history_agg(at, amount, date '2024-06-30') AS earlier FROM shop GROUP BY 1) e USING (customer);
CREATE TABLE model AS SELECT ltv_fit(h, '{}') AS m FROM shop_history;
SELECT ltv_model_send(ltv_fit(h, '{}')) = (SELECT ltv_model_send(m) FROM model) AS shuffled FROM (SELECT h FROM shop_history ORDER BY md5(customer::text)) x;
SELECT ltv_model_send(m::text::ltv_model) = ltv_model_send(m) AS lossless FROM model;
CREATE FUNCTION plan_of(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || statement; END $$;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
ANALYZE shop; ANALYZE shop_history;
SELECT count(*) > 0 AS parallel FROM plan_of('SELECT ltv_fit(h, ''{}'') FROM shop_history') p WHERE p ~ 'Partial Aggregate';
SELECT ltv_model_send(ltv_fit(h, '{}')) = (SELECT ltv_model_send(m) FROM model) AS parallel FROM shop_history;
SELECT bool_and(ltv_history_send(s.h) = ltv_history_send(g.h)) AS parallel FROM shop_history g JOIN (SELECT customer, ltv_history_agg(at, amount, date '2024-12-31') AS h FROM shop GROUP BY 1) s USING (customer);
RESET ALL;

-- What was learned.
SELECT part, name, round(value::numeric, 2) AS value, standard_error > 0 AS known, lo < value AND value < hi AS inside FROM model, ltv_parameters(m);
SELECT severity, name, round(value::numeric, 2) AS value, round(lo::numeric, 1) AS lo, round(hi::numeric, 1) AS hi, message FROM model, ltv_diagnostics(m);
SELECT severity, name, message FROM model, ltv_diagnostics(m, 'ru');
SELECT count(*) FROM model, ltv_diagnostics(m, 'de');
SELECT ltv_model_name(ltv_fit(h, '{"model": "pareto_nbd", "holdout": false}')), ltv_model_name(ltv_fit(h, '{"period": "month"}')), ltv_model_name(ltv_fit(h, '{"subscription": true, "period": "month"}')), ltv_model_name(ltv_fit(h, '{"model": "mbg_nbd", "spend": "all", "holdout": "2024-06-30"}')) FROM shop_history;

-- What customers will buy and be worth: the task as it is typed.
WITH h AS (SELECT customer, ltv_history_agg(at, amount, date '2024-12-31') AS h FROM shop GROUP BY 1),
     m AS (SELECT ltv_fit(h, '{}') AS m FROM h)
SELECT customer, round(to_date::numeric, 2) AS to_date, round(expected::numeric, 1) AS expected, round(total::numeric, 1) AS total, round(lo::numeric, 1) AS lo, round(hi::numeric, 1) AS hi, round(p_alive::numeric, 3) AS p_alive, round(purchases::numeric, 2) AS purchases, round(spend::numeric, 1) AS spend, note
FROM h CROSS JOIN m CROSS JOIN LATERAL ltv(h.h, m.m, horizon => interval '36 months', discount => 0.12, margin => 0.35) v ORDER BY total DESC LIMIT 8;
SELECT bool_and(to_date >= 0 AND expected >= 0 AND lo <= v.total AND v.total <= hi AND p_alive BETWEEN 0 AND 1) AS sound, bool_and(abs(to_date + expected - v.total) < 1e-9) AS adds_up,
  bool_and((note IS NOT NULL) = (s.frequency = 0)) AS said, bool_and(abs(v.purchases - ltv_expected_purchases(h, m, '1 year')) < 1e-9 AND p_alive = ltv_p_alive(h, m) AND spend = ltv_expected_spend(h, m)) AS same
FROM shop_history CROSS JOIN model CROSS JOIN LATERAL ltv(h, m, interval '1 year') v CROSS JOIN LATERAL ltv_history_summary(h) s;
-- Longer, or less discounted, is worth more; margin scales.
SELECT bool_and(b.expected >= a.expected) AS longer, bool_and(c.expected <= b.expected) AS discounted, bool_and(abs(d.total - 0.25 * b.total) < 1e-9 * b.total) AS margin
FROM shop_history, model, ltv(h, m, '6 months') a, ltv(h, m, '2 years', NULL, NULL) b, ltv(h, m, '2 years', 0.2) c, ltv(h, m, '2 years', margin => 0.25) d;
-- What cannot be told is NULL; who has not bought is worth nothing yet.
SELECT v.* FROM model, ltv(NULL, m, '1 year') v;
SELECT to_date, expected > 0 AS expected, total >= 0 AS total, note, ltv_p_alive(h, m) > 0 AS p_alive, ltv_expected_purchases(h, m, '1 year') > 0 AS purchases, ltv_expected_spend(h, m) > 0 AS spend FROM model, (SELECT ltv_history_agg(at, amount, date '2025-03-12') AS h FROM purchase WHERE customer IN (3, 5) GROUP BY customer ORDER BY customer) x, ltv(h, m, '1 year') v;
SELECT ltv_fit(h, '{}') IS NULL AS nothing FROM (SELECT NULL::ltv_history AS h) x;
SELECT ltv_fit(h, '{}') IS NULL AS nobody FROM (SELECT ltv_history_agg(at, amount, date '2025-03-12') AS h FROM purchase WHERE customer = 3) x;

-- 1,000,000 once against 200,000 a month for 36 months, among others; in any currency.
CREATE TABLE big AS SELECT 'once' AS client, date '2022-01-15' AS at, 1000000 AS amount UNION ALL SELECT 'monthly', (date '2022-01-10' + n * interval '1 month')::date, 200000 FROM generate_series(0, 35) n
UNION ALL SELECT 'other ' || c, date '2022-01-01' + (900 * u(c, 'd') + n * (20 + 150 * u(c, 'g')))::int, (50000 + 100000 * u(c, 'a' || n))::int FROM generate_series(1, 40) c, LATERAL generate_series(0, floor(6 * u(c, 'n'))::int) n;
WITH h AS (SELECT client, ltv_history_agg(at, amount * k, date '2025-01-31') AS h, k FROM big, unnest('{1,1000}'::numeric[]) k GROUP BY client, k), m AS (SELECT k, ltv_fit(h, '{}') AS m FROM h GROUP BY k),
  v AS (SELECT client, k, (ltv(h, m, '36 months', 0.12)).* FROM h JOIN m USING (k))
SELECT a.client, rank() OVER (ORDER BY a.total DESC), rank() OVER (ORDER BY b.total DESC) AS rank_in_thousandths, abs(b.total / a.total / 1000 - 1) < 1e-6 AS same_total, abs(b.hi / a.hi / 1000 - 1) < 1e-6 AS same_hi, a.note IS NOT NULL AS noted
FROM v a JOIN v b USING (client) WHERE a.k = 1 AND b.k = 1000 ORDER BY a.total DESC LIMIT 2;
SELECT client, round(to_date) AS to_date, total < 3e6 AS less, note FROM (SELECT ltv_fit(h, '{}') AS m FROM (SELECT ltv_history_agg(at, amount, date '2025-01-31') AS h FROM big GROUP BY client) x) m, (SELECT client, ltv_history_agg(at, amount, date '2025-01-31') AS h FROM big WHERE client = 'once' GROUP BY 1) h, ltv(h, m, '36 months', 0.12);

-- Cohorts, shrunk to the whole; the forecast by cohort adds up to its customers.
CREATE TABLE cohort_model AS SELECT c.* FROM (SELECT ltv_fit_by(branch, h, '{"model": "bg_nbd"}') AS cohorts FROM shop_history) x, unnest(cohorts) c;
SELECT cohort, n, ltv_model_name(model), (SELECT round((max(value) FILTER (WHERE name = 'r') / max(value) FILTER (WHERE name = 'alpha'))::numeric, 2) FROM ltv_parameters(model)) AS rate, (SELECT value BETWEEN 0 AND 1 FROM ltv_diagnostics(model) WHERE name = 'shrinkage') AS shrunk FROM cohort_model ORDER BY 1;
SELECT ltv_fit_by(NULL, h, '{}') IS NOT NULL AS unknown_cohort FROM shop_history;
SELECT branch, count(*) AS customers, sum(v.total) > sum(v.to_date) AS grows FROM shop_history s JOIN cohort_model c ON c.cohort = s.branch CROSS JOIN LATERAL ltv(s.h, c.model, '1 year') v GROUP BY 1 ORDER BY 1;
-- Who fell most between two dates.
SELECT count(*) AS fell FROM (SELECT customer, ltv_p_alive(ltv_history_until(h, '2024-06-30'), m) - ltv_p_alive(h, m) AS fall FROM shop_history, model WHERE (ltv_history_summary(ltv_history_until(h, '2024-06-30'))).purchases > 0) x WHERE fall > 0.3;

-- A state called directly does not change what is stored.
SELECT (ltv_history_summary(ltv_history_step(h, date '2024-12-30', 1, date '2024-12-31'))).purchases - (ltv_history_summary(h)).purchases AS more FROM shop_history WHERE customer = 1;
-- Wrong input.
SELECT ltv_history_agg(at, amount, NULL::date) FROM purchase;
SELECT ltv_history_agg(at, amount, date '2025-03-12' + customer) FROM purchase WHERE customer < 3;
SELECT ltv_history_agg(at, amount, date 'infinity') FROM purchase;
SELECT ltv_history_agg(date '-infinity', 1, date '2025-03-12');
SELECT ltv_history_agg(timestamptz 'infinity', 1, date '2025-03-12');
SELECT ltv_history_agg(date '2025-01-01', 'NaN', date '2025-03-12');
SELECT ltv_history_agg(date '2025-01-01', 1e16, date '2025-03-12');
SELECT ltv_history_merge(h) FROM (SELECT ltv_history_agg(at, amount, date '2025-03-12' + customer) AS h FROM purchase WHERE customer < 3 GROUP BY customer) x;
SELECT ltv_history_merge(h) FROM (SELECT ltv_history_of(1, 1, 2, 3) AS h FROM generate_series(1, 2)) x;
SELECT ltv_history_of(1.5, 1, 2, 3);
SELECT ltv_history_of(1, 3, 2, 3);
SELECT ltv_history_of(0, 1, 2, 3);
SELECT ltv_history_of(1, 1, 2, -3);
SELECT ltv_history_of(1, 1, 2, 'NaN');
SELECT ltv_history_of(1, 1, 2, 3, weight => 0);
SELECT ltv_history_until(h, '2026-01-01') FROM shop_history LIMIT 1;
SELECT ltv_history_until(ltv_history_of(1, 1, 2, 3), '2026-01-01');
SELECT ltv_fit(h, '{"modell": "sbg"}') FROM shop_history;
SELECT ltv_fit(h, '{"model": "arima"}') FROM shop_history;
SELECT ltv_fit(h, '{"model": "bg_bb"}') FROM shop_history;
SELECT ltv_fit(h, '{"holdout": "2030-01-01"}') FROM shop_history;
SELECT ltv_fit(h, CASE WHEN customer % 2 = 0 THEN '{}' ELSE '{"spend": "all"}' END::jsonb) FROM shop_history;
SELECT ltv(h, m, '-1 year') FROM shop_history, model LIMIT 1;
SELECT ltv(h, m, '101 years') FROM shop_history, model LIMIT 1;
SELECT ltv(h, m, '1 year', -0.1) FROM shop_history, model LIMIT 1;
SELECT ltv(h, m, '1 year', 0, 'NaN') FROM shop_history, model LIMIT 1;
-- All are new on the last day: nothing can be told, and that is said.
CREATE TABLE newcomer AS SELECT i, ltv_history_agg(date '2024-01-01', 10::float8, date '2024-01-01') AS h FROM generate_series(1, 100) i GROUP BY 1;
CREATE TABLE new_model AS SELECT 'alone' AS how, ltv_fit(h, '{}') AS m FROM newcomer UNION ALL SELECT 'occasions', ltv_fit(h, '{"period": "month"}') FROM newcomer;
SELECT n.how, v.*, ltv_p_alive(h, m) AS p_alive, ltv_expected_purchases(h, m, '1 year') AS purchases FROM new_model n, (SELECT h FROM newcomer LIMIT 1) h, ltv(h, m, '12 months', 0.1, 0.5) v;
SELECT v.expected, v.total FROM new_model n, shop_history s, ltv(s.h, n.m, '12 months') v WHERE n.how = 'alone' LIMIT 1;
SELECT p.* FROM new_model n, ltv_parameters(m) p WHERE n.how = 'alone';
SELECT d.severity, d.name, d.message FROM new_model n, ltv_diagnostics(m) d WHERE n.how = 'alone' AND (d.severity = 'warning' OR d.name LIKE 'mean_%');
SELECT m::text::ltv_model::text = m::text AS text_form FROM new_model;
DROP TABLE newcomer, new_model;
SELECT '{}'::ltv_history;
SELECT '{"version":1,"until":5,"days":[[[7,0],[1,0]]],"numbers":null}'::ltv_history;
SELECT '{"version":1,"until":null,"days":[],"numbers":{"frequency":1,"recency":5,"age":2,"mean_spend":3,"weight":1}}'::ltv_history;
SELECT 'x'::ltv_model;
SELECT 'AAAA'::ltv_sample;
SELECT 'AAAAAAAAAAABAgME'::ltv_sample;
DROP TABLE purchase, moments, shop, shop_history, model, big, cohort_model;
DROP FUNCTION in_zone(text), u(int, text), plan_of(text);
