#include "icp/archive.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "icp/hash.hpp"

namespace {

struct Inner {
  std::string name;
  std::optional<double> value;
  template <class A>
  void describe(A& a) { a.field("name", name); a.field("value", value); }
  bool operator==(const Inner&) const = default;
};

struct Outer {
  static constexpr std::uint16_t version = 1;
  std::int32_t count = 0;
  std::uint64_t seed = 0;
  bool flag = false;
  std::vector<Inner> inner;
  std::map<std::string, std::vector<double>> lists;
  template <class A>
  void describe(A& a) {
    a.field("count", count); a.field("seed", seed); a.field("flag", flag); a.field("inner", inner); a.field("lists", lists);
  }
  bool operator==(const Outer&) const = default;
};

Outer sample() {
  Outer o;
  o.count = -7;
  o.seed = std::numeric_limits<std::uint64_t>::max();
  o.flag = true;
  o.inner = {{"a\"\\\n\tё", 0.1}, {"", std::nullopt}, {"x", -std::numeric_limits<double>::infinity()}};
  o.lists = {{"b", {1e300, 5e-324, -0.0}}, {"c", {}}};
  return o;
}

TEST(Archive, BothFormsAreLossless) {
  const Outer o = sample();
  EXPECT_EQ(icp::from_binary<Outer>(icp::to_binary(o), "t"), o);
  EXPECT_EQ(icp::from_json<Outer>(icp::to_json(o), "t"), o);
  EXPECT_EQ(icp::to_binary(icp::from_json<Outer>(icp::to_json(o), "t")), icp::to_binary(o));
}

TEST(Archive, EveryTruncationAndMutationIsAnErrorOrAValue) {
  const std::string bytes = icp::to_binary(sample());
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_THROW(icp::from_binary<Outer>(std::string_view(bytes).substr(0, n), "t"), icp::Error) << n;
  icp::Random random(1);
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string mutated = bytes;
    mutated[random.below(mutated.size())] = static_cast<char>(random.next());
    try {
      icp::from_binary<Outer>(mutated, "t");
      ++accepted;
    } catch (const icp::Error& e) {
      EXPECT_EQ(e.code(), icp::ErrorCode::invalid_binary);
    }
  }
  EXPECT_GT(accepted, 0);
}

TEST(Archive, UnknownVersionsAndForeignTextAreRefused) {
  std::string bytes = icp::to_binary(sample());
  bytes[0] = 9;
  EXPECT_THROW(icp::from_binary<Outer>(bytes, "t"), icp::Error);
  EXPECT_THROW(icp::from_json<Outer>("{}", "t"), icp::Error);
  EXPECT_THROW(icp::from_json<Outer>("[1", "t"), icp::Error);
}

}  // namespace
