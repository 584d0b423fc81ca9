// What a client could buy of whom something is not known, or that is unlike all that were learned from.
#include "icp/wallet.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "icp/archive.hpp"
#include "icp/error.hpp"
#include "icp/hash.hpp"
#include "wallets.hpp"

namespace icp {
namespace {

using test::Rows;
using test::text;

const std::vector<std::string_view> columns = {"client_id", "size", "region", "growth", "purchases"};
const std::string_view sizes[] = {"small", "mid", "big"}, regions[] = {"north", "south", "west"};
constexpr double by_size[] = {4.6, 5.7, 8.0}, by_region[] = {-0.3, 0, 0.3}, deviation = 0.5;

struct Client {
  std::size_t size = 0, region = 0;
  double growth = 0, purchases = 0;
};
Client draw(Random& random) {
  Client c{random.below(3), random.below(3), random.normal(), 0};
  c.purchases = std::exp(by_size[c.size] + by_region[c.region] + 0.3 * c.growth + deviation * random.normal());
  return c;
}

class WalletUnknown : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    Random random(11);
    Rows rows("{}", columns);
    for (int i = 0; i < 3000; ++i) {
      const Client c = draw(random);
      rows.add({Value::of(static_cast<double>(i)), text(sizes[c.size]), text(regions[c.region]), Value::of(c.growth), Value::of(c.purchases)});
    }
    scorer_ = new WalletScorer(fit_wallet(rows.sample, {}, Stop{}));
  }
  static void TearDownTestSuite() { delete scorer_; }
  static PotentialFigure ask(const std::vector<Value>& row) {
    WalletBuffer buffer = scorer_->buffer();
    return test::ask(*scorer_, buffer, columns, row);
  }
  // The quantiles of clients that are as those asked for, by drawing them.
  template <class Like>
  static double truth(double share, Like&& like) {
    Random random(5);
    std::vector<double> all;
    for (int i = 0; i < 400000; ++i)
      if (const Client c = draw(random); like(c)) all.push_back(std::log(c.purchases));
    const auto at = all.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(all.size()));
    std::nth_element(all.begin(), at, all.end());
    return *at;
  }
  static WalletScorer* scorer_;
};
WalletScorer* WalletUnknown::scorer_ = nullptr;

TEST_F(WalletUnknown, OneAttributeOfSeveral) {
  const auto near = [](const Client& c, double growth) { return std::abs(c.growth - growth) < 0.1; };
  for (const double growth : {-1.0, 0.5})
    for (const Value& size : {Value{}, text("gigantic")}) {
      const PotentialFigure f = ask({Value::of(1.0), size, text("west"), Value::of(growth)});
      const auto like = [&](const Client& c) { return c.region == 2 && near(c, growth); };
      EXPECT_NEAR(std::log(*f.median), truth(0.5, like), 0.25) << growth;   // between the sizes, where few are
      EXPECT_NEAR(std::log(*f.potential), truth(0.8, like), 0.1) << growth;
      EXPECT_NEAR(std::log(*f.high_quantile), truth(0.95, like), 0.1) << growth;
      EXPECT_LT(*f.low, *f.potential);
      EXPECT_LT(std::log(*f.high / *f.low), 1) << growth;
    }
  const PotentialFigure number = ask({Value::of(1.0), text("mid"), text("north")});
  const auto like = [](const Client& c) { return c.region == 0 && c.size == 1; };
  EXPECT_NEAR(std::log(*number.potential), truth(0.8, like), 0.1);
  EXPECT_NEAR(std::log(*number.high_quantile), truth(0.95, like), 0.1);
}

TEST_F(WalletUnknown, NothingKnown) {
  const auto all = [](const Client&) { return true; };
  const PotentialFigure f = ask({});
  EXPECT_NEAR(std::log(*f.median), truth(0.5, all), 0.1);
  EXPECT_NEAR(std::log(*f.potential), truth(0.8, all), 0.1);
  EXPECT_NEAR(std::log(*f.high_quantile), truth(0.95, all), 0.1);
  EXPECT_LE(*f.low, std::exp(truth(0.8, all)));
  EXPECT_GE(*f.high, std::exp(truth(0.8, all)));
}

TEST_F(WalletUnknown, StandInsAreCheckedWhenRead) {
  WalletModel m = scorer_->model();
  ASSERT_FALSE(m.stand_ins.empty());
  const auto refused = [](const WalletModel& broken) {
    EXPECT_THROW((void)from_binary<WalletModel>(to_binary(broken), "potential_model"), Error);
  };
  WalletModel shorter = m, wrong = m, order = m;
  shorter.stand_ins[0].value.pop_back();
  refused(shorter);
  wrong.stand_ins[0].values[0] = {1e9, 2e9};
  refused(wrong);
  std::swap(order.stand_ins.front(), order.stand_ins.back());
  refused(order);
}

// A number of few values says nothing within a value; and none is drawn on beyond what was learned from.
TEST(WalletReach, NumbersGoNoFurtherThanThoseLearnedFrom) {
  const std::vector<std::string_view> graded = {"client_id", "grade", "visits", "purchases"};
  Random random(3);
  Rows rows("{}", graded);
  for (int i = 0; i < 1500; ++i) {
    const double grade = 2 + static_cast<double>(i % 4), visits = 10 * random.uniform();
    rows.add({Value::of(static_cast<double>(i)), Value::of(grade), Value::of(visits), Value::of(std::exp(4 + 0.4 * grade + 0.3 * visits + 0.5 * random.normal()))});
  }
  const WalletScorer scorer(fit_wallet(rows.sample, {}, Stop{}));
  WalletBuffer buffer = scorer.buffer();
  const auto potential = [&](double grade, double visits) { return std::log(*test::ask(scorer, buffer, graded, {Value::of(1.0), Value::of(grade), Value::of(visits)}).potential); };
  for (const double grade : {2.0, 3.0, 4.0, 5.0}) EXPECT_NEAR(potential(grade, 5), 4 + 0.4 * grade + 1.5 + 0.42, 0.2);
  for (const double grade : {1.0, -1e9}) EXPECT_NEAR(potential(grade, 5), potential(2, 5), 1e-6);
  for (const double grade : {6.0, 100.0, 1e300}) EXPECT_NEAR(potential(grade, 5), potential(5, 5), 1e-6);
  for (const double visits : {11.0, 100.0, 1e9}) EXPECT_NEAR(potential(3, visits), potential(3, 10), 0.2);   // half of the last bin at most
  for (const double visits : {-5.0, -1e9}) EXPECT_NEAR(potential(3, visits), potential(3, 0), 0.2);
  EXPECT_EQ(potential(3, 100), potential(3, 1e9));
  EXPECT_GT(potential(3, 9.9), potential(3, 9));   // within them it is a line
}

// All buy the same, or the same by an attribute: what is rounded off makes nobody buy too much.
TEST(WalletReach, EqualPurchasesAreNotUnderestimated) {
  const std::vector<std::string_view> fees = {"client_id", "size", "purchases"};
  for (const bool one : {true, false}) {
    const auto fee = [&](int i) { return one ? 100.0 : std::vector<double>{10, 30, 99}[static_cast<std::size_t>(i % 3)]; };
    Rows rows("{}", fees);
    for (int i = 0; i < 300; ++i) rows.add({Value::of(static_cast<double>(i)), text(sizes[i % 3]), Value::of(fee(i))});
    const WalletScorer scorer(fit_wallet(rows.sample, {}, Stop{}));
    WalletBuffer buffer = scorer.buffer();
    for (int i = 0; i < 6; ++i) {
      const PotentialFigure f = test::ask(scorer, buffer, fees, {Value::of(1.0), text(sizes[i % 3]), Value::of(fee(i))});
      EXPECT_FALSE(*f.underestimated) << one << i;
      EXPECT_NEAR(*f.potential, fee(i), 1e-5 * fee(i));
      EXPECT_TRUE(*test::ask(scorer, buffer, fees, {Value::of(1.0), text(sizes[i % 3]), Value::of(1.001 * fee(i))}).underestimated);
    }
  }
}

}  // namespace
}  // namespace icp
