#include "icp/metric.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "icp/hash.hpp"
#include "icp/model.hpp"

namespace {

using namespace icp;

// Deals of two groups; those of the first get a large discount when they are won.
Model market(const std::string& options, const char* name = "discount") {
  Random random(9);
  Sample s;
  s.start(options, "deal_id", 2000, 0);
  const std::string_view names[] = {"deal_id", "outcome", "dqs", "industry", "employees", name};
  const auto binding = s.bind(names);
  for (std::size_t i = 0; i < 600; ++i) {
    const std::size_t g = random.below(2);
    const bool won = random.uniform() < 0.4;
    const Value values[] = {Value::of(static_cast<double>(i)), Value::of(won ? std::string_view("won") : std::string_view("lost")),
                            won ? Value::of(50.0 + 30 * static_cast<double>(g)) : Value{}, Value::of(g == 0 ? std::string_view("retail") : std::string_view("wholesale")),
                            Value::of(static_cast<double>(10 + 60 * g + random.below(30))), Value::of(static_cast<double>(g == 0 ? 20 : 5) + random.uniform())};
    s.add(binding, values);
  }
  return fit_model(s, Zone{}, Stop{});
}

bool learned(const Model& m, const std::string& name) {
  return std::any_of(m.encoder.features.begin(), m.encoder.features.end(), [&](const Feature& f) { return f.name == name; });
}
bool summarised(const Model& m, const std::string& name) {
  return !m.cohorts.empty() && std::all_of(m.cohorts.begin(), m.cohorts.end(), [&](const Cohort& c) { return c.metrics.count(name) > 0; });
}
bool said(const Model& m, const std::string& name) {
  return std::any_of(m.findings.begin(), m.findings.end(), [&](const Finding& f) { return f.column == name && f.message == "left out: a metric, agreed while selling"; });
}

TEST(Metric, ADiscountIsAMetric) {
  for (const char* name : {"discount", "discount_pct", "Discount_Percent"}) {
    const Model m = market("{}", name);
    EXPECT_FALSE(learned(m, name)) << name;
    EXPECT_TRUE(summarised(m, name)) << name;
    EXPECT_TRUE(said(m, name)) << name;
    double least = 100, most = 0;
    for (const Cohort& c : m.cohorts) {
      least = std::min(least, *c.metrics.at(name).value);
      most = std::max(most, *c.metrics.at(name).value);
    }
    EXPECT_NEAR(least, 5.5, 0.5);
    EXPECT_NEAR(most, 20.5, 0.5);
  }
}

TEST(Metric, UnlessItWasKnownBefore) {
  for (const char* options : {R"({"keep": ["discount"]})", R"({"features": ["discount", "industry"]})"}) {
    const Model m = market(options);
    EXPECT_TRUE(learned(m, "discount")) << options;
    EXPECT_FALSE(summarised(m, "discount")) << options;
    EXPECT_FALSE(said(m, "discount")) << options;
  }
}

TEST(Metric, NothingIsSaidOfWhatIsListed) {
  const Model ignored = market(R"({"ignore": ["discount"]})");
  EXPECT_FALSE(learned(ignored, "discount") || summarised(ignored, "discount") || said(ignored, "discount"));
  const Model listed = market(R"({"metrics": ["discount"]})");
  EXPECT_TRUE(summarised(listed, "discount"));
  EXPECT_FALSE(learned(listed, "discount") || said(listed, "discount"));
  EXPECT_TRUE(learned(market("{}", "discounts_offered"), "discounts_offered"));
}

}  // namespace
