// icp_scorecard(), icp_reach(), icp_reach_check().
#include "icp/scorecard_report.hpp"

#include "pg/reader.hpp"

using namespace icp::pg;

ICP_READER(icp_scorecard, icp::report_scorecard(model, language_argument(fcinfo, 1)))
ICP_READER(icp_reach, icp::report_reach(model))

namespace {

Datum reach_check(FunctionCallInfo fcinfo, By by) {
  if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3)) PG_RETURN_NULL();
  const icp::Model& model = model_argument(fcinfo, by);
  return return_report_row(fcinfo, icp::report_reach_check(model, PG_GETARG_FLOAT8(1), PG_GETARG_INT64(2), PG_GETARG_INT64(3)));
}

}  // namespace

ICP_FUNCTION(icp_reach_check_value) { return reach_check(fcinfo, By::value); }
ICP_FUNCTION(icp_reach_check_name) { return reach_check(fcinfo, By::name); }
