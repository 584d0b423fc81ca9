// ltv_fit(): which model, its parameters, what they stand on.
#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "core/ltv_learn.hpp"

namespace icp {

namespace ltv {

namespace {

// Bounds of the logarithms: shapes from 1e-4 to 1e4, times and money from about 1e-4 to 1e5 of their scale. Beyond, the
// likelihood is flat: a customer base without repeat purchases, or one in which everybody is alike.
constexpr double least_shape = -9.2, most_shape = 9.2, most_scale = 11.5;

LtvPart part_of(const Maximum& m, double customers) {
  LtvPart part;
  part.values = m.values;
  part.covariance = m.covariance;
  part.log_likelihood = m.value;
  part.customers = customers;
  part.iterations = static_cast<std::uint32_t>(m.iterations);
  part.converged = m.converged;
  return part;
}

double scale_of(std::span<const Customer> customers) {
  double sum = 0, weight = 0;
  for (const Customer& c : customers) sum += c.weight * c.t, weight += c.weight;
  return sum > 0 ? sum / weight : 1;
}

}  // namespace

Learned learn_purchases(const Family& family, std::span<const Customer> customers, const Prior& prior, const LtvPart* start, const Stop& stop) {
  const double scale = scale_of(customers);
  Objective o;
  o.start = start != nullptr ? start->values : family.start(scale);
  o.weight = std::max(weight_of(customers), 1e-6);
  for (std::size_t i = 0; i < o.start.size(); ++i) {
    o.low.push_back(least_shape + (family.is_time(i) ? std::log(scale) : 0));
    o.high.push_back(family.is_time(i) ? most_scale + std::log(scale) : most_shape);
  }
  o.value = [&](std::span<const double> parameters, double* gradient) { return family.log_likelihood(customers, parameters, gradient, stop); };
  const Maximum m = maximise(o, prior);
  return {part_of(m, weight_of(customers)), m.bound};
}

Learned learn_spend(std::span<const Spend> spends, const Prior& prior, const LtvPart* start, const Stop& stop) {
  double weight = 0, sum = 0;
  for (const Spend& s : spends) weight += s.weight, sum += s.weight * s.mean;
  const double scale = weight > 0 ? sum / weight : 1;
  Objective o;
  o.start = start != nullptr ? start->values : std::vector<double>{4, 3, scale / 2};
  o.low = {least_shape, least_shape, least_shape + std::log(scale)};
  o.high = {most_shape, most_shape, most_scale + std::log(scale)};
  o.weight = std::max(weight, 1e-6);
  o.value = [&](std::span<const double> parameters, double* gradient) { return gamma_gamma(spends, parameters, gradient, stop); };
  const Maximum m = maximise(o, prior);
  return {part_of(m, weight), m.bound};
}

double observed_spend(std::span<const Spend> spends) {
  double sum = 0, count = 0;
  for (const Spend& s : spends) sum += s.weight * s.x * s.mean, count += s.weight * s.x;
  return count > 0 ? sum / count : 0;
}

void say(LtvModel& model, const char* severity, const char* name, Words message, std::optional<double> value, std::optional<double> low, std::optional<double> high) {
  const auto finite = [](std::optional<double> v) { return v && std::isfinite(*v) ? v : std::nullopt; };
  model.findings.push_back({severity, name, std::move(message.en), std::move(message.ru), finite(value), finite(low), finite(high)});
}

namespace {

constexpr std::array without_contract = {LtvKind::bg_nbd, LtvKind::mbg_nbd, LtvKind::pareto_nbd};

double period_of(const LtvSample& sample, const LtvOptions& options) {
  if (options.period_days) return *options.period_days;
  for (const auto& row : sample.rows())
    if (row.days > 0)
      throw Error(ErrorCode::invalid_parameter, fmt::format("the model {} needs the option \"period\"", name_of(*options.model)),
                  "Its customers buy or renew at regular occasions, and how far they lie apart is not known.", "For example {\"period\": \"month\"}.");
  return 7;
}

// The three models without contract have four parameters each, so that differences of BIC are twice those of the
// likelihood. BG/NBD, the best known, stands unless another is better by more than 2, "positive evidence" (Kass & Raftery 1995).
constexpr double evidence = 2;

// Of very many customers every k-th is asked, in the order of frequency, recency and age, and stands for k.
constexpr std::size_t enough_to_choose = 50'000;

Learned choose(LtvModel& model, std::span<const Customer> customers, const Stop& stop) {
  std::optional<Learned> best;
  std::string tried;
  const std::size_t every = (customers.size() + enough_to_choose - 1) / enough_to_choose;
  std::vector<Customer> some;
  if (every > 1)
    for (std::size_t i = every / 2; i < customers.size(); i += every) {
      some.push_back(customers[i]);
      some.back().weight *= static_cast<double>(every);
    }
  const std::span<const Customer> asked = every > 1 ? some : customers;
  for (const LtvKind kind : without_contract) {
    Learned one = learn_purchases(family_of(kind), asked, {}, nullptr, stop);
    tried += fmt::format("{}{} {:.2f}", tried.empty() ? "" : ", ", name_of(kind), one.part.log_likelihood);
    if (best && !(one.part.log_likelihood > best->part.log_likelihood + (model.kind == LtvKind::bg_nbd ? evidence : 1e-6))) continue;
    model.kind = kind;
    best = std::move(one);
  }
  if (every > 1) best = learn_purchases(family_of(model.kind), customers, {}, &best->part, stop);
  say(model, "info", "model",
      {fmt::format("{}: BG/NBD unless another model with as many parameters has a log-likelihood higher by more than 2 ({}{})", name_of(model.kind), tried,
                   every > 1 ? fmt::format("; judged by every {}th customer", every) : ""),
       fmt::format("{}: BG/NBD, если логарифм правдоподобия другой модели с тем же числом параметров не выше больше чем на 2 ({}{})", name_of(model.kind), tried,
                   every > 1 ? fmt::format("; по каждому {}-му клиенту", every) : "")});
  return std::move(*best);
}

}  // namespace

std::optional<Fit> fit(const LtvSample& sample, const Stop& stop, std::uint64_t memory_limit) {
  if (sample.rows().empty()) return std::nullopt;
  require_memory(fmt::format("ltv_fit of {} histories", sample.rows().size()), sample.rows().size() * (sizeof(Customer) + sizeof(Spend)), memory_limit);
  Fit out;
  out.options = parse_ltv_options(sample.options());
  LtvModel& model = out.model;
  model.kind = out.options.model.value_or(LtvKind::bg_nbd);
  if (in_periods(model.kind)) model.period_days = period_of(sample, out.options);
  model.spend_all = out.options.spend_all;

  Learned learned;
  {
    const std::vector<Customer> customers = customers_of(sample, model.kind, model.period_days, {}, stop);
    model.customers = weight_of(customers);
    model.told = std::any_of(customers.begin(), customers.end(), [](const Customer& c) { return c.t > 0; });
    const bool repeats = customers.back().x > 0;
    if (out.options.model || !repeats) {
      say(model, "info", "model",
          {fmt::format("{}: {}", name_of(model.kind), out.options.model ? "by the options" : "nobody bought twice, so there is nothing to choose by"),
           fmt::format("{}: {}", name_of(model.kind), out.options.model ? "названа в параметрах" : "никто не купил дважды, выбирать не по чему")});
      learned = learn_purchases(family_of(model.kind), customers, {}, nullptr, stop);
    } else {
      learned = choose(model, customers, stop);
    }
    model.purchases = learned.part;
    describe_fit(model, learned, customers);
  }
  const auto before = check_holdout(model, sample, out.options, stop);
  if (before && !out.options.refit) model.purchases = before->part;

  const std::vector<Spend> spends = spends_of(sample, model.spend_all, stop);
  Learned spend;
  double spenders = 0;
  for (const Spend& s : spends) spenders += s.weight;
  if (spenders >= least_spenders) {
    spend = learn_spend(spends, {}, nullptr, stop);
    model.spend = spend.part;
  }
  model.mean_spend = observed_spend(spends);
  if (model.mean_spend == 0) model.mean_spend = observed_spend(spends_of(sample, true, stop));
  describe_spend(model, sample, spend, spends, stop);
  return out;
}

}  // namespace ltv

std::optional<LtvModel> fit_ltv(const LtvSample& sample, const Stop& stop, std::uint64_t memory_limit) {
  auto fit = ltv::fit(sample, stop, memory_limit);
  return fit ? std::optional(std::move(fit->model)) : std::nullopt;
}

void LtvModel::validate() const {
  const auto refuse = [](const char* why) { throw Error(ErrorCode::invalid_parameter, "invalid value of type ltv_model", why); };
  if (static_cast<std::size_t>(kind) >= ltv_kind_names.size()) refuse("Its model is unknown.");
  if (!(period_days >= 1 && period_days <= 36525)) refuse("Its period is out of range.");
  if (purchases.values.size() != ltv::family_of(kind).names().size()) refuse("It has not as many parameters as its model.");
  if (!spend.values.empty() && spend.values.size() != 3) refuse("Its spend has not three parameters.");
  for (const LtvPart* part : {&purchases, &spend}) {
    if (part->covariance.size() != part->values.size() * part->values.size()) refuse("A covariance has not as many rows as there are parameters.");
    for (std::size_t i = 0; i < part->values.size(); ++i) {
      const bool scale = part == &spend ? i == 2 : ltv::family_of(kind).is_time(i);
      const double most = scale ? 1e30 : 1e6;   // beyond what a fit gives
      if (!(part->values[i] >= 1 / most && part->values[i] <= most)) refuse("A parameter is out of range.");
    }
    for (const double v : part->covariance)
      if (!std::isfinite(v)) refuse("A covariance is not finite.");
  }
  if (!(mean_spend >= 0 && mean_spend <= 1e300) || !(customers >= 0)) refuse("A number is out of range.");
}

}  // namespace icp
