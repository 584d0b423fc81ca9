# A standby answers as its primary does, byte for byte; sessions on it see a new version, and that a model has gone, in their
# next statement once that is replayed; what writes ends with the server's error.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/server.sh"
primary() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }
standby() { PGHOST=$home/standby psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }
primary <<'SQL'
CREATE TABLE deal AS
SELECT i AS deal_id, CASE WHEN i * 7919 % 1000 < (ARRAY[600, 300, 80])[g] THEN 'won' ELSE 'lost' END AS outcome, (ARRAY[90000, 30000, 4000])[g] AS ltv,
       9000 AS cac, (ARRAY['wholesale', 'retail', 'software'])[1 + (g + i * 101 % 20 / 17) % 3] AS industry, (ARRAY[40, 400, 4])[g] + i * 13 % 40 AS employees
FROM generate_series(1, 600) i CROSS JOIN LATERAL (SELECT 1 + i * 37 % 3 AS g) x;
CREATE TABLE lead AS SELECT deal_id AS lead_id, industry, employees FROM deal WHERE deal_id <= 200;
SELECT version FROM icp_train('main', 'deal') \g /dev/null
SQL
server_setup
server_stop standby
trap 'server_stop standby' EXIT
mkdir "$home/standby"
if [ "$(id -u)" -eq 0 ]; then chown "$server_user" "$home/standby"; fi
(
  cd "$home/standby"
  as_user "$bindir/pg_basebackup" -D data -R -c fast --no-sync
  as_user tee -a data/postgresql.conf >/dev/null <<<"unix_socket_directories = '$home/standby'"
  as_user setsid "$bindir/pg_ctl" -D data -l log -w -t 60 -s start </dev/null >/dev/null || { cat log; exit 1; }
)
[ "$(standby -c 'SELECT pg_is_in_recovery()')" = t ]
replayed() { # returns once the standby has all that the primary has committed
  local at
  at=$(primary -c 'CHECKPOINT' -c 'SELECT pg_current_wal_lsn()')
  until [ "$(standby -c "SELECT pg_last_wal_replay_lsn() >= '$at'")" = t ]; do sleep 0.05; done
}
answers="SELECT md5(icp_model_send(icp_load('main'))), md5(icp_model_send(icp_fit(d, '{}'))) FROM deal d;
SELECT md5(string_agg(icp_score(l)::text || icp_score_range(l)::text, '' ORDER BY lead_id)) FROM lead l;
SELECT md5(string_agg(e::text, '' ORDER BY lead_id, e::text)) FROM lead l CROSS JOIN LATERAL icp_explain(l, 'main') e;
SELECT md5(string_agg(r::text, '' ORDER BY r::text)) FROM (SELECT c::text AS r FROM icp_cohorts('main') c UNION ALL SELECT c::text FROM icp_scorecard('main') c UNION ALL SELECT c::text FROM icp_rules('main') c) x;"
replayed
[ "$(primary <<<"$answers" | grep -c .)" = 4 ]
diff <(primary <<<"$answers") <(standby <<<"$answers")

# One session on the standby all the while.
rm -f ask told
mkfifo ask
PGHOST=$home/standby psql -X -q -A -t <ask >told 2>&1 &
exec 3>ask
ask() { # TEXT EXPECTED
  local before
  before=$(wc -l <told)
  echo "$1" >&3
  until [ "$(wc -l <told)" -gt "$before" ]; do sleep 0.02; done
  sleep 0.1
  tail -n +$((before + 1)) told | head -n 1 | grep -q -- "$2" || { echo "$1: not $2"; cat told; exit 1; }
}
ask "SELECT count(icp_cohort(l)), (SELECT version FROM icp_models WHERE active) FROM lead l;" '200|1'
ask "SELECT DISTINCT icp_cohort(l) <> 'all' FROM lead l;" t
primary -c "SELECT version FROM icp_train('main', 'deal', '{\"k\": 1}')" >/dev/null
replayed
ask "SELECT DISTINCT icp_cohort(l) FROM lead l;" all
primary -c "DELETE FROM icp_models"
replayed
ask "SELECT icp_cohort(l) FROM lead l LIMIT 1;" 'ERROR:  there is no default model'
ask "SELECT icp_override('main', '1', 'gold');" ERROR
ask "SELECT version FROM icp_train('main', 'deal');" 'ERROR:  cannot execute .* in a read-only transaction'
exec 3>&-
wait
