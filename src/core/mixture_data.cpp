#include "core/mixture_data.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <string>

#include "icp/hash.hpp"

namespace icp::mixture {

namespace {

constexpr std::size_t even_cells = 56;   // for values without repetition; with masses of their own 64 in all
constexpr std::size_t most_cells = 64;
constexpr std::size_t most_masses = 4;

struct Keyed {
  Hash128 hash;
  double weight;
  std::uint32_t row;
};

void append(std::string& out, std::uint64_t v) { out.append(reinterpret_cast<const char*>(&v), sizeof v); }

// A row's content without regard to its place; empty when nothing is known.
bool content(const Table& table, std::size_t r, std::string& out) {
  out.clear();
  bool any = false;
  for (const TableColumn& column : table.columns) {
    if (column.missing(r)) {
      append(out, ~std::uint64_t{0});
      continue;
    }
    any = true;
    switch (column.kind) {
      case Kind::numeric: append(out, std::bit_cast<std::uint64_t>(column.numbers[r] == 0 ? 0.0 : column.numbers[r])); break;
      case Kind::set: {
        const auto items = column.set_of(r);
        append(out, items.size());
        for (const std::int32_t i : items) append(out, static_cast<std::uint64_t>(i));
        break;
      }
      default: append(out, static_cast<std::uint64_t>(column.codes[r]));
    }
  }
  return any;
}

// Distinct rows of the smallest hashes: a sample that does not depend on the rows' order.
std::vector<Keyed> choose_rows(const Table& table, const MixtureOptions& options, const Stop& stop) {
  std::vector<Keyed> rows;
  rows.reserve(std::min(table.rows, 2 * options.fit_rows + 1));
  const auto before = [](const Keyed& a, const Keyed& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.weight != b.weight ? a.weight < b.weight : a.row < b.row;
  };
  std::string bytes;
  Hash128 bound{~std::uint64_t{0}, ~std::uint64_t{0}};
  // Keeps the copies of the fit_rows smallest hashes; copies are merged whenever the list is shortened.
  const auto shorten = [&] {
    sort(rows.begin(), rows.end(), stop, before);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < rows.size();) {
      Keyed row = rows[i];
      for (++i; i < rows.size() && rows[i].hash == row.hash; ++i) row.weight += rows[i].weight;
      rows[kept++] = row;
    }
    rows.resize(kept);
    if (rows.size() >= options.fit_rows) {
      rows.resize(options.fit_rows);
      bound = rows.back().hash;
    }
  };
  for (std::size_t r = 0; r < table.rows; ++r) {
    if (r % 1024 == 0) stop.poll();
    const double weight = table.weight_of(r);
    if (!(weight > 0)) continue;
    if (!content(table, r, bytes)) continue;
    const Hash128 hash = hash128(bytes, options.seed);
    if (bound < hash) continue;
    rows.push_back({hash, weight, static_cast<std::uint32_t>(r)});
    if (rows.size() > 2 * options.fit_rows) shorten();
  }
  shorten();
  return rows;
}

double shrink(double count, double total, double prior) { return (count + prior) / (total + 1); }

// Prior counts of a multinomial: a total that grows slowly with the levels, spread as the whole is (a smoothing towards
// the whole, and the Dirichlet prior of its integrated likelihood).
void set_prior(Unit& unit, std::span<const double> share, double total) {
  unit.prior_total = total;
  unit.prior.clear();
  unit.prior_gamma.clear();
  for (const double s : share) {
    unit.prior.push_back(total * s);
    unit.prior_gamma.push_back(std::lgamma(total * s));
  }
}

// Cuts a number's distinct values into cells: every value its own when there are few; otherwise halfway between equal
// counts and equal widths, so that neither a long tail nor a narrow group loses its shape; repeated values that carry
// much weight stand alone.
void cut(Unit& unit, std::vector<double>& edges, std::vector<std::pair<double, double>>& values, const Stop& stop) {
  sort(values.begin(), values.end(), stop);
  std::size_t kept = 0;
  double total = 0;
  for (std::size_t i = 0; i < values.size();) {
    auto v = values[i];
    for (++i; i < values.size() && values[i].first == v.first; ++i) v.second += values[i].second;
    total += v.second;
    values[kept++] = v;
  }
  values.resize(kept);
  if (kept == 0) return;

  std::vector<std::uint8_t> mass(kept, 0);
  {
    // A value stands out when it carries much more than its neighbours; the end of the range, when it carries much.
    std::vector<std::pair<double, std::size_t>> standing;
    for (std::size_t i = 0; i < kept; ++i) {
      const double w = values[i].second;
      const bool end = i == 0 || i + 1 == kept;
      double near = 0;
      int count = 0;
      for (std::size_t d = 1; d <= 2; ++d) {
        if (i >= d) near += values[i - d].second, ++count;
        if (i + d < kept) near += values[i + d].second, ++count;
      }
      near /= std::max(count, 1);
      if (w >= (end ? 0.03 : 0.05) * total && (end ? w >= 5 : w >= 3 * near)) standing.emplace_back(-w, i);
    }
    std::sort(standing.begin(), standing.end());
    for (std::size_t j = 0; j < std::min(most_masses, standing.size()); ++j) mass[standing[j].second] = 1;
  }

  std::vector<std::size_t> cell(kept);
  std::size_t cells = 0;
  if (kept <= most_cells) {
    for (std::size_t i = 0; i < kept; ++i) cell[i] = cells++;
  } else {
    double free_total = 0;
    for (std::size_t i = 0; i < kept; ++i) free_total += mass[i] != 0 ? 0 : values[i].second;
    // The linear scale spans the middle 98 %; the tails are told apart by their counts.
    double low = values.front().first, high = values.back().first, run = 0;
    for (std::size_t i = 0; i < kept; ++i) {
      if (mass[i] != 0) continue;
      if (run <= 0.01 * free_total) low = values[i].first;
      if (run <= 0.99 * free_total) high = values[i].first;
      run += values[i].second;
    }
    const double width = high > low ? high - low : 1;
    run = 0;
    std::size_t last = 0;
    for (std::size_t i = 0; i < kept; ++i) {
      double u = 0.5 * (run + 0.5 * values[i].second) / free_total;
      u += 0.5 * std::clamp((values[i].first - low) / width, 0.0, 1.0);
      if (mass[i] == 0) run += values[i].second;
      const std::size_t at = mass[i] != 0 ? last : std::min(even_cells - 1, static_cast<std::size_t>(u * even_cells));
      if (i > 0 && (mass[i] != 0 || mass[i - 1] != 0 || at != last)) ++cells;
      cell[i] = cells;
      last = at;
    }
    ++cells;
  }

  unit.levels = static_cast<std::uint32_t>(cells);
  unit.low.assign(cells, 0);
  unit.high.assign(cells, 0);
  unit.mean.assign(cells, 0);
  unit.spread.assign(cells, 0);
  unit.mass.assign(cells, 0);
  std::vector<double> count(cells, 0);
  double mean = 0;
  for (std::size_t i = 0; i < kept; ++i) {
    count[cell[i]] += values[i].second;
    unit.mean[cell[i]] += values[i].second * values[i].first;
    mean += values[i].second * values[i].first;
    unit.mass[cell[i]] = mass[i];
  }
  mean /= total;
  for (std::size_t b = 0; b < cells; ++b) unit.mean[b] /= count[b];
  for (std::size_t i = 0; i < kept; ++i) {
    const double d = values[i].first - unit.mean[cell[i]];
    unit.spread[cell[i]] += values[i].second * d * d;
    unit.variance += values[i].second * (values[i].first - mean) * (values[i].first - mean);
  }
  unit.variance /= total;
  unit.share.resize(cells);
  for (std::size_t b = 0; b < cells; ++b) {
    unit.spread[b] /= count[b];
    unit.share[b] = (count[b] + 0.5) / (total + 0.5 * static_cast<double>(cells));
  }
  for (std::size_t i = 1; i < kept; ++i)
    if (cell[i] != cell[i - 1]) {
      double edge = values[i - 1].first + 0.5 * (values[i].first - values[i - 1].first);
      if (!(edge > values[i - 1].first)) edge = values[i].first;
      edges.push_back(edge);
    }
  for (std::size_t b = 0; b < cells; ++b) {
    unit.low[b] = b == 0 ? values.front().first : edges[b - 1];
    unit.high[b] = b + 1 == cells ? values.back().first : edges[b];
  }
  if (cells > 1) {  // the outer cells reach as far beyond their mean as before it
    unit.low[0] = std::min(unit.low[0], 2 * unit.mean[0] - unit.high[0]);
    unit.high[cells - 1] = std::max(unit.high[cells - 1], 2 * unit.mean[cells - 1] - unit.low[cells - 1]);
  } else {
    unit.low[0] -= 0.5;
    unit.high[0] += 0.5;
  }
  std::vector<double> shares;
  double rest = 0;
  for (std::size_t b = 0; b < cells; ++b) (unit.mass[b] != 0 ? shares.emplace_back(unit.share[b]) : rest += unit.share[b]);
  if (!shares.empty()) {
    shares.push_back(std::max(rest, 1e-6));
    set_prior(unit, shares, 0.5 * static_cast<double>(shares.size()));
  }
}

// Integrated likelihood of counts under the Dirichlet prior (Biernacki, Celeux & Govaert 2010), and the posterior mean.
double dirichlet(const Unit& unit, const double* counts, std::size_t n, double total, double* log_p) {
  double score = std::lgamma(unit.prior_total) - std::lgamma(unit.prior_total + total);
  for (std::size_t l = 0; l < n; ++l)
    if (counts[l] > 0) score += std::lgamma(unit.prior[l] + counts[l]) - unit.prior_gamma[l];
  if (log_p != nullptr) {
    const double log_total = std::log(total + unit.prior_total);
    for (std::size_t l = 0; l < n; ++l) log_p[l] = std::log(counts[l] + unit.prior[l]) - log_total;
  }
  return score;
}

struct NormalTable {
  static constexpr int steps = 64, reach = 9;
  std::array<double, 2 * reach * steps + 2> value;
  NormalTable() {
    for (std::size_t i = 0; i < value.size(); ++i)
      value[i] = 0.5 * std::erfc(-(static_cast<double>(i) / steps - reach) / std::sqrt(2.0));
  }
};

// Nearest non-increasing (sign -1) or non-decreasing densities of cells [first, last) by pooling adjacent violators
// (Ayer et al. 1955). `mass` is replaced by the pooled masses.
void pool(double* mass, const double* width, std::size_t n, bool increasing) {
  std::array<double, most_cells> m, w;
  std::array<std::size_t, most_cells> size;
  std::size_t top = 0;
  for (std::size_t j = 0; j < n; ++j) {
    const std::size_t i = increasing ? j : n - 1 - j;
    m[top] = mass[i];
    w[top] = width[i];
    size[top] = 1;
    ++top;
    while (top > 1 && m[top - 2] * w[top - 1] >= m[top - 1] * w[top - 2]) {
      m[top - 2] += m[top - 1];
      w[top - 2] += w[top - 1];
      size[top - 2] += size[top - 1];
      --top;
    }
  }
  std::size_t j = 0;
  for (std::size_t b = 0; b < top; ++b)
    for (std::size_t s = 0; s < size[b]; ++s, ++j) {
      const std::size_t i = increasing ? j : n - 1 - j;
      mass[i] = m[b] * width[i] / w[b];
    }
}

double fit_number(const Unit& unit, const double* counts, double* log_p) {
  const std::size_t cells = unit.levels;
  std::array<double, most_cells> h, width, gauss, shape;
  std::array<std::size_t, most_cells> at;
  std::array<double, most_masses + 1> masses{};
  std::size_t n = 0, repeated = 0;
  double total = 0, mean = 0, all = 0;
  for (std::size_t b = 0; b < cells; ++b) {
    all += counts[b];
    if (unit.mass[b] != 0) {
      masses[repeated++] = counts[b];
      continue;
    }
    at[n] = b;
    h[n] = counts[b];
    width[n] = unit.high[b] - unit.low[b];
    total += counts[b];
    mean += counts[b] * unit.mean[b];
    ++n;
  }
  double score = 0, log_rest = 0;
  if (repeated > 0) {
    masses[repeated] = total;
    std::array<double, most_masses + 1> log_mass;
    score += dirichlet(unit, masses.data(), repeated + 1, all, log_mass.data());
    log_rest = log_mass[repeated];
    if (log_p != nullptr)
      for (std::size_t b = 0, j = 0; b < cells; ++b)
        if (unit.mass[b] != 0) log_p[b] = log_mass[j++];
  }
  if (n == 0) return score;
  double whole = 0;
  for (std::size_t j = 0; j < n; ++j) whole += unit.share[at[j]];
  // A mild prior keeps a group of few rows from a spike: two rows of a fifth of the whole's variance.
  double square = 0;
  if (total > 0) {
    mean /= total;
    for (std::size_t j = 0; j < n; ++j) {
      const double d = unit.mean[at[j]] - mean;
      square += h[j] * (d * d + unit.spread[at[j]]);
    }
  } else {
    for (std::size_t j = 0; j < n; ++j) mean += unit.share[at[j]] * unit.mean[at[j]] / whole;
  }
  const double floor = 1e-6 * unit.variance + 1e-300;
  const double sd = std::sqrt(std::max(floor, (square + 2 * 0.2 * unit.variance) / (total + 2)));
  // A Gaussian's probabilities of the cells: the outer ones reach to infinity.
  double gauss_total = 0;
  for (std::size_t j = 0; j < n; ++j) {
    const std::size_t b = at[j];
    const double low = b == 0 ? 0 : normal_cdf((unit.low[b] - mean) / sd);
    const double high = b + 1 == cells ? 1 : normal_cdf((unit.high[b] - mean) / sd);
    gauss[j] = std::max(0.0, high - low);
    gauss_total += gauss[j];
  }
  if (!(gauss_total > 0)) gauss_total = 1;
  // Every cell keeps what one row spread like the whole would give it, so that an outlier never has probability zero.
  const double log_total = std::log(total + 1);
  double gain = 0;
  std::array<double, most_cells> log_gauss;
  for (std::size_t j = 0; j < n; ++j) {
    gauss[j] /= gauss_total;
    log_gauss[j] = std::log(total * gauss[j] + unit.share[at[j]] / whole) - log_total;
    gain += h[j] * log_gauss[j];
  }
  double best = gain - log_total;  // two parameters
  const std::array<double, most_cells>* chosen = &log_gauss;
  std::array<double, most_cells> log_shape;
  if (n > 3 && total > 20) {
    // The single-peaked shape: isotonic on both sides of the densest stretch, shrunk towards the Gaussian.
    std::size_t peak = 0;
    double peak_density = -1;
    for (std::size_t j = 0; j < n; ++j) {
      const std::size_t from = j >= 2 ? j - 2 : 0, to = std::min(n, j + 3);
      double m = 0, w = 0;
      for (std::size_t i = from; i < to; ++i) m += h[i], w += width[i];
      if (m > peak_density * w) {
        peak_density = m / w;
        peak = j;
      }
    }
    for (std::size_t j = 0; j < n; ++j) shape[j] = h[j];
    pool(shape.data(), width.data(), peak + 1, true);
    pool(shape.data() + peak, width.data() + peak, n - peak, false);
    constexpr double pull = 5;
    const double log_all = std::log(total + pull + 1);
    double shape_gain = 0;
    for (std::size_t j = 0; j < n; ++j) {
      log_shape[j] = std::log(shape[j] + pull * gauss[j] + unit.share[at[j]] / whole) - log_all;
      shape_gain += h[j] * log_shape[j];
    }
    // A single-peaked density's maximum likelihood exceeds the truth's by about the cube root of n (Birge 1989).
    const double value = shape_gain - log_total - 0.5 * log_total - std::cbrt(total);
    if (value > best) {
      best = value;
      chosen = &log_shape;
    }
  }
  if (log_p != nullptr)
    for (std::size_t j = 0; j < n; ++j) log_p[at[j]] = (*chosen)[j] + log_rest;
  return score + best;
}

}  // namespace

double normal_cdf(double z) {
  static const NormalTable table;
  const double x = (z + NormalTable::reach) * NormalTable::steps;
  if (!(x > 0)) return 0;
  if (x >= 2 * NormalTable::reach * NormalTable::steps) return 1;
  const auto i = static_cast<std::size_t>(x);
  const double t = x - static_cast<double>(i);
  return table.value[i] + t * (table.value[i + 1] - table.value[i]);
}

double normal_quantile(double p) {
  constexpr std::array<double, 6> a{-3.969683028665376e+01, 2.209460984245205e+02, -2.759285104469687e+02,
                                    1.383577518672690e+02, -3.066479806614716e+01, 2.506628277459239e+00};
  constexpr std::array<double, 5> b{-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02,
                                    6.680131188771972e+01, -1.328068155288572e+01};
  constexpr std::array<double, 6> c{-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                                    -2.549732539343734e+00, 4.374664141464968e+00, 2.938163982698783e+00};
  constexpr std::array<double, 4> d{7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                                    3.754408661907416e+00};
  p = std::clamp(p, 1e-12, 1 - 1e-12);
  if (p < 0.02425 || p > 1 - 0.02425) {
    const double q = std::sqrt(-2 * std::log(p < 0.5 ? p : 1 - p));
    const double x = (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
                     ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
    return p < 0.5 ? x : -x;
  }
  const double q = p - 0.5, r = q * q;
  return (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
         (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
}

namespace {

double fit_plain(const Unit& unit, const double* counts, double known, double* log_p) {
  if (unit.kind == Kind::numeric) return fit_number(unit, counts, log_p);
  if (unit.kind == Kind::set) {
    const std::array<double, 2> two{counts[0], std::max(0.0, known - counts[0])};
    return dirichlet(unit, two.data(), 2, two[0] + two[1], log_p);
  }
  double total = 0;
  for (std::uint32_t l = 0; l < unit.levels; ++l) total += counts[l];
  return dirichlet(unit, counts, unit.levels, total, log_p);
}

}  // namespace

double fit_unit(const Unit& unit, const double* counts, double known, double* log_p) {
  const double score = unit.counts_for * fit_plain(unit, counts, known, log_p);
  if (log_p == nullptr || unit.counts_for >= 1) return score;
  const std::size_t n = unit.kind == Kind::set ? 2 : unit.levels;
  double sum = 0;
  for (std::size_t l = 0; l < n; ++l) {
    log_p[l] = unit.counts_for * log_p[l] + (1 - unit.counts_for) * std::log(unit.share[l]);
    sum += std::exp(log_p[l]);
  }
  for (std::size_t l = 0; l < n; ++l) log_p[l] -= std::log(sum);
  return score;
}

Data prepare_data(const Table& table, const MixtureOptions& options, const Stop& stop) {
  const std::vector<Keyed> chosen = choose_rows(table, options, stop);
  Data data;
  const std::size_t features = table.columns.size();
  data.edges.resize(features);
  data.feature_levels.assign(features, 0);
  data.feature_first.assign(features, 0);
  data.set_known.assign(features, 0);
  for (const Keyed& row : chosen) data.weight.push_back(row.weight);
  if (!options.start.empty())
    for (const Keyed& row : chosen) data.start.push_back(static_cast<std::uint32_t>(std::max(0, options.start[row.row])));
  data.explain = options.explain;
  const auto counts_for = [&](std::size_t f) { return options.column_weight.empty() ? 1.0 : options.column_weight[f]; };
  for (std::size_t f = 0; f < features; ++f) {
    stop.poll();
    const TableColumn& column = table.columns[f];
    data.feature_first[f] = data.levels;
    if (column.kind == Kind::numeric) {
      Unit unit;
      unit.feature = f;
      unit.first = data.levels;
      unit.counts_for = counts_for(f);
      std::vector<std::pair<double, double>> values;
      for (const Keyed& row : chosen)
        if (!column.missing(row.row)) values.emplace_back(column.numbers[row.row] == 0 ? 0.0 : column.numbers[row.row], row.weight);
      cut(unit, data.edges[f], values, stop);
      data.feature_levels[f] = static_cast<std::int32_t>(unit.levels);
      data.levels += unit.levels;
      data.numeric.push_back(f);
      data.number_weight.push_back(counts_for(f));
      if (unit.levels > 0) data.units.push_back(std::move(unit));
      continue;
    }
    const auto n = static_cast<std::size_t>(column.categories);
    std::vector<double> count(n, 0);
    double known = 0;
    for (const Keyed& row : chosen) {
      if (column.missing(row.row)) continue;
      known += row.weight;
      if (column.kind == Kind::set) {
        for (const std::int32_t i : column.set_of(row.row)) count[static_cast<std::size_t>(i)] += row.weight;
      } else {
        count[static_cast<std::size_t>(column.codes[row.row])] += row.weight;
      }
    }
    data.feature_levels[f] = column.categories;
    if (column.kind != Kind::set) {
      Unit unit;
      unit.kind = column.kind;
      unit.feature = f;
      unit.first = data.levels;
      unit.levels = static_cast<std::uint32_t>(n);
      unit.counts_for = counts_for(f);
      for (std::size_t l = 0; l < n; ++l)
        unit.share.push_back((count[l] + 0.5) / (known + 0.5 * static_cast<double>(n)));
      set_prior(unit, unit.share, 1 + 0.25 * static_cast<double>(n));
      data.levels += unit.levels;
      if (n > 0) data.units.push_back(std::move(unit));
      continue;
    }
    data.set_known[f] = data.levels + static_cast<std::uint32_t>(n);
    for (std::size_t i = 0; i < n; ++i) {
      Unit unit;
      unit.kind = Kind::set;
      unit.feature = f;
      unit.first = data.levels + static_cast<std::uint32_t>(i);
      unit.levels = 1;
      unit.counts_for = counts_for(f);
      unit.known = data.set_known[f];
      const double share = shrink(count[i], known, 0.5);
      unit.share = {share, 1 - share};
      unit.rare = count[i] < 8 || known - count[i] < 8;
      set_prior(unit, unit.share, 1);
      data.units.push_back(std::move(unit));
    }
    data.levels += static_cast<std::uint32_t>(n) + 1;
  }
  data.offsets.push_back(0);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (i % 1024 == 0) stop.poll();
    const std::size_t r = chosen[i].row;
    for (std::size_t f = 0; f < features; ++f) {
      const TableColumn& column = table.columns[f];
      if (column.missing(r)) {
        if (column.kind == Kind::numeric) data.cells.push_back(255);
        continue;
      }
      if (column.kind == Kind::numeric) {
        const auto& edges = data.edges[f];
        const auto cell = static_cast<std::uint32_t>(std::upper_bound(edges.begin(), edges.end(), column.numbers[r]) - edges.begin());
        data.cells.push_back(static_cast<std::uint8_t>(cell));
        data.ids.push_back(data.feature_first[f] + cell);
      } else if (column.kind == Kind::set) {
        data.ids.push_back(data.set_known[f]);
        for (const std::int32_t item : column.set_of(r)) data.ids.push_back(data.feature_first[f] + static_cast<std::uint32_t>(item));
      } else {
        data.ids.push_back(data.feature_first[f] + static_cast<std::uint32_t>(column.codes[r]));
      }
    }
    data.offsets.push_back(static_cast<std::uint32_t>(data.ids.size()));
  }
  return data;
}

}  // namespace icp::mixture
