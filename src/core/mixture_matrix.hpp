// Small symmetric matrices, row-major, in a fixed order of operations.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <span>

#include "icp/mixture.hpp"

namespace icp::mixture {

// Lower Cholesky factor in place of the lower triangle. False when the matrix is not (clearly) positive definite.
inline bool factor(std::span<double> a, std::size_t n) {
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t i = j; i < n; ++i) {
      double s = a[i * n + j];
      for (std::size_t k = 0; k < j; ++k) s -= a[i * n + k] * a[j * n + k];
      if (i == j) {
        if (!(s > 1e-6)) return false;
        a[j * n + j] = std::sqrt(s);
      } else {
        a[i * n + j] = s / a[j * n + j];
      }
    }
  }
  return true;
}

// The inverse of the matrix whose factor is given, minus identity; n at most MixtureBlock::max_size.
inline void invert_less_identity(std::span<const double> factor, std::size_t n, std::span<double> out) {
  std::array<double, MixtureBlock::max_size> x{};
  for (std::size_t column = 0; column < n; ++column) {  // L y = e, then L' x = y
    for (std::size_t i = 0; i < n; ++i) {
      double s = i == column ? 1 : 0;
      for (std::size_t j = 0; j < i; ++j) s -= factor[i * n + j] * x[j];
      x[i] = s / factor[i * n + i];
    }
    for (std::size_t i = n; i-- > 0;) {
      double s = x[i];
      for (std::size_t j = i + 1; j < n; ++j) s -= factor[j * n + i] * x[j];
      x[i] = s / factor[i * n + i];
    }
    for (std::size_t i = 0; i < n; ++i) out[i * n + column] = x[i] - (i == column ? 1 : 0);
  }
}

}  // namespace icp::mixture
