// Sums of doubles without any rounding: the same numbers in any order, split in any way, give the same sum bit for bit.
//
// A wide fixed-point number ("superaccumulator": Kulisch 1971; Neal 2015, "Fast exact summation using small and large
// superaccumulators") in units of 2^-1074 for sums and 2^-2148 for sums of squares. Only the window of 32-bit limbs
// that the numbers touch is kept: a few for ordinary data, at most 70 and 136.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include "icp/error.hpp"

namespace icp {

class ExactSum {
 public:
  explicit ExactSum(std::pmr::memory_resource* memory = std::pmr::get_default_resource()) : limbs_(memory) {}

  // x must be finite. A sum holds either numbers or squares, never both.
  void add(double x) {
    const Parts p = parts(x);
    const auto v = static_cast<unsigned __int128>(p.mantissa) << (p.place & 31);
    std::int64_t* at = window(p.place >> 5, 3);
    const std::int64_t sign = p.negative ? -1 : 1;
    at[0] += sign * chunk(v, 0);
    at[1] += sign * chunk(v, 1);
    at[2] += sign * chunk(v, 2);
  }
  void add_square(double x) {
    const Parts p = parts(x);
    const unsigned __int128 square = static_cast<unsigned __int128>(p.mantissa) * p.mantissa;
    const std::uint32_t place = 2 * p.place;
    const auto low = static_cast<unsigned __int128>(static_cast<std::uint64_t>(square)) << (place & 31);
    const auto high = (square >> 64) << (place & 31);
    std::int64_t* at = window(place >> 5, 5);
    at[0] += chunk(low, 0);
    at[1] += chunk(low, 1);
    at[2] += chunk(low, 2) + chunk(high, 0);
    at[3] += chunk(high, 1);
    at[4] += chunk(high, 2);
  }
  void merge(const ExactSum& other);

  // The value as sign and magnitude: sum of digits[i] * 2^(32 * (low + i)) units; no zero digit at either end.
  struct Number {
    bool negative = false;
    std::uint32_t low = 0;
    std::vector<std::uint32_t> digits;
    template <class A>
    void describe(A& a) { a.field("negative", negative); a.field("low", low); a.field("digits", digits); }
    friend bool operator==(const Number&, const Number&) = default;
  };
  Number number() const;
  // Replaces the value. Refuses what number() does not give (ErrorCode::corrupted).
  void assign(const Number& number);

  template <class A>
  void describe(A& a) {
    Number n;
    if constexpr (!A::reading) n = number();
    n.describe(a);
    if constexpr (A::reading) {
      if (!acceptable(n)) a.fail("a sum is not in its canonical form");
      assign(n);
    }
  }

 private:
  static constexpr std::uint32_t widest = 140;  // limbs

  struct Parts {
    std::uint64_t mantissa;
    std::uint32_t place;
    bool negative;
  };
  static Parts parts(double x) {
    const auto bits = std::bit_cast<std::uint64_t>(x);
    const auto exponent = static_cast<std::uint32_t>(bits >> 52 & 0x7ff);
    const std::uint64_t fraction = bits & ((std::uint64_t{1} << 52) - 1);
    return {exponent == 0 ? fraction : fraction | std::uint64_t{1} << 52, exponent == 0 ? 0 : exponent - 1, bits >> 63 != 0};
  }
  static std::int64_t chunk(unsigned __int128 v, int i) { return static_cast<std::int64_t>(static_cast<std::uint32_t>(v >> (32 * i))); }
  static bool acceptable(const Number& n);

  // The limbs from `first` on; at least `count` of them.
  std::int64_t* window(std::uint32_t first, std::uint32_t count) {
    if (++pending_ >= (1u << 28)) settle();
    if (limbs_.empty() || first < base_ || first + count > base_ + limbs_.size()) widen(first, count);
    return limbs_.data() + (first - base_);
  }
  void widen(std::uint32_t first, std::uint32_t count);
  void settle();  // carries, so that limbs can take more

  std::pmr::vector<std::int64_t> limbs_;  // limbs_[i] stands at limb base_ + i; any sign
  std::uint32_t base_ = 0;
  std::uint32_t pending_ = 0;             // additions since the last settle()
};

// Mean and variance of numbers, each the exact value rounded once.
class ExactMoments {
 public:
  explicit ExactMoments(std::pmr::memory_resource* memory = std::pmr::get_default_resource()) : sum_(memory), squares_(memory) {}
  void add(double x) {
    ++n_;
    if (x == 0) return;
    sum_.add(x);
    squares_.add_square(x);
  }
  void merge(const ExactMoments& other) {
    n_ += other.n_;
    sum_.merge(other.sum_);
    squares_.merge(other.squares_);
  }
  std::uint64_t n() const { return n_; }
  double mean() const;  // NaN where n = 0
  double sd() const;    // with n - 1 below; NaN where n < 2

  template <class A>
  void describe(A& a) { a.field("n", n_); a.field("sum", sum_); a.field("squares", squares_); }

 private:
  std::uint64_t n_ = 0;
  ExactSum sum_, squares_;
};

}  // namespace icp
