#include "icp/dqs.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "icp/archive.hpp"
#include "icp/hash.hpp"
#include "property/bytes.hpp"

namespace {

using namespace icp;

DealInputs random_deal(Random& random) {
  const auto maybe = [&](double v) { return random.uniform() < 0.1 ? DealInputs::unknown : v; };
  return {maybe(random.uniform() * 20000 - 2000), maybe(random.uniform() * 3000), maybe(random.uniform() * 400),
          maybe(random.uniform()), maybe(random.uniform() * 70)};
}

DqsWeights random_weights(Random& random) {
  // Whole points, some of them 0.
  std::array<std::uint64_t, 3> cut{random.below(101), random.below(101), random.below(101)};
  std::sort(cut.begin(), cut.end());
  return {.points = {double(cut[0]), double(cut[1] - cut[0]), double(cut[2] - cut[1]), double(100 - cut[2])}};
}

DqsScale random_scale(Random& random) {
  DqsScale scale;
  for (auto& anchors : scale.anchors) {
    const std::size_t n = 2 + random.below(random.below(4) == 0 ? 60 : 6);
    std::vector<double> scores(n);
    for (auto& s : scores) s = random.uniform() * 100;
    std::sort(scores.begin(), scores.end());
    if (random.below(2) == 0) std::reverse(scores.begin(), scores.end());
    double raw = 0;
    for (const double s : scores) anchors.emplace_back(raw += 0.001 + random.uniform() * 20, s);
  }
  scale.anchors[dqs_retention] = {{0, 0}, {0.3, 20}, {0.9, 70}, {2, 100}};
  scale.validate();
  return scale;
}

TEST(DqsProperty, PartsSumExactlyInAnyOrderOnAMillionRows) {
  Random random(7);
  for (int block = 0; block < 100; ++block) {
    const DqsScorer scorer(random_weights(random), block < 3 ? parse_dqs_scale(block == 0 ? "default" : block == 1 ? "hours" : "identity") : random_scale(random));
    for (int i = 0; i < 10000; ++i) {
      const DealInputs deal = random_deal(random);
      std::uint8_t faults = 0;
      const double score = scorer.score(deal, faults);
      const DealScore parts = scorer.explain(deal);
      ASSERT_EQ(faults, parts.faults);
      ASSERT_EQ(std::isnan(score), !parts.score);
      std::array<double, 4> c{};
      for (std::size_t k = 0; k < 4; ++k) c[k] = parts.parts[k].contribution;
      if (!parts.score) {
        for (const double v : c) ASSERT_TRUE(std::isnan(v));
        continue;
      }
      ASSERT_EQ(score, *parts.score);
      ASSERT_GE(score, 0);
      ASSERT_LE(score, 100);
      ASSERT_EQ(((c[0] + c[1]) + c[2]) + c[3], score);
      ASSERT_EQ(((c[3] + c[1]) + c[0]) + c[2], score);
      ASSERT_EQ((c[2] + c[3]) + (c[1] + c[0]), score);
      for (const double v : c) ASSERT_EQ(std::ldexp(v, 32), std::nearbyint(std::ldexp(v, 32)));
    }
  }
}

TEST(DqsProperty, TheBestDealScores100WhateverIsUnknown) {
  Random random(5);
  for (int i = 0; i < 20000; ++i) {
    DqsWeights weights = random_weights(random);
    if (i % 2 == 0) {
      for (auto& p : weights.points) p = random.uniform() + 1e-6;
      const double total = weights.points[0] + weights.points[1] + weights.points[2] + weights.points[3];
      for (auto& p : weights.points) p *= 100 / total;
    }
    weights.validate();
    const DqsScorer scorer(weights, parse_dqs_scale("default"));
    DealInputs deal{10, 1, 0, 1, 0};
    if (i & 2) deal.cac = 0;
    if (i & 4) deal.retention = DealInputs::unknown;
    std::uint8_t faults = 0;
    const double score = scorer.score(deal, faults);
    if (!std::isnan(score)) { ASSERT_EQ(score, 100); }
  }
}

TEST(DqsProperty, EveryComponentIsMonotone) {
  Random random(11);
  for (int block = 0; block < 200; ++block) {
    const DqsScale scale = block == 0 ? parse_dqs_scale("default") : random_scale(random);
    const DqsScorer scorer(random_weights(random), scale);
    for (int i = 0; i < 1000; ++i) {
      DealInputs deal{random.uniform() * 100 - 5, 1, random.uniform() * 100, random.uniform() * 2, random.uniform() * 100};
      if (scale.anchors[dqs_retention].back().first <= 1) deal.retention /= 2;
      for (std::size_t c = 0; c < 4; ++c) {
        DealInputs more = deal;
        double& x = c == 0 ? more.ltv : c == 1 ? more.cycle_days : c == 2 ? more.retention : more.effort;
        // Also the smallest possible step.
        x = i % 2 == 0 ? std::nextafter(x, 1e9) : c == 2 ? std::min(x * 1.1, deal.retention <= 1 ? 1.0 : 2.0) : x + random.uniform() * 10;
        std::uint8_t faults = 0;
        const double before = scorer.score(deal, faults), after = scorer.score(more, faults);
        ASSERT_EQ(faults, 0);
        const auto& anchors = scale.anchors[c];
        ASSERT_TRUE(anchors.back().second >= anchors.front().second ? after >= before : after <= before);
      }
    }
  }
}

TEST(DqsProperty, MoneyInAnotherUnitChangesNothing) {
  Random random(13);
  const DqsScorer scorer(parse_dqs_weights("default"), parse_dqs_scale("default"));
  for (int i = 0; i < 200000; ++i) {
    const DealInputs deal = random_deal(random);
    const double k = std::exp2(random.uniform() * 60 - 30);
    DealInputs scaled = deal;
    scaled.ltv *= k;
    scaled.cac *= k;
    std::uint8_t faults = 0;
    const double a = scorer.score(deal, faults), b = scorer.score(scaled, faults);
    ASSERT_EQ(std::isnan(a), std::isnan(b));
    if (!std::isnan(a)) { ASSERT_NEAR(a, b, 1e-9); }
  }
}

TEST(DqsProperty, AMillionByteStringsIntoWeights) {
  icp::test::feed_bytes<DqsWeights>({to_binary(parse_dqs_weights("default")), to_binary(parse_dqs_weights("ltv_cac=100"))}, "dqs_weights", 17);
}

TEST(DqsProperty, AMillionByteStringsIntoScales) {
  Random random(19);
  DqsScale relative = random_scale(random);
  relative.relative = true;
  relative.n = 7;
  relative.bands = {30, 60};
  icp::test::feed_bytes<DqsScale>({to_binary(parse_dqs_scale("default")), to_binary(parse_dqs_scale("identity")), to_binary(relative)}, "dqs_scale", 23);
}

}  // namespace
