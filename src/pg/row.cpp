#include <new>

#include "icp/decimal.hpp"
#include "icp/error.hpp"
#include "icp/text.hpp"
#include "icp/value.hpp"

#include "pg/memory.hpp"
#include "pg/numeric.hpp"
#include "pg/row.hpp"
#include "pg/varlena.hpp"

namespace icp::pg {

namespace {

// A row of PostgreSQL has at most 1,664 columns; jsonb with more keys than that is not a row.
constexpr std::size_t most_columns = 1664;

// Counts changes to the labels of enums, so that those a reader has cached do not go stale.
std::uint64_t enum_epoch = 0;

void watch_enums() {
  static bool watching = false;
  if (watching) return;
  pg_call([] {
    CacheRegisterSyscacheCallback(ENUMOID, [](Datum, auto, uint32) { ++enum_epoch; }, Datum{0});
  });
  watching = true;
}

std::size_t aligned(std::size_t offset, std::size_t align) { return (offset + align - 1) & ~(align - 1); }

std::uint8_t align_of(char typalign) {
  switch (typalign) {
    case TYPALIGN_CHAR: return 1;
    case TYPALIGN_SHORT: return ALIGNOF_SHORT;
    case TYPALIGN_INT: return ALIGNOF_INT;
    default: return ALIGNOF_DOUBLE;
  }
}

Datum fetch(const char* p, bool byval, int length) {
  if (!byval) return PointerGetDatum(p);
  switch (length) {
    case 1: return CharGetDatum(*p);
    case 2: {
      std::int16_t v = 0;
      std::memcpy(&v, p, sizeof v);
      return Int16GetDatum(v);
    }
    case 4: {
      std::int32_t v = 0;
      std::memcpy(&v, p, sizeof v);
      return Int32GetDatum(v);
    }
    default: {
      std::int64_t v = 0;
      std::memcpy(&v, p, sizeof v);
      return Int64GetDatum(v);
    }
  }
}

// Steps over one value that starts at `offset` or at the padding before it. Returns where it starts.
std::size_t step(const char* base, std::size_t& offset, int length, std::size_t align) {
  if (length == -1) {
    if (base[offset] == 0) offset = aligned(offset, align);  // a padding byte is 0, the first of a varlena never
    const std::size_t start = offset;
    offset += VARSIZE_ANY(base + start);
    return start;
  }
  offset = aligned(offset, align);
  const std::size_t start = offset;
  offset += length == -2 ? std::strlen(base + start) + 1 : static_cast<std::size_t>(length);
  return start;
}

Value finite(double v) { return std::isfinite(v) ? Value::of(v + 0.0) : Value{}; }

Value moment(std::int64_t microseconds, bool local) {
  if (microseconds == std::numeric_limits<std::int64_t>::min() || microseconds == std::numeric_limits<std::int64_t>::max())
    return {};
  return Value::of_moment(microseconds, local);
}

Value day(DateADT days) {
  std::int64_t microseconds = 0;
  if (DATE_NOT_FINITE(days) || __builtin_mul_overflow(std::int64_t{days}, std::int64_t{86'400'000'000}, &microseconds))
    return {};
  return Value::of_moment(microseconds, true);
}

}  // namespace

RowReader::RowReader(MemoryContext memory, std::vector<Column> wanted) : columns_(std::move(wanted)) {
  bound_memory_ = make_context(memory, "icp row type");
  scratch_ = make_context(memory, "icp row");
  utf8_ = GetDatabaseEncoding() == PG_UTF8;
  for (const Column& c : columns_) {
    const InContext in(scratch_);
    // A name that the server's encoding cannot write names no column there.
    try {
      server_names_.emplace_back(to_server(c.name));
    } catch (const PgError&) {
      server_names_.emplace_back(1, '\0');
    }
  }
  MemoryContextReset(scratch_);
  sort_names();
}

RowReader::RowReader(MemoryContext memory, std::span<const std::string> identities)
    : all_(true), identities_(identities.begin(), identities.end()) {
  bound_memory_ = make_context(memory, "icp row type");
  scratch_ = make_context(memory, "icp row");
  utf8_ = GetDatabaseEncoding() == PG_UTF8;
}

void RowReader::sort_names() {
  by_name_.resize(server_names_.size());
  for (std::size_t i = 0; i < by_name_.size(); ++i) by_name_[i] = static_cast<std::int32_t>(i);
  std::sort(by_name_.begin(), by_name_.end(), [this](std::int32_t a, std::int32_t b) {
    return key_before(server_names_[static_cast<std::size_t>(a)], server_names_[static_cast<std::size_t>(b)]);
  });
}

std::int32_t RowReader::add_column(std::string_view server_name) {
  if (columns_.size() >= most_columns)
    throw Error(ErrorCode::too_large, "too many columns", "A row can have at most 1664 columns or keys.");
  const auto index = static_cast<std::int32_t>(columns_.size());
  std::string name(core_text(server_name));
  const bool identity = std::find(identities_.begin(), identities_.end(), name) != identities_.end();
  columns_.push_back({std::move(name), identity});
  server_names_.emplace_back(server_name);
  values_.emplace_back();
  present_.push_back(0);
  const auto at = std::lower_bound(by_name_.begin(), by_name_.end(), server_name, [this](std::int32_t a, std::string_view key) {
    return key_before(server_names_[static_cast<std::size_t>(a)], key);
  });
  by_name_.insert(at, index);
  return index;
}

std::int32_t RowReader::column_of(std::string_view server_name, bool& identity) {
  const auto at = std::lower_bound(by_name_.begin(), by_name_.end(), server_name, [this](std::int32_t a, std::string_view key) {
    return key_before(server_names_[static_cast<std::size_t>(a)], key);
  });
  std::int32_t index = -1;
  if (at != by_name_.end() && server_names_[static_cast<std::size_t>(*at)] == server_name) index = *at;
  else if (all_) index = add_column(server_name);
  if (index >= 0) identity = columns_[static_cast<std::size_t>(index)].identity;
  return index;
}

// Runs under pg_call: no C++ object with a destructor here.
void RowReader::classify(Attribute& a, Oid declared) const {
  const Oid base = getBaseType(declared);
  a.type = base;
  const auto scalar = [](Oid type) {
    switch (type) {
      case TEXTOID:
      case VARCHAROID: return Kind::text;
      case BPCHAROID: return Kind::bpchar;
      case NAMEOID: return Kind::name;
      default: break;
    }
    if (type_is_enum(type)) return Kind::enumeration;
    // citext and its like: another name for the bytes of text
    if (get_typlen(type) == -1 && IsBinaryCoercible(type, TEXTOID)) return Kind::text;
    return Kind::other;
  };
  switch (base) {
    case INT2OID: a.kind = Kind::int2; return;
    case INT4OID: a.kind = Kind::int4; return;
    case INT8OID: a.kind = Kind::int8; return;
    case FLOAT4OID: a.kind = Kind::float4; return;
    case FLOAT8OID: a.kind = Kind::float8; return;
    case NUMERICOID: a.kind = Kind::numeric; return;
    case BOOLOID: a.kind = Kind::boolean; return;
    case DATEOID: a.kind = Kind::date; return;
    case TIMESTAMPOID: a.kind = Kind::timestamp; return;
    case TIMESTAMPTZOID: a.kind = Kind::timestamptz; return;
    case UUIDOID: a.kind = Kind::uuid; return;
    default: break;
  }
  const Oid element = get_element_type(base);
  if (OidIsValid(element)) {
    const Oid element_base = getBaseType(element);
    a.element = scalar(element_base);
    a.kind = a.element == Kind::other ? Kind::other : Kind::set;
    bool byval = false;
    char align = TYPALIGN_INT;
    get_typlenbyvalalign(element, &a.element_length, &byval, &align);
    a.element_align = align_of(align);
    return;
  }
  a.kind = scalar(base);
}

void RowReader::bind(Oid type, std::int32_t typmod) {
  bound_type_ = InvalidOid;
  bound_entry_ = nullptr;
  descriptor_ = nullptr;
  attributes_.clear();
  MemoryContextReset(bound_memory_);
  TypeCacheEntry* entry = nullptr;
  TupleDesc descriptor = pg_call([&] {
    MemoryContext before = MemoryContextSwitchTo(bound_memory_);
    TupleDesc shared = lookup_rowtype_tupdesc(type, typmod);
    TupleDesc copy = CreateTupleDescCopyConstr(shared);
    ReleaseTupleDesc(shared);
    if (type != RECORDOID) entry = lookup_type_cache(type, TYPECACHE_TUPDESC);
    MemoryContextSwitchTo(before);
    return copy;
  });
  present_.assign(columns_.size(), 0);
  std::vector<Attribute> attributes(static_cast<std::size_t>(descriptor->natts));
  std::size_t needed = 0;
  for (int i = 0; i < descriptor->natts; ++i) {
    Form_pg_attribute form = TupleDescAttr(descriptor, i);
    Attribute& a = attributes[static_cast<std::size_t>(i)];
    a.length = form->attlen;
    a.align = align_of(form->attalign);
    a.byval = form->attbyval;
    if (form->attisdropped) continue;
    a.column = column_of(NameStr(form->attname), a.identity);
    if (a.column < 0) continue;
    const auto column = static_cast<std::size_t>(a.column);
    if (present_[column] != 0)
      throw Error(ErrorCode::duplicate_column, "column \"" + columns_[column].name + "\" appears more than once in the row",
                  {}, "Give each column its own name.");
    present_[column] = 1;
    const Oid declared = form->atttypid;
    pg_call([&] { classify(a, declared); });
    if (a.kind == Kind::enumeration || a.element == Kind::enumeration) watch_enums();
    needed = static_cast<std::size_t>(i) + 1;
  }
  attributes.resize(needed);
  attributes_ = std::move(attributes);
  descriptor_ = descriptor;
  bound_type_ = type;
  bound_typmod_ = typmod;
  bound_entry_ = entry;
  bound_identifier_ = entry == nullptr ? 0 : entry->tupDesc_identifier;
  ++binding_;
}

void RowReader::begin() {
  if (scratch_used_) {
    MemoryContextReset(scratch_);
    scratch_used_ = false;
  }
  items_.clear();
  sets_.clear();
  if (!labels_.empty() && labels_epoch_ != enum_epoch) labels_.clear();
}

std::span<const Value> RowReader::finish() {
  for (const Set& s : sets_) values_[s.column].items = std::span<const std::string_view>(items_).subspan(s.first, s.count);
  return values_;
}

std::span<const Value> RowReader::read_record(Datum record) {
  begin();
  auto* header = reinterpret_cast<HeapTupleHeader>(DatumGetPointer(record));
  if (VARATT_IS_EXTENDED(header)) {
    scratch_used_ = true;
    const InContext in(scratch_);
    header = pg_call([&] { return DatumGetHeapTupleHeader(record); });
  }
  return read(header, HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header));
}

std::span<const Value> RowReader::read_tuple(HeapTuple tuple, Oid row_type) {
  begin();
  return read(tuple->t_data, row_type, -1);
}

std::span<const Value> RowReader::read(HeapTupleHeader header, Oid type, std::int32_t typmod) {
  if (type != bound_type_ || typmod != bound_typmod_ ||
      (bound_entry_ != nullptr && bound_entry_->tupDesc_identifier != bound_identifier_))
    bind(type, typmod);
  values_.assign(columns_.size(), Value{});
  const auto stored = static_cast<std::size_t>(HeapTupleHeaderGetNatts(header));
  const bool nulls = (header->t_infomask & HEAP_HASNULL) != 0;
  const auto* base = reinterpret_cast<const char*>(header) + header->t_hoff;
  std::size_t offset = 0;
  for (std::size_t i = 0; i < attributes_.size(); ++i) {
    const Attribute& a = attributes_[i];
    Datum datum = 0;
    if (i >= stored) {
      // The row is older than the column: its value is the default that the column was added with.
      if (a.column < 0) continue;
      bool null = true;
      datum = pg_call([&] { return getmissingattr(descriptor_, static_cast<int>(i) + 1, &null); });
      if (null) continue;
    } else {
      if (nulls && att_isnull(static_cast<int>(i), header->t_bits)) continue;
      const std::size_t start = step(base, offset, a.length, a.align);
      if (a.column < 0) continue;
      datum = fetch(base + start, a.byval, a.length);
    }
    current_ = a.column;
    // Made where it stays: copied from where it was just written it would wait for those writes.
    new (&values_[static_cast<std::size_t>(a.column)]) Value(a.identity ? identity_value(a, datum) : datum_value(a, datum));
  }
  return finish();
}

Value RowReader::datum_value(const Attribute& a, Datum datum) {
  switch (a.kind) {
    case Kind::int2: return Value::of(static_cast<double>(DatumGetInt16(datum)));
    case Kind::int4: return Value::of(static_cast<double>(DatumGetInt32(datum)));
    case Kind::int8: return Value::of(static_cast<double>(DatumGetInt64(datum)));
    case Kind::float4: return finite(decimal_value(DatumGetFloat4(datum)));
    case Kind::float8: return finite(DatumGetFloat8(datum));
    case Kind::numeric: {
      const auto v = number(DatumGetPointer(datum));
      return v ? Value::of(*v) : Value{};
    }
    case Kind::boolean: return Value::of(DatumGetBool(datum));
    case Kind::text: return varlena_text(datum, false);
    case Kind::bpchar: return varlena_text(datum, true);
    case Kind::name: return Value::of(core_text(NameStr(*DatumGetName(datum))));
    case Kind::enumeration: return Value::of(enum_label(DatumGetObjectId(datum)));
    case Kind::set: return read_set(a, datum);
    case Kind::uuid: return uuid_text(DatumGetUUIDP(datum));
    case Kind::date: return day(DatumGetDateADT(datum));
    case Kind::timestamp: return moment(DatumGetTimestamp(datum), true);
    case Kind::timestamptz: return moment(DatumGetTimestampTz(datum), false);
    default: break;
  }
  Value other;
  other.type = ValueType::other;
  return other;
}

// The text that to_jsonb() would give, without its quotes; moments with a zone in UTC, whatever the session's zone.
Value RowReader::identity_value(const Attribute& a, Datum datum) {
  switch (a.kind) {
    case Kind::text: return varlena_text(datum, false);
    case Kind::bpchar: return varlena_text(datum, true);
    case Kind::name:
    case Kind::uuid:
    case Kind::enumeration: return datum_value(a, datum);
    case Kind::boolean: return Value::of(DatumGetBool(datum) ? std::string_view("true") : std::string_view("false"));
    default: break;
  }
  scratch_used_ = true;
  const InContext in(scratch_);
  const char* text = pg_call([&]() -> const char* {
    if (a.kind == Kind::date || a.kind == Kind::timestamp || a.kind == Kind::timestamptz) {
      const int utc = 0;
      auto* buffer = static_cast<char*>(palloc(MAXDATELEN + 1));
      return JsonEncodeDateTime(buffer, datum, a.type, a.kind == Kind::timestamptz ? &utc : nullptr);
    }
    if (a.kind == Kind::float4 || a.kind == Kind::float8) return nullptr;
    Oid output = InvalidOid;
    bool varlena = false;
    getTypeOutputInfo(a.type, &output, &varlena);
    return OidOutputFunctionCall(output, datum);
  });
  if (text != nullptr) return Value::of(core_text(text));
  char* buffer = static_cast<char*>(allocate(scratch_, 32));
  char* end = a.kind == Kind::float4 ? std::to_chars(buffer, buffer + 32, DatumGetFloat4(datum)).ptr
                                     : std::to_chars(buffer, buffer + 32, DatumGetFloat8(datum)).ptr;
  return Value::of(std::string_view(buffer, static_cast<std::size_t>(end - buffer)));
}

Value RowReader::varlena_text(Datum datum, bool padded) {
  auto* p = reinterpret_cast<struct varlena*>(DatumGetPointer(datum));
  if (VARATT_IS_EXTERNAL(p) || VARATT_IS_COMPRESSED(p)) {
    scratch_used_ = true;
    const InContext in(scratch_);
    p = pg_call([&] { return pg_detoast_datum_packed(p); });
  }
  std::string_view text(VARDATA_ANY(p), VARSIZE_ANY_EXHDR(p));
  if (padded)
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return Value::of(core_text(text));
}

Value RowReader::uuid_text(const pg_uuid_t* uuid) {
  static constexpr char hex[] = "0123456789abcdef";
  scratch_used_ = true;
  auto* text = static_cast<char*>(allocate(scratch_, 36));
  char* p = text;
  for (int i = 0; i < UUID_LEN; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *p++ = '-';
    *p++ = hex[uuid->data[i] >> 4];
    *p++ = hex[uuid->data[i] & 15];
  }
  return Value::of(std::string_view(text, 36));
}

std::string_view RowReader::enum_label(Oid value) {
  if (const auto it = labels_.find(value); it != labels_.end()) return it->second;
  scratch_used_ = true;
  const InContext in(scratch_);
  const char* label = pg_call([&] { return DatumGetCString(DirectFunctionCall1(enum_out, ObjectIdGetDatum(value))); });
  labels_epoch_ = enum_epoch;
  return labels_.emplace(value, core_text(label)).first->second;
}

Value RowReader::read_set(const Attribute& a, Datum datum) {
  const auto* p = static_cast<const char*>(static_cast<const void*>(DatumGetPointer(datum)));
  if (VARATT_IS_EXTENDED(p)) {
    scratch_used_ = true;
    if (VARATT_IS_SHORT(p) && !VARATT_IS_EXTERNAL(p)) {
      // Only moved to an aligned place, with a long header.
      const std::size_t n = VARSIZE_SHORT(p) - VARHDRSZ_SHORT;
      auto* copy = static_cast<char*>(allocate(scratch_, n + VARHDRSZ));
      SET_VARSIZE(copy, n + VARHDRSZ);
      std::memcpy(copy + VARHDRSZ, VARDATA_SHORT(p), n);
      p = copy;
    } else {
      const InContext in(scratch_);
      p = reinterpret_cast<const char*>(pg_call([&] { return DatumGetArrayTypeP(datum); }));
    }
  }
  auto* array = const_cast<ArrayType*>(static_cast<const ArrayType*>(static_cast<const void*>(p)));
  std::size_t n = ARR_NDIM(array) == 0 ? 0 : 1;
  for (int d = 0; d < ARR_NDIM(array); ++d) n *= static_cast<std::size_t>(ARR_DIMS(array)[d]);
  const bits8* present = ARR_NULLBITMAP(array);
  const char* base = ARR_DATA_PTR(array);
  const std::size_t first = items_.size();
  std::size_t offset = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (present != nullptr && (present[i / 8] & (1 << (i % 8))) == 0) continue;
    const std::size_t start = step(base, offset, a.element_length, a.element_align);
    switch (a.element) {
      case Kind::enumeration: items_.push_back(enum_label(DatumGetObjectId(fetch(base + start, true, 4)))); break;
      case Kind::name: items_.push_back(core_text(std::string_view(base + start))); break;
      default: items_.push_back(varlena_text(PointerGetDatum(base + start), a.element == Kind::bpchar).text);
    }
  }
  sets_.push_back({static_cast<std::size_t>(current_), first, items_.size() - first});
  return Value::of_set({});
}

std::optional<double> RowReader::number(const void* varlena) {
  double value = 0;
  switch (decode_numeric(varlena, value)) {
    case Decoded::value: return value;
    case Decoded::missing: return std::nullopt;
    case Decoded::hard: break;
  }
  return parse_decimal(number_text(varlena));
}

std::string_view RowReader::number_text(const void* varlena) {
  scratch_used_ = true;
  const InContext in(scratch_);
  return numeric_cstring(varlena);
}

std::string_view RowReader::core_text(std::string_view text) {
  if (utf8_) return text;
  scratch_used_ = true;
  const InContext in(scratch_);
  return to_core(text);
}

}  // namespace icp::pg
