#include "rule_search.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "icp/permute.hpp"
#include "rule_cover.hpp"

namespace icp::rules {

namespace {

constexpr std::size_t kept = 2000;       // candidates of each direction
constexpr std::size_t beam_width = 100;  // of each direction
constexpr std::size_t described_width = 20;
constexpr double each_condition = 0.01;  // that it costs a description
constexpr std::size_t lanes = 32;        // permutations worked on at once

bool before(const Candidate& a, const Candidate& b) {
  const double x = std::abs(a.quality), y = std::abs(b.quality);
  if (x != y) return x > y;
  if (a.path.size != b.path.size) return a.path.size < b.path.size;
  return std::lexicographical_compare(a.path.ids().begin(), a.path.ids().end(), b.path.ids().begin(), b.path.ids().end());
}

// The best candidates seen, of one direction.
class Best {
 public:
  explicit Best(std::size_t most) : most_(most) {}
  void offer(const Candidate& c) {
    if (heap_.size() == most_) {
      if (!before(c, heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end(), before);
      heap_.pop_back();
    }
    heap_.push_back(c);
    std::push_heap(heap_.begin(), heap_.end(), before);
  }
  const std::vector<Candidate>& all() const { return heap_; }

 private:
  std::size_t most_;
  std::vector<Candidate> heap_;  // the worst in front
};

class Rating {
 public:
  Rating(const Space& space, const RuleOptions& options, Goal goal = Goal::differ)
      : options_(options), goal_(goal), all_(static_cast<double>(space.rows())), within_(space.within), moments_(moments(space.target)),
        members_(moments_.mean * all_) {}
  Candidate rate(const Path& path, double n, double squares, double sum) const {
    const double difference = sum / n - moments_.mean;
    Candidate c;
    c.path = path;
    const double variance = mean_variance(n, squares, all_, within_);
    c.statistic = variance > 0 ? difference / (moments_.deviation * std::sqrt(variance)) : 0;
    if (goal_ == Goal::describe) c.quality = 2 * sum / (n + members_) - each_condition * static_cast<double>(path.size);
    else c.quality = std::isnan(options_.exponent) ? c.statistic : std::pow(n / all_, options_.exponent) * difference;
    return c;
  }
  bool wanted(double quality) const {
    return quality > 0 ? options_.direction != Direction::low : quality < 0 && options_.direction != Direction::high;
  }

 private:
  const RuleOptions& options_;
  Goal goal_;
  double all_, within_;
  Moments moments_;
  double members_;
};

class Finder {
 public:
  static constexpr bool sums = true;
  Finder(const Space& space, const RuleOptions& options, double budget, const Stop& stop)
      : rating_(space, options), stop_(stop), attributes_(space.attributes.size()), budget_(budget), high_(kept), low_(kept) {}
  void enter(std::size_t level, const Attribute&, std::span<const std::uint32_t> rows) {
    if (level == 0) stop_.progress("rules: all combinations", begun_++, attributes_);
    work_ += static_cast<double>(rows.size());
  }
  void visit(std::size_t, const Path& path, const Selector& s, const Tally& tally, double n, double squares) {
    work_ += 2;
    ++searched_;
    const Candidate c = rating_.rate(path, n, squares, tally.sum(s));
    if (rating_.wanted(c.quality)) (c.quality > 0 ? high_ : low_).offer(c);
  }
  bool over() const { return work_ > budget_; }
  Found found() const {
    Found f;
    f.searched = searched_;
    f.over = over();
    f.best = high_.all();
    f.best.insert(f.best.end(), low_.all().begin(), low_.all().end());
    std::sort(f.best.begin(), f.best.end(), before);
    return f;
  }

 private:
  Rating rating_;
  const Stop& stop_;
  std::size_t attributes_, begun_ = 0;
  double budget_, work_ = 0;
  std::int64_t searched_ = 0;
  Best high_, low_;
};

// The statistics of one block of permutations, side by side.
class Permuted {
 public:
  static constexpr bool sums = false;
  Permuted(const Space& space, int depth, const Stop& stop) : space_(space), pace_(stop), cells_(static_cast<std::size_t>(depth) + 1), y_(space.rows() * lanes), high_(lanes), low_(lanes) {}

  // The permuted target of one lane.
  void load(std::size_t lane, const std::vector<double>& target) {
    const Moments m = moments(target);
    for (std::size_t r = 0; r < target.size(); ++r) {
      pace_.step();
      y_[r * lanes + lane] = m.deviation > 0 ? static_cast<float>((target[r] - m.mean) / m.deviation) : 0.0F;
    }
    high_[lane] = -1e30F;
    low_[lane] = 1e30F;
  }
  void enter(std::size_t level, const Attribute& a, std::span<const std::uint32_t> rows) {
    // Sums by cell; for ranges, of all cells before each.
    std::vector<float>& sum = cells_[level];
    const auto cells = static_cast<std::size_t>(a.cells);
    sum.assign((cells + 1) * lanes, 0);
    for (const std::uint32_t r : rows) {
      pace_.step();
      if (a.cell[r] < 0) continue;
      float* to = sum.data() + static_cast<std::size_t>(a.cell[r] + 1) * lanes;
      const float* from = y_.data() + static_cast<std::size_t>(r) * lanes;
      for (std::size_t b = 0; b < lanes; ++b) to[b] += from[b];
    }
    for (std::size_t c = 1; c <= cells; ++c)
      for (std::size_t b = 0; b < lanes; ++b) sum[c * lanes + b] += sum[(c - 1) * lanes + b];
  }
  void visit(std::size_t level, const Path&, const Selector& s, const Tally&, double n, double squares) {
    const double variance = mean_variance(n, squares, static_cast<double>(space_.rows()), space_.within);
    if (variance <= 0) return;
    const auto factor = static_cast<float>(1 / (n * std::sqrt(variance)));
    const float* sum = cells_[level].data();
    const float* top = sum + static_cast<std::size_t>(s.last) * lanes;
    const float* bottom = sum + static_cast<std::size_t>(s.first) * lanes;
    if (s.second < 0) {
      for (std::size_t b = 0; b < lanes; ++b) take(b, (top[b] - bottom[b]) * factor);
    } else {
      const float* other = sum + static_cast<std::size_t>(s.second + 1) * lanes;
      for (std::size_t b = 0; b < lanes; ++b) take(b, (top[b] - bottom[b] + other[b] - other[b - lanes]) * factor);
    }
  }
  static bool over() { return false; }
  float high(std::size_t lane) const { return high_[lane]; }
  float low(std::size_t lane) const { return -low_[lane]; }

 private:
  void take(std::size_t b, float t) {
    high_[b] = high_[b] < t ? t : high_[b];
    low_[b] = low_[b] > t ? t : low_[b];
  }
  const Space& space_;
  Pace pace_;
  std::vector<std::vector<float>> cells_;
  std::vector<float> y_, high_, low_;
};

}  // namespace

Moments moments(std::span<const double> target) {
  Moments m;
  if (target.empty()) return m;
  const auto n = static_cast<double>(target.size());
  for (const double y : target) m.mean += y;
  m.mean /= n;
  for (const double y : target) m.deviation += (y - m.mean) * (y - m.mean);
  m.deviation = std::sqrt(m.deviation / n);
  return m;
}

Found search_all(const Space& space, const RuleOptions& options, int depth, double budget, const Stop& stop) {
  Finder finder(space, options, budget, stop);
  Walk walk(space, static_cast<double>(options.min_companies), stop, finder);
  walk.run(depth);
  return finder.found();
}

double expected_work(const Space& space, int depth) {
  // By row, of the attributes from each one on.
  const std::size_t attributes = space.attributes.size();
  const auto all = static_cast<double>(space.rows());
  std::vector<double> shorter(attributes + 1, 0), longer = shorter, share(attributes, 0);
  for (std::size_t a = 0; a < attributes; ++a) {
    const Attribute& attribute = space.attributes[a];
    std::vector<double> below(static_cast<std::size_t>(attribute.cells) + 1, 0);
    for (const std::int16_t c : attribute.cell)
      if (c >= 0) below[static_cast<std::size_t>(c) + 1] += 1 / all;
    for (std::size_t c = 1; c < below.size(); ++c) below[c] += below[c - 1];
    const auto between = [&](std::int16_t first, std::int16_t last) { return below[static_cast<std::size_t>(last)] - below[static_cast<std::size_t>(first)]; };
    for (std::uint32_t s = attribute.first_selector; s < attribute.last_selector; ++s) {
      const Selector& one = space.selectors[s];
      share[a] += between(one.first, one.last) + (one.second >= 0 ? between(one.second, static_cast<std::int16_t>(one.second + 1)) : 0);
    }
  }
  for (int d = 0; d < depth; ++d) {
    for (std::size_t a = attributes; a-- > 0;) longer[a] = longer[a + 1] + 1 + share[a] * shorter[a + 1];
    shorter = longer;
  }
  return all * longer[0];
}

Found search_beam(const Space& space, const RuleOptions& options, int depth, const Stop& stop, Goal goal) {
  const std::size_t width = goal == Goal::differ ? beam_width : described_width;
  const Rating rating(space, options, goal);
  const auto floor = static_cast<double>(options.min_companies);
  Found found;
  found.exhaustive = depth <= 1;
  Best high(kept), low(kept);
  std::vector<Path> beam{Path{}};
  std::vector<std::uint32_t> rows;
  Tally tally;
  Covers covers(space);
  for (int length = 1; length <= depth; ++length) {
    Best next_high(width), next_low(width);
    std::set<std::vector<std::uint32_t>> seen;
    for (std::size_t tried = 0; tried < beam.size(); ++tried) {
      const Path path = beam[tried];
      stop.progress(length == 1 ? "rules: single conditions" : "rules: beam search", tried, beam.size());
      rows.clear();
      covers.of(path).each([&](std::size_t r) { rows.push_back(static_cast<std::uint32_t>(r)); });
      for (std::size_t a = 0; a < space.attributes.size(); ++a) {
        stop.poll();
        const Attribute& attribute = space.attributes[a];
        if (std::any_of(path.ids().begin(), path.ids().end(), [&](auto id) { return space.selectors[id].attribute == a; })) continue;
        tally.count(space, attribute, rows, true);
        for (std::uint32_t s = attribute.first_selector; s < attribute.last_selector; ++s) {
          stop.poll();
          const Selector& selector = space.selectors[s];
          const double n = tally.rows(selector), squares = tally.squares(selector);
          if (n <= 0 || n * n < floor * squares || n >= static_cast<double>(rows.size())) continue;
          const Path longer = path.with_sorted(s);
          if (length > 1 && !seen.emplace(longer.ids().begin(), longer.ids().end()).second) continue;
          ++found.searched;
          const Candidate c = rating.rate(longer, n, squares, tally.sum(selector));
          if (!rating.wanted(c.quality)) continue;
          (c.quality > 0 ? high : low).offer(c);
          (c.quality > 0 ? next_high : next_low).offer(c);
        }
      }
    }
    std::vector<Candidate> next = next_high.all();
    next.insert(next.end(), next_low.all().begin(), next_low.all().end());
    std::sort(next.begin(), next.end(), before);
    beam.clear();
    for (const Candidate& c : next) beam.push_back(c.path);
  }
  found.best = high.all();
  found.best.insert(found.best.end(), low.all().begin(), low.all().end());
  std::sort(found.best.begin(), found.best.end(), before);
  return found;
}

Largest permute_largest(const Space& space, const RuleOptions& options, int depth, const Stop& stop) {
  const Permuter permuter(space.company, stop);
  Largest out;
  Permuted permuted(space, depth, stop);
  const auto all = static_cast<std::size_t>(options.permutations);
  for (std::size_t first = 0; first < all; first += lanes) {
    // The last block repeats its first permutations where it has fewer than lanes.
    stop.progress("rules: permutations", first, all);
    const std::size_t here = std::min(lanes, all - first);
    for (std::size_t b = 0; b < lanes; ++b) {
      stop.poll();
      permuted.load(b, permuter.permute(space.target, options.seed, first + b % here, stop));
    }
    Walk walk(space, static_cast<double>(options.min_companies), stop, permuted);
    walk.run(depth);
    for (std::size_t b = 0; b < here; ++b) {
      out.high.push_back(permuted.high(b));
      out.low.push_back(permuted.low(b));
    }
  }
  std::sort(out.high.begin(), out.high.end());
  std::sort(out.low.begin(), out.low.end());
  return out;
}

}  // namespace icp::rules
