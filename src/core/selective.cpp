#include "icp/selective.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "icp/estimate.hpp"

namespace icp {

double normal_above(double x) { return 0.5 * std::erfc(x / std::sqrt(2.0)); }

double log_normal_above(double x) {
  if (x < 30) return std::log(normal_above(x));
  // Mills' ratio: relative error below 1/x^4.
  return -0.5 * x * x - std::log(x * std::sqrt(2 * 3.14159265358979323846)) + std::log1p(-1 / (x * x));
}

double log_normal_between(double low, double high) {
  if (!(low < high)) return -INFINITY;
  // In the tail where both are small, so that the difference keeps its digits.
  if (low + high < 0) std::tie(low, high) = std::pair(-high, -low);
  const double near = log_normal_above(low), far = std::isinf(high) ? -INFINITY : log_normal_above(high);
  return near + std::log1p(-std::exp(far - near));
}

std::pair<double, double> selected_interval(const SelectedMean& s, double level) {
  // Worked out for a mean reported above the bound; below is its mirror image.
  const double sign = s.above ? 1 : -1;
  const double mean = sign * s.mean, least = s.above ? s.least : -s.most, most = s.above ? s.most : -s.least;
  const double widen = s.companies > 1 ? student_quantile(0.5 + level / 2, s.companies - 1) / normal_quantile(0.5 + level / 2) : 1;
  const auto error = [&](double truth) {
    if (!s.number) return s.error * widen;
    const double p = std::clamp(sign * truth, 0.0, 1.0);
    return std::sqrt(std::max(p * (1 - p), 1e-12) / *s.number) * widen;
  };
  // The share of the error that the interval for all of them spends, as in the paper.
  const double spent = s.among > 1 ? (1 - level) / 10 : 0;
  const double farthest = s.among > 1 ? normal_quantile(1 - spent / (2 * s.among)) : INFINITY;
  // Probability of a mean at least as high as the observed one, given that it passed the bound: rises with the truth.
  const auto above = [&](double truth) {
    const double e = std::max(error(truth), 1e-300), here = (mean - truth) / e;
    if (std::abs(here) >= farthest) return here > 0 ? -INFINITY : 0.0;
    const double low = s.bound ? (std::min(sign * *s.bound, mean) - truth) / e : -INFINITY;
    const double high = std::min(farthest, s.limit ? (std::max(sign * *s.limit, mean) - truth) / e : INFINITY);
    return log_normal_between(here, high) - log_normal_between(std::max(low, -farthest), high);
  };
  const auto solve = [&](double probability) {
    double low = least, high = most;
    for (int i = 0; i < 200 && low < high; ++i) {
      const double middle = low + (high - low) / 2;
      if (middle <= low || middle >= high) break;
      (above(middle) < std::log(probability) ? low : high) = middle;
    }
    return low + (high - low) / 2;
  };
  const double tail = (1 - level - spent) / (1 - spent) / 2, low = solve(tail), high = solve(1 - tail);
  return s.above ? std::pair(low, high) : std::pair(-high, -low);
}

}  // namespace icp
