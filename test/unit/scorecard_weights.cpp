// Class weights and row weights of scorecards.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/scorecard_judge.hpp"
#include "icp/archive.hpp"
#include "icp/error.hpp"
#include "icp/hash.hpp"
#include "icp/model.hpp"
#include "icp/scorecard.hpp"
#include "rows.hpp"

namespace icp {
namespace {

// Deals of three attributes: four sources and two sizes that tell, three regions that do not.
constexpr int kinds[] = {4, 2, 3};
double log_odds(double base, const std::int32_t* x) {
  const double by_source[] = {-0.8, -0.2, 0.2, 0.8};
  return base + by_source[x[0]] + (x[1] == 1 ? 0.5 : -0.5);
}

struct Deals {
  Encoder encoder;
  Table table;
  std::vector<double> target, weight;
  std::vector<std::uint32_t> count;
  std::vector<std::int32_t> company;
  Deals() {
    for (int f = 0; f < 3; ++f) {
      Feature& one = encoder.features.emplace_back();
      one.name = std::string(1, static_cast<char>('a' + f));
      one.kind = Kind::categorical;
      for (int c = 0; c < kinds[f]; ++c) one.categories.push_back({std::to_string(c), {}});
      table.columns.emplace_back().kind = Kind::categorical;
      table.columns.back().categories = kinds[f];
    }
  }
  // A deal as it happens to be; `keep` says with which weight it is kept, 0 not at all.
  template <class Keep>
  void draw(double base, Random& random, int deals_a_company, Keep keep) {
    std::int32_t x[3];
    for (int f = 0; f < 3; ++f) x[f] = static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(kinds[f])));
    const bool won = random.uniform() < probability_of(log_odds(base, x));
    const double w = keep(won);
    if (w == 0) return;
    for (int f = 0; f < 3; ++f) table.columns[static_cast<std::size_t>(f)].codes.push_back(x[f]);
    company.push_back(static_cast<std::int32_t>(table.rows++) / deals_a_company);
    target.push_back(won ? 1 : 0);
    weight.push_back(w);
    count.push_back(1);
  }
  LearnedCard learn(double odds = 1, std::size_t pairs = 0) const {
    CardOptions options;
    options.pairs = pairs;
    options.odds = odds;
    return learn_scorecard({table, encoder, target, weight, count, company, {}, true}, options, {});
  }
};

Deals drawn(int n, double base, Random& random, int deals_a_company = 1) {
  Deals d;
  while (static_cast<int>(d.table.rows) < n) d.draw(base, random, deals_a_company, [](bool) { return 1.0; });
  return d;
}

double score(const Scorecard& card, const std::int32_t* x) {
  static constexpr std::uint8_t known[] = {1, 1, 1};
  std::vector<std::uint16_t> bins(card.columns.size());
  card.bins(EncodedRow{{}, std::span(x, 3), {}, known}, bins);
  return card.score(bins);
}

// Means over all deals there may be, each as likely as the next: the probability, its square error, and the truth.
struct Against {
  double mean = 0, error = 0, truth = 0;
};
Against against(const Scorecard& card, double base) {
  Against a;
  for (std::int32_t i = 0; i < 24; ++i) {
    const std::int32_t x[] = {i % 4, i / 4 % 2, i / 8};
    const double p = probability_of(score(card, x)), truth = probability_of(log_odds(base, x));
    a.mean += p / 24;
    a.truth += truth / 24;
    a.error += (p - truth) * (p - truth) / 24;
  }
  a.error = std::sqrt(a.error);
  return a;
}

std::optional<double> metric(const LearnedCard& card, const std::string& name) {
  for (const CardMetric& m : card.metrics)
    if (m.name == name) return m.value;
  return std::nullopt;
}

// The points of the second size above those of the first, and the standard error of the difference, as if of two halves.
std::pair<double, double> size_points(const Scorecard& card) {
  for (const CardTerm& t : card.terms)
    if (t.columns.size() == 1 && card.columns[t.columns[0]].feature == 1) return {t.points[1] - t.points[0], t.error[0] + t.error[1]};
  return {0, 0};
}

constexpr double rare = -2.4;   // about one in ten is won

TEST(ScorecardWeights, ClassWeightsLeaveProbabilitiesTrue) {
  Random random(21);
  const Deals deals = drawn(6000, rare, random);
  const double won = std::accumulate(deals.target.begin(), deals.target.end(), 0.0);
  const LearnedCard plain = deals.learn();
  for (const double odds : {0.2, 5.0, (6000 - won) / won}) {
    const LearnedCard tilted = deals.learn(odds);
    const Against a = against(tilted.card, rare);
    EXPECT_NEAR(a.mean, a.truth, 0.012) << odds;
    EXPECT_LT(a.error, 0.025) << odds;
    // What is learned is the same law: the points are those of the plain card, within their errors.
    const auto [points, error] = size_points(tilted.card);
    EXPECT_NEAR(points, 1, 2.5 * error);
    EXPECT_NE(points, size_points(plain.card).first);
    // Judged on the deals as they are.
    EXPECT_NEAR(*metric(tilted, "win_calibration_in_the_large"), 0, 0.05);
    EXPECT_NEAR(*metric(tilted, "win_calibration_slope"), 1, 0.15);
    EXPECT_GT(*metric(tilted, "win_spiegelhalter_p"), 0.01);
    EXPECT_NEAR(*metric(tilted, "win_log_loss"), *metric(plain, "win_log_loss"), 0.002);
    EXPECT_NEAR(*metric(tilted, "win_auc"), *metric(plain, "win_auc"), 0.01);
    EXPECT_EQ(*metric(tilted, "win_auc_naive_bayes"), *metric(plain, "win_auc_naive_bayes"));
    EXPECT_EQ(*metric(tilted, "win_auc_logistic"), *metric(plain, "win_auc_logistic"));
    EXPECT_EQ(tilted.card.n, 6000);
    // The probabilities of the deals learned from total those that were won.
    double total = 0;
    for (std::size_t r = 0; r < deals.table.rows; ++r) {
      std::int32_t x[3];
      for (std::size_t f = 0; f < 3; ++f) x[f] = deals.table.columns[f].codes[r];
      total += probability_of(score(tilted.card, x));
    }
    EXPECT_NEAR(total / won, 1, 0.01);
  }
}

TEST(ScorecardWeights, OnlyTheRatioCounts) {
  const auto card = [](const std::string& options) {
    test::Rows rows(merge_options(R"({"k": 1, "rules": {"top": 0}})", options), {"deal_id", "outcome", "source", "weight"});
    Random random(22);
    for (int i = 0; i < 900; ++i) {
      const auto source = random.below(3);
      rows.add({Value::of(static_cast<double>(i)), test::won(random.uniform() < 0.15 + 0.2 * static_cast<double>(source)), test::text(source == 0 ? "web" : source == 1 ? "fair" : "call"), Value::of(4.0)});
    }
    Model m = fit_model(rows.sample, {}, {});
    EXPECT_FALSE(m.scorecards.at(0).terms.empty());
    m.options = "{}";
    m.findings.clear();
    return to_binary(m);
  };
  const std::string plain = card("{}");
  EXPECT_EQ(card(R"({"scorecard": {"class_weights": {"won": 3, "lost": 3}}})"), plain);
  EXPECT_EQ(card(R"({"scorecard": {"class_weights": {"won": 2}}})"), card(R"({"scorecard": {"class_weights": {"won": 4, "lost": 2}}})"));
  EXPECT_NE(card(R"({"scorecard": {"class_weights": {"won": 2}}})"), plain);
  EXPECT_NE(card(R"({"scorecard": {"class_weights": "balanced"}})"), plain);
  // A weight that all rows have says nothing.
  EXPECT_EQ(card(R"({"roles": {"weight": "none"}, "ignore": ["weight"]})"), plain);
}

// Deals of one company that have nothing in common stay so: the weighted residuals are not those of the population.
TEST(ScorecardWeights, ClassWeightsMakeNoCompanyAlike) {
  Random random(23);
  EXPECT_LT(drawn(3000, rare, random, 10).learn(10).card.within, 0.02);
}

TEST(ScorecardWeights, NothingIsFoundInNothing) {
  Random random(24);
  int found = 0;
  for (int run = 0; run < 40; ++run) {
    Deals d = drawn(400, -1.5, random);
    for (double& y : d.target) y = random.uniform() < 0.2 ? 1 : 0;
    for (double& w : d.weight) w = random.below(2) == 0 ? 1 : 8;
    if (!d.learn(4, 10).card.terms.empty()) ++found;
  }
  EXPECT_LE(found, 6);   // more at 5 % come up in one of 300 such tests
}

// One lost deal of five was kept and weighs five: the probabilities are those of all deals.
TEST(ScorecardWeights, RowWeightsGiveTheProbabilityOfThePopulation) {
  Random random(25);
  Deals kept, unweighted;
  for (int i = 0; i < 12000; ++i) {
    kept.draw(rare, random, 1, [&](bool won) { return won ? 1.0 : random.below(5) == 0 ? 5.0 : 0.0; });
  }
  unweighted = kept;
  unweighted.weight.assign(kept.weight.size(), 1);
  const LearnedCard card = kept.learn();
  EXPECT_LT(against(card.card, rare).error, 0.025);
  EXPECT_GT(against(unweighted.learn().card, rare).error, 0.15);
  EXPECT_EQ(card.card.n, static_cast<std::int64_t>(kept.table.rows));
  // Kish's number, and the deals behind each line.
  double sum = 0, squares = 0;
  for (const double w : kept.weight) {
    sum += w;
    squares += w * w;
  }
  EXPECT_NEAR(card.effective, sum * sum / squares, 1e-6);
  for (const CardTerm& t : card.card.terms) EXPECT_EQ(std::accumulate(t.n.begin(), t.n.end(), 0.0), static_cast<double>(kept.table.rows));
}

// Errors are those of what rows of unlike weight tell: against the spread over fresh samples.
TEST(ScorecardWeights, ErrorsKnowThatRowsDiffer) {
  for (const bool classes : {false, true}) {
    Random random(26);
    constexpr int runs = 120;
    double sum = 0, squares = 0, error = 0;
    for (int run = 0; run < runs; ++run) {
      Deals d;
      while (d.table.rows < 1500) d.draw(classes ? -1.7 : -0.3, random, 1, [&](bool) { return classes || random.below(5) > 0 ? 1.0 : 16.0; });
      const auto [points, half] = size_points(d.learn(classes ? 5 : 1).card);
      sum += points;
      squares += points * points;
      error += half;
    }
    const double sd = std::sqrt(squares / runs - sum / runs * (sum / runs));
    EXPECT_NEAR(error / runs / sd, 1, 0.25) << classes;   // as if of equal weight: 0.5 for rows
  }
}

TEST(ScorecardWeights, NonsenseIsRefused) {
  for (const char* bad : {R"("even")", "5", R"({"won": 0})", R"({"won": -1})", R"({"lost": "2"})", R"({"gold": 2})", R"({"won": 1e9})", "null", "[1, 2]"})
    EXPECT_THROW(parse_options(std::string(R"({"scorecard": {"class_weights": )") + bad + "}}"), Error) << bad;
  const auto with = [](double weight) {
    test::Rows rows("{}", {"deal_id", "outcome", "source", "weight"});
    for (int i = 0; i < 60; ++i) rows.add({Value::of(static_cast<double>(i)), test::won(i % 3 == 0), test::text(i % 2 == 0 ? "web" : "call"), i < 4 ? Value::of(weight) : i < 6 ? Value() : Value::of(1.0)});
    return fit_model(rows.sample, {}, {});
  };
  EXPECT_THROW(with(-1), Error);
  const Model none = with(0);
  const auto said = test::about(none.findings, "weight");
  ASSERT_EQ(said.size(), 2U);
  EXPECT_EQ(said[0]->rows, 4);
  EXPECT_EQ(said[1]->rows, 2);
}

}  // namespace
}  // namespace icp
