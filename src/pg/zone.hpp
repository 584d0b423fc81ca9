// Time zones: wall-clock time to UTC by PostgreSQL's own rules.
#pragma once

#include <string_view>

#include "icp/dataset.hpp"

#include "pg/guard.hpp"

namespace icp::pg {

// The zone of that name (case does not matter), as pg_timezone_names lists them; good for the life of the process.
// A wall-clock time that a change of the clocks skips or repeats is read by standard time, as PostgreSQL does.
// Error: invalid_parameter.
Zone zone_of(std::string_view name);

}  // namespace icp::pg
