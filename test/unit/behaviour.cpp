#include "icp/behaviour.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "icp/hash.hpp"
#include "icp/stop.hpp"

namespace icp {
namespace {

// Deals of companies with effects of their own; group g's log-odds and mean are raised by `step` times g. Where `mixed`, a
// company's deals fall in any group.
std::vector<BehaviourMeasure> deals(int companies, int deals_each, int groups, double effect, double step, bool mixed, std::uint64_t seed) {
  Random random(seed);
  std::vector<BehaviourMeasure> out{{"win_rate", {}, {}}, {"dqs", {}, {}}};
  for (int c = 0; c < companies; ++c) {
    const double own = effect * random.normal();
    const auto kind = static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(groups)));
    for (int i = 0; i < deals_each; ++i) {
      const auto g = mixed ? static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(groups))) : kind;
      const double odds = -0.8 + own + step * g;
      const bool won = random.uniform() < 1 / (1 + std::exp(-odds));
      out[0].observations.push_back({won ? 1.0 : 0.0, 1, c});
      out[0].group.push_back(g);
      if (!won) continue;
      out[1].observations.push_back({50 + 5 * own + 5 * step * g + 5 * random.normal(), 1, c});
      out[1].group.push_back(g);
    }
  }
  return out;
}

bool any_below(const std::vector<BehaviourTest>& tests, double level) {
  for (const BehaviourTest& t : tests)
    if (t.p_adjusted <= level) return true;
  return false;
}
bool any_below(const std::vector<BehaviourPair>& pairs, double level) {
  for (const BehaviourPair& p : pairs)
    if (p.p_adjusted <= level) return true;
  return false;
}

TEST(Behaviour, HolmStepsDown) {
  const std::vector<double> p{0.04, 0.01, 0.03}, expected{0.06, 0.03, 0.06}, adjusted = holm(p);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(adjusted[i], expected[i], 1e-12);
  EXPECT_TRUE(holm({}).empty());
}

TEST(Behaviour, NothingFromCompaniesThatDiffer) {
  int all = 0, pairs = 0;
  const int runs = 200;
  for (int s = 0; s < runs; ++s) {
    const auto m = deals(100, 10, 4, 1, 0, s % 2 == 1, 100 + static_cast<std::uint64_t>(s));
    if (any_below(test_behaviour(m, 0, Stop()), 0.05)) ++all;
    if (any_below(compare_pairs(m, 4, Stop()), 0.05)) ++pairs;
  }
  // 5 % within its binomial error: at most 17 of 200 with a probability of .99.
  EXPECT_LE(all, 17);
  EXPECT_LE(pairs, 17);
}

TEST(Behaviour, DifferencesAreFound) {
  const auto m = deals(200, 5, 3, 0.5, 1, false, 7);
  for (const BehaviourTest& t : test_behaviour(m, 0, Stop())) {
    EXPECT_LE(t.p_adjusted, 0.01) << t.measure;
    EXPECT_GT(t.explained, 0.02) << t.measure;
    EXPECT_LE(t.companies, 200);
  }
  const auto pairs = compare_pairs(m, 3, Stop());
  ASSERT_EQ(pairs.size(), 3U);
  for (const BehaviourPair& p : pairs) {
    EXPECT_TRUE(p.tested);
    EXPECT_LE(p.p_adjusted, 0.05) << p.a << ' ' << p.b << ' ' << p.measure;
  }
}

TEST(Behaviour, TooFewCompaniesAreNotTested) {
  auto m = deals(60, 5, 2, 0, 2, false, 3);
  for (BehaviourMeasure& one : m)   // a third group, of three companies
    for (std::size_t i = 0; i < one.group.size(); ++i)
      if (one.observations[i].company < 3) one.group[i] = 2;
  for (const BehaviourPair& p : compare_pairs(m, 3, Stop())) EXPECT_EQ(p.tested, p.b != 2) << p.a << ' ' << p.b;
}

}  // namespace
}  // namespace icp
