// icp_tier(), and the comparison behind icp_priority_results().
#include "icp/language.hpp"
#include "icp/qualify.hpp"

#include "pg/array.hpp"
#include "pg/memory.hpp"
#include "pg/reader.hpp"

namespace icp::pg {

namespace {

// In the partition's memory, zeroed when the partition starts; set last, so that an error leaves nothing behind.
struct Tiers {
  std::uint8_t* of_row;
};

// Arguments: fit, shares, cuts; the latter two as the first row of the partition has them.
std::uint8_t* tiers_of_partition(WindowObject window, MemoryContext memory) {
  struct {
    bool no_shares, no_cuts;
    Datum shares, cuts;
    std::int64_t rows;
  } call{};
  pg_call([&] {
    call.shares = WinGetFuncArgCurrent(window, 1, &call.no_shares);
    call.cuts = WinGetFuncArgCurrent(window, 2, &call.no_cuts);
    call.rows = WinGetPartitionRowCount(window);
  });
  if (!call.no_shares && !call.no_cuts)
    throw Error(ErrorCode::invalid_parameter, "tiers are made by shares or by cuts, not by both", {}, "Leave one of them out.");
  TierRule rule;
  if (!call.no_shares) rule.shares = numbers(call.shares, "shares");
  if (!call.no_cuts) {
    rule.cuts = numbers(call.cuts, "cuts");
    if (rule.cuts.empty()) throw Error(ErrorCode::invalid_parameter, "there are no cuts of tiers", {}, "For example cuts => '{0.8,0.6,0.4}'.");
  }
  if (call.rows > std::numeric_limits<std::int32_t>::max()) throw Error(ErrorCode::too_large, "too many rows in one partition", "At most 2147483647 can have a tier.");
  const Stop stop_here = stop();
  std::vector<double> fit(static_cast<std::size_t>(call.rows), std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < fit.size(); ++i) {
    stop_here.poll();
    bool null = true, out = false;
    const Datum value = pg_call([&] { return WinGetFuncArgInPartition(window, 0, static_cast<int>(i), WINDOW_SEEK_HEAD, false, &null, &out); });
    if (!null && !out) fit[i] = DatumGetFloat8(value);
  }
  const auto tiers = tiers_of(fit, rule, stop_here);
  auto* kept = static_cast<std::uint8_t*>(allocate(memory, std::max<std::size_t>(tiers.size(), 1)));
  std::copy(tiers.begin(), tiers.end(), kept);
  return kept;
}

}  // namespace

}  // namespace icp::pg

ICP_FUNCTION(icp_tier) {
  using namespace icp::pg;
  auto* window = PG_WINDOW_OBJECT();
  auto* tiers = static_cast<Tiers*>(pg_call([&] { return WinGetPartitionLocalMemory(window, sizeof(Tiers)); }));
  if (tiers->of_row == nullptr) tiers->of_row = tiers_of_partition(window, GetMemoryChunkContext(tiers));
  const std::uint8_t tier = tiers->of_row[WinGetCurrentPosition(window)];
  if (tier == icp::TierRule::none) PG_RETURN_NULL();
  PG_RETURN_INT32(tier);
}

// Arguments: ranks (of each cell), and of each lead cell (from 1), company, converted, realness; language.
ICP_FUNCTION(icp_priority_compare) {
  using namespace icp::pg;
  const auto ranks = integers(PG_GETARG_DATUM(0), "ranks"), cells = integers(PG_GETARG_DATUM(1), "cells"), companies = integers(PG_GETARG_DATUM(2), "companies");
  const auto converted = truths(PG_GETARG_DATUM(3), "converted");
  const auto realness = numbers(PG_GETARG_DATUM(4), "realness", std::numeric_limits<double>::quiet_NaN());
  if (companies.size() != cells.size() || converted.size() != cells.size() || realness.size() != cells.size())
    throw icp::Error(icp::ErrorCode::invalid_parameter, "the arrays must be of one length");
  std::vector<icp::PriorityLead> leads;
  leads.reserve(cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) leads.push_back({cells[i] - 1, companies[i], converted[i] != 0, realness[i]});
  return return_report(fcinfo, icp::report_priorities(icp::compare_priorities(std::move(leads), ranks, stop()), language_argument(fcinfo, 5)));
}

ICP_FUNCTION(icp_language) {
  const icp::Language language = icp::parse_language(icp::pg::text_argument(fcinfo, 0));
  return icp::pg::make_text(language == icp::Language::ru ? "ru" : "en");
}
