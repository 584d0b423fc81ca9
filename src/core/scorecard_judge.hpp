// Scores against outcomes: how well they rank, how true they are.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "icp/estimate.hpp"
#include "icp/stop.hpp"

namespace icp::card {

// What was scored, and how it turned out: 0 or 1, or a number.
struct Scored {
  double score = 0;     // log-odds, or the number expected
  double outcome = 0, weight = 1;
  std::int32_t company = 0;
};

// Area under the ROC curve; ties count half. The standard error is by companies, from the influence of each on the area
// (DeLong et al. 1988; Obuchowski 1997). Nothing where one outcome is missing.
struct Area {
  double value = 0.5, error = 0;
};
std::optional<Area> area(std::span<const Scored> rows, const Stop& stop);

// Mean precision over the won rows, from the highest score down; ties share theirs.
double average_precision(std::span<const Scored> rows, const Stop& stop);

// Intercept and slope of the outcomes on the log-odds (Cox 1958): 0 and 1 where probabilities are true.
struct Calibration {
  double intercept = 0, slope = 1, slope_error = 0;
};
std::optional<Calibration> calibration(std::span<const Scored> rows, const Stop& stop);
// The shift of all log-odds that makes their mean probability true.
double calibration_shift(std::span<const Scored> rows, const Stop& stop);
// P value of Spiegelhalter's (1986) test that probabilities are true.
double spiegelhalter(std::span<const Scored> rows, const Stop& stop);

double log_loss(const Scored& row);  // of one row
double brier(const Scored& row);

}  // namespace icp::card
