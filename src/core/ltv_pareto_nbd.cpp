// Pareto/NBD (Schmittlein, Morrison & Colombo 1987): a customer buys at the rate λ ~ Gamma(r, α) and leaves at the rate
// μ ~ Gamma(s, β), whether it buys or not.
//
// The likelihood is usually written with two hypergeometric functions of |α - β| (Fader & Hardie 2005, "A note on deriving
// the Pareto/NBD model"), whose difference loses digits and whose parameters have no elementary derivatives. Their
// difference is an integral over the time of leaving,
//   L = Γ(r+x)/Γ(r) α^r β^s [ (α+T)^-(r+x) (β+T)^-s + s ∫ (α+t)^-(r+x) (β+t)^-(s+1) dt, t from t_x to T ],
// all terms positive. With t = c e^y - min(α, β) the integrand falls off like an exponential, and Gauss–Legendre gives it and
// every derivative to about 14 digits; where α < β or α > β makes no difference.
#include <array>
#include <cmath>
#include <limits>

#include "core/ltv_family.hpp"

namespace icp::ltv {

namespace {

enum { R, Alpha, S, Beta };

constexpr double most_decay = 8;     // of one panel, in powers of e
constexpr double negligible = 45;

// Calls visit({t, α+t, β+t, their logarithms, weight}) over nodes of ∫ f dt from `from` to `to`, where f is about (α+t)^-m (β+t)^-n, until
// what is left of f is negligible.
struct Node {
  double t, a, b, log_a, log_b, weight;
};
template <class Visit>
void integrate(double alpha, double beta, double m, double n, double from, double to, Visit&& visit) {
  const double c = std::min(alpha, beta), gap = std::abs(alpha - beta), first = c + from;
  const double range = std::log1p((to - from) / first);
  const double near = alpha <= beta ? m : n, far = alpha <= beta ? n : m;   // exponents of c + t and of the other
  // How fast f falls at u = c + t; the other factor joins in as u grows beside the gap.
  const auto decay = [&](double u) { return std::abs(near - 1) + far * u / (u + gap); };
  const bool single = decay(c + to) * range <= 3;
  const Rule& rule = single ? rule8() : rule12();
  double u0 = first, log_u0 = std::log(first);
  const double log_first = log_u0;
  for (double y = 0; y < range;) {
    double width = single ? range : std::min(range - y, most_decay / decay(u0));
    if (width > 0.1) width = std::min({range - y, std::max(0.1, 1.5 * most_decay / decay(u0 * std::exp(width))), width});
    for (std::size_t i = 0; i < rule.nodes.size(); ++i) {
      const double u = u0 * std::exp(width * rule.nodes[i]), log_u = log_u0 + width * rule.nodes[i], log_other = std::log(u + gap), weight = width * rule.weights[i] * u;
      if (alpha <= beta) visit(Node{u - c, u, u + gap, log_u, log_other, weight});
      else visit(Node{u - c, u + gap, u, log_other, log_u, weight});
    }
    y += width;
    u0 = first * std::exp(y);
    log_u0 = log_first + y;
    if ((near - 1) * y + far * std::log((u0 + gap) / (first + gap)) > negligible) break;
  }
}

// log Q and its derivatives by r, α, s, β, of Q = the bracket above; and the part of being alive.
struct Bracket {
  double log = 0, alive = 0;
  std::array<double, 4> by{};
};

Bracket bracket(const Customer& c, double r, double alpha, double s, double beta) {
  const double m = r + c.x, at = alpha + c.tx, bt = beta + c.tx, log_at = std::log(at), log_bt = std::log(bt);
  const double log_a = std::log(alpha + c.t), log_b = std::log(beta + c.t);
  // Everything in units of (α+t_x)^-m (β+t_x)^-s.
  const double stay = std::exp(-m * (log_a - log_at) - s * (log_b - log_bt));
  double leave = 0;
  std::array<double, 4> g{};
  if (c.t > c.tx)
    integrate(alpha, beta, m, s + 1, c.tx, c.t, [&](const Node& n) {
      const double f = n.weight * s / n.b * std::exp(-m * (n.log_a - log_at) - s * (n.log_b - log_bt));
      leave += f;
      g[R] += f * n.log_a;
      g[Alpha] += f / n.a;
      g[S] += f * n.log_b;
      g[Beta] += f / n.b;
    });
  Bracket out;
  const double all = stay + leave;
  out.log = -m * log_at - s * log_bt + std::log(all);
  out.alive = stay / all;
  out.by[R] = -(stay * log_a + g[R]) / all;
  out.by[Alpha] = -m * (stay / (alpha + c.t) + g[Alpha]) / all;
  out.by[S] = -(stay * log_b + g[S]) / all + leave / all / s;
  out.by[Beta] = -(s * stay / (beta + c.t) + (s + 1) * g[Beta]) / all;
  return out;
}

class ParetoNbd final : public Family {
 public:
  std::span<const char* const> names() const override {
    static constexpr std::array<const char*, 4> names = {"r", "alpha", "s", "beta"};
    return names;
  }
  std::vector<double> start(double scale) const override { return {0.6, 0.3 * scale, 0.6, 0.4 * scale}; }
  bool is_time(std::size_t parameter) const override { return parameter == Alpha || parameter == Beta; }

  double log_likelihood(std::span<const Customer> customers, std::span<const double> q, double* gradient, const Stop& stop) const override {
    const double r = q[R], alpha = q[Alpha], s = q[S], beta = q[Beta];
    double total = 0, last = std::numeric_limits<double>::quiet_NaN(), level = 0, by_r = 0;
    std::array<double, 4> g{};
    Pace pace(stop);
    for (const Customer& c : customers) {
      pace.step();
      if (c.x != last) {
        last = c.x;
        level = log_rising(r, c.x) + r * std::log(alpha) + s * std::log(beta);
        by_r = digamma_rising(r, c.x) + std::log(alpha);
      }
      const Bracket k = bracket(c, r, alpha, s, beta);
      total += c.weight * (level + k.log);
      g[R] += c.weight * (by_r + k.by[R]);
      g[Alpha] += c.weight * (r / alpha + k.by[Alpha]);
      g[S] += c.weight * (std::log(beta) + k.by[S]);
      g[Beta] += c.weight * (s / beta + k.by[Beta]);
    }
    if (gradient != nullptr)
      for (std::size_t i = 0; i < 4; ++i) gradient[i] += g[i] * q[i];
    return total;
  }

  double p_alive(const Customer& c, std::span<const double> q) const override { return bracket(c, q[R], q[Alpha], q[S], q[Beta]).alive; }

  double purchases(const Customer& c, std::span<const double> q, double horizon) const override {
    const double beta = q[Beta] + c.t;
    return (q[R] + c.x) / (q[Alpha] + c.t) * beta * power_integral(1 - q[S], std::log1p(horizon / beta));
  }

  // λ ~ Gamma(r+x, α+T) and μ ~ Gamma(s, β+T) of one that is alive.
  Future future(const Customer& c, std::span<const double> q, double horizon, double discount) const override {
    const double r = q[R] + c.x, alpha = q[Alpha] + c.t, s = q[S], beta = q[Beta] + c.t;
    const double log_end = std::log1p(horizon / beta);
    Future f;
    f.purchases = f.discounted = purchases(c, q, horizon);
    // 2 ∫ v E[λ²] (1 + v/β)^-s dv
    f.pairs = std::max(0.0, 2 * r * (r + 1) * (beta / alpha) * (beta / alpha) * (power_integral(2 - s, log_end) - power_integral(1 - s, log_end)));
    f.none = std::exp(-s * log_end - r * std::log1p(horizon / alpha));
    if (!(horizon > 0)) return f;
    integrate(alpha, beta, r, s + 1, 0, horizon, [&](const Node& n) {
      f.none += n.weight * s / n.b * std::exp(-s * std::log1p(n.t / beta) - r * std::log1p(n.t / alpha));
    });
    if (discount > 0) {
      double sum = 0;
      for (std::size_t i = 0; i < rule12().nodes.size(); ++i) {
        const double y = log_end * rule12().nodes[i], t = beta * std::expm1(y);
        sum += rule12().weights[i] * std::exp(-discount * t + (1 - s) * y);
      }
      f.discounted = r / alpha * beta * log_end * sum;
    }
    return f;
  }
};

}  // namespace

const Family& pareto_nbd() {
  static const ParetoNbd family;
  return family;
}

}  // namespace icp::ltv
