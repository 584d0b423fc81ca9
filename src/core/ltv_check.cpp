// What a fit says of itself: derived figures, what is doubtful, how it does on time that it has not seen.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "icp/estimate.hpp"
#include "icp/text.hpp"

#include "core/ltv_learn.hpp"

namespace icp::ltv {

namespace {

double z95() { return normal_quantile(0.975); }

double variance(const LtvPart& p, std::size_t i, std::size_t j) { return p.covariance[i * p.values.size() + j]; }

// a / b by its logarithm.
void say_ratio(LtvModel& model, const char* name, Words message, std::size_t a, std::size_t b) {
  const LtvPart& p = model.purchases;
  const double v = p.values[a] / p.values[b], known = variance(p, a, a) > 0 && variance(p, b, b) > 0;
  const double spread = known > 0 ? z95() * std::sqrt(std::max(0.0, variance(p, a, a) + variance(p, b, b) - 2 * variance(p, a, b))) : NAN;
  say(model, "info", name, std::move(message), v, v * std::exp(-spread), v * std::exp(spread));
}
// a / (a + b) by its log-odds.
void say_share(LtvModel& model, const char* name, Words message, std::size_t a, std::size_t b) {
  const LtvPart& p = model.purchases;
  const double odds = p.values[a] / p.values[b], known = variance(p, a, a) > 0 && variance(p, b, b) > 0;
  const double spread = known > 0 ? z95() * std::sqrt(std::max(0.0, variance(p, a, a) + variance(p, b, b) - 2 * variance(p, a, b))) : NAN;
  const auto share = [](double o) { return o / (1 + o); };
  say(model, "info", name, std::move(message), share(odds), share(odds * std::exp(-spread)), share(odds * std::exp(spread)));
}

void say_rates(LtvModel& model) {
  switch (model.kind) {
    case LtvKind::bg_nbd:
    case LtvKind::mbg_nbd:
      say_ratio(model, "mean_rate", {"purchases a week of a customer that is alive, on average", "покупок в неделю у активного клиента, в среднем"}, 0, 1);
      say_share(model, "mean_dropout", {"share that leaves after a purchase, on average", "доля уходящих после покупки, в среднем"}, 2, 3);
      break;
    case LtvKind::pareto_nbd:
      say_ratio(model, "mean_rate", {"purchases a week of a customer that is alive, on average", "покупок в неделю у активного клиента, в среднем"}, 0, 1);
      say_ratio(model, "mean_dropout", {"rate of leaving a week, on average", "интенсивность ухода в неделю, в среднем"}, 2, 3);
      break;
    case LtvKind::bg_bb:
      say_share(model, "mean_rate", {"purchases at an occasion of a customer that is alive, on average", "покупок на один случай у активного клиента, в среднем"}, 0, 1);
      say_share(model, "mean_dropout", {"share that leaves before an occasion, on average", "доля уходящих перед очередным случаем, в среднем"}, 2, 3);
      break;
    case LtvKind::sbg: say_share(model, "mean_dropout", {"share that leaves at the first renewal", "доля уходящих при первом продлении"}, 0, 1); break;
  }
}

void say_bounds(LtvModel& model, const char* part, const Learned& learned, std::span<const char* const> names) {
  std::string list;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (learned.bound[i]) list += (list.empty() ? "" : ", ") + std::string(names[i]);
  if (!list.empty()) say(model, "warning", part,
        {fmt::format("{} cannot be told from these histories and stopped at a bound; its standard error is not known", list),
         fmt::format("{}: по этим историям не определить, остановлено на границе; стандартная ошибка неизвестна", list)});
  if (!learned.part.converged) say(model, "warning", part, {"the search for the highest likelihood did not converge", "поиск наибольшего правдоподобия не сошёлся"});
}

}  // namespace

void describe_fit(LtvModel& model, const Learned& purchases, std::span<const Customer> customers) {
  const Family& family = family_of(model.kind);
  double repeat = 0, oldest = 0;
  for (const Customer& c : customers) {
    if (c.x > 0) repeat += c.weight;
    oldest = std::max(oldest, c.t);
  }
  const double n = model.customers, k = static_cast<double>(family.names().size()), ll = purchases.part.log_likelihood;
  say(model, "info", "customers", {"customers with a purchase", "клиенты с покупкой"}, n);
  say(model, "info", "repeat_customers",
      in_periods(model.kind) ? Words{"those that bought or renewed at a later occasion", "купившие или продлившие в следующий раз"}
                             : Words{"those that bought on a second day", "купившие во второй день"}, repeat);
  const bool converged = purchases.part.converged;
  say(model, "info", "converged",
      {fmt::format("{} after {} steps", converged ? "converged" : "not converged", purchases.part.iterations),
       fmt::format("{}, шагов: {}", converged ? "сошёлся" : "не сошёлся", purchases.part.iterations)}, converged ? 1 : 0);
  say(model, "info", "log_likelihood", {"of the purchases", "покупок"}, ll);
  say(model, "info", "aic", {"2 · parameters - 2 · log-likelihood", "2 · число параметров - 2 · логарифм правдоподобия"}, 2 * k - 2 * ll);
  say(model, "info", "bic", {"log(customers) · parameters - 2 · log-likelihood", "log(клиенты) · число параметров - 2 · логарифм правдоподобия"}, k * std::log(std::max(n, 1.0)) - 2 * ll);
  if (model.told) say_rates(model);
  if (repeat == 0 && model.told) say(model, "warning", "purchases",
        {"nobody bought twice: how often customers come back cannot be told, and next to nothing is expected",
         "никто не купил дважды: как часто клиенты возвращаются, не определить, и почти ничего не ожидается"});
  if (oldest == 0) say(model, "warning", "purchases", {"all customers are new on the last day: nothing can be told of them yet", "все клиенты появились в последний день: о них ещё ничего нельзя сказать"});
  if (n < 100) say(model, "warning", "purchases",
        {fmt::format("only {} customers: parameters of fewer than 100 are uncertain", number_text(n)),
         fmt::format("клиентов всего {}: параметры меньше чем по 100 ненадёжны", number_text(n))}, n);
  if (model.told) say_bounds(model, "purchases", purchases, family.names());
  if (!in_periods(model.kind) && purchases.bound[0] && purchases.part.values[0] > 1 && repeat > 0)
    say(model, "warning", "purchases",
        {"customers buy more evenly than at random times: where they have regular occasions to buy, learn with the option \"period\"",
         "клиенты покупают ровнее, чем в случайные дни: если случаи покупки регулярны, задайте параметр \"period\""});
}

namespace {

void say_independence(LtvModel& model, std::span<const Spend> spends) {
  double w = 0, mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
  for (const Spend& s : spends) w += s.weight, mx += s.weight * std::log(s.x), my += s.weight * std::log(s.mean);
  if (w < 4) return;
  mx /= w, my /= w;
  for (const Spend& s : spends) {
    const double x = std::log(s.x) - mx, y = std::log(s.mean) - my;
    xx += s.weight * x * x, yy += s.weight * y * y, xy += s.weight * x * y;
  }
  if (!(xx > 0 && yy > 0)) return;
  const double r = std::clamp(xy / std::sqrt(xx * yy), -1.0, 1.0), at = std::atanh(std::clamp(r, -0.999999, 0.999999)), spread = z95() / std::sqrt(w - 3);
  const double low = std::tanh(at - spread), high = std::tanh(at + spread);
  const bool dependent = (low > 0 || high < 0) && std::abs(r) > 0.1;
  say(model, dependent ? "warning" : "info", "spend_correlation",
      dependent ? Words{fmt::format("who buys more often spends {} at a time: Gamma-Gamma takes the two for independent, so values of frequent customers are too {}", r > 0 ? "more" : "less", r > 0 ? "low" : "high"),
                        fmt::format("кто покупает чаще, тратит за раз {}: Gamma-Gamma считает их независимыми, поэтому ценность частых клиентов {}", r > 0 ? "больше" : "меньше", r > 0 ? "занижена" : "завышена")}
                : Words{"of the logarithms of frequency and mean spend; Gamma-Gamma takes the two for independent",
                        "логарифмов частоты и среднего чека; Gamma-Gamma считает их независимыми"},
      r, low, high);
}

void say_change(LtvModel& model, const LtvSample& sample, const Stop& stop) {
  std::vector<Spend> changes;
  for (const auto& row : sample.rows())
    if (!std::isnan(row.change)) changes.push_back({0, row.change, row.customers()});
  sort(changes.begin(), changes.end(), stop, [](const Spend& a, const Spend& b) { return std::tie(a.mean, a.weight) < std::tie(b.mean, b.weight); });
  double w = 0, sum = 0, squares = 0;
  for (const Spend& s : changes) w += s.weight, sum += s.weight * s.mean;
  if (w < 30) return;
  for (const Spend& s : changes) squares += s.weight * (s.mean - sum / w) * (s.mean - sum / w);
  const double mean = sum / w, spread = z95() * std::sqrt(squares / w / (w - 1));
  const bool drifts = (mean - spread > 0 || mean + spread < 0) && std::abs(mean) > std::log(1.1);
  say(model, drifts ? "warning" : "info", "spend_change",
      drifts ? Words{"later repeat purchases are of another size than earlier ones: Gamma-Gamma takes a customer's spend for steady",
                     "поздние повторные покупки иного размера, чем ранние: Gamma-Gamma считает траты клиента неизменными"}
             : Words{"mean of the later repeat purchases over that of the earlier ones", "средняя поздняя повторная покупка к ранней"},
      std::exp(mean), std::exp(mean - spread), std::exp(mean + spread));
}

}  // namespace

void describe_spend(LtvModel& model, const LtvSample& sample, const Learned& spend, std::span<const Spend> spends, const Stop& stop) {
  if (sample.not_bought() > 0) say(model, "info", "not_bought", {"histories without a purchase, left out", "истории без покупок, не учтены"}, static_cast<double>(sample.not_bought()));
  double free = 0;
  for (const auto& row : sample.rows())
    if ((row.days > 1 || row.frequency > 0) && row.mean == 0) free += row.customers();
  if (free > 0) say(model, "info", "spend", {"repeat customers whose purchases come to nothing in money: left out of the spend", "повторные клиенты с нулевой суммой покупок: в тратах не учтены"}, free);
  double spenders = 0;
  for (const Spend& s : spends) spenders += s.weight;
  say(model, "info", "spend_customers",
      model.spend_all ? Words{"customers whose spend is learned from, by all their purchases", "клиенты, по тратам которых построена модель, по всем покупкам"}
                      : Words{"customers whose spend is learned from, by their repeat purchases", "клиенты, по тратам которых построена модель, по повторным покупкам"}, spenders);
  if (model.spend.values.empty()) {
    say(model, model.mean_spend > 0 ? "warning" : "info", "spend",
        model.mean_spend > 0 ? Words{"too few customers with known spend for Gamma-Gamma: everybody is expected to spend the mean of all purchases",
                                     "слишком мало клиентов с известными тратами для Gamma-Gamma: от каждого ожидается средняя покупка"}
                             : Words{"no money is known: purchases are forecast, values are not", "суммы неизвестны: прогнозируются покупки, но не ценность"}, spenders);
    return;
  }
  const auto mean = population_spend(model);
  say(model, "info", "spend_log_likelihood", {"of the spend", "трат"}, model.spend.log_likelihood);
  say(model, mean ? "info" : "warning", "population_mean_spend",
      mean ? Words{"expected spend of a customer of whom nothing is known", "ожидаемая покупка клиента, о котором ничего не известно"}
           : Words{"the fitted mean is far from the observed one: who bought once is expected to spend the observed mean",
                   "среднее по модели далеко от наблюдаемого: от купивших один раз ожидается наблюдаемое среднее"}, mean.value_or(model.mean_spend));
  static constexpr std::array<const char*, 3> names = {"p", "q", "v"};
  say_bounds(model, "spend", spend, names);
  say_independence(model, spends);
  say_change(model, sample, stop);
}

std::optional<Learned> check_holdout(LtvModel& model, const LtvSample& sample, const LtvOptions& options, const Stop& stop) {
  if (!options.check && !options.holdout) return std::nullopt;
  const auto span = span_of(sample);
  if (!span) {
    if (options.holdout) say(model, "warning", "holdout", {"not checked: histories made from numbers have no days", "не проверено: в историях из чисел нет дней"});
    return std::nullopt;
  }
  if (options.holdout && (*options.holdout >= span->last || *options.holdout < span->first))
    throw Error(ErrorCode::invalid_parameter, "the hold-out must begin within the time of the histories",
                fmt::format("They go from {} to {}; the last day to learn from is {}.", ltv_day_text(span->first), ltv_day_text(span->last), ltv_day_text(*options.holdout)));
  const std::int32_t day = options.holdout.value_or(span->last - (span->last - span->first) / 3);
  const std::vector<Later> later = later_of(sample, model.kind, model.period_days, day, stop);
  std::vector<Customer> known = customers_of(sample, model.kind, model.period_days, day, stop);
  double repeat = 0;
  for (const Customer& c : known)
    if (c.x > 0) repeat += c.weight;
  if (later.empty() || repeat == 0 || (!options.holdout && (repeat < 30 || weight_of(known) < 100 || span->last - span->first < 84))) {
    say(model, options.holdout ? "warning" : "info", "holdout",
        {"not checked: too few customers, repeat purchases or days before it", "не проверено: до него слишком мало клиентов, повторных покупок или дней"});
    return std::nullopt;
  }
  const Family& family = family_of(model.kind);
  const Learned learned = learn_purchases(family, known, {}, &model.purchases, stop);
  double expected = 0, bought = 0, squares = 0, wrong = 0, weight = 0, one = 0;
  const Later* last = nullptr;
  Pace pace(stop);
  for (const Later& l : later) {
    pace.step();
    const double w = l.then.weight;
    if (last == nullptr || last->then.x != l.then.x || last->then.tx != l.then.tx || last->then.t != l.then.t || last->horizon != l.horizon)
      one = family.p_alive(l.then, learned.part.values) * family.purchases(l.then, learned.part.values, l.horizon);
    last = &l;
    expected += w * one;
    bought += w * l.bought;
    squares += w * (l.bought - one) * (l.bought - one);
    wrong += w * std::abs(l.bought - one);
    weight += w;
  }
  const double spread = z95() * std::sqrt(squares);
  const std::string until = ltv_day_text(day);
  say(model, "info", "holdout_expected",
      {fmt::format("purchases that the model, learned up to {}, expects of {} customers after it; with a 95 % interval of what may come", until, number_text(weight)),
       fmt::format("покупок ожидает модель, построенная по данным до {} включительно, от клиентов ({}) после этого дня; с 95 % интервалом того, что может прийти", until, number_text(weight))},
      expected, std::max(0.0, expected - spread), expected + spread);
  say(model, "info", "holdout_actual", {"purchases that came", "покупок пришло"}, bought);
  say(model, "info", "holdout_error", {"mean absolute error of a customer's purchases", "средняя абсолютная ошибка покупок клиента"}, wrong / weight);
  const double off = bought > 0 ? expected / bought - 1 : 0;
  if (std::abs(bought - expected) > spread && std::abs(off) > 0.05)
    say(model, "warning", "holdout",
        {fmt::format("{}: after {} the model expects {:.0f} purchases and {:.0f} came, {:.0f} % too {}", off < 0 ? "under-forecast" : "over-forecast", until, expected, bought, 100 * std::abs(off), off < 0 ? "few" : "many"),
         fmt::format("прогноз {}: после {} модель ожидает покупок {:.0f}, пришло {:.0f}, на {:.0f} % {}", off < 0 ? "занижен" : "завышен", until, expected, bought, 100 * std::abs(off), off < 0 ? "меньше" : "больше")}, off);
  return learned;
}

}  // namespace icp::ltv
