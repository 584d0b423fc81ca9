// How often intervals hold the truth, in simulated sets of customers with known parameters.
#pragma once

#include <functional>
#include <string>

#include "core/ltv_family.hpp"
#include "customers.hpp"

namespace icp::test {

struct Quantity {
  std::string name;
  bool raw = false;                                        // a parameter as it stands
  std::function<double(const std::vector<double>&)> of;    // on the scale on which its interval is symmetric
};

inline std::vector<Quantity> quantities(LtvKind kind) {
  const auto& family = ltv::family_of(kind);
  std::vector<Quantity> out;
  for (std::size_t i = 0; i < family.names().size(); ++i)
    out.push_back({family.names()[i], true, [i](const std::vector<double>& q) { return std::log(q[i]); }});
  const auto ratio = [](std::size_t a, std::size_t b) { return [a, b](const std::vector<double>& q) { return std::log(q[a] / q[b]); }; };
  const bool discrete = in_periods(kind);
  if (kind != LtvKind::sbg) out.push_back({"mean rate", false, ratio(0, 1)});   // of BG/BB log-odds
  out.push_back({"mean drop-out", false, kind == LtvKind::sbg ? ratio(0, 1) : ratio(2, 3)});
  const double t = discrete ? 10 : 39;
  out.push_back({"purchases of a new customer", false, [&family, t](const std::vector<double>& q) {
                   const ltv::Customer fresh{0, 0, 0, 1};
                   return std::log(family.p_alive(fresh, q) * family.purchases(fresh, q, t));
                 }});
  if (kind != LtvKind::sbg)
    out.push_back({"P(alive) after 2 repeat purchases", false, [&family, t](const std::vector<double>& q) {
                     const double p = family.p_alive({2, std::floor(t / 2), t, 1}, q);
                     return std::log(p / (1 - p));
                   }});
  return out;
}

// Whether the 95 % interval of each quantity holds the truth (delta method).
inline std::vector<bool> covered(const LtvPart& part, const std::vector<double>& truth, const std::vector<Quantity>& all) {
  const std::size_t k = truth.size();
  std::vector<bool> out;
  for (const Quantity& quantity : all) {
    std::vector<double> slope(k), q = part.values;
    for (std::size_t i = 0; i < k; ++i) {
      constexpr double step = 1e-4;
      q[i] = part.values[i] * std::exp(step);
      const double up = quantity.of(q);
      q[i] = part.values[i] * std::exp(-step);
      slope[i] = (up - quantity.of(q)) / (2 * step);
      q[i] = part.values[i];
    }
    double variance = 0;
    for (std::size_t i = 0; i < k; ++i)
      for (std::size_t j = 0; j < k; ++j) variance += slope[i] * slope[j] * part.covariance[i * k + j];
    out.push_back(std::abs(quantity.of(part.values) - quantity.of(truth)) <= 1.959963984540054 * std::sqrt(variance));
  }
  return out;
}

struct Recovered {
  std::vector<Quantity> quantities;
  std::vector<int> held;
  int sets = 0, not_converged = 0;
};
inline Recovered recover(LtvKind kind, int sets, int customers, std::uint64_t seed) {
  Recovered out{quantities(kind), {}, sets, 0};
  out.held.assign(out.quantities.size(), 0);
  const std::vector<double> truth = usual(kind);
  Random random(seed);
  for (int set = 0; set < sets; ++set) {
    LtvSample sample;
    sample.start(std::string("{\"model\":\"") + name_of(kind) + "\"}");
    for (int i = 0; i < customers; ++i) sample.add(live(kind, truth, {}, 40 + 60 * random.uniform(), 0, random).history());
    const LtvModel model = *fit_ltv(sample);
    out.not_converged += model.purchases.converged ? 0 : 1;
    const auto held = covered(model.purchases, truth, out.quantities);
    for (std::size_t i = 0; i < held.size(); ++i) out.held[i] += held[i] ? 1 : 0;
  }
  return out;
}

}  // namespace icp::test
