// numeric as the nearest double, as the cast to double precision gives it.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "icp/decimal.hpp"

#include "pg/guard.hpp"

namespace icp::pg {

// The stored form of numeric (src/backend/utils/adt/numeric.c): a 16-bit header that holds sign, scale and weight
// (short form) or is followed by a 16-bit weight (long form); then digits of base 10000.
enum class Decoded { value, missing, hard };

inline Decoded decode_numeric(const void* p, double& value) {
  if (VARATT_IS_EXTERNAL(p) || VARATT_IS_COMPRESSED(p)) return Decoded::hard;
  const auto* data = static_cast<const char*>(VARDATA_ANY(p));
  const std::size_t length = VARSIZE_ANY_EXHDR(p);
  if (length < 2) return Decoded::hard;
  std::uint16_t header = 0;
  std::memcpy(&header, data, sizeof header);
  std::optional<double> result;
  switch (header & 0xC000) {
    case 0xC000: return Decoded::missing;  // NaN, Infinity, -Infinity
    case 0x8000: {
      const int weight = (header & 0x0040) != 0 ? static_cast<int>(header & 0x003F) - 0x40 : static_cast<int>(header & 0x003F);
      result = decimal_value(data + 2, (length - 2) / 2, weight, (header & 0x2000) != 0);
      break;
    }
    default: {
      if (length < 4) return Decoded::hard;
      std::int16_t weight = 0;
      std::memcpy(&weight, data + 2, sizeof weight);
      result = decimal_value(data + 4, (length - 4) / 2, weight, (header & 0xC000) == 0x4000);
    }
  }
  if (!result) return Decoded::hard;
  value = *result;
  return Decoded::value;
}

// The text of a numeric, in the current memory context.
const char* numeric_cstring(const void* varlena);
// The numeric that such a text means, in the current memory context.
Datum make_numeric(const char* text);
// Decimal text as numeric_out() writes it.
std::optional<double> parse_decimal(std::string_view text);

// A numeric datum as a double. Nothing for NaN, the infinities and what is beyond the range of double precision; what is
// too small for it is 0.
std::optional<double> numeric_value(Datum numeric);
// Neither NaN nor an infinity.
bool is_finite(Datum numeric);

}  // namespace icp::pg
