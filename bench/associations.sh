#!/usr/bin/env bash
# How often icp_associations finds something where there is nothing, and how often its intervals hold the truth: the
# simulations of test/unit/association.cpp with many runs (about a minute for each 100).
#   bench/associations.sh [RUNS]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cmake --preset default >/dev/null
cmake --build build/core --target icp_test -j2 >/dev/null
ICP_RUNS=${1:-500} build/core/icp_test --gtest_filter='Association.FindsNothingInNothing:Association.IntervalsCoverTheTruth:Association.PairsTellMore*'
