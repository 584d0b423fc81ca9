// icp_anti_icp(): segments with what they cost and what pursuing them is worth.
#include "icp/antiicp.hpp"
#include "icp/language.hpp"
#include "icp/report.hpp"

namespace icp {

namespace {

constexpr std::int64_t enough_customers = 5;  // with a known LTV; below, that of all customers stands in

std::optional<double> ratio(const std::optional<double>& total, std::int64_t n) {
  return total && n > 0 ? std::optional(*total / static_cast<double>(n)) : std::nullopt;
}
std::optional<double> times(const std::optional<double>& total, double factor) {
  return total ? std::optional(*total * factor) : std::nullopt;
}

// The unit in which effort is paid for, as the options give its cost.
struct Cost {
  explicit Cost(const Options& o) : by_hours(o.hour_cost.has_value()), unit(o.hour_cost ? o.hour_cost : o.touch_cost) {}
  bool by_hours;
  std::optional<double> unit;
  std::optional<double> total(const std::optional<double>& hours, const std::optional<double>& touches) const {
    return unit ? times(by_hours ? hours : touches, *unit) : std::nullopt;
  }
};

std::optional<Bounded> bounded(const Estimate& e) {
  if (!e.value || !e.low || !e.high) return std::nullopt;
  return Bounded{*e.value, *e.low, *e.high};
}

// p(win) × margin × LTV − cost of a deal.
std::optional<Bounded> expected_value(const AntiSegment& s, const AntiSegment& all, const Options& o, const Cost& cost) {
  const auto rate = bounded(s.win_rate), ltv = bounded(s.ltv.companies >= enough_customers ? s.ltv : all.ltv);
  const auto effort = bounded(cost.by_hours ? s.deal_hours : s.deal_touches);
  if (!rate || !ltv || !effort || !o.margin || !cost.unit) return std::nullopt;
  const auto scaled = [](const Bounded& b, double x) { return Bounded{b.value * x, b.low * x, b.high * x}; };
  return difference(scaled(product(*rate, *ltv), *o.margin), scaled(*effort, *cost.unit));
}

std::string reason_title(const AntiSegment& s, const Options& o, const std::string& language) {
  const auto it = o.loss_reasons.find(s.main_reason);
  if (it == o.loss_reasons.end()) return s.reason_text;
  for (const std::string& l : {language, std::string("en"), std::string("ru")})
    if (const auto title = it->second.titles.find(l); title != it->second.titles.end() && !title->second.empty()) return title->second;
  return s.reason_text;
}

}  // namespace

Report report_anti_icp(const Model& model, const std::string& given) {
  const std::string language = language_code(given);
  const Options o = parse_options(model.options);
  const Cost cost(o);
  Report r;
  r.columns = {"segment", "predicate", "n", "won", "win_rate", "win_rate_lo", "win_rate_hi", "main_reason", "main_reason_title", "main_reason_share",
               "lost_stage", "lost_stage_share", "hours", "hours_per_win", "cost", "verdict", "n_companies", "kind", "black_hole_probability", "p_adjusted",
               "holdout_n", "holdout_win_rate", "without_reason", "hours_share", "hours_known", "hours_per_loss", "meetings_per_loss", "cost_per_loss",
               "expected_value", "expected_value_lo", "expected_value_hi"};
  for (const AntiSegment& s : model.anti_icp.segments) {
    const std::int64_t lost = s.n - s.won;
    const auto value = expected_value(s, model.anti_icp.all, o, cost);
    const bool reason = !s.main_reason.empty(), stage = !s.lost_stage.empty();
    const auto& all_hours = model.anti_icp.all.hours;
    r.rows.push_back({cell(s.predicate.words(language)), s.predicate.sql(), s.n, s.won, cell(s.win_rate.value), cell(s.win_rate.low), cell(s.win_rate.high),
                      cell(s.main_reason), reason ? cell(reason_title(s, o, language)) : Cell(), reason ? Cell(s.main_reason_share) : Cell(),
                      cell(s.lost_stage), stage ? Cell(s.lost_stage_share) : Cell(), cell(s.hours), cell(ratio(s.hours, s.won)),
                      cell(cost.total(s.hours, s.touches)), cell(s.verdict), s.companies, std::string(s.rule ? "rule" : "vocabulary"), cell(s.at_most),
                      cell(s.p_adjusted), s.rule ? Cell(s.holdout_n) : Cell(), cell(s.holdout_value), s.without_reason,
                      all_hours && *all_hours > 0 ? cell(times(s.hours, 1 / *all_hours)) : Cell(), Cell(s.hours_known), cell(ratio(s.lost_hours, lost)),
                      cell(ratio(s.lost_meetings, lost)), cell(ratio(cost.total(s.lost_hours, s.lost_touches), lost)),
                      value ? Cell(value->value) : Cell(), value ? Cell(value->low) : Cell(), value ? Cell(value->high) : Cell()});
  }
  return r;
}

}  // namespace icp
