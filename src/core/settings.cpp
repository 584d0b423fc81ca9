#include "settings.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "icp/error.hpp"
#include "icp/text.hpp"

namespace icp::settings {

[[noreturn]] void refuse(const std::string& key, const std::string& must, std::string hint) {
  throw Error(ErrorCode::invalid_parameter, fmt::format("invalid value for option \"{}\"", key), "It must be " + must + ".",
              std::move(hint));
}

namespace {

// Objects within objects; text within quotes does not count. Options need four; writing recurses as deep as they go.
bool too_deep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\') ++i;
    else if (c == '"') quoted = !quoted;
    else if (!quoted && (c == '{' || c == '[') && ++depth > 32) return true;
    else if (!quoted && (c == '}' || c == ']')) --depth;
  }
  return false;
}

}  // namespace

Json parse_object(std::string_view text, const char* what) {
  if (text.empty()) return Json::object();
  if (too_deep(text)) throw Error(ErrorCode::invalid_parameter, fmt::format("{} are nested too deep", what));
  auto json = Json::parse(text, nullptr, false);
  if (json.is_null()) return Json::object();
  if (json.is_discarded() || !json.is_object())
    throw Error(ErrorCode::invalid_parameter, fmt::format("{} must be a JSON object", what), {},
                "For example '{\"k\": 4}'::jsonb, or '{}' for the defaults.");
  return json;
}

std::string read_string(const std::string& key, const Json& j) {
  if (!j.is_string() || !is_text(j.get_ref<const std::string&>())) refuse(key, "a string");
  return j.get<std::string>();
}

double read_number(const std::string& key, const Json& j, double low, double high) {
  const double v = j.is_number() ? j.get<double>() : NAN;
  if (!(v >= low && v <= high)) refuse(key, fmt::format("a number from {} to {}", low, high));
  return v;
}

std::uint64_t read_integer(const std::string& key, const Json& j, std::uint64_t low, std::uint64_t high) {
  if (!j.is_number_unsigned() || j.get<std::uint64_t>() < low || j.get<std::uint64_t>() > high)
    refuse(key, fmt::format("a whole number from {} to {}", low, high));
  return j.get<std::uint64_t>();
}

[[noreturn]] void unknown(const std::string& where, const std::string& key, std::vector<std::string> known) {
  std::sort(known.begin(), known.end());
  throw Error(ErrorCode::invalid_parameter, fmt::format("unknown option \"{}{}\"", where, key), {},
              fmt::format("The known options{} are {}.", where.empty() ? "" : " of " + where.substr(0, where.size() - 1),
                          fmt::join(known, ", ")));
}

Json option(std::string_view options, const char* key) { return parse_object(options, "options").value(key, Json()); }

Tess tess(const Json& j) {
  Tess t;
  if (j.is_null()) return t;
  if (!j.is_object()) refuse("tess", "an object");
  for (const auto& [key, value] : j.items()) {
    if (key == "min_companies") t.min_companies = static_cast<std::int64_t>(read_integer("tess.min_companies", value, 1, 1'000'000));
    else unknown("tess.", key, {"min_companies"});
  }
  return t;
}

QuickStart quick_start(const Json& j) {
  QuickStart q;
  if (j.is_null()) return q;
  if (!j.is_object()) refuse("quick_start", "an object");
  for (const auto& [key, value] : j.items()) {
    const std::string name = "quick_start." + key;
    if (key == "n") q.n = static_cast<int>(read_integer(name, value, 2, 100'000));
    else if (key == "k") q.k = static_cast<int>(read_integer(name, value, 1, 100));
    else if (key == "share") q.share = read_number(name, value, 0.001, 1);
    else if (key == "margin") q.margin = read_string(name, value);
    else if (key == "nps") q.nps = read_string(name, value);
    else if (key == "activity") q.activity = read_string(name, value);
    else unknown("quick_start.", key, {"n", "k", "share", "margin", "nps", "activity"});
  }
  return q;
}

Attractiveness attractiveness(const Json& j) {
  Attractiveness a;
  if (j.is_null()) return a;
  if (!j.is_object()) refuse("attractiveness", "an object");
  const std::vector<std::string> criteria = {"volume", "competition", "fit", "speed"};
  const auto each = [&](const std::string& key, const Json& value, auto&& read) {
    if (!value.is_object()) refuse("attractiveness." + key, "an object of criterion and value");
    for (const auto& [criterion, one] : value.items()) {
      if (std::find(criteria.begin(), criteria.end(), criterion) == criteria.end()) unknown("attractiveness." + key + ".", criterion, criteria);
      read(criterion, one, "attractiveness." + key + "." + criterion);
    }
  };
  for (const auto& [key, value] : j.items()) {
    if (key == "choose") {
      a.choose = static_cast<int>(read_integer("attractiveness.choose", value, 1, 1000));
    } else if (key == "weights") {
      double total = 0;
      each(key, value, [&](const std::string& criterion, const Json& w, const std::string& name) { total += a.weights[criterion] = read_number(name, w, 0, 1e6); });
      if (!(total > 0)) refuse("attractiveness.weights", "weights of which one at least is above 0");
    } else if (key == "scales") {
      each(key, value, [&](const std::string& criterion, const Json& ends, const std::string& name) {
        if (!ends.is_array() || ends.size() != 2) refuse(name, "an array of two numbers: the values that mean 0 and 10", "For example {\"speed\": [180, 14]}.");
        const double zero = read_number(name, ends[0], -1e15, 1e15), ten = read_number(name, ends[1], -1e15, 1e15);
        if (zero == ten) refuse(name, "an array of two different numbers");
        a.scales[criterion] = {zero, ten};
      });
    } else unknown("attractiveness.", key, {"weights", "scales", "choose"});
  }
  return a;
}

namespace {

Potential::Evidence evidence(const std::string& kind, const Json& j) {
  const std::string name = "potential.evidence." + kind;
  Potential::Evidence e;
  e.kind = kind;
  if (j.is_string()) {
    e.column = read_string(name, j);
  } else if (j.is_object()) {
    for (const auto& [key, value] : j.items()) {
      if (key == "column") e.column = read_string(name + ".column", value);
      else if (key == "source") e.source = read_string(name + ".source", value);
      else if (key == "dated") e.dated = read_string(name + ".dated", value);
      else unknown(name + ".", key, {"column", "source", "dated"});
    }
  }
  if (e.column.empty()) refuse(name, "a column, or an object of column, source and dated", "For example {\"column\": \"budget\", \"source\": \"budget_source\"}.");
  return e;
}

}  // namespace

Potential potential(const Json& j) {
  Potential p;
  if (j.is_null()) return p;
  if (!j.is_object()) refuse("potential", "an object");
  for (const auto& [key, value] : j.items()) {
    const std::string name = "potential." + key;
    if (key == "quantile") p.quantile = read_number(name, value, 0.5, 0.94);
    else if (key == "purchases") p.purchases = read_string(name, value);
    else if (key == "cohort") p.cohort = read_string(name, value), p.cohort_named = true;
    else if (key == "evidence") {
      if (!value.is_object()) refuse(name, "an object of budget, competitors and expert");
      for (const auto& [kind, one] : value.items()) {
        if (kind != "budget" && kind != "competitors" && kind != "expert") unknown(name + ".", kind, {"budget", "competitors", "expert"});
        p.evidence.push_back(evidence(kind, one));
      }
    } else unknown("potential.", key, {"quantile", "purchases", "cohort", "evidence"});
  }
  return p;
}

std::map<std::string, double> significance(const Json& options) {
  std::map<std::string, double> out;
  const Json words = options.value("significance", Json()), scale = options.value("significance_scale", Json());
  std::map<std::string, double> values = {{"medium", 1}, {"high", 2}, {"very high", 3}};
  if (!scale.is_null()) {
    if (!scale.is_object()) refuse("significance_scale", "an object of word and number");
    for (const auto& [word, value] : scale.items()) values[word] = read_number("significance_scale." + word, value, 0, 1000);
  }
  if (words.is_null()) return out;
  if (!words.is_object()) refuse("significance", "an object of metric and word");
  for (const auto& [metric, value] : words.items()) {
    const std::string name = "significance." + metric;
    if (!value.is_string()) {
      out[metric] = read_number(name, value, 0, 1000);
      continue;
    }
    const auto it = values.find(read_string(name, value));
    std::vector<std::string> known;
    for (const auto& [word, v] : values) known.push_back(word);
    if (it == values.end()) refuse(name, fmt::format("a number or one of {}", fmt::join(known, ", ")));
    out[metric] = it->second;
  }
  return out;
}

}  // namespace icp::settings
