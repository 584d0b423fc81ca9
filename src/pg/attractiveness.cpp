// icp_attractiveness(): which segments to choose.
#include "icp/attractiveness.hpp"

#include "pg/memory.hpp"
#include "pg/report.hpp"
#include "pg/sample.hpp"

using namespace icp::pg;

ICP_FUNCTION(icp_attractiveness_final) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  const SampleRows rows(PG_GETARG_DATUM(0));
  return return_report_array(fcinfo, icp::report_attractiveness(icp::rank_segments(rows.sample, rows.zone, stop())));
}
