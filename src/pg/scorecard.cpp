// icp_scorecard(), icp_reach().
#include "icp/scorecard_report.hpp"

#include "pg/reader.hpp"

using namespace icp::pg;

ICP_READER(icp_scorecard, icp::report_scorecard(model, language_argument(fcinfo, 1)))
ICP_READER(icp_reach, icp::report_reach(model))
