// Acquisition costs shared out over the deals that they brought, exactly.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "icp/stop.hpp"

namespace icp {

// Shares of `total` in proportion to `weights`, which sum to it exactly: the largest remainder method (Hamilton 1792; Balinski
// & Young, Fair Representation, 1982). A share is a multiple of 10^-digits, or of the last digit of the total where that has
// more. All are rounded down, and the units left over go to the largest remainders, equal ones in order of place. Where no
// weight is above 0 all count alike; a negative total is shared out as its opposite. Numbers are decimals as PostgreSQL writes
// numeric. Error (invalid_parameter): a negative weight, what is no finite decimal, digits outside 0 to 30.
std::vector<std::string> allocate(std::string_view total, const std::vector<std::string>& weights, int digits, const Stop& stop);

}  // namespace icp
