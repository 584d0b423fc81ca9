#include "icp/ledger.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "icp/error.hpp"
#include "icp/interval.hpp"

namespace {

using namespace icp;

// With one window as long as what is ahead, and clients that are known to move independently, the prediction is the
// beta-binomial one. Reference: its
// probabilities from logarithms of the gamma function, added up (Python): mean, 0.1 and 0.9 quantiles, P(at least needed).
TEST(Ledger, OneWindowGivesTheBetaBinomial) {
  const struct {
    std::int64_t clients, moved, remaining, needed;
    double mean;
    std::int64_t low, high;
    double enough;
  } cases[] = {{100, 7, 40, 3, 2.97029703, 1, 6, 0.543819},
               {50, 0, 30, 1, 0.2941176471, 0, 1, 0.208689},
               {20, 20, 15, 14, 14.64285714, 14, 15, 0.922729},
               {1000, 31, 500, 20, 15.73426573, 10, 22, 0.207543},
               {7, 2, 3, 2, 0.9375, 0, 2, 0.255208}};
  for (const auto& c : cases) {
    const std::vector<MoveWindow> window = {{90, c.clients, c.moved}};
    const MoveForecast f = forecast_moves(window, 0.0, c.remaining, 90, c.needed);
    EXPECT_NEAR(f.expected, c.mean, 1e-6 * std::max(1.0, c.mean));
    EXPECT_EQ(f.low, c.low) << c.clients << ' ' << c.moved;
    EXPECT_EQ(f.high, c.high) << c.clients << ' ' << c.moved;
    EXPECT_NEAR(*f.enough, c.enough, 0.01);
    EXPECT_EQ(f.correlation, 0);
  }
}

// Two windows of one length are one window of their sum where they agree; time is scaled by the rate.
TEST(Ledger, WindowsAddUpAndTimeIsScaled) {
  const std::vector<MoveWindow> two = {{30, 100, 10}, {30, 100, 10}}, one = {{30, 200, 20}};
  const MoveForecast a = forecast_moves(two, 0.0, 50, 30, 5), b = forecast_moves(one, 0.0, 50, 30, 5);
  EXPECT_NEAR(a.expected, b.expected, 1e-9);
  EXPECT_EQ(a.low, b.low);
  EXPECT_EQ(a.high, b.high);
  EXPECT_NEAR(b.rate, -std::log(1 - 20.0 / 200) / 30 * 365.25, 0.05 * b.rate);
  const MoveForecast longer = forecast_moves(one, 0.0, 50, 60, 5);
  EXPECT_NEAR(longer.expected, 50 * (1 - 0.9 * 0.9), 0.4);
  EXPECT_EQ(forecast_moves(two, 50, 0, 1).high, 0);
  EXPECT_EQ(forecast_moves(one, 0, 30, 1).enough, 0);
  EXPECT_EQ(forecast_moves(one, 50, 30, 0).enough, 1);
}

TEST(Ledger, ExtremesAreFinite) {
  const std::vector<std::vector<MoveWindow>> windows = {
      {{1, 1, 0}}, {{1, 1, 1}}, {{90, 1000000, 0}}, {{90, 1000000, 1000000}}, {{0.001, 5, 5}, {3650, 5, 0}}, {{1e5, 3, 1}}, {{90, 1000000, 500000}, {90, 1000000, 1}},
      {{0, 5, 0}, {90, 0, 0}, {90, 4, 2}}};
  for (const auto& w : windows) {
    const MoveForecast f = forecast_moves(w, 1000, 30, 10);
    EXPECT_TRUE(std::isfinite(f.rate) && std::isfinite(f.expected));
    EXPECT_GE(f.expected, 0);
    EXPECT_LE(f.expected, 1000);
    EXPECT_EQ(f.low.has_value(), w.size() == 2);
    EXPECT_LE(f.low, f.high);
    EXPECT_EQ(f.enough.has_value(), w.size() == 2);
    EXPECT_TRUE(!f.enough || (*f.enough >= 0 && *f.enough <= 1));
    EXPECT_GE(f.correlation, 0);
  }
  EXPECT_THROW(forecast_moves(std::vector<MoveWindow>{}, 10, 30, 1), Error);
  EXPECT_THROW(forecast_moves(std::vector<MoveWindow>{{30, 5, 6}}, 10, 30, 1), Error);
  EXPECT_THROW(forecast_moves(std::vector<MoveWindow>{{30, 5, 1}}, -1, 30, 1), Error);
  EXPECT_THROW(forecast_moves(std::vector<MoveWindow>{{30, 5, 1}}, 1, 30, 1, 1.0), Error);
}

// Windows that differ as much as chance lets them speak against a correlation, others for one; and it makes the interval wider.
TEST(Ledger, WindowsTellTheCorrelation) {
  const std::vector<MoveWindow> alike = {{90, 400, 40}, {90, 400, 38}, {90, 400, 43}, {90, 400, 39}, {90, 400, 41}, {90, 400, 37}};
  const std::vector<MoveWindow> unlike = {{90, 400, 10}, {90, 400, 80}, {90, 400, 30}, {90, 400, 60}, {90, 400, 5}, {90, 400, 53}};
  const MoveForecast a = forecast_moves(alike, 400, 90, 40), b = forecast_moves(unlike, 400, 90, 40);
  EXPECT_LT(a.correlation, 0.005);
  EXPECT_GT(b.correlation, 0.02);
  EXPECT_NEAR(a.expected, 40, 2);
  EXPECT_NEAR(b.expected, 40, 8);
  EXPECT_LT(*a.high - *a.low, 40);
  EXPECT_GT(*b.high - *b.low, 50);
  // One window cannot tell: there is no interval. Two that agree leave one that is wider than that of independent clients.
  const std::vector<MoveWindow> one = {{90, 400, 40}}, two = {{90, 400, 40}, {90, 400, 41}, {0, 400, 7}};
  const MoveForecast open = forecast_moves(one, 400, 90, 40), both = forecast_moves(two, 400, 90, 40), independent = forecast_moves(two, 0.0, 400, 90, 40);
  EXPECT_FALSE(open.low || open.high || open.enough);
  EXPECT_NEAR(open.expected, 40, 0.5);
  EXPECT_GT(*both.high - *both.low, *independent.high - *independent.low);
}

// The share of 80 % intervals that hold what comes, for windows of clients that move independently or together.
double coverage(int windows, std::int64_t clients, double probability, double correlation, int rounds) {
  std::mt19937_64 random(7);
  const auto uniform = [&] { return static_cast<double>(random() >> 11) * 0x1p-53; };
  // A normal variate (Box & Muller), a gamma variate (Marsaglia & Tsang), and of these a beta variate.
  const auto normal = [&] { return std::sqrt(-2 * std::log(1 - uniform())) * std::cos(2 * 3.14159265358979323846 * uniform()); };
  const auto gamma = [&](double shape) {
    const double boost = shape < 1 ? std::pow(1 - uniform(), 1 / shape) : 1, d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3, c = 1 / std::sqrt(9 * d);
    for (;;) {
      const double x = normal(), v = std::pow(1 + c * x, 3);
      if (v > 0 && std::log(1 - uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return boost * d * v;
    }
  };
  const auto moved = [&](std::int64_t of) {
    const double n = correlation > 0 ? (1 - correlation) / correlation : 0;
    const double x = n > 0 ? gamma(probability * n) : probability, p = n > 0 ? x / (x + gamma((1 - probability) * n)) : x;
    std::int64_t count = 0;
    for (std::int64_t i = 0; i < of; ++i) count += uniform() < p;
    return count;
  };
  int held = 0;
  for (int r = 0; r < rounds; ++r) {
    std::vector<MoveWindow> past;
    for (int w = 0; w < windows; ++w) past.push_back({90, clients, moved(clients)});
    const MoveForecast f = forecast_moves(past, clients, 90, 1);
    const std::int64_t next = moved(clients);
    held += next >= *f.low && next <= *f.high;
  }
  return static_cast<double>(held) / rounds;
}

// ICP_SIMULATE=500 prints the table of docs/ledger.md.
TEST(Ledger, IntervalsHoldWhatComes) {
  const char* asked = std::getenv("ICP_SIMULATE");
  const int rounds = asked != nullptr ? std::atoi(asked) : 60;
  for (const int windows : {2, 3, 4, 12})
    for (const double correlation : {0.0, 0.02, 0.1, 0.2}) {
      if (asked == nullptr && (windows == 3 || windows == 12 || correlation == 0.02 || correlation == 0.2)) continue;
      const double held = coverage(windows, 200, 0.1, correlation, rounds);
      std::printf("%2d windows of 200 clients, correlation %.2f: %.2f of the 80 %% intervals hold what comes\n", windows, correlation, held);
      // Three standard errors below 80 %; correlations above 0.1 are more than so few windows can be asked to show.
      if (correlation <= 0.1) {
        EXPECT_GT(held, 0.8 - 3 * std::sqrt(0.16 / rounds));
      }
    }
}

TEST(Ledger, IntervalsOfSharesAndRates) {
  const Interval share = share_interval(0.3, 10);
  EXPECT_NEAR(share.low, 0.1077913, 1e-6);  // the textbook's 0.108 to 0.603
  EXPECT_NEAR(share.high, 0.6032219, 1e-6);
  EXPECT_EQ(share_interval(0, 5).low, 0);
  EXPECT_EQ(share_interval(1, 5).high, 1);
  // A gamma variate of shape 7.5 is half a chi-square one of 15 degrees of freedom: tables have 6.262138 and 27.488393.
  const Interval rate = rate_interval(7, 12.5);
  EXPECT_NEAR(rate.low, 6.262138 / 25, 1e-6);
  EXPECT_NEAR(rate.high, 27.488393 / 25, 1e-6);
  EXPECT_EQ(rate_interval(0, 2).low, 0);
  EXPECT_THROW(rate_interval(1, 0), Error);
}

}  // namespace
