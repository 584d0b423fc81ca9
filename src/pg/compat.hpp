// The one place that includes PostgreSQL, and that knows how its major versions 13 to 18 differ.
//
// Include it last: PostgreSQL redefines printf, Min, Max, gettext and more, and the standard library, fmt and the core
// must have been read before that.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <memory_resource>
#include <new>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

// Before PostgreSQL 16 this is empty on Linux, and -fvisibility=hidden would hide even Pg_magic_func.
#define PGDLLEXPORT __attribute__((visibility("default")))

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#ifdef __clang__
#pragma GCC diagnostic ignored "-Wignored-attributes"  // gnu_printf, where PostgreSQL was configured with gcc
#endif
extern "C" {
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tupdesc.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_coerce.h"
#include "pgtime.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/arrayaccess.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/datum.h"
#include "utils/expandeddatum.h"
#include "utils/expandedrecord.h"
#include "utils/fmgrprotos.h"
#include "utils/inval.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/regproc.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"
#include "utils/uuid.h"
#include "windowapi.h"
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#include "varatt.h"
#endif
}
#pragma GCC diagnostic pop

#undef printf
#undef fprintf
#undef sprintf
#undef snprintf
#undef vprintf
#undef vfprintf
#undef vsprintf
#undef vsnprintf
#undef strerror
#undef strerror_r
#undef gettext
#undef dgettext
#undef ngettext
#undef dngettext
#undef _
#undef Min
#undef Max
#undef Abs
#undef DAY
#undef MONTH
#undef YEAR
#undef HOUR
#undef MINUTE
#undef SECOND

#if PG_VERSION_NUM < 130000
#error "icp needs PostgreSQL 13 or newer"
#endif

// Input functions that report bad input without raising an error exist from PostgreSQL 16 on.
#if PG_VERSION_NUM >= 160000
inline constexpr bool soft_input = true;
inline bool input_softly(FmgrInfo* function, char* text, Oid parameter, int32 typmod, Datum* result) {
  ErrorSaveContext context{};
  context.type = T_ErrorSaveContext;
  return InputFunctionCallSafe(function, text, parameter, typmod, reinterpret_cast<Node*>(&context), result);
}
inline List* qualified_name(const char* text) { return stringToQualifiedNameList(text, nullptr); }
inline bool may_execute(Oid function) { return object_aclcheck(ProcedureRelationId, function, GetUserId(), ACL_EXECUTE) == ACLCHECK_OK; }
#else
inline constexpr bool soft_input = false;
inline bool input_softly(FmgrInfo*, char*, Oid, int32, Datum*) { return false; }
inline List* qualified_name(const char* text) { return stringToQualifiedNameList(text); }
inline bool may_execute(Oid function) { return pg_proc_aclcheck(function, GetUserId(), ACL_EXECUTE) == ACLCHECK_OK; }
#endif

// Name and version in the magic block, where PostgreSQL has a place for them.
#if defined(PG_MODULE_MAGIC_EXT)
#define ICP_MODULE_MAGIC(name_, version_) PG_MODULE_MAGIC_EXT(.name = name_, .version = version_)
#else
#define ICP_MODULE_MAGIC(name_, version_) PG_MODULE_MAGIC
#endif


// Settings that nobody knows are refused from PostgreSQL 15 on, before it warned about.
#if PG_VERSION_NUM >= 150000
#define reserve_settings(prefix) MarkGUCPrefixReserved(prefix)
#else
#define reserve_settings(prefix) EmitWarningsOnPlaceholders(prefix)
#endif

// From PostgreSQL 18 on a CHECK constraint may be NOT ENFORCED.
#if PG_VERSION_NUM >= 180000
inline bool enforced(const ConstrCheck& check) { return check.ccenforced; }
#else
inline bool enforced(const ConstrCheck&) { return true; }
#endif

// PostgreSQL 18 counts index scans for EXPLAIN.
#if PG_VERSION_NUM >= 180000
#define begin_index_scan(heap, index, snapshot, keys) index_beginscan(heap, index, snapshot, nullptr, keys, 0)
#else
#define begin_index_scan(heap, index, snapshot, keys) index_beginscan(heap, index, snapshot, keys, 0)
#endif
