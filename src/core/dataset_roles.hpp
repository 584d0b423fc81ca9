// What the columns that have a role say of each row.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "icp/dataset.hpp"

namespace icp {

// Fills the roles of a dataset whose columns are there. Errors are findings where `lenient`.
void read_roles(Dataset& data, const Options& options, const Zone& zone, const Stop& stop, bool lenient);

// The day of the option as_of; nothing where it is not given.
std::optional<double> as_of_day(const Options& options, const Zone& zone);

// Each word folded.
std::vector<std::string> fold_all(const std::vector<std::string>& words, const Stop& stop);

}  // namespace icp
