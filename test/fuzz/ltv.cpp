// ltv_history_recv, ltv_model_recv and the state of ltv_fit: reading, merging, learning from and asking what they accepted.
#include <cmath>

#include "fuzz.hpp"
#include "icp/ltv.hpp"

namespace {

icp::LtvHistory good() {
  icp::LtvHistory out;
  out.until = 300;
  for (std::int32_t i = 0; i < 20; ++i) out.days.push_back({i * i, 0, std::uint64_t{1} << 60, i});
  return out;
}

}  // namespace

ICP_FUZZ_FROM(icp::to_binary(good()))

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = icp::fuzz::view(data, size);
  icp::fuzz::binary<icp::LtvHistory>(bytes, "ltv_history", [](const icp::LtvHistory& read) {
    (void)icp::to_json(read);
    std::vector<std::uint64_t> words(icp::LtvHistoryWords::size(icp::capacity_class_of(read)));
    icp::LtvHistoryWords(words).load(read);
    icp::fuzz::require(icp::to_binary(icp::LtvHistoryWords(words).state()) == icp::to_binary(read));
    try {
      icp::LtvSample sample;
      sample.start("{\"model\":\"bg_nbd\"}");
      sample.add(icp::LtvHistoryWords(words));
      (void)icp::to_binary(icp::merge(read, read));
      if (const auto model = icp::fit_ltv(sample)) {
        const auto value = icp::LtvScorer(*model).value(read.summary(), read.days, read.until.value_or(0), {52, 0.002, 1});
        icp::fuzz::require(value.total >= 0 && value.purchases >= 0);
      }
    } catch (const icp::Error&) {
    }
  });
  icp::fuzz::binary<icp::LtvModel>(bytes, "ltv_model", [](const icp::LtvModel& read) {
    try {
      const auto value = icp::LtvScorer(read).value(good().summary(), good().days, 300, {52, 0.002, 1});
      icp::fuzz::require(value.total >= 0 && value.purchases >= 0);
    } catch (const icp::Error&) {
    }
  });
  try {
    const auto sample = icp::LtvSample::from_bytes(bytes, "ltv_sample");
    (void)sample.to_bytes();
  } catch (const icp::Error&) {
  }
  return 0;
}
