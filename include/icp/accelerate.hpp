// Iterations x → g(x) that converge slowly, as those of variances do.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace icp {

// Damped Anderson acceleration (Henderson & Varadhan 2019): the next point is where the residuals g − x of the last steps, taken as
// linear, would vanish.
class Accelerator {
 public:
  // The point after x, of which the iteration makes g; all of one length. `weight`: how much each residual matters, 0 or more. No
  // element is further than `reach` from g. The first call gives g.
  std::vector<double> next(std::span<const double> x, std::span<const double> g, std::span<const double> weight, double reach);

 private:
  struct Step {
    std::vector<double> residual, g;           // by which they have changed
  };
  static constexpr std::size_t depth = 5;
  std::vector<double> residual_, g_;
  std::vector<Step> steps_;
};

}  // namespace icp
