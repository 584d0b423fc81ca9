// Gamma-Gamma (Colombo & Jiang 1999; Fader & Hardie 2013): a customer's purchases are Gamma(p, ν), ν ~ Gamma(q, v), and how
// much it spends at a time says nothing of how often it buys.
#include <array>
#include <cmath>
#include <limits>

#include "core/ltv_family.hpp"

namespace icp::ltv {

double gamma_gamma(std::span<const Spend> customers, std::span<const double> parameters, double* gradient, const Stop& stop) {
  const double p = parameters[0], q = parameters[1], v = parameters[2], log_v = std::log(v);
  double total = 0, last = std::numeric_limits<double>::quiet_NaN(), level = 0, by_p = 0, by_q = 0, log_x = 0;
  std::array<double, 3> g{};
  Pace pace(stop);
  for (const Spend& s : customers) {
    pace.step();
    const double px = p * s.x;
    if (s.x != last) {
      last = s.x;
      log_x = std::log(s.x);
      level = log_gamma(px + q) - log_gamma(px) - log_gamma(q);
      const double both = digamma(px + q);
      by_p = both - digamma(px);
      by_q = both - digamma(q);
    }
    const double log_mean = std::log(s.mean), sum = v + s.x * s.mean, log_sum = std::log(sum);
    total += s.weight * (level + q * (log_v - log_sum) + px * (log_mean + log_x - log_sum) - log_mean);
    g[0] += s.weight * s.x * (by_p + log_mean + log_x - log_sum);
    g[1] += s.weight * (by_q + log_v - log_sum);
    g[2] += s.weight * (q / v - (px + q) / sum);
  }
  if (gradient != nullptr)
    for (std::size_t i = 0; i < 3; ++i) gradient[i] += g[i] * parameters[i];
  return total;
}

}  // namespace icp::ltv
