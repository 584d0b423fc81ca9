// icp_working_days().
#include "icp/cycle.hpp"

#include "pg/array.hpp"

ICP_FUNCTION(icp_working_days) {
  using namespace icp::pg;
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) PG_RETURN_NULL();
  const DateADT from = PG_GETARG_DATEADT(0), to = PG_GETARG_DATEADT(1);
  if (DATE_NOT_FINITE(from) || DATE_NOT_FINITE(to) || to < from) PG_RETURN_NULL();
  icp::Weekend weekend;
  if (!PG_ARGISNULL(3)) weekend = icp::Weekend(integers(PG_GETARG_DATUM(3), "weekend"));
  std::vector<std::int32_t> holidays;
  if (!PG_ARGISNULL(2))
    holidays = elements<std::int32_t>(PG_GETARG_DATUM(2), DATEOID, 4, TYPALIGN_INT, "holidays", [](Datum d) { return DatumGetDateADT(d); });
  PG_RETURN_INT32(static_cast<std::int32_t>(icp::working_days(from, to, weekend, holidays)));
}
