// Whether the interval of a potential holds the true quantile as often as it says, learned from few clients.
#include "icp/wallet.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "icp/hash.hpp"
#include "wallets.hpp"

namespace icp {
namespace {

using test::Rows;
using test::text;

const std::vector<std::string_view> columns = {"client_id", "industry", "region", "employees", "age", "growth", "purchases"};
const std::string_view industries[] = {"retail", "wholesale", "it"}, regions[] = {"north", "south", "west", "east"};

// Lognormal purchases of half the clients. strength: how much attributes foretell. steps: not by straight lines, with attributes
// that foretell nothing.
struct Market {
  double strength = 1;
  bool steps = false;
};
struct Client {
  std::size_t industry, region;
  double employees, age, growth, purchases, truth;
  std::vector<Value> values(const Market& m) const {
    return {Value::of(0.0), text(industries[industry]), text(regions[region]), Value::of(employees), m.steps ? Value::of(age) : Value{}, m.steps ? Value::of(growth) : Value{}, Value::of(purchases)};
  }
};
Client draw(Random& random, const Market& m) {
  Client c{random.below(3), random.below(4), std::exp(3.5 + random.normal()), 20 * random.uniform(), random.normal(), 0, 0};
  const double size = std::log(c.employees) - 3.5;
  const double location = m.steps ? 6 + (size > 0.5 ? 1 : 0) + (c.industry == 2 ? 0.6 : 0) - (c.age < 4 ? 0.7 : 0)
                                  : 6 + m.strength * (0.5 * static_cast<double>(c.industry) + 0.6 * size + 0.1 * static_cast<double>(c.region));
  c.purchases = random.below(2) == 0 ? 0 : std::exp(location + 0.7 * random.normal());
  c.truth = std::exp(location + 0.7 * 0.8416212335729143);
  return c;
}

struct Covered {
  double within = 0, width = 0;   // share of clients whose interval holds the truth; mean logarithm of hi / lo
};

Covered cover(int clients, const Market& market, int sets) {
  Covered sum;
  double asked = 0;
  for (int set = 0; set < sets; ++set) {
    Random random(static_cast<std::uint64_t>(1000 * clients + set));
    Rows rows("{}", columns);
    for (int i = 0; i < clients; ++i) {
      const auto v = draw(random, market).values(market);
      rows.add({Value::of(static_cast<double>(i)), v[1], v[2], v[3], v[4], v[5], v[6]});
    }
    const WalletScorer scorer(fit_wallet(rows.sample, {}, Stop{}));
    WalletBuffer buffer = scorer.buffer();
    for (int i = 0; i < 100; ++i) {
      const Client c = draw(random, market);
      const PotentialFigure f = test::ask(scorer, buffer, columns, c.values(market));
      if (!f.potential) continue;
      asked += 1;
      sum.within += *f.low <= c.truth && c.truth <= *f.high ? 1 : 0;
      sum.width += std::log(*f.high / *f.low);
    }
  }
  return {sum.within / asked, sum.width / asked};
}

// 93 to 100 % of all clients, were more sets drawn: how sure a model of thirty buyers is of what attributes say is a guess in itself.
TEST(WalletInterval, ItHoldsTheTruthOfFewClients) {
  for (const Market& market : {Market{1, false}, Market{0.5, false}, Market{1, true}})
    for (const int clients : {60, 100, 200, 400}) {
      const Covered c = cover(clients, market, 16);
      const std::string name = (market.steps ? "steps" : market.strength < 1 ? "weak" : "strong") + std::string("_") + std::to_string(clients);
      RecordProperty(name, std::to_string(c.within) + " within, width " + std::to_string(c.width));
      EXPECT_GT(c.within, 0.9) << name;
      EXPECT_LT(c.width, 3.5 * std::sqrt(60.0 / clients) + 0.3) << name;   // and says something
    }
}

}  // namespace
}  // namespace icp
