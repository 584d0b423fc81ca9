// Exact decimals, held as digits of base 10000, to the nearest double.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

namespace icp {

namespace detail {
inline constexpr std::array<double, 23> powers_of_ten = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                         1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                         1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
}  // namespace detail

// The double nearest to ±Σ digit[i] · 10000^(weight − i), i = 0 … count − 1, where one rounding gives it: the digits
// make a whole number up to 2^53, which is exact, and it is multiplied or divided once by a power of ten up to 10^22,
// which is exact too (Clinger 1990). Nothing where that does not hold: the caller then goes through the decimal text.
// `digits` are 16-bit integers 0 … 9999 in the machine's byte order, of any alignment.
inline std::optional<double> decimal_value(const void* digits, std::size_t count, int weight, bool negative) noexcept {
  constexpr std::uint64_t exact = std::uint64_t{1} << 53;
  if (count == 0) return 0.0;
  const auto* bytes = static_cast<const unsigned char*>(digits);
  const auto digit = [bytes](std::size_t i) {
    std::uint16_t d = 0;
    std::memcpy(&d, bytes + 2 * i, sizeof d);
    return static_cast<std::uint64_t>(d);
  };
  // Five digits of which the first is below 1000 stay below 10^19, and so within 64 bits.
  if (count > 5 || (count == 5 && digit(0) >= 1000)) return std::nullopt;
  std::uint64_t mantissa = 0;
  for (std::size_t i = 0; i < count; ++i) mantissa = mantissa * 10000 + digit(i);
  int exponent = 4 * (weight - static_cast<int>(count) + 1);
  while (mantissa > exact) {
    if (mantissa % 10 != 0) return std::nullopt;
    mantissa /= 10;
    ++exponent;
  }
  double value = static_cast<double>(mantissa);
  if (exponent < -22 || exponent > 22) {
    if (mantissa != 0) return std::nullopt;
  } else if (exponent < 0) {
    value /= detail::powers_of_ten[static_cast<std::size_t>(-exponent)];
  } else {
    value *= detail::powers_of_ten[static_cast<std::size_t>(exponent)];
  }
  return negative && mantissa != 0 ? -value : value;
}

// A float through its shortest decimal form: 0.1f becomes 0.1, as a person would read it.
double decimal_value(float value);

}  // namespace icp
