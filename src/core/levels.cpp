#include "icp/levels.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "icp/language.hpp"
#include "icp/text.hpp"

namespace icp {

namespace {

// A feature must be known of this share of the closed deals for its level to be reached.
constexpr double known_enough = 0.5;

enum Level { firmographic, technographic, situational, psychographic };

// Beginnings of words; with "_" at the end, whole words. The first that is found decides, so that "revenue_growth" is a
// thing that happens and "decision_maker_age" speaks of who decides.
constexpr std::pair<const char*, Level> level_words[] = {
    // how they think and decide
    {"decision", psychographic}, {"decid", psychographic}, {"authority", psychographic}, {"risk", psychographic},
    {"attitude", psychographic}, {"att_t_", psychographic}, {"statm", psychographic}, {"statement", psychographic},
    {"priorit", psychographic}, {"culture", psychographic}, {"motiv", psychographic}, {"criteri", psychographic},
    {"committee", psychographic}, {"stakeholder", psychographic}, {"persona", psychographic}, {"buying_role", psychographic},
    {"innovat", psychographic}, {"conservat", psychographic}, {"expectation", psychographic}, {"value_prop", psychographic},
    {"sponsor", psychographic}, {"champion", psychographic}, {"lpr_", psychographic}, {"purch_dept", psychographic}, {"purchasing", psychographic}, {"procurement", psychographic},
    {"лпр_", psychographic}, {"решени", psychographic}, {"решает", psychographic}, {"риск", psychographic},
    {"отношени", psychographic}, {"приоритет", psychographic}, {"культур", psychographic}, {"мотив", psychographic},
    {"критери", psychographic}, {"комитет", psychographic}, {"роль", psychographic}, {"роли", psychographic},
    {"инноваци", psychographic}, {"ценност", psychographic}, {"ожидани", psychographic}, {"закупочн", psychographic},
    // who they are, where the word could mean something else
    {"company_stage", firmographic}, {"stage_of_company", firmographic}, {"lifecycle", firmographic}, {"стадия_компании", firmographic},
    // what happens now
    {"growth", situational}, {"growing", situational}, {"source", situational}, {"channel", situational}, {"campaign", situational},
    {"utm", situational}, {"referr", situational}, {"trigger", situational}, {"event", situational}, {"pain_", situational}, {"pains_", situational},
    {"problem", situational}, {"need", situational}, {"budg", situational}, {"tend_", situational}, {"tender", situational},
    {"rfp_", situational}, {"rfi_", situational}, {"rfq_", situational}, {"urgen", situational}, {"deadline", situational},
    {"stage", situational}, {"hiring", situational}, {"vacanc", situational}, {"scope", situational}, {"funding", situational},
    {"invest", situational}, {"merger", situational}, {"acquisition", situational}, {"expansion", situational},
    {"contract_end", situational}, {"season", situational}, {"last_", situational}, {"recent", situational}, {"visit", situational},
    {"activity", situational}, {"timing", situational}, {"deal_type", situational}, {"sale_", situational},
    {"источник", situational}, {"канал", situational}, {"кампани", situational}, {"триггер", situational}, {"событи", situational},
    {"боль", situational}, {"боли", situational}, {"проблем", situational}, {"потребност", situational}, {"бюджет", situational},
    {"тендер", situational}, {"срочн", situational}, {"рост_", situational}, {"роста_", situational}, {"растет", situational}, {"растёт", situational}, {"найм", situational}, {"вакансии", situational},
    {"слияни", situational}, {"инвестиц", situational}, {"этап", situational}, {"повод", situational},
    {"istochnik", situational}, {"byudzhet", situational}, {"byudjet", situational}, {"kanal", situational},
    // what they use
    {"tech", technographic}, {"stack", technographic}, {"erp_", technographic}, {"crm_", technographic}, {"bi_", technographic},
    {"1c_", technographic}, {"1с_", technographic}, {"software", technographic}, {"tool", technographic}, {"platform", technographic},
    {"cloud", technographic}, {"saas_", technographic}, {"competitor", technographic}, {"integration", technographic},
    {"website", technographic}, {"site_", technographic}, {"cms_", technographic}, {"database", technographic}, {"api_", technographic},
    {"system", technographic}, {"vendor", technographic}, {"digital", technographic}, {"maturity", technographic},
    {"automation", technographic}, {"infrastructure", technographic}, {"excel", technographic}, {"device", technographic},
    {"техн", technographic}, {"стек", technographic}, {"софт", technographic}, {"программ", technographic}, {"облак", technographic},
    {"облач", technographic}, {"платформ", technographic}, {"конкурент", technographic}, {"интеграци", technographic},
    {"сайт", technographic}, {"систем", technographic}, {"инструмент", technographic}, {"зрелост", technographic},
    {"автоматиз", technographic}, {"цифров", technographic}, {"поставщик", technographic}};

// Words folded, between "_", with one at both ends: "TechStack", "tech-stack" and "tech stack" are one.
std::string words_of(const std::string& column) {
  std::string out = "_", split;
  for (std::size_t i = 0; i < column.size(); ++i) {
    const char c = column[i];
    if (i > 0 && c >= 'A' && c <= 'Z' && column[i - 1] >= 'a' && column[i - 1] <= 'z') split += '_';
    split += c;
  }
  for (const char c : fold(split)) {
    const bool letter = static_cast<unsigned char>(c) >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (letter) out += c;
    else if (out.back() != '_') out += '_';
  }
  if (out.back() != '_') out += '_';
  return out;
}

std::size_t depth_of(const std::string& level) {
  return static_cast<std::size_t>(std::find(level_names.begin(), level_names.end(), level) - level_names.begin());
}

// What an additive model of some features saves of an outcome's squared error, out of fold.
class Gain {
 public:
  Gain(const Training& t, const Encoder& encoder, std::vector<std::uint32_t> rows, std::vector<double> outcome)
      : t_(t), rows_(std::move(rows)), outcome_(std::move(outcome)) {
    const Table table = encoder.encode(t.data, rows_, t.stop);
    for (std::size_t f = 0; f < encoder.features.size(); ++f) read(table.columns[f], depth_of(encoder.features[f].level));
    double total = 0;
    for (const std::uint32_t r : rows_) total += t.data.weight_of(r);
    for (const std::uint32_t r : rows_) weight_.push_back(t.data.weight_of(r) * static_cast<double>(rows_.size()) / total);
  }

  // Of the features of the levels first..last.
  std::optional<Estimate> of(std::size_t first, std::size_t last, const Stop& stop) const {
    std::vector<const Cells*> used;
    for (const Cells& c : cells_)
      if (c.level >= first && c.level <= last) used.push_back(&c);
    if (used.empty()) return std::nullopt;
    std::vector<Observation> saved;
    double lost = 0, weight = 0;
    for (std::int32_t fold = 0; fold < folds; ++fold) {
      std::vector<std::uint32_t> train, held;
      for (std::size_t i = 0; i < rows_.size(); ++i) (t_.data.company[rows_[i]] % folds == fold ? held : train).push_back(static_cast<std::uint32_t>(i));
      if (train.empty() || held.empty()) continue;
      double mean = 0;
      const auto effects = fit(used, train, mean, stop);
      for (const std::uint32_t i : held) {
        double p = mean;
        for (std::size_t b = 0; b < used.size(); ++b)
          if (used[b]->cell[i] >= 0) p += effects[b][static_cast<std::size_t>(used[b]->cell[i])];
        const double before = outcome_[i] - mean, after = outcome_[i] - p;
        saved.push_back({before * before - after * after, weight_[i], t_.data.company[rows_[i]]});
        lost += weight_[i] * before * before;
        weight += weight_[i];
      }
    }
    if (!(lost > 0)) return std::nullopt;
    Estimate e = mean_estimate(saved, stop);
    const double scale = weight / lost;
    for (auto* v : {&e.value, &e.low, &e.high})
      if (*v) **v = std::min(1.0, **v * scale);
    return e;
  }

 private:
  static constexpr std::int32_t folds = 5;
  static constexpr std::size_t most_items = 50;
  // Each effect is drawn to nothing as if so many rows with the mean stood beside its own (ridge).
  static constexpr double prior = 10;
  static constexpr int rounds = 10;

  struct Cells {
    std::size_t level = 0;
    std::vector<std::int32_t> cell;   // by row; -1 unknown: no effect
    std::int32_t cells = 0;
  };

  void read(const TableColumn& c, std::size_t level) {
    if (c.kind == Kind::set) return read_items(c, level);
    Cells out{level, {}, 0};
    std::vector<double> cuts;
    if (c.kind == Kind::numeric) {
      std::vector<double> v;
      for (const double x : c.numbers)
        if (!std::isnan(x)) v.push_back(x);
      std::sort(v.begin(), v.end());
      for (std::size_t i = 1; i < 5 && !v.empty(); ++i) cuts.push_back(v[v.size() * i / 5]);
      cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    }
    out.cells = c.kind == Kind::numeric ? static_cast<std::int32_t>(cuts.size()) + 1 : c.categories;
    for (std::size_t r = 0; r < rows_.size(); ++r)
      out.cell.push_back(c.missing(r) ? -1
                         : c.kind == Kind::numeric ? static_cast<std::int32_t>(std::upper_bound(cuts.begin(), cuts.end(), c.numbers[r]) - cuts.begin())
                                                   : c.codes[r]);
    cells_.push_back(std::move(out));
  }

  // Each of the most frequent items is there or not.
  void read_items(const TableColumn& c, std::size_t level) {
    std::vector<std::size_t> times(static_cast<std::size_t>(c.categories), 0), order(times.size());
    for (const auto i : c.items) ++times[static_cast<std::size_t>(i)];
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return times[a] > times[b]; });
    order.resize(std::min(order.size(), most_items));
    for (const std::size_t item : order) {
      Cells out{level, {}, 2};
      for (std::size_t r = 0; r < rows_.size(); ++r) {
        const auto set = c.set_of(r);
        out.cell.push_back(c.missing(r) ? -1 : std::binary_search(set.begin(), set.end(), static_cast<std::int32_t>(item)) ? 1 : 0);
      }
      cells_.push_back(std::move(out));
    }
  }

  // Ridge regression on the cells, one feature after another (block coordinate descent, Hastie & Tibshirani 1990).
  std::vector<std::vector<double>> fit(const std::vector<const Cells*>& used, const std::vector<std::uint32_t>& train, double& mean, const Stop& stop) const {
    double sum = 0, total = 0;
    for (const std::uint32_t i : train) {
      sum += weight_[i] * outcome_[i];
      total += weight_[i];
    }
    mean = total > 0 ? sum / total : 0;
    std::vector<std::vector<double>> effect, weight;
    for (const Cells* c : used) {
      effect.emplace_back(static_cast<std::size_t>(c->cells), 0.0);
      auto& w = weight.emplace_back(static_cast<std::size_t>(c->cells), 0.0);
      for (const std::uint32_t i : train)
        if (c->cell[i] >= 0) w[static_cast<std::size_t>(c->cell[i])] += weight_[i];
    }
    std::vector<double> rest;   // outcome less what the model says
    for (const std::uint32_t i : train) rest.push_back(outcome_[i] - mean);
    for (int round = 0; round < rounds; ++round)
      for (std::size_t b = 0; b < used.size(); ++b) {
        stop.poll();
        std::vector<double> sums(effect[b].size(), 0.0);
        for (std::size_t j = 0; j < train.size(); ++j)
          if (const std::int32_t k = used[b]->cell[train[j]]; k >= 0) sums[static_cast<std::size_t>(k)] += weight_[train[j]] * (rest[j] + effect[b][static_cast<std::size_t>(k)]);
        for (std::size_t k = 0; k < sums.size(); ++k) sums[k] /= weight[b][k] + prior;
        for (std::size_t j = 0; j < train.size(); ++j)
          if (const std::int32_t k = used[b]->cell[train[j]]; k >= 0) rest[j] += effect[b][static_cast<std::size_t>(k)] - sums[static_cast<std::size_t>(k)];
        effect[b] = std::move(sums);
      }
    return effect;
  }

  const Training& t_;
  std::vector<std::uint32_t> rows_;
  std::vector<double> outcome_, weight_;
  std::vector<Cells> cells_;
};

struct Depth {
  std::array<std::vector<std::string>, 4> features;
  std::array<double, 4> coverage{};        // mean share of the closed deals in which a feature is known
  std::array<bool, 4> reached{};
  int depth = 0;
  std::string words() const {
    std::vector<std::string> names;
    for (std::size_t l = 0; l < 4; ++l)
      if (reached[l]) names.emplace_back(level_names[l]);
    return fmt::format("{}", fmt::join(names, ", "));
  }
};

Depth depth_of(const Encoder& encoder) {
  Depth d;
  for (const Feature& f : encoder.features) {
    const std::size_t l = depth_of(f.level);
    if (l >= level_names.size()) continue;
    d.features[l].push_back(f.name);
    d.coverage[l] += f.known_share;
    d.reached[l] = d.reached[l] || f.known_share >= known_enough;
  }
  for (std::size_t l = 0; l < 4; ++l) {
    if (!d.features[l].empty()) d.coverage[l] /= static_cast<double>(d.features[l].size());
    if (d.reached[l]) ++d.depth;
  }
  return d;
}

constexpr const char* questions[2][4] = {
    {"who they are: industry, size, region, age", "what they use: ERP, CRM, BI, a competitor's product", "what happens to them now: source, growth, a merger, a lost client",
     "how they think and decide: who decides, risk, price against partnership"},
    {"кто они: отрасль, размер, регион, возраст", "чем пользуются: ERP, CRM, BI, продукт конкурента", "что у них происходит: источник, рост, слияние, потеря клиента",
     "как думают и решают: кто решает, риск, цена или партнёрство"}};

std::string gain_name(const char* outcome, const char* level, bool up_to) { return fmt::format("{}_gain_{}{}", outcome, up_to ? "up_to_" : "", level); }

}  // namespace

std::string guess_level(const std::string& column, bool date) {
  const std::string name = words_of(column);
  for (const auto& [word, level] : level_words)
    if (name.find("_" + fold(word)) != std::string::npos) return level_names[level];
  if (!date) return level_names[firmographic];
  for (const char* word : {"_founded", "_founding", "_established", "_registered", "_registration", "_incorporat", "_birth", "_основан", "_регистрац", "_создан"})
    if (name.find(word) != std::string::npos) return level_names[firmographic];
  return level_names[situational];
}

void measure_levels(Model& m, const Training& t, const Stop& stop) {
  // Rows come in the order of a seeded hash, so that the first ones are a sample.
  constexpr std::size_t most_rows = 20000;
  constexpr std::size_t least_companies = 50;
  const auto measure = [&](const char* outcome, auto&& value, const char* note) {
    std::vector<std::uint32_t> rows;
    std::vector<double> values;
    std::set<std::int32_t> companies;
    for (const std::uint32_t r : t.closed) {
      const double v = value(r);
      if (std::isnan(v) || rows.size() == most_rows) continue;
      rows.push_back(r);
      values.push_back(v);
      companies.insert(t.data.company[r]);
    }
    if (companies.size() < least_companies) return;
    const Gain gain(t, m.encoder, std::move(rows), std::move(values));
    for (std::size_t l = 0; l < level_names.size(); ++l) {
      if (const auto e = gain.of(l, l, stop)) m.metrics.push_back({gain_name(outcome, level_names[l], false), *e, note});
      if (l == 0) continue;
      if (const auto e = gain.of(0, l, stop)) m.metrics.push_back({gain_name(outcome, level_names[l], true), *e, std::string(note) + ", with the levels before it"});
    }
  };
  if (t.has_lost)
    measure("win", [&](std::uint32_t r) { return t.rated[r] == 0 ? NAN : t.data.outcome[r] == Outcome::won ? 1.0 : 0.0; },
            "share of the outcome's squared error that the level's features save out of fold");
  if (t.judged_by_dqs)
    measure("dqs", [&](std::uint32_t r) { return t.dqs[r]; }, "share of the squared error of DQS that the level's features save out of fold");
}

void report_depth(Model& m) {
  const Depth d = depth_of(m.encoder);
  const std::size_t features = m.encoder.features.size();
  if (features == 0) return;
  std::vector<std::string> missing;
  for (std::size_t l = 0; l < 4; ++l)
    if (!d.reached[l]) missing.emplace_back(questions[0][l]);
  const std::string hint = missing.empty() ? "" : fmt::format("add {}", fmt::join(missing, "; "));
  if (d.features[0].size() == features) {
    m.findings.push_back({"warning", "", -1, fmt::format("the profile rests on level 1 of 4 alone: {} firmographic {} say who customers are, not how they decide", features, features == 1 ? "feature" : "features"), hint});
    return;
  }
  const bool alone = d.depth == 1 && d.reached[0];
  m.findings.push_back({alone ? "warning" : "info", "", -1,
                        alone ? "the profile rests on level 1 of 4 alone: features of the other levels are known in fewer than half of the closed deals"
                              : fmt::format("depth {} of 4: {}", d.depth, d.depth == 0 ? "no level is known in half of the closed deals" : d.words()),
                        hint});
}

Report report_levels(const Model& m, const std::string& language) {
  const bool ru = russian(language);
  const Depth d = depth_of(m.encoder);
  const auto metric = [&](const std::string& name) -> const Estimate* {
    for (const Metric& one : m.metrics)
      if (one.name == name) return &one.estimate;
    return nullptr;
  };
  const auto cell = [](const std::optional<double>& v) { return v && std::isfinite(*v) ? Cell(*v) : Cell(); };
  // What tells the cohorts apart, by level: weights of their criteria, larger cohorts counting more.
  std::array<double, 4> weight{};
  double deals = 0;
  for (const Cohort& c : m.cohorts) {
    deals += static_cast<double>(c.n_closed);
    for (std::size_t f = 0; f < c.criteria.size(); ++f) {
      const std::size_t l = depth_of(m.encoder.features[f].level);
      if (l < level_names.size()) weight[l] += static_cast<double>(c.n_closed) * c.criteria[f].weight;
    }
  }
  const std::string depth = fmt::format(fmt::runtime(ru ? "глубина {} из 4" : "depth {} of 4"), d.depth);
  const bool alone = d.depth == 1 && d.reached[0];
  Report r;
  r.columns = {"level", "depth", "reached", "features", "coverage", "cohort_weight", "win_gain", "win_gain_lo", "win_gain_hi", "win_gain_up_to",
               "dqs_gain", "dqs_gain_lo", "dqs_gain_hi", "dqs_gain_up_to", "note"};
  for (std::size_t l = 0; l < 4; ++l) {
    std::vector<Cell> row{std::string(level_names[l]), static_cast<std::int64_t>(l + 1), static_cast<bool>(d.reached[l]), json_list(d.features[l]),
                          d.features[l].empty() ? Cell() : Cell(d.coverage[l]),
                          m.cohorts.size() > 1 && deals > 0 && !d.features[l].empty() ? Cell(weight[l] / deals) : Cell()};
    for (const char* outcome : {"win", "dqs"}) {
      const Estimate* one = metric(gain_name(outcome, level_names[l], false));
      const Estimate* all = l == 0 ? one : metric(gain_name(outcome, level_names[l], true));
      for (const auto* v : {one == nullptr ? nullptr : &one->value, one == nullptr ? nullptr : &one->low, one == nullptr ? nullptr : &one->high,
                            all == nullptr ? nullptr : &all->value})
        row.push_back(v == nullptr ? Cell() : cell(*v));
    }
    std::string note = depth;
    if (d.features[l].empty()) note += fmt::format(fmt::runtime(ru ? "; добавьте, {}" : "; add {}"), questions[ru ? 1 : 0][l]);
    else if (!d.reached[l]) note += ru ? "; известно менее чем в половине закрытых сделок" : "; known in fewer than half of the closed deals";
    else if (alone) note += ru ? "; профиль опирается только на уровень 1" : "; the profile rests on level 1 alone";
    row.emplace_back(note);
    r.rows.push_back(std::move(row));
  }
  return r;
}

}  // namespace icp
