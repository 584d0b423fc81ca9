-- The rows of bench/rules.sh: `rows` of twenty mixed attributes, two of which and a range go with winning. Hashes of
-- numbers only: the same on every run.
CREATE FUNCTION pg_temp.u(key bigint) RETURNS float8 LANGUAGE sql IMMUTABLE AS
  $$SELECT (hashtextextended(key::text, 7) & 4503599627370495)::float8 / 4503599627370496.0$$;
SELECT format('CREATE TABLE mixed AS SELECT x.*, pg_temp.u(100 * i + 30) < .3 * (1 + (c1 = ''b'' AND b1 AND n1 >= 20 AND n1 < 50)::int) AS won FROM generate_series(1, %s) i CROSS JOIN LATERAL (SELECT %s) x',
  :rows, string_agg(CASE
    WHEN k <= 8 THEN format('100 * pg_temp.u(100 * i + %s) AS n%s', k, k)
    WHEN k <= 16 THEN format('chr(97 + floor(%s * pg_temp.u(100 * i + %s))::int) AS c%s', 3 + k % 5, k, k - 8)
    ELSE format('pg_temp.u(100 * i + %s) < .5 AS b%s', k, k - 16) END, ', ' ORDER BY k))
FROM generate_series(1, 20) k \gexec
