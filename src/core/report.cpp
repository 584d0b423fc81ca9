#include "icp/report.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "icp/language.hpp"
#include "icp/text.hpp"

#include "settings.hpp"

namespace icp {

namespace {

std::string title(const Cohort& c, const Options& o, const std::string& language) {
  const auto it = o.titles.find(c.key);
  if (it == o.titles.end()) return c.title;
  for (const std::string& l : {language, std::string("en"), std::string("ru")}) {
    const auto t = it->second.find(l);
    if (t != it->second.end()) return t->second;
  }
  return c.title;
}

// Cohorts as a reader wants them: by grade, then by size.
std::vector<const Cohort*> in_order(const Model& model) {
  std::vector<const Cohort*> out;
  for (const Cohort& c : model.cohorts) out.push_back(&c);
  const auto rank = [](const Cohort* c) { return c->grade.empty() ? 'Z' : c->grade[0]; };
  std::stable_sort(out.begin(), out.end(), [&](const Cohort* a, const Cohort* b) { return rank(a) != rank(b) ? rank(a) < rank(b) : a->n > b->n; });
  return out;
}

const char* kind_name(const Feature& f) {
  switch (f.kind) {
    case Kind::numeric: return f.age ? "date" : "numeric";
    case Kind::binary: return "binary";
    case Kind::categorical: return "categorical";
    case Kind::set: return "set";
  }
  return "";
}

}  // namespace

Cell json_list(const std::vector<std::string>& names) { return nlohmann::json(names).dump(); }

Report report_cohorts(const Model& model, const std::string& given) {
  const std::string language = language_code(given);
  const Options options = parse_options(model.options);
  Report r;
  r.columns = {"cohort", "title", "grade", "grade_sure", "grade_reason", "n", "n_closed", "n_companies", "share", "dqs", "dqs_lo", "dqs_hi",
               "win_rate", "win_rate_lo", "win_rate_hi", "ltv", "cac", "cycle", "effort", "retention", "value_per_lead", "metrics",
               "definition", "predicate", "predicate_n", "precision", "recall", "stability", "reliability"};
  for (const Cohort* cohort : in_order(model)) {
    const Cohort& c = *cohort;
    nlohmann::json metrics = nlohmann::json::object();
    for (const auto& [name, e] : c.metrics) {
      nlohmann::json one = {{"n", e.n}};
      if (e.value) one["value"] = *e.value;
      if (e.low) one["lo"] = *e.low;
      if (e.high) one["hi"] = *e.high;
      metrics[name] = one;
    }
    r.rows.push_back({c.key, title(c, options, language), cell(c.grade), c.grade.empty() ? Cell() : Cell(c.grade_sure), cell(c.grade_reason),
                      c.n, c.n_closed, c.n_companies, c.share, cell(c.dqs.value), cell(c.dqs.low), cell(c.dqs.high), cell(c.win_rate.value),
                      cell(c.win_rate.low), cell(c.win_rate.high), cell(c.ltv.value), cell(c.cac.value), cell(c.cycle.value),
                      cell(c.effort.value), cell(c.retention.value), cell(c.value_per_lead), c.metrics.empty() ? Cell() : Cell(metrics.dump()),
                      cell(c.predicate.words(language)), c.predicate.sql(), c.predicate_n, c.precision, c.recall, cell(c.stability), c.reliability});
  }
  return r;
}

Report report_traits(const Model& model, const std::string& given) {
  const std::string language = language_code(given);
  const settings::Json sources = settings::option(model.options, "sources");
  Report r;
  r.columns = {"cohort", "feature", "level", "kind", "usual", "share", "share_all", "lift", "weight", "known", "source"};
  for (const Cohort* cohort : in_order(model)) {
    const Cohort& c = *cohort;
    std::vector<std::size_t> order(c.criteria.size());
    for (std::size_t f = 0; f < order.size(); ++f) order[f] = f;
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return c.criteria[a].weight > c.criteria[b].weight; });
    for (const std::size_t f : order) {
      const Feature& feature = model.encoder.features[f];
      const Criterion& k = c.criteria[f];
      const auto source = sources.find(feature.name);
      Cell share, share_all, lift;
      if (feature.kind != Kind::numeric && !k.share.empty()) {
        const auto top = static_cast<std::size_t>(std::max_element(k.share.begin(), k.share.end()) - k.share.begin());
        share = k.share[top];
        share_all = k.share_all[top];
        if (k.share_all[top] > 0) lift = k.share[top] / k.share_all[top];
      }
      r.rows.push_back({c.key, feature.name, feature.level, std::string(kind_name(feature)), usual(feature, k, language), share, share_all, lift, k.weight, k.known,
                        source == sources.end() ? Cell() : Cell(source->get<std::string>())});
    }
  }
  return r;
}

Report report_metrics(const Model& model) {
  Report r;
  r.columns = {"metric", "value", "lo", "hi", "n", "companies", "note"};
  for (const Metric& m : model.metrics)
    r.rows.push_back({m.name, cell(m.estimate.value), cell(m.estimate.low), cell(m.estimate.high), m.estimate.n,
                      m.estimate.companies > 0 ? Cell(m.estimate.companies) : Cell(), cell(m.note)});
  return r;
}

Report report_label_results(const Model& model) {
  Report r;
  r.columns = {"label", "n", "share", "won", "win_rate", "lo", "hi", "dqs"};
  for (const LabelResult& l : model.label_results)
    r.rows.push_back({l.label, l.n, l.share, l.won, cell(l.win_rate.value), cell(l.win_rate.low), cell(l.win_rate.high), cell(l.dqs.value)});
  return r;
}

Report report_findings(const std::vector<Finding>& findings) {
  Report r;
  r.columns = {"severity", "column_name", "rows", "message", "hint"};
  for (const char* severity : {"error", "warning", "info"})
    for (const Finding& f : findings)
      if (f.severity == severity)
        r.rows.push_back({f.severity, cell(f.column), f.rows < 0 ? Cell() : Cell(f.rows), f.message, cell(f.hint)});
  return r;
}

Report report_diagnostics(const Model& model) {
  std::vector<Finding> findings = model.findings;
  for (const Cohort& c : model.cohorts) {
    if (!c.grade_reason.empty()) findings.push_back({"info", "", c.n_closed, fmt::format("cohort {}: {}", c.key, c.grade_reason), ""});
    if (c.stability && *c.stability < 0.75)
      findings.push_back({"warning", "", c.n_closed, fmt::format("cohort {} is not stable: bootstrap Jaccard similarity {:.2f}", c.key, *c.stability),
                          "do not act on it before more deals confirm it"});
  }
  return report_findings(findings);
}

Report report_training(const Model& model) {
  Report r;
  r.columns = {"deals", "won", "lost", "open", "companies", "cohorts", "reliability", "warnings"};
  std::vector<std::string> warnings;
  for (const Finding& f : model.findings)
    if (f.severity != "info") warnings.push_back(f.column.empty() ? f.message : f.column + ": " + f.message);
  r.rows.push_back({model.won + model.lost, model.won, model.lost, model.open, model.companies, static_cast<std::int64_t>(model.cohorts.size()), model.reliability, json_list(warnings)});
  return r;
}

Report report_diff(const Model& a, const Model& b) {
  Report r;
  r.columns = {"cohort", "change", "property", "old_value", "new_value"};
  const auto show = [](const std::optional<double>& v, int digits) {
    return v ? Cell(number_text(parse_number(fmt::format("{:.{}f}", *v, digits)).value_or(*v))) : Cell();
  };
  const auto find = [](const Model& m, const std::string& key) -> const Cohort* {
    for (const Cohort& c : m.cohorts)
      if (c.key == key) return &c;
    return nullptr;
  };
  const auto both = [&](const std::string& cohort, const char* property, Cell x, Cell y) {
    if (x != y) r.rows.push_back({cohort.empty() ? Cell() : Cell(cohort), std::string("changed"), std::string(property), std::move(x), std::move(y)});
  };
  both("", "reliability", a.reliability, b.reliability);
  both("", "deals", number_text(static_cast<double>(a.won + a.lost)), number_text(static_cast<double>(b.won + b.lost)));
  const auto old_options = nlohmann::json::parse(a.options), new_options = nlohmann::json::parse(b.options);
  std::set<std::string> keys;
  for (const auto* options : {&old_options, &new_options})
    for (const auto& [key, value] : options->items()) keys.insert(key);
  for (const std::string& key : keys) {
    const auto text = [&](const nlohmann::json& options) { return options.contains(key) ? Cell(options[key].dump()) : Cell(); };
    both("", ("option " + key).c_str(), text(old_options), text(new_options));
  }
  both("", "win_rate", show(a.win_rate.value, 3), show(b.win_rate.value, 3));
  both("", "dqs", show(a.dqs.value, 1), show(b.dqs.value, 1));
  for (const Feature& f : a.encoder.features)
    if (std::none_of(b.encoder.features.begin(), b.encoder.features.end(), [&](const Feature& g) { return g.name == f.name; }))
      r.rows.push_back({Cell(), std::string("gone"), std::string("feature"), f.name, Cell()});
  for (const Feature& f : b.encoder.features)
    if (std::none_of(a.encoder.features.begin(), a.encoder.features.end(), [&](const Feature& g) { return g.name == f.name; }))
      r.rows.push_back({Cell(), std::string("new"), std::string("feature"), Cell(), f.name});
  for (const Cohort& x : a.cohorts) {
    const Cohort* y = find(b, x.key);
    if (y == nullptr) {
      r.rows.push_back({x.key, std::string("gone"), std::string("cohort"), x.title, Cell()});
      continue;
    }
    both(x.key, "grade", cell(x.grade), cell(y->grade));
    both(x.key, "n", number_text(static_cast<double>(x.n)), number_text(static_cast<double>(y->n)));
    both(x.key, "n_closed", number_text(static_cast<double>(x.n_closed)), number_text(static_cast<double>(y->n_closed)));
    both(x.key, "share", show(x.share, 3), show(y->share, 3));
    both(x.key, "dqs", show(x.dqs.value, 1), show(y->dqs.value, 1));
    both(x.key, "win_rate", show(x.win_rate.value, 3), show(y->win_rate.value, 3));
    both(x.key, "cycle", show(x.cycle.value, 1), show(y->cycle.value, 1));
    both(x.key, "definition", cell(x.predicate.words()), cell(y->predicate.words()));
  }
  for (const Cohort& y : b.cohorts)
    if (find(a, y.key) == nullptr) r.rows.push_back({y.key, std::string("new"), std::string("cohort"), Cell(), y.title});
  return r;
}

namespace {

void add_rules(Report& r, const RuleList& list, const std::string& population, const std::string& language) {
  const std::string search = fmt::format("{} to {} conjuncts, {} rules", list.exhaustive ? "exhaustive" : "beam search", list.depth, list.searched);
  std::int64_t rank = 0;
  for (const Rule& rule : list.rules)
    r.rows.push_back({++rank, cell(rule.predicate.words(language)), cell(rule.predicate.sql()), cell(population), rule.n,
                      Cell(rule.value), cell(rule.low), cell(rule.high), cell(rule.lift_ratio), cell(rule.lift_difference),
                      Cell(rule.p_adjusted), rule.holdout_n, cell(rule.holdout_value), rule.companies, Cell(rule.significant),
                      Cell(std::string(rule.low ? "normal" : "exploratory")), Cell(search), cell(list.target)});
}

Report rules_report() {
  Report r;
  r.columns = {"rank", "rule", "predicate", "population", "n", "value", "lo", "hi", "lift_ratio", "lift_diff", "p_adjusted",
               "holdout_n", "holdout_value", "n_companies", "significant", "reliability", "search", "target"};
  return r;
}

}  // namespace

Report report_rules(const RuleList& list, const std::string& language) {
  Report r = rules_report();
  add_rules(r, list, list.population, language_code(language));
  return r;
}

Report report_rules(const Model& model, const std::string& language) {
  Report r = rules_report();
  const std::string code = language_code(language), name = model.name && model.number ? sql_literal(fmt::format("{}@{}", *model.name, *model.number)) : "$1";
  for (const DealRules& rules : model.rules) add_rules(r, rules.list, rules.population.sql(name), code);
  return r;
}

Report report_associations(const AssociationList& list) {
  Report r;
  r.columns = {"rank", "attribute", "item", "with_attribute", "with_item", "measure", "value", "lo", "hi", "information",
               "information_lo", "information_hi", "n", "n_companies", "p_adjusted", "significant", "contrast", "effect", "effect_lo",
               "effect_hi", "confounder", "confounding", "adjusted", "adjusted_lo", "adjusted_hi", "note", "reliability"};
  std::int64_t rank = 0;
  for (const Association& a : list.associations)
    r.rows.push_back({++rank, a.attribute, cell(a.item), cell(a.with_attribute), cell(a.with_item), a.measure, Cell(a.value), cell(a.low), cell(a.high),
                      Cell(a.information), cell(a.information_low), cell(a.information_high), a.n, a.companies, Cell(a.p_adjusted),
                      Cell(a.significant), cell(a.contrast), cell(a.effect), cell(a.effect_low), cell(a.effect_high), cell(a.confounder),
                      cell(a.confounding), cell(a.adjusted), cell(a.adjusted_low), cell(a.adjusted_high), cell(a.note), a.reliability});
  return r;
}

}  // namespace icp
