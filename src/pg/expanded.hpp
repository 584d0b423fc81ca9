// Aggregate states that live as C++ objects between calls: PostgreSQL's "expanded objects". Between the calls of one
// aggregate the state is changed in place; where it is stored or sent it becomes a varlena and back.
//
// A State is either described (icp/archive.hpp), or has
//     std::string to_bytes() const;
//     static State from_bytes(std::string_view bytes, const char* type, std::pmr::memory_resource* memory);
// and it is made with a std::pmr::memory_resource* over its own memory context where it takes one. ICP_TYPE_NAME names
// its SQL type. A transition function is
//     ICP_FUNCTION(icp_x_step) {
//       auto state = Expanded<State>::change(fcinfo, 0);   // a NULL argument: an empty state
//       state->add(…);
//       return state.datum();
//     }
// A final function reads by Expanded<State>::read(datum) and changes nothing (FINALFUNC_MODIFY = READ_ONLY).
#pragma once

#include <memory_resource>
#include <string>
#include <string_view>

#include "icp/archive.hpp"
#include "icp/base64.hpp"

#include "pg/memory.hpp"
#include "pg/varlena.hpp"

namespace icp::pg {

template <class T>
concept SelfWriting = requires(const T& t, std::string_view bytes, std::pmr::memory_resource* memory) {
  { t.to_bytes() } -> std::convertible_to<std::string>;
  { T::from_bytes(bytes, "", memory) } -> std::same_as<T>;
};

template <class State>
std::string write_state(const State& state) {
  if constexpr (SelfWriting<State>) return state.to_bytes();
  else return to_binary(state);
}
template <class State>
State read_state(std::string_view bytes, std::pmr::memory_resource* memory = std::pmr::get_default_resource()) {
  static_assert(type_name<State> != nullptr);
  if constexpr (SelfWriting<State>) return State::from_bytes(bytes, type_name<State>, memory);
  else return from_binary<State>(bytes, type_name<State>);
}

template <class State>
class Expanded {
  struct Box;

 public:
  // A state that may be changed.
  class Writable {
   public:
    State* operator->() const noexcept { return &box_->object->state; }
    State& operator*() const noexcept { return box_->object->state; }
    Datum datum() const noexcept { return EOHPGetRWDatum(&box_->header); }

   private:
    friend class Expanded;
    explicit Writable(Box* box) : box_(box) { box->object->flat.clear(); }
    Box* box_;
  };

  // The state in argument `index` for changing: in place where it is an object of ours that may be changed, else a
  // copy; an empty one for NULL. In an aggregate it lives in the aggregate's memory, elsewhere in the caller's.
  static Writable change(FunctionCallInfo fcinfo, int index) {
    MemoryContext memory = nullptr;
    if (AggCheckCallContext(fcinfo, &memory) == 0) memory = CurrentMemoryContext;
    if (PG_ARGISNULL(index)) return Writable(make(memory));
    const Datum datum = PG_GETARG_DATUM(index);
    if (Box* box = box_of(datum); box != nullptr && VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(datum))) return Writable(box);
    return Writable(make(memory, bytes_of(datum)));
  }

  // The state for reading: in place, or parsed into the current memory context.
  static const State& read(Datum datum) {
    if (Box* box = box_of(datum)) return box->object->state;
    return make(CurrentMemoryContext, bytes_of(datum))->object->state;
  }

  // A new object from a state made elsewhere, in the current memory context.
  static Datum make_datum(State&& state) {
    Box* box = make(CurrentMemoryContext);
    box->object->state = std::move(state);
    return EOHPGetRODatum(&box->header);
  }

 private:
  struct Object {
    ContextResource memory;
    State state;
    std::string flat;  // what flat_size() has written, for the flatten() that follows it

    explicit Object(MemoryContext context) : memory(context), state(make_state(&memory)) {}
    Object(MemoryContext context, std::string_view bytes) : memory(context), state(read_state<State>(bytes, &memory)) {}
    static State make_state(std::pmr::memory_resource* memory) {
      if constexpr (std::is_constructible_v<State, std::pmr::memory_resource*>) return State(memory);
      else return State{};
    }
  };
  struct Box {
    ExpandedObjectHeader header;
    Object* object;
  };

  static Box* box_of(Datum datum) noexcept {
    if (!VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(datum))) return nullptr;
    ExpandedObjectHeader* header = DatumGetEOHP(datum);
    return header->eoh_methods == &methods ? reinterpret_cast<Box*>(header) : nullptr;
  }

  template <class... Bytes>
  static Box* make(MemoryContext parent, Bytes... bytes) {
    MemoryContext context = make_context(parent, "icp state");
    auto* box = static_cast<Box*>(allocate(context, sizeof(Box)));
    box->object = owned_by<Object>(context, context, bytes...);
    EOH_init_header(&box->header, &methods, context);
    return box;
  }

  static Size flat_size(ExpandedObjectHeader* header) {
    Object* object = reinterpret_cast<Box*>(header)->object;
    guarded(
        [](void* p) {
          auto* o = static_cast<Object*>(p);
          if (o->flat.empty()) o->flat = write_state(o->state);
          if (o->flat.size() > MaxAllocSize - VARHDRSZ)
            throw Error(ErrorCode::too_large, "a state is too large to be stored or sent",
                        "It takes " + std::to_string(o->flat.size()) + " bytes; the limit is 1 GB.");
        },
        object);
    return object->flat.size() + VARHDRSZ;
  }
  static void flatten(ExpandedObjectHeader* header, void* result, Size size) {
    Object* object = reinterpret_cast<Box*>(header)->object;
    SET_VARSIZE(result, size);
    std::memcpy(VARDATA(result), object->flat.data(), object->flat.size());
  }

  static constexpr ExpandedObjectMethods methods = {flat_size, flatten};
};

// What is left alone goes back as it came: the result of a transition that changes nothing.
inline Datum unchanged(FunctionCallInfo fcinfo) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  return PG_GETARG_DATUM(0);
}

// in, out, recv and send of a state that writes itself: its text is base64.
template <SelfWriting State>
Datum state_in(FunctionCallInfo fcinfo) {
  const auto bytes = from_base64(to_core(PG_GETARG_CSTRING(0)));
  if (!bytes)
    throw Error(ErrorCode::invalid_text, std::string("invalid input syntax for type ") + type_name<State>, "It is not base64.");
  return make_varlena(read_state<State>(*bytes).to_bytes());
}
template <SelfWriting State>
Datum state_out(FunctionCallInfo fcinfo) {
  return PointerGetDatum(make_cstring(to_base64(Expanded<State>::read(PG_GETARG_DATUM(0)).to_bytes())));
}
template <SelfWriting State>
Datum state_recv(FunctionCallInfo fcinfo) { return make_varlena(read_state<State>(message_bytes(fcinfo)).to_bytes()); }
template <SelfWriting State>
Datum state_send(FunctionCallInfo fcinfo) { return make_varlena(Expanded<State>::read(PG_GETARG_DATUM(0)).to_bytes()); }

}  // namespace icp::pg

#define ICP_STATE_FUNCTIONS(type, name)                                      \
  ICP_FUNCTION(name##_in) { return ::icp::pg::state_in<type>(fcinfo); }      \
  ICP_FUNCTION(name##_out) { return ::icp::pg::state_out<type>(fcinfo); }    \
  ICP_FUNCTION(name##_recv) { return ::icp::pg::state_recv<type>(fcinfo); }  \
  ICP_FUNCTION(name##_send) { return ::icp::pg::state_send<type>(fcinfo); }
