// A model as a value: what icp_set changes without training again.
#include <gtest/gtest.h>

#include <cmath>

#include "icp/archive.hpp"
#include "icp/hash.hpp"
#include "icp/model.hpp"
#include "rows.hpp"

namespace {

using namespace icp;

Model fit(const std::string& options) {
  test::Rows r(options, {"deal_id", "company_id", "outcome", "industry", "ltv", "cac", "calls", "retention", "cycle_days"});
  Random random(6);
  for (int i = 0; i < 600; ++i) {
    const auto g = random.below(2);
    const bool won = random.uniform() < (g == 0 ? 0.6 : 0.25);
    r.add({Value::of(static_cast<double>(i)), Value::of(static_cast<double>(i / 2)), test::won(won), test::text(g == 0 ? "retail" : "software"),
           won ? Value::of(1000 + 100 * random.normal()) : Value{}, won ? Value::of(200 + 20 * random.normal()) : Value{},
           Value::of(std::floor(5 + 20 * random.uniform())), won ? Value::of(random.uniform()) : Value{}, Value::of(std::floor(10 + 50 * random.uniform()))});
  }
  return fit_model(r.sample, Zone{}, Stop{});
}

TEST(Model, CostsAreChangedAsIfItHadBeenTrainedWithThem) {
  const std::string costs = R"({"k": 2, "margin": 0.4, "touch_cost": 7})", others = R"({"k": 2, "margin": 0.2, "touch_cost": 3})";
  const Model plain = fit(R"({"k": 2})"), priced = fit(costs);
  for (std::size_t c = 0; c < plain.cohorts.size(); ++c) {
    EXPECT_GT(*priced.cohorts[c].cac.value, *plain.cohorts[c].cac.value + 7);
    EXPECT_TRUE(priced.cohorts[c].value_per_lead);
  }
  EXPECT_EQ(to_binary(change_model(plain, R"({"margin": 0.4, "touch_cost": 7})")), to_binary(priced));
  EXPECT_EQ(to_binary(change_model(priced, R"({"margin": 0.2, "touch_cost": 3})")), to_binary(fit(others)));
  EXPECT_EQ(to_binary(change_model(priced, R"({"margin": null, "touch_cost": null})")), to_binary(plain));
}

}  // namespace
