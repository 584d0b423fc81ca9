// Memory of PostgreSQL for C++: allocation that throws std::bad_alloc in place of raising, a std::pmr resource over a
// memory context, and C++ objects that die with their context.
#pragma once

#include <memory_resource>
#include <new>
#include <utility>

#include "pg/guard.hpp"

namespace icp::pg {

// What learning may take: maintenance_work_mem, in bytes.
inline std::uint64_t memory_limit() { return static_cast<std::uint64_t>(maintenance_work_mem) * 1024; }

// Uninitialised bytes of `context`, aligned for PostgreSQL's types (8). Never raises; std::bad_alloc.
void* allocate(MemoryContext context, std::size_t bytes);

// Memory of a context for std::pmr containers, so that PostgreSQL's accounting sees it. It must not be used after the
// context was reset; owned_by() below destroys objects in time.
class ContextResource final : public std::pmr::memory_resource {
 public:
  explicit ContextResource(MemoryContext context) : context_(context) {}
  MemoryContext context() const noexcept { return context_; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

  MemoryContext context_;
};

// Makes a T on the C++ heap (palloc's alignment of 8 does not do for every type) which is destroyed when `context` is
// reset or deleted. Memory taken from the same context is still there at that moment; a child context's is not.
template <class T, class... Arguments>
T* owned_by(MemoryContext context, Arguments&&... arguments) {
  auto* callback = static_cast<MemoryContextCallback*>(allocate(context, sizeof(MemoryContextCallback)));
  T* object = new T(std::forward<Arguments>(arguments)...);
  callback->func = [](void* p) { delete static_cast<T*>(p); };
  callback->arg = object;
  MemoryContextRegisterResetCallback(context, callback);  // cannot fail: it links the callback in
  return object;
}

// Per call site: the T kept in fn_extra, made at the first call. It lives as long as the FmgrInfo, which can be longer
// than a statement, and under Citus only for one row.
template <class T>
T& call_site(FunctionCallInfo fcinfo) {
  if (fcinfo->flinfo->fn_extra == nullptr) fcinfo->flinfo->fn_extra = owned_by<T>(fcinfo->flinfo->fn_mcxt);
  return *static_cast<T*>(fcinfo->flinfo->fn_extra);
}

// Switches the current memory context for a scope.
class InContext {
 public:
  explicit InContext(MemoryContext context) : before_(MemoryContextSwitchTo(context)) {}
  ~InContext() { MemoryContextSwitchTo(before_); }
  InContext(const InContext&) = delete;
  InContext& operator=(const InContext&) = delete;

 private:
  MemoryContext before_;
};

// A new context below `parent`; std::bad_alloc or PgError.
MemoryContext make_context(MemoryContext parent, const char* static_name);

// A context for a scope. What lives in it must be gone before it.
class TemporaryContext {
 public:
  TemporaryContext(MemoryContext parent, const char* static_name) : context_(make_context(parent, static_name)) {}
  ~TemporaryContext() { MemoryContextDelete(context_); }
  TemporaryContext(const TemporaryContext&) = delete;
  TemporaryContext& operator=(const TemporaryContext&) = delete;
  MemoryContext get() const noexcept { return context_; }

 private:
  MemoryContext context_;
};

}  // namespace icp::pg
