#include "icp/maturity.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "icp/error.hpp"
#include "icp/language.hpp"
#include "icp/text.hpp"

namespace icp {

namespace {

using Json = nlohmann::json;

constexpr double most_points = 1e6;
constexpr std::size_t most_items = 1000;
// Decimals that people write differ by less from what their sum should be.
constexpr double rounding = 1e-6;

[[noreturn]] void refuse(const std::string& message, std::string detail, std::string hint = {}) {
  throw Error(ErrorCode::invalid_parameter, message, std::move(detail), std::move(hint));
}

// To the nearest multiple of 2^-32.
double exact(double points) { return std::round(points * 0x1p32) * 0x1p-32; }

Json parse(std::string_view text, const char* what) {
  auto json = Json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object()) refuse(fmt::format("{} must be a JSON object", what), {});
  return json;
}

double points_of(const std::string& where, const Json& j) {
  const double v = j.is_number() ? j.get<double>() : NAN;
  if (!(v >= 0.001 && v <= most_points))
    refuse(fmt::format("invalid value for \"{}\"", where), fmt::format("It must be a number from 0.001 to {}.", number_text(most_points)));
  return exact(v);
}

void known_keys(const Json& j, const std::string& where, const std::vector<std::string>& known) {
  for (const auto& [key, value] : j.items())
    if (std::find(known.begin(), known.end(), key) == known.end())
      refuse(fmt::format("unknown key \"{}\" in {}", key, where), {}, fmt::format("The known keys are {}.", fmt::join(known, ", ")));
}

// Four aspects with equal points but for the last, which make 15. What a client does, not what it owns.
const MaturityScale& default_scale() {
  static const MaturityScale scale = {15,
                                      {{"cloud", 4, {{"en", "Works in cloud services"}, {"ru", "Работает в облачных сервисах"}}},
                                       {"roles", 4, {{"en", "Has people whose job is digital"}, {"ru", "Есть выделенные цифровые роли"}}},
                                       {"training", 4, {{"en", "Invests in training its staff"}, {"ru", "Вкладывает в обучение сотрудников"}}},
                                       {"data", 3, {{"en", "Decides by data"}, {"ru", "Принимает решения на основе данных"}}}}};
  return scale;
}

}  // namespace

MaturityScale parse_maturity_scale(std::string_view text) {
  if (text.empty()) return default_scale();
  const Json json = parse(text, "the scale");
  known_keys(json, "the scale", {"maximum", "items"});
  MaturityScale scale;
  if (json.contains("maximum")) scale.maximum = points_of("maximum", json["maximum"]);
  if (!json.contains("items") || !json["items"].is_array() || json["items"].empty() || json["items"].size() > most_items)
    refuse("the scale has no items", fmt::format("\"items\" must be an array of 1 to {} objects.", most_items),
           "For example {\"maximum\": 15, \"items\": [{\"name\": \"cloud\", \"points\": 15}]}.");
  std::set<std::string> names;
  double total = 0, kept = 0;
  for (const Json& j : json["items"]) {
    if (!j.is_object()) refuse("an item of the scale is not an object", {}, "For example {\"name\": \"cloud\", \"points\": 4}.");
    known_keys(j, "an item of the scale", {"name", "points", "title"});
    MaturityItem item;
    if (!j.contains("name") || !j["name"].is_string() || !is_text(j["name"].get_ref<const std::string&>()) || j["name"].get_ref<const std::string&>().empty())
      refuse("an item of the scale has no name", "\"name\" must be a text.");
    item.name = j["name"].get<std::string>();
    if (!names.insert(item.name).second) refuse(fmt::format("the item \"{}\" occurs twice in the scale", item.name), {});
    item.points = points_of(item.name + ".points", j.value("points", Json()));
    kept += item.points;
    const Json title = j.value("title", Json());
    if (title.is_string()) {
      item.titles["en"] = title.get<std::string>();
    } else if (title.is_object()) {
      for (const auto& [language, words] : title.items()) {
        parse_language(language);
        if (!words.is_string()) refuse(fmt::format("a title of the item \"{}\" is not a text", item.name), {});
        item.titles[language] = words.get<std::string>();
      }
    } else if (!title.is_null()) {
      refuse(fmt::format("a title of the item \"{}\" is not a text", item.name), "It must be a text, or an object of language and text.");
    }
    total += j["points"].get<double>();
    scale.items.push_back(std::move(item));
  }
  if (!(std::abs(total - scale.maximum) <= rounding))
    refuse("the points of the scale do not total its maximum",
           fmt::format("The {} items total {}, the maximum is {}.", scale.items.size(), number_text(total), number_text(scale.maximum)),
           json.contains("maximum") ? "Change the points of an item, or the maximum." : "The maximum is 15 unless the scale says another: add \"maximum\".");
  // What ten times 0.1 lacks to 1 in whole units.
  scale.items.back().points += scale.maximum - kept;
  return scale;
}

MaturityScore score_maturity(const MaturityScale& scale, std::string_view text) {
  const Json answers = parse(text, "the answers");
  std::vector<std::string> names;
  for (const MaturityItem& item : scale.items) names.push_back(item.name);
  for (const auto& [name, value] : answers.items())
    if (std::find(names.begin(), names.end(), name) == names.end())
      refuse(fmt::format("the scale has no item \"{}\"", name), {}, fmt::format("Its items are {}.", fmt::join(names, ", ")));
  MaturityScore s;
  double sum = 0, known = 0;
  for (const MaturityItem& item : scale.items) {
    const auto it = answers.find(item.name);
    s.points.emplace_back();
    if (it == answers.end() || it->is_null()) continue;
    double points = 0;
    if (it->is_boolean()) {
      points = it->get<bool>() ? item.points : 0;
    } else {
      points = it->is_number() ? it->get<double>() : NAN;
      if (!(points >= 0 && points <= item.points + rounding))
        refuse(fmt::format("invalid answer for \"{}\"", item.name), fmt::format("It must be a number from 0 to {}, true or false; null where it is not known.", number_text(item.points)));
      points = std::min(exact(points), item.points);
    }
    s.points.back() = points;
    sum += points;
    known += item.points;
  }
  if (known > 0) s.score = sum;
  s.highest = sum + (scale.maximum - known);
  s.coverage = known / scale.maximum;
  return s;
}

Report report_maturity(const MaturityScale& scale, const MaturityScore& s) {
  Report r;
  r.columns = {"score", "highest", "maximum", "coverage"};
  r.rows.push_back({s.score ? Cell(*s.score) : Cell(), s.highest, scale.maximum, s.coverage});
  return r;
}

Report report_maturity_parts(const MaturityScale& scale, const MaturityScore& s, const std::string& language) {
  const char* wanted = russian(language) ? "ru" : "en";
  Report r;
  r.columns = {"item", "title", "points", "maximum"};
  for (std::size_t i = 0; i < scale.items.size(); ++i) {
    const MaturityItem& item = scale.items[i];
    std::string title = item.name;
    for (const char* l : {wanted, "en", "ru"})
      if (const auto it = item.titles.find(l); it != item.titles.end()) {
        title = it->second;
        break;
      }
    r.rows.push_back({item.name, title, s.points[i] ? Cell(*s.points[i]) : Cell(), item.points});
  }
  return r;
}

}  // namespace icp
