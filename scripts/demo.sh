#!/usr/bin/env bash
# The main job on a CRM that the project generates: check, train, read the cohorts, label leads, find look-alikes, value and place customers.
#   scripts/demo.sh [--keep]     the report is printed and left in build/demo/report.txt
# --keep leaves the server running and says how to connect and how to stop it.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/server.sh"

keep=''
for argument in "$@"; do
  case $argument in
    --keep) keep=yes ;;
    *) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
  esac
done

# A signal may come while a step's output goes to the log.
exec 3>&1 4>&2
finish() {
  local status=$?
  trap - EXIT
  exec 1>&3 2>&4
  if [ -n "${bindir:-}" ]; then
    if [ $status -eq 0 ] && [ -n "$keep" ]; then
      echo "The server is running. To connect: eval \"\$(scripts/server.sh env demo crm)\" && psql"
      echo "To stop it and remove its data:     scripts/server.sh stop demo"
    else
      server_stop demo
      server_clean
    fi
  fi
  exit $status
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Runs a command quietly; its output is shown when it fails.
quietly() {
  echo "$1 ..." >&2
  if ! "${@:2}" >"$out/log" 2>&1; then cat "$out/log" >&2; return 1; fi
}
run() { psql -X -q -v ON_ERROR_STOP=1 -d crm "$@"; }

out=$top/build/demo
mkdir -p "$out"
packages_install
if [ -d /usr/lib/ccache ]; then export PATH=/usr/lib/ccache:$PATH; fi
quietly "Building" server_build
quietly "Starting a private PostgreSQL" server_start demo
server_env demo
quietly "Creating the extension" psql -X -q -v ON_ERROR_STOP=1 -c 'CREATE DATABASE crm' -c '\c crm' -c 'CREATE EXTENSION icp'
quietly "Generating the CRM" run -f "$top/demo/crm.sql"
echo "Training, scoring, explaining ..." >&2
run -f "$top/demo/report.sql" 2>&1 | tee "$out/report.txt"
echo
echo "The report is in build/demo/report.txt"
