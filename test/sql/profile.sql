-- Profiles: made of rows, merged, read, written and read back.
SET extra_float_digits = 1;
CREATE TYPE profile_size AS ENUM ('small', 'large');
CREATE TABLE profile_deals (
    deal_id int, amount numeric, employees int, score real, ratio float8, won boolean, size profile_size,
    industry text, stack text[], closed date, closed_at timestamp, created timestamptz, name text)
PARTITION BY HASH (deal_id);
CREATE TABLE profile_deals_0 PARTITION OF profile_deals FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE profile_deals_1 PARTITION OF profile_deals FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE profile_deals_2 PARTITION OF profile_deals FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO profile_deals
SELECT i, (i * 7919 % 100003) / 100.0, CASE WHEN i % 7 > 0 THEN i % 250 END, (i % 997) / 10.0, ((i * 7919 % 10007) - 5000) / 7::float8,
       i % 3 = 0, (ARRAY['small', 'large'])[1 + i % 2]::profile_size,
       CASE WHEN i % 11 > 0 THEN (ARRAY['Wholesale', 'wholesale ', 'retail', 'IT'])[1 + i % 4] END,
       (ARRAY['crm', 'erp', NULL, 'web'])[1 + i % 3 : 1 + i % 4],
       date '2024-01-01' + i % 500, timestamp '2024-01-01 10:00' + i % 400 * interval '1 hour',
       timestamptz '2024-01-01 10:00+03' + i % 300 * interval '1 day',
       CASE WHEN i % 5 = 0 THEN 'Acme' ELSE 'company ' || i END
FROM generate_series(1, 20000) i;
ANALYZE profile_deals;

SELECT feature, kind, rows, known, known_share, distinct_values, distinct_error, round(mean::numeric, 6) AS mean, round(sd::numeric, 6) AS sd,
       min, median, max, round(quantile_error::numeric, 6) AS quantile_error, top_value, round(top_share::numeric, 3) AS top_share
FROM icp_profile_features((SELECT icp_profile_agg(d, '{"ignore": ["deal_id"]}') FROM profile_deals d));
SELECT feature, earliest, latest, detail
FROM icp_profile_features((SELECT icp_profile_agg(d, '{}') FROM profile_deals d))
WHERE feature IN ('closed', 'created', 'won', 'industry', 'stack');

-- What is exact equals what PostgreSQL computes.
SELECT f.mean = x.mean AS mean, abs(f.sd / x.sd - 1) < 1e-14 AS sd, f.q10 = x.q[1] AND f.q25 = x.q[2] AND f.median = x.q[3] AND f.q75 = x.q[4] AND f.q90 = x.q[5] AS quantiles
FROM (SELECT icp_profile_agg(d, '{"features": ["employees"]}') p FROM profile_deals d) a, icp_profile_features(p) f,
     (SELECT avg(employees)::float8 AS mean, stddev(employees)::float8 AS sd,
             percentile_cont(ARRAY[0.1, 0.25, 0.5, 0.75, 0.9]) WITHIN GROUP (ORDER BY employees::float8) AS q FROM profile_deals) x;
-- What is not is within its error.
SELECT f.mean = x.mean AS mean, f.distinct_values BETWEEN x.n * (1 - 3 * f.distinct_error) AND x.n * (1 + 3 * f.distinct_error) AS distinct_values,
       abs(f.q10 / x.q[1] - 1) <= f.quantile_error AND abs(f.median / x.q[2] - 1) <= f.quantile_error AND abs(f.q90 / x.q[3] - 1) <= f.quantile_error AS quantiles
FROM (SELECT icp_profile_agg(d, '{"features": ["amount"]}') p FROM profile_deals d) a, icp_profile_features(p) f,
     (SELECT avg(amount)::float8 AS mean, count(DISTINCT amount) AS n, percentile_cont(ARRAY[0.1, 0.5, 0.9]) WITHIN GROUP (ORDER BY amount::float8) AS q
      FROM profile_deals) x;

-- The same bytes in any order, as jsonb, in parallel, by partition, merged from 1,000 groups, over the wire.
CREATE TABLE profile_saved (what text, p icp_profile);
SET max_parallel_workers_per_gather = 0;
INSERT INTO profile_saved SELECT 'serial', icp_profile_agg(d, '{}') FROM profile_deals d;
INSERT INTO profile_saved SELECT 'shuffled', icp_profile_agg(d, '{}') FROM (SELECT * FROM profile_deals ORDER BY md5(deal_id::text)) d;
SET TimeZone = 'Asia/Tokyo';
SET DateStyle = 'German';
INSERT INTO profile_saved SELECT 'jsonb', icp_profile_agg(to_jsonb(d), '{}') FROM profile_deals d;
RESET TimeZone;
RESET DateStyle;
INSERT INTO profile_saved SELECT 'merged', icp_profile_merge(p) FROM (SELECT icp_profile_agg(d, '{}') p FROM profile_deals d GROUP BY deal_id % 1000) g;
INSERT INTO profile_saved SELECT 'through text', icp_profile_merge(p::text::icp_profile) FROM (SELECT icp_profile_agg(d, '{}') p FROM profile_deals d GROUP BY deal_id % 5) g;
SET enable_partitionwise_aggregate = on;
EXPLAIN (COSTS OFF) SELECT icp_profile_agg(d, '{}') FROM profile_deals d;
INSERT INTO profile_saved SELECT 'partitionwise', icp_profile_agg(d, '{}') FROM profile_deals d;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT icp_profile_agg(d, '{}') FROM profile_deals d;
CREATE TEMP TABLE profile_parallel AS SELECT 'parallel' AS what, icp_profile_agg(d, '{}') AS p FROM profile_deals d;
INSERT INTO profile_saved SELECT * FROM profile_parallel;
RESET enable_partitionwise_aggregate;
RESET max_parallel_workers_per_gather;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
SELECT what, md5(icp_profile_send(p)) = (SELECT md5(icp_profile_send(p)) FROM profile_saved WHERE what = 'serial') AS same FROM profile_saved ORDER BY 1;
SELECT count(DISTINCT md5(p::text)) FROM profile_saved;

-- COPY in both formats, through a file of the server's own directory.
CREATE FUNCTION profile_round_trip(format text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE file text := current_setting('data_directory') || '/profile_round_trip';
        same boolean;
BEGIN
    EXECUTE pg_catalog.format('COPY (SELECT p FROM profile_saved WHERE what = ''serial'') TO %L (FORMAT %s)', file, format);
    CREATE TEMP TABLE back (p icp_profile) ON COMMIT DROP;
    EXECUTE pg_catalog.format('COPY back FROM %L (FORMAT %s)', file, format);
    SELECT icp_profile_send(b.p) = icp_profile_send(s.p) INTO same FROM back b, profile_saved s WHERE s.what = 'serial';
    DROP TABLE back;
    RETURN same;
END $$;
SELECT profile_round_trip('text'), profile_round_trip('csv'), profile_round_trip('binary');

-- Windows: a result shown does not change with the rows that follow.
SELECT i, (SELECT rows || ' ' || mean FROM icp_profile_features(p)) AS of_frame
FROM (SELECT i, icp_profile_agg(ROW(i), '{}') OVER (ORDER BY i) AS p FROM generate_series(1, 4) i) w;
SELECT i, (SELECT rows || ' ' || mean FROM icp_profile_features(p)) AS of_frame
FROM (SELECT i, icp_profile_agg(ROW(i), '{}') OVER (ORDER BY i ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS p FROM generate_series(1, 4) i) w;

-- FILTER, NULL rows, no rows, groups.
SELECT icp_profile_agg(d, '{}') IS NULL AS none FROM profile_deals d WHERE false;
SELECT icp_profile_merge(NULL) IS NULL AS none;
SELECT rows FROM icp_profile_features((SELECT icp_profile_agg(d, NULL) FROM (VALUES ('{"a": 1}'::jsonb), (NULL), ('{"a": null, "b": "NaN"}')) v(d)));
SELECT (icp_profile_features(p)).known, count(*) FROM (SELECT icp_profile_agg(d, '{"features": ["won"]}') p FROM profile_deals d GROUP BY deal_id % 1000) g GROUP BY 1;

-- Kinds and columns.
SELECT feature, kind, known, top_value, mean
FROM icp_profile_features((SELECT icp_profile_agg(d, '{"kinds": {"n": "numeric", "c": "categorical", "b": "binary", "d": "date", "s": "set"}, "ignore": ["x"]}')
    FROM (VALUES ('{"n": "1.5", "c": 7, "b": "yes", "d": "2024-02-29", "s": "one", "x": 1}'::jsonb), ('{"n": true, "c": 7, "b": 0, "d": "soon", "s": ["one", "two"]}')) v(d)));
SELECT feature, kind, detail FROM icp_profile_features((SELECT icp_profile_agg(d, '{}')
    FROM (VALUES ('{"v": 1}'::jsonb), ('{"v": "a"}'), ('{"v": "2024-02-29"}'), ('{"v": ["a"]}'), ('{"v": {"a": 1}}'), ('{"v": true}'), ('{"v": "A"}')) v(d)));

-- Look-alikes.
WITH p AS (SELECT icp_profile_agg(d, '{"features": ["employees", "industry", "stack", "won", "deal_id"]}') p FROM profile_deals d WHERE employees BETWEEN 30 AND 70)
SELECT what, round(lookalike_similarity(d, p)::numeric, 4) AS similarity
FROM p, (VALUES
    (1, 'inside', '{"employees": 50, "industry": "WHOLESALE", "won": false}'::jsonb),
    (2, 'too large', '{"employees": 500, "industry": "wholesale", "won": false}'),
    (3, 'rarer', '{"employees": 50, "industry": "retail", "won": true}'),
    (4, 'never seen', '{"employees": 50, "industry": "mining", "stack": ["fax"]}'),
    (5, 'a set', '{"stack": ["crm", "erp"]}'),
    (6, 'partly known', '{"employees": null, "industry": "IT"}'),
    (7, 'other type', '{"employees": "fifty", "industry": "IT"}'),
    (8, 'nothing known', '{"employees": null}'),
    (9, 'identifier only', '{"deal_id": 5, "won": null}')) v(i, what, d) ORDER BY i;
WITH p AS (SELECT icp_profile_agg(d, '{}') p FROM profile_deals d)
SELECT count(*), min(lookalike_similarity(d, p)) BETWEEN 0 AND 1 AS low, max(lookalike_similarity(d, p)) BETWEEN 0 AND 1 AS high,
       bool_and(lookalike_similarity(d, p) = lookalike_similarity(to_jsonb(d), p)) AS twins FROM p, profile_deals d WHERE deal_id % 20 = 0;
SELECT lookalike_similarity(NULL::jsonb, p) IS NULL AS no_row, lookalike_similarity('{"won": true}'::jsonb, NULL::icp_profile) IS NULL AS no_profile
FROM profile_saved WHERE what = 'serial';

-- Errors.
\set VERBOSITY default
SELECT icp_profile_agg(d, '{"seed": 1}') FROM profile_deals d;
SELECT icp_profile_agg(d, '{"columns": ["a"]}') FROM profile_deals d;
SELECT icp_profile_agg(d, '{"kinds": {"a": "round"}}') FROM profile_deals d;
SELECT icp_profile_agg(d, '[]') FROM profile_deals d;
SELECT icp_profile_agg(d, jsonb_build_object('ignore', deal_id::text)) FROM profile_deals d;
SELECT icp_profile_agg('[1]'::jsonb, '{}');
SELECT icp_profile_agg(d, '{}') FROM (SELECT 1 AS a, 2 AS a) d;
SELECT icp_profile_merge(p) FROM (SELECT icp_profile_agg(d, '{}') p FROM profile_deals d UNION ALL SELECT icp_profile_agg(d, '{"ignore": ["name"]}') FROM profile_deals d) u;
SELECT lookalike_similarity('{"other": 1}'::jsonb, icp_profile_agg(d, '{"features": ["won", "employees"]}')) FROM profile_deals d;
SELECT 'no profile'::icp_profile;
SELECT '{"version": 1}'::icp_profile;
SELECT '{"version": 9}'::icp_profile;
SELECT replace(p::text, '"rows":20000', '"rows":5')::icp_profile FROM profile_saved WHERE what = 'serial';
DROP TABLE profile_deals, profile_saved;
DROP TYPE profile_size;
DROP FUNCTION profile_round_trip;
