// The direction of an association, and whether another attribute explains it.
#pragma once

#include "association_measure.hpp"

namespace icp::associations {

// What an attribute's effect speaks of: a number's rank, or one cell against the rest.
struct Contrast {
  std::size_t cell = 0;         // of a variable that is not numeric
  std::vector<double> x;        // by row
};
// For categories the one whose mean stands out most (of two, the last).
Contrast contrast(const Field& f, const Variable& v);

struct Effect {
  double value = 0, error = 0;
  Interval interval;
};
Effect effect(const Field& f, const Variable& v, const Contrast& c);

// The effect on the rows in which both are known, alone and within the cells of the other (its strata: Cochran 1968, Mantel
// & Haenszel 1959), with the cluster-robust error of the change between them (Clogg, Petkova & Haritou 1995).
struct Change {
  Effect crude, adjusted;
  double shift = 0, error = 0;  // crude less adjusted
  double companies = 0;
  bool told = false;            // there is enough of the attribute within the strata
};
Change change(const Field& f, const Variable& v, const Contrast& c, const Variable& by);

}  // namespace icp::associations
