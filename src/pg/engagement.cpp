// icp_engagement, icp_engagement_agg(), icp_engagement_merge(), icp_engagement_at().
#include "icp/engagement.hpp"

#include "pg/words.hpp"

ICP_TYPE_NAME(icp::Engagement, "icp_engagement")

using State = icp::pg::InPlace<icp::Engagement, icp::EngagementWords>;

ICP_IN_PLACE_FUNCTIONS(State, icp_engagement)

namespace {

// A month is 30 days and a day 24 hours, as where PostgreSQL compares intervals.
std::int64_t half_life_argument(FunctionCallInfo fcinfo, int index) {
  if (PG_ARGISNULL(index))
    throw icp::Error(icp::ErrorCode::invalid_parameter, "the half-life of an engagement is NULL", {}, "For example interval '14 days'.");
  const Interval* i = PG_GETARG_INTERVAL_P(index);
  const __int128 span = static_cast<__int128>(i->time) + (static_cast<__int128>(i->day) + static_cast<__int128>(i->month) * DAYS_PER_MONTH) * USECS_PER_DAY;
  if (span > std::numeric_limits<std::int64_t>::max())
    throw icp::Error(icp::ErrorCode::invalid_parameter, "the half-life of an engagement is too long");
  return static_cast<std::int64_t>(std::max<__int128>(span, -1));
}

// Microseconds since 2000; days are taken at midnight UTC. The infinities stay those of timestamps.
std::int64_t date_argument(FunctionCallInfo fcinfo, int index) {
  const DateADT date = PG_GETARG_DATEADT(index);
  return DATE_IS_NOBEGIN(date) ? DT_NOBEGIN : DATE_IS_NOEND(date) ? DT_NOEND : static_cast<std::int64_t>(date) * USECS_PER_DAY;
}
std::int64_t moment_argument(FunctionCallInfo fcinfo, int index) { return PG_GETARG_TIMESTAMPTZ(index); }

Datum step(FunctionCallInfo fcinfo, std::int64_t (*time_of)(FunctionCallInfo, int)) {
  if (PG_ARGISNULL(1) || PG_ARGISNULL(2)) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    return PG_GETARG_DATUM(0);
  }
  const double weight = PG_GETARG_FLOAT8(1);
  const std::int64_t at = time_of(fcinfo, 2), half_life = half_life_argument(fcinfo, 3);
  return State::step(fcinfo, [&](icp::EngagementWords& state) { return state.add(weight, at, half_life); });
}

Datum read(FunctionCallInfo fcinfo, std::int64_t as_of) {
  if (TIMESTAMP_NOT_FINITE(as_of))
    throw icp::Error(icp::ErrorCode::invalid_parameter, "as_of must be a finite time", "It is infinity or -infinity.");
  PG_RETURN_FLOAT8(State::argument(fcinfo, 0).at(as_of));
}

}  // namespace

ICP_FUNCTION(icp_engagement_step_moment) { return step(fcinfo, moment_argument); }
ICP_FUNCTION(icp_engagement_step_date) { return step(fcinfo, date_argument); }

ICP_FUNCTION(icp_engagement_combine) {
  if (PG_ARGISNULL(0) && PG_ARGISNULL(1)) PG_RETURN_NULL();
  if (PG_ARGISNULL(1)) return PG_GETARG_DATUM(0);
  if (PG_ARGISNULL(0)) return PG_GETARG_DATUM(1);
  return State::datum(icp::merge(State::argument(fcinfo, 0), State::argument(fcinfo, 1)));
}

ICP_FUNCTION(icp_engagement_at_moment) { return read(fcinfo, moment_argument(fcinfo, 1)); }
ICP_FUNCTION(icp_engagement_at_date) { return read(fcinfo, date_argument(fcinfo, 1)); }

ICP_FUNCTION(icp_engagement_known_from) {
  PG_RETURN_TIMESTAMPTZ(State::argument(fcinfo, 0).known_from().value_or(DT_NOBEGIN));
}
