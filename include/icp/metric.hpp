// Metrics: outcome-side columns, summarised per cohort and never learned from.
#pragma once

#include <set>
#include <string>

#include "icp/dataset.hpp"
#include "icp/options.hpp"

namespace icp {

// Whether a column is a metric by its name: a discount (discount, discount_pct, discount_percent) is agreed while selling. The
// options features and keep, which say that it was known before the outcome, make it an attribute; ignore leaves it out.
bool metric_by_name(const std::string& column, const Options& options);
// The metrics of the rows: those of the option metrics, and those by name.
std::set<std::string> metrics_of(const Dataset& data, const Options& options);

}  // namespace icp
