// Qualification: tiers of target accounts by how well they fit, and what the cells of the priority matrix turned out to be
// worth.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "icp/estimate.hpp"
#include "icp/model.hpp"
#include "icp/report.hpp"
#include "icp/stop.hpp"

namespace icp {

// Which tier (1 the best) a row is of: by shares of the rows, in per cent, or by the least fit of each tier but the last.
struct TierRule {
  static constexpr std::size_t max_tiers = 100;
  static constexpr std::uint8_t none = 0;      // of a row whose fit is not known

  std::vector<double> shares = {10, 20, 30, 40};
  std::vector<double> cuts;                    // where there are any, they count
  // Errors: shares that are negative or do not total 100; cuts that do not fall.
  void validate() const;
};
// The tier of each row; NaN: not known. By shares, rows of equal fit get one tier: that in which the middle of their places
// lies, as mid-ranks do, so that no order of the rows decides and the shares are met as nearly as ties allow.
std::vector<std::uint8_t> tiers_of(std::span<const double> fit, const TierRule& rule, const Stop& stop);

// A lead that had time to be won or lost.
struct PriorityLead {
  std::int32_t cell = 0;                                           // of the matrix, from 0
  std::int32_t company = 0;
  bool converted = false;
  double realness = std::numeric_limits<double>::quiet_NaN();      // 0–1, as sales said; NaN: not said
};

// What a cell of the matrix turned out to be worth.
struct PriorityCell {
  enum class Reason : std::uint8_t { none, better_than_above, worse_than_below, too_few, contradiction };
  Estimate conversion, realness;
  std::int32_t rank = 0;                       // its priority, 1 the most urgent
  std::optional<std::int32_t> suggested;       // another rank
  Reason reason = Reason::none;
  bool by_conversion = false, by_realness = false;   // what suggests it
};
// A change is suggested where the cell differs from the other cells of its priority beyond chance and does at least as well
// as the priority above it, or at most as well as the one below. Fisher's exact test, at 5 % for all comparisons together
// (Bonferroni); companies are the units, at least ten a side. A normal approximation would do worse than it says where few
// convert: with 2 % of 100 companies a cell, differences of Wilson's intervals (MOVER) found something in 9 of 100 sets in
// which there was nothing.
std::vector<PriorityCell> compare_priorities(std::vector<PriorityLead> leads, std::span<const std::int32_t> ranks, const Stop& stop);
inline constexpr std::int64_t least_companies_of_a_cell = 10;

Report report_priorities(const std::vector<PriorityCell>& cells, const std::string& language);

}  // namespace icp
