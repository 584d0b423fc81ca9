#include "scorecard_judge.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <boost/math/distributions/normal.hpp>

#include "icp/scorecard.hpp"

namespace icp::card {

namespace {

std::vector<Scored> ranked(std::span<const Scored> rows, const Stop& stop) {
  std::vector<Scored> out(rows.begin(), rows.end());
  sort(out.begin(), out.end(), stop, [](const Scored& a, const Scored& b) {
    return a.score != b.score ? a.score > b.score : a.outcome != b.outcome ? a.outcome > b.outcome : a.company != b.company ? a.company < b.company : a.weight < b.weight;
  });
  return out;
}

// Calls tie(first, last) for every run of equal scores.
template <class F>
void for_ties(const std::vector<Scored>& rows, F&& tie) {
  for (std::size_t i = 0; i < rows.size();) {
    std::size_t j = i;
    while (j < rows.size() && rows[j].score == rows[i].score) ++j;
    tie(i, j);
    i = j;
  }
}

}  // namespace

std::optional<Area> area(std::span<const Scored> given, const Stop& stop) {
  const std::vector<Scored> rows = ranked(given, stop);
  double won = 0, lost = 0;
  for (const Scored& r : rows) (r.outcome > 0.5 ? won : lost) += r.weight;
  if (!(won > 0 && lost > 0)) return std::nullopt;
  // The share of lost rows below each won one, and of won rows above each lost one.
  std::map<std::int32_t, double> influence;
  std::vector<double> place(rows.size());
  double won_above = 0, lost_above = 0, sum = 0;
  for_ties(rows, [&](std::size_t i, std::size_t j) {
    double w = 0, l = 0;
    for (std::size_t k = i; k < j; ++k) (rows[k].outcome > 0.5 ? w : l) += rows[k].weight;
    for (std::size_t k = i; k < j; ++k) {
      place[k] = rows[k].outcome > 0.5 ? (lost - lost_above - l / 2) / lost : (won_above + w / 2) / won;
      if (rows[k].outcome > 0.5) sum += rows[k].weight * place[k];
    }
    won_above += w;
    lost_above += l;
  });
  Area a;
  a.value = sum / won;
  Pace pace(stop);
  for (std::size_t k = 0; k < rows.size(); ++k) {
    pace.step();
    influence[rows[k].company] += rows[k].weight * (place[k] - a.value) / (rows[k].outcome > 0.5 ? won : lost);
  }
  double variance = 0;
  for (const auto& [company, i] : influence) variance += i * i;
  const double m = static_cast<double>(influence.size());
  a.error = m > 1 ? std::sqrt(variance * m / (m - 1)) : 0.5;
  return a;
}

double average_precision(std::span<const Scored> given, const Stop& stop) {
  const std::vector<Scored> rows = ranked(given, stop);
  double won = 0, seen = 0, sum = 0;
  for_ties(rows, [&](std::size_t i, std::size_t j) {
    double w = 0;
    for (std::size_t k = i; k < j; ++k) {
      seen += rows[k].weight;
      if (rows[k].outcome > 0.5) w += rows[k].weight;
    }
    won += w;
    sum += w * won / seen;
  });
  return won > 0 ? sum / won : 0;
}

std::optional<Calibration> calibration(std::span<const Scored> rows, const Stop& stop) {
  double a = 0, b = 1;
  Calibration out;
  for (int step = 0; step < 50; ++step) {
    double w = 0, wx = 0, wxx = 0, g = 0, gx = 0;
    Pace pace(stop);
    for (const Scored& r : rows) {
      pace.step();
      const double p = probability_of(a + b * r.score), v = r.weight * p * (1 - p), e = r.weight * (r.outcome - p);
      w += v;
      wx += v * r.score;
      wxx += v * r.score * r.score;
      g += e;
      gx += e * r.score;
    }
    const double d = w * wxx - wx * wx;
    if (!(d > 1e-9 * w * wxx)) return std::nullopt;
    const double da = (wxx * g - wx * gx) / d, db = (w * gx - wx * g) / d;
    a += da;
    b += db;
    if (!std::isfinite(a) || !std::isfinite(b)) return std::nullopt;
    out = {a, b, std::sqrt(w / d)};
    if (std::abs(da) + std::abs(db) < 1e-9) return out;
  }
  return std::nullopt;
}

double calibration_shift(std::span<const Scored> rows, const Stop& stop) {
  double a = 0;
  for (int step = 0; step < 50; ++step) {
    double w = 0, g = 0;
    Pace pace(stop);
    for (const Scored& r : rows) {
      pace.step();
      const double p = probability_of(a + r.score);
      w += r.weight * p * (1 - p);
      g += r.weight * (r.outcome - p);
    }
    if (!(w > 0)) return a;
    const double move = std::clamp(g / w, -2.0, 2.0);
    a += move;
    if (std::abs(move) < 1e-10) break;
  }
  return a;
}

double spiegelhalter(std::span<const Scored> rows, const Stop& stop) {
  double sum = 0, variance = 0;
  Pace pace(stop);
  for (const Scored& r : rows) {
    pace.step();
    const double p = probability_of(r.score);
    sum += r.weight * (r.outcome - p) * (1 - 2 * p);
    variance += r.weight * (1 - 2 * p) * (1 - 2 * p) * p * (1 - p);
  }
  if (!(variance > 0)) return 1;
  return 2 * boost::math::cdf(boost::math::complement(boost::math::normal_distribution<double>(), std::abs(sum) / std::sqrt(variance)));
}

double log_loss(const Scored& r) {
  const double x = r.outcome > 0.5 ? r.score : -r.score;
  return x > 0 ? std::log1p(std::exp(-x)) : std::log1p(std::exp(x)) - x;
}

double brier(const Scored& r) {
  const double e = r.outcome - probability_of(r.score);
  return e * e;
}

}  // namespace icp::card
