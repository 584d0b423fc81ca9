// BG/NBD (Fader, Hardie & Lee 2005, "Counting your customers" the easy way) and MBG/NBD (Batislam, Denizel & Filiztekin
// 2007): a customer buys at the rate λ ~ Gamma(r, α) and leaves after a purchase with the probability p ~ Beta(a, b); in
// MBG/NBD the first purchase is one after which it may leave too.
#include <array>
#include <cmath>
#include <limits>

#include "core/ltv_family.hpp"

namespace icp::ltv {

namespace {

enum { R, Alpha, A, B };

// Of a customer that is alive: λ ~ Gamma(r, α), p ~ Beta(a, b). What it will do is what a new one of BG/NBD does.
struct Rates {
  double r, alpha, a, b;
};

// E[N(t)] = (c / (a-1)) [1 - (α/(α+t))^r F(r, b; c; z)], c = a + b - 1, z = t/(α+t). By Euler's transformation
// F(r, b; c; z) = (1-z)^{a-1-r} F(c-r, a-1; c; z), of which the terms past the first all have the factor a - 1: what is
// left is free of the singularity at a = 1, and c may be 0.
double mean_by_series(const Rates& k, double t) {
  const double z = t / (k.alpha + t), log_rest = std::log1p(-z), c = k.a + k.b - 1, u = c - k.r;
  double term = u * z, sum = 0;
  for (int n = 1;; ++n) {
    sum += term;
    const double ratio = (u + n) * (k.a + n - 1) / ((c + n) * (n + 1)) * z;
    term *= ratio;
    // The ratio tends to z; once it is below 1 the rest is about a geometric series.
    if (std::abs(term) <= 1e-15 * std::abs(sum) * (1 - z) && std::abs(ratio) < 1) break;
    if (term == 0 || n > 100'000) break;
  }
  return -c * power_integral(k.a - 1, log_rest) - std::exp((k.a - 1) * log_rest) * sum;
}

// E over p of g(p), by the trapezoid rule in the logit of p, where Beta's density falls off on both sides exponentially.
template <class G>
double over_dropout(const Rates& k, double precision, G&& g) {
  const double total = k.a + k.b, spread = std::sqrt(total / (k.a * k.b) + 1 / (1 + std::min(k.a, k.b)));
  const double centre = std::log(k.a / k.b);
  const double step = std::min(0.45, 0.35 * spread);
  double sum = 0, mass = 0;
  const auto weight = [&](double y) { return std::exp(k.a * (y - centre) - total * (std::log1p(std::exp(y)) - std::log1p(std::exp(centre)))); };
  const auto visit = [&](double y) {
    const double w = weight(y);
    mass += w;
    sum += w * g(1 / (1 + std::exp(-y)));
    return w;
  };
  const double peak = visit(centre);
  for (int i = 1; i < 4000 && visit(centre + i * step) > precision * peak; ++i) {}
  for (int i = 1; i < 4000 && visit(centre - i * step) > precision * peak; ++i) {}
  return sum / mass;
}

// (1 - (1+w)^-r) / p with w = p τ.
double mean_given(double p, double r, double tau) {
  const double w = p * tau;
  return w < 1e-12 ? r * tau : -std::expm1(-r * std::log1p(w)) / p;
}

// E[N (N-1)] given p: 2 (1-p) / p² [1 - (1+w)^-r - r w (1+w)^(-r-1)].
double pairs_given(double p, double r, double tau) {
  const double w = p * tau;
  if (w * (r + 2) < 1e-4) return (1 - p) * r * (r + 1) * tau * tau * (1 - 2.0 / 3 * (r + 2) * w);
  return 2 * (1 - p) / (p * p) * (-std::expm1(-r * std::log1p(w)) - r * w * std::exp(-(r + 1) * std::log1p(w)));
}

double mean(const Rates& k, double t) {
  if (!(t > 0)) return 0;
  const double tau = t / k.alpha;
  // The series is fast where it converges well; its terms are at most (1 + τ)^a.
  if (k.a <= 150 && k.b <= 1e6 && tau < 50 && k.a * tau < 500) return std::max(0.0, mean_by_series(k, t));
  return over_dropout(k, 1e-14, [&](double p) { return mean_given(p, k.r, tau); });
}

class BetaGeometric final : public Family {
 public:
  explicit BetaGeometric(double shift) : shift_(shift) {}

  std::span<const char* const> names() const override {
    static constexpr std::array<const char*, 4> names = {"r", "alpha", "a", "b"};
    return names;
  }
  std::vector<double> start(double scale) const override { return {0.5, 0.2 * scale, 0.8, 2}; }
  bool is_time(std::size_t parameter) const override { return parameter == Alpha; }

  double log_likelihood(std::span<const Customer> customers, std::span<const double> q, double* gradient, const Stop& stop) const override {
    const double r = q[R], alpha = q[Alpha], a = q[A], b = q[B];
    const double log_alpha = std::log(alpha), log_a = std::log(a);
    double total = 0, last = std::numeric_limits<double>::quiet_NaN();
    std::array<double, 4> g{};
    double level = 0, by_r = 0, by_a = 0, by_b = 0, odds = 0;   // what depends on x alone
    Pace pace(stop);
    for (const Customer& c : customers) {
      pace.step();
      const double x = c.x, made = x + shift_;                  // purchases after which it might have left, and did not
      if (x != last) {
        last = x;
        level = log_rising(r, x) + r * log_alpha + log_rising(b, made) - log_rising(a + b, made);
        by_r = digamma_rising(r, x) + log_alpha;
        by_a = -digamma_rising(a + b, made);
        by_b = by_a + digamma_rising(b, made);
        odds = made > 0 ? log_a - std::log(b + made - 1) : -std::numeric_limits<double>::infinity();
      }
      const double end = std::log(alpha + c.t), seen = std::log(alpha + c.tx);
      const double logit = odds + (r + x) * (end - seen);       // of having left, against being alive
      const double gone = made > 0 ? 1 / (1 + std::exp(-logit)) : 0;
      total += c.weight * (level - (r + x) * end + (made > 0 ? (logit > 0 ? logit + std::log1p(std::exp(-logit)) : std::log1p(std::exp(logit))) : 0));
      g[R] += c.weight * (by_r - end + gone * (end - seen));
      g[Alpha] += c.weight * (r / alpha - (r + x) * (gone / (alpha + c.tx) + (1 - gone) / (alpha + c.t)));
      g[A] += c.weight * (by_a + gone / a);
      g[B] += c.weight * (by_b - (made > 0 ? gone / (b + made - 1) : 0));
    }
    if (gradient != nullptr)
      for (std::size_t i = 0; i < 4; ++i) gradient[i] += g[i] * q[i];
    return total;
  }

  double p_alive(const Customer& c, std::span<const double> q) const override {
    const double made = c.x + shift_;
    if (made == 0) return 1;
    const double logit = std::log(q[A] / (q[B] + made - 1)) + (q[R] + c.x) * (std::log(q[Alpha] + c.t) - std::log(q[Alpha] + c.tx));
    return 1 / (1 + std::exp(logit));
  }

  double purchases(const Customer& c, std::span<const double> q, double horizon) const override { return mean(rates(c, q), horizon); }

  Future future(const Customer& c, std::span<const double> q, double horizon, double discount) const override {
    const Rates k = rates(c, q);
    const double tau = horizon / k.alpha;
    Future f;
    f.purchases = f.discounted = mean(k, horizon);
    f.none = std::exp(-k.r * std::log1p(tau));
    f.pairs = over_dropout(k, 1e-7, [&](double p) { return pairs_given(p, k.r, tau); });
    if (discount > 0 && horizon > 0) {
      // By parts: e^{-δH} E(H) + δ ∫ e^{-δt} E(t) dt, with t = α (e^y - 1).
      const double end = std::log1p(tau);
      double sum = 0;
      for (std::size_t i = 0; i < rule8().nodes.size(); ++i) {
        const double y = end * rule8().nodes[i], t = k.alpha * std::expm1(y);
        sum += rule8().weights[i] * std::exp(-discount * t) * mean(k, t) * k.alpha * std::exp(y);
      }
      f.discounted = std::exp(-discount * horizon) * f.purchases + discount * end * sum;
    }
    return f;
  }

 private:
  Rates rates(const Customer& c, std::span<const double> q) const { return {q[R] + c.x, q[Alpha] + c.t, q[A], q[B] + c.x + shift_}; }
  double shift_;   // 1 where the first purchase counts
};

}  // namespace

const Family& bg_nbd() {
  static const BetaGeometric family(0);
  return family;
}
const Family& mbg_nbd() {
  static const BetaGeometric family(1);
  return family;
}

}  // namespace icp::ltv
