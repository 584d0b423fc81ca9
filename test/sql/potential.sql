-- The client potential matrix.
\pset null '(null)'
CREATE FUNCTION pg_temp.error_of(statement text, OUT state text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END $$;

-- Both bounds belong to medium, in decimals and in doubles.
SELECT potential, potential_cell(potential, 0) AS exact, potential_cell(potential::double precision, 0) AS double
FROM (VALUES (49999.99), (50000), (500000), (500000.01)) v(potential);
SELECT potential_cell(49999.99999999999999999999, 0) AS exact_low, potential_cell(500000.00000000000000000001, 0) AS exact_high;
-- Nothing bought, a part, all of it.
SELECT purchases, potential_cell(100, purchases) AS exact, potential_cell(100::double precision, purchases) AS double
FROM (VALUES (-5), (0), (0.01), (99.99), (100), (250)) v(purchases);
SELECT potential_cell(3.0, 0.3, reached_from => 0.1) AS a_tenth, potential_cell(600000.0, 569999.99, reached_from => 0.95) AS almost,
       potential_cell(600000.0, 570000, reached_from => 0.95) AS reached, potential_cell(10, 1, 10, 10) AS one_point, potential_cell(5.5, 1, low => 5, high => 5.4) AS own_bounds;
-- All nine, in their order.
SELECT cell, potential_cell_number(cell) AS number, potential_cell_title(cell) AS title, potential_cell_strategy(cell) AS strategy
FROM (SELECT DISTINCT potential_cell(potential, potential * progress) AS cell FROM (VALUES (10.0), (1e5), (1e6)) p(potential), (VALUES (0), (0.5), (1)) q(progress)) c ORDER BY cell;
SELECT cell, potential_cell_title(cell, 'ru') AS title, potential_cell_strategy(cell, language => 'RU') AS strategy
FROM unnest(enum_range(NULL::potential_cell_name)) cell ORDER BY cell DESC;
SELECT bool_and(potential_cell_number(cell) = position) AS numbers FROM unnest(enum_range(NULL::potential_cell_name)) WITH ORDINALITY u(cell, position);
-- No potential, no place.
SELECT potential_cell(0, 5) AS zero, potential_cell(0.0, 5) AS zero_exact, potential_cell(NULL, 5), potential_cell(5, NULL), potential_cell(5, 5, NULL), potential_cell(-5, NULL),
       potential_cell_number(NULL), potential_cell_title(NULL), potential_cell_strategy('vip', NULL);

-- Resolution: numbers of every type, mixed; NULL, unknown literals, parameters.
SELECT potential_cell(1::int, 1::int), potential_cell(1::bigint, 1.0), potential_cell(1::real, 1), potential_cell(1.5, 1::smallint), potential_cell(1::double precision, 1.5),
       potential_cell('100', '50'), potential_cell(NULL, NULL), potential_cell('6e5', 0.5);
SELECT pg_typeof(potential_cell(1.5, 1)), potential_cell(potential => 60000, purchases => 1, high => 70000.5);
PREPARE p AS SELECT potential_cell($1, $2);
EXECUTE p(50000, '1.5');
DEALLOCATE p;
PREPARE p AS SELECT potential_cell($1::numeric, $2, $3), potential_cell_title($4), potential_cell_strategy($4, $5), potential_cell_number($4);
EXECUTE p(5, 5, 1, 'key', 'ru');
DEALLOCATE p;
SELECT potential_cell_number('vip'), potential_cell_title('vip'), potential_cell_strategy('vip');
-- Not one argument, and no silent cast.
SELECT e.state, e.message FROM pg_temp.error_of('SELECT potential_cell(''vip''::text)') e;
SELECT e.state, e.message FROM pg_temp.error_of('SELECT potential_cell(60000)') e;

-- Each wrong argument is one clear error, of both functions.
SELECT statement, e.* FROM (VALUES
  (1, '-1, 0'), (2, '1, 0, low => -1'), (3, '1, 0, low => 5, high => 4.5'), (4, '1, 0, reached_from => 0'), (5, '1, 0, reached_from => 1.01'),
  (6, '''NaN''::numeric, 0'), (7, '1, ''NaN''::numeric'), (8, '1::double precision, ''Infinity'''), (9, '1::double precision, 0, high => ''NaN'''),
  (10, '-0.01::double precision, 0'), (11, '1::double precision, 0, 5, 4'), (12, '1::double precision, 0, reached_from => -1'), (13, '''a'', 0'), (14, 'true, 0')
) v(id, arguments), LATERAL (SELECT format('SELECT potential_cell(%s)', arguments)) s(statement), pg_temp.error_of(statement) e ORDER BY id;
SELECT e.* FROM (VALUES (1, 'SELECT potential_cell_title(''vip'', ''de'')'), (2, 'SELECT potential_cell_strategy(''vip'', '''')'), (3, 'SELECT potential_cell_number(''gold'')')) v(id, s), pg_temp.error_of(s) e ORDER BY id;

-- The same, written plainly in SQL.
WITH client AS (
  SELECT p AS potential, b AS bought, low, high, reached
  FROM unnest('{0,0.01,9.99,10,10.01,50,99.99,100,100.01,1000}'::numeric[]) p, unnest('{-1,0,0.01,5,9,10,50,99,100,2000}'::numeric[]) b,
       (VALUES (10.0, 100.0), (100, 100), (0, 1)) x(low, high), unnest('{0.5,0.9,1}'::numeric[]) reached),
placed AS (
  SELECT *, CASE WHEN potential = 0 THEN NULL ELSE
      CASE WHEN potential < low THEN 0 WHEN potential > high THEN 6 ELSE 3 END
      + CASE WHEN bought <= 0 THEN 1 WHEN bought / potential < reached THEN 2 ELSE 3 END END AS number
  FROM client)
SELECT count(*), count(*) FILTER (WHERE potential_cell_number(potential_cell(potential, bought, low, high, reached)) IS DISTINCT FROM number) AS exact_differs,
       count(*) FILTER (WHERE potential_cell_number(potential_cell(potential::double precision, bought, low, high, reached)) IS DISTINCT FROM number) AS double_differs
FROM placed;
