// Which columns are features, and how they are encoded: learned from a dataset.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include "icp/encoder.hpp"
#include "icp/error.hpp"
#include "icp/levels.hpp"
#include "icp/metric.hpp"
#include "icp/text.hpp"

namespace icp {

bool identifier_name(const std::string& name) {
  if (fold(name) == "id") return true;
  if (name.size() > 3 && fold(name.substr(name.size() - 3)) == "_id") return true;
  return name.size() > 2 && (name.ends_with("Id") || name.ends_with("ID")) &&
         name[name.size() - 3] >= 'a' && name[name.size() - 3] <= 'z';
}

namespace {

class Learner {
 public:
  Learner(const Dataset& data, std::span<const std::uint32_t> rows, const Options& options, std::vector<Finding>& findings,
          std::uint64_t floor, const Stop& stop)
      : d_(data), rows_(rows), o_(options), findings_(findings), floor_(floor), stop_(stop), pace_(stop) {}

  bool learn(const DataColumn& c, Feature& f) {
    f.name = c.name;
    if (o_.is_role(c.name) && o_.features.count(c.name) == 0) return false;
    if (o_.ignore.count(c.name) > 0 || o_.metrics.count(c.name) > 0) return false;
    if (metric_by_name(c.name, o_)) return leave(c, "a metric, agreed while selling", "list it in keep if it was known before the outcome", "info");
    if (!o_.features.empty() && o_.features.count(c.name) == 0 && o_.kinds.count(c.name) == 0) return false;
    std::uint64_t known = 0;
    for (const auto r : rows_) known += c.known[r];
    const bool asked = o_.features.count(c.name) > 0 || o_.kinds.count(c.name) > 0 || o_.keep.count(c.name) > 0;
    const auto declared = o_.kinds.find(c.name);
    const std::string& kind = declared == o_.kinds.end() ? undeclared : declared->second;
    if (!kind_fits(c, kind)) return false;
    if (c.type == ColumnType::empty || known == 0) return leave(c, "no values", "");
    if (o_.lead_columns && o_.lead_columns->count(c.name) == 0) {
      add("warning", c.name, -1, "absent from the leads: left out of similarity and scorecard", "add the column to the leads view");
      return false;
    }
    if (c.type == ColumnType::other) return leave(c, "its type cannot be a feature", "cast it in the view");
    if (c.type == ColumnType::free_text) return leave(c, "free text", "derive a category from it in the view");
    if (c.type == ColumnType::moment) {
      if (!asked) return leave(c, "a date", fmt::format("list it in kinds: {{\"{}\": \"date\"}} makes its age at first contact a feature", c.name), "info");
      return age(c, f);
    }
    if (!asked && identifier_name(c.name) && (c.type == ColumnType::number ? c.integral : c.distinct > 20))
      return leave(c, "an identifier", "list it in keep if it is not", "info");
    f.level = o_.levels.count(c.name) > 0 ? o_.levels.at(c.name) : guess_level(c.name);
    f.known_share = static_cast<double>(known) / static_cast<double>(rows_.size());
    if (c.type == ColumnType::number) {
      if (kind == "binary") return binary(f);
      return numeric(c, c.numbers, f);
    }
    if (c.type == ColumnType::boolean) {
      bool seen[2] = {};
      for (const auto r : rows_)
        if (c.known[r] != 0) seen[c.codes[r]] = true;
      if (!(seen[0] && seen[1])) return leave(c, "constant", "");
      return binary(f);
    }
    return words(c, f, known, asked);
  }

 private:
  void add(std::string severity, const std::string& column, std::int64_t rows, std::string message, std::string hint) {
    findings_.push_back({std::move(severity), column, rows, std::move(message), std::move(hint)});
  }
  bool leave(const DataColumn& c, const std::string& why, std::string hint, std::string severity = "warning") {
    add(std::move(severity), c.name, -1, fmt::format("left out: {}", why), std::move(hint));
    return false;
  }

  inline static const std::string undeclared;

  // What the kind in the option `kinds` cannot read is said once, with its number. False: it can read nothing.
  bool kind_fits(const DataColumn& c, const std::string& kind) {
    if (kind.empty() || c.type == ColumnType::other || c.type == ColumnType::free_text) return true;
    std::uint64_t values = c.known_rows + c.unread, bad = c.unread;
    const char* what = kind == "numeric" ? "a number" : kind == "date" ? "a date" : kind == "binary" ? "true or false" : kind == "set" ? "an array" : "a word";
    const char* instead = "they count as unknown";
    // A column of another type keeps its own kind.
    const auto other = [&](const char* used) {
      bad = values;
      instead = used;
    };
    if (kind == "binary" && c.type == ColumnType::number) {
      for (std::size_t r = 0; r < d_.rows; ++r) bad += c.known[r] != 0 && c.numbers[r] != 0 && c.numbers[r] != 1;
    } else if (c.type == ColumnType::set && kind != "set") {
      other("used as a set");
    } else if (c.type == ColumnType::moment && kind != "date") {
      other("its age at first contact is used");
    } else if (c.type == ColumnType::text && (kind == "binary" || kind == "set")) {
      other("used as categorical");
    } else if (c.type == ColumnType::number && (kind == "date" || kind == "set")) {
      other("used as numeric");
    } else if (c.type == ColumnType::boolean && (kind == "date" || kind == "set")) {
      other("used as binary");
    }
    if (bad == 0) return true;
    const bool nothing = bad == values && std::string_view(instead) == "they count as unknown";
    add("warning", c.name, static_cast<std::int64_t>(bad),
        nothing ? fmt::format("left out: declared {}, but none of its {} values is {}", kind, values, what)
                : fmt::format("declared {}, but {} of {} values are not {}: {}", kind, bad, values, what, instead),
        "correct the option kinds, or cast the column in the view");
    return !nothing;
  }

  static bool binary(Feature& f) {
    f.kind = Kind::binary;
    f.categories = {{"false", {"false"}}, {"true", {"true"}}};
    return true;
  }

  bool age(const DataColumn& c, Feature& f) {
    std::vector<double> ages(d_.rows, missing_number);
    for (std::size_t r = 0; r < d_.rows; ++r) ages[r] = d_.first_contact[r] - c.numbers[r];
    f.age = true;
    f.level = o_.levels.count(c.name) > 0 ? o_.levels.at(c.name) : guess_level(c.name, true);
    return numeric(c, ages, f);
  }

  bool numeric(const DataColumn& c, const std::vector<double>& values, Feature& f) {
    f.kind = Kind::numeric;
    std::vector<double> x;
    for (const auto r : rows_)
      if (std::isfinite(values[r])) x.push_back(values[r]);
    f.known_share = static_cast<double>(x.size()) / static_cast<double>(rows_.size());
    if (x.empty()) return leave(c, "no values", "");
    const auto [least, most] = std::minmax_element(x.begin(), x.end());
    if (*least == *most) return leave(c, "constant", "");
    double mean = 0, variance = 0;
    moments(x, mean, variance);
    // Log-scaled where that makes the numbers more normal: the likelihood of a normal in x against one in log(x + shift),
    // Jacobian included (Box & Cox 1964, lambda 1 against 0).
    if (*least >= 0) {
      double smallest = *most;
      for (const double v : x)
        if (v > 0) smallest = std::min(smallest, v);
      const double shift = *least > 0 ? 0 : smallest / 2;
      std::vector<double> y;
      double jacobian = 0;
      for (const double v : x) {
        pace_.step();
        y.push_back(std::log(v + shift));
        jacobian += y.back();
      }
      double log_mean = 0, log_variance = 0;
      moments(y, log_mean, log_variance);
      const double n = static_cast<double>(x.size());
      if (log_variance > 0 && -0.5 * n * std::log(log_variance) - jacobian > -0.5 * n * std::log(variance)) {
        f.log_scaled = true;
        f.shift = shift;
        mean = log_mean;
        variance = log_variance;
      }
    }
    f.center = mean;
    f.scale = std::sqrt(variance);
    // Squares of numbers beyond about 1e±150 are infinite or nothing.
    if (!std::isfinite(f.center) || !std::isfinite(f.scale) || !(f.scale > 0))
      return leave(c, "its numbers are too large or too close to zero", "choose another unit in the view");
    f.low = -INFINITY;
    f.high = INFINITY;
    const double a = f.scaled(*least), b = f.scaled(*most);
    f.low = a - 1;
    f.high = b + 1;
    return true;
  }

  void moments(const std::vector<double>& x, double& mean, double& variance) {
    stop_.poll();
    const double n = static_cast<double>(x.size());
    double sum = 0;
    for (const double v : x) sum += v;
    mean = sum / n;
    sum = 0;
    for (const double v : x) sum += (v - mean) * (v - mean);
    variance = sum / n;
  }

  bool words(const DataColumn& c, Feature& f, std::uint64_t known, bool asked) {
    f.kind = c.type == ColumnType::set ? Kind::set : Kind::categorical;
    std::vector<std::string> folded;
    for (const std::string& w : c.words) {
      pace_.step();
      folded.push_back(fold(w));
    }
    // Companies and rows of each folded category, rows of each spelling.
    std::map<std::string, std::set<std::int32_t>> companies;
    std::vector<std::uint64_t> spelled(c.words.size(), 0);
    const auto count = [&](std::int32_t word, std::uint32_t row) {
      pace_.step();
      const auto w = static_cast<std::size_t>(word);
      if (folded[w].empty()) return;
      auto& set = companies[folded[w]];
      if (set.size() < floor_) set.insert(d_.company[row]);
      spelled[w] += d_.count[row];
    };
    for (const auto r : rows_) {
      if (c.known[r] == 0) continue;
      if (c.type == ColumnType::set)
        for (std::uint32_t i = c.offsets[r]; i < c.offsets[r + 1]; ++i) count(c.items[i], r);
      else count(c.codes[r], r);
    }
    const std::uint64_t distinct = companies.size();
    if (c.type == ColumnType::text && !asked) {
      if (c.numeric_texts * 20 >= c.known_rows * 19)
        add("warning", c.name, static_cast<std::int64_t>(c.known_rows),
            fmt::format("text, {:.0f} % of values are numbers", 100.0 * static_cast<double>(c.numeric_texts) / static_cast<double>(c.known_rows)),
            "cast it");
      if (distinct > 20 && distinct * 2 > known) return leave(c, "nearly unique text", "derive a category from it in the view", "info");
    }
    const auto frequent = std::count_if(companies.begin(), companies.end(), [&](const auto& c) { return c.second.size() >= floor_; });
    if (frequent > 1000) return leave(c, "more than 1000 categories", "group them in the view");
    std::map<std::string_view, std::vector<std::size_t>> spellings;
    for (std::size_t w = 0; w < folded.size(); ++w, pace_.step()) spellings[folded[w]].push_back(w);
    std::size_t rare = 0;
    for (const auto& [name, set] : companies) {
      if (set.size() < floor_) {
        ++rare;
        continue;
      }
      Category category;
      category.name = name;
      std::vector<std::size_t>& order = spellings[name];
      std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return spelled[a] > spelled[b]; });
      for (const auto w : order) category.spellings.push_back(c.words[w]);
      f.categories.push_back(std::move(category));
    }
    if (f.categories.empty()) return leave(c, fmt::format("no category occurs in {} companies", floor_), "group them in the view");
    if (f.kind == Kind::categorical && f.categories.size() == 1 && rare == 0) return leave(c, "constant", "");
    if (f.kind == Kind::categorical && f.categories.size() == 1) return leave(c, "one category and rare others", "group them in the view");
    if (rare > 0)
      add("info", c.name, static_cast<std::int64_t>(rare),
          fmt::format("categories seen in fewer than {} companies, pooled as other: {}", floor_, rare), "group them in the view");
    near_spellings(c.name, f.categories);
    return true;
  }

  // Categories that differ by one letter are probably one: reported, never merged.
  void near_spellings(const std::string& column, const std::vector<Category>& categories) {
    if (categories.size() > 200) return;
    for (std::size_t i = 0; i < categories.size(); ++i)
      for (std::size_t j = i + 1; j < categories.size(); ++j) {
        const std::string &a = categories[i].name, &b = categories[j].name;
        if (std::min(a.size(), b.size()) < 5 || !one_edit(a, b)) continue;
        add("info", column, -1, fmt::format("'{}' and '{}' look like one category", categories[i].title(), categories[j].title()),
            "unify the spelling in the view");
      }
  }
  static bool one_edit(std::string_view a, std::string_view b) {
    if (a.size() > b.size()) std::swap(a, b);
    if (b.size() - a.size() > 1) return false;
    std::size_t i = 0;
    while (i < a.size() && a[i] == b[i]) ++i;
    const bool digit = i < b.size() && b[i] >= '0' && b[i] <= '9';
    // "Product A" and "Product B" are two names: the word in which they differ must be long enough to be misspelt.
    const std::size_t space = b.substr(0, i).rfind(' '), from = space == std::string_view::npos ? 0 : space + 1;
    if (std::min(b.find(' ', i), b.size()) - from < 5) return false;
    return !digit && (a.size() == b.size() ? a.substr(std::min(i + 1, a.size())) == b.substr(std::min(i + 1, b.size())) : a.substr(i) == b.substr(i + 1));
  }

  const Dataset& d_;
  std::span<const std::uint32_t> rows_;
  const Options& o_;
  std::vector<Finding>& findings_;
  std::uint64_t floor_;
  const Stop& stop_;
  Pace pace_;
};

// Whether two encoded columns say the same: numbers in proportion, or categories one to one, wherever both are known.
bool same_information(const TableColumn& a, const TableColumn& b, std::size_t rows) {
  const bool numeric = a.kind == Kind::numeric && b.kind == Kind::numeric;
  if (a.kind == Kind::set || b.kind == Kind::set || (a.kind == Kind::numeric) != (b.kind == Kind::numeric)) return false;
  if (!numeric && a.categories != b.categories) return false;
  double n = 0, sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
  std::vector<std::int32_t> to(static_cast<std::size_t>(a.categories), -1), back(static_cast<std::size_t>(b.categories), -1);
  std::size_t missing = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    if (a.missing(r) != b.missing(r)) ++missing;
    if (a.missing(r) || b.missing(r)) continue;
    n += 1;
    if (numeric) {
      const double x = a.numbers[r], y = b.numbers[r];
      sa += x; sb += y; saa += x * x; sbb += y * y; sab += x * y;
    } else {
      auto& t = to[static_cast<std::size_t>(a.codes[r])];
      auto& u = back[static_cast<std::size_t>(b.codes[r])];
      if (t == -1 && u == -1) { t = b.codes[r]; u = a.codes[r]; }
      if (t != b.codes[r] || u != a.codes[r]) return false;
    }
  }
  if (n < 20 || static_cast<double>(missing) > 0.05 * static_cast<double>(rows)) return false;
  if (!numeric) return true;
  const double va = saa - sa * sa / n, vb = sbb - sb * sb / n, cov = sab - sa * sb / n;
  return va > 0 && vb > 0 && cov * cov > 0.998 * va * vb;
}

}  // namespace

Encoder learn_encoder(const Dataset& data, std::span<const std::uint32_t> rows, const Options& options,
                      std::vector<Finding>& findings, const Stop& stop, std::uint64_t companies_floor) {
  for (const auto* names : {&options.features, &options.keep, &options.metrics})
    for (const std::string& name : *names)
      if (data.find(name) == nullptr)
        throw Error(ErrorCode::undefined_column, fmt::format("column \"{}\" does not exist in the rows", name), {},
                    "The options features, keep and metrics name columns of the view.");
  for (const std::string& name : options.ignore)
    if (data.find(name) == nullptr) findings.push_back({"warning", name, -1, "the option ignore names a column that does not exist", "check the spelling"});
  for (const auto* names : {&options.kinds, &options.levels})
    for (const auto& [name, word] : *names)
      if (data.find(name) == nullptr) findings.push_back({"warning", name, -1, "the options kinds and levels name columns of the view; this one does not exist", "check the spelling"});
  Encoder e;
  Learner learner(data, rows, options, findings, companies_floor, stop);
  for (const DataColumn& c : data.columns) {
    stop.poll();
    Feature f;
    if (!learner.learn(c, f)) continue;
    if (f.known_share < Encoder::nearly_empty && c.unread == 0)
      findings.push_back({"warning", c.name, static_cast<std::int64_t>(std::llround(f.known_share * static_cast<double>(rows.size()))),
                          fmt::format("nearly empty: known in {:.1f} % of {} rows", 100 * f.known_share, rows.size()), "fill it, or list it in ignore"});
    e.features.push_back(std::move(f));
  }
  e.prepare();
  // Near-duplicates: the first by name stays. A few thousand rows show it as well as all.
  const auto few = rows.subspan(0, std::min<std::size_t>(rows.size(), 5000));
  const Table t = e.encode(data, few, stop);
  std::vector<bool> drop(e.features.size(), false);
  for (std::size_t i = 0; i < e.features.size(); ++i)
    for (std::size_t j = i + 1; j < e.features.size(); ++j) {
      if (drop[i] || drop[j] || options.keep.count(e.features[j].name) > 0) continue;
      stop.poll();
      if (!same_information(t.columns[i], t.columns[j], few.size())) continue;
      drop[j] = true;
      findings.push_back({"warning", e.features[j].name, -1, fmt::format("left out: says the same as {}", e.features[i].name),
                          "list it in keep to use both"});
    }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < e.features.size(); ++i)
    if (!drop[i]) {
      if (kept != i) e.features[kept] = std::move(e.features[i]);
      ++kept;
    }
  e.features.resize(kept);
  e.prepare();
  return e;
}

}  // namespace icp
