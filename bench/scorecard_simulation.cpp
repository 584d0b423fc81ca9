// Whether scorecards find something where there is nothing, and whether class weights leave probabilities true: run by hand.
//   cmake --preset default && cmake --build build/core --target scorecard_simulation
//   build/core/scorecard_simulation shuffles CSV RUNS   fits of the rows of salvirt_b2b with the outcomes shuffled
//   build/core/scorecard_simulation null SD RUNS        of 100 companies × 10 deals that nothing foretells, the companies differing
//                                                       by SD on the log-odds
//   build/core/scorecard_simulation companies N,DEALS,SIGNAL RUNS   of N companies × DEALS that differ by 0.7 on the log-odds; SIGNAL
//                                                       times what three of nine attributes foretell. Of fresh companies: the slope of the true log-odds on those told
// All take a first seed (default 1) and options of icp_fit as the last arguments. What is said: how many cards of winning and
// of the DQS are not empty, the mean AUC of those of winning on deals that they had not seen with 1.96 standard errors, and
// how often its interval takes in .5.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "icp/model.hpp"
#include "icp/options.hpp"
#include "icp/sample.hpp"
#include "icp/score.hpp"
#include "icp/scorecard.hpp"
#include "simulation.hpp"

namespace {

using namespace icp;
using namespace simulation;

// Cohorts and rules are not asked.
constexpr const char* alone = R"({"k": 1, "rules": {"top": 0}})";

struct Found {
  Count won, dqs, covered;
  double sum = 0, squares = 0;
  int areas = 0;

  void add(const Model& m) {
    for (const Scorecard& card : m.scorecards) (card.target == "won" ? won : dqs).add(!card.terms.empty());
    for (const Metric& x : m.metrics) {
      if (x.name != "win_auc" || !x.estimate.value) continue;
      const double a = *x.estimate.value;
      sum += a;
      squares += a * a;
      ++areas;
      covered.add(x.estimate.low.value_or(0) <= 0.5 && 0.5 <= x.estimate.high.value_or(1));
    }
  }
  void report() const {
    say("cards of winning that are not empty", won);
    say("cards of the DQS that are not empty", dqs);
    if (areas == 0) return;
    const double mean = sum / areas, sd = std::sqrt(std::max(0.0, squares / areas - mean * mean));
    std::printf("%-44s %6.4f ± %.4f, standard deviation %.4f\n", "AUC on deals not learned from", mean, 1.96 * sd / std::sqrt(areas), sd);
    say("intervals of the AUC that take in .5", covered);
  }
};

template <class Fill>
Model learn(const std::string& options, const std::vector<std::string_view>& names, Fill&& fill) {
  Sample sample;
  sample.start(merge_options(alone, options), "deal_id", 100000, 0);
  const auto binding = sample.bind(names);
  fill([&](std::span<const Value> row) { sample.add(binding, row); });
  return fit_model(sample, Zone{}, Stop{});
}

// ---- companies that differ ----

const std::vector<std::string_view> company_columns = {"trade", "staff", "source", "a", "b", "c", "d", "e", "f", "company_id", "outcome"};
constexpr std::size_t attributes = 9;

// The deals of one company: add(attributes, true log-odds).
template <class Add>
void company(Random& random, double signal, int deals, Add&& add) {
  static constexpr std::string_view words[] = {"food", "steel", "wood", "paper", "glass", "oil"}, sources[] = {"web", "fair", "call", "partner"};
  Value x[attributes];
  const std::size_t trade = random.below(6);
  const double staff = random.normal(), own = 0.7 * random.normal();
  x[0] = Value::of(words[trade]);
  x[1] = Value::of(std::round(std::exp(4 + staff)));
  for (std::size_t f = 3; f < 7; ++f) x[f] = Value::of(std::round(1000 * random.normal()));
  for (std::size_t f = 7; f < attributes; ++f) x[f] = Value::of(words[random.below(6)]);
  for (int i = 0; i < deals; ++i) {
    const std::size_t source = random.below(4);
    x[2] = Value::of(sources[source]);
    add(std::span<const Value>(x), -0.4 + own + signal * ((trade == 0 ? 1 : trade == 1 ? -0.7 : 0) + 0.4 * staff + (source == 0 ? 0.6 : 0)));
  }
}

struct Fresh {
  Count cards;
  double slope = 0, gain = 0;   // of cards that are not empty

  void add(const Model& m, double signal, Random& random) {
    const Scorecard& card = m.scorecards.front();
    cards.add(!card.terms.empty());
    if (card.terms.empty()) return;
    const Scorer scorer(m);
    ScoreBuffer buffer = scorer.buffer();
    std::vector<double> told, truth;
    double loss = 0, mean = 0;
    for (int i = 0; i < 5000; ++i)
      company(random, signal, 1, [&](std::span<const Value> x, double log_odds) {
        std::vector<Value> row;
        for (const std::string_view name : scorer.columns()) {
          const auto f = static_cast<std::size_t>(std::find(company_columns.begin(), company_columns.end(), name) - company_columns.begin());
          row.push_back(f < attributes ? x[f] : Value{});
        }
        const double p = *scorer.score(row, buffer).win_probability, y = probability_of(log_odds);
        loss -= y * std::log(p) + (1 - y) * std::log(1 - p);
        mean += y;
        told.push_back(std::log(p / (1 - p)));
        truth.push_back(y);
      });
    const auto n = static_cast<double>(truth.size());
    mean /= n;
    gain += -(mean * std::log(mean) + (1 - mean) * std::log(1 - mean)) - loss / n;
    // Logistic regression of the truth on what was told, by Newton's method.
    double a = 0, b = 1;
    for (int step = 0; step < 20; ++step) {
      double w = 0, wx = 0, wxx = 0, g = 0, gx = 0;
      for (std::size_t i = 0; i < told.size(); ++i) {
        const double p = probability_of(a + b * told[i]), v = p * (1 - p), e = truth[i] - p;
        w += v;
        wx += v * told[i];
        wxx += v * told[i] * told[i];
        g += e;
        gx += e * told[i];
      }
      const double d = w * wxx - wx * wx;
      a += (wxx * g - wx * gx) / d;
      b += (w * gx - wx * g) / d;
    }
    slope += b;
  }
  void report() const {
    say("cards of winning that are not empty", cards);
    if (cards.hits > 0) std::printf("%-44s %6.3f, log loss below that of one rate for all by %.4f\n", "their slope, of fresh companies", slope / cards.hits, gain / cards.hits);
  }
};

Fresh companies(const char* plan, int runs, std::uint64_t first, const std::string& options) {
  int n = 0, deals = 0;
  double signal = 0;
  if (std::sscanf(plan, "%d,%d,%lf", &n, &deals, &signal) != 3) std::exit(2);
  Fresh out;
  for (int i = 0; i < runs; ++i) {
    Random random(hash64("companies", first + static_cast<std::uint64_t>(i)));
    const Model m = learn(options, company_columns, [&](auto&& add) {
      for (int c = 0; c < n; ++c)
        company(random, signal, deals, [&](std::span<const Value> x, double log_odds) {
          std::vector<Value> row(x.begin(), x.end());
          row.push_back(Value::of(static_cast<double>(c)));
          row.push_back(Value::of(std::string_view(random.uniform() < probability_of(log_odds) ? "won" : "lost")));
          add(row);
        });
    });
    out.add(m, signal, random);
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 3 ? argv[1] : "";
  if (what != "shuffles" && what != "null" && what != "companies") {
    std::fputs("scorecard_simulation shuffles CSV RUNS | null SD RUNS | companies N,DEALS,SIGNAL RUNS, then a first seed and options\n", stderr);
    return 2;
  }
  const int runs = std::atoi(argv[3]);
  const auto first = static_cast<std::uint64_t>(argc > 4 ? std::atoll(argv[4]) : 1);
  const std::string options = argc > 5 ? argv[5] : "{}";
  if (what == "companies") {
    companies(argv[2], runs, first, options).report();
    return 0;
  }
  const Csv table = what == "shuffles" ? read_csv(argv[2]) : Csv{};
  const std::vector<std::string_view> names(table.names.begin(), table.names.end());
  Found found;
  for (int i = 0; i < runs; ++i) {
    const std::uint64_t seed = first + static_cast<std::uint64_t>(i);
    if (what == "null") {
      found.add(learn(options, null_columns, [&](auto&& add) { null_deals(std::atof(argv[2]), seed, add); }));
      continue;
    }
    const Csv t = shuffled(table, seed);
    found.add(learn(options, names, [&](auto&& add) {
      for (const auto& cells : t.rows) add(values(cells));
    }));
  }
  found.report();
  return 0;
}
