// Rows of a set-returning function whose result is a named composite type. Columns are found by name in the
// descriptor that the call has at run time, so that a type may gain columns that an older library does not know, and
// lack columns that a newer one fills.
//
//     ResultSet rows(fcinfo);
//     rows.text("component", name).number("score", score).emit();
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "pg/guard.hpp"
#include "pg/varlena.hpp"

namespace icp::pg {

class ResultSet {
 public:
  // Starts the result (materialised). The function returns ResultSet::done() after the last emit().
  explicit ResultSet(FunctionCallInfo fcinfo);

  // Columns not set before emit() are NULL; a column that the type lacks is passed over.
  ResultSet& datum(const char* column, Datum value);
  ResultSet& text(const char* column, std::string_view value) { return datum(column, make_text(value)); }
  ResultSet& number(const char* column, double value) {  // double precision; NaN is NULL
    return std::isnan(value) ? *this : datum(column, Float8GetDatum(value));
  }
  ResultSet& integer(const char* column, std::int64_t value);  // integer or bigint, as the column is
  ResultSet& boolean(const char* column, bool value) { return datum(column, BoolGetDatum(value)); }
  void emit();

  // The type of a column; InvalidOid where there is none.
  Oid type_of(const char* column) const;

  static constexpr Datum done() { return 0; }

  // For a function that returns an array of a named composite type: emit() adds an element, array() is the result.
  struct AsArray {};
  ResultSet(FunctionCallInfo fcinfo, AsArray);
  Datum array() const;
  // For a function that returns one value of a named composite type: row() instead of emit(). Kept from call to call, it is
  // made in the memory of the call site and cleared before each row.
  struct AsRow {};
  ResultSet(FunctionCallInfo fcinfo, AsRow);
  Datum row();
  void clear() { nulls_.assign(nulls_.size(), 1); }

 private:
  void describe(Oid type);
  int index_of(const char* column) const;

  TupleDesc columns_;
  Tuplestorestate* store_ = nullptr;  // none for an array
  Oid element_ = InvalidOid;
  std::vector<Datum> elements_;
  std::vector<Datum> values_;
  std::vector<char> nulls_;
};

}  // namespace icp::pg
