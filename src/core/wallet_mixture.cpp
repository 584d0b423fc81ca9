#include "wallet_mixture.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

namespace icp::wallet {

namespace {

constexpr int halvings = 45;                       // of the range of a quantile
constexpr double enough = 20;                      // clients of whom something is not known, to learn what that says

std::vector<std::uint32_t> even_clients(std::span<const std::uint32_t> order, std::span<const double> weight) {
  const std::size_t clients = std::min(order.size(), WalletStandIn::most_clients);
  double total = 0, passed = 0;
  for (const std::uint32_t r : order) total += weight[r];
  std::vector<std::uint32_t> out;
  for (const std::uint32_t r : order) {
    passed += weight[r];
    while (out.size() < clients && passed >= total * (static_cast<double>(out.size()) + 0.5) / static_cast<double>(clients)) out.push_back(r);
  }
  while (out.size() < clients) out.push_back(order.back());
  return out;
}

// What a row is by a feature: a number, a category or items; nothing where it is not known. `from`, `to`: columns of the feature.
using Told = std::optional<std::vector<double>>;
Told told_of(const FineBins& rows, std::size_t from, std::size_t to, std::uint32_t row) {
  const CardColumn& first = rows.columns[from];
  const std::uint8_t bin = rows.at(row, from);
  if (bin >= first.bins) return {};
  if (first.item < 0 && first.category_bin.empty()) return std::vector<double>{rows.middle[from][bin]};
  if (first.item < 0) return std::vector<double>{static_cast<double>(std::find(first.category_bin.begin(), first.category_bin.end(), bin) - first.category_bin.begin())};
  std::vector<double> items;
  for (std::size_t c = from; c < to; ++c)
    if (rows.at(row, c) == 1) items.push_back(rows.columns[c].item);
  std::sort(items.begin(), items.end());
  return items;
}

}  // namespace

double at_share(const std::vector<double>& quantiles, double share) {
  const double x = std::clamp(share, 0.0, 1.0) * static_cast<double>(quantiles.size() - 1);
  const auto i = std::min(static_cast<std::size_t>(x), quantiles.size() - 2);
  return quantiles[i] + (quantiles[i + 1] - quantiles[i]) * (x - static_cast<double>(i));
}

double share_of(const std::vector<double>& quantiles, double value) {
  const auto above = std::upper_bound(quantiles.begin(), quantiles.end(), value);
  if (above == quantiles.begin()) return 0;
  if (above == quantiles.end()) return 1;
  const auto i = static_cast<double>(above - quantiles.begin() - 1);
  return (i + (value - above[-1]) / (*above - above[-1])) / static_cast<double>(quantiles.size() - 1);
}

double WalletMixture::below(double value, double WalletPart::* place, double score) const {
  double sum = 0, total = 0;
  for (const WalletPart& p : parts_) {
    sum += p.weight * share_of(scores_, score + (value - p.*place) / p.spread);
    total += p.weight;
  }
  return sum / total;
}

double WalletMixture::solve(double share, double WalletPart::* place, double score) const {
  share = std::min(share, 1.0);
  const double own = at_share(scores_, share) - score;
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (const WalletPart& p : parts_) {
    low = std::min(low, p.*place + p.spread * own);
    high = std::max(high, p.*place + p.spread * own);
  }
  // The quantile of a mixture is between those of its parts.
  if (parts_.size() == 1 || !(low < high)) return high;
  for (int i = 0; i < halvings; ++i) {
    const double middle = low + (high - low) / 2;
    (below(middle, place, score) < share ? low : high) = middle;
  }
  return high;
}

std::vector<WalletStandIn> learn_stand_ins(const FineBins& rows, const Encoder& encoder, const std::vector<bool>& used,
                                           std::span<const std::uint32_t> order, std::span<const double> weight) {
  std::vector<WalletStandIn> out;
  const std::vector<std::uint32_t> clients = even_clients(order, weight);
  for (std::size_t from = 0, to = 0; from < rows.columns.size(); from = to) {
    const CardColumn& column = rows.columns[from];
    while (to < rows.columns.size() && rows.columns[to].feature == column.feature) ++to;
    if (!used[column.feature]) continue;
    WalletStandIn s;
    s.feature = column.feature;
    if (encoder.features[s.feature].kind == Kind::categorical || encoder.features[s.feature].kind == Kind::binary)
      for (const std::uint16_t bin : column.category_bin) s.told.push_back(column.n[bin] > 0 ? 1 : 0);
    s.told.push_back(column.n.back() >= enough ? 1 : 0);
    if (std::count(s.told.begin(), s.told.end(), 0) == 0) continue;
    std::map<std::vector<double>, std::uint16_t> place;
    for (const std::uint32_t r : clients)
      if (auto told = told_of(rows, from, to, r)) place.emplace(std::move(*told), 0);
    for (auto& [value, at] : place) {
      at = static_cast<std::uint16_t>(s.values.size());
      s.values.push_back(value);
    }
    for (const std::uint32_t r : clients) {
      const auto told = told_of(rows, from, to, r);
      s.value.push_back(told ? place.at(*told) : static_cast<std::uint16_t>(s.values.size()));
    }
    out.push_back(std::move(s));
  }
  return out;
}

bool is_told(const WalletStandIn& s, const EncodedRow& row) {
  if (row.known[s.feature] == 0) return s.told.back() != 0;
  return s.told.size() == 1 || s.told[static_cast<std::size_t>(row.codes[s.feature])] != 0;
}

void choose_stand_ins(std::span<const WalletStandIn> all, std::span<const std::uint32_t> unknown, std::vector<StandIn>& out) {
  out.clear();
  if (unknown.empty()) return out.push_back({});
  const auto clients = static_cast<std::uint32_t>(all[unknown.front()].value.size());
  for (std::uint32_t c = 0; c < clients; ++c) out.push_back({c, 1});
  const auto compare = [&](const StandIn& a, const StandIn& b) {
    for (const std::uint32_t u : unknown)
      if (const auto x = all[u].value[a.client], y = all[u].value[b.client]; x != y) return x < y ? -1 : 1;
    return 0;
  };
  std::sort(out.begin(), out.end(), [&](const StandIn& a, const StandIn& b) {
    const int order = compare(a, b);
    return order != 0 ? order < 0 : a.client < b.client;
  });
  std::size_t kept = 0;
  for (std::size_t i = 1; i < out.size(); ++i) {
    if (compare(out[kept], out[i]) == 0) out[kept].weight += 1;
    else out[++kept] = out[i];
  }
  out.resize(kept + 1);
}

void stand_in(const WalletStandIn& s, std::uint32_t client, Kind kind, EncodedBuffer& row) {
  const std::size_t value = s.value[client], f = s.feature;
  row.known[f] = value < s.values.size() ? 1 : 0;
  if (row.known[f] == 0) {
    row.numbers[f] = missing_number;
    row.codes[f] = missing_category;
    return;
  }
  const std::vector<double>& v = s.values[value];
  if (kind == Kind::numeric) row.numbers[f] = v.front();
  else if (kind != Kind::set) row.codes[f] = static_cast<std::int32_t>(v.front());
  else {
    row.items[f].clear();
    for (const double item : v) row.items[f].push_back(static_cast<std::int32_t>(item));
    row.sets[f] = row.items[f];
  }
}

}  // namespace icp::wallet
