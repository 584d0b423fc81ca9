// Permutations of a target among companies: what the data would look like if it had nothing to do with the attributes.
//
// Deals of one company are alike, so companies change places, not deals (Winkler et al. 2015, block permutation). Companies
// swap with others of the same number of rows, which is exact; sizes of few companies are pooled with their neighbours, and
// a company then takes the other's values in turn. Within a company the values are shuffled.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "icp/stop.hpp"

namespace icp {

class Permuter {
 public:
  // Rows of one company stand together.
  explicit Permuter(std::span<const std::int32_t> company, const Stop& stop = {});
  // The target of the `number`-th permutation; the same for the same seed and number.
  std::vector<double> permute(std::span<const double> target, std::uint64_t seed, std::uint64_t number, const Stop& stop = {}) const;

 private:
  std::vector<std::size_t> start_;           // of each company's rows, and the end
  std::vector<std::vector<std::size_t>> strata_;  // companies that may change places
};

}  // namespace icp
