// What the readers of a model return: rows of named cells. The bridge matches them by name to the attributes of the SQL
// composite type, so a type can gain attributes without a change there.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "icp/association.hpp"
#include "icp/model.hpp"
#include "icp/rule.hpp"

namespace icp {

using Cell = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

// What is not known, and an empty text, is NULL.
inline Cell cell(const std::optional<double>& v) { return v && std::isfinite(*v) ? Cell(*v) : Cell(); }
inline Cell cell(const std::string& v) { return v.empty() ? Cell() : Cell(v); }

struct Report {
  std::vector<std::string> columns;
  std::vector<std::vector<Cell>> rows;
};

// A list of names as a cell that becomes text[].
Cell json_list(const std::vector<std::string>& names);

Report report_cohorts(const Model& model, const std::string& language);      // icp_cohorts
Report report_traits(const Model& model, const std::string& language);       // icp_traits
Report report_metrics(const Model& model);                                   // icp_metrics
Report report_label_results(const Model& model);                             // icp_label_results
Report report_diagnostics(const Model& model);                               // icp_diagnostics
Report report_diff(const Model& old_model, const Model& new_model);          // icp_diff
Report report_findings(const std::vector<Finding>& findings);                // icp_check
Report report_training(const Model& model);                                  // icp_training, without name, version, active
Report report_anti_icp(const Model& model, const std::string& language);     // icp_anti_icp
Report report_rules(const RuleList& list, const std::string& language);      // icp_discover
Report report_rules(const Model& model, const std::string& language);        // icp_rules
Report report_associations(const AssociationList& list);                     // icp_associations

}  // namespace icp
