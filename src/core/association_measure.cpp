#include "association_measure.hpp"

#include <algorithm>
#include <cmath>

#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/non_central_chi_squared.hpp>

#include "icp/estimate.hpp"

namespace icp::associations {

namespace {

// For each known row the mean over all known rows of v, counting those whose rank is above its own, and half of equals.
std::vector<double> above(const std::vector<double>& rank, const Variable& x, const std::vector<double>& v) {
  std::vector<std::uint32_t> order;
  for (std::size_t r = 0; r < x.cell.size(); ++r)
    if (x.cell[r] != no_cell) order.push_back(static_cast<std::uint32_t>(r));
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return rank[a] != rank[b] ? rank[a] < rank[b] : a < b; });
  const double n = static_cast<double>(order.size());
  std::vector<double> out(x.cell.size(), 0);
  double sum = 0;
  for (std::size_t j = order.size(); j > 0;) {
    std::size_t i = j;
    double here = 0;
    while (i > 0 && rank[order[i - 1]] == rank[order[j - 1]]) here += v[order[--i]];
    for (std::size_t k = i; k < j; ++k) out[order[k]] = (sum + here / 2) / n;
    sum += here;
    j = i;
  }
  return out;
}

// Mean over the known rows of a product.
template <class F>
double mean_of(const Variable& v, F&& f) {
  double sum = 0;
  for (std::size_t r = 0; r < v.cell.size(); ++r)
    if (v.cell[r] != no_cell) sum += f(r);
  return sum / static_cast<double>(v.n);
}

template <class F>
double variance_of(const Field& f, const Variable& v, F&& influence) {
  return mean_variance(f, static_cast<double>(v.n), [&](std::size_t r, double& x) {
    if (v.cell[r] == no_cell) return false;
    x = influence(r);
    return true;
  });
}

// The noncentrality at which a noncentral chi-squared variable is at least t with the given probability.
double noncentrality(double t, double degrees, double probability) {
  using boost::math::chi_squared_distribution;
  using boost::math::complement;
  using boost::math::non_central_chi_squared_distribution;
  const double z = normal_quantile(1 - probability);
  if (t > 20000) {  // the root of t is normal around the root of the noncentrality
    const double root = std::sqrt(std::max(0.0, t - degrees + 1)) - z;
    return root > 0 ? root * root : 0;
  }
  if (boost::math::cdf(complement(chi_squared_distribution<double>(degrees), t)) >= probability) return 0;
  double low = 0, high = std::sqrt(t) + std::abs(z) + 2;
  for (int i = 0; i < 40; ++i) {
    const double middle = (low + high) / 2;
    const double p = middle > 0 ? boost::math::cdf(complement(non_central_chi_squared_distribution<double>(degrees, middle * middle), t)) : 0;
    (p < probability ? low : high) = middle;
  }
  return low * low;
}

}  // namespace

Plain eta_squared(const Field& f, const Variable& v) {
  std::vector<double> n(v.cells, 0), sum(v.cells, 0);
  const double total = static_cast<double>(v.n);
  // In units of the deviation, about the mean.
  const auto y = [&](std::size_t r) { return (f.rows.target[r] - f.mean) / f.deviation; };
  double all = 0, squares = 0, used = 0;
  for (std::size_t r = 0; r < v.cell.size(); ++r) {
    if (v.cell[r] == no_cell) continue;
    n[v.cell[r]] += 1;
    sum[v.cell[r]] += y(r);
    all += y(r);
    squares += y(r) * y(r);
  }
  const double mean = all / total, variance = squares / total - mean * mean;
  std::vector<double> d(v.cells, 0);
  double between = 0;
  for (std::size_t k = 0; k < v.cells; ++k) {
    if (n[k] == 0) continue;
    used += 1;
    d[k] = sum[k] / n[k] - mean;
    between += n[k] * d[k] * d[k] / total;
  }
  if (!(variance > 1e-12)) return {0, 0, used - 1};
  const double eta = std::min(1.0, between / variance);
  return {eta, variance_of(f, v, [&](std::size_t r) {
            const double m = d[v.cell[r]], e = y(r) - mean;
            return (m * m - between + 2 * m * (e - m) - eta * (e * e - variance)) / variance;
          }), used - 1};
}

Plain mutual_information(const Field& f, const Variable& v) {
  const std::size_t bins = f.bins;
  std::vector<double> both(v.cells * bins, 0), cell(v.cells, 0), bin(bins, 0);
  const double total = static_cast<double>(v.n);
  for (std::size_t r = 0; r < v.cell.size(); ++r) {
    if (v.cell[r] == no_cell) continue;
    both[v.cell[r] * bins + f.bin[r]] += 1;
    cell[v.cell[r]] += 1;
    bin[f.bin[r]] += 1;
  }
  const auto used = [](const std::vector<double>& counts) { return static_cast<double>(std::count_if(counts.begin(), counts.end(), [](double c) { return c > 0; })); };
  const double degrees = (used(cell) - 1) * (used(bin) - 1), h = entropy(bin);
  if (!(h > 0)) return {0, 0, degrees};
  std::vector<double> ratio(both.size(), 0);
  double sum = 0;
  for (std::size_t k = 0; k < v.cells; ++k)
    for (std::size_t b = 0; b < bins; ++b) {
      const double c = both[k * bins + b];
      if (c > 0) sum += c / total * (ratio[k * bins + b] = std::log(c * total / (cell[k] * bin[b])));
    }
  const double share = std::max(0.0, sum / h);
  // The entropy's own influence is -log p.
  return {share, variance_of(f, v, [&](std::size_t r) {
            return (ratio[v.cell[r] * bins + f.bin[r]] + share * std::log(bin[f.bin[r]] / total)) / h;
          }), degrees};
}

Plain rank_correlation(const Field& f, const Variable& v) {
  const std::vector<double>& u = v.rank;
  std::vector<double> w(u.size(), 0);  // the target: its ranks among the known rows, or the share's deviations
  if (f.binary) {
    const double p = mean_of(v, [&](std::size_t r) { return f.rows.target[r]; });
    if (p <= 0 || p >= 1) return {0, 0, 1};
    for (std::size_t r = 0; r < u.size(); ++r) w[r] = v.cell[r] == no_cell ? 0 : f.rows.target[r] - p;
    const std::vector<double> s = above(u, v, w);
    const double both = mean_of(v, [&](std::size_t r) { return u[r] * w[r]; }), pq = p * (1 - p);
    const double shift = mean_of(v, [&](std::size_t r) { return s[r]; });
    return {std::clamp(2 * both / pq, -1.0, 1.0), variance_of(f, v, [&](std::size_t r) {
              return 2 * (u[r] * w[r] - both + s[r] - shift - both / pq * (1 - 2 * p) * w[r]) / pq;
            }), 1};
  }
  std::vector<double> y(u.size(), missing_number);
  for (std::size_t r = 0; r < u.size(); ++r)
    if (v.cell[r] != no_cell) y[r] = f.rows.target[r];
  w = mid_ranks(y);
  const auto product = [&](const std::vector<double>& a, const std::vector<double>& b) { return mean_of(v, [&](std::size_t r) { return a[r] * b[r]; }); };
  const double both = product(u, w), uu = product(u, u), ww = product(w, w);
  if (!(uu > 0 && ww > 0)) return {0, 0, 1};
  const double rho = std::clamp(both / std::sqrt(uu * ww), -1.0, 1.0);
  // The ranks themselves move with each row.
  const std::vector<double> uw = above(u, v, w), wu = above(w, v, u), u_own = above(u, v, u), w_own = above(w, v, w);
  const auto mean = [&](const std::vector<double>& a) { return mean_of(v, [&](std::size_t r) { return a[r]; }); };
  const double shift = mean(uw) + mean(wu), u_shift = mean(u_own), w_shift = mean(w_own);
  return {rho, variance_of(f, v, [&](std::size_t r) {
            const double b = u[r] * w[r] - both + uw[r] + wu[r] - shift;
            const double x = u[r] * u[r] - uu + 2 * (u_own[r] - u_shift), z = w[r] * w[r] - ww + 2 * (w_own[r] - w_shift);
            return b / std::sqrt(uu * ww) - rho / 2 * (x / uu + z / ww);
          }), 1};
}

Interval squared_interval(const Plain& plain, double bias, double companies) {
  const double excess = std::max(0.0, plain.value - bias);
  if (!(bias > 0) || !(plain.degrees > 0)) return {excess, excess};
  // Units in which the measure is chi-squared: where there is nothing its mean tells, far from nothing its variance, 4·unit·value.
  const double null_unit = bias / plain.degrees, far_unit = plain.value > 0 ? plain.variance / (4 * plain.value) : null_unit;
  const double widen = student_quantile(0.975, std::max(1.0, companies - 1)) / normal_quantile(0.975);
  const double unit = widen * widen * (bias * null_unit + excess * far_unit) / (bias + excess);
  const double t = plain.value / unit, degrees = bias / unit;
  // Less than chance alone gives says no more than nothing.
  return {unit * noncentrality(t, degrees, 0.025), unit * noncentrality(std::max(t, degrees), degrees, 0.975)};
}

Interval correlation_interval(const Plain& plain, double companies) {
  const double degrees = std::max(1.0, companies - 1);
  double r = plain.value, error;
  if (plain.variance > 0 && std::abs(r) < 1 - 1 / companies) {
    error = std::sqrt(plain.variance) / (1 - r * r);
  } else {  // all in one order: the rows show no variance
    r = std::clamp(r, 1 / companies - 1, 1 - 1 / companies);
    error = 1 / std::sqrt(std::max(1.0, companies - 3));
  }
  const double half = student_quantile(0.975, degrees) * error, z = std::atanh(r);
  Interval i{std::tanh(z - half), std::tanh(z + half)};
  if (plain.value > r) i.high = 1;
  if (plain.value < r) i.low = -1;
  return i;
}

}  // namespace icp::associations
