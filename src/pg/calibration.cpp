// dqs_calibration, the state of the aggregate dqs_calibrate().
#include "icp/calibration.hpp"

#include "pg/dqs.hpp"
#include "pg/words.hpp"

ICP_TYPE_NAME(icp::Calibration, "dqs_calibration")

using State = icp::pg::InPlace<icp::Calibration, icp::CalibrationWords>;

ICP_IN_PLACE_FUNCTIONS(State, dqs_calibration)

ICP_FUNCTION(dqs_calibrate_add) {
  const icp::DealInputs deal = icp::pg::deal_arguments(fcinfo, 1);
  return State::step(fcinfo, [&](icp::CalibrationWords& state) { return state.add(deal); });
}

ICP_FUNCTION(dqs_calibrate_combine) { return State::datum(icp::merge(State::argument(fcinfo, 0), State::argument(fcinfo, 1))); }

ICP_FUNCTION(dqs_calibrate_final) {
  const auto scale = icp::calibrated_scale(State::argument(fcinfo, 0));
  if (!scale) PG_RETURN_NULL();
  return icp::pg::make_datum(*scale);
}
