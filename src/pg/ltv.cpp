// ltv_history, ltv_history_agg(), ltv_fit(), ltv_fit_by(), ltv_model, ltv() and its parts.
#include "icp/ltv.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "pg/day.hpp"
#include "pg/expanded.hpp"
#include "pg/kept.hpp"
#include "pg/memory.hpp"
#include "pg/reader.hpp"
#include "pg/report.hpp"
#include "pg/result.hpp"
#include "pg/varlena.hpp"
#include "pg/words.hpp"

namespace {

// The state of ltv_fit() and ltv_fit_by(): a sample for each cohort; one, without a name, where there are none.
struct LtvSamples {
  static constexpr std::uint16_t version = 1;
  std::map<std::string, icp::LtvSample> samples;   // an unknown cohort: "", a known one: "=" and its name
  std::string options;                             // the bytes of the jsonb value that came with the first row
  std::string text;                                // the same as JSON
  std::pmr::memory_resource* memory;

  explicit LtvSamples(std::pmr::memory_resource* resource) : memory(resource) {}

  icp::LtvSample& sample(const std::string& cohort) {
    auto it = samples.find(cohort);
    if (it == samples.end()) it = samples.emplace(cohort, icp::LtvSample(memory)).first;
    return it->second;
  }

  // Each sample's bytes stand behind a list of their cohorts and sizes, and that behind its own size.
  struct Form {
    static constexpr std::uint16_t version = LtvSamples::version;
    std::vector<std::pair<std::string, std::uint64_t>> samples;
    template <class A>
    void describe(A& a) { a.field("samples", samples); }
  };
  std::string to_bytes() const {
    Form form;
    std::string all;
    for (const auto& [cohort, sample] : samples) {
      const std::string bytes = sample.to_bytes();
      form.samples.emplace_back(cohort, bytes.size());
      all += bytes;
    }
    const std::string list = icp::to_binary(form);
    const auto size = static_cast<std::uint64_t>(list.size());
    std::string out(sizeof size, '\0');
    std::memcpy(out.data(), &size, sizeof size);
    return out + list + all;
  }
  static LtvSamples from_bytes(std::string_view bytes, const char* type, std::pmr::memory_resource* resource) {
    const auto take = [&](std::uint64_t size) {
      if (size > bytes.size()) throw icp::Error(icp::ErrorCode::invalid_binary, std::string("invalid binary form of type ") + type, "It ends too early.");
      const std::string_view part = bytes.substr(0, size);
      bytes.remove_prefix(size);
      return part;
    };
    std::uint64_t size = 0;
    std::memcpy(&size, take(sizeof size).data(), sizeof size);
    LtvSamples out(resource);
    for (const auto& [cohort, length] : icp::from_binary<Form>(take(size), type).samples) {
      if (!cohort.empty() && cohort[0] != '=') throw icp::Error(icp::ErrorCode::invalid_binary, std::string("invalid binary form of type ") + type, "A cohort has no name.");
      if (!out.samples.emplace(cohort, icp::LtvSample::from_bytes(take(length), type, resource)).second)
        throw icp::Error(icp::ErrorCode::invalid_binary, std::string("invalid binary form of type ") + type, "A cohort occurs twice.");
    }
    take(bytes.size());
    return out;
  }
};

}  // namespace

ICP_TYPE_NAME(icp::LtvHistory, "ltv_history")
ICP_TYPE_NAME(icp::LtvModel, "ltv_model")
ICP_TYPE_NAME(LtvSamples, "ltv_sample")

using History = icp::pg::InPlace<icp::LtvHistory, icp::LtvHistoryWords>;
using State = icp::pg::Expanded<LtvSamples>;

ICP_IN_PLACE_FUNCTIONS(History, ltv_history)
ICP_TYPE_FUNCTIONS(icp::LtvModel, ltv_model)
ICP_STATE_FUNCTIONS(LtvSamples, ltv_sample)

namespace {

constexpr std::int32_t no_day = std::numeric_limits<std::int32_t>::max();

// Days since 2000 in UTC; no_day for what is infinite.
std::int32_t date_day(FunctionCallInfo fcinfo, int index) {
  const DateADT date = PG_GETARG_DATEADT(index);
  return DATE_NOT_FINITE(date) ? no_day : date;
}
std::int32_t moment_day(FunctionCallInfo fcinfo, int index) {
  const Timestamp at = PG_GETARG_TIMESTAMP(index);
  return TIMESTAMP_NOT_FINITE(at) ? no_day : icp::pg::day_of(at);
}

using icp::pg::unchanged;
using DayOf = std::int32_t (*)(FunctionCallInfo, int);

Datum history_step(FunctionCallInfo fcinfo, DayOf happened, DayOf until) {
  if (PG_ARGISNULL(1) || PG_ARGISNULL(2)) return unchanged(fcinfo);
  if (PG_ARGISNULL(3))
    throw icp::Error(icp::ErrorCode::invalid_parameter, "the end of a history is NULL", "Without a common end every customer looks alive.",
                     "Give the day up to which orders are complete, the same for all customers.");
  const std::int32_t day = happened(fcinfo, 1), end = until(fcinfo, 3);
  const double amount = PG_GETARG_FLOAT8(2);
  return History::step(fcinfo, [&](icp::LtvHistoryWords& state) { return state.add(day, amount, end); });
}

icp::LtvHistoryWords history_argument(FunctionCallInfo fcinfo, int index) {
  return icp::LtvHistoryWords(History::words_in(History::plain_argument(fcinfo, index)));
}

double number_argument(FunctionCallInfo fcinfo, int index) { return PG_ARGISNULL(index) ? NAN : PG_GETARG_FLOAT8(index); }
std::optional<double> optional_argument(FunctionCallInfo fcinfo, int index) {
  return PG_ARGISNULL(index) ? std::nullopt : std::optional(PG_GETARG_FLOAT8(index));
}

}  // namespace

ICP_FUNCTION(ltv_history_step_date) { return history_step(fcinfo, date_day, date_day); }
ICP_FUNCTION(ltv_history_step_moment) { return history_step(fcinfo, moment_day, moment_day); }
ICP_FUNCTION(ltv_history_step_moment_date) { return history_step(fcinfo, moment_day, date_day); }

ICP_FUNCTION(ltv_history_combine) {
  if (PG_ARGISNULL(1)) return unchanged(fcinfo);
  if (PG_ARGISNULL(0)) return PG_GETARG_DATUM(1);
  return History::datum(icp::merge(History::argument(fcinfo, 0), History::argument(fcinfo, 1)));
}

ICP_FUNCTION(ltv_history_of) {
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2)) PG_RETURN_NULL();
  const double mean = number_argument(fcinfo, 3);
  if (!PG_ARGISNULL(3) && std::isnan(mean)) throw icp::Error(icp::ErrorCode::invalid_parameter, "these numbers are not those of a history", "The mean spend is NaN.", "Give NULL where it is not known.");
  return History::datum(icp::ltv_history_of(PG_GETARG_FLOAT8(0), PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2), mean, PG_ARGISNULL(4) ? 1 : PG_GETARG_FLOAT8(4)));
}

ICP_FUNCTION(ltv_history_until) { return History::datum(icp::ltv_history_until(History::argument(fcinfo, 0), date_day(fcinfo, 1))); }

ICP_FUNCTION(ltv_history_summary) {
  icp::pg::ResultSet row(fcinfo, icp::pg::ResultSet::AsRow{});
  const icp::LtvHistoryWords history = history_argument(fcinfo, 0);
  const icp::LtvSummary s = history.summary();
  if (s.bought) {
    row.integer("frequency", static_cast<std::int64_t>(s.frequency)).integer("purchases", static_cast<std::int64_t>(s.frequency) + 1);
    row.number("recency", s.recency).number("age", s.age).number("mean_spend", s.mean_spend).number("first_spend", s.first_spend);
  } else {
    row.integer("purchases", 0);
  }
  row.number("total", s.total).number("weight", s.weight);
  if (!history.from_numbers()) row.datum("until", DateADTGetDatum(history.until()));
  return row.row();
}

namespace {

// The options must be the same for all rows: parsed at the first, compared byte by byte after it.
const std::string& options_of(FunctionCallInfo fcinfo, LtvSamples& state, int index) {
  const std::string_view given = PG_ARGISNULL(index) ? std::string_view() : icp::pg::bytes_of(PG_GETARG_DATUM(index));
  if (!state.text.empty() && state.options == given) return state.text;
  std::string text(PG_ARGISNULL(index) ? std::string_view("{}") : icp::pg::json_argument(fcinfo, index));
  if (!state.samples.empty() && state.samples.begin()->second.options() != text)
    throw icp::Error(icp::ErrorCode::invalid_parameter, "the options differ from row to row", {}, "Give one constant for all rows of a group.");
  state.options = given;
  return state.text = std::move(text);
}

// history, options; a cohort before them where `by`.
Datum fit_step(FunctionCallInfo fcinfo, bool by) {
  const int history = by ? 2 : 1;
  if (PG_ARGISNULL(history)) return unchanged(fcinfo);
  auto state = State::change(fcinfo, 0);
  const std::string& options = options_of(fcinfo, *state, history + 1);
  icp::LtvSample& sample = state->sample(by && !PG_ARGISNULL(1) ? "=" + std::string(icp::pg::text_argument(fcinfo, 1)) : std::string());
  if (!sample.started()) sample.start(options);
  sample.add(history_argument(fcinfo, history));
  return state.datum();
}

}  // namespace

ICP_FUNCTION(ltv_fit_step) { return fit_step(fcinfo, false); }
ICP_FUNCTION(ltv_fit_by_step) { return fit_step(fcinfo, true); }

ICP_FUNCTION(ltv_sample_merge) {
  if (PG_ARGISNULL(1)) return unchanged(fcinfo);
  auto state = State::change(fcinfo, 0);
  for (const auto& [cohort, sample] : State::read(PG_GETARG_DATUM(1)).samples) state->sample(cohort).merge(sample);
  return state.datum();
}

ICP_FUNCTION(ltv_fit_final) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  const LtvSamples& state = State::read(PG_GETARG_DATUM(0));
  if (state.samples.empty()) PG_RETURN_NULL();
  const auto model = icp::fit_ltv(state.samples.begin()->second, icp::pg::stop(), icp::pg::memory_limit());
  if (!model) PG_RETURN_NULL();
  return icp::pg::make_datum(*model);
}

ICP_FUNCTION(ltv_fit_by_final) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  std::vector<std::pair<std::string, const icp::LtvSample*>> samples;
  for (const auto& [cohort, sample] : State::read(PG_GETARG_DATUM(0)).samples) samples.emplace_back(cohort, &sample);
  icp::pg::ResultSet rows(fcinfo, icp::pg::ResultSet::AsArray{});
  for (const icp::LtvCohort& c : icp::fit_ltv_by(samples, icp::pg::stop(), icp::pg::memory_limit())) {
    if (!c.cohort.empty()) rows.text("cohort", std::string_view(c.cohort).substr(1));
    rows.number("n", c.customers).datum("model", icp::pg::make_datum(c.model)).emit();
  }
  return rows.array();
}

ICP_FUNCTION(ltv_parameters) { return icp::pg::return_report(fcinfo, icp::report_ltv_parameters(icp::pg::argument<icp::LtvModel>(fcinfo, 0))); }
ICP_FUNCTION(ltv_diagnostics) { return icp::pg::return_report(fcinfo, icp::report_ltv_diagnostics(icp::pg::argument<icp::LtvModel>(fcinfo, 0), icp::pg::language_argument(fcinfo, 1))); }
ICP_FUNCTION(ltv_model_name) { return icp::pg::make_text(icp::name_of(icp::pg::argument<icp::LtvModel>(fcinfo, 0).kind)); }

namespace {

struct Site {
  icp::pg::KeptArgument model;
  std::optional<icp::LtvScorer> scorer;
  std::optional<icp::pg::ResultSet> row;
};

// The model is the second argument of all functions that score.
Site& site_of(FunctionCallInfo fcinfo) {
  auto& site = icp::pg::call_site<Site>(fcinfo);
  if (site.model.changed(fcinfo, 1) || !site.scorer) {
    site.scorer.reset();
    try {
      site.scorer.emplace(icp::pg::argument<icp::LtvModel>(fcinfo, 1));
    } catch (...) {
      site.model.forget();
      throw;
    }
    site.model.keep(fcinfo, 1);
  }
  return site;
}

// A month is a twelfth of 365.25 days.
double weeks_of(const Interval* i) {
  return (static_cast<double>(i->time) / USECS_PER_DAY + i->day + i->month * (365.25 / 12)) / 7;
}

Datum number_or_null(FunctionCallInfo fcinfo, std::optional<double> value) {
  if (!value) PG_RETURN_NULL();
  PG_RETURN_FLOAT8(*value);
}

}  // namespace

ICP_FUNCTION(ltv_p_alive) {
  Site& site = site_of(fcinfo);
  const auto history = history_argument(fcinfo, 0);
  return number_or_null(fcinfo, site.scorer->p_alive(history.summary(), history.days(), history.until()));
}

ICP_FUNCTION(ltv_expected_purchases) {
  Site& site = site_of(fcinfo);
  const auto history = history_argument(fcinfo, 0);
  const icp::LtvTerms terms = icp::ltv_terms(weeks_of(PG_GETARG_INTERVAL_P(2)), {}, {});
  return number_or_null(fcinfo, site.scorer->purchases(history.summary(), history.days(), history.until(), terms.horizon));
}

ICP_FUNCTION(ltv_expected_spend) {
  Site& site = site_of(fcinfo);
  return number_or_null(fcinfo, site.scorer->spend(history_argument(fcinfo, 0).summary()));
}

ICP_FUNCTION(ltv) {
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2)) PG_RETURN_NULL();
  Site& site = site_of(fcinfo);
  if (!site.row) {
    const icp::pg::InContext kept(fcinfo->flinfo->fn_mcxt);
    site.row.emplace(fcinfo, icp::pg::ResultSet::AsRow{});
  }
  const auto history = history_argument(fcinfo, 0);
  const icp::LtvTerms terms = icp::ltv_terms(weeks_of(PG_GETARG_INTERVAL_P(2)), optional_argument(fcinfo, 3), optional_argument(fcinfo, 4));
  const icp::LtvValue v = site.scorer->value(history.summary(), history.days(), history.until(), terms);
  icp::pg::ResultSet& row = *site.row;
  row.number("to_date", v.to_date).number("expected", v.expected).number("total", v.total).number("lo", v.lo).number("hi", v.hi);
  row.number("p_alive", v.p_alive).number("purchases", v.purchases).number("spend", v.spend);
  if (!v.note.empty()) row.text("note", v.note);
  return row.row();
}
