#include "core/ltv_maximum.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/Dense>

namespace icp::ltv {

namespace {

using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;

constexpr int most_iterations = 300;

struct Point {
  Vector at;          // logarithms
  double value = 0;   // with the prior, negated: what is made small
  Vector gradient;
};

class Search {
 public:
  Search(const Objective& objective, const Prior& prior) : o_(objective), prior_(prior), n_(static_cast<Eigen::Index>(objective.start.size())) {}

  Maximum run() {
    Vector start(n_);
    for (Eigen::Index i = 0; i < n_; ++i) start[i] = std::log(o_.start[index(i)]);
    Point p = evaluate(inside(start));
    Maximum out;
    descend(p, out);
    const Matrix covariance = polish(p, out);
    out.values.resize(o_.start.size());
    out.bound.resize(o_.start.size());
    for (Eigen::Index i = 0; i < n_; ++i) {
      out.values[index(i)] = std::exp(p.at[i]);
      out.bound[index(i)] = !free(p, i);
    }
    out.covariance.assign(covariance.data(), covariance.data() + n_ * n_);
    out.value = -p.value - log_prior(p.at);
    return out;
  }

 private:
  static std::size_t index(Eigen::Index i) { return static_cast<std::size_t>(i); }

  double log_prior(const Vector& at) const {
    double sum = 0;
    for (std::size_t i = 0; i < prior_.mean.size(); ++i) {
      const double d = at[static_cast<Eigen::Index>(i)] - prior_.mean[i];
      sum -= d * d / (2 * prior_.variance[i]);
    }
    return sum;
  }

  Point evaluate(const Vector& at) const {
    Point p{at, 0, Vector::Zero(n_)};
    std::vector<double> parameters(o_.start.size());
    for (Eigen::Index i = 0; i < n_; ++i) parameters[index(i)] = std::exp(at[i]);
    p.value = -(o_.value(parameters, p.gradient.data()) + log_prior(at));
    p.gradient = -p.gradient;
    for (std::size_t i = 0; i < prior_.mean.size(); ++i)
      p.gradient[static_cast<Eigen::Index>(i)] += (at[static_cast<Eigen::Index>(i)] - prior_.mean[i]) / prior_.variance[i];
    if (!std::isfinite(p.value) || !p.gradient.allFinite()) p.value = HUGE_VAL;
    return p;
  }

  Vector inside(Vector at) const {
    for (Eigen::Index i = 0; i < n_; ++i) at[i] = std::clamp(at[i], o_.low[index(i)], o_.high[index(i)]);
    return at;
  }
  // Not at a bound that the gradient pushes against.
  bool free(const Point& p, Eigen::Index i) const {
    return !(p.at[i] <= o_.low[index(i)] && p.gradient[i] >= 0) && !(p.at[i] >= o_.high[index(i)] && p.gradient[i] <= 0);
  }
  Vector pull(const Point& p) const {
    Vector g = p.gradient;
    for (Eigen::Index i = 0; i < n_; ++i)
      if (!free(p, i)) g[i] = 0;
    return g;
  }

  // Along a direction, halving the step until the value falls enough.
  bool walk(Point& p, const Vector& direction) const {
    const double slope = direction.dot(pull(p));
    for (double step = 1; step > 1e-10; step /= 2) {
      Point next = evaluate(inside(p.at + step * direction));
      if (next.value <= p.value + 1e-4 * step * slope && next.value < HUGE_VAL) {
        p = std::move(next);
        return true;
      }
    }
    return false;
  }

  // BFGS within the bounds.
  void descend(Point& p, Maximum& out) const {
    Matrix inverse = Matrix::Identity(n_, n_);
    bool fresh = true;
    while (out.iterations < most_iterations) {
      const Vector g = pull(p);
      if (g.lpNorm<Eigen::Infinity>() <= 1e-7 * o_.weight) return;
      Vector direction = -inverse * g;
      for (Eigen::Index i = 0; i < n_; ++i)
        if (!free(p, i)) direction[i] = 0;
      if (fresh) direction *= 0.5 / std::max(g.lpNorm<Eigen::Infinity>(), 1e-300);
      if (const double longest = direction.lpNorm<Eigen::Infinity>(); longest > 2) direction *= 2 / longest;
      const Point before = p;
      ++out.iterations;
      if (direction.dot(g) >= 0 || !walk(p, direction)) {
        if (fresh) return;
        inverse.setIdentity();
        fresh = true;
        continue;
      }
      const Vector s = p.at - before.at, y = p.gradient - before.gradient;
      const double sy = s.dot(y);
      if (sy <= 1e-12 * s.norm() * y.norm()) continue;
      if (fresh) inverse = Matrix::Identity(n_, n_) * (sy / y.squaredNorm());
      fresh = false;
      const Matrix left = Matrix::Identity(n_, n_) - s * y.transpose() / sy;
      inverse = left * inverse * left.transpose() + s * s.transpose() / sy;
    }
  }

  Matrix curvature(const Point& p) const {
    Matrix h(n_, n_);
    constexpr double step = 1e-4;
    for (Eigen::Index i = 0; i < n_; ++i) {
      Vector up = p.at, down = p.at;
      up[i] += step;
      down[i] -= step;
      h.col(i) = (evaluate(up).gradient - evaluate(down).gradient) / (2 * step);
    }
    return (h + h.transpose()) / 2;
  }

  // Newton's steps to the last digits; the inverse of the curvature.
  Matrix polish(Point& p, Maximum& out) const {
    Matrix inverse = Matrix::Zero(n_, n_);
    for (int round = 0; round < 4; ++round) {
      const Matrix h = curvature(p);
      std::vector<Eigen::Index> open;
      for (Eigen::Index i = 0; i < n_; ++i)
        if (free(p, i)) open.push_back(i);
      const auto m = static_cast<Eigen::Index>(open.size());
      if (m == 0) {
        out.converged = true;
        return inverse;
      }
      Matrix part(m, m);
      Vector g(m);
      for (Eigen::Index i = 0; i < m; ++i) {
        g[i] = p.gradient[open[index(i)]];
        for (Eigen::Index j = 0; j < m; ++j) part(i, j) = h(open[index(i)], open[index(j)]);
      }
      const Eigen::LLT<Matrix> factor(part);
      inverse.setZero();
      if (factor.info() != Eigen::Success || !part.allFinite()) return inverse;
      const Matrix solved = factor.solve(Matrix::Identity(m, m));
      for (Eigen::Index i = 0; i < m; ++i)
        for (Eigen::Index j = 0; j < m; ++j) inverse(open[index(i)], open[index(j)]) = (solved(i, j) + solved(j, i)) / 2;
      const Vector step = -(solved * g);
      out.converged = -step.dot(g) <= 1e-9 * std::max(1.0, 1e-3 * o_.weight);
      if (out.converged && round > 0) return inverse;
      Vector direction = Vector::Zero(n_);
      for (Eigen::Index i = 0; i < m; ++i) direction[open[index(i)]] = step[i];
      if (direction.lpNorm<Eigen::Infinity>() > 1) return inverse;
      ++out.iterations;
      if (!walk(p, direction)) return inverse;
    }
    return inverse;
  }

  const Objective& o_;
  const Prior& prior_;
  Eigen::Index n_;
};

}  // namespace

Maximum maximise(const Objective& objective, const Prior& prior) { return Search(objective, prior).run(); }

}  // namespace icp::ltv
