-- Engagement: decay, merging, the past, types of time, wrong input.
-- Half after each half-life; events after as_of do not count.
SELECT d, icp_engagement_at(e, d) FROM (SELECT icp_engagement_agg(w, d, interval '7 days') AS e FROM (VALUES (8, date '2025-01-01'), (4, '2025-01-15'), (NULL, '2025-01-02'), (3, NULL)) v (w, d)) x,
  unnest('{2024-12-31,2025-01-01,2025-01-08,2025-01-15,2025-01-22}'::date[]) d;
SELECT icp_engagement_agg(1, d, interval '7 days') IS NULL AS none FROM (SELECT NULL::date AS d) x;
SELECT icp_engagement_at(NULL, date '2025-01-01') IS NULL AS nothing;
-- Negative weights; a weight of nothing is no engagement, but no NULL either.
SELECT icp_engagement_at(icp_engagement_agg(w, date '2025-01-01', interval '1 month'), date '2025-01-31') FROM (VALUES (10), (-4)) v (w);
SELECT icp_engagement_at(icp_engagement_agg(0, date '2025-01-01', interval '7 days'), date '2025-01-31');

CREATE TABLE touch AS
SELECT i % 40 AS lead, (i * 7919 % 23) / 4.0 - 1 AS weight, timestamptz '2024-01-01 00:00+00' + i * 7907 % 20000 * interval '97 minutes' AS at FROM generate_series(1, 20000) i;
CREATE TABLE parts (LIKE touch) PARTITION BY HASH (lead);
CREATE TABLE part0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE part1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parts SELECT * FROM touch ORDER BY md5(at::text || weight);
ANALYZE touch;
CREATE TABLE engaged AS SELECT lead, icp_engagement_agg(weight, at, interval '14 days') AS e FROM touch GROUP BY lead;
-- The same bytes: shuffled, merged, by parallel workers, sorted or hashed, stored and read back, as text and as binary.
SELECT bool_and(icp_engagement_send(s.e) = icp_engagement_send(g.e)) FROM engaged g JOIN (SELECT lead, icp_engagement_agg(weight, at, interval '14 days') AS e
  FROM (SELECT * FROM touch ORDER BY md5(at::text)) t GROUP BY lead) s USING (lead);
SELECT bool_and(icp_engagement_send(s.e) = icp_engagement_send(g.e)) FROM engaged g JOIN (SELECT lead, icp_engagement_merge(e) AS e
  FROM (SELECT lead, icp_engagement_agg(weight, at, interval '14 days') AS e FROM touch GROUP BY lead, date_trunc('week', at AT TIME ZONE 'UTC')) w GROUP BY lead) s USING (lead);
SELECT bool_and(icp_engagement_send(e::text::icp_engagement) = icp_engagement_send(e)), max(pg_column_size(e)) <= 1200 AS small FROM engaged;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2; SET enable_partitionwise_aggregate = on;
CREATE FUNCTION plan_of(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || statement; END $$;
SELECT count(*) > 0 AS parallel FROM plan_of('SELECT lead, icp_engagement_agg(weight, at, interval ''14 days'') FROM touch GROUP BY lead') p WHERE p ~ 'Partial (Hash|Group)Aggregate';
SELECT bool_and(icp_engagement_send(s.e) = icp_engagement_send(g.e)) FROM engaged g JOIN (SELECT lead, icp_engagement_agg(weight, at, interval '14 days') AS e FROM touch GROUP BY lead) s USING (lead);
SELECT bool_and(icp_engagement_send(s.e) = icp_engagement_send(g.e)) FROM engaged g JOIN (SELECT lead, icp_engagement_agg(weight, at, interval '14 days') AS e FROM parts GROUP BY lead) s USING (lead);
RESET ALL;
-- The figure is the sum of its terms.
SELECT max(abs(icp_engagement_at(e, '2028-01-01+00') / exact - 1)) < 1e-9 AS close FROM engaged
JOIN (SELECT lead, sum(weight * power(0.5::float8, extract(epoch FROM timestamptz '2028-01-01+00' - at)::float8 / 86400 / 14)) AS exact FROM touch GROUP BY lead) x USING (lead);
-- The past is what was known then, bit for bit; earlier than it can be told is an error, never a wrong figure.
SELECT bool_and(icp_engagement_at(e, t) = past) FROM engaged, LATERAL (SELECT icp_engagement_known_from(e) + interval '1 day' AS t) f,
  LATERAL (SELECT icp_engagement_at(icp_engagement_agg(weight, at, interval '14 days') FILTER (WHERE at <= t), t) AS past FROM touch WHERE touch.lead = engaged.lead) p;
SELECT bool_and(icp_engagement_at(e, known) > -1000) FROM engaged, LATERAL (SELECT icp_engagement_known_from(e) AS known) k;
\set VERBOSITY terse
SELECT icp_engagement_at(e, icp_engagement_known_from(e) - interval '1 second') FROM engaged;
\set VERBOSITY default
SELECT icp_engagement_known_from(icp_engagement_agg(1, at, interval '1 day')) FROM (SELECT at FROM touch LIMIT 64) t;
-- Rows of later than as_of change nothing.
SELECT bool_and(icp_engagement_at(a, t) = icp_engagement_at(b, t)) FROM (SELECT icp_engagement_agg(weight, at, interval '9 days') FILTER (WHERE at <= t) AS a,
  icp_engagement_agg(weight, at, interval '9 days') AS b, t FROM (SELECT * FROM touch WHERE lead < 3 AND at > '2027-06-01+00') x, unnest('{2027-08-01+00,2027-07-28+00}'::timestamptz[]) t GROUP BY t) y;
-- As a window: each row sees the events so far.
SELECT i, icp_engagement_at(icp_engagement_agg(1, d, interval '1 day') OVER (ORDER BY d), d) FROM (SELECT i, date '2025-01-01' + i AS d FROM generate_series(1, 4) i) s;
-- Dates and times without a zone are UTC, whatever the session's zone.
SET timezone = 'Asia/Tokyo';
SELECT icp_engagement_agg(1, date '2025-01-02', interval '7 days')::text = icp_engagement_agg(1, timestamp '2025-01-02', interval '7 days')::text
   AND icp_engagement_agg(1, date '2025-01-02', interval '7 days')::text = icp_engagement_agg(1, timestamptz '2025-01-02 00:00+00', interval '7 days')::text AS same;
SELECT icp_engagement_at(e, date '2025-01-09'), icp_engagement_at(e, timestamp '2025-01-09'), icp_engagement_at(e, timestamptz '2025-01-09 00:00+00'), icp_engagement_at(e, '2025-01-09 00:00+00'),
  pg_typeof(icp_engagement_known_from(e)) FROM (SELECT icp_engagement_agg(1, date '2025-01-02', interval '7 days') AS e) x;
RESET timezone;
PREPARE read_at AS SELECT icp_engagement_at(e, $1) = icp_engagement_at(e, timestamptz '2028-01-01+00') AS a_time FROM engaged WHERE lead = 1;
EXECUTE read_at('2028-01-01 00:00+00');
-- A state called directly does not change what is stored.
SELECT icp_engagement_at(icp_engagement_step(e, 100, '2028-01-01+00'::timestamptz, interval '14 days'), '2028-01-01+00') - icp_engagement_at(e, '2028-01-01+00') AS more FROM engaged WHERE lead = 1;
-- Wrong input.
SELECT icp_engagement_agg(1, date '2025-01-01', interval '0');
SELECT icp_engagement_agg(1, date '2025-01-01', interval '-1 day');
SELECT icp_engagement_agg(1, date '2025-01-01', NULL);
SELECT icp_engagement_agg(1, date '2025-01-01', i * interval '1 day') FROM generate_series(1, 2) i;
SELECT icp_engagement_agg(1, date '2025-01-01', interval '178000000 years');
SELECT icp_engagement_agg('NaN', date '2025-01-01', interval '1 day');
SELECT icp_engagement_agg(1e10, date '2025-01-01', interval '1 day');
SELECT icp_engagement_agg(1, date 'infinity', interval '1 day');
SELECT icp_engagement_agg(1, timestamptz '-infinity', interval '1 day');
SELECT icp_engagement_at(e, 'infinity') FROM engaged LIMIT 1;
SELECT icp_engagement_merge(e) FROM (SELECT icp_engagement_agg(1, date '2025-01-01', i * interval '1 day') AS e FROM generate_series(1, 2) i GROUP BY i) x;
SELECT '{}'::icp_engagement;
SELECT '{"version":1,"half_life":0,"folded":0,"folded_to":0,"block":0,"sums":[[0,0,0,0],[0,0,0,0],[0,0,0,0]],"events":[]}'::icp_engagement;
SELECT '{"version":1,"half_life":5,"folded":1,"folded_to":0,"block":0,"sums":[[0,0,0,0],[0,0,0,0],[0,0,0,0]],"events":[]}'::icp_engagement;
SELECT '{"version":1,"half_life":5,"folded":0,"folded_to":0,"block":0,"sums":[[0,0,0,0],[0,0,0,0],[0,0,0,0]],"events":[[2,1],[1,1]]}'::icp_engagement;
DROP TABLE touch, parts, engaged;
DROP FUNCTION plan_of(text);
