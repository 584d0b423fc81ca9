#include "icp/accelerate.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace {

using icp::Accelerator;

// Two elements at the rates of .98 and .9, mixed, whose limit is (3, -2); and one that has nothing to do.
std::vector<double> step(const std::vector<double>& x) {
  const double a = x[0] - 3, b = x[1] + 2;
  return {3 + 0.94 * a + 0.04 * b, -2 + 0.04 * a + 0.94 * b, x[2]};
}

double distance(const std::vector<double>& x) { return std::hypot(x[0] - 3, x[1] + 2); }

TEST(Accelerator, ComesToTheLimitSooner) {
  const std::vector<double> weight{1, 1, 0};
  std::vector<double> plain{0, 0, 1}, fast = plain;
  Accelerator accelerator;
  for (int i = 0; i < 8; ++i) {
    plain = step(plain);
    fast = accelerator.next(fast, step(fast), weight, 100);
  }
  EXPECT_GT(distance(plain), 1);
  EXPECT_LT(distance(fast), 1e-3);
  EXPECT_EQ(fast[2], 1);
}

TEST(Accelerator, GoesNoFurtherThanItMay) {
  const std::vector<double> weight{1, 1, 1};
  std::vector<double> x{0, 0, 1};
  Accelerator accelerator;
  EXPECT_EQ(accelerator.next(x, step(x), weight, 0.01), step(x));
  for (int i = 0; i < 5; ++i) {
    x = step(x);
    const std::vector<double> plain = step(x), next = accelerator.next(x, plain, weight, 0.01);
    for (std::size_t e = 0; e < x.size(); ++e) EXPECT_LE(std::abs(next[e] - plain[e]), 0.01 + 1e-12);
  }
}

// Residuals that do not change leave nothing to learn from.
TEST(Accelerator, StaysFinite) {
  Accelerator accelerator;
  std::vector<double> x{0, 1};
  for (int i = 0; i < 10; ++i) {
    x = accelerator.next(x, std::vector<double>{x[0] + 1, x[1]}, std::vector<double>{1, 0}, 2);
    for (const double v : x) EXPECT_TRUE(std::isfinite(v));
  }
  EXPECT_GT(x[0], 5);
}

}  // namespace
