#!/usr/bin/env bash
# Installs what building and testing need on Debian and its relatives; says what is needed elsewhere.
# It asks nothing, and neither creates, starts nor changes a PostgreSQL server of the system.
set -euo pipefail

packages=(g++ make cmake libeigen3-dev libfmt-dev libboost-dev nlohmann-json3-dev libutf8proc-dev libxxhash-dev libgtest-dev)

# The pg_config of a PostgreSQL that is complete enough: server, headers and test driver. PG_CONFIG decides, else the newest.
pg_config_complete() {
  local pgxs
  [ -x "$1" ] || return 1
  pgxs=$("$1" --pgxs 2>/dev/null) || return 1
  [ -e "$pgxs" ] && [ -x "$("$1" --bindir)/initdb" ] && [ -x "$(dirname "$pgxs")/../test/regress/pg_regress" ] &&
    [ -e "$("$1" --includedir-server)/postgres.h" ]
}
find_pg_config() {
  local version candidate
  if [ -n "${PG_CONFIG:-}" ]; then
    candidate=$(command -v "$PG_CONFIG") && pg_config_complete "$candidate" && echo "$candidate"
    return
  fi
  for version in 18 17 16 15 14 13; do
    for candidate in "/usr/lib/postgresql/$version/bin/pg_config" "/usr/pgsql-$version/bin/pg_config"; do
      if pg_config_complete "$candidate"; then echo "$candidate"; return; fi
    done
  done
  candidate=$(command -v pg_config) && pg_config_complete "$candidate" && echo "$candidate"
}

packages_missing() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

packages_install() {
  local missing major as_root=() create=/etc/postgresql-common/createcluster.conf
  if ! command -v apt-get >/dev/null; then
    if find_pg_config >/dev/null; then return; fi
    echo "error: this is not Debian or a relative, and no complete PostgreSQL 13 to 18 was found" >&2
    echo "Install PostgreSQL with its server headers and pg_regress, a C++20 compiler, make, CMake 3.25," >&2
    echo "Eigen 3.4, fmt 9, Boost, nlohmann-json 3.11, utf8proc, xxHash and GoogleTest; set PG_CONFIG if it is elsewhere." >&2
    return 1
  fi
  mapfile -t missing < <(packages_missing "${packages[@]}")
  if [ ${#missing[@]} -eq 0 ] && find_pg_config >/dev/null; then return; fi
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "error: packages are missing and only root can install them: ${missing[*]} postgresql and its server headers" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  as_root+=(env DEBIAN_FRONTEND=noninteractive)
  echo "installing packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  if ! find_pg_config >/dev/null; then
    major=$(apt-cache show postgresql | sed -n 's/^Version: \([0-9]*\)+.*/\1/p' | sort -n | tail -1)
    missing+=("postgresql-$major" "postgresql-server-dev-$major")
    # The server's package would create and start a cluster of the system.
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends postgresql-common >/dev/null
    "${as_root[@]}" cp -p "$create" "$create.icp"
    "${as_root[@]}" sed -i '$a create_main_cluster = false' "$create"
  fi
  local status=0
  "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null || status=$?
  if [ -e "$create.icp" ]; then "${as_root[@]}" mv "$create.icp" "$create"; fi
  if [ $status -ne 0 ] || ! find_pg_config >/dev/null; then
    echo "error: could not install ${missing[*]}" >&2
    return 1
  fi
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then packages_install; fi
