#include "icp/quickstart.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include "icp/error.hpp"
#include "icp/text.hpp"
#include "icp/training.hpp"

#include "rule_space.hpp"
#include "settings.hpp"

namespace icp {

namespace {

// What fewer of the best have does not unite them.
constexpr double uniting = 0.5;

struct BestBy {
  std::string name;              // for people
  std::vector<double> value;     // by row of the data; NaN unknown
  bool least = false;            // the smallest are the best
  bool by_share = false;         // a share of the deals, not a number of them
};

const DataColumn& number_column(const Dataset& data, const std::string& name, const char* option) {
  const DataColumn* c = data.find(name);
  if (c == nullptr)
    throw Error(ErrorCode::undefined_column, fmt::format("column \"{}\" does not exist in the rows", name), {},
                *option == '\0' ? "The target is top_margin, shortest_cycle, most_active, highest_nps or a column that is a number."
                                : fmt::format("Name the column: {{\"quick_start\": {{\"{}\": \"…\"}}}}.", option));
  if (c->type != ColumnType::number && c->type != ColumnType::empty)
    throw Error(ErrorCode::wrong_type, fmt::format("column \"{}\" is not a number", name), {}, "Cast it in the view.");
  return *c;
}

BestBy best_by(const Dataset& data, const Training& t, Options& options, const settings::QuickStart& settings) {
  const auto column = [&](const std::string& name, const char* option) {
    BestBy c;
    c.name = name;
    const DataColumn& d = number_column(data, name, option);
    c.value = d.numbers;
    c.value.resize(data.rows, missing_number);
    options.ignore.insert(name);
    return c;
  };
  // Known only of customers: they are no attributes to look for.
  for (const std::string& outcome_side : {settings.margin, settings.nps}) options.ignore.insert(outcome_side);
  const std::string target = options.target.value_or("dqs");
  if (target == "top_margin") {
    BestBy c = column(settings.margin, "margin");
    c.by_share = true;
    return c;
  }
  if (target == "most_active") return column(settings.activity, "activity");
  if (target == "highest_nps") return column(settings.nps, "nps");
  if (target == "shortest_cycle") return {"cycle", data.cycle, true, false};
  if (target == "dqs") return {"DQS", t.dqs, false, false};
  return column(target, "");
}

// The rows with the best values: `wanted` deals, and all that equal the last of them. Sets the value of the last.
std::vector<std::uint32_t> choose_best(const Dataset& data, const BestBy& by, const std::vector<std::uint32_t>& rows, std::int64_t wanted, double& last) {
  std::vector<std::uint32_t> order;
  for (const std::uint32_t r : rows)
    if (!std::isnan(by.value[r])) order.push_back(r);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return by.least ? by.value[a] < by.value[b] : by.value[a] > by.value[b]; });
  std::int64_t taken = 0;
  std::size_t end = 0;
  while (end < order.size() && (taken < wanted || by.value[order[end]] == last)) {
    last = by.value[order[end]];
    taken += static_cast<std::int64_t>(data.count[order[end++]]);
  }
  order.resize(end);
  return order;
}

}  // namespace

QuickStart find_uniting(const Sample& sample, const Zone& zone, const Stop& stop) {
  Options options = parse_options(sample.options());
  const settings::QuickStart settings = settings::quick_start(settings::option(sample.options(), "quick_start"));
  const Dataset data = read_dataset(sample, options, zone, stop, true);
  std::vector<Finding> findings;
  const Training t = prepare_training(data, options, findings, stop);
  const bool has_won = std::any_of(t.closed.begin(), t.closed.end(), [&](auto r) { return data.outcome[r] == Outcome::won; });
  if (data.has_outcome && !has_won)
    throw Error(ErrorCode::invalid_parameter, "no deal is won: there are no best ones", {}, "Check roles.outcome and roles.won.");
  const BestBy by = best_by(data, t, options, settings);
  // All closed deals; without outcomes, all rows.
  std::vector<std::uint32_t> all = t.closed, candidates;
  if (!data.has_outcome) {
    all.resize(data.rows);
    for (std::size_t r = 0; r < data.rows; ++r) all[r] = static_cast<std::uint32_t>(r);
  }
  std::int64_t known = 0;
  for (const std::uint32_t r : all)
    if ((!data.has_outcome || data.outcome[r] == Outcome::won) && !std::isnan(by.value[r])) {
      candidates.push_back(r);
      known += static_cast<std::int64_t>(data.count[r]);
    }
  if (known == 0)
    throw Error(ErrorCode::invalid_parameter, fmt::format("{} is not known of any deal: there are no best ones", by.name), {},
                "Name another target: top_margin, shortest_cycle, most_active, highest_nps or a column that is a number.");
  // Rounded up; a share as people write it (0.2) is a little more than it says as a double.
  const std::int64_t wanted = by.by_share ? static_cast<std::int64_t>(std::ceil(settings.share * static_cast<double>(known) - 1e-9)) : settings.n;
  double last = 0;
  const std::vector<std::uint32_t> best = choose_best(data, by, candidates, wanted, last);
  std::vector<bool> chosen(data.rows, false);
  std::set<std::int32_t> companies;
  QuickStart start;
  for (const std::uint32_t r : best) {
    chosen[r] = true;
    companies.insert(data.company[r]);
    start.n_best += static_cast<std::int64_t>(data.count[r]);
  }
  start.companies_best = static_cast<std::int64_t>(companies.size());
  start.best = fmt::format("{} {} {}", by.name, by.least ? "<=" : ">=", number_text(last));
  std::vector<double> target;
  for (const std::uint32_t r : all) {
    target.push_back(chosen[r] ? 1 : 0);
    if (!chosen[r]) start.n_rest += static_cast<std::int64_t>(data.count[r]);
  }
  const Encoder encoder = learn_encoder(data, all, options, findings, stop);
  RuleOptions conditions;
  conditions.seed = options.seed;
  const rules::Space space = rules::make_space(data, encoder, all, target, conditions, 10, stop);
  std::map<std::size_t, std::pair<UnitingAttribute, double>> found;   // feature → its best condition, and by how much
  for (const rules::Attribute& attribute : space.attributes) {
    stop.poll();
    const DataColumn& column = *data.find(encoder.features[attribute.feature].name);
    const auto cells = static_cast<std::size_t>(attribute.cells);
    std::vector<std::int64_t> in_best(cells, 0), in_rest(cells, 0);
    std::int64_t known_best = 0, known_rest = 0;
    for (std::size_t r = 0; r < space.rows(); ++r) {
      const bool is_best = space.target[r] > 0;
      if (column.known[space.row[r]] != 0) ++(is_best ? known_best : known_rest);
      if (attribute.cell[r] >= 0) ++(is_best ? in_best : in_rest)[static_cast<std::size_t>(attribute.cell[r])];
    }
    if (2 * known_best < start.n_best) continue;
    for (std::uint32_t s = attribute.first_selector; s < attribute.last_selector; ++s) {
      UnitingAttribute one;
      for (std::size_t c = 0; c < cells; ++c)
        if (space.selectors[s].has(static_cast<std::int16_t>(c))) {
          one.n_best += in_best[c];
          one.n_rest += in_rest[c];
        }
      one.share_best = static_cast<double>(one.n_best) / static_cast<double>(known_best);
      if (known_rest > 0) one.share_rest = static_cast<double>(one.n_rest) / static_cast<double>(known_rest);
      one.known_best = static_cast<double>(known_best) / static_cast<double>(start.n_best);
      const double ahead = one.share_best - one.share_rest.value_or(0);
      if (one.share_best < uniting || ahead <= 0) continue;
      const auto it = found.find(attribute.feature);
      if (it != found.end() && it->second.second >= ahead) continue;
      one.predicate = rules::predicate_of(space, encoder, rules::Path{}.with(s));
      found[attribute.feature] = {std::move(one), ahead};
    }
  }
  std::vector<std::pair<UnitingAttribute, double>> order;
  for (auto& [feature, one] : found) order.push_back(std::move(one));
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  for (auto& [one, ahead] : order)
    if (start.attributes.size() < static_cast<std::size_t>(settings.k)) start.attributes.push_back(std::move(one));
  return start;
}

Report report_quick_start(const QuickStart& start, const std::string& language) {
  Report r;
  r.columns = {"rank", "attribute", "predicate", "share_best", "share_rest", "lift", "n_best", "n_rest", "known_best", "best", "best_n", "best_companies", "rest_n", "reliability"};
  std::int64_t rank = 0;
  for (const UnitingAttribute& a : start.attributes)
    r.rows.push_back({++rank, a.predicate.words(language), a.predicate.sql(), a.share_best, a.share_rest ? Cell(*a.share_rest) : Cell(),
                      a.share_rest && *a.share_rest > 0 ? Cell(a.share_best / *a.share_rest) : Cell(), a.n_best, a.n_rest, a.known_best, start.best, start.n_best,
                      start.companies_best, start.n_rest, std::string("exploratory")});
  return r;
}

}  // namespace icp
