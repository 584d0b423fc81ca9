// The search for rules of high quality, and the distribution of the largest statistic where there is nothing to find.
#pragma once

#include <cstdint>
#include <vector>

#include "rule_space.hpp"

namespace icp::rules {

struct Candidate {
  Path path;
  double quality = 0;    // of either sign
  double statistic = 0;  // standardised difference of the means
};

struct Found {
  std::vector<Candidate> best;   // of both directions, the best first
  std::int64_t searched = 0;
  bool exhaustive = true;
  bool over = false;             // the budget was spent before the end
};

// Rows looked at plus rules tried, a measure of work. The permutations repeat it.
inline constexpr double no_budget = 1e300;

// All conjunctions up to `depth`, or none at all where that would cost more than `budget`.
Found search_all(const Space& space, const RuleOptions& options, int depth, double budget, const Stop& stop);
// What it would cost if attributes had nothing to do with one another.
double expected_work(const Space& space, int depth);
// The best few of each length, made longer (beam search: Lavrač et al. 2004); all single conditions.
Found search_beam(const Space& space, const RuleOptions& options, int depth, const Stop& stop, Goal goal = Goal::differ);

// For each permutation of the target among companies the largest statistic over all conjunctions up to `depth`, and the
// largest of the negative ones; both ascending.
struct Largest {
  std::vector<float> high, low;
};
Largest permute_largest(const Space& space, const RuleOptions& options, int depth, const Stop& stop);

// The standardised difference of the mean of `n` rows from that of all.
struct Moments {
  double mean = 0, deviation = 0;
};
Moments moments(std::span<const double> target);

}  // namespace icp::rules
