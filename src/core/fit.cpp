#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "icp/antiicp.hpp"
#include "icp/behaviour.hpp"
#include "icp/error.hpp"
#include "icp/leak.hpp"
#include "icp/levels.hpp"
#include "icp/stability.hpp"
#include "icp/supervision.hpp"
#include "icp/tess.hpp"
#include "icp/training.hpp"

#include "settings.hpp"

namespace icp {

namespace {

constexpr int folds = 5;
constexpr double level = 0.05;   // of tests between cohorts

// Groups learned from some of the closed deals, and the cohort of each of them.
struct Learned {
  Mixture mixture;
  std::vector<Cohort> cohorts;
  std::vector<std::int32_t> cluster;   // posterior alone
  std::vector<std::int32_t> cohort;    // as icp_cohort() says
};

MixtureOptions mixture_options(const Training& t, const Table& table, std::span<const std::uint32_t> rows, int k) {
  MixtureOptions options;
  options.k = k;
  options.k_max = t.options.k_max;
  options.seed = t.options.seed;
  options.explain = t.options.k > 0;
  if (t.options.supervision > 0) options.column_weight = supervised_weights(t, table, rows, t.options.supervision);
  return options;
}

Learned learn(const Training& t, const Encoder& encoder, std::span<const std::uint32_t> rows, int k, const Stop& stop) {
  Learned l;
  Table table = encoder.encode(t.data, rows, stop);
  table.weight = company_weights(t.data, rows);
  l.mixture = fit_mixture(table, mixture_options(t, table, rows, k), stop);
  const int clusters = l.mixture.clusters();
  l.cohorts.resize(static_cast<std::size_t>(clusters));
  EncodedBuffer buffer;
  encoder.resize(buffer);
  std::vector<double> joint;
  {
    // The posterior needs no criteria yet.
    std::vector<Cohort> blank(l.cohorts.size());
    for (Cohort& c : blank) c.criteria.resize(encoder.features.size());
    const Matcher matcher(encoder, l.mixture, blank, t.options);
    for (std::size_t r = 0; r < table.rows; ++r) {
      if (r % 128 == 0) stop.poll();
      load_row(table, r, buffer);
      l.cluster.push_back(matcher.classify(buffer.row(), joint));
    }
  }
  auto criteria = learn_criteria(table, encoder, l.cluster, clusters, stop);
  for (std::size_t c = 0; c < l.cohorts.size(); ++c) l.cohorts[c].criteria = std::move(criteria[c]);
  const Matcher matcher(encoder, l.mixture, l.cohorts, t.options);
  for (std::size_t r = 0; r < table.rows; ++r) {
    if (r % 128 == 0) stop.poll();
    load_row(table, r, buffer);
    l.cohort.push_back(matcher.assign(buffer.row(), joint));
  }
  table = Table{};
  judge_cohorts(l.cohorts, t, rows, l.cohort);
  return l;
}

// Labels and cohorts out of fold, by company: each fold learns the same number of groups without a fifth of the companies,
// grades them, and labels that fifth.
struct Validation {
  std::vector<Matcher::Label> label;           // of each closed row
  std::vector<std::int32_t> cohort;            // of each closed row: the cohort of which the fold's own has most members
};

std::vector<std::optional<double>> stability_of(const Training& t, const Encoder& encoder, const Learned& l, const Stop& stop) {
  Table table = encoder.encode(t.data, t.closed, stop);
  table.weight = company_weights(t.data, t.closed);
  std::vector<std::int32_t> company;
  for (const std::uint32_t r : t.closed) company.push_back(t.data.company[r]);
  return bootstrap_stability(table, company, l.cluster, l.mixture.clusters(), mixture_options(t, table, t.closed, 0), stop);
}

bool all_stable(const std::vector<std::optional<double>>& stability) {
  return std::all_of(stability.begin(), stability.end(), [](const auto& s) { return s.value_or(0) >= stable_jaccard; });
}

Validation validate(const Training& t, const Encoder& encoder, const Learned& full, const Stop& stop) {
  Validation v;
  v.label.assign(t.closed.size(), Matcher::Label::unknown);
  v.cohort.assign(t.closed.size(), -1);
  for (int fold = 0; fold < folds; ++fold) {
    stop.progress("validation: folds", fold / static_cast<double>(folds));
    std::vector<std::uint32_t> train;
    std::vector<std::size_t> place, held;
    for (std::size_t i = 0; i < t.closed.size(); ++i) {
      if (t.data.company[t.closed[i]] % folds == fold) {
        held.push_back(i);
      } else {
        train.push_back(t.closed[i]);
        place.push_back(i);
      }
    }
    if (train.empty() || held.empty()) continue;
    const Learned part = learn(t, encoder, train, full.mixture.clusters(), stop);
    const Matcher matcher(encoder, part.mixture, part.cohorts, t.options);
    // The fold's cohorts by those of all deals: where most of their members are.
    const auto k = full.cohorts.size();
    std::vector<double> both(k * k, 0);
    for (std::size_t j = 0; j < place.size(); ++j) {
      const auto a = full.cohort[place[j]], b = part.cohort[j];
      if (a >= 0 && b >= 0) both[static_cast<std::size_t>(b) * k + static_cast<std::size_t>(a)] += 1;
    }
    std::vector<std::int32_t> of(k, -1);
    for (std::size_t b = 0; b < k; ++b) {
      const auto* row = both.data() + b * k;
      const auto* most = std::max_element(row, row + k);
      if (*most > 0) of[b] = static_cast<std::int32_t>(most - row);
    }
    std::vector<std::uint32_t> rows;
    for (const std::size_t i : held) rows.push_back(t.closed[i]);
    const Table table = encoder.encode(t.data, rows, stop);
    EncodedBuffer buffer;
    encoder.resize(buffer);
    std::vector<double> joint;
    for (std::size_t j = 0; j < held.size(); ++j) {
      if (j % 128 == 0) stop.poll();
      load_row(table, j, buffer);
      const int cohort = matcher.assign(buffer.row(), joint);
      v.label[held[j]] = matcher.label(cohort, buffer.row(), joint);
      if (cohort >= 0) v.cohort[held[j]] = of[static_cast<std::size_t>(cohort)];
    }
  }
  return v;
}

// Pairs of cohorts compared in behaviour; where the outcome chose them, as the folds that had not seen it place the deals.
std::vector<BehaviourPair> pairs_of(const Training& t, const Learned& l, const Validation& v, const Stop& stop) {
  const auto& cohort = t.options.supervision > 0 ? v.cohort : l.cohort;
  return compare_pairs(read_behaviour(t, t.closed, cohort), static_cast<std::int32_t>(l.cohorts.size()), stop);
}

bool alike(const BehaviourPair& p) { return p.tested && p.p_adjusted > level; }

// Outcomes, intervals and grades of cohorts that the outcome helped to choose: those of the deals that belong to them by
// models which had not seen their companies. Sizes stay those of what icp_cohort() says.
void judge_out_of_fold(std::vector<Cohort>& cohorts, const Training& t, const Validation& v) {
  const std::vector<Cohort> sizes = cohorts;
  judge_cohorts(cohorts, t, t.closed, v.cohort);
  for (std::size_t c = 0; c < cohorts.size(); ++c) {
    cohorts[c].n = sizes[c].n;
    cohorts[c].n_closed = sizes[c].n_closed;
    cohorts[c].n_companies = sizes[c].n_companies;
    cohorts[c].share = sizes[c].share;
    cohorts[c].immature = sizes[c].immature;
    cohorts[c].reliability = sizes[c].reliability;
  }
}

std::vector<LabelResult> label_results(const Training& t, const std::vector<Matcher::Label>& labels) {
  std::vector<LabelResult> out;
  double all = 0;
  for (const std::uint32_t r : t.closed) all += static_cast<double>(t.data.count[r]);
  for (const auto label : {Matcher::Label::gold, Matcher::Label::ordinary, Matcher::Label::non_target, Matcher::Label::unknown}) {
    LabelResult one;
    one.label = Matcher::name(label);
    std::vector<Observation> rated, dqs;
    for (std::size_t i = 0; i < t.closed.size(); ++i) {
      const std::uint32_t r = t.closed[i];
      if (labels[i] != label) continue;
      const bool won = t.data.outcome[r] == Outcome::won;
      one.n += static_cast<std::int64_t>(t.data.count[r]);
      if (won) one.won += static_cast<std::int64_t>(t.data.count[r]);
      if (t.rated[r] != 0) rated.push_back(t.observe(r, won ? 1 : 0));
      if (!std::isnan(t.dqs[r])) dqs.push_back(t.observe(r, t.dqs[r]));
    }
    if (one.n == 0) continue;
    one.share = all > 0 ? static_cast<double>(one.n) / all : 0;
    if (t.has_lost) one.win_rate = share_estimate(rated, t.stop);
    one.dqs = mean_estimate(dqs, t.stop);
    out.push_back(std::move(one));
  }
  return out;
}

void find(Model& m, std::string severity, std::string column, std::int64_t rows, std::string message, std::string hint) {
  m.findings.push_back({std::move(severity), std::move(column), rows, std::move(message), std::move(hint)});
}

// Counts, reliability and what they say; true where cohorts can be learned.
bool take_stock(Model& m, const Training& t) {
  const Dataset& d = t.data;
  std::set<std::int32_t> companies;
  std::int64_t old = 0;
  double first = INFINITY, last = -INFINITY;
  for (std::size_t r = 0; r < d.rows; ++r) {
    const auto n = static_cast<std::int64_t>(d.count[r]);
    m.deals += n;
    if (d.outcome[r] == Outcome::won) m.won += n;
    if (d.outcome[r] == Outcome::lost) m.lost += n;
    if (d.outcome[r] == Outcome::open) m.open += n;
  }
  Pace pace(t.stop);
  for (const std::uint32_t r : t.closed) {
    pace.step();
    companies.insert(d.company[r]);
    if (std::isnan(d.closed[r])) continue;
    if (d.as_of - d.closed[r] > 730) old += static_cast<std::int64_t>(d.count[r]);
    first = std::min(first, d.closed[r]);
    last = std::max(last, d.closed[r]);
  }
  m.companies = static_cast<std::int64_t>(companies.size());
  m.rows_seen = static_cast<std::int64_t>(d.rows_seen);
  if (std::isfinite(d.as_of)) m.as_of = d.as_of;
  std::vector<Observation> rated, dqs;
  for (const std::uint32_t r : t.closed) {
    if (t.rated[r] != 0) rated.push_back(t.observe(r, d.outcome[r] == Outcome::won ? 1 : 0));
    if (!std::isnan(t.dqs[r])) dqs.push_back(t.observe(r, t.dqs[r]));
  }
  if (t.has_lost && m.won > 0) m.win_rate = share_estimate(rated, t.stop);
  m.dqs = mean_estimate(dqs, t.stop);
  const bool won_only = !t.has_lost;
  m.reliability = reliability_word(m.companies, m.won, m.lost, won_only);
  m.reliability_reason = won_only ? fmt::format("{} companies, {} won deals, no lost ones", m.companies, m.won)
                                  : fmt::format("{} companies, {} won and {} lost deals", m.companies, m.won, m.lost);
  find(m, m.reliability == "normal" ? "info" : "warning", "", -1, fmt::format("reliability: {} ({})", m.reliability, m.reliability_reason),
       m.reliability == "normal" ? "" : "at least 100 companies with 50 won and 50 lost deals make it normal");
  if (m.rows_seen > m.deals)
    find(m, "info", "", m.deals, fmt::format("{} of {} rows were sampled for training; counts, predicate_n too, are of the sample", m.deals, m.rows_seen), "the option sample sets the number");
  if (old > 0)
    find(m, "warning", t.options.column_of("closed_at"), old, "closed deals are older than two years: markets move", "train on the last one or two years");
  const std::int64_t closed = m.won + m.lost;
  if (closed > 0 && closed < 100 && last > first) {
    const double months = (last - first) / 30.4375;
    find(m, "warning", "", closed,
         fmt::format("{} closed deals in {:.0f} months: a window of about {:.0f} months would give 100", closed, std::max(1.0, months),
                     std::ceil(std::max(1.0, months) * 100 / static_cast<double>(closed))),
         "widen the window of the view");
  }
  if (won_only && m.won > 0)
    find(m, "warning", "", -1, "no lost deals: there are no win rates", "record lost deals with their reasons");
  if (m.companies < 20 || closed == 0) {
    find(m, "warning", "", closed, fmt::format("too few closed deals for cohorts: {} companies, at least 20 are needed", m.companies), "widen the window of the view");
    return false;
  }
  if (m.won == 0) {
    find(m, "warning", "", -1, "no won deals: there are no cohorts", "check roles.won");
    return false;
  }
  if (won_only && !t.judged_by_dqs) {
    find(m, "warning", "", -1, "one outcome only and no DQS: nothing tells good customers from bad, so there are no cohorts",
         "record lost deals, or add ltv, cac, retention, calls, meetings and dates");
    return false;
  }
  return true;
}

void drop_features(Encoder& encoder, const std::vector<bool>& drop) {
  std::vector<Feature> kept;
  for (std::size_t f = 0; f < encoder.features.size(); ++f)
    if (!drop[f]) kept.push_back(std::move(encoder.features[f]));
  encoder.features = std::move(kept);
  encoder.prepare();
}

void add_metrics(Model& m, const Learned& l, const Training& t, const Validation& v,
                 const std::vector<std::optional<double>>& stability) {
  const auto add = [&m](std::string name, Estimate e, std::string note) { m.metrics.push_back({std::move(name), e, std::move(note)}); };
  const auto number = [](double x, std::int64_t n) {
    Estimate e;
    e.value = x;
    e.n = n;
    return e;
  };
  add("cohorts", number(static_cast<double>(l.cohorts.size()), m.won + m.lost),
      t.options.k > 0 ? "given by the option k" : "chosen by the integrated completed likelihood, and stable");
  std::int64_t assigned = 0, gold_rows = 0, gold_called = 0, all = 0;
  std::vector<Observation> recall;
  for (std::size_t i = 0; i < t.closed.size(); ++i) {
    ++all;
    const auto c = l.cohort[i];
    if (c >= 0) ++assigned;
    if (c >= 0 && l.cohorts[static_cast<std::size_t>(c)].grade == "A") {
      ++gold_rows;
      const bool called = v.label[i] == Matcher::Label::gold;
      if (called) ++gold_called;
      recall.push_back(t.observe(t.closed[i], called ? 1 : 0));
    }
  }
  add("assigned_share", number(static_cast<double>(assigned) / static_cast<double>(std::max<std::int64_t>(1, all)), all),
      "closed deals that are similar enough to a cohort");
  if (gold_rows > 0) add("gold_recall", share_estimate(recall, t.stop), "deals of A cohorts that are labelled gold out of fold");
  double least = 1;
  for (const auto& s : stability) least = std::min(least, s.value_or(0));
  if (!stability.empty()) add("stability", number(least, static_cast<std::int64_t>(stability.size())), "bootstrap Jaccard similarity of the least stable cohort");
  for (const LabelResult& r : m.label_results) {
    if (r.label != "gold" || !r.win_rate.value || !m.win_rate.value || *m.win_rate.value <= 0) continue;
    Estimate e = number(*r.win_rate.value / *m.win_rate.value, r.n);
    if (r.win_rate.low) e.low = *r.win_rate.low / *m.win_rate.value;
    if (r.win_rate.high) e.high = *r.win_rate.high / *m.win_rate.value;
    add("gold_lift", e, "win rate of deals labelled gold out of fold against all");
  }
}

}  // namespace

Model fit_model(const Sample& sample, const Zone& zone, const Stop& stop, std::uint64_t memory) {
  Model m;
  m.options = merge_options(sample.options(), "{}");
  const Options options = parse_options(m.options);
  for (const auto& [option, function] : {std::pair("target", "icp_discover"), {"language", "icp_discover"}, {"tess", "icp_tess"}, {"quick_start", "icp_quick_start"},
                                          {"attractiveness", "icp_attractiveness"}})
    if (!settings::option(m.options, option).is_null())
      throw Error(ErrorCode::invalid_parameter, fmt::format("the option \"{}\" is not one of icp_fit", option), {}, fmt::format("It belongs to {}().", function));
  require_memory("learning from", fit_memory, sample, options, stop, memory);
  const Dataset data = read_dataset(sample, options, zone, stop);
  m.findings = data.findings;
  const Training t = prepare_training(data, options, m.findings, stop);
  const bool enough = take_stock(m, t);
  std::vector<std::uint32_t> rows = t.closed;
  if (rows.empty()) {
    rows.resize(data.rows);
    for (std::size_t r = 0; r < rows.size(); ++r) rows[r] = static_cast<std::uint32_t>(r);
  }
  m.encoder = learn_encoder(data, rows, options, m.findings, stop);
  if (t.has_lost && m.won > 0) drop_features(m.encoder, find_leaks(t, m.encoder, m.findings, stop));
  if (m.encoder.features.empty()) find(m, "warning", "", -1, "no feature is left: there are no cohorts", "add attributes that are known before the outcome");
  report_depth(m);
  check_exclusions(data, options, false, m.findings, stop);
  if (t.has_lost && m.won > 0 && m.companies >= 20) m.anti_icp = find_anti_icp(t, m.encoder, t.share, stop);
  if (!enough || m.encoder.features.empty()) {
    m.encoder.prepare();
    m.validate();
    return m;
  }
  find_scorecards(m, t, stop);
  m.rules = find_deal_rules(t, m.encoder, zone, t.share, stop);
  const auto other = [&](std::uint32_t r) { return t.data.weight[r] != t.data.weight[t.closed.front()]; };
  if (!m.rules.empty() && std::any_of(t.closed.begin(), t.closed.end(), other))
    find(m, "info", options.column_of("weight"), -1, "rules and associations count deals, not their weights: where these differ by outcome, judge a rule by the win rates of cohorts",
         "");
  Learned l = learn(t, m.encoder, t.closed, options.k, stop);
  const auto fewer = [&] { l = learn(t, m.encoder, t.closed, l.mixture.clusters() - 1, stop); };
  // A group that does not come back from a resample of the companies (Jaccard below .75, Hennig 2007) is no cohort: with
  // fewer groups it joins the one that it resembles.
  const int chosen = l.mixture.clusters();
  auto stability = stability_of(t, m.encoder, l, stop);
  while (options.k == 0 && l.cohorts.size() > 1 && !all_stable(stability)) {
    fewer();
    stability = stability_of(t, m.encoder, l, stop);
  }
  const int lasting = l.mixture.clusters();
  if (lasting < chosen)
    find(m, "info", "", -1, fmt::format("{} groups were found; resampling the companies leaves {}", chosen, lasting),
         "the option k sets the number");
  Validation v = validate(t, m.encoder, l, stop);
  std::vector<BehaviourPair> pairs = pairs_of(t, l, v, stop);
  // Groups made for the target that do not differ in behaviour are one.
  while (options.k == 0 && options.supervision > 0 && l.cohorts.size() > 1 && std::any_of(pairs.begin(), pairs.end(), alike)) {
    fewer();
    v = validate(t, m.encoder, l, stop);
    pairs = pairs_of(t, l, v, stop);
  }
  if (l.mixture.clusters() < lasting) {
    stability = stability_of(t, m.encoder, l, stop);
    find(m, "info", "", -1, fmt::format("{} groups became {}: the others could not be told apart in behaviour", lasting, l.mixture.clusters()),
         "the option k sets the number");
  }
  if (options.supervision > 0) {
    judge_out_of_fold(l.cohorts, t, v);
    find(m, "info", "", -1, "features were weighted by what they tell about the outcome: figures of cohorts are those of deals placed by models that had not seen them",
         "");
  }
  m.mixture = l.mixture;
  for (std::size_t c = 0; c < l.cohorts.size(); ++c) {
    std::vector<bool> member(t.closed.size());
    for (std::size_t i = 0; i < t.closed.size(); ++i) member[i] = l.cohort[i] == static_cast<std::int32_t>(c);
    Cohort& cohort = l.cohorts[c];
    if (l.cohorts.size() > 1) {
      const Definition definition = describe_members(data, m.encoder, t.closed, member, 4, stop);
      cohort.predicate = definition.predicate;
      cohort.precision = definition.precision;
      cohort.recall = definition.recall;
    } else {
      cohort.precision = cohort.recall = 1;
    }
    Pace pace(stop);
    for (std::size_t r = 0; r < data.rows; ++r, pace.step())
      if (cohort.predicate.holds(data, r)) cohort.predicate_n += static_cast<std::int64_t>(data.count[r]);
    cohort.stability = stability[c];
  }
  name_cohorts(l.cohorts, m.encoder);
  m.cohorts = l.cohorts;
  if (m.cohorts.size() == 1)
    find(m, "info", "", -1, "the attributes form no groups: one cohort holds all customers", "");
  for (const BehaviourPair& p : pairs)
    if (alike(p))
      find(m, "info", "", -1,
           fmt::format("cohorts {} and {} behave alike: classification, not segmentation between them", m.cohorts[static_cast<std::size_t>(p.a)].key,
                       m.cohorts[static_cast<std::size_t>(p.b)].key),
           "no difference in win rate, deal quality, cycle, effort or retention beyond chance; the option supervision makes such groups one");
  m.label_results = label_results(t, v.label);
  add_metrics(m, l, t, v, stability);
  measure_levels(m, t, stop);
  test_cohorts(m, t, l.cohort, stop);
  if (m.anti_icp.all.hours) {
    Estimate hours;
    hours.value = m.anti_icp.all.hours;
    hours.n = m.anti_icp.all.n;
    m.metrics.push_back({"hours", hours, "spent on all closed deals, as far as known"});
  }
  m.validate();
  return m;
}

}  // namespace icp
