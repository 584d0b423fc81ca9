#!/usr/bin/env bash
# A private PostgreSQL with the extension in it, under build/. The system's own installation is copied, never changed.
#   scripts/server.sh build          copy PostgreSQL, build the extension, install it into the copy
#   scripts/server.sh start [NAME]   build, then create the instance NAME (default dev) afresh, start it and print how to connect
#   scripts/server.sh env [NAME [DATABASE]]   print the exports to connect: eval "$(scripts/server.sh env)"
#   scripts/server.sh psql [ARG...]  psql on the instance dev, started if it is not up
#   scripts/server.sh stop [NAME]    stop it and remove its data (without NAME: every instance)
# Other scripts source this file and use the functions.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
. "$top/scripts/packages.sh"
jobs=${JOBS:-$(nproc)}

# initdb and postgres refuse root: everything of theirs then runs as an ordinary user.
as_user() {
  if [ "$(id -u)" -ne 0 ]; then "$@"; else setpriv --reuid="$server_user" --regid="$(id -g "$server_user")" --clear-groups -- "$@"; fi
}

# Sets pg_config, home (where the server's files are), tree (the copied installation) and bindir.
server_setup() {
  [ -z "${bindir:-}" ] || return 0
  pg_config=$(find_pg_config) || { echo "error: no complete PostgreSQL 13 to 18 found; run scripts/packages.sh" >&2; return 1; }
  server_user=$(id -un)
  if [ "$(id -u)" -eq 0 ]; then
    server_user=postgres
    id "$server_user" >/dev/null 2>&1 || server_user=nobody
  fi
  mkdir -p "$top/build"
  local link="$top/build/server"
  if [ ! -e "$link" ]; then
    # Elsewhere when that user cannot look into the clone, or the socket's path would pass the 107 bytes the kernel allows.
    if as_user test -x "$top/build" && [ "$(printf %s "$link" | wc -c)" -le 70 ]; then
      mkdir "$link"
    else
      local elsewhere
      elsewhere=$(mktemp -d /var/tmp/icp-XXXXXX)
      chmod 755 "$elsewhere"
      ln -sfn "$elsewhere" "$link"
    fi
  fi
  home=$(cd "$link" && pwd -P)
  tree=$home/pg
  bindir=$tree$("$pg_config" --bindir)
}

# PostgreSQL finds its files relative to its programs, so a copy that keeps the layout works where it stands.
server_build() {
  server_setup
  local directory version
  version=$("$pg_config" --version)
  if [ "$(cat "$tree/version" 2>/dev/null)" != "$version" ]; then
    rm -rf "$tree"
    for directory in "$("$pg_config" --bindir)" "$("$pg_config" --pkglibdir)" "$("$pg_config" --sharedir)"; do
      mkdir -p "$tree$directory"
      cp -RL "$directory/." "$tree$directory/"
    done
    echo "$version" > "$tree/version"
  fi
  server_make "$@" all
  server_make "$@" install DESTDIR="$tree"
}

# Line numbers are enough of debugging information; all of it takes a third of the time.
server_make() {
  server_setup
  make -C "$top" --no-print-directory -s -j"$jobs" PG_CONFIG="$pg_config" COPT=-g1 "$@"
}

server_env() {
  server_setup
  export PG_CONFIG=$pg_config ICP_TREE=$tree PGHOST=$home/${1:-dev} PGPORT=5432 PGUSER=postgres PGDATABASE=postgres PATH=$bindir:$PATH
  unset PGSERVICE PGPASSFILE PGOPTIONS PGAPPNAME PGTZ PGDATESTYLE PGSSLMODE PGHOSTADDR
}

server_running() {
  server_setup
  [ -e "$home/${1:-dev}/data/postmaster.pid" ] && (cd "$home" && as_user "$bindir/pg_ctl" -D "$home/${1:-dev}/data" status >/dev/null)
}

# Creates the instance afresh and starts it. It listens on a socket in its own directory only.
server_start() {
  server_setup
  local instance=$home/${1:-dev}
  server_stop "${1:-dev}"
  mkdir "$instance"
  if [ "$(id -u)" -eq 0 ]; then chown "$server_user" "$instance"; fi
  (
    cd "$instance"
    as_user "$bindir/initdb" -D data -U postgres -A trust --encoding=UTF8 --locale=C --no-sync >initdb.log 2>&1 || { cat initdb.log >&2; exit 1; }
    as_user tee -a data/postgresql.conf >/dev/null <<CONF
listen_addresses = ''
unix_socket_directories = '$instance'
max_connections = 50
fsync = off
synchronous_commit = off
full_page_writes = off
max_wal_size = 4GB
timezone = 'UTC'
log_timezone = 'UTC'
datestyle = 'ISO, YMD'
log_line_prefix = '%m [%p] %d '
logging_collector = off
CONF
    # Kept away from this shell's signals: an interrupt must reach the script, which then stops the server in order.
    as_user setsid "$bindir/pg_ctl" -D data -l log -w -t 60 -s start </dev/null >/dev/null || { cat log >&2; exit 1; }
  )
}

server_stop() {
  server_setup
  local instance=$home/${1:-dev}
  if server_running "${1:-dev}"; then
    (cd "$instance" && as_user "$bindir/pg_ctl" -D data -m immediate -w -s stop </dev/null)
  fi
  rm -rf "$instance"
}

# Removes the copy as well where it does not lie under build/.
server_clean() {
  server_setup
  if [ "$home" != "$top/build/server" ] && ! ls -d "$home"/*/data >/dev/null 2>&1; then
    rm -rf "$home" "$top/build/server"
    unset bindir
  fi
}

server_stop_all() {
  local data
  server_setup
  for data in "$home"/*/data; do
    if [ -e "$data" ]; then server_stop "$(basename "$(dirname "$data")")"; fi
  done
}

server_print_env() {
  server_setup
  printf 'export PATH=%q:$PATH PGHOST=%q PGPORT=5432 PGUSER=postgres PGDATABASE=%q\n' "$bindir" "$home/${1:-dev}" "${2:-postgres}"
}

server_main() {
  local command=${1:-}
  [ $# -eq 0 ] || shift
  case $command in
    build) server_build ;;
    start)
      server_build
      server_start "${1:-dev}"
      server_print_env "${1:-dev}"
      ;;
    env) server_print_env "${1:-dev}" "${2:-postgres}" ;;
    psql)
      if ! server_running dev; then server_build; server_start dev; fi
      server_env dev
      exec psql -X "$@"
      ;;
    stop)
      if [ $# -gt 0 ]; then server_stop "$1"; else server_stop_all; fi
      server_clean
      ;;
    *)
      sed -n '2,/^set/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
      return 2
      ;;
  esac
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then server_main "$@"; fi
