#include "icp/dqs.hpp"

#include <gtest/gtest.h>

#include "icp/archive.hpp"

namespace {

using namespace icp;

double score(const DealInputs& deal, std::string_view weights = "default", std::string_view scale = "default") {
  std::uint8_t faults = 0;
  const double s = DqsScorer(parse_dqs_weights(weights), parse_dqs_scale(scale)).score(deal, faults);
  EXPECT_EQ(faults, 0);
  return s;
}

template <class F>
std::string hint_of(F&& f, ErrorCode code) {
  try {
    f();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), code) << e.what();
    return std::string(e.what()) + "|" + e.detail() + "|" + e.hint();
  }
  ADD_FAILURE() << "no error";
  return {};
}

TEST(Dqs, Fixtures) {
  EXPECT_EQ(score({100, 1, 80, 60, 40}, "default", "identity"), 73.0);
  EXPECT_EQ(score({70, 1, 70, 70, 70}, "default", "identity"), 70.0);
  EXPECT_EQ(score({3, 1, 30, 0.8, 15}), 0.3 * 60 + 17.5 + 20 + 12);  // all multiples of 2^-32
  EXPECT_EQ(score({30, 3, 0, 1, 0}), 100.0);
  EXPECT_EQ(score({-5, 1, 999, 0, 999}), 0.0);
  EXPECT_EQ(score({1e300, 1e-300, 0, 1, 0}), 100.0);  // the ratio overflows
}

TEST(Dqs, UnknownPartsRenormalise) {
  const double u = DealInputs::unknown;
  EXPECT_NEAR(score({100, 1, 80, u, 40}, "default", "identity"), (30 * 100 + 25 * 80 + 20 * 40) / 75.0, 1e-9);
  EXPECT_NEAR(score({100, 0, 80, 60, 40}, "default", "identity"), (25 * 80 + 25 * 60 + 20 * 40) / 70.0, 1e-9);
  EXPECT_NEAR(score({u, u, 80, 60, u}, "default", "identity"), 70.0, 1e-9);  // exactly half of the weight
  EXPECT_TRUE(std::isnan(score({u, u, 80, u, 40}, "default", "identity")));
  EXPECT_TRUE(std::isnan(score({})));
  EXPECT_TRUE(std::isnan(score({u, u, 1, 1, 1}, "ltv_cac=100")));
  EXPECT_EQ(score({5, 1, u, u, u}, "ltv_cac=100"), 80.0);
}

TEST(Dqs, PartsShowTheRenormalisedWeights) {
  const DqsScorer scorer(parse_dqs_weights("default"), parse_dqs_scale("identity"));
  const DealScore s = scorer.explain({100, 1, 80, DealInputs::unknown, 40});
  ASSERT_TRUE(s.score);
  EXPECT_DOUBLE_EQ(s.parts[dqs_ltv_cac].weight, 40);
  EXPECT_EQ(s.parts[dqs_retention].weight, 0);
  EXPECT_EQ(s.parts[dqs_retention].contribution, 0);
  EXPECT_TRUE(std::isnan(s.parts[dqs_retention].raw));
  const DealScore none = scorer.explain({DealInputs::unknown, 1, 80, DealInputs::unknown, 40});
  EXPECT_FALSE(none.score);
  EXPECT_EQ(none.parts[dqs_speed].score, 80);
  EXPECT_TRUE(std::isnan(none.parts[dqs_speed].weight));
}

TEST(Dqs, ImpossibleValuesAreUnknownAndNamed) {
  const DqsScorer scorer(parse_dqs_weights("default"), parse_dqs_scale("default"));
  const DealInputs deal{3, -1, -2, 1.5, -3};
  const DealScore s = scorer.explain(deal);
  EXPECT_EQ(s.faults, negative_cac | negative_cycle_days | retention_out_of_range | negative_effort);
  EXPECT_FALSE(s.score);
  EXPECT_THROW(require_no_faults(deal, s.faults), Error);
  EXPECT_NO_THROW(require_no_faults(deal, 0));
  std::uint8_t faults = 0;
  // A scale of percentages takes them, an infinity is unknown.
  DqsScorer(parse_dqs_weights("saas"), parse_dqs_scale("identity")).score({3, 1, 2, 60, std::numeric_limits<double>::infinity()}, faults);
  EXPECT_EQ(faults, 0);
}

TEST(Dqs, BandsAreUnrounded) {
  const std::array<double, 2> bands{40, 70};
  EXPECT_STREQ(dqs_band(39.99, bands), "problem");
  EXPECT_STREQ(dqs_band(40, bands), "ordinary");
  EXPECT_STREQ(dqs_band(70, bands), "ordinary");
  EXPECT_STREQ(dqs_band(std::nextafter(70, 71), bands), "gold");
  EXPECT_STREQ(dqs_band(70.01, bands), "gold");
  EXPECT_THROW(dqs_band(std::nan(""), bands), Error);
  EXPECT_THROW(dqs_band(100.5, bands), Error);
}

TEST(DqsWeights, TextIsLosslessAndPresetsTotal100) {
  for (const char* text : {"default", "saas", "project", " effort = 20 ,speed=25,retention=2.5e1, ltv_cac=30",
                           "ltv_cac=33.3,speed=33.3,retention=33.4", "effort=100"}) {
    const DqsWeights w = parse_dqs_weights(text);
    EXPECT_EQ(parse_dqs_weights(dqs_weights_text(w)), w) << text;
    EXPECT_EQ(from_binary<DqsWeights>(to_binary(w), "dqs_weights"), w);
  }
  EXPECT_EQ(dqs_weights_text(parse_dqs_weights("default")), "ltv_cac=30,speed=25,retention=25,effort=20");
  EXPECT_GT(parse_dqs_weights("saas").points[dqs_retention], parse_dqs_weights("saas").points[dqs_speed]);
  EXPECT_LT(parse_dqs_weights("project").points[dqs_retention], parse_dqs_weights("project").points[dqs_speed]);
}

TEST(DqsWeights, WrongTextIsOneClearError) {
  EXPECT_NE(hint_of([] { parse_dqs_weights("ltv_cac=40,speed=25,retention=25,effort=20"); }, ErrorCode::invalid_parameter).find("They total 110."),
            std::string::npos);
  for (const char* text : {"ltv_cac=-10,speed=60,retention=30,effort=20", "ltv_cac=NaN,speed=60", "ltv_cac=Infinity"})
    EXPECT_NE(hint_of([&] { parse_dqs_weights(text); }, ErrorCode::invalid_parameter).find("default, saas, project"), std::string::npos) << text;
  for (const char* text : {"", "gold", "ltv_cac", "ltv_cac=100,", "ltv_cac=50,ltv_cac=50", "money=100", "ltv_cac=ten", "=", "speed=100=3"})
    hint_of([&] { parse_dqs_weights(text); }, ErrorCode::invalid_text);
}

TEST(DqsScale, TextAndBinaryAreLossless) {
  for (const char* text : {"default", "hours", "identity",
                           R"({"ltv_cac":[],"speed":[[0.1,7]],"retention":[[0,0],[1,100]],"effort":[[-1e100,100],[1e100,0]]})",
                           R"({"version":1,"relative":true,"n":12,"bands":[31.5,62],"ltv_cac":[[0,0]],"speed":[],"retention":[],"effort":[]})"}) {
    const DqsScale s = parse_dqs_scale(text);
    EXPECT_EQ(parse_dqs_scale(to_json(s)), s) << text;
    EXPECT_EQ(from_binary<DqsScale>(to_binary(s), "dqs_scale"), s);
  }
  EXPECT_EQ(to_json(parse_dqs_scale("identity")),
            R"({"version":1,"relative":false,"ltv_cac":[[0,0],[100,100]],"speed":[[0,0],[100,100]],"retention":[[0,0],[100,100]],"effort":[[0,0],[100,100]]})");
}

TEST(DqsScale, WrongTextIsOneClearError) {
  const auto with = [](std::string ltv_cac, std::string more = "") {
    return "{\"ltv_cac\":" + ltv_cac + ",\"speed\":[[0,100],[9,0]],\"retention\":[[0,0],[1,100]],\"effort\":[[0,100],[9,0]]" + more + "}";
  };
  EXPECT_NO_THROW(parse_dqs_scale(with("[[0,0],[1,100]]")));
  for (const auto& text : {with("[[0,0],[0,100]]"), with("[[1,0],[0,100]]"), with("[[0,0],[1,50],[2,40]]"), with("[[0,-1]]"), with("[[0,101]]"),
                           with("[[1e101,0]]"), with("[[0,0],[5e-324,100]]"), with("[]", ",\"bands\":[30,80]"), with("[]", ",\"n\":3"),
                           with("[]", ",\"relative\":true,\"bands\":[80,30]")})
    hint_of([&] { parse_dqs_scale(text); }, ErrorCode::invalid_parameter);
  for (const auto& text : std::vector<std::string>{
           "", "gold", "{", "[]", "{}", with("1"), with("[1]"), with("[[1]]"), with("[[1,2,3]]"), with("[[\"1\",2]]"), with("[[NaN,2]]"),
           with("[]", ",\"speed\":[]"), with("[]", ",\"pace\":[]"), with("[]", ",\"relative\":1"), with("[]", ",\"relative\":true"),
           with("[]", ",\"version\":2"), with("[]", ",\"n\":-1"), with("[]", ",\"bands\":3"), with("[[1,\xff]]"), "{\"\xc3\x28\":1}",
           std::string("{\"ltv_cac\0\":[]}", 15)})
    hint_of([&] { parse_dqs_scale(text); }, ErrorCode::invalid_text);
}

}  // namespace
