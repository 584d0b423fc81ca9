// dqs_weights, dqs_scale, dqs(), dqs_parts(), dqs_band().
#include "icp/dqs.hpp"

#include <optional>
#include <string>

#include "pg/dqs.hpp"
#include "pg/kept.hpp"
#include "pg/memory.hpp"
#include "pg/result.hpp"
#include "pg/varlena.hpp"

using icp::pg::call_site;
using icp::pg::KeptArgument;

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
