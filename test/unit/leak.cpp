// What was filled in after the outcome, with companies as the unit.
#include <gtest/gtest.h>

#include <algorithm>

#include "icp/hash.hpp"
#include "icp/leak.hpp"
#include "rows.hpp"

namespace {

using namespace icp;
using test::Rows;
using test::text;

// Whether the feature x is left out, and why. `fill(rows, add)` calls add(company, won, x).
template <class Fill>
std::string leak(Fill&& fill, const std::string& options = "{}") {
  Rows r(options, {"deal_id", "company_id", "outcome", "x", "noise"});
  Random random(8);
  int deal = 0;
  fill([&](int company, bool won, Value x) { r.add({Value::of(static_cast<double>(++deal)), Value::of(static_cast<double>(company)), test::won(won), x, Value::of(random.normal())}); });
  const Options parsed = parse_options(options);
  const Dataset data = read_dataset(r.sample, parsed, Zone{}, Stop{});
  std::vector<Finding> findings;
  const Training training = prepare_training(data, parsed, findings, Stop{});
  const Encoder encoder = learn_encoder(data, training.closed, parsed, findings, Stop{});
  findings.clear();
  const std::vector<bool> drop = find_leaks(training, encoder, findings, Stop{});
  for (std::size_t f = 0; f < drop.size(); ++f)
    if (encoder.features[f].name == "x" && drop[f]) return test::about(findings, "x").at(0)->message;
  return "";
}

Value number(int i) { return Value::of(static_cast<double>(i % 37)); }

constexpr int giant = 3000;   // deals of one company, number 1000

TEST(Leak, OneCompanyWithManyDealsDoesNotHideALateFilling) {
  const std::string why = leak([](auto&& add) {
    for (int i = 0; i < 100; ++i) add(i, true, number(i));
    for (int i = 0; i < 100; ++i) add(200 + i, false, Value{});
    for (int i = 0; i < giant; ++i) add(1000, false, number(i));
  });
  EXPECT_EQ(why, "left out, probably known only after the outcome: filled in 100 % of won and 1 % of lost deals");
}

TEST(Leak, OneCompanyWithManyDealsDoesNotMakeALateFilling) {
  EXPECT_EQ(leak([](auto&& add) {
              for (int i = 0; i < 100; ++i) add(i, true, number(i));
              for (int i = 0; i < 100; ++i) add(200 + i, false, number(i));
              for (int i = 0; i < giant; ++i) add(1000, false, Value{});
            }),
            "");
}

TEST(Leak, AConstantIsJudgedByCompanies) {
  EXPECT_EQ(leak([](auto&& add) {
              for (int i = 0; i < 100; ++i) add(i, true, text("a"));
              for (int i = 0; i < 100; ++i) add(200 + i, false, text("b"));
              for (int i = 0; i < giant; ++i) add(1000, false, text("a"));
            }),
            "left out, probably known only after the outcome: the same in every won deal");
  EXPECT_EQ(leak([](auto&& add) {
              for (int i = 0; i < 100; ++i) add(i, true, text("a"));
              for (int i = 0; i < 100; ++i) add(200 + i, false, text(i % 4 == 0 ? "b" : "a"));
              for (int i = 0; i < giant; ++i) add(1000, false, text("b"));
            }),
            "");
}

TEST(Leak, TheAreaUnderTheCurveIsOfCompanies) {
  // The numbers of won deals are high; ten lost companies with two hundred deals each are as high.
  const auto fill = [](auto&& add) {
    for (int i = 0; i < 200; ++i) add(i, true, Value::of(100.0 + i));
    for (int i = 0; i < 400; ++i) add(1000 + i, false, Value::of(static_cast<double>(i) / 5));
    for (int i = 0; i < 2000; ++i) add(2000 + i % 10, false, Value::of(100.0 + i % 200));
  };
  EXPECT_NE(leak(fill).find("alone it tells won from lost almost surely"), std::string::npos) << leak(fill);
  EXPECT_EQ(leak(fill, R"({"keep": ["x"]})"), "");
}

TEST(Leak, TwentyCompaniesOfEitherOutcomeMustSpeak) {
  for (const int companies : {15, 25}) {
    const std::string why = leak([&](auto&& add) {
      for (int i = 0; i < 60; ++i) add(i % companies, true, number(i));
      for (int i = 0; i < 60; ++i) add(100 + i, false, Value{});
    });
    EXPECT_EQ(why.empty(), companies < 20) << why;
  }
}

}  // namespace
