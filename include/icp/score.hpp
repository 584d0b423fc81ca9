// Scoring: the cohort, similarity, label and explanation of one row.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "icp/exclusion.hpp"
#include "icp/matcher.hpp"
#include "icp/model.hpp"
#include "icp/value.hpp"

namespace icp {

// The attributes of the SQL type icp_lead_score. Views live as long as the Scorer.
struct LeadScore {
  std::string_view cohort;             // "" none
  std::string_view grade;              // of the cohort; "" none
  std::optional<double> similarity;    // to the cohort, else to the most similar one; none where nothing is known
  std::string_view label;              // gold, ordinary, non_target, unknown
  std::string_view priority;           // high, normal, low
  std::int32_t priority_rank = 2;      // 1 high, 2 normal, 3 low
  std::optional<double> win_probability, expected_dqs;
  double coverage = 0;                 // share of the cohort's weight that is known
  std::string_view exclusion;          // the rule that vetoed the label; "" none
};

// The label of that name, as a view that always lives; "" where there is none.
std::string_view label_named(std::string_view name);
// Gives a score a label, the model's or one that somebody has decided: the priority follows it, and an exclusion stands
// only beside the label that it causes.
void set_label(LeadScore& score, std::string_view label);

struct Explanation {
  std::string score, cohort, feature;  // score: similarity, evidence, win_probability, expected_dqs, veto
  std::optional<std::string> value;
  std::string usual;
  double weight = 0, points = 0;       // points are multiples of 2^-32 and total the score exactly, in any order
  std::string text;
};

// What to ask of a lead: an unknown attribute, what its answers can change.
struct Question {
  std::string feature;
  std::vector<std::string> labels, grades;  // that answers can lead to, sorted; "" among grades: none
  bool changes = false;                // some answer leads to another label or grade than the lead has now
  double narrowing = 0;                // of the range of win_probability, on average over the answers; else of expected_dqs
  double weight = 0;                   // mean weight among the criteria of the cohorts
  std::string text;
};

// Between what bounds the scores of a lead lie, whatever its unknown attributes are.
struct ScoreRange {
  std::optional<double> win_probability, win_low, win_high, expected_dqs, dqs_low, dqs_high;
  std::vector<std::string> unknown;    // features that a scorecard uses and of which the lead says nothing
};

// Memory that one caller reuses from row to row.
struct ScoreBuffer {
  EncodedBuffer encoded, other;
  std::vector<double> joint;
  std::vector<std::uint16_t> bins;
};

class Scorer {
 public:
  // `zone` is that of the option timezone: moments without a zone are read as in training.
  explicit Scorer(Model model, Zone zone = {});
  Scorer(const Scorer&) = delete;
  Scorer& operator=(const Scorer&) = delete;
  const Model& model() const { return model_; }

  // The names of the columns wanted, in the order of `values` below: the features, then the dates that ages need, then
  // what exclusions look at besides.
  std::span<const std::string_view> columns() const { return columns_; }
  // Of columns(), the leading ones that are features: a row that has none of them is an error (no_features()).
  std::size_t feature_count() const { return model_.encoder.features.size(); }
  // The first of columns() that only exclusions look at.
  std::size_t first_of_exclusions() const { return feature_count() + (dated_ ? 2 : 0); }
  [[noreturn]] void no_features() const;

  ScoreBuffer buffer() const;
  // The index of the cohort: the largest posterior among the cohorts similar enough; -1 none.
  int cohort(std::span<const Value> values, ScoreBuffer& buffer) const;
  std::string_view cohort_key(int cohort) const { return model_.cohorts[static_cast<std::size_t>(cohort)].key; }
  // Without `forecasts`, win_probability and expected_dqs stay unknown, which saves the time of the scorecards.
  LeadScore score(std::span<const Value> values, ScoreBuffer& buffer, bool forecasts = true) const;
  std::vector<Explanation> explain(std::span<const Value> values, ScoreBuffer& buffer, const std::string& language) const;
  ScoreRange range(std::span<const Value> values, ScoreBuffer& buffer) const;
  // Every unknown attribute of which an answer can change anything: those first that can change the label or the grade, then
  // by how much they narrow the range. `language` as in explain().
  std::vector<Question> questions(std::span<const Value> values, ScoreBuffer& buffer, const std::string& language) const;
  // Similarity to one cohort, by key; none where nothing is known. An unknown cohort is an error (undefined_object).
  std::optional<double> similarity(std::span<const Value> values, ScoreBuffer& buffer, std::string_view cohort) const;
  // Similarity of two rows in the features of the model, weighted as they tell its cohorts apart.
  std::optional<double> similarity(std::span<const Value> a, std::span<const Value> b, ScoreBuffer& buffer) const;

 private:
  // What keeps a lead's label from being anything but non_target.
  struct Veto {
    std::string name;
    const AntiSegment* segment = nullptr;  // the black hole; none: an exclusion of the user's
    std::string text;                      // the user's condition
    Expression expression;
    std::vector<std::uint32_t> place;      // of its columns in `values`
    bool holds(std::span<const Value> values) const { return expression.holds(values, place); }
  };

  void encode(std::span<const Value> values, EncodedBuffer& buffer) const;
  void add_veto(Veto veto);
  const Scorecard* card(std::string_view target) const;
  // The score of a card; `bins` is left holding the row's.
  static double score_of(const Scorecard& card, const EncodedRow& row, std::vector<std::uint16_t>& bins);
  void explain_vetoes(std::span<const Value> values, bool ru, std::vector<Explanation>& out) const;

  Model model_;
  Options options_;
  Zone zone_;
  Matcher matcher_;
  std::vector<std::string_view> columns_;
  std::vector<double> feature_weight_;   // mean weight over the cohorts
  const Scorecard *win_ = nullptr, *quality_ = nullptr;
  bool dated_ = false;                   // the last two columns are first_contact_at and created_at, for ages
  std::string first_contact_, created_;
  std::vector<std::unique_ptr<const Veto>> vetoes_;
};

}  // namespace icp
