// Bytes from outside into icp_model and icp_sample: whatever they are, a value with which everything works, or an error.
#include <gtest/gtest.h>

#include "icp/archive.hpp"
#include "icp/report.hpp"

#include "market.hpp"

namespace {

using namespace icp;
using test::small_market;
using test::use;

// With a black hole and an exclusion, so that their bytes are tried too.
Model with_vetoes(Model m) {
  m = change_model(m, R"({"exclusions": {"small": "employees < 3 and not tools includes crm"}})");
  AntiSegment hole;
  hole.verdict = "black_hole";
  Condition c;
  c.column = "industry";
  c.kind = Kind::categorical;
  c.values = c.titles = {"software"};
  hole.predicate.conditions.push_back(c);
  c = {};
  c.column = "employees";
  c.high = 20;
  hole.predicate.conditions.push_back(c);
  m.anti_icp.segments.push_back(hole);
  return m;
}

TEST(ModelBytes, AModelOrAnError) {
  const Model good = with_vetoes(fit_model(small_market(150), Zone{}, Stop{}));
  ASSERT_FALSE(good.cohorts.empty());
  const std::string bytes = to_binary(good);
  Random random(17);
  for (int i = 0; i < 1000000; ++i) {
    std::string noise(random.below(64), '\0');
    for (char& b : noise) b = static_cast<char>(random.next());
    if (i % 2 == 0 && noise.size() >= 2) noise[0] = Model::version, noise[1] = 0;
    EXPECT_THROW(from_binary<Model>(noise, "icp_model"), Error);
  }
  int accepted = 0;
  for (int i = 0; i < 4000; ++i) {
    std::string bad = bytes;
    for (std::uint64_t k = 1 + random.below(3); k > 0; --k) bad[random.below(bad.size())] = static_cast<char>(random.next());
    if (random.below(16) == 0) bad.resize(random.below(bad.size()));
    try {
      const Model m = from_binary<Model>(bad, "icp_model");
      ASSERT_EQ(to_binary(m), bad);
      ++accepted;
      use(m, good, random);
    } catch (const Error&) {
    }
  }
  EXPECT_GT(accepted, 100);
}

TEST(ModelBytes, ASampleOrAnError) {
  const std::string bytes = small_market(60).to_bytes();
  Random random(18);
  for (int i = 0; i < 1000000; ++i) {
    std::string noise(random.below(64), '\0');
    for (char& b : noise) b = static_cast<char>(random.next());
    if (i % 2 == 0 && noise.size() >= 2) noise[0] = Sample::version, noise[1] = 0;
    EXPECT_THROW(Sample::from_bytes(noise, "icp_sample"), Error);
  }
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string bad = bytes;
    for (std::uint64_t k = 1 + random.below(3); k > 0; --k) bad[random.below(bad.size())] = static_cast<char>(random.next());
    if (random.below(16) == 0) bad.resize(random.below(bad.size()));
    try {
      const Sample s = Sample::from_bytes(bad, "icp_sample");
      ASSERT_EQ(s.to_bytes(), bad);
      ++accepted;
      if (accepted % 20 == 0) check_deals(s, Zone{}, Stop{});
      Sample merged = Sample::from_bytes(bytes, "icp_sample");
      merged.merge(s);
      merged.to_bytes();
    } catch (const Error&) {
    }
  }
  EXPECT_GT(accepted, 1000);
}

}  // namespace
