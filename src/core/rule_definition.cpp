// The definition of a cohort: the rule that best says who belongs to it.
#include <algorithm>

#include "icp/predicate.hpp"
#include "icp/rule.hpp"
#include "rule_cover.hpp"
#include "rule_search.hpp"

namespace icp {

namespace {

using namespace rules;

// Named are first the categories that most members have: a misspelling does not give a cohort its name.
void sort_titles(Predicate& predicate, const Space& space, const Path& path, const Bits& inside) {
  for (std::size_t i = 0; i < predicate.conditions.size(); ++i) {
    std::vector<std::string>& titles = predicate.conditions[i].titles;
    if (titles.size() < 2) continue;
    const Selector& s = space.selectors[path.id[i]];
    const auto& cell = space.attributes[s.attribute].cell;
    std::vector<std::pair<double, std::string>> named;
    for (std::string& title : titles) named.emplace_back(0, std::move(title));
    inside.each([&](std::size_t r) { named[static_cast<std::size_t>(cell[r] - s.first)].first += space.target[r]; });
    std::stable_sort(named.begin(), named.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    for (std::size_t k = 0; k < titles.size(); ++k) titles[k] = std::move(named[k].second);
  }
}

}  // namespace

Definition describe_members(const Dataset& data, const Encoder& encoder, std::span<const std::uint32_t> rows, const std::vector<bool>& member,
                            int most, const Stop& stop) {
  RuleOptions options;
  options.direction = Direction::high;
  options.min_companies = 1;
  const std::vector<double> target(member.begin(), member.end());
  const Space space = make_space(data, encoder, rows, target, options, 0, stop, Goal::describe);
  double members = 0;
  for (const double y : space.target) members += y;
  const auto all = static_cast<double>(space.rows());
  Definition out;
  Path path;
  const Found found = search_beam(space, options, most, stop, Goal::describe);
  if (!found.best.empty() && found.best.front().quality > 2 * members / (all + members)) path = found.best.front().path;
  const Bits inside = Covers(space).of(path);
  double in = 0, hit = 0;
  inside.each([&](std::size_t r) {
    in += 1;
    hit += space.target[r];
  });
  out.precision = in > 0 ? hit / in : 0;
  out.recall = members > 0 ? hit / members : 0;
  out.predicate = predicate_of(space, encoder, path);
  sort_titles(out.predicate, space, path, inside);
  return out;
}

}  // namespace icp
