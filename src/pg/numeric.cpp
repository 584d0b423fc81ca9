#include "pg/numeric.hpp"

namespace icp::pg {

std::optional<double> parse_decimal(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    // Too large or too small? numeric_out() writes no exponent, so the part before the point tells.
    const auto digits = text.find_first_not_of("-0");
    if (digits == std::string_view::npos || text[digits] == '.') return 0.0;
    return std::nullopt;
  }
  if (error != std::errc() || !std::isfinite(value)) return std::nullopt;
  return value;
}

const char* numeric_cstring(const void* varlena) {
  return pg_call([&] { return DatumGetCString(DirectFunctionCall1(numeric_out, PointerGetDatum(varlena))); });
}

std::optional<double> numeric_value(Datum numeric) {
  double value = 0;
  switch (decode_numeric(DatumGetPointer(numeric), value)) {
    case Decoded::value: return value;
    case Decoded::missing: return std::nullopt;
    case Decoded::hard: break;
  }
  return parse_decimal(numeric_cstring(DatumGetPointer(numeric)));
}

}  // namespace icp::pg
