// What is not known of a lead: how far its scores may still move, and what to ask first.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "icp/language.hpp"
#include "icp/score.hpp"
#include "icp/scorecard_range.hpp"

namespace icp {

namespace {

// Answers that may make a difference: every category; of numbers one between any two bounds that a score knows; of sets the
// empty one and each item alone. Ages are not asked for.
class Answers {
 public:
  Answers(const Model& m, std::size_t f) {
    const Feature& feature = m.encoder.features[f];
    if (feature.age) return;
    if (feature.kind == Kind::binary) {
      for (const bool b : {false, true}) values.push_back(Value::of(b));
    } else if (feature.kind == Kind::categorical) {
      for (const Category& c : feature.categories) values.push_back(Value::of(std::string_view(c.title())));
    } else if (feature.kind == Kind::set) {
      items.reserve(feature.categories.size() + 1);
      items.emplace_back();
      for (const Category& c : feature.categories) items.push_back({std::string_view(c.title())});
      for (const auto& one : items) values.push_back(Value::of_set(one));
    } else {
      std::set<double> bounds = {feature.low, feature.high};
      for (const Scorecard& card : m.scorecards)
        for (const CardColumn& c : card.columns)
          if (c.feature == f) bounds.insert(c.edges.begin(), c.edges.end());
      for (const Cohort& c : m.cohorts) {
        bounds.insert(feature.scaled(c.criteria[f].usual_low));
        bounds.insert(feature.scaled(c.criteria[f].usual_high));
      }
      for (auto it = bounds.begin(), next = std::next(it); next != bounds.end(); ++it, ++next) values.push_back(Value::of(feature.raw((*it + *next) / 2)));
    }
  }
  std::vector<Value> values;

 private:
  std::vector<std::vector<std::string_view>> items;
};

}  // namespace

ScoreRange Scorer::range(std::span<const Value> values, ScoreBuffer& b) const {
  encode(values, b.encoded);
  const EncodedRow row = b.encoded.row();
  ScoreRange out;
  std::set<std::uint32_t> unknown;
  for (const Scorecard* card : {win_, quality_}) {
    if (card == nullptr) continue;
    const double now = score_of(*card, row, b.bins);
    const CardRange r = score_range(*card, b.bins);
    for (std::size_t c = 0; c < b.bins.size(); ++c)
      if (b.bins[c] == card->columns[c].bins) unknown.insert(card->columns[c].feature);
    if (card == win_) {
      out.win_probability = probability_of(now);
      out.win_low = probability_of(r.low);
      out.win_high = probability_of(r.high);
    } else {
      const auto end = [](double x) { return std::clamp(x, 0.0, 100.0); };
      out.expected_dqs = end(now);
      out.dqs_low = end(r.low);
      out.dqs_high = end(r.high);
    }
  }
  for (const auto f : unknown) out.unknown.push_back(model_.encoder.features[f].name);
  return out;
}

std::vector<Question> Scorer::questions(std::span<const Value> values, ScoreBuffer& b, const std::string& language) const {
  const bool ru = russian(language);
  const LeadScore now = score(values, b);
  const std::string label(now.label), grade(now.grade);
  std::vector<double> narrowing(feature_count(), 0);
  const Scorecard* card = win_ != nullptr && !win_->terms.empty() ? win_ : quality_;
  if (card != nullptr) {
    score_of(*card, b.encoded.row(), b.bins);
    const std::vector<std::uint16_t> bins = b.bins;
    for (const CardQuestion& q : icp::questions(*card, bins)) narrowing[q.feature] = q.narrowing;
  }
  std::vector<std::uint8_t> known = b.encoded.known;
  std::vector<Question> out;
  std::vector<Value> asked(values.begin(), values.end());
  for (std::size_t f = 0; f < feature_count(); ++f) {
    if (known[f] != 0) continue;
    Question q;
    q.feature = model_.encoder.features[f].name;
    q.narrowing = narrowing[f];
    q.weight = feature_weight_[f];
    std::set<std::string> labels, grades;
    const Answers answers(model_, f);
    for (const Value& v : answers.values) {
      asked[f] = v;
      const LeadScore then = score(asked, b);
      labels.emplace(then.label);
      grades.emplace(then.grade);
    }
    asked[f] = values[f];
    q.changes = std::any_of(labels.begin(), labels.end(), [&](const auto& l) { return l != label; }) ||
                std::any_of(grades.begin(), grades.end(), [&](const auto& g) { return g != grade; });
    q.labels.assign(labels.begin(), labels.end());
    q.grades.assign(grades.begin(), grades.end());
    if (!q.changes && !(q.narrowing > 0) && !(q.weight > 0)) continue;
    q.text = q.changes ? fmt::format(fmt::runtime(ru ? "спросите {}: ответ может изменить решение" : "ask for {}: the answer can change the decision"), q.feature)
                       : fmt::format(fmt::runtime(ru ? "спросите {}: оценка станет точнее" : "ask for {}: the score becomes surer"), q.feature);
    out.push_back(std::move(q));
  }
  std::stable_sort(out.begin(), out.end(), [](const Question& x, const Question& y) {
    if (x.changes != y.changes) return x.changes;
    return x.narrowing != y.narrowing ? x.narrowing > y.narrowing : x.weight > y.weight;
  });
  return out;
}

}  // namespace icp
