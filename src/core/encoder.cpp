#include "icp/encoder.hpp"

#include <algorithm>
#include <cmath>

#include "icp/error.hpp"
#include "icp/hash.hpp"
#include "icp/text.hpp"

namespace icp {

double Feature::scaled(double x) const {
  double z;
  if (log_scaled) z = x + shift > 0 ? (std::log(x + shift) - center) / scale : low;
  else z = (x - center) / scale;
  return std::clamp(z, low, high);
}

double Feature::raw(double z) const {
  const double y = z * scale + center;
  return log_scaled ? std::exp(y) - shift : y;
}

void Feature::validate() const {
  const bool ok = kind <= Kind::set && std::isfinite(shift) && std::isfinite(center) && std::isfinite(scale) && scale > 0 &&
                  std::isfinite(low) && std::isfinite(high) && low <= high && (kind != Kind::binary || categories.size() == 2);
  if (!ok) throw Error(ErrorCode::corrupted, "a feature of the model contradicts itself");
}

void Encoder::validate() const {
  for (std::size_t f = 1; f < features.size(); ++f)
    if (!(features[f - 1].name < features[f].name)) throw Error(ErrorCode::corrupted, "the features of the model are not in order");
}

bool Encoder::has_age() const {
  return std::any_of(features.begin(), features.end(), [](const Feature& f) { return f.age; });
}

void Encoder::prepare() {
  lookups_.assign(features.size(), {});
  for (std::size_t f = 0; f < features.size(); ++f) {
    Lookup& l = lookups_[f];
    std::size_t spellings = 0;
    for (const Category& c : features[f].categories) spellings += c.spellings.size();
    std::size_t size = 8;
    while (size < 2 * spellings) size *= 2;
    l.by_spelling.assign(size, {std::string_view(), missing_category});
    l.mask = size - 1;
    for (std::size_t c = 0; c < features[f].categories.size(); ++c) {
      const auto code = static_cast<std::int32_t>(c);
      l.by_name.emplace(features[f].categories[c].name, code);
      for (const std::string& s : features[f].categories[c].spellings) {
        std::uint64_t at = hash64(s) & l.mask;
        while (l.by_spelling[at].second != missing_category) at = (at + 1) & l.mask;
        l.by_spelling[at] = {s, code};
      }
    }
  }
}

std::int32_t Encoder::code_of(std::size_t f, std::string_view raw) const {
  const Lookup& l = lookups_[f];
  for (std::uint64_t at = hash64(raw) & l.mask; l.by_spelling[at].second != missing_category; at = (at + 1) & l.mask)
    if (l.by_spelling[at].first == raw) return l.by_spelling[at].second;
  const auto it = l.by_name.find(fold(raw));
  return it == l.by_name.end() ? missing_category : it->second;
}

void Encoder::resize(EncodedBuffer& b) const {
  b.numbers.assign(features.size(), missing_number);
  b.codes.assign(features.size(), missing_category);
  b.items.resize(features.size());
  b.sets.assign(features.size(), {});
  b.known.assign(features.size(), 0);
}

std::int32_t truth(std::string_view text) {
  const std::string t = fold(text);
  if (t == "true" || t == "t" || t == "yes" || t == "1") return 1;
  if (t == "false" || t == "f" || t == "no" || t == "0") return 0;
  return missing_category;
}

void Encoder::encode(std::size_t f, const Value& v, double reference, EncodedBuffer& b, const Zone& zone) const {
  const Feature& feature = features[f];
  b.known[f] = 0;
  switch (feature.kind) {
    case Kind::numeric: {
      double x = missing_number;
      if (feature.age) x = reference - day_of(v, zone);
      else if (v.type == ValueType::number) x = v.number;
      else if (v.type == ValueType::boolean) x = v.boolean ? 1 : 0;
      else if (v.type == ValueType::text) x = parse_number(v.text).value_or(missing_number);
      if (!std::isfinite(x)) return;
      b.numbers[f] = feature.scaled(x);
      b.known[f] = 1;
      return;
    }
    case Kind::binary: {
      std::int32_t code = missing_category;
      if (v.type == ValueType::boolean) code = v.boolean ? 1 : 0;
      else if (v.type == ValueType::number) code = v.number == 1 ? 1 : v.number == 0 ? 0 : missing_category;
      else if (v.type == ValueType::text) code = truth(v.text);
      b.codes[f] = code;
      b.known[f] = code != missing_category;
      return;
    }
    case Kind::categorical: {
      std::int32_t code = missing_category;
      if (v.type == ValueType::text) code = code_of(f, v.text);
      else if (v.type == ValueType::number) code = code_of(f, number_text(v.number));
      else if (v.type == ValueType::boolean) code = code_of(f, v.boolean ? "true" : "false");
      b.codes[f] = code;
      b.known[f] = code != missing_category;
      return;
    }
    case Kind::set: {
      if (v.type != ValueType::set && v.type != ValueType::text) return;
      auto& items = b.items[f];
      items.clear();
      const std::string_view one[] = {v.text};
      for (const std::string_view item : v.type == ValueType::set ? v.items : std::span<const std::string_view>(one)) {
        const std::int32_t code = code_of(f, item);
        if (code != missing_category) items.push_back(code);
      }
      std::sort(items.begin(), items.end());
      items.erase(std::unique(items.begin(), items.end()), items.end());
      b.sets[f] = items;
      b.known[f] = 1;
      return;
    }
  }
}

Table Encoder::encode(const Dataset& data, std::span<const std::uint32_t> rows, const Stop& stop) const {
  Pace pace(stop);
  Table t;
  t.rows = rows.size();
  for (std::size_t f = 0; f < features.size(); ++f) {
    const Feature& feature = features[f];
    TableColumn out;
    out.kind = feature.kind;
    out.categories = static_cast<std::int32_t>(feature.categories.size());
    const DataColumn* column = data.find(feature.name);
    const auto known = [&](std::uint32_t r) { return column != nullptr && column->known[r] != 0; };
    // Each distinct raw word is encoded once, by the same code as a single value.
    std::vector<std::int32_t> word_code;
    if (column != nullptr) {
      EncodedBuffer one;
      resize(one);
      for (const std::string& w : column->words) {
        pace.step();
        std::int32_t code = missing_category;
        if (feature.kind == Kind::set) code = code_of(f, w);
        else if (feature.kind != Kind::numeric) {
          encode(f, Value::of(std::string_view(w)), 0, one);
          code = one.codes[f];
        }
        word_code.push_back(code);
      }
    }
    if (feature.kind == Kind::numeric) {
      out.numbers.reserve(rows.size());
      for (const std::uint32_t r : rows) {
        pace.step();
        double x = missing_number;
        if (known(r) && !column->numbers.empty()) x = feature.age ? data.first_contact[r] - column->numbers[r] : column->numbers[r];
        else if (known(r) && column->type == ColumnType::boolean) x = column->codes[r];
        else if (known(r) && column->type == ColumnType::text) x = parse_number(column->words[static_cast<std::size_t>(column->codes[r])]).value_or(missing_number);
        out.numbers.push_back(std::isfinite(x) ? feature.scaled(x) : missing_number);
      }
    } else if (feature.kind == Kind::set) {
      out.offsets.push_back(0);
      std::vector<std::int32_t> items;
      for (const std::uint32_t r : rows) {
        pace.step();
        const bool is_set = known(r) && column->type == ColumnType::set;
        const bool is_text = known(r) && column->type == ColumnType::text;
        out.known.push_back(is_set || is_text ? 1 : 0);
        items.clear();
        if (is_text) items.push_back(word_code[static_cast<std::size_t>(column->codes[r])]);
        if (is_set)
          for (std::uint32_t i = column->offsets[r]; i < column->offsets[r + 1]; ++i)
            items.push_back(word_code[static_cast<std::size_t>(column->items[i])]);
        std::erase(items, missing_category);
        std::sort(items.begin(), items.end());
        items.erase(std::unique(items.begin(), items.end()), items.end());
        out.items.insert(out.items.end(), items.begin(), items.end());
        out.offsets.push_back(static_cast<std::uint32_t>(out.items.size()));
      }
    } else {
      out.codes.reserve(rows.size());
      EncodedBuffer one;
      resize(one);
      for (const std::uint32_t r : rows) {
        pace.step();
        std::int32_t code = missing_category;
        if (known(r)) {
          if (column->type == ColumnType::text) code = word_code[static_cast<std::size_t>(column->codes[r])];
          else if (column->type == ColumnType::boolean) { encode(f, Value::of(column->codes[r] == 1), 0, one); code = one.codes[f]; }
          else if (column->type == ColumnType::number) { encode(f, Value::of(column->numbers[r]), 0, one); code = one.codes[f]; }
        }
        out.codes.push_back(code);
      }
    }
    t.columns.push_back(std::move(out));
  }
  return t;
}

}  // namespace icp
