// Hashes that do not depend on the platform, the collation or the address: samples, seeds and digests are built on them.
#pragma once

#include <cstdint>
#include <string_view>

namespace icp {

struct Hash128 {
  std::uint64_t low = 0, high = 0;
  friend auto operator<=>(const Hash128&, const Hash128&) = default;
};

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);   // XXH3
Hash128 hash128(std::string_view bytes, std::uint64_t seed = 0);        // XXH3

// SplitMix64 (Steele, Lea & Flood 2014): a small deterministic generator, the same on every platform, used in place
// of the distributions of the standard library, which differ between implementations.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }             // [0, 1)
  std::uint64_t below(std::uint64_t n) {                                                 // 0..n-1, n > 0
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(next()) * n) >> 64);
  }
  double normal();                                                                       // mean 0, variance 1

 private:
  std::uint64_t state_;
};

}  // namespace icp
