// Which segments to choose: volume, competition (a minus), fit with one's competences and speed of the deal, each on 0–10,
// weighed into a score of 0–10.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "icp/dataset.hpp"
#include "icp/report.hpp"
#include "icp/sample.hpp"
#include "icp/stop.hpp"

namespace icp {

inline constexpr std::array<const char*, 4> attractiveness_criteria = {"volume", "competition", "fit", "speed"};

struct SegmentScore {
  std::string segment;
  std::array<std::optional<double>, 4> marks;   // 0–10; competition: 10 less its mark
  std::array<std::int64_t, 4> parts{};          // what each adds to the score, in units of 2^-32
  std::optional<std::int64_t> score;            // their sum; none below half of the weight
  double coverage = 0;                          // known share of the weight
  std::int64_t rank = 0;                        // 1 the best; 0 without a score
  bool choose = false;
};

// One row a segment: the column segment and the four criteria. In the order of rank; those without a score last. Ties
// stand in the order of the segments' names. An error: no column segment, a repeated or missing segment, a mark out of range.
std::vector<SegmentScore> rank_segments(const Sample& sample, const Zone& zone, const Stop& stop);

Report report_attractiveness(const std::vector<SegmentScore>& segments);   // icp_attractiveness

}  // namespace icp
