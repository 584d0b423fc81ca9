#include "icp/mixture.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "core/mixture_matrix.hpp"

namespace icp {

using mixture::factor;
using mixture::invert_less_identity;

namespace {

[[noreturn]] void corrupted(const char* why) {
  throw Error(ErrorCode::corrupted, "a stored mixture contradicts itself", why);
}

// A log probability as a fit makes it: not positive (beyond rounding), not -infinity.
bool is_log_probability(double x) { return std::isfinite(x) && x <= 1e-6; }

constexpr std::size_t most_clusters = 256;

}  // namespace

std::int32_t MixtureFeature::cell(double x) const {
  const double* base = edges.data();
  std::size_t n = edges.size();
  if (n == 0) return 0;
  while (n > 1) {  // an upper bound without branches
    const std::size_t half = n / 2;
    base += half * static_cast<std::size_t>(base[half - 1] <= x);
    n -= half;
  }
  return static_cast<std::int32_t>(base - edges.data() + (*base <= x ? 1 : 0));
}

std::int32_t Mixture::cell(std::size_t f, double x) const {
  const Grid& grid = grids_[f];
  const std::vector<double>& edges = features[f].edges;
  // Clamped before it is an integer; the comparison is written so that NaN goes to the first place.
  const double u = (x - grid.low) * grid.scale, last = static_cast<double>(grid.start.size() - 1);
  std::size_t c = grid.start[u > 0 ? static_cast<std::size_t>(u < last ? u : last) : 0];
  while (c < edges.size() && edges[c] <= x) ++c;
  return static_cast<std::int32_t>(c);
}

template <std::size_t K>
void Mixture::add_features(const EncodedRow& row, double* out) const {
  const std::size_t k = K == 0 ? log_weight.size() : K;   // a constant lets the compiler unroll
  std::array<double, K == 0 ? 1 : K> local;
  double* sum = K == 0 ? out : local.data();
  for (std::size_t c = 0; c < k; ++c) sum[c] = log_weight[c];
  const auto add = [&](const double* p) {
    for (std::size_t c = 0; c < k; ++c) sum[c] += p[c];
  };
  for (std::size_t f = 0; f < features.size(); ++f) {
    if (row.known[f] == 0) continue;
    const MixtureFeature& feature = features[f];
    const double* table = feature.log_cluster.data();
    if (feature.kind == Kind::set) {
      add(feature.log_empty.data());
      for (const std::int32_t item : row.sets[f])
        if (item >= 0 && item < feature.levels) add(table + static_cast<std::size_t>(item) * k);
      continue;
    }
    const std::int32_t level = feature.kind == Kind::numeric ? cell(f, row.numbers[f]) : row.codes[f];
    if (level >= 0 && level < feature.levels) add(table + static_cast<std::size_t>(level) * k);
  }
  if constexpr (K != 0) std::copy(local.begin(), local.end(), out);
}

void Mixture::log_joint(const EncodedRow& row, std::span<double> out) const {
  switch (log_weight.size()) {
    case 1: add_features<1>(row, out.data()); break;
    case 2: add_features<2>(row, out.data()); break;
    case 3: add_features<3>(row, out.data()); break;
    case 4: add_features<4>(row, out.data()); break;
    case 5: add_features<5>(row, out.data()); break;
    case 6: add_features<6>(row, out.data()); break;
    case 7: add_features<7>(row, out.data()); break;
    case 8: add_features<8>(row, out.data()); break;
    default: add_features<0>(row, out.data());
  }
  for (std::size_t b = 0; b < blocks.size(); ++b) add_block(b, row, out.data());
}

void Mixture::add_block(std::size_t index, const EncodedRow& row, double* out) const {
  constexpr std::size_t most = MixtureBlock::max_size;
  const MixtureBlock& block = blocks[index];
  const std::size_t k = log_weight.size(), all = block.features.size();
  std::array<std::size_t, most> place{};
  std::array<const double*, most> scores{};
  std::size_t m = 0, mask = 0;
  for (std::size_t i = 0; i < all; ++i) {
    const auto f = static_cast<std::size_t>(block.features[i]);
    if (row.known[f] == 0) continue;
    mask |= std::size_t{1} << i;
    place[m] = i;
    scores[m] = block.scores[i].data() + static_cast<std::size_t>(cell(f, row.numbers[f])) * k;
    ++m;
  }
  if (m < 2) return;
  const Joint& joint = joints_[index][mask];
  if (!joint.half_log.empty()) {
    for (std::size_t c = 0; c < k; ++c) {
      const double* e = joint.excess.data() + c * m * m;
      double q = 0;
      for (std::size_t i = 0; i < m; ++i) {
        double s = 0;
        for (std::size_t j = 0; j < i; ++j) s += e[i * m + j] * scores[j][c];
        q += scores[i][c] * (2 * s + e[i * m + i] * scores[i][c]);
      }
      out[c] -= joint.half_log[c] + 0.5 * q;
    }
    return;
  }
  // The marginal of a Gaussian copula is the copula of the sub-matrix.
  for (std::size_t c = 0; c < k; ++c) {
    const double* r = block.correlation.data() + c * all * all;
    std::array<double, most * most> l;
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t j = 0; j < m; ++j) l[i * m + j] = r[place[i] * all + place[j]];
    if (!factor(l, m)) continue;
    double half_log = 0, q = 0;
    std::array<double, most> y;
    for (std::size_t i = 0; i < m; ++i) {
      const double z = scores[i][c];
      double s = z;
      for (std::size_t j = 0; j < i; ++j) s -= l[i * m + j] * y[j];
      y[i] = s / l[i * m + i];
      half_log += std::log(l[i * m + i]);
      q += y[i] * y[i] - z * z;
    }
    out[c] -= half_log + 0.5 * q;
  }
}

double Mixture::log_feature(const EncodedRow& row, std::size_t f, int cluster) const {
  const MixtureFeature& feature = features[f];
  const std::size_t k = log_weight.size(), c = static_cast<std::size_t>(cluster);
  if (row.known[f] == 0 || feature.levels == 0) return 0;
  if (feature.kind == Kind::set) {
    double sum = feature.log_empty[c];
    for (const std::int32_t item : row.sets[f])
      if (item >= 0 && item < feature.levels) sum += feature.log_cluster[static_cast<std::size_t>(item) * k + c];
    return sum;
  }
  const std::int32_t level = feature.kind == Kind::numeric ? cell(f, row.numbers[f]) : row.codes[f];
  return level < 0 || level >= feature.levels ? 0 : feature.log_cluster[static_cast<std::size_t>(level) * k + c];
}

double Mixture::log_feature_whole(const EncodedRow& row, std::size_t f) const {
  const MixtureFeature& feature = features[f];
  if (row.known[f] == 0 || feature.levels == 0) return 0;
  if (feature.kind != Kind::set) {
    const std::int32_t level = feature.kind == Kind::numeric ? cell(f, row.numbers[f]) : row.codes[f];
    return level < 0 || level >= feature.levels ? 0 : feature.log_whole[static_cast<std::size_t>(level)];
  }
  // A set is one attribute: its marginal is the mixture of the clusters' products, not a product over items.
  double top = 0, sum = 0;
  for (int c = 0; c < clusters(); ++c) {
    const double x = log_weight[static_cast<std::size_t>(c)] + log_feature(row, f, c);
    if (c == 0 || x > top) {
      sum = (c == 0 ? 0 : sum * std::exp(top - x)) + 1;
      top = x;
    } else {
      sum += std::exp(x - top);
    }
  }
  return top + std::log(sum);
}

double Mixture::log_independent(const EncodedRow& row) const {
  double sum = 0;
  for (std::size_t f = 0; f < features.size(); ++f) sum += log_feature_whole(row, f);
  return sum;
}

void Mixture::prepare() {
  constexpr std::size_t few = 5;   // up to so many features every pattern of missing ones is derived beforehand
  const std::size_t k = log_weight.size();
  grids_.assign(features.size(), {});
  for (std::size_t f = 0; f < features.size(); ++f) {
    constexpr std::size_t places = 256;
    const std::vector<double>& edges = features[f].edges;
    Grid& grid = grids_[f];
    grid.start.assign(1, 0);
    if (edges.size() < 4 || edges.size() > 1000) continue;   // so few are looked through
    grid.low = edges.front();
    const double width = (edges.back() - edges.front()) / static_cast<double>(places);
    if (!std::isfinite(1 / width) || !std::isfinite(width)) continue;
    grid.scale = 1 / width;
    grid.start.assign(places, 0);
    // The place before a number's own: rounding may not start beyond its cell.
    for (std::size_t i = 2; i < places; ++i)
      grid.start[i] = static_cast<std::uint16_t>(features[f].cell(grid.low + width * static_cast<double>(i - 1)));
  }
  joints_.assign(blocks.size(), {});
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const MixtureBlock& block = blocks[b];
    const std::size_t all = block.features.size(), masks = std::size_t{1} << all;
    joints_[b].resize(masks);
    for (std::size_t mask = 0; mask < masks; ++mask) {
      if (all > few && mask + 1 != masks) continue;
      std::array<std::size_t, MixtureBlock::max_size> place{};
      std::size_t m = 0;
      for (std::size_t i = 0; i < all; ++i)
        if ((mask >> i & 1) != 0) place[m++] = i;
      if (m < 2) continue;
      Joint& joint = joints_[b][mask];
      joint.excess.resize(k * m * m);
      joint.half_log.resize(k);
      std::vector<double> l(m * m);
      for (std::size_t c = 0; c < k; ++c) {
        for (std::size_t i = 0; i < m; ++i)
          for (std::size_t j = 0; j < m; ++j) l[i * m + j] = block.correlation[(c * all + place[i]) * all + place[j]];
        if (!factor(l, m)) corrupted("A correlation matrix is not positive definite.");
        for (std::size_t i = 0; i < m; ++i) joint.half_log[c] += std::log(l[i * m + i]);
        invert_less_identity(l, m, std::span<double>(joint.excess).subspan(c * m * m, m * m));
      }
    }
  }
}

void Mixture::validate() const {
  const std::size_t k = log_weight.size();
  if (k == 0 && features.empty() && blocks.empty()) return;  // nothing learned: a model without cohorts
  if (k == 0 || k > most_clusters) corrupted("It has too few or too many clusters.");
  for (const double w : log_weight)
    if (!is_log_probability(w)) corrupted("A weight is not a probability.");
  for (const MixtureFeature& f : features) {
    if (f.kind != Kind::numeric && f.kind != Kind::binary && f.kind != Kind::categorical && f.kind != Kind::set)
      corrupted("A feature is of an unknown kind.");
    const auto levels = static_cast<std::size_t>(f.levels);
    if (f.levels < 0 || f.log_cluster.size() != levels * k || f.log_whole.size() != levels)
      corrupted("A feature's distributions do not have its size.");
    if (f.kind == Kind::numeric ? f.edges.size() + 1 != levels : !f.edges.empty())
      if (!(f.levels == 0 && f.edges.empty())) corrupted("A feature's cells do not have its size.");
    for (std::size_t i = 0; i < f.edges.size(); ++i)
      if (!std::isfinite(f.edges[i]) || (i > 0 && !(f.edges[i - 1] < f.edges[i])))
        corrupted("A feature's cells are not in order.");
    const bool set = f.kind == Kind::set;
    if (f.log_empty.size() != (set ? k : 0)) corrupted("A set's distributions do not have its size.");
    for (const double x : f.log_empty)
      if (!is_log_probability(x)) corrupted("A set's probability is not one.");
    for (const std::vector<double>* list : {&f.log_cluster, &f.log_whole})
      for (const double x : *list)
        if (set ? !std::isfinite(x) : !is_log_probability(x)) corrupted("A feature's probability is not one.");
  }
  std::vector<char> used(features.size(), 0);
  for (const MixtureBlock& b : blocks) {
    const std::size_t m = b.features.size();
    if (m < 2 || m > MixtureBlock::max_size || b.correlation.size() != k * m * m || b.scores.size() != m)
      corrupted("A block of numbers does not have its size.");
    for (std::size_t i = 0; i < m; ++i) {
      const auto f = static_cast<std::size_t>(b.features[i]);
      if (b.features[i] < 0 || f >= features.size() || features[f].kind != Kind::numeric || features[f].levels == 0 || used[f] != 0)
        corrupted("A block of numbers names a feature that it cannot have.");
      used[f] = 1;
      if (b.scores[i].size() != features[f].log_cluster.size()) corrupted("A block's scores do not have its size.");
      for (const double z : b.scores[i])
        if (!(std::abs(z) <= 40)) corrupted("A block's score is out of range.");
    }
    for (std::size_t c = 0; c < k; ++c) {
      std::vector<double> l(m * m);
      for (std::size_t i = 0; i < m; ++i)
        for (std::size_t j = 0; j < m; ++j) {
          l[i * m + j] = b.correlation[c * m * m + i * m + j];
          const double mirror = b.correlation[c * m * m + j * m + i];
          if (!(std::abs(l[i * m + j]) <= 1) || l[i * m + j] != mirror || (i == j && l[i * m + j] != 1))
            corrupted("A matrix is not one of correlations.");
        }
      if (!factor(l, m)) corrupted("A correlation matrix is not positive definite.");
    }
  }
}

std::vector<std::int32_t> assign_clusters(const Mixture& mixture, const Table& table, const Stop& stop) {
  const std::size_t k = mixture.log_weight.size(), columns = table.columns.size();
  std::vector<double> numbers(columns, 0), joint(k), size(k, 0);
  std::vector<std::int32_t> codes(columns, 0);
  std::vector<std::span<const std::int32_t>> sets(columns);
  std::vector<std::uint8_t> known(columns, 0);
  const EncodedRow view{numbers, codes, sets, known};
  std::vector<std::int32_t> labels(table.rows, 0);
  for (std::size_t r = 0; r < table.rows; ++r) {
    if (r % 1024 == 0) stop.poll();
    bool any = false;
    for (std::size_t f = 0; f < columns; ++f) {
      const TableColumn& column = table.columns[f];
      known[f] = column.missing(r) ? 0 : 1;
      if (known[f] == 0) continue;
      any = true;
      if (column.kind == Kind::numeric) numbers[f] = column.numbers[r];
      else if (column.kind == Kind::set) sets[f] = column.set_of(r);
      else codes[f] = column.codes[r];
    }
    if (!any) continue;
    mixture.log_joint(view, joint);
    std::size_t best = 0;
    for (std::size_t c = 1; c < k; ++c)
      if (joint[c] > joint[best]) best = c;
    labels[r] = static_cast<std::int32_t>(best) + 1;
    size[best] += table.weight_of(r);
  }
  std::vector<std::size_t> order(k);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return size[a] > size[b]; });
  std::vector<std::int32_t> label(k + 1, 0);
  for (std::size_t i = 0; i < k; ++i) label[order[i] + 1] = static_cast<std::int32_t>(i) + 1;
  for (std::int32_t& l : labels) l = label[static_cast<std::size_t>(l)];
  return labels;
}

}  // namespace icp
