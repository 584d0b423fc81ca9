// Text as the core keeps it: valid UTF-8 without NUL. Folding is Unicode's (utf8proc), never the database's lower().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace icp {

// True for valid UTF-8 without NUL.
bool is_text(std::string_view bytes);
// The same text where it is valid; else with every invalid byte (and NUL) replaced by U+FFFD.
std::string clean(std::string_view bytes);
// How categories are matched: trimmed of white space, NFC, case-folded (Unicode "Default Caseless Matching").
// The argument must be text as is_text() says.
std::string fold(std::string_view text);

// Appends the shortest decimal that reads back as the same double ("NaN", "Infinity", "-Infinity" by name, no quotes).
void append_number(std::string& out, double value);
std::string number_text(double value);
// Appends text as a JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);

// A whole decimal number ("-1.5e3", white space around it allowed; also "NaN", "Infinity", "-Infinity", any case).
std::optional<double> parse_number(std::string_view text);

// A moment in microseconds since 2000-01-01 00:00:00, PostgreSQL's epoch. `local` is true where the text named no
// offset from UTC: the moment is then wall-clock time in a zone that the caller knows.
struct Moment {
  std::int64_t microseconds = 0;
  bool local = false;
  friend bool operator==(const Moment&, const Moment&) = default;
};
// ISO 8601 as to_jsonb writes it: 2024-02-29, 2024-02-29T12:00:00.123456, …+03:00, …Z (a space in place of T too).
// Nothing where the text is not exactly of that form or names a day that does not exist. "infinity" is nothing.
std::optional<Moment> parse_moment(std::string_view text);
// Microseconds since 2000-01-01 as PostgreSQL reads them: "2024-02-29 12:00:00.5", years before 1 with BC.
std::string moment_text(std::int64_t microseconds);

}  // namespace icp
