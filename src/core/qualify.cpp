#include "icp/qualify.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "icp/error.hpp"
#include "icp/language.hpp"
#include "icp/text.hpp"

namespace icp {

namespace {

[[noreturn]] void refuse(const char* message, std::string detail, std::string hint = {}) {
  throw Error(ErrorCode::invalid_parameter, message, std::move(detail), std::move(hint));
}

// Decimals that people write differ by less from the 100 that they should total.
constexpr double rounding = 1e-6;

}  // namespace

void TierRule::validate() const {
  if (!cuts.empty()) {
    if (cuts.size() >= max_tiers) refuse("too many cuts of tiers", fmt::format("There may be {} at most.", max_tiers - 1));
    for (std::size_t i = 0; i < cuts.size(); ++i)
      if (!std::isfinite(cuts[i]) || (i > 0 && !(cuts[i] < cuts[i - 1])))
        refuse("the cuts of tiers must fall", "Each is the least fit of its tier; what is below the last is of one tier more.", "For example cuts => '{0.8,0.6,0.4}'.");
    return;
  }
  double total = 0;
  for (const double s : shares) {
    if (!(s >= 0 && s <= 100)) refuse("invalid share of a tier", fmt::format("It is {}; it must be a number from 0 to 100.", number_text(s)));
    total += s;
  }
  if (shares.empty() || shares.size() > max_tiers || !(std::abs(total - 100) <= rounding))
    refuse("the shares of tiers must total 100", fmt::format("The {} shares total {}; there may be {} at most.", shares.size(), number_text(total), max_tiers),
           "For example shares => '{10,20,30,40}'.");
}

std::vector<std::uint8_t> tiers_of(std::span<const double> fit, const TierRule& rule, const Stop& stop) {
  rule.validate();
  std::vector<std::uint8_t> tier(fit.size(), TierRule::none);
  Pace pace(stop);
  if (!rule.cuts.empty()) {
    for (std::size_t i = 0; i < fit.size(); ++i) {
      pace.step();
      if (std::isnan(fit[i])) continue;
      const auto at = std::find_if(rule.cuts.begin(), rule.cuts.end(), [&](double cut) { return fit[i] >= cut; });
      tier[i] = static_cast<std::uint8_t>(at - rule.cuts.begin() + 1);
    }
    return tier;
  }
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < fit.size(); ++i)
    if (!std::isnan(fit[i])) order.push_back(i);
  sort(order.begin(), order.end(), stop, [&](std::size_t a, std::size_t b) { return fit[a] > fit[b]; });
  const double n = static_cast<double>(order.size());
  std::size_t last = 0;
  double end = rule.shares[0];
  for (std::size_t i = 0; i < order.size();) {
    pace.step();
    std::size_t next = i + 1;
    while (next < order.size() && fit[order[next]] == fit[order[i]]) ++next;
    const double middle = 50 * static_cast<double>(i + next) / n;   // in per cent
    while (last + 1 < rule.shares.size() && middle > end + rounding) end += rule.shares[++last];
    for (; i < next; ++i) tier[order[i]] = static_cast<std::uint8_t>(last + 1);
  }
  return tier;
}

namespace {

// Fisher's exact test (1935), one-sided: the probability of at least `ones` ones among `n` of n + other_n observations, of
// which ones + other_ones are ones.
double at_least(double ones, double n, double other_ones, double other_n) {
  const double all = ones + other_ones, total = n + other_n;
  const auto choose = [](double of, double take) { return std::lgamma(of + 1) - std::lgamma(take + 1) - std::lgamma(of - take + 1); };
  double term = std::exp(choose(n, ones) + choose(other_n, other_ones) - choose(total, all)), sum = 0;
  for (double k = ones; k <= std::min(n, all); ++k) {
    sum += term;
    if (term < 1e-17 * sum) break;
    term *= (all - k) * (n - k) / ((k + 1) * (other_n - all + k + 1));
  }
  return std::min(1.0, sum);
}

using Outcomes = std::vector<std::vector<Observation>>;   // by cell

// Which way a cell should move by one outcome: -1 up, 1 down, 0 not; nothing where there is too little to compare.
class Comparison {
 public:
  Comparison(const Outcomes& cells, std::span<const std::int32_t> ranks, const Stop& stop) : cells_(cells), ranks_(ranks), stop_(stop) {}

  std::int32_t comparisons() const {
    std::int32_t n = 0;
    for (std::size_t c = 0; c < cells_.size(); ++c)
      if (enough(cells_[c])) n += enough(peers(c)) ? 1 : enough(level(c, -1)) + enough(level(c, 1));
    return n;
  }

  // `error` is the probability of a move where there is nothing.
  std::optional<int> move(std::size_t c, double error) const {
    if (!enough(cells_[c])) return std::nullopt;
    const auto rest = peers(c), above = level(c, -1), below = level(c, 1);
    const bool has_above = enough(above), has_below = enough(below);
    if (enough(rest)) {
      if (!has_above && !has_below) return std::nullopt;
      if (has_above && mean(cells_[c]) >= mean(above) && above_by_chance(cells_[c], rest) < error / 2) return -1;
      if (has_below && mean(cells_[c]) <= mean(below) && above_by_chance(rest, cells_[c]) < error / 2) return 1;
      return 0;
    }
    if (!has_above && !has_below) return std::nullopt;
    if (has_above && above_by_chance(cells_[c], above) < error / 2) return -1;
    if (has_below && above_by_chance(below, cells_[c]) < error / 2) return 1;
    return 0;
  }

  // The rank next to that of the cell, upwards (-1) or downwards (1), among the cells that have leads.
  std::optional<std::int32_t> neighbour(std::size_t c, int direction) const {
    std::optional<std::int32_t> found;
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      const std::int32_t r = ranks_[i];
      if (cells_[i].empty() || (direction < 0 ? r >= ranks_[c] : r <= ranks_[c])) continue;
      if (!found || (direction < 0 ? r > *found : r < *found)) found = r;
    }
    return found;
  }

 private:
  static double mean(const std::vector<Observation>& o) {
    double sum = 0;
    for (const auto& x : o) sum += x.value;
    return sum / static_cast<double>(o.size());
  }
  static bool enough(const std::vector<Observation>& o) {
    std::set<std::int32_t> companies;
    for (const auto& x : o) {
      companies.insert(x.company);
      if (static_cast<std::int64_t>(companies.size()) >= least_companies_of_a_cell) return true;
    }
    return false;
  }
  std::vector<Observation> pooled(std::int32_t rank, std::size_t but) const {
    std::vector<Observation> out;
    for (std::size_t i = 0; i < cells_.size(); ++i)
      if (ranks_[i] == rank && i != but) out.insert(out.end(), cells_[i].begin(), cells_[i].end());
    return out;
  }
  std::vector<Observation> peers(std::size_t c) const { return pooled(ranks_[c], c); }
  std::vector<Observation> level(std::size_t c, int direction) const {
    const auto rank = neighbour(c, direction);
    return rank ? pooled(*rank, cells_.size()) : std::vector<Observation>();
  }
  // The probability of a share so far above the other by chance, by as many independent observations as the companies make
  // of them. Marks between 0 and 1 spread less than ones and zeros of that mean; parts of a one are rounded towards no
  // difference.
  double above_by_chance(std::vector<Observation> higher, std::vector<Observation> lower) const {
    const auto [share, n] = evidence(higher);
    const auto [other_share, other_n] = evidence(lower);
    if (!(share > other_share)) return 1;
    return at_least(std::floor(share * n + slack), n, std::ceil(other_share * other_n - slack), other_n);
  }
  std::pair<double, double> evidence(std::vector<Observation>& o) const {
    sort(o.begin(), o.end(), stop_, [](const Observation& a, const Observation& b) { return std::tie(a.company, a.value) < std::tie(b.company, b.value); });
    return {mean(o), std::floor(effective_number(o, stop_) + slack)};
  }
  static constexpr double slack = 1e-6;

  const Outcomes& cells_;
  std::span<const std::int32_t> ranks_;
  const Stop& stop_;
};

}  // namespace

std::vector<PriorityCell> compare_priorities(std::vector<PriorityLead> leads, std::span<const std::int32_t> ranks, const Stop& stop) {
  for (const PriorityLead& l : leads)
    if (l.cell < 0 || static_cast<std::size_t>(l.cell) >= ranks.size()) refuse("a lead is of no cell", {});
  // Sums in one order, whatever the order of the rows.
  const auto key = [](const PriorityLead& l) { return std::tuple(l.cell, l.company, l.converted, std::isnan(l.realness) ? -1.0 : l.realness); };
  sort(leads.begin(), leads.end(), stop, [&](const PriorityLead& a, const PriorityLead& b) { return key(a) < key(b); });
  Outcomes converted(ranks.size()), real(ranks.size());
  for (const PriorityLead& l : leads) {
    const auto c = static_cast<std::size_t>(l.cell);
    converted[c].push_back({l.converted ? 1.0 : 0.0, 1, l.company});
    if (!std::isnan(l.realness)) real[c].push_back({l.realness, 1, l.company});
  }
  const Comparison by_conversion(converted, ranks, stop), by_realness(real, ranks, stop);
  const double comparisons = std::max(1, by_conversion.comparisons() + by_realness.comparisons());
  const double error = 0.05 / comparisons;

  std::vector<PriorityCell> out;
  for (std::size_t c = 0; c < ranks.size(); ++c) {
    PriorityCell& cell = out.emplace_back();
    cell.rank = ranks[c];
    cell.conversion = share_estimate(converted[c], stop);
    cell.realness = share_estimate(real[c], stop);
    const auto a = by_conversion.move(c, error), b = by_realness.move(c, error);
    if (!a && !b) {
      cell.reason = PriorityCell::Reason::too_few;
      continue;
    }
    const int x = a.value_or(0), y = b.value_or(0);
    if (x * y < 0) {
      cell.reason = PriorityCell::Reason::contradiction;
      continue;
    }
    const int direction = x != 0 ? x : y;
    if (direction == 0) continue;
    cell.suggested = (x != 0 ? by_conversion : by_realness).neighbour(c, direction);
    cell.reason = direction < 0 ? PriorityCell::Reason::better_than_above : PriorityCell::Reason::worse_than_below;
    cell.by_conversion = x != 0;
    cell.by_realness = y != 0;
  }
  return out;
}

namespace {

std::string reason_text(const PriorityCell& cell, Language language) {
  const bool ru = language == Language::ru;
  const char* what = cell.by_conversion && cell.by_realness ? (ru ? "конверсия и отзывы продавцов" : "conversion and feedback")
                     : cell.by_conversion                   ? (ru ? "конверсия" : "conversion")
                                                            : (ru ? "отзывы продавцов" : "feedback");
  switch (cell.reason) {
    case PriorityCell::Reason::none: return {};
    case PriorityCell::Reason::better_than_above:
      return fmt::format(fmt::runtime(ru ? "{}: лучше своего приоритета и не хуже приоритета выше" : "{}: better than its priority, and not worse than the one above"), what);
    case PriorityCell::Reason::worse_than_below:
      return fmt::format(fmt::runtime(ru ? "{}: хуже своего приоритета и не лучше приоритета ниже" : "{}: worse than its priority, and not better than the one below"), what);
    case PriorityCell::Reason::too_few: return ru ? "слишком мало компаний для сравнения" : "too few companies to compare";
    case PriorityCell::Reason::contradiction: return ru ? "конверсия и отзывы продавцов противоречат друг другу" : "conversion and feedback contradict each other";
  }
  return {};
}

}  // namespace

Report report_priorities(const std::vector<PriorityCell>& cells, const std::string& language) {
  const Language words = parse_language(language);
  Report r;
  r.columns = {"cell", "n", "n_companies", "converted", "conversion", "conversion_lo", "conversion_hi",
               "feedback", "realness", "realness_lo", "realness_hi", "suggested_rank", "suggestion"};
  for (std::size_t c = 0; c < cells.size(); ++c) {
    const PriorityCell& p = cells[c];
    const Estimate &e = p.conversion, &f = p.realness;
    const auto won = e.value ? std::llround(*e.value * static_cast<double>(e.n)) : 0;
    r.rows.push_back({static_cast<std::int64_t>(c + 1), e.n, e.companies, static_cast<std::int64_t>(won), cell(e.value), cell(e.low), cell(e.high),
                      f.n, cell(f.value), cell(f.low), cell(f.high),
                      p.suggested ? Cell(static_cast<std::int64_t>(*p.suggested)) : Cell(), cell(reason_text(p, words))});
  }
  return r;
}

}  // namespace icp
