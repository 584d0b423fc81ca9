// icp_total(): an exact sum of numeric that knows when it is not known.
#include "pg/day.hpp"
#include "pg/numeric.hpp"

using icp::pg::pg_call;

namespace {

Datum not_known() { return icp::pg::make_numeric("NaN"); }
Datum zero() {
  return pg_call([&] { return DirectFunctionCall1(int4_numeric, Int32GetDatum(0)); });
}

// The days of PostgreSQL from 2000 on, UTC.
std::int64_t date_argument(FunctionCallInfo fcinfo) {
  const DateADT date = PG_GETARG_DATEADT(2);
  return date;
}
std::int64_t moment_argument(FunctionCallInfo fcinfo) {
  const Timestamp at = PG_GETARG_TIMESTAMP(2);
  if (TIMESTAMP_IS_NOBEGIN(at)) return DATEVAL_NOBEGIN;
  if (TIMESTAMP_IS_NOEND(at)) return DATEVAL_NOEND;
  return icp::pg::day_of(at);
}

// Arguments: state, amount, happened_at, until.
Datum step(FunctionCallInfo fcinfo, std::int64_t (*day_of)(FunctionCallInfo)) {
  if (PG_ARGISNULL(3)) return not_known();
  const bool has_state = !PG_ARGISNULL(0);
  const auto unchanged = [&] { return has_state ? PG_GETARG_DATUM(0) : zero(); };
  if (PG_ARGISNULL(2)) return PG_ARGISNULL(1) ? unchanged() : not_known();
  if (day_of(fcinfo) > PG_GETARG_DATEADT(3)) return unchanged();
  if (PG_ARGISNULL(1)) return not_known();
  const Datum amount = PG_GETARG_DATUM(1);
  if (!icp::pg::is_finite(amount)) return not_known();
  if (!has_state) return amount;
  return pg_call([&] { return DirectFunctionCall2(numeric_add, PG_GETARG_DATUM(0), amount); });
}

}  // namespace

ICP_FUNCTION(icp_total_step_date) { return step(fcinfo, date_argument); }
ICP_FUNCTION(icp_total_step_moment) { return step(fcinfo, moment_argument); }

ICP_FUNCTION(icp_total_final) {
  if (!icp::pg::is_finite(PG_GETARG_DATUM(0))) PG_RETURN_NULL();
  return PG_GETARG_DATUM(0);
}
