// The boundary between C++ exceptions and PostgreSQL's errors. Neither may pass through the other's frames: a longjmp
// skips destructors, and an exception does not know of PG_TRY.
//
// SQL functions are declared by ICP_FUNCTION(name) { … return datum; }: whatever leaves the body as an exception is
// raised as a PostgreSQL error after the last C++ frame is gone.
// Inside, PostgreSQL is called through pg_call([&] { … }), which turns its error into the exception PgError; the guard
// re-raises it unchanged. What a lambda runs there may hold no C++ object with a destructor. Only functions that
// cannot raise (macros over datums, heap_deform_tuple, MemoryContextSwitchTo, pfree) are called directly.
#pragma once

#include "icp/error.hpp"
#include "icp/stop.hpp"

#include "pg/compat.hpp"

namespace icp::pg {

// An error of PostgreSQL on its way through C++. It must reach the guard: without a subtransaction, what the failed
// call left behind is cleaned up only by the abort that follows.
class PgError {
 public:
  explicit PgError(ErrorData* error) : error_(error) {}
  int sqlstate() const noexcept { return error_->sqlerrcode; }
  const char* message() const noexcept { return error_->message == nullptr ? "" : error_->message; }
  ErrorData* data() const noexcept { return error_; }

 private:
  ErrorData* error_;  // in the transaction's memory
};

// Runs body(argument) and returns null, or the error that it raised (flushed, and copied into the transaction's
// memory). The body must not throw. pg_call() is the convenient form.
ErrorData* protect(void (*body)(void*), void* argument) noexcept;
// Throws PgError, or std::bad_alloc where there was no memory to keep the error.
[[noreturn]] void throw_error(ErrorData* error);

template <class F>
auto pg_call(F&& body) {
  using Result = std::invoke_result_t<F&>;
  if constexpr (std::is_void_v<Result>) {
    struct Frame {
      F* body;
      std::exception_ptr thrown;
    } frame{&body, nullptr};
    ErrorData* error = protect(
        [](void* p) {
          auto* f = static_cast<Frame*>(p);
          try {
            (*f->body)();
          } catch (...) {
            f->thrown = std::current_exception();
          }
        },
        &frame);
    if (error != nullptr) throw_error(error);
    if (frame.thrown) std::rethrow_exception(frame.thrown);
  } else {
    static_assert(std::is_trivially_destructible_v<Result>);
    Result result{};
    pg_call([&] { result = body(); });
    return result;
  }
}

// Polls for an interrupt; see DESIGN.md, "Cancel". Costs one load while there is none. A harmless request is served
// and the computation goes on; for the others the error is kept, the core unwinds by Cancelled, the guard raises it.
bool stop_requested(void*) noexcept;
// Keeps what is being done and how far it is. Where the setting icp.progress is on, polls tell it once a second, as a NOTICE.
void report_progress(void*, const char* what, double share);
inline Stop stop() { return Stop(stop_requested, nullptr, report_progress); }
// The same for loops of the bridge itself.
inline void poll() { stop().poll(); }

// The guard: runs C++ that PostgreSQL has called; an exception becomes its error when all frames of C++ are gone.
Datum guarded(Datum (*body)(FunctionCallInfo), FunctionCallInfo fcinfo);
// The same for callbacks of other shapes.
void guarded(void (*body)(void*), void* argument);

// The SQLSTATE of a code, as PostgreSQL packs it.
int sqlstate_of(ErrorCode code) noexcept;

// WARNING and NOTICE from C++ (no error leaves here). Texts are UTF-8 as everywhere in the core.
void warn(const std::string& message, const std::string& detail = {}, const std::string& hint = {});
void notice(const std::string& message, const std::string& detail = {}, const std::string& hint = {});

}  // namespace icp::pg

// Defines the SQL-callable C function `name` with the guard around its body: a body of C++ that returns a Datum and
// sees `fcinfo`.
#define ICP_FUNCTION(name)                                                                       \
  extern "C" {                                                                                   \
  PGDLLEXPORT Datum name(PG_FUNCTION_ARGS);                                                      \
  PG_FUNCTION_INFO_V1(name);                                                                     \
  }                                                                                              \
  static Datum name##_body(FunctionCallInfo fcinfo);                                             \
  extern "C" Datum name(PG_FUNCTION_ARGS) { return ::icp::pg::guarded(name##_body, fcinfo); }    \
  static Datum name##_body([[maybe_unused]] FunctionCallInfo fcinfo)
