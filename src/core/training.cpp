#include "icp/training.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include <fmt/format.h>

#include "icp/dqs.hpp"

namespace icp {

namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

double quantile(std::vector<double> v, double q) {
  std::sort(v.begin(), v.end());
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
  for (std::size_t r = 0; r < d.rows; ++r) {
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
    } else if (d.as_of - d.closed[r] < t.options.dqs_age_days) {
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
  t.maturity_days = t.options.maturity_days ? *t.options.maturity_days : times.size() >= 20 ? quantile(times, 0.9) : 0;
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

Training prepare_training(const Dataset& data, const Options& options, std::vector<Finding>& findings) {
  Training t{data, options, {}, {}, {}, {}, false, false, 0};
  for (std::size_t r = 0; r < data.rows; ++r)
    if (data.is_closed(r) && data.weight[r] > 0) {
      t.closed.push_back(static_cast<std::uint32_t>(r));
      t.has_lost = t.has_lost || data.outcome[r] == Outcome::lost;
    }
  read_quality(t, findings);
  read_maturity(t, findings);
  std::set<std::int32_t> judged;
  std::int64_t won = 0, with_amount = 0;
  for (const std::uint32_t r : t.closed) {
    if (!std::isnan(t.dqs[r])) judged.insert(data.company[r]);
    if (data.outcome[r] == Outcome::won) {
      ++won;
      if (!std::isnan(data.amount[r])) ++with_amount;
    }
  }
  t.judged_by_dqs = judged.size() >= 10;
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

std::vector<double> decile_cuts(const TableColumn& column) {
  std::vector<double> values, cuts;
  if (column.kind != Kind::numeric) return cuts;
  for (const double x : column.numbers)
    if (!std::isnan(x)) values.push_back(x);
  std::sort(values.begin(), values.end());
  for (std::size_t i = 1; i < 10 && !values.empty(); ++i) cuts.push_back(values[values.size() * i / 10]);
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

std::vector<bool> find_leaks(const Training& t, const Encoder& encoder, std::vector<Finding>& findings, const Stop& stop) {
  std::vector<bool> drop(encoder.features.size(), false);
  std::int64_t won = 0, lost = 0;
  for (const std::uint32_t r : t.closed) (t.data.outcome[r] == Outcome::won ? won : lost) += 1;
  if (won < 20 || lost < 20) return drop;
  const Table table = encoder.encode(t.data, t.closed);
  constexpr int folds = 5;
  for (std::size_t f = 0; f < encoder.features.size(); ++f) {
    stop.poll();
    const Feature& feature = encoder.features[f];
    const TableColumn& c = table.columns[f];
    const bool keep = t.options.keep.count(feature.name) > 0;
    const auto report = [&](bool leave, const std::string& why) {
      if (leave && !keep) {
        drop[f] = true;
        find(findings, "warning", feature.name, -1, fmt::format("left out, probably known only after the outcome: {}", why),
             "list it in keep if it was known before");
      } else {
        find(findings, "info", feature.name, -1, why, "confirm that this was known before the outcome");
      }
    };
    // Cells: categories or deciles; the last one is missing. A set is judged by its size and by each item's presence
    // through the number of known items only, which is where a late filling shows.
    const std::vector<double> cuts = decile_cuts(c);
    const std::size_t cells = (c.kind == Kind::numeric ? cuts.size() + 1 : c.kind == Kind::set ? 8 : static_cast<std::size_t>(c.categories)) + 1;
    const auto cell = [&](std::size_t r) -> std::size_t {
      if (c.missing(r)) return cells - 1;
      if (c.kind == Kind::numeric) return static_cast<std::size_t>(std::upper_bound(cuts.begin(), cuts.end(), c.numbers[r]) - cuts.begin());
      if (c.kind == Kind::set) return std::min<std::size_t>(c.set_of(r).size(), cells - 2);
      return static_cast<std::size_t>(c.codes[r]);
    };
    std::vector<double> n(cells * folds, 0), w(cells * folds, 0);
    double known[2] = {0, 0}, all[2] = {0, 0};
    std::map<double, double> values[2];  // numeric: to see a constant
    for (std::size_t i = 0; i < table.rows; ++i) {
      const std::uint32_t r = t.closed[i];
      const bool is_won = t.data.outcome[r] == Outcome::won;
      const auto fold = static_cast<std::size_t>(t.data.company[r] % folds);
      n[fold * cells + cell(i)] += 1;
      if (is_won) w[fold * cells + cell(i)] += 1;
      all[is_won] += 1;
      if (c.missing(i)) continue;
      known[is_won] += 1;
      if (c.kind == Kind::numeric && values[is_won].size() <= 2) values[is_won][c.numbers[i]] += 1;
    }
    const double filled_won = known[1] / all[1], filled_lost = known[0] / all[0];
    if ((filled_won >= 0.9 && filled_lost <= 0.1) || (filled_lost >= 0.9 && filled_won <= 0.1)) {
      report(true, fmt::format("filled in {:.0f} % of won and {:.0f} % of lost deals", 100 * filled_won, 100 * filled_lost));
      continue;
    }
    bool constant = false;
    for (int o = 0; o < 2 && !constant; ++o) {
      if (known[0] < 20 || known[1] < 20) break;
      double same = 0;  // share of the other outcome that has the one value
      if (c.kind == Kind::numeric && values[o].size() == 1) {
        const double v = values[o].begin()->first;
        for (std::size_t i = 0; i < table.rows; ++i)
          if ((t.data.outcome[t.closed[i]] == Outcome::won) != (o == 1) && !c.missing(i) && c.numbers[i] == v) same += 1;
        constant = same / known[1 - o] <= 0.5;
      } else if (c.kind == Kind::binary || c.kind == Kind::categorical) {
        std::vector<double> count(static_cast<std::size_t>(c.categories), 0), other = count;
        for (std::size_t i = 0; i < table.rows; ++i)
          if (!c.missing(i)) ((t.data.outcome[t.closed[i]] == Outcome::won) == (o == 1) ? count : other)[static_cast<std::size_t>(c.codes[i])] += 1;
        for (std::size_t k = 0; k < count.size(); ++k)
          if (count[k] == known[o]) constant = other[k] / known[1 - o] <= 0.5;
      }
      if (constant) report(true, fmt::format("the same in every {} deal", o == 1 ? "won" : "lost"));
    }
    if (constant) continue;
    // AUC of the feature alone, each row scored by the win rate of its cell in the other folds.
    std::vector<double> total_n(cells, 0), total_w(cells, 0);
    for (int k = 0; k < folds; ++k)
      for (std::size_t j = 0; j < cells; ++j) {
        total_n[j] += n[static_cast<std::size_t>(k) * cells + j];
        total_w[j] += w[static_cast<std::size_t>(k) * cells + j];
      }
    const double base = static_cast<double>(won) / static_cast<double>(won + lost);
    std::map<double, std::pair<double, double>> ranked;  // score → lost, won
    for (std::size_t k = 0; k < folds; ++k)
      for (std::size_t j = 0; j < cells; ++j) {
        const double in = n[k * cells + j], in_won = w[k * cells + j];
        const double score = (total_w[j] - in_won + 2 * base) / (total_n[j] - in + 2);
        ranked[score].first += in - in_won;
        ranked[score].second += in_won;
      }
    double below = 0, auc = 0;
    for (const auto& [score, counts] : ranked) {
      auc += counts.second * (below + counts.first / 2);
      below += counts.first;
    }
    auc /= static_cast<double>(won) * static_cast<double>(lost);
    if (auc >= 0.95) report(true, fmt::format("alone it tells won from lost almost surely (AUC {:.2f})", auc));
    else if (auc >= 0.70) report(false, fmt::format("alone it tells won from lost well (AUC {:.2f})", auc));
  }
  // A date after the as-of time cannot have been known.
  for (std::size_t f = 0; f < encoder.features.size(); ++f) {
    if (!encoder.features[f].age || drop[f]) continue;
    const DataColumn* column = t.data.find(encoder.features[f].name);
    std::int64_t later = 0;
    for (const std::uint32_t r : t.closed)
      if (column->known[r] != 0 && column->numbers[r] > t.data.as_of) ++later;
    if (later * 100 > static_cast<std::int64_t>(t.closed.size()) && t.options.keep.count(encoder.features[f].name) == 0) {
      drop[f] = true;
      find(findings, "warning", encoder.features[f].name, later, "left out: dates after the as-of time", "list it in keep if it was known before");
    }
  }
  return drop;
}

}  // namespace icp
