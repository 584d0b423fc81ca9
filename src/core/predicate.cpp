#include "icp/predicate.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include "icp/language.hpp"
#include "icp/text.hpp"

namespace icp {

namespace {

// The column is one of these texts, to the byte.
std::string one_of(const std::string& column, const std::vector<std::string>& values) {
  std::string list;
  for (const std::string& v : values) list += (list.empty() ? "" : ", ") + sql_literal(v);
  return fmt::format("{}::text COLLATE \"C\" {}", column, values.size() == 1 ? "= " + list : "IN (" + list + ")");
}

std::string condition_sql(const Condition& c) {
  const std::string column = sql_identifier(c.column);
  if (c.missing) {
    if (c.kind == Kind::numeric) return fmt::format("({0} IS NULL OR {0}::float8 IN ('NaN', 'Infinity', '-Infinity'))", column);
    return c.values.empty() ? column + " IS NULL" : fmt::format("({} IS NULL OR {})", column, one_of(column, c.values));
  }
  switch (c.kind) {
    case Kind::numeric: {
      // NaN is above every number and Infinity below none: both bounds are always stated.
      const std::string low = std::isinf(c.low) ? "> '-Infinity'::float8" : fmt::format(">= {}::float8", number_text(c.low));
      const std::string high = std::isinf(c.high) ? "'Infinity'::float8" : fmt::format("{}::float8", number_text(c.high));
      return fmt::format("{0}::float8 {1} AND {0}::float8 < {2}", column, low, high);
    }
    case Kind::binary: return fmt::format("{} IS {}", column, c.truth ? "TRUE" : "FALSE");
    case Kind::categorical: return one_of(column, c.values);
    case Kind::set: {
      std::string any;
      for (const std::string& v : c.values)
        any += fmt::format("{}{} COLLATE \"C\" = ANY ({}::text[])", any.empty() ? "" : " OR ", sql_literal(v), column);
      return c.values.size() == 1 ? any : "(" + any + ")";
    }
  }
  return "true";
}

bool halves(double v) { return v - std::floor(v) == 0.5; }

std::string condition_words(const Condition& c, bool ru) {
  if (c.missing) return fmt::format(fmt::runtime(ru ? "{} не указано" : "{} is missing"), c.column);
  switch (c.kind) {
    case Kind::numeric: {
      // Boundaries that end in .5 stand between whole numbers and are read as whole ranges.
      const bool whole = (std::isinf(c.low) || halves(c.low)) && (std::isinf(c.high) || halves(c.high));
      const std::string low = number_text(whole ? std::ceil(c.low) : c.low);
      const std::string high = number_text(whole ? std::floor(c.high) : c.high);
      if (std::isinf(c.low)) {
        if (whole) return fmt::format(fmt::runtime(ru ? "{} до {}" : "{} up to {}"), c.column, high);
        return fmt::format(fmt::runtime(ru ? "{} меньше {}" : "{} below {}"), c.column, high);
      }
      if (std::isinf(c.high)) return fmt::format(fmt::runtime(ru ? "{} от {}" : "{} {} or more"), c.column, low);
      if (whole) return fmt::format("{} {}–{}", c.column, low, high);
      return fmt::format(fmt::runtime(ru ? "{} от {} до {}" : "{} from {} to below {}"), c.column, low, high);
    }
    case Kind::binary: return fmt::format("{}: {}", c.column, c.truth ? (ru ? "да" : "yes") : (ru ? "нет" : "no"));
    case Kind::categorical: {
      std::string list;
      for (std::size_t i = 0; i < c.titles.size(); ++i)
        list += (i == 0 ? "" : i + 1 == c.titles.size() ? (ru ? " или " : " or ") : ", ") + c.titles[i];
      return fmt::format("{}: {}", c.column, list);
    }
    case Kind::set: return fmt::format(fmt::runtime(ru ? "{} включает {}" : "{} includes {}"), c.column, c.titles.empty() ? "" : c.titles[0]);
  }
  return {};
}

bool condition_holds(const Condition& c, const Dataset& data, std::size_t row) {
  const DataColumn* column = data.find(c.column);
  if (column == nullptr) return false;
  if (c.missing) return column->known[row] == 0;
  if (column->known[row] == 0) return false;
  const auto listed = [&](std::int32_t word) {
    return std::binary_search(c.values.begin(), c.values.end(), column->words[static_cast<std::size_t>(word)]);
  };
  switch (c.kind) {
    case Kind::numeric: return column->type == ColumnType::number && column->numbers[row] >= c.low && column->numbers[row] < c.high;
    case Kind::binary: return column->type == ColumnType::boolean && (column->codes[row] == 1) == c.truth;
    case Kind::categorical: return column->type == ColumnType::text && listed(column->codes[row]);
    case Kind::set:
      if (column->type != ColumnType::set) return false;
      for (std::uint32_t i = column->offsets[row]; i < column->offsets[row + 1]; ++i)
        if (listed(column->items[i])) return true;
      return false;
  }
  return false;
}

}  // namespace

std::string sql_identifier(const std::string& name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

// E'' where there is a backslash, so that the literal means the same whatever standard_conforming_strings is.
std::string sql_literal(const std::string& text) {
  std::string out = text.find('\\') == std::string::npos ? "'" : "E'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += c;
    out += c;
  }
  return out + '\'';
}

double boundary(double a, double b) {
  const double middle = a + (b - a) / 2;
  for (int digits = 1; digits <= 17; ++digits) {
    const double t = parse_number(fmt::format("{:.{}g}", middle, digits)).value_or(middle);
    if (t > a && t < b) return t;
  }
  return b;
}

std::vector<std::int32_t> categories_of_words(const Feature& feature, const DataColumn& column) {
  std::vector<std::int32_t> category(column.words.size(), missing_category);
  std::unordered_map<std::string_view, std::int32_t> by_name;
  for (std::size_t k = 0; k < feature.categories.size(); ++k) by_name.emplace(feature.categories[k].name, static_cast<std::int32_t>(k));
  for (std::size_t w = 0; w < column.words.size(); ++w)
    if (const auto it = by_name.find(fold(column.words[w])); it != by_name.end()) category[w] = it->second;
  return category;
}

std::string Predicate::sql() const {
  std::string out;
  for (const Condition& c : conditions) out += (out.empty() ? "" : " AND ") + condition_sql(c);
  return out.empty() ? "true" : out;
}

std::string Predicate::words(const std::string& language) const {
  std::string out;
  for (const Condition& c : conditions) out += (out.empty() ? "" : " · ") + condition_words(c, russian(language));
  return out;
}

bool Predicate::holds(const Dataset& data, std::size_t row) const {
  return std::all_of(conditions.begin(), conditions.end(), [&](const Condition& c) { return condition_holds(c, data, row); });
}

}  // namespace icp
