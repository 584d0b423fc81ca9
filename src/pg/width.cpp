// icp_width(): how much of a base of companies a model's cohorts take in.
#include "icp/width.hpp"

#include "pg/reader.hpp"
#include "pg/sample.hpp"

using namespace icp::pg;

namespace {

// The arguments are base, model, most_rows, most_share, language.
Datum width(FunctionCallInfo fcinfo, By by) {
  const icp::Model& model = model_argument(fcinfo, by, 1);
  if (PG_ARGISNULL(0)) {
    ResultSet nothing(fcinfo);
    return ResultSet::done();
  }
  icp::WidthLimits limits;
  if (!PG_ARGISNULL(2)) limits.rows = static_cast<double>(PG_GETARG_INT64(2));
  if (!PG_ARGISNULL(3)) limits.share = PG_GETARG_FLOAT8(3);
  const SampleRows base(PG_GETARG_DATUM(0));
  return return_report(fcinfo, icp::report_width(model, base.sample, base.zone, limits, language_argument(fcinfo, 4), stop()));
}

}  // namespace

ICP_FUNCTION(icp_width_value) { return width(fcinfo, By::value); }
ICP_FUNCTION(icp_width_name) { return width(fcinfo, By::name); }
