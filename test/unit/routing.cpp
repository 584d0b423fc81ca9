#include "icp/routing.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "deals.hpp"

namespace {

using namespace icp;

struct Book {
  std::vector<ManagerRecord> records;
  std::int32_t company = 0;
  void add(const std::string& manager, const std::string& cohort, int n, int won, double dqs = NAN) {
    ManagerRecord& r = records.emplace_back();
    r.manager = manager;
    r.cohort = cohort;
    r.closed = n;
    r.won = won;
    for (int i = 0; i < n; ++i) {
      const std::int32_t c = company + i;
      r.wins.push_back({i < won ? 1.0 : 0.0, 1, c});
      if (i < won && !std::isnan(dqs)) r.quality.push_back({dqs + (i % 2 == 0 ? 5 : -5), 1, c});
    }
    company += n;
  }
  ManagerExpectations expect() const { return expect_managers(records, true, {}); }
};

const ManagerExpectation& of(const ManagerExpectations& e, const std::string& manager, const std::string& cohort) {
  for (const auto& c : e.cells)
    if (c.record.manager == manager && c.record.cohort == cohort) return c;
  throw std::out_of_range(manager + " " + cohort);
}

TEST(Routing, TwoOfTwoIsNotBetterThanSixtyOfAHundred) {
  Book b;
  b.add("steady", "a", 100, 60);
  b.add("lucky", "a", 2, 2);
  b.add("weak", "a", 100, 25);
  const auto e = b.expect();
  EXPECT_LT(*e.p_managers, 0.001);
  EXPECT_GT(*of(e, "steady", "a").value, 0.5);
  EXPECT_LT(*of(e, "lucky", "a").value, *of(e, "steady", "a").value + 0.02);
  EXPECT_GT(*of(e, "lucky", "a").value, *of(e, "", "a").value);
  EXPECT_NEAR(*of(e, "weak", "a").value, 0.26, 0.03);
}

// Simpson: the weaker seller works in the cohort where deals are easy to win, and looks better by his rate.
TEST(Routing, TheMixOfCohortsDoesNotCount) {
  Book b;
  b.add("easy", "easy", 200, 110);
  b.add("easy", "hard", 40, 2);
  b.add("hard", "easy", 40, 32);
  b.add("hard", "hard", 200, 44);
  const auto e = b.expect();
  EXPECT_GT(112.0 / 240, 76.0 / 240);
  for (const char* cohort : {"easy", "hard", ""}) EXPECT_GT(*of(e, "hard", cohort).value, *of(e, "easy", cohort).value + 0.05) << cohort;
  EXPECT_GT(*of(e, "hard", "easy").value, *of(e, "hard", "hard").value);
}

TEST(Routing, AManagerCanBeBetterInOneCohortAndWorseInAnother) {
  Book b;
  for (const char* m : {"x", "y", "z"}) {
    b.add(m, "a", 80, m[0] == 'x' ? 56 : 24);
    b.add(m, "b", 80, m[0] == 'y' ? 56 : 24);
  }
  const auto e = b.expect();
  EXPECT_LT(*e.p_cohorts, 0.001);
  EXPECT_GT(*of(e, "x", "a").value, *of(e, "y", "a").value + 0.2);
  EXPECT_GT(*of(e, "y", "b").value, *of(e, "x", "b").value + 0.2);
  // Where nothing is known of him in a cohort, what he does elsewhere counts.
  b.add("new", "a", 80, 64);
  const auto f = b.expect();
  EXPECT_EQ(of(f, "new", "b").record.closed, 0);
  EXPECT_GE(*of(f, "new", "b").value, *of(f, "", "b").value);
}

// Deals of one company that all come out alike are one; deals that know nothing of one another are as many as they are.
TEST(Routing, DealsOfACompanyCountByHowAlikeTheyAre) {
  const auto expect = [](bool alike, bool companies) {
    std::vector<ManagerRecord> records(2);
    std::int32_t company = 0;
    for (int m = 0; m < 2; ++m) {
      records[static_cast<std::size_t>(m)].manager = m == 0 ? "strong" : "weak";
      for (int c = 0; c < 10; ++c, ++company)
        for (int i = 0; i < 10; ++i) {
          const int of_ten = m == 0 ? 7 : 3;
          records[static_cast<std::size_t>(m)].wins.push_back({(alike ? c : (i + c) % 10) < of_ten ? 1.0 : 0.0, 1, companies ? company : company * 10 + i});
        }
    }
    return expect_managers(records, true, {});
  };
  EXPECT_GT(*expect(true, true).p_managers, 0.05);    // 7 of 10 companies against 3 of 10
  EXPECT_LT(*expect(false, true).p_managers, 1e-6);   // 70 of 100 deals against 30
  EXPECT_NEAR(*expect(false, true).p_managers, *expect(false, false).p_managers, 1e-6);
}

TEST(Routing, QualityCountsBesideTheWinRate) {
  Book b;
  b.add("volume", "a", 100, 50, 40);
  b.add("value", "a", 100, 48, 80);
  const auto e = b.expect();
  EXPECT_NEAR(*of(e, "value", "a").dqs, 80, 2);
  EXPECT_NEAR(*of(e, "volume", "a").dqs, 40, 2);
  EXPECT_GT(*of(e, "value", "a").value, *of(e, "volume", "a").value);
  EXPECT_NEAR(*of(e, "value", "a").value, *of(e, "value", "a").win_rate * *of(e, "value", "a").dqs / 100, 1e-12);
  Book won_only;
  won_only.add("a", "x", 30, 30, 70);
  won_only.add("b", "x", 30, 30, 40);
  EXPECT_FALSE(of(won_only.expect(), "a", "x").win_rate);
  EXPECT_NEAR(*of(won_only.expect(), "a", "x").value, 0.7, 0.02);
}

TEST(Routing, NothingKnown) {
  EXPECT_EQ(expect_managers({}, true, {}).cells.size(), 1u);
  EXPECT_FALSE(expect_managers({}, true, {}).cells[0].value);
  Book b;
  b.add("m", "a", 1, 0);
  EXPECT_LT(*b.expect().cells[0].value, 0.5);
  b.add("m", "a2", 1, 1);
  for (const auto& c : b.expect().cells) EXPECT_TRUE(std::isfinite(*c.value));
}

double draw(Random& random, int n, double p) {
  int won = 0;
  for (int i = 0; i < n; ++i) won += random.uniform() < p ? 1 : 0;
  return won;
}

// Managers who do not differ are not told apart, in all but one book of twenty; and then all are worth the same.
TEST(Routing, ChanceTellsNobodyApart) {
  Random random(7);
  int found = 0;
  constexpr int books = 600;
  for (int i = 0; i < books; ++i) {
    Book b;
    for (int m = 0; m < 8; ++m)
      for (int c = 0; c < 4; ++c) {
        const int n = 2 + static_cast<int>(40 * random.uniform() * random.uniform());
        const int won = static_cast<int>(draw(random, n, std::array{0.05, 0.2, 0.4, 0.6}[static_cast<std::size_t>(c)]));
        b.add("m" + std::to_string(m), "c" + std::to_string(c), n, won, 50);
        for (Observation& o : b.records.back().quality) o.value = 50 + 15 * random.normal();
      }
    const auto e = b.expect();
    const bool differ = std::min(*e.p_managers, *e.p_cohorts) <= 0.05;
    found += differ ? 1 : 0;
    if (differ) continue;
    for (const auto& c : e.cells) ASSERT_EQ(*c.value, *of(e, "", c.record.cohort).value);
  }
  EXPECT_LE(found, books * 0.05 + 3 * std::sqrt(books * 0.05 * 0.95));
  RecordProperty("found", found);
}

// Against the truth: closer than the rates as recorded, and than rates that ignore the cohort.
TEST(Routing, CloserToTheTruthThanRecordedRates) {
  Random random(11);
  double shrunk = 0, raw = 0, overall = 0;
  for (int i = 0; i < 200; ++i) {
    Book b;
    std::vector<double> truth;
    std::vector<std::array<double, 2>> by_manager(10);
    std::vector<double> recorded;
    std::vector<std::size_t> manager;
    for (std::size_t m = 0; m < 10; ++m) {
      const double effect = 0.6 * random.normal();
      for (std::size_t c = 0; c < 3; ++c) {
        const double odds = std::array{-2.0, -1.0, 0.3}[c] + effect + 0.3 * random.normal(), p = 1 / (1 + std::exp(-odds));
        const int n = 3 + static_cast<int>(60 * random.uniform() * random.uniform());
        const int won = static_cast<int>(draw(random, n, p));
        b.add("m" + std::to_string(m), "c" + std::to_string(c), n, won);
        truth.push_back(p);
        recorded.push_back(static_cast<double>(won) / n);
        manager.push_back(m);
        by_manager[m][0] += won;
        by_manager[m][1] += n;
      }
    }
    const auto e = b.expect();
    for (std::size_t r = 0; r < truth.size(); ++r) {
      const auto square = [&](double estimate) { return (estimate - truth[r]) * (estimate - truth[r]); };
      shrunk += square(*of(e, b.records[r].manager, b.records[r].cohort).win_rate);
      raw += square(recorded[r]);
      overall += square(by_manager[manager[r]][0] / by_manager[manager[r]][1]);
    }
  }
  EXPECT_LT(shrunk, 0.6 * raw);
  EXPECT_LT(shrunk, 0.4 * overall);
  RecordProperty("shrunk_to_raw", std::to_string(shrunk / raw));
  RecordProperty("shrunk_to_overall", std::to_string(shrunk / overall));
}

}  // namespace
