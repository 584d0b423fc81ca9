#include "icp/cycle.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <vector>

#include "icp/error.hpp"
#include "icp/hash.hpp"

namespace {

using namespace icp;

std::int64_t day(int y, unsigned m, unsigned d) {
  using namespace std::chrono;
  return (sys_days(year(y) / m / d) - sys_days(year(2000) / 1 / 1)).count();
}

// The examples of NumPy's documentation of busday_count.
TEST(Cycle, CountsAsBusdayCountDoes) {
  EXPECT_EQ(working_days(day(2011, 1, 1), day(2011, 2, 1), Weekend(), {}), 21);
  EXPECT_EQ(working_days(day(2011, 1, 1), day(2012, 1, 1), Weekend(), {}), 260);
  const std::int32_t weekdays[] = {1, 2, 3, 4, 5, 7};
  EXPECT_EQ(working_days(day(2011, 1, 1), day(2012, 1, 1), Weekend(weekdays), {}), 53);  // Saturdays
}

TEST(Cycle, FromFridayToMondayIsOne) {
  const auto friday = day(2025, 9, 26);
  const std::int64_t expected[] = {0, 1, 1, 1, 2, 3, 4, 5, 6, 6};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(working_days(friday, friday + i, Weekend(), {}), expected[i]) << i;
}

TEST(Cycle, EqualsCountingDayByDay) {
  Random random(3);
  for (int run = 0; run < 2000; ++run) {
    const auto from = static_cast<std::int64_t>(random.next() % 20000) - 10000;
    const auto to = from + static_cast<std::int64_t>(random.next() % 400);
    std::vector<std::int32_t> free, holidays;
    for (std::int32_t d = 1; d <= 7; ++d)
      if (random.next() % 3 == 0) free.push_back(d);
    for (std::uint64_t h = random.next() % 30; h > 0; --h) holidays.push_back(static_cast<std::int32_t>(from - 20 + static_cast<std::int64_t>(random.next() % 100)));
    const std::set<std::int32_t> off(holidays.begin(), holidays.end());
    std::int64_t count = 0;
    for (auto d = from; d < to; ++d) {
      const std::chrono::weekday w(std::chrono::sys_days(std::chrono::year(2000) / 1 / 1) + std::chrono::days(d));
      const bool weekend = std::find(free.begin(), free.end(), static_cast<std::int32_t>(w.iso_encoding())) != free.end();
      count += weekend || off.count(static_cast<std::int32_t>(d)) > 0 ? 0 : 1;
    }
    EXPECT_EQ(working_days(from, to, Weekend(free), holidays), count);
  }
}

TEST(Cycle, RefusesDaysOfTheWeekThatThereAreNot) {
  const std::int32_t zero[] = {0}, eight[] = {6, 8};
  EXPECT_THROW(Weekend{zero}, Error);
  EXPECT_THROW(Weekend{eight}, Error);
}

}  // namespace
