// Intervals for a mean that is reported only because it passed a bound: a normal variable given that it lies where it would
// be reported (Lee, Sun, Sun & Taylor 2016, "Exact post-selection inference", for one truncated normal).
#pragma once

#include <optional>
#include <utility>

namespace icp {

struct SelectedMean {
  double mean = 0;
  double error = 0;             // its standard error; or, for a share,
  std::optional<double> number; // the effective number of observations: the variance is then that of the supposed share
  double companies = 0;         // independent units: the quantiles are widened as Student's t is against the normal
  std::optional<double> bound;  // it would not be reported on the other side of this
  std::optional<double> limit;  // ... nor beyond this, farther out
  double among = 1;             // means of which it was the best choice: that alone cannot have moved it without limit
  bool above = true;            // the side on which it is reported
  double least = 0, most = 1;   // of single values: the mean lies between
};

// The interval of the true mean at a level of confidence. Of several means it is a hybrid one: never longer than an interval
// that holds for all of them at once (Andrews, Kitagawa & McCloskey 2024, "Inference on winners"; Bonferroni).
std::pair<double, double> selected_interval(const SelectedMean& selected, double level);

// Logarithm of the probability that a standard normal variable exceeds x; exact far out.
double log_normal_above(double x);
double normal_above(double x);
// Logarithm of the probability of a value between low and high; -infinity where low >= high.
double log_normal_between(double low, double high);

}  // namespace icp
