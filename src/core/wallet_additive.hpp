// Additive models of what clients buy, each with what it says of every row without having seen the row's fold.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "icp/stop.hpp"
#include "icp/wallet.hpp"

#include "scorecard_terms.hpp"

namespace icp::wallet {

using card::rounded;

// Residuals out of fold are a little wider than those of a model of all rows; with ten folds by half as much. Of many rows it is
// nothing.
inline constexpr int most_folds = 10, fewest_folds = 5;

// The rows that buy.
struct Buyers {
  std::vector<std::uint32_t> row;                  // of the dataset
  std::vector<double> target, weight;              // logarithm of purchases; weights total the number of rows
  std::vector<std::uint32_t> count;                // rows of the source that each is
  std::vector<std::int32_t> company;               // 0 ... in the order of the rows, which is that of a hash of companies
  std::vector<std::uint8_t> fold;                  // of the company
  std::int64_t companies = 0;
  int folds = most_folds;
  std::size_t size() const { return row.size(); }
};

// Numbers within their bins: how far each stands from the middle of its bin, in the lowest bin, the highest, and those between.
class Places {
 public:
  Places(const card::Binned& binned, const Table& table);
  const std::vector<std::size_t>& columns() const { return columns_; }
  std::size_t size() const { return 3 * columns_.size(); }
  // The one of the three that is not 0, and its value.
  std::pair<std::size_t, double> at(std::size_t i, std::size_t row) const {
    const std::size_t c = columns_[i], bin = (*binned_.bin[c])[row], bins = binned_.columns[c].bins;
    if (bin >= bins) return {3 * i, 0};
    return {3 * i + WalletLine::part(bin, bins), offset_[row * columns_.size() + i]};
  }
  // How far numbers stand below and above the middle of their bin.
  double low(std::size_t place) const { return low_[place]; }
  double high(std::size_t place) const { return high_[place]; }

 private:
  void measure(std::size_t i, std::size_t rows, double range);

  const card::Binned& binned_;
  std::vector<std::size_t> columns_;
  std::vector<float> offset_;                      // by row, its columns one after another
  std::vector<double> low_, high_;                 // by place
};

// An additive model with what it says of each row, learned without the row's fold. The errors of its points are those of `doubt`.
struct Additive {
  bool constant = false;                           // its terms have no points, only errors
  std::vector<card::Term> terms;
  card::Solution solution;
  std::vector<double> slopes;                      // by place
  std::vector<double> held;
  std::vector<card::Solution> parts;               // without each fold
};

class AdditiveLearner {
 public:
  AdditiveLearner(const card::Binned& binned, const Places& places, const Buyers& buyers, const Stop& stop);

  // Without interactions; a constant where that does no better than chance.
  Additive learn(std::span<const double> target) const;
  // The same with slopes within bins, and with interactions too where these lower the squares of rows that had no say.
  std::vector<Additive> candidates(std::span<const double> target) const;

 private:
  Additive better(std::span<const double> target, Additive a) const;
  void doubt(Additive& a, std::span<const double> target) const;
  void add_slopes(Additive& a, std::span<const double> target, std::span<const std::uint32_t> rows) const;
  card::Problem problem(const std::vector<card::Term>& terms, std::span<const double> target, std::span<const std::uint32_t> rows) const;
  void solve(Additive& a, std::span<const double> target, std::span<const std::uint32_t> rows, std::vector<double> start, int steps, bool told) const;
  void add_pairs(Additive& a, std::span<const double> target, std::span<const std::uint32_t> rows, int steps, bool told) const;
  Additive with_terms(std::span<const double> target, bool slopes, const Additive* from) const;
  void predict(const Additive& a, int fold, std::vector<double>& held) const;
  Additive constant(std::span<const double> target) const;
  double gain(std::span<const double> target, std::span<const double> a, std::span<const double> b) const;

  const card::Binned& binned_;
  const Places& places_;
  const Buyers& b_;
  const Stop& stop_;
  std::vector<bool> speaks_;
  std::vector<std::uint32_t> all_, sample_;
};

// A column with the rows in each of its bins.
CardColumn counted(const card::Binned& binned, std::size_t column, const Buyers& buyers);

// A model as it is kept: terms that say something, and the columns that they speak of.
Scorecard card_of(const Additive& a, const card::Binned& binned, const Buyers& buyers, std::span<const double> target, const char* name);

}  // namespace icp::wallet
