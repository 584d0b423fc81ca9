-- Expects the variable `module`: the built test/modules/bridge. Every mismatch raises an error.
\set ON_ERROR_STOP on
\set QUIET on
\o /dev/null
SET client_min_messages = warning;
CREATE FUNCTION bridge_row(record, text[]) RETURNS text LANGUAGE c STRICT STABLE AS :'module';
CREATE FUNCTION bridge_json(jsonb, text[]) RETURNS text LANGUAGE c STRICT STABLE AS :'module';
CREATE FUNCTION bridge_read(record, text[]) RETURNS int LANGUAGE c STRICT STABLE PARALLEL SAFE AS :'module';
CREATE FUNCTION bridge_read_json(jsonb, text[]) RETURNS int LANGUAGE c STRICT STABLE PARALLEL SAFE AS :'module';
CREATE FUNCTION bridge_noop(record, text[]) RETURNS int LANGUAGE c STRICT STABLE PARALLEL SAFE AS :'module';
CREATE FUNCTION bridge_numeric(numeric) RETURNS float8 LANGUAGE c STRICT STABLE AS :'module';
CREATE FUNCTION bridge_fail(text) RETURNS text LANGUAGE c STRICT AS :'module';
CREATE FUNCTION bridge_alive() RETURNS int LANGUAGE c STRICT AS :'module';
CREATE FUNCTION bridge_spin(int) RETURNS bigint LANGUAGE c STRICT AS :'module';
CREATE FUNCTION bridge_zone(text, bigint) RETURNS bigint LANGUAGE c STRICT AS :'module';
CREATE FUNCTION bridge_options(jsonb) RETURNS text LANGUAGE c STRICT AS :'module';
CREATE FUNCTION bridge_jsonb(text) RETURNS jsonb LANGUAGE c STRICT AS :'module';
CREATE FUNCTION bridge_memory() RETURNS bigint LANGUAGE c STRICT AS :'module';

CREATE TYPE bridge_tally;
CREATE FUNCTION bridge_tally_in(cstring) RETURNS bridge_tally LANGUAGE c STRICT IMMUTABLE PARALLEL SAFE AS :'module';
CREATE FUNCTION bridge_tally_out(bridge_tally) RETURNS cstring LANGUAGE c STRICT IMMUTABLE PARALLEL SAFE AS :'module';
CREATE FUNCTION bridge_tally_recv(internal) RETURNS bridge_tally LANGUAGE c STRICT IMMUTABLE PARALLEL SAFE AS :'module';
CREATE FUNCTION bridge_tally_send(bridge_tally) RETURNS bytea LANGUAGE c STRICT IMMUTABLE PARALLEL SAFE AS :'module';
CREATE TYPE bridge_tally (INPUT = bridge_tally_in, OUTPUT = bridge_tally_out, RECEIVE = bridge_tally_recv, SEND = bridge_tally_send, STORAGE = extended);
CREATE FUNCTION bridge_tally_step(bridge_tally, text) RETURNS bridge_tally LANGUAGE c PARALLEL SAFE AS :'module';
CREATE FUNCTION bridge_tally_combine(bridge_tally, bridge_tally) RETURNS bridge_tally LANGUAGE c PARALLEL SAFE AS :'module';
CREATE FUNCTION bridge_tally_total(bridge_tally) RETURNS bigint LANGUAGE c STRICT PARALLEL SAFE AS :'module';
CREATE AGGREGATE bridge_tally_agg(text) (SFUNC = bridge_tally_step, STYPE = bridge_tally, COMBINEFUNC = bridge_tally_combine, PARALLEL = SAFE, FINALFUNC_MODIFY = READ_ONLY);
CREATE AGGREGATE bridge_count(text) (SFUNC = bridge_tally_step, STYPE = bridge_tally, COMBINEFUNC = bridge_tally_combine, FINALFUNC = bridge_tally_total, PARALLEL = SAFE, FINALFUNC_MODIFY = READ_ONLY);
CREATE TYPE bridge_heap;
CREATE FUNCTION bridge_heap_in(cstring) RETURNS bridge_heap LANGUAGE c STRICT IMMUTABLE PARALLEL SAFE AS :'module';
CREATE FUNCTION bridge_heap_out(bridge_heap) RETURNS cstring LANGUAGE c STRICT IMMUTABLE PARALLEL SAFE AS :'module';
CREATE FUNCTION bridge_heap_recv(internal) RETURNS bridge_heap LANGUAGE c STRICT IMMUTABLE PARALLEL SAFE AS :'module';
CREATE FUNCTION bridge_heap_send(bridge_heap) RETURNS bytea LANGUAGE c STRICT IMMUTABLE PARALLEL SAFE AS :'module';
CREATE TYPE bridge_heap (INPUT = bridge_heap_in, OUTPUT = bridge_heap_out, RECEIVE = bridge_heap_recv, SEND = bridge_heap_send, STORAGE = extended);
CREATE FUNCTION bridge_heap_step(bridge_heap, float8) RETURNS bridge_heap LANGUAGE c PARALLEL SAFE AS :'module';
CREATE FUNCTION bridge_heap_combine(bridge_heap, bridge_heap) RETURNS bridge_heap LANGUAGE c PARALLEL SAFE AS :'module';
CREATE FUNCTION bridge_heap_total(bridge_heap) RETURNS float8 LANGUAGE c STRICT PARALLEL SAFE AS :'module';
CREATE AGGREGATE bridge_sum(float8) (SFUNC = bridge_heap_step, STYPE = bridge_heap, COMBINEFUNC = bridge_heap_combine, FINALFUNC = bridge_heap_total, PARALLEL = SAFE, FINALFUNC_MODIFY = READ_ONLY);
CREATE AGGREGATE bridge_collect(float8) (SFUNC = bridge_heap_step, STYPE = bridge_heap, COMBINEFUNC = bridge_heap_combine, PARALLEL = SAFE, FINALFUNC_MODIFY = READ_ONLY);

CREATE FUNCTION same(what text, got text, expected text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF got IS DISTINCT FROM expected THEN RAISE EXCEPTION '%: got %, expected %', what, got, expected; END IF;
END $$;
-- What an error says, as STATE message|detail|hint.
CREATE FUNCTION error_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE m text; d text; h text; s text;
BEGIN
  EXECUTE statement;
  RETURN 'none';
EXCEPTION WHEN OTHERS OR query_canceled THEN
  GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT, s = RETURNED_SQLSTATE;
  RETURN s || ' ' || m || '|' || d || '|' || h;
END $$;

-- Errors keep their code, message, detail and hint; nothing is left alive.
SELECT same('error', error_of($$SELECT bridge_fail('error')$$), '42703 no such column|A detail.|A hint: é.');
SELECT same('bad_alloc', error_of($$SELECT bridge_fail('bad_alloc')$$), '53200 out of memory||');
SELECT same('length', left(error_of($$SELECT bridge_fail('length')$$), 38), '54000 a value is too large for memory|');
SELECT same('runtime', error_of($$SELECT bridge_fail('runtime')$$), 'XX000 unexpected error in icp|something|');
SELECT same('int', error_of($$SELECT bridge_fail('int')$$), 'XX000 unexpected error in icp||');
SELECT same('cancelled', error_of($$SELECT bridge_fail('cancelled')$$), '57014 canceling statement due to user request||');
SELECT same('postgres', error_of($$SELECT bridge_fail('postgres')$$), '22012 from below|d|h');
SELECT same('thrown', error_of($$SELECT bridge_fail('thrown')$$), '21000 thrown inside||');
SELECT same('big', error_of($$SELECT bridge_fail('big')$$), '53200 out of memory||');
SELECT same('long', length(error_of($$SELECT bridge_fail('long')$$))::text, (6 + 1023 + 1 + 4095 + 1 + 2047)::text);
SELECT same('none', error_of($$SELECT bridge_fail('none')$$), 'none');
SELECT same('warn', error_of($$SET client_min_messages = error; SELECT bridge_fail('warn')$$), 'none');
SET client_min_messages = warning;
SELECT same('alive', bridge_alive()::text, '0');

-- Memory stays flat over 100,000 errors of each kind.
DO $$
DECLARE kind text; before bigint; after bigint;
BEGIN
  FOREACH kind IN ARRAY ARRAY['error', 'postgres', 'runtime', 'length'] LOOP
    FOR round IN 1..2 LOOP
      before := bridge_memory();
      FOR i IN 1..(CASE round WHEN 1 THEN 1000 ELSE 100000 END) LOOP
        BEGIN
          PERFORM bridge_fail(kind);
        EXCEPTION WHEN OTHERS THEN NULL;
        END;
      END LOOP;
      after := bridge_memory();
    END LOOP;
    IF after - before > 2000 THEN RAISE EXCEPTION '100,000 errors of kind % took % kB', kind, after - before; END IF;
  END LOOP;
END $$;
SELECT same('alive', bridge_alive()::text, '0');

-- A timeout ends a computation at once; nothing stays alive.
CREATE FUNCTION timed(statement text, most interval) RETURNS text LANGUAGE plpgsql AS $$
DECLARE started timestamptz := clock_timestamp(); r text;
BEGIN
  r := error_of(statement);
  IF clock_timestamp() - started > most THEN RETURN 'too late: ' || (clock_timestamp() - started); END IF;
  RETURN r;
END $$;
SET statement_timeout = '300ms';
SELECT timed('SELECT bridge_spin(10000)', '500ms') AS timeout \gset
RESET statement_timeout;
SELECT same('timeout', :'timeout', '57014 canceling statement due to statement timeout||');
SELECT same('alive', bridge_alive()::text, '0');

-- Numerics as the cast gives them, bit for bit: random digits, points, signs and lengths, stored (short headers) and not.
CREATE TEMP TABLE numerics AS
SELECT n FROM (
  SELECT setseed(0.5), 0 AS g
  UNION ALL SELECT NULL, g FROM generate_series(1, 1500000) g) s,
  LATERAL (SELECT 1 + floor(random() * CASE WHEN random() < 0.8 THEN 17 ELSE 40 END)::int AS digits, g) d,
  LATERAL (SELECT floor(random() * (digits + 10))::int - 3 AS point, trunc((random() * 1e18)::numeric) AS a, trunc((random() * 1e18)::numeric) AS b,
    trunc((random() * 1e18)::numeric) AS c, random() < 0.5 AS negative, digits AS dd) r,
  LATERAL (SELECT left(a::text || b::text || c::text, dd) AS t) x,
  LATERAL (SELECT (CASE WHEN negative THEN '-' ELSE '' END || CASE WHEN point <= 0 THEN '0.' || repeat('0', -point) || t
    WHEN point >= length(t) THEN t || repeat('0', point - length(t)) ELSE left(t, point) || '.' || substr(t, point + 1) END)::numeric AS n) y;
INSERT INTO numerics SELECT round((random() * 1e6)::numeric, (random() * 6)::int) FROM generate_series(1, 500000);
INSERT INTO numerics VALUES (0), (-0.0), (1), (-1), (9007199254740992), (9007199254740993), (9007199254740991), (0.1), (1e22), (1e23), (1e-22), (1e-23),
  (123456789012345678901234567890), (1e308), (1.7976931348623157e308), (4.9e-324), (2.2250738585072011e-308), (1e-300), (0.000000000000000000000000000001),
  (99999999999999990000), (9007199254740993e15), (1234567890123450000000000000000000000);
DO $$
DECLARE wrong bigint; seen bigint; example numeric;
BEGIN
  SELECT count(*) FILTER (WHERE float8send(bridge_numeric(n)) IS DISTINCT FROM float8send(n::float8)), count(*),
    min(n) FILTER (WHERE float8send(bridge_numeric(n)) IS DISTINCT FROM float8send(n::float8)) INTO wrong, seen, example FROM numerics;
  IF wrong > 0 OR seen < 2000000 THEN RAISE EXCEPTION '% of % numerics differ, as %', wrong, seen, example; END IF;
END $$;
SELECT same('not a number', concat(bridge_numeric('NaN'), bridge_numeric('Infinity'), bridge_numeric('-Infinity'), bridge_numeric('1e400')), '');
SELECT same('tiny', bridge_numeric('1e-400')::text, '0');

-- Rows. One of each type, as a record and as jsonb.
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE DOMAIN posint AS int CHECK (VALUE > 0);
CREATE DOMAIN label AS varchar(20);
CREATE TABLE everything (i2 smallint, i4 int, gone text, i8 bigint, f4 real, f8 float8, n numeric(12,2), m money, b boolean, t text, v varchar(10), c char(6),
  na name, e mood, p posint, l label, ta text[], va varchar(5)[], ea mood[], ia int[], d date, ts timestamp, tz timestamptz, j jsonb, u uuid, by bytea, tm time);
ALTER TABLE everything DROP COLUMN gone;
INSERT INTO everything VALUES (1, 2, 3, 0.1, 0.25, 12.50, 5, true, 'tëxt', 'var', 'pad', 'name', 'happy', 7, 'lab', '{a,NULL,"b c"}', '{x}', '{sad,happy}', '{1,2}',
  '2000-01-02', '2000-01-01 00:00:01', '2000-01-01 00:00:02+00', '{"a":1}', '00000000-0000-4000-8000-00000000000a', '\x00', '12:00');
INSERT INTO everything (i2) VALUES (NULL);
INSERT INTO everything VALUES (-1, -2, -3, 'NaN', 'Infinity', 'NaN', NULL, false, '', '', '', '', 'sad', NULL, NULL, '{}', NULL, NULL, NULL, 'infinity', '-infinity', 'infinity', NULL, NULL, NULL, NULL);
SELECT same('record', (SELECT bridge_row(r, '{*}') FROM everything r WHERE i2 = 1),
  'i2=number:1 i4=number:2 i8=number:3 f4=number:0.1 f8=number:0.25 n=number:12.5 m=other b=true t=text:tëxt v=text:var c=text:pad na=text:name e=text:happy p=number:7 l=text:lab ta=set:[a][b c] va=set:[x] ea=set:[sad][happy] ia=other d=moment:86400000000L ts=moment:1000000L tz=moment:2000000 j=other u=text:00000000-0000-4000-8000-00000000000a by=other tm=other');
SELECT same('edge', (SELECT bridge_row(r, '{f4,f8,n,t,c,ta,d,ts,tz,e,nosuch}') FROM everything r WHERE i2 = -1),
  'f4=missing f8=missing n=missing t=text: c=text: ta=set: d=missing ts=missing tz=missing e=text:sad nosuch=absent');
SELECT same('nulls', (SELECT bridge_row(r, '{f4,ta,tm}') FROM everything r WHERE i2 IS NULL), 'f4=missing ta=missing tm=missing');
SELECT same('jsonb', (SELECT bridge_json(to_jsonb(r), '{f4,f8,n,b,t,v,na,e,p,l,ta,ea,j,i4,nosuch}') FROM everything r WHERE i2 = 1),
  'f4=number:0.1 f8=number:0.25 n=number:12.5 b=true t=text:tëxt v=text:var na=text:name e=text:happy p=number:7 l=text:lab ta=set:[a][b c] ea=set:[sad][happy] j=other i4=number:2 nosuch=absent');
SELECT same('jsonb kinds', bridge_json('{"b":null,"a":[1,2.50,true,"x",null],"c":[[1]],"d":[],"e":[{}],"longer key":"1","z":false}', '{*}'),
  'a=set:[1][2.50][true][x] b=missing c=other d=set: e=other z=false longer key=text:1');
SELECT same('jsonb empty', bridge_json('{}', '{a,b}'), 'a=absent b=absent');
SELECT same('jsonb not an object', error_of($$SELECT bridge_json('[1]', '{a}')$$), '42804 the row must be a JSON object|It is a JSON array.|');
SELECT same('jsonb not an object', error_of($$SELECT bridge_json('1', '{a}')$$), '42804 the row must be a JSON object|It is a JSON scalar.|');
SELECT same('anonymous', bridge_row(ROW(1, 'x'::text), '{f1,f2,f3}'), 'f1=number:1 f2=text:x f3=absent');
SELECT same('subselect', (SELECT bridge_row(s, '{b,a}') FROM (SELECT 1 AS a, 'y'::text AS b) s), 'b=text:y a=number:1');
SELECT same('duplicate', error_of($$SELECT bridge_row(s, '{a}') FROM (SELECT 1 AS a, 2 AS a) s$$),
  '42701 column "a" appears more than once in the row||Give each column its own name.');
SELECT same('duplicate unread', (SELECT bridge_row(s, '{b}') FROM (SELECT 1 AS a, 2 AS a, 3 AS b) s), 'b=number:3');
SELECT same('duplicate of all', left(error_of($$SELECT bridge_row(s, '{*}') FROM (SELECT 1 AS a, 2 AS a, 3 AS b) s$$), 5), '42701');
SELECT same('identity', (SELECT bridge_row(r, '{#i4,#n,#b,#t,#d,#tz,#ts,#u,#f4,#by,#ta}') FROM everything r WHERE i2 = 1),
  'i4=text:2 n=text:12.50 b=text:true t=text:tëxt d=text:2000-01-02 tz=text:2000-01-01T00:00:02+00:00 ts=text:2000-01-01T00:00:01 u=text:00000000-0000-4000-8000-00000000000a f4=text:0.1 by=text:\x00 ta=text:{a,NULL,"b c"}');
SELECT same('identity of jsonb', (SELECT bridge_json(to_jsonb(r), '{#i4,#n,#b,#t}') FROM everything r WHERE i2 = 1), 'i4=text:2 n=text:12.50 b=text:true t=text:tëxt');
SELECT same('identity beyond doubles', (SELECT bridge_row(s, '{#a}') || ' ' || bridge_json(to_jsonb(s), '{#a}') FROM (SELECT 1234567890123456789 AS a) s),
  'a=text:1234567890123456789 a=text:1234567890123456789');
-- Types that change from row to row.
SELECT same('unlike rows', (SELECT string_agg(bridge_row(r, '{f1,f2}'), '; ' ORDER BY n) FROM (VALUES (1, ROW(1)), (2, ROW('x'::text, 2)), (3, ROW(3))) v(n, r)),
  'f1=number:1 f2=absent; f1=text:x f2=number:2; f1=number:3 f2=absent');
-- Columns added with a default after the row was stored; an altered type within one transaction and one call site.
CREATE TABLE growing (a int);
INSERT INTO growing VALUES (1);
ALTER TABLE growing ADD COLUMN b text DEFAULT 'default', ADD COLUMN c numeric DEFAULT 2.5, ADD COLUMN d int;
SELECT same('missing attributes', (SELECT bridge_row(g, '{a,b,c,d}') FROM growing g), 'a=number:1 b=text:default c=number:2.5 d=missing');
DO $$
DECLARE g record; r text := '';
BEGIN
  FOR i IN 1..3 LOOP
    EXECUTE 'SELECT * FROM growing' INTO g;
    r := r || bridge_row(g, '{a,b,x}') || '; ';
    IF i = 1 THEN ALTER TABLE growing ADD COLUMN x int DEFAULT 9; END IF;
    IF i = 2 THEN ALTER TABLE growing DROP COLUMN b; END IF;
  END LOOP;
  PERFORM same('altered', r, 'a=number:1 b=text:default x=absent; a=number:1 b=text:default x=number:9; a=number:1 b=absent x=number:9; ');
END $$;
CREATE FUNCTION label_now(r record) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN bridge_row(r, '{e}'); END $$;
DO $$
DECLARE g everything; r text := '';
BEGIN
  SELECT * INTO g FROM everything WHERE i2 = 1;
  r := label_now(g);
  ALTER TYPE mood RENAME VALUE 'happy' TO 'glad';
  r := r || ' ' || label_now(g);
  PERFORM same('renamed enum', r, 'e=text:happy e=text:glad');
END $$;
-- Long values: compressed, out of line, in arrays and in jsonb.
CREATE TABLE long (k int, t text, a text[], j jsonb, n numeric);
ALTER TABLE long ALTER COLUMN j SET STORAGE external;
ALTER TABLE long ALTER COLUMN a SET STORAGE external;
INSERT INTO long SELECT 1, string_agg(md5(g::text), ''), array_agg(md5(g::text)), jsonb_build_object('x', string_agg(md5(g::text), ''), 'y', 1), repeat('123', 400)::numeric FROM generate_series(1, 1000) g;
INSERT INTO long VALUES (2, repeat('x', 100000), array_fill('y'::text, ARRAY[1000]), '{"x":"s"}', 1);
SELECT same('long', (SELECT string_agg(md5(bridge_row(l, '{*}')), ' ' ORDER BY k) FROM long l),
  (SELECT string_agg(md5(format('k=number:%s t=text:%s a=set:[%s] j=other n=%s', k, t, array_to_string(a, ']['), CASE k WHEN 2 THEN 'number:1' ELSE 'missing' END)), ' ' ORDER BY k) FROM long));
SELECT same('long jsonb', (SELECT string_agg(md5(bridge_json(j, '{x}')), ' ' ORDER BY k) FROM long), (SELECT string_agg(md5('x=text:' || (j->>'x')), ' ' ORDER BY k) FROM long));
CREATE TABLE nested (k int, e everything);
INSERT INTO nested SELECT 1, r FROM everything r WHERE i2 = 1;
SELECT same('stored composite', (SELECT bridge_row(e, '{i4,t}') FROM nested), 'i4=number:2 t=text:tëxt');

-- Options and zones.
SELECT same('options', bridge_options('{"a": [1, "é"], "b": {"c": null}}'), '{"a": [1, "é"], "b": {"c": null}}');
SELECT same('jsonb', bridge_jsonb('{"b":1,"a":2.50}')::text, '{"a": 2.50, "b": 1}');
SELECT same('not jsonb', left(error_of($$SELECT bridge_jsonb('{')$$), 5), '22P02');
SELECT same('zone', error_of($$SELECT bridge_zone('Mars/Olympus', 0)$$), '22023 time zone "Mars/Olympus" is not known||The view pg_timezone_names lists the names.');
DO $$
DECLARE zone text; wrong bigint;
BEGIN
  FOREACH zone IN ARRAY ARRAY['UTC', 'Europe/Moscow', 'America/New_York', 'australia/lord_howe', 'Asia/Kathmandu'] LOOP
    PERFORM set_config('timezone', zone, true);
    SELECT count(*) INTO wrong FROM (SELECT timestamp '1990-01-01' + g * interval '37 minutes 1.234567 seconds' AS local FROM generate_series(1, 300000, 7) g) s
    WHERE timestamptz '2000-01-01 00:00:00+00' + bridge_zone(zone, (extract(epoch FROM local - timestamp '2000-01-01') * 1000000)::bigint) * interval '1 microsecond'
      IS DISTINCT FROM local AT TIME ZONE zone;
    IF wrong > 0 THEN RAISE EXCEPTION '% differs % times', zone, wrong; END IF;
  END LOOP;
END $$;

-- Stored types: lossless text and binary; states in aggregates, windows, parallel plans and tables; called directly.
SELECT same('type', '{"version":1,"counts":[["a",2],["b",1]]}'::bridge_tally::text, '{"version":1,"counts":[["a",2],["b",1]]}');
SELECT same('type', error_of($$SELECT '{"version":2,"counts":[]}'::bridge_tally$$), '22P02 invalid input syntax for type bridge_tally|its version is not one that this release reads|');
SELECT same('type', left(error_of($$SELECT 'x'::bridge_tally$$), 5), '22P02');
SELECT same('aggregate', (SELECT bridge_tally_agg(x)::text FROM unnest('{a,b,a}'::text[]) x), '{"version":1,"counts":[["a",2],["b",1]]}');
SELECT same('aggregate of none', (SELECT bridge_tally_agg(x)::text FROM unnest('{}'::text[]) x), NULL);
SELECT same('direct', bridge_tally_step(bridge_tally_step(NULL, 'x'), 'x')::text, '{"version":1,"counts":[["x",2]]}');
CREATE TABLE kept AS SELECT g % 3 AS g, bridge_tally_agg((g % 5)::text) AS t, bridge_collect(g) AS h FROM generate_series(1, 1000) g GROUP BY 1;
SELECT same('direct on a stored one', (SELECT string_agg(bridge_tally_total(bridge_tally_step(t, 'new'))::text, ' ' ORDER BY g) FROM kept), '334 335 334');
SELECT same('stored one unchanged', (SELECT string_agg(bridge_tally_total(t)::text, ' ' ORDER BY g) FROM kept), '333 334 333');
DO $$
DECLARE t bridge_tally; u bridge_tally;
BEGIN
  SELECT bridge_tally_agg(x) INTO t FROM unnest('{a,b,a}'::text[]) x;
  u := bridge_tally_step(t, 'c');
  PERFORM same('variable', bridge_tally_total(t) || ' ' || bridge_tally_total(u), '3 4');
END $$;
SELECT same('window', (SELECT string_agg(n::text, ' ') FROM (SELECT bridge_count(g::text) OVER (ORDER BY g) AS n FROM generate_series(1, 6) g) s), '1 2 3 4 5 6');
SELECT same('window frame', (SELECT string_agg(n::text, ' ') FROM (SELECT bridge_sum(g) OVER (ORDER BY g ROWS 1 PRECEDING) AS n FROM generate_series(1, 6) g) s), '1 3 5 7 9 11');
SELECT same('shared state', (SELECT bridge_sum(g) || ' ' || length(bridge_collect(g)::text) || ' ' || bridge_sum(g) FROM generate_series(1, 3) g), '6 32 6');
SELECT same('restored', (SELECT bool_and(h::text::bridge_heap::text = h::text)::text FROM kept), 'true');
CREATE TABLE numbers AS SELECT g::float8 AS x FROM generate_series(1, 400000) g;
ANALYZE numbers;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
CREATE FUNCTION plan_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; r text := '';
BEGIN
  FOR line IN EXECUTE 'EXPLAIN ' || statement LOOP r := r || line || E'\n'; END LOOP;
  RETURN r;
END $$;
SELECT same('parallel plan', (plan_of('SELECT bridge_sum(x) FROM numbers') ~ 'Partial Aggregate')::text, 'true');
SELECT same('parallel', (SELECT bridge_sum(x)::text FROM numbers), '80000200000');
SELECT same('parallel', (SELECT bridge_count((x::bigint % 10)::text)::text FROM numbers), '400000');
RESET ALL;
SELECT same('alive', (bridge_alive() <= 1)::text, 'true');
\o
SELECT 'passed' AS bridge;
