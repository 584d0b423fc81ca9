#!/usr/bin/env bash
# Builds everything and runs every test against a private PostgreSQL. The last line is: N passed, N failed, N skipped
#   scripts/test.sh [--only PART [NAME]] [--sanitize] [--assert] [--no-llvm] [--keep]
# PART    unit (core, GoogleTest; NAME is a filter), regress, isolation, property, data, docs
# --sanitize   the core's tests under AddressSanitizer and UndefinedBehaviorSanitizer (slower)
# --assert     the extension with PostgreSQL's assertions
# --no-llvm    the extension without bitcode
# --keep       leaves the server running
# ICP_DATA     directory of the real data sets; without it the tests that need them are skipped, visibly
# Logs and differences stay in build/test/.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/server.sh"

only='' name='' core=objects keep='' make_options=() flavour=plain
while [ $# -gt 0 ]; do
  case $1 in
    --only)
      only=${2:?PART is missing}
      shift
      if [ $# -gt 1 ] && [ "${2#--}" = "$2" ]; then name=$2; shift; fi
      ;;
    --sanitize) core=sanitize ;;
    --assert) flavour=assert make_options+=(CPPFLAGS='-D_GNU_SOURCE -DUSE_ASSERT_CHECKING') ;;
    --no-llvm) make_options+=(with_llvm=no) ;;
    --keep) keep=yes ;;
    *) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
  esac
  shift
done

passed=0 failed=0 skipped=0 logs=$top/build/test
cd "$top"
mkdir -p "$logs"

# result ok|not|skip "what" [log to show when it failed]
result() {
  case $1 in
    ok) passed=$((passed + 1)); echo "ok      $2" ;;
    skip) skipped=$((skipped + 1)); echo "skipped $2" ;;
    not)
      failed=$((failed + 1))
      echo "not ok  $2"
      if [ -n "${3:-}" ] && [ -s "$3" ]; then tail -n 60 "$3" | sed 's/^/        | /'; fi
      ;;
  esac
}
part() { [ -z "$only" ] || [ "$only" = "$1" ]; }
chosen() { [ -z "$name" ] || [ "$(basename "$1" | sed 's/\.[^.]*$//')" = "$name" ]; }
say() { echo "# $* ($((SECONDS / 60)):$(printf %02d $((SECONDS % 60))))"; }
summary() { echo "$passed passed, $failed failed, $skipped skipped"; [ "$failed" -eq 0 ] && [ $((passed + skipped)) -gt 0 ]; }
# A signal may come while a step's output goes to its log.
exec 3>&1 4>&2
finish() {
  local status=$?
  trap - EXIT
  exec 1>&3 2>&4
  if [ -n "${bindir:-}" ]; then
    if [ -e "$home/test/log" ]; then cp "$home/test/log" "$logs/server.log"; fi
    if [ -n "$keep" ] && server_running test; then
      server_print_env test
      echo "# stop it with: scripts/server.sh stop test"
    else
      server_stop test
      server_clean
    fi
  fi
  if [ $status -ne 0 ]; then
    result not "scripts/test.sh stopped early" "${stopped_at:-}"
  fi
  summary || exit 1
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Runs a step whose failure makes the rest pointless; its output is shown only then.
step() {
  local what=$1 log=$2
  shift 2
  say "$what"
  stopped_at=$log
  "$@" >"$log" 2>&1
  stopped_at=''
}

# The tests of the core run over the objects that the extension is made of, but for sanitizers.
build_core() {
  if [ "$core" = objects ]; then server_make ${make_options[@]+"${make_options[@]}"} core-objects; fi
  cmake --preset "$core" && cmake --build "build/$core" --target icp_test -j"$jobs"
}
# Objects stand beside their sources, so those of another flavour must go first.
choose_flavour() {
  mkdir -p build
  if [ "$(cat build/flavour 2>/dev/null || echo plain)" != "$flavour" ]; then make -s PG_CONFIG="$(find_pg_config)" clean; fi
  echo "$flavour" >build/flavour
}
unit_tests() {
  local binary=build/$core/icp_test shard kind test log=$logs/unit.log shards=2 status=0 pids=()
  say "unit and property tests of the core"
  for ((shard = 0; shard < shards; shard++)); do
    GTEST_TOTAL_SHARDS=$shards GTEST_SHARD_INDEX=$shard "$binary" --gtest_filter="${name:-*}" --gtest_color=no >"$log.$shard" 2>&1 &
    pids+=($!)
  done
  for shard in "${!pids[@]}"; do wait "${pids[shard]}" || status=$?; done
  cat "$log".[0-9] >"$log"
  rm -f "$log".[0-9]
  while read -r kind test; do
    case $kind in
      OK) result ok "unit $test" ;;
      FAILED) result not "unit $test" ;;
      SKIPPED) result skip "unit $test" ;;
      crashed) result not "unit $test ended the program" ;;
    esac
  done < <(awk '/^\[ RUN +\]/ { if (open != "") print "crashed", open; open = $4 }
    /^\[==========\].* ran\./ { if (open != "") print "crashed", open; open = "" }
    /^\[ +(OK|FAILED|SKIPPED) +\] [^ ]+ \([0-9]+ ms\)/ { match($0, /OK|FAILED|SKIPPED/); kind = substr($0, RSTART, RLENGTH)
      sub(/^\[[^]]*\] /, ""); sub(/ \(.*/, ""); print kind, $0; open = "" }
    END { if (open != "") print "crashed", open }' "$log")
  if [ $status -ne 0 ]; then
    grep -vE '^\[ (RUN|      OK)|^\[[-=]+\]|^$' "$log" | tail -n 100 | sed 's/^/        | /'
    if ! grep -q 'FAILED' "$log"; then result not "unit tests ended with status $status"; fi
  fi
}

# The two drivers of PostgreSQL print one line a test: "test x ... ok 1 ms" up to 15, "ok 1 - x 1 ms" from 16 on.
drive() {
  local kind=$1 driver=$2 input=$3 tests=() file log=$logs/$1.log verdict test status=0
  shift 3
  for file in "$@"; do
    if [ -e "$file" ] && chosen "$file"; then tests+=("$(basename "$file" | sed 's/\.[^.]*$//')"); fi
  done
  if [ ${#tests[@]} -eq 0 ]; then return; fi
  say "$kind tests"
  rm -rf "$logs/$kind"
  mkdir -p "$logs/$kind"
  "$(dirname "$("$pg_config" --pgxs)")/../test/$driver" --inputdir="$input" --outputdir="$logs/$kind" --bindir="$bindir" \
    --dbname="icp_$kind" --load-extension=icp --host="$PGHOST" --port="$PGPORT" --user="$PGUSER" --encoding=UTF8 --dlpath="$logs" \
    "${tests[@]}" >"$log" 2>&1 || status=$?
  local seen=0
  while read -r verdict test; do
    seen=$((seen + 1))
    if [ "$verdict" = ok ]; then result ok "$kind $test"; else result not "$kind $test"; fi
  done < <(sed -nE -e 's/^test ([^ ]+) +\.\.\. ok .*/ok \1/p' -e 's/^test ([^ ]+) +\.\.\. FAILED.*/not \1/p' \
    -e 's/^ok [0-9]+ +[-+] ([^ ]+) .*/ok \1/p' -e 's/^not ok [0-9]+ +[-+] ([^ ]+) .*/not \1/p' "$log")
  if [ -s "$logs/$kind/regression.diffs" ]; then head -n 200 "$logs/$kind/regression.diffs" | sed 's/^/        | /'; fi
  if [ $seen -ne ${#tests[@]} ]; then result not "$kind: $seen of ${#tests[@]} tests reported" "$log"; fi
}

fresh_database() { psql -X -q -d postgres -c "SET client_min_messages = warning" -c "DROP DATABASE IF EXISTS $1" -c "CREATE DATABASE $1 TEMPLATE $2"; }

# A script passes with status 0 and is skipped with 77. It finds an empty database with the extension in PGDATABASE, the
# connection in PGHOST, PGPORT and PGUSER (a superuser), the copied installation in ICP_TREE, its pg_config in PG_CONFIG.
script_tests() {
  local kind=$1 script test status
  for script in test/"$kind"/*.sh; do
    if [ ! -e "$script" ] || ! chosen "$script"; then continue; fi
    test=$(basename "$script" .sh) status=0
    fresh_database icp_script icp_empty
    (cd "$logs" && PGDATABASE=icp_script exec bash "$top/$script") >"$logs/$kind-$test.log" 2>&1 </dev/null || status=$?
    case $status in
      0) result ok "$kind $test" ;;
      77) result skip "$kind $test: $(tail -n 1 "$logs/$kind-$test.log")" ;;
      *) result not "$kind $test (status $status)" "$logs/$kind-$test.log" ;;
    esac
  done
}

# The examples of each page run in a database with the demo's CRM and a model trained on it.
docs_tests() {
  local page test
  for page in README.md docs/*.md; do
    if [ ! -e "$page" ] || ! chosen "$page" || ! grep -q '^```sql$' "$page"; then continue; fi
    test=$(basename "$page" .md)
    fresh_database icp_page icp_demo
    if scripts/docs.sh "$page" | PGDATABASE=icp_page psql -X -q -v ON_ERROR_STOP=1 >"$logs/docs-$test.log" 2>&1; then
      result ok "docs $test"
    else
      result not "docs $test" "$logs/docs-$test.log"
    fi
  done
}
empty_database() { psql -X -q -d postgres -c 'CREATE DATABASE icp_empty' && psql -X -q -d icp_empty -c 'CREATE EXTENSION icp'; }
demo_database() {
  psql -X -q -d postgres -c 'CREATE DATABASE icp_demo TEMPLATE icp_empty' && psql -X -q -v ON_ERROR_STOP=1 -d icp_demo -f demo/crm.sql -f demo/train.sql
}

packages_install
if [ -d /usr/lib/ccache ]; then export PATH=/usr/lib/ccache:$PATH; fi
step "choosing the flavour" "$logs/flavour.log" choose_flavour
if part unit; then
  step "building the core and its tests" "$logs/build-core.log" build_core
  unit_tests
fi
if [ "$only" != unit ]; then
  step "building the extension" "$logs/build-extension.log" server_build ${make_options[@]+"${make_options[@]}"}
  step "starting a private $(cat "$tree/version")" "$logs/start.log" server_start test
  server_env test
  step "creating the extension" "$logs/create.log" empty_database
  if part regress; then drive regress regress/pg_regress test test/sql/*.sql; fi
  if part isolation && ls test/isolation/specs/*.spec >/dev/null 2>&1; then
    drive isolation isolation/pg_isolation_regress test/isolation test/isolation/specs/*.spec
  fi
  if part property; then say "property tests"; script_tests property; fi
  if part data; then say "tests on real data"; script_tests data; fi
  if part docs && [ -e demo/crm.sql ] && [ -e demo/train.sql ]; then
    say "filling the demo's CRM and training on it"
    if demo_database >"$logs/demo.log" 2>&1; then result ok "docs: the demo's database"; else result not "docs: the demo's database" "$logs/demo.log"; fi
    say "examples of the documentation"
    docs_tests
  fi
fi
say "done"
