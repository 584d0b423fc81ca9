-- Deal quality score. What the score should be is written a second time here, plainly, in SQL.
\pset null '(null)'
CREATE FUNCTION pg_temp.error_of(statement text, OUT state text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END $$;

-- Fixtures.
SELECT dqs(100, 1, 80, 60, 40, 'default', 'identity');
SELECT dqs('100', 1, 80, 60, 40, 'default', 'identity') = 73 AS is_73;
SELECT score, dqs_band(score) FROM (VALUES (0), (39.99), (40), (70), (70.01), (100)) v(score);
SELECT dqs_band(dqs(70, 1, 70, 70, 70, 'default', 'identity')) AS seventy, dqs_band(dqs(40, 1, 40, 40, 40, 'default', 'identity')) AS forty;
SELECT dqs(ltv => 3000, cac => 1000, cycle_days => 30, retention => 0.8, effort => 15);
SELECT dqs(3000.00, 1000.00::numeric, 30, 0.8::real, 15::smallint) AS other_number_types;
SELECT dqs(3000, 1000, 30, 0.8, 24, scale => 'hours') AS hours, dqs(3000, 1000, 30, 0.8, 15, 'saas') AS saas, dqs(3000, 1000, 30, 0.8, 15, 'project') AS project;
-- Zero days and zero effort are the best; beyond the last anchor nothing changes.
SELECT dqs(1e308, 1e-308, 0, 1, 0) AS best, dqs(-5, 1, 10000, 0, 10000) AS worst;

-- Unknown components drop out; below half of the weight there is no score.
SELECT dqs(100, 1, 80, NULL, 40, scale => 'identity') AS no_retention,
       dqs(100, 0, 80, 60, 40, scale => 'identity') AS no_cost,
       dqs(100, NULL, 80, 60, 40, scale => 'identity') = dqs(NULL, 7, 80, 60, 40, scale => 'identity') AS same,
       dqs(NULL, NULL, 80, 60, NULL, scale => 'identity') AS half,
       dqs(NULL, NULL, 80, NULL, 40, scale => 'identity') AS less,
       dqs(NULL, NULL, NULL, NULL, NULL) AS nothing,
       dqs(100, 1, 80, 60, 40, weights => NULL) AS no_weights,
       dqs(100, 1, 80, 60, 40, scale => NULL) AS no_scale;
SELECT * FROM dqs_parts(100, 1, 80, 60, 40, 'default', 'identity');
SELECT * FROM dqs_parts(100, 1, 80, NULL, 40, 'default', 'identity');
SELECT * FROM dqs_parts(NULL, 1, 80, NULL, 40, 'default', 'identity');
SELECT * FROM dqs_parts(1, 1, 1, 1, 1, NULL);
SELECT (dqs_parts(100, 1, 80, 60, 40, 'default', 'identity')).contribution;

-- Resolution: NULL, unknown literals, parameters.
SELECT dqs(NULL, '1', '2', NULL, '3'), dqs('3', '1', '30', '0.8', '15');
PREPARE p AS SELECT dqs($1, $2, $3, $4, $5), dqs_band($6), dqs($1, $2, $3, $4, $5, $7, $8);
EXECUTE p(3, 1, 30, 0.8, 15, 70, 'saas', 'hours');
DEALLOCATE p;
PREPARE p AS SELECT count(*) FROM dqs_parts($1, $2, $3, $4, $5, $6, $7);
EXECUTE p(3, 1, 30, 0.8, 15, 'saas', 'hours');
DEALLOCATE p;
SELECT dqs_band(NULL), dqs_band('70'), dqs_band(70, NULL), dqs_calibrate(NULL, NULL, NULL, NULL, NULL), dqs_calibrate('3', '1', '30', '.5', '9') IS NOT NULL AS scale;

-- Types.
SELECT 'default'::dqs_weights, 'saas'::dqs_weights, 'project'::dqs_weights, ' effort = 20, speed=25,retention=25 , ltv_cac=3e1'::dqs_weights, 'ltv_cac=100'::dqs_weights;
SELECT 'default'::dqs_scale;
SELECT 'hours'::dqs_scale;
SELECT 'identity'::dqs_scale;
SELECT '{"ltv_cac":[[0,0],[0.1,33.3]],"speed":[],"retention":[[0,10],[1,10]],"effort":[[1,100],[2,0]]}'::dqs_scale;
SELECT '{"relative":true,"n":12,"bands":[31.5,62],"ltv_cac":[],"speed":[],"retention":[[0,0],[1,100]],"effort":[]}'::dqs_scale;
CREATE TEMP TABLE kept (id int, w dqs_weights, s dqs_scale);
INSERT INTO kept VALUES (1, 'default', 'default'), (2, 'ltv_cac=33.3,speed=33.3,retention=33.4', 'identity'), (3, 'saas', 'hours'), (4, NULL, NULL);
SELECT id, w::text::dqs_weights::text = w::text AS weights, s::text::dqs_scale::text = s::text AS scale, length(dqs_weights_send(w)) AS bytes FROM kept ORDER BY id;
\copy kept TO 'dqs_kept.tmp' (FORMAT binary)
CREATE TEMP TABLE kept_again (LIKE kept);
\copy kept_again FROM 'dqs_kept.tmp' (FORMAT binary)
\! rm -f dqs_kept.tmp
SELECT count(*) AS differ FROM kept k JOIN kept_again a USING (id) WHERE k.w::text IS DISTINCT FROM a.w::text OR k.s::text IS DISTINCT FROM a.s::text;
-- Weights and scale of each row, in any order of rows.
SELECT id, dqs(100, 1, 80, 60, 40, w, 'identity'), dqs(3, 1, 30, 0.8, 15, 'default', s) FROM (SELECT * FROM kept UNION ALL SELECT * FROM kept_again) k ORDER BY id;
DO $$  -- one call site, new values in one transaction
DECLARE w dqs_weights; v double precision;
BEGIN
  FOREACH w IN ARRAY ARRAY['default', 'ltv_cac=100', 'default']::dqs_weights[] LOOP
    v := dqs(100, 1, 80, 60, 40, w, 'identity');
    RAISE NOTICE '%: %', w, v;
  END LOOP;
END $$;

-- Each wrong argument is one clear error.
SELECT e.* FROM (VALUES
  (1, 'SELECT dqs(1, -5, 1, 1, 1)'), (2, 'SELECT dqs(1, 1, -1, 1, 1)'), (3, 'SELECT dqs(1, 1, 1, 1.01, 1)'), (4, 'SELECT dqs(1, 1, 1, -0.1, 1)'),
  (5, 'SELECT dqs(1, 1, 1, -0.1, 1, scale => ''identity'')'), (6, 'SELECT dqs(1, 1, 1, 1, -2)'),
  (7, 'SELECT dqs(''NaN'', 1, 1, 1, 1)'), (8, 'SELECT dqs(1, ''Infinity'', 1, 1, 1)'), (9, 'SELECT dqs(1, 1, ''-Infinity'', 1, 1)'),
  (10, 'SELECT dqs(1, 1, 1, ''NaN'', 1)'), (11, 'SELECT dqs(1, 1, 1, 1, ''Infinity'')'), (12, 'SELECT * FROM dqs_parts(1, -5, 1, 1, 1)'),
  (13, 'SELECT * FROM dqs_parts(1, 1, 1, ''NaN'', 1)'), (14, 'SELECT dqs_band(100.1)'), (15, 'SELECT dqs_band(''NaN'')'), (16, 'SELECT dqs_band(-1)'),
  (17, 'SELECT dqs(''a'', 1, 1, 1, 1)'), (18, 'SELECT dqs(true, 1, 1, 1, 1)'), (19, 'SELECT dqs(1, 1, 1, 1)'),
  (20, 'SELECT dqs_calibrate(1, -1, 1, 1, 1)'), (21, 'SELECT dqs_calibrate(1, 1, 1, ''NaN'', 1)'), (22, 'SELECT dqs_calibrate(1, 1, 1, -1, 1)')
) v(id, statement), pg_temp.error_of(statement) e ORDER BY id;
SELECT w, e.* FROM (VALUES
  (1, 'ltv_cac=40,speed=25,retention=25,effort=20'), (2, 'ltv_cac=-10,speed=60,retention=30,effort=20'), (3, 'ltv_cac=NaN,speed=100'),
  (4, 'ltv_cac=Infinity'), (5, 'gold'), (6, ''), (7, 'ltv_cac=ten'), (8, 'money=100'), (9, 'speed=50,speed=50'), (10, 'speed=100,')
) v(id, w), pg_temp.error_of(format('SELECT %L::dqs_weights', w)) e ORDER BY id;
SELECT s, e.* FROM (VALUES
  (1, 'gold'), (2, '{'), (3, '{"ltv_cac":[]}'), (4, '{"ltv_cac":[],"speed":[],"retention":[],"effort":[],"pace":[]}'),
  (5, '{"ltv_cac":[[1,0],[1,100]],"speed":[],"retention":[],"effort":[]}'), (6, '{"ltv_cac":[[0,0],[1,50],[2,40]],"speed":[],"retention":[],"effort":[]}'),
  (7, '{"ltv_cac":[[0,0],[1,101]],"speed":[],"retention":[],"effort":[]}'), (8, '{"ltv_cac":[[1e200,0]],"speed":[],"retention":[],"effort":[]}'),
  (9, '{"ltv_cac":[["a",0]],"speed":[],"retention":[],"effort":[]}'), (10, '{"ltv_cac":[],"speed":[],"retention":[],"effort":[],"bands":[1,2]}'),
  (11, '{"relative":true,"ltv_cac":[],"speed":[],"retention":[],"effort":[]}'),
  (12, '{"relative":true,"bands":[2,1],"ltv_cac":[],"speed":[],"retention":[],"effort":[]}'),
  (13, '{"ltv_cac":' || repeat('[', 100000))
) v(id, s0), pg_temp.error_of(format('SELECT %L::dqs_scale', s0)) e, LATERAL (SELECT left(s0, 80)) l(s) ORDER BY id;
SELECT e.state, e.message FROM pg_temp.error_of('SELECT ''{}''::dqs_calibration') e;
SELECT e.state, e.message FROM pg_temp.error_of('SELECT ''{"version":1,"n":0,"histograms":[],"sample":[]}''::dqs_calibration') e;

-- The same score, written plainly in numeric, over a grid that meets every anchor.
CREATE FUNCTION pg_temp.along(x numeric, raw numeric[], score numeric[]) RETURNS numeric LANGUAGE sql AS $$
  SELECT CASE WHEN x <= raw[1] THEN score[1] WHEN x >= raw[cardinality(raw)] THEN score[cardinality(score)] ELSE
    (SELECT score[i] + (x - raw[i]) * (score[i + 1] - score[i]) / (raw[i + 1] - raw[i])
     FROM generate_series(1, cardinality(raw) - 1) i WHERE x >= raw[i] AND x < raw[i + 1]) END $$;
CREATE FUNCTION pg_temp.plain_dqs(ltv numeric, cac numeric, days numeric, retention numeric, effort numeric) RETURNS numeric LANGUAGE sql AS $$
  SELECT CASE WHEN sum(w) FILTER (WHERE s IS NOT NULL) >= 50 THEN sum(w * s) / sum(w) FILTER (WHERE s IS NOT NULL) END
  FROM (VALUES (30, pg_temp.along(ltv / nullif(cac, 0), '{0,1,3,5,10}', '{0,20,60,80,100}')),
               (25, pg_temp.along(days, '{0,14,30,90,180,365}', '{100,90,70,40,15,0}')),
               (25, pg_temp.along(retention, '{0,1}', '{0,100}')),
               (20, pg_temp.along(effort, '{0,5,15,30,60}', '{100,90,60,30,0}'))) v(w, s) $$;
CREATE TEMP TABLE deal AS
  SELECT row_number() OVER () AS id, ltv, cac, days, retention, effort
  FROM unnest('{-100,0,100,250,300,999.99,5000,NULL}'::numeric[]) ltv, unnest('{0,100,333.3,NULL}'::numeric[]) cac,
       unnest('{0,7.5,14,30,89,180,365,400,NULL}'::numeric[]) days, unnest('{0,0.333,1,NULL}'::numeric[]) retention,
       unnest('{0,5,11,30,59.9,61,NULL}'::numeric[]) effort;
SELECT count(*), count(score) AS scored, count(*) FILTER (WHERE (score IS NULL) <> (plain IS NULL)) AS null_differs,
       coalesce(max(abs(score - plain)), 0) <= 1e-9 AS agree
FROM (SELECT dqs(ltv, cac, days, retention, effort) AS score, pg_temp.plain_dqs(ltv, cac, days, retention, effort) AS plain FROM deal) d;
-- Parts sum to the score exactly, in any order.
SELECT count(*) AS rows, count(*) FILTER (WHERE up IS DISTINCT FROM score OR down IS DISTINCT FROM score) AS differ
FROM deal d, LATERAL (SELECT dqs(ltv, cac, days, retention, effort)) s(score),
     LATERAL (SELECT sum(contribution ORDER BY component), sum(contribution ORDER BY component DESC) FROM dqs_parts(ltv, cac, days, retention, effort)) p(up, down);
-- Money in another unit.
SELECT max(abs(dqs(ltv, cac, days, retention, effort) - dqs(ltv * 0.0123, cac * 0.0123, days, retention, effort))) <= 1e-9 AS same FROM deal;

-- Calibration: mid-ranks of few values are exact.
SELECT dqs_calibrate(v, 1, v, v / 10.0, v) FROM generate_series(1, 4) v;
SELECT dqs_calibrate(v, NULL, 7, NULL, NULL) FROM generate_series(1, 3) v;
SELECT dqs_calibrate(ltv, cac, days, retention, effort) AS empty FROM deal WHERE false;
SELECT dqs_calibrate(ltv, 0, NULL, NULL, NULL) AS nothing_known FROM deal;
-- Serial, parallel, shuffled, partitioned, out of states as text: the same bytes.
CREATE TABLE dqs_history AS
  SELECT i AS id, (abs(hashint4(i)) % 100003)::double precision AS ltv, (abs(hashint4(i + 1)) % 997)::numeric AS cac, abs(hashint4(i + 2)) % 400 AS days,
         CASE abs(hashint4(i + 3)) % 5 WHEN 0 THEN 0 WHEN 1 THEN 1 WHEN 2 THEN NULL ELSE (abs(hashint4(i + 4)) % 1001) / 1000.0 END AS retention,
         abs(hashint4(i + 5)) % 70 AS effort
  FROM generate_series(1, 20000) i;
ANALYZE dqs_history;
CREATE TEMP TABLE digest (how text, md5 text);
INSERT INTO digest SELECT 'serial', md5(dqs_scale_send(dqs_calibrate(ltv, cac, days, retention, effort))) FROM dqs_history;
INSERT INTO digest SELECT 'shuffled', md5(dqs_scale_send(dqs_calibrate(ltv, cac, days, retention, effort))) FROM (SELECT * FROM dqs_history ORDER BY hashint4(id)) h;
BEGIN;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT dqs_calibrate(ltv, cac, days, retention, effort) FROM dqs_history;
SELECT md5(dqs_scale_send(dqs_calibrate(ltv, cac, days, retention, effort))) AS parallel FROM dqs_history \gset
COMMIT;
INSERT INTO digest VALUES ('parallel', :'parallel');
CREATE AGGREGATE dqs_calibration_of(double precision, double precision, double precision, double precision, double precision)
  (SFUNC = dqs_calibrate_add, STYPE = dqs_calibration, COMBINEFUNC = dqs_calibrate_combine);
CREATE AGGREGATE dqs_calibration_merge(dqs_calibration) (SFUNC = dqs_calibrate_combine, STYPE = dqs_calibration);
INSERT INTO digest SELECT 'text', md5(dqs_scale_send(dqs_calibrate_final(dqs_calibration_merge(state::text::dqs_calibration ORDER BY part DESC))))
  FROM (SELECT id % 17 AS part, dqs_calibration_of(ltv, cac, days, retention, effort) AS state FROM dqs_history GROUP BY 1) p;
CREATE TABLE dqs_states AS SELECT id % 5 AS part, dqs_calibration_of(ltv, cac, days, retention, effort) AS state FROM dqs_history GROUP BY 1;
INSERT INTO digest SELECT 'stored', md5(dqs_scale_send(dqs_calibrate_final(dqs_calibration_merge(state)))) FROM dqs_states;
\copy dqs_states TO 'dqs_states.tmp' (FORMAT binary)
TRUNCATE dqs_states;
\copy dqs_states FROM 'dqs_states.tmp' (FORMAT binary)
\! rm -f dqs_states.tmp
INSERT INTO digest SELECT 'binary', md5(dqs_scale_send(dqs_calibrate_final(dqs_calibration_merge(state)))) FROM dqs_states;
SELECT count(*), count(DISTINCT md5) AS different FROM digest;
-- A stored state is not changed by adding to it (a small one is read where it lies in the buffer).
INSERT INTO dqs_states VALUES (99, dqs_calibrate_add(NULL, 3, 1, 30, 0.5, 10));
SELECT md5(string_agg(state::text, '' ORDER BY part)) AS before FROM dqs_states \gset
SELECT count(dqs_calibrate_add(state, 1, 1, 1, 1, 1)) FROM dqs_states;
SELECT md5(string_agg(state::text, '' ORDER BY part)) = :'before' AS unchanged FROM dqs_states;
SELECT state FROM dqs_states WHERE part = 99;
-- A running frame calibrates on what it has seen.
SELECT n, (dqs_calibrate(n, 1, NULL, NULL, NULL) OVER (ORDER BY n))::text::jsonb ->> 'ltv_cac' AS ltv_cac FROM generate_series(1, 3) n;
-- Of its own history the bands hold 30, 50 and 20 percent, and each component has the mean 50.
WITH c AS MATERIALIZED (SELECT dqs_calibrate(ltv, cac, days, retention, effort) AS scale FROM dqs_history),
     s AS (SELECT dqs(ltv, cac, days, retention, effort, scale => scale) AS score, scale FROM dqs_history, c)
SELECT dqs_band(score, scale) AS band, round(100.0 * count(*) / sum(count(*)) OVER (), -1) AS percent FROM s WHERE score IS NOT NULL GROUP BY 1 ORDER BY 1;
WITH c AS (SELECT dqs_calibrate(ltv, cac, days, retention, effort) AS scale FROM dqs_history)
SELECT part.component, round(avg(part.score)::numeric) AS mean FROM c, dqs_history, dqs_parts(ltv, cac, days, retention, effort, scale => scale) part GROUP BY 1 ORDER BY 1;
-- Many groups stay within work_mem, hashed or sorted.
BEGIN;
SET LOCAL work_mem = '1MB';
SET LOCAL max_parallel_workers_per_gather = 0;
SELECT count(s), count(DISTINCT md5(dqs_scale_send(s))) AS different
FROM (SELECT dqs_calibrate(ltv, cac, days, retention, effort) AS s FROM dqs_history, generate_series(1, 2) twice GROUP BY id % 10000) g;
SET LOCAL enable_sort = off;
SELECT count(s), count(DISTINCT md5(dqs_scale_send(s))) AS different
FROM (SELECT dqs_calibrate(ltv, cac, days, retention, effort) AS s FROM dqs_history, generate_series(1, 2) twice GROUP BY id % 10000) g;
COMMIT;
DROP AGGREGATE dqs_calibration_of(double precision, double precision, double precision, double precision, double precision);
DROP AGGREGATE dqs_calibration_merge(dqs_calibration);
DROP TABLE dqs_history, dqs_states;
