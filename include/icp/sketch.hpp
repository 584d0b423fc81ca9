// Counts of values in bounded memory. Each is exact up to a stated number of distinct values and a sketch beyond it.
//
// All of them are functions of the multiset of values alone: any order, any split and merge gives the same bytes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "icp/hash.hpp"

namespace icp {

// Describes a vector of another allocator through the one that the archive knows.
template <class A, class V>
void describe_list(A& a, const char* name, V& values) {
  std::vector<typename V::value_type> list;
  if constexpr (!A::reading) list.assign(values.begin(), values.end());
  a.field(name, list);
  if constexpr (A::reading) values.assign(list.begin(), list.end());
}

// Distinct values by the smallest of their hashes ("KMV": Bar-Yossef et al. 2002; Beyer et al. 2007).
class Distinct {
 public:
  static constexpr std::size_t kept = 512;
  static constexpr double error = 0.0443;  // standard error of the estimate, 1 / sqrt(kept - 2), relative

  explicit Distinct(std::pmr::memory_resource* memory = std::pmr::get_default_resource()) : hashes_(memory) {}
  void add(std::uint64_t hash) {
    if (hashes_.size() == kept && hash >= hashes_.back()) return;
    insert(hash);
  }
  void merge(const Distinct& other) { for (const std::uint64_t h : other.hashes_) add(h); }
  std::uint64_t estimate() const;

  template <class A>
  void describe(A& a) {
    describe_list(a, "hashes", hashes_);
    if constexpr (A::reading) {
      if (hashes_.size() > kept) a.fail("there are too many hashes");
      for (std::size_t i = 1; i < hashes_.size(); ++i)
        if (hashes_[i - 1] >= hashes_[i]) a.fail("hashes are not in order");
    }
  }

 private:
  void insert(std::uint64_t hash);
  std::pmr::vector<std::uint64_t> hashes_;  // ascending
};

// The distribution of numbers: each distinct number with its count up to `most` of them; beyond, counts in buckets
// whose width is a fixed share of their value, the idea of DDSketch (Masson, Rim & Lee 2019). A bucket is the leading
// bits of the double, as many as give no more than `most` buckets, so no logarithm is taken. When a new number would
// make it more, each pair of buckets becomes one ("uniform collapse", UDDSketch: Epicoco et al. 2020), which keeps the
// error even over the whole range and, unlike collapsing one end, does not depend on the order of arrival.
class Numbers {
 public:
  static constexpr std::size_t most = 1024;

  explicit Numbers(std::pmr::memory_resource* memory = std::pmr::get_default_resource()) : slots_(memory), distinct_(memory) {}
  // x must be finite.
  void add(double x) {
    const std::uint64_t key = key_of(x);
    if (shift_ > 0) distinct_.add(hash_of(key));
    insert(key >> shift_, 1);
  }
  void merge(const Numbers& other);

  bool exact() const { return shift_ == 0; }
  std::uint64_t n() const { return n_; }
  std::uint64_t distinct() const { return exact() ? used_ : distinct_.estimate(); }
  // An estimate of a quantile is off by less than this share of the true one; 0 where it is exact.
  double error() const;

  struct Bucket {
    std::uint64_t key = 0, count = 0;
    friend auto operator<=>(const Bucket&, const Bucket&) = default;
  };
  std::vector<Bucket> buckets() const;  // ascending
  // The quantiles asked for, as percentile_cont() defines them. `low` and `high` are the smallest and largest number.
  std::vector<double> quantiles(const std::vector<double>& shares, double low, double high) const;
  // Where exact: the numbers with their counts, the most frequent first, then the smaller.
  std::vector<std::pair<double, std::uint64_t>> top(std::size_t n) const;

  // Doubles as integers in the same order.
  static std::uint64_t key_of(double x);
  static double number_of(std::uint64_t key);

  template <class A>
  void describe(A& a) {
    a.field("shift", shift_);
    std::vector<std::uint64_t> keys, counts;
    std::vector<double> values;
    if constexpr (!A::reading) {
      for (const Bucket& b : buckets()) {
        if (exact()) values.push_back(number_of(b.key)); else keys.push_back(b.key);
        counts.push_back(b.count);
      }
    }
    // Exact: the numbers themselves; else the buckets' keys.
    a.field("values", values);
    a.field("buckets", keys);
    a.field("counts", counts);
    a.field("distinct", distinct_);
    if constexpr (A::reading) {
      if (const char* wrong = load(values, keys, counts)) a.fail(wrong);
    }
  }

 private:
  static std::uint64_t hash_of(std::uint64_t key) { return Random(key).next(); }
  std::size_t place(std::uint64_t key) const { return static_cast<std::size_t>((key * 0x9e3779b97f4a7c15ULL) >> 32) & (slots_.size() - 1); }
  void insert(std::uint64_t key, std::uint64_t count) {
    n_ += count;
    if (!slots_.empty())
      for (std::size_t at = place(key);; at = (at + 1) & (slots_.size() - 1)) {
        if (slots_[at].count == 0) break;
        if (slots_[at].key == key) {
          slots_[at].count += count;
          return;
        }
      }
    insert_new(key, count);
  }
  void insert_new(std::uint64_t key, std::uint64_t count);
  void rebuild(std::size_t capacity, int shift);
  void collapse();
  void collapse_to(int shift);
  const char* load(const std::vector<double>& values, const std::vector<std::uint64_t>& keys, const std::vector<std::uint64_t>& counts);

  std::uint8_t shift_ = 0;
  std::uint64_t n_ = 0;
  std::size_t used_ = 0;
  std::pmr::vector<Bucket> slots_;  // open addressing; a count of 0 is an empty slot
  Distinct distinct_;               // only where not exact
};

// Categories by their spelling: each distinct spelling with its count up to `most` of them. Beyond that the spellings
// are given up for
//   - the number of distinct categories, estimated (Distinct), and
//   - the frequent categories with an estimate of their counts: group testing (Cormode & Muthukrishnan 2005). Each of
//     two tables has 32 cells; a cell counts, for each of 64 bits of a category's hash, how often the bit was set. A
//     category that makes up five eighths of a cell is named by it. So a category with at least 6 % of all values is
//     found unless it shares both its cells with another large one. The test a category must pass is a sum over values
//     ("is the cell's distance from this hash below 12 bits a value?"), so where it holds for a whole it holds for one
//     part of any split, and the name is at hand: this makes the result independent of the order.
class Categories {
 public:
  static constexpr std::size_t most = 1024;
  static constexpr std::size_t longest = 100;  // bytes of a spelling; a longer one is cut and gets its hash

  explicit Categories(std::pmr::memory_resource* memory = std::pmr::get_default_resource())
      : memory_(memory), entries_(memory), index_(memory), distinct_(memory), cells_(memory), named_(memory) {}
  Categories(Categories&&) = default;
  Categories& operator=(Categories&&) = delete;  // it would keep names in the other's memory

  void add(std::string_view raw);
  void merge(const Categories& other);

  bool exact() const { return cells_.empty(); }
  std::uint64_t n() const { return n_; }

  // Categories (folded), the most frequent first, then by name. Where not exact only the frequent ones.
  struct Category {
    std::string name;      // folded
    std::string spelling;  // the most frequent one
    std::uint64_t count = 0;
  };
  std::vector<Category> categories() const;
  // Distinct categories (folded). Where exact, categories().size().
  std::uint64_t distinct() const;

  // What is counted for a raw text: trimmed, and cut where it is too long (then `memory` holds it).
  static std::string_view spelling_of(std::string_view raw, std::string& memory);

  template <class A>
  void describe(A& a) {
    std::vector<std::pair<std::string, std::uint64_t>> spellings;
    std::vector<std::pair<std::uint32_t, std::string>> named;
    if constexpr (!A::reading) {
      spellings = sorted();
      named = frequent();
    }
    a.field("spellings", spellings);
    a.field("distinct", distinct_);
    describe_list(a, "cells", cells_);
    a.field("named", named);
    if constexpr (A::reading) {
      if (const char* wrong = load(spellings, named)) a.fail(wrong);
    }
  }

 private:
  static constexpr std::size_t tables = 2, width = 32, bits = 64, stride = bits + 1;
  static constexpr std::uint64_t near = 12;  // bits

  struct Entry {
    std::uint64_t hash = 0, count = 0;
    std::pmr::string spelling;
  };
  struct Name {
    std::uint32_t cell = 0;
    Hash128 hash;
    std::pmr::string name;
  };
  void insert(std::string_view spelling, std::uint64_t count);
  void grow();
  void sketch();
  void tally(std::string_view spelling, std::uint64_t count);
  static std::size_t cell_of(const Hash128& h, std::size_t table) { return table * width + (h.high >> (8 * table) & (width - 1)); }
  std::uint64_t distance(std::size_t cell, std::uint64_t code) const;  // summed over the cell's values
  bool passes(std::size_t cell, std::uint64_t code) const;
  void name(std::size_t cell, const Hash128& hash, std::string_view folded);
  std::vector<std::pair<std::string, std::uint64_t>> sorted() const;
  std::vector<std::pair<std::uint32_t, std::string>> frequent() const;
  const char* load(const std::vector<std::pair<std::string, std::uint64_t>>& spellings,
                   const std::vector<std::pair<std::uint32_t, std::string>>& named);

  std::pmr::memory_resource* memory_;
  std::uint64_t n_ = 0;
  std::pmr::vector<Entry> entries_;        // exact
  std::pmr::vector<std::uint32_t> index_;  // open addressing: entry + 1, 0 is empty
  Distinct distinct_;                      // the rest: not exact
  std::pmr::vector<std::uint64_t> cells_;  // per cell: values, then per bit how often it was set
  std::pmr::vector<Name> named_;
  std::string scratch_;
};

}  // namespace icp
