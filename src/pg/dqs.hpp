// Deals as arguments, and the stored types of the deal quality score.
#pragma once

#include "icp/dqs.hpp"

#include "pg/varlena.hpp"

ICP_TYPE_NAME(icp::DqsWeights, "dqs_weights")
ICP_TYPE_NAME(icp::DqsScale, "dqs_scale")

namespace icp::pg {

inline double deal_argument(FunctionCallInfo fcinfo, int index, const char* name) {
  return PG_ARGISNULL(index) ? DealInputs::unknown : finite_argument(PG_GETARG_FLOAT8(index), name);
}

// The five arguments ltv, cac, cycle_days, retention, effort from `first` on; NULL is unknown, NaN and infinities are
// errors.
inline DealInputs deal_arguments(FunctionCallInfo fcinfo, int first) {
  return {deal_argument(fcinfo, first, "ltv"), deal_argument(fcinfo, first + 1, "cac"), deal_argument(fcinfo, first + 2, "cycle_days"),
          deal_argument(fcinfo, first + 3, "retention"), deal_argument(fcinfo, first + 4, "effort")};
}

}  // namespace icp::pg
