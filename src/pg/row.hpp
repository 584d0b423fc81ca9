// The row reader: raw values (icp/value.hpp) out of a row, which is a `record` of any composite or anonymous type, or
// a jsonb object. Columns are matched by name once per row type. Nothing is allocated per row in the usual case.
//
//   numbers   smallint, integer, bigint, real (through its shortest decimal form), double precision, numeric; NaN and
//             infinities are missing
//   booleans  boolean
//   text      text, varchar, char (without padding), name, citext, enums, uuid
//   sets      arrays of those (not of uuid); NULL elements are left out
//   moments   date, timestamp (wall-clock time), timestamptz; infinities are missing
//   other     everything else that is not NULL
// and domains over them. In jsonb: strings, numbers, booleans, null; arrays of scalars are sets (of their text); other
// values are `other`.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "icp/value.hpp"

#include "pg/guard.hpp"

namespace icp::pg {

class RowReader {
 public:
  struct Column {
    std::string name;
    bool identity = false;  // read as text whatever its type is: what tells companies or deals apart
  };

  // Reads the columns named, each once, in that order; others are not even deformed. `memory` must outlive the reader: what must
  // be detoasted or converted goes to a context below it, which is reset for each row.
  RowReader(MemoryContext memory, std::vector<Column> wanted);
  // Reads all columns; those named in `identities` as text.
  RowReader(MemoryContext memory, std::span<const std::string> identities);
  RowReader(const RowReader&) = delete;
  RowReader& operator=(const RowReader&) = delete;

  // The values of a row, in the order of columns(). They live until the next row is read, at most as long as the
  // datum. Errors: duplicate_column where two columns that are read have one name; wrong_type where jsonb holds
  // anything but an object.
  std::span<const Value> read_record(Datum record);
  // The same of a tuple of a table, whose header need not be a datum's. `row_type` is the table's row type.
  std::span<const Value> read_tuple(HeapTuple tuple, Oid row_type);
  std::span<const Value> read_json(Datum jsonb);

  // The columns read. When all are read they are those met so far: a new row type or key adds to the end, and what is
  // known keeps its place.
  const std::vector<Column>& columns() const noexcept { return columns_; }
  // Whether the last row had such a column at all (else its value is missing).
  bool present(std::size_t column) const noexcept { return present_[column] != 0; }
  // Whether the last row was jsonb.
  bool from_json() const noexcept { return bound_type_ == InvalidOid; }
  // Grows by one whenever a new row type was met: until then present() does not change between records.
  std::uint64_t binding() const noexcept { return binding_; }

 private:
  enum class Kind : std::uint8_t {
    skip, int2, int4, int8, float4, float8, numeric, boolean, text, bpchar, name, enumeration, set, date, timestamp,
    timestamptz, uuid, other
  };
  // One attribute of the bound row type.
  struct Attribute {
    std::int16_t length = 0;
    std::uint8_t align = 1;
    bool byval = false;
    Kind kind = Kind::skip;
    Kind element = Kind::other;   // set
    std::int16_t element_length = 0;
    std::uint8_t element_align = 1;
    bool identity = false;
    std::int32_t column = -1;
    Oid type = InvalidOid;
  };
  struct Set {
    std::size_t column, first, count;
  };

  // The order of the keys of jsonb.
  static bool key_before(std::string_view a, std::string_view b) {
    return a.size() != b.size() ? a.size() < b.size() : std::memcmp(a.data(), b.data(), a.size()) < 0;
  }
  void bind(Oid type, std::int32_t typmod);
  void classify(Attribute& attribute, Oid type) const;
  std::int32_t column_of(std::string_view server_name, bool& identity);
  std::int32_t add_column(std::string_view server_name);
  void sort_names();
  void begin();
  std::span<const Value> read(HeapTupleHeader header, Oid type, std::int32_t typmod);
  std::span<const Value> finish();

  Value datum_value(const Attribute& attribute, Datum datum);
  Value identity_value(const Attribute& attribute, Datum datum);
  Value varlena_text(Datum datum, bool padded);
  Value read_set(const Attribute& attribute, Datum datum);
  Value uuid_text(const pg_uuid_t* uuid);
  std::string_view enum_label(Oid value);
  Value json_value(const JsonbContainer* container, const char* base, std::uint32_t index, std::uint32_t offset,
                   std::uint32_t length, bool identity);
  Value json_set(const JsonbContainer* array);
  std::optional<double> number(const void* varlena);
  std::string_view number_text(const void* varlena);
  std::string_view core_text(std::string_view server_text);

  MemoryContext bound_memory_;    // the descriptor of the bound type
  MemoryContext scratch_;         // what one row needs
  bool scratch_used_ = false;
  bool all_ = false;
  bool utf8_ = true;
  std::vector<std::string> identities_;

  std::vector<Column> columns_;
  std::vector<std::string> server_names_;   // in the server's encoding
  std::vector<std::int32_t> by_name_;       // columns in jsonb's order of keys: by length, then by bytes

  Oid bound_type_ = InvalidOid;
  std::int32_t bound_typmod_ = -1;
  TypeCacheEntry* bound_entry_ = nullptr;   // named types: changes its identifier when the type is altered
  std::uint64_t bound_identifier_ = 0;
  TupleDesc descriptor_ = nullptr;
  std::vector<Attribute> attributes_;       // up to the last that is read
  std::uint64_t binding_ = 0;

  std::vector<Value> values_;
  std::vector<std::uint8_t> present_;
  std::vector<std::string_view> items_;
  std::vector<Set> sets_;
  std::int32_t current_ = -1;               // the column being read
  std::unordered_map<Oid, std::string> labels_;
  std::uint64_t labels_epoch_ = 0;
};

}  // namespace icp::pg
