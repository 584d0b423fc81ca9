#include "icp/levels.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "icp/hash.hpp"
#include "icp/training.hpp"
#include "market.hpp"

namespace {

using namespace icp;

TEST(Levels, GuessedFromWordsNotFromParts) {
  const std::pair<const char*, const char*> guesses[] = {
      {"industry", "firmographic"},      {"TechStack", "technographic"},   {"tech stack", "technographic"}, {"biotech", "firmographic"},
      {"erp", "technographic"},          {"enterprise", "firmographic"},   {"lead_source", "situational"},  {"LeadSource", "situational"},
      {"resource_count", "firmographic"}, {"revenue_growth", "situational"}, {"decision_maker", "psychographic"}, {"asterisk", "firmographic"},
      {"company_stage", "firmographic"}, {"stage", "situational"},         {"Источник лида", "situational"}, {"СтекТехнологий", "technographic"},
      {"ЛПР", "psychographic"},          {"Выручка", "firmographic"},  {"Рост выручки", "situational"},     {"Ростов", "firmographic"},       {"", "firmographic"},            {"___", "firmographic"}};
  for (const auto& [name, level] : guesses) EXPECT_EQ(guess_level(name), level) << name;
}

TEST(Levels, ADateIsAnEventUnlessItIsABirth) {
  EXPECT_EQ(guess_level("contract_signed", true), "situational");
  EXPECT_EQ(guess_level("date_founded", true), "firmographic");
  EXPECT_EQ(guess_level("Дата регистрации", true), "firmographic");
  EXPECT_EQ(guess_level("contract_signed", false), "firmographic");
}

TEST(Levels, GainsAreOfWhatTellsTheOutcome) {
  const Model m = fit_model(test::small_market(800), Zone{}, Stop{});
  const auto gain = [&](const std::string& name) -> const Estimate* {
    for (const Metric& one : m.metrics)
      if (one.name == name) return &one.estimate;
    return nullptr;
  };
  // Industry, size and tools all come from the group, whose win rate is .6 or .2; a tenth of the variance is between groups.
  for (const char* name : {"win_gain_firmographic", "win_gain_technographic", "win_gain_up_to_technographic"}) {
    ASSERT_NE(gain(name), nullptr) << name;
    EXPECT_GT(*gain(name)->value, 0.05) << name;
    EXPECT_LT(*gain(name)->value, 0.30) << name;
    EXPECT_GT(*gain(name)->low, 0) << name;
    EXPECT_LE(*gain(name)->low, *gain(name)->value) << name;
    EXPECT_LE(gain(name)->companies, 400) << name;
  }
  // Quality is a number of the group: nearly all of it is told.
  ASSERT_NE(gain("dqs_gain_firmographic"), nullptr);
  EXPECT_GT(*gain("dqs_gain_firmographic")->value, 0.8);
  EXPECT_EQ(gain("win_gain_psychographic"), nullptr);
  EXPECT_EQ(gain("win_gain_up_to_firmographic"), nullptr);
  const Report r = report_levels(m, "en");
  ASSERT_EQ(r.rows.size(), 4u);
  double weight = 0;
  for (const auto& row : r.rows)
    if (const auto* w = std::get_if<double>(&row[5])) weight += *w;
  EXPECT_NEAR(weight, 1, 1e-9);
}

// Companies with win rates of their own and attributes that have nothing to do with them.
TEST(Levels, NothingIsGainedFromNothing) {
  int positive = 0;
  constexpr int runs = 100;
  for (int run = 0; run < runs; ++run) {
    Random random(1000 + static_cast<std::uint64_t>(run));
    Sample s;
    s.start("{}", "deal_id", 100000, 0);
    const std::vector<std::string_view> names = {"deal_id", "company_id", "outcome", "industry", "employees", "budget"};
    const auto binding = s.bind(names);
    const std::string_view industries[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    for (int c = 0; c < 80; ++c) {
      const double own = random.normal(), employees = std::floor(200 * random.uniform()), budget = random.normal();
      const std::string_view industry = industries[random.below(8)];
      for (int i = 0; i < 6; ++i) {
        const bool won = random.uniform() < 1 / (1 + std::exp(-own));
        const Value values[] = {Value::of(6.0 * c + i), Value::of(static_cast<double>(c)), Value::of(std::string_view(won ? "won" : "lost")), Value::of(industry), Value::of(employees), Value::of(budget)};
        s.add(binding, values);
      }
    }
    const Options options = parse_options("{}");
    const Dataset data = read_dataset(s, options, Zone{}, Stop{});
    Model m;
    const Training t = prepare_training(data, options, m.findings, Stop{});
    m.encoder = learn_encoder(data, t.closed, options, m.findings, Stop{});
    measure_levels(m, t, Stop{});
    bool any = false;
    for (const Metric& one : m.metrics) any = any || (one.estimate.low && *one.estimate.low > 0);
    ASSERT_EQ(m.metrics.size(), 5u);   // two levels alone, three with those before
    positive += any ? 1 : 0;
  }
  EXPECT_LE(positive, 8) << "of " << runs;
}

}  // namespace
