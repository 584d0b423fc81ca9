// One permutation test over all attributes and pairs.
#pragma once

#include <vector>

#include "association_pair.hpp"

namespace icp::associations {

struct Tested {
  // Means of the measures over the permutations: what chance alone gives. By variable, and by pair.
  std::vector<double> strength, information, gain;
  std::vector<double> p, pair_p;  // adjusted over everything
};

Tested test(const Field& f, const std::vector<Pair>& pairs, const AssociationOptions& options, const Stop& stop);

}  // namespace icp::associations
