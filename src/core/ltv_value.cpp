// What customers will buy and be worth, by a model.
#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/format.h>

#include "icp/estimate.hpp"
#include "icp/language.hpp"
#include "icp/text.hpp"

#include "core/ltv_learn.hpp"

namespace icp {

namespace {

constexpr double weeks_of_year = 365.25 / 7;
constexpr double most_weeks = 100 * weeks_of_year;
constexpr double tail = 0.05;           // on either side of an interval
// Above, what comes is far less certain than the parameters.
constexpr double many_customers = 5000;

using ltv::Customer;
using ltv::Future;

}  // namespace

// Remembers by what is asked: frequency, age, horizon, discount. A place is overwritten by the next that falls on it.
struct LtvScorer::Kept {
  static constexpr std::size_t places = 1 << 16;
  struct Key {
    double x, t, horizon, discount;
    bool operator==(const Key&) const = default;
    std::size_t place() const {
      std::uint64_t h = 0;
      for (const double v : {x, t, horizon, discount}) h = (h ^ std::bit_cast<std::uint64_t>(v)) * 0x9e3779b97f4a7c15ULL, h ^= h >> 29;
      return h % places;
    }
  };
  template <class V>
  struct Entry {
    Key key{-1, 0, 0, 0};
    V value{};
  };

  template <class V, class Make>
  static V get(std::vector<Entry<V>>& table, const Key& key, Make&& make) {
    if (table.empty()) table.resize(places);
    Entry<V>& e = table[key.place()];
    if (!(e.key == key)) e = {key, make()};
    return e.value;
  }

  const ltv::Family* family = nullptr;
  std::vector<Entry<Future>> futures;
  std::vector<Entry<double>> means;
};

LtvScorer::LtvScorer(LtvModel model) : model_(std::move(model)), kept_(std::make_unique<Kept>()) {
  model_.validate();
  kept_->family = &ltv::family_of(model_.kind);
}
LtvScorer::~LtvScorer() = default;
LtvScorer::LtvScorer(LtvScorer&&) noexcept = default;
LtvScorer& LtvScorer::operator=(LtvScorer&&) noexcept = default;

namespace {

Customer customer_of(const LtvModel& model, const LtvSummary& h, std::span<const LtvDay> days, std::int32_t until) {
  if (!in_periods(model.kind)) return {h.frequency, h.recency, h.age, 1};
  const bool subscription = model.kind == LtvKind::sbg;
  if (days.empty()) return ltv::in_occasions(h.frequency, h.recency, h.age, model.period_days, subscription);
  std::vector<std::int32_t> bought;
  for (const LtvDay& d : days)
    if (d.purchase()) bought.push_back(d.day);
  return ltv::in_occasions(bought, until, model.period_days, subscription);
}

// Weeks in the model's unit of time.
double horizon_of(const LtvModel& model, double weeks) { return in_periods(model.kind) ? std::floor(weeks * 7 / model.period_days + 1e-6) : weeks; }
double discount_of(const LtvModel& model, double weekly) { return in_periods(model.kind) ? weekly * model.period_days / 7 : weekly; }

}  // namespace

std::optional<double> ltv::population_spend(const LtvModel& model) {
  const auto& s = model.spend.values;
  if (s.empty() || s[1] <= 1) return std::nullopt;
  const double mean = s[0] * s[2] / (s[1] - 1);
  return mean <= 2 * model.mean_spend && mean >= model.mean_spend / 2 ? std::optional(mean) : std::nullopt;
}

LtvTerms ltv_terms(double weeks, std::optional<double> annual, std::optional<double> margin) {
  if (!(weeks >= 0 && weeks <= most_weeks)) throw Error(ErrorCode::invalid_parameter, "the horizon must be from 0 to 100 years", {}, "For example interval '36 months'.");
  if (annual && !(*annual >= 0 && *annual <= 10)) throw Error(ErrorCode::invalid_parameter, "the discount must be a yearly rate from 0 to 10", fmt::format("It is {}.", number_text(*annual)), "0.12 is 12 % a year.");
  if (margin && !(*margin >= 0 && *margin <= 1e6)) throw Error(ErrorCode::invalid_parameter, "the margin must be a share that is not negative", fmt::format("It is {}.", number_text(*margin)), "0.35 is 35 % of the revenue.");
  return {weeks, annual ? std::log1p(*annual) / weeks_of_year : 0, margin.value_or(1)};
}

std::optional<double> LtvScorer::p_alive(const LtvSummary& h, std::span<const LtvDay> days, std::int32_t until) {
  if (!h.bought || !model_.told) return std::nullopt;
  return kept_->family->p_alive(customer_of(model_, h, days, until), model_.purchases.values);
}

std::optional<double> LtvScorer::purchases(const LtvSummary& h, std::span<const LtvDay> days, std::int32_t until, double weeks) {
  if (!h.bought || !model_.told) return std::nullopt;
  const Customer c = customer_of(model_, h, days, until);
  const double horizon = horizon_of(model_, weeks);
  const double mean = Kept::get(kept_->means, {c.x, c.t, horizon, 0}, [&] { return kept_->family->purchases(c, model_.purchases.values, horizon); });
  return kept_->family->p_alive(c, model_.purchases.values) * mean;
}

namespace {

// What spend is told by: purchases of the customer's own, and their mean.
ltv::Spend own_spend(const LtvModel& model, const LtvSummary& h) {
  double x = h.frequency, mean = h.mean_spend;
  if (model.spend_all && !std::isnan(h.first_spend)) {
    mean = (h.first_spend + (x > 0 ? x * mean : 0)) / (x + 1);
    ++x;
  }
  return std::isnan(mean) || x == 0 ? ltv::Spend{} : ltv::Spend{x, mean, 1};
}

// Gamma-Gamma's expectation, of parameters p, q, v.
double expected_spend(const ltv::Spend& own, const std::vector<double>& s) { return s[0] * (s[2] + own.x * own.mean) / std::max(1e-9, s[0] * own.x + s[1] - 1); }

// Whether the parameters are leant on: not where the fitted mean of all is far from the observed one and the customer has too
// little of its own.
bool leans_on_parameters(const LtvModel& model, const ltv::Spend& own) {
  const auto& s = model.spend.values;
  if (s.empty()) return false;
  return ltv::population_spend(model).has_value() || (own.x > 0 && s[0] * own.x + s[1] - 1 >= s[0]);
}

}  // namespace

std::optional<double> LtvScorer::spend(const LtvSummary& h) const {
  if (!h.bought || model_.mean_spend == 0) return std::nullopt;
  const ltv::Spend own = own_spend(model_, h);
  if (leans_on_parameters(model_, own)) return expected_spend(own, model_.spend.values);
  // The same two ways where the fitted mean is not one to lean on: x purchases of its own beside those of the prior.
  return model_.spend.values.empty() ? model_.mean_spend : (own.x * own.mean + model_.mean_spend) / (own.x + 1);
}

namespace {

// Variance of the logarithm of a figure that the uncertain parameters of a part make (delta method, on their logarithms).
template <class Figure>
double parameter_variance(const LtvPart& part, Figure&& figure) {
  const std::size_t k = part.values.size();
  const auto logarithm = [&](const std::vector<double>& q) { return std::log(std::max(1e-300, figure(q))); };
  std::vector<double> slope(k), q = part.values;
  constexpr double step = 1e-3;
  for (std::size_t i = 0; i < k; ++i) {
    if (part.covariance[i * k + i] == 0) continue;
    q[i] = part.values[i] * std::exp(step);
    const double up = logarithm(q);
    q[i] = part.values[i] * std::exp(-step);
    slope[i] = (up - logarithm(q)) / (2 * step);
    q[i] = part.values[i];
  }
  double sum = 0;
  for (std::size_t i = 0; i < k; ++i)
    for (std::size_t j = 0; j < k; ++j) sum += slope[i] * slope[j] * part.covariance[i * k + j];
  return std::max(0.0, sum);
}

// A quantile of what is zero with the probability `none` and else log-normal with this mean and mean square.
double quantile(double probability, double none, double mean, double square) {
  if (probability <= none || !(mean > 0)) return 0;
  const double spread = std::sqrt(std::log(std::max(1.0, square / (mean * mean))));
  return mean * std::exp(spread * normal_quantile(std::min((probability - none) / (1 - none), 1 - 1e-12)) - spread * spread / 2);
}

}  // namespace

LtvValue LtvScorer::value(const LtvSummary& h, std::span<const LtvDay> days, std::int32_t until, const LtvTerms& terms) {
  LtvValue v;
  v.to_date = terms.margin * std::max(0.0, h.total);
  v.expected = v.p_alive = v.purchases = v.spend = NAN;
  v.total = v.lo = v.hi = v.to_date;
  const auto note = [&v](const char* text) { v.note += (v.note.empty() ? "" : "; ") + std::string(text); };
  if (h.total < 0) note("returned more than it bought");
  if (!h.bought) {
    note("no purchase yet");
    return v;
  }
  if (!model_.told) {
    note("the model was learned before any of its customers could come back and can tell nothing yet");
    v.total = v.lo = v.hi = NAN;
    v.spend = this->spend(h).value_or(NAN);
    return v;
  }
  const Customer c = customer_of(model_, h, days, until);
  const double horizon = horizon_of(model_, terms.horizon), discount = discount_of(model_, terms.discount);
  v.p_alive = kept_->family->p_alive(c, model_.purchases.values);
  const Future f = Kept::get(kept_->futures, {c.x, c.t, horizon, discount}, [&] { return kept_->family->future(c, model_.purchases.values, horizon, discount); });
  v.purchases = v.p_alive * f.purchases;
  const auto spend = this->spend(h);
  if (!spend) {
    note("no money is known");
    return v;
  }
  v.spend = *spend;
  v.expected = terms.margin * v.p_alive * f.discounted * v.spend;
  v.total = v.to_date + v.expected;
  if (h.frequency == 0 && !model_.spend_all) note("bought once: its spend is the mean of repeat customers, not its own");
  if (std::isnan(h.first_spend)) note("to date without the first purchase, whose amount is not known");

  // Purchases: none with a known probability, else by their first two moments. Spend: Gamma about the customer's own mean,
  // which is known up to the log-variance that Gamma-Gamma leaves.
  const double none = 1 - v.p_alive * (1 - f.none), some = 1 - none;
  if (!(some > 1e-12) || !(f.purchases > 0)) {
    v.lo = v.to_date;
    v.hi = std::max(v.to_date, v.total);
    return v;
  }
  double spread = 0, within = 0;
  if (!model_.spend.values.empty()) {
    const double p = model_.spend.values[0], x = h.frequency + (model_.spend_all ? 1 : 0);
    spread = ltv::trigamma(p * x + model_.spend.values[1]);
    within = 1 / p;
  }
  if (model_.customers < many_customers)
    spread += parameter_variance(model_.purchases, [&](const auto& q) { return kept_->family->p_alive(c, q) * kept_->family->purchases(c, q, horizon); });
  if (const ltv::Spend own = own_spend(model_, h); model_.spend.customers < many_customers && leans_on_parameters(model_, own))
    spread += parameter_variance(model_.spend, [&](const auto& q) { return expected_spend(own, q); });
  const double unit = terms.margin * v.spend * f.discounted / f.purchases;
  const double mean = v.p_alive * f.purchases / some, square = v.p_alive * (f.pairs + f.purchases) / some;
  const double level = unit * mean, squared = unit * unit * std::exp(std::min(spread, 4.0)) * (square + within * mean);
  v.lo = std::min(v.to_date + quantile(tail, none, level, squared), v.total);
  v.hi = std::max(v.to_date + quantile(1 - tail, none, level, squared), v.total);
  return v;
}

Report report_ltv_parameters(const LtvModel& model) {
  Report report;
  report.columns = {"part", "name", "value", "standard_error", "lo", "hi"};
  const auto add = [&](const char* part, const LtvPart& p, std::span<const char* const> names) {
    for (std::size_t i = 0; i < p.values.size(); ++i) {
      if (&p == &model.purchases && !model.told) {
        report.rows.push_back({cell(std::string(part)), cell(std::string(names[i])), Cell(), Cell(), Cell(), Cell()});
        continue;
      }
      const double v = p.values[i], variance = p.covariance[i * p.values.size() + i];
      const std::optional<double> se = variance > 0 ? std::optional(std::sqrt(variance)) : std::nullopt;
      const double reach = normal_quantile(0.975) * se.value_or(NAN);
      report.rows.push_back({cell(std::string(part)), cell(std::string(names[i])), cell(v), se ? cell(v * *se) : Cell(), cell(v * std::exp(-reach)), cell(v * std::exp(reach))});
    }
  };
  static constexpr std::array<const char*, 3> spend = {"p", "q", "v"};
  add("purchases", model.purchases, ltv::family_of(model.kind).names());
  add("spend", model.spend, spend);
  return report;
}

Report report_ltv_diagnostics(const LtvModel& model, std::string_view language) {
  const bool ru = russian(language);
  Report report;
  report.columns = {"severity", "name", "value", "lo", "hi", "message"};
  for (const LtvFinding& f : model.findings) report.rows.push_back({cell(f.severity), cell(f.name), cell(f.value), cell(f.low), cell(f.high), cell(ru ? f.russian : f.message)});
  return report;
}

}  // namespace icp
