#include "icp/permute.hpp"

#include <algorithm>
#include <map>

#include "icp/hash.hpp"

namespace icp {

namespace {

// Fewer companies than this of one size are pooled with those of the next.
constexpr std::size_t fewest = 10;

template <class T>
void shuffle(std::vector<T>& v, Random& random) {
  for (std::size_t i = v.size(); i > 1; --i) std::swap(v[i - 1], v[random.below(i)]);
}

}  // namespace

Permuter::Permuter(std::span<const std::int32_t> company, const Stop& stop) {
  Pace pace(stop);
  std::map<std::size_t, std::vector<std::size_t>> by_size;
  for (std::size_t i = 0; i < company.size();) {
    pace.step();
    std::size_t j = i;
    while (j < company.size() && company[j] == company[i]) ++j;
    by_size[j - i].push_back(start_.size());
    start_.push_back(i);
    i = j;
  }
  start_.push_back(company.size());
  std::vector<std::size_t> pool;
  for (const auto& [size, companies] : by_size) {
    pool.insert(pool.end(), companies.begin(), companies.end());
    if (pool.size() < fewest) continue;
    strata_.push_back(std::move(pool));
    pool.clear();
  }
  if (strata_.empty()) strata_.emplace_back();
  strata_.back().insert(strata_.back().end(), pool.begin(), pool.end());
}

std::vector<double> Permuter::permute(std::span<const double> target, std::uint64_t seed, std::uint64_t number, const Stop& stop) const {
  Pace pace(stop);
  Random random(hash64("permutation", seed) + number * 0x9e3779b97f4a7c15ULL);
  std::vector<double> out(target.size()), values;
  for (const auto& stratum : strata_) {
    std::vector<std::size_t> donor = stratum;
    shuffle(donor, random);
    stop.poll();
    for (std::size_t i = 0; i < stratum.size(); ++i) {
      pace.step();
      const std::size_t from = start_[donor[i]], n = start_[donor[i] + 1] - from, to = start_[stratum[i]], m = start_[stratum[i] + 1] - to;
      if (n == 1 && m == 1) {
        out[to] = target[from];
        continue;
      }
      values.assign(target.begin() + static_cast<std::ptrdiff_t>(from), target.begin() + static_cast<std::ptrdiff_t>(from + n));
      shuffle(values, random);
      for (std::size_t k = 0; k < m; ++k) out[to + k] = values[k % n];
    }
  }
  return out;
}

}  // namespace icp
