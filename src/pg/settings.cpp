// Settings, defined when the module is loaded.
#include "pg/progress.hpp"

extern "C" {
#include "utils/guc.h"

PGDLLEXPORT void _PG_init(void);

void _PG_init(void) {
  DefineCustomBoolVariable("icp.progress", "Says once a second what a long computation of icp is doing.",
                           "As a NOTICE, with the share of that step that is done.", &icp::pg::progress_wanted, false, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  reserve_settings("icp");
}
}
