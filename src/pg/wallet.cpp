// potential_model, potential_fit(), potential_estimate() and the readers of a model.
#include "icp/error.hpp"
#include "icp/language.hpp"
#include "icp/wallet.hpp"

#include <memory>
#include <string>
#include <vector>

#include "pg/kept.hpp"
#include "pg/memory.hpp"
#include "pg/reader.hpp"
#include "pg/report.hpp"
#include "pg/result.hpp"
#include "pg/row.hpp"
#include "pg/sample.hpp"
#include "pg/varlena.hpp"
#include "pg/zone.hpp"

ICP_TYPE_NAME(icp::WalletModel, "potential_model")
ICP_TYPE_FUNCTIONS(icp::WalletModel, potential_model)

namespace icp::pg {

namespace {

[[noreturn]] void no_model() {
  throw Error(ErrorCode::undefined_object, "the model is NULL", {}, "potential_fit() of no rows gives NULL.");
}

// What was made of the model at a call site.
class WalletSite {
 public:
  // The model in an argument, parsed again only where it is another one.
  void take(FunctionCallInfo fcinfo, int argument) {
    if (PG_ARGISNULL(argument)) no_model();
    if (!model_.changed(fcinfo, argument) && scorer_ != nullptr) return;
    reader_.reset();
    model_.forget();
    auto model = pg::argument<WalletModel>(fcinfo, argument);
    const Zone zone = zone_of(parse_options(model.options).timezone);
    scorer_ = std::make_unique<WalletScorer>(std::move(model), zone);
    buffer_ = scorer_->buffer();
    std::vector<RowReader::Column> wanted;
    for (const std::string& name : scorer_->columns()) wanted.push_back({name});
    reader_ = std::make_unique<RowReader>(fcinfo->flinfo->fn_mcxt, std::move(wanted));
    model_.changed(fcinfo, argument);
    model_.keep(fcinfo, argument);
  }
  PotentialFigure estimate(Datum row, bool json) {
    const std::span<const Value> values = json ? reader_->read_json(row) : reader_->read_record(row);
    const std::size_t features = scorer_->model().encoder.features.size();
    bool any = features == 0;
    for (std::size_t f = 0; f < features && !any; ++f) any = reader_->present(f);
    if (!any) scorer_->no_features();
    return scorer_->estimate(values, buffer_);
  }

 private:
  KeptArgument model_;
  std::unique_ptr<WalletScorer> scorer_;
  std::unique_ptr<RowReader> reader_;
  WalletBuffer buffer_;
};

struct FigureSite : WalletSite {
  std::unique_ptr<ResultSet> result;
};

void set_number(ResultSet& r, const char* column, const std::optional<double>& v) {
  if (v) r.number(column, *v);
}
void set_text(ResultSet& r, const char* column, const std::string& v) {
  if (!v.empty()) r.text(column, v);
}
void set_date(ResultSet& r, const char* column, const std::optional<double>& day) {
  if (!day) return;
  const double floor = std::floor(*day);
  if (floor >= -2451545 && floor < 2145031948) r.datum(column, DateADTGetDatum(static_cast<DateADT>(floor)));
}

void set_figure(ResultSet& r, const PotentialFigure& f) {
  set_number(r, "potential", f.potential);
  set_number(r, "lo", f.low);
  set_number(r, "hi", f.high);
  if (f.n > 0) r.integer("n", f.n);
  set_number(r, "median", f.median);
  set_number(r, "q95", f.high_quantile);
  set_number(r, "p_buyer", f.buys);
  set_number(r, "expected_reached", f.reach);
  if (f.underestimated) r.boolean("underestimated", *f.underestimated);
  set_text(r, "cohort", f.cohort);
  set_text(r, "basis", f.basis);
  set_text(r, "source", f.source);
  set_date(r, "dated", f.dated);
  std::string verdicts;
  for (const EvidenceCheck& e : f.evidence) verdicts += (verdicts.empty() ? "" : ", ") + e.kind + ": " + e.verdict + (e.verified ? "" : ", unverified");
  set_text(r, "evidence", verdicts);
  r.text("reliability", f.reliability);
}

Datum estimate(FunctionCallInfo fcinfo, bool json) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  auto& site = call_site<FigureSite>(fcinfo);
  site.take(fcinfo, 1);
  if (site.result == nullptr) {
    const InContext in(fcinfo->flinfo->fn_mcxt);
    site.result = std::make_unique<ResultSet>(fcinfo, ResultSet::AsRow{});
  }
  set_figure(*site.result, site.estimate(PG_GETARG_DATUM(0), json));
  return site.result->row();
}

Datum evidence(FunctionCallInfo fcinfo, bool json) {
  ResultSet rows(fcinfo);
  if (PG_ARGISNULL(0)) return rows.done();
  auto& site = call_site<WalletSite>(fcinfo);
  site.take(fcinfo, 1);
  const std::string language = language_code(language_argument(fcinfo, 2));
  for (const EvidenceCheck& e : site.estimate(PG_GETARG_DATUM(0), json).evidence) {
    rows.text("kind", e.kind).number("figure", e.figure).text("verdict", e.verdict).boolean("verified", e.verified).boolean("used", e.used);
    set_text(rows, "source", e.source);
    set_date(rows, "dated", e.dated);
    rows.text("text", verdict_text(e, language));
    rows.emit();
  }
  return rows.done();
}

WalletModel model_of_argument(FunctionCallInfo fcinfo) {
  if (PG_ARGISNULL(0)) no_model();
  return argument<WalletModel>(fcinfo, 0);
}

}  // namespace

}  // namespace icp::pg

using namespace icp::pg;

ICP_FUNCTION(potential_fit_final) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  const SampleRows rows(PG_GETARG_DATUM(0));
  return make_datum(icp::fit_wallet(rows.sample, rows.zone, stop(), memory_limit()));
}

ICP_FUNCTION(potential_estimate_record) { return estimate(fcinfo, false); }
ICP_FUNCTION(potential_estimate_jsonb) { return estimate(fcinfo, true); }
ICP_FUNCTION(potential_evidence_record) { return evidence(fcinfo, false); }
ICP_FUNCTION(potential_evidence_jsonb) { return evidence(fcinfo, true); }

ICP_FUNCTION(potential_groups) { return return_report(fcinfo, icp::report_groups(model_of_argument(fcinfo))); }
ICP_FUNCTION(potential_summary) { return return_report_row(fcinfo, icp::report_wallet(model_of_argument(fcinfo))); }
ICP_FUNCTION(potential_diagnostics) { return return_report(fcinfo, icp::report_findings(model_of_argument(fcinfo).findings)); }
