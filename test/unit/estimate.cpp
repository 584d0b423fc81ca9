#include "icp/estimate.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "icp/hash.hpp"
#include "icp/model.hpp"

namespace {

std::vector<icp::Observation> shares(int n, int ones) {
  std::vector<icp::Observation> out;
  for (int i = 0; i < n; ++i) out.push_back({i < ones ? 1.0 : 0.0, 1, i});
  return out;
}

TEST(Estimate, ShareOfIndependentRowsHasWilsonsInterval) {
  // 3 of 47: Wilson's interval computed by hand from the formula of 1927.
  const auto e = icp::share_estimate(shares(47, 3));
  EXPECT_NEAR(*e.value, 3.0 / 47, 1e-15);
  const double z = 1.959963984540054, n = 47, p = 3.0 / 47;
  const double centre = (p + z * z / (2 * n)) / (1 + z * z / n), half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  EXPECT_NEAR(*e.low, centre - half, 1e-12);
  EXPECT_NEAR(*e.high, centre + half, 1e-12);
  EXPECT_EQ(*icp::share_estimate(shares(20, 0)).low, 0);
  EXPECT_EQ(*icp::share_estimate(shares(20, 20)).high, 1);
  EXPECT_GT(*icp::share_estimate(shares(20, 0)).high, 0.1);
}

TEST(Estimate, MeanOfOneObservationHasNoInterval) {
  const std::vector<icp::Observation> one = {{5, 1, 0}};
  EXPECT_EQ(*icp::mean_estimate(one).value, 5);
  EXPECT_FALSE(icp::mean_estimate(one).low);
  EXPECT_FALSE(icp::mean_estimate({}).value);
}

// With ten deals of each of 30 companies that differ, 95 % intervals by rows cover far less often; by company they hold.
TEST(Estimate, IntervalsCoverWithRepeatedCompanies) {
  icp::Random random(7);
  int mean_covers = 0, share_covers = 0;
  constexpr int runs = 600;
  for (int run = 0; run < runs; ++run) {
    std::vector<icp::Observation> values, wins;
    for (int c = 0; c < 30; ++c) {
      const double effect = random.normal();
      const double p = 1 / (1 + std::exp(-effect));
      for (int i = 0; i < 10; ++i) {
        values.push_back({effect + random.normal(), 1, c});
        wins.push_back({random.uniform() < p ? 1.0 : 0.0, 1, c});
      }
    }
    const auto m = icp::mean_estimate(values);
    mean_covers += *m.low <= 0 && 0 <= *m.high;
    const auto s = icp::share_estimate(wins);
    share_covers += *s.low <= 0.5 && 0.5 <= *s.high;
  }
  EXPECT_GE(mean_covers, runs * 92 / 100);
  EXPECT_LE(mean_covers, runs * 98 / 100);
  EXPECT_GE(share_covers, runs * 91 / 100);
  EXPECT_LE(share_covers, runs * 98 / 100);
}

TEST(Estimate, CompaniesCountOnce) {
  const std::vector<icp::Observation> ltv = {{100, 1, 0}, {100, 1, 0}, {100, 1, 0}, {10, 1, 1}};
  EXPECT_EQ(*icp::company_mean_estimate(ltv).value, 55);
  EXPECT_EQ(icp::company_mean_estimate(ltv).n, 2);
}

TEST(Estimate, ShrinkageIsBetweenTheValueAndTheMean) {
  const std::vector<double> values = {80, 40, 60}, variances = {1, 1, 400};
  const auto s = icp::shrink(values, variances);
  EXPECT_GT(s[0].value, 79);
  EXPECT_LT(s[0].value, 80);
  EXPECT_LT(s[2].variance, 400);
  // Where the values differ less than their errors say, nothing is left but the mean.
  const std::vector<double> alike = {50, 51, 49}, wide = {100, 100, 100};
  for (const auto& one : icp::shrink(alike, wide)) EXPECT_NEAR(one.value, 50, 1e-9);
}

}  // namespace
