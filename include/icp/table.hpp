// Encoded rows, by column: what the encoder makes of raw rows and every statistical method reads.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace icp {

// What a feature is. Binary features are stored as categories 0 (false) and 1 (true).
enum class Kind : std::uint8_t { numeric = 0, binary = 1, categorical = 2, set = 3 };

inline constexpr std::int32_t missing_category = -1;  // a category that is not known
inline const double missing_number = std::numeric_limits<double>::quiet_NaN();

// One column of a table. Only the vector of its kind is filled.
struct TableColumn {
  Kind kind = Kind::numeric;
  std::int32_t categories = 0;          // binary, categorical: number of categories; set: number of items
  std::vector<double> numbers;          // numeric, as the encoder scaled them; NaN is missing
  std::vector<std::int32_t> codes;      // binary, categorical: 0..categories-1 or missing_category
  std::vector<std::uint32_t> offsets;   // set: items of row r are items[offsets[r] .. offsets[r+1])
  std::vector<std::int32_t> items;      // set: sorted within a row
  std::vector<std::uint8_t> known;      // set: 0 where the whole set is missing (an empty set is known)

  std::span<const std::int32_t> set_of(std::size_t row) const {
    return std::span<const std::int32_t>(items).subspan(offsets[row], offsets[row + 1] - offsets[row]);
  }
  bool missing(std::size_t row) const {
    switch (kind) {
      case Kind::numeric: return std::isnan(numbers[row]);
      case Kind::set: return known[row] == 0;
      default: return codes[row] == missing_category;
    }
  }
};

// Distinct encoded rows with weights (a weight counts identical rows, or carries the user's row weight).
struct Table {
  std::size_t rows = 0;
  std::vector<TableColumn> columns;
  std::vector<double> weight;  // empty: every row counts 1
  double weight_of(std::size_t row) const { return weight.empty() ? 1.0 : weight[row]; }
};

// One encoded row, for scoring: views into memory that the caller owns. numbers/codes/sets are indexed by feature;
// only the entry that the feature's kind reads is meaningful.
struct EncodedRow {
  std::span<const double> numbers;
  std::span<const std::int32_t> codes;
  std::span<const std::span<const std::int32_t>> sets;
  std::span<const std::uint8_t> known;  // 0 where the feature is missing
};

}  // namespace icp
