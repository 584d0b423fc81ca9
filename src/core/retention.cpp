#include "icp/retention.hpp"

#include <bit>

#include <fmt/format.h>

#include "icp/error.hpp"

namespace icp {

std::optional<double> retention(std::uint64_t bought, std::int64_t since, std::int64_t until, std::int32_t every, std::int32_t periods) {
  if (every < 1) throw Error(ErrorCode::invalid_parameter, "a period must last at least a day", fmt::format("every is {}.", every));
  if (periods < 1 || periods > 63)
    throw Error(ErrorCode::invalid_parameter, "there must be 1 to 63 periods", fmt::format("They are {}.", periods), "Let each last longer.");
  if (since + std::int64_t{every} * periods > until) return std::nullopt;
  return static_cast<double>(std::popcount(bought & ((std::uint64_t{1} << periods) - 1))) / periods;
}

}  // namespace icp
