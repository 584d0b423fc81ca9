// The column whose values icp_discover and icp_associations explain.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "icp/dataset.hpp"
#include "icp/predicate.hpp"

namespace icp {

struct Target {
  std::vector<std::uint32_t> rows;  // in which it is known
  std::vector<double> values;       // in them; a boolean is 0 or 1, the outcome 1 where won and 0 where lost
  Condition known;                  // of these rows
  std::uint64_t unknown = 0;        // rows in which it is not known
  // SQL: the rows in which it is known.
  std::string population() const;
};

// A number, a boolean, or the role outcome (won against lost). Throws undefined_column where there is no such column, and
// invalid_parameter where it is of another type.
Target read_target(const Dataset& data, const Options& options, const std::string& name);

}  // namespace icp
