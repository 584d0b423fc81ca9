#include "association_test.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <boost/math/distributions/chi_squared.hpp>

#include "icp/permute.hpp"

namespace icp::associations {

namespace {

constexpr std::size_t lanes = 16;       // permutations worked on at once
constexpr std::size_t tile = 512;       // rows at a time, so that their targets stay in the cache
constexpr double affordable = 6e9;      // sums taken
constexpr int fewest = 199;             // permutations

// What is summed over the cells of an attribute: for a share its ones; for a number its value and square, or its rank and
// square, and in which bins it is.
class Lanes {
 public:
  Lanes(const Field& f, const std::vector<Pair>& pairs) : f_(f), pairs_(pairs), extra_(f.binary ? 0 : f.bins - 1) {
    const std::vector<double>& y = f.rows.target;
    values_ = y;
    std::sort(values_.begin(), values_.end());
    values_.erase(std::unique(values_.begin(), values_.end()), values_.end());
    code_.resize(y.size());
    scores_.resize(planes() * values_.size());
    for (std::size_t r = 0; r < y.size(); ++r) {
      const auto c = static_cast<std::size_t>(std::lower_bound(values_.begin(), values_.end(), y[r]) - values_.begin());
      code_[r] = static_cast<double>(c);
      const double v = (y[r] - f.mean) / f.deviation;
      const auto put = [&](std::size_t plane, double x) { scores_[plane * values_.size() + c] = static_cast<float>(x); };
      if (f.binary) {
        put(0, y[r]);
        continue;
      }
      put(0, v);
      put(1, v * v);
      put(2, f.rank[r]);
      put(3, f.rank[r] * f.rank[r]);
      for (std::size_t b = 0; b < extra_; ++b) put(4 + b, f.bin[r] == b ? 1 : 0);
    }
    for (const Variable& v : f.variables) {
      auto& count = count_.emplace_back(v.cells, 0);
      double squares = 0;
      for (std::size_t r = 0; r < v.cell.size(); ++r) {
        if (v.cell[r] == no_cell) continue;
        count[v.cell[r]] += 1;
        if (v.numeric) squares += v.rank[r] * v.rank[r];
      }
      rank_squares_.push_back(squares);
      std::vector<float> rank;
      if (v.numeric) rank.assign(v.rank.begin(), v.rank.end());
      rank_.push_back(std::move(rank));
    }
    sums_.resize(f.variables.size());
    products_.resize(f.variables.size());
    pair_sums_.resize(pairs.size());
    pair_squares_.resize(pairs.size());
  }

  std::size_t hypotheses() const { return 2 * f_.variables.size() + pairs_.size(); }
  double work() const { return static_cast<double>(f_.rows.rows() * (f_.variables.size() * (own_planes() + 1) + 2 * pairs_.size())); }

  // The statistics of permutations first .. first + lanes - 1 (0: none, the target as it is), each into out[lane].
  void run(std::size_t first, std::size_t last, const Permuter& permuter, std::uint64_t seed, std::vector<std::vector<float>>& out, const Stop& stop) {
    const std::size_t n = f_.rows.rows();
    drawn_.assign(n * lanes, 0);
    for (std::size_t l = 0; l < lanes; ++l) {
      stop.poll();
      const std::size_t number = std::min(first + l, last - 1);
      const std::vector<double> codes = number == 0 ? code_ : permuter.permute(code_, seed, number - 1);
      for (std::size_t r = 0; r < n; ++r) drawn_[r * lanes + l] = static_cast<std::uint32_t>(codes[r]);
    }
    for (std::size_t v = 0; v < f_.variables.size(); ++v) {
      sums_[v].assign(f_.variables[v].cells * own_planes() * lanes, 0);
      products_[v].assign(lanes, 0);
    }
    for (std::size_t p = 0; p < pairs_.size(); ++p) {
      pair_sums_[p].assign((pairs_[p].cells() + 1) * lanes, 0);
      pair_squares_[p].assign(2 * lanes, 0);
    }
    y_.resize(planes() * tile * lanes);
    for (std::size_t from = 0; from < n; from += tile) {
      stop.poll();
      const std::size_t to = std::min(n, from + tile);
      for (std::size_t plane = 0; plane < planes(); ++plane) {
        const float* score = scores_.data() + plane * values_.size();
        float* y = y_.data() + plane * tile * lanes;
        for (std::size_t i = 0; i < (to - from) * lanes; ++i) y[i] = score[drawn_[from * lanes + i]];
      }
      for (std::size_t v = 0; v < f_.variables.size(); ++v) sum(v, from, to);
      for (std::size_t p = 0; p < pairs_.size(); ++p) sum_pair(p, from, to);
    }
    for (std::size_t l = 0; l < std::min(lanes, last - first); ++l) out[first + l] = statistics(l);
  }

 private:
  std::size_t planes() const { return f_.binary ? 1 : 4 + extra_; }
  std::size_t own_planes() const { return f_.binary ? 1 : 2 + extra_; }
  // Of an attribute's planes the k-th.
  std::size_t plane(const Variable& v, std::size_t k) const { return f_.binary ? 0 : k >= 2 ? k + 2 : v.numeric ? k + 2 : k; }

  static void add(float* __restrict to, const float* __restrict from) {
    for (std::size_t l = 0; l < lanes; ++l) to[l] += from[l];
  }

  void sum(std::size_t index, std::size_t from, std::size_t to) {
    const Variable& v = f_.variables[index];
    float* sums = sums_[index].data();
    for (std::size_t k = 0; k < own_planes(); ++k) {
      const float* y = y_.data() + plane(v, k) * tile * lanes;
      for (std::size_t r = from; r < to; ++r)
        if (v.cell[r] != no_cell) add(sums + (v.cell[r] * own_planes() + k) * lanes, y + (r - from) * lanes);
    }
    if (!v.numeric) return;
    const float* y = y_.data() + plane(v, 0) * tile * lanes;
    float* __restrict product = products_[index].data();
    for (std::size_t r = from; r < to; ++r) {
      const float x = rank_[index][r];
      const float* __restrict at = y + (r - from) * lanes;
      for (std::size_t l = 0; l < lanes; ++l) product[l] += x * at[l];
    }
  }

  // Rows in no cell go to one more.
  void sum_pair(std::size_t index, std::size_t from, std::size_t to) {
    const Pair& p = pairs_[index];
    float* sums = pair_sums_[index].data();
    float* squares = pair_squares_[index].data();
    const float* square = y_.data() + (f_.binary ? 0 : tile * lanes);
    for (std::size_t r = from; r < to; ++r) {
      const std::size_t c = p.cell(r);
      add(sums + c * lanes, y_.data() + (r - from) * lanes);
      if (!f_.binary) add(squares + (c == p.cells() ? lanes : 0), square + (r - from) * lanes);
    }
  }

  std::vector<float> statistics(std::size_t lane) {
    std::vector<float> out;
    for (std::size_t v = 0; v < f_.variables.size(); ++v) variable(v, lane, out);
    std::vector<double> sums;
    for (std::size_t p = 0; p < pairs_.size(); ++p) {
      sums.resize(pairs_[p].cells());
      for (std::size_t c = 0; c < sums.size(); ++c) sums[c] = static_cast<double>(pair_sums_[p][c * lanes + lane]);
      out.push_back(static_cast<float>(pairs_[p].gain(sums, static_cast<double>(pair_squares_[p][lane])) / f_.entropy));
    }
    return out;
  }

  // Share of the variance explained, by cells or by rank, and mutual information.
  void variable(std::size_t index, std::size_t lane, std::vector<float>& out) const {
    const Variable& v = f_.variables[index];
    const std::size_t stride = own_planes();
    const auto at = [&](std::size_t cell, std::size_t k) { return static_cast<double>(sums_[index][(cell * stride + k) * lanes + lane]); };
    const double n = static_cast<double>(v.n);
    double sum = 0, squares = 0, between = 0;
    for (std::size_t k = 0; k < v.cells; ++k) {
      const double s = at(k, 0), m = count_[index][k];
      sum += s;
      squares += f_.binary ? s : at(k, 1);
      if (m > 0) between += s * s / m;
    }
    const double variance = squares - sum * sum / n;
    double strength = 0;
    if (variance > 1e-9 * n) {
      // Ranks have mean 0 over the known rows.
      if (v.numeric) strength = std::pow(static_cast<double>(products_[index][lane]), 2) / (rank_squares_[index] * variance);
      else strength = (between - sum * sum / n) / variance;
    }
    out.push_back(static_cast<float>(std::clamp(strength, 0.0, 1.0)));
    std::vector<double> both(v.cells * f_.bins, 0), bin(f_.bins, 0);
    for (std::size_t k = 0; k < v.cells; ++k) {
      double rest = count_[index][k];
      for (std::size_t b = 0; b < f_.bins; ++b) {
        const bool last = b + 1 == f_.bins;
        const double c = f_.binary ? (last ? at(k, 0) : rest - at(k, 0)) : last ? rest : at(k, 2 + b);
        if (!f_.binary) rest -= c;
        both[k * f_.bins + b] = c;
        bin[b] += c;
      }
    }
    double information = entropy(bin) + entropy(count_[index]) - entropy(both);
    const double h = entropy(bin);
    out.push_back(static_cast<float>(h > 0 ? std::max(0.0, information / h) : 0));
  }

  const Field& f_;
  const std::vector<Pair>& pairs_;
  std::size_t extra_;
  std::vector<double> values_, code_;
  std::vector<float> scores_;                       // by plane and distinct value
  std::vector<std::vector<double>> count_;          // by variable and cell
  std::vector<double> rank_squares_;
  std::vector<std::vector<float>> rank_;
  std::vector<std::uint32_t> drawn_;
  std::vector<float> y_;
  std::vector<std::vector<float>> sums_, products_, pair_sums_, pair_squares_;
};

// The probability of so much where there is nothing, if it is chi-squared with the mean that permutations give it.
double chance(double statistic, double mean, double degrees) {
  if (!(mean > 0) || !(degrees > 0)) return 1;
  return boost::math::cdf(boost::math::complement(boost::math::chi_squared_distribution<double>(degrees), statistic * degrees / mean));
}

// Westfall & Young's step-down: q[b][h] of permutation b (0: the data) and hypothesis h.
std::vector<double> step_down(const std::vector<std::vector<double>>& q) {
  const std::size_t h = q[0].size();
  std::vector<std::size_t> order(h), above(h, 0);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return q[0][a] < q[0][b]; });
  for (std::size_t b = 1; b < q.size(); ++b) {
    double least = INFINITY;
    for (std::size_t i = h; i-- > 0;) {
      least = std::min(least, q[b][order[i]]);
      if (least <= q[0][order[i]]) ++above[i];
    }
  }
  std::vector<double> p(h, 1);
  double before = 0;
  for (std::size_t i = 0; i < h; ++i)
    p[order[i]] = before = std::max(before, static_cast<double>(1 + above[i]) / static_cast<double>(q.size()));
  return p;
}

}  // namespace

Tested test(const Field& f, const std::vector<Pair>& pairs, const AssociationOptions& options, const Stop& stop) {
  const std::size_t variables = f.variables.size();
  Lanes engine(f, pairs);
  const int permutations = std::clamp(static_cast<int>(std::min(1e6, affordable / engine.work())), std::min(fewest, options.permutations), options.permutations);
  const Permuter permuter(f.rows.company);
  const auto all = static_cast<std::size_t>(permutations) + 1;
  std::vector<std::vector<float>> statistic(all);
  for (std::size_t first = 0; first < all; first += lanes) {
    stop.progress("associations: permutations", first, all);
    engine.run(first, all, permuter, options.seed, statistic, stop);
  }

  // For the test the data are one of the permutations: a mean without them would damp the others alone, and find too much.
  std::vector<double> mean(engine.hypotheses(), 0), mean_all = mean;
  for (std::size_t h = 0; h < mean.size(); ++h) {
    for (std::size_t b = 1; b < all; ++b) mean[h] += static_cast<double>(statistic[b][h]);
    mean_all[h] = (mean[h] + static_cast<double>(statistic[0][h])) / static_cast<double>(all);
    mean[h] /= static_cast<double>(permutations);
  }
  std::vector<double> degrees;
  for (const Variable& v : f.variables) {
    const double cells = static_cast<double>(v.cells);
    degrees.push_back(v.numeric ? 1 : cells - 1);
    degrees.push_back((cells - 1) * static_cast<double>(f.bins - 1));
  }
  for (const Pair& p : pairs) degrees.push_back(p.degrees());

  // Half of the budget is for attributes, half for pairs.
  const double half = pairs.empty() ? 1 : 2, each = half * static_cast<double>(variables), each_pair = half * static_cast<double>(pairs.size());
  std::vector<std::vector<double>> q(all);
  for (std::size_t b = 0; b < all; ++b) {
    stop.poll();
    const auto p = [&](std::size_t h) { return chance(static_cast<double>(statistic[b][h]), mean_all[h], degrees[h]); };
    for (std::size_t v = 0; v < variables; ++v) q[b].push_back(each * std::min(p(2 * v), f.binary && !f.variables[v].numeric ? 1 : p(2 * v + 1)));
    for (std::size_t i = 0; i < pairs.size(); ++i) q[b].push_back(each_pair * p(2 * variables + i));
  }
  Tested t;
  const std::vector<double> p = step_down(q);
  for (std::size_t v = 0; v < variables; ++v) {
    const double n = static_cast<double>(f.variables[v].n);
    // Without repeated companies the mean is known.
    t.strength.push_back(f.rows.repeated ? mean[2 * v] : degrees[2 * v] / std::max(1.0, n - 1));
    t.information.push_back(mean[2 * v + 1]);
    t.p.push_back(p[v]);
  }
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    t.gain.push_back(mean[2 * variables + i]);
    t.pair_p.push_back(p[variables + i]);
  }
  return t;
}

}  // namespace icp::associations
