// What the columns that have a role say of each row.
#pragma once

#include <string>
#include <vector>

#include "icp/dataset.hpp"

namespace icp {

// Fills the roles of a dataset whose columns are there. Errors are findings where `lenient`.
void read_roles(Dataset& data, const Options& options, const Zone& zone, const Stop& stop, bool lenient);

// Each word folded.
std::vector<std::string> fold_all(const std::vector<std::string>& words, const Stop& stop);

}  // namespace icp
