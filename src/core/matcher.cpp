#include "icp/matcher.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "icp/model.hpp"

namespace icp {

namespace {

constexpr double unit = 0x1p32;
const double log_evidence = std::log(Matcher::evidence_needed);
constexpr double least_coverage = 0.05;

double log_sum(double a, double b) {
  if (a < b) std::swap(a, b);
  return std::isinf(a) ? a : a + std::log1p(std::exp(b - a));
}

}  // namespace

Matcher::Matcher(const Encoder& encoder, const Mixture& mixture, const std::vector<Cohort>& cohorts, const Options& options)
    : cohorts_(cohorts.size()),
      features_(encoder.features.size()),
      mixture_(&mixture),
      min_similarity_(options.min_similarity),
      gold_similarity_(options.gold_similarity),
      min_coverage_(options.min_coverage) {
  for (const Feature& f : encoder.features) kinds_.push_back(f.kind);
  double gold = -std::numeric_limits<double>::infinity();
  for (std::size_t c = 0; c < cohorts_; ++c) {
    grade_.push_back(cohorts[c].grade.empty() ? '\0' : cohorts[c].grade[0]);
    if (grade_.back() == 'A') gold = log_sum(gold, mixture.log_weight[c]);
    for (std::size_t f = 0; f < features_; ++f) {
      const Criterion& from = cohorts[c].criteria[f];
      Part p;
      p.weight = from.weight;
      if (kinds_[f] == Kind::numeric) {
        p.low = encoder.features[f].scaled(from.usual_low);
        p.high = encoder.features[f].scaled(from.usual_high);
        p.inverse_spread = 1 / from.spread;
      }
      p.match = from.match;
      p.item_weight = from.item_weight;
      p.item_total = std::accumulate(p.item_weight.begin(), p.item_weight.end(), 0.0);
      parts_.push_back(std::move(p));
    }
  }
  gold_weight_ = gold;
  std::vector<std::size_t> order(cohorts_);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto grade_rank = [&](std::size_t c) { return grade_[c] == 0 ? 'Z' : grade_[c]; };
  std::sort(order.begin(), order.end(), [&](auto a, auto b) {
    if (grade_rank(a) != grade_rank(b)) return grade_rank(a) < grade_rank(b);
    if (cohorts[a].n != cohorts[b].n) return cohorts[a].n > cohorts[b].n;
    return cohorts[a].key < cohorts[b].key;
  });
  rank_.resize(cohorts_);
  for (std::size_t i = 0; i < cohorts_; ++i) rank_[order[i]] = static_cast<int>(i);
}

double Matcher::met(std::size_t cohort, std::size_t feature, const EncodedRow& row) const {
  const Part& p = parts_[cohort * features_ + feature];
  switch (kinds_[feature]) {
    case Kind::numeric: {
      const double z = row.numbers[feature];
      const double distance = z < p.low ? p.low - z : z > p.high ? z - p.high : 0;
      if (distance == 0) return 1;
      const double d = distance * p.inverse_spread;
      return std::exp(-0.5 * d * d);
    }
    case Kind::set: {
      if (p.item_total <= 0) return 1;
      double met = 0;
      const auto items = row.sets[feature];
      std::size_t next = 0;
      for (std::size_t i = 0; i < p.match.size(); ++i) {
        const bool has = next < items.size() && items[next] == static_cast<std::int32_t>(i);
        if (has) ++next;
        const double share = has ? p.match[i] : 1 - p.match[i];
        met += p.item_weight[i] * std::min(1.0, share / std::max(p.match[i], 1 - p.match[i]));
      }
      return met / p.item_total;
    }
    default: return p.match[static_cast<std::size_t>(row.codes[feature])];
  }
}

Similarity Matcher::similarity(std::size_t cohort, const EncodedRow& row, std::int64_t* parts) const {
  const Part* part = parts_.data() + cohort * features_;
  double known = 0;
  for (std::size_t f = 0; f < features_; ++f)
    if (row.known[f] != 0) known += part[f].weight;
  Similarity s;
  if (parts != nullptr) std::fill(parts, parts + features_, std::int64_t{0});
  s.coverage = std::min(1.0, known);
  if (known < least_coverage) return s;
  const auto rounded = [&](double sum) {
    return std::min(static_cast<std::int64_t>(std::nearbyint(sum / known * unit)), static_cast<std::int64_t>(unit));
  };
  // The parts are differences of the rounded running sum, so that they total its rounded end exactly.
  double sum = 0;
  std::int64_t before = 0;
  for (std::size_t f = 0; f < features_; ++f) {
    if (row.known[f] == 0 || part[f].weight == 0) continue;
    sum += part[f].weight * met(cohort, f, row);
    if (parts == nullptr) continue;
    const std::int64_t units = rounded(sum);
    parts[f] = units - before;
    before = units;
  }
  s.units = rounded(sum);
  return s;
}

int Matcher::classify(const EncodedRow& row, std::vector<double>& joint) const {
  joint.resize(cohorts_);
  if (std::none_of(row.known.begin(), row.known.end(), [](auto k) { return k != 0; })) return -1;
  mixture_->log_joint(row, joint);
  int best = -1;
  for (int c = 0; c < static_cast<int>(cohorts_); ++c) {
    const auto i = static_cast<std::size_t>(c), b = static_cast<std::size_t>(best);
    if (best < 0 || joint[i] > joint[b] || (joint[i] == joint[b] && rank_[i] < rank_[b])) best = c;
  }
  return best;
}

int Matcher::assign(const EncodedRow& row, std::vector<double>& joint, Similarity* found) const {
  int best = classify(row, joint);
  if (best < 0) return -1;
  const auto similar = [&](int c) {
    const Similarity s = similarity(static_cast<std::size_t>(c), row);
    const bool enough = s.units >= 0 && s.value() >= min_similarity_;
    if (enough && found != nullptr) *found = s;
    return enough;
  };
  if (similar(best)) return best;
  const int first = best;
  best = -1;
  for (int c = 0; c < static_cast<int>(cohorts_); ++c) {
    const auto i = static_cast<std::size_t>(c), b = static_cast<std::size_t>(best);
    if (c == first) continue;
    if (best >= 0 && (joint[i] < joint[b] || (joint[i] == joint[b] && rank_[i] > rank_[b]))) continue;
    if (similar(c)) best = c;
  }
  return best;
}

std::string_view Matcher::name(Label label) {
  switch (label) {
    case Label::gold: return "gold";
    case Label::ordinary: return "ordinary";
    case Label::non_target: return "non_target";
    case Label::unknown: break;
  }
  return "unknown";
}

double Matcher::evidence(const EncodedRow& row, const std::vector<double>& joint) const {
  double gold = -std::numeric_limits<double>::infinity();
  for (std::size_t c = 0; c < cohorts_; ++c)
    if (grade_[c] == 'A') gold = log_sum(gold, joint[c]);
  gold -= gold_weight_;
  double other = mixture_->log_independent(row);
  for (std::size_t c = 0; c < cohorts_; ++c)
    if (grade_[c] != 'A') other = std::max(other, joint[c] - mixture_->log_weight[c]);
  return gold - other;
}

Matcher::Label Matcher::label(int cohort, const EncodedRow& row, const std::vector<double>& joint) const {
  return label(cohort, cohort < 0 ? Similarity{} : similarity(static_cast<std::size_t>(cohort), row), row, joint);
}

Matcher::Label Matcher::label(int cohort, const Similarity& s, const EncodedRow& row, const std::vector<double>& joint) const {
  if (cohort < 0) return Label::unknown;
  const auto c = static_cast<std::size_t>(cohort);
  if (s.coverage < min_coverage_) return Label::unknown;
  if (grade_[c] == 'C') {
    bool ahead = true;
    for (std::size_t other = 0; other < cohorts_; ++other)
      if (grade_[other] == 'A') {
        const Similarity a = similarity(other, row);
        ahead = ahead && (a.units < 0 || s.value() - a.value() >= 0.05);
      }
    if (ahead) return Label::non_target;
  }
  if (grade_[c] == 'A' && s.value() > gold_similarity_ && evidence(row, joint) >= log_evidence) return Label::gold;
  return Label::ordinary;
}

}  // namespace icp
