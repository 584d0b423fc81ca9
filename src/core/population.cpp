#include "icp/population.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "icp/text.hpp"
#include "icp/training.hpp"

namespace icp {

namespace {

const DataColumn* role(const Training& t, const char* name, ColumnType type) {
  const DataColumn* c = t.data.find(t.options.column_of(name));
  return c != nullptr && c->type == type ? c : nullptr;
}

// Deals of the outcomes wanted.
Population deals(const Training& t, bool lost) {
  Population p;
  p.outcome = t.options.column_of("outcome");
  if (const DataColumn* c = t.data.find(p.outcome)) {
    p.kind = c->type == ColumnType::boolean ? Kind::binary : c->type == ColumnType::number ? Kind::numeric : Kind::categorical;
    for (std::size_t r = 0; r < t.data.rows; ++r) {
      if (c->known[r] == 0 || !(t.data.outcome[r] == Outcome::won || (lost && t.data.outcome[r] == Outcome::lost))) continue;
      if (c->type == ColumnType::number) p.values.push_back(number_text(c->numbers[r]));
      else if (c->type == ColumnType::boolean) p.values.emplace_back(c->codes[r] == 1 ? "true" : "false");
      else p.values.push_back(c->words[static_cast<std::size_t>(c->codes[r])]);
    }
    std::sort(p.values.begin(), p.values.end());
    p.values.erase(std::unique(p.values.begin(), p.values.end()), p.values.end());
  }
  if (const DataColumn* c = role(t, "weight", ColumnType::number)) p.weight = c->name;
  return p;
}

// The last moment of the column that is not after `day`, exactly as days are compared.
Population::Bound bound(const DataColumn& c, double day, const Zone& zone) {
  const auto is_after = [&](std::int64_t us) { return static_cast<double>(c.local ? zone(us) : us) / microseconds_a_day > day; };
  const auto utc = static_cast<std::int64_t>(day * microseconds_a_day);
  std::int64_t last = utc;
  if (c.local)
    for (int i = 0; i < 2; ++i) last += utc - zone(last);
  last += 2;
  while (is_after(last)) --last;
  return {c.name, c.local, last};
}

std::string moment(const Population::Bound& b) {
  return fmt::format("{}::{}", sql_identifier(b.column), b.local ? "timestamp" : "timestamptz");
}
std::string after(const Population::Bound& b) {
  return fmt::format("{} > '{}'::timestamp{}", moment(b), moment_text(b.last), b.local ? "" : " AT TIME ZONE 'UTC'");
}
std::string known(const Population::Bound& b) { return fmt::format("isfinite({})", moment(b)); }

// Deals begun by `day`: the first contact says when, or the creation where that is not known.
void limit_beginning(Population& p, const Training& t, double day, const Zone& zone) {
  Population::Limit limit;
  for (const char* name : {"first_contact_at", "created_at"})
    if (const DataColumn* c = role(t, name, ColumnType::moment)) (limit.first.column.empty() ? limit.first : limit.second) = bound(*c, day, zone);
  if (!limit.first.column.empty()) p.limits.push_back(std::move(limit));
}

// What was there, and closed, at the time of the option as_of. The default is the latest date: nothing is later.
void limit_to_as_of(Population& p, const Training& t, bool beginning, const Zone& zone) {
  if (!t.options.as_of) return;
  if (beginning) limit_beginning(p, t, t.data.as_of, zone);
  if (const DataColumn* c = role(t, "closed_at", ColumnType::moment)) p.limits.push_back({bound(*c, t.data.as_of, zone), {}, {}});
}

}  // namespace

std::string Population::sql(const std::string& model) const {
  if (values.empty()) return "false";
  std::vector<std::string> list;
  for (const std::string& v : values) list.push_back(kind == Kind::categorical ? sql_literal(v) : v);
  std::string out = fmt::format("{}{} IN ({})", sql_identifier(outcome), kind == Kind::categorical ? "::text COLLATE \"C\"" : kind == Kind::numeric ? "::float8" : "",
                                fmt::join(list, ", "));
  if (!weight.empty()) out += fmt::format(" AND ({}::float8 > 0) IS NOT FALSE", sql_identifier(weight));
  for (const Limit& l : limits) {
    const std::string young =
        l.second.column.empty()
            ? fmt::format("({} AND {})", known(l.first), after(l.first))
            : fmt::format("(CASE WHEN {} THEN {} ELSE {} AND {} END)", known(l.first), after(l.first), known(l.second), after(l.second));
    out += l.ageless.empty() ? fmt::format(" AND {} IS NOT TRUE", young)
                             : fmt::format(" AND ({} IS NOT NULL OR {} IS NOT TRUE)", sql_identifier(l.ageless), young);
  }
  if (scored) out += fmt::format(" AND icp_dqs(d, {}) IS NOT NULL", model);
  return out;
}

Population rated_population(const Training& t, const Zone& zone) {
  Population p = deals(t, true);
  const bool all = std::all_of(t.closed.begin(), t.closed.end(), [&](std::uint32_t r) { return t.rated[r] != 0; });
  if (!all) limit_beginning(p, t, t.data.as_of - t.maturity_days, zone);
  limit_to_as_of(p, t, all, zone);
  return p;
}

Population judged_population(const Training& t, const Zone& zone) {
  Population p = deals(t, false);
  p.scored = true;
  const DataColumn *closed = role(t, "closed_at", ColumnType::moment), *given = t.data.find(t.options.column_of("dqs"));
  if (closed != nullptr && std::any_of(t.immature.begin(), t.immature.end(), [](auto young) { return young != 0; })) {
    p.limits.push_back({bound(*closed, t.data.as_of - t.options.dqs_age_days, zone), {}, {}});
    if (given != nullptr && given->known_rows > 0) p.limits.back().ageless = given->name;
  }
  limit_to_as_of(p, t, true, zone);
  return p;
}

}  // namespace icp
