// icp_discover(): rules for any column of any rows.
#include "icp/language.hpp"
#include "icp/rule.hpp"

#include "pg/memory.hpp"
#include "pg/report.hpp"
#include "pg/sample.hpp"
#include "pg/varlena.hpp"

using namespace icp::pg;

ICP_FUNCTION(icp_discover_final) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  const SampleRows rows(PG_GETARG_DATUM(0));
  return return_report_array(fcinfo, icp::report_rules(icp::discover_rules(rows.sample, rows.zone, stop(), memory_limit()),
                                                       icp::language_option(rows.sample.options())));
}
