#include "icp/metric.hpp"

#include <algorithm>

#include "icp/text.hpp"

namespace icp {

bool metric_by_name(const std::string& column, const Options& options) {
  constexpr const char* names[] = {"discount", "discount_pct", "discount_percent"};
  const std::string name = fold(column);
  return std::any_of(std::begin(names), std::end(names), [&](const char* n) { return name == n; }) && !options.is_role(column) &&
         options.features.count(column) + options.keep.count(column) + options.ignore.count(column) == 0;
}

std::set<std::string> metrics_of(const Dataset& data, const Options& options) {
  std::set<std::string> metrics = options.metrics;
  for (const DataColumn& c : data.columns)
    if (metric_by_name(c.name, options)) metrics.insert(c.name);
  return metrics;
}

}  // namespace icp
