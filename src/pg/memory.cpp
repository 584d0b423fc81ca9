#include "pg/memory.hpp"

namespace icp::pg {

void* allocate(MemoryContext context, std::size_t bytes) {
  if (bytes > MaxAllocHugeSize) throw std::bad_alloc();
  void* p = MemoryContextAllocExtended(context, bytes, MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}

// Above palloc's own alignment the address handed out is moved up, and the original one stands just before it.
void* ContextResource::do_allocate(std::size_t bytes, std::size_t alignment) {
  if (alignment <= MAXIMUM_ALIGNOF) return pg::allocate(context_, bytes);
  if (bytes > MaxAllocHugeSize - alignment - sizeof(void*)) throw std::bad_alloc();
  void* original = pg::allocate(context_, bytes + alignment + sizeof(void*));
  const auto start = reinterpret_cast<std::uintptr_t>(original) + sizeof(void*);
  const auto aligned = (start + alignment - 1) / alignment * alignment;
  auto** p = reinterpret_cast<void**>(aligned);
  p[-1] = original;
  return p;
}

void ContextResource::do_deallocate(void* p, std::size_t, std::size_t alignment) {
  pfree(alignment <= MAXIMUM_ALIGNOF ? p : static_cast<void**>(p)[-1]);
}

MemoryContext make_context(MemoryContext parent, const char* name) {
  return pg_call([&] { return AllocSetContextCreateInternal(parent, name, ALLOCSET_SMALL_SIZES); });
}

}  // namespace icp::pg
