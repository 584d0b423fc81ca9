#!/usr/bin/env bash
# icp_cohort() over 1,000,000 leads × 12 columns, three of them numeric, on one core: against a C function that does
# nothing with the same row (aim: at most 1 µs a row above it), and against exporting the leads to pandas and scoring
# them there (the same model as a vectorised naive Bayes classifier, without similarity, labels or explanations). icp_score()
# is measured against a C function that reads the same row and hands back a constant one of the same type: how PostgreSQL
# takes rows apart, makes one of a function's result and keeps it is no part of scoring (aim: at most 1 µs above it). What the
# scorecards cost: icp_score() with them, and with a model of the same deals whose outcomes are exchanged, so that its cards
# are empty.
#   bench/score.sh [LEADS]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/server.sh"
. "$top/bench/python.sh"
leads=${1:-1000000}
server_build with_llvm=no >/dev/null
make -C "$top/bench/noop" --no-print-directory -s PG_CONFIG="$pg_config" with_llvm=no all
trap 'server_stop bench' EXIT
server_start bench
server_env bench
cp "$top/bench/noop/noop.so" "$home/bench/noop.so"
chmod 644 "$home/bench/noop.so"
psql -X -q -c 'CREATE EXTENSION icp' -v leads="$leads" -f "$top/bench/leads.sql"
psql -X -q -A -t -v ON_ERROR_STOP=1 <<'SQL'
CREATE TABLE bench_mixed AS
SELECT a.deal_id, a.company_id, b.outcome, b.ltv, b.cac, b.cycle_days, b.retention, b.effort,
       a.industry, a.region, a.source, a.decision_maker, a.employees, a.revenue, a.years, a.uses_erp, a.country, a.erp, a.entry
FROM (SELECT *, row_number() OVER (ORDER BY deal_id) AS k FROM bench_deals) a JOIN (SELECT *, row_number() OVER (ORDER BY md5(deal_id::text)) AS k FROM bench_deals) b USING (k);
SELECT icp_save('bench_empty', icp_fit(d, '{}')) FROM bench_mixed d \g /dev/null
SELECT 'lines of the scorecards: ' || (SELECT count(*) FROM icp_scorecard('bench') WHERE rank > 0) || ', of the empty ones: ' || (SELECT count(*) FROM icp_scorecard('bench_empty') WHERE rank > 0);
SQL
psql -X -q -c "CREATE FUNCTION noop_row(record) RETURNS text LANGUAGE c IMMUTABLE PARALLEL SAFE AS '$home/bench/noop', 'noop_row'" \
  -c "CREATE FUNCTION noop_score(record) RETURNS icp_lead_score LANGUAGE c STABLE PARALLEL SAFE COST 20 AS '$home/bench/noop', 'noop_score'"

# seconds QUERY: the best of five runs, without parallel workers.
seconds() {
  psql -X -q -A -t -c 'SET max_parallel_workers_per_gather = 0' -c '\timing on' -c "$1" -c "$1" -c "$1" -c "$1" -c "$1" |
    awk '/^Time:/ { if (best == "" || $2 < best) best = $2 } END { printf "%.3f", best / 1000 }'
}
scan=$(seconds 'SELECT count(l.lead_id) FROM bench_leads l')
noop=$(seconds 'SELECT count(noop_row(l)) FROM bench_leads l')
named=$(seconds "SELECT count(icp_cohort(l, 'bench')) FROM bench_leads l")
value=$(seconds "SELECT count(icp_cohort(l, (SELECT icp_load('bench')))) FROM bench_leads l")
json=$(seconds "SELECT count(icp_cohort(to_jsonb(l), 'bench')) FROM bench_leads l")
tojson=$(seconds "SELECT count(to_jsonb(l)) FROM bench_leads l")
composite=$(seconds "SELECT count(s.label) FROM bench_leads l CROSS JOIN LATERAL noop_score(l) s")
score=$(seconds "SELECT count(s.label) FROM bench_leads l CROSS JOIN LATERAL icp_score(l, 'bench') s")
empty=$(seconds "SELECT count(s.label) FROM bench_leads l CROSS JOIN LATERAL icp_score(l, 'bench_empty') s")
line() { awk -v what="$1" -v t="$2" -v base="$3" -v n="$leads" 'BEGIN { printf "%-46s %8.3f s  %7.3f µs a row above its base\n", what, t, 1e6 * (t - base) / n }'; }
echo "# $leads leads × 12 columns, three numeric; best of five, one core"
line 'scan' "$scan" "$scan"
line 'no-op C function of the row' "$noop" "$scan"
line "icp_cohort(l, 'bench') above the no-op" "$named" "$noop"
line "icp_cohort(l, model value) above the no-op" "$value" "$noop"
line 'no-op that reads the row, with such a result' "$composite" "$scan"
line "icp_score(l, 'bench') above that no-op" "$score" "$composite"
line 'icp_score, cards empty, above that no-op' "$empty" "$composite"
line 'the scorecards: what they add' "$score" "$empty"
line "icp_cohort(to_jsonb(l), …) above to_jsonb" "$json" "$tojson"
awk -v a="$named" -v b="$noop" -v n="$leads" 'BEGIN { printf "aim: icp_cohort at most 1 µs above the no-op: %.3f µs, ratio %.2f\n", 1e6 * (a - b) / n, a / b }'
awk -v a="$score" -v b="$composite" -v n="$leads" 'BEGIN { printf "aim: icp_score at most 1 µs above its no-op: %.3f µs, ratio %.2f\n", 1e6 * (a - b) / n, a / b }'

python_with 'pandas'
if [ -n "$python" ]; then
  psql -X -q -A -t -c "COPY (SELECT d.*, icp_cohort(d, 'bench') AS cohort FROM bench_deals d) TO STDOUT CSV HEADER" >"$home/bench/deals.csv"
  started=$(date +%s.%N)
  psql -X -q -c "COPY bench_leads TO STDOUT CSV HEADER" >"$home/bench/leads.csv"
  exported=$(date +%s.%N)
  OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "$python" "$top/bench/score.py" "$home/bench/deals.csv" "$home/bench/leads.csv"
  ended=$(date +%s.%N)
  awk -v s="$started" -v e="$exported" -v t="$ended" -v icp="$named" -v n="$leads" 'BEGIN {
    printf "%-44s %8.3f s  (export %.3f s)\nratio of icp_cohort to pandas: %.2f\n", "export, pandas and scoring there", t - s, e - s, icp / (t - s) }'
else
  echo 'pandas: not installed, not compared (apt-get install python3-pandas)'
fi
