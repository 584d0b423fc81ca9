#include "association_space.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace icp::associations {

namespace {

constexpr int fifths = 5, thirds = 3;
constexpr std::size_t most_cells = 50;        // categories beyond the most frequent are one cell
constexpr std::size_t most_coarse_cells = 6;
constexpr std::size_t most_variables = 200;   // items of sets beyond the most frequent are left out
constexpr std::int64_t fewest_companies = 5;  // of a cell of rare categories

std::uint8_t part(const std::vector<double>& cuts, double x) {
  return static_cast<std::uint8_t>(std::upper_bound(cuts.begin(), cuts.end(), x) - cuts.begin());
}

class Builder {
 public:
  Builder(Field& field, const Dataset& data, const Encoder& encoder, const Stop& stop)
      : f_(field), data_(data), table_(encoder.encode(data, field.rows.row, stop)), encoder_(encoder), stop_(stop) {}

  void add(std::size_t feature) {
    const TableColumn& column = table_.columns[feature];
    if (column.kind == Kind::numeric) numeric(feature, column);
    else if (column.kind == Kind::set) set(feature, column);
    else categorical(feature, column);
  }

  void finish() {
    // Items of sets can be many: the most frequent stay.
    std::vector<std::size_t> order(items_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return items_[a].second > items_[b].second; });
    order.resize(std::min(order.size(), most_variables - std::min(most_variables, f_.variables.size())));
    std::sort(order.begin(), order.end());
    for (const std::size_t i : order) item(items_[i].first.first, items_[i].first.second);
    std::stable_sort(f_.variables.begin(), f_.variables.end(), [](const Variable& a, const Variable& b) { return a.feature < b.feature; });
  }

 private:
  void numeric(std::size_t feature, const TableColumn& column) {
    std::vector<double> known;
    for (const double x : column.numbers)
      if (!std::isnan(x)) known.push_back(x);
    Variable v;
    v.feature = feature;
    v.numeric = true;
    const std::vector<double> fine = rules::cuts_of(known, fifths, stop_), coarse = rules::cuts_of(known, thirds, stop_);
    for (const double x : column.numbers) {
      v.cell.push_back(std::isnan(x) ? no_cell : part(fine, x));
      v.coarse.push_back(std::isnan(x) ? no_cell : part(coarse, x));
    }
    v.cells = fine.size() + 1;
    v.coarse_cells = coarse.size() + 1;
    v.rank = mid_ranks(column.numbers);
    keep(std::move(v));
  }

  void categorical(std::size_t feature, const TableColumn& column) {
    const DataColumn* raw = data_.find(encoder_.features[feature].name);
    std::vector<std::int32_t> codes = column.codes;
    // Known but rare: one category more.
    for (std::size_t r = 0; r < codes.size(); ++r)
      if (codes[r] == missing_category && raw != nullptr && raw->known[f_.rows.row[r]] != 0) codes[r] = column.categories;
    Variable v;
    v.feature = feature;
    group(codes, column.categories, most_cells, v.cell, v.category);
    v.cells = v.category.size();
    std::vector<std::int32_t> coarse, few(v.cell.size());
    for (std::size_t r = 0; r < few.size(); ++r) few[r] = v.cell[r] == no_cell ? missing_category : v.cell[r];
    group(few, static_cast<std::int32_t>(v.cells), most_coarse_cells, v.coarse, coarse);
    v.coarse_cells = coarse.size();
    keep(std::move(v));
  }

  // The most frequent of 0..categories-1 as cells of their own, all others (the code `categories` too) as one, left out
  // where it is of too few companies.
  void group(const std::vector<std::int32_t>& codes, std::int32_t categories, std::size_t most, std::vector<std::uint8_t>& cell,
             std::vector<std::int32_t>& category) const {
    const auto all = static_cast<std::size_t>(categories);
    std::vector<double> count(all + 1, 0);
    for (const std::int32_t c : codes)
      if (c >= 0) count[static_cast<std::size_t>(c)] += 1;
    std::vector<std::size_t> order;
    for (std::size_t k = 0; k < all; ++k)
      if (count[k] > 0) order.push_back(k);
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return count[a] > count[b]; });
    const bool cut = order.size() + (count[all] > 0 ? 1 : 0) > most;
    if (cut) order.resize(most - 1);
    std::sort(order.begin(), order.end());
    std::vector<std::uint8_t> to(all + 1, no_cell);
    for (std::size_t i = 0; i < order.size(); ++i) {
      to[order[i]] = static_cast<std::uint8_t>(i);
      category.push_back(static_cast<std::int32_t>(order[i]));
    }
    std::int64_t rare = 0;
    std::int32_t last = no_company - 1;
    for (std::size_t r = 0; r < codes.size(); ++r) {
      if (codes[r] < 0 || to[static_cast<std::size_t>(codes[r])] != no_cell || f_.rows.company[r] == last) continue;
      last = f_.rows.company[r];
      ++rare;
    }
    if (rare >= fewest_companies) {
      for (std::uint8_t& k : to)
        if (k == no_cell) k = static_cast<std::uint8_t>(category.size());
      category.push_back(-1);
    }
    cell.reserve(codes.size());
    for (const std::int32_t c : codes) cell.push_back(c < 0 ? no_cell : to[static_cast<std::size_t>(c)]);
  }

  void set(std::size_t feature, const TableColumn& column) {
    std::vector<std::size_t> count(static_cast<std::size_t>(column.categories), 0);
    for (const std::int32_t i : column.items) ++count[static_cast<std::size_t>(i)];
    for (std::size_t k = 0; k < count.size(); ++k) items_.push_back({{feature, static_cast<std::int32_t>(k)}, count[k]});
  }
  void item(std::size_t feature, std::int32_t k) {
    const TableColumn& column = table_.columns[feature];
    Variable v;
    v.feature = feature;
    v.item = k;
    for (std::size_t r = 0; r < table_.rows; ++r) {
      const auto items = column.set_of(r);
      v.cell.push_back(column.missing(r) ? no_cell : std::binary_search(items.begin(), items.end(), k) ? 1 : 0);
    }
    v.cells = v.coarse_cells = 2;
    v.category = {0, 1};
    v.coarse = v.cell;
    keep(std::move(v));
  }

  // Counts what is known; what has one value only is no variable.
  void keep(Variable v) {
    std::vector<double> counts(v.coarse_cells, 0);
    std::int32_t last = no_company - 1;
    for (std::size_t r = 0; r < v.cell.size(); ++r) {
      if (v.cell[r] == no_cell) continue;
      ++v.n;
      counts[v.coarse[r]] += 1;
      if (f_.rows.company[r] != last) ++v.companies;
      last = f_.rows.company[r];
    }
    if (std::count_if(counts.begin(), counts.end(), [](double c) { return c > 0; }) < 2) return;
    v.spread = entropy(counts) * static_cast<double>(v.n);
    f_.variables.push_back(std::move(v));
  }

  Field& f_;
  const Dataset& data_;
  Table table_;
  const Encoder& encoder_;
  const Stop& stop_;
  std::vector<std::pair<std::pair<std::size_t, std::int32_t>, std::size_t>> items_;  // feature and item, rows
};

}  // namespace

std::vector<double> mid_ranks(std::span<const double> values) {
  std::vector<std::uint32_t> order;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isnan(values[i])) order.push_back(static_cast<std::uint32_t>(i));
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return values[a] != values[b] ? values[a] < values[b] : a < b; });
  std::vector<double> rank(values.size(), 0);
  const double n = static_cast<double>(order.size());
  for (std::size_t i = 0; i < order.size();) {
    std::size_t j = i;
    while (j < order.size() && values[order[j]] == values[order[i]]) ++j;
    for (std::size_t k = i; k < j; ++k) rank[order[k]] = static_cast<double>(i + j) / (2 * n) - 0.5;
    i = j;
  }
  return rank;
}

double entropy(std::span<const double> counts) {
  double n = 0, h = 0;
  for (const double c : counts) n += c;
  for (const double c : counts)
    if (c > 0) h -= c / n * std::log(c / n);
  return h;
}

Field make_field(const Dataset& data, const Encoder& encoder, std::span<const std::uint32_t> rows, std::span<const double> target,
                 const Stop& stop) {
  Field f;
  f.rows = rules::lay_out(data, rows, target, stop);
  const std::vector<double>& y = f.rows.target;
  f.binary = std::all_of(y.begin(), y.end(), [](double v) { return v == 0 || v == 1; });
  // Squares of large numbers are out of range: sums are taken in units of the largest.
  double largest = 0;
  for (const double v : y) largest = std::max(largest, std::abs(v));
  const double n = static_cast<double>(y.size()), unit = largest > 0 ? largest : 1;
  double sum = 0;
  for (const double v : y) sum += v / unit;
  const double mean = n > 0 ? sum / n : 0;
  sum = 0;
  for (const double v : y) sum += (v / unit - mean) * (v / unit - mean);
  f.mean = mean * unit;
  f.deviation = n > 0 ? std::sqrt(sum / n) * unit : 0;
  if (!(f.deviation > 1e-12 * std::abs(f.mean)) || !(f.deviation > 0)) {
    f.deviation = 0;
    return f;
  }
  const std::vector<double> cuts = f.binary ? std::vector<double>{0.5} : rules::cuts_of(y, fifths, stop);
  f.bins = cuts.size() + 1;
  std::vector<double> counts(f.bins, 0);
  for (const double v : y) {
    f.bin.push_back(part(cuts, v));
    counts[f.bin.back()] += 1;
  }
  f.entropy = entropy(counts);
  f.rank = mid_ranks(y);
  Builder builder(f, data, encoder, stop);
  for (std::size_t i = 0; i < encoder.features.size(); ++i) {
    stop.poll();
    builder.add(i);
  }
  builder.finish();
  return f;
}

}  // namespace icp::associations
