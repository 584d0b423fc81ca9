// Days of moments.
#pragma once

#include "pg/guard.hpp"

namespace icp::pg {

// The day, since 2000, of a moment that is finite: of timestamptz in UTC, of timestamp as it is written.
inline DateADT day_of(Timestamp at) { return static_cast<DateADT>(at / USECS_PER_DAY - (at % USECS_PER_DAY < 0 ? 1 : 0)); }

}  // namespace icp::pg
