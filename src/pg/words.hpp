// A stored type whose bytes are 64-bit words after eight bytes of header, changed in place: a small aggregate state.
//
// `Words` lies over such words and has: classes, size(class), capacity_class(), load(Value), state(); capacity_class_of(Value)
// tells the class that a value needs. `Value` is the described core type, with validate().
#pragma once

#include <cstring>
#include <span>

#include "pg/memory.hpp"
#include "pg/varlena.hpp"

namespace icp::pg {

template <class Value, class Words>
struct InPlace {
  static constexpr std::size_t header_bytes = 8;

  static std::span<std::uint64_t> words_in(struct varlena* p) {
    const std::size_t size = VARSIZE(p);
    if (size < header_bytes) return {};
    return {reinterpret_cast<std::uint64_t*>(reinterpret_cast<char*>(p) + header_bytes), (size - header_bytes) / 8};
  }

  // A plain varlena that is aligned for its words: the argument itself, or a copy.
  static struct varlena* plain_argument(FunctionCallInfo fcinfo, int index) {
    auto* p = reinterpret_cast<struct varlena*>(PG_GETARG_POINTER(index));
    if (VARATT_IS_EXTENDED(p)) p = pg_call([&] { return pg_detoast_datum(p); });
    if (reinterpret_cast<std::uintptr_t>(p) % 8 == 0) return p;
    auto* copy = static_cast<struct varlena*>(allocate(CurrentMemoryContext, VARSIZE(p)));
    std::memcpy(copy, p, VARSIZE(p));
    return copy;
  }

  static Value argument(FunctionCallInfo fcinfo, int index) {
    auto value = Words(words_in(plain_argument(fcinfo, index))).state();
    value.validate();
    return value;
  }

  static struct varlena* make(const Value& value, int capacity_class) {
    const std::size_t size = header_bytes + 8 * Words::size(capacity_class);
    auto* p = static_cast<struct varlena*>(allocate(CurrentMemoryContext, size));
    std::memset(p, 0, size);
    SET_VARSIZE(p, size);
    Words(words_in(p)).load(value);
    return p;
  }
  static Datum datum(const Value& value) { return PointerGetDatum(make(value, capacity_class_of(value))); }

  // Changes the state that is the first argument (NULL: a new one) by change(words), which says whether there was room.
  template <class Change>
  static Datum step(FunctionCallInfo fcinfo, Change change) {
    struct varlena* p;
    if (PG_ARGISNULL(0)) {
      p = make({}, 0);
    } else {
      auto* original = reinterpret_cast<struct varlena*>(PG_GETARG_POINTER(0));
      p = plain_argument(fcinfo, 0);
      // Only the executor's own running state may be written to.
      if (p == original && AggCheckCallContext(fcinfo, nullptr) == 0) p = make(Words(words_in(p)).state(), Words(words_in(p)).capacity_class());
    }
    for (;;) {
      Words words(words_in(p));
      if (change(words)) break;
      p = make(words.state(), words.capacity_class() + 1);
    }
    PG_RETURN_POINTER(p);
  }

  static Datum in(FunctionCallInfo fcinfo) { return datum(from_json<Value>(to_core(PG_GETARG_CSTRING(0)), type_name<Value>)); }
  static Datum out(FunctionCallInfo fcinfo) { return PointerGetDatum(make_cstring(to_json(argument(fcinfo, 0)))); }
  static Datum receive(FunctionCallInfo fcinfo) { return datum(from_binary<Value>(message_bytes(fcinfo), type_name<Value>)); }
  static Datum send(FunctionCallInfo fcinfo) { return make_varlena(to_binary(argument(fcinfo, 0))); }
};

}  // namespace icp::pg

#define ICP_IN_PLACE_FUNCTIONS(type, name)                        \
  ICP_FUNCTION(name##_in) { return type::in(fcinfo); }            \
  ICP_FUNCTION(name##_out) { return type::out(fcinfo); }          \
  ICP_FUNCTION(name##_recv) { return type::receive(fcinfo); }     \
  ICP_FUNCTION(name##_send) { return type::send(fcinfo); }
