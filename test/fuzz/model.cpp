// icp_model_recv and everything that is done with what it accepted.
#include "fuzz.hpp"
#include "icp/model.hpp"
#include "market.hpp"

namespace {

const icp::Model& good() {
  static const icp::Model model = icp::fit_model(icp::test::small_market(150), icp::Zone{}, icp::Stop{});
  return model;
}

}  // namespace

ICP_FUZZ_FROM(icp::to_binary(good()))

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  icp::fuzz::binary<icp::Model>(icp::fuzz::view(data, size), "icp_model", [](const icp::Model& model) {
    icp::Random random(1);
    icp::test::use(model, good(), random);
  });
  return 0;
}
