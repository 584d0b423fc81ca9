// The state of ltv_fit(), and its options.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "icp/archive.hpp"
#include "icp/ltv.hpp"
#include "icp/text.hpp"

#include "core/settings.hpp"

namespace icp {

namespace {

constexpr double weight_unit = 0x1p20;

std::int32_t day_of(const std::string& key, const std::string& text) {
  const auto moment = parse_moment(text);
  if (!moment || moment->microseconds % 86'400'000'000 != 0) settings::refuse(key, "a date as \"2025-09-30\", or false");
  return static_cast<std::int32_t>(moment->microseconds / 86'400'000'000);
}

double period_of(const settings::Json& value) {
  if (value.is_number()) return settings::read_number("period", value, 1, 36525);
  const std::string word = settings::read_string("period", value);
  if (word == "week") return 7;
  if (word == "month") return 365.25 / 12;
  if (word == "quarter") return 365.25 / 4;
  if (word == "year") return 365.25;
  settings::refuse("period", "week, month, quarter, year or a number of days from 1 to 36525");
}

bool read_truth(const std::string& key, const settings::Json& value) {
  if (!value.is_boolean()) settings::refuse(key, "true or false");
  return value.get<bool>();
}

// The state as it travels.
struct Form {
  static constexpr std::uint16_t version = LtvSample::version;
  bool started = false;
  std::string options;
  std::uint64_t not_bought = 0;
  struct Row : LtvSample::Row {
    template <class A>
    void describe(A& a) {
      a.field("weight", weight);
      a.field("mean", mean);
      a.field("first", first);
      a.field("change", change);
      a.field("frequency", frequency);
      a.field("recency", recency);
      a.field("age", age);
      a.field("until", until);
      a.field("days", days);
    }
  };
  std::vector<Row> rows;
  std::vector<std::int32_t> days;
  template <class A>
  void describe(A& a) {
    a.field("started", started);
    a.field("options", options);
    a.field("not_bought", not_bought);
    a.field("rows", rows);
    a.field("days", days);
  }
};

}  // namespace

LtvOptions parse_ltv_options(std::string_view json) {
  LtvOptions o;
  const settings::Json given = settings::parse_object(json, "options");
  for (const auto& [key, value] : given.items()) {
    if (key == "model") {
      const std::string name = settings::read_string(key, value);
      const auto* found = std::find(ltv_kind_names.begin(), ltv_kind_names.end(), name);
      if (found == ltv_kind_names.end()) settings::refuse(key, "bg_nbd, mbg_nbd, pareto_nbd, bg_bb or sbg", "Without it the model is chosen from the data.");
      o.model = static_cast<LtvKind>(found - ltv_kind_names.begin());
    } else if (key == "subscription") {
      o.subscription = read_truth(key, value);
    } else if (key == "period") {
      o.period_days = period_of(value);
    } else if (key == "holdout") {
      if (value.is_boolean()) o.check = value.get<bool>();
      else o.holdout = day_of(key, settings::read_string(key, value));
    } else if (key == "refit") {
      o.refit = read_truth(key, value);
    } else if (key == "spend") {
      const std::string word = settings::read_string(key, value);
      if (word != "repeat" && word != "all") settings::refuse(key, "repeat or all");
      o.spend_all = word == "all";
    } else {
      settings::unknown("", key, {"model", "subscription", "period", "holdout", "refit", "spend"});
    }
  }
  if (o.subscription && o.model && *o.model != LtvKind::sbg)
    throw Error(ErrorCode::invalid_parameter, "the options \"subscription\" and \"model\" contradict each other", "Subscriptions have the model sbg.");
  if (o.subscription) o.model = LtvKind::sbg;
  if (!o.model && o.period_days) o.model = LtvKind::bg_bb;
  if (o.model && !in_periods(*o.model) && o.period_days)
    throw Error(ErrorCode::invalid_parameter, "the option \"period\" has no meaning for this model", {}, "It belongs to bg_bb and sbg.");
  return o;
}

void LtvSample::start(std::string options) {
  parse_ltv_options(options);
  options_ = std::move(options);
  started_ = true;
}

void LtvSample::add(const LtvSummary& s, std::span<const LtvDay> days, std::int32_t until, bool numbers) {
  if (!s.bought) {
    ++not_bought_;
    return;
  }
  Row row;
  row.weight = static_cast<std::uint64_t>(s.weight * weight_unit);
  row.mean = s.mean_spend;
  row.first = s.first_spend;
  row.change = s.spend_change;
  if (numbers) {
    row.frequency = s.frequency;
    row.recency = s.recency;
    row.age = s.age;
  } else {
    row.until = until;
    row.at = days_.size();
    for (const LtvDay& d : days)
      if (d.purchase()) days_.push_back(d.day);
    row.days = static_cast<std::uint32_t>(days_.size() - row.at);
  }
  rows_.push_back(row);
}

void LtvSample::add(const LtvHistoryWords& history) { add(history.summary(), history.days(), history.until(), history.from_numbers()); }
void LtvSample::add(const LtvHistory& history) { add(history.summary(), history.days, history.until.value_or(0), history.numbers.has_value()); }

void LtvSample::merge(const LtvSample& other) {
  if (!other.started_) return;
  if (started_ && options_ != other.options_) throw Error(ErrorCode::invalid_parameter, "the options differ from row to row", {}, "Give one constant for all rows of a group.");
  started_ = true;
  options_ = other.options_;
  not_bought_ += other.not_bought_;
  const std::uint64_t before = days_.size();
  days_.insert(days_.end(), other.days_.begin(), other.days_.end());
  for (Row row : other.rows_) {
    row.at += before;
    rows_.push_back(row);
  }
}

std::string LtvSample::to_bytes() const {
  Form form;
  form.started = started_;
  form.options = options_;
  form.not_bought = not_bought_;
  form.rows.reserve(rows_.size());
  for (const Row& r : rows_) form.rows.push_back({r});
  form.days.assign(days_.begin(), days_.end());
  return to_binary(form);
}

LtvSample LtvSample::from_bytes(std::string_view bytes, const char* type, std::pmr::memory_resource* memory) {
  const Form form = from_binary<Form>(bytes, type);
  const auto refuse = [&] { throw Error(ErrorCode::invalid_binary, fmt::format("invalid binary form of type {}", type), "It contradicts itself."); };
  LtvSample out(memory);
  out.started_ = form.started;
  out.options_ = form.options;
  out.not_bought_ = form.not_bought;
  if (form.started) parse_ltv_options(form.options);
  out.rows_.reserve(form.rows.size());
  std::uint64_t at = 0;
  for (Row row : form.rows) {
    row.at = at;
    at += row.days;
    if (at > form.days.size() || row.weight == 0) refuse();
    for (std::uint64_t i = row.at; i < at; ++i)
      if (form.days[i] > row.until || std::abs(static_cast<std::int64_t>(form.days[i])) > LtvHistory::max_day || (i > row.at && form.days[i] <= form.days[i - 1])) refuse();
    const bool numbers = row.frequency >= 0 && row.frequency == std::floor(row.frequency) && row.recency >= 0 && (row.frequency > 0) == (row.recency > 0) && row.age >= row.recency && row.age <= LtvHistory::max_weeks && row.frequency <= LtvHistory::max_frequency;
    if (!numbers || row.mean < 0 || row.first < 0 || std::isinf(row.mean) || std::isinf(row.first) || std::isinf(row.change)) refuse();
    out.rows_.push_back(row);
  }
  if (at != form.days.size()) refuse();
  out.days_.assign(form.days.begin(), form.days.end());
  return out;
}

}  // namespace icp
