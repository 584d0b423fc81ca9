// dqs_weights, dqs_scale, dqs(), dqs_parts(), dqs_band().
#include "icp/dqs.hpp"

#include <optional>
#include <string>

#include "pg/dqs.hpp"
#include "pg/memory.hpp"
#include "pg/result.hpp"
#include "pg/varlena.hpp"

using icp::pg::call_site;

ICP_FUNCTION(dqs_weights_in) { return icp::pg::make_datum(icp::parse_dqs_weights(icp::pg::to_core(PG_GETARG_CSTRING(0)))); }
ICP_FUNCTION(dqs_weights_out) {
  return PointerGetDatum(icp::pg::make_cstring(icp::dqs_weights_text(icp::pg::argument<icp::DqsWeights>(fcinfo, 0))));
}
ICP_FUNCTION(dqs_weights_recv) { return icp::pg::type_recv<icp::DqsWeights>(fcinfo); }
ICP_FUNCTION(dqs_weights_send) { return icp::pg::type_send<icp::DqsWeights>(fcinfo); }

ICP_FUNCTION(dqs_scale_in) { return icp::pg::make_datum(icp::parse_dqs_scale(icp::pg::to_core(PG_GETARG_CSTRING(0)))); }
ICP_FUNCTION(dqs_scale_out) { return icp::pg::type_out<icp::DqsScale>(fcinfo); }
ICP_FUNCTION(dqs_scale_recv) { return icp::pg::type_recv<icp::DqsScale>(fcinfo); }
ICP_FUNCTION(dqs_scale_send) { return icp::pg::type_send<icp::DqsScale>(fcinfo); }

namespace {

// An argument that is the same in most calls, so that what was made of it can be kept. Only a constant of the
// expression is known to stay; anything else is compared byte for byte as it was passed: equal bytes are equal values,
// compressed ones too, and equal TOAST pointers within one call site name the same stored value.
class KeptArgument {
 public:
  // True when the argument is not what it was at the last call.
  bool changed(FunctionCallInfo fcinfo, int index) {
    if (constant_) return false;
    const auto* p = static_cast<const char*>(DatumGetPointer(PG_GETARG_DATUM(index)));
    // What an indirect pointer points to can change.
    const bool comparable = !VARATT_IS_EXTERNAL(p) || VARATT_IS_EXTERNAL_ONDISK(p);
    const std::size_t size = VARSIZE_ANY(p);
    if (known_ && comparable && size == bytes_.size() && std::memcmp(p, bytes_.data(), size) == 0) return false;
    known_ = comparable;
    if (comparable) bytes_.assign(p, size);
    return true;
  }
  // After the value was made: constants need no look from now on.
  void keep(FunctionCallInfo fcinfo, int index) { constant_ = is_constant(fcinfo->flinfo->fn_expr, index); }
  void forget() { constant_ = known_ = false; }

 private:
  static bool is_constant(const Node* call, int index) {
    if (call == nullptr || !IsA(call, FuncExpr)) return false;
    const List* arguments = reinterpret_cast<const FuncExpr*>(call)->args;
    return index < list_length(arguments) && IsA(list_nth(arguments, index), Const);
  }

  std::string bytes_;
  bool known_ = false, constant_ = false;
};

struct ScorerSite {
  KeptArgument weights, scale;
  std::optional<icp::DqsScorer> scorer;
};

constexpr int weights_index = 5, scale_index = 6;

const icp::DqsScorer& scorer_of(FunctionCallInfo fcinfo) {
  auto& site = call_site<ScorerSite>(fcinfo);
  const bool weights_changed = site.weights.changed(fcinfo, weights_index);
  const bool scale_changed = site.scale.changed(fcinfo, scale_index);
  if (weights_changed || scale_changed || !site.scorer) {
    site.scorer.reset();
    try {
      site.scorer.emplace(icp::pg::argument<icp::DqsWeights>(fcinfo, weights_index), icp::pg::argument<icp::DqsScale>(fcinfo, scale_index));
    } catch (...) {
      site.weights.forget();
      site.scale.forget();
      throw;
    }
    site.weights.keep(fcinfo, weights_index);
    site.scale.keep(fcinfo, scale_index);
  }
  return *site.scorer;
}

struct ScaleSite {
  KeptArgument scale;
  std::optional<std::array<double, 2>> bands;
};

}  // namespace

ICP_FUNCTION(dqs) {
  if (PG_ARGISNULL(weights_index) || PG_ARGISNULL(scale_index)) PG_RETURN_NULL();
  const icp::DqsScorer& scorer = scorer_of(fcinfo);
  const icp::DealInputs deal = icp::pg::deal_arguments(fcinfo, 0);
  std::uint8_t faults = 0;
  const double score = scorer.score(deal, faults);
  if (faults != 0) icp::require_no_faults(deal, faults);
  if (std::isnan(score)) PG_RETURN_NULL();
  PG_RETURN_FLOAT8(score);
}

ICP_FUNCTION(dqs_parts) {
  icp::pg::ResultSet rows(fcinfo);
  if (PG_ARGISNULL(weights_index) || PG_ARGISNULL(scale_index)) return rows.done();
  const icp::DealInputs deal = icp::pg::deal_arguments(fcinfo, 0);
  const icp::DealScore score = scorer_of(fcinfo).explain(deal);
  icp::require_no_faults(deal, score.faults);
  for (std::size_t c = 0; c < icp::dqs_components; ++c) {
    const icp::DqsPart& part = score.parts[c];
    rows.text("component", icp::dqs_component_names[c]).number("raw", part.raw).number("score", part.score);
    rows.number("weight", part.weight).number("contribution", part.contribution).emit();
  }
  return rows.done();
}

ICP_FUNCTION(dqs_band) {
  auto& site = call_site<ScaleSite>(fcinfo);
  if (site.scale.changed(fcinfo, 1) || !site.bands) {
    site.bands.reset();
    site.bands = icp::pg::argument<icp::DqsScale>(fcinfo, 1).bands;
    site.scale.keep(fcinfo, 1);
  }
  return icp::pg::make_text(icp::dqs_band(PG_GETARG_FLOAT8(0), *site.bands));
}
