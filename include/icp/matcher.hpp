// How an encoded row stands to the cohorts: posterior, similarity, coverage, evidence, label.
//
// Membership is the mixture's posterior. Similarity is the weighted share of a cohort's criteria that the row meets; it
// explains and thresholds, it does not assign. Gold needs evidence besides: the row must be at least twenty times as
// likely under the A cohorts as under any other cohort and as under attributes drawn apart from one another. As the
// expectation of such a ratio is 1 where the row comes from the other side, a row of no cohort, or of another cohort, is
// called gold at most one time in twenty, whatever is missing (Markov's inequality; "e-values", Vovk & Wang 2021).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "icp/encoder.hpp"
#include "icp/mixture.hpp"
#include "icp/options.hpp"

namespace icp {

struct Cohort;

// One cohort's similarity to a row: the sum of its parts, in units of 2^-32, and the share of its weight that is known.
struct Similarity {
  std::int64_t units = -1;     // -1: nothing known
  double coverage = 0;
  double value() const { return static_cast<double>(units) * 0x1p-32; }
};

class Matcher {
 public:
  Matcher() = default;
  Matcher(const Encoder& encoder, const Mixture& mixture, const std::vector<Cohort>& cohorts, const Options& options);

  std::size_t cohorts() const { return cohorts_; }

  // Similarity to a cohort; nothing where less than a twentieth of its weight is known. `parts`, where given, receives each feature's part in units of 2^-32 (0 where missing).
  Similarity similarity(std::size_t cohort, const EncodedRow& row, std::int64_t* parts = nullptr) const;
  // How far the row meets one criterion, 0..1; the feature must be known.
  double met(std::size_t cohort, std::size_t feature, const EncodedRow& row) const;

  // The cohort with the largest posterior among those similar enough; -1 none. `joint` has cohorts() elements and is
  // left holding log weight + log likelihood. Ties: grade, size, key (the order is fixed when the matcher is made).
  // `found`, where given, receives the similarity to it, and is left alone where there is none.
  int assign(const EncodedRow& row, std::vector<double>& joint, Similarity* found = nullptr) const;
  // The same without the threshold of similarity: the posterior alone; -1 where nothing is known.
  int classify(const EncodedRow& row, std::vector<double>& joint) const;

  enum class Label : std::uint8_t { gold, ordinary, non_target, unknown };
  static std::string_view name(Label label);
  // The label of a row assigned to `cohort` (or -1); `joint` as assign() left it.
  Label label(int cohort, const EncodedRow& row, const std::vector<double>& joint) const;
  // The same where the similarity to that cohort is known already.
  Label label(int cohort, const Similarity& similarity, const EncodedRow& row, const std::vector<double>& joint) const;
  // Log of the evidence that gold asks for: how many times as likely the row is under the A cohorts as under the
  // likeliest of the other cohorts and of attributes drawn apart. Gold needs log(20).
  double evidence(const EncodedRow& row, const std::vector<double>& joint) const;
  static constexpr double evidence_needed = 20;
  char grade(std::size_t cohort) const { return grade_[cohort]; }

 private:

  struct Part {                    // one criterion, ready to use
    double weight = 0;
    double low = 0, high = 0;      // numeric, scaled
    double inverse_spread = 1;
    std::vector<double> match;     // categorical; set: share of members with each item
    std::vector<double> item_weight;
    double item_total = 0;
  };
  std::size_t cohorts_ = 0, features_ = 0;
  const Mixture* mixture_ = nullptr;
  std::vector<Kind> kinds_;
  std::vector<Part> parts_;        // [cohort * features + feature]
  std::vector<char> grade_;        // 'A', 'B', 'C' or 0
  std::vector<int> rank_;          // order of preference among ties
  double gold_weight_ = 0;         // log of the total weight of the A cohorts
  double min_similarity_ = 0, gold_similarity_ = 0, min_coverage_ = 0;
};

}  // namespace icp
