#include "icp/profile.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "icp/encoder.hpp"
#include "icp/options.hpp"
#include "icp/text.hpp"

namespace icp {

namespace {

constexpr std::uint64_t largest_count = std::uint64_t{1} << 60;

// Sets as they are counted: each item once, in order.
void sort_items(std::span<const std::string_view> from, std::vector<std::string_view>& to) {
  to.assign(from.begin(), from.end());
  std::sort(to.begin(), to.end());
  to.erase(std::unique(to.begin(), to.end()), to.end());
}

}  // namespace

void ProfileColumn::add(const Value& v) {
  switch (v.type) {
    case ValueType::missing: return;
    case ValueType::number:
      if (moments.n() == 0) low = high = v.number == 0 ? 0.0 : v.number;
      else if (v.number < low) low = v.number;
      else if (v.number > high) high = v.number;
      moments.add(v.number);
      numbers.add(v.number);
      return;
    case ValueType::boolean: ++(v.boolean ? trues : falses); return;
    case ValueType::text: texts.add(v.text); return;
    case ValueType::set: {
      ++sets;
      if (v.items.empty()) ++empty_sets;
      if (v.items.size() == 1) {
        items.add(v.items[0]);
      } else {
        std::vector<std::string_view> sorted;
        sort_items(v.items, sorted);
        for (const std::string_view item : sorted) items.add(item);
      }
      return;
    }
    case ValueType::moment:
      if (dates == 0) earliest = latest = v.microseconds;
      earliest = std::min(earliest, v.microseconds);
      latest = std::max(latest, v.microseconds);
      ++dates;
      if (v.boolean) ++local_dates;
      return;
    case ValueType::other: ++others; return;
  }
}

void ProfileColumn::merge(const ProfileColumn& o) {
  falses += o.falses;
  trues += o.trues;
  if (o.moments.n() > 0) {
    low = moments.n() == 0 ? o.low : std::min(low, o.low);
    high = moments.n() == 0 ? o.high : std::max(high, o.high);
    moments.merge(o.moments);
    numbers.merge(o.numbers);
  }
  texts.merge(o.texts);
  sets += o.sets;
  empty_sets += o.empty_sets;
  items.merge(o.items);
  if (o.dates > 0) {
    earliest = dates == 0 ? o.earliest : std::min(earliest, o.earliest);
    latest = dates == 0 ? o.latest : std::max(latest, o.latest);
    dates += o.dates;
    local_dates += o.local_dates;
  }
  others += o.others;
}

ValueType ProfileColumn::main_type() const {
  const std::pair<ValueType, std::uint64_t> counts[] = {
      {ValueType::number, moments.n()}, {ValueType::boolean, falses + trues}, {ValueType::text, texts.n()},
      {ValueType::set, sets}, {ValueType::moment, dates}, {ValueType::other, others}};
  auto best = std::pair{ValueType::missing, std::uint64_t{0}};
  for (const auto& c : counts)
    if (c.second > best.second) best = c;
  return best.first;
}

const char* ProfileColumn::contradiction() const {
  for (const std::uint64_t n : {falses, trues, moments.n(), texts.n(), sets, dates, others})
    if (n > largest_count / 8) return "a count is out of range";
  if (moments.n() != numbers.n()) return "the counts of a column's numbers differ";
  if (!std::isfinite(low) || !std::isfinite(high) || low > high) return "a column's smallest number is above its largest";
  if (moments.n() == 0 && (low != 0 || high != 0)) return "a column without numbers has a smallest one";
  if (std::signbit(low) != (low < 0) || std::signbit(high) != (high < 0)) return "a number is not in its canonical form";
  if (empty_sets > sets || local_dates > dates || earliest > latest) return "the counts of a column contradict each other";
  if (dates == 0 && (earliest != 0 || latest != 0)) return "a column without dates has an earliest one";
  return nullptr;
}

bool ProfileOptions::takes(std::string_view column) const {
  if (std::binary_search(ignore.begin(), ignore.end(), column)) return false;
  return features.empty() || std::binary_search(features.begin(), features.end(), column) || kinds.count(std::string(column)) > 0;
}

const char* ProfileOptions::contradiction() const {
  for (const auto* list : {&features, &ignore})
    for (std::size_t i = 1; i < list->size(); ++i)
      if ((*list)[i - 1] >= (*list)[i]) return "the names in its options are not in order";
  for (const auto& [column, kind] : kinds)
    if (kind != "numeric" && kind != "binary" && kind != "categorical" && kind != "set" && kind != "date")
      return "its options hold an unknown kind";
  return nullptr;
}

ProfileOptions parse_profile_options(std::string_view text) {
  const auto json = nlohmann::json::parse(text.empty() ? "null" : text, nullptr, false);
  if (json.is_object())
    for (const auto& [key, value] : json.items())
      if (key != "features" && key != "ignore" && key != "kinds")
        throw Error(ErrorCode::invalid_parameter, fmt::format("unknown option \"{}\"", key), {},
                    "The known options of a profile are features, ignore, kinds.");
  const Options all = parse_options(text);  // where these three have the same meaning
  ProfileOptions o;
  o.features.assign(all.features.begin(), all.features.end());
  o.ignore.assign(all.ignore.begin(), all.ignore.end());
  o.kinds = all.kinds;
  return o;
}

void Profile::start(ProfileOptions options) {
  options_ = std::move(options);
  started_ = true;
}

std::int32_t Profile::column(std::string_view name) {
  const auto it = by_name_.find(name);
  if (it != by_name_.end()) return it->second;
  if (!options_.takes(name)) return left_out;
  if (columns_.size() >= most_columns)
    throw Error(ErrorCode::too_large, "too many columns in a profile", fmt::format("A profile has at most {} columns.", most_columns),
                "Name the columns wanted in the option features.");
  columns_.emplace_back(memory_);
  columns_.back().name = name;
  const auto place = static_cast<std::int32_t>(columns_.size() - 1);
  by_name_.emplace(std::string(name), place);
  const auto kind = options_.kinds.find(columns_.back().name);
  kinds_.push_back(kind == options_.kinds.end() ? nullptr : &kind->second);
  return place;
}

void Profile::index() {
  by_name_.clear();
  kinds_.clear();
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    by_name_.emplace(columns_[i].name, static_cast<std::int32_t>(i));
    const auto kind = options_.kinds.find(columns_[i].name);
    kinds_.push_back(kind == options_.kinds.end() ? nullptr : &kind->second);
  }
}

Value Profile::read_as(const std::string* kind, const Value& v, Scratch& memory) {
  if (kind == nullptr) {
    if (v.type != ValueType::text || v.text.empty()) return v;
    const char c = v.text[0];
    if (c >= '0' && c <= '9') {
      if (v.text.size() >= 10 && v.text.size() <= 40)
        if (const auto m = parse_moment(v.text)) return Value::of_moment(m->microseconds, m->local);
    } else if (c == 'N' || c == 'I' || c == '-') {
      if (v.text == "NaN" || v.text == "Infinity" || v.text == "-Infinity") return {};
    }
    return v;
  }
  if (v.type == ValueType::missing) return v;
  Value other;
  other.type = ValueType::other;
  switch (kind->front()) {
    case 'n':
      if (v.type == ValueType::number) return v;
      if (v.type == ValueType::boolean) return Value::of(v.boolean ? 1.0 : 0.0);
      if (v.type == ValueType::text)
        if (const auto x = parse_number(v.text)) return std::isfinite(*x) ? Value::of(*x) : Value{};
      return other;
    case 'b':
      if (v.type == ValueType::boolean) return v;
      if (v.type == ValueType::number && (v.number == 0 || v.number == 1)) return Value::of(v.number == 1);
      if (v.type == ValueType::text)
        if (const auto code = truth(v.text); code != missing_category) return Value::of(code == 1);
      return other;
    case 'c':
      if (v.type == ValueType::text) return v;
      if (v.type == ValueType::number) return Value::of(std::string_view(memory.text = number_text(v.number)));
      if (v.type == ValueType::boolean) return Value::of(std::string_view(v.boolean ? "true" : "false"));
      return other;
    case 's':
      if (v.type == ValueType::set) return v;
      if (v.type == ValueType::text) {
        memory.item = v.text;
        return Value::of_set({&memory.item, 1});
      }
      return other;
    default:
      if (v.type == ValueType::moment) return v;
      if (v.type == ValueType::text)
        if (const auto m = parse_moment(v.text)) return Value::of_moment(m->microseconds, m->local);
      return other;
  }
}

void Profile::add(std::span<const std::int32_t> columns, std::span<const Value> values) {
  ++rows_;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i] < 0 || values[i].type == ValueType::missing) continue;
    const auto at = static_cast<std::size_t>(columns[i]);
    if (kinds_[at] == nullptr && values[i].type == ValueType::number) columns_[at].add(values[i]);
    else columns_[at].add(read_as(kinds_[at], values[i], scratch_));
  }
}

void Profile::merge(const Profile& other) {
  if (!other.started_) return;
  if (!started_) start(other.options_);
  if (options_ != other.options_)
    throw Error(ErrorCode::invalid_parameter, "profiles made with different options cannot be merged", {},
                "Make both with the same features, ignore and kinds.");
  if (rows_ > largest_count - other.rows_) throw Error(ErrorCode::too_large, "too many rows in a profile");
  rows_ += other.rows_;
  for (const ProfileColumn& c : other.columns_) {
    const std::int32_t at = column(c.name);
    columns_[static_cast<std::size_t>(at)].merge(c);
  }
}

std::vector<const ProfileColumn*> Profile::columns() const {
  std::vector<const ProfileColumn*> out;
  for (const ProfileColumn& c : columns_) out.push_back(&c);
  std::sort(out.begin(), out.end(), [](const ProfileColumn* a, const ProfileColumn* b) { return a->name < b->name; });
  return out;
}

const char* Profile::contradiction() const {
  if (const char* wrong = options_.contradiction()) return wrong;
  if (rows_ > largest_count) return "a count is out of range";
  if (columns_.size() > most_columns) return "it has too many columns";
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (i > 0 && columns_[i - 1].name >= columns_[i].name) return "its columns are not in order";
    if (columns_[i].known() > rows_) return "a column has more values than there are rows";
    if (!options_.takes(columns_[i].name)) return "it has a column that its options leave out";
  }
  return nullptr;
}

namespace {

constexpr std::size_t values_shown = 20;

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : std::min(1.0, static_cast<double>(part) / static_cast<double>(whole));
}

const char* kind_word(ValueType type) {
  switch (type) {
    case ValueType::missing: return "";
    case ValueType::number: return "numeric";
    case ValueType::boolean: return "binary";
    case ValueType::text: return "categorical";
    case ValueType::set: return "set";
    case ValueType::moment: return "date";
    case ValueType::other: return "other";
  }
  return "";
}

// {"values": […]} and what else a kind adds, key by key.
class Detail {
 public:
  void key(const char* name) {
    out_ += out_.empty() ? '{' : ',';
    append_json_string(out_, name);
    out_ += ':';
  }
  void count(const char* name, std::uint64_t n) {
    key(name);
    out_ += std::to_string(n);
  }
  void values() {
    key("values");
    out_ += '[';
    first_ = true;
  }
  void value(const std::string& json, std::uint64_t n, std::uint64_t of) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += fmt::format("{{\"value\":{},\"n\":{},\"share\":{}}}", json, n, number_text(share(n, of)));
  }
  void end_values() { out_ += ']'; }
  std::string take() { return out_.empty() ? "{}" : out_ + '}'; }

 private:
  std::string out_;
  bool first_ = true;
};

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

void show_categories(ProfileFeature& f, Detail& detail, const Categories& categories, std::uint64_t of) {
  const auto list = categories.categories();
  f.distinct = categories.exact() ? list.size() : categories.distinct();
  f.distinct_error = categories.exact() ? 0 : Distinct::error;
  if (!list.empty()) {
    f.top_value = list[0].spelling;
    f.top_share = share(list[0].count, of);
  }
  detail.values();
  for (std::size_t i = 0; i < std::min(list.size(), values_shown); ++i)
    detail.value(json_string(list[i].spelling), list[i].count, of);
  detail.end_values();
}

void show_numbers(ProfileFeature& f, Detail& detail, const ProfileColumn& c) {
  f.mean = c.moments.mean();
  if (c.moments.n() > 1) f.sd = c.moments.sd();
  f.low = c.low;
  f.high = c.high;
  const auto q = c.numbers.quantiles({0.1, 0.25, 0.5, 0.75, 0.9}, c.low, c.high);
  f.q10 = q[0];
  f.q25 = q[1];
  f.median = q[2];
  f.q75 = q[3];
  f.q90 = q[4];
  f.quantile_error = c.numbers.error();
  f.distinct = c.numbers.distinct();
  f.distinct_error = c.numbers.exact() ? 0 : Distinct::error;
  const auto top = c.numbers.top(values_shown);
  if (top.empty()) return;
  f.top_value = number_text(top[0].first);
  f.top_share = share(top[0].second, c.moments.n());
  detail.values();
  for (const auto& [value, n] : top) detail.value(number_text(value), n, c.moments.n());
  detail.end_values();
}

ProfileFeature feature_of(const ProfileColumn& c, std::uint64_t rows) {
  ProfileFeature f;
  const ValueType type = c.main_type();
  f.feature = c.name;
  f.kind = kind_word(type);
  f.rows = rows;
  f.known = c.known();
  f.known_share = share(f.known, rows);
  Detail detail;
  switch (type) {
    case ValueType::number: show_numbers(f, detail, c); break;
    case ValueType::boolean: {
      const std::uint64_t n = c.falses + c.trues;
      f.mean = share(c.trues, n);
      f.distinct = (c.falses > 0 ? 1 : 0) + (c.trues > 0 ? 1 : 0);
      f.distinct_error = 0;
      f.top_value = c.trues > c.falses ? "true" : "false";
      f.top_share = share(std::max(c.trues, c.falses), n);
      detail.count("false", c.falses);
      detail.count("true", c.trues);
      break;
    }
    case ValueType::text: show_categories(f, detail, c.texts, c.texts.n()); break;
    case ValueType::set:
      show_categories(f, detail, c.items, c.sets);
      detail.count("empty", c.empty_sets);
      break;
    case ValueType::moment:
      f.earliest = c.earliest;
      f.latest = c.latest;
      detail.count("without_zone", c.local_dates);
      break;
    default: break;
  }
  const std::pair<const char*, std::uint64_t> types[] = {{"numeric", c.moments.n()}, {"binary", c.falses + c.trues},
      {"categorical", c.texts.n()}, {"set", c.sets}, {"date", c.dates}, {"other", c.others}};
  if (std::count_if(std::begin(types), std::end(types), [](const auto& t) { return t.second > 0; }) > 1)
    for (const auto& [word, n] : types)
      if (n > 0) detail.count((std::string("of_kind_") + word).c_str(), n);
  f.detail = detail.take();
  return f;
}

}  // namespace

std::vector<ProfileFeature> profile_features(const Profile& profile, const Stop& stop) {
  std::vector<ProfileFeature> out;
  for (const ProfileColumn* c : profile.columns()) {
    stop.poll();
    out.push_back(feature_of(*c, profile.rows()));
  }
  return out;
}

ProfileSimilarity::ProfileSimilarity(const Profile& profile) : kinds_(profile.options().kinds) {
  for (const ProfileColumn* column : profile.columns()) {
    Criterion c;
    c.type = column->main_type();
    double concentration = 0;
    switch (c.type) {
      case ValueType::number: {
        if (identifier_name(column->name)) continue;
        const auto q = column->numbers.quantiles({0.1, 0.5, 0.9}, column->low, column->high);
        c.low = q[0];
        c.high = q[2];
        const double size = std::fabs(q[0]) / 2 + std::fabs(q[2]) / 2;  // halves: the sum must not overflow
        concentration = size == 0 ? 1 : 1 / (1 + (q[2] / 2 - q[0] / 2) / size);
        c.logarithm = column->low > 0 && q[2] - q[1] > 2 * (q[1] - q[0]);
        if (c.logarithm) {
          c.low = std::log(c.low);
          c.high = std::log(c.high);
          c.width = std::max(c.high - c.low, 0.1);
        } else {
          c.width = std::max(c.high - c.low, std::fabs(q[1]) / 10);
        }
        break;
      }
      case ValueType::boolean: {
        const double n = static_cast<double>(column->falses + column->trues);
        const double no = static_cast<double>(column->falses) / n, yes = static_cast<double>(column->trues) / n;
        concentration = no * no + yes * yes;
        c.shares[0] = no / std::max(no, yes);
        c.shares[1] = yes / std::max(no, yes);
        break;
      }
      case ValueType::text:
      case ValueType::set: {
        const bool set = c.type == ValueType::set;
        const Categories& categories = set ? column->items : column->texts;
        const std::uint64_t n = set ? column->sets : column->texts.n();
        const auto list = categories.categories();
        const std::uint64_t distinct = std::max<std::uint64_t>(categories.distinct(), list.size());
        double sum = 0, squares = 0;
        for (const auto& entry : list) {
          const double s = share(entry.count, n);
          sum += s;
          squares += s * s;
          c.categories.emplace(entry.name, s);
          c.best.push_back(sum);
        }
        // Where only the frequent categories are known, the others share what is left evenly.
        if (distinct > list.size()) {
          const double others = static_cast<double>(distinct - list.size());
          const double all = static_cast<double>(categories.n()) / static_cast<double>(n);
          c.rest = std::max(0.0, all - sum) / others;
          sum += c.rest * others;
          squares += c.rest * c.rest * others;
        }
        if (set) {
          const double empty = share(column->empty_sets, n);
          c.shares[0] = empty / std::max(empty, 1 - empty);
          concentration = sum == 0 ? 1 : std::min(1.0, squares / sum);
        } else {
          const double most = list.empty() ? c.rest : std::max(c.rest, share(list[0].count, n));
          for (auto& entry : c.categories) entry.second /= most;
          c.rest /= most;
          concentration = std::min(1.0, squares);
        }
        break;
      }
      default: continue;
    }
    const auto kind = kinds_.find(column->name);
    c.kind = kind == kinds_.end() ? nullptr : &kind->second;
    c.weight = share(column->known(), profile.rows()) * concentration;
    columns_.push_back(column->name);
    criteria_.push_back(std::move(c));
  }
}

double ProfileSimilarity::share_of(const Criterion& c, std::string_view raw) {
  const auto it = c.categories.find(fold(Categories::spelling_of(raw, spelling_)));
  return it == c.categories.end() ? c.rest : it->second;
}

double ProfileSimilarity::met(const Criterion& c, const Value& v) {
  switch (c.type) {
    case ValueType::number: {
      if (c.logarithm && v.number <= 0) return 0;
      const double x = c.logarithm ? std::log(v.number) : v.number;
      const double beyond = x < c.low ? c.low - x : x > c.high ? x - c.high : 0;
      if (beyond == 0) return 1;
      const double d = beyond / c.width;  // infinite where the width is 0
      return 1 / (1 + d * d);
    }
    case ValueType::boolean: return c.shares[v.boolean ? 1 : 0];
    case ValueType::text: return share_of(c, v.text);
    default: {
      if (v.items.empty()) return c.shares[0];
      sort_items(v.items, items_);
      double sum = 0;
      for (const std::string_view item : items_) sum += share_of(c, item);
      // The best that so many items can do: those listed, then the others.
      const std::size_t listed = std::min(items_.size(), c.best.size());
      const double best = (listed == 0 ? 0 : c.best[listed - 1]) + c.rest * static_cast<double>(items_.size() - listed);
      return best > 0 ? std::min(1.0, sum / best) : 0;
    }
  }
}

std::optional<double> ProfileSimilarity::operator()(std::span<const Value> values) {
  double sum = 0, weight = 0;
  for (std::size_t i = 0; i < criteria_.size(); ++i) {
    if (values[i].type == ValueType::missing) continue;
    const Criterion& c = criteria_[i];
    const Value v = Profile::read_as(c.kind, values[i], scratch_);
    if (v.type != c.type) continue;
    sum += c.weight * met(c, v);
    weight += c.weight;
  }
  if (weight == 0) return std::nullopt;
  return std::min(1.0, sum / weight);
}

}  // namespace icp
