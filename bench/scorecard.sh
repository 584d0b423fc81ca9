#!/usr/bin/env bash
# win_probability of icp_score() against what a user would pick instead, on the same folds, in one run, one core each:
# logistic regression, naive Bayes and histogram boosting of scikit-learn, XGBoost, the explainable boosting machine of
# InterpretML. Mean of fold AUCs, the paired difference to each peer with the corrected resampled t (Nadeau & Bengio 2003),
# and the time of a fit. icp_fit() learns cohorts and judges itself by cross-validation in that time too.
#   ICP_DATA=... bench/scorecard.sh [REPEATS [tables]]
# Needs python3 with pandas, psycopg2 and scikit-learn (Debian: python3-pandas python3-psycopg2 python3-sklearn); XGBoost
# (python3-xgboost) and InterpretML (a clone of interpretml/interpret, built, with python/interpret-core on PYTHONPATH) where
# they are there. REPEATS (default 1) is that of five folds on the larger sets; the small one has ten times as many.
# With `tables`, those of Debian's R packages (bench/scorecard.R) instead, four times below 2,000 rows; an hour with InterpretML:
#   apt-get install r-base-core r-cran-aer r-cran-cardata r-cran-caret r-cran-kernlab r-cran-mass r-cran-mlbench r-cran-modeldata
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/server.sh"
. "$top/bench/python.sh"
: "${ICP_DATA:?names the directory of the data sets}"
python_with 'pandas, psycopg2, sklearn'
[ -n "$python" ] || { echo 'python3 with pandas, psycopg2 and scikit-learn is missing' >&2; exit 1; }
server_build with_llvm=no >/dev/null
trap 'server_stop bench' EXIT
server_start bench
server_env bench
psql -X -q -v ON_ERROR_STOP=1 -c 'CREATE EXTENSION icp'
more=()
if [ "${2:-}" = tables ]; then
  more=("$home/bench/tables")
  mkdir "${more[0]}"
  Rscript --vanilla "$top/bench/scorecard.R" "${more[0]}"
fi
OMP_NUM_THREADS=1 "$python" -W ignore "$top/bench/scorecard.py" "$ICP_DATA" "${1:-1}" "${more[@]}"
