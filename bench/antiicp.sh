#!/usr/bin/env bash
# How often anti-ICP confirms a black hole where nothing tells one segment from another: generated deals with company effects
# at win rates around the limit, and the demo's CRM with outcomes shuffled among companies. It should be at most 1 in 20.
#   bench/antiicp.sh [RUNS]     generated sets of each kind (default 100)
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/server.sh"
runs=${1:-100}
server_build with_llvm=no >/dev/null
trap 'server_stop bench' EXIT
server_start bench
server_env bench
psql -X -q -c 'CREATE EXTENSION icp' -f "$top/demo/crm.sql"
psql -X -q -v ON_ERROR_STOP=1 -v runs="$runs" <<'SQL'
CREATE FUNCTION pg_temp.u(key text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
  $$SELECT (hashtextextended(key, 7) & 4503599627370495)::float8 / 4503599627370496.0$$;
CREATE FUNCTION pg_temp.n(key text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
  $$SELECT sqrt(-2 * ln(1 - pg_temp.u(key || '/r'))) * cos(2 * pi() * pg_temp.u(key || '/a'))$$;
-- 150 companies × 4 deals, five attributes of five categories each and a number, that say nothing of the outcome.
CREATE FUNCTION pg_temp.holes(base float8, sd float8, run int) RETURNS boolean LANGUAGE sql AS $$
SELECT EXISTS (SELECT FROM icp_anti_icp((SELECT icp_fit(d, '{"k": 1}') FROM (
  SELECT c * 10 + i AS deal_id, c AS company_id, pg_temp.u(run || 'w' || c || '/' || i) < 1 / (1 + exp(-(ln(base / (1 - base)) + sd * pg_temp.n(run || 'e' || c)))) AS outcome, 20 AS hours,
         'a' || floor(5 * pg_temp.u(run || 'a' || c)) AS a1, 'b' || floor(5 * pg_temp.u(run || 'b' || c)) AS a2, 'c' || floor(5 * pg_temp.u(run || 'c' || c)) AS a3,
         'd' || floor(5 * pg_temp.u(run || 'd' || c)) AS a4, 'e' || floor(5 * pg_temp.u(run || 'f' || c || i)) AS a5, floor(100 * pg_temp.u(run || 'g' || c)) AS size
  FROM generate_series(1, 150) c, generate_series(1, 4) i) d)) WHERE verdict = 'black_hole')
$$;
\qecho generated sets: runs with a confirmed black hole
SELECT base, sd, count(*) FILTER (WHERE pg_temp.holes(base, sd, run)) AS confirmed, :runs AS runs
FROM (VALUES (.06, 0.5), (.1, 0.5), (.12, 1), (.15, 0.5), (.25, 1)) t (base, sd), generate_series(1, :runs) run GROUP BY 1, 2 ORDER BY 1;
\qecho the demo with outcomes shuffled among companies
CREATE TEMP TABLE deals AS SELECT * FROM icp_deals WHERE outcome IN ('Won', 'Lost');
CREATE FUNCTION pg_temp.shuffled(run int) RETURNS boolean LANGUAGE sql AS $$
SELECT EXISTS (SELECT FROM icp_anti_icp((SELECT icp_fit(s, '{"k": 1}') FROM (
  SELECT d.deal_id, d.company_id, d.first_contact_at, d.hours, d.industry, d.employees, d.region, d.source, d.decision_maker, d.business_line, w.outcome
  FROM (SELECT *, row_number() OVER (ORDER BY company_id, deal_id) AS place FROM deals) d
  JOIN (SELECT outcome, row_number() OVER (ORDER BY md5(run || '/' || company_id), deal_id) AS place FROM deals) w USING (place)) s)) WHERE verdict = 'black_hole')
$$;
SELECT count(*) FILTER (WHERE pg_temp.shuffled(run)) AS confirmed, count(*) AS runs FROM generate_series(1, least(:runs, 50)) run;
SQL
