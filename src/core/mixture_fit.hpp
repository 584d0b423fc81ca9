// The fit of a mixture with a given number of groups by expectation–maximisation.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "core/mixture_data.hpp"

namespace icp::mixture {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Numbers joined by a Gaussian copula in each group.
struct Block {
  std::vector<std::size_t> at;               // places in Data::numeric, increasing
  std::vector<double> correlation;           // [group][i][j]
  bool pooled = false;                       // one matrix for all groups
};

// A state of the fit: `stride` groups (a multiple of four, the last ones unused) side by side in every table.
struct State {
  std::size_t groups = 0, stride = 0;
  std::vector<double> log_weight;            // [stride]; unused: -1e300
  std::vector<double> table;                 // [level id][stride]: log probability; an item: log odds
  std::vector<Block> blocks;
  std::vector<std::vector<double>> score;    // [place in Data::numeric]: [cell][stride]: normal score, where in a block
  std::vector<std::uint8_t> shared;          // [unit][groups]: groups of one number share a distribution; empty: none do
  double criterion = -infinity;
  int iterations = 0;
  bool converged = false;
};

// Expected counts of one pass.
struct Counts {
  std::vector<double> size;                  // [stride]
  std::vector<double> level;                 // [level id][stride]
  // Sums over the rows that know both numbers of a pair, [pair][group][sum]: weight, x, y, xx, yy, xy of the clipped
  // standardised numbers. Only where asked for.
  std::vector<double> pair;
  std::vector<std::vector<double>> block;    // per block: [group][i][j]: i < j: products of scores; i > j below
  std::vector<std::vector<double>> square;   // per block: [group][i][j]: squares of i's score where j is known
  double log_likelihood = 0;
  double total = 0;
};

constexpr std::size_t pair_sums = 6;
constexpr double least_correlation = 0.15;

inline std::size_t padded(std::size_t groups) { return (groups + 3) / 4 * 4; }

// What two numbers' sums say: the weight of the rows that know both, and the correlation.
struct Pair {
  double weight = 0, correlation = 0;
};
inline Pair read_pair(const double* s) {
  if (s[0] < 8) return {s[0], 0};
  const double xx = s[3] - s[1] * s[1] / s[0], yy = s[4] - s[2] * s[2] / s[0], xy = s[5] - s[1] * s[2] / s[0];
  if (!(xx > 1e-9 * s[0]) || !(yy > 1e-9 * s[0])) return {s[0], 0};
  return {s[0], std::clamp(xy / std::sqrt(xx * yy), -0.97, 0.97)};
}
inline double pair_gain(const Pair& p) { return -0.5 * p.weight * std::log1p(-p.correlation * p.correlation); }

// Learns from the first rows of the data, which it refers to; states and counts are the caller's.
class Fit {
 public:
  Fit(const Data& data, std::size_t rows, const Stop& stop);

  std::size_t rows() const { return rows_; }
  double total() const { return total_; }

  // The E step, with the M step's sums.
  void expect(const State& state, Counts& counts, bool products, bool pairs) const;
  // Counts of rows each wholly in one group.
  void count(const std::vector<std::uint32_t>& group, std::size_t groups, Counts& counts) const;
  // The M step: distributions from counts, one for all the groups that share a unit.
  void maximise(const Counts& counts, State& state) const;
  // Blocks of correlated numbers, as the pairs' sums show them within groups.
  std::vector<Block> find_blocks(const Counts& counts, std::size_t groups) const;
  // Iterates until the log-likelihood stands still. The counts are those of the last E step.
  void iterate(State& state, Counts& counts, int most, bool products) const;
  State start_from(const Counts& counts, std::size_t groups) const;

 protected:
  // What joining two numbers gains, less its cost: with one correlation for all groups, or one for each that has any.
  std::pair<double, bool> pair_value(const double* sums, std::size_t groups) const;

  const Data& data_;
  std::size_t rows_;
  const Stop& stop_;
  double total_ = 0;

 private:
  void count_pairs(const std::uint8_t* cells, std::size_t c, double weight, std::size_t groups, std::vector<double>& pair) const;
  double pair_cost() const;
  // Correlation matrices from pairwise correlations [group][i][j], i < j, and their weights: each group's shrunk towards
  // the common one, and towards none until positive definite.
  void set_correlation(Block& block, std::size_t groups, const std::vector<double>& r, const std::vector<double>& weight) const;
  // The M step of the blocks: correlations from the scores' products (where they were counted), then new scores.
  void correlate(const Counts& counts, State& state) const;

  std::vector<std::vector<double>> standard_;   // per place in Data::numeric: each cell's clipped standardised number
  mutable std::vector<double> absence_;
};

}  // namespace icp::mixture
