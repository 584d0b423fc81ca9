// Conditions on one row that a person writes, and those that a model found: both end as one small tree, evaluated on the
// raw values of a lead. A model holds the person's text and its own structure, never SQL.
//
//   exclusion := all { "or" all }          all := one { "and" one }
//   one       := "not" one | "(" exclusion ")" | column
//              | column ( "=" | "!=" | "<>" | "<" | "<=" | ">" | ">=" ) value
//              | column [ "not" ] "in" "(" value { "," value } ")"
//              | column [ "not" ] "between" number "and" number
//              | column [ "not" ] "includes" value
//              | column "is" [ "not" ] ( "missing" | "true" | "false" )
//   column    := a word | "in double quotes"
//   value     := words | 'in quotes' | a number
//
// A column alone is a boolean that must be true. Words match trimmed and case-folded (text.hpp), of an array any item.
// What is not known neither satisfies a condition nor its opposite (Kleene 1938): only "is missing" speaks of it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "icp/dataset.hpp"
#include "icp/predicate.hpp"
#include "icp/value.hpp"

namespace icp {

class Expression {
 public:
  // An error (invalid_parameter) says at which character the text stops making sense.
  static Expression parse(std::string_view text);
  // The same rows as the predicate's, and rows whose words fold to its words.
  static Expression of(const Predicate& predicate);

  const std::vector<std::string>& columns() const { return columns_; }
  // `place[i]` is where columns()[i] stands in `values`.
  bool holds(std::span<const Value> values, std::span<const std::uint32_t> place) const;
  bool holds(const Dataset& data, std::size_t row) const;

 private:
  enum class Truth : std::uint8_t { no, yes, unknown };
  enum class Kind : std::uint8_t { both, either, opposite, range, listed, truth, missing };
  struct Node {
    Kind kind = Kind::truth;
    std::uint32_t left = 0, right = 0;           // both, either; opposite: left
    std::uint32_t column = 0;                    // of columns()
    double low = 0, high = 0;                    // range: low <= x < high, or with the bound itself
    bool above = false, upto = false;            // range: low is left out; high is let in
    std::vector<std::string> spellings, folded;  // listed, sorted
    std::vector<double> numbers;                 // listed: those of the words that are numbers
    std::vector<bool> booleans;                  // listed: those that are booleans
    bool truth = true;                           // truth
  };
  class Parser;

  std::uint32_t column(std::string name);
  std::uint32_t add(Node node);
  std::uint32_t list(std::uint32_t column, std::vector<std::string> words);
  template <class Get>
  Truth evaluate(std::uint32_t node, const Get& get) const;
  static Truth test(const Node& node, const Value& value);

  std::vector<Node> nodes_;
  std::uint32_t root_ = 0;
  std::vector<std::string> columns_;
};

}  // namespace icp
