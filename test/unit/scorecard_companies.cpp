// Scorecards where few companies have many deals each.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "icp/hash.hpp"
#include "icp/model.hpp"
#include "icp/sample.hpp"
#include "icp/score.hpp"

namespace icp {
namespace {

// Of a company: a trade that tells and six attributes that do not; of a deal: where it came from.
constexpr std::size_t attributes = 8;
struct Deals {
  Random random;
  double spread;  // of companies, on the log-odds

  template <class Add>
  void company(int deals, Add&& add) {
    static constexpr std::string_view trades[] = {"food", "steel", "wood", "paper", "glass", "oil"}, sources[] = {"web", "fair", "call"};
    Value x[attributes];
    const std::size_t trade = random.below(6);
    x[0] = Value::of(trades[trade]);
    for (std::size_t f = 1; f < 5; ++f) x[f] = Value::of(std::round(1000 * random.normal()));
    x[5] = Value::of(trades[random.below(6)]);
    x[6] = Value::of(trades[random.below(6)]);
    const double own = spread * random.normal();
    for (int i = 0; i < deals; ++i) {
      const std::size_t source = random.below(3);
      x[7] = Value::of(sources[source]);
      add(std::span<const Value>(x), -0.4 + (trade == 0 ? 1 : trade == 1 ? -0.7 : 0) + (source == 0 ? 0.6 : 0) + own);
    }
  }
};

// Log loss of fresh companies, above that of one who knows all but what is each company's own.
TEST(ScorecardCompanies, AttributesOfFewCompaniesAreNotBelieved) {
  const std::vector<std::string_view> names = {"trade", "a", "b", "c", "d", "e", "f", "source", "company_id", "outcome"};
  double loss = 0, base = 0, within = 0, slope = 0;
  constexpr int sets = 4, companies = 80, fresh = 4000;
  for (int set = 0; set < sets; ++set) {
    Deals deals{Random(hash64("companies", static_cast<std::uint64_t>(set))), 0.7};
    Sample sample;
    sample.start(R"({"k": 1, "rules": {"top": 0}})", "", 100000, 0);
    const auto binding = sample.bind(names);
    for (int c = 0; c < companies; ++c)
      deals.company(40, [&](std::span<const Value> x, double log_odds) {
        std::vector<Value> row(x.begin(), x.end());
        row.push_back(Value::of(static_cast<double>(c)));
        row.push_back(Value::of(std::string_view(deals.random.uniform() < probability_of(log_odds) ? "won" : "lost")));
        sample.add(binding, row);
      });
    const Model m = fit_model(sample, Zone{}, Stop{});
    ASSERT_FALSE(m.scorecards.empty());
    within += m.scorecards[0].within / sets;
    for (const Metric& x : m.metrics)
      if (x.name == "win_calibration_slope") slope += x.estimate.value.value_or(0) / sets;
    const Scorer scorer(m);
    ScoreBuffer buffer = scorer.buffer();
    for (int c = 0; c < fresh; ++c)
      deals.company(1, [&](std::span<const Value> x, double log_odds) {
        std::vector<Value> row;
        for (const std::string_view name : scorer.columns()) {
          const auto f = static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
          row.push_back(f < attributes ? x[f] : Value{});
        }
        const double p = *scorer.score(row, buffer).win_probability, y = probability_of(log_odds);
        loss -= (y * std::log(p) + (1 - y) * std::log(1 - p)) / (sets * fresh);
        base -= (y * std::log(0.46) + (1 - y) * std::log(0.54)) / (sets * fresh);
      });
  }
  // A spread of 0.7 is a correlation of about a tenth.
  EXPECT_GT(within, 0.05);
  EXPECT_LT(within, 0.15);
  EXPECT_GT(slope, 0.75);
  EXPECT_LT(loss, base - 0.01);
}

}  // namespace
}  // namespace icp
