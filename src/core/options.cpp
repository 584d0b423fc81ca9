#include "icp/options.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "icp/error.hpp"
#include "icp/exclusion.hpp"
#include "icp/language.hpp"
#include "icp/text.hpp"

#include "settings.hpp"

namespace icp {

namespace {

using namespace settings;

std::set<std::string> read_strings(const std::string& key, const Json& j) {
  std::set<std::string> out;
  if (j.is_string()) return {read_string(key, j)};
  if (!j.is_array()) refuse(key, "an array of strings");
  for (const Json& item : j) out.insert(read_string(key, item));
  return out;
}

std::map<std::string, std::string> read_map(const std::string& key, const Json& j, const std::vector<std::string>& allowed) {
  std::map<std::string, std::string> out;
  if (!j.is_object()) refuse(key, "an object of column and word");
  for (const auto& [column, value] : j.items()) {
    const std::string word = read_string(key + "." + column, value);
    if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), word) == allowed.end())
      refuse(key + "." + column, fmt::format("one of {}", fmt::join(allowed, ", ")));
    out[column] = word;
  }
  return out;
}

void read_roles(Options& o, const Json& j) {
  if (!j.is_object()) refuse("roles", "an object of role and column");
  for (const auto& [role, value] : j.items()) {
    if (role == "won" || role == "lost" || role == "open") {
      auto& list = role == "won" ? o.won : role == "lost" ? o.lost : o.open;
      list.clear();
      for (const std::string& word : read_strings("roles." + role, value)) list.insert(fold(word));
      continue;
    }
    if (std::find(std::begin(role_names), std::end(role_names), role) == std::end(role_names)) {
      std::vector<std::string> known(std::begin(role_names), std::end(role_names));
      known.insert(known.end(), {"won", "lost", "open"});
      unknown("roles.", role, std::move(known));
    }
    o.roles[role] = read_string("roles." + role, value);
  }
  for (const auto* a : {&o.won, &o.lost})
    for (const auto* b : {&o.lost, &o.open})
      if (a != b)
        for (const std::string& word : *a)
          if (b->count(word) > 0)
            throw Error(ErrorCode::invalid_parameter, fmt::format("the outcome \"{}\" is listed twice", word),
                        "roles.won, roles.lost and roles.open must not share a word.");
}

void read_dqs(Options& o, const Json& j) {
  if (!j.is_object()) refuse("dqs", "an object");
  for (const auto& [key, value] : j.items()) {
    if (key == "weights") o.dqs_weights = read_string("dqs.weights", value);
    else if (key == "scale") o.dqs_scale = value.is_object() ? value.dump() : read_string("dqs.scale", value);
    else if (key == "age_days") o.dqs_age_days = read_number("dqs.age_days", value, 0, 36500);
    else if (key == "effort_unit") {
      o.effort_unit = read_string("dqs.effort_unit", value);
      if (o.effort_unit != "touches" && o.effort_unit != "hours") refuse("dqs.effort_unit", "touches or hours");
    } else unknown("dqs.", key, {"weights", "scale", "age_days", "effort_unit"});
  }
}

bool read_boolean(const std::string& key, const Json& j) {
  if (!j.is_boolean()) refuse(key, "true or false");
  return j.get<bool>();
}

void read_rules(Options& o, const Json& j) {
  if (!j.is_object()) refuse("rules", "an object");
  RuleSettings& r = o.rules.emplace();
  for (const auto& [key, value] : j.items()) {
    const std::string name = "rules." + key;
    if (key == "depth") r.depth = static_cast<int>(read_integer(name, value, 1, 4));
    else if (key == "top") r.top = static_cast<int>(read_integer(name, value, 0, 1000));
    else if (key == "permutations") {
      r.permutations = static_cast<int>(read_integer(name, value, 0, 100000));
      if (r.permutations > 0 && r.permutations < 99) refuse(name, "0 or 99 to 100000");
    } else if (key == "holdout") r.holdout = read_number(name, value, 0, 0.5);
    else if (key == "min_companies") r.min_companies = static_cast<std::int64_t>(read_integer(name, value, 1, 1'000'000));
    else if (key == "missing") r.missing = read_boolean(name, value);
    else if (key == "all") r.all = read_boolean(name, value);
    else if (key == "exponent") r.exponent = read_number(name, value, 0, 1);
    else if (key == "direction") {
      r.direction = read_string(name, value);
      if (r.direction != "both" && r.direction != "high" && r.direction != "low") refuse(name, "both, high or low");
    } else unknown("rules.", key, {"all", "depth", "direction", "exponent", "holdout", "min_companies", "missing", "permutations", "top"});
  }
}

void read_associations(Options& o, const Json& j) {
  if (!j.is_object()) refuse("associations", "an object");
  AssociationSettings& a = o.associations.emplace();
  for (const auto& [key, value] : j.items()) {
    const std::string name = "associations." + key;
    if (key == "permutations") a.permutations = static_cast<int>(read_integer(name, value, 99, 100000));
    else if (key == "pairs") a.pairs = static_cast<int>(read_integer(name, value, 0, 1000));
    else if (key == "all") a.all = read_boolean(name, value);
    else unknown("associations.", key, {"all", "pairs", "permutations"});
  }
}

void read_anti_icp(Options& o, const Json& j) {
  if (!j.is_object()) refuse("anti_icp", "an object");
  for (const auto& [key, value] : j.items()) {
    const std::string name = "anti_icp." + key;
    if (key == "hours_per_win") o.anti_icp.hours_per_win = read_number(name, value, 0, 1e9);
    else if (key == "win_rate") o.anti_icp.win_rate = read_number(name, value, 0, 1);
    else if (key == "hours_per_touch") o.anti_icp.hours_per_touch = read_number(name, value, 0, 1e6);
    else unknown("anti_icp.", key, {"hours_per_touch", "hours_per_win", "win_rate"});
  }
}

void read_class_weights(ScorecardSettings& s, const std::string& name, const Json& j) {
  s.balanced = j.is_string() && j.get_ref<const std::string&>() == "balanced";
  if (s.balanced) return;
  if (!j.is_object()) refuse(name, "\"balanced\", or an object of won and lost", "For example {\"won\": 5}: a won deal weighs as much as five lost ones.");
  for (const auto& [outcome, value] : j.items()) {
    if (outcome != "won" && outcome != "lost") unknown(name + ".", outcome, {"lost", "won"});
    (outcome == "won" ? s.won_weight : s.lost_weight) = read_number(name + "." + outcome, value, 0.001, 1000);
  }
}

void read_scorecard(Options& o, const Json& j) {
  if (!j.is_object()) refuse("scorecard", "an object");
  for (const auto& [key, value] : j.items()) {
    const std::string name = "scorecard." + key;
    if (key == "pairs") o.scorecard.pairs = static_cast<int>(read_integer(name, value, 0, 100));
    else if (key == "monotone")
      for (const auto& [column, word] : read_map(name, value, {"increasing", "decreasing"})) o.scorecard.monotone[column] = word == "increasing" ? 1 : -1;
    else if (key == "class_weights") read_class_weights(o.scorecard, name, value);
    else unknown("scorecard.", key, {"class_weights", "monotone", "pairs"});
  }
}

// Conditions by name, or a list of conditions that are their own names.
void read_exclusions(Options& o, const Json& j) {
  constexpr std::size_t most = 100;
  if (j.is_object()) o.exclusions = read_map("exclusions", j, {});
  else
    for (const std::string& text : read_strings("exclusions", j)) o.exclusions[text] = text;
  if (o.exclusions.size() > most) refuse("exclusions", fmt::format("at most {} conditions", most));
  for (const auto& [name, text] : o.exclusions) {
    if (name.empty()) refuse("exclusions", "an object whose keys are not empty");
    Expression::parse(text);
  }
}

void read_loss_reasons(Options& o, const Json& j) {
  if (!j.is_object()) refuse("loss_reasons", "an object of codes");
  for (const auto& [code, value] : j.items()) {
    const std::string name = "loss_reasons." + code;
    if (!value.is_object()) refuse(name, "an object of en, ru and matches");
    LossReason& reason = o.loss_reasons[code];
    for (const auto& [key, part] : value.items()) {
      if (key == "matches") reason.matches = read_strings(name + ".matches", part);
      else if (key == "en" || key == "ru") reason.titles[key] = read_string(name + "." + key, part);
      else unknown(name + ".", key, {"en", "ru", "matches"});
    }
  }
}

using Reader = void (*)(Options&, const std::string&, const Json&);
const std::map<std::string, Reader>& readers() {
  static const std::map<std::string, Reader> all = {
      {"roles", [](Options& o, const std::string&, const Json& j) { read_roles(o, j); }},
      {"features", [](Options& o, const std::string& k, const Json& j) { o.features = read_strings(k, j); }},
      {"ignore", [](Options& o, const std::string& k, const Json& j) { o.ignore = read_strings(k, j); }},
      {"keep", [](Options& o, const std::string& k, const Json& j) { o.keep = read_strings(k, j); }},
      {"metrics", [](Options& o, const std::string& k, const Json& j) { o.metrics = read_strings(k, j); }},
      {"kinds", [](Options& o, const std::string& k, const Json& j) {
         o.kinds = read_map(k, j, {"numeric", "binary", "categorical", "set", "date"});
       }},
      {"levels", [](Options& o, const std::string& k, const Json& j) {
         o.levels = read_map(k, j, {"firmographic", "technographic", "situational", "psychographic"});
       }},
      {"lead_columns", [](Options& o, const std::string& k, const Json& j) { o.lead_columns = read_strings(k, j); }},
      {"lead_known", [](Options& o, const std::string& k, const Json& j) {
         if (!j.is_object()) refuse(k, "an object of column and share");
         for (const auto& [column, share] : j.items()) o.lead_known[column] = read_number(k + "." + column, share, 0, 1);
       }},
      {"scorecard", [](Options& o, const std::string&, const Json& j) { read_scorecard(o, j); }},
      {"leads", [](Options& o, const std::string& k, const Json& j) { o.leads = read_string(k, j); }},
      {"dqs", [](Options& o, const std::string&, const Json& j) { read_dqs(o, j); }},
      {"k", [](Options& o, const std::string& k, const Json& j) { o.k = static_cast<int>(read_integer(k, j, 1, 50)); }},
      {"k_max", [](Options& o, const std::string& k, const Json& j) { o.k_max = static_cast<int>(read_integer(k, j, 1, 50)); }},
      {"seed", [](Options& o, const std::string& k, const Json& j) { o.seed = read_integer(k, j, 0, UINT64_MAX); }},
      {"sample", [](Options& o, const std::string& k, const Json& j) { o.sample = read_integer(k, j, 100, 10'000'000); }},
      {"timezone", [](Options& o, const std::string& k, const Json& j) { o.timezone = read_string(k, j); }},
      {"as_of", [](Options& o, const std::string& k, const Json& j) {
         o.as_of = read_string(k, j);
         if (!parse_moment(*o.as_of)) refuse(k, "a date or a timestamp in ISO 8601", "For example \"2025-09-30\".");
       }},
      {"maturity_days", [](Options& o, const std::string& k, const Json& j) { o.maturity_days = read_number(k, j, 0, 36500); }},
      {"min_similarity", [](Options& o, const std::string& k, const Json& j) { o.min_similarity = read_number(k, j, 0, 1); }},
      {"gold_similarity", [](Options& o, const std::string& k, const Json& j) { o.gold_similarity = read_number(k, j, 0, 1); }},
      {"supervision", [](Options& o, const std::string& k, const Json& j) { o.supervision = read_number(k, j, 0, 1); }},
      {"min_coverage", [](Options& o, const std::string& k, const Json& j) { o.min_coverage = read_number(k, j, 0, 1); }},
      {"margin", [](Options& o, const std::string& k, const Json& j) { o.margin = read_number(k, j, 0, 1); }},
      {"touch_cost", [](Options& o, const std::string& k, const Json& j) { o.touch_cost = read_number(k, j, 0, 1e15); }},
      {"hour_cost", [](Options& o, const std::string& k, const Json& j) { o.hour_cost = read_number(k, j, 0, 1e15); }},
      {"anti_icp", [](Options& o, const std::string&, const Json& j) { read_anti_icp(o, j); }},
      {"exclusions", [](Options& o, const std::string&, const Json& j) { read_exclusions(o, j); }},
      {"loss_reasons", [](Options& o, const std::string&, const Json& j) { read_loss_reasons(o, j); }},
      {"target", [](Options& o, const std::string& k, const Json& j) { o.target = read_string(k, j); }},
      {"rules", [](Options& o, const std::string&, const Json& j) { read_rules(o, j); }},
      // What only its own function reads is checked here and kept as it is.
      {"sources", [](Options&, const std::string& k, const Json& j) { read_map(k, j, {}); }},
      {"significance", [](Options&, const std::string&, const Json&) {}},        // both at once, in parse_options()
      {"significance_scale", [](Options&, const std::string&, const Json&) {}},
      {"language", [](Options&, const std::string& k, const Json& j) { parse_language(read_string(k, j)); }},
      {"tess", [](Options&, const std::string&, const Json& j) { settings::tess(j); }},
      {"quick_start", [](Options&, const std::string&, const Json& j) { settings::quick_start(j); }},
      {"attractiveness", [](Options&, const std::string&, const Json& j) { settings::attractiveness(j); }},
      {"potential", [](Options&, const std::string&, const Json& j) { settings::potential(j); }},
      {"associations", [](Options& o, const std::string&, const Json& j) { read_associations(o, j); }},
      {"titles", [](Options& o, const std::string& k, const Json& j) {
         if (!j.is_object()) refuse(k, "an object of cohort, language and title");
         for (const auto& [cohort, titles] : j.items()) o.titles[cohort] = read_map(k + "." + cohort, titles, {});
       }},
  };
  return all;
}

void lay_over(Json& base, const Json& changes) {
  for (const auto& [key, value] : changes.items()) {
    if (value.is_null()) {
      base.erase(key);
    } else if (value.is_object()) {
      // Also where there was nothing: a null in `value` takes away and is never kept.
      if (!base.contains(key) || !base[key].is_object()) base[key] = Json::object();
      lay_over(base[key], value);
    } else {
      base[key] = value;
    }
  }
}

}  // namespace

bool Options::is_role(const std::string& column) const {
  for (const char* role : role_names)
    if (column_of(role) == column) return true;
  return false;
}

Options parse_options(std::string_view text) {
  const Json json = parse_object(text, "options");
  Options o;
  o.won = {"won", "closed won"};
  o.lost = {"lost", "closed lost"};
  o.open = {"open"};
  for (const auto& [key, value] : json.items()) {
    const auto it = readers().find(key);
    if (it == readers().end()) {
      std::vector<std::string> known;
      for (const auto& [name, reader] : readers()) known.push_back(name);
      unknown("", key, std::move(known));
    }
    it->second(o, key, value);
  }
  significance(json);
  if (o.associations && !o.target)
    throw Error(ErrorCode::invalid_parameter, "the option \"associations\" needs a target", {}, "It belongs to icp_associations().");
  if (o.dqs_scale.empty()) o.dqs_scale = o.effort_unit == "hours" ? "hours" : "default";
  if (o.k > 0) o.k_max = std::max(o.k_max, o.k);
  return o;
}

std::string merge_options(std::string_view base, std::string_view changes) {
  Json json = parse_object(base, "options");
  lay_over(json, parse_object(changes, "options"));
  return json.dump();
}

std::string with_target(std::string_view text, std::string_view target) {
  Json json = parse_object(text, "options");
  json["target"] = std::string(target);
  return json.dump();
}

bool settable_without_refit(std::string_view key) {
  for (const char* name : {"min_similarity", "gold_similarity", "min_coverage", "titles", "margin", "touch_cost", "hour_cost", "sources", "significance",
                           "significance_scale", "exclusions"})
    if (key == name) return true;
  return false;
}

}  // namespace icp
