// A model as a value: validation, changes, and the keys carried from version to version.
#include "icp/model.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "icp/error.hpp"
#include "icp/hash.hpp"
#include "icp/language.hpp"
#include "icp/matcher.hpp"
#include "icp/text.hpp"
#include "icp/training.hpp"

namespace icp {

void Model::validate() const {
  const auto check = [](bool ok, const char* why) {
    if (!ok) throw Error(ErrorCode::corrupted, "the model contradicts itself", why);
  };
  encoder.validate();
  for (const Feature& f : encoder.features) f.validate();
  parse_options(options);
  check(mixture.clusters() == static_cast<int>(cohorts.size()), "Its mixture has another number of groups.");
  check(cohorts.empty() || mixture.features.size() == encoder.features.size(), "Its mixture has other features.");
  for (std::size_t f = 0; f < mixture.features.size() && !cohorts.empty(); ++f) {
    const bool numeric = encoder.features[f].kind == Kind::numeric;
    check(mixture.features[f].kind == encoder.features[f].kind, "A feature of its mixture has another kind.");
    check(numeric || mixture.features[f].levels == static_cast<std::int32_t>(encoder.features[f].categories.size()),
          "A feature of its mixture has other categories.");
  }
  for (const Scorecard& c : scorecards) c.validate(encoder);
  for (const CardReach& r : reach) check(std::isfinite(r.threshold) && r.share > 0 && r.share <= 1, "A part of its reach is out of range.");
  for (const AntiSegment& s : anti_icp.segments)
    for (const Condition& c : s.predicate.conditions) check(c.kind <= Kind::set, "A condition of a segment is of no known kind.");
  for (const Cohort& c : cohorts) {
    check(c.criteria.size() == encoder.features.size(), "A cohort has other features.");
    check(std::isfinite(c.lost_effort) && c.lost_effort >= 0, "The effort lost on a cohort is out of range.");
    check(c.grade.empty() || c.grade == "A" || c.grade == "B" || c.grade == "C", "A grade is not A, B or C.");
    for (std::size_t f = 0; f < c.criteria.size(); ++f) {
      const Criterion& r = c.criteria[f];
      const std::size_t levels = encoder.features[f].categories.size();
      const bool numeric = encoder.features[f].kind == Kind::numeric;
      check(r.weight >= 0 && r.weight <= 1 && r.spread > 0 && std::isfinite(r.spread), "A criterion is out of range.");
      check(numeric || (r.match.size() == levels && r.share.size() == levels && r.share_all.size() == levels), "A criterion has other categories.");
      check(encoder.features[f].kind != Kind::set || r.item_weight.size() == levels, "A criterion has other items.");
      for (const double m : r.match) check(m >= 0 && m <= 1, "A criterion is out of range.");
      for (const double w : r.item_weight) check(w >= 0 && w <= 1e6, "A criterion is out of range.");
    }
  }
}

Model change_model(const Model& model, std::string_view changes) {
  merge_options("{}", changes);  // an error where they are no object
  const auto json = nlohmann::json::parse(changes.empty() ? "{}" : changes);
  for (const auto& [key, value] : json.items())
    if (!settable_without_refit(key)) {
      if (!value.is_null()) parse_options(nlohmann::json{{key, value}}.dump());  // an unknown option is said first
      throw Error(ErrorCode::invalid_parameter, fmt::format("option \"{}\" cannot be changed without training again", key), {},
                  "Use icp_train(name, options => …). Without training: min_similarity, gold_similarity, min_coverage, titles, margin, touch_cost, hour_cost, sources, significance, exclusions.");
    }
  Model out = model;
  out.options = merge_options(model.options, changes);
  const Options options = parse_options(out.options);
  for (Cohort& c : out.cohorts) price_cohort(c, options);
  return out;
}

const Cohort& cohort_named(const Model& model, std::string_view key) {
  for (const Cohort& c : model.cohorts)
    if (c.key == key) return c;
  std::string list;
  for (const Cohort& c : model.cohorts) list += (list.empty() ? "" : ", ") + c.key;
  throw Error(ErrorCode::undefined_object, fmt::format("cohort \"{}\" does not exist in the model", key), {},
              list.empty() ? "The model has no cohorts." : fmt::format("Its cohorts are {}.", list));
}

Model rename_cohort(const Model& model, const std::string& cohort, const std::string& title, const std::string& language) {
  cohort_named(model, cohort);
  nlohmann::json value = title.empty() ? nlohmann::json(nullptr) : nlohmann::json(title);
  return change_model(model, nlohmann::json{{"titles", {{cohort, {{language_code(language), value}}}}}}.dump());
}

namespace {

// What an old cohort and a new one share, feature by feature: the mean overlap of their distributions, weighted by what
// tells either from the rest. 1: the same; 0: nothing in common.
double overlap(const Model& a, std::size_t x, const Model& b, std::size_t y) {
  double sum = 0, total = 0;
  for (std::size_t f = 0; f < a.encoder.features.size(); ++f) {
    const Feature& p = a.encoder.features[f];
    const auto it = std::find_if(b.encoder.features.begin(), b.encoder.features.end(), [&](const Feature& q) { return q.name == p.name && q.kind == p.kind; });
    const Criterion& c = a.cohorts[x].criteria[f];
    if (it == b.encoder.features.end()) {
      total += c.weight / 2;
      continue;
    }
    const Criterion& d = b.cohorts[y].criteria[static_cast<std::size_t>(it - b.encoder.features.begin())];
    const double weight = (c.weight + d.weight) / 2;
    double same = 0;
    if (p.kind == Kind::numeric) {
      const double low = std::max(p.scaled(c.usual_low), p.scaled(d.usual_low)), high = std::min(p.scaled(c.usual_high), p.scaled(d.usual_high));
      const double all_low = std::min(p.scaled(c.usual_low), p.scaled(d.usual_low)), all_high = std::max(p.scaled(c.usual_high), p.scaled(d.usual_high));
      same = all_high > all_low ? std::max(0.0, high - low) / (all_high - all_low) : 1;
    } else {
      double either = 0, both = 0;
      for (std::size_t k = 0; k < p.categories.size(); ++k) {
        double other = 0;
        for (std::size_t j = 0; j < it->categories.size(); ++j)
          if (it->categories[j].name == p.categories[k].name) other = d.share[j];
        both += std::min(c.share[k], other);
        either += std::max(c.share[k], other);
      }
      for (std::size_t j = 0; j < it->categories.size(); ++j)
        if (std::none_of(p.categories.begin(), p.categories.end(), [&](const Category& k) { return k.name == it->categories[j].name; })) either += d.share[j];
      same = either > 0 ? both / either : 1;
    }
    sum += weight * same;
    total += weight;
  }
  return total > 0 ? sum / total : 0;
}

}  // namespace

Model stamp_model(const Model& model, const std::string& name, std::int32_t number, const Model* previous) {
  Model out = model;
  out.name = name;
  out.number = number;
  if (previous == nullptr) return out;
  // Greedy one-to-one matching, most alike first; a new cohort at least half alike to an old one keeps its key.
  struct Pair { double alike; std::size_t fresh, old; };
  std::vector<Pair> pairs;
  for (std::size_t x = 0; x < out.cohorts.size(); ++x)
    for (std::size_t y = 0; y < previous->cohorts.size(); ++y) {
      const double alike = overlap(out, x, *previous, y);
      if (alike >= 0.5 || (out.cohorts[x].key == previous->cohorts[y].key && alike >= 0.3)) pairs.push_back({alike, x, y});
    }
  std::stable_sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.alike > b.alike; });
  std::vector<std::string> carried(out.cohorts.size());
  std::vector<bool> taken(previous->cohorts.size(), false);
  for (const Pair& p : pairs)
    if (carried[p.fresh].empty() && !taken[p.old]) {
      carried[p.fresh] = previous->cohorts[p.old].key;
      taken[p.old] = true;
    }
  // A key of the previous version that was not carried is never given to another cohort.
  const auto in_use = [&](const std::string& key, std::size_t self) {
    for (const Cohort& c : previous->cohorts)
      if (c.key == key) return true;
    for (std::size_t i = 0; i < carried.size(); ++i)
      if (i != self && carried[i] == key) return true;
    return false;
  };
  for (std::size_t x = 0; x < out.cohorts.size(); ++x) {
    if (!carried[x].empty()) continue;
    std::string key = out.cohorts[x].key;
    for (int i = 2; in_use(key, x); ++i) key = fmt::format("{}_{}", out.cohorts[x].key, i);
    carried[x] = key;
  }
  for (std::size_t x = 0; x < out.cohorts.size(); ++x) out.cohorts[x].key = carried[x];
  // Titles that people gave go with the key. A changed version of the same model has its own.
  if (model.name == name) return out;
  const auto old_options = nlohmann::json::parse(previous->options.empty() ? "{}" : previous->options);
  if (old_options.contains("titles")) {
    const auto merged = merge_options(nlohmann::json{{"titles", old_options["titles"]}}.dump(), out.options.empty() ? "{}" : out.options);
    out.options = merge_options(out.options, merged);
  }
  return out;
}

}  // namespace icp
