#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include <fmt/format.h>

#include "icp/error.hpp"
#include "icp/hash.hpp"
#include "icp/target.hpp"
#include "icp/text.hpp"
#include "icp/training.hpp"
#include "icp/wallet.hpp"

#include "settings.hpp"
#include "wallet_additive.hpp"
#include "wallet_mixture.hpp"
#include "wallet_trees.hpp"

namespace icp {

namespace {

using namespace wallet;

constexpr std::size_t many_rows = 10000;           // from which on five folds do
constexpr double least_spread_share = 0.1, least_spread = 1e-6;
constexpr double fewest_of_either = 10;            // rows that buy and that do not, for a card of buying

std::string cohort_text(const DataColumn& c, std::uint32_t row) {
  if (c.known[row] == 0) return {};
  switch (c.type) {
    case ColumnType::text: return c.words[static_cast<std::size_t>(c.codes[row])];
    case ColumnType::boolean: return c.codes[row] == 1 ? "true" : "false";
    case ColumnType::number: return number_text(c.numbers[row]);
    default: return {};
  }
}

class Learner {
 public:
  Learner(Dataset& data, const Options& options, const settings::Potential& s, WalletModel& m, const Stop& stop)
      : d_(data), o_(options), s_(s), m_(m), stop_(stop) {}

  void learn() {
    take_rows();
    if (rows_.empty()) return find("warning", s_.purchases, 0, "no purchases are known", "a client that bought nothing has purchases of 0");
    Options o = o_;
    leave_out(o);
    m_.as_of = d_.as_of;
    d_.first_contact.assign(d_.rows, d_.as_of);   // ages of customers are those of the day of the data
    m_.encoder = learn_encoder(d_, rows_, o, m_.findings, stop_);
    Table all = m_.encoder.encode(d_, rows_, stop_), buying = m_.encoder.encode(d_, b_.row, stop_);
    give_up_columns();
    learn_buying(std::move(all));
    if (m_.buying_companies < WalletModel::fewest_companies) {
      find("warning", "", m_.buyers, fmt::format("only {} companies buy: at least {} are needed for a quantile of purchases", m_.buying_companies, WalletModel::fewest_companies),
           "evidence alone makes potentials until then");
      return;
    }
    learn_purchases(std::move(buying));
    calibrate();
    reliability();
  }

 private:
  void find(const char* severity, const std::string& column, std::int64_t rows, std::string message, std::string hint) {
    m_.findings.push_back({severity, column, rows, std::move(message), std::move(hint)});
  }

  void take_rows() {
    const DataColumn* column = d_.find(s_.purchases);
    if (column != nullptr && column->type != ColumnType::number && column->type != ColumnType::empty)
      throw Error(ErrorCode::wrong_type, fmt::format("column \"{}\" cannot be purchases", s_.purchases), "It holds no numbers.",
                  "Name the column of annual purchases in {\"potential\": {\"purchases\": \"...\"}}.");
    const Target t = read_target(d_, o_, s_.purchases);
    const std::int64_t unknown = static_cast<std::int64_t>(t.unknown);
    std::int64_t returned = 0;
    // Companies in the order of a hash of their place among all: neither rows nor the unit of money decide on folds.
    std::vector<std::uint32_t> order(t.rows.size());
    std::iota(order.begin(), order.end(), 0u);
    const auto key = [&](std::uint32_t i) { return Random(static_cast<std::uint64_t>(d_.company[t.rows[i]]) ^ o_.seed << 32).next(); };
    sort(order.begin(), order.end(), stop_, [&](auto a, auto b) {
      const auto x = key(a), y = key(b);
      return x != y ? x < y : a < b;
    });
    std::vector<std::uint8_t> seen(d_.companies, 0), bought(d_.companies, 0);
    std::map<std::int32_t, std::int32_t> place;
    for (const std::uint32_t i : order) {
      const std::uint32_t r = t.rows[i];
      if (!(d_.weight_of(r) > 0)) continue;
      rows_.push_back(r);
      purchases_.push_back(t.values[i]);
      seen[static_cast<std::size_t>(d_.company[r])] = 1;
      returned += t.values[i] < 0 ? static_cast<std::int64_t>(d_.count[r]) : 0;
      if (!(t.values[i] > 0)) continue;
      bought[static_cast<std::size_t>(d_.company[r])] = 1;
      b_.row.push_back(r);
      b_.target.push_back(std::log(t.values[i]));
      b_.weight.push_back(d_.weight_of(r));
      b_.count.push_back(static_cast<std::uint32_t>(d_.count[r]));
      b_.company.push_back(place.emplace(d_.company[r], static_cast<std::int32_t>(place.size())).first->second);
    }
    b_.folds = b_.size() < many_rows ? most_folds : fewest_folds;
    for (const std::int32_t c : b_.company) b_.fold.push_back(static_cast<std::uint8_t>(c % b_.folds));
    m_.rows = static_cast<std::int64_t>(rows_.size());
    m_.buyers = static_cast<std::int64_t>(b_.size());
    m_.companies = std::count(seen.begin(), seen.end(), 1);
    m_.buying_companies = b_.companies = std::count(bought.begin(), bought.end(), 1);
    const double total = std::accumulate(b_.weight.begin(), b_.weight.end(), 0.0);
    for (double& w : b_.weight) w *= static_cast<double>(b_.size()) / total;
    if (unknown > 0) find("info", s_.purchases, unknown, "purchases are not known: these rows are not learned from", "a client that bought nothing has purchases of 0");
    if (returned > 0) find("info", s_.purchases, returned, "more was returned than bought: they count as having bought nothing", "");
  }

  // What is no attribute of a company: purchases, evidence, and an older estimate.
  void leave_out(Options& o) {
    const auto leave = [&](const std::string& name) {
      if (!name.empty() && d_.find(name) != nullptr && o.features.count(name) == 0 && o.keep.count(name) == 0) o.ignore.insert(name);
    };
    leave(s_.purchases);
    for (const auto& e : s_.evidence)
      for (const std::string* name : {&e.column, &e.source, &e.dated}) leave(*name);
    if (d_.find("potential") != nullptr && o.ignore.count("potential") == 0) {
      leave("potential");
      if (o.ignore.count("potential") > 0) find("info", "potential", -1, "left out: it is what is to be estimated", "name it as evidence, or list it in keep");
    }
  }

  // Once rows are encoded, nothing is asked of their columns but the cohort.
  void give_up_columns() {
    for (DataColumn& c : d_.columns)
      if (c.name != s_.cohort) {
        DataColumn empty;
        empty.name = std::move(c.name);
        c = std::move(empty);
      }
  }

  // Whether a company buys at all.
  void learn_buying(Table table) {
    const auto buyers = static_cast<double>(m_.buyers), others = static_cast<double>(m_.rows - m_.buyers);
    m_.buys.target = "buys";
    m_.buys.n = m_.rows;
    m_.buys.companies = m_.companies;
    m_.buys.intercept = rounded(std::log((buyers + 0.5) / (others + 0.5)));
    if (buyers < fewest_of_either || others < fewest_of_either) return;
    std::vector<double> target, weight;
    std::vector<std::uint32_t> count;
    std::vector<std::int32_t> company;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      target.push_back(purchases_[i] > 0 ? 1 : 0);
      weight.push_back(d_.weight_of(rows_[i]));
      count.push_back(static_cast<std::uint32_t>(d_.count[rows_[i]]));
      company.push_back(d_.company[rows_[i]]);
    }
    CardOptions options;
    options.pairs = 0;
    options.seed = o_.seed;
    options.compare = false;
    LearnedCard learned = learn_scorecard({std::move(table), m_.encoder, target, std::move(weight), count, company, {}, d_.has_company}, options, stop_);
    m_.buys = std::move(learned.card);
    m_.buys.target = "buys";
    for (const CardMetric& metric : learned.metrics)
      if (metric.name == "win_auc" && metric.value)
        find("info", "", m_.rows, fmt::format("whether a company buys at all: it scores above one that does not in {:.0f} % of pairs, on companies not learned from", 100 * *metric.value), "");
  }

  void learn_purchases(Table table) {
    const card::Binned binned = card::bin_rows(table, m_.encoder, stop_);
    const FineBins fine = cut_finely(binned.columns, table, m_.encoder, stop_);
    const Places places(binned, table);
    table = Table{};
    const AdditiveLearner learner(binned, places, b_, stop_);
    Parts best;
    for (Additive& location : learner.candidates(b_.target)) {
      Parts parts = with_location(std::move(location), learner, fine);
      if (best.score.empty() || parts.loss < best.loss) best = std::move(parts);
    }
    const BoostProblem quantile{fine, b_.target, b_.weight, {}, b_.fold, b_.company, b_.folds, m_.quantile};
    Boosted direct = boost(quantile, stop_);
    blend(best, quantile, direct);
    Boosted high = boost({fine, best.residual, b_.weight, best.unit, b_.fold, b_.company, b_.folds, WalletModel::high}, stop_);
    for (std::size_t r = 0; r < b_.size(); ++r) high_score_.push_back(best.residual[r] - high.held[r]);
    m_.location = card_of(best.location, binned, b_, b_.target, "purchases");
    m_.spread = card_of(best.spread, binned, b_, best.root, "spread");
    for (std::size_t i = 0; !best.location.slopes.empty() && i < places.columns().size(); ++i) {
      const std::size_t c = places.columns()[i];
      WalletLine line{counted(binned, c, b_), binned.middle[c]};
      for (std::size_t p = 0; p < line.slope.size(); ++p) {
        line.slope[p] = best.location.slopes[3 * i + p];
        line.low[p] = places.low(3 * i + p);
        line.high[p] = places.high(3 * i + p);
      }
      m_.lines.push_back(std::move(line));
    }
    m_.noise = best.noise;
    m_.least_spread = best.least_spread;
    m_.mean_spread = 0;
    for (std::size_t r = 0; r < b_.size(); ++r) m_.mean_spread += b_.weight[r] * best.unit[r] * best.unit[r] / static_cast<double>(b_.size());
    if (best.location.constant && best.at.all.trees.empty() && direct.all.trees.empty())
      find("info", "", m_.buyers, "nothing foretells purchases better than chance on companies not learned from: all clients have one potential",
           "add attributes: size, industry, sites");
    keep_columns(fine, {&best.at.all, &high.all, &direct.all});
    m_.correction = std::move(best.at.all);
    m_.high_correction = std::move(high.all);
    m_.direct = std::move(direct.all);
    unit_ = std::move(best.unit);
    score_ = std::move(best.score);
    keep_stand_ins(fine);
  }

  // What stands in for what is not known of a client, of the features that are asked for.
  void keep_stand_ins(const FineBins& fine) {
    std::vector<bool> used(m_.encoder.features.size(), false);
    for (const auto* columns : {&m_.location.columns, &m_.spread.columns, &m_.columns})
      for (const CardColumn& c : *columns) used[c.feature] = true;
    for (const WalletLine& l : m_.lines) used[l.column.feature] = true;
    std::vector<std::uint32_t> order(b_.size());
    std::iota(order.begin(), order.end(), 0u);
    const auto centre = [&](std::uint32_t r) { return b_.target[r] - unit_[r] * score_[r]; };
    sort(order.begin(), order.end(), stop_, [&](auto a, auto b) {
      const double x = centre(a), y = centre(b);
      return x != y ? x < y : a < b;
    });
    m_.stand_ins = learn_stand_ins(fine, m_.encoder, used, order, b_.weight);
  }

  // Everything that follows from a model of the location.
  struct Parts {
    Additive location, spread;
    Boosted at;
    std::vector<double> root, unit, residual, score;   // residual: in units of the spread; score: less the correction
    double noise = 0, least_spread = 0, loss = 0;
  };

  Parts with_location(Additive location, const AdditiveLearner& learner, const FineBins& fine) const {
    const std::size_t n = b_.size();
    Parts p;
    p.location = std::move(location);
    std::vector<double> residual(n);
    p.unit.resize(n);
    p.root.resize(n);
    for (std::size_t r = 0; r < n; ++r) {
      residual[r] = b_.target[r] - p.location.held[r];
      p.root[r] = std::sqrt(std::abs(residual[r]));
      p.noise += b_.weight[r] / static_cast<double>(n) * residual[r] * residual[r];
      p.least_spread += b_.weight[r] / static_cast<double>(n) * p.root[r];
    }
    p.least_spread = std::max(least_spread, least_spread_share * p.least_spread);
    p.location.held = {};
    p.spread = learner.learn(p.root);
    for (std::size_t r = 0; r < n; ++r) {
      p.unit[r] = std::pow(std::max(p.least_spread, p.spread.held[r]), 2);
      residual[r] /= p.unit[r];
    }
    p.spread.held = {};
    p.at = boost({fine, residual, b_.weight, p.unit, b_.fold, b_.company, b_.folds, m_.quantile}, stop_);
    std::vector<Weighted> scores;
    for (std::size_t r = 0; r < n; ++r) {
      p.score.push_back(residual[r] - p.at.held[r]);
      scores.push_back({p.score[r], b_.weight[r]});
    }
    p.at.held = {};
    const double shift = weighted_quantile(scores, m_.quantile, stop_);
    for (std::size_t r = 0; r < n; ++r) p.loss += b_.weight[r] * p.unit[r] * pinball(p.score[r] - shift, m_.quantile);
    p.residual = std::move(residual);
    return p;
  }

  // Puts the quantile of the model together with that of trees that know of no model, in the shares of the least loss (stacking:
  // Wolpert 1992; of quantiles: Fakoor and others 2023).
  void blend(Parts& p, const BoostProblem& problem, Boosted& direct) {
    std::vector<double> model(b_.size());
    std::vector<Weighted> scores;
    for (std::size_t r = 0; r < b_.size(); ++r) scores.push_back({p.score[r], b_.weight[r]});
    const double shift = weighted_quantile(scores, m_.quantile, stop_);
    for (std::size_t r = 0; r < b_.size(); ++r) model[r] = b_.target[r] - p.unit[r] * (p.score[r] - shift);
    m_.model_share = best_share(problem, model, direct.held);
    if (m_.model_share == 1) direct.all = {};
    for (std::size_t r = 0; r < b_.size(); ++r) {
      const double centre = m_.model_share * (model[r] - p.unit[r] * shift) + (1 - m_.model_share) * direct.held[r];
      p.score[r] = (b_.target[r] - centre) / p.unit[r];
    }
  }

  // The columns that trees ask for.
  void keep_columns(const FineBins& fine, std::initializer_list<WalletTrees*> all) {
    std::vector<std::int32_t> place(fine.columns.size(), -1);
    for (WalletTrees* trees : all)
      for (WalletTree& tree : trees->trees)
        for (WalletTree::Node& node : tree.nodes) {
          if (node.column < 0) continue;
          std::int32_t& at = place[static_cast<std::size_t>(node.column)];
          if (at < 0) {
            at = static_cast<std::int32_t>(m_.columns.size());
            m_.columns.push_back(fine.columns[static_cast<std::size_t>(node.column)]);
          }
          node.column = at;
        }
  }

  // Scores of some rows: the conformal quantiles, and the whole distribution.
  WalletGroup group(const std::vector<std::uint32_t>& rows) const {
    WalletGroup g;
    g.n = static_cast<std::int64_t>(rows.size());
    std::vector<std::int32_t> companies;
    std::vector<Weighted> scores, high;
    double below = 0, total = 0;
    for (const std::uint32_t r : rows) {
      companies.push_back(b_.company[r]);
      scores.push_back({score_[r], b_.weight[r]});
      high.push_back({high_score_[r], b_.weight[r]});
      below += score_[r] <= 0 ? b_.weight[r] : 0;
      total += b_.weight[r];
    }
    std::sort(companies.begin(), companies.end());
    g.companies = std::unique(companies.begin(), companies.end()) - companies.begin();
    g.below = below / total;
    // One more company, whose purchases are to be foretold, counts as above all.
    const double more = 1 + 1 / static_cast<double>(g.companies);
    g.shift = weighted_quantile(scores, std::min(1.0, m_.quantile * more), stop_);
    g.high_shift = weighted_quantile(high, std::min(1.0, WalletModel::high * more), stop_);
    double passed = 0;
    std::size_t i = 0;
    for (std::size_t step = 0; step <= WalletModel::steps; ++step) {
      const double share = total * static_cast<double>(step) / static_cast<double>(WalletModel::steps);
      while (i + 1 < scores.size() && passed + scores[i].weight < share * (1 - 1e-12)) passed += scores[i++].weight;
      g.scores.push_back(scores[i].value);
    }
    for (const std::uint32_t r : rows) g.loss += b_.weight[r] / total * unit_[r] * pinball(score_[r] - g.shift, m_.quantile);
    return g;
  }

  void calibrate() {
    std::vector<std::uint32_t> all(b_.size());
    std::iota(all.begin(), all.end(), 0u);
    std::vector<Weighted> targets;
    for (const std::uint32_t r : all) targets.push_back({b_.target[r], b_.weight[r]});
    const double base = weighted_quantile(targets, m_.quantile, stop_);
    const auto add = [&](const std::vector<std::uint32_t>& rows, const std::string& name, const std::string& title) {
      WalletGroup g = group(rows);
      g.name = name;
      g.title = title;
      double total = 0;
      for (const std::uint32_t r : rows) {
        g.base_loss += b_.weight[r] * pinball(b_.target[r] - base, m_.quantile);
        total += b_.weight[r];
      }
      g.base_loss /= total;
      m_.groups.push_back(std::move(g));
    };
    add(all, "", "");
    const DataColumn* column = d_.find(s_.cohort);
    if (column == nullptr) {
      if (!s_.cohort_named) return;
      throw Error(ErrorCode::undefined_column, fmt::format("column \"{}\" does not exist in the rows", s_.cohort), {},
                  "The option potential.cohort names the column by which quantiles are calibrated.");
    }
    m_.cohort = s_.cohort;
    struct Cohort {
      std::vector<std::uint32_t> rows;
      std::map<std::string, std::size_t> spelled;
    };
    std::map<std::string, Cohort> cohorts;
    std::map<std::string, std::string> folded;
    Pace pace(stop_);
    for (const std::uint32_t r : all) {
      pace.step();
      const std::string text = cohort_text(*column, b_.row[r]);
      const auto [it, fresh] = folded.emplace(text, "");
      if (fresh) it->second = fold(text);
      if (it->second.empty()) continue;
      Cohort& c = cohorts[it->second];
      c.rows.push_back(r);
      ++c.spelled[text];
    }
    std::int64_t small = 0, rows = 0;
    for (const auto& [name, c] : cohorts) {
      std::vector<std::int32_t> companies;
      for (const std::uint32_t r : c.rows) companies.push_back(b_.company[r]);
      std::sort(companies.begin(), companies.end());
      if (std::unique(companies.begin(), companies.end()) - companies.begin() < WalletModel::cohort_companies) {
        ++small;
        rows += static_cast<std::int64_t>(c.rows.size());
        continue;
      }
      const auto title = std::max_element(c.spelled.begin(), c.spelled.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
      add(c.rows, name, title->first);
    }
    if (small > 0)
      find("info", s_.cohort, rows, fmt::format("{} cohorts have fewer than {} companies that buy: they are calibrated with all", small, WalletModel::cohort_companies), "");
  }

  void reliability() {
    const std::string word = reliability_word(m_.buying_companies, m_.buyers, 0, true);
    if (word != "normal") find(word == "limited" ? "info" : "warning", "", m_.buyers, fmt::format("reliability {}: {} companies buy", word, m_.buying_companies), "");
  }

  Dataset& d_;
  const Options& o_;
  const settings::Potential& s_;
  WalletModel& m_;
  const Stop& stop_;
  std::vector<std::uint32_t> rows_;
  std::vector<double> purchases_;
  Buyers b_;
  std::vector<double> unit_, score_, high_score_;
};

}  // namespace

WalletModel fit_wallet(const Sample& sample, const Zone& zone, const Stop& stop, std::uint64_t memory) {
  Options options = parse_options(sample.options());
  const settings::Potential s = settings::potential(settings::option(sample.options(), "potential"));
  const auto& names = sample.columns();
  const auto has = [&](const std::string& name) { return std::find(names.begin(), names.end(), name) != names.end(); };
  // The ledger of potentials calls a company a client.
  if (!has(options.column_of("company_id")) && has("client_id")) options.roles["company_id"] = "client_id";
  require_memory("learning potentials from", wallet_memory, sample, options, stop, memory);
  WalletModel m;
  m.options = sample.options();
  m.quantile = s.quantile;
  m.purchases = s.purchases;
  for (const auto& e : s.evidence) m.evidence.push_back({e.kind, e.column, e.source, e.dated});
  Dataset data = read_dataset(sample, options, zone, stop, true);
  // A company is no deal.
  for (auto* figures : {&data.closed, &data.created, &data.amount, &data.ltv, &data.cac, &data.cycle, &data.retention, &data.effort, &data.hours, &data.dqs}) *figures = {};
  for (const Finding& f : data.findings)
    if (f.column == options.column_of("company_id") || f.column == options.column_of("weight")) m.findings.push_back(f);
  Learner(data, options, s, m, stop).learn();
  m.encoder.prepare();
  return m;
}

}  // namespace icp
