// Moments without a zone are read in the model's when a lead is scored, as they were in training.
#include <gtest/gtest.h>

#include "icp/hash.hpp"
#include "icp/score.hpp"
#include "rows.hpp"

namespace {

using namespace icp;

constexpr std::int64_t day = 86'400'000'000;

TEST(Score, ReadsLocalTimesInTheZoneOfTheModel) {
  // A zone far from UTC shows: what its clocks show is five days later.
  const Zone zone{[](void*, std::int64_t local) { return local - 5 * day; }, nullptr};
  test::Rows deals(R"({"kinds": {"founded": "date"}})", {"deal_id", "outcome", "first_contact_at", "founded", "industry"});
  Random random(2);
  for (int i = 0; i < 300; ++i) {
    const bool old = i % 2 == 0;
    const std::int64_t met = (8000 + i) * day, age = static_cast<std::int64_t>((old ? 60 : 20) + 6 * random.normal()) * day;
    deals.add({Value::of(static_cast<double>(i)), test::won(random.uniform() < (old ? 0.7 : 0.2)), Value::of_moment(met, false),
               Value::of_moment(met - age + 5 * day, true), test::text(old ? "retail" : "software")});
  }
  const Model model = fit_model(deals.sample, zone, Stop{});
  const Scorer scorer(model, zone), naive{Model(model)};
  ASSERT_TRUE(scorer.model().encoder.has_age());
  const auto lead = [&](Value founded) {
    std::vector<Value> values(scorer.columns().size());
    for (std::size_t c = 0; c < values.size(); ++c) {
      if (scorer.columns()[c] == "founded") values[c] = founded;
      if (scorer.columns()[c] == "first_contact_at") values[c] = Value::of_moment(9000 * day, false);
    }
    return values;
  };
  const auto local = lead(Value::of_moment(8945 * day, true)), utc = lead(Value::of_moment(8940 * day, false)), words = lead(test::text("2024-06-28T00:00:00"));
  auto buffer = scorer.buffer();
  EXPECT_EQ(scorer.similarity(local, utc, buffer), 1);
  EXPECT_EQ(scorer.similarity(words, utc, buffer), 1);
  EXPECT_LT(*naive.similarity(local, utc, buffer), 0.99);
}

TEST(Score, APriorityFollowsTheLabelAndAnExclusionStandsBesideNonTargetOnly) {
  const struct {
    const char *label, *priority;
    std::int32_t rank;
  } cases[] = {{"gold", "high", 1}, {"ordinary", "normal", 2}, {"unknown", "normal", 2}, {"non_target", "low", 3}};
  for (const auto& c : cases) {
    LeadScore score;
    score.exclusion = "small";
    score.similarity = 0.5;
    set_label(score, std::string(c.label));  // the score keeps no view of what it was given
    EXPECT_EQ(score.label, c.label);
    EXPECT_EQ(score.priority, c.priority);
    EXPECT_EQ(score.priority_rank, c.rank);
    EXPECT_EQ(score.exclusion, score.label == "non_target" ? "small" : "");
    EXPECT_EQ(score.similarity, 0.5);
  }
  EXPECT_EQ(label_named("golden"), "");
  EXPECT_EQ(label_named(""), "");
}

}  // namespace
