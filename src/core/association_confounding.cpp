#include "association_confounding.hpp"

#include <algorithm>
#include <cmath>

#include "icp/estimate.hpp"

namespace icp::associations {

namespace {

constexpr double least_left = 0.1;  // share of the contrast's variance that must be left within the strata

// Least squares of the target on x within strata: sums of products about the strata's means.
struct Fit {
  std::vector<double> x, y;  // means of the strata
  double xx = 0, slope = 0;
};

template <class Stratum>
Fit fit(const Field& f, const std::vector<double>& x, std::size_t strata, Stratum&& stratum) {
  Fit out{std::vector<double>(strata, 0), std::vector<double>(strata, 0), 0, 0};
  std::vector<double> n(strata, 0);
  for (std::size_t r = 0; r < x.size(); ++r) {
    const std::size_t s = stratum(r);
    if (s == strata) continue;
    n[s] += 1;
    out.x[s] += x[r];
    out.y[s] += f.rows.target[r] - f.mean;
  }
  for (std::size_t s = 0; s < strata; ++s)
    if (n[s] > 0) {
      out.x[s] /= n[s];
      out.y[s] /= n[s];
    }
  double xy = 0;
  for (std::size_t r = 0; r < x.size(); ++r) {
    const std::size_t s = stratum(r);
    if (s == strata) continue;
    const double dx = x[r] - out.x[s];
    out.xx += dx * dx;
    xy += dx * (f.rows.target[r] - f.mean - out.y[s]);
  }
  out.slope = out.xx > 0 ? xy / out.xx : 0;
  return out;
}

double influence(const Field& f, const std::vector<double>& x, const Fit& fit, std::size_t stratum, std::size_t r) {
  const double dx = x[r] - fit.x[stratum];
  return dx * (f.rows.target[r] - f.mean - fit.y[stratum] - fit.slope * dx) / fit.xx;
}

Effect with_interval(double value, double variance, double companies) {
  Effect e{value, std::sqrt(variance), {}};
  const double half = student_quantile(0.975, std::max(1.0, companies - 1)) * e.error;
  e.interval = {value - half, value + half};
  return e;
}

}  // namespace

Contrast contrast(const Field& f, const Variable& v) {
  Contrast c;
  if (v.numeric) {
    c.x = v.rank;
    return c;
  }
  c.cell = v.cells - 1;
  if (v.cells > 2) {
    std::vector<double> n(v.cells, 0), sum(v.cells, 0);
    double all = 0;
    for (std::size_t r = 0; r < v.cell.size(); ++r) {
      if (v.cell[r] == no_cell) continue;
      const double y = (f.rows.target[r] - f.mean) / f.deviation;
      n[v.cell[r]] += 1;
      sum[v.cell[r]] += y;
      all += y;
    }
    const double total = static_cast<double>(v.n), mean = all / total;
    double best = -1;
    for (std::size_t k = 0; k < v.cells; ++k) {
      if (v.category[k] < 0 || n[k] >= total || n[k] <= 0) continue;  // rare ones together are nothing to name
      const double d = std::abs(sum[k] - n[k] * mean) / std::sqrt(n[k] * (total - n[k]));
      if (d <= best) continue;
      best = d;
      c.cell = k;
    }
  } else if (v.category[c.cell] < 0) {
    c.cell = 0;
  }
  c.x.resize(v.cell.size());
  for (std::size_t r = 0; r < c.x.size(); ++r) c.x[r] = v.cell[r] == c.cell ? 1 : 0;
  return c;
}

Effect effect(const Field& f, const Variable& v, const Contrast& c) {
  const auto one = [&](std::size_t r) -> std::size_t { return v.cell[r] == no_cell ? 1 : 0; };
  const Fit crude = fit(f, c.x, 1, one);
  const double variance = mean_variance(f, 1, [&](std::size_t r, double& x) {
    if (v.cell[r] == no_cell) return false;
    x = influence(f, c.x, crude, 0, r);
    return true;
  });
  return with_interval(crude.slope, variance, static_cast<double>(v.companies));
}

Change change(const Field& f, const Variable& v, const Contrast& c, const Variable& by) {
  Change out;
  const std::size_t strata = by.cells;
  const auto stratum = [&](std::size_t r) -> std::size_t { return v.cell[r] == no_cell || by.cell[r] == no_cell ? strata : by.cell[r]; };
  const auto one = [&](std::size_t r) -> std::size_t { return stratum(r) == strata ? 1 : 0; };
  const Fit crude = fit(f, c.x, 1, one), within = fit(f, c.x, strata, stratum);
  if (!(crude.xx > 0) || within.xx < least_left * crude.xx) return out;
  const auto variance = [&](auto&& of) {
    return mean_variance(f, 1, [&](std::size_t r, double& x) {
      const std::size_t s = stratum(r);
      if (s == strata) return false;
      x = of(r, s);
      return true;
    });
  };
  std::int32_t last = no_company - 1;
  for (std::size_t r = 0; r < c.x.size(); ++r) {
    if (stratum(r) == strata || f.rows.company[r] == last) continue;
    last = f.rows.company[r];
    out.companies += 1;
  }
  const auto alone = [&](std::size_t r, std::size_t) { return influence(f, c.x, crude, 0, r); };
  const auto inside = [&](std::size_t r, std::size_t s) { return influence(f, c.x, within, s, r); };
  out.crude = with_interval(crude.slope, variance(alone), out.companies);
  out.adjusted = with_interval(within.slope, variance(inside), out.companies);
  out.shift = crude.slope - within.slope;
  out.error = std::sqrt(variance([&](std::size_t r, std::size_t s) { return alone(r, s) - inside(r, s); }));
  out.told = true;
  return out;
}

}  // namespace icp::associations
