// Digital maturity on a scale of the user's own items: points for each, which together make the declared maximum.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "icp/report.hpp"

namespace icp {

struct MaturityItem {
  std::string name;
  double points = 0;                          // the most it can give
  std::map<std::string, std::string> titles;  // by language
};

struct MaturityScale {
  double maximum = 15;
  std::vector<MaturityItem> items;
};

// The scale as JSON, {"maximum": 15, "items": [{"name": "cloud", "points": 4, "title": "…"}]}; an empty text means the
// default one. Items whose points do not total the maximum are an error.
MaturityScale parse_maturity_scale(std::string_view json);

// Points are kept in units of 2^-32, so that they add up exactly in any order.
struct MaturityScore {
  std::vector<std::optional<double>> points;  // of each item; none where the answer is not known
  std::optional<double> score;                // their sum; none where nothing is known
  double highest = 0;                         // the score if every unknown item had all its points
  double coverage = 0;                        // known share of the maximum
};

// Answers as a JSON object of item and points (true: all of them, false: none, null: not known).
MaturityScore score_maturity(const MaturityScale& scale, std::string_view answers);

Report report_maturity(const MaturityScale& scale, const MaturityScore& score);                                   // icp_maturity
Report report_maturity_parts(const MaturityScale& scale, const MaturityScore& score, const std::string& language);  // icp_maturity_parts

}  // namespace icp
