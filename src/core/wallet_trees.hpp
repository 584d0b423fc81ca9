// Boosted trees over binned rows for a quantile (Friedman 2001, "Greedy function approximation: a gradient boosting machine"), as
// many as lower the loss of companies that had no say, and none unless that is beyond chance.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "icp/encoder.hpp"
#include "icp/wallet.hpp"

namespace icp::wallet {

// Rows by column, in finer bins than those of cards.
struct FineBins {
  std::vector<CardColumn> columns;
  std::vector<std::uint8_t> ordered;                   // bins of numbers
  std::vector<std::vector<double>> middle;             // [column][bin] of numbers: their mean; else empty
  std::vector<std::uint8_t> bin;                       // by row, its columns one after another
  std::uint8_t at(std::size_t row, std::size_t column) const { return bin[row * columns.size() + column]; }
};
// `coarse`: the columns of cards, whose numbers are cut again.
FineBins cut_finely(std::span<const CardColumn> coarse, const Table& table, const Encoder& encoder, const Stop& stop);

struct BoostProblem {
  const FineBins& rows;
  std::span<const double> target, weight, unit;        // by row; the loss counts in units, where there are some
  std::span<const std::uint8_t> fold;                  // by row, 0 ... folds - 1
  std::span<const std::int32_t> company;               // by row
  int folds = 5;
  double quantile = 0.8;
};
struct Boosted {
  WalletTrees all;                                     // of all rows
  std::vector<double> held;                            // by row: of trees that had not seen its fold
};
Boosted boost(const BoostProblem& problem, const Stop& stop);

// Which share of the first predictions leaves the least loss where the rest is that of the second: the loss of logarithms and that of
// what they are logarithms of, each against that of the first alone, since neither unit says all of a wallet.
double best_share(const BoostProblem& problem, std::span<const double> first, std::span<const double> second);

// Mean pinball loss of y at a prediction of its quantile.
inline double pinball(double residual, double quantile) { return residual >= 0 ? quantile * residual : (quantile - 1) * residual; }

// One-sided 5 %: what is kept must gain by so many standard errors.
inline constexpr double sure = 1.6448536269514722;
// By how many standard errors, counted by companies, the gains are above nothing.
double standardised_gain(std::span<const double> gain, std::span<const std::int32_t> company);

// The smallest value at or below which there is at least `share` of the weight. The values are put in order.
struct Weighted {
  double value, weight;
};
double weighted_quantile(std::vector<Weighted>& values, double share, const Stop& stop);

}  // namespace icp::wallet
