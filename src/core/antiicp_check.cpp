// What icp_check says of loss reasons and of exclusions.
#include <algorithm>

#include <fmt/format.h>

#include "icp/antiicp.hpp"
#include "icp/exclusion.hpp"

namespace icp {

void check_loss_reasons(const Dataset& d, const Options& options, std::vector<Finding>& findings) {
  constexpr std::size_t most = 20;
  const DataColumn* column = d.find(options.column_of("loss_reason"));
  if (column == nullptr) return;
  const LossReasons reasons(options);
  std::vector<std::int64_t> unmapped(column->words.size(), 0);
  std::int64_t without = 0, lost = 0;
  for (std::size_t r = 0; r < d.rows; ++r) {
    if (d.outcome[r] != Outcome::lost) continue;
    const auto n = static_cast<std::int64_t>(d.count[r]);
    lost += n;
    if (column->known[r] == 0) without += n;
    else if (column->type == ColumnType::text && !reasons.empty()) unmapped[static_cast<std::size_t>(column->codes[r])] += n;
  }
  if (without > 0)
    findings.push_back({"warning", column->name, without, fmt::format("{} of {} lost deals have no reason", without, lost), "make the reason mandatory on losing a deal"});
  std::vector<std::size_t> order;
  std::int64_t others = 0;
  for (std::size_t w = 0; w < unmapped.size(); ++w)
    if (unmapped[w] > 0 && reasons.code_of(column->words[w]).empty()) order.push_back(w);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return unmapped[a] > unmapped[b]; });
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i >= most) others += unmapped[order[i]];
    else findings.push_back({"info", column->name, unmapped[order[i]], fmt::format("'{}' is no known loss reason", column->words[order[i]]),
                             "add a row to icp_loss_reasons that matches it"});
  }
  if (others > 0)
    findings.push_back({"info", column->name, others, fmt::format("{} more texts are no known loss reasons", order.size() - most), "choose reasons from a list"});
}

void check_exclusions(const Dataset& d, const Options& options, bool leads, std::vector<Finding>& findings, const Stop& stop) {
  for (const auto& [name, text] : options.exclusions) {
    const Expression expression = Expression::parse(text);
    for (const std::string& column : expression.columns())
      if (d.find(column) == nullptr && (leads || !options.lead_columns || options.lead_columns->count(column) == 0))
        findings.push_back({"warning", column, -1, fmt::format("the exclusion \"{}\" names a column that does not exist", name),
                            "add the column, or correct the condition"});
    std::int64_t n = 0, won = 0;
    for (std::size_t r = 0; r < d.rows; ++r) {
      if (r % 1024 == 0) stop.poll();
      if ((!leads && !d.is_closed(r)) || !expression.holds(d, r)) continue;
      n += static_cast<std::int64_t>(d.count[r]);
      if (d.outcome[r] == Outcome::won) won += static_cast<std::int64_t>(d.count[r]);
    }
    findings.push_back({"info", "", n, leads ? fmt::format("the exclusion \"{}\" holds for {} rows", name, n)
                                             : fmt::format("the exclusion \"{}\" holds for {} closed deals, {} of them won", name, n, won),
                        won * 5 > n ? "it keeps away deals that are won" : ""});
  }
}

}  // namespace icp
