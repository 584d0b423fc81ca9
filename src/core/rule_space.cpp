#include "rule_space.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "icp/text.hpp"

namespace icp::rules {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
// More categories than this and pairs of them would be most of the search.
constexpr std::int16_t paired_categories = 8;
constexpr std::size_t most_cells = 200;
// A description has these at most, in one condition.
constexpr std::size_t most_named = 6;

class Builder {
 public:
  Builder(Space& space, const Dataset& data, const Encoder& encoder, const RuleOptions& options, int bins, const Stop& stop, Goal goal)
      : s_(space), d_(data), encoder_(encoder), options_(options), bins_(bins), stop_(stop), goal_(goal) {}

  void add(std::size_t f) {
    const Feature& feature = encoder_.features[f];
    const DataColumn* column = d_.find(feature.name);
    if (column == nullptr || feature.age) return;
    if (feature.kind == Kind::numeric && column->type == ColumnType::number) numeric(f, *column);
    if (feature.kind == Kind::binary && column->type == ColumnType::boolean) binary(f, *column);
    if (feature.kind == Kind::categorical && column->type == ColumnType::text) categorical(f, *column);
    if (feature.kind == Kind::set && column->type == ColumnType::set) set(f, *column);
  }

  // Attributes in order, then their selectors.
  void finish() {
    std::stable_sort(drafts_.begin(), drafts_.end(), [](const Draft& a, const Draft& b) { return a.selectors.size() < b.selectors.size(); });
    for (Draft& draft : drafts_) {
      if (draft.selectors.empty()) continue;
      draft.attribute.first_selector = static_cast<std::uint32_t>(s_.selectors.size());
      for (Selector& one : draft.selectors) {
        one.attribute = static_cast<std::uint32_t>(s_.attributes.size());
        s_.selectors.push_back(one);
      }
      draft.attribute.last_selector = static_cast<std::uint32_t>(s_.selectors.size());
      s_.attributes.push_back(std::move(draft.attribute));
    }
  }

 private:
  struct Draft {
    Attribute attribute;
    std::vector<Selector> selectors;
  };

  Draft& draft(std::size_t f, std::size_t cells) {
    Draft& d = drafts_.emplace_back();
    d.attribute.feature = f;
    d.attribute.cells = static_cast<std::int16_t>(cells);
    d.attribute.cell.assign(s_.rows(), -1);
    return d;
  }
  static Selector single(std::size_t cell) {
    Selector s;
    s.first = static_cast<std::int16_t>(cell);
    s.last = static_cast<std::int16_t>(cell + 1);
    return s;
  }
  // "is missing", as a cell of its own.
  void missing(Draft& d, const DataColumn& column) {
    if (!options_.missing || d.attribute.item >= 0) return;
    bool any = false;
    for (std::size_t r = 0; r < s_.rows(); ++r) {
      if (column.known[s_.row[r]] != 0) continue;
      d.attribute.cell[r] = d.attribute.cells;
      any = true;
    }
    if (!any) return;
    d.attribute.missing_cell = d.attribute.cells++;
    if (column.type == ColumnType::text)
      for (const std::string& word : column.words)
        if (fold(word).empty()) d.attribute.blank.push_back(word);
    d.selectors.push_back(single(static_cast<std::size_t>(d.attribute.missing_cell)));
  }

  void numeric(std::size_t f, const DataColumn& column) {
    Pace pace(stop_);
    std::vector<double> known;
    for (const std::uint32_t r : s_.row)
      if (column.known[r] != 0) known.push_back(column.numbers[r]);
    std::vector<double> cuts = goal_ == Goal::describe ? member_cuts(column, std::move(known)) : cuts_of(std::move(known), bins_, stop_);
    Draft& d = draft(f, cuts.size() + 1);
    for (std::size_t r = 0; r < s_.rows(); ++r, pace.step())
      if (column.known[s_.row[r]] != 0)
        d.attribute.cell[r] = static_cast<std::int16_t>(std::upper_bound(cuts.begin(), cuts.end(), column.numbers[s_.row[r]]) - cuts.begin());
    const auto cells = d.attribute.cells;
    for (std::int16_t a = 0; a < cells; ++a)
      for (std::int16_t b = static_cast<std::int16_t>(a + 1); b <= cells; ++b) {
        if (a == 0 && b == cells) continue;
        Selector s;
        s.first = a;
        s.last = b;
        d.selectors.push_back(s);
      }
    d.attribute.cuts = std::move(cuts);
    missing(d, column);
  }

  // Around the members' own values: all of them, or all but a few on either side.
  std::vector<double> member_cuts(const DataColumn& column, std::vector<double> known) const {
    std::vector<double> members, cuts;
    for (std::size_t r = 0; r < s_.rows(); ++r)
      if (s_.target[r] == 1 && column.known[s_.row[r]] != 0) members.push_back(column.numbers[s_.row[r]]);
    if (members.size() < 5) return cuts;
    sort(known.begin(), known.end(), stop_);
    sort(members.begin(), members.end(), stop_);
    for (const double q : {0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2}) {
      const auto k = static_cast<std::size_t>(q * static_cast<double>(members.size() - 1));
      const auto low = std::lower_bound(known.begin(), known.end(), members[k]);
      const auto high = std::upper_bound(known.begin(), known.end(), members[members.size() - 1 - k]);
      if (low != known.begin()) cuts.push_back(boundary(low[-1], *low));
      if (high != known.end()) cuts.push_back(boundary(high[-1], *high));
    }
    std::sort(cuts.begin(), cuts.end());
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    return cuts;
  }

  void binary(std::size_t f, const DataColumn& column) {
    Pace pace(stop_);
    Draft& d = draft(f, 2);
    for (std::size_t r = 0; r < s_.rows(); ++r, pace.step())
      if (column.known[s_.row[r]] != 0) d.attribute.cell[r] = static_cast<std::int16_t>(column.codes[s_.row[r]]);
    d.selectors = {single(0), single(1)};
    missing(d, column);
  }

  void categorical(std::size_t f, const DataColumn& column) {
    Pace pace(stop_);
    const Feature& feature = encoder_.features[f];
    const std::vector<std::int32_t> category = categories_of_words(feature, column);
    std::vector<std::size_t> order(feature.categories.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (goal_ == Goal::describe) sort_by_members(column, category, order);
    const std::size_t cells = std::min(order.size(), most_cells);
    std::vector<std::int16_t> cell(feature.categories.size(), -1);
    for (std::size_t c = 0; c < cells; ++c) cell[order[c]] = static_cast<std::int16_t>(c);
    Draft& d = draft(f, cells);
    for (std::size_t r = 0; r < s_.rows(); ++r, pace.step()) {
      if (column.known[s_.row[r]] == 0) continue;
      const std::int32_t k = category[static_cast<std::size_t>(column.codes[s_.row[r]])];
      if (k >= 0) d.attribute.cell[r] = cell[static_cast<std::size_t>(k)];
    }
    order.resize(cells);
    d.attribute.category = std::move(order);
    for (std::size_t k = 0; k < cells; ++k) d.selectors.push_back(single(k));
    if (goal_ == Goal::describe) {
      for (std::size_t k = 2; k <= std::min(cells, most_named) && k < feature.categories.size(); ++k) {
        d.selectors.push_back(single(0));
        d.selectors.back().last = static_cast<std::int16_t>(k);
      }
    } else if (cells > 2 && cells <= static_cast<std::size_t>(paired_categories)) {
      for (std::size_t a = 0; a < cells; ++a)
        for (std::size_t b = a + 1; b < cells; ++b) {
          Selector s = single(a);
          s.second = static_cast<std::int16_t>(b);
          d.selectors.push_back(s);
        }
    }
    missing(d, column);
  }

  // Those that members have, by the share of members among their rows: the best few for F1 are the first few.
  void sort_by_members(const DataColumn& column, const std::vector<std::int32_t>& category, std::vector<std::size_t>& order) const {
    std::vector<double> rows(order.size(), 0), members(order.size(), 0);
    for (std::size_t r = 0; r < s_.rows(); ++r) {
      if (column.known[s_.row[r]] == 0) continue;
      const std::int32_t k = category[static_cast<std::size_t>(column.codes[s_.row[r]])];
      if (k < 0) continue;
      rows[static_cast<std::size_t>(k)] += 1;
      members[static_cast<std::size_t>(k)] += s_.target[r];
    }
    std::erase_if(order, [&](std::size_t k) { return members[k] == 0; });
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return members[a] * rows[b] > members[b] * rows[a]; });
  }

  void set(std::size_t f, const DataColumn& column) {
    const Feature& feature = encoder_.features[f];
    Pace pace(stop_);
    const std::vector<std::int32_t> category = categories_of_words(feature, column);
    for (std::size_t k = 0; k < feature.categories.size(); ++k) {
      Draft& d = draft(f, 1);
      d.attribute.item = static_cast<std::int32_t>(k);
      for (std::size_t r = 0; r < s_.rows(); ++r, pace.step())
        for (std::uint32_t j = column.offsets[s_.row[r]]; j < column.offsets[s_.row[r] + 1]; ++j)
          if (category[static_cast<std::size_t>(column.items[j])] == static_cast<std::int32_t>(k)) d.attribute.cell[r] = 0;
      d.selectors = {single(0)};
    }
  }

  Space& s_;
  const Dataset& d_;
  const Encoder& encoder_;
  const RuleOptions& options_;
  int bins_;
  const Stop& stop_;
  Goal goal_;
  std::vector<Draft> drafts_;
};

}  // namespace

std::vector<double> cuts_of(std::vector<double> values, int bins, const Stop& stop) {
  sort(values.begin(), values.end(), stop);
  std::vector<double> cuts;
  for (int b = 1; b < bins && !values.empty(); ++b) {
    const auto k = values.size() * static_cast<std::size_t>(b) / static_cast<std::size_t>(bins);
    // The nearest place at which the value changes.
    auto at = static_cast<std::size_t>(std::lower_bound(values.begin(), values.end(), values[k]) - values.begin());
    const auto above = static_cast<std::size_t>(std::upper_bound(values.begin(), values.end(), values[k]) - values.begin());
    if (at == 0 || (above < values.size() && above - k < k - at)) at = above;
    if (at == 0 || at >= values.size()) continue;
    cuts.push_back(boundary(values[at - 1], values[at]));
  }
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  return cuts;
}

double intraclass(std::span<const std::int32_t> company, std::span<const double> target) {
  const std::size_t n = company.size();
  if (n < 3) return 0;
  double mean = 0;
  for (const double y : target) mean += y;
  mean /= static_cast<double>(n);
  double between = 0, within = 0, squares = 0, groups = 0;
  for (std::size_t i = 0; i < n;) {
    std::size_t j = i;
    double sum = 0;
    for (; j < n && company[j] == company[i]; ++j) sum += target[j];
    const double m = static_cast<double>(j - i), average = sum / m;
    for (std::size_t k = i; k < j; ++k) within += (target[k] - average) * (target[k] - average);
    between += m * (average - mean) * (average - mean);
    squares += m * m;
    groups += 1;
    i = j;
  }
  const double total = static_cast<double>(n);
  if (groups < 2 || groups >= total) return 0;
  const double size = (total - squares / total) / (groups - 1);
  const double a = between / (groups - 1), b = within / (total - groups);
  const double rho = a + (size - 1) * b > 0 ? (a - b) / (a + (size - 1) * b) : 0;
  return std::clamp(rho, 0.0, 1.0);
}

Space lay_out(const Dataset& data, std::span<const std::uint32_t> rows, std::span<const double> target, const Stop& stop) {
  Space s;
  Pace pace(stop);
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  sort(order.begin(), order.end(), stop, [&](auto a, auto b) {
    const auto x = data.company[rows[a]], y = data.company[rows[b]];
    return x != y ? x < y : a < b;
  });
  for (const std::size_t i : order)
    for (std::uint64_t k = 0; k < data.count[rows[i]]; ++k) {
      pace.step();
      s.row.push_back(rows[i]);
      s.company.push_back(data.company[rows[i]]);
      s.target.push_back(target[i]);
    }
  for (std::size_t r = 1; r < s.rows(); ++r) s.repeated = s.repeated || s.company[r] == s.company[r - 1];
  s.within = s.repeated ? intraclass(s.company, s.target) : 0;
  return s;
}

Space make_space(const Dataset& data, const Encoder& encoder, std::span<const std::uint32_t> rows, std::span<const double> target,
                 const RuleOptions& options, int bins, const Stop& stop, Goal goal) {
  Space s = lay_out(data, rows, target, stop);
  Builder builder(s, data, encoder, options, bins, stop, goal);
  for (std::size_t f = 0; f < encoder.features.size(); ++f) {
    stop.poll();
    builder.add(f);
  }
  builder.finish();
  return s;
}

Space part_of(const Space& space, std::span<const std::uint32_t> rows, const Stop& stop) {
  Space p;
  p.selectors = space.selectors;
  for (const std::uint32_t r : rows) {
    p.row.push_back(space.row[r]);
    p.company.push_back(space.company[r]);
    p.target.push_back(space.target[r]);
  }
  p.repeated = space.repeated;
  p.within = space.within;
  for (const Attribute& a : space.attributes) {
    stop.poll();
    Attribute& b = p.attributes.emplace_back();
    b.feature = a.feature;
    b.item = a.item;
    b.cells = a.cells;
    b.cuts = a.cuts;
    b.category = a.category;
    b.missing_cell = a.missing_cell;
    b.blank = a.blank;
    b.first_selector = a.first_selector;
    b.last_selector = a.last_selector;
    b.cell.reserve(rows.size());
    for (const std::uint32_t r : rows) b.cell.push_back(a.cell[r]);
  }
  return p;
}

Predicate predicate_of(const Space& space, const Encoder& encoder, const Path& path) {
  Predicate p;
  for (const std::uint32_t id : path.ids()) {
    const Selector& s = space.selectors[id];
    const Attribute& a = space.attributes[s.attribute];
    const Feature& feature = encoder.features[a.feature];
    Condition c;
    c.column = feature.name;
    c.kind = feature.kind;
    const auto name = [&](std::size_t k) {
      const Category& category = feature.categories[k];
      c.values.insert(c.values.end(), category.spellings.begin(), category.spellings.end());
      c.titles.push_back(category.title());
    };
    if (a.missing_cell >= 0 && s.first == a.missing_cell) {
      c.missing = true;
      c.values = a.blank;
    } else if (feature.kind == Kind::numeric) {
      c.low = s.first == 0 ? -infinity : a.cuts[static_cast<std::size_t>(s.first - 1)];
      c.high = static_cast<std::size_t>(s.last) > a.cuts.size() ? infinity : a.cuts[static_cast<std::size_t>(s.last - 1)];
    } else if (feature.kind == Kind::binary) {
      c.truth = s.first == 1;
    } else if (feature.kind == Kind::set) {
      name(static_cast<std::size_t>(a.item));
    } else {
      for (std::int16_t k = s.first; k < s.last; ++k) name(a.category[static_cast<std::size_t>(k)]);
      if (s.second >= 0) name(a.category[static_cast<std::size_t>(s.second)]);
    }
    std::sort(c.values.begin(), c.values.end());
    p.conditions.push_back(std::move(c));
  }
  return p;
}

void Tally::count(const Space& space, const Attribute& attribute, std::span<const std::uint32_t> rows, bool sums) {
  cells_ = static_cast<std::size_t>(attribute.cells);
  repeated_ = space.repeated;
  n_.assign(cells_, 0);
  sum_.assign(cells_, 0);
  if (sums) {
    for (const std::uint32_t r : rows) {
      if (attribute.cell[r] < 0) continue;
      const auto cell = static_cast<std::size_t>(attribute.cell[r]);
      n_[cell] += 1;
      sum_[cell] += space.target[r];
    }
  } else {
    for (const std::uint32_t r : rows)
      if (attribute.cell[r] >= 0) n_[static_cast<std::size_t>(attribute.cell[r])] += 1;
  }
  if (repeated_) {
    product_.assign(cells_ * cells_, 0);
    std::vector<std::pair<std::size_t, double>> here;
    for (std::size_t i = 0; i < rows.size();) {
      here.clear();
      std::size_t j = i;
      for (; j < rows.size() && space.company[rows[j]] == space.company[rows[i]]; ++j) {
        if (attribute.cell[rows[j]] < 0) continue;
        const auto cell = static_cast<std::size_t>(attribute.cell[rows[j]]);
        const auto at = std::find_if(here.begin(), here.end(), [&](const auto& p) { return p.first == cell; });
        if (at == here.end()) here.emplace_back(cell, 1);
        else at->second += 1;
      }
      for (const auto& [a, x] : here)
        for (const auto& [b, y] : here) product_[a * cells_ + b] += x * y;
      i = j;
    }
    // Sums over the boxes [0, i) × [0, j).
    box_.assign((cells_ + 1) * (cells_ + 1), 0);
    for (std::size_t i = 0; i < cells_; ++i)
      for (std::size_t j = 0; j < cells_; ++j)
        box_[(i + 1) * (cells_ + 1) + j + 1] = product_[i * cells_ + j] + box_[i * (cells_ + 1) + j + 1] +
                                               box_[(i + 1) * (cells_ + 1) + j] - box_[i * (cells_ + 1) + j];
  }
  prefix_.assign(cells_ + 1, 0);
  for (std::size_t c = 0; c < cells_; ++c) prefix_[c + 1] = prefix_[c] + n_[c];
}

double Tally::rows(const Selector& s) const {
  const auto a = static_cast<std::size_t>(s.first), b = static_cast<std::size_t>(s.last);
  return prefix_[b] - prefix_[a] + (s.second >= 0 ? n_[static_cast<std::size_t>(s.second)] : 0);
}

double Tally::sum(const Selector& s) const {
  double total = s.second >= 0 ? sum_[static_cast<std::size_t>(s.second)] : 0;
  for (auto c = s.first; c < s.last; ++c) total += sum_[static_cast<std::size_t>(c)];
  return total;
}

double Tally::squares(const Selector& s) const {
  if (!repeated_) return rows(s);
  const auto a = static_cast<std::size_t>(s.first), b = static_cast<std::size_t>(s.last), w = cells_ + 1;
  if (s.second >= 0) {
    const auto c = static_cast<std::size_t>(s.second);
    return product_[a * cells_ + a] + product_[c * cells_ + c] + 2 * product_[a * cells_ + c];
  }
  return box_[b * w + b] - box_[a * w + b] - box_[b * w + a] + box_[a * w + a];
}

}  // namespace icp::rules
