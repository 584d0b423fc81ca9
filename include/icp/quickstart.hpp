// A rough first version of the profile: what unites the few best deals. Exploratory by its nature: a few deals chose it and
// nothing tests it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "icp/dataset.hpp"
#include "icp/predicate.hpp"
#include "icp/report.hpp"
#include "icp/sample.hpp"
#include "icp/stop.hpp"

namespace icp {

struct UnitingAttribute {
  Predicate predicate;                         // one condition
  std::int64_t n_best = 0, n_rest = 0;         // deals that satisfy it
  double share_best = 0;                       // of those whose value is known
  std::optional<double> share_rest;
  double known_best = 0;                       // share of the best whose value is known
};

struct QuickStart {
  std::string best;                            // who the best are, in words
  std::int64_t n_best = 0, n_rest = 0, companies_best = 0;
  std::vector<UnitingAttribute> attributes;    // by share_best less share_rest; one a feature
};

// The best are won deals (where the outcome is recorded, else any rows) with the largest value of the option target: a
// ready one (top_margin, shortest_cycle, most_active, highest_nps), a number of the rows, or DQS where none is named. Equal
// values are all in. The rest are all other closed deals.
QuickStart find_uniting(const Sample& sample, const Zone& zone, const Stop& stop);

Report report_quick_start(const QuickStart& start, const std::string& language);   // icp_quick_start

}  // namespace icp
