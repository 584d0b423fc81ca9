// icp_discover: rules for any column, free of any model.
#include "icp/memory.hpp"
#include "icp/rule.hpp"
#include "icp/target.hpp"

namespace icp {

RuleOptions rule_options(const Options& o) {
  const RuleSettings settings = o.rules.value_or(RuleSettings{});
  RuleOptions r;
  r.depth = settings.depth;
  r.top = settings.top;
  r.direction = settings.direction == "high" ? Direction::high : settings.direction == "low" ? Direction::low : Direction::both;
  r.holdout = settings.holdout;
  r.permutations = settings.permutations;
  r.min_companies = settings.min_companies;
  r.missing = settings.missing;
  r.all = settings.all;
  if (settings.exponent) r.exponent = *settings.exponent;
  r.seed = o.seed;
  return r;
}

RuleList discover_rules(const Sample& sample, const Zone& zone, const Stop& stop, std::uint64_t memory) {
  Options options = parse_options(sample.options());
  const std::string name = options.target.value_or("");
  require_memory("searching rules in", rules_memory, sample, options, stop, memory);
  const Dataset data = read_dataset(sample, options, zone, stop, true);
  const Target target = read_target(data, options, name);
  RuleList list;
  if (!target.rows.empty()) {
    options.ignore.insert(name);
    std::vector<Finding> findings;
    const Encoder encoder = learn_encoder(data, target.rows, options, findings, stop);
    list = find_rules(data, encoder, target.rows, target.values, rule_options(options), stop);
  }
  list.target = name;
  list.population = target.population();
  return list;
}

}  // namespace icp
