// How much each feature tells about what makes a deal good: what the option `supervision` weighs features by.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "icp/table.hpp"

namespace icp {

struct Training;

// A weight, 0..1, for each column of `table`, whose rows are `rows` of the data: 1 less `supervision` times what the column
// lacks against the one that tells most about winning or deal quality (whichever it tells more of). What it tells is the
// share of the target's variance between its deciles, categories or most telling item, corrected for their number
// (epsilon squared, Kelley 1935) with companies as the units. All are 1 where no column tells anything.
std::vector<double> supervised_weights(const Training& training, const Table& table, std::span<const std::uint32_t> rows,
                                       double supervision);

}  // namespace icp
