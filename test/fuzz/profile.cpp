// icp_profile_recv, and reading, merging and comparing what it accepted.
#include "fuzz.hpp"
#include "icp/profile.hpp"

namespace {

icp::Profile good() {
  icp::Profile profile;
  profile.start(icp::parse_profile_options(R"({"ignore": ["id"], "kinds": {"note": "categorical"}})"));
  const std::int32_t columns[] = {profile.column("industry"), profile.column("employees"), profile.column("online"),
                                  profile.column("stack"), profile.column("closed_at"), profile.column("note")};
  const std::string_view words[] = {"retail", "wholesale", "bank"};
  for (std::size_t i = 0; i < 40; ++i) {
    const icp::Value values[] = {icp::Value::of(words[i % 3]), icp::Value::of(static_cast<double>(i * i) / 7), icp::Value::of(i % 4 == 0),
                                 icp::Value::of_set(std::span(words).first(i % 3)),
                                 icp::Value::of_moment(static_cast<std::int64_t>(i) * 86'400'000'000, i % 2 == 0),
                                 i % 5 == 0 ? icp::Value{} : icp::Value::of(words[i % 2])};
    profile.add(columns, values);
  }
  return profile;
}

}  // namespace

ICP_FUZZ_FROM(icp::to_binary(good()))

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  icp::fuzz::binary<icp::Profile>(icp::fuzz::view(data, size), "icp_profile", [](const icp::Profile& read) {
    icp::profile_features(read, {});
    const icp::ProfileSimilarity similarity(read);
    (void)icp::to_json(read);
    icp::Profile merged = good();
    merged.merge(read);
    (void)icp::to_binary(merged);
  });
  return 0;
}
