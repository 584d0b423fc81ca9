#include "core/mixture_fit.hpp"

#include <array>
#include <numeric>

#include "core/mixture_matrix.hpp"

namespace icp::mixture {

namespace {

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

}  // namespace

Fit::Fit(const Data& data, std::size_t rows, const Stop& stop) : data_(data), rows_(std::min(rows, data.rows())), stop_(stop) {
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

void Fit::expect(const State& state, Counts& counts, bool products, bool pairs) const {
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

void Fit::count(const std::vector<std::uint32_t>& group, std::size_t groups, Counts& counts) const {
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

void Fit::maximise(const Counts& counts, State& state) const {
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

std::vector<Block> Fit::find_blocks(const Counts& counts, std::size_t groups) const {
  std::vector<Block> blocks;
  const std::size_t numbers = data_.numeric.size();
  if (counts.pair.empty() || data_.explain) return blocks;
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

void Fit::iterate(State& state, Counts& counts, int most, bool products) const {
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

State Fit::start_from(const Counts& counts, std::size_t groups) const {
  State state;
  state.groups = groups;
  state.stride = padded(groups);
  state.blocks = find_blocks(counts, groups);
  maximise(counts, state);
  return state;
}

void Fit::count_pairs(const std::uint8_t* cells, std::size_t c, double weight, std::size_t groups, std::vector<double>& pair) const {
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

double Fit::pair_cost() const {
  const double numbers = static_cast<double>(data_.numeric.size());
  return 0.5 * std::log(total_) + std::log(1 + numbers * (numbers - 1) / 2);
}

std::pair<double, bool> Fit::pair_value(const double* sums, std::size_t groups) const {
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

void Fit::set_correlation(Block& block, std::size_t groups, const std::vector<double>& r, const std::vector<double>& weight) const {
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
        // Numbers that count for less are joined for less; the matrix stays positive definite.
        const double less = std::sqrt(data_.number_weight[block.at[i]] * data_.number_weight[block.at[j]]);
        block.correlation[(c * m + i) * m + j] = block.correlation[(c * m + j) * m + i] = less * std::clamp(x, -0.97, 0.97);
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

void Fit::correlate(const Counts& counts, State& state) const {
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

}  // namespace icp::mixture
