// icp_profile, icp_profile_agg(), icp_profile_merge(), icp_profile_features(), and look-alikes of a profile.
#include "icp/profile.hpp"

#include <memory>
#include <string>
#include <vector>

#include "pg/expanded.hpp"
#include "pg/kept.hpp"
#include "pg/memory.hpp"
#include "pg/result.hpp"
#include "pg/row.hpp"
#include "pg/varlena.hpp"

namespace {

// The state of both aggregates: a profile, and what reading the next row needs. That is kept here and not in fn_extra,
// which may live for one row only.
struct ProfileState {
  icp::Profile profile;
  std::string options;  // the argument as it came, once parsed
  std::unique_ptr<icp::pg::RowReader> reader;
  std::vector<std::int32_t> columns;  // of the reader's columns, their places in the profile
  std::size_t unbound = 0;
  MemoryContext memory;

  explicit ProfileState(std::pmr::memory_resource* resource)
      : profile(resource), memory(static_cast<icp::pg::ContextResource*>(resource)->context()) {}
  std::string to_bytes() const { return icp::to_binary(profile); }
  static ProfileState from_bytes(std::string_view bytes, const char* type, std::pmr::memory_resource* resource) {
    ProfileState state(resource);
    state.profile.merge(icp::from_binary<icp::Profile>(bytes, type));
    return state;
  }
};

constexpr std::int32_t not_bound = -2;

}  // namespace

ICP_TYPE_NAME(ProfileState, "icp_profile")
ICP_TYPE_NAME(icp::Profile, "icp_profile")

using State = icp::pg::Expanded<ProfileState>;

ICP_FUNCTION(icp_profile_in) { return icp::pg::type_in<icp::Profile>(fcinfo); }
ICP_FUNCTION(icp_profile_out) {
  return PointerGetDatum(icp::pg::make_cstring(icp::to_json(State::read(PG_GETARG_DATUM(0)).profile)));
}
ICP_FUNCTION(icp_profile_recv) { return icp::pg::type_recv<icp::Profile>(fcinfo); }
ICP_FUNCTION(icp_profile_send) { return icp::pg::make_varlena(State::read(PG_GETARG_DATUM(0)).to_bytes()); }

namespace {

void take_options(FunctionCallInfo fcinfo, ProfileState& state) {
  std::string_view raw;
  if (!PG_ARGISNULL(2)) {
    const Datum datum = PG_GETARG_DATUM(2);
    raw = VARATT_IS_EXTENDED(DatumGetPointer(datum)) ? icp::pg::bytes_of(datum)
                                                      : std::string_view(VARDATA(DatumGetPointer(datum)), VARSIZE(DatumGetPointer(datum)) - VARHDRSZ);
  }
  if (state.reader != nullptr && raw == state.options) return;
  icp::ProfileOptions options = icp::parse_profile_options(PG_ARGISNULL(2) ? std::string_view{} : icp::pg::json_argument(fcinfo, 2));
  if (!state.profile.started()) state.profile.start(std::move(options));
  else if (options != state.profile.options())
    throw icp::Error(icp::ErrorCode::invalid_parameter, "the options of icp_profile_agg must be the same in all rows");
  state.options = raw;
  if (state.reader != nullptr) return;
  const icp::ProfileOptions& o = state.profile.options();
  if (o.features.empty()) {
    state.reader = std::make_unique<icp::pg::RowReader>(state.memory, std::span<const std::string>{});
  } else {
    std::vector<icp::pg::RowReader::Column> wanted;
    for (const std::string& name : o.features)
      if (o.takes(name)) wanted.push_back({name});
    for (const auto& [name, kind] : o.kinds)
      if (o.takes(name) && !std::binary_search(o.features.begin(), o.features.end(), name)) wanted.push_back({name});
    state.reader = std::make_unique<icp::pg::RowReader>(state.memory, std::move(wanted));
  }
}

Datum step(FunctionCallInfo fcinfo, bool json) {
  if (PG_ARGISNULL(1)) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    return PG_GETARG_DATUM(0);
  }
  auto writable = State::change(fcinfo, 0);
  ProfileState& state = *writable;
  take_options(fcinfo, state);
  icp::pg::RowReader& reader = *state.reader;
  const auto values = json ? reader.read_json(PG_GETARG_DATUM(1)) : reader.read_record(PG_GETARG_DATUM(1));
  if (state.columns.size() < values.size()) {
    state.unbound += values.size() - state.columns.size();
    state.columns.resize(values.size(), not_bound);
  }
  // A column is part of the profile as soon as a row has it, even if it is NULL there.
  if (state.unbound > 0)
    for (std::size_t i = 0; i < values.size(); ++i)
      if (state.columns[i] == not_bound && reader.present(i)) {
        state.columns[i] = state.profile.column(reader.columns()[i].name);
        --state.unbound;
      }
  state.profile.add(state.columns, values);
  return writable.datum();
}

}  // namespace

ICP_FUNCTION(icp_profile_step_record) { return step(fcinfo, false); }
ICP_FUNCTION(icp_profile_step_jsonb) { return step(fcinfo, true); }

ICP_FUNCTION(icp_profile_combine) {
  if (PG_ARGISNULL(1)) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    return PG_GETARG_DATUM(0);
  }
  auto state = State::change(fcinfo, 0);
  state->profile.merge(State::read(PG_GETARG_DATUM(1)).profile);
  return state.datum();
}

ICP_FUNCTION(icp_profile_features) {
  icp::pg::ResultSet rows(fcinfo);
  for (const icp::ProfileFeature& f : icp::profile_features(State::read(PG_GETARG_DATUM(0)).profile, icp::pg::stop())) {
    const auto number = [&rows](const char* column, const std::optional<double>& value) {
      if (value) rows.number(column, *value);
    };
    const auto moment = [&rows](const char* column, const std::optional<std::int64_t>& value) {
      if (value && IS_VALID_TIMESTAMP(*value)) rows.datum(column, TimestampGetDatum(*value));
    };
    rows.text("feature", f.feature);
    if (!f.kind.empty()) rows.text("kind", f.kind);
    rows.integer("rows", static_cast<std::int64_t>(f.rows)).integer("known", static_cast<std::int64_t>(f.known));
    rows.number("known_share", f.known_share);
    if (f.distinct) rows.integer("distinct_values", static_cast<std::int64_t>(*f.distinct));
    number("distinct_error", f.distinct_error);
    number("mean", f.mean);
    number("sd", f.sd);
    number("min", f.low);
    number("q10", f.q10);
    number("q25", f.q25);
    number("median", f.median);
    number("q75", f.q75);
    number("q90", f.q90);
    number("max", f.high);
    number("quantile_error", f.quantile_error);
    if (f.top_value) rows.text("top_value", *f.top_value);
    number("top_share", f.top_share);
    moment("earliest", f.earliest);
    moment("latest", f.latest);
    rows.datum("detail", icp::pg::make_jsonb(f.detail));
    rows.emit();
  }
  return icp::pg::ResultSet::done();
}

namespace {

struct SimilaritySite {
  icp::pg::KeptArgument profile;
  std::unique_ptr<icp::ProfileSimilarity> similarity;
  std::unique_ptr<icp::pg::RowReader> reader;
};

Datum similarity(FunctionCallInfo fcinfo, bool json) {
  auto& site = icp::pg::call_site<SimilaritySite>(fcinfo);
  if (site.profile.changed(fcinfo, 1) || site.similarity == nullptr || site.reader == nullptr) {
    site.reader.reset();
    site.profile.forget();
    site.similarity = std::make_unique<icp::ProfileSimilarity>(State::read(PG_GETARG_DATUM(1)).profile);
    std::vector<icp::pg::RowReader::Column> wanted;
    for (const std::string& name : site.similarity->columns()) wanted.push_back({name});
    site.reader = std::make_unique<icp::pg::RowReader>(fcinfo->flinfo->fn_mcxt, std::move(wanted));
    site.profile.changed(fcinfo, 1);
    site.profile.keep(fcinfo, 1);
  }
  const auto values = json ? site.reader->read_json(PG_GETARG_DATUM(0)) : site.reader->read_record(PG_GETARG_DATUM(0));
  const auto result = (*site.similarity)(values);
  if (result) return Float8GetDatum(*result);
  if (!values.empty()) {
    bool any = false;
    for (std::size_t i = 0; i < values.size() && !any; ++i) any = site.reader->present(i);
    if (!any) {
      std::string names;
      for (const std::string& name : site.similarity->columns()) names += (names.empty() ? "" : ", ") + name;
      throw icp::Error(icp::ErrorCode::undefined_column, "the row has none of the profile's features", {},
                       "The features of the profile are " + names + ".");
    }
  }
  PG_RETURN_NULL();
}

}  // namespace

ICP_FUNCTION(lookalike_similarity_record_profile) { return similarity(fcinfo, false); }
ICP_FUNCTION(lookalike_similarity_jsonb_profile) { return similarity(fcinfo, true); }
