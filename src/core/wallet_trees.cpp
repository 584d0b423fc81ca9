#include "wallet_trees.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace icp::wallet {

namespace {

constexpr std::size_t fine_bins = 255;                 // and "not known": as many as a byte tells apart
constexpr std::size_t learned_rows = 20000;            // trees are grown on the first so many, which come in the order of a hash
constexpr int most_trees = 300, patience = 25, most_depth = 3;
constexpr double rate = 0.1;
constexpr int share_steps = 20;
constexpr double fewest_rows = 20, fewest_above = 5;   // of a leaf; above the quantile
constexpr double category_shrinkage = 10;              // rows of no effect in every category while they are put in order

struct Sums {
  double gradient = 0, weight = 0, rows = 0;
};

class Grower {
 public:
  Grower(const BoostProblem& p, const Stop& stop) : p_(p), stop_(stop) {
    fewest_ = std::max(fewest_rows, std::ceil(fewest_above / (1 - p.quantile)));
    std::size_t next = 0;
    for (const CardColumn& c : p.rows.columns) {
      offset_.push_back(next);
      next += static_cast<std::size_t>(c.bins) + 1;
    }
    offset_.push_back(next);
  }

  // A tree of those rows, whose residuals lose what it says.
  WalletTree grow(std::span<const std::uint32_t> rows, std::span<double> residual) {
    rows_.assign(rows.begin(), rows.end());
    even_ = std::all_of(rows_.begin(), rows_.end(), [&](std::uint32_t r) { return p_.weight[r] == p_.weight[rows_.front()]; });
    WalletTree tree;
    tree.nodes.emplace_back();
    divide(tree, 0, 0, rows_.size(), 0, count(0, rows_.size(), residual), residual);
    return tree;
  }

 private:
  struct Cut {
    double gain = 0;
    std::size_t column = 0;
    std::vector<std::uint64_t> left;
  };

  // Sums of each bin of each column, one column after another.
  std::vector<Sums> count(std::size_t from, std::size_t to, std::span<const double> residual) {
    stop_.poll();
    std::vector<Sums> out(offset_.back());
    const std::size_t columns = p_.rows.columns.size();
    const double above = p_.quantile, below = p_.quantile - 1;
    if (!even_) {
      for (std::size_t i = from; i < to; ++i) {
        const std::uint32_t r = rows_[i];
        const double weight = p_.weight[r], gradient = weight * (residual[r] < 0 ? below : above);
        for (std::size_t c = 0; c < columns; ++c) {
          Sums& s = out[offset_[c] + p_.rows.at(r, c)];
          s.gradient += gradient;
          s.weight += weight;
          s.rows += 1;
        }
      }
      return out;
    }
    // Of one weight: rows, and in the upper half of the number those below.
    counts_.assign(offset_.back(), 0);
    for (std::size_t i = from; i < to; ++i) {
      const std::uint32_t r = rows_[i];
      const std::uint64_t one = residual[r] < 0 ? 1 | std::uint64_t{1} << 32 : 1;
      const std::uint8_t* bin = p_.rows.bin.data() + r * columns;
      for (std::size_t c = 0; c < columns; ++c) counts_[offset_[c] + bin[c]] += one;
    }
    const double weight = p_.weight[rows_.front()];
    for (std::size_t b = 0; b < out.size(); ++b) {
      const auto rows = static_cast<double>(counts_[b] & 0xffffffffU), under = static_cast<double>(counts_[b] >> 32);
      out[b] = {weight * (under * below + (rows - under) * above), weight * rows, rows};
    }
    return out;
  }

  static double square(const Sums& s) { return s.weight > 0 ? s.gradient * s.gradient / s.weight : 0; }

  // The best place to cut the bins of a column, which stand in `order`; those in `always` are on the left whatever the cut.
  void try_cuts(std::size_t column, const Sums* bins, const std::vector<std::uint16_t>& order, int always, const Sums& all, Cut& best) const {
    Sums left;
    const auto take = [&](std::size_t b) {
      left.gradient += bins[b].gradient;
      left.weight += bins[b].weight;
      left.rows += bins[b].rows;
    };
    if (always >= 0) take(static_cast<std::size_t>(always));
    for (std::size_t i = 0; i < order.size(); ++i) {
      take(order[i]);
      const Sums right{all.gradient - left.gradient, all.weight - left.weight, all.rows - left.rows};
      if (right.rows < fewest_) return;
      if (left.rows < fewest_ || !(left.weight > 0) || !(right.weight > 0)) continue;
      const double gain = square(left) + square(right) - square(all);
      if (gain <= best.gain * (1 + 1e-12) + 1e-12 * std::abs(square(all))) continue;
      best.gain = gain;
      best.column = column;
      best.left.assign((offset_[column + 1] - offset_[column] + 63) / 64, 0);
      const auto set = [&](std::size_t b) { best.left[b / 64] |= std::uint64_t{1} << (b % 64); };
      for (std::size_t k = 0; k <= i; ++k) set(order[k]);
      if (always >= 0) set(static_cast<std::size_t>(always));
    }
  }

  Cut best_cut(const std::vector<Sums>& sums, const Sums& all) const {
    Cut best;
    std::vector<std::uint16_t> order;
    for (std::size_t c = 0; c < p_.rows.columns.size(); ++c) {
      const Sums* bins = sums.data() + offset_[c];
      const auto unknown = static_cast<std::uint16_t>(p_.rows.columns[c].bins);
      order.clear();
      for (std::uint16_t b = 0; b <= unknown; ++b)
        if (bins[b].rows > 0 && (b < unknown || p_.rows.ordered[c] == 0)) order.push_back(b);
      if (p_.rows.ordered[c] == 0) {
        const double own = category_shrinkage * all.weight / all.rows;
        std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) {
          return bins[a].gradient / (bins[a].weight + own) < bins[b].gradient / (bins[b].weight + own);
        });
        try_cuts(c, bins, order, -1, all, best);
        continue;
      }
      // Numbers that are not known go with the larger ones, or with the smaller.
      try_cuts(c, bins, order, -1, all, best);
      if (bins[unknown].rows > 0) try_cuts(c, bins, order, unknown, all, best);
    }
    return best;
  }

  double leaf(std::size_t from, std::size_t to, std::span<const double> residual) {
    if (from == to) return 0;
    values_.clear();
    for (std::size_t i = from; i < to; ++i) values_.push_back({residual[rows_[i]], p_.weight[rows_[i]]});
    if (even_) {
      const auto n = static_cast<double>(values_.size());
      const auto place = values_.begin() + static_cast<std::ptrdiff_t>(std::clamp(std::ceil(p_.quantile * n * (1 - 1e-12)) - 1, 0.0, n - 1));
      std::nth_element(values_.begin(), place, values_.end(), [](const Weighted& a, const Weighted& b) { return a.value < b.value; });
      return rate * place->value;
    }
    return rate * weighted_quantile(values_, p_.quantile, stop_);
  }

  void divide(WalletTree& tree, std::size_t node, std::size_t from, std::size_t to, int depth, std::vector<Sums> sums, std::span<double> residual) {
    Cut cut;
    if (depth < most_depth && static_cast<double>(to - from) >= 2 * fewest_ && !sums.empty()) {
      Sums all;
      for (std::size_t b = offset_[0]; b < offset_[1]; ++b) {
        all.gradient += sums[b].gradient;
        all.weight += sums[b].weight;
        all.rows += sums[b].rows;
      }
      cut = best_cut(sums, all);
    }
    if (!(cut.gain > 0)) {
      const double value = tree.nodes[node].value = leaf(from, to, residual);
      for (std::size_t i = from; i < to; ++i) residual[rows_[i]] -= value;
      return;
    }
    const auto child = static_cast<std::uint32_t>(tree.nodes.size());
    tree.nodes[node].column = static_cast<std::int32_t>(cut.column);
    tree.nodes[node].left = std::move(cut.left);
    tree.nodes[node].child = child;
    // Those of the right in their order behind those of the left. Without a branch: which way a row goes cannot be foretold.
    std::array<std::uint8_t, fine_bins + 1> left_bin{};
    for (std::size_t b = 0; b < offset_[cut.column + 1] - offset_[cut.column]; ++b) left_bin[b] = tree.nodes[node].goes_left(static_cast<std::uint16_t>(b)) ? 1 : 0;
    if (right_.size() < rows_.size()) right_.resize(rows_.size());
    std::size_t at = from, behind = 0;
    for (std::size_t i = from; i < to; ++i) {
      const std::uint32_t r = rows_[i];
      const std::size_t goes_left = left_bin[p_.rows.at(r, cut.column)];
      rows_[at] = r;
      right_[behind] = r;
      at += goes_left;
      behind += 1 - goes_left;
    }
    std::copy_n(right_.begin(), behind, rows_.begin() + static_cast<std::ptrdiff_t>(at));
    tree.nodes.emplace_back();
    tree.nodes.emplace_back();
    std::vector<Sums> left, right;
    if (depth + 1 < most_depth) {
      // The smaller part is counted; the larger is what is left.
      const bool smaller_left = at - from <= to - at;
      std::vector<Sums> counted = smaller_left ? count(from, at, residual) : count(at, to, residual);
      for (std::size_t b = 0; b < sums.size(); ++b) {
        sums[b].gradient -= counted[b].gradient;
        sums[b].weight -= counted[b].weight;
        sums[b].rows -= counted[b].rows;
      }
      left = smaller_left ? std::move(counted) : std::move(sums);
      right = smaller_left ? std::move(sums) : std::move(counted);
    }
    divide(tree, child, from, at, depth + 1, std::move(left), residual);
    divide(tree, child + 1, at, to, depth + 1, std::move(right), residual);
  }

  const BoostProblem& p_;
  const Stop& stop_;
  double fewest_ = fewest_rows;
  std::vector<std::size_t> offset_;
  std::vector<std::uint32_t> rows_, right_;
  bool even_ = true;                         // all weights are one
  std::vector<std::uint64_t> counts_;
  std::vector<Weighted> values_;
};

// Trees that grow on some of the rows.
class Ensemble {
 public:
  Ensemble(const BoostProblem& p, std::vector<std::uint32_t> rows, const Stop& stop) : p_(p), grower_(p, stop), rows_(std::move(rows)) {
    residual_.resize(p.target.size());
    std::vector<Weighted> values;
    for (const std::uint32_t r : rows_) values.push_back({p.target[r], p.weight[r]});
    if (!values.empty()) trees.start = weighted_quantile(values, p.quantile, stop);
    for (const std::uint32_t r : rows_) residual_[r] = p.target[r] - trees.start;
  }
  void grow() { trees.trees.push_back(grower_.grow(rows_, residual_)); }
  double last(std::uint32_t r) const {
    return trees.trees.back().at([&](std::size_t c) { return p_.rows.at(r, c); });
  }
  double at(std::uint32_t r) const {
    return trees.at([&](std::size_t c) { return p_.rows.at(r, c); });
  }
  WalletTrees trees;

 private:
  const BoostProblem& p_;
  Grower grower_;
  std::vector<std::uint32_t> rows_;
  std::vector<double> residual_;
};

}  // namespace

FineBins cut_finely(std::span<const CardColumn> coarse, const Table& table, const Encoder& encoder, const Stop& stop) {
  FineBins out;
  for (CardColumn column : coarse) {
    const TableColumn& from = table.columns[column.feature];
    const bool number = encoder.features[column.feature].kind == Kind::numeric;
    if (number) {
      std::vector<double> known;
      for (const double z : from.numbers)
        if (!std::isnan(z)) known.push_back(z);
      sort(known.begin(), known.end(), stop);
      column.edges.clear();
      for (std::size_t i = 1; i < fine_bins && !known.empty(); ++i) {
        const double z = known[known.size() * i / fine_bins];
        if (z > known.front() && (column.edges.empty() || z > column.edges.back())) column.edges.push_back(z);
      }
      column.bins = static_cast<std::uint16_t>(column.edges.size() + 1);
    }
    column.n.assign(static_cast<std::size_t>(column.bins) + 1, 0);
    out.columns.push_back(std::move(column));
    out.ordered.push_back(number ? 1 : 0);
  }
  out.bin.resize(table.rows * out.columns.size());
  for (std::size_t c = 0; c < out.columns.size(); ++c) {
    CardColumn& column = out.columns[c];
    const TableColumn& from = table.columns[column.feature];
    std::vector<double> middle(out.ordered[c] != 0 ? column.bins : 0, 0);
    Pace pace(stop);
    for (std::size_t r = 0; r < table.rows; ++r) {
      pace.step();
      const std::uint16_t bin = column.bin(from, r);
      out.bin[r * out.columns.size() + c] = static_cast<std::uint8_t>(bin);
      column.n[bin] += 1;
      if (bin < middle.size()) middle[bin] += from.numbers[r];
    }
    for (std::size_t b = 0; b < middle.size(); ++b) middle[b] /= std::max(1.0, column.n[b]);
    out.middle.push_back(std::move(middle));
  }
  return out;
}

double weighted_quantile(std::vector<Weighted>& values, double share, const Stop& stop) {
  sort(values.begin(), values.end(), stop, [](const Weighted& a, const Weighted& b) { return a.value != b.value ? a.value < b.value : a.weight < b.weight; });
  double total = 0, below = 0;
  for (const Weighted& v : values) total += v.weight;
  for (const Weighted& v : values) {
    below += v.weight;
    if (below >= share * total * (1 - 1e-12)) return v.value;
  }
  return values.back().value;
}

double standardised_gain(std::span<const double> gain, std::span<const std::int32_t> company) {
  std::vector<double> by;
  std::vector<std::uint8_t> seen;
  double sum = 0;
  for (std::size_t i = 0; i < gain.size(); ++i) {
    const auto c = static_cast<std::size_t>(company[i]);
    if (c >= by.size()) {
      by.resize(c + 1, 0);
      seen.resize(c + 1, 0);
    }
    by[c] += gain[i];
    seen[c] = 1;
    sum += gain[i];
  }
  const auto companies = static_cast<double>(std::count(seen.begin(), seen.end(), 1));
  double variance = 0;
  for (std::size_t c = 0; c < by.size(); ++c)
    if (seen[c] != 0) variance += (by[c] - sum / companies) * (by[c] - sum / companies);
  return variance > 0 ? sum / std::sqrt(variance) : 0;
}

Boosted boost(const BoostProblem& p, const Stop& stop) {
  const std::size_t rows = p.target.size(), learned = std::min(rows, learned_rows);
  std::vector<Ensemble> held;
  for (int k = 0; k < p.folds; ++k) {
    std::vector<std::uint32_t> in;
    for (std::uint32_t r = 0; r < learned; ++r)
      if (p.fold[r] != k) in.push_back(r);
    held.emplace_back(p, std::move(in), stop);
  }
  const auto of = [&](std::uint32_t r) -> Ensemble& { return held[p.fold[r]]; };
  const auto loss = [&](std::uint32_t r, double predicted) {
    return p.weight[r] * (p.unit.empty() ? 1 : p.unit[r]) * pinball(p.target[r] - predicted, p.quantile);
  };
  std::vector<double> now(learned), first(learned), best_loss(learned), gain(learned), best_now;
  for (std::uint32_t r = 0; r < learned; ++r) {
    now[r] = of(r).trees.start;
    first[r] = loss(r, now[r]);
  }
  double least = std::accumulate(first.begin(), first.end(), 0.0);
  std::size_t best = 0;
  best_loss = first;
  best_now = now;
  const std::vector<double> start = now;
  for (int i = 1; i <= most_trees && !p.rows.columns.empty(); ++i) {
    for (Ensemble& e : held) e.grow();
    double sum = 0;
    std::vector<double> losses(learned);
    for (std::uint32_t r = 0; r < learned; ++r) {
      now[r] += of(r).last(r);
      losses[r] = loss(r, now[r]);
      sum += losses[r];
    }
    if (sum < least) {
      least = sum;
      best = static_cast<std::size_t>(i);
      best_loss = std::move(losses);
      best_now = now;
    } else if (static_cast<std::size_t>(i) - best >= patience) {
      break;
    }
  }
  for (std::uint32_t r = 0; r < learned; ++r) gain[r] = first[r] - best_loss[r];
  if (best > 0 && standardised_gain(gain, p.company.first(learned)) <= sure) {
    best = 0;
    best_now = start;
  }
  std::vector<std::uint32_t> all(learned);
  std::iota(all.begin(), all.end(), 0u);
  Ensemble full(p, std::move(all), stop);
  for (std::size_t i = 0; i < best; ++i) full.grow();
  for (Ensemble& e : held) e.trees.trees.resize(best);
  Boosted out;
  out.held = std::move(best_now);
  Pace pace(stop);
  for (std::uint32_t r = static_cast<std::uint32_t>(learned); r < rows; ++r) {
    pace.step();
    out.held.push_back(of(r).at(r));
  }
  out.all = std::move(full.trees);
  return out;
}

double best_share(const BoostProblem& p, std::span<const double> first, std::span<const double> second) {
  double top = -HUGE_VAL;
  for (const double y : p.target) top = std::max(top, y);
  // The loss of logarithms, and that of what they are logarithms of, each against that of the first alone.
  const auto losses = [&](double share) {
    std::array<double, 2> sum{};
    for (std::size_t r = 0; r < p.target.size(); ++r) {
      const double at = share * first[r] + (1 - share) * second[r];
      sum[0] += p.weight[r] * pinball(p.target[r] - at, p.quantile);
      sum[1] += p.weight[r] * pinball(std::exp(p.target[r] - top) - std::exp(std::min(at - top, 100.0)), p.quantile);
    }
    return sum;
  };
  const std::array<double, 2> alone = losses(1);
  if (!(alone[0] > 0 && alone[1] > 0)) return 1;
  double best = 1, least = 2;
  for (int step = share_steps - 1; step >= 0; --step) {
    const double share = static_cast<double>(step) / share_steps;
    const auto [logarithms, money] = losses(share);
    const double loss = logarithms / alone[0] + money / alone[1];
    if (!(loss < least)) continue;
    least = loss;
    best = share;
  }
  return best;
}

}  // namespace icp::wallet
