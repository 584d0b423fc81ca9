// What the fuzzers share. Input is what a client may send; the property is the same as in test/property: whatever it is,
// a value that writes itself back and works, or an icp::Error. Anything else ends the program.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "icp/archive.hpp"
#include "icp/hash.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace icp::fuzz {

inline std::string_view view(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}
inline void require(bool holds) {
  if (!holds) std::abort();
}

// Mutates the input, now and then a valid value instead, so that a fuzzer reaches past the first checks without a corpus.
inline std::size_t mutate(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed, std::string_view valid) {
  Random random(seed);
  if (size < 3 || random.below(50) == 0) {
    size = std::min(most, valid.size());
    std::memcpy(data, valid.data(), size);
  }
  return LLVMFuzzerMutate(data, size, most);
}

// A binary form that is read is the one that would be written.
template <class T, class Use>
void binary(std::string_view bytes, const char* type, Use&& use) {
  try {
    const T value = from_binary<T>(bytes, type);
    require(to_binary(value) == bytes);
    use(value);
  } catch (const Error&) {
  }
}

}  // namespace icp::fuzz

// The mutator of a fuzzer, with the valid input that it starts from.
#define ICP_FUZZ_FROM(valid)                                                                                              \
  extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) { \
    static const std::string from = valid;                                                                                \
    return icp::fuzz::mutate(data, size, most, seed, from);                                                               \
  }
