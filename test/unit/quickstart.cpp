#include "icp/quickstart.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "icp/hash.hpp"

namespace {

using namespace icp;

struct Row {
  double margin;
  std::string letter;
  bool flag, won;
};

std::vector<Row> market(std::uint64_t seed) {
  Random random(seed);
  std::vector<Row> rows;
  for (int i = 0; i < 300; ++i) {
    Row r;
    r.margin = std::floor(40 * random.uniform());
    r.letter = std::string(1, static_cast<char>('a' + random.below(r.margin > 32 ? 2 : 6)));
    r.flag = random.uniform() < (r.margin > 32 ? 0.8 : 0.3);
    r.won = random.uniform() < 0.6;
    rows.push_back(std::move(r));
  }
  return rows;
}

QuickStart start(const std::vector<Row>& rows, const std::string& options) {
  Sample s;
  s.start(options, "deal_id", 100000, 0);
  const std::vector<std::string_view> names = {"deal_id", "outcome", "margin", "letter", "flag"};
  const auto binding = s.bind(names);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Value values[] = {Value::of(static_cast<double>(i)), Value::of(std::string_view(rows[i].won ? "won" : "lost")), Value::of(rows[i].margin),
                            Value::of(std::string_view(rows[i].letter)), Value::of(rows[i].flag)};
    s.add(binding, values);
  }
  return find_uniting(s, Zone{}, Stop{});
}

// The best and what unites them, counted anew from the rows: the top fifth rounded up with its ties, single letters, pairs of
// letters, the flag.
TEST(QuickStart, EqualsACountByHand) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::vector<Row> rows = market(seed);
    std::vector<double> margins;
    for (const Row& r : rows)
      if (r.won) margins.push_back(r.margin);
    std::sort(margins.rbegin(), margins.rend());
    const double last = margins[(margins.size() + 4) / 5 - 1];
    const auto best = [&](const Row& r) { return r.won && r.margin >= last; };
    double n_best = 0, n_rest = 0;
    for (const Row& r : rows) ++(best(r) ? n_best : n_rest);
    const auto ahead = [&](auto&& has) {
      double a = 0, b = 0;
      for (const Row& r : rows)
        if (has(r)) ++(best(r) ? a : b);
      return a / n_best < 0.5 ? -1 : a / n_best - b / n_rest;
    };
    double letters = -1, flag = -1;
    for (char x = 'a'; x < 'g'; ++x)
      for (char y = x; y < 'g'; ++y) letters = std::max(letters, ahead([&](const Row& r) { return r.letter[0] == x || r.letter[0] == y; }));
    for (const bool f : {false, true}) flag = std::max(flag, ahead([&](const Row& r) { return r.flag == f; }));
    const QuickStart q = start(rows, R"({"target": "top_margin"})");
    EXPECT_EQ(static_cast<double>(q.n_best), n_best) << seed;
    EXPECT_EQ(static_cast<double>(q.n_rest), n_rest) << seed;
    std::map<std::string, double> expected;
    if (letters > 0) expected["letter"] = letters;
    if (flag > 0) expected["flag"] = flag;
    ASSERT_EQ(q.attributes.size(), expected.size()) << seed;
    double before = 2;
    for (const UnitingAttribute& a : q.attributes) {
      const double difference = a.share_best - a.share_rest.value_or(0);
      EXPECT_NEAR(difference, expected.at(a.predicate.conditions[0].column), 1e-12) << seed;
      EXPECT_LE(difference, before);
      before = difference;
    }
  }
}

TEST(QuickStart, TheBestDoNotDependOnTheOrderOfRows) {
  std::vector<Row> rows = market(3);
  const QuickStart once = start(rows, R"({"target": "margin", "quick_start": {"n": 7}})");
  EXPECT_GE(once.n_best, 7);
  std::reverse(rows.begin(), rows.end());
  const QuickStart again = start(rows, R"({"target": "margin", "quick_start": {"n": 7}})");
  EXPECT_EQ(once.n_best, again.n_best);
  EXPECT_EQ(once.best, again.best);
}

}  // namespace
