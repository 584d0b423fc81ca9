// Fits: recovery of known parameters, order of the histories, choice of the model, extremes, cohorts, units of money.
#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "icp/archive.hpp"
#include "property/bytes.hpp"
#include "recovery.hpp"

namespace {

using namespace icp;
using test::history_of_days;
using Orders = std::vector<std::pair<std::int32_t, double>>;

LtvModel fit(std::span<const LtvHistory> histories, const std::string& options = "{}") {
  LtvSample sample;
  sample.start(options);
  for (const LtvHistory& h : histories) sample.add(h);
  return *fit_ltv(sample);
}

bool warned(const LtvModel& m, const std::string& name) {
  return std::any_of(m.findings.begin(), m.findings.end(), [&](const LtvFinding& f) { return f.name == name && f.severity == "warning"; });
}

// Customers of a shop, by day, with returns.
std::vector<LtvHistory> shop(int n, std::uint64_t seed, LtvKind kind = LtvKind::bg_nbd, double money = 1) {
  Random random(seed);
  std::vector<LtvHistory> out;
  for (int i = 0; i < n; ++i) {
    const double age = 10 + 70 * random.uniform();
    const test::Life life = test::live(kind, test::usual(kind), {6, 4, 15}, age, 0, random);
    const auto first = static_cast<std::int32_t>(700 - age * 7);
    Orders orders = {{first, money * (5 + 30 * random.uniform())}};
    for (const auto& [at, amount] : life.orders) {
      orders.emplace_back(first + static_cast<std::int32_t>(std::ceil(at * 7)), money * amount);
      if (random.uniform() < 0.05) orders.emplace_back(orders.back().first + 3, -money * amount);
    }
    out.push_back(history_of_days(orders, 700));
  }
  return out;
}

TEST(LtvFit, Recovers) {
  const std::pair<LtvKind, int> kinds[] = {{LtvKind::bg_nbd, 40}, {LtvKind::mbg_nbd, 40}, {LtvKind::pareto_nbd, 20}, {LtvKind::bg_bb, 60}, {LtvKind::sbg, 100}};
  for (const auto& [kind, sets] : kinds) {
    const test::Recovered r = test::recover(kind, sets, 2000, 77);
    EXPECT_EQ(r.not_converged, 0);
    // Four standard deviations of a binomial count at 95 %, for 36 of them.
    const double spread = 4 * std::sqrt(0.05 * 0.95 * sets) + 1;
    for (std::size_t i = 0; i < r.quantities.size(); ++i) EXPECT_GE(r.held[i], 0.95 * sets - spread) << name_of(kind) << ' ' << r.quantities[i].name;
  }
}

// Of few customers the parameters of spend are uncertain: the delta method holds the expected spend that the true parameters give,
// and intervals of what customers will be worth take it in.
TEST(LtvFit, SpendOfFewCustomersIsUncertain) {
  const std::vector<double> q = test::usual(LtvKind::bg_nbd), spend = {6, 4, 15};
  const auto expected = [](double x, double mean) { return [x, mean](const std::vector<double>& s) { return std::log(s[0] * (s[2] + x * mean) / (s[0] * x + s[1] - 1)); }; };
  const std::vector<test::Quantity> asked = {{"of nobody", false, expected(0, 0)}, {"of two purchases of 45", false, expected(2, 45)}};
  Random random(31);
  int sets = 0, held[2] = {};
  double n = 0, with = 0, without = 0, wider = 0;
  const LtvTerms terms{52, 0, 1};
  for (int set = 0; set < 200; ++set) {
    LtvSample sample;
    sample.start(R"({"model": "bg_nbd"})");
    for (int i = 0; i < 60; ++i) sample.add(test::live(LtvKind::bg_nbd, q, spend, 40 + 60 * random.uniform(), 0, random).history());
    LtvModel m = *fit_ltv(sample);
    if (m.spend.values.empty() || m.spend.values[1] <= 1.05 || m.spend.covariance[0] == 0 || m.spend.covariance[4] == 0 || m.spend.covariance[8] == 0) continue;
    ++sets;
    const auto holds = test::covered(m.spend, spend, asked);
    for (int i = 0; i < 2; ++i) held[i] += holds[static_cast<std::size_t>(i)] ? 1 : 0;
    LtvScorer scorer(m);
    m.spend.covariance.assign(9, 0);
    LtvScorer sure(m);
    // Of one that is there and buys, few chances hide what it spends.
    const LtvSummary steady = ltv_history_of(5, 49, 50, 45, 1).summary();
    const LtvValue open = scorer.value(steady, {}, 0, terms), closed = sure.value(steady, {}, 0, terms);
    EXPECT_GT(open.hi - open.lo, closed.hi - closed.lo);
    wider += (open.hi - open.lo) / (closed.hi - closed.lo);
    for (int i = 0; i < 40; ++i) {
      const test::Life life = test::live(LtvKind::bg_nbd, q, spend, 40 + 60 * random.uniform(), 52, random);
      const LtvSummary h = life.history().summary();
      double money = 0;
      for (const auto& [at, amount] : life.later) money += amount;
      const auto inside = [&](const LtvValue& v) { return v.to_date + money >= v.lo - 1e-9 && v.to_date + money <= v.hi + 1e-9 ? 1 : 0; };
      const LtvValue a = scorer.value(h, {}, 0, terms), b = sure.value(h, {}, 0, terms);
      n += 1;
      with += inside(a);
      without += inside(b);
    }
  }
  RecordProperty("spend", std::to_string(held[0]) + " and " + std::to_string(held[1]) + " of " + std::to_string(sets));
  RecordProperty("values", std::to_string(with / n) + " with, " + std::to_string(without / n) + " without, width " + std::to_string(wider / sets));
  EXPECT_GT(sets, 150);
  for (const int h : held) EXPECT_GE(h, 0.88 * sets);
  EXPECT_GE(with / n, 0.88);
  EXPECT_GE(with, without);
}

TEST(LtvFit, OrderAndPartsDoNotMatter) {
  auto histories = shop(800, 5);
  Random random(9);
  for (int i = 0; i < 200; ++i) histories.push_back(ltv_history_of(static_cast<double>(i % 5), i % 5 > 0 ? 3 + i % 20 : 0, 30, 12.5 + i % 7, 0.5 + i % 3));
  for (const char* options : {"{}", R"({"model":"pareto_nbd","spend":"all"})", R"({"subscription":true,"period":"month"})"}) {
    const std::string expected = to_binary(fit(histories, options));
    for (int way = 0; way < 3; ++way) {
      for (std::size_t i = histories.size(); i > 1; --i) std::swap(histories[i - 1], histories[random.below(i)]);
      LtvSample whole;
      for (std::size_t i = 0; i < histories.size();) {
        LtvSample part;
        part.start(options);
        for (const std::size_t end = std::min(histories.size(), i + 1 + random.below(400)); i < end; ++i) part.add(histories[i]);
        whole.merge(LtvSample::from_bytes(part.to_bytes(), "ltv_sample"));
      }
      EXPECT_EQ(to_binary(*fit_ltv(whole)), expected) << options;
    }
  }
}

TEST(LtvFit, MoneyInAnotherUnit) {
  const LtvModel one = fit(shop(600, 11)), many = fit(shop(600, 11, LtvKind::bg_nbd, 1000));
  EXPECT_EQ(one.purchases, many.purchases);
  EXPECT_NEAR(many.spend.values[0] / one.spend.values[0], 1, 1e-6);
  EXPECT_NEAR(many.spend.values[1] / one.spend.values[1], 1, 1e-6);
  EXPECT_NEAR(many.spend.values[2] / one.spend.values[2], 1000, 1e-3);
  LtvScorer a(one), b(many);
  const auto ones = shop(600, 11), manys = shop(600, 11, LtvKind::bg_nbd, 1000);
  for (std::size_t i = 0; i < ones.size(); ++i) {
    const LtvValue v = a.value(ones[i].summary(), ones[i].days, 700, {100, 0.001, 0.4}), w = b.value(manys[i].summary(), manys[i].days, 700, {100, 0.001, 0.4});
    for (const auto& [x, y] : {std::pair{v.to_date, w.to_date}, {v.expected, w.expected}, {v.total, w.total}, {v.lo, w.lo}, {v.hi, w.hi}}) EXPECT_NEAR(y, 1000 * x, 1e-5 * (1000 * x + 1));
    EXPECT_EQ(v.p_alive, w.p_alive);
  }
}

TEST(LtvFit, ChoosesTheModel) {
  for (const LtvKind kind : {LtvKind::bg_nbd, LtvKind::mbg_nbd, LtvKind::pareto_nbd}) {
    const auto histories = shop(1500, 1, kind);
    const LtvModel chosen = fit(histories);
    const auto level = [&](const char* model) { return fit(histories, std::string("{\"holdout\":false,\"model\":\"") + model + "\"}").purchases.log_likelihood; };
    const double bg = level("bg_nbd"), best = std::max(level("mbg_nbd"), level("pareto_nbd"));
    EXPECT_EQ(chosen.kind == LtvKind::bg_nbd, best <= bg + 2);
    EXPECT_NEAR(chosen.purchases.log_likelihood, chosen.kind == LtvKind::bg_nbd ? bg : best, 1e-6);
    EXPECT_EQ(chosen.kind == LtvKind::bg_nbd, kind == LtvKind::bg_nbd);
  }
  EXPECT_EQ(fit(shop(200, 3), R"({"subscription":true,"period":"month"})").kind, LtvKind::sbg);
  EXPECT_EQ(fit(shop(200, 3), R"({"period":"month"})").kind, LtvKind::bg_bb);
  for (const char* wrong : {R"({"modell":"sbg"})", R"({"model":"arima"})", R"({"model":"bg_nbd","period":"month"})", R"({"subscription":true,"model":"bg_nbd"})", R"({"period":0})",
                            R"({"holdout":"soon"})", R"({"holdout":5})", R"({"refit":1})", R"({"spend":"some"})", R"([])", R"({"model":"bg_bb"})", R"({"holdout":"2050-01-01"})"})
    EXPECT_THROW(fit(shop(200, 3), wrong), Error) << wrong;
}

// Purchases on the days of a subscription: the nearest occasion, whole ones only.
TEST(LtvFit, CountsOccasions) {
  // Paid on the 1st, the 31st, two days late; then no more. Four monthly renewals were due and over by day 140.
  std::vector<LtvHistory> all(50, history_of_days(Orders{{0, 10}, {30, 10}, {63, 10}}, 140));
  all.resize(100, history_of_days(Orders{{0, 10}, {30, 10}, {61, 10}, {91, 10}, {122, 10}}, 140));
  const LtvModel m = fit(all, R"({"subscription":true,"period":"month"})");
  LtvScorer scorer(m);
  EXPECT_EQ(*scorer.p_alive(all[0].summary(), all[0].days, 140), 0);
  EXPECT_EQ(*scorer.p_alive(all[99].summary(), all[99].days, 140), 1);
  EXPECT_EQ(*scorer.purchases(all[0].summary(), all[0].days, 140, 52), 0);
  EXPECT_GT(*scorer.purchases(all[99].summary(), all[99].days, 140, 52), 3);
  EXPECT_LE(*scorer.purchases(all[99].summary(), all[99].days, 140, 52), 11);   // eleven whole months
}

// Whatever is learned and asked: finite, not negative, in order.
void expect_sound(const LtvModel& m, std::span<const LtvHistory> histories) {
  m.validate();
  LtvScorer scorer(m);
  for (const LtvHistory& h : histories)
    for (const LtvTerms& terms : {LtvTerms{0, 0, 1}, LtvTerms{0.1, 0.01, 1}, LtvTerms{156, 0.002, 0.35}, LtvTerms{5200, 0, 1}, LtvTerms{156, 0, 0}}) {
      const LtvValue v = scorer.value(h.summary(), h.days, h.until.value_or(0), terms);
      if (!h.summary().bought) continue;
      if (!m.told) {
        for (const double x : {v.expected, v.total, v.lo, v.hi, v.purchases, v.p_alive}) EXPECT_TRUE(std::isnan(x)) << x;
        EXPECT_TRUE(std::isfinite(v.to_date) && !scorer.p_alive(h.summary(), h.days, h.until.value_or(0)) && !scorer.purchases(h.summary(), h.days, h.until.value_or(0), 1));
        continue;
      }
      for (const double x : {v.to_date, v.total, v.lo, v.hi, v.purchases}) EXPECT_TRUE(std::isfinite(x) && x >= 0) << x;
      EXPECT_TRUE(v.p_alive >= 0 && v.p_alive <= 1);
      EXPECT_TRUE(m.mean_spend == 0 || (std::isfinite(v.expected) && v.expected >= 0 && v.spend >= 0)) << v.expected;
      EXPECT_LE(v.lo, v.total);
      EXPECT_GE(v.hi, v.total);
      EXPECT_NEAR(v.purchases, *scorer.purchases(h.summary(), h.days, h.until.value_or(0), terms.horizon), 1e-9 * (1 + v.purchases));
    }
}

TEST(LtvFit, Extremes) {
  const auto repeat = [](const LtvHistory& h, std::size_t n) { return std::vector<LtvHistory>(n, h); };
  Orders daily;
  for (int day = 0; day < 30000; ++day) daily.emplace_back(day, 1e6);
  const std::vector<std::vector<LtvHistory>> bases = {
      repeat(history_of_days(Orders{{10, 5}}, 700), 1),                                   // one customer, one purchase
      repeat(history_of_days(Orders{{10, 5}}, 700), 300),                                 // nobody came back
      repeat(history_of_days(Orders{{700, 5}}, 700), 300),                                // age 0
      repeat(history_of_days(Orders{{10, 0}, {20, 0}}, 700), 300),                        // spend 0
      repeat(history_of_days(Orders{{10, 5}, {10, 7}}, 700), 300),                        // all in one day
      repeat(history_of_days(Orders{{10, 5}, {20, 5}, {30, 5}}, 30), 300),                // all alike, bought to the end
      repeat(history_of_days(daily, 30000), 3),                                           // a purchase a day for 82 years
      repeat(ltv_history_of(1e6, 100, 100, 3, 1), 200),                                   // 10⁶ purchases
      {ltv_history_of(1e6, 100, 100, 3, 1), ltv_history_of(0, 0, 100, NAN, 500)},
      {ltv_history_of(1, 1e-6, 1e6, 1e15, 1e9), ltv_history_of(3, 2, 3, 1e-9, 1e-6)},
      {ltv_history_of(1, 5, 10, NAN, 1), ltv_history_of(2, 5, 10, NAN, 1)},               // no money known
      {ltv_history_of(0, 0, 0, NAN, 1)},
  };
  for (const auto& base : bases) {
    for (const char* model : {"bg_nbd", "mbg_nbd", "pareto_nbd"}) expect_sound(fit(base, std::string("{\"model\":\"") + model + "\"}"), base);
    if (base[0].summary().age < 5000)
      for (const char* model : {"bg_bb", "sbg"}) expect_sound(fit(base, std::string("{\"period\":\"month\",\"model\":\"") + model + "\"}"), base);
  }
  EXPECT_TRUE(warned(fit(bases[1]), "purchases"));
  EXPECT_TRUE(warned(fit(bases[0]), "purchases"));
  LtvSample none;
  none.start("{}");
  EXPECT_FALSE(fit_ltv(none));
  none.add(history_of_days(Orders{{800, 5}}, 700));
  EXPECT_FALSE(fit_ltv(none));
  // Any parameters, as of a model that came as text.
  Random random(6);
  for (int trial = 0; trial < 300; ++trial) {
    LtvModel m;
    m.kind = static_cast<LtvKind>(trial % 5);
    m.purchases.values.resize(m.kind == LtvKind::sbg ? 2 : 4);
    for (double& v : m.purchases.values) v = std::exp(std::clamp(4 * random.normal(), -12.0, 12.0));
    m.purchases.covariance.assign(m.purchases.values.size() * m.purchases.values.size(), 0);
    m.spend.values = {std::exp(2 * random.normal()), std::exp(2 * random.normal()), std::exp(4 * random.normal())};
    m.spend.covariance.assign(9, 0);
    m.mean_spend = 20;
    m.customers = 1e6;
    const LtvHistory some[] = {ltv_history_of(0, 0, 0, NAN, 1), ltv_history_of(0, 0, 50, NAN, 1), ltv_history_of(3, 20, 50, 10, 1), ltv_history_of(40, 49, 50, 500, 1)};
    expect_sound(m, some);
  }
}

// 1,000,000 once against 200,000 a month for 36 months; and a single large purchase beside many steady ones.
TEST(LtvFit, SteadyCustomersOutrankLargeOnes) {
  const std::int32_t until = 1100;
  std::vector<LtvHistory> histories;
  Orders steady;
  for (int month = 0; month < 36; ++month) steady.emplace_back(static_cast<std::int32_t>(month * 30.4), 200'000);
  histories.push_back(history_of_days(Orders{{10, 1'000'000}}, until));
  histories.push_back(history_of_days(steady, until));
  Random random(2);
  for (int i = 0; i < 60; ++i) {
    Orders orders;
    for (double day = 1000 * random.uniform(); day < until; day += 40 + 200 * random.uniform()) {
      orders.emplace_back(static_cast<std::int32_t>(day), 100'000 * (0.5 + random.uniform()));
      if (random.uniform() < 0.3) break;
    }
    histories.push_back(history_of_days(orders, until));
  }
  for (const char* options : {"{}", R"({"spend":"all"})", R"({"model":"pareto_nbd"})"}) {
    const LtvModel m = fit(histories, options);
    LtvScorer scorer(m);
    const auto value = [&](std::size_t i) { return scorer.value(histories[i].summary(), histories[i].days, until, {156, 0.002, 1}); };
    EXPECT_GT(value(1).total, 4 * value(0).total) << options;
    EXPECT_GT(value(1).lo, value(0).hi) << options;
    EXPECT_EQ(value(1).to_date, 7'200'000);
    EXPECT_EQ(value(0).note.empty(), m.spend_all);
  }
}

TEST(LtvFit, CohortsAreShrunkToTheWhole) {
  // Two large cohorts that differ, one with few customers, one with none.
  auto frequent = shop(3000, 4, LtvKind::bg_nbd);
  Random random(8);
  std::vector<LtvHistory> rare;
  for (int i = 0; i < 3000; ++i) {
    const test::Life life = test::live(LtvKind::bg_nbd, {0.8, 24, 0.8, 2.5}, {6, 4, 15}, 80, 0, random);
    Orders orders = {{100, 20}};
    for (const auto& [at, amount] : life.orders) orders.emplace_back(100 + static_cast<std::int32_t>(std::ceil(at * 7)), amount);
    rare.push_back(history_of_days(orders, 700));
  }
  const std::vector<LtvHistory> few(frequent.begin(), frequent.begin() + 8);
  const auto sample = [](std::span<const LtvHistory> histories) {
    LtvSample s;
    s.start(R"({"model":"bg_nbd"})");
    for (const auto& h : histories) s.add(h);
    return s;
  };
  const LtvSample samples[] = {sample(few), sample(frequent), sample({}), sample(rare)};
  const std::vector<std::pair<std::string, const LtvSample*>> by = {{"few", &samples[0]}, {"frequent", &samples[1]}, {"none", &samples[2]}, {"rare", &samples[3]}};
  const auto cohorts = fit_ltv_by(by);
  ASSERT_EQ(cohorts.size(), 4u);
  const auto rate = [](const LtvModel& m) { return m.purchases.values[0] / m.purchases.values[1]; };
  std::vector<LtvHistory> all = frequent;
  all.insert(all.end(), rare.begin(), rare.end());
  all.insert(all.end(), few.begin(), few.end());
  const LtvModel whole = fit(all, R"({"model":"bg_nbd"})");
  EXPECT_NEAR(rate(cohorts[1].model) / (0.8 / 6), 1, 0.1);
  EXPECT_NEAR(rate(cohorts[3].model) / (0.8 / 24), 1, 0.15);
  // Alone, eight customers say nothing sure; with the others their parameters stay near the whole's.
  for (std::size_t i = 0; i < 4; ++i) EXPECT_LT(std::abs(std::log(cohorts[0].model.purchases.values[i] / whole.purchases.values[i])), 0.9) << i;
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(cohorts[2].model.purchases.values[i] / whole.purchases.values[i], 1, 0.01);
  EXPECT_EQ(cohorts[2].customers, 0);
  // Cohorts that are alike stay alike: forecasts differ less than those of fits of their own.
  std::vector<LtvSample> alike;
  for (int c = 0; c < 12; ++c) alike.push_back(sample(shop(150, 100 + static_cast<std::uint64_t>(c))));
  std::vector<std::pair<std::string, const LtvSample*>> names;
  for (std::size_t c = 0; c < alike.size(); ++c) names.emplace_back(std::to_string(c), &alike[c]);
  double shrunk = 0, alone = 0, truth = std::log(0.8 / 6);
  const auto together = fit_ltv_by(names);
  for (std::size_t c = 0; c < alike.size(); ++c) {
    shrunk += std::pow(std::log(rate(together[c].model)) - truth, 2);
    alone += std::pow(std::log(rate(*fit_ltv(alike[c]))) - truth, 2);
  }
  EXPECT_LT(shrunk, 0.7 * alone);
}

TEST(LtvFit, BytesAreAnErrorOrAValue) {
  const auto histories = shop(60, 3);
  LtvSample sample;
  sample.start("{}");
  for (const auto& h : histories) sample.add(h);
  const LtvModel m = *fit_ltv(sample);
  EXPECT_EQ(to_binary(from_json<LtvModel>(to_json(m), "ltv_model")), to_binary(m));
  test::feed_bytes<LtvModel>({to_binary(m)}, "ltv_model", 5, 20000, [&](const LtvModel& other) { (void)LtvScorer(other).p_alive(histories[0].summary(), histories[0].days, 700); });
  Random random(3);
  const std::string bytes = sample.to_bytes();
  for (int trial = 0; trial < 3000; ++trial) {
    std::string damaged = bytes;
    for (int i = 0; i < 3; ++i) damaged[random.below(damaged.size())] = static_cast<char>(random.next());
    if (random.uniform() < 0.2) damaged.resize(random.below(damaged.size()));
    try {
      const LtvSample read = LtvSample::from_bytes(damaged, "ltv_sample");
      for (const auto& row : read.rows()) (void)read.days(row);
    } catch (const Error&) {
    }
  }
}

}  // namespace
