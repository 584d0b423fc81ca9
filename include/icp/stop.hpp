// How a long computation learns that it should end, and tells how far it is. The core polls; it never calls PostgreSQL.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "icp/error.hpp"

namespace icp {

// A plain C function: returns true when the computation must end. It may be called often (it should cost a few
// nanoseconds when there is nothing to do) and must not throw.
using StopFunction = bool (*)(void* context);
// Hears what is being done (a text that lives as long as the program), and the share of it that is done, 0 to 1. It may be
// called often and must not throw.
using ProgressFunction = void (*)(void* context, const char* what, double share);

class Stop {
 public:
  constexpr Stop() = default;
  constexpr Stop(StopFunction function, void* context, ProgressFunction progress = nullptr)
      : function_(function), progress_(progress), context_(context) {}
  // Throws Cancelled when the computation must end. Poll at least every few milliseconds of work.
  void poll() const {
    if (function_ != nullptr && function_(context_)) throw Cancelled{};
  }
  // Polls, and tells the progress.
  void progress(const char* what, double share) const {
    poll();
    if (progress_ != nullptr) progress_(context_, what, share);
  }
  void progress(const char* what, std::size_t done, std::size_t all) const { progress(what, static_cast<double>(done) / static_cast<double>(all)); }

 private:
  StopFunction function_ = nullptr;
  ProgressFunction progress_ = nullptr;
  void* context_ = nullptr;
};

// Polls now and then in a loop of short steps: well below a millisecond of them lie between two polls.
class Pace {
 public:
  explicit Pace(const Stop& stop) : stop_(stop) {}
  void step() {
    if ((++steps_ & 1023) == 0) stop_.poll();
  }

 private:
  const Stop& stop_;
  std::uint32_t steps_ = 0;
};

// std::sort that polls. When it is cancelled the elements are lost.
template <class Iterator, class Before = std::less<>>
void sort(Iterator first, Iterator last, const Stop& stop, Before before = {}) {
  Pace pace(stop);
  std::sort(first, last, [&](const auto& a, const auto& b) {
    pace.step();
    return before(a, b);
  });
}

}  // namespace icp
