#include "icp/score.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "icp/antiicp.hpp"
#include "icp/error.hpp"
#include "icp/language.hpp"
#include "icp/scorecard_report.hpp"
#include "icp/text.hpp"

namespace icp {

Scorer::Scorer(Model model, Zone zone) : model_(std::move(model)), options_(parse_options(model_.options)), zone_(zone) {
  model_.encoder.prepare();
  matcher_ = Matcher(model_.encoder, model_.mixture, model_.cohorts, options_);
  for (const Feature& f : model_.encoder.features) columns_.push_back(f.name);
  dated_ = model_.encoder.has_age();
  if (dated_) {
    first_contact_ = options_.column_of("first_contact_at");
    created_ = options_.column_of("created_at");
    columns_.push_back(first_contact_);
    columns_.push_back(created_);
  }
  for (const auto& [name, text] : options_.exclusions) add_veto({name, nullptr, text, Expression::parse(text), {}});
  for (const AntiSegment& s : model_.anti_icp.segments)
    if (s.verdict == "black_hole") add_veto({black_hole_name(s), &s, {}, Expression::of(s.predicate), {}});
  win_ = card("won");
  quality_ = card("dqs");
  feature_weight_.assign(model_.encoder.features.size(), 0);
  for (const Cohort& c : model_.cohorts)
    for (std::size_t f = 0; f < feature_weight_.size(); ++f)
      feature_weight_[f] += c.criteria[f].weight / static_cast<double>(model_.cohorts.size());
}

void Scorer::add_veto(Veto veto) {
  auto kept = std::make_unique<Veto>(std::move(veto));
  for (const std::string& column : kept->expression.columns()) {
    const auto it = std::find(columns_.begin(), columns_.end(), column);
    kept->place.push_back(static_cast<std::uint32_t>(it - columns_.begin()));
    if (it == columns_.end()) columns_.push_back(column);
  }
  vetoes_.push_back(std::move(kept));
}

const Scorecard* Scorer::card(std::string_view target) const {
  for (const Scorecard& c : model_.scorecards)
    if (c.target == target) return &c;
  return nullptr;
}

double Scorer::score_of(const Scorecard& card, const EncodedRow& row, std::vector<std::uint16_t>& bins) {
  bins.resize(card.columns.size());
  card.bins(row, bins);
  return card.score(bins);
}

void Scorer::no_features() const {
  std::string list;
  for (const Feature& f : model_.encoder.features) list += (list.empty() ? "" : ", ") + f.name;
  throw Error(ErrorCode::undefined_column, "the row has none of the model's features", {},
              list.empty() ? "The model has no features." : fmt::format("The features of the model are {}.", list));
}

ScoreBuffer Scorer::buffer() const {
  ScoreBuffer b;
  model_.encoder.resize(b.encoded);
  model_.encoder.resize(b.other);
  b.joint.resize(model_.cohorts.size());
  return b;
}

void Scorer::encode(std::span<const Value> values, EncodedBuffer& buffer) const {
  const std::size_t n = feature_count();
  double reference = missing_number;
  if (dated_) {
    reference = day_of(values[n], zone_);
    if (std::isnan(reference)) reference = day_of(values[n + 1], zone_);
  }
  for (std::size_t f = 0; f < n; ++f) model_.encoder.encode(f, values[f], reference, buffer, zone_);
}

int Scorer::cohort(std::span<const Value> values, ScoreBuffer& b) const {
  encode(values, b.encoded);
  return matcher_.assign(b.encoded.row(), b.joint);
}

LeadScore Scorer::score(std::span<const Value> values, ScoreBuffer& b, bool forecasts) const {
  encode(values, b.encoded);
  const EncodedRow row = b.encoded.row();
  LeadScore s;
  Similarity best;
  const int cohort = matcher_.assign(row, b.joint, &best);
  if (cohort >= 0) {
    const Cohort& c = model_.cohorts[static_cast<std::size_t>(cohort)];
    s.cohort = c.key;
    s.grade = c.grade;
  } else {
    for (std::size_t c = 0; c < matcher_.cohorts(); ++c) {
      const Similarity one = matcher_.similarity(c, row);
      if (one.units > best.units) best = one;
    }
  }
  if (best.units >= 0) s.similarity = best.value();
  s.coverage = best.coverage;
  auto label = matcher_.label(cohort, best, row, b.joint);
  for (const auto& veto : vetoes_)
    if (veto->holds(values)) {
      s.exclusion = veto->name;
      label = Matcher::Label::non_target;
      break;
    }
  if (forecasts && win_ != nullptr) s.win_probability = probability_of(score_of(*win_, row, b.bins));
  if (forecasts && quality_ != nullptr) s.expected_dqs = std::clamp(score_of(*quality_, row, b.bins), 0.0, 100.0);
  set_label(s, Matcher::name(label));
  return s;
}

std::string_view label_named(std::string_view name) {
  for (const std::string_view known : {"gold", "ordinary", "non_target", "unknown"})
    if (known == name) return known;
  return {};
}

void set_label(LeadScore& s, std::string_view label) {
  s.label = label_named(label);
  s.priority = s.label == "gold" ? "high" : s.label == "non_target" ? "low" : "normal";
  s.priority_rank = s.label == "gold" ? 1 : s.label == "non_target" ? 3 : 2;
  if (s.label != "non_target") s.exclusion = {};
}

std::optional<double> Scorer::similarity(std::span<const Value> values, ScoreBuffer& b, std::string_view cohort) const {
  const auto c = static_cast<std::size_t>(&cohort_named(model_, cohort) - model_.cohorts.data());
  encode(values, b.encoded);
  const Similarity s = matcher_.similarity(c, b.encoded.row());
  return s.units < 0 ? std::nullopt : std::optional(s.value());
}

std::optional<double> Scorer::similarity(std::span<const Value> x, std::span<const Value> y, ScoreBuffer& b) const {
  encode(x, b.encoded);
  encode(y, b.other);
  double known = 0, met = 0;
  for (std::size_t f = 0; f < feature_count(); ++f) {
    if (b.encoded.known[f] == 0 || b.other.known[f] == 0) continue;
    double same = 0;
    switch (model_.encoder.features[f].kind) {
      case Kind::numeric: {
        // Half a standard deviation of all deals apart is still 0.88 alike, two are 0.14.
        const double d = b.encoded.numbers[f] - b.other.numbers[f];
        same = std::exp(-0.5 * d * d);
        break;
      }
      case Kind::set: {
        // Jaccard (1901); two empty sets are alike.
        const auto p = b.encoded.sets[f], q = b.other.sets[f];
        std::vector<std::int32_t> both;
        std::set_intersection(p.begin(), p.end(), q.begin(), q.end(), std::back_inserter(both));
        const auto either = p.size() + q.size() - both.size();
        same = either == 0 ? 1 : static_cast<double>(both.size()) / static_cast<double>(either);
        break;
      }
      default: same = b.encoded.codes[f] == b.other.codes[f] ? 1 : 0;
    }
    const double weight = model_.cohorts.empty() ? 1 : feature_weight_[f];
    known += weight;
    met += weight * same;
  }
  return known > 0 ? std::optional(std::min(1.0, met / known)) : std::nullopt;
}

namespace {

std::string percent(double share) { return fmt::format("{:.0f} %", 100 * share); }

std::string show(const Value& v) {
  switch (v.type) {
    case ValueType::number: return number_text(v.number);
    case ValueType::boolean: return v.boolean ? "true" : "false";
    case ValueType::text: return std::string(v.text);
    case ValueType::set: {
      std::string out;
      for (const auto item : v.items) out += (out.empty() ? "" : ", ") + std::string(item);
      return "{" + out + "}";
    }
    default: return {};
  }
}

}  // namespace

void Scorer::explain_vetoes(std::span<const Value> values, bool ru, std::vector<Explanation>& out) const {
  for (const auto& veto : vetoes_) {
    if (!veto->holds(values)) continue;
    Explanation e;
    e.score = "veto";
    std::string value;
    for (std::size_t i = 0; i < veto->place.size(); ++i) {
      e.feature += (i == 0 ? "" : ", ") + veto->expression.columns()[i];
      const std::string shown = show(values[veto->place[i]]);
      value += (i == 0 ? "" : ", ") + (shown.empty() ? std::string(ru ? "неизвестно" : "not known") : shown);
    }
    e.value = value;
    if (veto->segment == nullptr) {
      e.usual = veto->text;
      e.text = fmt::format(fmt::runtime(ru ? "исключение «{}»: лид нецелевой" : "the exclusion \"{}\": the lead is no target"), veto->name);
    } else {
      const AntiSegment& s = *veto->segment;
      e.usual = s.predicate.words(ru ? "ru" : "en");
      e.text = fmt::format(fmt::runtime(ru ? "чёрная дыра: выиграно {} из {} сделок, потрачено {:.0f} ч" : "a black hole: {} of {} deals were won, {:.0f} hours spent"), s.won, s.n,
                           s.hours.value_or(0));
    }
    out.push_back(std::move(e));
  }
}

std::vector<Explanation> Scorer::explain(std::span<const Value> values, ScoreBuffer& b, const std::string& language) const {
  const bool ru = russian(language);
  encode(values, b.encoded);
  const EncodedRow row = b.encoded.row();
  std::vector<Explanation> out;
  explain_vetoes(values, ru, out);
  std::vector<std::optional<std::string>> shown(feature_count());
  for (std::size_t f = 0; f < shown.size(); ++f)
    if (values[f].type != ValueType::missing && values[f].type != ValueType::other && values[f].type != ValueType::moment) shown[f] = show(values[f]);
  const auto explain_cards = [&] {
    for (const Scorecard* c : {win_, quality_}) {
      if (c == nullptr) continue;
      score_of(*c, row, b.bins);
      explain_card(model_, *c, b.bins, shown, ru, out);
    }
  };
  int cohort = matcher_.assign(row, b.joint);
  if (cohort < 0) {
    Similarity best;
    for (std::size_t c = 0; c < matcher_.cohorts(); ++c) {
      const Similarity one = matcher_.similarity(c, row);
      if (one.units > best.units) {
        best = one;
        cohort = static_cast<int>(c);
      }
    }
  }
  if (cohort < 0) {
    Explanation e;
    e.score = "similarity";
    e.text = ru ? "о лиде известно слишком мало" : "too little is known of the lead";
    out.push_back(std::move(e));
    explain_cards();
    return out;
  }
  const auto c = static_cast<std::size_t>(cohort);
  std::vector<std::int64_t> parts(feature_count());
  const Similarity total = matcher_.similarity(c, row, parts.data());
  std::vector<std::size_t> order(feature_count());
  for (std::size_t f = 0; f < order.size(); ++f) order[f] = f;
  const auto& criteria = model_.cohorts[c].criteria;
  std::stable_sort(order.begin(), order.end(), [&](auto x, auto y) {
    if ((row.known[x] != 0) != (row.known[y] != 0)) return row.known[x] > row.known[y];
    return criteria[x].weight > criteria[y].weight;
  });
  for (const std::size_t f : order) {
    Explanation e;
    e.score = "similarity";
    e.cohort = model_.cohorts[c].key;
    e.feature = model_.encoder.features[f].name;
    e.value = shown[f];
    e.usual = usual(model_.encoder.features[f], criteria[f], language);
    if (row.known[f] == 0) {
      if (!e.value) e.text = ru ? "неизвестно" : "not known";
      else e.text = ru ? "значение не встречалось в обучении" : "not seen in training";
    } else {
      e.weight = criteria[f].weight / total.coverage;
      e.points = static_cast<double>(parts[f]) * 0x1p-32;
      const double met = matcher_.met(c, f, row);
      if (e.weight == 0) e.text = ru ? "не отличает когорту" : "does not tell the cohort apart";
      else if (met >= 0.999) e.text = ru ? "как обычно в когорте" : "usual for the cohort";
      else e.text = met >= 0.5 ? (ru ? "близко к обычному" : "close to usual") : (ru ? "необычно для когорты" : "unusual for the cohort");
      const Kind kind = model_.encoder.features[f].kind;
      if (e.weight > 0 && met < 0.999 && (kind == Kind::categorical || kind == Kind::binary))
        e.text += fmt::format(fmt::runtime(ru ? ": так у {} когорты" : ": so is {} of the cohort"),
                              percent(criteria[f].share[static_cast<std::size_t>(row.codes[f])]));
    }
    out.push_back(std::move(e));
  }
  // What the label asks for beyond similarity, where it can make the difference.
  if (matcher_.grade(c) == 'A' && total.value() > options_.gold_similarity && total.coverage >= options_.min_coverage && matcher_.assign(row, b.joint) >= 0) {
    Explanation e;
    const double ratio = std::exp(std::min(700.0, matcher_.evidence(row, b.joint)));
    const bool enough = ratio >= Matcher::evidence_needed;
    e.score = "evidence";
    e.cohort = model_.cohorts[c].key;
    e.value = ratio > 1000 ? "> 1000" : fmt::format("{:.3g}", ratio);
    e.usual = fmt::format(fmt::runtime(ru ? "не меньше {:g}" : "at least {:g}"), Matcher::evidence_needed);
    e.text = enough ? (ru ? "достаточно для gold: во столько раз вероятнее, что это золотая когорта, а не другая и не случайное сочетание признаков"
                          : "enough for gold: so many times likelier a gold cohort than another one or a chance mix of attributes")
                    : (ru ? "мало для gold: другая когорта или случайное сочетание признаков почти так же вероятны"
                          : "too little for gold: another cohort or a chance mix of attributes is nearly as likely");
    out.push_back(std::move(e));
  }
  explain_cards();
  return out;
}

}  // namespace icp
