// What associations are measured on: rows by company, the target in cells, attributes in cells and ranks.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "icp/association.hpp"
#include "rule_space.hpp"

namespace icp::associations {

inline constexpr std::uint8_t no_cell = 255;  // not known

struct Variable {
  std::size_t feature = 0;
  std::int32_t item = -1;               // sets: each item is a variable of its own
  bool numeric = false;
  std::vector<std::uint8_t> cell;       // by row: categories, or fifths of a number
  std::size_t cells = 0;
  std::vector<std::int32_t> category;   // of each cell; -1 rare ones together
  std::vector<std::uint8_t> coarse;     // few cells, for pairs
  std::size_t coarse_cells = 0;
  std::vector<double> rank;             // numbers: mid-rank among the known ones, from -1/2 to 1/2; 0 where not known
  std::int64_t n = 0, companies = 0;    // known
  double spread = 0;                    // entropy of the coarse cells times the share known
};

struct Field {
  rules::Space rows;
  bool binary = false;                  // the target is 0 or 1
  double mean = 0, deviation = 0;       // of the target
  std::vector<std::uint8_t> bin;        // the target's own cells: its value, or its fifth
  std::size_t bins = 0;
  std::vector<double> rank;             // of the target, as above
  double entropy = 0;                   // of the bins
  std::vector<Variable> variables;
};

Field make_field(const Dataset& data, const Encoder& encoder, std::span<const std::uint32_t> rows, std::span<const double> target,
                 const Stop& stop);

// Mid-ranks of the values that are not NaN, from -1/2 to 1/2, mean 0; 0 for NaN.
std::vector<double> mid_ranks(std::span<const double> values);

double entropy(std::span<const double> counts);

// Sums of `influence(row)` by company, squared and summed: the variance of the mean of n of them, where they add up to 0.
template <class Influence>
double mean_variance(const Field& f, double n, Influence&& influence) {
  double squares = 0, sum = 0, companies = 0;
  bool any = false;
  const std::size_t rows = f.rows.rows();
  for (std::size_t r = 0; r < rows; ++r) {
    double x = 0;
    if (influence(r, x)) {
      any = true;
      sum += x;
    }
    if (r + 1 < rows && f.rows.company[r + 1] == f.rows.company[r]) continue;
    if (any) {
      squares += sum * sum;
      companies += 1;
    }
    any = false;
    sum = 0;
  }
  return companies > 1 ? companies / (companies - 1) * squares / (n * n) : 0;
}

}  // namespace icp::associations
