#include "icp/completeness.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "icp/error.hpp"
#include "icp/language.hpp"
#include "icp/levels.hpp"

#include "settings.hpp"

namespace icp {

namespace {

// What an option lists: names where it is an object; the entries' own name or text where it is an array.
std::vector<std::string> listed(const Model& m, const char* option) {
  const settings::Json list = settings::option(m.options, option);
  if (list.is_string()) return {list.get<std::string>()};
  std::vector<std::string> out;
  for (const auto& [key, value] : list.items()) {
    if (list.is_object()) out.push_back(key);
    else if (value.is_string()) out.push_back(value.get<std::string>());
    else if (value.is_object() && value.contains("name") && value["name"].is_string()) out.push_back(value["name"].get<std::string>());
    else out.push_back(value.dump());
  }
  return out;
}

// The figures of an ideal customer: what it is recognised by, and what it is worth.
std::vector<std::string> metrics_of(const Model& m, const std::map<std::string, double>& significance) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& name) {
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
  };
  for (const Feature& f : m.encoder.features)
    if (f.kind == Kind::numeric) add(f.name);
  for (const std::string& name : listed(m, "metrics")) add(name);
  for (const Cohort& c : m.cohorts)
    for (const auto& [name, figure] : c.metrics) add(name);
  const auto measured = [&](Estimate Cohort::* figure) {
    return std::any_of(m.cohorts.begin(), m.cohorts.end(), [&](const Cohort& c) { return (c.*figure).value.has_value(); });
  };
  if (measured(&Cohort::ltv)) add("ltv");
  if (measured(&Cohort::cac)) add("cac");
  if (measured(&Cohort::cycle)) add("cycle");
  if (measured(&Cohort::retention)) add("retention");
  if (measured(&Cohort::effort)) add("effort");
  const auto weight = [&](const std::string& name) {
    const auto it = significance.find(name);
    return it == significance.end() ? 1.0 : it->second;
  };
  std::stable_sort(out.begin(), out.end(), [&](const auto& a, const auto& b) { return weight(a) > weight(b); });
  return out;
}

}  // namespace

Report report_completeness(const Model& m, const CompletenessNeeds& needs, const std::string& language) {
  const bool ru = russian(language);
  if (needs.metrics < 0 || needs.exclusions < 0 || needs.depth < 0 || needs.depth > 4)
    throw Error(ErrorCode::invalid_parameter, "invalid need of completeness", "metrics and exclusions must be 0 or more, depth 0 to 4.");
  const auto given = settings::significance(settings::parse_object(m.options, "options"));
  Report r;
  r.columns = {"item", "have", "need", "ok", "significance", "items", "missing"};
  const auto row = [&](const char* item, const std::vector<std::string>& items, std::int64_t need, Cell significance, const std::string& missing) {
    const auto have = static_cast<std::int64_t>(items.size());
    r.rows.push_back({std::string(item), have, need, have >= need, std::move(significance), json_list(items), have >= need ? Cell() : Cell(fmt::format(fmt::runtime(missing), need - have))});
  };
  const std::vector<std::string> metrics = metrics_of(m, given);
  double significance = 0;
  for (const std::string& name : metrics) {
    const auto it = given.find(name);
    significance += it == given.end() ? 1.0 : it->second;
  }
  row("metrics", metrics, needs.metrics, significance,
      ru ? "добавьте {} (признаки с числами, опция metrics, ltv, cac, цикл, удержание, усилия)"
         : "add {} (attributes that are numbers, the option metrics, ltv, cac, cycle, retention, effort)");
  row("exclusions", listed(m, "exclusions"), needs.exclusions, Cell(),
      ru ? "добавьте {} (низкая готовность, другая скорость решений, разрыв ожиданий, другая культура)"
         : "add {} (low readiness, another speed of deciding, a gap in expectations, another culture)");
  std::vector<std::string> levels, missing;
  const Report depth = report_levels(m, language);
  for (const auto& level : depth.rows) (std::get<bool>(level[2]) ? levels : missing).push_back(std::get<std::string>(level[0]));
  row("levels", levels, needs.depth, Cell(), fmt::format(fmt::runtime(ru ? "добавьте {{}} ({})" : "add {{}} ({})"), fmt::join(missing, ", ")));
  std::vector<std::string> gold;
  for (const Cohort& c : m.cohorts)
    if (c.grade == "A") gold.push_back(c.key);
  row("gold", gold, 1, Cell(), ru ? "нужна {} когорта A: ни одна группа не выделяется качеством" : "{} cohort graded A is needed: no group stands out by its quality");
  return r;
}

}  // namespace icp
