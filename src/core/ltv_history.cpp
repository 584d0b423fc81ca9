#include "icp/ltv_history.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string>

#include <fmt/format.h>

#include "icp/text.hpp"

namespace icp {

namespace {

constexpr double units = 0x1p64;                // of one unit of money
constexpr double week = 7;
constexpr std::uint32_t of_days = 1, of_numbers = 2;
constexpr double weight_unit = 0x1p-20;
// Days that a class has room for: each half as many again, so that no more than a third stands empty.
constexpr std::array<std::size_t, 25> capacity = {1,   2,   3,   4,    6,    9,    13,   19,   28,   42,   63,    94,   141,
                                                  211, 316, 474, 711,  1066, 1599, 2398, 3597, 5395, 8092, 18207, LtvHistory::max_days};

[[noreturn]] void damaged() { throw Error(ErrorCode::corrupted, "a stored value of type ltv_history is corrupted"); }
[[noreturn]] void refuse(const char* why) { throw Error(ErrorCode::invalid_parameter, "invalid value of type ltv_history", why); }

void require_same_end(std::int32_t a, std::int32_t b) {
  if (a != b)
    throw Error(ErrorCode::invalid_parameter, "the end of a history must be the same for all its orders",
                fmt::format("There are {} and {}.", ltv_day_text(a), ltv_day_text(b)), "Give one day as \"until\" for all orders, as the day up to which they are complete.");
}

double money(__int128 sum) { return static_cast<double>(sum) / units; }

bool is_day(std::int32_t day) { return day >= -LtvHistory::max_day && day <= LtvHistory::max_day; }

void set(LtvDay& day, __int128 sum) {
  day.low = static_cast<std::uint64_t>(sum);
  day.high = static_cast<std::int64_t>(sum >> 64);
}

void add_to(LtvDay& day, __int128 amount) {
  __int128 sum = 0;
  if (__builtin_add_overflow(day.units(), amount, &sum))
    throw Error(ErrorCode::too_large, "the amounts of one day are too large", {}, "Give them in a larger unit, as thousands.");
  set(day, sum);
}

[[noreturn]] void too_many_days() {
  throw Error(ErrorCode::too_large, "a history has orders on too many days", fmt::format("The limit is {} days.", LtvHistory::max_days));
}

// What `numbers` say.
LtvSummary summary_of(const LtvNumbers& n) {
  LtvSummary s;
  s.bought = true;
  s.frequency = n.frequency;
  s.recency = n.recency;
  s.age = n.age;
  s.mean_spend = n.frequency > 0 ? n.mean_spend : std::numeric_limits<double>::quiet_NaN();
  s.total = n.frequency > 0 && !std::isnan(n.mean_spend) ? n.frequency * n.mean_spend : 0;
  s.weight = n.weight;
  return s;
}

const char* fault(const LtvNumbers& n) {
  if (!(n.frequency >= 0 && n.frequency <= LtvHistory::max_frequency && n.frequency == std::floor(n.frequency)))
    return "The frequency must be a whole number from 0 to 1e9: purchases after the first.";
  if (!(n.age >= 0 && n.age <= LtvHistory::max_weeks)) return "The age must be from 0 to 1e6 weeks.";
  if (!(n.recency >= 0 && n.recency <= n.age)) return "The recency must be from 0 to the age: weeks from the first purchase to the last.";
  if (n.frequency == 0 && n.recency > 0) return "Without a repeat purchase the recency is 0.";
  if (n.frequency > 0 && n.recency == 0) return "With repeat purchases the recency is above 0.";
  if (!std::isnan(n.mean_spend) && !(n.mean_spend >= 0 && n.mean_spend <= LtvHistory::max_amount))
    return "The mean spend must be from 0 to 1e15, or NULL where it is not known.";
  if (!(n.weight >= weight_unit && n.weight <= LtvHistory::max_weight)) return "The weight must be from 1e-6 to 1e9.";
  return nullptr;
}

}  // namespace

std::string ltv_day_text(std::int32_t day) { return moment_text(static_cast<std::int64_t>(day) * 86'400'000'000).substr(0, 10); }

LtvSummary summarise(std::span<const LtvDay> days, std::int32_t until) {
  LtvSummary s;
  __int128 total = 0, first = 0, repeat = 0;
  std::int32_t first_day = 0, last_day = 0, bought = 0;
  for (const LtvDay& d : days) {
    const __int128 sum = d.units();
    if (__builtin_add_overflow(total, sum, &total)) throw Error(ErrorCode::too_large, "the amounts of a history are too large");
    if (d.purchase()) {
      if (bought++ == 0) first_day = d.day, first = sum;
      last_day = d.day;
    }
  }
  s.total = money(total);
  if (bought == 0) return s;
  s.bought = true;
  s.frequency = bought - 1;
  s.recency = (last_day - first_day) / week;
  s.age = (until - first_day) / week;
  s.first_spend = money(first);
  if (bought == 1) return s;
  // Half of the repeat purchases are the earlier ones; a return is set against the half in which it lies.
  const std::int32_t earlier = (bought - 1) / 2;
  __int128 early = 0;
  for (std::int32_t seen = 0; const LtvDay& d : days) {
    if (d.day <= first_day) continue;
    if (d.purchase()) ++seen;
    repeat += d.units();
    if (seen <= earlier) early += d.units();
  }
  s.mean_spend = std::max(0.0, money(repeat) / s.frequency);
  if (earlier > 0 && early > 0 && repeat - early > 0)
    s.spend_change = std::log(money(repeat - early) / (s.frequency - earlier)) - std::log(money(early) / earlier);
  return s;
}

void LtvHistory::validate() const {
  if (numbers) {
    if (!days.empty() || until) refuse("It has both days and numbers.");
    if (const char* why = fault(*numbers)) refuse(why);
    if (std::fmod(numbers->weight, weight_unit) != 0) refuse("Its weight is not a multiple of 2^-20.");
    return;
  }
  if (!until || !is_day(*until)) refuse("Its end is out of range.");
  if (days.size() > max_days) refuse("It has too many days.");
  for (std::size_t i = 0; i < days.size(); ++i) {
    if (!is_day(days[i].day) || days[i].day > *until || days[i].returned > 1) refuse("A day is out of range.");
    if (i > 0 && days[i].day <= days[i - 1].day) refuse("Its days are not in order.");
  }
}

LtvSummary LtvHistory::summary() const { return numbers ? summary_of(*numbers) : summarise(days, until.value_or(0)); }

LtvHistory ltv_history_of(double frequency, double recency, double age, double mean_spend, double weight) {
  LtvHistory out;
  out.numbers = {frequency + 0.0, recency + 0.0, age + 0.0, mean_spend, weight};
  if (const char* why = fault(*out.numbers)) throw Error(ErrorCode::invalid_parameter, "these numbers are not those of a history", why);
  out.numbers->weight = std::round(weight / weight_unit) * weight_unit;
  return out;
}

LtvHistory merge(const LtvHistory& a, const LtvHistory& b) {
  if (a.numbers || b.numbers)
    throw Error(ErrorCode::invalid_parameter, "histories made from numbers cannot be merged", "Which days they share is not known.",
                "Make them by ltv_history_agg().");
  require_same_end(a.until.value_or(0), b.until.value_or(0));
  LtvHistory out;
  out.until = a.until;
  out.days.reserve(a.days.size() + b.days.size());
  for (auto i = a.days.begin(), j = b.days.begin(); i != a.days.end() || j != b.days.end();) {
    if (j == b.days.end() || (i != a.days.end() && i->day < j->day)) out.days.push_back(*i++);
    else if (i == a.days.end() || j->day < i->day) out.days.push_back(*j++);
    else {
      LtvDay both = *i++;
      both.returned |= j->returned;
      add_to(both, j->units());
      out.days.push_back(both);
      ++j;
    }
  }
  if (out.days.size() > LtvHistory::max_days) too_many_days();
  return out;
}

LtvHistory ltv_history_until(const LtvHistory& history, std::int32_t day) {
  if (history.numbers)
    throw Error(ErrorCode::invalid_parameter, "a history made from numbers has no past", "Its days are not known.", "Make it by ltv_history_agg().");
  const std::int32_t end = history.until.value_or(0);
  if (day > end)
    throw Error(ErrorCode::invalid_parameter, "a history cannot be told as of a day after its end",
                fmt::format("Its end is {}; {} was asked for.", ltv_day_text(end), ltv_day_text(day)));
  if (!is_day(day)) throw Error(ErrorCode::invalid_parameter, "the day of a history must be finite");
  LtvHistory out = history;
  out.until = day;
  while (!out.days.empty() && out.days.back().day > day) out.days.pop_back();
  return out;
}

struct LtvHistoryWords::Header {
  std::uint32_t version;
  std::uint32_t kind;          // 0: new, nothing known
  std::int32_t until;
  std::uint32_t days;
};

LtvHistoryWords::Header& LtvHistoryWords::header() const {
  static_assert(std::is_trivially_copyable_v<Header> && sizeof(Header) == 16 && sizeof(LtvDay) == 24);
  return *reinterpret_cast<Header*>(words_);
}

LtvDay* LtvHistoryWords::room() const { return reinterpret_cast<LtvDay*>(words_ + 2); }

std::size_t LtvHistoryWords::size(int capacity_class) {
  if (capacity_class >= static_cast<int>(capacity.size())) too_many_days();
  return 2 + 3 * capacity[static_cast<std::size_t>(capacity_class)];
}

LtvHistoryWords::LtvHistoryWords(std::span<std::uint64_t> words) : words_(words.data()) {
  const auto last = static_cast<int>(capacity.size());
  while (class_ < last && size(class_) < words.size()) ++class_;
  if (class_ == last || size(class_) != words.size()) damaged();
  Header& h = header();
  if (h.version == 0) h.version = LtvHistory::version;  // new words
  if (h.version != LtvHistory::version || h.kind > of_numbers || h.days > capacity[static_cast<std::size_t>(class_)]) damaged();
  if (h.kind == of_numbers && words.size() < 2 + sizeof(LtvNumbers) / 8) damaged();
}

bool LtvHistoryWords::add(std::int32_t day, double amount, std::int32_t until) {
  if (!is_day(until))
    throw Error(ErrorCode::invalid_parameter, "the end of a history must be a finite day", {}, "Give the day up to which orders are complete.");
  if (!is_day(day)) throw Error(ErrorCode::invalid_parameter, "the time of an order must be finite", "It is infinity, -infinity or out of range.", "Give NULL where it is not known.");
  if (!(std::abs(amount) <= LtvHistory::max_amount))
    throw Error(ErrorCode::invalid_parameter, "invalid amount of an order",
                fmt::format("It is {}; it must be a number from -1e15 to 1e15.", number_text(amount)), "Give NULL where it is not known.");
  Header& h = header();
  if (h.kind == of_numbers) throw Error(ErrorCode::invalid_parameter, "a history made from numbers takes no more orders");
  LtvDay* first = room();
  LtvDay* end = first + h.days;
  if (h.kind == of_days) require_same_end(h.until, until);
  if (day > until) {
    h.kind = of_days;
    h.until = until;
    return true;
  }
  LtvDay* place = h.days > 0 && first[h.days - 1].day < day ? end : std::lower_bound(first, end, day, [](const LtvDay& d, std::int32_t v) { return d.day < v; });
  const auto exact = static_cast<__int128>(amount * units);   // at most 2^114; below the unit rounded towards 0
  if (place == end || place->day != day) {
    if (h.days == capacity[static_cast<std::size_t>(class_)]) return false;
    std::copy_backward(place, end, end + 1);
    *place = {day, 0, 0, 0};
    ++h.days;
  }
  h.kind = of_days;
  h.until = until;
  add_to(*place, exact);
  if (amount < 0) place->returned = 1;
  return true;
}

void LtvHistoryWords::load(const LtvHistory& history) {
  Header& h = header();
  h.until = history.until.value_or(0);
  h.days = static_cast<std::uint32_t>(history.days.size());
  h.kind = history.numbers ? of_numbers : history.until ? of_days : 0;
  if (history.numbers) std::memcpy(words_ + 2, &*history.numbers, sizeof(LtvNumbers));
  else std::copy(history.days.begin(), history.days.end(), room());
}

LtvHistory LtvHistoryWords::state() const {
  const Header& h = header();
  LtvHistory out;
  if (h.kind == of_days) out.until = h.until;
  if (h.kind == of_numbers) std::memcpy(static_cast<void*>(&out.numbers.emplace()), words_ + 2, sizeof(LtvNumbers));
  else out.days.assign(room(), room() + h.days);
  return out;
}

LtvSummary LtvHistoryWords::summary() const {
  if (from_numbers()) {
    LtvNumbers n;
    std::memcpy(static_cast<void*>(&n), words_ + 2, sizeof n);
    if (fault(n) != nullptr) damaged();
    return summary_of(n);
  }
  const auto all = days();
  for (std::size_t i = 0; i < all.size(); ++i)
    if (!is_day(all[i].day) || all[i].day > until() || (i > 0 && all[i].day <= all[i - 1].day)) damaged();
  return summarise(all, until());
}

std::int32_t LtvHistoryWords::until() const { return header().until; }
std::span<const LtvDay> LtvHistoryWords::days() const { return {room(), header().days}; }
bool LtvHistoryWords::from_numbers() const { return header().kind == of_numbers; }

int capacity_class_of(const LtvHistory& history) {
  const std::size_t days = history.numbers ? 2 : history.days.size();
  int c = 0;
  while (capacity[static_cast<std::size_t>(c)] < days) ++c;
  return c;
}

}  // namespace icp
