// Random and damaged bytes into a stored type: whatever they are, a value that writes itself back and can be used, or an
// error.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "icp/archive.hpp"
#include "icp/hash.hpp"

namespace icp::test {

template <class T>
void feed_bytes(const std::vector<std::string>& valid, const char* type, std::uint64_t seed, int strings = 1000000,
                const std::function<void(const T&)>& use = {}) {
  Random random(seed);
  std::size_t accepted = 0;
  std::string bytes;
  for (int i = 0; i < strings; ++i) {
    if (i % 2 == 0) {
      bytes.resize(random.below(64));
      for (auto& b : bytes) b = static_cast<char>(random.next());
      if (i % 4 == 0 && bytes.size() >= 2) {
        bytes[0] = static_cast<char>(T::version);
        bytes[1] = 0;
      }
    } else {
      bytes = valid[random.below(valid.size())];
      for (std::uint64_t k = 1 + random.below(4); k > 0; --k) bytes[random.below(bytes.size())] = static_cast<char>(random.next());
      if (random.below(8) == 0) bytes.resize(random.below(bytes.size()));
    }
    try {
      const T value = from_binary<T>(bytes, type);
      ASSERT_EQ(to_binary(value), bytes);
      if (use) use(value);
      ++accepted;
    } catch (const Error&) {
    }
  }
  EXPECT_GT(accepted, 0u);
}

}  // namespace icp::test
