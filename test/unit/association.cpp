// Associations against published numbers, on planted data, and where there is nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <variant>

#include "icp/association.hpp"
#include "icp/hash.hpp"
#include "icp/options.hpp"
#include "icp/report.hpp"

namespace {

using namespace icp;

using Cells = std::vector<std::variant<std::monostate, bool, double, std::string>>;

// Rows of named columns; the target is "y".
struct Rows {
  std::vector<std::string> names;
  std::vector<Cells> rows;
  AssociationList find(const std::string& options = "{}", const Stop& stop = Stop{}) const {
    Sample s;
    s.start(with_target(options, "y"), "", 1'000'000, 0);
    const std::vector<std::string_view> views(names.begin(), names.end());
    const auto binding = s.bind(views);
    for (const Cells& row : rows) {
      std::vector<Value> values;
      for (const auto& c : row) {
        if (const auto* b = std::get_if<bool>(&c)) values.push_back(Value::of(*b));
        else if (const auto* d = std::get_if<double>(&c)) values.push_back(Value::of(*d));
        else if (const auto* t = std::get_if<std::string>(&c)) values.push_back(Value::of(std::string_view(*t)));
        else values.emplace_back();
      }
      s.add(binding, values);
    }
    return discover_associations(s, Zone{}, stop);
  }
  void add(Cells row, int times) {
    for (int i = 0; i < times; ++i) rows.push_back(row);
  }
};

const Association& of(const AssociationList& list, const std::string& attribute, const std::string& with = "") {
  static const Association none;
  for (const Association& a : list.associations)
    if (a.attribute == attribute && a.with_attribute == with) return a;
  ADD_FAILURE() << "no " << attribute << " " << with;
  return none;
}

// Applicants of 1973 to the six largest departments of Berkeley (Bickel, Hammel & O'Connell 1975; R: UCBAdmissions):
// admitted and rejected men, admitted and rejected women.
Rows berkeley() {
  constexpr int counts[6][4] = {{512, 313, 89, 19}, {353, 207, 17, 8}, {120, 205, 202, 391}, {138, 279, 131, 244}, {53, 138, 94, 299}, {22, 351, 24, 317}};
  Rows r{{"dept", "male", "y"}, {}};
  for (std::size_t d = 0; d < 6; ++d)
    for (std::size_t k = 0; k < 4; ++k) r.add({std::string(1, static_cast<char>('A' + d)), k < 2, k % 2 == 0}, counts[d][k]);
  return r;
}

TEST(Association, BerkeleyIsReversed) {
  const AssociationList list = berkeley().find();
  EXPECT_EQ(list.n, 4526);
  const Association& male = of(list, "male");
  // Chi-squared 92.205; Bergsma's correction by its formula.
  const double phi = 92.20528 / 4526;
  EXPECT_EQ(male.measure, "cramers_v");
  EXPECT_NEAR(male.value, std::sqrt((phi - 1 / 4525.0) / (1 - 1 / 4525.0)), 1e-6);
  EXPECT_NEAR(*male.effect, 1198 / 2691.0 - 557 / 1835.0, 1e-9);
  EXPECT_TRUE(male.significant);
  EXPECT_EQ(male.confounder, "dept");
  EXPECT_EQ(male.confounding, "reversed");
  // Risk difference of Mantel & Haenszel over the departments.
  EXPECT_NEAR(*male.adjusted, -0.018425, 1e-4);
  EXPECT_LT(*male.adjusted_low, 0);
  // Chi-squared 778.9065 on 6 × 2: V .41484, corrected .41356 (worked out with scipy).
  EXPECT_NEAR(of(list, "dept").value, 0.41355632, 1e-7);
  EXPECT_EQ(of(list, "dept").confounding, "");
  // Women of department A were admitted far more often: the departments differ.
  EXPECT_TRUE(of(list, "dept", "male").significant);
}

// Charig et al. 1986: success of open surgery and of puncture, by size of the kidney stone.
TEST(Association, KidneyStonesAreReversed) {
  Rows r{{"surgery", "large", "y"}, {}};
  r.add({true, false, true}, 81);
  r.add({true, false, false}, 6);
  r.add({false, false, true}, 234);
  r.add({false, false, false}, 36);
  r.add({true, true, true}, 192);
  r.add({true, true, false}, 71);
  r.add({false, true, true}, 55);
  r.add({false, true, false}, 25);
  const AssociationList list = r.find();
  const Association& surgery = of(list, "surgery");
  EXPECT_NEAR(*surgery.effect, 273 / 350.0 - 289 / 350.0, 1e-9);
  EXPECT_FALSE(surgery.significant);
  EXPECT_EQ(surgery.confounder, "large");
  EXPECT_EQ(surgery.confounding, "reversed");
  EXPECT_NEAR(*surgery.adjusted, 0.0538, 1e-3);
  EXPECT_NE(surgery.note.find("Simpson"), std::string::npos);
  EXPECT_NE(surgery.note.find("there may also be nothing"), std::string::npos);
  EXPECT_EQ(of(list, "large").confounding, "");
}

// Weights of dried plants under three conditions (Dobson 1983; R: PlantGrowth): eta squared .2641, F(2, 27) = 4.846.
TEST(Association, EpsilonSquared) {
  constexpr double weight[3][10] = {{4.17, 5.58, 5.18, 6.11, 4.50, 4.61, 5.17, 4.53, 5.33, 5.14},
                                    {4.81, 4.17, 4.41, 3.59, 5.87, 3.83, 6.03, 4.89, 4.32, 4.69},
                                    {6.31, 5.12, 5.54, 5.50, 5.37, 5.29, 4.92, 6.15, 5.80, 5.26}};
  Rows r{{"condition", "y"}, {}};
  for (std::size_t g = 0; g < 3; ++g)
    for (const double w : weight[g]) r.rows.push_back({std::string(g == 0 ? "control" : g == 1 ? "one" : "two"), w});
  const AssociationList list = r.find();
  const Association& a = of(list, "condition");
  EXPECT_EQ(a.measure, "epsilon_squared");
  EXPECT_NEAR(a.value, 1 - (1 - 0.26415) * 29 / 27, 1e-4);
  // p = .0159; two statistics of one attribute share it here.
  EXPECT_GT(a.p_adjusted, 0.003);
  EXPECT_LT(a.p_adjusted, 0.06);
  EXPECT_LT(*a.low, a.value);
  EXPECT_GT(*a.high, a.value);
}

// Ten pairs: rho = -29/165; with ties, by scipy.
TEST(Association, Spearman) {
  std::array<double, 10> iq{106, 100, 86, 101, 99, 103, 97, 113, 112, 110}, hours{7, 27, 2, 50, 28, 29, 20, 12, 6, 17};
  const auto find = [&] {
    Rows r{{"iq", "y"}, {}};
    for (std::size_t i = 0; i < 10; ++i) r.rows.push_back({iq[i], hours[i]});
    return of(r.find(), "iq");
  };
  EXPECT_EQ(find().measure, "spearman");
  EXPECT_NEAR(find().value, -29 / 165.0, 1e-12);
  EXPECT_EQ(find().reliability, "exploratory");
  iq[2] = 97;
  hours[3] = 29;
  hours[0] = 6;
  EXPECT_NEAR(find().value, -0.1896033331, 1e-9);
}

// Ratings of 109 images (Hanley & McNeil 1982): area under the curve .893, standard error .032 (.0307 by DeLong's method).
TEST(Association, AreaUnderTheCurve) {
  constexpr int normal[] = {33, 6, 6, 11, 2}, abnormal[] = {3, 2, 2, 11, 33};
  Rows r{{"rating", "y"}, {}};
  for (std::size_t k = 0; k < 5; ++k) {
    r.add({static_cast<double>(k + 1), false}, normal[k]);
    r.add({static_cast<double>(k + 1), true}, abnormal[k]);
  }
  const AssociationList list = r.find();
  const Association& a = of(list, "rating");
  EXPECT_EQ(a.measure, "rank_biserial");
  EXPECT_NEAR((1 + a.value) / 2, 0.8932, 1e-4);
  const double error = 0.0307 / (0.8932 * 0.1068), t = 1.9822, z = std::log(0.8932 / 0.1068);
  EXPECT_NEAR((1 + *a.low) / 2, 1 / (1 + std::exp(-(z - t * error))), 0.002);
  EXPECT_NEAR((1 + *a.high) / 2, 1 / (1 + std::exp(-(z + t * error))), 0.002);
}

// Information less what all tables with the same margins have on average, by enumeration.
TEST(Association, MutualInformationIsAdjusted) {
  constexpr int a = 18, b = 12, c = 9, d = 21, n = a + b + c + d;
  Rows r{{"x", "y"}, {}};
  r.add({true, true}, a);
  r.add({true, false}, b);
  r.add({false, true}, c);
  r.add({false, false}, d);
  const auto h = [](std::initializer_list<double> counts) {
    double all = 0, sum = 0;
    for (const double k : counts) all += k;
    for (const double k : counts)
      if (k > 0) sum -= k / all * std::log(k / all);
    return sum;
  };
  const auto information = [&](int k) {
    return h({a + b, c + d}) + h({a + c, b + d}) - h({double(k), double(a + b - k), double(a + c - k), double(n - a - b - a - c + k)});
  };
  const auto choose = [](int m, int k) { return std::lgamma(m + 1) - std::lgamma(k + 1) - std::lgamma(m - k + 1); };
  double expected = 0;
  for (int k = std::max(0, a + b + a + c - n); k <= std::min(a + b, a + c); ++k)
    expected += std::exp(choose(a + b, k) + choose(c + d, a + c - k) - choose(n, a + c)) * information(k);
  const AssociationList list = r.find(R"({"associations": {"permutations": 20000}})");
  EXPECT_NEAR(of(list, "x").information, (information(a) - expected) / (h({a + c, b + d}) - expected), 1e-3);
}

// Companies of ten deals with an effect of their own; attributes of the company and of the deal, none with an effect.
Rows nothing(int companies, int deals, double effect, std::uint64_t seed, bool number = false) {
  Random random(seed);
  Rows r{{"company_id", "industry", "size", "source", "trial", "calls", "y"}, {}};
  for (int c = 0; c < companies; ++c) {
    const double shift = effect * random.normal();
    const std::string industry(1, static_cast<char>('a' + random.below(5)));
    const double size = std::exp(3 + random.normal());
    for (int i = 0; i < deals; ++i) {
      const std::string source(1, static_cast<char>('p' + random.below(4)));
      Cells row{static_cast<double>(c), industry, size, source, random.uniform() < 0.4, std::floor(20 * random.uniform())};
      if (number) row.emplace_back(std::exp(shift + random.normal()));
      else row.emplace_back(random.uniform() < 1 / (1 + std::exp(-shift)));
      r.rows.push_back(row);
    }
  }
  return r;
}

// Runs of a simulation: few as a test, as many as ICP_RUNS says by hand (bench/associations.sh), which also prints what came out.
int runs_of(int few) {
  const char* many = std::getenv("ICP_RUNS");
  return many == nullptr ? few : std::max(few, std::atoi(many));
}
bool by_hand() { return std::getenv("ICP_RUNS") != nullptr; }

TEST(Association, FindsNothingInNothing) {
  const int runs = runs_of(40);
  for (const bool number : {false, true})
    for (const double effect : {0.5, 1.0}) {
      if (effect < 1 && !by_hand()) continue;
      int found = 0, explained = 0;
      for (int seed = 0; seed < runs; ++seed) {
        const AssociationList list = nothing(100, 10, effect, static_cast<std::uint64_t>(seed), number).find(R"({"associations": {"permutations": 199}})");
        found += list.p_smallest <= 0.05;
        explained += std::any_of(list.associations.begin(), list.associations.end(), [](const Association& a) { return !a.confounding.empty(); });
      }
      if (by_hand()) std::printf("%s, company effects of SD %.1f: something significant in %d, something confounded in %d of %d runs\n", number ? "number" : "share", effect, found, explained, runs);
      // At 5 % more than 6 of 40 come up once in a hundred.
      EXPECT_LE(found, 0.05 * runs + 2.33 * std::sqrt(0.0475 * runs) + 0.8);
      EXPECT_LE(explained, 0.05 * runs + 2.33 * std::sqrt(0.0475 * runs) + 0.8);
    }
}

// Planted effects of an attribute of companies, one of deals and a number; companies differ by `spread` besides.
struct Law {
  bool number = false;
  int deals = 1;
  double strength = 0.4, spread = 0;
};
AssociationList planted(const Law& law, int companies, std::uint64_t seed) {
  Random random(seed);
  Rows r{{"company_id", "industry", "source", "size", "y"}, {}};
  for (int c = 0; c < companies; ++c) {
    const std::uint64_t industry = random.below(4);
    const double shift = law.spread * random.normal() + law.strength * (static_cast<double>(industry) - 1.5);
    for (int i = 0; i < law.deals; ++i) {
      const std::uint64_t source = random.below(3);
      const double size = random.normal(), m = shift + law.strength * (source == 1 ? 1.5 : 0) + law.strength * size;
      Cells row{static_cast<double>(c), std::string(1, static_cast<char>('a' + industry)), std::string(1, static_cast<char>('p' + source)), size};
      if (law.number) row.emplace_back(m + 1.5 * random.normal());
      else row.emplace_back(random.uniform() < 1 / (1 + std::exp(-m)));
      r.rows.push_back(row);
    }
  }
  return r.find(R"({"sample": 1000000, "associations": {"pairs": 0, "permutations": 99}})");
}

// How many of the intervals of value, information and effect of each attribute hold the truth, which is that of many
// companies with one deal each.
std::array<int, 9> covered(const Law& law, int companies, int runs) {
  Law many = law;
  many.deals = 1;
  const AssociationList truth = planted(many, by_hand() ? 200000 : 40000, 999);
  std::array<int, 9> out{};
  for (int seed = 0; seed < runs; ++seed) {
    const AssociationList list = planted(law, companies, static_cast<std::uint64_t>(seed));
    std::size_t at = 0;
    for (const char* name : {"industry", "source", "size"}) {
      const Association &a = of(list, name), &t = of(truth, name);
      out[at++] += *a.low <= t.value && t.value <= *a.high;
      out[at++] += *a.information_low <= t.information && t.information <= *a.information_high;
      // The category that stands out most is sometimes another one.
      out[at++] += a.contrast != t.contrast || (*a.effect_low <= *t.effect && *t.effect <= *a.effect_high);
    }
  }
  return out;
}

TEST(Association, IntervalsCoverTheTruth) {
  const int runs = runs_of(30);
  int hits = 0, tries = 0;
  for (const bool number : {false, true})
    for (const int deals : {1, 10})
      for (const double strength : {0.0, 0.2, 0.4, 0.8}) {
        if (!by_hand() && (strength != 0.4 || number != (deals == 1))) continue;
        const Law law{number, deals, strength, deals > 1 ? 0.7 : 0};
        const std::array<int, 9> c = covered(law, deals > 1 ? 100 : 300, runs);
        if (by_hand()) {
          std::printf("%s, %2d deals a company, strength %.1f; %% covered of value, information, effect:", number ? "number" : "share", deals, strength);
          for (std::size_t i = 0; i < 9; ++i) std::printf("%s %5.1f", i % 3 == 0 ? (i == 0 ? " industry" : i == 3 ? "; source" : "; size") : "", 100.0 * c[i] / runs);
          std::printf("\n");
        }
        for (const int n : c) hits += n;
        tries += 9 * runs;
      }
  // 540 intervals, nine of one data set: their share has a standard error of about .014.
  EXPECT_GE(static_cast<double>(hits) / tries, 0.92);
  EXPECT_LE(static_cast<double>(hits) / tries, by_hand() ? 1 : 0.99);
}

// Two switches that matter only together; and two that each matter, on the log-odds, but not together.
Rows switches(int n, bool together, bool number, std::uint64_t seed) {
  Random random(seed);
  Rows r{{"a", "b", "c", "y"}, {}};
  for (int i = 0; i < n; ++i) {
    const bool a = random.uniform() < 0.5, b = random.uniform() < 0.4;
    const double c = random.uniform(), m = together ? (a == b ? 0.5 : -0.6) : 2.5 * a + 2.5 * b - 3;
    Cells row{a, b, c};
    if (number) row.emplace_back(m + 1.5 * random.normal());
    else row.emplace_back(random.uniform() < 1 / (1 + std::exp(-m)));
    r.rows.push_back(row);
  }
  return r;
}

TEST(Association, PairsTellMoreThanTheirParts) {
  const int runs = runs_of(20);
  for (const bool number : {false, true}) {
    const double truth = of(switches(50000, true, number, 999).find(R"({"associations": {"all": true, "permutations": 99}})"), "a", "b").information;
    int found = 0, falsely = 0, covered = 0;
    for (int seed = 0; seed < runs; ++seed) {
      const AssociationList list = switches(600, true, number, static_cast<std::uint64_t>(seed)).find(R"({"associations": {"all": true}})");
      const Association& pair = of(list, "a", "b");
      found += pair.significant;
      covered += *pair.information_low <= truth && truth <= *pair.information_high;
      const AssociationList other = switches(600, false, number, static_cast<std::uint64_t>(seed)).find();
      EXPECT_TRUE(of(other, "a").significant);
      EXPECT_EQ(of(other, "a").confounding, "");
      falsely += std::any_of(other.associations.begin(), other.associations.end(), [](const Association& p) { return !p.with_attribute.empty(); });
    }
    if (by_hand()) std::printf("pairs, %s: found in %d, interval covers in %d, found falsely in %d of %d runs\n", number ? "number" : "share", found, covered, falsely, runs);
    EXPECT_GE(found, 0.9 * runs);
    EXPECT_GE(covered, 0.85 * runs);
    EXPECT_LE(falsely, 0.05 * runs + 2.33 * std::sqrt(0.0475 * runs) + 0.8);
  }
}

TEST(Association, FindsWhatRisesAndFalls) {
  Random random(7);
  Rows r{{"size", "noise", "y"}, {}};
  for (int i = 0; i < 500; ++i) {
    const double x = random.normal();
    r.rows.push_back({x, random.normal(), -x * x + random.normal()});
  }
  const AssociationList list = r.find();
  EXPECT_EQ(list.associations[0].attribute, "size");
  EXPECT_TRUE(list.associations[0].significant);
  EXPECT_LT(std::abs(list.associations[0].value), 0.2);
  EXPECT_GT(*list.associations[0].information_low, 0);
  EXPECT_FALSE(of(list, "noise").significant);
}

TEST(Association, EffectOfAnotherAttributeVanishes) {
  Random random(11);
  Rows r{{"cause", "shadow", "y"}, {}};
  for (int i = 0; i < 1000; ++i) {
    const bool cause = random.uniform() < 0.5;
    r.rows.push_back({cause, random.uniform() < (cause ? 0.8 : 0.2), random.uniform() < (cause ? 0.6 : 0.3)});
  }
  const AssociationList list = r.find();
  EXPECT_TRUE(of(list, "shadow").significant);
  EXPECT_EQ(of(list, "shadow").confounder, "cause");
  EXPECT_TRUE(of(list, "shadow").confounding == "vanishes" || of(list, "shadow").confounding == "reversed");
  EXPECT_EQ(of(list, "cause").confounding, "");
}

TEST(Association, SameForRowsInAnyOrder) {
  Rows r = nothing(40, 5, 1, 3);
  const auto cells = [](const AssociationList& list) { return report_associations(list).rows; };
  const auto first = cells(r.find(R"({"associations": {"all": true}})"));
  Random random(1);
  for (std::size_t i = r.rows.size(); i > 1; --i) std::swap(r.rows[i - 1], r.rows[random.below(i)]);
  EXPECT_EQ(first, cells(r.find(R"({"associations": {"all": true}})")));
}

TEST(Association, LittleIsSaidOfLittle) {
  Rows r{{"a", "y"}, {}};
  EXPECT_TRUE(r.find().associations.empty());
  r.add({true, true}, 5);
  r.add({false, false}, 4);
  EXPECT_TRUE(r.find().associations.empty());   // nine companies
  r.add({false, true}, 1);
  EXPECT_EQ(r.find().associations.size(), 1u);
  for (Cells& row : r.rows) row[1] = true;
  EXPECT_TRUE(r.find().associations.empty());   // nothing to explain
  Rows perfect{{"x", "y"}, {}};
  for (int i = 0; i < 40; ++i) perfect.rows.push_back({static_cast<double>(i), i >= 20});
  const AssociationList list = perfect.find();
  EXPECT_EQ(of(list, "x").value, 1);
  EXPECT_LT(*of(list, "x").low, 0.99);
  EXPECT_EQ(*of(list, "x").high, 1);
}

TEST(Association, CanBeStopped) {
  const Rows r = nothing(100, 10, 1, 5);
  int polls = 0;
  const auto count = [](void* n) { return ++*static_cast<int*>(n) > 30; };
  EXPECT_THROW(r.find("{}", Stop(count, &polls)), Cancelled);
  EXPECT_EQ(polls, 31);
}

}  // namespace
