// The roles of one deal: what its outcome, cycle and effort are. One set of rules for training (dataset.hpp) and for
// icp_dqs().
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "icp/dataset.hpp"
#include "icp/dqs.hpp"
#include "icp/options.hpp"
#include "icp/value.hpp"

namespace icp {

// What a known value of the role `outcome` means: booleans, the words of the options, numbers 1 and 0. `word` is folded,
// numbers and booleans as text.
Outcome outcome_of(const std::string& word, bool boolean, bool number, const Options& options);
// Days from first contact to closing: as given, else the difference of the dates; NaN where unknown. May be negative.
double cycle_of(double given, double first_contact, double closed);
// As given, else the hours, or else the sum of the known among calls, meetings and emails; NaN where unknown.
double effort_of(double given, double calls, double meetings, double emails, double hours, bool in_hours);

// Reads the deals of one model's view, one at a time.
class DealReader {
 public:
  explicit DealReader(Options options);

  // The columns wanted, in the order of `values` below.
  const std::vector<std::string>& columns() const { return columns_; }
  // The place of the role `outcome` among them: a row without that column is an error.
  static constexpr std::size_t outcome_column = 0;
  [[noreturn]] void no_outcome() const;

  Outcome outcome(std::span<const Value> values) const;
  // The score that the user has computed (role `dqs`), where it is within 0–100.
  std::optional<double> given(std::span<const Value> values) const;
  DealInputs inputs(std::span<const Value> values, const Zone& zone) const;
  const Options& options() const { return options_; }

 private:
  Options options_;
  std::vector<std::string> columns_;
};

}  // namespace icp
