// icp_completeness(): whether a profile says enough.
#include "icp/completeness.hpp"

#include "pg/reader.hpp"

using namespace icp::pg;

namespace {

icp::CompletenessNeeds needs(FunctionCallInfo fcinfo) {
  icp::CompletenessNeeds n;
  if (!PG_ARGISNULL(1)) n.metrics = PG_GETARG_INT32(1);
  if (!PG_ARGISNULL(2)) n.exclusions = PG_GETARG_INT32(2);
  if (!PG_ARGISNULL(3)) n.depth = PG_GETARG_INT32(3);
  return n;
}

}  // namespace

ICP_READER(icp_completeness, icp::report_completeness(model, needs(fcinfo), language_argument(fcinfo, 4)))
