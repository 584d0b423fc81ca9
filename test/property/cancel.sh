# statement_timeout ends a long fit within 200 ms wherever it strikes, with nothing leaked or half saved; a request to log
# the backend's memory does not disturb one.
set -euo pipefail
psql -X -q -v ON_ERROR_STOP=1 <<'SQL'
CREATE TABLE long_deals AS
SELECT i AS deal_id, i * 7 % 9000 AS company_id, CASE WHEN i * 7919 % 1000 < (ARRAY[600, 300, 80])[g] THEN 'won' ELSE 'lost' END AS outcome,
       date '2024-01-01' + i % 365 AS closed_at, (ARRAY['wholesale', 'retail', 'software', 'other'])[1 + (g + i * 101 % 20 / 15) % 4] AS industry,
       (ARRAY[30, 120, 2])[g] + i * 13 % 40 AS employees, (i * 31 % 1000)::float8 * g AS revenue, 'r' || i * 17 % 12 AS region,
       i * 3 % 7 < g AS cloud, ARRAY['t' || i % 5, 't' || i % 7] AS tools, (i * 97 % 1009)::numeric / g AS spend
FROM generate_series(1, 60000) i CROSS JOIN LATERAL (SELECT 1 + i * 37 % 3 AS g) x;
SELECT model, version FROM icp_train('main', 'long_deals', '{"sample": 1000}');
CREATE TABLE timed (timeout integer, fit boolean, late double precision);
CREATE PROCEDURE cut(timeout integer, fit boolean) LANGUAGE plpgsql AS $$
DECLARE started timestamptz := clock_timestamp();
BEGIN
  BEGIN
    IF fit THEN
      PERFORM icp_train('main', 'long_deals', '{"sample": 60000}');
    ELSE
      PERFORM count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b;
    END IF;
    RAISE EXCEPTION 'the fit took less than % ms: it is not long', cut.timeout;
  EXCEPTION WHEN query_canceled THEN
    INSERT INTO timed VALUES (cut.timeout, fit, 1000 * extract(epoch FROM clock_timestamp() - started) - cut.timeout);
  END;
END $$;
SQL
# Each from a session of its own: a timeout counts from the start of its statement. Twice, since on a busy machine the
# backend itself waits for a processor: the earlier one counts, and a query of PostgreSQL's own that is cut off at the same
# time shows for how long. A timeout may even strike before the statement is well begun.
for timeout in 20 60 150 250 400 600 900 1300 20 60 150 250 400 600 900 1300; do
  for fit in true false; do
    psql -X -q -v ON_ERROR_STOP=1 -c "SET statement_timeout = $timeout" -c "CALL cut($timeout, $fit)" 2>cut.txt ||
      grep -q 'statement timeout' cut.txt || { cat cut.txt; exit 1; }
  done
done
# How far it is, once a second, for who asks.
psql -X -q -c 'SET statement_timeout = 2600' -c "SELECT model FROM icp_train('main', 'long_deals', '{\"sample\": 60000}')" 2>silent.txt || true
psql -X -q -c 'SET icp.progress = on' -c 'SET statement_timeout = 2600' -c "SELECT model FROM icp_train('main', 'long_deals', '{\"sample\": 60000}')" 2>told.txt || true
grep -q 'NOTICE' silent.txt && { cat silent.txt; exit 1; }
grep -qE '^NOTICE:  [a-z: ]+, [0-9]+ %$' told.txt || { cat told.txt; exit 1; }
[ "$(grep -c '^NOTICE' told.txt)" -le 2 ] || { cat told.txt; exit 1; }
rm -f cut.txt silent.txt told.txt
psql -X -q -c 'SELECT timeout, fit, round(late::numeric) AS late FROM timed ORDER BY 1, 2, 3'
[ "$(psql -X -q -A -t -c 'SELECT count(DISTINCT timeout) >= 6 FROM timed WHERE fit')" = t ] || { echo 'too few timeouts struck the fit'; exit 1; }
late=$(psql -X -q -A -t -c 'SELECT count(*) FROM (SELECT min(late) FILTER (WHERE fit) AS late, max(late) FILTER (WHERE NOT fit) AS machine FROM timed GROUP BY timeout) t WHERE late > 200 + greatest(machine, 0)')
[ "$late" -eq 0 ] || { echo 'a timeout came late'; exit 1; }
[ "$(psql -X -q -A -t -c 'SELECT count(*) FROM icp_models')" -eq 1 ] || { echo 'half saved'; exit 1; }

# The memory of one backend that is cut off again and again does not grow.
psql -X -q -A -t -v ON_ERROR_STOP=1 >memory.txt <<'SQL'
CREATE FUNCTION pg_temp.resident() RETURNS bigint LANGUAGE sql AS
  $$ SELECT (regexp_match(pg_read_file('/proc/' || pg_backend_pid() || '/status', 0, 4000, true), 'VmRSS:\s+(\d+)'))[1]::bigint $$;
SELECT 'SET statement_timeout = 400', 'CALL cut(400, true)', 'RESET statement_timeout', CASE WHEN i % 4 = 0 THEN 'SELECT pg_temp.resident()' END
FROM generate_series(1, 24) i \gexec
SQL
cat memory.txt
awk 'NF { if (++n == 2) first = $1; last = $1 } END { if (last == "" || last - first > 30000) { print "the backend grew from " first " to " last " kB"; exit 1 } }' memory.txt
rm -f memory.txt

query="SELECT md5(icp_model_send(icp_fit(d, '{\"sample\": 15000}'))) FROM long_deals d"
alone=$(psql -X -q -A -t -c "$query")
if [ "$(psql -X -q -A -t -c "SELECT count(*) FROM pg_proc WHERE proname = 'pg_log_backend_memory_contexts'")" -gt 0 ]; then
  PGAPPNAME=disturbed psql -X -q -A -t -c "$query" >disturbed.txt &
  disturbed=$!
  asked=0
  while kill -0 $disturbed 2>/dev/null; do
    n=$(psql -X -q -A -t -c "SELECT count(pg_log_backend_memory_contexts(pid)) FROM pg_stat_activity WHERE application_name = 'disturbed' AND state = 'active'")
    asked=$((asked + n))
    sleep 0.1
  done
  wait $disturbed
  [ "$asked" -gt 0 ] || { echo 'the fit was too short to be disturbed'; exit 1; }
  [ "$(cat disturbed.txt)" = "$alone" ] || { echo 'a request to log memory changed a model'; exit 1; }
  rm -f disturbed.txt
fi
