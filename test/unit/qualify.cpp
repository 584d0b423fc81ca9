#include "icp/qualify.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "icp/error.hpp"
#include "icp/hash.hpp"

namespace {

using namespace icp;

std::vector<int> tiers(std::vector<double> fit, const TierRule& rule = {}) {
  const auto t = tiers_of(fit, rule, {});
  return {t.begin(), t.end()};
}

TEST(Tiers, SharesAreMet) {
  std::vector<double> fit(1000);
  for (std::size_t i = 0; i < fit.size(); ++i) fit[i] = static_cast<double>((i * 7919) % 1000);
  std::vector<int> count(5);
  const auto t = tiers(fit);
  for (std::size_t i = 0; i < fit.size(); ++i) {
    ++count[static_cast<std::size_t>(t[i])];
    EXPECT_EQ(t[i], fit[i] >= 900 ? 1 : fit[i] >= 700 ? 2 : fit[i] >= 400 ? 3 : 4);
  }
  EXPECT_EQ(count, (std::vector<int>{0, 100, 200, 300, 400}));
}

TEST(Tiers, TiesStayTogetherWhereTheirMiddleLies) {
  EXPECT_EQ(tiers({.5, .5, .5, .5}), (std::vector<int>{3, 3, 3, 3}));              // the middle is 50 %
  EXPECT_EQ(tiers({9, 5, 5, 1, 1, 1, 0, 0, 0, 0}), (std::vector<int>{1, 2, 2, 3, 3, 3, 4, 4, 4, 4}));
  EXPECT_EQ(tiers({1, NAN, 1}, {{50, 50}, {}}), (std::vector<int>{1, 0, 1}));      // at the edge the better tier
  EXPECT_EQ(tiers({}), (std::vector<int>{}));
  EXPECT_EQ(tiers({NAN}), (std::vector<int>{0}));
  EXPECT_EQ(tiers({INFINITY, 3, -INFINITY}, {{0, 34, 66}, {}}), (std::vector<int>{2, 3, 3}));
  Random random(2);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<double> fit(1 + random.below(60));
    for (auto& f : fit) f = random.uniform() < 0.1 ? NAN : static_cast<double>(random.below(8)) / 7;
    const auto t = tiers(fit);
    for (std::size_t i = 0; i < fit.size(); ++i)
      for (std::size_t j = 0; j < fit.size(); ++j) {
        if (fit[i] == fit[j]) {
          EXPECT_EQ(t[i], t[j]);
        } else if (fit[i] > fit[j]) {
          EXPECT_LE(t[i], t[j]);
        }
      }
  }
}

TEST(Tiers, Cuts) {
  const TierRule rule{{}, {.8, .6}};
  EXPECT_EQ(tiers({.8, .79, .6, .1, NAN}, rule), (std::vector<int>{1, 2, 2, 3, 0}));
}

TEST(Tiers, WrongInput) {
  for (const TierRule& rule : {TierRule{{10, 20}, {}}, TierRule{{-10, 110}, {}}, TierRule{{}, {}}, TierRule{{NAN, 100}, {}}, TierRule{{100}, {.5, .5}}, TierRule{{100}, {NAN}},
                               TierRule{std::vector<double>(200, .5), {}}})
    EXPECT_THROW(rule.validate(), Error);
}

constexpr std::int32_t ranks[] = {1, 1, 2, 2, 2, 3, 3};

std::vector<PriorityLead> leads_of(const std::vector<double>& rates, int n, std::uint64_t seed, int leads_a_company = 1) {
  Random random(seed);
  std::vector<PriorityLead> out;
  for (std::size_t c = 0; c < rates.size(); ++c)
    for (int i = 0; i < n; ++i) {
      const std::int32_t company = static_cast<std::int32_t>(c) * 100000 + i / leads_a_company;
      const bool follows = i % leads_a_company != 0;   // a company's leads end alike
      out.push_back({static_cast<std::int32_t>(c), company, follows ? out.back().converted : random.uniform() < rates[c]});
    }
  return out;
}

TEST(Priorities, SuggestsWhatIsThere) {
  const auto cells = compare_priorities(leads_of({.30, .05, .10, .40, .10, .05, .05}, 400, 1), ranks, {});
  const std::optional<std::int32_t> expected[] = {std::nullopt, 2, std::nullopt, 1, std::nullopt, std::nullopt, std::nullopt};
  for (std::size_t c = 0; c < cells.size(); ++c) {
    EXPECT_EQ(cells[c].suggested, expected[c]) << c;
    EXPECT_EQ(cells[c].conversion.n, 400);
  }
  EXPECT_EQ(cells[3].reason, PriorityCell::Reason::better_than_above);
  EXPECT_TRUE(cells[3].by_conversion);
}

// 200 sets in which all cells convert alike: at most one in twenty may suggest anything. Leads of one company are one piece
// of evidence.
TEST(Priorities, SuggestsNothingWhereThereIsNothing) {
  int suggested = 0, of_companies = 0;
  const auto any = [](const std::vector<PriorityCell>& cells) {
    return std::any_of(cells.begin(), cells.end(), [](const PriorityCell& c) { return c.suggested.has_value(); });
  };
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    suggested += any(compare_priorities(leads_of(std::vector<double>(7, .2), 100, seed), ranks, {}));
    of_companies += any(compare_priorities(leads_of(std::vector<double>(7, .2), 200, seed, 5), ranks, {}));
  }
  EXPECT_LE(suggested, 16);      // 10 expected at most; P(more than 16) < .02
  EXPECT_LE(of_companies, 16);
}

// Where few convert, approximations by the normal distribution find something too often.
TEST(Priorities, RareConversionsSuggestNothing) {
  const std::vector<std::int32_t> matrix = {1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3};
  int suggested = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const auto cells = compare_priorities(leads_of(std::vector<double>(matrix.size(), .02), 100, seed), matrix, {});
    suggested += std::any_of(cells.begin(), cells.end(), [](const PriorityCell& c) { return c.suggested.has_value(); });
  }
  EXPECT_LE(suggested, 30);      // 20 expected at most; P(more than 30) < .02
}

TEST(Priorities, FeedbackSuggestsToo) {
  auto leads = leads_of(std::vector<double>(7, .2), 60, 4);
  for (auto& l : leads) l.realness = l.cell == 0 ? .05 : l.cell < 2 ? .9 : l.cell < 5 ? .6 : .3;
  auto cells = compare_priorities(leads, ranks, {});
  EXPECT_EQ(cells[0].suggested, 2);
  EXPECT_TRUE(cells[0].by_realness);
  EXPECT_FALSE(cells[0].by_conversion);
  EXPECT_FALSE(cells[1].suggested);
  // Conversion says the contrary.
  for (auto& l : leads) {
    if (l.cell == 2) l.realness = .01;
    if (l.cell == 2) l.converted = true;
  }
  cells = compare_priorities(leads, ranks, {});
  EXPECT_FALSE(cells[2].suggested);
  EXPECT_EQ(cells[2].reason, PriorityCell::Reason::contradiction);
}

TEST(Priorities, TooFewCompaniesSuggestNothing) {
  const auto cells = compare_priorities(leads_of({.01, 1, .01, 1, .01, 1, 1}, 90, 1, 10), ranks, {});   // nine companies a cell
  for (const auto& c : cells) {
    EXPECT_FALSE(c.suggested);
    EXPECT_EQ(c.conversion.companies, 9);
    EXPECT_EQ(c.reason, PriorityCell::Reason::too_few);
  }
  EXPECT_THROW(compare_priorities({{9, 1, true}}, ranks, {}), Error);
}

}  // namespace
