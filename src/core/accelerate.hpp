// Fixed-point iterations that converge slowly.
#pragma once

#include <cstddef>
#include <vector>

#include "linear.hpp"

namespace icp {

// Damped Anderson acceleration (Henderson & Varadhan 2019) of an iteration x → g(x): the next point is where the residuals g − x of the
// last steps, taken as linear, would vanish.
class Accelerator {
 public:
  // `weight`: how much each residual matters. No element of the next point is further than `reach` from g.
  Eigen::VectorXd next(const Eigen::VectorXd& x, const Eigen::VectorXd& g, const Eigen::VectorXd& weight, double reach) {
    const Eigen::VectorXd residual = g - x;
    if (residual_.size() == x.size()) {
      steps_.push_back({residual - residual_, g - g_});
      if (steps_.size() > depth) steps_.erase(steps_.begin());
    }
    residual_ = residual;
    g_ = g;
    if (steps_.empty()) return g;
    const auto n = static_cast<Eigen::Index>(steps_.size());
    Eigen::MatrixXd residuals(x.size(), n), points(x.size(), n);
    for (Eigen::Index k = 0; k < n; ++k) {
      residuals.col(k) = steps_[static_cast<std::size_t>(k)].residual.cwiseProduct(weight);
      points.col(k) = steps_[static_cast<std::size_t>(k)].g;
    }
    Eigen::MatrixXd squares = residuals.transpose() * residuals;
    squares.diagonal() *= 1 + damping;
    squares.diagonal().array() += least;
    const Eigen::VectorXd change = points * squares.ldlt().solve(residuals.transpose() * residual.cwiseProduct(weight));
    if (!change.allFinite()) return g;
    return g - change.cwiseMax(-reach).cwiseMin(reach);
  }

 private:
  struct Step {
    Eigen::VectorXd residual, g;               // by which they have changed
  };
  static constexpr std::size_t depth = 5;
  static constexpr double damping = 1e-3, least = 1e-12;
  Eigen::VectorXd residual_, g_;
  std::vector<Step> steps_;
};

}  // namespace icp
