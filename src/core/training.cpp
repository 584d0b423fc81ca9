#include "icp/training.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "icp/dqs.hpp"

namespace icp {

namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

double quantile(std::vector<double> v, double q, const Stop& stop) {
  sort(v.begin(), v.end(), stop);
  return v[static_cast<std::size_t>(std::ceil(q * static_cast<double>(v.size()))) - (q > 0 ? 1 : 0)];
}

void find(std::vector<Finding>& findings, std::string severity, std::string column, std::int64_t rows, std::string message, std::string hint) {
  findings.push_back({std::move(severity), std::move(column), rows, std::move(message), std::move(hint)});
}

void read_quality(Training& t, std::vector<Finding>& findings) {
  const Dataset& d = t.data;
  const DqsScorer scorer(parse_dqs_weights(t.options.dqs_weights), parse_dqs_scale(t.options.dqs_scale));
  t.dqs.assign(d.rows, nan_value);
  t.immature.assign(d.rows, 0);
  std::int64_t faulty = 0, out_of_range = 0, young = 0, undated = 0, given = 0;
  Pace pace(t.stop);
  for (std::size_t r = 0; r < d.rows; ++r) {
    pace.step();
    if (d.outcome[r] != Outcome::won) continue;
    if (!std::isnan(d.dqs[r])) {
      if (d.dqs[r] >= 0 && d.dqs[r] <= 100) {
        t.dqs[r] = d.dqs[r];
        ++given;
      } else {
        ++out_of_range;
      }
      continue;
    }
    std::uint8_t faults = 0;
    const double score = scorer.score({d.ltv[r], d.cac[r], d.cycle[r], d.retention[r], d.effort[r]}, faults);
    if (faults != 0) ++faulty;
    if (std::isnan(score)) continue;
    if (std::isnan(d.closed[r])) {
      ++undated;
    } else if (d.closed[r] > d.as_of - t.options.dqs_age_days) {
      t.immature[r] = 1;
      ++young;
      continue;
    }
    t.dqs[r] = score;
  }
  if (faulty > 0) find(findings, "warning", "", faulty, "a negative cost, cycle or effort, or a retention outside 0 to 1: that part of the DQS is unknown", "correct the view");
  if (out_of_range > 0) find(findings, "warning", t.options.column_of("dqs"), out_of_range, "a DQS outside 0 to 100 is left out", "correct the view");
  if (young > 0)
    find(findings, "info", t.options.column_of("closed_at"), young,
         fmt::format("won deals younger than {:g} days: counted, but too young for their DQS to be averaged", t.options.dqs_age_days),
         "dqs.age_days sets the age");
  if (undated > 0)
    find(findings, "info", t.options.column_of("closed_at"), undated, "won deals without a closing date: whether their DQS is mature cannot be judged",
         "add closed_at to the view");
}

void read_maturity(Training& t, std::vector<Finding>& findings) {
  const Dataset& d = t.data;
  t.rated.assign(d.rows, 0);
  std::vector<double> times;
  for (const std::uint32_t r : t.closed)
    if (!std::isnan(d.cycle[r])) times.push_back(d.cycle[r]);
  t.maturity_days = t.options.maturity_days ? *t.options.maturity_days : times.size() >= 20 ? quantile(times, 0.9, t.stop) : 0;
  std::int64_t young = 0;
  for (const std::uint32_t r : t.closed) {
    const double begun = std::isnan(d.first_contact[r]) ? d.created[r] : d.first_contact[r];
    const bool late = !std::isnan(begun) && !std::isnan(d.as_of) && begun > d.as_of - t.maturity_days;
    t.rated[r] = late ? 0 : 1;
    if (late) ++young;
  }
  if (young > 0)
    find(findings, "info", t.options.column_of("first_contact_at"), young,
         fmt::format("closed deals begun less than {:.0f} days before the as-of date are left out of win rates: slower ones of their time are still open", t.maturity_days),
         "maturity_days sets the window");
}

}  // namespace

std::string reliability_word(std::int64_t companies, std::int64_t won, std::int64_t lost, bool won_only) {
  const std::int64_t least = won_only ? companies : std::min(won, lost);
  if (companies < 20) return "exploratory";
  if (companies < 50 || least < 10) return "unreliable";
  if (companies < 100 || least < 50) return "limited";
  return "normal";
}

Training prepare_training(const Dataset& data, const Options& options, std::vector<Finding>& findings, const Stop& stop) {
  Training t{data, options, {}, {}, {}, {}, false, false, 0, error_budget, stop};
  for (std::size_t r = 0; r < data.rows; ++r)
    if (data.is_closed(r) && data.weight[r] > 0) {
      t.closed.push_back(static_cast<std::uint32_t>(r));
      t.has_lost = t.has_lost || data.outcome[r] == Outcome::lost;
    }
  read_quality(t, findings);
  read_maturity(t, findings);
  std::set<std::int32_t> judged;
  Pace pace(stop);
  std::int64_t won = 0, with_amount = 0;
  for (const std::uint32_t r : t.closed) {
    pace.step();
    if (!std::isnan(t.dqs[r])) judged.insert(data.company[r]);
    if (data.outcome[r] == Outcome::won) {
      ++won;
      if (!std::isnan(data.amount[r])) ++with_amount;
    }
  }
  t.judged_by_dqs = judged.size() >= 10;
  // Families of tests: behaviour of the cohorts; where deals were lost their win rates, rules for winning, and anti-ICP; where the DQS is
  // known rules for it.
  t.share = error_budget / (1 + (t.has_lost ? 3 : 0) + (t.judged_by_dqs ? 1 : 0));
  if (!t.judged_by_dqs && t.has_lost && won > 0)
    find(findings, "info", "", -1,
         with_amount > 0 && judged.empty() ? "only amounts are known of won deals: a deal would be judged by its sum alone, so cohorts are graded by win rate"
                                           : "no DQS (ltv, cac, cycle, retention, effort): cohorts are graded by win rate",
         "add ltv, cac, retention, calls, meetings, first_contact_at and closed_at to the view");
  return t;
}

std::vector<double> company_weights(const Dataset& data, std::span<const std::uint32_t> rows) {
  std::vector<double> total(data.companies, 0);
  double weight = 0, n = 0;
  for (const std::uint32_t r : rows) {
    total[static_cast<std::size_t>(data.company[r])] += data.weight_of(r);
    weight += data.weight_of(r);
    n += static_cast<double>(data.count[r]);
  }
  std::vector<double> weights;
  weights.reserve(rows.size());
  // A company counts once; without companies the weights total the number of rows, whatever unit the user's are in.
  for (const std::uint32_t r : rows)
    weights.push_back(data.weight_of(r) * (data.has_company ? 1 / total[static_cast<std::size_t>(data.company[r])] : n / weight));
  return weights;
}

std::vector<double> tenths(const TableColumn& c, const Stop& stop) {
  std::vector<double> known, cuts;
  if (c.kind != Kind::numeric) return cuts;
  for (const double x : c.numbers)
    if (!std::isnan(x)) known.push_back(x);
  sort(known.begin(), known.end(), stop);
  for (std::size_t i = 1; i < 10 && !known.empty(); ++i) cuts.push_back(known[known.size() * i / 10]);
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  return cuts;
}

void load_row(const Table& table, std::size_t r, EncodedBuffer& b) {
  for (std::size_t f = 0; f < table.columns.size(); ++f) {
    const TableColumn& c = table.columns[f];
    b.known[f] = c.missing(r) ? 0 : 1;
    if (c.kind == Kind::numeric) b.numbers[f] = c.numbers[r];
    else if (c.kind == Kind::set) b.sets[f] = c.set_of(r);
    else b.codes[f] = c.codes[r];
  }
}

}  // namespace icp
