#include "icp/estimate.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>

#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>

#include "icp/interval.hpp"
#include "icp/model.hpp"

namespace icp {

namespace {

struct Sums {
  double n = 0, weight = 0, mean = 0;
  std::map<std::int32_t, double> residual;  // by company
};

Sums sum_up(std::span<const Observation> observations, const Stop& stop) {
  Pace pace(stop);
  Sums s;
  double total = 0;
  for (const Observation& o : observations) {
    s.n += 1;
    s.weight += o.weight;
    total += o.weight * o.value;
  }
  if (s.weight > 0) s.mean = total / s.weight;
  // Observations in the order of their companies, as they often are, cost no search.
  auto at = s.residual.end();
  for (const Observation& o : observations) {
    pace.step();
    if (at == s.residual.end() || at->first != o.company) at = s.residual.try_emplace(at == s.residual.end() ? at : std::next(at), o.company, 0.0);
    at->second += o.weight * (o.value - s.mean);
  }
  return s;
}

std::optional<double> cluster_variance(const Sums& s) {
  const double g = static_cast<double>(s.residual.size());
  if (g < 2) return std::nullopt;
  double sum = 0;
  for (const auto& [company, r] : s.residual) sum += r * r;
  return g / (g - 1) * sum / (s.weight * s.weight);
}

Estimate blank(const Sums& s) {
  Estimate e;
  e.n = static_cast<std::int64_t>(s.n);
  e.companies = static_cast<std::int64_t>(s.residual.size());
  if (s.weight > 0) e.value = s.mean;
  return e;
}

double effective(const Sums& s) {
  const double p = s.mean, companies = static_cast<double>(s.residual.size());
  const auto variance = cluster_variance(s);
  return variance && *variance > 0 ? std::min(s.n, p * (1 - p) / *variance * companies / (companies - 1)) : companies;
}

}  // namespace

double effective_number(std::span<const Observation> observations, const Stop& stop) { return effective(sum_up(observations, stop)); }

double share_at_most(double share, double number, double limit) {
  if (limit <= 0 || limit >= 1 || !(number > 0)) return limit >= 1 ? 1 : limit <= 0 ? 0 : 0.5;
  return boost::math::cdf(boost::math::beta_distribution<double>(number * share + 0.5, number * (1 - share) + 0.5), limit);
}

Bounded product(const Bounded& a, const Bounded& b) {
  const double value = a.value * b.value;
  const double down = std::hypot(b.value * (a.value - a.low), a.value * (b.value - b.low));
  const double up = std::hypot(b.value * (a.high - a.value), a.value * (b.high - b.value));
  return {value, value - down, value + up};
}

Bounded difference(const Bounded& a, const Bounded& b) {
  const double value = a.value - b.value;
  return {value, value - std::hypot(a.value - a.low, b.high - b.value), value + std::hypot(a.high - a.value, b.value - b.low)};
}

double normal_quantile(double probability) { return boost::math::quantile(boost::math::normal_distribution<double>(), probability); }

double student_quantile(double probability, double degrees_of_freedom) {
  return boost::math::quantile(boost::math::students_t_distribution<double>(degrees_of_freedom), probability);
}

Estimate mean_estimate(std::span<const Observation> observations, const Stop& stop, double level) {
  const Sums s = sum_up(observations, stop);
  Estimate e = blank(s);
  if (const auto variance = cluster_variance(s)) {
    const double half = student_quantile(0.5 + level / 2, static_cast<double>(s.residual.size()) - 1) * std::sqrt(*variance);
    e.low = s.mean - half;
    e.high = s.mean + half;
  }
  return e;
}

std::optional<double> standard_error(std::span<const Observation> observations, const Stop& stop) {
  const auto variance = cluster_variance(sum_up(observations, stop));
  return variance ? std::optional(std::sqrt(*variance)) : std::nullopt;
}

Estimate share_estimate(std::span<const Observation> observations, const Stop& stop, double level) {
  const Sums s = sum_up(observations, stop);
  Estimate e = blank(s);
  if (!e.value) return e;
  const double p = s.mean, n = effective(s);
  const Interval interval = share_interval(p, n, level);
  e.low = interval.low;
  e.high = interval.high;
  return e;
}

Estimate company_mean_estimate(std::span<const Observation> observations, const Stop& stop, double level) {
  std::map<std::int32_t, std::pair<double, double>> sums;
  Pace pace(stop);
  for (const Observation& o : observations) {
    pace.step();
    auto& [total, weight] = sums[o.company];
    total += o.weight * o.value;
    weight += o.weight;
  }
  std::vector<Observation> means;
  for (const auto& [company, sum] : sums) means.push_back({sum.first / sum.second, 1, company});
  return mean_estimate(means, stop, level);
}

std::vector<Shrunken> shrink_to(double centre, std::span<const double> values, std::span<const double> variances) {
  double q = 0, w = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    q += (values[i] - centre) * (values[i] - centre) / variances[i];
    w += 1 / variances[i];
  }
  // The centre is given, so Q has one degree of freedom for each value.
  const double tau = w > 0 ? std::max(0.0, (q - static_cast<double>(values.size())) / w) : 0;
  std::vector<Shrunken> out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double keep = tau / (tau + variances[i]);
    out.push_back({centre + keep * (values[i] - centre), keep * variances[i]});
  }
  return out;
}

std::vector<Shrunken> shrink(std::span<const double> values, std::span<const double> variances) {
  std::vector<Shrunken> out;
  const std::size_t k = values.size();
  if (k < 2) {
    for (std::size_t i = 0; i < k; ++i) out.push_back({values[i], variances[i]});
    return out;
  }
  double w = 0, ww = 0, wx = 0;
  for (std::size_t i = 0; i < k; ++i) {
    const double v = 1 / variances[i];
    w += v;
    ww += v * v;
    wx += v * values[i];
  }
  double q = 0;
  for (std::size_t i = 0; i < k; ++i) q += (values[i] - wx / w) * (values[i] - wx / w) / variances[i];
  const double tau = std::max(0.0, (q - static_cast<double>(k - 1)) / (w - ww / w));
  double centre = 0, total = 0;
  for (std::size_t i = 0; i < k; ++i) {
    centre += values[i] / (tau + variances[i]);
    total += 1 / (tau + variances[i]);
  }
  centre /= total;
  for (std::size_t i = 0; i < k; ++i) {
    const double keep = tau / (tau + variances[i]);
    // The centre's own uncertainty is part of a shrunken estimate's.
    out.push_back({centre + keep * (values[i] - centre), keep * variances[i] + (1 - keep) * (1 - keep) / total});
  }
  return out;
}

}  // namespace icp
