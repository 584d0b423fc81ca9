// The scorecards of a model: what of its deals each is learned from.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "icp/scorecard.hpp"
#include "icp/training.hpp"

namespace icp {

namespace {

// Whether "not known" may speak: among the leads about as often as among the deals. Where sales fill a field only after
// winning, its absence tells of the stage of a lead, not of its worth.
bool as_often_unknown(const Feature& f, const Options& o) {
  const auto it = o.lead_known.find(f.name);
  if (it == o.lead_known.end() || f.age) return true;
  const double deals = 1 - f.known_share, leads = 1 - it->second;
  return std::abs(deals - leads) <= 0.05 || std::max(deals, leads) <= 2 * std::min(deals, leads);
}

constexpr double uneven = 0.9;   // of the deals, whose number row weights lower

// What a won deal weighs in learning, of what a lost one weighs.
double odds_of(const Training& t, const std::vector<std::uint32_t>& rows) {
  const ScorecardSettings& s = t.options.scorecard;
  if (!s.balanced) return s.won_weight / s.lost_weight;
  double won = 0, lost = 0;
  for (const std::uint32_t r : rows) (t.data.outcome[r] == Outcome::won ? won : lost) += t.data.weight_of(r);
  return won > 0 && lost > 0 ? lost / won : 1;
}

void add_card(Model& m, const Training& t, const std::vector<std::uint32_t>& rows, const std::vector<double>& target, const CardOptions& options, const Stop& stop) {
  Table table = m.encoder.encode(t.data, rows, stop);
  std::vector<double> weight, begun;
  std::vector<std::uint32_t> count;
  std::vector<std::int32_t> company;
  double n = 0;
  for (const std::uint32_t r : rows) {
    weight.push_back(t.data.weight_of(r));
    count.push_back(static_cast<std::uint32_t>(t.data.count[r]));
    company.push_back(t.data.company[r]);
    begun.push_back(std::isnan(t.data.first_contact[r]) ? t.data.created[r] : t.data.first_contact[r]);
    n += count.back();
  }
  LearnedCard learned = learn_scorecard({std::move(table), m.encoder, target, std::move(weight), count, company, begun, t.data.has_company}, options, stop);
  const char* what = options.logistic ? "winning" : "the DQS";
  if (learned.effective < uneven * n)
    m.findings.push_back({"info", t.options.column_of("weight"), static_cast<std::int64_t>(rows.size()),
                          fmt::format("row weights differ: for the scorecard of {} {:.0f} deals tell as much as {:.0f} of equal weight", what, n, learned.effective),
                          "errors and intervals say so"});
  if (learned.chance)
    m.findings.push_back({"info", "", static_cast<std::int64_t>(rows.size()),
                          learned.metrics.empty() ? fmt::format("too few deals for a scorecard of {}: the overall figure stands for every lead", what)
                                                  : fmt::format("nothing foretells {} better than chance on deals not learned from: the scorecard is empty", what),
                          "add attributes that are known before the outcome"});
  for (CardMetric& c : learned.metrics) {
    Estimate e;
    e.value = c.value;
    e.low = c.low;
    e.high = c.high;
    e.n = c.n;
    e.companies = c.companies;
    m.metrics.push_back({std::move(c.name), e, std::move(c.note)});
  }
  if (options.logistic) m.reach = std::move(learned.reach);
  m.scorecards.push_back(std::move(learned.card));
}

}  // namespace

void find_scorecards(Model& m, const Training& t, const Stop& stop) {
  CardOptions options;
  options.pairs = static_cast<std::size_t>(t.options.scorecard.pairs);
  options.monotone = t.options.scorecard.monotone;
  options.seed = t.options.seed;
  for (const auto& [column, direction] : options.monotone)
    if (std::none_of(m.encoder.features.begin(), m.encoder.features.end(), [&name = column](const Feature& f) { return f.name == name && f.kind == Kind::numeric; }))
      m.findings.push_back({"warning", column, -1, "scorecard.monotone names no numeric feature of the model", "check the spelling, and whether it was left out"});
  for (const Feature& f : m.encoder.features)
    if (!as_often_unknown(f, t.options)) {
      options.silent.insert(f.name);
      m.findings.push_back({"info", f.name, -1, "unknown far more or less often among the leads than among the deals: where it is unknown it has no points", ""});
    }
  std::vector<std::uint32_t> rows;
  std::vector<double> target;
  for (const std::uint32_t r : t.closed) {
    if (t.rated[r] == 0) continue;
    rows.push_back(r);
    target.push_back(t.data.outcome[r] == Outcome::won ? 1 : 0);
  }
  if (t.has_lost && m.won > 0 && !rows.empty()) {
    options.odds = odds_of(t, rows);
    if (options.odds != 1)
      m.findings.push_back({"info", "", static_cast<std::int64_t>(rows.size()),
                            fmt::format("class weights: in learning a won deal weighs {:.3g} times a lost one; probabilities and metrics are those of the deals as they are", options.odds), ""});
    add_card(m, t, rows, target, options, stop);
  }
  options.odds = 1;
  rows.clear();
  target.clear();
  for (const std::uint32_t r : t.closed) {
    if (std::isnan(t.dqs[r])) continue;
    rows.push_back(r);
    target.push_back(t.dqs[r]);
  }
  options.logistic = false;
  if (t.judged_by_dqs) add_card(m, t, rows, target, options, stop);
}

}  // namespace icp
