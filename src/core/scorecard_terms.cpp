#include "scorecard_terms.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <boost/math/distributions/chi_squared.hpp>

namespace icp::card {

namespace {

constexpr std::size_t most_parameters = 600, fewest_parameters = 100, rows_a_parameter = 2;   // about so many in all
constexpr std::size_t most_bins = 32, fewest_bins = 8, rows_a_bin = 10;
constexpr std::size_t few_categories = 64, most_categories = 250, rows_a_category = 50;   // of one column; the others share a bin
constexpr std::size_t most_items = 40;         // of one set, the most frequent
constexpr std::size_t pair_groups = 6;
constexpr std::size_t pair_columns = 40;       // the most telling ones are looked at for interactions

// A number between a and b (above a, at most b; scaled) that is short in raw units.
double short_bound(const Feature& f, double a, double b) {
  const double low = f.raw(a), high = f.raw(b), middle = low + (high - low) / 2;
  if (middle == 0) return f.scaled(0);
  const double size = std::floor(std::log10(std::abs(middle)));
  for (int digits = 1; digits <= 15; ++digits) {
    // By a whole power of ten, so that the bound is the very number that is printed.
    const double places = digits - 1 - size, power = std::pow(10.0, std::abs(places));
    const double z = f.scaled(places > 0 ? std::nearbyint(middle * power) / power : std::nearbyint(middle / power) * power);
    if (z > a && z <= b) return z;
  }
  return b;
}

void cut_numbers(const Table& table, const Encoder& encoder, CardColumn& column, std::size_t most, const Stop& stop) {
  const TableColumn& c = table.columns[column.feature];
  std::vector<double> known;
  for (const double z : c.numbers)
    if (!std::isnan(z)) known.push_back(z);
  sort(known.begin(), known.end(), stop);
  const std::size_t bins = std::clamp(known.size() / rows_a_bin, std::size_t{4}, most);
  const Feature& f = encoder.features[column.feature];
  // A cut wherever enough rows lie below; a number that holds many rows is a bin of its own.
  std::size_t begun = 0, left = bins;
  for (std::size_t i = 1; i < known.size() && left > 1; ++i) {
    if (known[i] == known[i - 1]) continue;
    const std::size_t share = (known.size() - begun) / left;
    std::size_t next = i;
    while (next < known.size() && known[next] == known[i]) ++next;
    // The next number would take the bin further beyond its share than it is short of it now.
    if (i - begun < share && (next - begun <= share || next - begun - share < share - (i - begun))) continue;
    column.edges.push_back(short_bound(f, known[i - 1], known[i]));
    begun = i;
    --left;
  }
  column.bins = static_cast<std::uint16_t>(column.edges.size() + 1);
}

// As many categories as the rows can tell apart and all columns have room for.
std::size_t categories_told(const Table& table, const Encoder& encoder) {
  std::size_t most = std::clamp(table.rows / rows_a_category, few_categories, most_categories);
  const auto total = [&] {
    std::size_t sum = 0;
    for (const Feature& f : encoder.features)
      if (f.kind == Kind::categorical) sum += std::min(f.categories.size(), most);
    return sum;
  };
  while (most > few_categories && total() > most_parameters) most = std::max(few_categories, most * 3 / 4);
  return most;
}

void place_categories(const Table& table, CardColumn& column, std::size_t most) {
  const TableColumn& c = table.columns[column.feature];
  std::vector<std::size_t> n(static_cast<std::size_t>(c.categories), 0), order(n.size());
  for (const auto code : c.codes)
    if (code != missing_category) ++n[static_cast<std::size_t>(code)];
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (n.size() > most) std::stable_sort(order.begin(), order.end(), [&n](auto a, auto b) { return n[a] > n[b]; });
  column.category_bin.resize(n.size());
  for (std::size_t i = 0; i < order.size(); ++i) column.category_bin[order[i]] = static_cast<std::uint16_t>(std::min(i, most - 1));
  column.bins = static_cast<std::uint16_t>(std::min(n.size(), most));
}

}  // namespace

Binned bin_rows(const Table& table, const Encoder& encoder, const Stop& stop) {
  Binned out;
  const std::size_t categories = categories_told(table, encoder);
  std::size_t numbers = 0, others = 0;
  for (const Feature& f : encoder.features) {
    if (f.kind == Kind::numeric) ++numbers;
    else others += std::min(f.categories.size(), f.kind == Kind::set ? 2 * most_items : categories) + 1;
  }
  const std::size_t parameters = std::clamp(table.rows / rows_a_parameter, fewest_parameters, most_parameters);
  const std::size_t bins = std::clamp((parameters - std::min(parameters, others)) / std::max<std::size_t>(1, numbers), fewest_bins, most_bins);
  for (std::uint32_t f = 0; f < encoder.features.size(); ++f) {
    stop.poll();
    CardColumn column;
    column.feature = f;
    if (encoder.features[f].kind == Kind::numeric) {
      cut_numbers(table, encoder, column, bins, stop);
    } else if (encoder.features[f].kind != Kind::set) {
      place_categories(table, column, categories);
    } else {
      std::vector<std::size_t> n(encoder.features[f].categories.size(), 0), order(n.size());
      for (const auto item : table.columns[f].items) ++n[static_cast<std::size_t>(item)];
      std::iota(order.begin(), order.end(), std::size_t{0});
      std::stable_sort(order.begin(), order.end(), [&n](auto a, auto b) { return n[a] > n[b]; });
      for (std::size_t i = 0; i < std::min(order.size(), most_items); ++i) {
        column.item = static_cast<std::int32_t>(order[i]);
        column.bins = 2;
        out.columns.push_back(column);
      }
      continue;
    }
    out.columns.push_back(std::move(column));
  }
  for (const CardColumn& column : out.columns) {
    stop.poll();
    const TableColumn& c = table.columns[column.feature];
    std::vector<std::uint16_t> bin(table.rows);
    for (std::size_t r = 0; r < table.rows; ++r) bin[r] = column.bin(c, r);
    std::vector<double> middle;
    if (c.kind == Kind::numeric) {
      std::vector<double> n(column.bins, 0);
      middle.assign(column.bins, 0);
      for (std::size_t r = 0; r < table.rows; ++r) {
        if (bin[r] == column.bins) continue;
        middle[bin[r]] += c.numbers[r];
        n[bin[r]] += 1;
      }
      for (std::size_t b = 0; b < middle.size(); ++b) middle[b] /= std::max(1.0, n[b]);
    }
    out.bin.push_back(std::make_shared<const std::vector<std::uint16_t>>(std::move(bin)));
    out.middle.push_back(std::move(middle));
  }
  return out;
}

Term main_term(const Binned& rows, std::uint32_t column, bool speaks) {
  Term t;
  t.columns = {column};
  t.cells = static_cast<std::size_t>(rows.columns[column].bins) + 1;
  std::vector<std::uint16_t> own(t.cells);
  std::iota(own.begin(), own.end(), std::uint16_t{0});
  t.group = {std::move(own)};
  t.mute.assign(t.cells, 0);
  t.mute.back() = speaks ? 0 : 1;
  t.cell = rows.bin[column];
  t.middle = rows.middle[column];
  if (!t.middle.empty()) {
    double n = 0, sum = 0, squares = 0;
    for (const auto b : *t.cell) {
      if (b >= t.middle.size()) continue;
      n += 1;
      sum += t.middle[b];
    }
    const double mean = sum / std::max(1.0, n);
    for (const auto b : *t.cell)
      if (b < t.middle.size()) squares += (t.middle[b] - mean) * (t.middle[b] - mean);
    const double sd = std::sqrt(squares / std::max(1.0, n));
    for (double& m : t.middle) m = sd > 0 ? (m - mean) / sd : 0;
  }
  return t;
}

namespace {

// Few groups of the bins of a column: neighbours of numbers, the most frequent categories and the others; the last is
// "not known".
std::vector<std::uint16_t> pair_group(const Binned& rows, std::uint32_t column) {
  const CardColumn& c = rows.columns[column];
  std::vector<std::size_t> n(static_cast<std::size_t>(c.bins) + 1, 0);
  for (const auto b : *rows.bin[column]) ++n[b];
  std::vector<std::uint16_t> group(n.size(), 0);
  std::uint16_t next = 0;
  if (!rows.middle[column].empty()) {
    const std::size_t known = rows.bin[column]->size() - n.back();
    std::size_t begun = 0, below = 0;
    std::size_t left = pair_groups;
    for (std::size_t b = 0; b < c.bins; ++b) {
      if (b > 0 && left > 1 && below - begun > 0 && below - begun + n[b] / 2 >= (known - begun) / left) {
        ++next;
        begun = below;
        --left;
      }
      group[b] = next;
      below += n[b];
    }
    ++next;
  } else {
    std::vector<std::size_t> order(c.bins);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&n](auto a, auto b) { return n[a] > n[b]; });
    for (std::size_t i = 0; i < order.size(); ++i) group[order[i]] = static_cast<std::uint16_t>(std::min(i, pair_groups - 1));
    next = static_cast<std::uint16_t>(std::min<std::size_t>(c.bins, pair_groups));
  }
  group.back() = next;
  return group;
}

}  // namespace

Term pair_term(const Binned& rows, std::uint32_t first, std::uint32_t second, const std::vector<bool>& speaks) {
  Term t;
  t.columns = {first, second};
  t.group = {pair_group(rows, first), pair_group(rows, second)};
  const std::size_t height = static_cast<std::size_t>(t.group[0].back()) + 1;
  t.width = static_cast<std::uint32_t>(t.group[1].back()) + 1;
  t.cells = height * t.width;
  t.mute.assign(t.cells, 0);
  for (std::size_t i = 0; i < t.cells; ++i)
    if ((!speaks[first] && i / t.width == height - 1) || (!speaks[second] && i % t.width == t.width - 1)) t.mute[i] = 1;
  const auto &a = *rows.bin[first], &b = *rows.bin[second];
  std::vector<std::uint16_t> cell(a.size());
  for (std::size_t r = 0; r < cell.size(); ++r) cell[r] = static_cast<std::uint16_t>(t.group[0][a[r]] * t.width + t.group[1][b[r]]);
  t.cell = std::make_shared<const std::vector<std::uint16_t>>(std::move(cell));
  return t;
}

std::vector<std::pair<std::uint32_t, std::uint32_t>> find_pairs(const Binned& rows, const Problem& p, const Solution& s, std::size_t most, const std::vector<bool>& speaks,
                                                                const Stop& stop) {
  // The working residual and weight of every row.
  std::vector<double> residual(p.rows.size()), information(p.rows.size());
  Pace pace(stop);
  double squares = 0, n = 0;
  for (std::size_t i = 0; i < p.rows.size(); ++i) {
    pace.step();
    const std::uint32_t r = p.rows[i];
    const double at = s.at(p.terms, r), mean = p.logistic ? probability_of(at) : at;
    residual[i] = p.weight[r] * (p.target[r] - mean);
    information[i] = p.weight[r] * (p.logistic ? mean * (1 - mean) : 1);
    squares += p.weight[r] * (p.target[r] - mean) * (p.target[r] - mean);
    n += p.weight[r];
  }
  const double variance = p.logistic ? 1 : squares / n;
  std::vector<std::uint32_t> columns;
  for (const Term* t : p.terms)
    if (t->columns.size() == 1) columns.push_back(t->columns[0]);
  if (columns.size() > pair_columns) {
    std::vector<double> size(rows.columns.size(), 0);
    for (std::size_t t = 0; t < p.terms.size(); ++t) size[p.terms[t]->columns[0]] = s.effective[t];
    std::stable_sort(columns.begin(), columns.end(), [&size](auto a, auto b) { return size[a] > size[b]; });
    columns.resize(pair_columns);
    std::sort(columns.begin(), columns.end());
  }
  struct Candidate {
    double p;
    std::pair<std::uint32_t, std::uint32_t> columns;
  };
  std::vector<Candidate> found;
  double looked = 0;
  for (std::size_t i = 0; i < columns.size(); ++i)
    for (std::size_t j = i + 1; j < columns.size(); ++j) {
      stop.poll();
      if (rows.columns[columns[i]].feature == rows.columns[columns[j]].feature) continue;
      const Term t = pair_term(rows, columns[i], columns[j], speaks);
      std::vector<double> r(t.cells, 0), w(t.cells, 0);
      for (std::size_t k = 0; k < p.rows.size(); ++k) {
        const auto c = (*t.cell)[p.rows[k]];
        r[c] += residual[k];
        w[c] += information[k];
      }
      double q = 0;
      std::vector<std::uint8_t> row(t.cells / t.width, 0), column(t.width, 0);
      double filled = 0;
      for (std::size_t c = 0; c < t.cells; ++c) {
        if (!(w[c] > 0) || t.mute[c] != 0) continue;
        // A cell of few rows is not normal: it counts as if it held one more of information.
        q += r[c] * r[c] / ((w[c] + (p.logistic ? 1 : 0)) * variance);
        filled += 1;
        row[c / t.width] = column[c % t.width] = 1;
      }
      const double freedom = filled - static_cast<double>(std::count(row.begin(), row.end(), 1) + std::count(column.begin(), column.end(), 1)) + 1;
      if (freedom < 1) continue;
      looked += 1;
      found.push_back({boost::math::cdf(boost::math::complement(boost::math::chi_squared_distribution<double>(freedom), q)), {columns[i], columns[j]}});
    }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.p < b.p; });
  std::vector<std::pair<std::uint32_t, std::uint32_t>> out;
  for (const Candidate& c : found)
    if (out.size() < most && c.p * looked < 0.5) out.push_back(c.columns);
  return out;
}

double correlation_within(std::span<const double> residual, std::span<const double> count, std::span<const std::uint32_t> company, std::size_t companies) {
  std::vector<double> sum(companies, 0), squares(companies, 0), n(companies, 0);
  double rows = 0, all = 0, products = 0, pairs = 0;
  for (std::size_t i = 0; i < residual.size(); ++i) {
    sum[company[i]] += count[i] * residual[i];
    squares[company[i]] += count[i] * residual[i] * residual[i];
    n[company[i]] += count[i];
    all += count[i] * residual[i] * residual[i];
    rows += count[i];
  }
  for (std::size_t c = 0; c < companies; ++c) {
    products += (sum[c] * sum[c] - squares[c]) / 2;
    pairs += n[c] * (n[c] - 1) / 2;
  }
  return pairs > 0 && all > 0 ? std::clamp(products / pairs / (all / rows), 0.0, 1.0) : 0;
}

}  // namespace icp::card
