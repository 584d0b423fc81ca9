#include "icp/selective.hpp"

#include <algorithm>
#include <cmath>

#include "icp/estimate.hpp"

namespace icp {

double normal_above(double x) { return 0.5 * std::erfc(x / std::sqrt(2.0)); }

double log_normal_above(double x) {
  if (x < 30) return std::log(normal_above(x));
  // Mills' ratio: relative error below 1/x^4.
  return -0.5 * x * x - std::log(x * std::sqrt(2 * 3.14159265358979323846)) + std::log1p(-1 / (x * x));
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
  // Probability of a mean at least as high as the observed one, given that it passed the bound: rises with the truth.
  const auto above = [&](double truth) {
    const double e = std::max(error(truth), 1e-300);
    double log = log_normal_above((mean - truth) / e);
    if (s.bound) log -= log_normal_above((std::min(sign * *s.bound, mean) - truth) / e);
    return log;
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
  const double tail = (1 - level) / 2, low = solve(tail), high = solve(1 - tail);
  return s.above ? std::pair(low, high) : std::pair(-high, -low);
}

}  // namespace icp
