#include "icp/completeness.hpp"

#include <gtest/gtest.h>

#include "icp/error.hpp"

namespace {

using namespace icp;

TEST(Completeness, CountsExclusionsInEachOfTheirForms) {
  const auto have = [](const std::string& options) {
    Model m;
    m.options = options;
    const Report r = report_completeness(m, {.metrics = 0, .exclusions = 2, .depth = 0}, "en");
    EXPECT_EQ(std::get<std::string>(r.rows[1][0]), "exclusions");
    EXPECT_EQ(std::get<bool>(r.rows[1][3]), std::get<std::int64_t>(r.rows[1][1]) >= 2);
    return std::get<std::int64_t>(r.rows[1][1]);
  };
  EXPECT_EQ(have("{}"), 0);
  EXPECT_EQ(have(""), 0);
  EXPECT_EQ(have(R"({"exclusions": ["budget < 1000", "tender"]})"), 2);
  EXPECT_EQ(have(R"({"exclusions": [{"name": "tender", "when": "x"}, {"when": "y"}, "z"]})"), 3);
  EXPECT_EQ(have(R"({"exclusions": {"tender": "formal_tender = yes"}})"), 1);
}

TEST(Completeness, RefusesImpossibleNeeds) {
  EXPECT_THROW(report_completeness(Model{}, {.depth = 5}, "en"), Error);
  EXPECT_THROW(report_completeness(Model{}, {.metrics = -1}, "en"), Error);
  EXPECT_THROW(report_completeness(Model{}, {}, "de"), Error);
}

}  // namespace
