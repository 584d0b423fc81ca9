// How a long computation learns that it should end. The core polls; it never calls PostgreSQL.
#pragma once

#include "icp/error.hpp"

namespace icp {

// A plain C function: returns true when the computation must end. It may be called often (it should cost a few
// nanoseconds when there is nothing to do) and must not throw.
using StopFunction = bool (*)(void* context);

class Stop {
 public:
  constexpr Stop() = default;
  constexpr Stop(StopFunction function, void* context) : function_(function), context_(context) {}
  // Throws Cancelled when the computation must end. Poll at least every few milliseconds of work.
  void poll() const {
    if (function_ != nullptr && function_(context_)) throw Cancelled{};
  }

 private:
  StopFunction function_ = nullptr;
  void* context_ = nullptr;
};

}  // namespace icp
