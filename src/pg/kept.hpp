// Arguments that rarely change from call to call, so that what was made of them can be kept.
#pragma once

#include <string>

#include "pg/guard.hpp"

namespace icp::pg {

// Only a constant of the expression is known to stay; anything else is compared byte for byte as it was passed: equal
// bytes are equal values, compressed ones too, and equal TOAST pointers within one call site name the same stored value.
class KeptArgument {
 public:
  // True when the argument is not what it was at the last call.
  bool changed(FunctionCallInfo fcinfo, int index) {
    if (constant_) return false;
    const auto* p = static_cast<const char*>(static_cast<const void*>(DatumGetPointer(PG_GETARG_DATUM(index))));
    // What an indirect pointer points to can change.
    const bool comparable = !VARATT_IS_EXTERNAL(p) || VARATT_IS_EXTERNAL_ONDISK(p);
    const std::size_t size = VARSIZE_ANY(p);
    if (known_ && comparable && size == bytes_.size() && std::memcmp(p, bytes_.data(), size) == 0) return false;
    known_ = comparable;
    if (comparable) bytes_.assign(p, size);
    return true;
  }
  // After the value was made: constants need no look from now on.
  void keep(FunctionCallInfo fcinfo, int index) { constant_ = is_constant(fcinfo->flinfo->fn_expr, index); }
  void forget() { constant_ = known_ = false; }

 private:
  static bool is_constant(const Node* call, int index) {
    if (call == nullptr || !IsA(call, FuncExpr)) return false;
    const List* arguments = reinterpret_cast<const FuncExpr*>(call)->args;
    return index < list_length(arguments) && IsA(list_nth(arguments, index), Const);
  }

  std::string bytes_;
  bool known_ = false, constant_ = false;
};

}  // namespace icp::pg
