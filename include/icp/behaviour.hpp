// Whether groups of deals behave differently: win rate, deal quality, cycle, effort, retention. What tells segments from
// classes of the same customers (Tess's test).
//
// The unit is the company. All groups at once are compared by permuting companies (permute.hpp), chance-corrected; two
// groups by the difference of their means with its cluster-robust variance.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "icp/estimate.hpp"
#include "icp/stop.hpp"

namespace icp {

struct Training;

// One measure of behaviour with the group of each observation.
struct BehaviourMeasure {
  std::string name;                          // win_rate, dqs, cycle, effort, retention
  std::vector<Observation> observations;     // by company: those of one stand together
  std::vector<std::int32_t> group;
};

// What is known of the behaviour of `rows`, the group of each given (-1: in none, left out). Measures of which fewer than
// two groups know anything, or that are constant, are not there. Cycle and effort are ranks: they are skewed. Retention
// is the company's, once for each group it is in.
std::vector<BehaviourMeasure> read_behaviour(const Training& training, std::span<const std::uint32_t> rows,
                                             std::span<const std::int32_t> group);

struct BehaviourTest {
  std::string measure;
  std::int64_t n = 0, companies = 0;
  double explained = 0;                      // share of the variance that the groups explain beyond chance, 0..1
  double p = 1, p_adjusted = 1;              // Holm over the measures
};

// Do the groups differ in each measure? p by permutation of companies, cut short where it cannot become small.
std::vector<BehaviourTest> test_behaviour(std::span<const BehaviourMeasure> measures, std::uint64_t seed, const Stop& stop);

struct BehaviourPair {
  std::int32_t a = 0, b = 0;                 // a < b
  bool tested = false;                       // some measure is known of enough companies of both
  std::string measure;                       // the one in which they differ most surely
  double p_adjusted = 1;                     // Holm over all pairs and measures
};

// Every pair of the groups 0..groups-1, in order.
std::vector<BehaviourPair> compare_pairs(std::span<const BehaviourMeasure> measures, std::int32_t groups, const Stop& stop);

// Holm's step-down (1979) on p-values, in their order.
std::vector<double> holm(std::span<const double> p);

}  // namespace icp
