#!/usr/bin/env bash
# ltv_fit() and scoring of 1,000,000 customers against exporting their four numbers and the Python package lifetimes, in one
# run, one core each; and the error of both on the hold-out of CDNOW. Aims: BG/NBD learned in seconds, at least 1,000,000
# customers scored a second, an error per customer not above the other's.
#   [LIFETIMES=DIRECTORY] [ICP_DATA=DIRECTORY] bench/ltv.sh [CUSTOMERS]
# LIFETIMES is put on Python's path: a clone of CamDavidsonPilon/lifetimes 0.11, with autograd and dill beside it where they
# are not installed. Needs python3-pandas and python3-scipy. Without it, or without ICP_DATA, that part is left out and said.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/server.sh"
. "$top/bench/python.sh"
customers=${1:-1000000}
server_build with_llvm=no >/dev/null
trap 'server_stop bench' EXIT
server_start bench
server_env bench
# Customers come over two years, buy at exponential rates, leave after a geometric number of purchases.
psql -X -q -v ON_ERROR_STOP=1 -c 'CREATE EXTENSION icp' -c "
CREATE FUNCTION u(i int, what text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
  \$\$SELECT (hashtextextended(what, i) & 4503599627370495)::float8 / 4503599627370496.0\$\$" -c "
CREATE TABLE bench_orders AS
SELECT c AS customer, date '2023-01-01' + least(first + (life * u(c, 'at' || n) * sign(n))::int, 729) AS at, round((20 + 80 * u(c, 's') + 30 * u(c, 'a' || n))::numeric, 2) AS amount
FROM (SELECT c, floor(700 * u(c, 'f'))::int AS first, least(floor(-ln(1 - u(c, 'n')) * (0.3 + 4 * u(c, 'm') ^ 3))::int, 60) AS orders, (729 - floor(700 * u(c, 'f'))) * u(c, 'l') ^ 0.7 AS life
  FROM generate_series(1, $customers) c) k, generate_series(0, orders) n" -c 'VACUUM ANALYZE bench_orders'

run() { psql -X -q -A -t -v ON_ERROR_STOP=1 -c 'SET max_parallel_workers_per_gather = 0' -c "SET maintenance_work_mem = '1GB'" -c "SET work_mem = '512MB'" "$@"; }
# seconds RUNS QUERY: the processor's time of the backend, the best of so many runs; other load of the machine is not in it.
seconds() {
  local used="SELECT 'cpu ' || (t[14]::numeric + t[15]::numeric) / 100 FROM (SELECT string_to_array(pg_read_file('/proc/self/stat'), ' ') AS t) s"
  local queries=(-c "$used") i
  for ((i = 0; i < $1; i++)); do queries+=(-c "$2" -c "$used"); done
  run "${queries[@]}" | awk '$1 == "cpu" { if (before != "" && (best == "" || $2 - before < best)) best = $2 - before; before = $2 } END { printf "%.2f", best }'
}
orders=$(run -c 'SELECT count(*) FROM bench_orders')
make=$(seconds 1 "CREATE TABLE bench_history AS SELECT customer, ltv_history_agg(at, amount, date '2024-12-31') AS h FROM bench_orders GROUP BY 1")
run -c 'VACUUM ANALYZE bench_history' -c "CREATE TABLE bench_model AS SELECT ltv_fit(h, '{\"model\": \"bg_nbd\"}') AS m FROM bench_history"
fit=$(seconds 3 "SELECT ltv_model_name(ltv_fit(h, '{\"model\": \"bg_nbd\", \"holdout\": false}')) FROM bench_history")
checked=$(seconds 1 "SELECT ltv_model_name(ltv_fit(h, '{\"model\": \"bg_nbd\"}')) FROM bench_history")
pareto=$(seconds 1 "SELECT ltv_model_name(ltv_fit(h, '{\"model\": \"pareto_nbd\", \"holdout\": false}')) FROM bench_history")
auto=$(seconds 1 "SELECT ltv_model_name(ltv_fit(h, '{}')) FROM bench_history")
scan=$(seconds 5 'SELECT count(h) FROM bench_history')
alive=$(seconds 5 'SELECT sum(ltv_p_alive(h, (SELECT m FROM bench_model))) FROM bench_history')
purchases=$(seconds 5 "SELECT sum(ltv_expected_purchases(h, (SELECT m FROM bench_model), '1 year')) FROM bench_history")
spend=$(seconds 5 'SELECT sum(ltv_expected_spend(h, (SELECT m FROM bench_model))) FROM bench_history')
value=$(seconds 5 "SELECT count(ltv(h, (SELECT m FROM bench_model), '1 year', 0.12)) FROM bench_history")
lateral=$(seconds 3 "SELECT sum(v.total) FROM bench_history CROSS JOIN LATERAL ltv(h, (SELECT m FROM bench_model), '1 year', 0.12) v")
echo "# $customers customers, $orders orders; one core, seconds of the processor"
line() { awk -v what="$1" -v t="$2" -v n="$customers" 'BEGIN { printf "%-56s %8.2f s  %10.0f customers a second\n", what, t, n / t }'; }
line 'histories from orders' "$make"
line 'ltv_fit, BG/NBD and Gamma-Gamma' "$fit"
line 'ltv_fit, BG/NBD, with the check of a hold-out' "$checked"
line 'ltv_fit, Pareto/NBD and Gamma-Gamma' "$pareto"
line "ltv_fit, '{}': three models, a hold-out" "$auto"
line 'scan of the histories' "$scan"
line 'ltv_p_alive' "$alive"
line 'ltv_expected_purchases' "$purchases"
line 'ltv_expected_spend' "$spend"
line 'ltv: purchases, money, discount, interval' "$value"
line 'ltv by CROSS JOIN LATERAL' "$lateral"

export PYTHONPATH=${LIFETIMES:-}
python_with lifetimes
if [ -z "$python" ]; then
  echo 'lifetimes: not found, not compared (set LIFETIMES to the directory of its package; it needs python3-pandas, python3-scipy, autograd and dill)'
  exit 0
fi
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
numbers="COPY (SELECT frequency, recency, age, coalesce(mean_spend, 0) AS spend FROM bench_history, ltv_history_summary(h)) TO STDOUT CSV HEADER"
run -c "$numbers" >"$home/bench/customers.csv"
export_seconds=$(seconds 1 "$numbers")
"$python" -W ignore "$top/bench/ltv.py" speed "$home/bench/customers.csv" >"$home/bench/peer"
read -r peer_read peer_fit peer_score peer_value <"$home/bench/peer"
line 'export of the four numbers' "$export_seconds"
line 'lifetimes: reading them' "$peer_read"
line 'lifetimes: BG/NBD and Gamma-Gamma' "$peer_fit"
line 'lifetimes: P(alive), expected purchases and spend' "$peer_score"
line 'lifetimes: customer_lifetime_value over 12 months' "$peer_value"
awk -v f="$fit" -v pf="$peer_fit" -v s="$alive" -v t="$purchases" -v u="$spend" -v scan="$scan" -v ps="$peer_score" -v v="$value" -v pv="$peer_value" 'BEGIN {
  printf "ratio of time: learning %.3f, scoring %.3f, value %.3f\n", f / pf, (s + t + u - 2 * scan) / ps, v / pv }'

if [ -z "${ICP_DATA:-}" ]; then
  echo 'CDNOW: ICP_DATA is not set, errors not compared'
  exit 0
fi
run -c 'CREATE TABLE cdnow (master int, customer int, at date, cds int, amount numeric)' -c "\\copy cdnow FROM '$ICP_DATA/cdnow/cdnow_sample.csv' CSV HEADER" -c "
CREATE TABLE cdnow_history AS SELECT customer, ltv_history_agg(at, amount, date '1998-06-30') AS h FROM cdnow GROUP BY 1"
run -c "COPY (SELECT a.frequency, a.recency, a.age, b.frequency - a.frequency AS later FROM cdnow_history, ltv_history_summary(ltv_history_until(h, '1997-09-30')) a, ltv_history_summary(h) b) TO STDOUT CSV HEADER" >"$home/bench/cdnow.csv"
echo '# CDNOW, learned up to 1997-09-30, 39 weeks after it: purchases expected (1,882 came), mean absolute error of a customer'
for model in bg_nbd mbg_nbd pareto_nbd; do
  run -F ' ' -c "SELECT '$model', round(max(value) FILTER (WHERE name = 'holdout_expected')::numeric, 1), round(max(value) FILTER (WHERE name = 'holdout_error')::numeric, 5)
    FROM (SELECT ltv_fit(h, '{\"model\": \"$model\", \"holdout\": \"1997-09-30\"}') AS m FROM cdnow_history) f, ltv_diagnostics(m)"
done | while read -r model expected error; do printf 'ltv_fit    %-10s %8s  %s\n' "$model" "$expected" "$error"; done
"$python" -W ignore "$top/bench/ltv.py" error "$home/bench/cdnow.csv"
