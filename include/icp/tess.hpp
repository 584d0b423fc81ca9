// Tess's test: who cannot say how segments differ in behaviour has classified customers, not segmented them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "icp/behaviour.hpp"
#include "icp/model.hpp"
#include "icp/report.hpp"
#include "icp/sample.hpp"
#include "icp/stop.hpp"
#include "icp/training.hpp"

namespace icp {

struct TessMean {
  std::string segment;
  double value = 0;
};

// One behaviour: win_rate, cycle, effort or retention.
struct TessBehaviour {
  BehaviourTest test;
  TessMean least, most;              // the segments with the smallest and the largest mean
};

struct Tess {
  std::vector<std::string> segments; // compared, in order
  std::int64_t companies = 0;
  std::vector<TessBehaviour> behaviours;
  std::string verdict;               // segmentation; classification, not segmentation; no segments; too little data
  std::string note;                  // what was left out or cut; "" nothing
};

// Compares segments of closed deals: those of a column (text or boolean; a number of more than 20 values is cut at its
// quarters), or the groups that the features of one level form. Throws as read_dataset does; undefined_column where there
// is neither such a column nor such a level.
Tess test_segments(const Sample& sample, const Zone& zone, const Stop& stop);

Report report_tess(const Tess& tess);   // icp_tess

// The same for the cohorts of a model, `cohort` that of each closed deal: among its metrics ("tess_win_rate" ...) and
// findings.
void test_cohorts(Model& model, const Training& training, const std::vector<std::int32_t>& cohort, const Stop& stop);

}  // namespace icp
