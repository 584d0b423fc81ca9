#include "icp/ledger.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/binomial.hpp>

#include "icp/error.hpp"

namespace icp {

namespace {

constexpr double year = 365.25;
constexpr int nodes = 800;      // of the posterior, equally spaced in the logarithm of the rate
constexpr int strata = 32;      // values of equal probability that stand for a posterior, and for what a window makes of each
constexpr double negligible = 36;  // difference of log-densities from which on nothing more is added

struct Window {
  double days, clients, moved, weight;
};

// Logarithm of the posterior density of log(rate per day), but for a constant.
class Posterior {
 public:
  explicit Posterior(std::vector<Window> windows) : windows_(std::move(windows)) {}

  double operator()(double log_rate) const {
    const double rate = std::exp(log_rate);
    double likelihood = 0, information = 0;
    for (const Window& w : windows_) {
      const double hazard = rate * w.days;
      const double moved = -std::expm1(-hazard);
      if (w.moved > 0) likelihood += w.weight * w.moved * std::log(moved);
      likelihood -= w.weight * (w.clients - w.moved) * hazard;
      // Fisher's information about the logarithm of the rate.
      information += w.weight * w.clients * hazard * hazard * std::exp(-hazard) / moved;
    }
    return likelihood + 0.5 * std::log(information);
  }

  // The posterior mode, found by halving an interval in which the density rises and then falls.
  double mode() const {
    double exposure = 0, events = 0.5, longest = 0;
    for (const Window& w : windows_) {
      exposure += w.weight * w.clients * w.days;
      events += w.weight * w.moved;
      longest = std::max(longest, w.days);
    }
    const double start = std::log(events / exposure);
    double low = start - 3, high = start + 3;
    while ((*this)(low - 1) > (*this)(low) && low > start - 700) low -= 3;
    while ((*this)(high + 1) > (*this)(high) && std::exp(high) * longest < 500) high += 1;
    for (int i = 0; i < 200 && high - low > 1e-12 * std::max(1.0, std::abs(high)); ++i) {
      const double a = low + (high - low) / 3, b = high - (high - low) / 3;
      ((*this)(a) < (*this)(b) ? low : high) = (*this)(a) < (*this)(b) ? a : b;
    }
    return (low + high) / 2;
  }

 private:
  std::vector<Window> windows_;
};

struct Nodes {
  std::vector<double> log_rate, weight;  // weights add up to 1
};

// The density by the trapezoid rule, whose error falls exponentially for a smooth density that vanishes at both ends.
Nodes integrate(const Posterior& posterior, const Stop& stop) {
  const double mode = posterior.mode(), top = posterior(mode);
  const auto end = [&](double direction) {
    double step = 1e-6;
    while (posterior(mode + direction * step) > top - negligible && step < 1e3) step *= 1.5;
    return mode + direction * step;
  };
  const double low = end(-1), high = end(1);
  Nodes out;
  double total = 0;
  Pace pace(stop);
  for (int i = 0; i <= nodes; ++i) {
    pace.step();
    const double at = low + (high - low) * i / nodes, density = std::exp(posterior(at) - top);
    if (!(density > 0)) continue;
    out.log_rate.push_back(at);
    out.weight.push_back(density);
    total += density;
  }
  for (double& w : out.weight) w /= total;
  return out;
}

double moved_within(double log_rate, double days) { return -std::expm1(-std::exp(log_rate) * days); }

// Williams' estimate by moments of the correlation of clients within a window.
double estimate_correlation(const std::vector<Window>& windows) {
  if (windows.size() < 2) return 0;
  double moved = 0, clients = 0;
  for (const Window& w : windows) {
    moved += w.moved;
    clients += w.clients;
  }
  if (moved <= 0 || moved >= clients) return 0;
  const double log_rate = Posterior(windows).mode();
  double information = 0, chi_square = 0;
  std::vector<double> of_window;
  for (const Window& w : windows) {
    const double hazard = std::exp(log_rate) * w.days, p = -std::expm1(-hazard), stay = std::exp(-hazard);
    const double i = w.clients * hazard * hazard * stay / p;
    of_window.push_back(i);
    information += i;
    chi_square += (w.moved - w.clients * p) * (w.moved - w.clients * p) / (w.clients * p * stay);
  }
  double spread = 0;
  for (std::size_t i = 0; i < windows.size(); ++i) spread += (windows[i].clients - 1) * (1 - of_window[i] / information);
  return spread > 0 ? std::clamp((chi_square - static_cast<double>(windows.size() - 1)) / spread, 0.0, 0.95) : 0;
}

// Probabilities of having moved, each as likely as the others, that stand for all that may be.
std::vector<double> probabilities(const Nodes& rates, double days, double correlation, const Stop& stop) {
  std::vector<double> centres;
  double sum = 0;
  std::size_t next = 0;
  for (std::size_t i = 0; i < rates.weight.size(); ++i) {
    const double before = sum;
    sum += rates.weight[i];
    for (; next < strata && (static_cast<double>(next) + 0.5) / strata <= sum; ++next) {
      const double within = ((static_cast<double>(next) + 0.5) / strata - before) / rates.weight[i];
      const double step = i > 0 ? rates.log_rate[i] - rates.log_rate[i - 1] : 0;
      centres.push_back(moved_within(rates.log_rate[i] + (within - 0.5) * step, days));
    }
  }
  if (correlation < 1e-9) return centres;
  std::vector<double> out;
  Pace pace(stop);
  for (const double p : centres) {
    const double n = (1 - correlation) / correlation;
    if (p <= 0 || p >= 1) {
      out.insert(out.end(), strata, std::clamp(p, 0.0, 1.0));
      continue;
    }
    const boost::math::beta_distribution<double> window(p * n, (1 - p) * n);
    for (int i = 0; i < strata; ++i) {
      pace.step();
      out.push_back(boost::math::quantile(window, (i + 0.5) / strata));
    }
  }
  // In order, groups of neighbours are as good as one value each.
  std::sort(out.begin(), out.end());
  std::vector<double> merged;
  constexpr std::size_t group = 8;
  for (std::size_t i = 0; i + group <= out.size(); i += group) merged.push_back(std::accumulate(out.begin() + static_cast<std::ptrdiff_t>(i), out.begin() + static_cast<std::ptrdiff_t>(i + group), 0.0) / group);
  return merged;
}

// P(at most k move), over probabilities that are equally likely.
double at_most(std::int64_t k, std::int64_t clients, const std::vector<double>& probabilities) {
  if (k < 0) return 0;
  if (k >= clients) return 1;
  double sum = 0;
  for (const double p : probabilities)
    sum += p <= 0 ? 1 : p >= 1 ? 0 : boost::math::cdf(boost::math::binomial_distribution<double>(static_cast<double>(clients), p), static_cast<double>(k));
  return sum / static_cast<double>(probabilities.size());
}

// The smallest k with P(at most k move) of at least `probability`.
std::int64_t quantile(double probability, std::int64_t clients, const std::vector<double>& probabilities) {
  std::int64_t low = 0, high = clients;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (at_most(middle, clients, probabilities) >= probability) high = middle;
    else low = middle + 1;
  }
  return low;
}

std::vector<Window> checked(std::span<const MoveWindow> windows) {
  std::vector<Window> out;
  for (const MoveWindow& w : windows) {
    if (!(w.days >= 0) || w.clients < 0 || w.moved < 0 || w.moved > w.clients || !std::isfinite(w.days))
      throw Error(ErrorCode::invalid_parameter, "a window needs days of 0 or more, and at most as many clients moved as there were");
    if (w.days > 0 && w.clients > 0) out.push_back({w.days, static_cast<double>(w.clients), static_cast<double>(w.moved), 1});
  }
  if (out.empty()) throw Error(ErrorCode::invalid_parameter, "there is no window with days and clients to learn from");
  return out;
}

}  // namespace

MoveForecast forecast_moves(std::span<const MoveWindow> windows, std::int64_t remaining, double days, std::int64_t needed, double level, const Stop& stop) {
  if (remaining < 0 || !(days >= 0) || !std::isfinite(days) || !(level > 0 && level < 1))
    throw Error(ErrorCode::invalid_parameter, "a forecast needs clients and days of 0 or more, and a level between 0 and 1");
  std::vector<Window> seen = checked(windows);
  MoveForecast out;
  out.correlation = estimate_correlation(seen);
  for (Window& w : seen) w.weight = 1 / (1 + (w.clients - 1) * out.correlation);
  const Nodes rates = integrate(Posterior(seen), stop);
  double share = 0;
  for (std::size_t i = 0; i < rates.weight.size(); ++i) {
    out.rate += rates.weight[i] * std::exp(rates.log_rate[i]) * year;
    share += rates.weight[i] * moved_within(rates.log_rate[i], days);
  }
  out.expected = static_cast<double>(remaining) * share;
  const std::vector<double> p = probabilities(rates, days, out.correlation, stop);
  out.low = quantile((1 - level) / 2, remaining, p);
  out.high = quantile((1 + level) / 2, remaining, p);
  out.enough = needed <= 0 ? 1 : 1 - at_most(needed - 1, remaining, p);
  return out;
}

}  // namespace icp
