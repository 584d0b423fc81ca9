// One value of a row as it arrives, before anything has been learned about its column.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace icp {

enum class ValueType : std::uint8_t {
  missing = 0,  // NULL; NaN and infinite numbers; infinite moments
  number = 1,   // any SQL number; `real` through its shortest decimal form
  boolean = 2,
  text = 3,     // text, varchar, enum, domains over them; in jsonb every string
  set = 4,      // array of text; NULL elements are left out
  moment = 5,   // date, timestamp, timestamptz; never from jsonb, where a moment is still text
  other = 6,    // known, but of a type that no feature can have (json, time, bytea ...)
};

// Views into memory that the caller owns for the duration of the call. Text is UTF-8 without NUL (text.hpp: clean()).
struct Value {
  ValueType type = ValueType::missing;
  bool boolean = false;                       // boolean: the value; moment: true for wall-clock time without a zone
  double number = 0;
  std::int64_t microseconds = 0;              // moment: since 2000-01-01
  std::string_view text;
  std::span<const std::string_view> items;    // set

  static Value of(double v) { Value x; x.type = ValueType::number; x.number = v; return x; }
  static Value of(bool v) { Value x; x.type = ValueType::boolean; x.boolean = v; return x; }
  static Value of(std::string_view v) { Value x; x.type = ValueType::text; x.text = v; return x; }
  static Value of(const char*) = delete;
  static Value of_set(std::span<const std::string_view> v) { Value x; x.type = ValueType::set; x.items = v; return x; }
  static Value of_moment(std::int64_t us, bool local) {
    Value x; x.type = ValueType::moment; x.microseconds = us; x.boolean = local; return x;
  }
};

}  // namespace icp
