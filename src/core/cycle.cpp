#include "icp/cycle.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "icp/error.hpp"

namespace icp {

Weekend::Weekend(std::span<const std::int32_t> days) {
  for (const std::int32_t day : days) {
    if (day < 1 || day > 7)
      throw Error(ErrorCode::invalid_parameter, "a day of the weekend must be 1 to 7", fmt::format("It is {}.", day), "1 is Monday, 7 Sunday.");
    free_[day - 1] = true;
  }
}

int Weekend::working_days_a_week() const { return static_cast<int>(std::count(std::begin(free_), std::end(free_), false)); }

std::int64_t working_days(std::int64_t from, std::int64_t to, const Weekend& weekend, std::span<const std::int32_t> holidays) {
  const std::int64_t weeks = (to - from) / 7;
  std::int64_t days = weeks * weekend.working_days_a_week();
  for (std::int64_t day = from + 7 * weeks; day < to; ++day) days += weekend.free(day) ? 0 : 1;
  std::vector<std::int32_t> off;
  for (const std::int32_t day : holidays)
    if (day >= from && day < to && !weekend.free(day)) off.push_back(day);
  std::sort(off.begin(), off.end());
  return days - (std::unique(off.begin(), off.end()) - off.begin());
}

}  // namespace icp
