-- What is known at a fixed age.
SELECT d, icp_observed_until(d, '2025-09-30') AS at_180, icp_observed_until(d, '2025-09-30', 90) AS at_90 FROM unnest('{2025-04-02,2025-04-03,2025-04-04,infinity,NULL}'::date[]) d;
SELECT icp_observed_until('2025-01-01', NULL) AS unknown;
-- Totals until a day: exact, and unknown where a part of them is.
CREATE TABLE orders (customer int, amount numeric, day date);
INSERT INTO orders VALUES (1, 0.10, '2025-01-01'), (1, 0.20, '2025-02-01'), (1, -0.05, '2025-03-01'), (1, 99, '2025-04-01'), (2, 10, '2025-01-01'), (2, NULL, '2025-02-01'), (3, NULL, '2025-09-01'), (3, 5, '2025-01-01'),
  (4, 7, '2025-09-01'), (5, 7, NULL), (6, 'NaN', '2025-01-01'), (7, NULL, NULL);
SELECT customer, icp_total(amount, day, '2025-03-01') AS total, icp_total(amount, day, NULL) AS immature, icp_total(amount, day, 'infinity') AS all_of_it FROM orders GROUP BY 1 ORDER BY 1;
SELECT icp_total(amount, day, '2025-03-01') AS of_no_rows FROM orders WHERE customer = 0;
-- Age alone is no decline: customers who all buy for 10 a month have brought the same at 180 days, and ever less to date.
SELECT c.closed, icp_total(10, d::date, icp_observed_until(c.closed, '2025-09-30')) AS at_180_days, icp_total(10, d::date, '2025-09-30') AS to_date
FROM (SELECT date '2024-06-01' + 120 * i AS closed FROM generate_series(0, 4) i) c, generate_series(c.closed::timestamp, timestamp '2025-09-30', interval '30 days') d GROUP BY 1 ORDER BY 1;
-- A missing rate is no small sum.
SELECT sum(icp_money(x.amount, x.currency, date '2025-01-01', 'EUR')) AS blind, icp_total(icp_money(x.amount, x.currency, date '2025-01-01', 'EUR'), date '2025-01-01', '2025-01-01') AS honest FROM (VALUES (100, 'EUR'), (100, 'CHF')) x (amount, currency);
-- Days of times are days in UTC, in any session.
SET TimeZone = 'Asia/Tokyo';
SELECT icp_total(1, timestamptz '2025-03-01 23:30+00', '2025-03-01') AS counts, icp_total(1, timestamptz '2025-03-02 00:30+00', '2025-03-01') AS too_late, icp_total(1, timestamp '2025-03-01 23:30', '2025-03-01') AS as_written,
       icp_total(1, timestamptz '1999-12-31 23:30+00', '1999-12-31') AS before_2000, icp_total(1, timestamptz '-infinity', '1999-12-31') AS ever, icp_total(1, timestamptz 'infinity', '1999-12-31') AS never;
RESET TimeZone;
-- The same total of rows in any order, in parallel and by partitions.
CREATE TABLE many AS SELECT i % 10 AS customer, (i * 7919 % 100003) / 100.0 AS amount, date '2024-01-01' + i % 700 AS day FROM generate_series(1, 20000) i;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
SELECT bool_and(t = s) AS same, sum(t) FROM (SELECT customer, icp_total(amount, day, '2025-06-30') AS t, sum(amount) FILTER (WHERE day <= '2025-06-30') AS s FROM many GROUP BY 1) q;
EXPLAIN (COSTS OFF) SELECT icp_total(amount, day, '2025-06-30') FROM many;
DROP TABLE orders, many;
