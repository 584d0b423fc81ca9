// Everything learned from one set of deals: the value of the SQL type icp_model.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "icp/dataset.hpp"
#include "icp/encoder.hpp"
#include "icp/memory.hpp"
#include "icp/mixture.hpp"
#include "icp/options.hpp"
#include "icp/population.hpp"
#include "icp/predicate.hpp"
#include "icp/rule.hpp"
#include "icp/sample.hpp"
#include "icp/scorecard.hpp"
#include "icp/stop.hpp"

namespace icp {

// An estimate with its 95 % interval; n counts rows, companies the independent units behind it.
struct Estimate {
  std::optional<double> value, low, high;
  std::int64_t n = 0, companies = 0;
  template <class A>
  void describe(A& a) {
    a.field("value", value); a.field("low", low); a.field("high", high); a.field("n", n); a.field("companies", companies);
  }
};

// What a cohort usually has in one feature, and how much that tells it from the rest: a part of similarity.
struct Criterion {
  double weight = 0;                   // of a cohort's criteria, which total 1
  double usual_low = 0, usual_high = 0;  // numeric, raw units: the middle 80 % of the members
  double spread = 1;                   // numeric, scaled units: how fast similarity falls outside
  std::vector<double> match;           // categorical, binary: similarity of each category; set: share of members with each item
  std::vector<double> item_weight;     // set: weight of each item within the feature
  std::vector<double> share;           // categorical, binary, set: share of the members with each category; numeric: empty
  std::vector<double> share_all;       // the same of all closed deals
  double median = 0, median_all = 0;   // numeric, raw units
  double known = 0;                    // share of the members whose value is known
  template <class A>
  void describe(A& a) {
    a.field("weight", weight); a.field("usual_low", usual_low); a.field("usual_high", usual_high); a.field("spread", spread);
    a.field("match", match); a.field("item_weight", item_weight); a.field("share", share); a.field("share_all", share_all);
    a.field("median", median); a.field("median_all", median_all); a.field("known", known);
  }
};

struct Cohort {
  std::string key;                     // a slug made at birth and carried to later versions
  std::string title;                   // from what unites the members; the option `titles` overrides it by language
  std::string grade;                   // A, B, C or "" (too few companies)
  bool grade_sure = false;
  std::string grade_reason;            // why the grade is not the band of the mean alone; else ""
  Estimate dqs, dqs_shrunk, win_rate;
  Estimate ltv, cac, cycle, effort, retention;  // ltv and cac count once per company
  Estimate cac_recorded;               // cac as the view has it, without what went into lost deals
  double lost_effort = 0;              // touches or hours that went into lost deals, for each won one
  std::optional<double> value_per_lead;  // expected value of a lead; needs the options margin and touch_cost or hour_cost
  std::map<std::string, Estimate> metrics;
  std::int64_t n = 0, n_closed = 0, n_companies = 0;  // n: won deals that icp_cohort() puts there
  double share = 0;                    // of the closed deals
  std::int64_t immature = 0;           // won deals too young for their DQS to count
  Predicate predicate;
  std::int64_t predicate_n = 0;        // rows of the deals view that satisfy it
  double precision = 0, recall = 0;
  std::optional<double> stability;     // mean Jaccard similarity with the same cohort learned from resamples of the companies
  std::string reliability;
  std::vector<Criterion> criteria;     // as the encoder's features
  template <class A>
  void describe(A& a) {
    a.field("key", key); a.field("title", title); a.field("grade", grade); a.field("grade_sure", grade_sure);
    a.field("grade_reason", grade_reason); a.field("dqs", dqs); a.field("dqs_shrunk", dqs_shrunk); a.field("win_rate", win_rate);
    a.field("ltv", ltv); a.field("cac", cac); a.field("cycle", cycle); a.field("effort", effort); a.field("retention", retention);
    a.field("cac_recorded", cac_recorded); a.field("lost_effort", lost_effort);
    a.field("value_per_lead", value_per_lead); a.field("metrics", metrics); a.field("n", n); a.field("n_closed", n_closed);
    a.field("n_companies", n_companies); a.field("share", share); a.field("immature", immature); a.field("predicate", predicate);
    a.field("predicate_n", predicate_n); a.field("precision", precision); a.field("recall", recall);
    a.field("stability", stability); a.field("reliability", reliability); a.field("criteria", criteria);
  }
};

struct LabelResult {
  std::string label;
  std::int64_t n = 0, won = 0;
  double share = 0;
  Estimate win_rate, dqs;
  template <class A>
  void describe(A& a) {
    a.field("label", label); a.field("n", n); a.field("won", won); a.field("share", share); a.field("win_rate", win_rate);
    a.field("dqs", dqs);
  }
};

struct Metric {
  std::string name;
  Estimate estimate;
  std::string note;
  template <class A>
  void describe(A& a) { a.field("name", name); a.field("estimate", estimate); a.field("note", note); }
};

// Rules for one target among the deals that the model was learned from.
struct DealRules {
  Population population;
  RuleList list;
  template <class A>
  void describe(A& a) { a.field("population", population); a.field("list", list); }
};

// Closed deals that satisfy a predicate; see antiicp.hpp.
struct AntiSegment {
  Predicate predicate;
  bool rule = false;                   // chosen by the outcomes; else of the vocabulary
  std::int64_t n = 0, won = 0, companies = 0;
  Estimate win_rate;                   // of mature deals; of a rule, the interval is that of the deals held out
  std::int64_t holdout_n = 0;          // of a rule
  std::optional<double> holdout_value;
  std::optional<double> at_most;       // probability that the true win rate is at most the limit
  std::optional<double> p_adjusted;    // that so low a win rate comes up anywhere by chance
  std::string main_reason, reason_text;  // its code, or where no code matches the text itself; how it is mostly written
  double main_reason_share = 0;        // among the lost deals
  std::int64_t without_reason = 0;     // lost deals
  std::string lost_stage;              // where most lost deals were lost, as mostly written
  double lost_stage_share = 0;
  std::optional<double> hours, lost_hours, touches, lost_touches, meetings, lost_meetings;  // totals
  double hours_known = 0;              // share of the deals
  Estimate deal_hours, deal_touches, ltv;  // ltv once per company
  std::string verdict;                 // black_hole, black_hole_suspected, at_limit, drops_after_..., or ""
  template <class A>
  void describe(A& a) {
    a.field("predicate", predicate); a.field("rule", rule); a.field("n", n); a.field("won", won); a.field("companies", companies);
    a.field("win_rate", win_rate); a.field("holdout_n", holdout_n); a.field("holdout_value", holdout_value);
    a.field("at_most", at_most); a.field("p_adjusted", p_adjusted); a.field("main_reason", main_reason);
    a.field("reason_text", reason_text); a.field("main_reason_share", main_reason_share); a.field("without_reason", without_reason);
    a.field("lost_stage", lost_stage); a.field("lost_stage_share", lost_stage_share); a.field("hours", hours);
    a.field("lost_hours", lost_hours); a.field("touches", touches);
    a.field("lost_touches", lost_touches); a.field("meetings", meetings); a.field("lost_meetings", lost_meetings); a.field("hours_known", hours_known); a.field("deal_hours", deal_hours);
    a.field("deal_touches", deal_touches); a.field("ltv", ltv); a.field("verdict", verdict);
  }
};

struct AntiIcp {
  AntiSegment all;                     // every closed deal: what segments and the rest add up to
  std::vector<AntiSegment> segments;
  template <class A>
  void describe(A& a) { a.field("all", all); a.field("segments", segments); }
};

struct Model {
  static constexpr std::uint16_t version = 1;

  std::optional<std::string> name;     // stamped by icp_save
  std::optional<std::int32_t> number;
  std::string options;                 // canonical JSON, as given
  std::int64_t deals = 0, won = 0, lost = 0, open = 0, companies = 0, rows_seen = 0;
  std::optional<double> as_of;         // days since 2000-01-01
  std::string reliability, reliability_reason;
  Estimate dqs, win_rate;              // of all closed deals
  Encoder encoder;
  Mixture mixture;                     // its clusters are the cohorts, in the same order
  std::vector<Cohort> cohorts;
  std::vector<LabelResult> label_results;
  std::vector<Metric> metrics;
  std::vector<Finding> findings;
  std::vector<DealRules> rules;        // for winning, for the DQS
  AntiIcp anti_icp;
  std::vector<Scorecard> scorecards;   // for winning, for the DQS; one where both outcomes, or deals with a DQS, are known
  std::vector<CardReach> reach;        // of the card for winning

  template <class A>
  void describe(A& a) {
    a.field("name", name); a.field("number", number); a.field("options", options); a.field("deals", deals); a.field("won", won);
    a.field("lost", lost); a.field("open", open); a.field("companies", companies); a.field("rows_seen", rows_seen);
    a.field("as_of", as_of); a.field("reliability", reliability); a.field("reliability_reason", reliability_reason);
    a.field("dqs", dqs); a.field("win_rate", win_rate); a.field("encoder", encoder); a.field("mixture", mixture);
    a.field("cohorts", cohorts); a.field("label_results", label_results); a.field("metrics", metrics); a.field("findings", findings);
    a.field("rules", rules);
    a.field("anti_icp", anti_icp);
    a.field("scorecards", scorecards);
    a.field("reach", reach);
  }
  void validate() const;
};

// A cohort by its key; one that the model does not have is an error (undefined_object).
const Cohort& cohort_named(const Model& model, std::string_view key);

// What is usual in a cohort, for people: "30–70", "wholesale 92 %, retail 5 %".
std::string usual(const Feature& feature, const Criterion& criterion, const std::string& language);

// Learns a model. Zero closed deals, too few of them, or one outcome only and no DQS: a model without cohorts whose
// findings say so. Throws as read_dataset and learn_encoder do, and out_of_memory before it has begun where it would need
// more than `memory` bytes.
Model fit_model(const Sample& sample, const Zone& zone, const Stop& stop, std::uint64_t memory = no_memory_limit);

// The model with options changed (icp_set); only keys that need no new fit.
Model change_model(const Model& model, std::string_view changes);

// Stamps name and number and carries cohort keys and titles from the previous version to the cohorts that match.
Model stamp_model(const Model& model, const std::string& name, std::int32_t number, const Model* previous);

// A cohort's new title; an empty title removes it. The cohort is an error (undefined_object) where there is none.
Model rename_cohort(const Model& model, const std::string& cohort, const std::string& title, const std::string& language);

// What icp_check says of rows: as deals (no model), or as leads of a model.
std::vector<Finding> check_deals(const Sample& sample, const Zone& zone, const Stop& stop, std::uint64_t memory = no_memory_limit);
std::vector<Finding> check_leads(const Sample& sample, const Model& model, const Zone& zone, const Stop& stop,
                                 std::uint64_t memory = no_memory_limit);

}  // namespace icp
