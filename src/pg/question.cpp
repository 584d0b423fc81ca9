// icp_score_range(), icp_next_question(), icp_checklist().
#include "icp/scorecard_report.hpp"

#include "pg/lead.hpp"
#include "pg/reader.hpp"

namespace icp::pg {

namespace {

template <RowForm row, ModelForm model>
Datum range(FunctionCallInfo fcinfo) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  LeadReader& reader = call_site<ModelSite<LeadReader>>(fcinfo).template get<model>(fcinfo, 1);
  return return_report_row(fcinfo, report_range(reader.scorer().range(reader.read<row>(PG_GETARG_DATUM(0)), reader.buffer())));
}

template <RowForm row, ModelForm model>
Datum question(FunctionCallInfo fcinfo) {
  if (PG_ARGISNULL(0)) return return_report(fcinfo, report_questions({}));
  LeadReader& reader = call_site<ModelSite<LeadReader>>(fcinfo).template get<model>(fcinfo, 1);
  return return_report(fcinfo, report_questions(reader.scorer().questions(reader.read<row>(PG_GETARG_DATUM(0)), reader.buffer(), language_argument(fcinfo, 2))));
}

std::string cohort_argument(FunctionCallInfo fcinfo) { return PG_ARGISNULL(1) ? std::string() : std::string(text_argument(fcinfo, 1)); }

}  // namespace

ICP_SCORING_FUNCTION(icp_score_range, range)
ICP_SCORING_FUNCTION(icp_next_question, question)

ICP_READER(icp_checklist, icp::report_checklist(model, cohort_argument(fcinfo), language_argument(fcinfo, 2)))

}  // namespace icp::pg
