// The rows a mixture is learned from, as lists of level numbers, and the distributions of one feature in one group.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "icp/mixture.hpp"

namespace icp::mixture {

// One variable of the latent-class model: a number's cells, a category's levels, or one item of a set (two levels).
struct Unit {
  Kind kind = Kind::numeric;
  std::size_t feature = 0;
  std::uint32_t first = 0;         // level id of its first level; an item: its own level id
  std::uint32_t levels = 0;        // an item: 1
  std::uint32_t known = 0;         // an item: level id that counts rows whose set is known
  bool rare = false;               // too few rows to distinguish anything
  double counts_for = 1;           // 0..1: see MixtureOptions::column_weight
  std::vector<double> share;       // the whole's share of each level, smoothed; an item: {share}
  // numeric
  std::vector<double> low, high;   // bounds of each cell, in the number's scale
  std::vector<double> mean, spread;  // of the rows in each cell: mean, sum of squares about it over their weight
  std::vector<std::uint8_t> mass;  // the cell is one repeated value with a free probability
  double variance = 0;             // of the whole
  // categorical, masses: prior counts and the log gamma of each
  std::vector<double> prior, prior_gamma;
  double prior_total = 0;
};

// Distinct rows in the order of a hash of their content, with the weight of all their copies.
struct Data {
  std::vector<Unit> units;
  std::vector<std::vector<double>> edges;         // per feature
  std::vector<std::int32_t> feature_levels;       // per feature
  std::vector<std::uint32_t> feature_first;       // per feature: first level id
  std::vector<std::uint32_t> set_known;           // per feature: level id for a known set
  std::uint32_t levels = 0;                       // level ids in all
  std::vector<std::uint32_t> offsets, ids;        // row r has the level ids [offsets[r], offsets[r + 1])
  std::vector<std::size_t> numeric;               // features that are numbers
  std::vector<std::uint8_t> cells;                // [row][position in numeric]; 255 missing
  std::vector<double> weight;
  std::vector<std::uint32_t> start;               // [row]: the cluster to start from; empty: see MixtureOptions
  bool explain = false;                           // see MixtureOptions
  std::vector<double> number_weight;              // [position in numeric]
  std::size_t rows() const { return weight.size(); }
  std::span<const std::uint32_t> row(std::size_t r) const {
    return std::span<const std::uint32_t>(ids).subspan(offsets[r], offsets[r + 1] - offsets[r]);
  }
};

Data prepare_data(const Table& table, const MixtureOptions& options, const Stop& stop);

// Fits a unit's distribution to the (expected) counts of its levels in one group. Returns its integrated
// log-likelihood: what the distribution gains less what its parameters cost. `log_p`, when not null, receives the log
// probability of each level (an item: of its presence and of its absence). `known` is the weight of the rows in which
// an item's set is known.
double fit_unit(const Unit& unit, const double* counts, double known, double* log_p);

// Standard normal distribution function and its inverse (Acklam 2003, relative error 1.2e-9 at most).
double normal_cdf(double z);
double normal_quantile(double p);

}  // namespace icp::mixture
