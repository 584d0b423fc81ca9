#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <string>

#include "core/mixture_data.hpp"
#include "core/mixture_matrix.hpp"
#include "icp/hash.hpp"

namespace icp {

namespace mixture {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::size_t start_rows = 2000;     // the random starts look at the first so many sampled rows

// Numbers joined by a Gaussian copula in each group.
struct Block {
  std::vector<std::size_t> at;               // places in Data::numeric, increasing
  std::vector<double> correlation;           // [group][i][j]
  bool pooled = false;                       // one matrix for all groups
};

// A state of the fit: `stride` groups (a multiple of four, the last ones unused) side by side in every table.
struct State {
  std::size_t groups = 0, stride = 0;
  std::vector<double> log_weight;            // [stride]; unused: -1e300
  std::vector<double> table;                 // [level id][stride]: log probability; an item: log odds
  std::vector<Block> blocks;
  std::vector<std::vector<double>> score;    // [place in Data::numeric]: [cell][stride]: normal score, where in a block
  std::vector<std::uint8_t> shared;          // [unit][groups]: groups of one number share a distribution; empty: none do
  double criterion = -infinity;
  int iterations = 0;
  bool converged = false;
};

// Expected counts of one pass.
struct Counts {
  std::vector<double> size;                  // [stride]
  std::vector<double> level;                 // [level id][stride]
  // Sums over the rows that know both numbers of a pair, [pair][group][sum]: weight, x, y, xx, yy, xy of the clipped
  // standardised numbers. Only where asked for.
  std::vector<double> pair;
  std::vector<std::vector<double>> block;    // per block: [group][i][j]: i < j: products of scores; i > j below
  std::vector<std::vector<double>> square;   // per block: [group][i][j]: squares of i's score where j is known
  double log_likelihood = 0;
  double total = 0;
};

constexpr std::size_t pair_sums = 6;
// Starts end early when so many in a row have not improved the criterion by so much.
constexpr int patience = 4;
constexpr double patience_gain = 2;
// What one more group must gain beyond its parameters. Of many starts and splits the luckiest of a group that is whole
// gains some nats on the rows it was chosen by (seen: up to 10); a group of a hundred rows that is there, hundreds.
constexpr double one_more_group = 12;
constexpr double least_correlation = 0.15;

std::size_t padded(std::size_t groups) { return (groups + 3) / 4 * 4; }

// One row's posterior over the groups, in place of its joint; returns the log-likelihood.
double posterior(double* p, std::size_t stride) {
  double top = p[0];
  for (std::size_t c = 1; c < stride; ++c) top = std::max(top, p[c]);
  double sum = 0;
  for (std::size_t c = 0; c < stride; ++c) {
    const double d = p[c] - top;
    p[c] = d < -30 ? 0 : std::exp(d);
    sum += p[c];
  }
  const double scale = 1 / sum;
  for (std::size_t c = 0; c < stride; ++c) p[c] *= scale;
  return top + std::log(sum);
}

template <std::size_t Stride>
void add_levels(const double* table, std::span<const std::uint32_t> ids, double* out, std::size_t stride) {
  const std::size_t s = Stride == 0 ? stride : Stride;
  for (const std::uint32_t id : ids) {
    const double* t = table + id * s;
    for (std::size_t c = 0; c < s; ++c) out[c] += t[c];
  }
}

void joint(const State& state, std::span<const std::uint32_t> ids, double* out) {
  for (std::size_t c = 0; c < state.stride; ++c) out[c] = state.log_weight[c];
  switch (state.stride) {
    case 4: return add_levels<4>(state.table.data(), ids, out, 4);
    case 8: return add_levels<8>(state.table.data(), ids, out, 8);
    case 12: return add_levels<12>(state.table.data(), ids, out, 12);
    case 16: return add_levels<16>(state.table.data(), ids, out, 16);
    case 20: return add_levels<20>(state.table.data(), ids, out, 20);
    default: return add_levels<0>(state.table.data(), ids, out, state.stride);
  }
}

constexpr double hopeless = 50;   // a group so far behind that its copula is not worth computing while learning

// The copula's part of the E step for one block.
class Copula {
 public:
  Copula(const Block& block, const State& state) : block_(block), state_(state), known_(std::size_t{1} << block.at.size()) {}

  // Adds the log copula density of a row's known numbers to each group's joint.
  void add(const std::uint8_t* cells, double* out) {
    const std::size_t mask = read(cells);
    if (count_ < 2) return;
    const Pattern& pattern = prepare(mask);
    const std::size_t m = count_;
    double top = out[0];
    for (std::size_t c = 1; c < state_.groups; ++c) top = std::max(top, out[c]);
    for (std::size_t c = 0; c < state_.groups; ++c) {
      if (out[c] < top - hopeless) continue;
      const double* e = pattern.excess.data() + c * m * m;
      double q = 0;
      for (std::size_t i = 0; i < m; ++i) {
        double t = 0;
        for (std::size_t j = 0; j < i; ++j) t += e[i * m + j] * score_[j][c];
        q += score_[i][c] * (2 * t + e[i * m + i] * score_[i][c]);
      }
      out[c] -= pattern.half_log[c] + 0.5 * q;
    }
  }
  // Counts products of scores of the row last added, in one group.
  void count(std::size_t c, double weight, std::vector<double>& product, std::vector<double>& square) const {
    const std::size_t m = block_.at.size();
    for (std::size_t i = 0; i < count_; ++i)
      for (std::size_t j = 0; j < count_; ++j) {
        const std::size_t at = (c * m + place_[i]) * m + place_[j];
        const double x = weight * score_[i][c];
        product[at] += x * score_[j][c];
        square[at] += x * score_[i][c];
      }
  }

 private:
  struct Pattern {                           // of known numbers
    std::vector<double> excess, half_log;    // [group]: inverse of the correlation less identity; half its log determinant
  };
  std::size_t read(const std::uint8_t* cells) {
    std::size_t mask = 0;
    count_ = 0;
    for (std::size_t i = 0; i < block_.at.size(); ++i) {
      const std::size_t n = block_.at[i];
      if (cells[n] == 255) continue;
      mask |= std::size_t{1} << i;
      place_[count_] = i;
      score_[count_++] = state_.score[n].data() + cells[n] * state_.stride;
    }
    return mask;
  }
  const Pattern& prepare(std::size_t mask) {
    Pattern& pattern = known_[mask];
    if (!pattern.half_log.empty()) return pattern;
    const std::size_t m = count_, all = block_.at.size();
    pattern.excess.assign(state_.groups * m * m, 0);
    pattern.half_log.assign(state_.groups, 0);
    std::vector<double> l(m * m);
    for (std::size_t c = 0; c < state_.groups; ++c) {
      for (std::size_t i = 0; i < m; ++i)
        for (std::size_t j = 0; j < m; ++j) l[i * m + j] = block_.correlation[(c * all + place_[i]) * all + place_[j]];
      if (!factor(l, m)) continue;
      for (std::size_t i = 0; i < m; ++i) pattern.half_log[c] += std::log(l[i * m + i]);
      invert_less_identity(l, m, std::span<double>(pattern.excess).subspan(c * m * m, m * m));
    }
    return pattern;
  }

  const Block& block_;
  const State& state_;
  std::vector<Pattern> known_;
  std::size_t count_ = 0;
  std::array<std::size_t, MixtureBlock::max_size> place_{};
  std::array<const double*, MixtureBlock::max_size> score_{};
};

// What two numbers' sums say: the weight of the rows that know both, and the correlation.
struct Pair {
  double weight = 0, correlation = 0;
};
Pair read_pair(const double* s) {
  if (s[0] < 8) return {s[0], 0};
  const double xx = s[3] - s[1] * s[1] / s[0], yy = s[4] - s[2] * s[2] / s[0], xy = s[5] - s[1] * s[2] / s[0];
  if (!(xx > 1e-9 * s[0]) || !(yy > 1e-9 * s[0])) return {s[0], 0};
  return {s[0], std::clamp(xy / std::sqrt(xx * yy), -0.97, 0.97)};
}
double pair_gain(const Pair& p) { return -0.5 * p.weight * std::log1p(-p.correlation * p.correlation); }

class Fit {
 public:
  Fit(const Data& data, std::size_t rows, const Stop& stop) : data_(data), rows_(std::min(rows, data.rows())), stop_(stop) {
    for (std::size_t r = 0; r < rows_; ++r) total_ += data.weight[r];
    for (const std::size_t f : data.numeric) {
      std::vector<double> x;
      for (const Unit& unit : data.units) {
        if (unit.feature != f) continue;
        double mean = 0, all = 0;
        for (std::size_t b = 0; b < unit.levels; ++b) mean += unit.share[b] * unit.mean[b], all += unit.share[b];
        mean /= all;
        for (std::size_t b = 0; b < unit.levels; ++b)
          x.push_back(std::clamp((unit.mean[b] - mean) / std::sqrt(unit.variance + 1e-300), -3.0, 3.0));
      }
      standard_.push_back(std::move(x));
    }
  }

  std::size_t rows() const { return rows_; }
  double total() const { return total_; }

  // The E step, with the M step's sums.
  void expect(const State& state, Counts& counts, bool products, bool pairs) const {
    const std::size_t s = state.stride, numbers = data_.numeric.size();
    std::vector<Copula> copulas;
    counts.block.clear();
    counts.square.clear();
    for (const Block& block : state.blocks) {
      copulas.emplace_back(block, state);
      if (!products) continue;
      counts.block.emplace_back(block.at.size() * block.at.size() * state.groups, 0.0);
      counts.square.push_back(counts.block.back());
    }
    counts.pair.assign(pairs ? numbers * (numbers - 1) / 2 * state.groups * pair_sums : 0, 0.0);
    counts.size.assign(s, 0);
    counts.level.assign(static_cast<std::size_t>(data_.levels) * s, 0);
    counts.log_likelihood = 0;
    counts.total = total_;
    std::vector<double> p(s);
    for (std::size_t r = 0; r < rows_; ++r) {
      if (r % 512 == 0) stop_.poll();
      const auto ids = data_.row(r);
      joint(state, ids, p.data());
      const std::uint8_t* cells = data_.cells.data() + r * numbers;
      for (Copula& copula : copulas) copula.add(cells, p.data());
      const double w = data_.weight[r];
      counts.log_likelihood += w * posterior(p.data(), s);
      for (std::size_t c = 0; c < s; ++c) {
        const double m = w * p[c];
        if (p[c] < 1e-6) continue;
        counts.size[c] += m;
        for (const std::uint32_t id : ids) counts.level[id * s + c] += m;
        for (std::size_t b = 0; b < counts.block.size(); ++b) copulas[b].count(c, m, counts.block[b], counts.square[b]);
        if (pairs) count_pairs(cells, c, m, state.groups, counts.pair);
      }
    }
  }

  // Counts of rows each wholly in one group.
  void count(const std::vector<std::uint32_t>& group, std::size_t groups, Counts& counts) const {
    const std::size_t s = padded(groups);
    counts.size.assign(s, 0);
    counts.level.assign(static_cast<std::size_t>(data_.levels) * s, 0);
    counts.total = total_;
    counts.pair.clear();
    for (std::size_t r = 0; r < rows_; ++r) {
      counts.size[group[r]] += data_.weight[r];
      for (const std::uint32_t id : data_.row(r)) counts.level[id * s + group[r]] += data_.weight[r];
    }
  }

  // The M step: distributions from counts, one for all the groups that share a unit.
  void maximise(const Counts& counts, State& state) const {
    const std::size_t s = state.stride;
    state.table.assign(static_cast<std::size_t>(data_.levels) * s, 0);
    state.log_weight.assign(s, -1e300);
    for (std::size_t c = 0; c < state.groups; ++c)
      state.log_weight[c] = std::log((counts.size[c] + 1) / (counts.total + static_cast<double>(state.groups)));
    std::vector<double> h, log_p;
    for (std::size_t u = 0; u < data_.units.size(); ++u) {
      const Unit& unit = data_.units[u];
      if (u % 64 == 0) stop_.poll();
      h.resize(unit.levels);
      log_p.resize(std::max<std::size_t>(2, unit.levels));
      for (std::size_t c = 0; c < state.groups; ++c) {
        const std::size_t leader = state.shared.empty() ? c : state.shared[u * state.groups + c];
        if (leader != c) {
          for (std::uint32_t l = 0; l < unit.levels; ++l)
            state.table[(unit.first + l) * s + c] = state.table[(unit.first + l) * s + leader];
          if (unit.kind == Kind::set) state.table[unit.known * s + c] += absence_[leader];
          continue;
        }
        std::fill(h.begin(), h.end(), 0.0);
        double known = 0;
        for (std::size_t d = c; d < state.groups; ++d) {
          if (d != c && (state.shared.empty() || state.shared[u * state.groups + d] != c)) continue;
          for (std::uint32_t l = 0; l < unit.levels; ++l) h[l] += counts.level[(unit.first + l) * s + d];
          if (unit.kind == Kind::set) known += counts.level[unit.known * s + d];
        }
        fit_unit(unit, h.data(), known, log_p.data());
        if (unit.kind == Kind::set) {
          state.table[unit.first * s + c] = log_p[0] - log_p[1];
          absence_.resize(std::max(absence_.size(), c + 1));
          absence_[c] = log_p[1];
          state.table[unit.known * s + c] += log_p[1];
        } else {
          for (std::uint32_t l = 0; l < unit.levels; ++l) state.table[(unit.first + l) * s + c] = log_p[l];
        }
      }
    }
    correlate(counts, state);
  }

  // Blocks of correlated numbers, as the pairs' sums show them within groups.
  std::vector<Block> find_blocks(const Counts& counts, std::size_t groups) const {
    std::vector<Block> blocks;
    const std::size_t numbers = data_.numeric.size();
    if (counts.pair.empty()) return blocks;
    struct Edge {
      double value;
      std::size_t a, b;
      bool pooled;
    };
    std::vector<Edge> edges;
    std::size_t index = 0;
    for (std::size_t a = 0; a < numbers; ++a)
      for (std::size_t b = a + 1; b < numbers; ++b, ++index) {
        const auto [value, pooled] = pair_value(counts.pair.data() + index * groups * pair_sums, groups);
        if (value > 0) edges.push_back({value, a, b, pooled});
      }
    std::sort(edges.begin(), edges.end(), [](const Edge& x, const Edge& y) {
      return x.value != y.value ? x.value > y.value : x.a != y.a ? x.a < y.a : x.b < y.b;
    });
    std::vector<std::size_t> root(numbers), size(numbers, 1);
    std::iota(root.begin(), root.end(), std::size_t{0});
    std::vector<double> pooled(numbers, 0);
    for (const Edge& e : edges) {
      const std::size_t x = root[e.a], y = root[e.b];
      if (x != y) {
        if (size[x] + size[y] > MixtureBlock::max_size) continue;
        for (std::size_t& r : root)
          if (r == y) r = x;
        size[x] += size[y];
        pooled[x] += pooled[y];
      }
      pooled[x] += e.pooled ? e.value : -e.value;
    }
    for (std::size_t x = 0; x < numbers; ++x) {
      Block block;
      for (std::size_t i = 0; i < numbers; ++i)
        if (root[i] == x) block.at.push_back(i);
      if (block.at.size() < 2) continue;
      block.pooled = pooled[x] > 0;
      const std::size_t m = block.at.size();
      std::vector<double> r(groups * m * m, 0), weight(groups * m * m, 0);
      for (std::size_t i = 0; i < m; ++i)
        for (std::size_t j = i + 1; j < m; ++j) {
          const std::size_t a = block.at[i], b = block.at[j];
          const std::size_t at = a * numbers - a * (a + 1) / 2 + (b - a - 1);
          for (std::size_t c = 0; c < groups; ++c) {
            const Pair p = read_pair(counts.pair.data() + (at * groups + c) * pair_sums);
            r[(c * m + i) * m + j] = p.correlation;
            weight[(c * m + i) * m + j] = p.weight;
          }
        }
      set_correlation(block, groups, r, weight);
      blocks.push_back(std::move(block));
    }
    return blocks;
  }

  // Scores of each unit in each group and each pair of groups, and what follows from them: which groups share the
  // distribution of a unit (so that a feature that tells nothing costs nothing: Raftery & Dean 2006; Law, Figueiredo &
  // Jain 2004), the criterion, and the pair of groups best made one.
  struct Judgement {
    double criterion = 0;
    std::size_t a = 0, b = 0;              // the best pair
    std::vector<std::uint8_t> shared;
  };
  Judgement judge(const Counts& counts, std::size_t groups, std::size_t stride) const {
    Judgement result;
    result.shared.assign(data_.units.size() * groups, 0);
    std::vector<double> loss(groups * groups, 0);   // of units told apart, were the pair one
    std::vector<double> pair(groups * groups), own(groups), known(groups);
    std::vector<double> h, sum;
    std::vector<std::uint8_t> leader(groups);
    // What it costs to tell groups apart by a unit, beside the parameters: having chosen the unit among all (as in the
    // extended criterion of Chen & Chen 2008) and the group's rows among all.
    const double extra = std::log(1 + static_cast<double>(data_.units.size())) + 0.5 * std::log(total_);
    for (std::size_t u = 0; u < data_.units.size(); ++u) {
      const Unit& unit = data_.units[u];
      stop_.poll();
      const std::size_t n = unit.levels;
      h.assign(groups * n, 0);
      sum.resize(n);
      for (std::size_t c = 0; c < groups; ++c) {
        for (std::size_t l = 0; l < n; ++l) h[c * n + l] = counts.level[(unit.first + l) * stride + c];
        known[c] = unit.kind == Kind::set ? counts.level[unit.known * stride + c] : 0;
        leader[c] = static_cast<std::uint8_t>(c);
      }
      if (unit.rare) {
        for (std::size_t c = 1; c < groups; ++c) {
          for (std::size_t l = 0; l < n; ++l) h[l] += h[c * n + l];
          known[0] += known[c];
        }
        result.criterion += fit_unit(unit, h.data(), known[0], nullptr);
        continue;
      }
      const auto together = [&](std::size_t a, std::size_t b) {
        for (std::size_t l = 0; l < n; ++l) sum[l] = h[a * n + l] + h[b * n + l];
        return fit_unit(unit, sum.data(), known[a] + known[b], nullptr) - own[a] - own[b] + extra;
      };
      for (std::size_t c = 0; c < groups; ++c) own[c] = fit_unit(unit, h.data() + c * n, known[c], nullptr);
      for (std::size_t a = 0; a < groups; ++a)
        for (std::size_t b = a + 1; b < groups; ++b) {
          pair[a * groups + b] = together(a, b);
          loss[a * groups + b] += std::min(0.0, pair[a * groups + b]);
        }
      while (true) {
        std::size_t best_a = groups, best_b = groups;
        double best = 0;
        for (std::size_t a = 0; a < groups; ++a) {
          if (leader[a] != a) continue;
          for (std::size_t b = a + 1; b < groups; ++b)
            if (leader[b] == b && pair[a * groups + b] > best) {
              best = pair[a * groups + b];
              best_a = a;
              best_b = b;
            }
        }
        if (best_a == groups) break;
        own[best_a] += own[best_b] + best - extra;
        for (std::size_t l = 0; l < n; ++l) h[best_a * n + l] += h[best_b * n + l];
        known[best_a] += known[best_b];
        for (std::size_t c = 0; c < groups; ++c)
          if (leader[c] == best_b) leader[c] = static_cast<std::uint8_t>(best_a);
        for (std::size_t c = 0; c < groups; ++c)
          if (leader[c] == c && c != best_a) pair[std::min(c, best_a) * groups + std::max(c, best_a)] = together(std::min(c, best_a), std::max(c, best_a));
      }
      for (std::size_t c = 0; c < groups; ++c) {
        result.shared[u * groups + c] = leader[c];
        if (leader[c] == c) result.criterion += own[c] - (c > 0 ? extra : 0);
      }
    }
    double best = -infinity;
    const auto part = [&](double size) { return size > 0 ? size * std::log(size / total_) : 0; };
    for (std::size_t c = 0; c < groups; ++c) result.criterion += part(counts.size[c]);
    if (!counts.pair.empty()) join_pairs(counts, groups, result.criterion, loss);
    result.criterion -= static_cast<double>(groups - 1) * (0.5 * std::log(total_ + 1) + one_more_group);
    for (std::size_t a = 0; a < groups; ++a)
      for (std::size_t b = a + 1; b < groups; ++b) {
        const double value = loss[a * groups + b] + part(counts.size[a] + counts.size[b]) - part(counts.size[a]) - part(counts.size[b]);
        if (value > best) {
          best = value;
          result.a = a;
          result.b = b;
        }
      }
    return result;
  }

  // Iterates until the log-likelihood stands still. The counts are those of the last E step.
  void iterate(State& state, Counts& counts, int most, bool products) const {
    double last = -infinity;
    state.converged = false;
    for (int i = 0; i < most; ++i) {
      expect(state, counts, products, false);
      ++state.iterations;
      if (i > 0 && std::abs(counts.log_likelihood - last) < 1e-7 * std::abs(counts.log_likelihood)) {
        state.converged = true;
        break;
      }
      last = counts.log_likelihood;
      maximise(counts, state);
    }
    expect(state, counts, products, true);
  }

  void merge(Counts& counts, std::size_t groups, std::size_t a, std::size_t b) const {
    const std::size_t from = padded(groups), to = padded(groups - 1);
    std::vector<double> level(static_cast<std::size_t>(data_.levels) * to, 0), size(to, 0);
    for (std::size_t c = 0; c < groups; ++c) {
      const std::size_t d = c == b ? a : c > b ? c - 1 : c;
      size[d] += counts.size[c];
      for (std::size_t l = 0; l < data_.levels; ++l) level[l * to + d] += counts.level[l * from + c];
    }
    counts.level = std::move(level);
    counts.size = std::move(size);
    const std::size_t pairs = counts.pair.size() / (groups * pair_sums);
    std::vector<double> pair(pairs * (groups - 1) * pair_sums, 0);
    for (std::size_t q = 0; q < pairs; ++q)
      for (std::size_t c = 0; c < groups; ++c)
        for (std::size_t i = 0; i < pair_sums; ++i)
          pair[(q * (groups - 1) + (c == b ? a : c > b ? c - 1 : c)) * pair_sums + i] += counts.pair[(q * groups + c) * pair_sums + i];
    counts.pair = std::move(pair);
    counts.block.clear();
    counts.square.clear();
  }

  State start_from(const Counts& counts, std::size_t groups) const {
    State state;
    state.groups = groups;
    state.stride = padded(groups);
    state.blocks = find_blocks(counts, groups);
    maximise(counts, state);
    return state;
  }

  // Rows far apart as seeds (k-means++: Arthur & Vassilvitskii 2007) under a distance of mixed features whose weights
  // are drawn anew for each start, every row to its nearest.
  // `few`: of very unlike weights, for groups that differ in a few features only.
  void seed(std::size_t groups, bool few, Random& random, Counts& counts) const {
    std::vector<double> weight(data_.units.size());
    for (double& w : weight) {
      w = -std::log(1 - random.uniform());
      if (few) w = w * w * w * w;
    }
    std::vector<double> nearest(rows_, infinity);
    std::vector<std::uint32_t> group(rows_, 0);
    std::vector<double> cost(data_.levels);     // what a row pays for having the level, given the seed row
    std::vector<double> missing(data_.units.size());
    std::vector<std::uint8_t> has(data_.levels);
    std::size_t chosen = random.below(rows_);
    for (std::size_t g = 0; g < groups; ++g) {
      stop_.poll();
      std::fill(has.begin(), has.end(), 0);
      for (const std::uint32_t id : data_.row(chosen)) has[id] = 1;
      for (std::size_t u = 0; u < data_.units.size(); ++u) {
        const Unit& unit = data_.units[u];
        if (unit.kind == Kind::set) {
          // Presence in both or in neither costs nothing; the absent items' share is left out, being nearly constant.
          cost[unit.first] = has[unit.known] != 0 ? (has[unit.first] != 0 ? -weight[u] : weight[u]) : 0;
          cost[unit.known] = 0;
          continue;
        }
        std::uint32_t own = unit.levels;
        for (std::uint32_t l = 0; l < unit.levels; ++l)
          if (has[unit.first + l] != 0) own = l;
        for (std::uint32_t l = 0; l < unit.levels; ++l) {
          double d = 0;
          if (own == unit.levels) {
            d = 0.5;
          } else if (unit.kind == Kind::numeric) {
            d = unit.mass[l] != unit.mass[own] ? 1 : std::min(1.0, 0.5 * std::abs(unit.mean[l] - unit.mean[own]) / std::sqrt(unit.variance + 1e-300));
          } else {
            d = l == own ? 0 : 1;
          }
          cost[unit.first + l] = weight[u] * d;
        }
      }
      double sum = 0;
      for (std::size_t r = 0; r < rows_; ++r) {
        double d = 0;
        for (const std::uint32_t id : data_.row(r)) d += cost[id];
        d = std::max(0.0, d);
        if (d < nearest[r]) {
          nearest[r] = d;
          group[r] = static_cast<std::uint32_t>(g);
        }
        sum += data_.weight[r] * nearest[r] * nearest[r];
      }
      if (g + 1 == groups) break;
      double pick = random.uniform() * sum;
      for (chosen = 0; chosen + 1 < rows_; ++chosen) {
        pick -= data_.weight[chosen] * nearest[chosen] * nearest[chosen];
        if (pick < 0) break;
      }
    }
    count(group, groups, counts);
  }

 private:
  void count_pairs(const std::uint8_t* cells, std::size_t c, double weight, std::size_t groups, std::vector<double>& pair) const {
    const std::size_t numbers = data_.numeric.size();
    std::size_t index = 0;
    for (std::size_t a = 0; a < numbers; ++a) {
      if (cells[a] == 255) {
        index += numbers - a - 1;
        continue;
      }
      const double x = standard_[a][cells[a]], wx = weight * x;
      for (std::size_t b = a + 1; b < numbers; ++b, ++index) {
        if (cells[b] == 255) continue;
        const double y = standard_[b][cells[b]];
        double* s = pair.data() + (index * groups + c) * pair_sums;
        s[0] += weight;
        s[1] += wx;
        s[2] += weight * y;
        s[3] += wx * x;
        s[4] += weight * y * y;
        s[5] += wx * y;
      }
    }
  }

  double pair_cost() const {
    const double numbers = static_cast<double>(data_.numeric.size());
    return 0.5 * std::log(total_) + std::log(1 + numbers * (numbers - 1) / 2);
  }

  // What joining two numbers gains, less its cost: with one correlation for all groups, or one for each that has any.
  std::pair<double, bool> pair_value(const double* sums, std::size_t groups) const {
    double own = 0, weight = 0, xx = 0, yy = 0, xy = 0, most = 0;
    for (std::size_t c = 0; c < groups; ++c) {
      const double* s = sums + c * pair_sums;
      const Pair p = read_pair(s);
      if (p.weight < 8) continue;
      if (std::abs(p.correlation) >= least_correlation) {
        own += std::max(0.0, pair_gain(p) - pair_cost());
        most = std::max(most, std::abs(p.correlation));
      }
      // In units of each group's own deviations.
      const double vx = std::max(1e-9, s[3] / s[0] - s[1] * s[1] / (s[0] * s[0])), vy = std::max(1e-9, s[4] / s[0] - s[2] * s[2] / (s[0] * s[0]));
      weight += s[0];
      xx += s[0];
      yy += s[0];
      xy += (s[5] - s[1] * s[2] / s[0]) / std::sqrt(vx * vy);
    }
    if (weight <= 0) return {0, true};
    const Pair common{weight, std::clamp(xy / std::sqrt(xx * yy), -0.97, 0.97)};
    const double together = std::abs(common.correlation) >= least_correlation ? pair_gain(common) - pair_cost() : 0;
    return together >= own ? std::pair{together, true} : std::pair{own, false};
  }

  // Adds to the criterion what correlation within groups gains, and to each pair of groups what their union would gain
  // beyond them, both through the best tree of pairs (Chow & Liu 1968).
  void join_pairs(const Counts& counts, std::size_t groups, double& criterion, std::vector<double>& loss) const {
    const std::size_t numbers = data_.numeric.size(), pairs = numbers * (numbers - 1) / 2;
    if (pairs == 0) return;
    std::vector<double> value(pairs);
    for (std::size_t q = 0; q < pairs; ++q) value[q] = pair_value(counts.pair.data() + q * groups * pair_sums, groups).first;
    criterion += tree(value, numbers);
    const double small = 2;   // a union may share its correlation with others
    std::vector<double> own(groups);
    std::array<double, pair_sums> sum;
    for (std::size_t a = 0; a < groups; ++a) {
      stop_.poll();
      for (std::size_t b = a; b < groups; ++b) {
        for (std::size_t q = 0; q < pairs; ++q) {
          const double* x = counts.pair.data() + (q * groups + a) * pair_sums;
          const double* y = counts.pair.data() + (q * groups + b) * pair_sums;
          for (std::size_t i = 0; i < pair_sums; ++i) sum[i] = a == b ? x[i] : x[i] + y[i];
          const Pair p = read_pair(sum.data());
          value[q] = std::abs(p.correlation) >= least_correlation ? pair_gain(p) - small : 0;
        }
        const double t = tree(value, numbers);
        if (a == b) own[a] = t;
        else loss[a * groups + b] += t;
      }
    }
    for (std::size_t a = 0; a < groups; ++a)
      for (std::size_t b = a + 1; b < groups; ++b) loss[a * groups + b] -= own[a] + own[b];
  }

  // Weight of the best tree (forest) of positive pairs, by Prim's algorithm.
  static double tree(const std::vector<double>& value, std::size_t n) {
    std::vector<double> reach(n, 0);
    std::vector<std::uint8_t> in(n, 0);
    double sum = 0;
    for (std::size_t step = 0; step < n; ++step) {
      std::size_t next = n;
      for (std::size_t i = 0; i < n; ++i)
        if (in[i] == 0 && (next == n || reach[i] > reach[next])) next = i;
      sum += reach[next];
      in[next] = 1;
      for (std::size_t i = 0; i < n; ++i) {
        if (in[i] != 0) continue;
        const std::size_t a = std::min(i, next), b = std::max(i, next);
        reach[i] = std::max(reach[i], value[a * n - a * (a + 1) / 2 + (b - a - 1)]);
      }
    }
    return sum;
  }

  // Correlation matrices from pairwise correlations [group][i][j], i < j, and their weights: each group's shrunk towards
  // the common one, and towards none until positive definite.
  static void set_correlation(Block& block, std::size_t groups, const std::vector<double>& r, const std::vector<double>& weight) {
    constexpr double pull = 20;
    const std::size_t m = block.at.size();
    block.correlation.assign(groups * m * m, 0);
    for (std::size_t c = 0; c < groups; ++c)
      for (std::size_t i = 0; i < m; ++i) {
        block.correlation[(c * m + i) * m + i] = 1;
        for (std::size_t j = i + 1; j < m; ++j) {
          double common = 0, all = 0;
          for (std::size_t d = 0; d < groups; ++d) {
            common += weight[(d * m + i) * m + j] * r[(d * m + i) * m + j];
            all += weight[(d * m + i) * m + j];
          }
          common /= all + 2;
          const double w = weight[(c * m + i) * m + j];
          const double x = block.pooled ? common : (w * r[(c * m + i) * m + j] + pull * common) / (w + pull);
          block.correlation[(c * m + i) * m + j] = block.correlation[(c * m + j) * m + i] = std::clamp(x, -0.97, 0.97);
        }
      }
    std::vector<double> l(m * m);
    for (std::size_t c = 0; c < groups; ++c) {
      double* a = block.correlation.data() + c * m * m;
      while (true) {
        std::copy(a, a + m * m, l.begin());
        if (factor(l, m)) break;
        for (std::size_t i = 0; i < m; ++i)
          for (std::size_t j = 0; j < m; ++j)
            if (i != j) a[i * m + j] *= 0.95;
      }
    }
  }

  // The M step of the blocks: correlations from the scores' products (where they were counted), then new scores.
  void correlate(const Counts& counts, State& state) const {
    const std::size_t s = state.stride;
    state.score.resize(data_.numeric.size());
    for (std::size_t b = 0; b < state.blocks.size(); ++b) {
      Block& block = state.blocks[b];
      const std::size_t m = block.at.size();
      if (counts.block.size() == state.blocks.size()) {
        std::vector<double> r(state.groups * m * m, 0), weight(r);
        for (std::size_t c = 0; c < state.groups; ++c)
          for (std::size_t i = 0; i < m; ++i)
            for (std::size_t j = i + 1; j < m; ++j) {
              const std::size_t at = (c * m + i) * m + j, mirror = (c * m + j) * m + i;
              const double square = counts.square[b][at] * counts.square[b][mirror];
              r[at] = square > 1e-12 ? counts.block[b][at] / std::sqrt(square) : 0;
              weight[at] = std::sqrt(square);   // the scores' variance is 1
            }
        set_correlation(block, state.groups, r, weight);
      }
      for (const std::size_t n : block.at) {
        const std::size_t f = data_.numeric[n];
        const auto cells = static_cast<std::size_t>(data_.feature_levels[f]);
        std::vector<double>& score = state.score[n];
        score.assign(cells * s, 0);
        for (std::size_t c = 0; c < state.groups; ++c) {
          double below = 0;
          for (std::size_t l = 0; l < cells; ++l) {
            const double p = std::exp(state.table[(data_.feature_first[f] + l) * s + c]);
            score[l * s + c] = std::clamp(normal_quantile(below + 0.5 * p), -5.0, 5.0);
            below += p;
          }
        }
      }
    }
  }

  const Data& data_;
  std::size_t rows_;
  const Stop& stop_;
  double total_ = 0;
  std::vector<std::vector<double>> standard_;   // per place in Data::numeric: each cell's clipped standardised number
  mutable std::vector<double> absence_;
};

// From many groups down, the pair whose union costs least at each step (as Figueiredo & Jain 2002 go down from many);
// keeps the best state of each number of groups.
void descend(const Fit& fit, Counts counts, std::size_t groups, std::size_t top, std::size_t lowest, std::vector<State>& best) {
  while (true) {
    State state = fit.start_from(counts, groups);
    fit.iterate(state, counts, groups > top ? 2 : 4, false);
    // A group that has lost its rows goes.
    bool emptied = false;
    for (std::size_t c = 0; c < groups && groups > 1; ++c)
      if (counts.size[c] < 3) {
        fit.merge(counts, groups, c == 0 ? 0 : c - 1, c == 0 ? 1 : c);
        --groups;
        emptied = true;
        break;
      }
    if (emptied) continue;
    const Fit::Judgement judgement = fit.judge(counts, groups, state.stride);
    if (best.size() < groups + 1) best.resize(groups + 1);
    if (judgement.criterion > best[groups].criterion) {
      state.criterion = judgement.criterion;
      state.shared = judgement.shared;
      best[groups] = std::move(state);
    }
    if (groups <= lowest || groups == 1) return;
    fit.merge(counts, groups, judgement.a, judgement.b);
    --groups;
  }
}

// Iterates with the groups sharing what does not tell them apart, anew decided until it stands.
void settle(const Fit& fit, State& state, Counts& counts, int most) {
  state.iterations = 0;
  for (int round = 0; round < 4; ++round) {
    fit.iterate(state, counts, most, true);
    Fit::Judgement judgement = fit.judge(counts, state.groups, state.stride);
    std::vector<Block> blocks = fit.find_blocks(counts, state.groups);
    const auto alike = [](const Block& a, const Block& b) { return a.at == b.at && a.pooled == b.pooled; };
    const bool joined = std::equal(blocks.begin(), blocks.end(), state.blocks.begin(), state.blocks.end(), alike);
    const bool same = joined && judgement.shared == state.shared;
    state.criterion = judgement.criterion;
    state.shared = std::move(judgement.shared);
    if (!joined) {
      state.blocks = std::move(blocks);
      counts.block.clear();
      counts.square.clear();
    }
    fit.maximise(counts, state);
    if (same) break;
  }
}

Mixture store(const Data& data, const Table& table, const State& state, const Counts& counts) {
  Mixture out;
  const std::size_t k = state.groups, s = state.stride;
  std::vector<std::size_t> order(k);
  std::iota(order.begin(), order.end(), std::size_t{0});
  // Largest first; the tables decide between equals, so that no order of rows can.
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (counts.size[a] != counts.size[b]) return counts.size[a] > counts.size[b];
    for (std::size_t l = 0; l < data.levels; ++l)
      if (state.table[l * s + a] != state.table[l * s + b]) return state.table[l * s + a] > state.table[l * s + b];
    return a < b;
  });
  double top = -infinity, sum = 0;
  for (const std::size_t c : order) top = std::max(top, state.log_weight[c]);
  for (const std::size_t c : order) sum += std::exp(state.log_weight[c] - top);
  for (const std::size_t c : order) out.log_weight.push_back(std::min(0.0, state.log_weight[c] - top - std::log(sum)));
  const auto mix = [&](auto&& log_p) {
    double most = -infinity, total = 0;
    for (std::size_t c = 0; c < k; ++c) most = std::max(most, out.log_weight[c] + log_p(c));
    for (std::size_t c = 0; c < k; ++c) total += std::exp(out.log_weight[c] + log_p(c) - most);
    return most + std::log(total);
  };
  for (std::size_t f = 0; f < table.columns.size(); ++f) {
    MixtureFeature feature;
    feature.kind = table.columns[f].kind;
    feature.levels = data.feature_levels[f];
    feature.edges = data.edges[f];
    const auto levels = static_cast<std::size_t>(feature.levels);
    feature.log_cluster.resize(levels * k);
    feature.log_whole.resize(levels);
    const auto at = [&](std::size_t level, std::size_t c) -> double& { return feature.log_cluster[level * k + c]; };
    for (std::size_t l = 0; l < levels; ++l)
      for (std::size_t c = 0; c < k; ++c) at(l, c) = state.table[(data.feature_first[f] + l) * s + order[c]];
    if (feature.kind == Kind::set) {
      for (std::size_t c = 0; c < k; ++c) feature.log_empty.push_back(std::min(0.0, state.table[data.set_known[f] * s + order[c]]));
      for (std::size_t l = 0; l < levels; ++l) {
        const auto present = [&](std::size_t c) { return -std::log1p(std::exp(-at(l, c))); };
        const auto absent = [&](std::size_t c) { return -std::log1p(std::exp(at(l, c))); };
        feature.log_whole[l] = mix(present) - mix(absent);
      }
    } else {
      for (std::size_t c = 0; c < k; ++c) {   // to sum exactly to one
        double all = 0;
        for (std::size_t l = 0; l < levels; ++l) all += std::exp(at(l, c));
        const double scale = std::log(all);
        for (std::size_t l = 0; l < levels; ++l) at(l, c) = std::min(0.0, at(l, c) - scale);
      }
      for (std::size_t l = 0; l < levels; ++l) feature.log_whole[l] = std::min(0.0, mix([&](std::size_t c) { return at(l, c); }));
    }
    out.features.push_back(std::move(feature));
  }
  for (const Block& block : state.blocks) {
    MixtureBlock stored;
    const std::size_t m = block.at.size();
    for (const std::size_t c : order)
      stored.correlation.insert(stored.correlation.end(), block.correlation.begin() + static_cast<std::ptrdiff_t>(c * m * m),
                                block.correlation.begin() + static_cast<std::ptrdiff_t>((c + 1) * m * m));
    for (const std::size_t n : block.at) {
      stored.features.push_back(static_cast<std::int32_t>(data.numeric[n]));
      std::vector<double> scores;
      for (std::size_t l = 0; l < state.score[n].size() / s; ++l)
        for (const std::size_t c : order) scores.push_back(state.score[n][l * s + c]);
      stored.scores.push_back(std::move(scores));
    }
    out.blocks.push_back(std::move(stored));
  }
  if (!state.shared.empty())
    for (std::size_t u = 0; u < data.units.size(); ++u)
      for (std::size_t c = 1; c < k; ++c)
        if (state.shared[u * k + c] != state.shared[u * k]) out.features[data.units[u].feature].distinguishes = true;
  return out;
}

void check(const MixtureOptions& o) {
  const auto refuse = [](const char* what, const char* range) {
    throw Error(ErrorCode::invalid_parameter, std::string(what) + " is out of range", std::string("It must be ") + range + ".");
  };
  if (o.k < 0 || o.k > 64) refuse("number of clusters", "from 1 to 64");
  if (o.k_max < 1 || o.k_max > 64) refuse("largest number of clusters", "from 1 to 64");
  if (o.starts < 1 || o.starts > 1000) refuse("number of starts", "from 1 to 1000");
  if (o.fit_rows < 100 || o.fit_rows > 10'000'000) refuse("number of rows to fit", "from 100 to 10000000");
}

}  // namespace

}  // namespace mixture

Mixture fit_mixture(const Table& table, const MixtureOptions& options, const Stop& stop) {
  using namespace mixture;
  check(options);
  const Data data = prepare_data(table, options, stop);
  const Fit whole(data, data.rows(), stop);
  Counts counts;
  State chosen;
  std::vector<double> criterion;
  if (data.rows() < 2) {
    whole.count(std::vector<std::uint32_t>(data.rows(), 0), 1, counts);
    chosen = whole.start_from(counts, 1);
    chosen.converged = true;
  } else {
    const std::size_t top = static_cast<std::size_t>(options.k > 0 ? options.k : options.k_max);
    const std::size_t lowest = options.k > 0 ? top : 1;
    const Fit few(data, start_rows, stop);
    std::vector<State> best;
    double reached = -infinity;
    int since = 0;
    for (int s = 0; s < options.starts; ++s) {
      Random random(options.seed * 0x9e3779b97f4a7c15ULL + static_cast<std::uint64_t>(s) + 1);
      const std::size_t groups = std::min(top + std::max<std::size_t>(3, top / 2), few.rows());
      Counts own;
      few.seed(groups, s % 2 == 1, random, own);
      descend(few, std::move(own), groups, top, lowest, best);
      double now = -infinity;
      for (std::size_t g = 1; g <= std::min(top, best.size() - 1); ++g) now = std::max(now, best[g].criterion);
      if (now > reached + patience_gain) {
        reached = now;
        since = 0;
      } else if (++since >= patience) {
        break;
      }
    }
    // The best few numbers of groups are fitted to all rows.
    std::vector<std::size_t> order;
    for (std::size_t g = 1; g < best.size() && g <= top; ++g)
      if (best[g].groups > 0) order.push_back(g);
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      if (options.k > 0) return a > b;
      return best[a].criterion != best[b].criterion ? best[a].criterion > best[b].criterion : a < b;
    });
    order.resize(std::min<std::size_t>(order.size(), options.k > 0 ? 1 : 3));
    criterion.assign(top, -infinity);
    for (const std::size_t g : order) {
      State state = best[g];
      Counts own;
      settle(whole, state, own, 60);
      criterion[g - 1] = state.criterion;
      if (chosen.groups == 0 || state.criterion > chosen.criterion) {
        chosen = std::move(state);
        counts = std::move(own);
      }
    }
  }
  Mixture out = store(data, table, chosen, counts);
  out.choice.given = options.k > 0;
  out.choice.converged = chosen.converged;
  out.choice.iterations = chosen.iterations;
  out.choice.rows = whole.total();
  out.choice.criterion = std::move(criterion);
  out.prepare();
  return out;
}

}  // namespace icp
