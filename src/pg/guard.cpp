#include "icp/error.hpp"
#include "icp/text.hpp"

#include "pg/guard.hpp"
#include "pg/progress.hpp"

namespace icp::pg {

namespace {

// What is left of an exception when all C++ frames are gone: nothing that needs a destructor or palloc.
struct Failure {
  ErrorData* error;  // an error of PostgreSQL itself, raised unchanged
  int sqlstate;
  char message[1024];
  char detail[4096];
  char hint[2048];
};

// What stop_requested() found, until the guard raises it.
ErrorData* interrupt = nullptr;
// Stands for an error that could not be kept for want of memory.
ErrorData lost;

// Cuts at a character's boundary.
void copy(char* to, std::size_t size, const char* from, std::size_t length) noexcept {
  if (length >= size) {
    length = size - 1;
    while (length > 0 && (static_cast<unsigned char>(from[length]) & 0xc0) == 0x80) --length;
  }
  std::memcpy(to, from, length);
  to[length] = '\0';
}

void set(Failure* f, int sqlstate, const char* message, const char* detail = "", const char* hint = "") noexcept {
  f->error = nullptr;
  f->sqlstate = sqlstate;
  copy(f->message, sizeof f->message, message, std::strlen(message));
  copy(f->detail, sizeof f->detail, detail, std::strlen(detail));
  copy(f->hint, sizeof f->hint, hint, std::strlen(hint));
}

// True when the body returned. No exception leaves, and when this returns no C++ object of the body is alive.
template <class Body>
bool run(Body body, Failure* f) noexcept {
  try {
    body();
    return true;
  } catch (const PgError& e) {
    f->error = e.data();
  } catch (const Error& e) {
    set(f, sqlstate_of(e.code()), e.what(), e.detail().c_str(), e.hint().c_str());
  } catch (const Cancelled&) {
    if (interrupt != nullptr && interrupt != &lost) {
      f->error = interrupt;
      interrupt = nullptr;
    } else {
      set(f, ERRCODE_QUERY_CANCELED, "canceling statement due to user request");
    }
  } catch (const std::bad_alloc&) {
    set(f, ERRCODE_OUT_OF_MEMORY, "out of memory");
  } catch (const std::length_error& e) {
    set(f, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "a value is too large for memory", e.what());
  } catch (const std::exception& e) {
    set(f, ERRCODE_INTERNAL_ERROR, "unexpected error in icp", e.what());
  } catch (...) {
    set(f, ERRCODE_INTERNAL_ERROR, "unexpected error in icp");
  }
  return false;
}

struct Conversion {
  const char* from;
  char* to;
};

// Text of the core in the server's encoding. What that encoding lacks becomes '?': the error itself matters more.
const char* in_server_encoding(char* text) {
  const int encoding = GetDatabaseEncoding();
  if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII || text[0] == '\0') return text;
  Conversion c{text, nullptr};
  ErrorData* error = protect(
      [](void* p) {
        auto* c = static_cast<Conversion*>(p);
        c->to = pg_any_to_server(c->from, static_cast<int>(std::strlen(c->from)), PG_UTF8);
      },
      &c);
  if (error == nullptr) return c.to;
  for (char* p = text; *p != '\0'; ++p)
    if (static_cast<unsigned char>(*p) >= 0x80) *p = '?';
  return text;
}

void raise(int level, int sqlstate, char* message, char* detail, char* hint) {
  const char* m = in_server_encoding(message);
  const char* d = in_server_encoding(detail);
  const char* h = in_server_encoding(hint);
  ereport(level, (errcode(sqlstate), errmsg_internal("%s", m), d[0] != '\0' ? errdetail_internal("%s", d) : 0,
                  h[0] != '\0' ? errhint("%s", h) : 0));
}

// Copies the error being handled into the transaction's memory and flushes it. CopyErrorData() may itself run out of
// memory, and that must not leave by longjmp.
ErrorData* keep_error() {
  ErrorData* volatile kept = &lost;
  MemoryContext before = MemoryContextSwitchTo(CurTransactionContext != nullptr ? CurTransactionContext : TopMemoryContext);
  PG_TRY();
  { kept = CopyErrorData(); }
  PG_CATCH();
  {}
  PG_END_TRY();
  MemoryContextSwitchTo(before);
  FlushErrorState();
  return kept;
}

void emit(int level, const std::string& message, const std::string& detail, const std::string& hint) {
  struct Text {
    int level;
    Failure f;
  } t;
  t.level = level;
  set(&t.f, level == WARNING ? ERRCODE_WARNING : ERRCODE_SUCCESSFUL_COMPLETION, message.c_str(), detail.c_str(), hint.c_str());
  pg_call([&] { raise(t.level, t.f.sqlstate, t.f.message, t.f.detail, t.f.hint); });
}

}  // namespace

int sqlstate_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::invalid_parameter: return ERRCODE_INVALID_PARAMETER_VALUE;
    case ErrorCode::invalid_text: return ERRCODE_INVALID_TEXT_REPRESENTATION;
    case ErrorCode::invalid_binary: return ERRCODE_INVALID_BINARY_REPRESENTATION;
    case ErrorCode::undefined_column: return ERRCODE_UNDEFINED_COLUMN;
    case ErrorCode::undefined_object: return ERRCODE_UNDEFINED_OBJECT;
    case ErrorCode::duplicate_column: return ERRCODE_DUPLICATE_COLUMN;
    case ErrorCode::cardinality: return ERRCODE_CARDINALITY_VIOLATION;
    case ErrorCode::wrong_type: return ERRCODE_DATATYPE_MISMATCH;
    case ErrorCode::too_large: return ERRCODE_PROGRAM_LIMIT_EXCEEDED;
    case ErrorCode::out_of_memory: return ERRCODE_OUT_OF_MEMORY;
    case ErrorCode::corrupted: return ERRCODE_DATA_CORRUPTED;
  }
  return ERRCODE_INTERNAL_ERROR;
}

ErrorData* protect(void (*body)(void*), void* argument) noexcept {
  MemoryContext context = CurrentMemoryContext;
  ErrorData* volatile error = nullptr;
  PG_TRY();
  { body(argument); }
  PG_CATCH();
  {
    MemoryContextSwitchTo(context);
    error = keep_error();
  }
  PG_END_TRY();
  return error;
}

void throw_error(ErrorData* error) {
  if (error == &lost) throw std::bad_alloc();
  throw PgError(error);
}

bool stop_requested(void*) noexcept {
  if (__builtin_expect(!InterruptPending && !progress_wanted, 1)) return false;
  if (interrupt == nullptr && progress_wanted) interrupt = protect([](void*) { tell_progress(); }, nullptr);
  if (interrupt == nullptr) interrupt = protect([](void*) { CHECK_FOR_INTERRUPTS(); }, nullptr);
  return interrupt != nullptr;
}

namespace {

// Only captures of plain pointers: nothing here may need a destructor, for the last line leaves by longjmp.
template <class Body>
void guard(Body body) {
  static_assert(std::is_trivially_destructible_v<Body>);
  Failure failure;
  auto* const handlers = PG_exception_stack;
  auto* const callbacks = error_context_stack;
  interrupt = nullptr;
  if (__builtin_expect(run(body, &failure), 1)) return;
  PG_exception_stack = handlers;
  error_context_stack = callbacks;
  if (failure.error != nullptr) ReThrowError(failure.error);
  raise(ERROR, failure.sqlstate, failure.message, failure.detail, failure.hint);
}

}  // namespace

Datum guarded(Datum (*body)(FunctionCallInfo), FunctionCallInfo fcinfo) {
  Datum result = 0;
  guard([&result, body, fcinfo] { result = body(fcinfo); });
  return result;
}

void guarded(void (*body)(void*), void* argument) {
  guard([body, argument] { body(argument); });
}

void warn(const std::string& message, const std::string& detail, const std::string& hint) { emit(WARNING, message, detail, hint); }
void notice(const std::string& message, const std::string& detail, const std::string& hint) { emit(NOTICE, message, detail, hint); }

}  // namespace icp::pg
