// BG/BB (Fader, Hardie & Shang 2010, "Customer-base analysis in a discrete-time noncontractual setting"): at each occasion a
// customer that is alive buys with the probability p ~ Beta(α, β); before each it leaves with θ ~ Beta(γ, δ).
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/ltv_family.hpp"

namespace icp::ltv {

namespace {

enum { Alpha, Beta, Gamma, Delta };

// log B(a+i, b+j) / B(a, b), and its derivatives by a and b.
double log_beta_ratio(double a, double b, double i, double j) { return log_rising(a, i) + log_rising(b, j) - log_rising(a + b, i + j); }
void add_ratio(double a, double b, double i, double j, double weight, double* by) {
  const double both = digamma_rising(a + b, i + j);
  by[0] += weight * (digamma_rising(a, i) - both);
  by[1] += weight * (digamma_rising(b, j) - both);
}

// log Γ(a + n) / Γ(a) and its derivative by a, for n from 0 on.
struct Rising {
  std::vector<double> log, by;
  Rising(double a, std::size_t n) : log(n), by(n) {
    for (std::size_t i = 1; i < n; ++i) {
      const double next = a + static_cast<double>(i - 1);
      log[i] = log[i - 1] + std::log(next);
      by[i] = by[i - 1] + 1 / next;
    }
  }
};

class BetaBernoulli final : public Family {
 public:
  std::span<const char* const> names() const override {
    static constexpr std::array<const char*, 4> names = {"alpha", "beta", "gamma", "delta"};
    return names;
  }
  std::vector<double> start(double) const override { return {1, 1, 0.8, 2}; }
  bool is_time(std::size_t) const override { return false; }

  double log_likelihood(std::span<const Customer> customers, std::span<const double> q, double* gradient, const Stop& stop) const override {
    double longest = 0;
    for (const Customer& c : customers) longest = std::max(longest, c.t);
    const auto n = static_cast<std::size_t>(longest) + 2;
    const Rising a(q[Alpha], n), b(q[Beta], n), ab(q[Alpha] + q[Beta], n), d(q[Delta], n), gd(q[Gamma] + q[Delta], n);
    const double log_gamma = std::log(q[Gamma]);
    double total = 0;
    std::array<double, 4> g{};
    std::vector<double> logs;
    for (const Customer& c : customers) {
      stop.poll();
      const auto x = static_cast<std::size_t>(c.x), tx = static_cast<std::size_t>(c.tx), t = static_cast<std::size_t>(c.t);
      // Alive after all t occasions, or gone after tx, tx + 1, ... t - 1 of them: the likelihood of each way.
      logs.clear();
      logs.push_back(a.log[x] + b.log[t - x] - ab.log[t] + d.log[t] - gd.log[t]);
      for (std::size_t gone = tx; gone < t; ++gone) logs.push_back(a.log[x] + b.log[gone - x] - ab.log[gone] + log_gamma + d.log[gone] - gd.log[gone + 1]);
      const double top = *std::max_element(logs.begin(), logs.end());
      double sum = 0;
      for (double& v : logs) sum += v = std::exp(v - top);
      total += c.weight * (top + std::log(sum));
      for (std::size_t i = 0; i < logs.size(); ++i) {
        const std::size_t stayed = i == 0 ? t : tx + i - 1, left = i == 0 ? 0 : 1;
        const double share = c.weight * logs[i] / sum;
        g[Alpha] += share * (a.by[x] - ab.by[stayed]);
        g[Beta] += share * (b.by[stayed - x] - ab.by[stayed]);
        g[Gamma] += share * ((left == 1 ? 1 / q[Gamma] : 0) - gd.by[stayed + left]);
        g[Delta] += share * (d.by[stayed] - gd.by[stayed + left]);
      }
    }
    if (gradient != nullptr)
      for (std::size_t i = 0; i < 4; ++i) gradient[i] += g[i] * q[i];
    return total;
  }

  double p_alive(const Customer& c, std::span<const double> q) const override {
    // The ways of having left, against being alive; backwards from the last occasion.
    double gone = 0, way = q[Gamma] / (q[Delta] + c.t - 1);
    for (double stayed = c.t - 1; stayed >= c.tx; --stayed) {
      way *= (q[Alpha] + q[Beta] + stayed) / (q[Beta] + stayed - c.x);
      gone += way;
      way *= (q[Gamma] + q[Delta] + stayed) / (q[Delta] + stayed - 1);
    }
    return 1 / (1 + gone);
  }

  // p ~ Beta(α+x, β+n-x) and θ ~ Beta(γ, δ+n) of one that is alive.
  Future future(const Customer& c, std::span<const double> q, double horizon, double discount) const override {
    const double a = q[Alpha] + c.x, b = q[Beta] + c.t - c.x, g = q[Gamma], d = q[Delta] + c.t;
    const double buys = a / (a + b), buys_twice = buys * (a + 1) / (a + b + 1);
    Future f;
    double stays = 1, misses = 1;                             // of all occasions so far
    f.none = 0;
    const int occasions = static_cast<int>(std::min(horizon, 1e5));
    for (int k = 1; k <= occasions; ++k) {
      const double before = stays;
      stays *= (d + k - 1) / (g + d + k - 1);
      f.none += (before - stays) * misses;
      misses *= (b + k - 1) / (a + b + k - 1);
      f.purchases += buys * stays;
      f.discounted += buys * stays * std::exp(-discount * k);
      f.pairs += 2 * (k - 1) * buys_twice * stays;
    }
    f.none += stays * misses;
    return f;
  }

};

// Shifted-beta-geometric (Fader & Hardie 2007, "How to project customer retention"): at each renewal a subscriber leaves
// with the probability θ ~ Beta(α, β). x: renewals made; t: renewals that were due.
class ShiftedBetaGeometric final : public Family {
 public:
  std::span<const char* const> names() const override {
    static constexpr std::array<const char*, 2> names = {"alpha", "beta"};
    return names;
  }
  std::vector<double> start(double) const override { return {1, 2}; }
  bool is_time(std::size_t) const override { return false; }

  double log_likelihood(std::span<const Customer> customers, std::span<const double> q, double* gradient, const Stop& stop) const override {
    double total = 0;
    std::array<double, 2> g{};
    Pace pace(stop);
    for (const Customer& c : customers) {
      pace.step();
      const double left = c.x < c.t ? 1 : 0;
      total += c.weight * log_beta_ratio(q[0], q[1], left, c.x);
      add_ratio(q[0], q[1], left, c.x, c.weight, g.data());
    }
    if (gradient != nullptr)
      for (std::size_t i = 0; i < 2; ++i) gradient[i] += g[i] * q[i];
    return total;
  }

  double p_alive(const Customer& c, std::span<const double>) const override { return c.x < c.t ? 0 : 1; }

  Future future(const Customer& c, std::span<const double> q, double horizon, double discount) const override {
    Future f;
    double stays = 1;
    const int renewals = static_cast<int>(std::min(horizon, 1e5));
    for (int k = 1; k <= renewals; ++k) {
      stays *= (q[1] + c.x + k - 1) / (q[0] + q[1] + c.x + k - 1);
      if (k == 1) f.none = 1 - stays;
      f.purchases += stays;
      f.discounted += stays * std::exp(-discount * k);
      f.pairs += 2 * (k - 1) * stays;
    }
    return f;
  }
};

}  // namespace

const Family& bg_bb() {
  static const BetaBernoulli family;
  return family;
}
const Family& sbg() {
  static const ShiftedBetaGeometric family;
  return family;
}

}  // namespace icp::ltv
