// Options of icp_fit and icp_train: what is given, what it means, what is refused.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace icp {

// The columns of the deals view that have a role, by the role's name (DESIGN: the contract).
inline constexpr const char* role_names[] = {
    "deal_id", "company_id", "outcome", "first_contact_at", "closed_at", "amount", "currency", "ltv", "cac",
    "cycle_days", "retention", "effort", "calls", "meetings", "emails", "hours", "dqs", "loss_reason", "lost_stage",
    "owner", "weight", "lead_id", "created_at", "converted_at"};

// How rules are searched; see RuleOptions for the meaning of each.
struct RuleSettings {
  int depth = 0, top = 10, permutations = 499;
  std::string direction = "both";                         // both, high, low
  double holdout = 0.2;
  std::int64_t min_companies = 10;
  bool missing = false, all = false;
  std::optional<double> exponent;
};

// How icp_associations tests; see AssociationOptions.
struct AssociationSettings {
  int permutations = 499, pairs = 200;
  bool all = false;
};

// A reason for losing a deal, and how people write it.
struct LossReason {
  std::map<std::string, std::string> titles;              // by language
  std::set<std::string> matches;                          // besides the code itself
};

// From where on a segment is called a black hole, and how hours are known; see antiicp.hpp.
struct AntiIcpSettings {
  double hours_per_win = 50, win_rate = 0.1;
  std::optional<double> hours_per_touch;                  // where neither hours nor effort in hours are known
};

// How scorecards are learned; see CardOptions.
struct ScorecardSettings {
  int pairs = 10;
  std::map<std::string, int> monotone;                    // column → 1 increasing, -1 decreasing
  double won_weight = 1, lost_weight = 1;                 // what a deal of either outcome weighs in learning
  bool balanced = false;                                  // both outcomes weigh alike
  bool weighs() const { return balanced || won_weight != lost_weight; }
};

struct Options {
  // roles: role → column, where it is not the role's own name; and what the words of `outcome` mean (folded).
  std::map<std::string, std::string> roles;
  std::set<std::string> won, lost, open;

  std::set<std::string> features, ignore, keep, metrics;  // columns by name
  std::map<std::string, std::string> kinds;               // column → numeric, binary, categorical, set, date
  std::map<std::string, std::string> levels;              // column → firmographic, technographic, situational, psychographic
  std::optional<std::set<std::string>> lead_columns;      // columns that leads have; icp_train reads them off `leads`
  std::map<std::string, double> lead_known;               // column → share of the leads in which it is known; icp_train reads it off `leads`
  std::string leads;                                      // the leads view, for icp_train and icp_check

  std::string dqs_weights = "default", dqs_scale;         // as the types dqs_weights and dqs_scale read them
  std::string effort_unit = "touches";                    // touches or hours
  double dqs_age_days = 180;                              // DQS is as observed at this age

  int k = 0;                                              // 0: chosen from the data
  int k_max = 12;
  double supervision = 0;                                 // 0: groups know nothing of outcomes; 1: features count by what they tell
  std::uint64_t seed = 0;
  std::uint64_t sample = 100000;                          // rows kept for training
  std::string timezone = "UTC";
  std::optional<std::string> as_of;                       // ISO 8601
  std::optional<double> maturity_days;

  double min_similarity = 0.5, gold_similarity = 0.7, min_coverage = 0.5;
  std::optional<double> margin, touch_cost, hour_cost;
  AntiIcpSettings anti_icp;
  ScorecardSettings scorecard;
  std::map<std::string, std::string> exclusions;          // name → condition, as exclusion.hpp reads it
  std::map<std::string, LossReason> loss_reasons;         // by code; icp_train reads them off icp_loss_reasons
  std::map<std::string, std::map<std::string, std::string>> titles;  // cohort → language → title

  std::optional<RuleSettings> rules;                      // of icp_discover and of the rules of a fit
  // Of icp_discover and icp_associations alone; icp_fit refuses them.
  std::optional<std::string> target;                      // the column whose high and low values are explained
  std::optional<AssociationSettings> associations;

  // The column that plays a role.
  std::string column_of(const std::string& role) const {
    const auto it = roles.find(role);
    return it == roles.end() ? role : it->second;
  }
  bool is_role(const std::string& column) const;
};

// Parses and checks options given as a JSON object; an unknown key or a value out of range is an error that names the
// key and, for keys, lists the known ones. An empty text means no options.
Options parse_options(std::string_view json);

// `changes` laid over `base`, single keys at every depth; a null removes a key. Both and the result are JSON objects,
// the result with sorted keys.
std::string merge_options(std::string_view base, std::string_view changes);

// The options with the target of icp_discover or icp_associations among them.
std::string with_target(std::string_view json, std::string_view target);

// The keys that icp_set may change in a model without fitting it again.
bool settable_without_refit(std::string_view key);

}  // namespace icp
