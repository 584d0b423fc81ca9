#include "icp/deal.hpp"

#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "icp/error.hpp"
#include "icp/text.hpp"

namespace icp {

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

enum Role : std::size_t {
  outcome, first_contact, closed, ltv, cac, cycle_days, retention, effort, calls, meetings, emails, hours, dqs, roles
};
constexpr const char* role_columns[roles] = {"outcome", "first_contact_at", "closed_at", "ltv",    "cac",    "cycle_days", "retention",
                                             "effort",  "calls",            "meetings",  "emails", "hours", "dqs"};
static_assert(outcome == DealReader::outcome_column);

double number(const Value& v) {
  double x = unknown;
  if (v.type == ValueType::number) x = v.number;
  else if (v.type == ValueType::text) x = parse_number(v.text).value_or(unknown);
  return std::isfinite(x) ? x : unknown;
}

}  // namespace

Outcome outcome_of(const std::string& word, bool boolean, bool number, const Options& o) {
  if (boolean) return word == "true" ? Outcome::won : Outcome::lost;
  if (o.won.count(word) > 0) return Outcome::won;
  if (o.lost.count(word) > 0) return Outcome::lost;
  if (o.open.count(word) > 0) return Outcome::open;
  if (number && word == "1") return Outcome::won;
  if (number && word == "0") return Outcome::lost;
  return Outcome::unknown;
}

double cycle_of(double given, double first_contact, double closed) { return std::isnan(given) ? closed - first_contact : given; }

double effort_of(double given, double calls, double meetings, double emails, double hours, bool in_hours) {
  if (!std::isnan(given)) return given;
  if (in_hours) return hours;
  double sum = unknown;
  for (const double part : {calls, meetings, emails})
    if (!std::isnan(part)) sum = std::isnan(sum) ? part : sum + part;
  return sum;
}

DealReader::DealReader(Options options) : options_(std::move(options)) {
  for (const char* role : role_columns) columns_.push_back(options_.column_of(role));
}

void DealReader::no_outcome() const {
  throw Error(ErrorCode::undefined_column, fmt::format("column \"{}\" does not exist in the row", columns_[outcome_column]),
              "The deal quality score is that of a won deal: the model's role \"outcome\" is required.",
              "Pass rows of the deals view that the model was trained on.");
}

Outcome DealReader::outcome(std::span<const Value> values) const {
  const Value& v = values[outcome_column];
  switch (v.type) {
    case ValueType::boolean: return v.boolean ? Outcome::won : Outcome::lost;
    case ValueType::number: return outcome_of(fold(number_text(v.number)), false, true, options_);
    case ValueType::text: return outcome_of(fold(v.text), false, false, options_);
    case ValueType::missing: return Outcome::open;
    default: return Outcome::unknown;
  }
}

std::optional<double> DealReader::given(std::span<const Value> values) const {
  const double d = number(values[dqs]);
  return d >= 0 && d <= 100 ? std::optional(d) : std::nullopt;
}

DealInputs DealReader::inputs(std::span<const Value> v, const Zone& zone) const {
  DealInputs in;
  in.ltv = number(v[ltv]);
  in.cac = number(v[cac]);
  in.cycle_days = cycle_of(number(v[cycle_days]), day_of(v[first_contact], zone), day_of(v[closed], zone));
  in.retention = number(v[retention]);
  in.effort = effort_of(number(v[effort]), number(v[calls]), number(v[meetings]), number(v[emails]), number(v[hours]),
                        options_.effort_unit == "hours");
  return in;
}

}  // namespace icp
