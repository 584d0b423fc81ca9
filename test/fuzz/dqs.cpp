// dqs_scale: its binary form, its text, and a score on what was accepted.
#include <cmath>

#include "fuzz.hpp"
#include "icp/dqs.hpp"

namespace {

void score(const icp::DqsScale& scale) {
  const icp::DqsScorer scorer(icp::DqsWeights{}, scale);
  for (const double x : {0.0, 0.5, 12.0, 1e9}) {
    std::uint8_t faults = 0;
    const icp::DealInputs deal{.ltv = 9000 * x, .cac = 1500, .cycle_days = x, .retention = 0.8, .effort = 2 * x};
    const double s = scorer.score(deal, faults);
    icp::fuzz::require(std::isnan(s) || (s >= 0 && s <= 100));
  }
}

}  // namespace

ICP_FUZZ_FROM(icp::to_binary(icp::parse_dqs_scale("default")))

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = icp::fuzz::view(data, size);
  icp::fuzz::binary<icp::DqsScale>(bytes, "dqs_scale", [](const icp::DqsScale& scale) {
    icp::fuzz::require(icp::parse_dqs_scale(icp::to_json(scale)) == scale);
    score(scale);
  });
  if (!icp::is_text(bytes)) return 0;
  try {
    score(icp::parse_dqs_scale(bytes));
  } catch (const icp::Error&) {
  }
  return 0;
}
