#include "icp/maturity.hpp"

#include <gtest/gtest.h>

#include "icp/error.hpp"
#include "icp/hash.hpp"

namespace {

using namespace icp;

TEST(Maturity, TheDefaultScaleMakesFifteen) {
  const MaturityScale s = parse_maturity_scale("");
  double total = 0;
  for (const MaturityItem& item : s.items) {
    total += item.points;
    EXPECT_EQ(item.titles.size(), 2u);
  }
  EXPECT_EQ(total, s.maximum);
  EXPECT_EQ(s.maximum, 15);
}

TEST(Maturity, PartsTotalTheScoreInAnyOrder) {
  const MaturityScale s = parse_maturity_scale(
      R"({"maximum": 1, "items": [{"name": "a", "points": 0.1}, {"name": "b", "points": 0.2}, {"name": "c", "points": 0.3}, {"name": "d", "points": 0.4}]})");
  Random random(7);
  for (int i = 0; i < 200; ++i) {
    std::string answers = "{";
    for (const MaturityItem& item : s.items) answers += (answers.size() > 1 ? ", \"" : "\"") + item.name + "\": " + std::to_string(item.points * 0.99 * random.uniform());
    const MaturityScore score = score_maturity(s, answers + "}");
    double forward = 0, backward = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      forward += *score.points[k];
      backward += *score.points[3 - k];
    }
    EXPECT_EQ(forward, *score.score);
    EXPECT_EQ(backward, *score.score);
    EXPECT_EQ(score.highest, *score.score);
  }
}

TEST(Maturity, WhatIsNotKnownIsNotZero) {
  const MaturityScale s = parse_maturity_scale("");
  const MaturityScore half = score_maturity(s, R"({"cloud": 4, "roles": null})"), none = score_maturity(s, "{}"), zero = score_maturity(s, R"({"cloud": 0})");
  EXPECT_EQ(*half.score, 4);
  EXPECT_EQ(half.highest, 15);
  EXPECT_DOUBLE_EQ(half.coverage, 4.0 / 15);
  EXPECT_FALSE(none.score.has_value());
  EXPECT_EQ(none.coverage, 0);
  EXPECT_EQ(*zero.score, 0);
  EXPECT_EQ(zero.highest, 11);
}

}  // namespace
