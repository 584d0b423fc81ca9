// Associations: which attributes, and which pairs of them beyond what each tells alone, go with a target, and how strongly.
//
// Each kind of attribute has its usual measure, corrected for what chance alone would show, and all have a common one, the
// share of the target's entropy that the attribute tells (mutual information less its expectation under permutation: Vinh,
// Epps & Bailey 2010), by which they are ranked:
// - categories and a share: Cramér's V, corrected by Bergsma (2013); categories and a mean: epsilon squared (Kelley 1935);
// - numbers and a share: rank-biserial correlation (Cureton 1956), 2·AUC − 1; two numbers: Spearman's rank correlation;
// - pairs: what their cells tell beyond the best additive fit, of log-odds for a share, of means for a number.
// Where companies repeat, the corrections are the means over permutations of companies, and variances are cluster-robust.
// One test covers everything: permutations of the target among companies, the smallest p of all attributes and pairs
// (step-down: Westfall & Young 1993); single p are chi-squared with the permutations' own mean (Rao & Scott 1981).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "icp/dataset.hpp"
#include "icp/encoder.hpp"
#include "icp/language.hpp"
#include "icp/memory.hpp"
#include "icp/stop.hpp"

namespace icp {

struct AssociationOptions {
  int permutations = 499;           // fewer, but at least 199, where there are many rows
  int pairs = 200;                  // pairs tried at most, chosen without a look at the target
  double level = 0.05;              // of everything listed
  bool all = false;                 // list pairs that are not significant, too
  std::uint64_t seed = 0;
  Language language = Language::en;  // of notes
};

struct Association {
  std::string attribute, item;      // item: of a set, else empty
  std::string with_attribute, with_item;  // pairs: the other one
  std::string measure;              // cramers_v, epsilon_squared, rank_biserial, spearman, interaction_information, partial_epsilon_squared
  double value = 0;
  std::optional<double> low, high;  // 95 % interval; nothing below 10 companies
  double information = 0;           // share of the target's entropy, 0–1
  std::optional<double> information_low, information_high;
  std::int64_t n = 0, companies = 0;  // in which the attribute (both of a pair) is known
  double p_adjusted = 1;
  bool significant = false;
  std::string reliability;          // as of the companies and, for a share, the rarer outcome

  // The direction, for attributes: the target's mean with the contrast less without it; for numbers its rise from the lowest
  // rank to the highest.
  std::string contrast;             // a category; true; "higher"
  std::optional<double> effect, effect_low, effect_high;
  // The attribute whose stratification changes the effect beyond chance, the effect within its strata.
  std::string confounder, confounding;  // confounding: reversed, vanishes, hidden, weaker
  std::optional<double> adjusted, adjusted_low, adjusted_high;
  std::string note;
  template <class A>
  void describe(A& a) {
    a.field("attribute", attribute); a.field("item", item); a.field("with_attribute", with_attribute); a.field("with_item", with_item);
    a.field("measure", measure); a.field("value", value); a.field("low", low); a.field("high", high);
    a.field("information", information); a.field("information_low", information_low); a.field("information_high", information_high);
    a.field("n", n); a.field("companies", companies); a.field("p_adjusted", p_adjusted); a.field("significant", significant);
    a.field("reliability", reliability); a.field("contrast", contrast); a.field("effect", effect); a.field("effect_low", effect_low);
    a.field("effect_high", effect_high); a.field("confounder", confounder); a.field("confounding", confounding);
    a.field("adjusted", adjusted); a.field("adjusted_low", adjusted_low); a.field("adjusted_high", adjusted_high);
    a.field("note", note);
  }
};

struct AssociationList {
  std::string target;
  std::int64_t n = 0, companies = 0;   // rows in which the target is known
  std::int64_t attributes = 0, pairs = 0;  // tested
  double p_smallest = 1;               // of the family, for one error budget over several
  std::vector<Association> associations;  // by information
  template <class A>
  void describe(A& a) {
    a.field("target", target); a.field("n", n); a.field("companies", companies); a.field("attributes", attributes);
    a.field("pairs", pairs); a.field("p_smallest", p_smallest); a.field("associations", associations);
  }
};

// Associations of the encoder's features with `target` (one for each of `rows`, finite; all 0 or 1: a share).
AssociationList find_associations(const Dataset& data, const Encoder& encoder, std::span<const std::uint32_t> rows,
                                  std::span<const double> target, const AssociationOptions& options, const Stop& stop);

// Associations with the option `target` over all rows where it is known (see read_target). Needing more than `memory` bytes
// is an error.
AssociationList discover_associations(const Sample& sample, const Zone& zone, const Stop& stop, std::uint64_t memory = no_memory_limit);

}  // namespace icp
