# The view of docs/inputs.md over plain orders, activities and costs makes the demo's deal quality again; costs reconcile to the
# cent, on the demo and on random ones; neither the session's time zone nor the unit of money changes anything.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export PGOPTIONS='-c client_min_messages=warning'
run() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }
run -f demo/crm.sql -f demo/train.sql >/dev/null
scripts/docs.sh docs/inputs.md | run >/dev/null

run <<'SQL'
CREATE VIEW scored AS
SELECT f.*, dqs(f.ltv::float8, f.cac::float8, f.cycle_days, f.retention, f.effort::float8) AS dqs FROM deals_from_tables f WHERE f.outcome = 'Won';
CREATE TABLE before AS TABLE scored;
CREATE FUNCTION assert(what text, ok boolean) RETURNS void LANGUAGE plpgsql AS $$BEGIN IF ok IS NOT TRUE THEN RAISE EXCEPTION '%', what; END IF; END$$;

SELECT assert('enough deals', count(*) > 800 AND count(ltv) BETWEEN 400 AND count(*) - 100) FROM before;
SELECT assert('the demo''s figures', bool_and(b.cac = v.cac AND abs(b.ltv - v.ltv) < 0.3 AND (b.ltv = v.ltv OR b.company_id % 8 = 0) AND b.retention = v.retention::float8
  AND b.cycle_days = d.paid_at - d.first_contact_at AND b.effort = d.calls + d.meetings))
FROM before b JOIN account_value v ON v.account_id = b.company_id JOIN deal d ON d.id = b.deal_id WHERE b.ltv IS NOT NULL;
SELECT assert('the demo''s deal quality', max(abs(b.dqs - icp_dqs(d, 'main'))) < 0.01 AND max(abs(b.dqs - icp_dqs(d, 'main'))) FILTER (WHERE b.company_id % 8 > 0) < 1e-6)
FROM before b JOIN icp_deals d USING (deal_id) WHERE b.ltv IS NOT NULL;
-- Who is too young is unknown, and only who is.
SELECT assert('immature', bool_and((b.ltv IS NULL) = (w.paid_at + 180 > date '2025-09-30') AND (b.cac IS NULL) = (b.ltv IS NULL) AND (b.retention IS NULL) = (b.ltv IS NULL)
  AND (b.dqs IS NULL) = (b.ltv IS NULL))) FROM before b JOIN first_won w ON w.account_id = b.company_id;

SELECT assert('costs reconcile', (SELECT sum(amount) FROM acquisition) = (SELECT sum(amount) FROM cost));
SELECT assert('costs of each source and month reconcile', count(*) > 120 AND bool_and(a.amount = c.amount))
FROM (SELECT source, spent_on, sum(amount) AS amount FROM acquisition WHERE shared GROUP BY 1, 2) a
FULL JOIN (SELECT source, date_trunc('month', spent_on::timestamp)::date AS spent_on, sum(amount) AS amount FROM cost WHERE deal_id IS NULL GROUP BY 1, 2) c USING (source, spent_on);
SELECT assert('unallocated', bool_and(deal_id IS NULL) AND count(*) > 20 AND count(*) FILTER (WHERE source = 'trade press') = 20) FROM acquisition WHERE unallocated;

-- The same with moments half an hour from midnight UTC in place of days, for the zones below.
CREATE TABLE ordered AS SELECT o.customer_id, o.amount, o.cost_of_goods, o.currency, (o.ordered_on + CASE o.id % 2 WHEN 0 THEN time '23:30' ELSE time '00:30' END) AT TIME ZONE 'UTC' AS ordered_at FROM sales_order o;
CREATE VIEW differing AS
SELECT b.deal_id FROM before b JOIN deal d ON d.id = b.deal_id
JOIN (SELECT w.account_id, icp_total(icp_money(o.amount - o.cost_of_goods, o.currency, o.ordered_at, 'EUR'), o.ordered_at, icp_observed_until(w.paid_at, '2025-09-30')) AS ltv,
             icp_retention(bit_or(icp_period(icp_day(o.ordered_at), w.paid_at, 7, 25)), w.paid_at, icp_observed_until(w.paid_at, '2025-09-30'), 7, 25) AS retention
      FROM first_won w LEFT JOIN ordered o ON o.customer_id = w.account_id GROUP BY w.account_id, w.paid_at) v ON v.account_id = b.company_id
WHERE v.ltv IS DISTINCT FROM b.ltv OR v.retention IS DISTINCT FROM b.retention
   OR icp_cycle_days(timezone('UTC', d.first_contact_at + time '23:45'), d.paid_at) <> b.cycle_days
   OR icp_cycle_days(timezone('UTC', d.first_contact_at + time '00:15'), d.paid_at + time '23:59') <> b.cycle_days;

-- Another unit of money: nothing but rounding. Cents share out otherwise, and dollars are rounded anew.
CREATE FUNCTION differs(k numeric) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
  worst float8;
BEGIN
  UPDATE sales_order SET amount = amount * k, cost_of_goods = cost_of_goods * k;
  UPDATE cost SET amount = amount * k;
  SELECT CASE WHEN count(*) = (SELECT count(*) FROM before) AND bool_and((s.dqs IS NULL) = (b.dqs IS NULL)) THEN max(abs(s.dqs - b.dqs)) END INTO worst FROM scored s JOIN before b USING (deal_id);
  UPDATE sales_order SET amount = amount / k, cost_of_goods = cost_of_goods / k;
  UPDATE cost SET amount = amount / k;
  RETURN worst;
END$$;
SELECT assert('money times 1000', differs(1000) < 0.001);
SELECT assert('money times 8', differs(8) < 0.001);

-- Random costs and wins: every source and month sums up, in whole cents, each share within a cent of its part.
SELECT setseed(0.5);
CREATE TABLE spent AS SELECT s AS source, m AS month, round((random() * 20000 - 500)::numeric, 2) AS amount FROM generate_series(1, 60) s, generate_series(1, 12) m, generate_series(1, 3) i WHERE random() < .5;
CREATE TABLE win AS SELECT row_number() OVER () AS deal, s AS source, m AS month, CASE WHEN random() < .9 THEN round((random() * 100)::numeric, 1) END AS weight
FROM generate_series(1, 60) s, generate_series(1, 12) m, generate_series(1, 9) i WHERE random() < .3 AND s % 7 > 0;
CREATE VIEW shares AS
SELECT c.source, c.month, c.amount AS total, w.deal, icp_allocate(c.amount) OVER k AS alike, icp_allocate(c.amount, w.weight) OVER k AS weighed,
       c.amount / count(*) OVER p AS part, c.amount * coalesce(w.weight, 0) / nullif(sum(w.weight) OVER p, 0) AS weighed_part
FROM (SELECT source, month, sum(amount) AS amount FROM spent GROUP BY 1, 2) c LEFT JOIN win w USING (source, month)
WINDOW p AS (PARTITION BY c.source, c.month), k AS (p ORDER BY w.deal);
SELECT assert('random costs reconcile', bool_and(total = alike AND total = weighed) AND count(*) > 500 AND count(*) FILTER (WHERE unallocated) > 50 AND count(*) FILTER (WHERE total < 0) > 5)
FROM (SELECT source, month, min(total) AS total, sum(alike) AS alike, sum(weighed) AS weighed, bool_and(deal IS NULL) AS unallocated FROM shares GROUP BY 1, 2) s;
SELECT assert('whole cents', bool_and(alike = round(alike, 2) AND weighed = round(weighed, 2) AND abs(alike - part) < 0.01 AND coalesce(abs(weighed - weighed_part), 0) < 0.01)) FROM shares;
SELECT assert('nothing else is spent', (SELECT sum(alike) FROM shares) = (SELECT sum(amount) FROM spent));
SQL

for zone in UTC Asia/Tokyo America/Los_Angeles; do
  PGOPTIONS="$PGOPTIONS -c TimeZone=$zone" run -c "SELECT md5(string_agg(s::text, E'\n' ORDER BY deal_id)) FROM scored s"
  PGOPTIONS="$PGOPTIONS -c TimeZone=$zone" run -c "SELECT assert('days in $zone', count(*) = 0) FROM differing" >&2
  PGOPTIONS="$PGOPTIONS -c TimeZone=$zone" run -c "SELECT md5(string_agg(a::text, E'\n' ORDER BY a::text)) FROM acquisition a"
done | sort | uniq -c | awk '$1 != 3 { print "the session'\''s time zone changes the result"; exit 1 } END { if (NR != 2) exit 1 }'
