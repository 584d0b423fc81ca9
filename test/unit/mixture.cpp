#include "icp/mixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "planted.hpp"

namespace icp {
namespace {

using planted::adjusted_rand;
using planted::Family;
using planted::Law;

// The table's rows in another order.
Table reorder(const Table& table, const std::vector<std::size_t>& order) {
  Table out;
  out.rows = order.size();
  for (const TableColumn& from : table.columns) {
    TableColumn to;
    to.kind = from.kind;
    to.categories = from.categories;
    if (from.kind == Kind::set) to.offsets.push_back(0);
    for (const std::size_t r : order) {
      if (from.kind == Kind::numeric) to.numbers.push_back(from.numbers[r]);
      else if (from.kind != Kind::set) to.codes.push_back(from.codes[r]);
      else {
        for (const std::int32_t i : from.set_of(r)) to.items.push_back(i);
        to.offsets.push_back(static_cast<std::uint32_t>(to.items.size()));
        to.known.push_back(from.known[r]);
      }
    }
    out.columns.push_back(std::move(to));
  }
  for (const std::size_t r : order)
    if (!table.weight.empty()) out.weight.push_back(table.weight[r]);
  return out;
}

Law::Rows planted_rows(std::size_t groups, std::size_t rows, std::uint64_t seed) {
  Random random(seed);
  return planted::separable_law(Family::gaussian, groups, true, 0.97, seed).draw(rows, random);
}

// One row of a table, as scoring sees it.
struct RowView {
  std::vector<double> numbers;
  std::vector<std::int32_t> codes;
  std::vector<std::span<const std::int32_t>> sets;
  std::vector<std::uint8_t> known;
  RowView(const Table& t, std::size_t r) {
    for (const TableColumn& c : t.columns) {
      numbers.push_back(c.kind == Kind::numeric ? c.numbers[r] : 0);
      codes.push_back(c.kind == Kind::numeric || c.kind == Kind::set ? 0 : c.codes[r]);
      sets.push_back(c.kind == Kind::set ? c.set_of(r) : std::span<const std::int32_t>());
      known.push_back(c.missing(r) ? 0 : 1);
    }
  }
  EncodedRow row() const { return {numbers, codes, sets, known}; }
};

TEST(Mixture, FindsGivenGroups) {
  const Law::Rows rows = planted_rows(4, 1200, 11);
  MixtureOptions options;
  options.k = 4;
  const Mixture m = fit_mixture(rows.table, options, Stop());
  EXPECT_EQ(m.clusters(), 4);
  EXPECT_TRUE(m.choice.given);
  EXPECT_GT(adjusted_rand(rows.truth, assign_clusters(m, rows.table, Stop())), 0.9);
}

TEST(Mixture, OrderOfRowsDoesNotMatter) {
  const Law::Rows rows = planted_rows(3, 700, 5);
  std::vector<std::size_t> order(rows.table.rows);
  std::iota(order.begin(), order.end(), std::size_t{0});
  Random random(3);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  const Table other = reorder(rows.table, order);
  MixtureOptions options;
  options.fit_rows = 500;   // a sample too must not depend on it
  options.starts = 3;
  const Mixture a = fit_mixture(rows.table, options, Stop()), b = fit_mixture(other, options, Stop());
  EXPECT_EQ(to_binary(a), to_binary(b));
  const auto x = assign_clusters(a, rows.table, Stop()), y = assign_clusters(b, other, Stop());
  for (std::size_t i = 0; i < order.size(); ++i) ASSERT_EQ(y[i], x[order[i]]);
}

TEST(Mixture, CopiesAreWeights) {
  const Law::Rows rows = planted_rows(3, 400, 8);
  std::vector<std::size_t> twice;
  for (std::size_t r = 0; r < rows.table.rows; ++r) twice.insert(twice.end(), 2, r);
  Table weighted = rows.table;
  weighted.weight.assign(weighted.rows, 2.0);
  MixtureOptions options;
  options.starts = 2;
  EXPECT_EQ(to_binary(fit_mixture(reorder(rows.table, twice), options, Stop())),
            to_binary(fit_mixture(weighted, options, Stop())));
}

TEST(Mixture, ProbabilitiesSumToOne) {
  const Law::Rows rows = planted_rows(3, 600, 21);
  const Mixture m = fit_mixture(rows.table, {}, Stop());
  const auto k = static_cast<std::size_t>(m.clusters());
  double sum = 0;
  for (const double w : m.log_weight) sum += std::exp(w);
  EXPECT_NEAR(sum, 1, 1e-9);
  for (const MixtureFeature& f : m.features) {
    if (f.kind == Kind::set) continue;
    for (std::size_t c = 0; c < k; ++c) {
      double p = 0;
      for (std::size_t l = 0; l < static_cast<std::size_t>(f.levels); ++l) p += std::exp(f.log_cluster[l * k + c]);
      EXPECT_NEAR(p, 1, 1e-9);
    }
    double p = 0;
    for (const double x : f.log_whole) p += std::exp(x);
    EXPECT_NEAR(p, 1, 1e-9);
  }
}

TEST(Mixture, NothingKnownSaysNothing) {
  const Law::Rows rows = planted_rows(3, 600, 21);
  const Mixture m = fit_mixture(rows.table, {}, Stop());
  RowView view(rows.table, 0);
  std::fill(view.known.begin(), view.known.end(), 0);
  std::vector<double> out(static_cast<std::size_t>(m.clusters()));
  m.log_joint(view.row(), out);
  EXPECT_EQ(out, m.log_weight);
  EXPECT_EQ(m.log_independent(view.row()), 0);
  EXPECT_EQ(m.log_feature_whole(view.row(), 0), 0);
}

TEST(Mixture, EveryNumberHasItsCell) {
  const Law::Rows rows = planted_rows(3, 600, 21);
  const Mixture m = fit_mixture(rows.table, {}, Stop());
  RowView view(rows.table, 0);
  for (std::size_t f = 0; f < m.features.size(); ++f) {
    const MixtureFeature& feature = m.features[f];
    if (feature.kind != Kind::numeric || feature.edges.empty()) continue;
    view.known[f] = 1;
    std::vector<double> numbers{-1e308, 1e308, 0, 5e-324};
    for (const double e : feature.edges) numbers.insert(numbers.end(), {e, std::nextafter(e, -1e9), std::nextafter(e, 1e9)});
    for (const double x : numbers) {
      view.numbers[f] = x;
      const auto expected = std::upper_bound(feature.edges.begin(), feature.edges.end(), x) - feature.edges.begin();
      EXPECT_EQ(feature.cell(x), expected);
      EXPECT_EQ(m.log_feature_whole(view.row(), f), feature.log_whole[static_cast<std::size_t>(expected)]);
    }
  }
}

// The joint is the sum of the features' parts where no numbers are joined.
TEST(Mixture, JointIsTheSumOfItsParts) {
  const Law::Rows rows = planted_rows(3, 600, 21);
  Mixture m = fit_mixture(rows.table, {}, Stop());
  m.blocks.clear();
  m.prepare();
  std::vector<double> joint(static_cast<std::size_t>(m.clusters()));
  for (std::size_t r = 0; r < 100; ++r) {
    const RowView view(rows.table, r);
    m.log_joint(view.row(), joint);
    for (int c = 0; c < m.clusters(); ++c) {
      double sum = m.log_weight[static_cast<std::size_t>(c)];
      for (std::size_t f = 0; f < m.features.size(); ++f) sum += m.log_feature(view.row(), f, c);
      EXPECT_NEAR(joint[static_cast<std::size_t>(c)], sum, 1e-9);
    }
  }
}

// With one of a pair missing the pair says nothing beyond the other's own part; numbers that move together fit better.
TEST(Mixture, CorrelatedNumbersAreJoined) {
  Random random(3);
  Table t;
  t.rows = 2000;
  t.columns.resize(3);
  for (std::size_t r = 0; r < t.rows; ++r) {
    const double a = random.normal();
    t.columns[0].numbers.push_back(a);
    t.columns[1].numbers.push_back(0.9 * a + 0.436 * random.normal());
    t.columns[2].numbers.push_back(random.uniform() < 0.2 ? missing_number : 0.7 * a + 0.714 * random.normal());
  }
  const Mixture m = fit_mixture(t, {}, Stop());
  ASSERT_EQ(m.clusters(), 1);
  ASSERT_EQ(m.blocks.size(), 1U);
  EXPECT_EQ(m.blocks[0].features, (std::vector<std::int32_t>{0, 1, 2}));
  EXPECT_NEAR(m.blocks[0].correlation[1], 0.9, 0.03);
  std::vector<double> joint(1);
  RowView view(t, 0);
  view.known = {1, 1, 0};
  view.numbers = {1.5, 1.35, 0};
  m.log_joint(view.row(), joint);
  EXPECT_GT(joint[0], m.log_independent(view.row()) + 0.5);
  view.numbers[1] = -1.35;
  m.log_joint(view.row(), joint);
  EXPECT_LT(joint[0], m.log_independent(view.row()) - 2);
  view.known = {1, 0, 0};
  m.log_joint(view.row(), joint);
  EXPECT_NEAR(joint[0], m.log_independent(view.row()), 1e-9);
}

// Numbers that go together, in two groups that differ in what they have in common: named, the groups are cut along it.
TEST(Mixture, NamedGroupsExplainWhatNumbersShare) {
  Random random(5);
  Table t;
  t.rows = 400;
  t.columns.resize(4);
  std::vector<std::int32_t> truth;
  for (std::size_t r = 0; r < t.rows; ++r) {
    const std::int32_t g = random.uniform() < 0.5 ? 1 : 0;
    const double common = 0.5 * random.normal();
    truth.push_back(g);
    for (TableColumn& c : t.columns) c.numbers.push_back(2.4 * g + common + 0.8 * random.normal());
  }
  MixtureOptions options;
  options.k = 2;
  EXPECT_FALSE(fit_mixture(t, options, Stop()).blocks.empty());
  options.explain = true;
  const Mixture m = fit_mixture(t, options, Stop());
  EXPECT_TRUE(m.blocks.empty());
  EXPECT_GT(adjusted_rand(truth, assign_clusters(m, t, Stop())), 0.8);
}

// Two ways to divide the same rows, by other columns each: the weights decide.
TEST(Mixture, ColumnsCountByTheirWeights) {
  Random random(9);
  Table t;
  t.rows = 500;
  t.columns.resize(8);
  std::vector<std::int32_t> truth[2];
  for (TableColumn& c : t.columns) c.kind = Kind::categorical, c.categories = 3;
  for (std::size_t r = 0; r < t.rows; ++r)
    for (std::size_t way = 0; way < 2; ++way) {
      const auto g = static_cast<std::int32_t>(random.below(2));
      truth[way].push_back(g);
      for (std::size_t f = 0; f < 4; ++f)
        t.columns[4 * way + f].codes.push_back(random.uniform() < 0.85 ? g : static_cast<std::int32_t>(random.below(3)));
    }
  for (std::size_t way = 0; way < 2; ++way) {
    MixtureOptions options;
    options.k = 2;
    options.column_weight.assign(8, 1);
    for (std::size_t f = 0; f < 4; ++f) options.column_weight[4 * (1 - way) + f] = 0;
    const auto labels = assign_clusters(fit_mixture(t, options, Stop()), t, Stop());
    EXPECT_GT(adjusted_rand(truth[way], labels), 0.8);
    EXPECT_LT(adjusted_rand(truth[1 - way], labels), 0.05);
  }
}

TEST(Mixture, StoredFormsAreLossless) {
  const Law::Rows rows = planted_rows(3, 600, 21);
  const Mixture m = fit_mixture(rows.table, {}, Stop());
  const Mixture back = from_binary<Mixture>(to_binary(m), "mixture"), text = from_json<Mixture>(to_json(m), "mixture");
  EXPECT_EQ(to_binary(m), to_binary(back));
  EXPECT_EQ(to_binary(m), to_binary(text));
  std::vector<double> a(static_cast<std::size_t>(m.clusters())), b = a;
  for (std::size_t r = 0; r < 50; ++r) {
    const RowView view(rows.table, r);
    m.log_joint(view.row(), a);
    back.log_joint(view.row(), b);
    EXPECT_EQ(a, b);
  }
}

TEST(Mixture, CorruptFormsAreRefused) {
  const Law::Rows rows = planted_rows(2, 300, 2);
  const Mixture good = fit_mixture(rows.table, {}, Stop());
  Mixture bad = good;
  bad.log_weight[0] = 1;
  EXPECT_THROW(bad.validate(), Error);
  bad = good;
  bad.features[0].log_cluster.pop_back();
  EXPECT_THROW(bad.validate(), Error);
  bad = good;
  bad.features[0].levels += 1;
  EXPECT_THROW(bad.validate(), Error);
  bad = good;
  bad.log_weight.clear();
  EXPECT_THROW(bad.validate(), Error);
  std::string bytes = to_binary(good);
  Random random(1);
  for (int i = 0; i < 300; ++i) {
    std::string other = bytes;
    for (int j = 0; j < 3; ++j) other[random.below(other.size())] = static_cast<char>(random.next());
    try {
      (void)from_binary<Mixture>(other, "mixture");
    } catch (const Error&) {
    }
  }
}

TEST(Mixture, SmallAndEmptyTables) {
  EXPECT_EQ(fit_mixture(Table{}, {}, Stop()).clusters(), 1);
  Table t;
  t.rows = 3;
  TableColumn numbers, codes, sets;
  numbers.numbers = {1.0, missing_number, missing_number};
  codes.kind = Kind::binary;
  codes.categories = 2;
  codes.codes = {1, missing_category, 0};
  sets.kind = Kind::set;
  sets.categories = 2;
  sets.offsets = {0, 1, 1, 1};
  sets.items = {1};
  sets.known = {1, 0, 1};
  t.columns = {numbers, codes, sets};
  MixtureOptions options;
  options.k = 5;
  const Mixture m = fit_mixture(t, options, Stop());
  EXPECT_NO_THROW(m.validate());
  const auto labels = assign_clusters(m, t, Stop());
  EXPECT_EQ(labels[1], 0);   // nothing known
  EXPECT_GT(labels[0], 0);
}

TEST(Mixture, ConstantAndIdenticalRows) {
  Table t;
  t.rows = 200;
  TableColumn numbers;
  numbers.numbers.assign(200, 7.0);
  t.columns = {numbers};
  EXPECT_EQ(fit_mixture(t, {}, Stop()).clusters(), 1);
}

TEST(Mixture, OptionsOutOfRangeAreRefused) {
  const Table t;
  MixtureOptions o;
  o.k = -1;
  EXPECT_THROW(fit_mixture(t, o, Stop()), Error);
  o = {};
  o.k_max = 65;
  EXPECT_THROW(fit_mixture(t, o, Stop()), Error);
  o = {};
  o.starts = 0;
  EXPECT_THROW(fit_mixture(t, o, Stop()), Error);
  o = {};
  o.fit_rows = 10;
  EXPECT_THROW(fit_mixture(t, o, Stop()), Error);
  o = {};
  o.column_weight = {1};
  EXPECT_THROW(fit_mixture(t, o, Stop()), Error);
  o.column_weight = {1.5};
  EXPECT_THROW(fit_mixture(t, o, Stop()), Error);
}

TEST(Mixture, StopsWhenAsked) {
  const Law::Rows rows = planted_rows(3, 600, 4);
  int left = 50;
  const auto count = [](void* context) { return --*static_cast<int*>(context) < 0; };
  EXPECT_THROW(fit_mixture(rows.table, {}, Stop(count, &left)), Cancelled);
}

}  // namespace
}  // namespace icp
