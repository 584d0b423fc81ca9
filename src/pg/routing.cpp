// icp_measure_managers(): what can be expected of each manager in each cohort.
#include "icp/routing.hpp"

#include "pg/reader.hpp"
#include "pg/sample.hpp"

using namespace icp::pg;

ICP_FUNCTION(icp_measure_managers) {
  const icp::Model& model = model_argument(fcinfo, By::value, 1);
  const SampleRows deals(PG_GETARG_DATUM(0));
  return return_report(fcinfo, icp::report_managers(model, deals.sample, deals.zone, stop()));
}
