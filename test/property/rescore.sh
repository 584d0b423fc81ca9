# Scoring 20,000 leads again, ended by kill -9 and pg_terminate_backend midway while others insert, ends as an
# uninterrupted run does; the log adds up; rows added later never change what an old version of a model says.
set -euo pipefail
run() { psql -X -q -v ON_ERROR_STOP=1 "$@"; }
value() { psql -X -q -A -t -v ON_ERROR_STOP=1 -c "$1"; }
run <<'SQL'
CREATE TABLE deal AS
SELECT i AS deal_id, i * 7 % 1100 AS company_id, CASE WHEN i * 7919 % 1000 < (ARRAY[600, 300, 80])[g] THEN 'won' ELSE 'lost' END AS outcome,
       date '2024-01-01' + i % 300 AS first_contact_at, date '2024-02-01' + i % 300 AS closed_at, (ARRAY[90000, 30000, 4000])[g] AS ltv,
       (ARRAY[9000, 9000, 3000])[g] AS cac, (ARRAY['wholesale', 'retail', 'software'])[1 + (g + i * 101 % 20 / 17) % 3] AS industry,
       (ARRAY[40, 400, 4])[g] + i * 13 % 40 AS employees, (ARRAY['owner', 'buyer', 'founder'])[1 + (g + i * 57 % 20 / 15) % 3] AS decision_maker
FROM generate_series(1, 800) i CROSS JOIN LATERAL (SELECT 1 + i * 37 % 3 AS g) x;
SELECT version FROM icp_train('main', 'deal', '{}');
CREATE TABLE lead (lead_id bigint PRIMARY KEY, company_id int, industry text, employees int, decision_maker text,
                   icp_cohort text, icp_label text, icp_grade text, icp_similarity float8, icp_coverage float8, icp_priority text);
INSERT INTO lead (lead_id, company_id, industry, employees, decision_maker)
SELECT i * 3, i / 3, (ARRAY['wholesale', 'retail', 'software', NULL])[1 + i * 7 % 4], (ARRAY[40, 400, 4])[1 + i * 11 % 3] + i % 50, (ARRAY['owner', 'buyer', NULL])[1 + i * 5 % 3]
FROM generate_series(1, 20000) i;
SELECT count(icp_override('main', (i * 300)::text, 'gold')) FROM generate_series(1, 50) i;
CREATE TABLE whole AS SELECT * FROM lead;
ALTER TABLE whole ADD PRIMARY KEY (lead_id);
CALL icp_rescore('whole', 'main', log => true);
CREATE TABLE whole_log AS SELECT * FROM icp_score_log;
DELETE FROM icp_score_log;
-- Slow enough to be struck midway.
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.002); RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE UPDATE ON lead FOR EACH ROW WHEN (NEW.lead_id % 18 = 0) EXECUTE FUNCTION slow();
SQL
scanned() { value "SELECT coalesce(max(scanned), 0) FROM icp_rescore_progress WHERE source LIKE '%.lead'"; }
# begin: starts the run in the background, and returns when it is past $1 rows.
begin() {
  PGAPPNAME=rescorer psql -X -q -c "CALL icp_rescore('lead', 'main', batch => 500, log => true)" >rescore.txt 2>&1 &
  client=$!
  while [ "$(scanned)" -lt "$1" ]; do
    kill -0 $client 2>/dev/null || { cat rescore.txt; echo 'the run ended before it was struck'; exit 1; }
    sleep 0.02
  done
}
begin 4000
pid=$(value "SELECT pid FROM pg_stat_activity WHERE application_name = 'rescorer'")
kill -9 "$pid"
wait $client || true
for ((i = 0; i < 300; i++)); do if value 'SELECT 1' >/dev/null 2>&1; then break; fi; sleep 0.1; done
# The server may lose what it had not written yet: a batch or two are scored again.
[ "$(value "SELECT count(*) FROM icp_rescore_progress WHERE status = 'running' AND last_key IS NOT NULL AND scanned BETWEEN 500 AND 19000")" = 1 ] || { value 'TABLE icp_rescore_progress'; echo 'no progress was kept'; exit 1; }
first=$(scanned)
begin $((first + 3000))
value "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rescorer'" >/dev/null
wait $client && { echo 'the run was not ended'; exit 1; }
second=$(scanned)
[ "$second" -ge $((first + 3000)) ] || { echo 'the second call began anew'; exit 1; }
# Others write meanwhile, and are not kept waiting.
begin "$((second + 1000))"
run -c 'SET lock_timeout = 1000' -c "INSERT INTO lead (lead_id, company_id, industry, employees, decision_maker) SELECT lead_id + 1, company_id, industry, employees, decision_maker FROM whole WHERE lead_id > 55000"
# Two calls share one run.
run -c "CALL icp_rescore('lead', 'main', batch => 500, log => true)"
wait $client
cat rescore.txt
[ "$(value "SELECT count(*) FROM icp_rescore_progress WHERE source LIKE '%.lead'")" = 1 ] || { echo 'two calls did not share one run'; exit 1; }
# What came after its place was passed is not scored by this run; the next one does that, and only that.
run -c "CALL icp_rescore('lead', 'main', log => true)" -c 'SELECT scanned, written FROM icp_rescore_progress ORDER BY run'
[ "$(value "SELECT scanned - (SELECT count(*) FROM whole) BETWEEN 0 AND 1667 FROM icp_rescore_progress WHERE source LIKE '%.lead' ORDER BY run LIMIT 1")" = t ] || { echo 'rows were looked at twice'; exit 1; }
run <<'SQL'
DO $$
BEGIN
  IF EXISTS (TABLE whole EXCEPT SELECT * FROM lead WHERE lead_id % 3 = 0) OR (SELECT count(*) FROM lead WHERE lead_id % 3 = 0) <> 20000 THEN RAISE EXCEPTION 'interrupted and not: the leads differ'; END IF;
  IF EXISTS (SELECT FROM whole w JOIN lead l ON l.lead_id = w.lead_id + 1 WHERE (w.icp_cohort, w.icp_grade, w.icp_similarity, w.icp_coverage) IS DISTINCT FROM (l.icp_cohort, l.icp_grade, l.icp_similarity, l.icp_coverage)) THEN RAISE EXCEPTION 'leads inserted meanwhile differ'; END IF;
  IF (SELECT count(*) FROM lead l CROSS JOIN LATERAL icp_score(l, 'main') s WHERE l.icp_label IS DISTINCT FROM coalesce(icp_overridden('main', l.lead_id::text), s.label)) > 0 THEN RAISE EXCEPTION 'labels'; END IF;
  IF (SELECT count(*) FROM lead WHERE icp_label = 'gold' AND lead_id % 300 = 0) < 50 THEN RAISE EXCEPTION 'overrides'; END IF;
  -- Every lead was logged once, the same way.
  IF EXISTS (SELECT g.lead_id FROM icp_score_log g GROUP BY 1 HAVING count(*) <> 1) THEN RAISE EXCEPTION 'logged twice'; END IF;
  IF EXISTS (SELECT lead_id, cohort, similarity, label, part_feature, part_points FROM whole_log EXCEPT SELECT lead_id, cohort, similarity, label, part_feature, part_points FROM icp_score_log) THEN RAISE EXCEPTION 'the logs differ'; END IF;
  IF EXISTS (SELECT FROM icp_score_log_check WHERE NOT adds_up) THEN RAISE EXCEPTION 'the log does not add up'; END IF;
END $$;
-- Time travel: deals and leads of later days, whatever they are, leave version 1 and its scores as they were, byte for byte.
CREATE TABLE now_scores AS SELECT l.lead_id, md5(s::text) AS score, (SELECT md5(string_agg(e::text, '|' ORDER BY e::text)) FROM icp_explain(l, 'main@1') e) AS why
FROM whole l CROSS JOIN LATERAL icp_score(l, 'main@1') s WHERE l.lead_id % 5 = 0;
CREATE TABLE now_model AS SELECT md5(icp_model_send(icp_load('main@1'))) AS model;
SELECT setseed(0.42) \g /dev/null
INSERT INTO deal
SELECT 100000 + i, (9000 * random())::int, (ARRAY['won', 'lost'])[1 + (random() > 0.5)::int], date '2026-01-01' + (300 * random())::int, date '2026-02-01' + (300 * random())::int,
       90000 * random(), 9000 * random(), (ARRAY['wholesale', 'retail', 'software', 'mining'])[1 + (3 * random())::int], (900 * random())::int, (ARRAY['owner', 'buyer', 'founder', 'board'])[1 + (3 * random())::int]
FROM generate_series(1, 400) i;
INSERT INTO whole (lead_id, industry, employees) SELECT 1000000 + i, (ARRAY['wholesale', 'mining'])[1 + (random() > 0.5)::int], (900 * random())::int FROM generate_series(1, 500) i;
SELECT version FROM icp_train('main');
CALL icp_rescore('whole', 'main');
CALL icp_rescore('whole', 'main@1');
DO $$
BEGIN
  IF (SELECT md5(icp_model_send(icp_load('main@1'))) FROM now_model) <> (SELECT model FROM now_model) THEN RAISE EXCEPTION 'the old model changed'; END IF;
  IF (SELECT md5(icp_model_send(icp_load('main@2')))) = (SELECT model FROM now_model) THEN RAISE EXCEPTION 'the new rows were not learned from'; END IF;
  IF EXISTS (TABLE now_scores EXCEPT SELECT l.lead_id, md5(s::text), (SELECT md5(string_agg(e::text, '|' ORDER BY e::text)) FROM icp_explain(l, 'main@1') e)
             FROM whole l CROSS JOIN LATERAL icp_score(l, 'main@1') s WHERE l.lead_id < 1000000) THEN RAISE EXCEPTION 'scores of the old model changed'; END IF;
  IF EXISTS (SELECT lead_id, icp_cohort, icp_label, icp_similarity FROM whole WHERE lead_id < 1000000 EXCEPT SELECT lead_id, icp_cohort, icp_label, icp_similarity FROM lead) THEN RAISE EXCEPTION 'stored scores of the old model changed'; END IF;
END $$;
SQL
rm -f rescore.txt
