// Measures of association with their variances and intervals.
#pragma once

#include <span>

#include "association_space.hpp"

namespace icp::associations {

// A measure as the rows show it, and the cluster-robust variance of its linear part (influence function).
struct Plain {
  double value = 0, variance = 0, degrees = 0;
};

// Share of the target's variance between the cells. For a share of two outcomes it is phi squared, chi-squared over n.
Plain eta_squared(const Field& f, const Variable& v);
// Mutual information of cells and the target's bins, over the target's entropy.
Plain mutual_information(const Field& f, const Variable& v);
// Spearman's correlation; for a share rank-biserial correlation, 2·AUC − 1, with the variance of Obuchowski (1997).
Plain rank_correlation(const Field& f, const Variable& v);

struct Interval {
  double low = 0, high = 0;
};

// 95 % intervals; `companies` are the independent units.
//
// Of a measure of squares, less the value `bias` that chance alone gives it: the noncentral chi-squared whose mean, whose
// variance where there is nothing, and whose variance far from nothing are the measure's own (by inversion, as Steiger 2004).
Interval squared_interval(const Plain& plain, double bias, double companies);
// Of a correlation, on the scale of its inverse hyperbolic tangent (for AUC the log-odds).
Interval correlation_interval(const Plain& plain, double companies);

}  // namespace icp::associations
