#include "pg/guard.hpp"
#include "pg/progress.hpp"

extern "C" {
#include "access/xact.h"
#include "utils/timestamp.h"
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
