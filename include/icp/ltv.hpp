// What a customer will buy and be worth: models of purchases and of spend, learned from histories.
//
// Customers without a contract, who buy when they want and leave silently: BG/NBD (Fader, Hardie & Lee 2005), MBG/NBD
// (Batislam, Denizel & Filiztekin 2007), Pareto/NBD (Schmittlein, Morrison & Colombo 1987). Regular occasions to buy:
// BG/BB (Fader, Hardie & Shang 2010). Subscriptions: shifted-beta-geometric (Fader & Hardie 2007). Spend per purchase:
// Gamma-Gamma (Colombo & Jiang 1999; Fader & Hardie 2013). All by maximum likelihood, on the logarithms of the parameters.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "icp/ltv_history.hpp"
#include "icp/memory.hpp"
#include "icp/report.hpp"
#include "icp/stop.hpp"

namespace icp {

enum class LtvKind : std::uint8_t { bg_nbd, mbg_nbd, pareto_nbd, bg_bb, sbg };
inline constexpr std::array<const char*, 5> ltv_kind_names = {"bg_nbd", "mbg_nbd", "pareto_nbd", "bg_bb", "sbg"};
inline const char* name_of(LtvKind kind) { return ltv_kind_names[static_cast<std::size_t>(kind)]; }
// Whether time is counted in occasions of one period.
inline constexpr bool in_periods(LtvKind kind) { return kind == LtvKind::bg_bb || kind == LtvKind::sbg; }

struct LtvOptions {
  std::optional<LtvKind> model;           // nothing: chosen
  bool subscription = false;
  std::optional<double> period_days;      // of regular occasions
  bool check = true;                      // hold out the last part of the time
  std::optional<std::int32_t> holdout;    // the last day that is learned from; nothing: two thirds of the time
  bool refit = true;                      // the model is learned from all the time, not only from before the hold-out
  bool spend_all = false;                 // spend is learned from all purchases, not only the repeat ones
};
LtvOptions parse_ltv_options(std::string_view json);

// Parameters of a part of the model, by maximum likelihood or, of a cohort, shrunk to the whole.
struct LtvPart {
  std::vector<double> values;             // none: not fitted
  std::vector<double> covariance;         // of their logarithms, row by row; rows and columns of zeros: at a bound, not known
  double log_likelihood = 0;
  double customers = 0;                   // weight of those that it was learned from
  std::uint32_t iterations = 0;
  bool converged = false;

  template <class A>
  void describe(A& a) {
    a.field("values", values);
    a.field("covariance", covariance);
    a.field("log_likelihood", log_likelihood);
    a.field("customers", customers);
    a.field("iterations", iterations);
    a.field("converged", converged);
  }
  bool operator==(const LtvPart&) const = default;
};

// What was noticed, or checked.
struct LtvFinding {
  std::string severity;                   // info, warning
  std::string name, message, russian;     // russian: the message in Russian
  std::optional<double> value, low, high;

  template <class A>
  void describe(A& a) {
    a.field("severity", severity);
    a.field("name", name);
    a.field("message", message);
    a.field("russian", russian);
    a.field("value", value);
    a.field("low", low);
    a.field("high", high);
  }
  bool operator==(const LtvFinding&) const = default;
};

struct LtvModel {
  static constexpr std::uint16_t version = 1;

  LtvKind kind = LtvKind::bg_nbd;
  double period_days = 7;                 // of one occasion, where there are occasions
  LtvPart purchases, spend;               // spend: p, q, v of Gamma-Gamma
  bool spend_all = false;
  double mean_spend = 0;                  // of one purchase over all; 0: no money known
  double customers = 0;
  bool told = true;                       // false: nobody was there for any time, so that the parameters are where the search began
  std::vector<LtvFinding> findings;

  void validate() const;
  template <class A>
  void describe(A& a) {
    a.field("kind", kind);
    a.field("period_days", period_days);
    a.field("purchases", purchases);
    a.field("spend", spend);
    a.field("spend_all", spend_all);
    a.field("mean_spend", mean_spend);
    a.field("customers", customers);
    a.field("told", told);
    a.field("findings", findings);
  }
  bool operator==(const LtvModel&) const = default;
};

// The state of ltv_fit(): what of the histories is needed, in the order in which they came.
class LtvSample {
 public:
  static constexpr std::uint16_t version = 1;
  explicit LtvSample(std::pmr::memory_resource* memory = std::pmr::get_default_resource()) : rows_(memory), days_(memory) {}

  bool started() const { return started_; }
  const std::string& options() const { return options_; }
  void start(std::string options);        // checks them
  void add(const LtvHistoryWords& history);
  void add(const LtvHistory& history);
  void merge(const LtvSample& other);

  std::string to_bytes() const;
  static LtvSample from_bytes(std::string_view bytes, const char* type, std::pmr::memory_resource* memory = std::pmr::get_default_resource());

  struct Row {
    std::uint64_t weight = 0;             // in units of 2^-20
    double mean = 0, first = 0, change = 0;  // as LtvSummary
    double frequency = 0, recency = 0, age = 0;  // weeks; of numbers only
    std::int32_t until = 0;
    std::uint32_t days = 0;               // of purchase; 0: made from numbers
    std::uint64_t at = 0;                 // where its days begin
    double customers() const { return static_cast<double>(weight) * 0x1p-20; }
  };
  std::span<const Row> rows() const { return rows_; }
  std::span<const std::int32_t> days(const Row& row) const { return std::span<const std::int32_t>(days_).subspan(row.at, row.days); }
  std::uint64_t not_bought() const { return not_bought_; }

 private:
  void add(const LtvSummary& summary, std::span<const LtvDay> days, std::int32_t until, bool numbers);

  bool started_ = false;
  std::string options_;
  std::uint64_t not_bought_ = 0;          // histories without a purchase
  std::pmr::vector<Row> rows_;
  std::pmr::vector<std::int32_t> days_;
};

// Nothing where no history has a purchase.
std::optional<LtvModel> fit_ltv(const LtvSample& sample, const Stop& stop = {}, std::uint64_t memory_limit = no_memory_limit);

// A model for each cohort, shrunk to the whole by as much as the cohorts differ (empirical Bayes on the logarithms).
struct LtvCohort {
  std::string cohort;
  double customers = 0;
  LtvModel model;
};
std::vector<LtvCohort> fit_ltv_by(std::span<const std::pair<std::string, const LtvSample*>> samples, const Stop& stop = {},
                                  std::uint64_t memory_limit = no_memory_limit);

// What is asked of a model. Times in weeks; money of `u` weeks from now counts exp(-discount u).
struct LtvTerms {
  double horizon = 0, discount = 0, margin = 1;
};
// An error where a figure is out of its domain. `annual` is the rate of a year.
LtvTerms ltv_terms(double weeks, std::optional<double> annual, std::optional<double> margin);

struct LtvValue {
  double to_date = 0, expected = 0, total = 0, lo = 0, hi = 0;
  double p_alive = 0, purchases = 0, spend = 0;
  std::string note;                       // what to know of this customer; empty where nothing
};

// Reads a model many times. What depends on frequency and age alone is kept.
class LtvScorer {
 public:
  explicit LtvScorer(LtvModel model);
  ~LtvScorer();
  LtvScorer(LtvScorer&&) noexcept;
  LtvScorer& operator=(LtvScorer&&) noexcept;

  const LtvModel& model() const { return model_; }
  // Nothing for who has not bought, and from a model that can tell nothing.
  std::optional<double> p_alive(const LtvSummary& history, std::span<const LtvDay> days, std::int32_t until);
  std::optional<double> purchases(const LtvSummary& history, std::span<const LtvDay> days, std::int32_t until, double weeks);
  std::optional<double> spend(const LtvSummary& history) const;
  LtvValue value(const LtvSummary& history, std::span<const LtvDay> days, std::int32_t until, const LtvTerms& terms);

 private:
  struct Kept;
  LtvModel model_;
  std::unique_ptr<Kept> kept_;
};

Report report_ltv_parameters(const LtvModel& model);
Report report_ltv_diagnostics(const LtvModel& model, std::string_view language);

}  // namespace icp
