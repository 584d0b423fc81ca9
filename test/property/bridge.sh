#!/usr/bin/env bash
# Errors, cancelling, rows, numerics, stored types and states at the boundary to PostgreSQL: see bridge.sql.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/server.sh"
# The objects of the extension are there already; only the module's own file is compiled.
make -C "$top/test/modules/bridge" -s PG_CONFIG="$(find_pg_config)"
module=$PGHOST/icp_bridge.so
install -m 755 "$top/test/modules/bridge/icp_bridge.so" "$module"
trap 'rm -f "$module"' EXIT
psql -X -q -At -v module="$module" -f "$top/test/property/bridge.sql"

# Another session's cancel ends a computation; a harmless request (memory statistics to the log) does not disturb one.
psql -X -q -At -c 'SELECT pg_backend_pid()' -c 'SELECT bridge_spin(1500) > 0' >"$module.out" 2>&1 &
sleep 0.5
for _ in 1 2 3; do
  psql -X -q -At -c "SELECT pg_log_backend_memory_contexts(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT bridge_spin(1500)%'" >/dev/null
done
wait $!
grep -qx t "$module.out" || { cat "$module.out"; exit 1; }
psql -X -q -At -c 'SELECT bridge_spin(20000)' >"$module.out" 2>&1 &
client=$!
sleep 0.5
psql -X -q -At -c "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT bridge_spin(20000)%'" >/dev/null
started=$SECONDS
wait $client || true
[ $((SECONDS - started)) -le 2 ] || { echo "the cancel came late"; exit 1; }
grep -q 'canceling statement due to user request' "$module.out" || { cat "$module.out"; exit 1; }
rm -f "$module.out"
