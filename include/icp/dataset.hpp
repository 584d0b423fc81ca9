// The rows of a sample, by column, with the roles read: what encoding, cohorts and checks work on.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "icp/options.hpp"
#include "icp/sample.hpp"
#include "icp/stop.hpp"

namespace icp {

inline constexpr double microseconds_a_day = 86'400'000'000.0;

// What a column holds, decided from its values alone, so that a record and its jsonb agree.
enum class ColumnType : std::uint8_t { empty, number, boolean, text, set, moment, free_text, other };

struct DataColumn {
  std::string name;
  ColumnType type = ColumnType::empty;
  std::vector<double> numbers;                  // number; moment: days since 2000-01-01 UTC; NaN missing
  std::vector<std::int32_t> codes;              // boolean (0, 1), text: index into words; -1 missing
  std::vector<std::string> words;               // text and set: distinct raw spellings, sorted by bytes
  std::vector<std::uint32_t> offsets;           // set
  std::vector<std::int32_t> items;              // set: indexes into words
  std::vector<std::uint8_t> known;              // 1 where the row has a value
  std::uint64_t known_rows = 0;
  std::uint64_t distinct = 0;                   // distinct values (text: folded)
  bool integral = false;                        // number: all whole
  bool local = false;                           // moment: wall-clock time in the model's zone
  std::uint64_t numeric_texts = 0;              // text: rows whose text is a number
  std::uint64_t unread = 0;                     // rows whose value the kind in the option `kinds` cannot read: they count as missing
};

enum class Outcome : std::uint8_t { unknown, open, lost, won };

inline constexpr std::int32_t no_company = -1;

// A diagnostic: what was noticed, about which column, in how many rows, and what to do about it.
struct Finding {
  std::string severity;  // error, warning, info
  std::string column;    // "" where it is about no single column
  std::int64_t rows = -1;  // -1: not a count of rows
  std::string message, hint;
  template <class A>
  void describe(A& a) {
    a.field("severity", severity); a.field("column", column); a.field("rows", rows); a.field("message", message);
    a.field("hint", hint);
  }
  friend bool operator==(const Finding&, const Finding&) = default;
};

struct Dataset {
  std::size_t rows = 0;
  std::uint64_t rows_seen = 0;             // before sampling
  std::vector<DataColumn> columns;         // sorted by name
  std::vector<std::uint64_t> count;        // identical rows of one company or deal are one

  // Roles. NaN where unknown.
  std::vector<Outcome> outcome;
  std::vector<std::int32_t> company;       // 0..companies-1; each row its own where there is no company_id
  std::size_t companies = 0;
  bool has_company = false, has_outcome = false;
  std::vector<double> first_contact, closed, created;  // days since 2000-01-01 UTC
  std::vector<double> amount, ltv, cac, cycle, retention, effort, hours, dqs, weight;
  std::vector<std::int32_t> currency;      // index into currencies; -1 unknown
  std::vector<std::string> currencies;
  double as_of = 0;                        // the option, else the latest date in the rows; NaN where there is none
  std::vector<Finding> findings;           // what reading the roles noticed

  const DataColumn* find(const std::string& name) const;
  double weight_of(std::size_t row) const { return static_cast<double>(count[row]) * weight[row]; }
  bool is_closed(std::size_t row) const { return outcome[row] == Outcome::won || outcome[row] == Outcome::lost; }
};

// Wall-clock time (microseconds since 2000-01-01) in the model's zone to UTC. Must not throw.
struct Zone {
  std::int64_t (*to_utc)(void* context, std::int64_t local) = nullptr;
  void* context = nullptr;
  std::int64_t operator()(std::int64_t local) const { return to_utc == nullptr ? local : to_utc(context, local); }
};

// The day (since 2000-01-01 UTC) of a moment or of its ISO 8601 text; NaN where the value is neither.
double day_of(const Value& value, const Zone& zone);

// Reads a sample. A repeated deal is an error unless `lenient` (then it is a finding), likewise a missing outcome.
Dataset read_dataset(const Sample& sample, const Options& options, const Zone& zone, const Stop& stop, bool lenient = false);

}  // namespace icp
