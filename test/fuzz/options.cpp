// The options of icp_fit, icp_cluster and icp_profile_agg.
#include "fuzz.hpp"
#include "icp/cluster.hpp"
#include "icp/maturity.hpp"
#include "icp/options.hpp"
#include "icp/profile.hpp"

namespace {

template <class Parse>
void parse(Parse&& parser) {
  try {
    parser();
  } catch (const icp::Error&) {
  }
}

}  // namespace

ICP_FUZZ_FROM(R"({"roles": {"outcome": "stage", "won": ["Paid"], "lost": ["Dead"], "open": ["New"]}, "features": ["a"], "ignore": ["b"],
 "keep": ["c"], "metrics": ["d"], "kinds": {"a": "numeric"}, "levels": {"a": "firmographic"}, "k": 3, "k_max": 9, "seed": 7,
 "sample": 5000, "dqs_weights": "saas", "dqs_scale": "default", "as_of": "2025-01-31", "timezone": "UTC", "min_similarity": 0.5,
 "gold_similarity": 0.8, "titles": {"1": {"en": "x"}}, "sources": {"a": "b"}, "significance": {"a": "very high", "b": 2}, "significance_scale": {"high": 3},
 "tess": {"min_companies": 3}, "quick_start": {"n": 5, "nps": "d"}, "attractiveness": {"weights": {"fit": 2}, "scales": {"speed": [9, 1]}}})")

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = icp::fuzz::view(data, size);
  if (!icp::is_text(text)) return 0;   // the server sends valid text
  parse([&] { icp::parse_options(text); });
  parse([&] { icp::score_maturity(icp::parse_maturity_scale(text), "{}"); });
  parse([&] { icp::score_maturity(icp::parse_maturity_scale({}), text); });
  parse([&] { icp::parse_cluster_options(text, std::nullopt); });
  parse([&] { icp::parse_profile_options(text); });
  parse([&] {
    const std::string merged = icp::merge_options(R"({"k": 2, "roles": {"outcome": "stage"}})", text);
    icp::fuzz::require(icp::merge_options(merged, "{}") == merged);
  });
  return 0;
}
