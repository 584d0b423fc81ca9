// Whether scorecards find something where there is nothing, and whether class weights leave probabilities true: run by hand.
//   cmake --preset default && cmake --build build/core --target scorecard_simulation
//   build/core/scorecard_simulation shuffles CSV RUNS   fits of the rows of salvirt_b2b with the outcomes shuffled
//   build/core/scorecard_simulation null SD RUNS        of 100 companies × 10 deals that nothing foretells, the companies differing
//                                                       by SD on the log-odds
// Both take a first seed (default 1) and options of icp_fit as the last arguments. What is said: how many cards of winning and
// of the DQS are not empty, the mean AUC of those of winning on deals that they had not seen with 1.96 standard errors, and
// how often its interval takes in .5.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "icp/model.hpp"
#include "icp/options.hpp"
#include "icp/sample.hpp"
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

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 3 ? argv[1] : "";
  if (what != "shuffles" && what != "null") {
    std::fputs("scorecard_simulation shuffles CSV RUNS | null SD RUNS, then a first seed and options\n", stderr);
    return 2;
  }
  const int runs = std::atoi(argv[3]);
  const auto first = static_cast<std::uint64_t>(argc > 4 ? std::atoll(argv[4]) : 1);
  const std::string options = argc > 5 ? argv[5] : "{}";
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
