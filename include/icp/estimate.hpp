// Estimates whose independent unit is the company: a company with ten deals counts for the mean ten times and for the
// uncertainty once.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "icp/stop.hpp"

namespace icp {

struct Estimate;

// One observation: a value, its weight (> 0) and the company it belongs to.
struct Observation {
  double value = 0, weight = 1;
  std::int32_t company = 0;
};

// Weighted mean with a confidence interval from the cluster-robust variance (Liang & Zeger 1986; Student's t with
// companies - 1 degrees of freedom). No interval below two companies.
Estimate mean_estimate(std::span<const Observation> observations, const Stop& stop = {}, double level = 0.95);
// The standard error behind it; nothing below two companies.
std::optional<double> standard_error(std::span<const Observation> observations, const Stop& stop = {});
// Share of ones with Wilson's interval (1927) for the effective number of observations, n / design effect (Kish 1965).
Estimate share_estimate(std::span<const Observation> observations, const Stop& stop = {}, double level = 0.95);
// The number of independent observations that such a share stands on: n / design effect, and where all or none are ones,
// so that the variance says nothing, the companies.
double effective_number(std::span<const Observation> observations, const Stop& stop = {});
// Probability that the true share is at most `limit`, given the share seen among `number` independent observations, under
// Jeffreys' prior (1946): Beta(number · share + 1/2, number · (1 - share) + 1/2).
double share_at_most(double share, double number, double limit);
// Mean of the companies' own means: for figures of a customer that stand on each of its deals.
Estimate company_mean_estimate(std::span<const Observation> observations, const Stop& stop = {}, double level = 0.95);

// Empirical Bayes (Morris 1983): estimates with their variances shrunk towards their common mean; the variance between
// them by DerSimonian & Laird (1986).
struct Shrunken {
  double value = 0, variance = 0;
};
std::vector<Shrunken> shrink(std::span<const double> values, std::span<const double> variances);
// The same towards a given centre.
std::vector<Shrunken> shrink_to(double centre, std::span<const double> values, std::span<const double> variances);

// A figure with bounds of its own, and products and differences of independent ones with bounds recovered from theirs
// (MOVER: Zou & Donner 2008), which keeps the skew of a share's interval.
struct Bounded {
  double value = 0, low = 0, high = 0;
};
Bounded product(const Bounded& a, const Bounded& b);     // of figures that are not negative
Bounded difference(const Bounded& a, const Bounded& b);

double normal_quantile(double probability);
double student_quantile(double probability, double degrees_of_freedom);

}  // namespace icp
