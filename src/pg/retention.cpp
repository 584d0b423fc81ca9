// icp_retention().
#include "icp/retention.hpp"

#include "pg/guard.hpp"

ICP_FUNCTION(icp_retention) {
  for (const int argument : {1, 2, 3, 4})
    if (PG_ARGISNULL(argument)) PG_RETURN_NULL();
  const std::uint64_t bought = PG_ARGISNULL(0) ? 0 : static_cast<std::uint64_t>(PG_GETARG_INT64(0));
  const DateADT since = PG_GETARG_DATEADT(1), until = PG_GETARG_DATEADT(2);
  const auto retention = icp::retention(bought, since, until, PG_GETARG_INT32(3), PG_GETARG_INT32(4));
  if (!retention || DATE_NOT_FINITE(since)) PG_RETURN_NULL();
  PG_RETURN_FLOAT8(*retention);
}
