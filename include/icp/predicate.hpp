// Conditions on the columns of a view: kept as structure, read by people, rendered as SQL that returns exactly the rows
// counted. A model never holds SQL text and the extension never executes a predicate.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "icp/dataset.hpp"
#include "icp/encoder.hpp"

namespace icp {

struct Condition {
  std::string column;
  Kind kind = Kind::numeric;
  double low = 0, high = 0;             // numeric: low <= x < high; either may be infinite
  std::vector<std::string> values;      // categorical: every raw spelling, sorted; set: of one item; missing: blank ones
  std::vector<std::string> titles;      // the same as people read it
  bool truth = false;                   // binary
  bool missing = false;                 // the value is not known; nothing else then counts
  template <class A>
  void describe(A& a) {
    a.field("column", column); a.field("kind", kind); a.field("low", low); a.field("high", high);
    a.field("values", values); a.field("titles", titles); a.field("truth", truth);
    a.field("missing", missing);
  }
};

// A conjunction; empty: true.
struct Predicate {
  std::vector<Condition> conditions;
  template <class A>
  void describe(A& a) { a.field("conditions", conditions); }

  // SQL over the columns of the view, e.g. industry::text COLLATE "C" IN ('wholesale') AND employees::float8 >= 30 ...
  // Every identifier and literal is quoted; NULL, NaN and infinite numbers satisfy no condition.
  std::string sql() const;
  // For people, in English or Russian: "industry is wholesale · employees 30–70".
  std::string words(const std::string& language = "en") const;
  // Whether a row of the data satisfies it, exactly as the SQL would.
  bool holds(const Dataset& data, std::size_t row) const;
};

// A column's name as SQL; a text as an SQL literal.
std::string sql_identifier(const std::string& name);
std::string sql_literal(const std::string& text);

// The shortest decimal strictly between a and b, near their middle: a boundary that people can read.
double boundary(double a, double b);
// The category of a feature that each word of its column folds to, or missing_category.
std::vector<std::int32_t> categories_of_words(const Feature& feature, const DataColumn& column);

// The rule that best says which of `rows` are members (the rule search's beam): of at most `most` conditions, by the F1 score
// of precision and recall, weighted rows; a condition is worth 0.01 of it.
struct Definition {
  Predicate predicate;
  double precision = 0, recall = 0;
};
Definition describe_members(const Dataset& data, const Encoder& encoder, std::span<const std::uint32_t> rows,
                            const std::vector<bool>& member, int most, const Stop& stop);

}  // namespace icp
