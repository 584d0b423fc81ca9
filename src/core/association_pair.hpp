// Two attributes together: what their cells tell of the target beyond the best additive fit.
#pragma once

#include <span>
#include <vector>

#include "association_measure.hpp"

namespace icp::associations {

class Pair {
 public:
  Pair(const Field& f, std::size_t a, std::size_t b);

  std::size_t a() const { return a_; }
  std::size_t b() const { return b_; }
  // No more cells than additive effects: nothing to tell beyond them.
  bool usable() const { return degrees_ > 0; }
  double degrees() const { return degrees_; }
  std::int64_t n() const { return n_; }
  std::int64_t companies() const { return companies_; }
  std::size_t cells() const { return count_.size(); }
  std::size_t cell(std::size_t row) const {
    const std::uint8_t x = left_[row], y = right_[row];
    return x == no_cell || y == no_cell ? cells() : x * columns_ + y;
  }

  // Nats a row by which the cells' own fit is ahead of the additive one, from the sums of the target over the cells and of
  // its squares over all: of log-odds where it is 0 or 1 (no three-way interaction), else of means with normal residuals.
  double gain(std::span<const double> sums, double squares) const;
  // The same for the target as it is, over its entropy, with its variance.
  Plain measure() const;

 private:
  std::vector<double> fit_share(std::span<const double> sums) const;
  std::vector<double> fit_mean(std::span<const double> sums, double* between) const;
  void factor();

  const Field& f_;
  std::size_t a_, b_, rows_, columns_;
  std::span<const std::uint8_t> left_, right_;
  std::int64_t n_ = 0, companies_ = 0;
  std::vector<double> count_;
  double degrees_ = 0;
  std::vector<double> factor_;   // lower Cholesky factor of the additive fit's normal equations; a zero diagonal: left out
};

}  // namespace icp::associations
