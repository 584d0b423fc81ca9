// icp_share_interval(), icp_rate_interval(), icp_expected_moves().
#include "icp/interval.hpp"
#include "icp/ledger.hpp"

#include "pg/array.hpp"
#include "pg/result.hpp"

using namespace icp::pg;

namespace {

Datum interval_row(FunctionCallInfo fcinfo, icp::Interval interval) {
  ResultSet row(fcinfo, ResultSet::AsRow{});
  row.number("lo", interval.low).number("hi", interval.high);
  return row.row();
}

}  // namespace

ICP_FUNCTION(icp_share_interval) {
  const std::int64_t seen = PG_GETARG_INT64(0), of = PG_GETARG_INT64(1);
  if (seen < 0 || seen > of) throw icp::Error(icp::ErrorCode::invalid_parameter, "a share needs a count from 0 to the number that it is of");
  if (of == 0) PG_RETURN_NULL();
  return interval_row(fcinfo, icp::share_interval(static_cast<double>(seen) / static_cast<double>(of), static_cast<double>(of)));
}

ICP_FUNCTION(icp_rate_interval) {
  if (PG_GETARG_INT64(0) == 0 && PG_GETARG_FLOAT8(1) == 0) PG_RETURN_NULL();
  return interval_row(fcinfo, icp::rate_interval(PG_GETARG_INT64(0), PG_GETARG_FLOAT8(1)));
}

ICP_FUNCTION(icp_expected_moves) {
  const auto days = numbers(PG_GETARG_DATUM(0), "days");
  const auto clients = long_integers(PG_GETARG_DATUM(1), "clients"), moved = long_integers(PG_GETARG_DATUM(2), "moved");
  if (clients.size() != days.size() || moved.size() != days.size())
    throw icp::Error(icp::ErrorCode::invalid_parameter, "days, clients and moved must have an element for each window");
  std::vector<icp::MoveWindow> windows;
  bool known = false;
  for (std::size_t i = 0; i < days.size(); ++i) {
    windows.push_back({days[i], clients[i], moved[i]});
    known = known || (days[i] != 0 && clients[i] != 0);
  }
  if (!known) PG_RETURN_NULL();
  const icp::MoveForecast f =
      icp::forecast_moves(windows, PG_GETARG_INT64(3), PG_GETARG_FLOAT8(4), PG_GETARG_INT64(5), PG_GETARG_FLOAT8(6), stop());
  ResultSet row(fcinfo, ResultSet::AsRow{});
  row.number("expected", f.expected);
  if (f.enough) row.number("enough", *f.enough);
  if (f.low && f.high) row.integer("lo", *f.low).integer("hi", *f.high);
  row.number("rate", f.rate).number("correlation", f.correlation);
  return row.row();
}
