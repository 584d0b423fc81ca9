#include "icp/error.hpp"
#include "icp/options.hpp"

#include "pg/memory.hpp"
#include "pg/reader.hpp"
#include "pg/registry.hpp"
#include "pg/report.hpp"
#include "pg/sample.hpp"
#include "pg/varlena.hpp"
#include "pg/zone.hpp"

using namespace icp::pg;
using icp::Error;
using icp::ErrorCode;
using icp::Model;
using icp::Report;

namespace {

Datum diff(FunctionCallInfo fcinfo, By by) {
  auto& site = call_site<Reader>(fcinfo);
  const Model& a = pinned(fcinfo, site.model, by, 0);
  const Model& b = pinned(fcinfo, site.other, by, 1);
  return return_report(fcinfo, icp::report_diff(a, b));
}

}  // namespace

// The type -----------------------------------------------------------------------------------------------------------

ICP_FUNCTION(icp_model_in) {
  return make_model(icp::from_json<Model>(to_core(PG_GETARG_CSTRING(0)), type_name<Model>));
}
ICP_FUNCTION(icp_model_out) { return PointerGetDatum(make_cstring(icp::to_json(model_of(PG_GETARG_DATUM(0))))); }
ICP_FUNCTION(icp_model_recv) {
  return make_model(icp::from_binary<Model>(message_bytes(fcinfo), type_name<Model>));
}
ICP_FUNCTION(icp_model_send) { return make_varlena(icp::to_binary(model_of(PG_GETARG_DATUM(0)))); }

// Learning -----------------------------------------------------------------------------------------------------------

ICP_FUNCTION(icp_fit_final) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  const SampleRows rows(PG_GETARG_DATUM(0));
  return make_model(icp::fit_model(rows.sample, rows.zone, stop(), memory_limit()));
}

ICP_FUNCTION(icp_findings) {
  const SampleRows rows(PG_GETARG_DATUM(0));
  return return_report(fcinfo, icp::report_findings(icp::check_deals(rows.sample, rows.zone, stop(), memory_limit())));
}

ICP_FUNCTION(icp_findings_model) {
  const SampleRows rows(PG_GETARG_DATUM(0));
  const Model model = model_of(PG_GETARG_DATUM(1));
  const icp::Zone zone = zone_of(icp::parse_options(model.options).timezone);
  return return_report(fcinfo, icp::report_findings(icp::check_leads(rows.sample, model, zone, stop(), memory_limit())));
}

// Readers ------------------------------------------------------------------------------------------------------------

ICP_READER(icp_cohorts, icp::report_cohorts(model, language_argument(fcinfo, 1)))
ICP_READER(icp_traits, icp::report_traits(model, language_argument(fcinfo, 1)))
ICP_READER(icp_rules, icp::report_rules(model, language_argument(fcinfo, 1)))
ICP_READER(icp_anti_icp, icp::report_anti_icp(model, language_argument(fcinfo, 1)))
ICP_READER(icp_metrics, icp::report_metrics(model))
ICP_READER(icp_label_results, icp::report_label_results(model))
ICP_READER(icp_diagnostics, icp::report_diagnostics(model))

ICP_FUNCTION(icp_diff_value) { return diff(fcinfo, By::value); }
ICP_FUNCTION(icp_diff_name) { return diff(fcinfo, By::name); }

// One row: what icp_train returns, but for `active`.
ICP_FUNCTION(icp_model_summary) {
  const Model& model = model_argument(fcinfo, By::value);
  const Report report = icp::report_training(model);
  ResultSet rows(fcinfo);
  set_cells(rows, report, 0);
  if (model.name) rows.text("model", *model.name);
  if (model.number) rows.integer("version", *model.number);
  rows.emit();
  return ResultSet::done();
}

// The registry's parts that need the core ------------------------------------------------------------------------------

ICP_FUNCTION(icp_load) {
  const std::string_view name = PG_ARGISNULL(0) ? std::string_view() : bytes_of(PG_GETARG_DATUM(0));
  return registered_model(fcinfo->flinfo->fn_oid, name).model;
}

ICP_FUNCTION(icp_model_options) { return make_jsonb(model_argument(fcinfo, By::value).options); }

ICP_FUNCTION(icp_merge_options) {
  const std::string merged = icp::merge_options(json_argument(fcinfo, 0), json_argument(fcinfo, 1));
  icp::parse_options(merged);
  return make_jsonb(merged);
}

ICP_FUNCTION(icp_model_stamp) {
  const Model& model = model_argument(fcinfo, By::value);
  if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
    throw Error(ErrorCode::invalid_parameter, "name and version of a model must not be NULL");
  std::optional<Model> previous;
  if (!PG_ARGISNULL(3)) previous = model_of(PG_GETARG_DATUM(3));
  return make_model(icp::stamp_model(model, std::string(text_argument(fcinfo, 1)), PG_GETARG_INT32(2), previous ? &*previous : nullptr));
}

ICP_FUNCTION(icp_model_change) {
  return make_model(icp::change_model(model_argument(fcinfo, By::value), json_argument(fcinfo, 1)));
}

ICP_FUNCTION(icp_model_rename) {
  return make_model(icp::rename_cohort(model_argument(fcinfo, By::value), std::string(text_argument(fcinfo, 1)),
                                       std::string(text_argument(fcinfo, 2)), std::string(text_argument(fcinfo, 3))));
}
