// The state of icp_fit as parallel workers send it: read, checked as deals, merged.
#include "fuzz.hpp"
#include "icp/model.hpp"
#include "market.hpp"

namespace {

const std::string& good() {
  static const std::string bytes = icp::test::small_market(60).to_bytes();
  return bytes;
}

}  // namespace

ICP_FUZZ_FROM(good())

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = icp::fuzz::view(data, size);
  try {
    const icp::Sample sample = icp::Sample::from_bytes(bytes, "icp_sample");
    icp::fuzz::require(sample.to_bytes() == bytes);
    icp::Sample merged = icp::Sample::from_bytes(good(), "icp_sample");
    merged.merge(sample);
    (void)merged.to_bytes();
    icp::check_deals(sample, icp::Zone{}, icp::Stop{});
  } catch (const icp::Error&) {
  }
  return 0;
}
