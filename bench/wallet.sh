#!/usr/bin/env bash
# potential_fit() and potential_estimate() against quantile boosting of scikit-learn on the same splits in one run, one core each:
# GradientBoostingRegressor(loss='quantile') as it comes, learning logarithms and learning money, and
# HistGradientBoostingRegressor(loss='quantile'). Held-out pinball loss as a ratio to each, on logarithms and in money; the share of
# held-out customers below the estimated quantile with exact binomial tests (Holm over all and the cohorts of at least 100), of a
# quarter as many as were learned from; the time
# of a fit and of an estimate. Then other methods that were tried, how far the share strays in many small markets, and a fit of 100,000 × 20.
#   ICP_DATA=... bench/wallet.sh [SPLITS]
# Needs python3 with pandas, psycopg2, scipy and scikit-learn (Debian: python3-pandas python3-psycopg2 python3-scipy
# python3-sklearn). SPLITS (default 5) is the number of random splits, or of simulated markets.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/server.sh"
. "$top/bench/python.sh"
: "${ICP_DATA:?names the directory of the data sets}"
python_with 'pandas, psycopg2, scipy, sklearn'
[ -n "$python" ] || { echo 'python3 with pandas, psycopg2, scipy and scikit-learn is missing' >&2; exit 1; }
server_build with_llvm=no >/dev/null
trap 'server_stop bench' EXIT
server_start bench
server_env bench
psql -X -q -v ON_ERROR_STOP=1 -c 'CREATE EXTENSION icp'
OMP_NUM_THREADS=1 "$python" -W ignore bench/wallet.py "$ICP_DATA" "${1:-5}"
