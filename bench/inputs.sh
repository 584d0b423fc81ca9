#!/usr/bin/env bash
# The columns of a deals view made of plain orders, costs and activities: by the functions of docs/inputs.md, and by SQL that a
# careful analyst writes by hand (with the same results, which are compared). Ratios; the best of three runs by turns, one core.
#   bench/inputs.sh [ORDERS]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/server.sh"
orders=${1:-1000000}
server_build with_llvm=no >/dev/null
trap 'server_stop bench' EXIT
server_start bench
server_env bench
psql -X -q -v ON_ERROR_STOP=1 -v orders="$orders" <<'SQL'
CREATE EXTENSION icp;
INSERT INTO icp_currency_rates (currency, base, valid_from, rate) SELECT 'USD', 'EUR', d::date, round((.9 + random() / 20)::numeric, 4) FROM generate_series(timestamp '2023-01-01', timestamp '2025-09-30', interval '1 day') d;
CREATE TABLE customer AS SELECT i AS id, date '2023-02-01' + i % 700 AS paid, 's' || i % 9 AS source, date '2023-01-01' + i % 700 AS contact FROM generate_series(1, :orders / 20) i;
CREATE TABLE orders AS SELECT 1 + i % (:orders / 20) AS customer, date '2023-02-01' + i % 950 AS day, (i::bigint * 7919 % 100003) / 100.0 AS amount, CASE WHEN i % 4 = 0 THEN 'USD' ELSE 'EUR' END AS currency FROM generate_series(1, :orders) i;
CREATE TABLE cost AS SELECT 's' || s AS source, m::date AS month, (1000 + s * 37.11)::numeric(12,2) AS amount FROM generate_series(0, 9) s, generate_series(timestamp '2023-01-01', timestamp '2025-09-01', interval '1 month') m;
CREATE TABLE activity AS SELECT 1 + i % (:orders / 20) AS deal, (ARRAY['call', 'email', 'meeting'])[1 + i % 3] AS kind FROM generate_series(1, :orders) i;
VACUUM ANALYZE;
SQL
words=(money convert total retention cac cycle effort view)
declare -A icp hand
# A quarter of the orders are in dollars, whose rate changes daily; as an expression, and as a join, of which the planner keeps results.
icp[money]="SELECT sum(icp_money(amount, currency, day, 'EUR')) FROM orders"
hand[money]="SELECT sum(amount * CASE WHEN currency = 'EUR' THEN 1 ELSE (SELECT r.rate FROM icp_currency_rates r
    WHERE r.currency = o.currency AND r.base = 'EUR' AND r.valid_from <= o.day ORDER BY r.valid_from DESC LIMIT 1) END) FROM orders o"
icp[convert]="SELECT sum(c.amount) FROM orders o CROSS JOIN LATERAL icp_convert(o.amount, o.currency, o.day, 'EUR') c"
hand[convert]="SELECT sum(amount * CASE WHEN currency = 'EUR' THEN 1 ELSE r.rate END) FROM orders o LEFT JOIN LATERAL (SELECT r.rate FROM icp_currency_rates r
    WHERE r.currency = o.currency AND r.base = 'EUR' AND r.valid_from <= o.day ORDER BY r.valid_from DESC LIMIT 1) r ON true"
icp_total="SELECT c.id, icp_total(o.amount, o.day, icp_observed_until(c.paid, '2025-09-30')) AS ltv,
    icp_retention(bit_or(icp_period(o.day, c.paid)), c.paid, '2025-09-30') AS retention FROM customer c JOIN orders o ON o.customer = c.id GROUP BY c.id, c.paid"
hand_total="SELECT c.id, CASE WHEN c.paid + 180 <= date '2025-09-30' AND count(*) FILTER (WHERE o.amount IS NULL AND o.day <= c.paid + 180) = 0 THEN coalesce(sum(o.amount) FILTER (WHERE o.day <= c.paid + 180), 0) END AS ltv,
    CASE WHEN c.paid + 180 <= date '2025-09-30' THEN count(DISTINCT (o.day - c.paid - 1) / 30) FILTER (WHERE o.day > c.paid AND o.day <= c.paid + 180) / 6.0::float8 END AS retention
    FROM customer c JOIN orders o ON o.customer = c.id GROUP BY c.id, c.paid"
icp[total]="SELECT sum(ltv) FROM ($icp_total) q"
hand[total]="SELECT sum(ltv) FROM ($hand_total) q"
icp[retention]="SELECT round(sum(retention)::numeric, 6) FROM ($icp_total) q"
hand[retention]="SELECT round(sum(retention)::numeric, 6) FROM ($hand_total) q"
joined="cost k LEFT JOIN customer c ON c.source = k.source AND date_trunc('month', c.paid::timestamp)::date = k.month"
icp_cac="SELECT c.id, icp_allocate(k.amount) OVER (PARTITION BY k.source, k.month ORDER BY c.id) AS cac FROM $joined"
hand_cac="SELECT c.id, trunc(k.amount / count(*) OVER p, 2) + CASE WHEN row_number() OVER (p ORDER BY c.id) <= 100 * (k.amount - count(*) OVER p * trunc(k.amount / count(*) OVER p, 2)) THEN 0.01 ELSE 0 END AS cac
    FROM $joined WINDOW p AS (PARTITION BY k.source, k.month)"
icp[cac]="SELECT sum(cac) FROM ($icp_cac) q"
hand[cac]="SELECT sum(cac) FROM ($hand_cac) q"
icp[cycle]="SELECT sum(icp_cycle_days(contact, paid)) FROM customer, generate_series(1, 20)"
hand[cycle]="SELECT sum(CASE WHEN paid >= contact THEN paid - contact END) FROM customer, generate_series(1, 20)"
icp_effort="SELECT deal, sum(icp_effort(kind)) AS effort FROM activity GROUP BY 1"
hand_effort="SELECT deal, sum(CASE WHEN kind IN ('call', 'meeting', 'email') THEN 1::numeric ELSE 0 END) AS effort FROM activity GROUP BY 1"
icp[effort]="SELECT sum(effort) FROM ($icp_effort) q"
hand[effort]="SELECT sum(effort) FROM ($hand_effort) q"
# All columns of the view at once, and the score.
view() {
  local -n cac=$1_cac total=$1_total effort=$1_effort
  echo "SELECT round(sum(dqs(t.ltv::float8, a.cac::float8, $2, t.retention, e.effort::float8))::numeric, 6) FROM customer c LEFT JOIN (${total/orders o/($3) o}) t ON t.id = c.id
    LEFT JOIN ($cac) a ON a.id = c.id LEFT JOIN ($effort) e ON e.deal = c.id"
}
icp[view]=$(view icp 'icp_cycle_days(c.contact, c.paid)' "SELECT o.customer, o.day, c.amount FROM orders o CROSS JOIN LATERAL icp_convert(o.amount, o.currency, o.day, 'EUR') c")
hand[view]=$(view hand 'CASE WHEN c.paid >= c.contact THEN c.paid - c.contact END' "SELECT o.customer, o.day, amount * CASE WHEN currency = 'EUR' THEN 1 ELSE r.rate END AS amount FROM ${hand[convert]#*FROM }")
measured=$home/bench/measured
query() { psql -X -q -A -t -c 'SET max_parallel_workers_per_gather = 0' -c "SET work_mem = '256MB'" -c '\timing on' -c "$1"; }
for word in "${words[@]}"; do
  for _ in 1 2 3; do
    for how in icp hand; do
      declare -n sql=$how
      query "${sql[$word]}" | awk -v w="$word" -v h="$how" '/^Time:/ { print w, h, $2; next } { print w, h ".result", $1 }' >>"$measured"
    done
  done
done
echo "# $orders orders, as many activities, $((orders / 20)) customers; best of three, one core; ms"
awk '$2 ~ /result$/ { sub(/\.result/, "", $2); result[$1, $2] = $3; next }
  { if (!(($1, $2) in best) || $3 < best[$1, $2]) best[$1, $2] = $3; if (!seen[$1]++) order[++n] = $1 }
  END {
    for (i = 1; i <= n; i++) {
      w = order[i]
      printf "%-10s %9.1f by the functions, %9.1f by hand, ratio %.2f%s\n", w, best[w, "icp"], best[w, "hand"], best[w, "icp"] / best[w, "hand"], result[w, "icp"] + 0 == result[w, "hand"] + 0 ? "" : "  RESULTS DIFFER: " result[w, "icp"] " " result[w, "hand"]
    }
  }' "$measured"
