// Rows of selectors and of conjunctions as bits.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "rule_space.hpp"

namespace icp::rules {

class Bits {
 public:
  explicit Bits(std::size_t rows = 0, bool all = false) : word_((rows + 63) / 64, all ? ~std::uint64_t{0} : 0) {
    if (all && rows % 64 != 0) word_.back() >>= 64 - rows % 64;
  }
  bool empty() const { return word_.empty(); }
  bool has(std::size_t r) const { return (word_[r / 64] >> (r % 64) & 1) != 0; }
  void set(std::size_t r) { word_[r / 64] |= std::uint64_t{1} << (r % 64); }
  Bits& operator&=(const Bits& b) {
    for (std::size_t i = 0; i < word_.size(); ++i) word_[i] &= b.word_[i];
    return *this;
  }
  Bits& operator|=(const Bits& b) {
    for (std::size_t i = 0; i < word_.size(); ++i) word_[i] |= b.word_[i];
    return *this;
  }
  Bits without(const Bits& b) const {
    Bits out = *this;
    for (std::size_t i = 0; i < word_.size(); ++i) out.word_[i] &= ~b.word_[i];
    return out;
  }
  std::size_t count() const {
    std::size_t n = 0;
    for (const std::uint64_t w : word_) n += static_cast<std::size_t>(std::popcount(w));
    return n;
  }
  // Ascending.
  template <class Do>
  void each(Do&& f) const {
    for (std::size_t i = 0; i < word_.size(); ++i)
      for (std::uint64_t w = word_[i]; w != 0; w &= w - 1) f(64 * i + static_cast<std::size_t>(std::countr_zero(w)));
  }

 private:
  std::vector<std::uint64_t> word_;
};

// What each selector covers, found once it is asked for; the first thousand are kept, 125 bytes a row.
class Covers {
 public:
  explicit Covers(const Space& space) : space_(space), of_(space.selectors.size()) {}
  Bits of(const Path& path) {
    Bits bits(space_.rows(), true);
    for (const std::uint32_t s : path.ids()) {
      if (of_[s].empty() && kept_ < 1000) {
        of_[s] = find(s);
        ++kept_;
      }
      bits &= of_[s].empty() ? find(s) : of_[s];
    }
    return bits;
  }

 private:
  Bits find(std::uint32_t selector) const {
    const Selector& s = space_.selectors[selector];
    const auto& cell = space_.attributes[s.attribute].cell;
    Bits bits(cell.size());
    for (std::size_t r = 0; r < cell.size(); ++r)
      if (s.has(cell[r])) bits.set(r);
    return bits;
  }
  const Space& space_;
  std::vector<Bits> of_;
  std::size_t kept_ = 0;
};

}  // namespace icp::rules
