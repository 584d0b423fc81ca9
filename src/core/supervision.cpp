#include "icp/supervision.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "icp/training.hpp"

namespace icp {

namespace {

// One way to divide the rows by a column: the cell of each row, -1 unknown.
struct Division {
  std::vector<std::int32_t> cell;
  std::size_t cells = 0;
};

std::vector<Division> divide(const TableColumn& c, std::size_t rows, const Stop& stop) {
  std::vector<Division> out;
  if (c.kind == Kind::set) {
    for (std::int32_t item = 0; item < c.categories; ++item) {
      Division d{std::vector<std::int32_t>(rows, -1), 2};
      for (std::size_t r = 0; r < rows; ++r) {
        if (c.missing(r)) continue;
        const auto items = c.set_of(r);
        d.cell[r] = std::find(items.begin(), items.end(), item) != items.end() ? 1 : 0;
      }
      out.push_back(std::move(d));
    }
    return out;
  }
  Division d{std::vector<std::int32_t>(rows, -1), static_cast<std::size_t>(std::max(0, c.categories))};
  const std::vector<double> cuts = tenths(c, stop);
  if (c.kind == Kind::numeric) d.cells = cuts.size() + 1;
  for (std::size_t r = 0; r < rows; ++r) {
    if (c.missing(r)) continue;
    d.cell[r] = c.kind == Kind::numeric ? static_cast<std::int32_t>(std::upper_bound(cuts.begin(), cuts.end(), c.numbers[r]) - cuts.begin())
                                        : c.codes[r];
  }
  out.push_back(std::move(d));
  return out;
}

// Epsilon squared of a target (NaN: unknown) over the cells.
double told(const Training& t, std::span<const std::uint32_t> rows, const Division& d, const std::vector<double>& target) {
  std::vector<double> sum(d.cells, 0), weight(d.cells, 0);
  std::set<std::int32_t> companies;
  double all = 0, total = 0, square = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (d.cell[i] < 0 || std::isnan(target[i])) continue;
    const double w = t.data.weight_of(rows[i]), x = w * target[i];
    const auto cell = static_cast<std::size_t>(d.cell[i]);
    sum[cell] += x;
    weight[cell] += w;
    all += w;
    total += x;
    square += x * target[i];
    companies.insert(t.data.company[rows[i]]);
  }
  double between = 0, used = 0;
  for (std::size_t c = 0; c < d.cells; ++c)
    if (weight[c] > 0) {
      between += sum[c] * sum[c] / weight[c];
      used += 1;
    }
  const double whole = square - total * total / all, n = static_cast<double>(companies.size());
  if (!(whole > 0) || n <= used || used < 2) return 0;
  const double share = std::clamp((between - total * total / all) / whole, 0.0, 1.0);
  // A column known of few rows tells of few.
  double known = 0;
  for (const std::uint32_t r : rows) known += t.data.weight_of(r);
  return std::max(0.0, 1 - (1 - share) * (n - 1) / (n - used)) * std::min(1.0, known > 0 ? all / known : 0);
}

}  // namespace

std::vector<double> supervised_weights(const Training& t, const Table& table, std::span<const std::uint32_t> rows, double supervision) {
  std::vector<double> weights(table.columns.size(), 1);
  if (!(supervision > 0)) return weights;
  std::vector<double> won(rows.size(), NAN), dqs(rows.size(), NAN);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint32_t r = rows[i];
    if (t.has_lost && t.rated[r] != 0) won[i] = t.data.outcome[r] == Outcome::won ? 1 : 0;
    if (t.judged_by_dqs) dqs[i] = t.dqs[r];
  }
  // Each target's own scale: what is known of all closed deals and of won ones only cannot be compared else.
  std::vector<double> tells(weights.size(), 0);
  for (const std::vector<double>* target : {&won, &dqs}) {
    std::vector<double> share(weights.size(), 0);
    double most = 0;
    for (std::size_t f = 0; f < weights.size(); ++f) {
      for (const Division& d : divide(table.columns[f], table.rows, t.stop)) share[f] = std::max(share[f], told(t, rows, d, *target));
      most = std::max(most, share[f]);
    }
    for (std::size_t f = 0; f < weights.size() && most > 0; ++f) tells[f] = std::max(tells[f], share[f] / most);
  }
  if (std::all_of(tells.begin(), tells.end(), [](double x) { return x <= 0; })) return weights;
  for (std::size_t f = 0; f < weights.size(); ++f) weights[f] = 1 - supervision * (1 - tells[f]);
  return weights;
}

}  // namespace icp
