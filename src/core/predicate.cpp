#include "icp/predicate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include "icp/text.hpp"

namespace icp {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::string condition_sql(const Condition& c) {
  const std::string column = sql_identifier(c.column);
  if (c.missing) {
    switch (c.kind) {
      case Kind::numeric: return fmt::format("({0} IS NULL OR {0}::float8 IN ('NaN', 'Infinity', '-Infinity'))", column);
      default: return fmt::format("{} IS NULL", column);
    }
  }
  switch (c.kind) {
    case Kind::numeric: {
      // NaN is above every number and Infinity below none: both bounds are always stated.
      const std::string low = std::isinf(c.low) ? "> '-Infinity'::float8" : fmt::format(">= {}::float8", number_text(c.low));
      const std::string high = std::isinf(c.high) ? "'Infinity'::float8" : fmt::format("{}::float8", number_text(c.high));
      return fmt::format("{0}::float8 {1} AND {0}::float8 < {2}", column, low, high);
    }
    case Kind::binary: return fmt::format("{} IS {}", column, c.truth ? "TRUE" : "FALSE");
    case Kind::categorical: {
      std::string list;
      for (const std::string& v : c.values) list += (list.empty() ? "" : ", ") + sql_literal(v);
      return fmt::format("{}::text COLLATE \"C\" {}", column, c.values.size() == 1 ? "= " + list : "IN (" + list + ")");
    }
    case Kind::set: {
      std::string any;
      for (const std::string& v : c.values)
        any += fmt::format("{}{} COLLATE \"C\" = ANY ({}::text[])", any.empty() ? "" : " OR ", sql_literal(v), column);
      return c.values.size() == 1 ? any : "(" + any + ")";
    }
  }
  return "true";
}

bool halves(double v) { return v - std::floor(v) == 0.5; }

std::string condition_words(const Condition& c, bool ru) {
  if (c.missing) return fmt::format(fmt::runtime(ru ? "{} не указано" : "{} is missing"), c.column);
  switch (c.kind) {
    case Kind::numeric: {
      // Boundaries that end in .5 stand between whole numbers and are read as whole ranges.
      const bool whole = (std::isinf(c.low) || halves(c.low)) && (std::isinf(c.high) || halves(c.high));
      const std::string low = number_text(whole ? std::ceil(c.low) : c.low);
      const std::string high = number_text(whole ? std::floor(c.high) : c.high);
      if (std::isinf(c.low)) {
        if (whole) return fmt::format(fmt::runtime(ru ? "{} до {}" : "{} up to {}"), c.column, high);
        return fmt::format(fmt::runtime(ru ? "{} меньше {}" : "{} below {}"), c.column, high);
      }
      if (std::isinf(c.high)) return fmt::format(fmt::runtime(ru ? "{} от {}" : "{} {} or more"), c.column, low);
      if (whole) return fmt::format("{} {}–{}", c.column, low, high);
      return fmt::format(fmt::runtime(ru ? "{} от {} до {}" : "{} from {} to below {}"), c.column, low, high);
    }
    case Kind::binary: return fmt::format("{}: {}", c.column, c.truth ? (ru ? "да" : "yes") : (ru ? "нет" : "no"));
    case Kind::categorical: {
      std::string list;
      for (std::size_t i = 0; i < c.titles.size(); ++i)
        list += (i == 0 ? "" : i + 1 == c.titles.size() ? (ru ? " или " : " or ") : ", ") + c.titles[i];
      return fmt::format("{}: {}", c.column, list);
    }
    case Kind::set: return fmt::format(fmt::runtime(ru ? "{} включает {}" : "{} includes {}"), c.column, c.titles.empty() ? "" : c.titles[0]);
  }
  return {};
}

bool condition_holds(const Condition& c, const Dataset& data, std::size_t row) {
  const DataColumn* column = data.find(c.column);
  if (column == nullptr) return false;
  if (c.missing) return column->known[row] == 0;
  if (column->known[row] == 0) return false;
  const auto listed = [&](std::int32_t word) {
    return std::binary_search(c.values.begin(), c.values.end(), column->words[static_cast<std::size_t>(word)]);
  };
  switch (c.kind) {
    case Kind::numeric: return column->type == ColumnType::number && column->numbers[row] >= c.low && column->numbers[row] < c.high;
    case Kind::binary: return column->type == ColumnType::boolean && (column->codes[row] == 1) == c.truth;
    case Kind::categorical: return column->type == ColumnType::text && listed(column->codes[row]);
    case Kind::set:
      if (column->type != ColumnType::set) return false;
      for (std::uint32_t i = column->offsets[row]; i < column->offsets[row + 1]; ++i)
        if (listed(column->items[i])) return true;
      return false;
  }
  return false;
}

}  // namespace

std::string sql_identifier(const std::string& name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

// E'' where there is a backslash, so that the literal means the same whatever standard_conforming_strings is.
std::string sql_literal(const std::string& text) {
  std::string out = text.find('\\') == std::string::npos ? "'" : "E'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += c;
    out += c;
  }
  return out + '\'';
}

double boundary(double a, double b) {
  const double middle = a + (b - a) / 2;
  for (int digits = 1; digits <= 17; ++digits) {
    const double t = parse_number(fmt::format("{:.{}g}", middle, digits)).value_or(middle);
    if (t > a && t < b) return t;
  }
  return b;
}

std::vector<std::int32_t> categories_of_words(const Feature& feature, const DataColumn& column) {
  std::vector<std::int32_t> category(column.words.size(), missing_category);
  std::unordered_map<std::string_view, std::int32_t> by_name;
  for (std::size_t k = 0; k < feature.categories.size(); ++k) by_name.emplace(feature.categories[k].name, static_cast<std::int32_t>(k));
  for (std::size_t w = 0; w < column.words.size(); ++w)
    if (const auto it = by_name.find(fold(column.words[w])); it != by_name.end()) category[w] = it->second;
  return category;
}

namespace {

// Searches the conjunction; keeps which rows still satisfy it.
class Describer {
 public:
  Describer(const Dataset& data, const Encoder& encoder, std::span<const std::uint32_t> rows, const std::vector<bool>& member, const Stop& stop)
      : d_(data), encoder_(encoder), rows_(rows), member_(member), inside_(rows.size(), true), stop_(stop), pace_(stop) {
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (member[i]) members_ += weight(i);
  }

  Definition describe(int most) {
    Definition best;
    double score = f1(all(), members_);
    std::vector<bool> used(encoder_.features.size(), false);
    while (static_cast<int>(best.predicate.conditions.size()) < most) {
      best_score_ = score;
      best_feature_ = used.size();
      for (std::size_t f = 0; f < encoder_.features.size(); ++f) {
        stop_.poll();
        if (!used[f]) try_feature(f);
      }
      if (best_feature_ == used.size() || best_score_ < score + 0.01) break;
      used[best_feature_] = true;
      score = best_score_;
      best.predicate.conditions.push_back(best_condition_);
      for (std::size_t i = 0; i < rows_.size(); ++i) {
        pace_.step();
        inside_[i] = inside_[i] && condition_holds(best_condition_, d_, rows_[i]);
      }
    }
    double in = 0, hit = 0;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (!inside_[i]) continue;
      in += weight(i);
      if (member_[i]) hit += weight(i);
    }
    best.precision = in > 0 ? hit / in : 0;
    best.recall = members_ > 0 ? hit / members_ : 0;
    return best;
  }

 private:
  double weight(std::size_t i) const { return static_cast<double>(d_.count[rows_[i]]); }
  double all() const {
    double n = 0;
    for (std::size_t i = 0; i < rows_.size(); ++i) n += weight(i);
    return n;
  }
  double f1(double in, double hit) const { return in + members_ > 0 ? 2 * hit / (in + members_) : 0; }

  void offer(std::size_t f, double in, double hit, const Condition& c) {
    const double score = f1(in, hit);
    if (score <= best_score_) return;
    best_score_ = score;
    best_feature_ = f;
    best_condition_ = c;
  }

  void try_feature(std::size_t f) {
    const Feature& feature = encoder_.features[f];
    const DataColumn* column = d_.find(feature.name);
    if (column == nullptr || feature.age) return;
    Condition c;
    c.column = feature.name;
    c.kind = feature.kind;
    switch (feature.kind) {
      case Kind::numeric:
        if (column->type == ColumnType::number) try_ranges(f, *column, c);
        break;
      case Kind::binary:
        if (column->type != ColumnType::boolean) break;
        for (const bool truth : {false, true}) {
          c.truth = truth;
          double in = 0, hit = 0;
          for (std::size_t i = 0; i < rows_.size(); ++i)
            if (inside_[i] && column->known[rows_[i]] != 0 && (column->codes[rows_[i]] == 1) == truth) count(i, in, hit);
          offer(f, in, hit, c);
        }
        break;
      default: try_categories(f, feature, *column, c);
    }
  }

  void count(std::size_t i, double& in, double& hit) const {
    in += weight(i);
    if (member_[i]) hit += weight(i);
  }

  void try_ranges(std::size_t f, const DataColumn& column, Condition c) {
    std::vector<std::pair<double, std::uint32_t>> known, members;
    known.reserve(rows_.size());
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      pace_.step();
      if (!inside_[i] || column.known[rows_[i]] == 0) continue;
      known.emplace_back(column.numbers[rows_[i]], static_cast<std::uint32_t>(i));
      if (member_[i]) members.push_back(known.back());
    }
    if (members.size() < 5) return;
    sort(known.begin(), known.end(), stop_);
    sort(members.begin(), members.end(), stop_);
    // Prefix sums over the sorted values; cuts at the members' own quantiles, between distinct values.
    std::vector<double> in(known.size() + 1, 0), hit(known.size() + 1, 0);
    for (std::size_t i = 0; i < known.size(); ++i) {
      in[i + 1] = in[i] + weight(known[i].second);
      hit[i + 1] = hit[i] + (member_[known[i].second] ? weight(known[i].second) : 0);
    }
    struct Cut { double at; std::size_t index; };
    const auto below = [&](double value) {   // first known value >= value
      return static_cast<std::size_t>(std::lower_bound(known.begin(), known.end(), std::pair(value, std::uint32_t{0})) - known.begin());
    };
    std::vector<Cut> lows{{-infinity, 0}}, highs{{infinity, known.size()}};
    for (const double q : {0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2}) {
      const auto k = static_cast<std::size_t>(q * static_cast<double>(members.size() - 1));
      const std::size_t low = below(members[k].first);
      if (low > 0) lows.push_back({boundary(known[low - 1].first, known[low].first), low});
      const double top = members[members.size() - 1 - k].first;
      const auto high = static_cast<std::size_t>(std::upper_bound(known.begin(), known.end(), std::pair(top, UINT32_MAX)) - known.begin());
      if (high < known.size()) highs.push_back({boundary(known[high - 1].first, known[high].first), high});
    }
    for (const Cut& low : lows)
      for (const Cut& high : highs) {
        if (low.index >= high.index || (std::isinf(low.at) && std::isinf(high.at))) continue;
        c.low = low.at;
        c.high = high.at;
        offer(f, in[high.index] - in[low.index], hit[high.index] - hit[low.index], c);
      }
  }

  void try_categories(std::size_t f, const Feature& feature, const DataColumn& column, Condition c) {
    const std::vector<std::int32_t> category = categories_of_words(feature, column);
    std::vector<double> in(feature.categories.size(), 0), hit(feature.categories.size(), 0);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      pace_.step();
      const std::uint32_t r = rows_[i];
      if (!inside_[i] || column.known[r] == 0) continue;
      if (column.type == ColumnType::text && feature.kind == Kind::categorical) {
        const auto k = category[static_cast<std::size_t>(column.codes[r])];
        if (k != missing_category) count(i, in[static_cast<std::size_t>(k)], hit[static_cast<std::size_t>(k)]);
      } else if (column.type == ColumnType::set && feature.kind == Kind::set) {
        std::vector<std::int32_t> seen;
        for (std::uint32_t j = column.offsets[r]; j < column.offsets[r + 1]; ++j) seen.push_back(category[static_cast<std::size_t>(column.items[j])]);
        std::sort(seen.begin(), seen.end());
        seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
        for (const auto k : seen)
          if (k != missing_category) count(i, in[static_cast<std::size_t>(k)], hit[static_cast<std::size_t>(k)]);
      }
    }
    // Named are first the categories that most members have: a misspelling does not give a cohort its name.
    const auto list = [&](std::vector<std::size_t> chosen) {
      std::sort(chosen.begin(), chosen.end(), [&](auto a, auto b) { return hit[a] != hit[b] ? hit[a] > hit[b] : a < b; });
      c.values.clear();
      c.titles.clear();
      for (const std::size_t k : chosen) {
        c.values.insert(c.values.end(), feature.categories[k].spellings.begin(), feature.categories[k].spellings.end());
        c.titles.push_back(feature.categories[k].title());
      }
      std::sort(c.values.begin(), c.values.end());
    };
    if (feature.kind == Kind::set) {
      for (std::size_t k = 0; k < in.size(); ++k) {
        list({k});
        offer(f, in[k], hit[k], c);
      }
      return;
    }
    // The best set of categories for F1 is a prefix of them by precision.
    std::vector<std::size_t> order;
    for (std::size_t k = 0; k < in.size(); ++k)
      if (hit[k] > 0) order.push_back(k);
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return hit[a] * in[b] > hit[b] * in[a]; });
    std::vector<std::size_t> chosen;
    double sum_in = 0, sum_hit = 0;
    for (const std::size_t k : order) {
      if (chosen.size() == 6 || chosen.size() + 1 == in.size()) break;
      chosen.push_back(k);
      sum_in += in[k];
      sum_hit += hit[k];
      list(chosen);
      offer(f, sum_in, sum_hit, c);
    }
  }

  const Dataset& d_;
  const Encoder& encoder_;
  std::span<const std::uint32_t> rows_;
  const std::vector<bool>& member_;
  std::vector<bool> inside_;
  const Stop& stop_;
  Pace pace_;
  double members_ = 0;
  double best_score_ = 0;
  std::size_t best_feature_ = 0;
  Condition best_condition_;
};

}  // namespace

std::string Predicate::sql() const {
  std::string out;
  for (const Condition& c : conditions) out += (out.empty() ? "" : " AND ") + condition_sql(c);
  return out.empty() ? "true" : out;
}

std::string Predicate::words(const std::string& language) const {
  std::string out;
  for (const Condition& c : conditions) out += (out.empty() ? "" : " · ") + condition_words(c, language == "ru");
  return out;
}

bool Predicate::holds(const Dataset& data, std::size_t row) const {
  return std::all_of(conditions.begin(), conditions.end(), [&](const Condition& c) { return condition_holds(c, data, row); });
}

Definition describe_members(const Dataset& data, const Encoder& encoder, std::span<const std::uint32_t> rows,
                            const std::vector<bool>& member, int most, const Stop& stop) {
  return Describer(data, encoder, rows, member, stop).describe(most);
}

}  // namespace icp
