#include "pg/guard.hpp"
#include "pg/progress.hpp"

extern "C" {
#include "access/xact.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

PGDLLEXPORT void _PG_init(void);
}

namespace icp::pg {

bool progress_wanted = false;

namespace {

constexpr TimestampTz pause = 1'000'000;  // microseconds from the beginning of a statement, and from notice to notice

// What the statement that began then is doing.
struct {
  TimestampTz statement;
  const char* what;
  double share;
} doing;

void define_settings() {
  DefineCustomBoolVariable("icp.progress", "Says once a second what a long computation of icp is doing.",
                           "As a NOTICE, with the share of that step that is done.", &progress_wanted, false, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  reserve_settings("icp");
}

}  // namespace

void report_progress(void*, const char* what, double share) {
  if (progress_wanted) doing = {GetCurrentStatementStartTimestamp(), what, share};
}

void tell_progress() {
  static TimestampTz last = 0;
  const TimestampTz now = GetCurrentTimestamp(), statement = GetCurrentStatementStartTimestamp();
  if (doing.statement != statement || now - std::max(last, statement) < pause) return;
  last = now;
  ereport(NOTICE, (errmsg("%s, %d %%", doing.what, static_cast<int>(100 * doing.share))));
}

}  // namespace icp::pg

extern "C" void _PG_init(void) { icp::pg::define_settings(); }
