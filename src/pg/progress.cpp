#include "pg/guard.hpp"

extern "C" {
#include "access/xact.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

PGDLLEXPORT void _PG_init(void);
}

namespace icp::pg {

namespace {

bool wanted = false;
constexpr TimestampTz pause = 1'000'000;  // microseconds from the beginning of a statement, and from notice to notice

void define_settings() {
  DefineCustomBoolVariable("icp.progress", "Says once a second what a long computation of icp is doing.",
                           "As a NOTICE, with the share of that step that is done.", &wanted, false, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  reserve_settings("icp");
}

}  // namespace

void report_progress(void*, const char* what, double share) {
  if (__builtin_expect(!wanted, 1)) return;
  static TimestampTz last = 0;
  const TimestampTz now = GetCurrentTimestamp();
  if (now - std::max(last, GetCurrentStatementStartTimestamp()) < pause) return;
  last = now;
  pg_call([&] { ereport(NOTICE, (errmsg("%s, %d %%", what, static_cast<int>(100 * share)))); });
}

}  // namespace icp::pg

extern "C" void _PG_init(void) { icp::pg::define_settings(); }
