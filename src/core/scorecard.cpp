#include "icp/scorecard.hpp"

#include <algorithm>
#include <cmath>

#include "icp/error.hpp"

namespace icp {

namespace {

[[noreturn]] void broken(const char* why) { throw Error(ErrorCode::corrupted, "invalid scorecard", why); }

}  // namespace

std::uint16_t CardColumn::bin(const TableColumn& c, std::size_t r) const {
  if (c.missing(r)) return bins;
  switch (c.kind) {
    case Kind::numeric: return static_cast<std::uint16_t>(std::upper_bound(edges.begin(), edges.end(), c.numbers[r]) - edges.begin());
    case Kind::set: {
      const auto items = c.set_of(r);
      return std::binary_search(items.begin(), items.end(), item) ? 1 : 0;
    }
    default: return category_bin[static_cast<std::size_t>(c.codes[r])];
  }
}

std::uint16_t CardColumn::bin(const EncodedRow& row) const {
  if (row.known[feature] == 0) return bins;
  if (item >= 0) return std::binary_search(row.sets[feature].begin(), row.sets[feature].end(), item) ? 1 : 0;
  if (category_bin.empty()) return static_cast<std::uint16_t>(std::upper_bound(edges.begin(), edges.end(), row.numbers[feature]) - edges.begin());
  return category_bin[static_cast<std::size_t>(row.codes[feature])];
}

std::size_t CardTerm::groups(std::size_t column) const {
  std::uint16_t most = 0;
  for (const auto g : group[column]) most = std::max(most, g);
  return static_cast<std::size_t>(most) + 1;
}

void Scorecard::bins(const EncodedRow& row, std::span<std::uint16_t> out) const {
  for (std::size_t c = 0; c < columns.size(); ++c) out[c] = columns[c].bin(row);
}

double Scorecard::points(const CardTerm& term, std::span<const std::uint16_t> bins) {
  return term.points[term.cell(bins)];
}

double Scorecard::score(std::span<const std::uint16_t> bins) const {
  double sum = intercept;
  for (const CardTerm& t : terms) sum += points(t, bins);
  return sum;
}

void validate_columns(std::span<const CardColumn> columns, const Encoder& encoder) {
  for (const CardColumn& c : columns) {
    if (c.feature >= encoder.features.size()) broken("a column is of no feature");
    const Feature& f = encoder.features[c.feature];
    if (c.n.size() != static_cast<std::size_t>(c.bins) + 1) broken("a column has the wrong number of counts");
    for (const double x : c.n)
      if (!std::isfinite(x) || x < 0) broken("a count of a column is out of range");
    if ((f.kind == Kind::set) != (c.item >= 0)) broken("a column is not of its feature's kind");
    if (f.kind == Kind::set) {
      if (static_cast<std::size_t>(c.item) >= f.categories.size() || c.bins != 2) broken("a column is of no item");
    } else if (f.kind == Kind::numeric) {
      if (!c.category_bin.empty() || c.bins != c.edges.size() + 1) broken("a column of numbers has the wrong bins");
      for (std::size_t i = 0; i < c.edges.size(); ++i)
        if (!std::isfinite(c.edges[i]) || (i > 0 && !(c.edges[i - 1] < c.edges[i]))) broken("bounds of bins are not in order");
    } else {
      if (c.category_bin.empty() || c.category_bin.size() != f.categories.size()) broken("a column has the wrong categories");
      for (const auto b : c.category_bin)
        if (b >= c.bins) broken("a category is in no bin");
    }
  }
}

void Scorecard::validate(const Encoder& encoder) const {
  const auto multiple = [](double x) { return std::isfinite(x) && std::abs(x) < 0x1p20 && std::nearbyint(x * 0x1p32) == x * 0x1p32; };
  static constexpr std::string_view targets[] = {"won", "dqs", "buys", "purchases", "spread"};
  if (std::find(std::begin(targets), std::end(targets), target) == std::end(targets)) broken("its target is not known");
  if (!multiple(intercept)) broken("its intercept is not a multiple of 2^-32");
  validate_columns(columns, encoder);
  for (const CardTerm& t : terms) {
    if (t.columns.empty() || t.columns.size() > 2 || t.group.size() != t.columns.size()) broken("a term is of no column");
    std::size_t cells = 1;
    for (std::size_t i = 0; i < t.columns.size(); ++i) {
      if (t.columns[i] >= columns.size()) broken("a term is of no column");
      if (t.group[i].size() != static_cast<std::size_t>(columns[t.columns[i]].bins) + 1) broken("a term has the wrong groups");
      cells *= t.groups(i);
    }
    if (t.columns.size() == 2 && t.width != t.groups(1)) broken("a term has the wrong width");
    if (t.points.size() != cells || t.error.size() != cells || t.n.size() != cells) broken("a term has the wrong number of points");
    for (const double p : t.points)
      if (!multiple(p)) broken("points are not multiples of 2^-32");
    for (const auto* v : {&t.error, &t.n})
      for (const double x : *v)
        if (!std::isfinite(x) || x < 0) broken("a figure of a term is out of range");
  }
}

double probability_of(double log_odds) { return log_odds >= 0 ? 1 / (1 + std::exp(-log_odds)) : std::exp(log_odds) / (1 + std::exp(log_odds)); }

}  // namespace icp
