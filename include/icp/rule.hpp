// Rules: conjunctions of conditions whose rows have a target that differs from all rows' (subgroup discovery: Klösgen
// 1996; Grosskreutz & Rüping 2009).
//
// Selection, significance and estimate are kept apart, so that what chose a rule does not also vouch for it:
// - rules are chosen by the quality on some of the companies, the rest are held out (option holdout); of rules that
//   overlap the one of the largest statistic on all rows is reported (below confirmed_from rows, by the test statistic);
// - a rule is significant where its test statistic on all rows passes the permutation distribution of the largest statistic
//   over every rule that was searched (max-T: Westfall & Young 1993); from confirmed_from rows on it is tested on the held-out
//   rows alone (Holm 1979);
// - its effect is estimated on the held-out rows. As being reported depends on them too, through significance and through
//   being the best of its kin, the interval is that of a normal mean given both (data carving: Fithian, Sun & Taylor 2014;
//   truncated normal: Lee, Sun, Sun & Taylor 2016; hybrid: Andrews, Kitagawa & McCloskey 2024).
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "icp/dataset.hpp"
#include "icp/encoder.hpp"
#include "icp/memory.hpp"
#include "icp/predicate.hpp"
#include "icp/stop.hpp"

namespace icp {

// The error that one fit may make anywhere: 5 %, split over the families of tests that it makes. A p-value is told on the
// scale of the budget, times budget over share, so that 0.05 is its limit whatever the share.
inline constexpr double error_budget = 0.05;

// Rows from which rules are confirmed on the half that did not choose them, instead of permuted.
inline constexpr std::size_t confirmed_from = 20000;

// Which differences are looked for.
enum class Direction : std::uint8_t { both, high, low };

struct RuleOptions {
  int depth = 0;                    // conjuncts, 1–4; 0: 3, below 100 companies 2
  int top = 10;                     // rules reported at most
  Direction direction = Direction::both;
  double holdout = 0.2;         // share of the companies held out, 0–0.5; 0: no honest estimates
  bool refine = true;           // whether held-out rows may help to choose between rules that overlap
  int permutations = 499;           // 0: below confirmed_from rows nothing is tested
  std::int64_t min_companies = 10;  // fewest companies of a rule
  bool missing = false;             // whether "is missing" is a condition
  // Quality: NaN (default) the test statistic; else n^exponent · |difference of the means|, as in pysubgroup (0.5 its
  // square-root measure, 1 weighted relative accuracy).
  double exponent = std::numeric_limits<double>::quiet_NaN();
  double work = 7e9;                // rows looked at and rules tried, at most, in all permutations: else rules are shorter, ranges coarser
  double level = error_budget;      // of the whole list: its share of the budget
  bool all = false;                 // also what is not significant
  std::uint64_t seed = 0;
};

struct Rule {
  Predicate predicate;
  std::int64_t n = 0, companies = 0;   // rows of the population that satisfy it
  double value = 0;                    // their mean: in sample, hence flattering
  std::int64_t holdout_n = 0;          // rows that did not choose it, or only between rules that overlap
  std::optional<double> holdout_value; // their mean
  std::optional<double> low, high;     // 95 % interval of the true mean; nothing below 20 held-out rows
  std::optional<double> lift_ratio, lift_difference;  // held-out mean against the mean of all held-out rows
  double quality = 0;                  // signed like the difference; on all rows that had a say in choosing it
  double p_adjusted = 1;               // over everything searched, on the scale of the whole budget
  bool significant = false;
  template <class A>
  void describe(A& a) {
    a.field("predicate", predicate); a.field("n", n); a.field("companies", companies); a.field("value", value);
    a.field("holdout_n", holdout_n); a.field("holdout_value", holdout_value); a.field("low", low); a.field("high", high);
    a.field("lift_ratio", lift_ratio); a.field("lift_difference", lift_difference); a.field("quality", quality);
    a.field("p_adjusted", p_adjusted); a.field("significant", significant);
  }
};

struct RuleList {
  std::string target;                  // what the mean is of: "won", "dqs" or a column
  std::string population;              // SQL: the rows in which rules are counted; no part of what is stored
  std::int64_t n = 0, companies = 0;   // of the population
  double value = 0;                    // mean of the population
  int depth = 0;                       // searched
  bool exhaustive = true;              // else beam search from the second conjunct on
  std::int64_t searched = 0;           // rules tested
  double p_smallest = 1;               // smallest adjusted p: of the family, for one error budget over several
  std::vector<Rule> rules;             // by quality; those that say the same rows again are left out
  template <class A>
  void describe(A& a) {
    a.field("target", target); a.field("n", n); a.field("companies", companies);
    a.field("value", value); a.field("depth", depth); a.field("exhaustive", exhaustive); a.field("searched", searched);
    a.field("p_smallest", p_smallest); a.field("rules", rules);
  }
};

// Rules over `rows` of the data whose `target` (one for each of `rows`, finite) is high or low. Conditions are those of the
// encoder's features: categories and pairs of categories, ranges between tenths of the values, booleans, items of sets.
RuleList find_rules(const Dataset& data, const Encoder& encoder, std::span<const std::uint32_t> rows,
                    std::span<const double> target, const RuleOptions& options, const Stop& stop);

// What the options say of rules.
RuleOptions rule_options(const Options& options);

// Rules for the option `target` over all rows where it is known. It is a number, a boolean, or the role outcome (won
// against lost). Throws undefined_column where there is no such column, and an error where it is of another type.
RuleList discover_rules(const Sample& sample, const Zone& zone, const Stop& stop, std::uint64_t memory = no_memory_limit);

}  // namespace icp
