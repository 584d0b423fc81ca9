// icp_dqs(): the deal quality score of a row of the deals view.
#include "icp/deal.hpp"
#include "icp/dqs.hpp"
#include "icp/error.hpp"

#include "pg/dqs.hpp"
#include "pg/kept.hpp"
#include "pg/lead.hpp"
#include "pg/memory.hpp"
#include "pg/row.hpp"
#include "pg/varlena.hpp"
#include "pg/zone.hpp"

namespace icp::pg {

namespace {

constexpr int weights_index = 2, scale_index = 3;

std::vector<RowReader::Column> wanted(const DealReader& deals) {
  std::vector<RowReader::Column> out;
  for (const std::string& name : deals.columns()) out.push_back({name, false});
  return out;
}

// A model's deals at one call site, with the weights and the scale that the call gives in place of the model's.
class Deals {
 public:
  Deals(MemoryContext memory, const SharedScorer& scorer)
      : deals_(parse_options(scorer->model().options)), rows_(memory, wanted(deals_)), zone_(zone_of(deals_.options().timezone)) {}

  std::optional<double> score(FunctionCallInfo fcinfo, RowForm form) {
    const auto values = form == RowForm::record ? rows_.read_record(PG_GETARG_DATUM(0)) : rows_.read_json(PG_GETARG_DATUM(0));
    if (!rows_.present(DealReader::outcome_column)) deals_.no_outcome();
    if (deals_.outcome(values) != Outcome::won) return std::nullopt;
    const bool what_if = !PG_ARGISNULL(weights_index) || !PG_ARGISNULL(scale_index);
    if (!what_if)
      if (const auto given = deals_.given(values)) return given;
    std::uint8_t faults = 0;  // a value that cannot be makes its part unknown
    const double score = scorer(fcinfo).score(deals_.inputs(values, zone_), faults);
    return std::isnan(score) ? std::nullopt : std::optional(score);
  }

 private:
  const DqsScorer& scorer(FunctionCallInfo fcinfo) {
    bool changed = !scorer_;
    const auto look = [&](KeptArgument& kept, int index, bool& was_given) {
      const bool given = !PG_ARGISNULL(index);
      if (given != was_given || (given && kept.changed(fcinfo, index))) changed = true;
      was_given = given;
    };
    look(weights_, weights_index, weights_given_);
    look(scale_, scale_index, scale_given_);
    if (!changed) return *scorer_;
    scorer_.reset();
    weights_.forget();
    scale_.forget();
    const Options& o = deals_.options();
    scorer_.emplace(weights_given_ ? argument<DqsWeights>(fcinfo, weights_index) : parse_dqs_weights(o.dqs_weights),
                    scale_given_ ? argument<DqsScale>(fcinfo, scale_index) : parse_dqs_scale(o.dqs_scale));
    if (weights_given_) {
      weights_.changed(fcinfo, weights_index);
      weights_.keep(fcinfo, weights_index);
    }
    if (scale_given_) {
      scale_.changed(fcinfo, scale_index);
      scale_.keep(fcinfo, scale_index);
    }
    return *scorer_;
  }

  DealReader deals_;
  RowReader rows_;
  Zone zone_;
  KeptArgument weights_, scale_;
  bool weights_given_ = false, scale_given_ = false;
  std::optional<DqsScorer> scorer_;
};

template <RowForm row, ModelForm model>
Datum deal_score(FunctionCallInfo fcinfo) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  const auto score = call_site<ModelSite<Deals>>(fcinfo).template get<model>(fcinfo, 1).score(fcinfo, row);
  if (!score) PG_RETURN_NULL();
  PG_RETURN_FLOAT8(*score);
}

}  // namespace

ICP_SCORING_FUNCTION(icp_dqs, deal_score)

}  // namespace icp::pg
