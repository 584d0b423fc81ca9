#include "icp/error.hpp"
#include "icp/text.hpp"

#include "pg/memory.hpp"
#include "pg/varlena.hpp"

namespace icp::pg {

std::string_view bytes_of(Datum varlena) {
  auto* p = reinterpret_cast<struct varlena*>(DatumGetPointer(varlena));
  if (VARATT_IS_EXTERNAL(p) || VARATT_IS_COMPRESSED(p)) p = pg_call([&] { return pg_detoast_datum_packed(p); });
  return {VARDATA_ANY(p), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(p))};
}

Datum make_varlena(std::string_view bytes) {
  if (bytes.size() > MaxAllocSize - VARHDRSZ)
    throw Error(ErrorCode::too_large, "a value is too large to be stored",
                "It takes " + std::to_string(bytes.size()) + " bytes; the limit is 1 GB.");
  auto* p = static_cast<struct varlena*>(allocate(CurrentMemoryContext, bytes.size() + VARHDRSZ));
  SET_VARSIZE(p, bytes.size() + VARHDRSZ);
  std::memcpy(VARDATA(p), bytes.data(), bytes.size());
  return PointerGetDatum(p);
}

namespace {

std::string_view in_context(std::string_view text) {
  auto* p = static_cast<char*>(allocate(CurrentMemoryContext, text.size() + 1));
  std::memcpy(p, text.data(), text.size());
  p[text.size()] = '\0';
  return {p, text.size()};
}

}  // namespace

std::string_view to_core(std::string_view text) {
  const int encoding = GetDatabaseEncoding();
  if (encoding == PG_UTF8) return text;
  if (encoding == PG_SQL_ASCII) return is_text(text) ? text : in_context(clean(text));
  const auto n = static_cast<int>(text.size());
  const char* out = pg_call([&] { return pg_server_to_any(text.data(), n, PG_UTF8); });
  // The conversion returns its argument, which need not end in NUL, where nothing had to be done.
  return out == text.data() ? text : std::string_view(out);
}

std::string_view to_server(std::string_view text) {
  const int encoding = GetDatabaseEncoding();
  if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII) return text;
  const auto n = static_cast<int>(text.size());
  const char* out = pg_call([&] { return pg_any_to_server(text.data(), n, PG_UTF8); });
  return out == text.data() ? text : std::string_view(out);
}

Datum make_text(std::string_view text) { return make_varlena(to_server(text)); }

char* make_cstring(std::string_view text) { return const_cast<char*>(in_context(to_server(text)).data()); }

std::string_view text_argument(FunctionCallInfo fcinfo, int index) { return text_of(PG_GETARG_DATUM(index)); }

std::string_view json_of(Datum datum) {
  const auto bytes = pg_call([&] {
    Jsonb* json = DatumGetJsonbP(datum);
    StringInfoData out;
    initStringInfo(&out);
    JsonbToCString(&out, &json->root, VARSIZE(json));
    return std::string_view(out.data, static_cast<std::size_t>(out.len));
  });
  return to_core(bytes);
}

std::string_view json_argument(FunctionCallInfo fcinfo, int index) { return json_of(PG_GETARG_DATUM(index)); }

Datum make_jsonb(std::string_view json) {
  const char* text = make_cstring(json);
  return pg_call([&] { return DirectFunctionCall1(jsonb_in, CStringGetDatum(text)); });
}

std::string_view message_bytes(FunctionCallInfo fcinfo) {
  auto* message = reinterpret_cast<StringInfo>(PG_GETARG_POINTER(0));
  const auto n = static_cast<std::size_t>(message->len - message->cursor);
  const char* start = message->data + message->cursor;
  message->cursor = message->len;
  return {start, n};
}

}  // namespace icp::pg
