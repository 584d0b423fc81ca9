// Deal quality score (DQS): how good a customer a won deal brought, 0 to 100. Four components (LTV/CAC, speed,
// retention, effort) are brought to 0–100 by a scale, weighted and summed.
//
// The score is defined as the sum of its rounded contributions. Each contribution is a multiple of 2^-32 of at most
// 100, so every sum of contributions is exact in a double, in any order.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "icp/error.hpp"

namespace icp {

inline constexpr std::size_t dqs_components = 4;
enum DqsComponent : std::size_t { dqs_ltv_cac = 0, dqs_speed = 1, dqs_retention = 2, dqs_effort = 3 };
inline constexpr std::array<const char*, dqs_components> dqs_component_names = {"ltv_cac", "speed", "retention", "effort"};

// What each component counts, in points of 100.
struct DqsWeights {
  static constexpr std::uint16_t version = 1;
  std::array<double, dqs_components> points{30, 25, 25, 20};

  // Finite, at least 0, 100 in total (within 1e-9).
  void validate() const;
  template <class A>
  void describe(A& a) {
    for (std::size_t c = 0; c < dqs_components; ++c) a.field(dqs_component_names[c], points[c]);
  }
  bool operator==(const DqsWeights&) const = default;
};

// `ltv_cac=30,speed=25,retention=25,effort=20` in any order (a component left out weighs 0), or `default`, `saas`
// (retention above speed), `project` (speed above retention).
DqsWeights parse_dqs_weights(std::string_view text);
// The first of these forms, shortest decimals that read back as the same doubles.
std::string dqs_weights_text(const DqsWeights& weights);

// (raw value, score) of a piecewise-linear map. Outside the first and the last raw value the score stays.
using DqsAnchor = std::pair<double, double>;

// Maps raw components (a ratio, days, a share, touches or hours) to 0–100. Whether more is better is in the scores:
// they rise or fall with the raw value. A component without anchors cannot be judged: its part is always unknown.
struct DqsScale {
  static constexpr std::uint16_t version = 1;
  static constexpr std::size_t max_anchors = 256;   // of one component
  static constexpr double max_raw = 1e100;          // of a raw value, either sign

  bool relative = false;           // true: percentiles of one's own history, false: absolute anchors
  std::uint64_t n = 0;             // relative: the deals behind it
  std::array<double, 2> bands{40, 70};  // below the first problem, above the second gold; 40 and 70 when absolute
  std::array<std::vector<DqsAnchor>, dqs_components> anchors;

  // Raw values strictly rising, scores within 0–100 and all rising or all falling (not strictly).
  void validate() const;
  template <class A>
  void describe(A& a) {
    a.field("relative", relative);
    if (relative) {
      a.field("n", n);
      a.field("bands", bands);
    }
    for (std::size_t c = 0; c < dqs_components; ++c) a.field(dqs_component_names[c], anchors[c]);
  }
  bool operator==(const DqsScale&) const = default;
};

// JSON as to_json() writes it, where `version`, `relative` (false), and on an absolute scale `n` and `bands` may be
// left out; or `default`, `hours` (effort in hours), `identity` (components that are 0–100 already).
DqsScale parse_dqs_scale(std::string_view text);

// What is known of a deal; NaN or an infinity is unknown.
struct DealInputs {
  static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  double ltv = unknown;         // lifetime value of the customer
  double cac = unknown;         // all that was spent on winning it, same currency; 0 makes LTV/CAC unknown
  double cycle_days = unknown;  // first contact to payment
  double retention = unknown;   // 0–1, or in the unit of the scale's anchors
  double effort = unknown;      // touches or hours, as the scale counts
};

// Values that cannot be: a set of bits. In a row of a view such a value makes its part unknown and is counted; as an
// argument of dqs() it is an error.
enum DealFault : std::uint8_t {
  negative_cac = 1,
  negative_cycle_days = 2,
  retention_out_of_range = 4,  // below 0; above 1 on a scale whose anchors end at 1 or before
  negative_effort = 8,
};

// The raw components of a deal, NaN where unknown. Sets `faults` to DealFault bits.
inline std::array<double, dqs_components> deal_components(const DealInputs& deal, double retention_most, std::uint8_t& faults) {
  std::uint8_t f = 0;
  std::array<double, dqs_components> raw;
  raw.fill(DealInputs::unknown);
  if (deal.cac < 0 && std::isfinite(deal.cac)) f |= negative_cac;
  if (deal.cac > 0 && std::isfinite(deal.cac) && std::isfinite(deal.ltv)) {
    constexpr double most = std::numeric_limits<double>::max();
    const double ratio = deal.ltv / deal.cac;
    raw[dqs_ltv_cac] = ratio > most ? most : ratio < -most ? -most : ratio;
  }
  if (std::isfinite(deal.cycle_days)) {
    if (deal.cycle_days < 0) f |= negative_cycle_days; else raw[dqs_speed] = deal.cycle_days;
  }
  if (std::isfinite(deal.retention)) {
    if (deal.retention < 0 || deal.retention > retention_most) f |= retention_out_of_range; else raw[dqs_retention] = deal.retention;
  }
  if (std::isfinite(deal.effort)) {
    if (deal.effort < 0) f |= negative_effort; else raw[dqs_effort] = deal.effort;
  }
  faults = f;
  return raw;
}

struct DqsPart {
  double raw = DealInputs::unknown;    // the component before scaling; unknown: NaN
  double score = DealInputs::unknown;  // 0–100; unknown: NaN
  double weight = 0;                   // points of 100 after renormalising over the known parts; unknown part: 0
  double contribution = 0;             // multiple of 2^-32; the parts sum to the score exactly
};

struct DealScore {
  std::optional<double> score;  // nothing where the known parts have less than half of the weight
  std::array<DqsPart, dqs_components> parts;  // without a score, weight and contribution are NaN
  std::uint8_t faults = 0;                    // DealFault bits
};

// Weights and scale made ready for many deals: nothing is allocated or divided twice per deal.
class DqsScorer {
 public:
  DqsScorer(const DqsWeights& weights, const DqsScale& scale);

  // The score, NaN where it is unknown. Sets `faults` to DealFault bits.
  double score(const DealInputs& deal, std::uint8_t& faults) const {
    const auto raw = deal_components(deal, retention_most_, faults);
    std::array<double, dqs_components> scores;
    const unsigned known = component_scores(raw, scores);
    const Mask& m = masks_[known];
    if (!m.enough) return DealInputs::unknown;
    double sum = 0;
    for (std::size_t c = 0; c < dqs_components; ++c)
      if (known >> c & 1) sum += contribution(scores[c], m.share[c]);
    return sum;
  }
  // The score with its parts, equal to score() bit for bit.
  DealScore explain(const DealInputs& deal) const;

 private:
  struct Curve {
    std::vector<double> raw, score, slope;
  };
  // What the known components count, by the set of those known.
  struct Mask {
    bool enough = false;
    std::array<double, dqs_components> weight{};  // points of 100
    std::array<double, dqs_components> share{};   // the same of 1, rounded so that 100 × share are whole units of 2^-32
  };

  unsigned component_scores(const std::array<double, dqs_components>& raw, std::array<double, dqs_components>& scores) const {
    unsigned known = 0;
    for (std::size_t c = 0; c < dqs_components; ++c) {
      if (std::isnan(raw[c]) || curves_[c].raw.empty()) continue;
      scores[c] = evaluate(curves_[c], raw[c]);
      known |= 1u << c;
    }
    return known;
  }
  // Monotone also in the last bit: each operation is, and no segment passes its end.
  static double evaluate(const Curve& curve, double x) {
    const double* raw = curve.raw.data();
    const std::size_t n = curve.raw.size();
    if (x <= raw[0]) return curve.score[0];
    if (x >= raw[n - 1]) return curve.score[n - 1];
    std::size_t low = 0;
    if (n <= 16) {
      while (x >= raw[low + 1]) ++low;
    } else {
      for (std::size_t high = n - 1; high - low > 1;) {
        const std::size_t middle = (low + high) / 2;
        if (x >= raw[middle]) low = middle; else high = middle;
      }
    }
    const double slope = curve.slope[low];
    const double y = curve.score[low] + (x - raw[low]) * slope;
    const double end = curve.score[low + 1];
    return slope >= 0 ? (y < end ? y : end) : (y > end ? y : end);
  }
  // Rounds to a multiple of 2^-32, half to even: that is the spacing of doubles from 2^20 to 2^21.
  static double contribution(double score, double share) {
    constexpr double shift = 0x1.8p20;
    return (score * share + shift) - shift;
  }

  std::array<Curve, dqs_components> curves_;
  std::array<Mask, 1u << dqs_components> masks_;
  double retention_most_ = 1;
};

// Throws the error that dqs() raises for the first of these faults; nothing where there is none.
void require_no_faults(const DealInputs& deal, std::uint8_t faults);
// A known argument of dqs() must be a finite number.
[[noreturn]] void throw_not_finite(const char* argument);
inline double finite_argument(double value, const char* argument) {
  if (!std::isfinite(value)) throw_not_finite(argument);
  return value;
}

// `problem`, `ordinary` or `gold`; both bounds belong to `ordinary` and nothing is rounded. A score that is not
// within 0–100 is an error.
const char* dqs_band(double dqs, const std::array<double, 2>& bands);

}  // namespace icp
