// icp_quick_start(): what unites the best few deals.
#include "icp/language.hpp"
#include "icp/quickstart.hpp"

#include "pg/memory.hpp"
#include "pg/report.hpp"
#include "pg/sample.hpp"

using namespace icp::pg;

ICP_FUNCTION(icp_quick_start_final) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  const SampleRows rows(PG_GETARG_DATUM(0));
  return return_report_array(fcinfo, icp::report_quick_start(icp::find_uniting(rows.sample, rows.zone, stop()), icp::language_option(rows.sample.options())));
}
