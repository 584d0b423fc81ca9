// Learning from many rows: it takes no more memory than it says beforehand, and it never goes on for long without asking
// whether it should end.
#include <gtest/gtest.h>

#include <malloc.h>
#include <time.h>

#include <fmt/format.h>

#include "icp/archive.hpp"
#include "icp/error.hpp"
#include "icp/hash.hpp"
#include "icp/memory.hpp"
#include "icp/model.hpp"
#include "icp/rule.hpp"
#include "icp/wallet.hpp"
#include "rows.hpp"

namespace {

using namespace icp;
using test::Rows;

#ifdef __SANITIZE_ADDRESS__
constexpr double slower = 20;
#else
constexpr double slower = 1;
#endif

// A cancelled fit must end within 200 ms.
constexpr double longest = 50;

// An ordinary deals view: twenty columns, eight of them roles.
Sample view(int rows, const std::string& options = "{}") {
  Random random(4);
  Rows r(options, {"deal_id", "company_id", "outcome", "first_contact_at", "closed_at", "ltv", "cac", "retention", "industry", "region",
                   "source", "decider", "employees", "revenue", "sites", "age", "distance", "discount", "cloud", "tools"});
  const std::string_view words[] = {"wholesale", "online retail", "manufacturing", "software", "construction", "public"};
  for (int i = 0; i < rows; ++i) {
    const auto g = random.below(3);
    const std::string id = "deal-" + std::to_string(i), company = "company-" + std::to_string(i * 2 / 3);
    const bool won = random.uniform() < 0.2 + 0.2 * static_cast<double>(g);
    const auto day = [](double d) { return Value::of_moment(static_cast<std::int64_t>(d) * 86'400'000'000, false); };
    const auto word = [&] { return random.uniform() < 0.1 ? Value{} : test::text(words[(g + random.below(4)) % 6]); };
    const auto number = [&](double scale) {
      return random.uniform() < 0.1 ? Value{} : Value::of(scale * (1 + static_cast<double>(g)) * std::exp(random.normal()));
    };
    const double start = 8000 + 700 * random.uniform();
    r.add({test::text(id), test::text(company), test::won(won), day(start), day(start + 10 + 80 * random.uniform()),
           won ? number(3000) : Value{}, number(500), won ? Value::of(random.uniform()) : Value{}, word(), word(), word(), word(), number(30),
           number(1e6), number(2), number(9), number(100), number(0.1), Value::of(random.below(3) < g),
           Value::of_set(std::span(words).first(1 + g))});
  }
  return std::move(r.sample);
}

// Asked again and again whether to end, it notes how long that was ago, in time of the processor, and what is allocated.
struct Watch {
  static double now() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return 1e3 * static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_nsec);
  }
  static std::size_t allocated() {
    const auto m = mallinfo2();
    return m.uordblks + m.hblkhd;
  }
  static bool poll(void* self) {
    auto& w = *static_cast<Watch*>(self);
    w.longest = std::max(w.longest, now() - w.last);
    if (++w.polls % 16 == 0) w.most = std::max(w.most, allocated());
    w.last = now();
    return false;
  }
  Stop stop() { return Stop(poll, this); }
  std::size_t first = allocated(), most = 0;
  std::uint64_t polls = 0;
  double last = now(), longest = 0;   // milliseconds
};

TEST(Memory, AFitTakesWhatItSaysAndAsksOftenWhetherToEnd) {
  const std::string options = R"({"k": 3, "metrics": ["discount"]})";
  const Sample sample = view(60000, options);
  const auto need = fit_memory(measure(sample, parse_options(options), Stop{}), parse_options(options));
  Watch watch;
  const Model model = fit_model(sample, Zone{}, watch.stop());
  EXPECT_EQ(model.cohorts.size(), 3u);
  EXPECT_LT(watch.longest, longest * slower) << "milliseconds between two polls";
  if (watch.first > 0) {   // else the allocator is another
    const auto taken = static_cast<double>(watch.most - watch.first);
    EXPECT_LE(taken, static_cast<double>(need));
    EXPECT_GT(taken, 0.5 * static_cast<double>(need));
  }
  Watch checking;
  check_deals(sample, Zone{}, checking.stop());
  check_leads(sample, model, Zone{}, checking.stop());
  EXPECT_LT(checking.longest, longest * slower) << "milliseconds between two polls";
}

TEST(Memory, AWalletTakesWhatItSaysAndAsksOftenWhetherToEnd) {
  const Sample sample = view(20000, R"({"potential": {"purchases": "revenue"}})");
  const Options options = parse_options(sample.options());
  const auto need = wallet_memory(measure(sample, options, Stop{}), options);
  Watch watch;
  EXPECT_EQ(fit_wallet(sample, Zone{}, watch.stop()).groups.size(), 1u);
  EXPECT_LT(watch.longest, longest * slower) << "milliseconds between two polls";
  if (watch.first == 0) return;
  const auto taken = static_cast<double>(watch.most - watch.first);
  EXPECT_LE(taken, static_cast<double>(need));
  EXPECT_GT(taken, 0.5 * static_cast<double>(need));
}

TEST(Memory, AnOrdinaryViewNeedsLessThanTheDefault) {
  const Sample sample = view(100000);
  const Options options = parse_options("{}");
  const Extent extent = measure(sample, options, Stop{});
  EXPECT_EQ(extent.rows, 100000u);
  RecordProperty("bytes", std::to_string(fit_memory(extent, options)));
  EXPECT_LT(fit_memory(extent, options), 64u << 20);
}

// Twenty attributes, with the client and its purchases.
TEST(Memory, AnOrdinaryWalletNeedsLessThanTheDefault) {
  Random random(4);
  std::vector<std::string> names = {"client_id", "purchases"};
  for (int i = 0; i < 20; ++i) names.push_back(fmt::format("{}{}", i < 14 ? "number" : "word", i));
  Sample sample;
  sample.start("{}", "", 1'000'000, 0);
  const auto binding = sample.bind(std::vector<std::string_view>(names.begin(), names.end()));
  const std::string_view words[] = {"wholesale", "online retail", "manufacturing", "software", "construction", "public"};
  for (int i = 0; i < 100000; ++i) {
    std::vector<Value> row = {Value::of(static_cast<double>(i)), Value::of(std::exp(random.normal()))};
    for (int c = 0; c < 20; ++c) row.push_back(c < 14 ? Value::of(random.normal()) : test::text(words[random.below(6)]));
    sample.add(binding, row);
  }
  Options options = parse_options("{}");
  options.roles["company_id"] = "client_id";
  const Extent extent = measure(sample, options, Stop{});
  EXPECT_EQ(extent.rows, 100000u);
  EXPECT_LT(wallet_memory(extent, options), 64u << 20);
}

TEST(Memory, TooLittleIsAnErrorThatNamesBothNumbers) {
  const Sample sample = view(2000, R"({"target": "outcome"})"), plain = view(2000, R"({"k": 2})");
  const auto refused = [](auto&& learn) {
    try {
      learn(std::uint64_t{1} << 20);
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::out_of_memory);
      EXPECT_NE(e.detail().find("It needs "), std::string::npos) << e.detail();
      EXPECT_NE(e.detail().find(" MB; maintenance_work_mem is 1 MB."), std::string::npos) << e.detail();
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_EQ(refused([&](auto limit) { fit_model(plain, Zone{}, Stop{}, limit); }), "learning from 2000 rows needs more memory than allowed");
  EXPECT_EQ(refused([&](auto limit) { check_deals(plain, Zone{}, Stop{}, limit); }), "checking 2000 rows needs more memory than allowed");
  EXPECT_EQ(refused([&](auto limit) { discover_rules(sample, Zone{}, Stop{}, limit); }), "searching rules in 2000 rows needs more memory than allowed");
  const Sample wallet = view(2000, R"({"potential": {"purchases": "revenue"}})");
  EXPECT_EQ(refused([&](auto limit) { fit_wallet(wallet, Zone{}, Stop{}, limit); }), "learning potentials from 2000 rows needs more memory than allowed");
  // A limit that is enough changes nothing.
  const Options options = parse_options(R"({"k": 2})");
  const auto need = fit_memory(measure(plain, options, Stop{}), options);
  EXPECT_EQ(to_binary(fit_model(plain, Zone{}, Stop{}, need)), to_binary(fit_model(plain, Zone{}, Stop{})));
  EXPECT_THROW(fit_model(plain, Zone{}, Stop{}, need - 1), Error);
}

TEST(Memory, CountsRowsThatAreSpread) {
  Rows r("{}", {"outcome", "tags", "size"});
  const std::string_view tags[] = {"a", "b"};
  for (int i = 0; i < 500; ++i) r.add({test::won(true), Value::of_set(tags), Value::of(static_cast<double>(i % 2))});
  const Options options = parse_options("{}");
  const Extent extent = measure(r.sample, options, Stop{});
  const Dataset data = read_dataset(r.sample, options, Zone{}, Stop{});
  EXPECT_EQ(extent.rows, data.rows);
  EXPECT_EQ(extent.rows, 500u);
  EXPECT_EQ(extent.seen, 500u);
  for (const auto& c : extent.columns) EXPECT_EQ(c.values, data.find(c.name)->known_rows) << c.name;
}

}  // namespace
