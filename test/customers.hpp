// Simulated customers with known parameters, for the models of purchases and of spend.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "icp/hash.hpp"
#include "icp/ltv.hpp"

namespace icp::test {

// A history that grows as the bridge lets it grow.
inline LtvHistory history_of_days(std::span<const std::pair<std::int32_t, double>> orders, std::int32_t until) {
  std::vector<std::uint64_t> words(LtvHistoryWords::size(0));
  for (const auto& [day, amount] : orders)
    while (!LtvHistoryWords(words).add(day, amount, until)) {
      const LtvHistory state = LtvHistoryWords(words).state();
      words.assign(LtvHistoryWords::size(LtvHistoryWords(words).capacity_class() + 1), 0);
      LtvHistoryWords(words).load(state);
    }
  return LtvHistoryWords(words).state();
}

inline double exponential(Random& random) { return -std::log1p(-random.uniform()); }

// Marsaglia & Tsang (2000); a shape below 1 by the shape one higher.
inline double gamma(double shape, Random& random) {
  if (shape < 1) return gamma(shape + 1, random) * std::pow(1 - random.uniform(), 1 / shape);
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double z = random.normal(), v = std::pow(1 + c * z, 3);
    if (v > 0 && std::log1p(-random.uniform()) < z * z / 2 + d - d * v + d * std::log(v)) return d * v;
  }
}
inline double beta(double a, double b, Random& random) {
  const double x = gamma(a, random), y = gamma(b, random);
  return x / (x + y);
}

inline std::vector<double> usual(LtvKind kind) {
  switch (kind) {
    case LtvKind::bg_nbd: return {0.8, 6, 0.8, 2.5};
    case LtvKind::mbg_nbd: return {0.8, 6, 0.9, 1.8};
    case LtvKind::pareto_nbd: return {0.6, 10, 0.6, 12};
    case LtvKind::bg_bb: return {1.2, 0.75, 0.66, 2.8};
    case LtvKind::sbg: break;
  }
  return {0.7, 1.2};
}

// A customer from its first purchase at time 0 up to `age`, and `horizon` beyond. With regular occasions one a week.
struct Life {
  double age = 0;
  std::vector<std::pair<double, double>> orders, later;   // when (later ones from the end of the history), amount
  bool priced = true;                                     // whether the amounts mean anything
  bool alive = false;                                     // at the end of the history

  LtvHistory history() const {
    double sum = 0;
    for (const auto& [at, amount] : orders) sum += amount;
    const auto x = static_cast<double>(orders.size());
    return ltv_history_of(x, orders.empty() ? 0 : orders.back().first, age, orders.empty() || !priced ? NAN : sum / x, 1);
  }
};

inline Life live(LtvKind kind, const std::vector<double>& q, const std::vector<double>& spend, double age, double horizon, Random& random) {
  Life life;
  if (in_periods(kind)) age = std::floor(age / 4), horizon = std::floor(horizon);
  life.age = age;
  life.priced = !spend.empty();
  const double nu = spend.empty() ? 1 : gamma(spend[1], random) / spend[2];
  const auto buy = [&](double at) {
    const double amount = spend.empty() ? 1 : gamma(spend[0], random) / nu;
    if (at <= age) life.orders.emplace_back(at, amount);
    else life.later.emplace_back(at - age, amount);
  };
  const double end = age + horizon;
  life.alive = true;
  if (kind == LtvKind::sbg || kind == LtvKind::bg_bb) {
    const double p = kind == LtvKind::sbg ? 1 : beta(q[0], q[1], random), theta = kind == LtvKind::sbg ? beta(q[0], q[1], random) : beta(q[2], q[3], random);
    for (double at = 1; at <= end; ++at) {
      if (random.uniform() < theta) {
        life.alive = at > age;
        break;
      }
      if (random.uniform() < p) buy(at);
    }
    return life;
  }
  const double rate = gamma(q[0], random) / q[1];
  double leaves = HUGE_VAL, at = 0;
  const double dropout = kind == LtvKind::pareto_nbd ? 0 : beta(q[2], q[3], random);
  if (kind == LtvKind::pareto_nbd) leaves = exponential(random) * q[3] / gamma(q[2], random);
  if (kind == LtvKind::mbg_nbd && random.uniform() < dropout) leaves = 0;
  for (;;) {
    at += rate > 0 ? exponential(random) / rate : HUGE_VAL;
    if (at > std::min(end, leaves)) break;
    buy(at);
    if (kind != LtvKind::pareto_nbd && random.uniform() < dropout) leaves = at;
  }
  life.alive = leaves > age;
  return life;
}

}  // namespace icp::test
