#include "icp/wallet.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "icp/error.hpp"
#include "icp/language.hpp"
#include "icp/text.hpp"
#include "icp/training.hpp"
#include "wallet_mixture.hpp"

namespace icp {

namespace {

using namespace wallet;

constexpr double half_width = 1.959963984540054;   // two-sided 95 %
constexpr double largest = 700;                    // logarithm of a potential
constexpr double rounding = 1e-6;                  // of a figure of the model: its points and logarithms are rounded

[[noreturn]] void broken(const char* why) { throw Error(ErrorCode::corrupted, "invalid potential_model", why); }

void validate_trees(const WalletTrees& trees, const std::vector<CardColumn>& columns) {
  if (!std::isfinite(trees.start)) broken("trees start from no number");
  for (const WalletTree& t : trees.trees) {
    if (t.nodes.empty()) broken("a tree is empty");
    for (std::size_t i = 0; i < t.nodes.size(); ++i) {
      const WalletTree::Node& n = t.nodes[i];
      if (!std::isfinite(n.value)) broken("a leaf holds no number");
      if (n.column < 0) continue;
      const auto c = static_cast<std::size_t>(n.column);
      if (c >= columns.size() || n.left.size() != static_cast<std::size_t>(columns[c].bins) / 64 + 1) broken("a tree asks for what is not there");
      if (n.child <= i || static_cast<std::size_t>(n.child) + 1 >= t.nodes.size()) broken("a tree has no such branch");
    }
  }
}

// 1 - share, as people write it: 0.2 of 0.8.
double rest(double share) { return std::nearbyint((1 - share) * 1e12) / 1e12; }

// Beyond rounding: where all buy the same, nobody buys more than that.
bool above(double a, double b) { return a > b * (1 + rounding); }

double money(double logarithm) { return std::exp(std::clamp(logarithm, -largest, largest)); }

std::optional<double> number_of(const Value& v) {
  std::optional<double> x;
  if (v.type == ValueType::number) x = v.number;
  else if (v.type == ValueType::text) x = parse_number(v.text);
  return x && std::isfinite(*x) ? x : std::nullopt;
}
std::string text_of(const Value& v) {
  switch (v.type) {
    case ValueType::text: return fold(v.text).empty() ? std::string() : std::string(v.text);
    case ValueType::number: return number_text(v.number);
    case ValueType::boolean: return v.boolean ? "true" : "false";
    default: return {};
  }
}

}  // namespace

void WalletStandIn::validate(const Encoder& encoder, std::size_t clients) const {
  if (feature >= encoder.features.size()) broken("a stand-in is of no feature");
  const Feature& f = encoder.features[feature];
  const bool category = f.kind == Kind::categorical || f.kind == Kind::binary;
  if (told.size() != (category ? f.categories.size() : 0) + 1 || value.size() != clients) broken("a stand-in has the wrong number of values");
  for (const std::uint16_t v : value)
    if (v > values.size()) broken("a stand-in has no such value");
  for (const auto& v : values) {
    if (f.kind != Kind::set && v.size() != 1) broken("a stand-in has the wrong number of values");
    for (std::size_t i = 0; i < v.size(); ++i) {
      if (f.kind == Kind::numeric ? !std::isfinite(v[i]) : !(v[i] >= 0 && v[i] < static_cast<double>(f.categories.size()))) broken("a value of a stand-in is out of range");
      if (i > 0 && !(v[i - 1] < v[i])) broken("the items of a stand-in are not in order");
    }
  }
}

void WalletModel::validate() const {
  if (!(quantile > 0 && quantile < high)) broken("its quantile is out of range");
  encoder.validate();
  for (const Feature& f : encoder.features) f.validate();
  for (const Scorecard* card : {&buys, &location, &spread})
    if (!card->target.empty()) card->validate(encoder);
  validate_columns(columns, encoder);
  for (const WalletLine& l : lines) {
    validate_columns({&l.column, 1}, encoder);
    if (encoder.features[l.column.feature].kind != Kind::numeric || l.middle.size() != l.column.bins) broken("a slope is of no number");
    for (const auto* v : {&l.slope[0], &l.slope[1], &l.slope[2]})
      if (!std::isfinite(*v)) broken("a slope is no number");
    for (std::size_t p = 0; p < l.slope.size(); ++p)
      if (!(std::isfinite(l.low[p]) && std::isfinite(l.high[p]) && l.low[p] <= l.high[p])) broken("the reach of a slope is no range");
    for (const double z : l.middle)
      if (!std::isfinite(z)) broken("a middle of a bin is no number");
  }
  if (!(model_share >= 0 && model_share <= 1)) broken("its shares are out of range");
  for (const WalletTrees* trees : {&correction, &high_correction, &direct}) validate_trees(*trees, columns);
  if (!std::isfinite(least_spread) || least_spread < 0 || !std::isfinite(noise) || noise < 0 || !(mean_spread > 0 && std::isfinite(mean_spread))) broken("its spread is out of range");
  for (std::size_t i = 0; i < stand_ins.size(); ++i) {
    stand_ins[i].validate(encoder, stand_ins.front().value.size());
    if (stand_ins[i].value.empty() || (i > 0 && stand_ins[i].feature <= stand_ins[i - 1].feature)) broken("its stand-ins are not in order");
  }
  if (rows < 0 || buyers < 0 || companies < 0 || buying_companies < 0) broken("a count is negative");
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const WalletGroup& g = groups[i];
    if ((i == 0) != g.name.empty() || (i > 1 && !(groups[i - 1].name < g.name))) broken("its cohorts are not in order");
    if (g.scores.size() != steps + 1 || !std::is_sorted(g.scores.begin(), g.scores.end())) broken("the residuals of a cohort are not in order");
    for (const double x : {g.shift, g.high_shift, g.scores.front(), g.scores.back(), g.below, g.loss, g.base_loss})
      if (!std::isfinite(x)) broken("a figure of a cohort is no number");
  }
  for (const WalletEvidence& e : evidence)
    if ((e.kind != "budget" && e.kind != "competitors" && e.kind != "expert") || e.column.empty()) broken("its evidence is of no kind");
}

WalletScorer::WalletScorer(WalletModel model, const Zone& zone) : model_(std::move(model)), zone_(zone) {
  for (const Feature& f : model_.encoder.features) columns_.push_back(f.name);
  purchases_ = place(model_.purchases);
  cohort_ = place(model_.cohort);
  for (const WalletEvidence& e : model_.evidence) evidence_.push_back({place(e.column), place(e.source), place(e.dated)});
}

std::size_t WalletScorer::place(const std::string& column) {
  if (column.empty()) return nowhere;
  const auto it = std::find(columns_.begin(), columns_.end(), column);
  if (it != columns_.end()) return static_cast<std::size_t>(it - columns_.begin());
  columns_.push_back(column);
  return columns_.size() - 1;
}

WalletBuffer WalletScorer::buffer() const {
  WalletBuffer b;
  model_.encoder.resize(b.encoded);
  b.bins.resize(std::max({model_.buys.columns.size(), model_.location.columns.size(), model_.spread.columns.size()}));
  b.tree_bins.resize(model_.columns.size());
  return b;
}

void WalletScorer::no_features() const {
  std::vector<std::string> names;
  for (const Feature& f : model_.encoder.features) names.push_back(f.name);
  throw Error(ErrorCode::undefined_column, "the row has none of the model's features", {}, fmt::format("The features of the model are {}.", fmt::join(names, ", ")));
}

const WalletGroup& WalletScorer::group_of(std::span<const Value> values) const {
  if (cohort_ == nowhere || model_.groups.size() == 1) return model_.groups.front();
  const std::string name = fold(text_of(values[cohort_]));
  if (name.empty()) return model_.groups.front();
  const auto it = std::lower_bound(model_.groups.begin() + 1, model_.groups.end(), name, [](const WalletGroup& g, const std::string& n) { return g.name < n; });
  return it != model_.groups.end() && it->name == name ? *it : model_.groups.front();
}

namespace {

double score_of(const Scorecard& card, const EncodedRow& row, std::span<std::uint16_t> bins) {
  card.bins(row, bins);
  return card.score(bins);
}
// Of the card whose bins were asked for last.
double variance_of(const Scorecard& card, std::span<const std::uint16_t> bins) {
  double sum = 0;
  for (const CardTerm& t : card.terms) sum += t.error[t.cell(bins)] * t.error[t.cell(bins)];
  return sum;
}

}  // namespace

WalletPart WalletScorer::part(const WalletGroup& g, WalletBuffer& b) const {
  const EncodedRow row = b.encoded.row();
  for (std::size_t c = 0; c < model_.columns.size(); ++c) b.tree_bins[c] = model_.columns[c].bin(row);
  const auto bin = [&](std::size_t c) { return b.tree_bins[c]; };
  const double root = std::max(model_.least_spread, score_of(model_.spread, row, b.bins));
  const double root_error = std::sqrt(variance_of(model_.spread, b.bins));
  double location = score_of(model_.location, row, b.bins);
  for (const WalletLine& line : model_.lines) location += line.at(row);
  const double correction = model_.correction.at(bin);
  WalletPart p;
  p.spread = root * root;
  p.variance = model_.noise / static_cast<double>(model_.buying_companies) + variance_of(model_.location, b.bins);
  // What the shift is added to, of both ways to the quantile.
  p.centre = model_.model_share * (location + p.spread * correction) + (1 - model_.model_share) * model_.direct.at(bin);
  p.high = location + p.spread * (model_.high_correction.at(bin) + g.high_shift);
  p.stretch_error = 2 * root * root_error * (correction + g.shift);
  return p;
}

// One where all is known that was asked for; else as many as there are ways to fill it in.
void WalletScorer::find_parts(const WalletGroup& g, WalletBuffer& b) const {
  std::vector<std::uint32_t> unknown;
  for (std::uint32_t i = 0; i < model_.stand_ins.size(); ++i)
    if (!is_told(model_.stand_ins[i], b.encoded.row())) unknown.push_back(i);
  std::vector<StandIn> clients;
  choose_stand_ins(model_.stand_ins, unknown, clients);
  b.parts.clear();
  for (const StandIn& client : clients) {
    for (const std::uint32_t i : unknown) stand_in(model_.stand_ins[i], client.client, model_.encoder.features[model_.stand_ins[i].feature].kind, b.encoded);
    b.parts.push_back(part(g, b));
    b.parts.back().weight = client.weight;
  }
}

void WalletScorer::ask_model(PotentialFigure& f, std::span<const Value> values, WalletBuffer& b) const {
  for (std::size_t i = 0; i < model_.encoder.features.size(); ++i) model_.encoder.encode(i, values[i], model_.as_of, b.encoded, zone_);
  f.buys = probability_of(score_of(model_.buys, b.encoded.row(), b.bins));
  if (model_.groups.empty()) return;
  const WalletGroup& g = group_of(values);
  find_parts(g, b);
  const WalletMixture mixture(b.parts, g.scores);
  // What is uncertain: the location (where the spread is large, the more so), the spread, the shift (Woodruff 1952).
  double total = 0, variance = 0, error = 0;
  for (const WalletPart& p : b.parts) {
    total += p.weight;
    variance += p.weight * p.variance;
    error += p.weight * std::sqrt(p.variance * p.spread * p.spread / model_.mean_spread + p.stretch_error * p.stretch_error);
  }
  variance /= total;
  error /= total;
  const double within = std::sqrt(model_.quantile * (1 - model_.quantile) / static_cast<double>(g.companies));
  const double shift_error = (mixture.quantile(model_.quantile + within) - mixture.quantile(model_.quantile - within)) / 2;
  const double half = half_width * std::sqrt(error * error + shift_error * shift_error);
  // As surely as the mean of how many clients would tell it.
  const auto companies = static_cast<double>(model_.buying_companies);
  f.n = std::llround(variance > 0 ? std::clamp(model_.noise / variance, 1.0, companies) : companies);
  f.cohort = g.title;
  // One more company, which is to be foretold, counts as above all.
  const double more = 1 + 1 / static_cast<double>(g.companies);
  const double one = b.parts.front().centre + b.parts.front().spread * g.shift;
  const double at = b.parts.size() == 1 ? one : mixture.quantile(model_.quantile * more);
  f.potential = money(at);
  f.low = money(at - half);
  f.high = money(at + half);
  f.median = std::min(*f.potential, money(mixture.quantile(0.5)));
  f.high_quantile = std::max(*f.potential, money(mixture.quantile(WalletModel::high * more, &WalletPart::high)));
  f.reach = rest(model_.quantile);
  f.basis = f.source = "model";
  weigh(f, values);
  if (f.basis != "model" && *f.potential > 0) f.reach = 1 - mixture.share_below(std::log(*f.potential));
}

void WalletScorer::weigh(PotentialFigure& f, std::span<const Value> values) const {
  const std::optional<double> purchases = purchases_ == nowhere ? std::nullopt : number_of(values[purchases_]);
  const double bought = std::max(0.0, purchases.value_or(0));
  const std::optional<double> expected = f.potential;
  const auto take = [&](EvidenceCheck& e, double potential) {
    f.potential = potential;
    f.basis = e.kind;
    f.source = e.source;
    f.dated = e.dated;
  };
  for (const char* kind : {"expert", "budget", "competitors"})
    for (std::size_t i = 0; i < model_.evidence.size(); ++i) {
      if (model_.evidence[i].kind != kind) continue;
      const std::optional<double> figure = number_of(values[evidence_[i].figure]);
      if (!figure || *figure < 0) continue;
      EvidenceCheck e;
      e.kind = kind;
      e.figure = *figure;
      if (evidence_[i].source != nowhere) e.source = text_of(values[evidence_[i].source]);
      e.verified = !e.source.empty();
      if (evidence_[i].dated != nowhere) {
        const double day = day_of(values[evidence_[i].dated], zone_);
        if (std::isfinite(day)) e.dated = day;
      }
      // What is bought elsewhere comes on top of what is bought from us.
      const double total = e.kind == "competitors" ? bought + e.figure : e.figure;
      if (total < bought) e.verdict = "below_purchases";
      else if (!expected) e.verdict = "unchecked";
      else if (above(total, *f.high_quantile)) e.verdict = "far_above";
      else if (above(*f.median, total)) e.verdict = "low";
      else e.verdict = "agrees";
      if (e.verified && e.verdict != "below_purchases") {
        const bool fits = e.verdict == "agrees" || e.verdict == "unchecked";
        if (e.kind == "expert" ? fits : !f.potential || (e.kind == "budget" ? total < *f.potential : total > *f.potential)) take(e, total);
      }
      f.evidence.push_back(std::move(e));
    }
  for (EvidenceCheck& e : f.evidence) e.used = e.kind == f.basis;
  if (purchases && f.high_quantile) f.underestimated = above(*purchases, std::max(*f.high_quantile, *f.potential));
}

PotentialFigure WalletScorer::estimate(std::span<const Value> values, WalletBuffer& buffer) const {
  PotentialFigure f;
  f.reliability = reliability_word(model_.buying_companies, model_.buyers, 0, true);
  ask_model(f, values, buffer);
  if (model_.groups.empty()) weigh(f, values);
  return f;
}

std::string verdict_text(const EvidenceCheck& e, const std::string& given) {
  const bool ru = russian(given);
  std::string text;
  if (e.verdict == "agrees") text = ru ? "в пределах того, что покупают похожие клиенты" : "within what comparable clients buy";
  else if (e.verdict == "low") text = ru ? "ниже, чем покупает половина похожих клиентов" : "below what half of the comparable clients buy";
  else if (e.verdict == "far_above") text = ru ? "выше, чем покупают 19 из 20 похожих клиентов" : "above what 19 of 20 comparable clients buy";
  else if (e.verdict == "below_purchases") text = ru ? "меньше, чем клиент уже покупает" : "less than the client buys already";
  else text = ru ? "сравнить не с чем" : "nothing to compare it with";
  if (!e.verified) text += ru ? "; без источника, не используется" : "; without a source, not used";
  else if (e.used) text += ru ? "; определяет потенциал" : "; it makes the potential";
  return text;
}

Report report_groups(const WalletModel& m) {
  Report r;
  r.columns = {"cohort", "n", "n_companies", "quantile", "below_before", "shift", "expected_reached", "loss", "loss_base"};
  for (const WalletGroup& g : m.groups)
    r.rows.push_back({cell(g.title), g.n, g.companies, m.quantile, g.below, g.shift, rest(m.quantile), g.loss, g.base_loss});
  return r;
}

Report report_wallet(const WalletModel& m) {
  std::vector<std::string> features;
  for (const Feature& f : m.encoder.features) features.push_back(f.name);
  std::int64_t interactions = 0;
  for (const CardTerm& t : m.location.terms) interactions += t.columns.size() == 2 ? 1 : 0;
  const bool learned = !m.groups.empty();
  Report r;
  r.columns = {"quantile", "n", "n_buyers", "n_companies", "n_buying_companies", "reliability", "cohort", "features", "interactions",
               "trees", "model_share", "loss", "loss_base", "expected_reached"};
  const auto trees = m.correction.trees.size() + m.high_correction.trees.size() + m.direct.trees.size();
  r.rows.push_back({m.quantile, m.rows, m.buyers, m.companies, m.buying_companies, reliability_word(m.buying_companies, m.buyers, 0, true),
                    cell(m.cohort), json_list(features), interactions, static_cast<std::int64_t>(trees),
                    learned ? Cell(m.model_share) : Cell(),
                    learned ? Cell(m.groups.front().loss) : Cell(), learned ? Cell(m.groups.front().base_loss) : Cell(),
                    learned ? Cell(rest(m.quantile) * static_cast<double>(m.buyers) / static_cast<double>(m.rows)) : Cell()});
  return r;
}

}  // namespace icp
