#include "association_pair.hpp"

#include <algorithm>
#include <cmath>

namespace icp::associations {

Pair::Pair(const Field& f, std::size_t a, std::size_t b)
    : f_(f), a_(a), b_(b), rows_(f.variables[a].coarse_cells), columns_(f.variables[b].coarse_cells), left_(f.variables[a].coarse), right_(f.variables[b].coarse) {
  count_.assign(rows_ * columns_, 0);
  std::int32_t last = no_company - 1;
  for (std::size_t r = 0; r < left_.size(); ++r) {
    const std::size_t c = cell(r);
    if (c == cells()) continue;
    count_[c] += 1;
    ++n_;
    if (f.rows.company[r] != last) ++companies_;
    last = f.rows.company[r];
  }
  factor();
}

// Effects of all rows and of all columns; the factor leaves out those that say nothing new.
void Pair::factor() {
  const std::size_t m = rows_ + columns_;
  factor_.assign(m * m, 0);
  for (std::size_t i = 0; i < rows_; ++i)
    for (std::size_t j = 0; j < columns_; ++j) {
      const double n = count_[i * columns_ + j];
      factor_[i * m + i] += n;
      factor_[(rows_ + j) * m + rows_ + j] += n;
      factor_[(rows_ + j) * m + i] += n;
    }
  double rank = 0;
  for (std::size_t j = 0; j < m; ++j) {
    const double diagonal = factor_[j * m + j];
    double s = diagonal;
    for (std::size_t k = 0; k < j; ++k) s -= factor_[j * m + k] * factor_[j * m + k];
    const bool in = s > 1e-9 * std::max(1.0, diagonal);
    rank += in;
    factor_[j * m + j] = in ? std::sqrt(s) : 0;
    for (std::size_t i = j + 1; i < m; ++i) {
      double x = factor_[i * m + j];
      for (std::size_t k = 0; k < j; ++k) x -= factor_[i * m + k] * factor_[j * m + k];
      factor_[i * m + j] = in ? x / factor_[j * m + j] : 0;
    }
  }
  degrees_ = static_cast<double>(std::count_if(count_.begin(), count_.end(), [](double c) { return c > 0; })) - rank;
}

// Additive means by cell; and what they explain of the sum of squares.
std::vector<double> Pair::fit_mean(std::span<const double> sums, double* between) const {
  const std::size_t m = rows_ + columns_;
  std::vector<double> x(m, 0);
  for (std::size_t i = 0; i < rows_; ++i)
    for (std::size_t j = 0; j < columns_; ++j) {
      x[i] += sums[i * columns_ + j];
      x[rows_ + j] += sums[i * columns_ + j];
    }
  *between = 0;
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t k = 0; k < i; ++k) x[i] -= factor_[i * m + k] * x[k];
    x[i] = factor_[i * m + i] > 0 ? x[i] / factor_[i * m + i] : 0;
    *between += x[i] * x[i];
  }
  for (std::size_t i = m; i-- > 0;) {
    if (!(factor_[i * m + i] > 0)) continue;
    for (std::size_t k = i + 1; k < m; ++k) x[i] -= factor_[k * m + i] * x[k];
    x[i] /= factor_[i * m + i];
  }
  std::vector<double> fit(cells());
  for (std::size_t i = 0; i < rows_; ++i)
    for (std::size_t j = 0; j < columns_; ++j) fit[i * columns_ + j] = x[i] + x[rows_ + j];
  return fit;
}

// Expected ones by cell where log-odds are additive: iterative proportional fitting of the three two-way margins (Deming &
// Stephan 1940).
std::vector<double> Pair::fit_share(std::span<const double> sums) const {
  std::vector<double> one(cells()), zero(cells());
  for (std::size_t c = 0; c < cells(); ++c) one[c] = zero[c] = count_[c] / 2;
  const auto margin = [&](std::size_t first, std::size_t step, std::size_t number) {
    double n = 0, s = 0, x = 0, y = 0;
    for (std::size_t k = 0, c = first; k < number; ++k, c += step) {
      n += count_[c];
      s += sums[c];
      x += one[c];
      y += zero[c];
    }
    const double p = x > 0 ? s / x : 0, q = y > 0 ? (n - s) / y : 0;
    for (std::size_t k = 0, c = first; k < number; ++k, c += step) {
      one[c] *= p;
      zero[c] *= q;
    }
  };
  for (int i = 0; i < 60; ++i) {
    for (std::size_t r = 0; r < rows_; ++r) margin(r * columns_, 1, columns_);
    for (std::size_t c = 0; c < columns_; ++c) margin(c, columns_, rows_);
    double change = 0;
    for (std::size_t c = 0; c < cells(); ++c) {
      const double n = one[c] + zero[c];
      if (!(n > 0)) continue;
      change = std::max(change, std::abs(n - count_[c]));
      one[c] *= count_[c] / n;
      zero[c] *= count_[c] / n;
    }
    if (change < 1e-6) break;
  }
  return one;
}

double Pair::gain(std::span<const double> sums, double squares) const {
  const double n = static_cast<double>(n_);
  if (f_.binary) {
    const std::vector<double> fit = fit_share(sums);
    double g = 0;
    for (std::size_t c = 0; c < cells(); ++c) {
      const double s = sums[c], z = count_[c] - s;
      if (s > 0) g += s * std::log(s / std::max(fit[c], 1e-300));
      if (z > 0) g += z * std::log(z / std::max(count_[c] - fit[c], 1e-300));
    }
    return std::max(0.0, g / n);
  }
  double additive = 0, full = 0;
  fit_mean(sums, &additive);
  for (std::size_t c = 0; c < cells(); ++c)
    if (count_[c] > 0) full += sums[c] * sums[c] / count_[c];
  const double left = squares - full, least = 1e-12 * squares;
  return left > least && squares - additive > left ? 0.5 * std::log((squares - additive) / left) : 0;
}

Plain Pair::measure() const {
  std::vector<double> sums(cells(), 0);
  double squares = 0;
  const auto y = [&](std::size_t r) { return f_.binary ? f_.rows.target[r] : (f_.rows.target[r] - f_.mean) / f_.deviation; };
  for (std::size_t r = 0; r < left_.size(); ++r) {
    const std::size_t c = cell(r);
    if (c == cells()) continue;
    sums[c] += y(r);
    squares += y(r) * y(r);
  }
  Plain p;
  p.degrees = degrees_;
  const double g = gain(sums, squares), n = static_cast<double>(n_);
  p.value = g / f_.entropy;
  std::vector<double> fit, full(cells(), 0);
  double additive = 0, left = squares;
  if (f_.binary) fit = fit_share(sums);
  else fit = fit_mean(sums, &additive);
  for (std::size_t c = 0; c < cells(); ++c) {
    if (count_[c] == 0) continue;
    full[c] = sums[c] / count_[c];
    left -= sums[c] * full[c];
  }
  p.variance = mean_variance(f_, n, [&](std::size_t r, double& x) {
    const std::size_t c = cell(r);
    if (c == cells()) return false;
    if (f_.binary) {
      const double q = f_.rows.target[r] > 0 ? full[c] * count_[c] / std::max(fit[c], 1e-300) : (1 - full[c]) * count_[c] / std::max(count_[c] - fit[c], 1e-300);
      x = (std::log(q) - g) / f_.entropy;
    } else {
      const double e = y(r) - fit[c], own = y(r) - full[c];
      x = left > 0 ? 0.5 * n * (e * e / (squares - additive) - own * own / left) / f_.entropy : 0;
    }
    return true;
  });
  return p;
}

}  // namespace icp::associations
