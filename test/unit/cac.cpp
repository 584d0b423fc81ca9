#include "icp/cac.hpp"

#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_dec_float.hpp>

#include "icp/error.hpp"
#include "icp/hash.hpp"

namespace {

using namespace icp;
using Decimal = boost::multiprecision::cpp_dec_float_100;

std::vector<std::string> shares(const char* total, std::vector<std::string> weights, int digits = 2) { return allocate(total, weights, digits, Stop{}); }
using Texts = std::vector<std::string>;

TEST(Cac, EqualWeightsGiveTheLeftUnitsToTheFirst) {
  EXPECT_EQ(shares("100", {"1", "1", "1"}), (Texts{"33.34", "33.33", "33.33"}));
  EXPECT_EQ(shares("0.02", {"1", "1", "1"}), (Texts{"0.01", "0.01", "0.00"}));
  EXPECT_EQ(shares("-100", {"1", "1", "1"}), (Texts{"-33.34", "-33.33", "-33.33"}));
  EXPECT_EQ(shares("10", {"1", "1", "1"}, 0), (Texts{"4", "3", "3"}));
  EXPECT_EQ(shares("0", {"1", "2"}), (Texts{"0.00", "0.00"}));
  EXPECT_EQ(shares("12.3", {"5"}), Texts{"12.30"});
  EXPECT_EQ(shares("12.3", {}), Texts{});
}

// The example of the largest remainder method in the literature: 100,000 votes of six parties for ten seats (Hare quota 10,000).
TEST(Cac, IsTheLargestRemainderMethod) {
  EXPECT_EQ(shares("10", {"47000", "16000", "15800", "12000", "6100", "3100"}, 0), (Texts{"5", "2", "1", "1", "1", "0"}));
  // And its paradox of Alabama: with one seat more a party may lose one.
  EXPECT_EQ(shares("25", {"1500", "1500", "900", "500", "500", "200"}, 0), (Texts{"7", "7", "4", "3", "3", "1"}));
  EXPECT_EQ(shares("26", {"1500", "1500", "900", "500", "500", "200"}, 0), (Texts{"8", "8", "5", "2", "2", "1"}));
}

TEST(Cac, WeightsAreProportions) {
  EXPECT_EQ(shares("100", {"0.5", "1.5", "0"}), (Texts{"25.00", "75.00", "0.00"}));
  EXPECT_EQ(shares("100", {"0", "0.00"}), (Texts{"50.00", "50.00"}));
  EXPECT_EQ(shares("100.001", {"1", "1"}), (Texts{"50.001", "50.000"}));
  EXPECT_EQ(shares("00012.50", {"010", "010"}), (Texts{"6.25", "6.25"}));
}

TEST(Cac, SharesSumToTheTotalWithinOneUnitOfTheirQuota) {
  Random random(11);
  for (int run = 0; run < 300; ++run) {
    const std::size_t n = 1 + random.next() % 40;
    const int digits = static_cast<int>(random.next() % 5);
    std::string total = std::to_string(random.next() % 1'000'000'000'000ull) + "." + std::to_string(random.next() % 10000);
    if (run % 3 == 0) total.insert(0, "-");
    Texts weights;
    Decimal all = 0;
    for (std::size_t i = 0; i < n; ++i) {
      weights.push_back(std::to_string(random.next() % 100000) + "." + std::to_string(random.next() % 1000));
      all += Decimal(weights.back());
    }
    const Texts out = allocate(total, weights, digits, Stop{});
    ASSERT_EQ(out.size(), n);
    const auto scale = std::max<std::size_t>(static_cast<std::size_t>(digits), total.size() - total.find('.') - 1);
    const Decimal unit = pow(Decimal(10), -static_cast<int>(scale));
    Decimal sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      EXPECT_EQ(out[i].size() - out[i].find('.') - 1, scale);
      sum += Decimal(out[i]);
      const Decimal part = all > 0 ? Decimal(total) * Decimal(weights[i]) / all : Decimal(total) / n;
      EXPECT_LT(abs(Decimal(out[i]) - part), unit);
    }
    EXPECT_LT(abs(sum - Decimal(total)), unit / 1000) << total;
  }
}

TEST(Cac, RefusesWhatIsNoNumber) {
  EXPECT_THROW(shares("NaN", {"1"}), Error);
  EXPECT_THROW(shares("Infinity", {"1"}), Error);
  EXPECT_THROW(shares("1", {"NaN"}), Error);
  EXPECT_THROW(shares("1", {"1", "-0.1"}), Error);
  EXPECT_THROW(shares("1", {"1"}, -1), Error);
  EXPECT_THROW(shares("1", {"1"}, 31), Error);
  EXPECT_THROW(shares("", {"1"}), Error);
}

}  // namespace
