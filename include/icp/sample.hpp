// The rows that an aggregate has seen, kept exactly up to a limit and as a merged bottom-k sample beyond it.
//
// Rows are kept in a canonical form, so that the same rows in any order, in parallel or by partition, as records or as
// jsonb, give the same sample byte for byte. The sample holds the rows with the smallest keys, where a row's key is a
// seeded hash of its identity (the deal's id where there is one, else the whole row): "bottom-k sampling", Cohen & Kaplan
// (2007). It merges exactly. Rows with equal keys are one entry with a count.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "icp/hash.hpp"
#include "icp/stop.hpp"
#include "icp/value.hpp"

namespace icp {

class Sample {
 public:
  static constexpr std::uint16_t version = 1;
  // A text longer than this is free text, not a category; its content is not kept.
  static constexpr std::size_t longest_text = 512;

  explicit Sample(std::pmr::memory_resource* memory = std::pmr::get_default_resource());
  Sample(Sample&&) = default;

  // Called once before the first row: `identity` is the column whose value identifies a row ("" for none).
  void start(std::string options, std::string identity, std::uint64_t limit, std::uint64_t seed);
  bool started() const { return started_; }
  const std::string& options() const { return options_; }

  // The columns of the rows to come. A name that occurs twice is an error.
  struct Binding {
    std::vector<std::uint16_t> columns;   // in the order of names
    std::vector<std::uint32_t> sources;   // the same columns' places in `values` of add()
  };
  Binding bind(std::span<const std::string_view> names);
  void add(const Binding& binding, std::span<const Value> values);
  // Adds what another sample has seen. Both must have been started with the same options.
  void merge(const Sample& other);

  std::uint64_t rows_seen() const { return seen_; }

  // The entries in canonical order (by key). Read with for_each.
  struct Entry {
    Hash128 key;
    Hash128 content;
    std::uint64_t count = 0;
    std::pmr::string bytes;
  };
  // Calls visit(entry index, count, [column, value]...) in canonical order: `field(column, value)` once for each known value.
  // A sample whose reading was cancelled is good for nothing.
  template <class Begin, class Field>
  void for_each(const Stop& stop, Begin&& begin, Field&& field) const {
    const std::vector<const Entry*> order = canonical(stop);
    for (std::size_t i = 0; i < order.size(); ++i) {
      begin(i, order[i]->count);
      decode(*order[i], [&](std::uint16_t column, const Value& value) { field(column, value); });
    }
  }
  template <class Begin, class Field>
  void for_each(Begin&& begin, Field&& field) const {
    for_each(Stop{}, begin, field);
  }
  std::size_t entries() const { return canonical({}).size(); }
  const std::vector<std::string>& columns() const { return columns_; }

  std::string to_bytes() const;
  // Validates; an error is invalid_binary and names `type`.
  static Sample from_bytes(std::string_view bytes, const char* type,
                           std::pmr::memory_resource* memory = std::pmr::get_default_resource());

 private:
  std::uint16_t column(std::string_view name);
  void insert(Hash128 key, Hash128 content, std::uint64_t count, std::string_view bytes);
  void compact(const Stop& stop);
  std::vector<const Entry*> canonical(const Stop& stop) const;
  template <class Field>
  void decode(const Entry& entry, Field&& field) const;

  std::pmr::memory_resource* memory_;
  bool started_ = false;
  std::string options_, identity_;
  std::uint64_t limit_ = 0, seed_ = 0, seen_ = 0;
  std::vector<std::string> columns_;
  std::pmr::vector<Entry> entries_;
  bool full_ = false;        // more distinct keys than the limit have been seen
  Hash128 last_;             // where full: the largest key kept
  std::string row_, identity_bytes_, content_;  // scratch
};

// How a stored value is read back; shared by for_each and validation. Returns the number of bytes read, 0 where malformed.
std::size_t read_stored_value(std::string_view bytes, Value& value, std::vector<std::string_view>& items);

template <class Field>
void Sample::decode(const Entry& entry, Field&& field) const {
  std::string_view bytes(entry.bytes);
  std::vector<std::string_view> items;
  while (!bytes.empty()) {
    const auto column = static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[0]) | static_cast<unsigned char>(bytes[1]) << 8);
    bytes.remove_prefix(2);
    Value value;
    bytes.remove_prefix(read_stored_value(bytes, value, items));
    field(column, value);
  }
}

}  // namespace icp
