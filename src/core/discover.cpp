// icp_discover: rules for any column, free of any model.
#include <cmath>
#include <limits>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "icp/error.hpp"
#include "icp/rule.hpp"

namespace icp {

namespace {

struct Target {
  std::vector<std::uint32_t> rows;
  std::vector<double> values;
  Condition known;              // of the rows in which it is
  std::uint64_t unknown = 0;    // rows in which it is not
  void add(const Dataset& d, std::size_t row, double value) {
    if (std::isnan(value)) {
      unknown += d.count[row];
      return;
    }
    rows.push_back(static_cast<std::uint32_t>(row));
    values.push_back(value);
  }
};

Target read_target(const Dataset& data, const Options& options, const std::string& name) {
  const DataColumn* column = data.find(name);
  if (column == nullptr) {
    std::vector<std::string> names;
    for (const DataColumn& c : data.columns) names.push_back(c.name);
    throw Error(ErrorCode::undefined_column, fmt::format("column \"{}\" does not exist in the rows", name), {},
                fmt::format("The columns are {}.", fmt::join(names, ", ")));
  }
  Target t;
  t.known.column = name;
  if (name == options.column_of("outcome") && column->type == ColumnType::text) {
    t.known.kind = Kind::categorical;
    std::set<std::string> words;
    for (std::size_t r = 0; r < data.rows; ++r) {
      t.add(data, r, data.is_closed(r) ? (data.outcome[r] == Outcome::won ? 1 : 0) : missing_number);
      if (data.is_closed(r)) words.insert(column->words[static_cast<std::size_t>(column->codes[r])]);
    }
    t.known.values.assign(words.begin(), words.end());
    return t;
  }
  switch (column->type) {
    case ColumnType::number:
      t.known.kind = Kind::numeric;
      t.known.low = -std::numeric_limits<double>::infinity();
      t.known.high = std::numeric_limits<double>::infinity();
      for (std::size_t r = 0; r < data.rows; ++r) t.add(data, r, column->known[r] != 0 ? column->numbers[r] : missing_number);
      return t;
    case ColumnType::boolean:
      t.known.kind = Kind::binary;
      for (std::size_t r = 0; r < data.rows; ++r) t.add(data, r, column->known[r] != 0 ? column->codes[r] : missing_number);
      return t;
    case ColumnType::empty:
      return t;
    default:
      throw Error(ErrorCode::invalid_parameter, fmt::format("the target \"{}\" is neither a number nor a boolean", name), {},
                  "Cast it in the view, or name the outcome's column in roles.outcome with its words in roles.won and roles.lost.");
  }
}

}  // namespace

RuleOptions rule_options(const Options& o) {
  const RuleSettings settings = o.rules.value_or(RuleSettings{});
  RuleOptions r;
  r.depth = settings.depth;
  r.top = settings.top;
  r.direction = settings.direction == "high" ? Direction::high : settings.direction == "low" ? Direction::low : Direction::both;
  r.holdout = settings.holdout;
  r.permutations = settings.permutations;
  r.min_companies = settings.min_companies;
  r.missing = settings.missing;
  r.all = settings.all;
  if (settings.exponent) r.exponent = *settings.exponent;
  r.seed = o.seed;
  return r;
}

RuleList discover_rules(const Sample& sample, const Zone& zone, const Stop& stop, std::uint64_t memory) {
  Options options = parse_options(sample.options());
  const std::string name = options.target.value_or("");
  require_memory("searching rules in", rules_memory, sample, options, stop, memory);
  const Dataset data = read_dataset(sample, options, zone, stop, true);
  const Target target = read_target(data, options, name);
  RuleList list;
  if (!target.rows.empty()) {
    options.ignore.insert(name);
    std::vector<Finding> findings;
    const Encoder encoder = learn_encoder(data, target.rows, options, findings, stop);
    list = find_rules(data, encoder, target.rows, target.values, rule_options(options), stop);
  }
  list.target = name;
  if (target.unknown == 0) {
    list.population = "true";
  } else if (target.known.kind == Kind::binary) {
    Condition missing = target.known;
    missing.missing = true;
    list.population = "NOT (" + Predicate{{missing}}.sql() + ")";
  } else {
    list.population = Predicate{{target.known}}.sql();
  }
  return list;
}

}  // namespace icp
