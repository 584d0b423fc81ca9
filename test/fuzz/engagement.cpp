// icp_engagement_recv, and reading, adding to and merging what it accepted.
#include <cmath>

#include "fuzz.hpp"
#include "icp/engagement.hpp"

namespace {

icp::Engagement good() {
  icp::Engagement out;
  out.half_life = 86'400'000'000;
  for (std::int64_t i = 1; i <= 80; ++i) {
    icp::Engagement one;
    one.half_life = out.half_life;
    one.events = {{i * 86'000'000'000, i << 30}};
    out = icp::merge(out, one);
  }
  return out;
}

}  // namespace

ICP_FUZZ_FROM(icp::to_binary(good()))

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  icp::fuzz::binary<icp::Engagement>(icp::fuzz::view(data, size), "icp_engagement", [](const icp::Engagement& read) {
    (void)icp::to_json(read);
    std::vector<std::uint64_t> words(icp::EngagementWords::size(icp::capacity_class_of(read)));
    icp::EngagementWords(words).load(read);
    (void)icp::EngagementWords(words).add(1, 0, read.half_life);
    (void)icp::to_binary(icp::merge(read, read));
    icp::fuzz::require(!std::isnan(read.at(800'000'000'000'000'000)));
  });
  return 0;
}
