// What the simulations of bench/ share: counts with their error, tables of text, and deals of which nothing foretells the outcome.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "icp/hash.hpp"
#include "icp/value.hpp"

namespace simulation {

struct Count {
  int hits = 0, runs = 0;
  void add(bool hit) {
    hits += hit;
    ++runs;
  }
};

inline void say(const char* what, const Count& c) {
  const double p = c.runs > 0 ? static_cast<double>(c.hits) / c.runs : 0;
  std::printf("%-44s %5d of %5d  %6.3f ± %.3f\n", what, c.hits, c.runs, p, c.runs > 0 ? 1.96 * std::sqrt(p * (1 - p) / c.runs) : 0);
}

struct Csv {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> rows;
};

// The rows of salvirt_b2b, whose status is the outcome.
inline Csv read_csv(const char* file) {
  std::ifstream in(file);
  if (!in) {
    std::fprintf(stderr, "cannot read %s\n", file);
    std::exit(2);
  }
  Csv t;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    std::vector<std::string> cells;
    for (std::size_t from = 0; from <= line.size();) {
      const std::size_t to = std::min(line.find(',', from), line.size());
      cells.push_back(line.substr(from, to - from));
      from = to + 1;
    }
    if (t.names.empty()) t.names = cells;
    else t.rows.push_back(cells);
  }
  std::replace(t.names.begin(), t.names.end(), std::string("status"), std::string("outcome"));
  return t;
}

// The same rows with their outcomes in another order.
inline Csv shuffled(Csv t, std::uint64_t seed) {
  const auto outcome = static_cast<std::size_t>(std::find(t.names.begin(), t.names.end(), "outcome") - t.names.begin());
  icp::Random random(icp::hash64("shuffle", seed));
  for (std::size_t i = t.rows.size(); i > 1; --i) std::swap(t.rows[i - 1][outcome], t.rows[random.below(i)][outcome]);
  return t;
}

inline std::vector<icp::Value> values(const std::vector<std::string>& cells) {
  std::vector<icp::Value> row;
  for (const std::string& cell : cells) row.push_back(cell.empty() ? icp::Value{} : icp::Value::of(std::string_view(cell)));
  return row;
}

inline const std::vector<std::string_view> null_columns = {"deal_id", "company_id", "outcome", "hours", "industry", "region", "source", "employees", "urgency", "shop", "loss_reason", "dqs"};

// 100 companies × 10 deals, the companies differing by `effect` on the log-odds; add(row) takes each. One half of the sets
// has a DQS, by the parity of the seed.
template <class Add>
void null_deals(double effect, std::uint64_t seed, Add&& add) {
  using icp::Value;
  icp::Random random(icp::hash64("null", seed));
  const std::array<std::string_view, 4> industries{"wholesale", "retail", "software", "food"}, regions{"north", "south", "east", "west"}, sources{"web", "fair", "call", "partner"},
      reasons{"price", "no budget", "competitor", "timing"};
  for (int company = 0; company < 100; ++company) {
    const bool group = random.uniform() < 0.5;
    const auto industry = industries[random.uniform() < 0.8 ? (group ? 0 : 1) : random.below(4)], region = regions[random.below(4)];
    const double employees = std::round(std::exp((group ? 3 : 5) + 0.7 * random.normal())), shift = effect * random.normal(), other = random.normal();
    const bool shop = random.uniform() < (group ? 0.8 : 0.3);
    for (int deal = 0; deal < 10; ++deal) {
      const bool won = random.uniform() < 1 / (1 + std::exp(0.4 - shift));
      const double quality = std::clamp(60 + 8 * effect * other + 10 * random.normal(), 0.0, 100.0);
      const Value row[] = {Value::of(static_cast<double>(10 * company + deal)), Value::of(static_cast<double>(company)), Value::of(std::string_view(won ? "won" : "lost")),
                           Value::of(std::round(10 * std::exp(0.3 * effect * other + 0.5 * random.normal()))), Value::of(industry), Value::of(region),
                           Value::of(sources[random.below(4)]), Value::of(employees), Value::of(std::floor(100 * random.uniform())), Value::of(shop),
                           won ? Value{} : Value::of(reasons[random.below(4)]), won && seed % 2 == 0 ? Value::of(quality) : Value{}};
      add(std::span<const Value>(row));
    }
  }
}

}  // namespace simulation
