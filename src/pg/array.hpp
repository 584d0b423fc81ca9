// Arrays of SQL as vectors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pg/guard.hpp"

namespace icp::pg {

// The elements of an array of a type that is passed by value; an element that is NULL is `missing`.
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

inline std::vector<double> numbers(Datum array, const char* what, std::optional<double> missing = std::nullopt) {
  return elements<double>(array, FLOAT8OID, 8, TYPALIGN_DOUBLE, what, [](Datum d) { return DatumGetFloat8(d); }, missing);
}
inline std::vector<std::int32_t> integers(Datum array, const char* what) {
  return elements<std::int32_t>(array, INT4OID, 4, TYPALIGN_INT, what, [](Datum d) { return DatumGetInt32(d); });
}
inline std::vector<char> truths(Datum array, const char* what) {
  return elements<char>(array, BOOLOID, 1, TYPALIGN_CHAR, what, [](Datum d) { return static_cast<char>(DatumGetBool(d)); });
}
inline std::vector<std::int64_t> long_integers(Datum array, const char* what) {
  return elements<std::int64_t>(array, INT8OID, 8, TYPALIGN_DOUBLE, what, [](Datum d) { return DatumGetInt64(d); });
}

}  // namespace icp::pg
