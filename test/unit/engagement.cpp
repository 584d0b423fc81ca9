#include "icp/engagement.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "icp/archive.hpp"
#include "icp/hash.hpp"
#include "property/bytes.hpp"

namespace {

using namespace icp;

constexpr std::int64_t day = 86'400'000'000;

struct Happened {
  double weight;
  std::int64_t at;
};

// A state that grows as the bridge lets it grow.
Engagement engage(std::span<const Happened> events, std::int64_t half_life) {
  std::vector<std::uint64_t> words(EngagementWords::size(0));
  EngagementWords(words).add(0, 0, half_life);
  for (const auto& e : events)
    while (!EngagementWords(words).add(e.weight, e.at, half_life)) {
      EngagementWords old(words);
      std::vector<std::uint64_t> larger(EngagementWords::size(old.capacity_class() + 1));
      EngagementWords(larger).load(old.state());
      words = std::move(larger);
    }
  return EngagementWords(words).state();
}

std::vector<Happened> some_events(std::size_t n, Random& random, std::int64_t days) {
  std::vector<Happened> out(n);
  for (auto& e : out) {
    e.weight = std::round(random.normal() * 50) / 10;
    e.at = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(days))) * day - days / 2 * day + (random.uniform() < 0.5 ? 0 : static_cast<std::int64_t>(random.below(day)));
    if (random.uniform() < 0.1) e = out[0];
  }
  return out;
}

// By long double, term by term.
double slowly(std::span<const Happened> events, std::int64_t as_of, std::int64_t half_life) {
  long double sum = 0;
  for (const auto& e : events)
    if (e.at <= as_of) sum += static_cast<long double>(e.weight) * std::exp2(-(static_cast<long double>(as_of) - static_cast<long double>(e.at)) / static_cast<long double>(half_life));
  return static_cast<double>(sum);
}

std::vector<Happened> until(std::span<const Happened> events, std::int64_t as_of) {
  std::vector<Happened> out;
  for (const auto& e : events)
    if (e.at <= as_of) out.push_back(e);
  return out;
}

TEST(Engagement, HalvesWithEachHalfLife) {
  const Happened one[] = {{8, 100 * day}};
  const Engagement e = engage(one, 7 * day);
  EXPECT_EQ(e.at(100 * day), 8);
  EXPECT_EQ(e.at(107 * day), 4);
  EXPECT_EQ(e.at(114 * day), 2);
  EXPECT_EQ(e.at(100 * day - 1), 0);   // before it happened
  EXPECT_NEAR(e.at(100 * day + 7 * day / 2), 8 / std::sqrt(2), 1e-13);
  EXPECT_EQ(engage({}, day).at(0), 0);
  const Happened two[] = {{8, 100 * day + 12345}, {4, 114 * day + 12345}};
  EXPECT_EQ(engage(two, 7 * day).at(114 * day + 12345), 6);
}

TEST(Engagement, IsTheSumOfItsTerms) {
  Random random(11);
  for (int trial = 0; trial < 300; ++trial) {
    const auto half_life = 1 + static_cast<std::int64_t>(random.below(200 * day));
    const auto events = some_events(1 + random.below(300), random, 1 + static_cast<std::int64_t>(random.below(4000)));
    const Engagement e = engage(events, half_life);
    e.validate();
    const std::int64_t from = e.known_from().value_or(-4000 * day);
    const std::int64_t as_of = from + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(4100 * day - from)));
    double size = 0;
    for (const auto& x : until(events, as_of)) size += std::abs(slowly({&x, 1}, as_of, half_life));
    EXPECT_NEAR(e.at(as_of), slowly(events, as_of, half_life), 1e-9 * size + 1e-300);   // weights are multiples of 2^-32
  }
}

// The same bytes and the same number, whatever the order and the parts; the past as if later events were not there.
TEST(Engagement, OrderAndPartitionDoNotMatter) {
  Random random(5);
  for (int trial = 0; trial < 200; ++trial) {
    const std::int64_t half_life = trial % 3 == 0 ? 60'000'000 : 1 + static_cast<std::int64_t>(random.below(60 * day));
    auto events = some_events(1 + random.below(400), random, trial % 2 == 0 ? 40 : 12000);
    const Engagement expected = engage(events, half_life);
    for (int way = 0; way < 4; ++way) {
      for (std::size_t i = events.size(); i > 1; --i) std::swap(events[i - 1], events[random.below(i)]);
      std::vector<Engagement> parts;
      for (std::size_t i = 0; i < events.size();) {
        const std::size_t size = std::min<std::size_t>(events.size() - i, 1 + random.below(events.size()));
        parts.push_back(engage(std::span(events).subspan(i, size), half_life));
        i += size;
      }
      while (parts.size() > 1) {
        std::swap(parts[random.below(parts.size())], parts.back());
        const Engagement last = parts.back();
        parts.pop_back();
        auto& other = parts[random.below(parts.size())];
        other = random.uniform() < 0.5 ? merge(other, last) : merge(last, other);
      }
      ASSERT_EQ(to_binary(parts.front()), to_binary(expected));
    }
    for (int i = 0; i < 5; ++i) {
      const std::int64_t as_of = events[random.below(events.size())].at;
      if (expected.known_from().value_or(as_of) > as_of) {
        EXPECT_THROW(expected.at(as_of), Error);
        continue;
      }
      EXPECT_EQ(expected.at(as_of), engage(until(events, as_of), half_life).at(as_of));
    }
  }
}

// Decades of events with a half-life of a microsecond, the whole range of times, the largest weights.
TEST(Engagement, NeitherOverflowsNorGrows) {
  std::vector<Happened> events;
  constexpr std::int64_t far = std::numeric_limits<std::int64_t>::max() - 1;
  for (int i = 0; i < 1000; ++i) events.push_back({i % 2 == 0 ? 1e9 : 1e-9, -far + i * (far / 500)});
  for (const std::int64_t half_life : {std::int64_t{1}, day, far}) {
    const Engagement e = engage(events, half_life);
    e.validate();
    EXPECT_LE(to_binary(e).size(), 1200u);
    EXPECT_TRUE(std::isfinite(e.at(far)));
    EXPECT_NEAR(e.at(far), slowly(events, far, half_life), 1e-6 * std::abs(e.at(far)));
  }
  const std::vector<Happened> same(100000, {1e9, 5});
  EXPECT_EQ(engage(same, 3).at(5), 1e14);
  // What cancels leaves nothing behind, and what is far smaller does not vanish beside it.
  std::vector<Happened> cancel(80, {1e9, 0});
  cancel.resize(160, {-1e9, 0});
  cancel.push_back({1, -100 * day});
  EXPECT_EQ(engage(cancel, day).at(0), std::exp2(-100));
}

TEST(Engagement, WrongInput) {
  const Happened nan[] = {{std::nan(""), 0}}, large[] = {{2e9, 0}}, never[] = {{1, std::numeric_limits<std::int64_t>::max()}}, good[] = {{1, 0}};
  EXPECT_THROW(engage(nan, day), Error);
  EXPECT_THROW(engage(large, day), Error);
  EXPECT_THROW(engage(never, day), Error);
  EXPECT_THROW(engage(good, 0), Error);
  EXPECT_THROW(engage(good, -day), Error);
  EXPECT_THROW(merge(engage(good, day), engage(good, 2 * day)), Error);
}

TEST(Engagement, TextIsLossless) {
  Random random(3);
  for (const std::size_t n : {0u, 3u, 64u, 500u}) {
    const Engagement e = engage(some_events(n, random, 900), 9 * day + 1);
    EXPECT_EQ(from_json<Engagement>(to_json(e), "icp_engagement"), e);
  }
}

TEST(Engagement, DamagedBytesAreAnErrorOrAValue) {
  Random random(3);
  const Engagement other = engage(some_events(100, random, 30), 9 * day);
  std::vector<std::string> valid;
  for (const std::size_t n : {0u, 2u, 100u}) valid.push_back(to_binary(engage(some_events(n, random, 900), 9 * day)));
  test::feed_bytes<Engagement>(valid, "icp_engagement", 5, 200000, [&](const Engagement& e) {
    EXPECT_FALSE(std::isnan(e.at(std::numeric_limits<std::int64_t>::max() - 1)));
    std::vector<std::uint64_t> words(EngagementWords::size(capacity_class_of(e)));
    EngagementWords(words).load(e);
    EXPECT_EQ(EngagementWords(words).state(), e);
    EngagementWords(words).add(1, 0, e.half_life);
    if (e.half_life == other.half_life) (void)to_binary(merge(e, other));
  });
}

}  // namespace
