#include "icp/tess.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "icp/error.hpp"
#include "icp/leak.hpp"
#include "icp/levels.hpp"
#include "icp/mixture.hpp"
#include "icp/text.hpp"

#include "settings.hpp"

namespace icp {

namespace {

constexpr double significant = 0.05;
constexpr std::size_t most_numbers = 20;     // a number with more values is cut
constexpr std::size_t most_segments = 1000;

constexpr const char* differ = "segmentation";
constexpr const char* alike = "classification, not segmentation";
constexpr const char* unknown = "too little data";
constexpr const char* none = "no segments";

// DQS is made of the other four: it would only cost them power.
std::vector<BehaviourMeasure> behaviours_of(const Training& t, std::span<const std::int32_t> segment) {
  auto measures = read_behaviour(t, t.closed, segment);
  std::erase_if(measures, [](const BehaviourMeasure& m) { return m.name == "dqs"; });
  return measures;
}

std::string verdict_of(const std::vector<BehaviourTest>& tests, std::size_t segments, const std::string& reliability) {
  // Where little is known, nothing can be seen to differ.
  const bool little = reliability == "exploratory" || reliability == "unreliable";
  if (segments < 2 && !little) return none;
  if (segments < 2 || tests.empty()) return unknown;
  if (std::any_of(tests.begin(), tests.end(), [](const BehaviourTest& b) { return b.p_adjusted <= significant; })) return differ;
  return little ? unknown : alike;
}

// The segment of each closed deal (-1 none), by the name of each segment.
struct Segments {
  std::vector<std::int32_t> of;
  std::vector<std::string> names;
};

Segments segments_of_column(const Training& t, const DataColumn& c, std::string& note) {
  Segments s;
  std::vector<double> cuts;
  if (c.type == ColumnType::number && c.distinct > most_numbers) {
    std::vector<double> known;
    for (const std::uint32_t r : t.closed)
      if (c.known[r] != 0) known.push_back(c.numbers[r]);
    std::sort(known.begin(), known.end());
    for (std::size_t q = 1; q < 4 && !known.empty(); ++q) {
      const auto at = static_cast<std::size_t>(std::lower_bound(known.begin(), known.end(), known[known.size() * q / 4]) - known.begin());
      if (at > 0) cuts.push_back(boundary(known[at - 1], known[at]));
    }
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    note = "numbers cut at their quarters";
  }
  const auto name = [&](std::uint32_t r) -> std::string {
    if (c.known[r] == 0) return {};
    switch (c.type) {
      case ColumnType::boolean: return c.codes[r] == 1 ? "true" : "false";
      case ColumnType::text: return fold(c.words[static_cast<std::size_t>(c.codes[r])]);
      case ColumnType::number: {
        if (cuts.empty()) return number_text(c.numbers[r]);
        const auto k = static_cast<std::size_t>(std::upper_bound(cuts.begin(), cuts.end(), c.numbers[r]) - cuts.begin());
        return k == 0 ? "< " + number_text(cuts[0]) : k == cuts.size() ? ">= " + number_text(cuts.back()) : ">= " + number_text(cuts[k - 1]) + ", < " + number_text(cuts[k]);
      }
      default:
        throw Error(ErrorCode::wrong_type, fmt::format("column \"{}\" cannot name segments", c.name), {}, "Give a text, a boolean or a number.");
    }
  };
  std::map<std::string, std::int32_t> index;
  std::vector<std::string> of;
  for (const std::uint32_t r : t.closed) {
    of.push_back(name(r));
    if (!of.back().empty()) index.emplace(of.back(), 0);
  }
  if (index.size() > most_segments)
    throw Error(ErrorCode::invalid_parameter, fmt::format("the column \"{}\" has more than {} values", c.name, most_segments), {}, "Group them in the view.");
  for (auto& [word, i] : index) {
    i = static_cast<std::int32_t>(s.names.size());
    s.names.push_back(word);
  }
  for (const std::string& word : of) s.of.push_back(word.empty() ? -1 : index.at(word));
  return s;
}

// The groups that the features of one level form.
Segments segments_of_level(const Training& t, const std::string& level, const Stop& stop) {
  std::vector<Finding> findings;
  Encoder encoder = learn_encoder(t.data, t.closed, t.options, findings, stop);
  if (t.has_lost) {
    const std::vector<bool> leak = find_leaks(t, encoder, findings, stop);
    std::size_t f = 0;
    std::erase_if(encoder.features, [&](const Feature&) { return static_cast<bool>(leak[f++]); });
  }
  std::erase_if(encoder.features, [&](const Feature& f) { return f.level != level; });
  encoder.prepare();
  if (encoder.features.empty())
    throw Error(ErrorCode::undefined_column, fmt::format("no {} feature is in the rows", level), {}, "The option levels says which level a column is of.");
  Table table = encoder.encode(t.data, t.closed, stop);
  table.weight = company_weights(t.data, t.closed);
  MixtureOptions options;
  options.k = t.options.k;
  options.k_max = t.options.k_max;
  options.seed = t.options.seed;
  Segments s;
  std::int32_t groups = 0;
  for (const std::int32_t label : assign_clusters(fit_mixture(table, options, stop), table, stop)) {
    s.of.push_back(label - 1);
    groups = std::max(groups, label);
  }
  for (std::int32_t g = 1; g <= groups; ++g) s.names.push_back(fmt::format("{} {}", level, g));
  return s;
}

// Leaves out segments of fewer companies than `least`; the others keep their order.
std::size_t leave_small(const Training& t, Segments& s, std::int64_t least) {
  std::vector<std::set<std::int32_t>> companies(s.names.size());
  for (std::size_t i = 0; i < s.of.size(); ++i)
    if (s.of[i] >= 0) companies[static_cast<std::size_t>(s.of[i])].insert(t.data.company[t.closed[i]]);
  std::vector<std::int32_t> to(s.names.size(), -1);
  std::vector<std::string> names;
  for (std::size_t g = 0; g < to.size(); ++g) {
    if (static_cast<std::int64_t>(companies[g].size()) < least) continue;
    to[g] = static_cast<std::int32_t>(names.size());
    names.push_back(s.names[g]);
  }
  const std::size_t left = s.names.size() - names.size();
  for (std::int32_t& g : s.of) g = g < 0 ? -1 : to[static_cast<std::size_t>(g)];
  s.names = std::move(names);
  return left;
}

// What a behaviour is in a row, in its own units: tests compare cycle and effort by rank.
double behaviour_of(const Training& t, const std::string& measure, std::uint32_t r) {
  const Dataset& d = t.data;
  const bool won = d.outcome[r] == Outcome::won;
  if (measure == "win_rate") return t.rated[r] == 0 ? missing_number : won ? 1 : 0;
  if (measure == "effort") return d.effort[r] >= 0 ? d.effort[r] : missing_number;
  if (!won) return missing_number;
  if (measure == "cycle") return d.cycle[r];
  return d.retention[r] >= 0 ? d.retention[r] : missing_number;
}

// The smallest and the largest mean of a segment in which as many companies show the behaviour.
void set_means(TessBehaviour& b, const Training& t, const Segments& s, std::int64_t companies) {
  std::vector<std::vector<Observation>> values(s.names.size());
  for (std::size_t i = 0; i < s.of.size(); ++i) {
    if (s.of[i] < 0) continue;
    const double v = behaviour_of(t, b.test.measure, t.closed[i]);
    if (!std::isnan(v)) values[static_cast<std::size_t>(s.of[i])].push_back(t.observe(t.closed[i], v));
  }
  bool first = true;
  for (std::size_t g = 0; g < values.size(); ++g) {
    const Estimate e = b.test.measure == "retention" ? company_mean_estimate(values[g], t.stop) : mean_estimate(values[g], t.stop);
    if (!e.value || e.companies < companies) continue;
    if (first || *e.value < b.least.value) b.least = {s.names[g], *e.value};
    if (first || *e.value > b.most.value) b.most = {s.names[g], *e.value};
    first = false;
  }
}

}  // namespace

Tess test_segments(const Sample& sample, const Zone& zone, const Stop& stop) {
  const Options options = parse_options(sample.options());
  const settings::Tess settings = settings::tess(settings::option(sample.options(), "tess"));
  const std::string name = options.target.value_or("");
  const Dataset data = read_dataset(sample, options, zone, stop);
  std::vector<Finding> findings;
  const Training t = prepare_training(data, options, findings, stop);
  Tess out;
  Segments s;
  if (const DataColumn* column = data.find(name); column != nullptr) {
    s = segments_of_column(t, *column, out.note);
  } else if (std::find(level_names.begin(), level_names.end(), name) != level_names.end()) {
    s = segments_of_level(t, name, stop);
    out.note = "groups that the features of the level form";
  } else {
    std::vector<std::string> names;
    for (const DataColumn& c : data.columns) names.push_back(c.name);
    throw Error(ErrorCode::undefined_column, fmt::format("column \"{}\" does not exist in the rows", name), {},
                fmt::format("The columns are {}; or name a level: {}.", fmt::join(names, ", "), fmt::join(level_names, ", ")));
  }
  if (const std::size_t left = leave_small(t, s, settings.min_companies); left > 0)
    out.note += fmt::format("{}segments of fewer than {} companies, left out: {}", out.note.empty() ? "" : "; ", settings.min_companies, left);
  out.segments = s.names;
  std::set<std::int32_t> companies;
  std::int64_t won = 0, lost = 0;
  for (std::size_t i = 0; i < s.of.size(); ++i) {
    if (s.of[i] < 0 && s.names.size() > 1) continue;
    companies.insert(data.company[t.closed[i]]);
    (data.outcome[t.closed[i]] == Outcome::won ? won : lost) += static_cast<std::int64_t>(data.count[t.closed[i]]);
  }
  out.companies = static_cast<std::int64_t>(companies.size());
  std::vector<BehaviourTest> tests;
  if (s.names.size() > 1) tests = test_behaviour(behaviours_of(t, s.of), options.seed, stop);
  out.verdict = verdict_of(tests, s.names.size(), reliability_word(out.companies, won, lost, !t.has_lost));
  for (BehaviourTest& test : tests) {
    TessBehaviour& b = out.behaviours.emplace_back();
    b.test = std::move(test);
    set_means(b, t, s, settings.min_companies);
  }
  return out;
}

Report report_tess(const Tess& tess) {
  Report r;
  r.columns = {"behaviour", "differs", "explained", "p", "p_adjusted", "n", "n_companies", "segments", "least", "least_value", "most", "most_value", "verdict", "note"};
  const auto segments = static_cast<std::int64_t>(tess.segments.size());
  const Cell note = tess.note.empty() ? Cell() : Cell(tess.note);
  const auto name = [](const TessMean& m) { return m.segment.empty() ? Cell() : Cell(m.segment); };
  const auto value = [](const TessMean& m) { return m.segment.empty() ? Cell() : Cell(m.value); };
  for (const TessBehaviour& b : tess.behaviours)
    r.rows.push_back({b.test.measure, b.test.p_adjusted <= significant, b.test.explained, b.test.p, b.test.p_adjusted, b.test.n, b.test.companies, segments, name(b.least),
                      value(b.least), name(b.most), value(b.most), tess.verdict, note});
  // Nothing could be compared: that is said too.
  if (r.rows.empty())
    r.rows.push_back({Cell(), Cell(), Cell(), Cell(), Cell(), Cell(), tess.companies, segments, Cell(), Cell(), Cell(), Cell(), tess.verdict, note});
  return r;
}

void test_cohorts(Model& m, const Training& t, const std::vector<std::int32_t>& cohort, const Stop& stop) {
  if (m.cohorts.size() < 2) return;
  std::vector<BehaviourTest> tests = test_behaviour(behaviours_of(t, cohort), t.options.seed, stop);
  // On the scale of the whole error budget of the fit.
  for (BehaviourTest& test : tests) test.p_adjusted = std::min(1.0, test.p_adjusted * error_budget / t.share);
  std::vector<std::string> names;
  for (const BehaviourTest& test : tests) {
    Estimate e;
    e.value = test.explained;
    e.n = test.n;
    e.companies = test.companies;
    m.metrics.push_back({"tess_" + test.measure, e, fmt::format("share of the variance between the cohorts, beyond chance; they {} (p {:.3f} after Holm)", test.p_adjusted <= significant ? "differ" : "do not differ", test.p_adjusted)});
    names.push_back(test.measure);
  }
  if (verdict_of(tests, m.cohorts.size(), m.reliability) == alike)
    m.findings.push_back({"warning", "", -1, fmt::format("the cohorts do not differ in {}: {}", fmt::join(names, ", "), alike), "add what tells how customers decide, or fewer cohorts (the option k)"});
}

}  // namespace icp
