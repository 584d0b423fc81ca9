// Rules for winning and for the quality of won deals: what icp_fit finds with the rule search.
#include <algorithm>
#include <cmath>

#include "icp/rule.hpp"
#include "icp/training.hpp"

namespace icp {

std::vector<DealRules> find_deal_rules(const Training& t, const Encoder& encoder, const Zone& zone, double share, const Stop& stop) {
  RuleOptions options = rule_options(t.options);
  options.level = share;
  options.work = 1.5e9;   // a fit makes more than one search
  std::vector<DealRules> out;
  if (options.top == 0) return out;
  const auto add = [&](const char* target, Population population, auto&& value) {
    std::vector<std::uint32_t> rows;
    std::vector<double> values;
    for (const std::uint32_t r : t.closed)
      if (const double v = value(r); !std::isnan(v)) {
        rows.push_back(r);
        values.push_back(v);
      }
    DealRules& rules = out.emplace_back();
    rules.population = std::move(population);
    if (!rows.empty()) rules.list = find_rules(t.data, encoder, rows, values, options, stop);
    rules.list.target = target;
  };
  if (t.has_lost)
    add("won", rated_population(t, zone),
        [&](std::uint32_t r) { return t.rated[r] == 0 ? missing_number : t.data.outcome[r] == Outcome::won ? 1.0 : 0.0; });
  if (t.judged_by_dqs) add("dqs", judged_population(t, zone), [&](std::uint32_t r) { return t.dqs[r]; });
  return out;
}

}  // namespace icp
