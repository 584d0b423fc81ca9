// One description of a value's fields, four forms: binary writer and reader, JSON writer and reader.
//
// A type that is stored has one member template
//     template <class A> void describe(A& a) { a.field("n", n); a.field("mean", mean); }
// and is then written and read in all four forms. Both forms are lossless, canonical (fields in the order described)
// and independent of every setting: doubles are shortest round-trip decimals in JSON ("NaN", "Infinity" and
// "-Infinity" as strings) and little-endian IEEE 754 in binary; strings are UTF-8 without NUL (text.hpp: clean()).
//
// Bytes from outside are validated: every length is checked against what is left before memory is taken.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "icp/error.hpp"
#include "icp/text.hpp"

namespace icp {

template <class T>
concept Scalar = std::is_arithmetic_v<T> || std::is_enum_v<T>;

// A value that may be read only within limits says so by a member `void validate() const`, called after reading.
template <class T>
concept Validated = requires(const T& t) { t.validate(); };

class BinaryWriter {
 public:
  static constexpr bool reading = false;
  std::string take() { return std::move(out_); }

  template <class T>
  void field(const char*, T& value) { put(value); }

 private:
  template <Scalar T>
  void put(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      put(static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (std::is_same_v<T, bool>) {
      out_.push_back(value ? 1 : 0);
    } else if constexpr (std::is_floating_point_v<T>) {
      static_assert(sizeof(T) == 8);
      raw(std::bit_cast<std::uint64_t>(value));
    } else {
      raw(static_cast<std::make_unsigned_t<T>>(value));
    }
  }
  void put(const std::string& value) {
    size(value.size());
    out_.append(value);
  }
  template <class T>
  void put(const std::optional<T>& value) {
    out_.push_back(value ? 1 : 0);
    if (value) put(*value);
  }
  template <class T>
  void put(const std::vector<T>& values) {
    size(values.size());
    for (const auto& v : values) put(static_cast<const T&>(v));
  }
  template <class T, std::size_t N>
  void put(const std::array<T, N>& values) { for (const auto& v : values) put(v); }
  template <class K, class V>
  void put(const std::map<K, V>& values) {
    size(values.size());
    for (const auto& [k, v] : values) { put(k); put(v); }
  }
  template <class A, class B>
  void put(const std::pair<A, B>& value) { put(value.first); put(value.second); }
  template <class T>
    requires requires(T& t, BinaryWriter& a) { t.describe(a); }
  void put(const T& value) { const_cast<T&>(value).describe(*this); }

  template <std::unsigned_integral U>
  void raw(U value) {
    for (std::size_t i = 0; i < sizeof(U); ++i) out_.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  }
  void size(std::size_t n) { raw(static_cast<std::uint32_t>(n)); }

  std::string out_;
};

class BinaryReader {
 public:
  static constexpr bool reading = true;
  // `type` names the SQL type in messages.
  BinaryReader(std::string_view bytes, const char* type) : in_(bytes), type_(type) {}

  template <class T>
  void field(const char*, T& value) { get(value); }
  void finish() const {
    if (!in_.empty()) fail("there are bytes after its end");
  }
  [[noreturn]] void fail(const char* why) const {
    throw Error(ErrorCode::invalid_binary, std::string("invalid binary form of type ") + type_, why);
  }

 private:
  template <Scalar T>
  void get(T& value) {
    if constexpr (std::is_enum_v<T>) {
      std::underlying_type_t<T> u{};
      get(u);
      value = static_cast<T>(u);
    } else if constexpr (std::is_same_v<T, bool>) {
      const auto u = raw<std::uint8_t>();
      if (u > 1) fail("a boolean is neither 0 nor 1");
      value = u == 1;
    } else if constexpr (std::is_floating_point_v<T>) {
      value = std::bit_cast<double>(raw<std::uint64_t>());
    } else {
      value = static_cast<T>(raw<std::make_unsigned_t<T>>());
    }
  }
  void get(std::string& value) {
    const std::size_t n = size(1);
    value.assign(in_.substr(0, n));
    in_.remove_prefix(n);
    if (!is_text(value)) fail("a string is not valid UTF-8");
  }
  template <class T>
  void get(std::optional<T>& value) {
    bool present = false;
    get(present);
    value.reset();
    if (present) get(value.emplace());
  }
  template <class T>
  void get(std::vector<T>& values) {
    const std::size_t n = size(1);
    values.clear();
    values.reserve(std::min<std::size_t>(n, in_.size() / sizeof(T) + 1));
    for (std::size_t i = 0; i < n; ++i) {
      T v{};
      get(v);
      values.push_back(std::move(v));
    }
  }
  template <class T, std::size_t N>
  void get(std::array<T, N>& values) { for (auto& v : values) get(v); }
  template <class K, class V>
  void get(std::map<K, V>& values) {
    const std::size_t n = size(1);
    values.clear();
    for (std::size_t i = 0; i < n; ++i) {
      K k{};
      get(k);
      if (!values.empty() && !(values.rbegin()->first < k)) fail("keys are not in order");
      get(values[k]);
    }
  }
  template <class A, class B>
  void get(std::pair<A, B>& value) { get(value.first); get(value.second); }
  template <class T>
    requires requires(T& t, BinaryReader& a) { t.describe(a); }
  void get(T& value) {
    value.describe(*this);
    if constexpr (Validated<T>) value.validate();
  }

  template <std::unsigned_integral U>
  U raw() {
    if (in_.size() < sizeof(U)) fail("it is too short");
    U value = 0;
    for (std::size_t i = 0; i < sizeof(U); ++i) value = static_cast<U>(value | static_cast<U>(static_cast<U>(static_cast<unsigned char>(in_[i])) << (8 * i)));
    in_.remove_prefix(sizeof(U));
    return value;
  }
  // A count of elements of at least `width` bytes each, checked against what is left.
  std::size_t size(std::size_t width) {
    const std::size_t n = raw<std::uint32_t>();
    if (n > in_.size() / width) fail("a length goes past its end");
    return n;
  }

  std::string_view in_;
  const char* type_;
};

// JSON text without the library in this header: a small writer, and a reader over a parsed document.
class JsonWriter {
 public:
  static constexpr bool reading = false;
  std::string take() { return std::move(out_); }

  template <class T>
  void field(const char* name, T& value) {
    if (!first_) out_.push_back(',');
    first_ = false;
    text(name);
    out_.push_back(':');
    put(value);
  }
  void open() { out_.push_back('{'); first_ = true; }
  void close() { out_.push_back('}'); first_ = false; }

 private:
  template <Scalar T>
  void put(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      put(static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (std::is_same_v<T, bool>) {
      out_.append(value ? "true" : "false");
    } else if constexpr (std::is_floating_point_v<T>) {
      number(value);
    } else if constexpr (std::is_signed_v<T>) {
      out_.append(std::to_string(static_cast<long long>(value)));
    } else {
      out_.append(std::to_string(static_cast<unsigned long long>(value)));
    }
  }
  void put(const std::string& value) { text(value); }
  template <class T>
  void put(const std::optional<T>& value) {
    if (value) put(*value); else out_.append("null");
  }
  template <class T>
  void put(const std::vector<T>& values) {
    out_.push_back('[');
    bool first = true;
    for (const auto& v : values) {
      if (!first) out_.push_back(',');
      first = false;
      put(static_cast<const T&>(v));
    }
    out_.push_back(']');
  }
  template <class T, std::size_t N>
  void put(const std::array<T, N>& values) { put(std::vector<T>(values.begin(), values.end())); }
  template <class K, class V>
  void put(const std::map<K, V>& values) {   // [[key, value], ...]: any key type, order kept
    put(std::vector<std::pair<K, V>>(values.begin(), values.end()));
  }
  template <class A, class B>
  void put(const std::pair<A, B>& value) {
    out_.push_back('[');
    put(value.first);
    out_.push_back(',');
    put(value.second);
    out_.push_back(']');
  }
  template <class T>
    requires requires(T& t, JsonWriter& a) { t.describe(a); }
  void put(const T& value) {
    open();
    const_cast<T&>(value).describe(*this);
    close();
  }
  void number(double value);
  void text(std::string_view value);

  std::string out_;
  bool first_ = true;
};

// Reads a parsed JSON document; hides the JSON library from everyone who only describes fields.
class JsonReader {
 public:
  static constexpr bool reading = true;
  // Parses `text`; an error names the SQL type.
  JsonReader(std::string_view text, const char* type);
  ~JsonReader();
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;

  template <class T>
  void field(const char* name, T& value) {
    const void* outer = node_;
    node_ = member(outer, name);
    get(value);
    node_ = outer;
  }
  void finish() const {}
  [[noreturn]] void fail(const char* why) const;

 private:
  template <Scalar T>
  void get(T& value) {
    if constexpr (std::is_enum_v<T>) {
      std::underlying_type_t<T> u{};
      get(u);
      value = static_cast<T>(u);
    } else if constexpr (std::is_same_v<T, bool>) {
      value = boolean();
    } else if constexpr (std::is_floating_point_v<T>) {
      value = number();
    } else if constexpr (std::is_signed_v<T>) {
      const std::int64_t v = integer();
      value = static_cast<T>(v);
      if (static_cast<std::int64_t>(value) != v) fail("an integer is out of range");
    } else {
      const std::uint64_t v = natural();
      value = static_cast<T>(v);
      if (static_cast<std::uint64_t>(value) != v) fail("an integer is out of range");
    }
  }
  void get(std::string& value) { value = text(); }
  template <class T>
  void get(std::optional<T>& value) {
    value.reset();
    if (!null()) get(value.emplace());
  }
  template <class T>
  void get(std::vector<T>& values) {
    const void* outer = node_;
    const std::size_t n = length();
    values.clear();
    values.reserve(n);
    for (std::size_t i = 0; i < n; ++i) {
      node_ = element(outer, i);
      T v{};
      get(v);
      values.push_back(std::move(v));
    }
    node_ = outer;
  }
  template <class T, std::size_t N>
  void get(std::array<T, N>& values) {
    const void* outer = node_;
    if (length() != N) fail("an array has the wrong length");
    for (std::size_t i = 0; i < N; ++i) {
      node_ = element(outer, i);
      get(values[i]);
    }
    node_ = outer;
  }
  template <class K, class V>
  void get(std::map<K, V>& values) {
    std::vector<std::pair<K, V>> list;
    get(list);
    values.clear();
    for (auto& [k, v] : list) {
      if (!values.empty() && !(values.rbegin()->first < k)) fail("keys are not in order");
      values.emplace(std::move(k), std::move(v));
    }
  }
  template <class A, class B>
  void get(std::pair<A, B>& value) {
    const void* outer = node_;
    if (length() != 2) fail("an array has the wrong length");
    node_ = element(outer, 0);
    get(value.first);
    node_ = element(outer, 1);
    get(value.second);
    node_ = outer;
  }
  template <class T>
    requires requires(T& t, JsonReader& a) { t.describe(a); }
  void get(T& value) {
    object();
    value.describe(*this);
    if constexpr (Validated<T>) value.validate();
  }

  const void* member(const void* node, const char* name) const;
  const void* element(const void* node, std::size_t index) const;
  std::size_t length() const;
  void object() const;
  bool null() const;
  bool boolean() const;
  double number() const;
  std::int64_t integer() const;
  std::uint64_t natural() const;
  std::string text() const;

  void* document_ = nullptr;
  const void* node_ = nullptr;
  const char* type_;
};

// The four forms of a described value. Binary starts with the type's version (u16), checked on reading: an unknown
// version is an error, never a guess. JSON starts with "version".
template <class T>
std::string to_binary(const T& value) {
  BinaryWriter w;
  std::uint16_t version = T::version;
  w.field("version", version);
  const_cast<T&>(value).describe(w);
  return w.take();
}
template <class T>
T from_binary(std::string_view bytes, const char* type) {
  BinaryReader r(bytes, type);
  std::uint16_t version = 0;
  r.field("version", version);
  if (version != T::version) r.fail("its version is not one that this release reads");
  T value;
  value.describe(r);
  r.finish();
  if constexpr (Validated<T>) value.validate();
  return value;
}
template <class T>
std::string to_json(const T& value) {
  JsonWriter w;
  w.open();
  std::uint16_t version = T::version;
  w.field("version", version);
  const_cast<T&>(value).describe(w);
  w.close();
  return w.take();
}
template <class T>
T from_json(std::string_view text, const char* type) {
  JsonReader r(text, type);
  std::uint16_t version = 0;
  r.field("version", version);
  if (version != T::version) r.fail("its version is not one that this release reads");
  T value;
  value.describe(r);
  if constexpr (Validated<T>) value.validate();
  return value;
}

}  // namespace icp
