#include "icp/rule.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "icp/estimate.hpp"
#include "icp/hash.hpp"
#include "icp/selective.hpp"
#include "rule_cover.hpp"
#include "rule_search.hpp"

namespace icp {

namespace {

using namespace rules;

constexpr std::size_t confirmed = 20;      // candidates that are, at most
constexpr double searched_work = 2e8;      // of one search that is not repeated
constexpr double hopeless = 4;             // times as much: not tried
constexpr double pays = 2.5;                // standard errors by which a conjunct must tell what it keeps from what it excludes
constexpr double gains = 1;                // ... unless the statistic gains more than chance usually adds
constexpr std::int64_t fewest_held_out = 20;
constexpr double near = 0.3;                // common rows of kin, of those of either (Jaccard)
constexpr std::size_t most_kin = 100;

// Sum, number and companies of the rows of a conjunction.
struct Cut {
  double n = 0, sum = 0, squares = 0;
  std::int64_t companies = 0;
  double mean() const { return n > 0 ? sum / n : 0; }
};

Cut cut(const Space& s, const Bits& rows) {
  Cut c;
  double here = 0;
  std::int32_t company = -1;
  const auto end = [&] {
    c.squares += here * here;
    if (here > 0) ++c.companies;
    here = 0;
  };
  rows.each([&](std::size_t r) {
    if (s.company[r] != company) end();
    company = s.company[r];
    c.n += 1;
    c.sum += s.target[r];
    here += 1;
  });
  end();
  return c;
}

class List {
 public:
  List(const Dataset& data, const Encoder& encoder, std::span<const std::uint32_t> rows, std::span<const double> target, RuleOptions options,
       const Stop& stop)
      : data_(data), encoder_(encoder), rows_(rows), target_(target), o_(std::move(options)), stop_(stop) {}

  RuleList find() {
    RuleList list;
    space_ = make_space(data_, encoder_, rows_, target_, o_, 10, stop_);
    const Cut whole = cut(space_, Bits(space_.rows(), true));
    list.n = static_cast<std::int64_t>(space_.rows());
    list.companies = whole.companies;
    list.value = whole.mean();
    // Too few companies for a hold-out or for long rules.
    const bool few = whole.companies < 100;
    int depth = o_.depth > 0 ? std::min<int>(o_.depth, most_conjuncts) : few ? 2 : 3;
    if (few) o_.holdout = 0;
    all_ = moments(space_.target);
    if (whole.companies < 2 * o_.min_companies || all_.deviation <= 1e-12 * std::abs(all_.mean) || space_.selectors.empty()) return list;
    large_ = space_.rows() >= confirmed_from && o_.holdout > 0;
    const bool permuted = !large_ && o_.permutations > 0;
    if (large_) o_.holdout = 0.5;
    if (permuted) depth = affordable(depth);
    split();
    Found found;
    if (!permuted) {
      found.over = expected_work(chosen_, depth) > hopeless * searched_work;
      if (!found.over) found = search_all(chosen_, o_, depth, searched_work, stop_);
      if (found.over) found = search_beam(chosen_, o_, depth, stop_);
    } else {
      found = search_all(chosen_, o_, depth, no_budget, stop_);
    }
    list.depth = depth;
    list.exhaustive = found.exhaustive;
    list.searched = found.searched;
    choose(found.best);
    if (permuted && o_.refine && held_.rows() > 0 && std::isnan(o_.exponent)) refine(found.best);
    judge(depth);
    report(list);
    return list;
  }

 private:
  struct Draft {
    Candidate candidate;
    Cut all, chosen, held;
    double statistic = 0;       // on all rows (large: on the held-out ones)
    double p = 1;
    double threshold = 0;       // held-out mean from which it is significant
    double least = -INFINITY, most = INFINITY;  // held-out means between which it is the best of its kin,
    std::size_t kin = 1;                        // of so many
    double error = 0;           // large: standard error of the held-out mean
  };

  // The longest rules, then the finest ranges, whose search can be repeated for every permutation.
  int affordable(int depth) {
    for (int d = depth;; --d)
      for (const int bins : {10, 5}) {
        if (bins != bins_) space_ = make_space(data_, encoder_, rows_, target_, o_, bins, stop_);
        bins_ = bins;
        if (d == 1 && bins == 5) return d;
        if (!search_all(space_, o_, d, o_.work / o_.permutations, stop_).over) return d;
      }
  }

  void split() {
    std::vector<std::int32_t> companies;
    for (std::size_t r = 0; r < space_.rows(); ++r)
      if (r == 0 || space_.company[r] != space_.company[r - 1]) companies.push_back(space_.company[r]);
    Random random(hash64("rules", o_.seed));
    for (std::size_t i = companies.size(); i > 1; --i) std::swap(companies[i - 1], companies[random.below(i)]);
    companies.resize(static_cast<std::size_t>(o_.holdout * static_cast<double>(companies.size())));
    const std::set<std::int32_t> out(companies.begin(), companies.end());
    std::vector<std::uint32_t> in_rows, out_rows;
    for (std::size_t r = 0; r < space_.rows(); ++r)
      (out.contains(space_.company[r]) ? out_rows : in_rows).push_back(static_cast<std::uint32_t>(r));
    chosen_ = part_of(space_, in_rows, stop_);
    held_ = part_of(space_, out_rows, stop_);
  }

  double statistic(const Space& s, const Moments& m, const Cut& c) const {
    const double variance = mean_variance(c.n, c.squares, static_cast<double>(s.rows()), s.within);
    return variance > 0 ? (c.mean() - m.mean) / (m.deviation * std::sqrt(variance)) : 0;
  }

  // Leaves out conjuncts that do not tell the rows they keep from those they exclude: a chance gain is no reason.
  Path simplest(Path path, double sign, const Moments& m, Covers& covers) const {
    const double deviation = m.deviation;
    while (path.size > 1) {
      double least = INFINITY;
      Path best;
      const Bits inside = covers.of(path);
      const Cut in = cut(chosen_, inside);
      for (std::size_t j = 0; j < path.size; ++j) {
        Path shorter;
        for (std::size_t i = 0; i < path.size; ++i)
          if (i != j) shorter = shorter.with(path.id[i]);
        const Bits wider = covers.of(shorter);
        const Cut out = cut(chosen_, wider.without(inside));
        if (out.n <= 0) return shorter;
        const double rho = chosen_.within;
        const double variance = (1 - rho) / in.n + rho * in.squares / (in.n * in.n) + (1 - rho) / out.n + rho * out.squares / (out.n * out.n);
        double t = sign * (in.mean() - out.mean()) / (deviation * std::sqrt(variance));
        if (sign * (statistic(chosen_, m, in) - statistic(chosen_, m, cut(chosen_, wider))) > gains) t = INFINITY;
        if (t < least) {
          least = t;
          best = shorter;
        }
      }
      if (least >= pays) break;
      path = best;
    }
    return path;
  }

  // The best candidates that say something new: rows that no better rule of their direction has are different, too.
  void choose(const std::vector<Candidate>& best) {
    const std::size_t most = large_ ? std::min<std::size_t>(confirmed, static_cast<std::size_t>(o_.top)) : static_cast<std::size_t>(o_.top);
    const Moments m = moments(chosen_.target);
    Covers covers(chosen_);
    Bits covered[2] = {Bits(chosen_.rows()), Bits(chosen_.rows())};
    const bool plain = !std::isnan(o_.exponent);
    for (const Candidate& candidate : best) {
      if (drafts_.size() >= most) break;
      stop_.poll();
      Candidate c = candidate;
      const double sign = c.quality > 0 ? 1 : -1;
      Bits& taken = covered[c.quality > 0];
      if (!plain) {
        if (std::abs(c.statistic) < pays) break;
        const auto news = [&](const Path& path) {
          const Cut f = cut(chosen_, covers.of(path).without(taken));
          return f.n > 0 && f.n * f.n >= static_cast<double>(o_.min_companies) * f.squares && sign * statistic(chosen_, m, f) >= pays;
        };
        if (!news(c.path)) continue;
        c.path = simplest(c.path, sign, m, covers);
        if (!news(c.path)) continue;
      }
      Draft d;
      d.candidate = c;
      const Bits inside = covers.of(c.path);
      d.all = cut(space_, Covers(space_).of(c.path));
      d.chosen = cut(chosen_, inside);
      d.held = cut(held_, Covers(held_).of(c.path));
      taken |= inside;
      drafts_.push_back(d);
    }
  }

  // The best of the rules that overlap with a draft, by the statistic on all rows, takes its place: a fifth less of the rows
  // would cost power. Which rules are its kin is known from the rows that choose; which of them is the best
  // depends on the held-out ones too, and the interval allows for it (data carving: Fithian, Sun & Taylor 2014).
  void refine(const std::vector<Candidate>& best) {
    const Moments m = moments(chosen_.target);
    Covers chosen(chosen_);
    std::set<std::vector<std::uint32_t>> claimed;
    const auto claim = [&](const Path& p) { return claimed.emplace(p.ids().begin(), p.ids().end()).second; };
    for (const Draft& d : drafts_) claim(d.candidate.path);
    std::vector<std::optional<Path>> simple(best.size());
    for (Draft& d : drafts_) {
      const double sign = d.candidate.quality > 0 ? 1 : -1;
      const Bits rows = chosen.of(d.candidate.path);
      std::vector<Path> kin{d.candidate.path};
      for (std::size_t i = 0; i < best.size() && kin.size() < most_kin; ++i) {
        if (std::abs(best[i].statistic) < pays) break;
        if (sign * best[i].statistic < 0) continue;
        stop_.progress("rules: kin", i, best.size());
        if (!simple[i]) simple[i] = simplest(best[i].path, sign, m, chosen);
        const Path& path = *simple[i];
        const Bits its = chosen.of(path);
        Bits both = rows, either = rows;
        both &= its;
        either |= its;
        if (static_cast<double>(both.count()) >= near * static_cast<double>(either.count()) && claim(path)) kin.push_back(path);
      }
      pick(d, kin, sign);
    }
    std::stable_sort(drafts_.begin(), drafts_.end(), [](const Draft& a, const Draft& b) { return std::abs(a.candidate.quality) > std::abs(b.candidate.quality); });
  }

  // Of the kin of a draft the one of the largest statistic, and the held-out means with which it would have been that. The
  // held-out sum of each of the others is what that of the best one explains of it (by their common rows) and a rest; given the
  // rests, whose statistic is larger depends on one sum.
  void pick(Draft& d, const std::vector<Path>& kin, double sign) const {
    Covers everywhere(space_), chosen(chosen_), held(held_);
    struct One {
      Cut all, chosen;
      Bits held;
      double sum = 0, scale = 0, statistic = 0;  // held-out sum; standard error of the sum of all rows
    };
    std::vector<One> ones;
    std::size_t top = 0;
    for (const Path& path : kin) {
      One o;
      o.all = cut(space_, everywhere.of(path));
      o.chosen = cut(chosen_, chosen.of(path));
      o.held = held.of(path);
      o.sum = cut(held_, o.held).sum;
      o.scale = o.all.n * all_.deviation * std::sqrt(std::max(0.0, mean_variance(o.all.n, o.all.squares, static_cast<double>(space_.rows()), space_.within)));
      o.statistic = o.scale > 0 ? sign * (o.all.sum - o.all.n * all_.mean) / o.scale : -INFINITY;
      ones.push_back(std::move(o));
      if (ones.back().statistic > ones[top].statistic) top = ones.size() - 1;
    }
    const One& best = ones[top];
    d.candidate.path = kin[top];
    d.candidate.quality = sign * best.statistic;
    d.kin = kin.size();
    d.all = best.all;
    d.chosen = best.chosen;
    d.held = cut(held_, best.held);
    if (d.held.n <= 0) return;
    const double own = common(best.held, best.held);
    for (const One& o : ones) {
      const double share = common(best.held, o.held) / own, rest = o.sum - share * best.sum;
      // sign (chosen + x - n mean) / scale of the best is at least that of the other, where x is the best one's held-out sum.
      const double slope = sign * (1 / best.scale - share / o.scale);
      const double level = sign * ((o.chosen.sum + rest - o.all.n * all_.mean) / o.scale - (best.chosen.sum - best.all.n * all_.mean) / best.scale);
      if (std::abs(slope) * best.scale < 1e-9 || !(o.scale > 0)) continue;
      const double mean = level / slope / d.held.n;
      // Its mean lies beyond all bounds by construction; rounding must not put it outside.
      if (slope > 0) d.least = std::max(d.least, std::min(mean, d.held.mean()));
      else d.most = std::min(d.most, std::max(mean, d.held.mean()));
    }
  }

  // Covariance of the held-out sums of two rules, for a target of variance 1.
  double common(const Bits& a, const Bits& b) const {
    double rows = 0, products = 0, in_a = 0, in_b = 0;
    std::int32_t company = -1;
    const auto end = [&] {
      products += in_a * in_b;
      in_a = in_b = 0;
    };
    Bits either = a;
    either |= b;
    either.each([&](std::size_t r) {
      if (held_.company[r] != company) end();
      company = held_.company[r];
      const bool x = a.has(r), y = b.has(r);
      in_a += x;
      in_b += y;
      rows += x && y;
    });
    end();
    return (1 - held_.within) * rows + held_.within * products;
  }

  void judge(int depth) {
    if (drafts_.empty()) return;
    if (large_) confirm();
    else if (o_.permutations > 0) permute(depth);
  }

  void permute(int depth) {
    const Largest largest = permute_largest(space_, o_, depth, stop_);
    const double sides = o_.direction == Direction::both ? 2 : 1, b = static_cast<double>(largest.high.size());
    const auto p_of = [&](const std::vector<float>& null, double t) {
      const auto above = static_cast<double>(null.end() - std::lower_bound(null.begin(), null.end(), static_cast<float>(t)));
      return std::min(1.0, sides * (1 + above) / (1 + b));
    };
    for (Draft& d : drafts_) {
      const bool high = d.candidate.quality > 0;
      const std::vector<float>& null = high ? largest.high : largest.low;
      d.statistic = statistic(space_, all_, d.all);
      d.p = p_of(null, high ? d.statistic : -d.statistic);
      // The statistic from which p is at most the level, and the held-out mean that would have given it.
      const auto allowed = static_cast<std::size_t>(std::max(0.0, std::floor(o_.level / sides * (1 + b) + 1e-9) - 1));
      if (allowed >= null.size()) continue;
      const double t = (high ? 1 : -1) * static_cast<double>(null[null.size() - 1 - allowed]);
      const double variance = mean_variance(d.all.n, d.all.squares, static_cast<double>(space_.rows()), space_.within);
      if (d.held.n > 0) d.threshold = (d.all.n * (all_.mean + t * all_.deviation * std::sqrt(std::max(0.0, variance))) - d.chosen.sum) / d.held.n;
    }
  }

  // Holm (1979) over the candidates, each tested on the half that did not choose it.
  void confirm() {
    const Moments m = moments(held_.target);
    std::vector<std::size_t> order(drafts_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (Draft& d : drafts_) {
      const double sign = d.candidate.quality > 0 ? 1 : -1;
      d.p = 1;
      if (d.held.companies < o_.min_companies) continue;
      const auto observations = held_rows(d.candidate.path);
      const double robust = standard_error(observations).value_or(0);
      const double model = m.deviation * std::sqrt(mean_variance(d.held.n, d.held.squares, static_cast<double>(held_.rows()), held_.within));
      d.error = std::max(robust * std::sqrt(1 - d.held.n / static_cast<double>(held_.rows())), model);
      d.statistic = d.error > 0 ? (d.held.mean() - m.mean) / d.error : 0;
      d.p = normal_above(sign * d.statistic);
    }
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return drafts_[a].p < drafts_[b].p; });
    double before = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
      Draft& d = drafts_[order[i]];
      const auto left = static_cast<double>(order.size() - i);
      d.p = before = std::min(1.0, std::max(before, d.p * left));
      d.threshold = m.mean + (d.candidate.quality > 0 ? 1 : -1) * normal_quantile(1 - o_.level / left) * d.error;
    }
  }

  std::vector<Observation> held_rows(const Path& path) const {
    std::vector<Observation> out;
    for (std::size_t r = 0; r < held_.rows(); ++r)
      if (held_.has(path, r)) out.push_back({held_.target[r], 1, held_.company[r]});
    return out;
  }

  void report(RuleList& list) const {
    const Moments held = moments(held_.target);
    const bool binary = std::all_of(space_.target.begin(), space_.target.end(), [](double y) { return y == 0 || y == 1; });
    for (const Draft& d : drafts_) {
      list.p_smallest = std::min(list.p_smallest, d.p);
      Rule r;
      r.significant = d.p <= o_.level;
      if (!r.significant && !o_.all) continue;
      r.predicate = predicate_of(space_, encoder_, d.candidate.path);
      r.n = static_cast<std::int64_t>(d.all.n);
      r.companies = d.all.companies;
      r.value = d.all.mean();
      r.quality = d.candidate.quality;
      r.p_adjusted = std::min(1.0, d.p * error_budget / o_.level);
      r.holdout_n = static_cast<std::int64_t>(d.held.n);
      if (d.held.n > 0) {
        r.holdout_value = d.held.mean();
        r.lift_difference = d.held.mean() - held.mean;
        if (held.mean > 0 && d.held.mean() >= 0) r.lift_ratio = d.held.mean() / held.mean;
      }
      if (r.holdout_n >= fewest_held_out && d.held.companies >= 10) interval(r, d, binary);
      list.rules.push_back(std::move(r));
    }
  }

  void interval(Rule& r, const Draft& d, bool binary) const {
    const auto observations = held_rows(d.candidate.path);
    SelectedMean s;
    s.mean = d.held.mean();
    s.companies = static_cast<double>(d.held.companies);
    const double error = standard_error(observations).value_or(0);
    if (binary) {
      // Kish's effective number: what a simple sample of the same standard error would have.
      const double p = s.mean;
      s.number = error > 0 ? std::min(d.held.n, p * (1 - p) / (error * error)) : s.companies;
    } else {
      s.error = error;
    }
    s.above = d.candidate.quality > 0;
    // Being listed depended on these rows through its significance, and through being the best of its kin.
    double near_side = s.above ? d.least : d.most, far_side = s.above ? d.most : d.least;
    if (!o_.all) near_side = s.above ? std::max(near_side, d.threshold) : std::min(near_side, d.threshold);
    if (std::isfinite(near_side)) s.bound = near_side;
    if (std::isfinite(far_side)) s.limit = far_side;
    s.among = static_cast<double>(d.kin);
    const auto [least, most] = std::minmax_element(space_.target.begin(), space_.target.end());
    s.least = *least;
    s.most = *most;
    const auto [low, high] = selected_interval(s, 0.95);
    r.low = low;
    r.high = high;
  }

  const Dataset& data_;
  const Encoder& encoder_;
  std::span<const std::uint32_t> rows_;
  std::span<const double> target_;
  RuleOptions o_;
  const Stop& stop_;
  int bins_ = 10;
  bool large_ = false;
  Space space_, chosen_, held_;
  Moments all_;
  std::vector<Draft> drafts_;
};

}  // namespace

RuleList find_rules(const Dataset& data, const Encoder& encoder, std::span<const std::uint32_t> rows, std::span<const double> target,
                    const RuleOptions& options, const Stop& stop) {
  return List(data, encoder, rows, target, options, stop).find();
}

}  // namespace icp
