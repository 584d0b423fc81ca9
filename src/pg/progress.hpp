// The setting icp.progress.
#pragma once

#include "pg/compat.hpp"

namespace icp::pg {

extern bool progress_wanted;
// Raises a NOTICE where one is due. In PostgreSQL's way: call it protected.
void tell_progress();

}  // namespace icp::pg
