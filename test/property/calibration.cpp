#include "icp/calibration.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "icp/archive.hpp"
#include "icp/hash.hpp"
#include "property/bytes.hpp"

namespace {

using namespace icp;

// A state that grows as the bridge lets it grow.
class Growing {
 public:
  void add(const DealInputs& deal) {
    while (!CalibrationWords(words_).add(deal)) {
      CalibrationWords old(words_);
      std::vector<std::uint64_t> larger(CalibrationWords::size(old.capacity_class() + 1));
      CalibrationWords(larger).load(old.state());
      words_ = std::move(larger);
    }
  }
  Calibration state() { return CalibrationWords(words_).state(); }
  int capacity_class() { return CalibrationWords(words_).capacity_class(); }

 private:
  std::vector<std::uint64_t> words_ = std::vector<std::uint64_t>(CalibrationWords::size(0));
};

Calibration calibrate(const std::vector<DealInputs>& deals) {
  Growing g;
  for (const auto& d : deals) g.add(d);
  return g.state();
}

// Heavy tails, whole days, shares with much mass at 0 and 1, gaps, missing values.
std::vector<DealInputs> deals_of(std::size_t n, std::uint64_t seed) {
  Random random(seed);
  std::vector<DealInputs> deals(n);
  for (auto& d : deals) {
    d.ltv = std::exp(random.normal() * 2 + 8) - (random.uniform() < 0.05 ? 5000 : 0);
    d.cac = random.uniform() < 0.05 ? 0 : std::exp(random.normal() + 6);
    d.cycle_days = std::floor(std::exp(random.normal() + 3.5));
    const double r = random.uniform();
    d.retention = r < 0.3 ? 0 : r < 0.6 ? 1 : random.uniform();
    d.effort = static_cast<double>(random.below(60));
    if (random.uniform() < 0.1) d.retention = DealInputs::unknown;
    if (random.uniform() < 0.1) d.cycle_days = DealInputs::unknown;
    if (random.uniform() < 0.02) d = {};
  }
  return deals;
}

void shuffle(std::vector<DealInputs>& deals, Random& random) {
  for (std::size_t i = deals.size(); i > 1; --i) std::swap(deals[i - 1], deals[random.below(i)]);
}

TEST(CalibrationProperty, OrderAndPartitionDoNotMatter) {
  Random random(3);
  for (const std::size_t n : {1u, 5u, 9u, 100u, 600u, 5000u, 60000u}) {
    auto deals = deals_of(n, n);
    const std::string expected = to_binary(calibrate(deals));
    for (int trial = 0; trial < (n > 10000 ? 4 : 20); ++trial) {
      shuffle(deals, random);
      std::vector<Calibration> states;
      for (std::size_t i = 0; i < n;) {
        const std::size_t size = std::min<std::size_t>(n - i, 1 + random.below(n));
        states.push_back(calibrate({deals.begin() + static_cast<std::ptrdiff_t>(i), deals.begin() + static_cast<std::ptrdiff_t>(i + size)}));
        i += size;
      }
      while (states.size() > 1) {
        const std::size_t a = random.below(states.size());
        std::swap(states[a], states.back());
        const Calibration last = states.back();
        states.pop_back();
        auto& other = states[random.below(states.size())];
        other = random.below(2) == 0 ? merge(other, last) : merge(last, other);
      }
      ASSERT_EQ(to_binary(states[0]), expected) << n;
      states[0].validate();
      ASSERT_EQ(from_json<Calibration>(to_json(states[0]), "dqs_calibration"), states[0]);
      ASSERT_EQ(from_binary<Calibration>(expected, "dqs_calibration"), states[0]);
    }
  }
}

// Every value's true mid-rank, in percent.
std::vector<std::pair<double, double>> midranks(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  std::vector<std::pair<double, double>> out;
  for (std::size_t i = 0; i < values.size();) {
    std::size_t j = i;
    while (j < values.size() && values[j] == values[i]) ++j;
    for (std::size_t k = i; k < j; ++k) out.emplace_back(values[i], 50.0 * static_cast<double>(i + j) / static_cast<double>(values.size()));
    i = j;
  }
  return out;
}

// The largest and the mean error of the scale, and its mean, over its own history.
struct Fit {
  double worst = 0, mean_error = 0, mean = 0;
};
Fit fit_of(const std::vector<double>& values, const DqsScale& scale, std::size_t component) {
  DqsWeights only;
  only.points.fill(0);
  only.points[component] = 100;
  const DqsScorer scorer(only, scale);
  Fit fit;
  const auto truth = midranks(values);
  for (const auto& [value, percent] : truth) {
    DealInputs d;
    if (component == dqs_ltv_cac) d.ltv = value, d.cac = 1;
    if (component == dqs_speed) d.cycle_days = value;
    if (component == dqs_retention) d.retention = value;
    if (component == dqs_effort) d.effort = value;
    std::uint8_t faults = 0;
    const double score = scorer.score(d, faults);
    const double expected = component == dqs_speed || component == dqs_effort ? 100 - percent : percent;
    fit.worst = std::max(fit.worst, std::abs(score - expected));
    fit.mean_error += std::abs(score - expected) / static_cast<double>(truth.size());
    fit.mean += score / static_cast<double>(truth.size());
  }
  return fit;
}

TEST(CalibrationProperty, PercentilesAreTheMidRanks) {
  for (const std::size_t n : {3u, 80u, 100u, 1000u, 20000u, 200000u}) {
    const auto deals = deals_of(n, 7 * n);
    const auto scale = calibrated_scale(calibrate(deals));
    ASSERT_TRUE(scale);
    scale->validate();
    std::array<std::vector<double>, 4> values;
    std::uint8_t faults = 0;
    for (const auto& d : deals) {
      const auto raw = deal_components(d, 1, faults);
      for (std::size_t c = 0; c < 4; ++c)
        if (!std::isnan(raw[c])) values[c].push_back(raw[c]);
    }
    for (std::size_t c = 0; c < 4; ++c) {
      const Fit fit = fit_of(values[c], *scale, c);
      // Few distinct values: exact (LTV/CAC: but for its 15 bits); else one percent, and half the share of the fullest bin.
      const bool exact = c == dqs_effort || n <= 80;
      EXPECT_LT(fit.worst, exact ? (c == dqs_ltv_cac ? 1.0 : 1e-6) : 3.0) << n << " " << c;
      EXPECT_LT(fit.mean_error, 0.35) << n << " " << c;
      EXPECT_NEAR(fit.mean, 50, exact ? 0.01 : 0.3) << n << " " << c;
    }
  }
}

TEST(CalibrationProperty, BandsAreThirtiethAndEightiethPercentile) {
  for (const std::size_t n : {50u, 400u, 50000u}) {
    const auto deals = deals_of(n, n + 1);
    const auto scale = calibrated_scale(calibrate(deals));
    ASSERT_TRUE(scale);
    const DqsScorer scorer(DqsWeights{}, *scale);
    double below = 0, above = 0, all = 0;
    for (const auto& d : deals) {
      std::uint8_t faults = 0;
      const double s = scorer.score(d, faults);
      if (std::isnan(s)) continue;
      ++all;
      below += s < scale->bands[0];
      above += s > scale->bands[1];
    }
    const double tolerance = n <= 400 ? 1 / all + 1e-9 : 0.06;  // a sample of 512: standard error .02
    EXPECT_NEAR(below / all, 0.3, tolerance) << n;
    EXPECT_NEAR(above / all, 0.2, tolerance) << n;
  }
}

TEST(CalibrationProperty, MoneyInAnotherUnitChangesNothingOnItsScale) {
  Random random(31);
  auto deals = deals_of(3000, 5);
  for (std::size_t i = 0; i < 500; ++i) deals.push_back({0.1 * 3 * static_cast<double>(i), 0.1, 10, 0.5, 10});  // ratios an ulp apart
  const auto scale = calibrated_scale(calibrate(deals));
  const DqsScorer scorer(DqsWeights{}, *scale);
  for (int i = 0; i < 200000; ++i) {
    DealInputs a = deals[random.below(deals.size())], b = a;
    const double k = std::exp2(random.uniform() * 40 - 20);
    b.ltv *= k;
    b.cac *= k;
    std::uint8_t faults = 0;
    const double x = scorer.score(a, faults), y = scorer.score(b, faults);
    ASSERT_EQ(std::isnan(x), std::isnan(y));
    if (!std::isnan(x)) { ASSERT_NEAR(x, y, 1e-9); }
  }
}

TEST(CalibrationProperty, SizeIsBoundedWhateverTheValues) {
  Random random(37);
  Growing g;
  for (int i = 0; i < 100000; ++i) {
    const auto any = [&] {
      const double v = std::abs(std::bit_cast<double>(random.next()));
      return std::isfinite(v) ? v : 0.0;
    };
    g.add({random.below(2) == 0 ? any() : -any(), any(), any(), any(), any()});
  }
  EXPECT_EQ(g.capacity_class(), CalibrationWords::classes - 1);
  EXPECT_EQ(CalibrationWords::size(CalibrationWords::classes - 1) * 8, 49216u);
  const Calibration state = g.state();
  state.validate();
  calibrated_scale(state)->validate();
}

TEST(CalibrationProperty, EdgesOfHistory) {
  EXPECT_FALSE(calibrated_scale(calibrate({})));
  EXPECT_FALSE(calibrated_scale(calibrate({{}, {5, 0, DealInputs::unknown, DealInputs::unknown, DealInputs::unknown}})));
  const auto one = calibrated_scale(calibrate({{3, 1, 30, 0.5, DealInputs::unknown}}));
  EXPECT_EQ(one->anchors[dqs_ltv_cac], (std::vector<DqsAnchor>{{3, 50}}));
  EXPECT_TRUE(one->anchors[dqs_effort].empty());
  EXPECT_EQ(one->bands, (std::array<double, 2>{50, 50}));
  EXPECT_THROW(calibrate({{1, -1, 1, 1, 1}}), Error);
  EXPECT_THROW(calibrate({{1, 1, -1, 1, 1}}), Error);
  EXPECT_EQ(calibrated_scale(calibrate({{1, 1, 1, 60, 1}}))->anchors[dqs_retention][0].first, 60);  // percentages are fine
}

TEST(CalibrationProperty, AMillionByteStrings) {
  icp::test::feed_bytes<Calibration>({to_binary(calibrate(deals_of(1, 1))), to_binary(calibrate(deals_of(3, 2))), to_binary(calibrate(deals_of(12, 3)))},
                                     "dqs_calibration", 41);
}

}  // namespace
