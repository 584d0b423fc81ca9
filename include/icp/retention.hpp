// Retention from purchases: the share of the expected periods with one.
#pragma once

#include <cstdint>
#include <optional>

namespace icp {

// Bit i - 1 of `bought` says that there was a purchase in period i, which ends every · i days after `since`. Nothing until
// all periods have passed by `until`. Error (invalid_parameter): every below 1, periods other than 1 to 63.
std::optional<double> retention(std::uint64_t bought, std::int64_t since, std::int64_t until, std::int32_t every, std::int32_t periods);

}  // namespace icp
