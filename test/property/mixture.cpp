// What the mixture is for: groups planted by laws of seven unlike families come back, and none where there are none.
#include "icp/mixture.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "planted.hpp"

namespace icp {
namespace {

using planted::adjusted_rand;
using planted::Family;
using planted::Law;

struct Trial {
  std::size_t groups = 0;
  int found = 0;
  double index = 0, bayes = 0;   // on fresh rows
};

Trial attempt(Family family, std::size_t groups, bool balanced, std::size_t rows, std::uint64_t seed) {
  const Law law = planted::separable_law(family, groups, balanced, 0.975, seed);
  double least = 1;
  for (const double w : law.weight) least = std::min(least, w);
  Random random(seed + 1);
  const Law::Rows train = law.draw(std::max(rows, static_cast<std::size_t>(110 / least)), random), fresh = law.draw(2000, random);
  const Mixture m = fit_mixture(train.table, {}, Stop());
  return {groups, m.clusters(), adjusted_rand(fresh.truth, assign_clusters(m, fresh.table, Stop())),
          adjusted_rand(fresh.truth, fresh.bayes)};
}

TEST(MixtureProperty, PlantedGroupsComeBack) {
  int trials = 0, right = 0, close = 0;
  for (const Family family : planted::families)
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      const Trial t = attempt(family, 2 + (seed + static_cast<std::uint64_t>(family)) % 5, seed % 2 == 0, 700, 4000 + 10 * static_cast<std::uint64_t>(family) + seed);
      if (t.bayes < 0.97) continue;
      ++trials;
      right += t.found == static_cast<int>(t.groups) ? 1 : 0;
      close += t.index >= 0.97 * t.bayes ? 1 : 0;
    }
  EXPECT_GE(trials, 12);
  EXPECT_GE(right, std::ceil(0.9 * trials)) << "of " << trials;
  EXPECT_GE(close, std::ceil(0.9 * trials)) << "of " << trials;
}

TEST(MixtureProperty, ManyGroupsWithinOne) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const Trial t = attempt(Family::prototypes, 6 + seed, true, 900, 50 + seed);
    EXPECT_LE(std::abs(t.found - static_cast<int>(t.groups)), 1) << t.groups << " groups";
  }
}

TEST(MixtureProperty, NoGroupsWhereThereAreNone) {
  int wrong = 0;
  for (const Family family : planted::families)
    for (std::uint64_t seed = 1; seed <= 2; ++seed) wrong += attempt(family, 1, true, 300 * seed, 900 + seed).found != 1 ? 1 : 0;
  EXPECT_LE(wrong, 1);
}

// Uniform, correlated and zero-inflated numbers, many rows: what over-splits under the Bayesian information criterion.
TEST(MixtureProperty, ShapesDoNotSplitAGroup) {
  Random random(7);
  Table t;
  t.rows = 5000;
  t.columns.resize(6);
  for (std::size_t r = 0; r < t.rows; ++r) {
    const double a = random.normal(), b = random.normal();
    t.columns[0].numbers.push_back(random.uniform());
    t.columns[1].numbers.push_back(a);
    t.columns[2].numbers.push_back(0.9 * a + std::sqrt(1 - 0.81) * b);
    t.columns[3].numbers.push_back(random.uniform() < 0.4 ? 0 : std::exp(random.normal()));
    t.columns[4].numbers.push_back(-std::log(1 - random.uniform()));
    t.columns[5].numbers.push_back(std::floor(12 * random.uniform()));
  }
  EXPECT_EQ(fit_mixture(t, {}, Stop()).clusters(), 1);
}

// Rows whose attributes are drawn apart look at least twenty times likelier as one cluster's at most one time in twenty,
// whatever is missing.
TEST(MixtureProperty, ShuffledRowsAreNotTakenForMembers) {
  const Law law = planted::separable_law(Family::market, 4, true, 0.98, 3);
  Random random(5);
  const Law::Rows rows = law.draw(1500, random);
  const Mixture m = fit_mixture(rows.table, {}, Stop());
  const auto k = static_cast<std::size_t>(m.clusters()), features = rows.table.columns.size();
  std::vector<double> joint(k), numbers(features);
  std::vector<std::int32_t> codes(features);
  std::vector<std::span<const std::int32_t>> sets(features);
  std::vector<std::uint8_t> known(features);
  for (const double missing : {0.0, 0.3, 0.7}) {
    std::vector<int> taken(k, 0);
    const int trials = 8000;
    for (int i = 0; i < trials; ++i) {
      for (std::size_t f = 0; f < features; ++f) {
        const TableColumn& c = rows.table.columns[f];
        const std::size_t r = random.below(rows.table.rows);
        known[f] = !c.missing(r) && random.uniform() >= missing;
        if (known[f] == 0) continue;
        if (c.kind == Kind::numeric) numbers[f] = c.numbers[r];
        else if (c.kind == Kind::set) sets[f] = c.set_of(r);
        else codes[f] = c.codes[r];
      }
      const EncodedRow row{numbers, codes, sets, known};
      m.log_joint(row, joint);
      const double apart = m.log_independent(row);
      for (std::size_t c = 0; c < k; ++c) taken[c] += joint[c] - m.log_weight[c] - apart >= std::log(20.0) ? 1 : 0;
    }
    for (std::size_t c = 0; c < k; ++c) EXPECT_LE(taken[c], trials / 20 * 1.1) << missing;
  }
}

// Public sets with known classes, where their folder is named by ICP_DATA.
struct Public {
  Table table;
  std::vector<std::int32_t> classes;
};
Public read_public(const std::string& path, const std::string& name, const std::set<std::string>& numeric, bool positive) {
  Public out;
  std::ifstream in(path);
  std::vector<std::vector<std::string>> lines;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    std::stringstream stream(line);
    lines.emplace_back();
    for (std::string cell; std::getline(stream, cell, ',');) lines.back().push_back(cell);
    lines.back().resize(lines.front().size());
  }
  if (lines.empty()) return out;
  out.table.rows = lines.size() - 1;
  for (std::size_t f = 0; f < lines[0].size(); ++f) {
    TableColumn column;
    std::map<std::string, std::int32_t> codes;
    for (std::size_t r = 1; r < lines.size(); ++r)
      if (!lines[r][f].empty()) codes.emplace(lines[r][f], 0);
    std::int32_t n = 0;
    for (auto& [text, code] : codes) code = n++;
    if (f + 1 == lines[0].size()) {
      for (std::size_t r = 1; r < lines.size(); ++r) {
        const std::int32_t v = std::atoi(lines[r][f].c_str());
        out.classes.push_back(positive ? (v > 0 ? 1 : 0) : v);
      }
      continue;
    }
    if (lines[0][f] == name) continue;
    if (numeric.contains(lines[0][f])) {
      for (std::size_t r = 1; r < lines.size(); ++r)
        column.numbers.push_back(lines[r][f].empty() ? missing_number : std::atof(lines[r][f].c_str()));
    } else {
      column.kind = n == 2 ? Kind::binary : Kind::categorical;
      column.categories = n;
      for (std::size_t r = 1; r < lines.size(); ++r) column.codes.push_back(lines[r][f].empty() ? missing_category : codes[lines[r][f]]);
    }
    out.table.columns.push_back(std::move(column));
  }
  return out;
}

TEST(MixtureProperty, PublicSets) {
  const char* folder = std::getenv("ICP_DATA");
  if (folder == nullptr) GTEST_SKIP() << "ICP_DATA is not set";
  const std::string root = folder;
  const Public zoo = read_public(root + "/zoo/zoo.csv", "animal_name", {"legs"}, false);
  ASSERT_EQ(zoo.table.rows, 101U);
  EXPECT_GT(adjusted_rand(zoo.classes, assign_clusters(fit_mixture(zoo.table, {}, Stop()), zoo.table, Stop())), 0.7);
  const Public heart = read_public(root + "/heart_cleveland/heart_cleveland.csv", "", {"age", "trestbps", "chol", "thalach", "oldpeak"}, true);
  ASSERT_EQ(heart.table.rows, 303U);
  EXPECT_GT(adjusted_rand(heart.classes, assign_clusters(fit_mixture(heart.table, {}, Stop()), heart.table, Stop())), 0.3);
  // The number of classes named, as icp_cluster(row, k) does.
  const auto named = [](const Public& set, int k) {
    MixtureOptions options;
    options.k = k;
    options.explain = true;
    return adjusted_rand(set.classes, assign_clusters(fit_mixture(set.table, options, Stop()), set.table, Stop()));
  };
  EXPECT_GE(named(zoo, 7), 0.66);
  EXPECT_GE(named(heart, 2), 0.36);
}

}  // namespace
}  // namespace icp
