// Scorecards in words.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "icp/report.hpp"
#include "icp/score.hpp"

namespace icp {

Report report_scorecard(const Model& model, const std::string& language);  // icp_scorecard
Report report_reach(const Model& model);                                   // icp_reach
// icp_reach_check: what `won` of `leads` say of the part `share` of the list. An error (invalid_parameter) where the model has
// no such part or the counts cannot be.
Report report_reach_check(const Model& model, double share, std::int64_t leads, std::int64_t won);

Report report_range(const ScoreRange& range);                              // icp_score_range
Report report_questions(const std::vector<Question>& questions);           // icp_next_question
// icp_checklist. A cohort that the model does not have is an error (undefined_object).
Report report_checklist(const Model& model, const std::string& cohort, const std::string& language);

// The parts of one row's score, which total it exactly. `values` are the row's, by feature, as text.
void explain_card(const Model& model, const Scorecard& card, std::span<const std::uint16_t> bins, const std::vector<std::optional<std::string>>& values,
                  bool ru, std::vector<Explanation>& out);

}  // namespace icp
