// What is said of columns that are not what the options declare, and of columns that hold next to nothing.
#include <gtest/gtest.h>

#include "icp/hash.hpp"
#include "icp/model.hpp"
#include "rows.hpp"

namespace {

using namespace icp;
using test::Rows;
using test::text;

// 200 deals; `size` is a number in words for one in ten, `active` yes or no for one in four, `rare` known in six.
Sample deals(const std::string& options) {
  Rows r(options, {"deal_id", "company_id", "outcome", "industry", "size", "active", "founded", "rare", "sites"});
  Random random(3);
  for (int i = 0; i < 200; ++i) {
    const bool first = i % 2 == 0;
    r.add({Value::of(static_cast<double>(i)), Value::of(static_cast<double>(i)), test::won(random.uniform() < (first ? 0.7 : 0.2)),
           text(first ? "retail" : "software"), text(i % 10 == 0 ? (i % 20 == 0 ? "12" : "7") : "about fifty"), Value::of(static_cast<double>(i % 4 == 0 ? i % 8 / 4 : 5)),
           text(i % 5 == 0 ? "2020-01-01" : "long ago"), i % 33 == 0 ? Value::of(random.normal()) : Value{},
           Value::of(static_cast<double>(i % 3))});
  }
  return std::move(r.sample);
}

// The one finding about a column, in the model and in the check alike.
std::string said(const std::string& options, const std::string& column, std::int64_t rows) {
  const Sample sample = deals(options);
  const auto model = fit_model(sample, Zone{}, Stop{}).findings, check = check_deals(sample, Zone{}, Stop{});
  for (const auto* findings : {&model, &check}) {
    const auto one = test::about(*findings, column);
    if (one.size() != 1) return "said " + std::to_string(one.size()) + " times";
    EXPECT_EQ(one[0]->severity, "warning");
    EXPECT_EQ(one[0]->rows, rows);
    EXPECT_FALSE(one[0]->hint.empty());
    if (findings == &check) return one[0]->message;
  }
  return "";
}

TEST(Columns, SayWhatTheDeclaredKindCannotRead) {
  EXPECT_EQ(said(R"({"kinds": {"size": "numeric"}})", "size", 180), "declared numeric, but 180 of 200 values are not a number: they count as unknown");
  EXPECT_EQ(said(R"({"kinds": {"active": "binary"}})", "active", 150), "declared binary, but 150 of 200 values are not true or false: they count as unknown");
  EXPECT_EQ(said(R"({"kinds": {"industry": "numeric"}})", "industry", 200), "left out: declared numeric, but none of its 200 values is a number");
  EXPECT_EQ(said(R"({"kinds": {"sites": "date"}})", "sites", 200), "declared date, but 200 of 200 values are not a date: used as numeric");
  EXPECT_EQ(said(R"({"kinds": {"founded": "set"}})", "founded", 200), "declared set, but 200 of 200 values are not an array: used as categorical");
}

TEST(Columns, AKindThatFitsIsNoFinding) {
  EXPECT_EQ(said(R"({"kinds": {"sites": "numeric", "industry": "categorical"}})", "sites", 0), "said 0 times");
  EXPECT_EQ(said(R"({"kinds": {"sites": "categorical"}})", "sites", 0), "said 0 times");
}

TEST(Columns, SayThatTheyAreNearlyEmpty) {
  EXPECT_EQ(said("{}", "rare", 7), "nearly empty: known in 3.5 % of 200 rows");
}

TEST(Columns, OfLeadsToo) {
  const Model model = fit_model(deals(R"({"kinds": {"size": "numeric"}})"), Zone{}, Stop{});
  Rows leads("{}", {"lead_id", "industry", "size", "sites"});
  for (int i = 0; i < 100; ++i)
    leads.add({Value::of(static_cast<double>(i)), text("retail"), text(i % 4 == 0 ? "9" : "few"), i % 50 == 0 ? Value::of(1.0) : Value{}});
  const auto findings = check_leads(leads.sample, model, Zone{}, Stop{});
  const auto size = test::about(findings, "size"), sites = test::about(findings, "sites");
  ASSERT_EQ(size.size(), 1u);
  EXPECT_EQ(size[0]->message, "declared numeric, but 75 of 100 values are not: they count as unknown");
  EXPECT_EQ(size[0]->rows, 75);
  ASSERT_EQ(sites.size(), 1u);
  EXPECT_EQ(sites[0]->rows, 98);
}

}  // namespace
