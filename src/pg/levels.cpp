// icp_levels(): the levels of segmentation in a model.
#include "icp/levels.hpp"

#include "pg/reader.hpp"

using namespace icp::pg;

ICP_READER(icp_levels, icp::report_levels(model, language_argument(fcinfo, 1)))
