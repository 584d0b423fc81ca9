#include "icp/text.hpp"

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <new>

#include <fmt/format.h>
#include <utf8proc.h>

#include "icp/error.hpp"

namespace icp {

namespace {

const utf8proc_uint8_t* bytes_of(std::string_view s) { return reinterpret_cast<const utf8proc_uint8_t*>(s.data()); }

bool ascii(std::string_view s) {
  for (const char c : s)
    if (static_cast<unsigned char>(c) >= 0x80 || c == '\0') return false;
  return true;
}

bool white(utf8proc_int32_t c) {
  if (c == ' ' || (c >= '\t' && c <= '\r')) return true;
  const auto category = utf8proc_category(c);
  return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

std::string_view trim(std::string_view s) {
  while (!s.empty()) {
    utf8proc_int32_t c = 0;
    const auto n = utf8proc_iterate(bytes_of(s), static_cast<utf8proc_ssize_t>(s.size()), &c);
    if (n <= 0 || !white(c)) break;
    s.remove_prefix(static_cast<std::size_t>(n));
  }
  while (!s.empty()) {
    std::size_t start = s.size() - 1;
    while (start > 0 && (static_cast<unsigned char>(s[start]) & 0xc0) == 0x80) --start;
    utf8proc_int32_t c = 0;
    if (utf8proc_iterate(bytes_of(s) + start, static_cast<utf8proc_ssize_t>(s.size() - start), &c) <= 0 || !white(c)) break;
    s.remove_suffix(s.size() - start);
  }
  return s;
}

}  // namespace

bool is_text(std::string_view bytes) {
  if (ascii(bytes)) return true;
  while (!bytes.empty()) {
    utf8proc_int32_t c = 0;
    const auto n = utf8proc_iterate(bytes_of(bytes), static_cast<utf8proc_ssize_t>(bytes.size()), &c);
    if (n <= 0 || c == 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

std::string clean(std::string_view bytes) {
  if (is_text(bytes)) return std::string(bytes);
  std::string out;
  while (!bytes.empty()) {
    utf8proc_int32_t c = 0;
    const auto n = utf8proc_iterate(bytes_of(bytes), static_cast<utf8proc_ssize_t>(bytes.size()), &c);
    const bool good = n > 0 && c != 0;
    const auto step = good ? static_cast<std::size_t>(n) : 1;
    out.append(good ? bytes.substr(0, step) : std::string_view("\xef\xbf\xbd"));
    bytes.remove_prefix(step);
  }
  return out;
}

std::string fold(std::string_view text) {
  text = trim(text);
  if (ascii(text)) {
    std::string out(text);
    for (char& c : out)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
  }
  utf8proc_uint8_t* folded = nullptr;
  const auto n = utf8proc_map(bytes_of(text), static_cast<utf8proc_ssize_t>(text.size()), &folded,
                              static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD));
  if (n == UTF8PROC_ERROR_NOMEM) throw std::bad_alloc();
  if (n < 0) return std::string(text);
  const std::unique_ptr<utf8proc_uint8_t, void (*)(void*)> owner(folded, std::free);
  return std::string(reinterpret_cast<const char*>(folded), static_cast<std::size_t>(n));
}

void append_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out.append("NaN");
  } else if (std::isinf(value)) {
    out.append(value > 0 ? "Infinity" : "-Infinity");
  } else {
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    out.append(buffer, end);
  }
}

std::string number_text(double value) {
  std::string out;
  append_number(out, value);
  return out;
}

void append_json_string(std::string& out, std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"': out.append("\\\""); break;
      case '\\': out.append("\\\\"); break;
      case '\b': out.append("\\b"); break;
      case '\f': out.append("\\f"); break;
      case '\n': out.append("\\n"); break;
      case '\r': out.append("\\r"); break;
      case '\t': out.append("\\t"); break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out.append("\\u00");
          out.push_back(hex[static_cast<unsigned char>(c) >> 4]);
          out.push_back(hex[static_cast<unsigned char>(c) & 15]);
        } else {
          out.push_back(c);
        }
    }
  }
  out.push_back('"');
}

std::optional<double> parse_number(std::string_view text) {
  text = trim(text);
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) return std::numeric_limits<double>::infinity();
  if (error != std::errc()) return std::nullopt;
  return value;
}

std::optional<Moment> parse_moment(std::string_view s) {
  const auto digits = [&s](int most, int least, int& value, int* count = nullptr) {
    int n = 0;
    value = 0;
    while (n < most && n < static_cast<int>(s.size()) && s[static_cast<std::size_t>(n)] >= '0' && s[static_cast<std::size_t>(n)] <= '9') {
      value = value * 10 + (s[static_cast<std::size_t>(n)] - '0');
      ++n;
    }
    if (n < least) return false;
    s.remove_prefix(static_cast<std::size_t>(n));
    if (count != nullptr) *count = n;
    return true;
  };
  const auto sign = [&s](char c) {
    if (s.empty() || s.front() != c) return false;
    s.remove_prefix(1);
    return true;
  };
  using namespace std::chrono;
  int y = 0, m = 0, d = 0;
  if (!digits(6, 4, y) || !sign('-') || !digits(2, 2, m) || !sign('-') || !digits(2, 2, d)) return std::nullopt;
  // system_clock's calendar holds the years up to 32767; nothing in a CRM comes near.
  if (y > 32767) return std::nullopt;
  const year_month_day day{year{y}, month{static_cast<unsigned>(m)}, std::chrono::day{static_cast<unsigned>(d)}};
  if (!day.ok()) return std::nullopt;
  const auto days = sys_days(day) - sys_days(year{2000} / January / 1);
  Moment moment{static_cast<std::int64_t>(days.count()) * 86'400'000'000, true};
  if (s.empty()) return moment;
  int hh = 0, mm = 0, ss = 0, fraction = 0;
  if (!(sign('T') || sign(' ')) || !digits(2, 2, hh) || !sign(':') || !digits(2, 2, mm)) return std::nullopt;
  if (sign(':')) {
    if (!digits(2, 2, ss)) return std::nullopt;
    if (sign('.')) {
      int n = 0;
      if (!digits(6, 1, fraction, &n)) return std::nullopt;
      for (; n < 6; ++n) fraction *= 10;
    }
  }
  if (hh > 24 || mm > 59 || ss > 60 || (hh == 24 && (mm > 0 || ss > 0))) return std::nullopt;
  moment.microseconds += ((hh * 60LL + mm) * 60 + ss) * 1'000'000 + fraction;
  if (s.empty()) return moment;
  if (sign('Z')) {
    moment.local = false;
    return s.empty() ? std::optional(moment) : std::nullopt;
  }
  const bool east = s.front() == '+';
  int oh = 0, om = 0, os = 0;
  if (!(sign('+') || sign('-')) || !digits(2, 2, oh)) return std::nullopt;
  if (sign(':') && !digits(2, 2, om)) return std::nullopt;
  if (sign(':') && !digits(2, 2, os)) return std::nullopt;
  if (!s.empty() || oh > 15 || om > 59 || os > 59) return std::nullopt;
  moment.local = false;
  moment.microseconds += (east ? -1 : 1) * ((oh * 60LL + om) * 60 + os) * 1'000'000;
  return moment;
}

std::string moment_text(std::int64_t microseconds) {
  using namespace std::chrono;
  constexpr std::int64_t a_day = 86'400'000'000;
  const std::int64_t whole = microseconds >= 0 ? microseconds / a_day : -((-microseconds + a_day - 1) / a_day);
  const year_month_day day{sys_days(year{2000} / January / 1) + days(whole)};
  const std::int64_t rest = microseconds - whole * a_day, seconds = rest / 1'000'000, fraction = rest % 1'000'000;
  const int y = static_cast<int>(day.year());
  std::string text = fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", y > 0 ? y : 1 - y, static_cast<unsigned>(day.month()),
                                 static_cast<unsigned>(day.day()), seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (fraction != 0) {
    text += fmt::format(".{:06}", fraction);
    while (text.back() == '0') text.pop_back();
  }
  return y > 0 ? text : text + " BC";
}

}  // namespace icp
