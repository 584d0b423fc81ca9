-- dqs() against the same formula as SQL CASE expressions, whole queries over 1,000,000 rows, one core.
--   psql -X -f bench/dqs.sql      (in a database with the extension; everything is temporary)
\set ON_ERROR_STOP on
\pset footer off
SET max_parallel_workers_per_gather = 0;
SET client_min_messages = warning;
SELECT setseed(0.5) \g /dev/null
CREATE TEMP TABLE bench_deal AS
  SELECT random() * 20000 AS ltv, random() * 3000 + 1 AS cac, random() * 400 AS days, random() AS retention, random() * 70 AS effort
  FROM generate_series(1, 1000000);
VACUUM ANALYZE bench_deal;

CREATE FUNCTION pg_temp.seconds(query text) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE started timestamptz; best double precision := 'Infinity'; ignored double precision;
BEGIN
  FOR i IN 1..7 LOOP
    started := clock_timestamp();
    EXECUTE query INTO ignored;
    best := least(best, extract(epoch FROM clock_timestamp() - started));
  END LOOP;
  RETURN best;
END $$;

\set dqs 'SELECT sum(dqs(ltv, cac, days, retention, effort)) FROM bench_deal'
\set scan 'SELECT sum(ltv + effort) FROM bench_deal'
SELECT $$
SELECT sum(
    30 * CASE WHEN ltv / cac <= 0 THEN 0 WHEN ltv / cac < 1 THEN ltv / cac * 20 WHEN ltv / cac < 3 THEN 20 + (ltv / cac - 1) * 20
              WHEN ltv / cac < 5 THEN 60 + (ltv / cac - 3) * 10 WHEN ltv / cac < 10 THEN 80 + (ltv / cac - 5) * 4 ELSE 100 END / 100
  + 25 * CASE WHEN days <= 0 THEN 100 WHEN days < 14 THEN 100 - days * (10 / 14::float8) WHEN days < 30 THEN 90 - (days - 14) * (20 / 16::float8)
              WHEN days < 90 THEN 70 - (days - 30) * (30 / 60::float8) WHEN days < 180 THEN 40 - (days - 90) * (25 / 90::float8)
              WHEN days < 365 THEN 15 - (days - 180) * (15 / 185::float8) ELSE 0 END / 100
  + 25 * CASE WHEN retention <= 0 THEN 0 WHEN retention < 1 THEN retention * 100 ELSE 100 END / 100
  + 20 * CASE WHEN effort <= 0 THEN 100 WHEN effort < 5 THEN 100 - effort * 2 WHEN effort < 15 THEN 90 - (effort - 5) * 3
              WHEN effort < 30 THEN 60 - (effort - 15) * 2 WHEN effort < 60 THEN 30 - (effort - 30) ELSE 0 END / 100)
FROM bench_deal $$ AS case_query \gset

SELECT abs(a - b) < 1e-3 AS same_answer FROM (:dqs) x(a), (:case_query) y(b);
SELECT round(1e3 * scan)::int AS scan_ms, round(1e3 * dqs)::int AS dqs_ms, round(1e3 * plain)::int AS case_ms,
       round((dqs - scan)::numeric, 3) AS dqs_us_a_row, round((plain - scan)::numeric, 3) AS case_us_a_row,
       round((dqs / plain)::numeric, 2) AS ratio, 0.5 AS aim
FROM (SELECT pg_temp.seconds(:'scan'), pg_temp.seconds(:'dqs'), pg_temp.seconds(:'case_query') OFFSET 0) t(scan, dqs, plain);
