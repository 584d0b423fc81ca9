#include "icp/error.hpp"
#include "icp/options.hpp"

#include "pg/memory.hpp"
#include "pg/sample.hpp"
#include "pg/varlena.hpp"
#include "pg/zone.hpp"

using namespace icp::pg;

namespace {

using State = Expanded<SampleState>;

MemoryContext aggregate_memory(FunctionCallInfo fcinfo) {
  MemoryContext memory = nullptr;
  if (AggCheckCallContext(fcinfo, &memory) == 0)
    throw icp::Error(icp::ErrorCode::invalid_parameter, "this function is a part of aggregates and cannot be called alone", {},
                     "Call icp_fit(), icp_discover() or icp_sample_agg().");
  return memory;
}

// The options must be the same for all rows: parsed at the first, compared byte by byte after it.
void check_options(FunctionCallInfo fcinfo, SampleState& state, int argument, bool targeted) {
  const std::string_view given = PG_ARGISNULL(argument) ? std::string_view() : bytes_of(PG_GETARG_DATUM(argument));
  const std::string_view target = targeted && !PG_ARGISNULL(2) ? text_argument(fcinfo, 2) : std::string_view();
  if (state.reader != nullptr && state.options == given && state.target == target) return;
  if (targeted && PG_ARGISNULL(2))
    throw icp::Error(icp::ErrorCode::invalid_parameter, "the target must not be NULL", {}, "Give the name of a column.");
  std::string text(PG_ARGISNULL(argument) ? std::string_view("{}") : json_argument(fcinfo, argument));
  if (targeted) text = icp::with_target(text, target);
  if (state.reader != nullptr || (state.sample.started() && state.sample.options() != text))
    throw icp::Error(icp::ErrorCode::invalid_parameter, "the options differ from row to row", {},
                     "Give one constant for all rows of a group.");
  const icp::Options options = icp::parse_options(text);
  zone_of(options.timezone);
  if (!state.sample.started()) state.sample.start(text, options.column_of("deal_id"), options.sample, options.seed);
  const std::string identities[] = {options.column_of("deal_id"), options.column_of("company_id"), options.column_of("lead_id")};
  state.reader = std::make_unique<RowReader>(dynamic_cast<ContextResource&>(*state.memory).context(), identities);
  state.options = given;
  state.target = target;
}

// The arguments are state, row, options; with a target it stands before the options.
Datum add_row(FunctionCallInfo fcinfo, bool json, bool targeted = false) {
  aggregate_memory(fcinfo);
  if (PG_ARGISNULL(1)) return unchanged(fcinfo);
  auto state = State::change(fcinfo, 0);
  check_options(fcinfo, *state, targeted ? 3 : 2, targeted);
  RowReader& reader = *state->reader;
  const std::span<const icp::Value> values = json ? reader.read_json(PG_GETARG_DATUM(1)) : reader.read_record(PG_GETARG_DATUM(1));
  if (reader.columns().size() != state->bound || state->bound == 0) {
    std::vector<std::string_view> names;
    for (const auto& column : reader.columns()) names.push_back(column.name);
    state->binding = state->sample.bind(names);
    state->bound = names.size();
  }
  state->sample.add(state->binding, values);
  return state.datum();
}

}  // namespace

ICP_STATE_FUNCTIONS(SampleState, icp_sample)

ICP_FUNCTION(icp_sample_add_record) { return add_row(fcinfo, false); }
ICP_FUNCTION(icp_sample_add_jsonb) { return add_row(fcinfo, true); }

ICP_FUNCTION(icp_sample_add_record_target) { return add_row(fcinfo, false, true); }
ICP_FUNCTION(icp_sample_add_jsonb_target) { return add_row(fcinfo, true, true); }

ICP_FUNCTION(icp_sample_merge) {
  aggregate_memory(fcinfo);
  if (PG_ARGISNULL(1)) return unchanged(fcinfo);
  auto state = State::change(fcinfo, 0);
  state->sample.merge(State::read(PG_GETARG_DATUM(1)).sample);
  return state.datum();
}

namespace icp::pg {

SampleRows::SampleRows(Datum datum)
    : sample(Expanded<SampleState>::read(datum).sample), zone(zone_of(parse_options(sample.options()).timezone)) {}

}  // namespace icp::pg
