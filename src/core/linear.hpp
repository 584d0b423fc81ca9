// Eigen, for the core alone: what Eigen asserts becomes an exception, which the guard turns into an error, instead of the
// end of the process.
#pragma once

#include <stdexcept>

#undef eigen_assert
#define eigen_assert(x) ((x) ? static_cast<void>(0) : throw std::logic_error("an assertion of Eigen failed: " #x))
#include <Eigen/Dense>
