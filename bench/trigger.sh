#!/usr/bin/env bash
# What the trigger costs a table with a primary key and two indexes: one-row prepared INSERTs (pgbench), committed to the disk
# as PostgreSQL is shipped ("durable") and without waiting for it, INSERT … SELECT and COPY, with no trigger, a C trigger that does nothing, icp_score_lead(), the same while 10,000 overrides are in force,
# and a PL/pgSQL trigger doing the same.
# Aims: one-row INSERTs at least 95 % of no trigger, INSERT … SELECT at least 90 %.
#   bench/trigger.sh [ROWS] [SECONDS] [ROUNDS]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/server.sh"
rows=${1:-100000} seconds=${2:-1} rounds=${3:-15}
server_build with_llvm=no >/dev/null
make -C "$top/bench/noop" --no-print-directory -s PG_CONFIG="$pg_config" with_llvm=no all
trap 'server_stop bench' EXIT
server_start bench
server_env bench
cp "$top/bench/noop/noop.so" "$home/bench/noop.so"
chmod 644 "$home/bench/noop.so"
psql -X -q -c 'CREATE EXTENSION icp' -v leads="$rows" -f "$top/bench/leads.sql" >/dev/null
kinds=(none noop icp decided plpgsql)
psql -X -q -v ON_ERROR_STOP=1 <<SQL
CREATE FUNCTION noop_trigger() RETURNS trigger LANGUAGE c AS '$home/bench/noop', 'noop_trigger';
CREATE FUNCTION plpgsql_trigger() RETURNS trigger LANGUAGE plpgsql AS \$\$
BEGIN
  SELECT s.cohort, s.label, s.priority INTO NEW.icp_cohort, NEW.icp_label, NEW.icp_priority FROM icp_score(NEW, 'bench') s;
  RETURN NEW;
END \$\$;
CREATE SEQUENCE ids;
SQL
columns='industry, region, source, decision_maker, employees, revenue, years, uses_erp, country, erp, entry'
for kind in "${kinds[@]}"; do
  psql -X -q -c "CREATE TABLE lead_$kind (lead_id bigint PRIMARY KEY DEFAULT nextval('ids'), industry text, region text, source text, decision_maker text, employees numeric, revenue numeric, years numeric, uses_erp boolean, country text, erp text, entry text, icp_cohort text, icp_label text, icp_priority text)" \
    -c "CREATE INDEX ON lead_$kind (region)" -c "CREATE INDEX ON lead_$kind (revenue)" -c "ALTER TABLE lead_$kind SET (autovacuum_enabled = false)"
done
psql -X -q -c "CREATE TRIGGER t BEFORE INSERT OR UPDATE ON lead_noop FOR EACH ROW EXECUTE FUNCTION noop_trigger()" \
  -c "CREATE TRIGGER t BEFORE INSERT OR UPDATE ON lead_icp FOR EACH ROW EXECUTE FUNCTION icp_score_lead('bench', 'icp_cohort=cohort', 'icp_label=label', 'icp_priority=priority')" \
  -c "CREATE TRIGGER t BEFORE INSERT OR UPDATE ON lead_decided FOR EACH ROW EXECUTE FUNCTION icp_score_lead('bench', 'icp_cohort=cohort', 'icp_label=label', 'icp_priority=priority')" \
  -c "CREATE TRIGGER t BEFORE INSERT OR UPDATE ON lead_plpgsql FOR EACH ROW EXECUTE FUNCTION plpgsql_trigger()" \
  -c "COPY bench_leads ($columns) TO '$home/bench/leads.copy'"
chmod 755 "$home/bench"
times=$home/bench/times
measure() { # kind what seconds-per-row
  echo "$1 $2 $3" >>"$times"
}
durable() { # on|off
  psql -X -q -c "ALTER SYSTEM SET fsync = $1" -c "ALTER SYSTEM SET synchronous_commit = $1" -c "ALTER SYSTEM SET full_page_writes = $1" \
    -c 'SELECT pg_reload_conf()' >/dev/null
  until [ "$(psql -X -q -A -t -c 'SHOW fsync')" = "$1" ]; do sleep 0.05; done
}
timed() { psql -X -q -A -t -c '\timing on' -c "$1" | awk -v n="$rows" '/^Time:/ { printf "%.9f", $2 / 1000 / n }'; }
for ((round = 0; round < rounds; round++)); do
  for ((k = 0; k < ${#kinds[@]}; k++)); do
    kind=${kinds[(k + round) % ${#kinds[@]}]}
    psql -X -q -c 'TRUNCATE icp_overrides'
    if [ "$kind" = decided ]; then
      psql -X -q -c "INSERT INTO icp_overrides (model, lead_id, label) SELECT 'bench', 'other ' || i, 'gold' FROM generate_series(1, 10000) i" -c 'VACUUM ANALYZE icp_overrides'
    fi
    cat >"$home/bench/one.sql" <<SQL
\\set e random(1, 500)
\\set r random(1, 100000000)
INSERT INTO lead_$kind ($columns) VALUES ('wholesale', 'north', 'referral', 'owner', :e, :r, 7.5, true, 'ru', '1c', 'demo');
SQL
    for wait in durable one-row; do
      psql -X -q -c "TRUNCATE lead_$kind" -c CHECKPOINT
      durable "$([ $wait = durable ] && echo on || echo off)"
      tps=$(pgbench -n -M prepared -c 1 -j 1 -T "$seconds" -f "$home/bench/one.sql" 2>/dev/null | awk '/^tps/ { print $3 }')
      measure "$kind" "$wait" "$(awk -v t="$tps" 'BEGIN { printf "%.9f", 1 / t }')"
    done
    psql -X -q -c "TRUNCATE lead_$kind" -c CHECKPOINT
    measure "$kind" insert-select "$(timed "INSERT INTO lead_$kind ($columns) SELECT $columns FROM bench_leads")"
    psql -X -q -c "TRUNCATE lead_$kind" -c CHECKPOINT
    measure "$kind" copy "$(timed "COPY lead_$kind ($columns) FROM '$home/bench/leads.copy'")"
  done
done
echo "# $rows rows, primary key and two indexes; best of $rounds rounds by turns; speed in % of no trigger"
awk -v kinds="${kinds[*]}" '
  { key = $2 " " $1; if (!(key in best) || $3 < best[key]) best[key] = $3 }
  END {
    k = split(kinds, kind, " ")
    w = split("durable one-row insert-select copy", what, " ")
    printf "%-15s", ""
    for (i = 1; i <= k; i++) printf "%22s", kind[i]
    print ""
    for (j = 1; j <= w; j++) {
      printf "%-15s", what[j]
      for (i = 1; i <= k; i++) printf "%11.2f µs %6.1f %%", 1e6 * best[what[j] " " kind[i]], 100 * best[what[j] " none"] / best[what[j] " " kind[i]]
      print ""
    }
  }' "$times"
echo 'aims: icp at one-row ≥ 95 %, insert-select ≥ 90 %'
