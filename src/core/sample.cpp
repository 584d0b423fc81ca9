#include "icp/sample.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <set>

#include <fmt/format.h>

#include "icp/archive.hpp"
#include "icp/text.hpp"

namespace icp {

namespace {

// Stored forms beyond those of ValueType.
constexpr unsigned char long_text_tag = 7;

template <class U>
void put(std::string& out, U value) {
  char buffer[sizeof(U)];
  for (std::size_t i = 0; i < sizeof(U); ++i) buffer[i] = static_cast<char>(value >> (8 * i) & 0xff);
  out.append(buffer, sizeof(U));
}

template <class U>
bool take(std::string_view& in, U& value) {
  if (in.size() < sizeof(U)) return false;
  value = 0;
  for (std::size_t i = 0; i < sizeof(U); ++i) value = static_cast<U>(value | static_cast<U>(static_cast<U>(static_cast<unsigned char>(in[i])) << (8 * i)));
  in.remove_prefix(sizeof(U));
  return true;
}

void put_text(std::string& out, std::string_view text) {
  put<std::uint32_t>(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
}

double canonical_number(double v) { return v == 0 ? 0.0 : v; }  // no negative zero

void put_value(std::string& out, const Value& v) {
  const auto tag = static_cast<unsigned char>(v.type);
  switch (v.type) {
    case ValueType::missing: break;
    case ValueType::number:
      out.push_back(static_cast<char>(tag));
      put(out, std::bit_cast<std::uint64_t>(canonical_number(v.number)));
      break;
    case ValueType::boolean:
      out.push_back(static_cast<char>(tag));
      out.push_back(v.boolean ? 1 : 0);
      break;
    case ValueType::text:
      if (v.text.size() > Sample::longest_text) {
        out.push_back(static_cast<char>(long_text_tag));
      } else {
        out.push_back(static_cast<char>(tag));
        put_text(out, v.text);
      }
      break;
    case ValueType::set: {
      out.push_back(static_cast<char>(tag));
      std::vector<std::string_view> items(v.items.begin(), v.items.end());
      std::erase_if(items, [](std::string_view s) { return s.size() > Sample::longest_text; });
      std::sort(items.begin(), items.end());
      items.erase(std::unique(items.begin(), items.end()), items.end());
      put<std::uint32_t>(out, static_cast<std::uint32_t>(items.size()));
      for (const std::string_view item : items) put_text(out, item);
      break;
    }
    case ValueType::moment:
      out.push_back(static_cast<char>(tag));
      put(out, static_cast<std::uint64_t>(v.microseconds));
      out.push_back(v.boolean ? 1 : 0);
      break;
    case ValueType::other: out.push_back(static_cast<char>(tag)); break;
  }
}

// Bytes that are hashed: the same for a moment and for its ISO 8601 text, and nothing for what may turn out missing, so
// that a record and its jsonb have one key.
void put_content(std::string& out, std::string_view column, const Value& v) {
  if (v.type == ValueType::missing) return;
  if (v.type == ValueType::text) {
    if (v.text == "NaN" || v.text == "Infinity" || v.text == "-Infinity") return;
    if (!v.text.empty() && v.text[0] >= '0' && v.text[0] <= '9') {
      if (const auto m = parse_moment(v.text)) {
        put_text(out, column);
        put_value(out, Value::of_moment(m->microseconds, m->local));
        return;
      }
    }
  }
  put_text(out, column);
  put_value(out, v);
}

}  // namespace

std::size_t read_stored_value(std::string_view bytes, Value& value, std::vector<std::string_view>& items) {
  const std::size_t before = bytes.size();
  std::uint8_t tag = 0;
  value = Value{};
  if (!take(bytes, tag)) return 0;
  const auto text = [&bytes](std::string_view& out) {
    std::uint32_t n = 0;
    if (!take(bytes, n) || n > bytes.size() || n > Sample::longest_text) return false;
    out = bytes.substr(0, n);
    bytes.remove_prefix(n);
    return true;
  };
  std::uint64_t bits = 0;
  std::uint8_t flag = 0;
  if (tag == long_text_tag) {
    value.type = ValueType::other;
    value.text = "long";  // tells free text from other types that no feature can have
    return before - bytes.size();
  }
  value.type = static_cast<ValueType>(tag);
  switch (value.type) {
    case ValueType::number:
      if (!take(bytes, bits)) return 0;
      value.number = std::bit_cast<double>(bits);
      if (!(value.number - value.number == 0)) return 0;
      break;
    case ValueType::boolean:
      if (!take(bytes, flag) || flag > 1) return 0;
      value.boolean = flag == 1;
      break;
    case ValueType::text:
      if (!text(value.text)) return 0;
      break;
    case ValueType::set: {
      std::uint32_t n = 0;
      if (!take(bytes, n) || n > bytes.size() / 4) return 0;
      items.resize(n);
      for (auto& item : items)
        if (!text(item)) return 0;
      value.items = items;
      break;
    }
    case ValueType::moment:
      if (!take(bytes, bits) || !take(bytes, flag) || flag > 1) return 0;
      value.microseconds = static_cast<std::int64_t>(bits);
      value.boolean = flag == 1;
      break;
    case ValueType::other: break;
    default: return 0;
  }
  return before - bytes.size();
}

Sample::Sample(std::pmr::memory_resource* memory) : memory_(memory), entries_(memory) {}

void Sample::start(std::string options, std::string identity, std::uint64_t limit, std::uint64_t seed) {
  started_ = true;
  options_ = std::move(options);
  identity_ = std::move(identity);
  limit_ = limit;
  seed_ = seed;
}

std::uint16_t Sample::column(std::string_view name) {
  for (std::size_t i = 0; i < columns_.size(); ++i)
    if (columns_[i] == name) return static_cast<std::uint16_t>(i);
  if (columns_.size() >= 4096)
    throw Error(ErrorCode::too_large, "too many columns", "The rows have more than 4096 differently named columns.");
  columns_.emplace_back(name);
  return static_cast<std::uint16_t>(columns_.size() - 1);
}

Sample::Binding Sample::bind(std::span<const std::string_view> names) {
  Binding b;
  b.sources.resize(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) b.sources[i] = static_cast<std::uint32_t>(i);
  std::sort(b.sources.begin(), b.sources.end(), [&](auto x, auto y) { return names[x] < names[y]; });
  for (std::size_t i = 1; i < names.size(); ++i)
    if (names[b.sources[i]] == names[b.sources[i - 1]])
      throw Error(ErrorCode::duplicate_column, fmt::format("column \"{}\" occurs more than once", names[b.sources[i]]), {},
                  "Give each column a name of its own.");
  for (const auto s : b.sources) b.columns.push_back(column(names[s]));
  return b;
}

void Sample::add(const Binding& binding, std::span<const Value> values) {
  ++seen_;
  row_.clear();
  content_.clear();
  identity_bytes_.clear();
  for (std::size_t i = 0; i < binding.columns.size(); ++i) {
    const Value& v = values[binding.sources[i]];
    if (v.type == ValueType::missing) continue;
    const std::string& name = columns_[binding.columns[i]];
    put<std::uint16_t>(row_, binding.columns[i]);
    put_value(row_, v);
    put_content(content_, name, v);
    if (name == identity_) put_content(identity_bytes_, {}, v);
  }
  const Hash128 content = hash128(content_, seed_);
  insert(identity_bytes_.empty() ? content : hash128(identity_bytes_, seed_ + 1), content, 1, row_);
}

void Sample::insert(Hash128 key, Hash128 content, std::uint64_t count, std::string_view bytes) {
  if (full_ && key > last_) return;
  entries_.push_back(Entry{key, content, count, std::pmr::string(bytes, memory_)});
  if (entries_.size() >= 2 * limit_ + 1024) compact({});
}

void Sample::compact(const Stop& stop) {
  sort(entries_.begin(), entries_.end(), stop, [](const Entry& a, const Entry& b) {
    return a.key != b.key ? a.key < b.key : a.content < b.content;
  });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (kept > 0 && entries_[kept - 1].key == entries_[i].key) {
      entries_[kept - 1].count += entries_[i].count;
    } else {
      if (kept == limit_) break;
      if (kept != i) entries_[kept] = std::move(entries_[i]);
      ++kept;
    }
  }
  const bool cut = kept == limit_ && entries_.size() > kept && entries_.back().key > entries_[kept - 1].key;
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(kept), entries_.end());
  if (cut || full_) {
    full_ = true;
    last_ = entries_.back().key;
  }
}

std::vector<const Sample::Entry*> Sample::canonical(const Stop& stop) const {
  // Compacting changes nothing that can be seen, so a reader may do it.
  const_cast<Sample*>(this)->compact(stop);
  std::vector<const Entry*> order;
  order.reserve(entries_.size());
  for (const Entry& e : entries_) order.push_back(&e);
  return order;
}

void Sample::merge(const Sample& other) {
  if (!other.started_) return;
  if (!started_) start(other.options_, other.identity_, other.limit_, other.seed_);
  if (options_ != other.options_ || identity_ != other.identity_ || limit_ != other.limit_ || seed_ != other.seed_)
    throw Error(ErrorCode::invalid_parameter, "states of different options cannot be merged");
  std::vector<std::uint16_t> map;
  for (const std::string& name : other.columns_) map.push_back(column(name));
  std::string bytes;
  std::vector<std::string_view> items;
  seen_ += other.seen_;
  if (other.full_ && (!full_ || other.last_ < last_)) {
    full_ = true;
    last_ = other.last_;
    std::erase_if(entries_, [this](const Entry& e) { return e.key > last_; });
  }
  for (const Entry& e : other.entries_) {
    bytes = std::string(e.bytes);
    for (std::string_view rest(bytes); !rest.empty();) {
      const std::size_t at = bytes.size() - rest.size();
      const auto old = static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[at]) | static_cast<unsigned char>(bytes[at + 1]) << 8);
      bytes[at] = static_cast<char>(map[old] & 0xff);
      bytes[at + 1] = static_cast<char>(map[old] >> 8);
      rest.remove_prefix(2);
      Value ignored;
      rest.remove_prefix(read_stored_value(rest, ignored, items));
    }
    insert(e.key, e.content, e.count, bytes);
  }
}

std::string Sample::to_bytes() const {
  std::string out;
  put<std::uint16_t>(out, version);
  put<std::uint8_t>(out, started_ ? 1 : 0);
  put_text(out, options_);
  put_text(out, identity_);
  put(out, limit_);
  put(out, seed_);
  put(out, seen_);
  put<std::uint8_t>(out, 0);
  const auto order = canonical({});
  out[out.size() - 1] = full_ ? 1 : 0;
  put(out, last_.low);
  put(out, last_.high);
  put<std::uint32_t>(out, static_cast<std::uint32_t>(columns_.size()));
  for (const std::string& name : columns_) put_text(out, name);
  put<std::uint64_t>(out, order.size());
  for (const Entry* e : order) {
    put(out, e->key.low);
    put(out, e->key.high);
    put(out, e->content.low);
    put(out, e->content.high);
    put(out, e->count);
    put_text(out, e->bytes);
  }
  return out;
}

Sample Sample::from_bytes(std::string_view in, const char* type, std::pmr::memory_resource* memory) {
  const auto check = [type](bool ok, const char* why) {
    if (!ok) throw Error(ErrorCode::invalid_binary, fmt::format("invalid binary form of type {}", type), why);
  };
  const auto text = [&](std::string& out) {
    std::uint32_t n = 0;
    check(take(in, n) && n <= in.size(), "a length goes past its end");
    out.assign(in.substr(0, n));
    in.remove_prefix(n);
    check(is_text(out), "a string is not valid UTF-8");
  };
  Sample s(memory);
  std::uint16_t v = 0;
  std::uint8_t flag = 0, full = 0;
  check(take(in, v) && v == version, "its version is not one that this release reads");
  check(take(in, flag) && flag <= 1, "a boolean is neither 0 nor 1");
  s.started_ = flag == 1;
  text(s.options_);
  text(s.identity_);
  check(take(in, s.limit_) && take(in, s.seed_) && take(in, s.seen_) && take(in, full) && full <= 1 &&
            take(in, s.last_.low) && take(in, s.last_.high), "it is too short");
  s.full_ = full == 1;
  check(s.limit_ <= 10'000'000 && (s.limit_ > 0 || !s.started_), "its limit is out of range");
  std::uint32_t columns = 0;
  check(take(in, columns) && columns <= 4096, "it has too many columns");
  std::set<std::string> seen;
  for (std::uint32_t i = 0; i < columns; ++i) {
    std::string name;
    text(name);
    check(seen.insert(name).second, "a column occurs more than once");
    s.columns_.push_back(std::move(name));
  }
  std::uint64_t n = 0;
  check(take(in, n) && n <= in.size() / 44, "a length goes past its end");
  check(n <= s.limit_ && (!s.full_ || n > 0), "it holds more rows than its limit");
  std::vector<std::string_view> items;
  for (std::uint64_t i = 0; i < n; ++i) {
    Hash128 key, content;
    std::uint64_t count = 0;
    std::uint32_t size = 0;
    check(take(in, key.low) && take(in, key.high) && take(in, content.low) && take(in, content.high) && take(in, count) &&
              take(in, size) && size <= in.size(), "it is too short");
    const std::string_view bytes = in.substr(0, size);
    in.remove_prefix(size);
    check(count > 0 && count <= s.seen_, "a count is out of range");
    check(s.entries_.empty() || s.entries_.back().key < key, "its rows are not in order");
    std::uint32_t previous = 0;
    for (std::string_view rest = bytes; !rest.empty();) {
      std::uint16_t column = 0;
      check(take(rest, column) && column < columns, "a row names a column that is not there");
      check(previous == 0 || s.columns_[previous - 1] < s.columns_[column], "the columns of a row are not in order");
      previous = column + 1U;
      Value value;
      const std::size_t used = read_stored_value(rest, value, items);
      check(used > 0 && is_text(value.text), "a row holds a malformed value");
      for (const auto item : value.items) check(is_text(item), "a string is not valid UTF-8");
      rest.remove_prefix(used);
    }
    s.entries_.push_back(Entry{key, content, count, std::pmr::string(bytes, memory)});
  }
  check(in.empty(), "there are bytes after its end");
  return s;
}

}  // namespace icp
