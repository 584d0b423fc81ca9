#include "icp/target.hpp"

#include <cmath>
#include <limits>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "icp/error.hpp"

namespace icp {

std::string Target::population() const {
  if (unknown == 0) return "true";
  if (known.kind != Kind::binary) return Predicate{{known}}.sql();
  Condition missing = known;
  missing.missing = true;
  return "NOT (" + Predicate{{missing}}.sql() + ")";
}

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
  const auto add = [&](std::size_t row, double value) {
    if (std::isnan(value)) {
      t.unknown += data.count[row];
      return;
    }
    t.rows.push_back(static_cast<std::uint32_t>(row));
    t.values.push_back(value);
  };
  if (name == options.column_of("outcome") && column->type == ColumnType::text) {
    t.known.kind = Kind::categorical;
    std::set<std::string> words;
    for (std::size_t r = 0; r < data.rows; ++r) {
      add(r, data.is_closed(r) ? (data.outcome[r] == Outcome::won ? 1 : 0) : missing_number);
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
      for (std::size_t r = 0; r < data.rows; ++r) add(r, column->known[r] != 0 ? column->numbers[r] : missing_number);
      return t;
    case ColumnType::boolean:
      t.known.kind = Kind::binary;
      for (std::size_t r = 0; r < data.rows; ++r) add(r, column->known[r] != 0 ? column->codes[r] : missing_number);
      return t;
    case ColumnType::empty:
      return t;
    default:
      throw Error(ErrorCode::invalid_parameter, fmt::format("the target \"{}\" is neither a number nor a boolean", name), {},
                  "Cast it in the view, or name the outcome's column in roles.outcome with its words in roles.won and roles.lost.");
  }
}

}  // namespace icp
