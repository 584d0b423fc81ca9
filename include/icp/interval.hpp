// Intervals of shares and rates.
#pragma once

#include <cstdint>

namespace icp {

struct Interval {
  double low = 0, high = 0;
};

// Of a share seen among `number` independent observations: Wilson (1927). 0 and 1 are ends where nothing, or all, was seen.
Interval share_interval(double share, double number, double level = 0.95);
// Of a rate of events over an exposure above 0: Gamma(events + 1/2, exposure), Jeffreys' prior (1946); from 0 where nothing
// happened.
Interval rate_interval(std::int64_t events, double exposure, double level = 0.95);

}  // namespace icp
