// Whether a profile says enough to be used: figures by which a good customer is known, criteria that exclude, depth.
#pragma once

#include <cstdint>
#include <string>

#include "icp/report.hpp"

namespace icp {

struct CompletenessNeeds {
  std::int64_t metrics = 5, exclusions = 3, depth = 2;
};

// Metrics are numeric features, columns of the option metrics, and the parts of deal quality that are known; the option
// significance orders them and gives each its weight (1 where it names none). Exclusions are those of the option exclusions.
Report report_completeness(const Model& model, const CompletenessNeeds& needs, const std::string& language);   // icp_completeness

}  // namespace icp
