#include "icp/leak.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include <fmt/format.h>

namespace icp {

namespace {

constexpr std::size_t folds = 5;
constexpr std::size_t fewest = 20;              // companies of either outcome
constexpr double filled = 0.9, unfilled = 0.1;
constexpr double same_elsewhere = 0.5;
constexpr double sure = 0.95, suspect = 0.70;
constexpr double prior = 2;                     // companies of the overall win rate that a cell starts from

// Something of lost (0) and of won (1) deals.
using Both = std::array<double, 2>;

class Judge {
 public:
  Judge(const Training& t, const Encoder& encoder, std::vector<Finding>& findings, const Stop& stop)
      : t_(t), encoder_(encoder), findings_(findings), stop_(stop), table_(encoder.encode(t.data, t.closed, stop)),
        weight_(company_weights(t.data, t.closed)) {
    Pace pace(stop);
    won_.reserve(table_.rows);
    for (std::size_t i = 0; i < table_.rows; ++i) {
      pace.step();
      won_.push_back(t.data.outcome[t.closed[i]] == Outcome::won ? 1 : 0);
      all_[won_[i]] += weight_[i];
    }
  }

  // Whether there are enough deals to tell anything.
  bool enough() const { return enough([](std::size_t) { return true; }); }

  bool leave_out(std::size_t f) {
    const TableColumn& c = table_.columns[f];
    const std::string& name = encoder_.features[f].name;
    known_ = {0, 0};
    Pace pace(stop_);
    for (std::size_t i = 0; i < table_.rows; ++i) {
      pace.step();
      if (!c.missing(i)) known_[won_[i]] += weight_[i];
    }
    const double in_won = known_[1] / all_[1], in_lost = known_[0] / all_[0];
    if ((in_won >= filled && in_lost <= unfilled) || (in_lost >= filled && in_won <= unfilled))
      return report(name, true, fmt::format("filled in {:.0f} % of won and {:.0f} % of lost deals", 100 * in_won, 100 * in_lost));
    if (c.kind != Kind::set && enough([&](std::size_t i) { return !c.missing(i); }))
      for (std::size_t o = 0; o < 2; ++o)
        if (constant(c, o)) return report(name, true, fmt::format("the same in every {} deal", o == 1 ? "won" : "lost"));
    const double a = auc(c);
    if (a >= sure) return report(name, true, fmt::format("alone it tells won from lost almost surely (AUC {:.2f})", a));
    if (a >= suspect) report(name, false, fmt::format("alone it tells won from lost well (AUC {:.2f})", a));
    return encoder_.features[f].age && later(name);
  }

 private:
  bool report(const std::string& name, bool leave, const std::string& why) {
    if (leave && t_.options.keep.count(name) == 0) {
      findings_.push_back({"warning", name, -1, fmt::format("left out, probably known only after the outcome: {}", why), "list it in keep if it was known before"});
      return true;
    }
    findings_.push_back({"info", name, -1, why, "confirm that this was known before the outcome"});
    return false;
  }

  // At least so many companies of either outcome among the rows chosen.
  template <class Chosen>
  bool enough(Chosen&& chosen) const {
    std::vector<std::uint8_t> seen(t_.data.companies, 0);
    std::array<std::size_t, 2> companies{};
    Pace pace(stop_);
    for (std::size_t i = 0; i < table_.rows; ++i) {
      pace.step();
      auto& mark = seen[static_cast<std::size_t>(t_.data.company[t_.closed[i]])];
      const auto bit = static_cast<std::uint8_t>(1 + won_[i]);
      if ((mark & bit) != 0 || !chosen(i)) continue;
      mark |= bit;
      ++companies[won_[i]];
    }
    return std::min(companies[0], companies[1]) >= fewest;
  }

  // Whether all known values of one outcome are one value, which few of the other outcome have.
  bool constant(const TableColumn& c, std::size_t outcome) const {
    const auto value = [&c](std::size_t i) { return c.kind == Kind::numeric ? c.numbers[i] : static_cast<double>(c.codes[i]); };
    double same = 0, one = missing_number;
    Pace pace(stop_);
    for (std::size_t i = 0; i < table_.rows; ++i) {
      pace.step();
      if (c.missing(i) || won_[i] != outcome) continue;
      if (std::isnan(one)) one = value(i);
      if (value(i) != one) return false;
    }
    for (std::size_t i = 0; i < table_.rows; ++i) {
      pace.step();
      if (!c.missing(i) && won_[i] != outcome && value(i) == one) same += weight_[i];
    }
    return same <= same_elsewhere * known_[1 - outcome];
  }

  // AUC of the feature alone, each row scored by the win rate of its cell in the other folds. Cells are categories or
  // tenths; a set is judged by its size, which is where a late filling shows. The last cell is missing.
  double auc(const TableColumn& c) const {
    const std::vector<double> cuts = tenths(c, stop_);
    const std::size_t cells = (c.kind == Kind::numeric ? cuts.size() + 1 : c.kind == Kind::set ? 8 : static_cast<std::size_t>(c.categories)) + 1;
    const auto cell = [&](std::size_t r) -> std::size_t {
      if (c.missing(r)) return cells - 1;
      if (c.kind == Kind::numeric) return static_cast<std::size_t>(std::upper_bound(cuts.begin(), cuts.end(), c.numbers[r]) - cuts.begin());
      if (c.kind == Kind::set) return std::min<std::size_t>(c.set_of(r).size(), cells - 2);
      return static_cast<std::size_t>(c.codes[r]);
    };
    std::vector<Both> held(folds * cells, Both{}), total(cells, Both{});
    Pace pace(stop_);
    for (std::size_t i = 0; i < table_.rows; ++i) {
      pace.step();
      const auto fold = static_cast<std::size_t>(t_.data.company[t_.closed[i]]) % folds;
      held[fold * cells + cell(i)][won_[i]] += weight_[i];
    }
    for (std::size_t k = 0; k < folds; ++k)
      for (std::size_t j = 0; j < cells; ++j)
        for (std::size_t o = 0; o < 2; ++o) total[j][o] += held[k * cells + j][o];
    const double base = all_[1] / (all_[0] + all_[1]);
    std::map<double, Both> ranked;
    for (std::size_t k = 0; k < folds; ++k)
      for (std::size_t j = 0; j < cells; ++j) {
        const Both& in = held[k * cells + j];
        const double won = std::max(0.0, total[j][1] - in[1]), lost = std::max(0.0, total[j][0] - in[0]);
        Both& at = ranked[(won + prior * base) / (won + lost + prior)];
        at[0] += in[0];
        at[1] += in[1];
      }
    double below = 0, area = 0;
    for (const auto& [score, in] : ranked) {
      area += in[1] * (below + in[0] / 2);
      below += in[0];
    }
    return area / (all_[0] * all_[1]);
  }

  // A date after the as-of time cannot have been known; one in a hundred may be a slip.
  bool later(const std::string& name) {
    const DataColumn& column = *t_.data.find(name);
    double after = 0;
    std::int64_t rows = 0;
    Pace pace(stop_);
    for (std::size_t i = 0; i < table_.rows; ++i) {
      pace.step();
      const std::uint32_t r = t_.closed[i];
      if (column.known[r] == 0 || !(column.numbers[r] > t_.data.as_of)) continue;
      after += weight_[i];
      rows += static_cast<std::int64_t>(t_.data.count[r]);
    }
    if (after <= 0.01 * (all_[0] + all_[1]) || t_.options.keep.count(name) > 0) return false;
    findings_.push_back({"warning", name, rows, "left out: dates after the as-of time", "list it in keep if it was known before"});
    return true;
  }

  const Training& t_;
  const Encoder& encoder_;
  std::vector<Finding>& findings_;
  const Stop& stop_;
  Table table_;
  std::vector<double> weight_;
  std::vector<std::uint8_t> won_;   // by row of the table
  Both all_{}, known_{};            // weight of the deals, and of those whose value is known
};

}  // namespace

std::vector<bool> find_leaks(const Training& t, const Encoder& encoder, std::vector<Finding>& findings, const Stop& stop) {
  std::vector<bool> drop(encoder.features.size(), false);
  Judge judge(t, encoder, findings, stop);
  if (!judge.enough()) return drop;
  for (std::size_t f = 0; f < drop.size(); ++f) drop[f] = judge.leave_out(f);
  return drop;
}

}  // namespace icp
