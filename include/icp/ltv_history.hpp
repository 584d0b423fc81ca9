// A customer's purchases as a small exact value: the days on which it bought and the money of each.
//
// The unit is the day, as in the published counts of CDNOW (Fader, Hardie & Lee 2005): several orders of one day are one
// purchase, and the day's amounts add up. Amounts are multiples of 2^-64 (those of at least 0.0005 are exact as doubles), so
// sums are exact: the same orders in any order, split and merged in any way, give the same bytes.
//
// A day is a purchase where its amounts add up to more than zero, or to zero with nothing returned on it (a free order).
// Returns and cancellations are negative amounts: a day that they bring to zero or below is no purchase, and its money
// still counts in the total and in the mean spend.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "icp/error.hpp"

namespace icp {

// What models of purchases read off a history. Times are in weeks.
struct LtvSummary {
  bool bought = false;        // whether there is a first purchase; else only total is set
  double frequency = 0;       // days of purchase after the first
  double recency = 0;         // from the first purchase to the last
  double age = 0;             // from the first purchase to the end
  double mean_spend = std::numeric_limits<double>::quiet_NaN();   // of the repeat purchases, net of returns; NaN: not known
  double first_spend = std::numeric_limits<double>::quiet_NaN();  // of the first purchase day; NaN: not known
  double spend_change = std::numeric_limits<double>::quiet_NaN(); // log of the later repeat purchases' mean over the earlier ones'; NaN: not known
  double total = 0;           // all money to the end, net of returns
  double weight = 1;          // customers that the history stands for
};

// One day's money. `returned` where an amount of the day was negative.
struct LtvDay {
  std::int32_t day;           // since 2000-01-01
  std::uint32_t returned;
  std::uint64_t low;          // the sum in units of 2^-64, two's complement
  std::int64_t high;

  __int128 units() const { return static_cast<__int128>(static_cast<unsigned __int128>(static_cast<std::uint64_t>(high)) << 64 | low); }
  bool purchase() const { return units() > 0 || (units() == 0 && returned == 0); }
  friend bool operator==(const LtvDay&, const LtvDay&) = default;
};

// A history that was made from numbers.
struct LtvNumbers {
  double frequency = 0, recency = 0, age = 0;           // weeks
  double mean_spend = std::numeric_limits<double>::quiet_NaN();
  double weight = 1;                                    // a multiple of 2^-20
  template <class A>
  void describe(A& a) {
    a.field("frequency", frequency);
    a.field("recency", recency);
    a.field("age", age);
    a.field("mean_spend", mean_spend);
    a.field("weight", weight);
  }
};

// The history as it travels: canonical, described, validated. Either days or numbers.
struct LtvHistory {
  static constexpr std::uint16_t version = 1;
  static constexpr std::size_t max_days = 36525;          // a century of them
  static constexpr double max_amount = 1e15;              // of one order; a day and a history hold 9e18
  static constexpr double max_weeks = 1e6, max_frequency = 1e9, max_weight = 1e9;
  static constexpr std::int32_t max_day = 100'000'000;

  std::optional<std::int32_t> until;                      // the last day that counts; nothing: made from numbers, or new
  std::vector<LtvDay> days;                               // in order
  std::optional<LtvNumbers> numbers;

  void validate() const;
  template <class A>
  void describe(A& a) {
    using Row = std::pair<std::pair<std::int32_t, std::uint32_t>, std::pair<std::int64_t, std::uint64_t>>;
    a.field("until", until);
    std::vector<Row> rows;
    if constexpr (!A::reading)
      for (const LtvDay& d : days) rows.push_back({{d.day, d.returned}, {d.high, d.low}});
    a.field("days", rows);
    if constexpr (A::reading) {
      days.clear();
      for (const auto& [when, money] : rows) days.push_back({when.first, when.second, money.second, money.first});
    }
    a.field("numbers", numbers);
  }

  LtvSummary summary() const;
};

// From four numbers; an error where they contradict each other. A mean spend of NaN is not known.
LtvHistory ltv_history_of(double frequency, double recency, double age, double mean_spend, double weight);
// An error where their ends differ or one was made from numbers.
LtvHistory merge(const LtvHistory& a, const LtvHistory& b);
// The history as it was at the end of an earlier day; an error where it was made from numbers.
LtvHistory ltv_history_until(const LtvHistory& history, std::int32_t day);

// The same in place. The words belong to the caller; how many they are says their capacity.
class LtvHistoryWords {
 public:
  // Words for a capacity class; new words are zero.
  static std::size_t size(int capacity_class);
  // An error (XX001) where these cannot be the words of a history.
  explicit LtvHistoryWords(std::span<std::uint64_t> words);

  int capacity_class() const { return class_; }
  // Adds an order; false, and nothing changed, where the next capacity class is needed first. Orders after `until` do not
  // count. An error where the amount is not finite or too large, or `until` is not that of the orders so far.
  bool add(std::int32_t day, double amount, std::int32_t until);
  void load(const LtvHistory& history);
  LtvHistory state() const;
  // Without copying; the days are checked for their order.
  LtvSummary summary() const;
  std::int32_t until() const;
  std::span<const LtvDay> days() const;
  bool from_numbers() const;

 private:
  struct Header;
  Header& header() const;
  LtvDay* room() const;

  std::uint64_t* words_;
  int class_ = 0;
};

int capacity_class_of(const LtvHistory& history);
std::string ltv_day_text(std::int32_t day);   // 2025-09-30
LtvSummary summarise(std::span<const LtvDay> days, std::int32_t until);

}  // namespace icp
