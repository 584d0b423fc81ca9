#include "icp/levels.hpp"

#include <gtest/gtest.h>

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

}  // namespace
