// What the rules of subgroup discovery are worth, by simulation: run by hand.
//   cmake --preset default && cmake --build build/core --target rule_simulation
//   build/core/rule_simulation null SD RUNS         whole fits of 100 companies × 10 deals without an effect, the companies
//                                                   differing by SD on the log-odds: how often anything is reported
//   build/core/rule_simulation shuffles CSV RUNS    the same of the rows of salvirt_b2b with the outcomes shuffled
//   build/core/rule_simulation dqs|won LIFT RUNS    a planted rule (two categories and a range, 5 % of the rows): how often
//                                                   it is found, against a search that holds nothing out. dqs: LIFT above 50 at
//                                                   SD 12, 1,000 rows; won: the share is LIFT times .30, 3,000 rows
//   build/core/rule_simulation cover KIND RUNS      how often intervals hold the true value of the rules reported, of two
//                                                   conditions, in 2,000 rows with several weaker effects. KIND: dqs, won, or
//                                                   deals (won, of companies × 5 deals that differ by 0.5 on the log-odds)
// All take a first seed as the last argument (default 1). Effects are looked for with 199 permutations.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "icp/association.hpp"
#include "icp/hash.hpp"
#include "icp/model.hpp"
#include "icp/options.hpp"
#include "icp/rule.hpp"
#include "icp/sample.hpp"
#include "simulation.hpp"

namespace {

using namespace icp;
using namespace simulation;

// ---- nothing ----

struct Anything {
  Count any, won, dqs, anti, grades, behaviour, associations, cohorts;
  void add(const Model& m, bool associated) {
    bool won_here = false, dqs_here = false, anti_here = false, grade = false, differ = false;
    for (const DealRules& r : m.rules) (r.list.target == "won" ? won_here : dqs_here) = !r.list.rules.empty();
    for (const AntiSegment& s : m.anti_icp.segments) anti_here = anti_here || (s.rule && s.p_adjusted.value_or(1) <= error_budget);
    // With a DQS grades are bands, not findings.
    if (!m.dqs.value)
      for (const Cohort& c : m.cohorts) grade = grade || c.grade == "A" || c.grade == "C";
    for (const Metric& x : m.metrics) differ = differ || (x.name.starts_with("tess_") && x.note.find("they differ") != std::string::npos);
    won.add(won_here);
    dqs.add(dqs_here);
    anti.add(anti_here);
    grades.add(grade);
    behaviour.add(differ);
    any.add(won_here || dqs_here || anti_here || grade || differ);
    associations.add(associated);
    cohorts.add(m.cohorts.size() > 1);
  }
  void report() const {
    say("anything in a fit", any);
    say("  rules for winning", won);
    say("  rules for the DQS", dqs);
    say("  segments that lose", anti);
    say("  grades A or C by win rate", grades);
    say("  cohorts that behave differently", behaviour);
    say("anything among associations, asked apart", associations);
    say("(fits with more than one cohort)", cohorts);
  }
};

bool associated(const AssociationList& list) {
  return std::any_of(list.associations.begin(), list.associations.end(), [](const Association& a) { return a.significant; });
}

void add_null(Anything& out, double effect, std::uint64_t seed) {
  Sample fit, asked;
  fit.start("{}", "deal_id", 100000, 0);
  asked.start(with_target(R"({"ignore": ["hours", "loss_reason", "dqs"]})", "outcome"), "deal_id", 100000, 0);
  const auto binding = fit.bind(null_columns), binding2 = asked.bind(null_columns);
  null_deals(effect, seed, [&](std::span<const Value> row) {
    fit.add(binding, row);
    asked.add(binding2, row);
  });
  out.add(fit_model(fit, Zone{}, Stop{}), associated(discover_associations(asked, Zone{}, Stop{})));
}

void add_shuffle(Anything& out, const Csv& given, std::uint64_t seed) {
  const Csv t = shuffled(given, seed);
  Sample fit, asked;
  fit.start("{}", "deal_id", 100000, 0);
  asked.start(with_target("{}", "outcome"), "deal_id", 100000, 0);
  const std::vector<std::string_view> names(t.names.begin(), t.names.end());
  const auto binding = fit.bind(names), binding2 = asked.bind(names);
  for (const auto& cells : t.rows) {
    const std::vector<Value> row = values(cells);
    fit.add(binding, row);
    asked.add(binding2, row);
  }
  out.add(fit_model(fit, Zone{}, Stop{}), associated(discover_associations(asked, Zone{}, Stop{})));
}

// ---- something ----

struct Plan {
  bool share = false;         // the target is won, else a DQS
  int rows = 1000, a_company = 1;
  double effect = 0;          // SD of companies, on the log-odds
  double lift = 0;
  bool several = false;       // other effects, besides
};

Plan plan_of(const std::string& kind, double lift) {
  Plan p;
  p.share = kind != "dqs";
  if (p.share) p.rows = 3000;
  p.lift = lift;
  return p;
}

constexpr double from = 20, to = 65;   // the planted range

// Rows of eight attributes; `mean` receives the true mean of each row, which becomes a column where `target` says so.
Sample draw(const Plan& p, int rows, const std::string& options, std::uint64_t seed, bool target) {
  Random random(hash64("rules", seed));
  Sample s;
  s.start(with_target(options, "y"), "", 10'000'000, 0);
  const std::vector<std::string_view> names = {"company_id", "c0", "c1", "c2", "c3", "c4", "x0", "x1", "x2", target ? "y" : "mean"};
  const auto binding = s.bind(names);
  const std::array<std::string_view, 3> words{"a", "b", "c"};
  std::array<std::size_t, 5> c{};
  std::array<double, 3> x{};
  double shift = 0;
  for (int i = 0; i < rows; ++i) {
    const bool fresh = i % p.a_company == 0;
    if (fresh) shift = p.effect * random.normal();
    for (std::size_t f = 0; f < 5; ++f)
      if (fresh || f >= 2) c[f] = random.below(3);
    for (std::size_t f = 0; f < 3; ++f)
      if (fresh || f > 0) x[f] = std::floor(1000 * random.uniform()) / 10;
    const bool in = c[0] == 1 && c[2] == 2 && x[0] >= from && x[0] < to;
    double mean = p.share ? 0.3 * (in ? p.lift : 1) : 50 + (in ? p.lift : 0);
    if (p.several) {
      const double size = (c[1] == 0 ? 1 : 0) + (c[3] == 1 && x[1] < 30 ? 2 : 0) - (c[4] == 2 && c[2] == 1 ? 2 : 0) + (x[2] >= 85 ? 2 : 0);
      mean += size * (p.share ? 0.07 : 2);
    }
    if (p.effect > 0) mean = 1 / (1 + (1 - mean) / mean * std::exp(-shift));
    const double y = p.share ? static_cast<double>(random.uniform() < mean) : mean + 12 * random.normal();
    const Value row[] = {Value::of(static_cast<double>(i / p.a_company)), Value::of(words[c[0]]), Value::of(words[c[1]]), Value::of(words[c[2]]), Value::of(words[c[3]]),
                         Value::of(words[c[4]]), Value::of(x[0]), Value::of(x[1]), Value::of(x[2]), Value::of(target ? y : mean)};
    s.add(binding, row);
  }
  return s;
}

struct Power {
  Count any, right, bounds, all_bounds;
  void add(const RuleList& list) {
    any.add(!list.rules.empty());
    std::set<std::string> columns, named;
    bool near = false;
    if (!list.rules.empty())
      for (const Condition& c : list.rules[0].predicate.conditions) {
        columns.insert(c.column);
        named.insert(c.values.begin(), c.values.end());
        if (c.kind == Kind::numeric) near = std::abs(c.low - from) <= 10 && std::abs(c.high - to) <= 10;
      }
    const bool same = columns == std::set<std::string>{"c0", "c2", "x0"} && named == std::set<std::string>{"b", "c"};
    right.add(same);
    if (same) bounds.add(near);
    all_bounds.add(same && near);
  }
  void report() const {
    say("  a rule is reported", any);
    say("  the first has the right conjuncts", right);
    say("  ... and bounds within 10 points", all_bounds);
    say("  bounds, of those with the right conjuncts", bounds);
  }
};

void power(const Plan& p, int runs, std::uint64_t first) {
  Power usual, whole;
  for (int i = 0; i < runs; ++i) {
    const std::uint64_t seed = first + static_cast<std::uint64_t>(i);
    usual.add(discover_rules(draw(p, p.rows, R"({"rules": {"permutations": 199}})", seed, true), Zone{}, Stop{}));
    whole.add(discover_rules(draw(p, p.rows, R"({"rules": {"permutations": 199, "holdout": 0}})", seed, true), Zone{}, Stop{}));
  }
  std::puts("by default");
  usual.report();
  std::puts("nothing held out: exhaustive search with Westfall and Young's test");
  whole.report();
}

void cover(const std::string& kind, int runs, std::uint64_t first) {
  Plan p = plan_of(kind, kind == "dqs" ? 8 : 1.5);
  p.rows = 2000;
  p.several = true;
  if (kind == "deals") {
    p.a_company = 5;
    p.effect = 0.5;
  }
  const Sample population = draw(p, 100'000, "{}", ~first, false);
  Options options = parse_options(population.options());
  const Stop stop;
  const Dataset data = read_dataset(population, options, Zone{}, stop, true);
  const DataColumn& mean = *data.find("mean");
  struct Intervals {
    Count covered, above, below;
    double excess = 0;
    std::vector<double> lengths;
    void add(double low, double high, double seen, double truth, double sign) {
      excess += seen - sign * truth;
      lengths.push_back(high - low);
      covered.add(low <= truth && truth <= high);
      above.add(truth < low);
      below.add(truth > high);
    }
    void report(const char* what) {
      say(what, covered);
      if (covered.runs == 0) return;
      std::sort(lengths.begin(), lengths.end());
      std::printf("%44s wholly above the truth %d, below %d; median length %.3g, 90 %% below %.3g; held-out means less the truth %.3g\n", "", above.hits,
                  below.hits, lengths[lengths.size() / 2], lengths[lengths.size() * 9 / 10], excess / covered.runs);
    }
  } many, few, top;
  Count none;
  for (int i = 0; i < runs; ++i) {
    const RuleList list = discover_rules(draw(p, p.rows, R"({"rules": {"depth": 2, "permutations": 199}})", first + static_cast<std::uint64_t>(i), true), Zone{}, stop);
    none.add(list.rules.empty());
    for (const Rule& r : list.rules) {
      if (!r.low) continue;
      double sum = 0, n = 0;
      for (std::size_t row = 0; row < data.rows; ++row)
        if (r.predicate.holds(data, row)) {
          const auto w = static_cast<double>(data.count[row]);
          sum += w * mean.numbers[row];
          n += w;
        }
      // The excess of rules for low values is turned, so that it always flatters.
      const double sign = r.value > list.value ? 1 : -1;
      (r.holdout_n >= 50 ? many : few).add(*r.low, *r.high, sign * *r.holdout_value, sum / n, sign);
      if (&r == list.rules.data()) top.add(*r.low, *r.high, sign * *r.holdout_value, sum / n, sign);
    }
  }
  many.report("held out 50 or more");
  few.report("held out 20 to 49");
  top.report("the first rule of a list");
  say("(runs without a rule)", none);
}

int usage() {
  std::fputs("rule_simulation null SD RUNS | shuffles CSV RUNS | dqs LIFT RUNS | won LIFT RUNS | cover dqs|won|deals RUNS, and a first seed\n", stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return usage();
  const std::string what = argv[1];
  const int runs = std::atoi(argv[3]);
  const auto first = static_cast<std::uint64_t>(argc > 4 ? std::atoll(argv[4]) : 1);
  if (what == "null" || what == "shuffles") {
    Anything out;
    const Csv table = what == "shuffles" ? read_csv(argv[2]) : Csv{};
    for (int i = 0; i < runs; ++i) {
      const std::uint64_t seed = first + static_cast<std::uint64_t>(i);
      if (what == "null") add_null(out, std::atof(argv[2]), seed);
      else add_shuffle(out, table, seed);
    }
    out.report();
  } else if (what == "dqs" || what == "won") {
    power(plan_of(what, std::atof(argv[2])), runs, first);
  } else if (what == "cover") {
    cover(argv[2], runs, first);
  } else {
    return usage();
  }
  return 0;
}
