// Datums of stored types and of text. A stored type is a varlena whose bytes are to_binary() of a described core type
// (icp/archive.hpp); bytes are validated by from_binary() each time they are read, whoever wrote them.
//
// A type takes two lines, after which `argument<T>(fcinfo, 0)` reads and `make_datum(value)` writes it:
//     ICP_TYPE_NAME(icp::DqsScale, "dqs_scale")     // at namespace scope, outside all namespaces
//     ICP_TYPE_FUNCTIONS(icp::DqsScale, dqs_scale)  // in one .cpp: dqs_scale_in, _out, _recv, _send
// A type with short text forms beside JSON writes its own _in by ICP_FUNCTION and uses type_out, type_recv, type_send.
#pragma once

#include <string>
#include <string_view>

#include "icp/archive.hpp"
#include "icp/text.hpp"

#include "pg/guard.hpp"

namespace icp::pg {

// The SQL name of a stored type; messages name it.
template <class T>
inline constexpr const char* type_name = nullptr;

// A varlena's contents, detoasted where that is needed. Valid while the datum, or the current memory context, lives.
std::string_view bytes_of(Datum varlena);
// A new varlena in the current memory context; too_large past PostgreSQL's limit of 1 GB.
Datum make_varlena(std::string_view bytes);

// Server text to core text (UTF-8 without NUL) and back. Nothing is copied where the server speaks UTF-8; otherwise
// the result lives in the current memory context. In an SQL_ASCII database invalid bytes become U+FFFD.
std::string_view to_core(std::string_view server_text);
inline std::string_view to_core(const char* server_text) { return to_core(std::string_view(server_text)); }
inline std::string_view text_of(Datum server_text) { return to_core(bytes_of(server_text)); }
// Back; an error where the server's encoding lacks a character.
std::string_view to_server(std::string_view core_text);
Datum make_text(std::string_view core_text);
char* make_cstring(std::string_view core_text);

// Arguments of SQL functions.
std::string_view text_argument(FunctionCallInfo fcinfo, int index);
// A jsonb argument as JSON text for the core, in the current memory context.
std::string_view json_argument(FunctionCallInfo fcinfo, int index);
std::string_view json_of(Datum jsonb);
// JSON text of the core as a jsonb datum.
Datum make_jsonb(std::string_view core_json);

template <class T>
T value_of(Datum datum) {
  static_assert(type_name<T> != nullptr);
  return from_binary<T>(bytes_of(datum), type_name<T>);
}
template <class T>
T argument(FunctionCallInfo fcinfo, int index) { return value_of<T>(PG_GETARG_DATUM(index)); }
template <class T>
Datum make_datum(const T& value) { return make_varlena(to_binary(value)); }

// The bytes of a receive function's message, all that is left of it.
std::string_view message_bytes(FunctionCallInfo fcinfo);

template <class T>
Datum type_in(FunctionCallInfo fcinfo) {
  return make_datum(from_json<T>(to_core(PG_GETARG_CSTRING(0)), type_name<T>));
}
template <class T>
Datum type_out(FunctionCallInfo fcinfo) { return PointerGetDatum(make_cstring(to_json(argument<T>(fcinfo, 0)))); }
template <class T>
Datum type_recv(FunctionCallInfo fcinfo) { return make_datum(from_binary<T>(message_bytes(fcinfo), type_name<T>)); }
// What is stored is what is sent, but never unread: a flat copy of an expanded or damaged value must not pass.
template <class T>
Datum type_send(FunctionCallInfo fcinfo) { return make_datum(argument<T>(fcinfo, 0)); }

}  // namespace icp::pg

#define ICP_TYPE_NAME(type, name) \
  template <>                     \
  inline constexpr const char* ::icp::pg::type_name<type> = name;

#define ICP_TYPE_FUNCTIONS(type, name)                                      \
  ICP_FUNCTION(name##_in) { return ::icp::pg::type_in<type>(fcinfo); }      \
  ICP_FUNCTION(name##_out) { return ::icp::pg::type_out<type>(fcinfo); }    \
  ICP_FUNCTION(name##_recv) { return ::icp::pg::type_recv<type>(fcinfo); }  \
  ICP_FUNCTION(name##_send) { return ::icp::pg::type_send<type>(fcinfo); }
