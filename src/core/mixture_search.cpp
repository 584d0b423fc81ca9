// The search over numbers of groups: from random starts of many groups down, the best of each number and the best number.
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>

#include "core/mixture_fit.hpp"
#include "icp/hash.hpp"

namespace icp {

namespace mixture {

namespace {

constexpr std::size_t start_rows = 2000;     // the random starts look at the first so many sampled rows
// Starts end early when so many in a row have not improved the criterion by so much.
constexpr int patience = 4;
constexpr double patience_gain = 2;
// What one more group must gain beyond its parameters. Of many starts and splits the luckiest of a group that is whole
// gains some nats on the rows it was chosen by (seen: up to 10); a group of a hundred rows that is there, hundreds.
constexpr double one_more_group = 12;

// A fit that can be begun anew, judged and made one group fewer.
class Search : public Fit {
 public:
  using Fit::Fit;

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
    const double extra = data_.explain ? 0 : std::log(1 + static_cast<double>(data_.units.size())) + 0.5 * std::log(total_);
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
    if (!counts.pair.empty() && !data_.explain) join_pairs(counts, groups, result.criterion, loss);
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
};

// From many groups down, the pair whose union costs least at each step (as Figueiredo & Jain 2002 go down from many);
// keeps the best state of each number of groups.
void descend(const Search& fit, Counts counts, std::size_t groups, std::size_t top, std::size_t lowest, std::vector<State>& best) {
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
    const Search::Judgement judgement = fit.judge(counts, groups, state.stride);
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
void settle(const Search& fit, State& state, Counts& counts, int most) {
  state.iterations = 0;
  for (int round = 0; round < 4; ++round) {
    fit.iterate(state, counts, most, true);
    Search::Judgement judgement = fit.judge(counts, state.groups, state.stride);
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
  for (const double w : o.column_weight)
    if (!(w >= 0 && w <= 1)) refuse("weight of a column", "from 0 to 1");
  if (o.fit_rows < 100 || o.fit_rows > 10'000'000) refuse("number of rows to fit", "from 100 to 10000000");
}

}  // namespace

}  // namespace mixture

Mixture fit_mixture(const Table& table, const MixtureOptions& options, const Stop& stop) {
  using namespace mixture;
  check(options);
  if (!options.column_weight.empty() && options.column_weight.size() != table.columns.size())
    throw Error(ErrorCode::invalid_parameter, "not every column has a weight");
  if (!options.start.empty() && (options.start.size() != table.rows || *std::max_element(options.start.begin(), options.start.end()) >= options.k))
    throw Error(ErrorCode::invalid_parameter, "the clusters to start from are not those of the rows");
  const Data data = prepare_data(table, options, stop);
  const Search whole(data, data.rows(), stop);
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
    const Search few(data, start_rows, stop);
    std::vector<State> best;
    double reached = -infinity;
    int since = 0;
    if (!data.start.empty()) {
      Counts own;
      few.count(data.start, top, own);
      descend(few, std::move(own), top, top, lowest, best);
    }
    for (int s = 0; s < options.starts; ++s) {
      stop.progress("groups: starts", static_cast<std::size_t>(s), static_cast<std::size_t>(options.starts));
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
    for (std::size_t i = 0; i < order.size(); ++i) {
      stop.progress("groups: fit to all rows", i, order.size());
      const std::size_t g = order[i];
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
