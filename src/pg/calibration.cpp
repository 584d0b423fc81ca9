// dqs_calibration, the state of the aggregate dqs_calibrate(): a varlena of 64-bit words after eight bytes of header,
// changed in place.
#include "icp/calibration.hpp"

#include "pg/dqs.hpp"
#include "pg/memory.hpp"

ICP_TYPE_NAME(icp::Calibration, "dqs_calibration")

using icp::CalibrationWords;
using icp::pg::pg_call;

namespace {

constexpr std::size_t header_bytes = 8;

std::span<std::uint64_t> words_in(struct varlena* p) {
  const std::size_t size = VARSIZE(p);
  if (size < header_bytes) return {};
  return {reinterpret_cast<std::uint64_t*>(reinterpret_cast<char*>(p) + header_bytes), (size - header_bytes) / 8};
}

// A plain varlena that is aligned for its words: the argument itself, or a copy.
struct varlena* state_argument(FunctionCallInfo fcinfo, int index) {
  auto* p = reinterpret_cast<struct varlena*>(PG_GETARG_POINTER(index));
  if (VARATT_IS_EXTENDED(p)) p = pg_call([&] { return pg_detoast_datum(p); });
  if (reinterpret_cast<std::uintptr_t>(p) % 8 == 0) return p;
  auto* copy = static_cast<struct varlena*>(icp::pg::allocate(CurrentMemoryContext, VARSIZE(p)));
  std::memcpy(copy, p, VARSIZE(p));
  return copy;
}

icp::Calibration calibration_argument(FunctionCallInfo fcinfo, int index) {
  auto state = CalibrationWords(words_in(state_argument(fcinfo, index))).state();
  state.validate();
  return state;
}

struct varlena* make_state(const icp::Calibration& state, int capacity_class) {
  const std::size_t size = header_bytes + 8 * CalibrationWords::size(capacity_class);
  auto* p = static_cast<struct varlena*>(icp::pg::allocate(CurrentMemoryContext, size));
  std::memset(p, 0, size);
  SET_VARSIZE(p, size);
  CalibrationWords(words_in(p)).load(state);
  return p;
}

Datum state_datum(const icp::Calibration& state) { return PointerGetDatum(make_state(state, icp::capacity_class_of(state))); }

}  // namespace

ICP_FUNCTION(dqs_calibration_in) {
  return state_datum(icp::from_json<icp::Calibration>(icp::pg::to_core(PG_GETARG_CSTRING(0)), "dqs_calibration"));
}
ICP_FUNCTION(dqs_calibration_out) { return PointerGetDatum(icp::pg::make_cstring(icp::to_json(calibration_argument(fcinfo, 0)))); }
ICP_FUNCTION(dqs_calibration_recv) {
  return state_datum(icp::from_binary<icp::Calibration>(icp::pg::message_bytes(fcinfo), "dqs_calibration"));
}
ICP_FUNCTION(dqs_calibration_send) { return icp::pg::make_varlena(icp::to_binary(calibration_argument(fcinfo, 0))); }

ICP_FUNCTION(dqs_calibrate_add) {
  const icp::DealInputs deal = icp::pg::deal_arguments(fcinfo, 1);
  struct varlena* p;
  if (PG_ARGISNULL(0)) {
    p = make_state({}, 0);
  } else {
    auto* original = reinterpret_cast<struct varlena*>(PG_GETARG_POINTER(0));
    p = state_argument(fcinfo, 0);
    // Only the executor's own running state may be written to.
    if (p == original && AggCheckCallContext(fcinfo, nullptr) == 0) p = make_state(CalibrationWords(words_in(p)).state(), CalibrationWords(words_in(p)).capacity_class());
  }
  for (;;) {
    CalibrationWords state(words_in(p));
    if (state.add(deal)) break;
    p = make_state(state.state(), state.capacity_class() + 1);
  }
  PG_RETURN_POINTER(p);
}

ICP_FUNCTION(dqs_calibrate_combine) { return state_datum(icp::merge(calibration_argument(fcinfo, 0), calibration_argument(fcinfo, 1))); }

ICP_FUNCTION(dqs_calibrate_final) {
  const auto scale = icp::calibrated_scale(calibration_argument(fcinfo, 0));
  if (!scale) PG_RETURN_NULL();
  return icp::pg::make_datum(*scale);
}
