#include "icp/decimal.hpp"

#include <charconv>
#include <cmath>

namespace icp {

double decimal_value(float value) {
  // Whole numbers up to 2^24 are their own shortest form, as their neighbours are at most 1 away.
  if (!std::isfinite(value) || (std::fabs(value) <= 0x1p24f && value == std::trunc(value))) return value;
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  double result = 0;
  std::from_chars(text, end, result);
  return result;
}

}  // namespace icp
