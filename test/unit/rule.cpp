// Rules against an enumeration of its own, on planted data, and where there is nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "icp/error.hpp"
#include "icp/estimate.hpp"
#include "icp/hash.hpp"
#include "icp/permute.hpp"
#include "icp/rule.hpp"
#include "icp/selective.hpp"

namespace {

using namespace icp;

constexpr const char* words[] = {"a", "b", "c", "d"};

struct Rows {
  std::vector<std::array<int, 4>> category;
  std::vector<double> number, target;
  std::vector<int> company;
};

// Attributes that have nothing to do with the target yet.
Rows rows(int n, int a_company, double effect, std::uint64_t seed, std::uint64_t categories = 4) {
  Random random(seed);
  Rows r;
  double shift = 0;
  for (int i = 0; i < n; ++i) {
    if (i % a_company == 0) shift = effect * random.normal();
    std::array<int, 4> c{};
    for (int& x : c) x = static_cast<int>(random.below(categories));
    if (i % a_company > 0)
      for (std::size_t f = 0; f < 2; ++f) c[f] = r.category.back()[f];
    r.category.push_back(c);
    r.number.push_back(std::floor(100 * random.uniform()));
    r.target.push_back(random.uniform() < 1 / (1 + std::exp(-shift)) ? 1 : 0);
    r.company.push_back(i / a_company);
  }
  return r;
}

RuleList discover(const Rows& r, const std::string& options) {
  Sample s;
  s.start(with_target(options, "y"), "", 100000, 0);
  const std::vector<std::string_view> names = {"company_id", "f0", "f1", "f2", "f3", "x", "y"};
  const auto binding = s.bind(names);
  for (std::size_t i = 0; i < r.target.size(); ++i) {
    std::vector<Value> v{Value::of(static_cast<double>(r.company[i]))};
    for (const int c : r.category[i]) v.push_back(Value::of(std::string_view(words[c])));
    v.push_back(Value::of(r.number[i]));
    v.push_back(Value::of(r.target[i]));
    s.add(binding, v);
  }
  return discover_rules(s, Zone{}, Stop{});
}

TEST(Rule, EqualsEnumeration) {
  const Rows r = rows(600, 1, 0, 5);
  const RuleList list = discover(r, R"({"ignore": ["x"], "rules": {"depth": 2, "holdout": 0, "exponent": 0.5, "all": true, "top": 20, "permutations": 99}})");
  EXPECT_TRUE(list.exhaustive);
  // All single and paired categories of one or two attributes, by brute force.
  double mean = 0;
  for (const double y : r.target) mean += y / 600;
  std::vector<std::vector<int>> sets;
  for (int a = 0; a < 4; ++a)
    for (int b = a; b < 4; ++b) sets.push_back({a, b});
  std::vector<double> qualities;
  const auto rate = [&](auto&& in, double outside) {
    double n = 0, sum = 0;
    for (std::size_t i = 0; i < 600; ++i)
      if (in(i)) { n += 1; sum += r.target[i]; }
    if (n >= 10 && n < outside) qualities.push_back(std::sqrt(n / 600) * std::abs(sum / n - mean));
    return n;
  };
  for (std::size_t f = 0; f < 4; ++f)
    for (const auto& s : sets) {
      const auto first = [&](std::size_t i) { return r.category[i][f] == s[0] || r.category[i][f] == s[1]; };
      const double n = rate(first, 600);
      for (std::size_t g = f + 1; g < 4; ++g)
        for (const auto& t : sets) rate([&](std::size_t i) { return first(i) && (r.category[i][g] == t[0] || r.category[i][g] == t[1]); }, n);
    }
  std::sort(qualities.rbegin(), qualities.rend());
  ASSERT_EQ(list.rules.size(), 20u);
  EXPECT_EQ(list.searched, static_cast<std::int64_t>(qualities.size()));
  for (std::size_t i = 0; i < 20; ++i) EXPECT_NEAR(std::abs(list.rules[i].quality), qualities[i], 1e-12) << i;
}

TEST(Rule, WithoutPermutationsNothingIsSignificant) {
  Rows r = rows(300, 1, 0, 5);
  for (std::size_t i = 0; i < 300; ++i) r.target[i] = r.category[i][0] == 1;
  EXPECT_TRUE(discover(r, R"({"rules": {"permutations": 0}})").rules.empty());
  const RuleList list = discover(r, R"({"rules": {"permutations": 0, "all": true}})");
  ASSERT_FALSE(list.rules.empty());
  EXPECT_EQ(list.rules[0].value, 1);
  EXPECT_EQ(list.rules[0].p_adjusted, 1);
  EXPECT_FALSE(list.rules[0].significant);
  EXPECT_THROW(discover(r, R"({"rules": {"permutations": 50}})"), Error);
}

// Two categories and a range, 5 % of 1,000 rows, 15 points above the others at a standard deviation of 12.
TEST(Rule, FindsWhatIsPlanted) {
  int conjuncts = 0, bounds = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Rows r = rows(1000, 1, 0, 100 + seed, 3);
    Random random(seed);
    for (std::size_t i = 0; i < r.target.size(); ++i)
      r.target[i] = 50 + 12 * random.normal() + (r.category[i][0] == 1 && r.category[i][2] == 2 && r.number[i] >= 20 && r.number[i] < 65 ? 15 : 0);
    const RuleList list = discover(r, "{}");
    if (list.rules.empty()) continue;
    std::set<std::string> columns, named;
    bool near = false;
    for (const Condition& c : list.rules[0].predicate.conditions) {
      columns.insert(c.column);
      named.insert(c.values.begin(), c.values.end());
      if (c.kind == Kind::numeric) near = std::abs(c.low - 20) <= 10 && std::abs(c.high - 65) <= 10;
    }
    const bool right = columns == std::set<std::string>{"f0", "f2", "x"} && named == std::set<std::string>{"b", "c"};
    conjuncts += right;
    bounds += right && near;
  }
  EXPECT_GE(conjuncts, 18);
  EXPECT_GE(bounds, 15);
}

TEST(Rule, FindsNothingInNothing) {
  int plain = 0, companies = 0;
  constexpr int runs = 40;
  for (std::uint64_t seed = 0; seed < runs; ++seed) {
    plain += discover(rows(300, 1, 0, seed), R"({"rules": {"permutations": 199}})").rules.empty() ? 0 : 1;
    companies += discover(rows(1000, 10, 1, seed), R"({"rules": {"permutations": 199}})").rules.empty() ? 0 : 1;
  }
  // More than 6 of 40 would come up once in a hundred at 5 %.
  EXPECT_LE(plain, 6);
  EXPECT_LE(companies, 6);
}

// Members are those of two words and a range. A word that most of them have is the best single condition, and no part of it.
TEST(Rule, DefinesMembersThatNoSingleConditionTells) {
  const Rows r = rows(2000, 1, 0, 11);
  Random random(12);
  Sample s;
  s.start("{}", "", 100000, 0);
  const std::vector<std::string_view> names = {"f0", "f1", "x", "decoy", "member"};
  const auto binding = s.bind(names);
  for (std::size_t i = 0; i < r.target.size(); ++i) {
    const bool in = r.category[i][0] == 1 && (r.category[i][1] == 2 || r.category[i][1] == 3) && r.number[i] < 60;
    const Value row[] = {Value::of(std::string_view(words[r.category[i][0]])), Value::of(std::string_view(words[r.category[i][1]])), Value::of(r.number[i]),
                         Value::of(random.uniform() < (in ? 0.7 : 0.03)), Value::of(in)};
    s.add(binding, row);
  }
  Options options = parse_options("{}");
  const Stop stop;
  const Dataset data = read_dataset(s, options, Zone{}, stop, true);
  options.ignore.insert("member");
  std::vector<std::uint32_t> all;
  std::vector<bool> member;
  for (std::size_t i = 0; i < data.rows; ++i) {
    all.push_back(static_cast<std::uint32_t>(i));
    member.push_back(data.find("member")->codes[i] == 1);
  }
  std::vector<Finding> findings;
  const Encoder encoder = learn_encoder(data, all, options, findings, stop);
  const Definition d = describe_members(data, encoder, all, member, 4, stop);
  EXPECT_EQ(d.precision, 1);
  EXPECT_EQ(d.recall, 1);
  EXPECT_EQ(d.predicate.conditions.size(), 3u);
  for (std::size_t i = 0; i < data.rows; ++i) EXPECT_EQ(d.predicate.holds(data, i), member[i]);
  // Where all are members nothing tells them: no condition.
  EXPECT_TRUE(describe_members(data, encoder, all, std::vector<bool>(data.rows, true), 4, stop).predicate.conditions.empty());
}

TEST(Rule, LargeDataAreConfirmedOnTheOtherHalf) {
  Rows r = rows(24000, 1, 0, 3);
  Random random(9);
  for (std::size_t i = 0; i < r.target.size(); ++i) r.target[i] = 50 + 12 * random.normal() + (r.category[i][0] == 1 && r.number[i] < 50 ? 3 : 0);
  const RuleList list = discover(r, "{}");
  ASSERT_FALSE(list.rules.empty());
  const Rule& top = list.rules[0];
  EXPECT_NEAR(static_cast<double>(top.holdout_n), static_cast<double>(top.n) / 2, 200);
  EXPECT_LT(*top.low, 53);
  EXPECT_GT(*top.high, 53);
  EXPECT_LT(*top.high - *top.low, 1.5);
}

TEST(Permuter, MovesWholeCompanies) {
  std::vector<std::int32_t> company;
  std::vector<double> target;
  for (int c = 0; c < 40; ++c)
    for (int i = 0; i < 1 + c % 2; ++i) {
      company.push_back(c);
      target.push_back(100 * c + i);
    }
  const Permuter permuter(company);
  const auto a = permuter.permute(target, 1, 0), b = permuter.permute(target, 1, 1);
  EXPECT_EQ(a, permuter.permute(target, 1, 0));
  EXPECT_NE(a, b);
  auto sorted = a;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, target);
  for (std::size_t i = 1; i < a.size(); ++i)
    if (company[i] == company[i - 1]) {
      EXPECT_EQ(std::floor(a[i] / 100), std::floor(a[i - 1] / 100));
    }
}

TEST(Selective, CoversWhatPassed) {
  Random random(4);
  // A mean of standard error 1 that is reported above 1 only: the plain interval covers far less often.
  int shown = 0, covered = 0, naive = 0;
  while (shown < 4000) {
    const double x = 0.5 + random.normal();
    if (x <= 1) continue;
    SelectedMean s;
    s.mean = x;
    s.error = 1;
    s.companies = 1e9;
    s.bound = 1;
    s.least = -100;
    s.most = 100;
    const auto [low, high] = selected_interval(s, 0.95);
    ++shown;
    covered += low <= 0.5 && 0.5 <= high;
    naive += std::abs(x - 0.5) <= 1.96;
  }
  EXPECT_NEAR(covered / 4000.0, 0.95, 0.012);
  EXPECT_LT(naive / 4000.0, 0.93);
  EXPECT_NEAR(log_normal_above(40), -804.6084420137539, 1e-3);
  EXPECT_NEAR(log_normal_between(-1, 2), std::log(0.8185946141203637), 1e-12);
  EXPECT_NEAR(log_normal_between(-9, -8), log_normal_between(8, 9), 1e-9);
  EXPECT_EQ(log_normal_between(1, 1), -INFINITY);
}

TEST(Selective, CoversTheBestOfItsKin) {
  // Twenty means of nothing, alike by half; the largest of them, each with a head start of its own, is reported.
  constexpr std::size_t kin = 20;
  constexpr double alike = 0.5;
  Random random(5);
  double start[kin], x[kin];
  for (double& a : start) a = 0.5 * random.normal();
  int covered = 0, naive = 0;
  double longest = 0;
  constexpr int runs = 4000;
  for (int run = 0; run < runs; ++run) {
    const double common = std::sqrt(alike) * random.normal();
    std::size_t best = 0;
    for (std::size_t i = 0; i < kin; ++i) {
      x[i] = common + std::sqrt(1 - alike) * random.normal();
      if (start[i] + x[i] > start[best] + x[best]) best = i;
    }
    SelectedMean s;
    s.mean = x[best];
    s.error = 1;
    s.companies = 1e9;
    s.least = -100;
    s.most = 100;
    s.among = kin;
    s.bound = -INFINITY;
    for (std::size_t i = 0; i < kin; ++i)
      if (i != best) s.bound = std::max(*s.bound, (start[i] - start[best] + x[i] - alike * x[best]) / (1 - alike));
    const auto [low, high] = selected_interval(s, 0.95);
    covered += low <= 0 && 0 <= high;
    naive += std::abs(x[best]) <= 1.96;
    longest = std::max(longest, high - low);
  }
  EXPECT_NEAR(covered / static_cast<double>(runs), 0.95, 0.015);
  EXPECT_LT(naive / static_cast<double>(runs), 0.92);
  EXPECT_LE(longest, 2 * normal_quantile(1 - 0.005 / (2 * kin)) + 1e-9);
}

}  // namespace
