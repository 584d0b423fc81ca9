#include "icp/accelerate.hpp"

#include <algorithm>
#include <cmath>

#include "linear.hpp"

namespace icp {

namespace {

constexpr double damping = 1e-3, least = 1e-12;

std::vector<double> minus(std::span<const double> a, std::span<const double> b) {
  std::vector<double> out(a.begin(), a.end());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] -= b[i];
  return out;
}

}  // namespace

std::vector<double> Accelerator::next(std::span<const double> x, std::span<const double> g, std::span<const double> weight, double reach) {
  std::vector<double> residual = minus(g, x), out(g.begin(), g.end());
  if (!residual_.empty()) {
    steps_.push_back({minus(residual, residual_), minus(g, g_)});
    if (steps_.size() > depth) steps_.erase(steps_.begin());
  }
  residual_ = std::move(residual);
  g_ = out;
  if (steps_.empty()) return out;
  const auto rows = static_cast<Eigen::Index>(x.size()), columns = static_cast<Eigen::Index>(steps_.size());
  using Vector = Eigen::Map<const Eigen::VectorXd>;
  const Vector w(weight.data(), rows), now(residual_.data(), rows);
  Eigen::MatrixXd residuals(rows, columns), points(rows, columns);
  for (Eigen::Index k = 0; k < columns; ++k) {
    residuals.col(k) = Vector(steps_[static_cast<std::size_t>(k)].residual.data(), rows).cwiseProduct(w);
    points.col(k) = Vector(steps_[static_cast<std::size_t>(k)].g.data(), rows);
  }
  Eigen::MatrixXd squares = residuals.transpose() * residuals;
  squares.diagonal() *= 1 + damping;
  squares.diagonal().array() += least;
  const Eigen::VectorXd change = points * squares.ldlt().solve(residuals.transpose() * now.cwiseProduct(w));
  if (!change.allFinite()) return out;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] -= std::clamp(change[static_cast<Eigen::Index>(i)], -reach, reach);
  return out;
}

}  // namespace icp
