// icp_associations(): how strongly attributes go with any column of any rows.
#include "icp/association.hpp"

#include "pg/memory.hpp"
#include "pg/report.hpp"
#include "pg/sample.hpp"
#include "pg/varlena.hpp"

using namespace icp::pg;

ICP_FUNCTION(icp_associations_final) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  const SampleRows rows(PG_GETARG_DATUM(0));
  return return_report_array(fcinfo, icp::report_associations(icp::discover_associations(rows.sample, rows.zone, stop(), memory_limit())));
}
