// Arrays of types that are passed by value.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pg/guard.hpp"

namespace icp::pg {

// The elements of such an array; an element that is NULL is `missing`.
template <class T, class Read>
std::vector<T> elements(Datum array, Oid type, int length, char align, const char* what, Read read, std::optional<T> missing = std::nullopt) {
  struct Parts {
    Datum* values;
    bool* nulls;
    int count;
    int dimensions;
  };
  const auto parts = pg_call([&] {
    Parts p{};
    ArrayType* a = DatumGetArrayTypeP(array);
    p.dimensions = ARR_NDIM(a);
    deconstruct_array(a, type, length, true, align, &p.values, &p.nulls, &p.count);
    return p;
  });
  if (parts.dimensions > 1) throw Error(ErrorCode::invalid_parameter, std::string(what) + " must be a plain array", "It has several dimensions.");
  std::vector<T> out;
  out.reserve(static_cast<std::size_t>(parts.count));
  for (int i = 0; i < parts.count; ++i) {
    if (parts.nulls[i] && !missing) throw Error(ErrorCode::invalid_parameter, std::string(what) + " must not contain NULL");
    out.push_back(parts.nulls[i] ? *missing : read(parts.values[i]));
  }
  return out;
}

inline std::vector<std::int32_t> integers(Datum array, const char* what) {
  return elements<std::int32_t>(array, INT4OID, 4, TYPALIGN_INT, what, [](Datum d) { return DatumGetInt32(d); });
}

}  // namespace icp::pg
