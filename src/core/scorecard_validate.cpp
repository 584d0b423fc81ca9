#include "scorecard_validate.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include <fmt/format.h>

#include "icp/model.hpp"

namespace icp::card {

namespace {

constexpr double sure = 1.6448536269514722;      // one-sided 5 %
constexpr double power = 0.8416212335729143;     // 80 %
constexpr double half_width = 1.959963984540054; // two-sided 95 %

double mean(const std::vector<double>& v) { return v.empty() ? 0.5 : std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size()); }

double mean_loss(const std::vector<Scored>& rows, double (*of)(const Scored&)) {
  double n = 0, sum = 0;
  for (const Scored& r : rows) {
    n += r.weight;
    sum += r.weight * of(r);
  }
  return n > 0 ? sum / n : 0;
}

// The highest scores first, and what of all was won.
struct Ranked {
  std::vector<Scored> rows;
  double all = 0, won = 0;
  Ranked(const std::vector<Scored>& given, const Stop& stop) : rows(given) {
    sort(rows.begin(), rows.end(), stop, [](const Scored& a, const Scored& b) { return a.score != b.score ? a.score > b.score : a.company < b.company; });
    for (const Scored& r : rows) {
      all += r.weight;
      won += r.weight * r.outcome;
    }
  }
};

}  // namespace

CardMetric metric(std::string name, double value, const std::vector<Scored>& rows, std::string note) {
  CardMetric m;
  m.name = std::move(name);
  m.value = value;
  m.n = static_cast<std::int64_t>(rows.size());
  m.note = std::move(note);
  return m;
}

CardMetric area_metric(std::string name, double value, double error, const std::vector<Scored>& rows, std::string note) {
  CardMetric m = metric(std::move(name), value, rows, std::move(note));
  m.low = std::max(0.0, value - half_width * error);
  m.high = std::min(1.0, value + half_width * error);
  return m;
}

double Validation::loss(const Scored& s) const { return logistic ? log_loss(s) : (s.outcome - s.score) * (s.outcome - s.score); }

// By how many standard errors, counted by companies, the first predictions lose less than the second.
double Validation::better(const std::vector<Scored>& a, const std::vector<Scored>& b) const {
  std::map<std::int32_t, double> by;
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double gain = a[i].weight * (loss(b[i]) - loss(a[i]));
    by[a[i].company] += gain;
    sum += gain;
  }
  const double m = static_cast<double>(by.size());
  double variance = 0;
  for (const auto& [company, gain] : by) variance += (gain - sum / m) * (gain - sum / m);
  return variance > 0 ? sum / std::sqrt(variance) : 0;
}

bool Validation::pairs_pay() const { return better(pairs, main) > 1; }

bool Validation::holds(bool with_pairs) const {
  if (!logistic) return better(rows(with_pairs), base) > sure;
  const auto a = area(rows(with_pairs), stop);
  return a && a->value - 0.5 > sure * a->error;
}

void Validation::report(LearnedCard& out, bool with_pairs) const {
  const std::vector<Scored>& tried = rows(with_pairs);
  const std::vector<Scored>& shown = out.chance ? base : tried;
  if (tried.empty()) return;
  std::vector<CardMetric>& m = out.metrics;
  const std::string held = "cross-validated by company, on deals that it had not seen";
  if (!logistic) {
    double squares = 0, of_base = 0;
    for (std::size_t i = 0; i < shown.size(); ++i) {
      squares += shown[i].weight * loss(shown[i]);
      of_base += shown[i].weight * loss(base[i]);
    }
    m.push_back(metric("dqs_r2", of_base > 0 ? 1 - squares / of_base : 0, shown, "share of the variance of the DQS that expected_dqs explains, " + held));
    return;
  }
  if (const auto a = area(tried, stop)) {
    CardMetric one = area_metric("win_auc", mean(with_pairs ? pairs_area : main_area), a->error, tried,
                                 "how often a won deal scores above a lost one: mean over folds, " + held);
    one.companies = out.card.companies;
    if (out.chance) one.note += "; no better than chance, so the card is empty";
    m.push_back(std::move(one));
  }
  if (!plain_area.empty()) {
    m.push_back(metric("win_auc_logistic", mean(plain_area), shown, "the same of a plain logistic regression"));
    m.push_back(metric("win_auc_naive_bayes", mean(bayes_area), shown, "the same of naive Bayes, as CRMs score leads"));
  }
  // The base rates of folds run against their outcomes; a list in no order has the precision of all.
  const double precision = out.chance ? mean_loss(shown, [](const Scored& s) { return s.outcome; }) : average_precision(shown, stop);
  m.push_back(metric("win_average_precision", precision, shown, "mean precision from the highest score down, " + held));
  m.push_back(metric("win_brier", mean_loss(shown, brier), shown, "mean squared error of the probability, " + held));
  m.push_back(metric("win_brier_base", mean_loss(base, brier), shown, "the same of the base rate"));
  m.push_back(metric("win_log_loss", mean_loss(shown, log_loss), shown, "mean log loss of the probability, " + held));
  m.push_back(metric("win_log_loss_base", mean_loss(base, log_loss), shown, "the same of the base rate"));
  if (out.chance) return;
  if (const auto c = calibration(shown, stop)) {
    CardMetric one = metric("win_calibration_slope", c->slope, shown, "1 where probabilities are true; below 1 they are too extreme");
    one.low = c->slope - half_width * c->slope_error;
    one.high = c->slope + half_width * c->slope_error;
    m.push_back(std::move(one));
  }
  m.push_back(metric("win_calibration_in_the_large", calibration_shift(shown, stop), shown, "shift of the log-odds that would make the mean probability true"));
  m.push_back(metric("win_spiegelhalter_p", spiegelhalter(shown, stop), shown, "small where probabilities are not true (Spiegelhalter 1986)"));
  deciles(shown, m);
}

// Tenths of the list, the highest scores first.
void Validation::deciles(const std::vector<Scored>& given, std::vector<CardMetric>& out) const {
  const Ranked list(given, stop);
  double before = 0;
  for (std::size_t k = 0; k < 10; ++k) {
    const std::size_t from = list.rows.size() * k / 10, to = list.rows.size() * (k + 1) / 10;
    if (from == to) return;
    std::vector<Observation> part;
    double n = 0, expected = 0, in = 0;
    for (std::size_t i = from; i < to; ++i) {
      const Scored& r = list.rows[i];
      part.push_back({r.outcome, r.weight, r.company});
      n += r.weight;
      expected += r.weight * probability_of(r.score);
      in += r.weight * r.outcome;
    }
    before += in;
    const Estimate e = share_estimate(part, stop);
    CardMetric one = metric(fmt::format("win_decile_{}", k + 1), e.value.value_or(0), {},
                            fmt::format("won of the {} tenth by score; expected {:.3f}, lift {:.2f}, gain {:.3f}", k == 0 ? "first" : k == 9 ? "last" : fmt::format("{}.", k + 1),
                                        expected / n, list.won > 0 ? in / n / (list.won / list.all) : 0, list.won > 0 ? before / list.won : 0));
    one.low = e.low;
    one.high = e.high;
    one.n = e.n;
    one.companies = e.companies;
    out.push_back(std::move(one));
  }
}

void Validation::reach(LearnedCard& out, bool with_pairs) const {
  const Ranked list(rows(with_pairs), stop);
  for (const double share : {0.01, 0.025, 0.05, 0.1}) {
    const auto n = static_cast<std::size_t>(std::ceil(share * static_cast<double>(list.rows.size())));
    if (n == 0) return;
    std::vector<Observation> part;
    for (std::size_t i = 0; i < n; ++i) part.push_back({list.rows[i].outcome, list.rows[i].weight, list.rows[i].company});
    const Estimate e = share_estimate(part, stop);
    CardReach r;
    r.share = share;
    r.threshold = list.rows[n - 1].score;
    r.precision = e.value.value_or(0);
    r.low = e.low.value_or(0);
    r.high = e.high.value_or(1);
    r.n = e.n;
    const double usual = list.won / list.all, p = r.precision;
    r.lift = usual > 0 ? p / usual : 0;
    if (p > usual) {
      const double z = sure * std::sqrt(usual * (1 - usual)) + power * std::sqrt(p * (1 - p));
      r.pilot = static_cast<std::int64_t>(std::ceil(z * z / ((p - usual) * (p - usual))));
    }
    out.reach.push_back(r);
  }
}

}  // namespace icp::card
