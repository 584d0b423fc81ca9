// The maximum of a log-likelihood over the logarithms of its parameters, and its curvature there.
#pragma once

#include <functional>
#include <span>
#include <vector>

namespace icp::ltv {

struct Objective {
  // The value at these parameters; the gradient by their logarithms is added to `gradient` (zeros before).
  std::function<double(std::span<const double> parameters, double* gradient)> value;
  std::vector<double> start;         // parameters
  std::vector<double> low, high;     // bounds of the logarithms
  double weight = 1;                 // of the data, to tell what a gradient is large beside
};

// A normal prior of each logarithm; none where empty.
struct Prior {
  std::vector<double> mean, variance;
};

struct Maximum {
  std::vector<double> values;
  std::vector<double> covariance;    // of the logarithms: inverse of the observed information; zeros at a bound
  std::vector<bool> bound;
  double value = 0;                  // without the prior
  int iterations = 0;
  bool converged = false;
};

Maximum maximise(const Objective& objective, const Prior& prior = {});

}  // namespace icp::ltv
