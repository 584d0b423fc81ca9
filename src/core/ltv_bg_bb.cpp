// BG/BB (Fader, Hardie & Shang 2010, "Customer-base analysis in a discrete-time noncontractual setting"): at each occasion a
// customer that is alive buys with the probability p ~ Beta(α, β); before each it leaves with θ ~ Beta(γ, δ).
#include <array>
#include <cmath>

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

class BetaBernoulli final : public Family {
 public:
  std::span<const char* const> names() const override {
    static constexpr std::array<const char*, 4> names = {"alpha", "beta", "gamma", "delta"};
    return names;
  }
  std::vector<double> start(double) const override { return {1, 1, 0.8, 2}; }
  bool is_time(std::size_t) const override { return false; }

  double log_likelihood(std::span<const Customer> customers, std::span<const double> q, double* gradient, const Stop& stop) const override {
    double total = 0;
    std::array<double, 4> g{};
    std::vector<double> log_terms;
    for (const Customer& c : customers) {
      stop.poll();
      const Ways ways(c);
      const double top = ways.logs(q, log_terms);
      double sum = 0;
      for (const double v : log_terms) sum += std::exp(v - top);
      total += c.weight * (top + std::log(sum));
      for (std::size_t i = 0; i < log_terms.size(); ++i) {
        const double share = c.weight * std::exp(log_terms[i] - top) / sum;
        if (share == 0) continue;
        const auto [bought, missed, left, stayed] = ways.way(i);
        add_ratio(q[Alpha], q[Beta], bought, missed, share, &g[Alpha]);
        add_ratio(q[Gamma], q[Delta], left, stayed, share, &g[Gamma]);
      }
    }
    if (gradient != nullptr)
      for (std::size_t i = 0; i < 4; ++i) gradient[i] += g[i] * q[i];
    return total;
  }

  double p_alive(const Customer& c, std::span<const double> q) const override {
    std::vector<double> log_terms;
    const double top = Ways(c).logs(q, log_terms);
    double sum = 0;
    for (const double v : log_terms) sum += std::exp(v - top);
    return std::exp(log_terms[0] - top) / sum;
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

 private:
  // The ways in which a history can have come about: alive to the end, or gone after the i-th occasion past the last purchase.
  class Ways {
   public:
    explicit Ways(const Customer& c) : c_(c), n_(1 + static_cast<std::size_t>(std::max(0.0, c.t - c.tx))) {}
    struct Way {
      double bought, missed, left, stayed;
    };
    Way way(std::size_t i) const {
      if (i == 0) return {c_.x, c_.t - c_.x, 0, c_.t};
      const double gone = c_.tx + static_cast<double>(i) - 1;
      return {c_.x, gone - c_.x, 1, gone};
    }
    double logs(std::span<const double> q, std::vector<double>& out) const {
      out.resize(n_);
      double top = -1e300;
      for (std::size_t i = 0; i < n_; ++i) {
        const Way w = way(i);
        out[i] = log_beta_ratio(q[Alpha], q[Beta], w.bought, w.missed) + log_beta_ratio(q[Gamma], q[Delta], w.left, w.stayed);
        top = std::max(top, out[i]);
      }
      return top;
    }

   private:
    const Customer& c_;
    std::size_t n_;
  };
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
