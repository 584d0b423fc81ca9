#include "icp/ledger.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/binomial.hpp>

#include "icp/error.hpp"

namespace icp {

namespace {

constexpr double year = 365.25;
constexpr int nodes = 300;         // of a posterior, equally spaced in the logarithm of the rate
constexpr int rates = 10;          // rates of equal probability that stand for a posterior
constexpr int strata = 10;         // shares of equal probability that stand for what a window makes of a rate
constexpr int exact_rates = 100;   // where there is no correlation, and a rate is all
constexpr double negligible = 36;  // difference of log-densities from which on nothing more is added
constexpr double tiny = 1e-300;
constexpr double independent = 0.1;        // probability that there is no correlation, before looking
constexpr int finest = 10, coarsest = 2;   // else it is a power of 1/2 from 1/1024 to 1/4
constexpr std::size_t fewest_windows = 2;  // that can differ

struct Window {
  double days, clients, moved;
};

// Logarithm of the likelihood of the windows and the prior of log(rate per day), but for a constant that no correlation changes.
class Posterior {
 public:
  Posterior(const std::vector<Window>& windows, double correlation) : windows_(windows), correlation_(correlation) {}

  double operator()(double log_rate) const {
    const double rate = std::exp(log_rate);
    double likelihood = 0, information = 0;
    for (const Window& w : windows_) {
      const double hazard = rate * w.days, moved = -std::expm1(-hazard), stay = std::exp(-hazard);
      if (correlation_ <= 0) {
        if (w.moved > 0) likelihood += w.moved * std::log(moved);
        likelihood -= (w.clients - w.moved) * hazard;
      } else {
        const double size = (1 - correlation_) / correlation_;
        likelihood += rising(std::max(moved * size, tiny), w.moved) + rising(std::max(stay * size, tiny), w.clients - w.moved) - rising(size, w.clients);
      }
      // Fisher's information about the logarithm of the rate, of independent clients.
      information += w.clients * hazard * hazard * stay / moved;
    }
    return likelihood + 0.5 * std::log(std::max(information, tiny));
  }

  // Where the density is greatest: a thirds search in an interval in which it rises and then falls.
  double mode() const {
    double exposure = 0, events = 0.5, longest = 0;
    for (const Window& w : windows_) {
      exposure += w.clients * w.days;
      events += w.moved;
      longest = std::max(longest, w.days);
    }
    const double start = std::log(events / exposure);
    double low = start - 3, high = start + 3;
    while ((*this)(low - 1) > (*this)(low) && low > start - 300) low -= 3;
    while ((*this)(high + 1) > (*this)(high) && std::exp(high) * longest < 500) high += 1;
    for (int i = 0; i < 200 && high - low > 1e-9 * std::max(1.0, std::abs(high)); ++i) {
      const double a = low + (high - low) / 3, b = high - (high - low) / 3;
      if ((*this)(a) < (*this)(b)) low = a;
      else high = b;
    }
    return (low + high) / 2;
  }

 private:
  // Logarithm of base (base + 1) ... (base + n - 1).
  static double rising(double base, double n) { return n > 0 ? std::lgamma(base + n) - std::lgamma(base) : 0; }

  const std::vector<Window>& windows_;
  double correlation_;
};

struct Nodes {
  std::vector<double> log_rate, weight;  // weights add up to 1
  double log_evidence = 0;               // logarithm of the integral
  double step = 0;
};

// The density by the trapezoid rule, whose error falls exponentially for a smooth density that vanishes at both ends.
Nodes integrate(const Posterior& posterior, const Stop& stop) {
  const double mode = posterior.mode(), top = posterior(mode);
  const auto end = [&](double direction) {
    double step = 1e-6;
    while (posterior(mode + direction * step) > top - negligible && step < 300) step *= 1.3;
    return mode + direction * step;
  };
  const double low = end(-1), high = end(1);
  Nodes out;
  out.step = (high - low) / nodes;
  double total = 0;
  Pace pace(stop);
  for (int i = 0; i <= nodes; ++i) {
    pace.step();
    const double at = low + out.step * i, density = std::exp(posterior(at) - top);
    if (!(density > 0)) continue;
    out.log_rate.push_back(at);
    out.weight.push_back(density);
    total += density;
  }
  for (double& w : out.weight) w /= total;
  out.log_evidence = top + std::log(total * out.step);
  return out;
}

double moved_within(double log_rate, double days) { return -std::expm1(-std::exp(log_rate) * days); }

// Logarithms of rates, each as likely as the others, that stand for a posterior.
std::vector<double> typical_rates(const Nodes& posterior, int count) {
  std::vector<double> out;
  double sum = 0;
  for (std::size_t i = 0; i < posterior.weight.size(); ++i) {
    const double before = sum;
    sum += posterior.weight[i];
    while (static_cast<int>(out.size()) < count && (static_cast<double>(out.size()) + 0.5) / count <= sum) {
      const double within = ((static_cast<double>(out.size()) + 0.5) / count - before) / posterior.weight[i];
      out.push_back(posterior.log_rate[i] + (within - 0.5) * posterior.step);
    }
  }
  return out;
}

// What share of the clients may move, with how much probability.
struct Share {
  double share, weight;
};

void add_shares(const Nodes& posterior, double days, double correlation, double weight, std::vector<Share>& out, const Stop& stop) {
  Pace pace(stop);
  const std::vector<double> typical = typical_rates(posterior, correlation > 0 ? rates : exact_rates);
  for (const double log_rate : typical) {
    const double p = moved_within(log_rate, days), each = weight / static_cast<double>(typical.size());
    if (correlation <= 0 || p <= 1e-12 || p >= 1 - 1e-12) {
      out.push_back({p, each});
      continue;
    }
    const double size = (1 - correlation) / correlation;
    const boost::math::beta_distribution<double> window(p * size, (1 - p) * size);
    for (int i = 0; i < strata; ++i) {
      pace.step();
      out.push_back({boost::math::quantile(window, (i + 0.5) / strata), each / strata});
    }
  }
}

// P(at most k move).
double at_most(std::int64_t k, std::int64_t clients, const std::vector<Share>& shares) {
  if (k < 0) return 0;
  if (k >= clients) return 1;
  double sum = 0, total = 0;
  for (const auto& [p, weight] : shares) {
    total += weight;
    if (p <= 0) sum += weight;
    else if (p < 1)
      sum += weight * boost::math::cdf(boost::math::binomial_distribution<double>(static_cast<double>(clients), p), static_cast<double>(k));
  }
  return sum / total;
}

// The smallest k with P(at most k move) of at least `probability`.
std::int64_t quantile(double probability, std::int64_t clients, const std::vector<Share>& shares) {
  std::int64_t low = 0, high = clients;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (at_most(middle, clients, shares) >= probability) high = middle;
    else low = middle + 1;
  }
  return low;
}

std::vector<Window> checked(std::span<const MoveWindow> windows) {
  std::vector<Window> out;
  for (const MoveWindow& w : windows) {
    if (!(w.days >= 0) || w.clients < 0 || w.moved < 0 || w.moved > w.clients || !std::isfinite(w.days))
      throw Error(ErrorCode::invalid_parameter, "a window needs days of 0 or more, and at most as many clients moved as there were");
    if (w.days > 0 && w.clients > 0) out.push_back({w.days, static_cast<double>(w.clients), static_cast<double>(w.moved)});
  }
  if (out.empty()) throw Error(ErrorCode::invalid_parameter, "there is no window with days and clients to learn from");
  return out;
}

struct Candidate {
  double correlation, prior;
};

MoveForecast forecast(std::span<const MoveWindow> windows, const std::vector<Candidate>& candidates, std::int64_t remaining, double days,
                      std::int64_t needed, double level, const Stop& stop) {
  if (remaining < 0 || !(days >= 0) || !std::isfinite(days) || !(level > 0 && level < 1))
    throw Error(ErrorCode::invalid_parameter, "a forecast needs clients and days of 0 or more, and a level between 0 and 1");
  const std::vector<Window> seen = checked(windows);
  std::vector<Nodes> posteriors;
  double top = 0;
  for (const Candidate& c : candidates) {
    posteriors.push_back(integrate(Posterior(seen, c.correlation), stop));
    top = posteriors.size() == 1 ? posteriors[0].log_evidence : std::max(top, posteriors.back().log_evidence);
  }
  double total = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i) total += candidates[i].prior * std::exp(posteriors[i].log_evidence - top);
  MoveForecast out;
  std::vector<Share> shares;
  // That clients move together makes a mean less sure, not another one (quasi-likelihood, Wedderburn 1974): it is that of the first
  // candidate, the least correlation. A prior that weighs as little as half a client is much where few windows are worth few clients.
  double share = 0;
  for (std::size_t k = 0; k < posteriors.front().weight.size(); ++k) {
    const double weight = posteriors.front().weight[k], log_rate = posteriors.front().log_rate[k];
    out.rate += weight * std::exp(log_rate) * year;
    share += weight * moved_within(log_rate, days);
  }
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const Nodes& nodes_of = posteriors[i];
    const double weight = candidates[i].prior * std::exp(nodes_of.log_evidence - top) / total;
    if (weight < 1e-3) continue;
    out.correlation += weight * candidates[i].correlation;
    add_shares(nodes_of, days, candidates[i].correlation, weight, shares, stop);
  }
  out.expected = static_cast<double>(remaining) * std::min(share, 1.0);
  out.low = std::min(quantile((1 - level) / 2, remaining, shares), static_cast<std::int64_t>(std::floor(out.expected)));
  out.high = std::max(quantile((1 + level) / 2, remaining, shares), static_cast<std::int64_t>(std::ceil(out.expected)));
  out.enough = needed <= 0 ? 1 : 1 - at_most(needed - 1, remaining, shares);
  return out;
}

}  // namespace

MoveForecast forecast_moves(std::span<const MoveWindow> windows, std::int64_t remaining, double days, std::int64_t needed, double level, const Stop& stop) {
  // A density that is flat gives each step of the grid as much as it is wide.
  std::vector<Candidate> candidates = {{0, independent}};
  double width = 0;
  for (int i = finest; i >= coarsest; --i) width += std::ldexp(1, -i);
  for (int i = finest; i >= coarsest; --i) candidates.push_back({std::ldexp(1, -i), (1 - independent) * std::ldexp(1, -i) / width});
  MoveForecast out = forecast(windows, candidates, remaining, days, needed, level, stop);
  if (checked(windows).size() < fewest_windows) {
    out.low = out.high = std::nullopt;
    if (needed > 0 && needed <= remaining) out.enough = std::nullopt;
  }
  return out;
}

MoveForecast forecast_moves(std::span<const MoveWindow> windows, double correlation, std::int64_t remaining, double days, std::int64_t needed,
                            double level, const Stop& stop) {
  if (!(correlation >= 0 && correlation < 1)) throw Error(ErrorCode::invalid_parameter, "a correlation is from 0 to below 1");
  return forecast(windows, {{correlation, 1}}, remaining, days, needed, level, stop);
}

}  // namespace icp
