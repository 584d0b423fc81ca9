// What rule search walks through: rows of a population by company, attributes cut into cells, selectors over cells.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "icp/rule.hpp"

namespace icp::rules {

inline constexpr std::uint32_t no_second = UINT32_MAX;

// A condition on one attribute: cells first <= c < last, or the two cells first and second.
struct Selector {
  std::uint32_t attribute = 0;
  std::int16_t first = 0, last = 0;
  std::int16_t second = -1;  // >= 0: a pair of categories
  bool has(std::int16_t cell) const { return second >= 0 ? cell == first || cell == second : cell >= first && cell < last; }
};

struct Attribute {
  std::size_t feature = 0;
  std::int32_t item = -1;                 // sets: each item is an attribute of its own
  std::int16_t cells = 0;
  std::vector<std::int16_t> cell;         // by row; -1: in no cell
  std::vector<double> cuts;               // numeric: between cells
  std::vector<std::size_t> category;      // categorical: of each cell
  std::int16_t missing_cell = -1;
  std::vector<std::string> blank;         // texts that are missing as NULL is
  std::uint32_t first_selector = 0, last_selector = 0;
};

inline constexpr std::size_t most_conjuncts = 4;

// A conjunction, by the ids of its selectors.
struct Path {
  std::array<std::uint32_t, most_conjuncts> id{};
  std::uint8_t size = 0;
  Path with(std::uint32_t selector) const {
    Path p = *this;
    p.id[p.size++] = selector;
    return p;
  }
  // The same conjunction whatever the order in which it grew.
  Path with_sorted(std::uint32_t selector) const {
    Path p;
    bool in = false;
    for (const std::uint32_t i : ids()) {
      if (!in && selector < i) {
        p = p.with(selector);
        in = true;
      }
      p = p.with(i);
    }
    return in ? p : p.with(selector);
  }
  std::span<const std::uint32_t> ids() const { return {id.data(), size}; }
};

// The rows of the population (identical rows repeated), those of one company together.
struct Space {
  std::vector<std::uint32_t> row;         // of the dataset
  std::vector<std::int32_t> company;      // ascending
  std::vector<double> target;
  bool repeated = false;                  // a company has several rows
  double within = 0;                      // intraclass correlation of the target within companies
  std::vector<Attribute> attributes;      // those with the fewest selectors first
  std::vector<Selector> selectors;        // by attribute

  std::size_t rows() const { return row.size(); }
  bool has(const Path& path, std::size_t r) const {
    for (const std::uint32_t s : path.ids())
      if (!selectors[s].has(attributes[selectors[s].attribute].cell[r])) return false;
    return true;
  }
};

// The rows alone, without attributes.
Space lay_out(const Dataset& data, std::span<const std::uint32_t> rows, std::span<const double> target, const Stop& stop);
// What is looked for: rows whose mean differs, or the rule that best says which rows have the target 1: by F1 of precision
// and recall, less 0.01 for each condition. Conditions are then ranges between quantiles of those rows and the up to six
// categories that tell them best.
enum class Goal : std::uint8_t { differ, describe };
Space make_space(const Dataset& data, const Encoder& encoder, std::span<const std::uint32_t> rows, std::span<const double> target,
                 const RuleOptions& options, int bins, const Stop& stop, Goal goal = Goal::differ);
// The same attributes over some of the rows (ascending).
Space part_of(const Space& space, std::span<const std::uint32_t> rows, const Stop& stop);
Predicate predicate_of(const Space& space, const Encoder& encoder, const Path& path);

// Cuts that part the values into `bins` of about equal numbers (or fewer), at boundaries that people can read.
std::vector<double> cuts_of(std::vector<double> values, int bins, const Stop& stop);

// Intraclass correlation by analysis of variance (Donner 1986), within 0–1.
double intraclass(std::span<const std::int32_t> company, std::span<const double> target);

// How rows of some subset fall into the cells of one attribute: counts, and products of counts within companies, which
// give the sum of squared company sizes of every union of cells; sums of the target.
class Tally {
 public:
  void count(const Space& space, const Attribute& attribute, std::span<const std::uint32_t> rows, bool sums);
  // Number of rows of a selector, and the sum over companies of the squared number of its rows.
  double rows(const Selector& s) const;
  double squares(const Selector& s) const;
  double sum(const Selector& s) const;  // of the target, where sums were asked for

 private:
  std::size_t cells_ = 0;
  bool repeated_ = false;
  std::vector<double> n_, sum_, prefix_, product_, box_;
};

// Walks all conjunctions of at most `depth` selectors of different attributes whose rows are at least `floor` effective
// companies and fewer than without the last conjunct. The visitor has
//   enter(level, attribute, rows): before the selectors of an attribute are tried on the rows of a conjunction,
//   visit(level, path, selector, tally, n, squares): for each candidate,
//   sums: whether the tally is to sum the target,
//   over(): whether the walk is to end early.
template <class Visitor>
class Walk {
 public:
  Walk(const Space& space, double floor, const Stop& stop, Visitor& visitor) : space_(space), floor_(floor), stop_(stop), visitor_(visitor) {}
  void run(int depth) {
    levels_.resize(static_cast<std::size_t>(depth) + 1);
    auto& all = levels_[0].rows;
    all.resize(space_.rows());
    for (std::size_t r = 0; r < all.size(); ++r) all[r] = static_cast<std::uint32_t>(r);
    descend(0, depth, 0, Path{});
  }

 private:
  struct Level {
    std::vector<std::uint32_t> rows;
    Tally tally;
  };
  void descend(std::size_t level, int left, std::size_t first, const Path& path) {
    Level& here = levels_[level];
    for (std::size_t a = first; a < space_.attributes.size(); ++a) {
      if (visitor_.over()) return;
      stop_.poll();
      const Attribute& attribute = space_.attributes[a];
      here.tally.count(space_, attribute, here.rows, Visitor::sums);
      visitor_.enter(level, attribute, here.rows);
      for (std::uint32_t s = attribute.first_selector; s < attribute.last_selector; ++s) {
        stop_.poll();
        const Selector& selector = space_.selectors[s];
        const double n = here.tally.rows(selector), squares = here.tally.squares(selector);
        if (n <= 0 || n * n < floor_ * squares || n >= static_cast<double>(here.rows.size())) continue;
        const Path longer = path.with(s);
        visitor_.visit(level, longer, selector, here.tally, n, squares);
        if (left <= 1 || a + 1 == space_.attributes.size()) continue;
        auto& next = levels_[level + 1].rows;
        next.clear();
        for (const std::uint32_t r : here.rows)
          if (selector.has(attribute.cell[r])) next.push_back(r);
        descend(level + 1, left - 1, a + 1, longer);
      }
    }
  }

  const Space& space_;
  double floor_;
  const Stop& stop_;
  Visitor& visitor_;
  std::vector<Level> levels_;
};

// Variance of the mean of n rows of which the sum over companies of squared numbers is `squares`, drawn from `all` rows
// without replacement, for a target of variance 1.
inline double mean_variance(double n, double squares, double all, double within) {
  return ((1 - within) / n + within * squares / (n * n)) * (1 - n / all) * (all / (all - 1));
}

}  // namespace icp::rules
