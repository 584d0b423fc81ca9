// Histories: what counts, exactness in any order, the past, numbers, wrong input, bytes.
#include "icp/ltv_history.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "icp/archive.hpp"
#include "icp/hash.hpp"

#include "customers.hpp"
#include "property/bytes.hpp"

namespace {

using namespace icp;
using test::history_of_days;
using Orders = std::vector<std::pair<std::int32_t, double>>;

TEST(LtvHistory, CountsDaysAndMoney) {
  const Orders orders = {{100, 50}, {100, 30}, {107, 20}, {121, 60}, {121, -60}, {135, 40}, {140, -10}};
  const LtvSummary s = history_of_days(orders, 170).summary();
  EXPECT_TRUE(s.bought);
  EXPECT_EQ(s.frequency, 2);                 // the 121st was returned wholly, the 140th is a return
  EXPECT_EQ(s.recency, 5);
  EXPECT_EQ(s.age, 10);
  EXPECT_EQ(s.first_spend, 80);
  EXPECT_EQ(s.mean_spend, (20 + 40 - 10) / 2.0);
  EXPECT_EQ(s.total, 130);
  // Orders after the end do not count; the end is that of the history.
  EXPECT_EQ(history_of_days(Orders{{100, 50}, {171, 5}}, 170).summary().total, 50);
  EXPECT_FALSE(history_of_days(Orders{{171, 5}}, 170).summary().bought);
  // A free order is a purchase; a sale that was returned the same day is none.
  EXPECT_EQ(history_of_days(Orders{{100, 0}, {110, 0}}, 170).summary().frequency, 1);
  EXPECT_FALSE(history_of_days(Orders{{100, 7}, {100, -7}}, 170).summary().bought);
  EXPECT_EQ(history_of_days(Orders{{100, 7}, {120, -50}}, 170).summary().total, -43);
  EXPECT_EQ(history_of_days(Orders{{100, 7}, {110, 5}, {120, -50}}, 170).summary().mean_spend, 0);   // never negative
}

TEST(LtvHistory, TheSameInAnyOrderAndParts) {
  Random random(3);
  for (int trial = 0; trial < 200; ++trial) {
    Orders orders(1 + random.below(trial % 10 == 0 ? 3000 : 60));
    for (auto& [day, amount] : orders) {
      day = static_cast<std::int32_t>(random.below(trial % 3 == 0 ? 40 : 5000)) - 1000;
      amount = std::round(random.normal() * 10000 + 5000) / 100 * (random.uniform() < 0.1 ? 1e9 : 1);
    }
    const std::int32_t until = 3500;
    const LtvHistory expected = history_of_days(orders, until);
    expected.validate();
    for (std::size_t i = orders.size(); i > 1; --i) std::swap(orders[i - 1], orders[random.below(i)]);
    std::vector<LtvHistory> parts;
    for (std::size_t i = 0; i < orders.size();) {
      const std::size_t size = std::min<std::size_t>(orders.size() - i, 1 + random.below(orders.size()));
      parts.push_back(history_of_days(std::span(orders).subspan(i, size), until));
      i += size;
    }
    while (parts.size() > 1) {
      std::swap(parts[random.below(parts.size())], parts.back());
      const LtvHistory last = parts.back();
      parts.pop_back();
      auto& other = parts[random.below(parts.size())];
      other = random.uniform() < 0.5 ? merge(other, last) : merge(last, other);
    }
    ASSERT_EQ(to_binary(parts.front()), to_binary(expected));
    // The past is what was known then.
    const std::int32_t day = static_cast<std::int32_t>(random.below(4500)) - 1000;
    EXPECT_EQ(to_binary(ltv_history_until(expected, day)), to_binary(history_of_days(orders, day)));
    EXPECT_EQ(to_json(from_json<LtvHistory>(to_json(expected), "ltv_history")), to_json(expected));
  }
}

TEST(LtvHistory, MoneyIsExact) {
  Orders orders;
  for (int i = 0; i < 1000000; ++i) orders.emplace_back(i % 700, 0.01);
  const LtvSummary s = history_of_days(orders, 700).summary();   // 10⁶ purchases
  EXPECT_NEAR(s.total, 10000, 1e-9);
  EXPECT_EQ(s.frequency, 699);
  EXPECT_EQ(history_of_days(Orders{{1, 1e15}, {1, 0.001}, {1, -1e15}}, 2).summary().total, 0.001);
  EXPECT_THROW(history_of_days(Orders(10000, {1, 1e15}), 2), Error);
}

TEST(LtvHistory, FromNumbers) {
  const LtvSummary s = ltv_history_of(2, 30.43, 38.86, 22.35, 3).summary();
  EXPECT_EQ(s.frequency, 2);
  EXPECT_EQ(s.recency, 30.43);
  EXPECT_EQ(s.weight, 3);
  EXPECT_EQ(s.total, 2 * 22.35);
  EXPECT_TRUE(std::isnan(ltv_history_of(0, 0, 5, 0, 1).summary().mean_spend));
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  const double wrong[][5] = {{-1, 0, 5, 1, 1}, {1.5, 1, 5, 1, 1}, {nan, 1, 5, 1, 1}, {1, 6, 5, 1, 1}, {0, 1, 5, 1, 1}, {2, 0, 5, 1, 1}, {1, 1, inf, 1, 1},
                             {1, 1, -5, 1, 1}, {1, 1, 5, -1, 1}, {1, 1, 5, 1, 0}, {1, 1, 5, 1, nan}, {1, -1, 5, 1, 1}, {inf, 1, 5, 1, 1}};
  for (const auto& w : wrong) EXPECT_THROW(ltv_history_of(w[0], w[1], w[2], w[3], w[4]), Error) << w[0] << ' ' << w[1] << ' ' << w[2];
  const LtvHistory numbers = ltv_history_of(1, 1, 5, nan, 1);
  EXPECT_THROW(merge(numbers, numbers), Error);
  EXPECT_THROW(ltv_history_until(numbers, 3), Error);
}

TEST(LtvHistory, WrongInput) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(history_of_days(Orders{{1, nan}}, 5), Error);
  EXPECT_THROW(history_of_days(Orders{{1, 2e15}}, 5), Error);
  EXPECT_THROW(history_of_days(Orders{{std::numeric_limits<std::int32_t>::max(), 1}}, 5), Error);
  EXPECT_THROW(history_of_days(Orders{{1, 1}}, std::numeric_limits<std::int32_t>::max()), Error);
  EXPECT_THROW(merge(history_of_days(Orders{{1, 1}}, 5), history_of_days(Orders{{1, 1}}, 6)), Error);
  EXPECT_THROW(ltv_history_until(history_of_days(Orders{{1, 1}}, 5), 6), Error);
  Orders many;
  for (int i = 0; i <= static_cast<int>(LtvHistory::max_days); ++i) many.emplace_back(i, 1);
  EXPECT_THROW(history_of_days(many, 1000000), Error);
}

TEST(LtvHistory, DamagedBytesAreAnErrorOrAValue) {
  const LtvHistory other = history_of_days(Orders{{3, 2.5}, {9, -1}}, 20);
  const std::vector<std::string> valid = {to_binary(other), to_binary(ltv_history_of(2, 3, 4, 5, 6)), to_binary(history_of_days(Orders{{25, 1}}, 20))};
  test::feed_bytes<LtvHistory>(valid, "ltv_history", 5, 100000, [&](const LtvHistory& h) {
    try {
      EXPECT_FALSE(std::isnan(h.summary().total));
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::too_large);   // sums of days beyond what a history holds
    }
    std::vector<std::uint64_t> words(LtvHistoryWords::size(capacity_class_of(h)));
    LtvHistoryWords(words).load(h);
    EXPECT_EQ(to_binary(LtvHistoryWords(words).state()), to_binary(h));
    if (h.until == other.until) {
      try {
        merge(h, other).validate();
      } catch (const Error&) {
      }
    }
  });
}

}  // namespace
