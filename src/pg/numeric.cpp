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

Datum make_numeric(const char* text) {
  return pg_call([&] { return DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)); });
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

bool is_finite(Datum number) {
  return pg_call([&] {
    const Numeric n = DatumGetNumeric(number);
#if PG_VERSION_NUM >= 140000
    if (numeric_is_inf(n)) return false;
#endif
    return !numeric_is_nan(n);
  });
}

}  // namespace icp::pg
