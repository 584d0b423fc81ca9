#!/usr/bin/env bash
# Prints the SQL examples of a page of documentation as one psql script: every ```sql block, in order.
#   scripts/docs.sh docs/dqs.md | psql -X -v ON_ERROR_STOP=1
# A failing statement is reported with its line in the page, since every line of the page has its line in the script.
set -euo pipefail
awk '/^```/ { inside = ($0 == "```sql"); print ""; next } { print inside ? $0 : "" }' "$1"
