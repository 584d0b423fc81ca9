// How much of a base of companies a profile takes in. One that takes in most of it says nothing.
#pragma once

#include <cstdint>

#include "icp/report.hpp"
#include "icp/score.hpp"
#include "icp/stop.hpp"

namespace icp {

struct WidthLimits {
  double rows = 12000, share = 0.2;   // above either it is too wide
};

// One row for all A cohorts together, then one a cohort. Numbers beyond the sample's rows are estimates from it.
Report report_width(const Model& model, const Sample& base, const Zone& zone, const WidthLimits& limits, const std::string& language, const Stop& stop);

}  // namespace icp
