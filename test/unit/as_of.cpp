// Learning as of a day: what happened later changes nothing.
#include <gtest/gtest.h>

#include <vector>

#include "icp/archive.hpp"
#include "icp/model.hpp"
#include "rows.hpp"

namespace {

using namespace icp;

constexpr double as_of = 9404;  // 2025-09-30

enum class Later { there, told, reversed };

// Two years of deals around the day. What is later: there as it happened, left out as one could not have known it, or
// there with the other outcome.
Model fitted(Later later) {
  Random random(7);
  test::Rows rows(R"({"as_of": "2025-09-30", "maturity_days": 60})", {"deal_id", "company_id", "outcome", "first_contact_at", "created_at", "closed_at", "dqs", "industry", "employees"});
  const std::string_view words[] = {"wholesale", "software", "public"};
  for (int i = 0; i < 1500; ++i) {
    const auto g = random.below(3);
    const double begun = as_of - 500 + 700 * random.uniform(), closed = begun + 5 + 90 * random.uniform();
    bool won = random.uniform() < 0.15 + 0.3 * static_cast<double>(g);
    double dqs = 30 + 20 * static_cast<double>(g) + 8 * random.normal();
    const double employees = std::exp(3 + random.normal());
    const bool contacted = random.uniform() < 0.7;
    // Where the first contact is known, that is when it began, whenever the row was made.
    const double created = contacted ? begun + 300 : begun;
    if (later == Later::told && begun > as_of) continue;
    const bool open = later == Later::told && closed > as_of;
    if (later == Later::reversed && (begun > as_of || closed > as_of)) {
      won = !won;
      dqs = 100 - dqs;
    }
    const auto day = [](double d) { return Value::of_moment(static_cast<std::int64_t>(d * microseconds_a_day), false); };
    rows.add({Value::of(static_cast<double>(i)), Value::of(static_cast<double>(i / 2)), open ? test::text("open") : test::won(won),
              contacted ? day(begun) : Value{}, day(created), open ? Value{} : day(closed), won && !open ? Value::of(dqs) : Value{},
              test::text(words[g]), Value::of(employees)});
  }
  return fit_model(rows.sample, {}, {});
}

std::string bytes(Model m) {
  m.findings.clear();
  for (DealRules& r : m.rules) r.population = {};  // it says what is left out
  return to_binary(m);
}

TEST(AsOf, NothingOfLaterChangesAModel) {
  const Model there = fitted(Later::there), told = fitted(Later::told);
  EXPECT_GT(there.won, 100);
  EXPECT_GT(there.open, 50);
  EXPECT_EQ(there.open, told.open);
  EXPECT_EQ(bytes(there), bytes(told));
  EXPECT_EQ(bytes(there), bytes(fitted(Later::reversed)));
  EXPECT_EQ(test::about(there.findings, "closed_at").empty(), false);
}

}  // namespace
