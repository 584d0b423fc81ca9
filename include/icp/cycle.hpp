// Working days between two days.
#pragma once

#include <cstdint>
#include <span>

namespace icp {

// Days of the week that are free, by ISO number: 1 Monday to 7 Sunday.
class Weekend {
 public:
  // Saturday and Sunday.
  Weekend() : free_{false, false, false, false, false, true, true} {}
  // Error (invalid_parameter): a number other than 1 to 7.
  explicit Weekend(std::span<const std::int32_t> days);

  // `day` is a number of days since 1 January 2000, a Saturday.
  bool free(std::int64_t day) const { return free_[weekday(day)]; }
  int working_days_a_week() const;

 private:
  static std::size_t weekday(std::int64_t day) { return static_cast<std::size_t>(((day + 5) % 7 + 7) % 7); }
  bool free_[7] = {};
};

// Working days from `from` until `to`, which itself does not count; to must not lie before from. Days are numbers as above;
// holidays are free besides, in any order and repeated or not.
std::int64_t working_days(std::int64_t from, std::int64_t to, const Weekend& weekend, std::span<const std::int32_t> holidays);

}  // namespace icp
