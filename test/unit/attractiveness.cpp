#include "icp/attractiveness.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "icp/hash.hpp"

namespace {

using namespace icp;

struct Row {
  std::string segment;
  std::array<double, 4> mark;   // below 0: not known
};

std::vector<SegmentScore> rank(const std::vector<Row>& rows, const std::string& options) {
  Sample s;
  s.start(options, "deal_id", 100000, 0);
  const std::vector<std::string_view> names = {"segment", "volume", "competition", "fit", "speed"};
  const auto binding = s.bind(names);
  for (const Row& r : rows) {
    std::vector<Value> values{Value::of(std::string_view(r.segment))};
    for (const double m : r.mark) values.push_back(m < 0 ? Value{} : Value::of(m));
    s.add(binding, values);
  }
  return rank_segments(s, Zone{}, Stop{});
}

TEST(Attractiveness, PartsTotalTheScoreAndOrderDoesNotMatter) {
  Random random(11);
  for (int run = 0; run < 100; ++run) {
    std::array<double, 4> weight{};
    std::string options = R"({"attractiveness": {"weights": {)";
    for (std::size_t k = 0; k < 4; ++k) {
      weight[k] = 0.01 + static_cast<double>(random.below(300)) / 100;
      options += std::string(k > 0 ? ", " : "") + '"' + attractiveness_criteria[k] + "\": " + std::to_string(weight[k]);
    }
    options += "}}}";
    std::vector<Row> rows;
    for (int i = 0; i < 12; ++i) {
      Row r{"segment " + std::to_string(i), {}};
      for (double& m : r.mark) m = random.below(6) == 0 ? -1 : static_cast<double>(random.below(101)) / 10;
      rows.push_back(std::move(r));
    }
    const auto once = rank(rows, options);
    std::reverse(rows.begin(), rows.end());
    const auto again = rank(rows, options);
    ASSERT_EQ(once.size(), rows.size());
    std::int64_t before = INT64_MAX;
    for (std::size_t i = 0; i < once.size(); ++i) {
      EXPECT_EQ(once[i].segment, again[i].segment);
      EXPECT_EQ(once[i].parts, again[i].parts);
      if (!once[i].score) continue;
      EXPECT_EQ(once[i].parts[0] + once[i].parts[1] + once[i].parts[2] + once[i].parts[3], *once[i].score);
      EXPECT_LE(*once[i].score, before);
      before = *once[i].score;
      // The definition, written down once more.
      const auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.segment == once[i].segment; });
      double sum = 0, known = 0;
      for (std::size_t k = 0; k < 4; ++k) {
        if (row->mark[k] < 0) continue;
        sum += weight[k] * (k == 1 ? 10 - row->mark[k] : row->mark[k]);
        known += weight[k];
      }
      EXPECT_NEAR(static_cast<double>(*once[i].score) * 0x1p-32, sum / known, 1e-6);
    }
  }
}

}  // namespace
