// icp_maturity(), icp_maturity_parts(): digital maturity on a scale of one's own.
#include "icp/maturity.hpp"

#include "pg/memory.hpp"
#include "pg/reader.hpp"

using namespace icp::pg;

namespace {

// The scale of a call site: parsed once while its bytes stay the same.
struct ScaleSite {
  bool given = false;
  std::string bytes;
  icp::MaturityScale scale;
};

const icp::MaturityScale& scale_argument(FunctionCallInfo fcinfo) {
  auto& site = call_site<ScaleSite>(fcinfo);
  const std::string_view bytes = PG_ARGISNULL(1) ? std::string_view() : bytes_of(PG_GETARG_DATUM(1));
  if (site.given && site.bytes == bytes) return site.scale;
  site.given = false;
  site.scale = icp::parse_maturity_scale(PG_ARGISNULL(1) ? std::string_view() : json_argument(fcinfo, 1));
  site.bytes = bytes;
  site.given = true;
  return site.scale;
}

}  // namespace

ICP_FUNCTION(icp_maturity) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  const icp::MaturityScale& scale = scale_argument(fcinfo);
  return return_report_row(fcinfo, icp::report_maturity(scale, icp::score_maturity(scale, json_argument(fcinfo, 0))));
}

ICP_FUNCTION(icp_maturity_parts) {
  if (PG_ARGISNULL(0)) {
    ResultSet nothing(fcinfo);
    return ResultSet::done();
  }
  const icp::MaturityScale& scale = scale_argument(fcinfo);
  return return_report(fcinfo, icp::report_maturity_parts(scale, icp::score_maturity(scale, json_argument(fcinfo, 0)), language_argument(fcinfo, 2)));
}
