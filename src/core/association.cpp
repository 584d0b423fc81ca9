#include "icp/association.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "association_confounding.hpp"
#include "association_pair.hpp"
#include "association_test.hpp"
#include "icp/estimate.hpp"
#include "icp/target.hpp"
#include "icp/training.hpp"

namespace icp {

namespace {

using namespace associations;

constexpr std::int64_t fewest_companies = 10;     // of an attribute or pair that is looked at
constexpr std::size_t most_conditions = 20;       // attributes that are tried as confounders
constexpr double affordable = 1.5e8;              // rows looked at for confounders; beyond it only of what is significant

class Finder {
 public:
  Finder(const Dataset& data, const Encoder& encoder, std::span<const std::uint32_t> rows, std::span<const double> target,
         const AssociationOptions& options, const Stop& stop)
      : encoder_(encoder), o_(options), stop_(stop), f_(make_field(data, encoder, rows, target, stop)) {}

  AssociationList find() {
    AssociationList list;
    list.n = static_cast<std::int64_t>(f_.rows.rows());
    for (std::size_t r = 0; r < f_.rows.rows(); ++r) list.companies += r == 0 || f_.rows.company[r] != f_.rows.company[r - 1];
    std::erase_if(f_.variables, [](const Variable& v) { return v.companies < fewest_companies; });
    if (f_.variables.empty()) return list;
    choose_pairs();
    const Tested tested = test(f_, pairs_, o_, stop_);
    list.attributes = static_cast<std::int64_t>(f_.variables.size());
    list.pairs = static_cast<std::int64_t>(pairs_.size());
    for (const auto* all : {&tested.p, &tested.pair_p})
      for (const double p : *all) list.p_smallest = std::min(list.p_smallest, p);
    for (std::size_t v = 0; v < f_.variables.size(); ++v) {
      stop_.poll();
      list.associations.push_back(attribute(v, tested));
    }
    confounders(list.associations);
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      stop_.poll();
      if (o_.all || tested.pair_p[i] <= o_.level) list.associations.push_back(pair(i, tested));
    }
    std::stable_sort(list.associations.begin(), list.associations.end(), [](const Association& a, const Association& b) {
      return a.information != b.information ? a.information > b.information : a.p_adjusted < b.p_adjusted;
    });
    return list;
  }

 private:
  std::string title(const Variable& v, std::size_t cell) const {
    const Feature& feature = encoder_.features[v.feature];
    if (v.item >= 0) return feature.categories[static_cast<std::size_t>(v.item)].title();
    if (v.category[cell] < 0) return "";
    return feature.categories[static_cast<std::size_t>(v.category[cell])].title();
  }
  void name(const Variable& v, std::string& attribute, std::string& item) const {
    attribute = encoder_.features[v.feature].name;
    if (v.item >= 0) item = title(v, 0);
  }
  std::string words(const Variable& v) const {
    std::string attribute, item;
    name(v, attribute, item);
    return item.empty() ? attribute : fmt::format("{} ({})", attribute, item);
  }

  // The variables whose cells are the most even and best known: whatever the target is.
  std::vector<std::size_t> widest(std::size_t most) const {
    std::vector<std::size_t> order(f_.variables.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return f_.variables[a].spread > f_.variables[b].spread; });
    order.resize(std::min(order.size(), most));
    std::sort(order.begin(), order.end());
    return order;
  }

  void choose_pairs() {
    std::size_t most = 1;
    while (most * (most + 1) / 2 <= static_cast<std::size_t>(std::max(0, o_.pairs))) ++most;
    const std::vector<std::size_t> chosen = widest(most);
    for (std::size_t i = 0; i < chosen.size(); ++i)
      for (std::size_t j = i + 1; j < chosen.size(); ++j) {
        stop_.poll();
        if (f_.variables[chosen[i]].feature == f_.variables[chosen[j]].feature) continue;
        Pair p(f_, chosen[i], chosen[j]);
        if (p.usable() && p.companies() >= 2 * fewest_companies) pairs_.push_back(std::move(p));
      }
  }

  template <class In>
  std::string reliability(std::int64_t companies, std::int64_t n, In&& in) const {
    std::int64_t ones = 0;
    for (std::size_t r = 0; f_.binary && r < f_.rows.rows(); ++r) ones += in(r) && f_.rows.target[r] > 0;
    return reliability_word(companies, f_.binary ? ones : n, n - ones, !f_.binary);
  }

  // The part of x that chance does not give, of what is left of 1.
  static double beyond(double x, double bias) { return bias < 1 ? std::clamp((x - bias) / (1 - bias), 0.0, 1.0) : 0; }

  void information(Association& a, const Plain& p, double bias) const {
    a.information = beyond(p.value, bias);
    const Interval i = squared_interval(p, bias, static_cast<double>(a.companies));
    a.information_low = std::clamp(i.low / (1 - bias), 0.0, a.information);
    a.information_high = std::clamp(i.high / (1 - bias), a.information, 1.0);
  }

  Association attribute(std::size_t index, const Tested& tested) {
    const Variable& v = f_.variables[index];
    Association a;
    name(v, a.attribute, a.item);
    a.n = v.n;
    a.companies = v.companies;
    a.p_adjusted = tested.p[index];
    a.significant = a.p_adjusted <= o_.level;
    a.reliability = reliability(v.companies, v.n, [&](std::size_t r) { return v.cell[r] != no_cell; });
    const double companies = static_cast<double>(v.companies);
    if (v.numeric) {
      a.measure = f_.binary ? "rank_biserial" : "spearman";
      const Plain p = rank_correlation(f_, v);
      a.value = p.value;
      const Interval i = correlation_interval(p, companies);
      a.low = std::min(i.low, p.value);
      a.high = std::max(i.high, p.value);
    } else {
      const Plain p = eta_squared(f_, v);
      const double bias = tested.strength[index], unit = bias / std::max(1.0, p.degrees);
      a.measure = f_.binary ? "cramers_v" : "epsilon_squared";
      // Bergsma: the smaller number of categories less 1, corrected too; n - 1 is one over the unit.
      const double most = std::min(p.degrees - p.degrees * p.degrees * unit, 1 - unit);
      const auto scaled = [&](double excess) {
        if (!f_.binary) return bias < 1 ? std::clamp(excess / (1 - bias), 0.0, 1.0) : 0;
        return most > 0 ? std::sqrt(std::clamp(excess / most, 0.0, 1.0)) : 0;
      };
      a.value = scaled(p.value - bias);
      const Interval i = squared_interval(p, bias, companies);
      a.low = std::min(scaled(i.low), a.value);
      a.high = std::max(scaled(i.high), a.value);
    }
    information(a, mutual_information(f_, v), tested.information[index]);
    contrasts_.push_back(contrast(f_, v));
    const Effect e = effect(f_, v, contrasts_.back());
    const Feature& feature = encoder_.features[v.feature];
    a.contrast = v.numeric ? (feature.age ? "older" : "higher") : feature.kind == Kind::binary ? "true" : title(v, contrasts_.back().cell);
    a.effect = e.value;
    a.effect_low = e.interval.low;
    a.effect_high = e.interval.high;
    return a;
  }

  Association pair(std::size_t index, const Tested& tested) const {
    const Pair& p = pairs_[index];
    Association a;
    name(f_.variables[p.a()], a.attribute, a.item);
    name(f_.variables[p.b()], a.with_attribute, a.with_item);
    a.n = p.n();
    a.companies = p.companies();
    a.p_adjusted = tested.pair_p[index];
    a.significant = a.p_adjusted <= o_.level;
    a.reliability = reliability(p.companies(), p.n(), [&](std::size_t r) { return p.cell(r) != p.cells(); });
    information(a, p.measure(), tested.gain[index]);
    // For a number what is told in nats is half the logarithm of what is left unexplained.
    const auto scaled = [&](double share) { return f_.binary ? share : 1 - std::exp(-2 * share * f_.entropy); };
    a.measure = f_.binary ? "interaction_information" : "partial_epsilon_squared";
    a.value = scaled(a.information);
    a.low = scaled(*a.information_low);
    a.high = scaled(*a.information_high);
    return a;
  }

  // For each attribute the other one within whose strata its effect is another, beyond chance over all that is tried.
  void confounders(std::vector<Association>& list) {
    const std::vector<std::size_t> conditions = widest(most_conditions);
    const double all = static_cast<double>(list.size() * conditions.size());
    const bool few = all * static_cast<double>(f_.rows.rows()) > affordable;
    for (std::size_t v = 0; v < list.size(); ++v) {
      if (few && !list[v].significant) continue;
      int rank = 0;
      double most = 0;
      for (const std::size_t by : conditions) {
        if (f_.variables[by].feature == f_.variables[v].feature) continue;
        stop_.poll();
        const Change c = change(f_, f_.variables[v], contrasts_[v], f_.variables[by]);
        if (!c.told || c.companies < 2 * fewest_companies || !(c.error > 0)) continue;
        const double t = std::abs(c.shift) / c.error;
        if (t < student_quantile(1 - 0.025 / all, c.companies - 1)) continue;
        const int kind = kind_of(c);
        if (kind < rank || kind == 0 || (kind == rank && t <= most)) continue;
        rank = kind;
        most = t;
        say(list[v], c, kind, f_.variables[by]);
      }
    }
  }

  static bool sure(const Effect& e) { return e.interval.low > 0 || e.interval.high < 0; }

  // 4 reversed, 3 vanishes, 2 hidden, 1 weaker, 0 nothing worth telling.
  static int kind_of(const Change& c) {
    const double crude = c.crude.value, adjusted = c.adjusted.value;
    if (crude * adjusted < 0 && (sure(c.crude) || sure(c.adjusted) || std::abs(adjusted) >= std::abs(crude) / 2)) return 4;
    if (sure(c.crude) && !sure(c.adjusted) && std::abs(adjusted) < std::abs(crude) / 2) return 3;
    if (!sure(c.crude) && sure(c.adjusted)) return 2;
    return sure(c.crude) && std::abs(adjusted) < std::abs(crude) / 2 ? 1 : 0;
  }

  void say(Association& a, const Change& c, int kind, const Variable& by) const {
    static const char* const words_of[] = {"", "weaker", "hidden", "vanishes", "reversed"};
    a.confounder = words(by);
    a.confounding = words_of[kind];
    a.adjusted = c.adjusted.value;
    a.adjusted_low = c.adjusted.interval.low;
    a.adjusted_high = c.adjusted.interval.high;
    const bool ru = o_.language == Language::ru;
    const std::string figures = fmt::format(fmt::runtime(ru ? "{:+.3g} в целом, {:+.3g} при равном {} (от {:+.3g} до {:+.3g})"
                                                            : "{:+.3g} overall, {:+.3g} within the same {} ({:+.3g} to {:+.3g})"),
                                            c.crude.value, c.adjusted.value, a.confounder, c.adjusted.interval.low, c.adjusted.interval.high);
    switch (kind) {
      case 4:
        a.note = (ru ? "направление меняется (парадокс Симпсона): " : "direction reversed (Simpson's paradox): ") + figures;
        if (!sure(c.adjusted)) a.note += ru ? "; внутри может не быть ничего" : "; within it there may also be nothing";
        break;
      case 3: a.note = (ru ? "исчезает: " : "vanishes: ") + figures; break;
      case 2: a.note = (ru ? "видно только при равном " : "shows only within the same ") + a.confounder + ": " + figures; break;
      default: a.note = (ru ? "остаётся меньше половины: " : "less than half is left: ") + figures;
    }
  }

  const Encoder& encoder_;
  AssociationOptions o_;
  const Stop& stop_;
  Field f_;
  std::vector<Pair> pairs_;
  std::vector<Contrast> contrasts_;   // by variable
};

}  // namespace

AssociationList find_associations(const Dataset& data, const Encoder& encoder, std::span<const std::uint32_t> rows,
                                  std::span<const double> target, const AssociationOptions& options, const Stop& stop) {
  return Finder(data, encoder, rows, target, options, stop).find();
}

AssociationList discover_associations(const Sample& sample, const Zone& zone, const Stop& stop, std::uint64_t memory) {
  Options options = parse_options(sample.options());
  const std::string name = options.target.value_or("");
  require_memory("associating", associations_memory, sample, options, stop, memory);
  const Dataset data = read_dataset(sample, options, zone, stop, true);
  const Target target = read_target(data, options, name);
  AssociationList list;
  if (!target.rows.empty()) {
    options.ignore.insert(name);
    std::vector<Finding> findings;
    const Encoder encoder = learn_encoder(data, target.rows, options, findings, stop);
    const AssociationSettings settings = options.associations.value_or(AssociationSettings{});
    AssociationOptions o;
    o.permutations = settings.permutations;
    o.pairs = settings.pairs;
    o.all = settings.all;
    o.seed = options.seed;
    o.language = parse_language(language_option(sample.options()));
    list = find_associations(data, encoder, target.rows, target.values, o, stop);
  }
  list.target = name;
  return list;
}

}  // namespace icp
