#include "icp/behaviour.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include <boost/math/distributions/students_t.hpp>

#include "icp/permute.hpp"
#include "icp/training.hpp"

namespace icp {

namespace {

// A group of fewer companies than this is not compared with another one.
constexpr double fewest = 5;
constexpr std::uint64_t most_permutations = 999, least_permutations = 199, work = 20'000'000;
constexpr std::uint64_t enough_exceeding = 50;   // so many permutations as extreme settle that p is not small

// Mid-ranks, 0..1, of the values.
void rank(std::vector<Observation>& observations) {
  std::vector<std::size_t> order(observations.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return observations[a].value != observations[b].value ? observations[a].value < observations[b].value : a < b;
  });
  const double n = static_cast<double>(order.size());
  std::vector<double> ranks(order.size());
  for (std::size_t i = 0; i < order.size();) {
    std::size_t j = i;
    while (j < order.size() && observations[order[j]].value == observations[order[i]].value) ++j;
    for (std::size_t k = i; k < j; ++k) ranks[order[k]] = (static_cast<double>(i + j) / 2) / n;
    i = j;
  }
  for (std::size_t i = 0; i < ranks.size(); ++i) observations[i].value = ranks[i];
}

// One observation for each company and group: its mean.
void collapse(BehaviourMeasure& m) {
  std::map<std::pair<std::int32_t, std::int32_t>, std::pair<double, double>> sums;
  for (std::size_t i = 0; i < m.group.size(); ++i) {
    auto& [sum, weight] = sums[{m.observations[i].company, m.group[i]}];
    sum += m.observations[i].weight * m.observations[i].value;
    weight += m.observations[i].weight;
  }
  m.observations.clear();
  m.group.clear();
  for (const auto& [key, sum] : sums) {
    m.observations.push_back({sum.first / sum.second, 1, key.first});
    m.group.push_back(key.second);
  }
}

void sort_by_company(BehaviourMeasure& m) {
  std::vector<std::size_t> order(m.group.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return m.observations[a].company < m.observations[b].company; });
  BehaviourMeasure sorted{m.name, {}, {}};
  for (const std::size_t i : order) {
    sorted.observations.push_back(m.observations[i]);
    sorted.group.push_back(m.group[i]);
  }
  m = std::move(sorted);
}

bool says_something(const BehaviourMeasure& m) {
  const auto other = [](const auto& v, const auto& same) {
    return std::any_of(v.begin(), v.end(), [&](const auto& x) { return !same(x); });
  };
  return !m.group.empty() && other(m.group, [&](std::int32_t g) { return g == m.group[0]; }) &&
         other(m.observations, [&](const Observation& o) { return o.value == m.observations[0].value; });
}

// Share of the variance of `values` between the groups.
double between(const BehaviourMeasure& m, std::span<const double> values, std::vector<double>& sum, std::vector<double>& weight) {
  std::fill(sum.begin(), sum.end(), 0.0);
  std::fill(weight.begin(), weight.end(), 0.0);
  double all = 0, total = 0, square = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto g = static_cast<std::size_t>(m.group[i]);
    const double w = m.observations[i].weight, x = w * values[i];
    sum[g] += x;
    weight[g] += w;
    all += w;
    total += x;
    square += x * values[i];
  }
  const double whole = square - total * total / all;
  double part = -total * total / all;
  for (std::size_t g = 0; g < sum.size(); ++g)
    if (weight[g] > 0) part += sum[g] * sum[g] / weight[g];
  return whole > 0 ? std::clamp(part / whole, 0.0, 1.0) : 0;
}

// One group's side of a comparison.
struct Side {
  double weight = 0, mean = 0;
  std::map<std::int32_t, std::pair<double, double>> company;   // weight; residual times weight
  double effective() const {                                   // companies, as if of equal weight (Kish 1965)
    double square = 0;
    for (const auto& [c, s] : company) square += s.first * s.first;
    return square > 0 ? weight * weight / square : 0;
  }
};

std::vector<Side> sides(const BehaviourMeasure& m, std::size_t groups) {
  std::vector<Side> out(groups);
  for (std::size_t i = 0; i < m.group.size(); ++i) {
    Side& s = out[static_cast<std::size_t>(m.group[i])];
    s.weight += m.observations[i].weight;
    s.mean += m.observations[i].weight * m.observations[i].value;
  }
  for (Side& s : out)
    if (s.weight > 0) s.mean /= s.weight;
  for (std::size_t i = 0; i < m.group.size(); ++i) {
    Side& s = out[static_cast<std::size_t>(m.group[i])];
    auto& [weight, residual] = s.company[m.observations[i].company];
    weight += m.observations[i].weight;
    residual += m.observations[i].weight * (m.observations[i].value - s.mean);
  }
  return out;
}

// p of the difference of two means: cluster-robust variance, a company in both groups counted as one (Liang & Zeger 1986);
// degrees of freedom after Satterthwaite (1946) from effective numbers of companies.
double difference(const Side& a, const Side& b) {
  const auto scaled = [](const Side& s) {
    const double g = static_cast<double>(s.company.size());
    double sum = 0;
    for (const auto& [c, r] : s.company) sum += r.second * r.second;
    return g / (g - 1) * sum / (s.weight * s.weight);
  };
  const double va = scaled(a), vb = scaled(b);
  double shared = 0;
  for (const auto& [c, r] : a.company) {
    const auto other = b.company.find(c);
    if (other != b.company.end()) shared += r.second * other->second.second / (a.weight * b.weight);
  }
  const double variance = va + vb - 2 * shared, gap = std::abs(a.mean - b.mean);
  if (!(va + vb > 0)) return gap > 0 ? 0 : 1;
  const double freedom = std::max(1.0, (va + vb) * (va + vb) / (va * va / (a.effective() - 1) + vb * vb / (b.effective() - 1)));
  const double t = gap / std::sqrt(std::max(variance, 1e-3 * (va + vb)));
  return 2 * boost::math::cdf(boost::math::complement(boost::math::students_t_distribution<double>(freedom), t));
}

}  // namespace

std::vector<double> holm(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> adjusted(p.size());
  double least = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    least = std::max(least, std::min(1.0, p[order[i]] * static_cast<double>(p.size() - i)));
    adjusted[order[i]] = least;
  }
  return adjusted;
}

std::vector<BehaviourMeasure> read_behaviour(const Training& t, std::span<const std::uint32_t> rows, std::span<const std::int32_t> group) {
  const Dataset& d = t.data;
  std::vector<BehaviourMeasure> out;
  const auto read = [&](const char* name, auto&& value) {
    BehaviourMeasure m;
    m.name = name;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (group[i] < 0) continue;
      const double x = value(rows[i]);
      if (std::isnan(x)) continue;
      m.observations.push_back(t.observe(rows[i], x));
      m.group.push_back(group[i]);
    }
    if (!says_something(m)) return;
    if (m.name == "cycle" || m.name == "effort") rank(m.observations);
    if (m.name == "retention") collapse(m);
    else sort_by_company(m);
    out.push_back(std::move(m));
  };
  const auto won = [&](std::uint32_t r, double x) { return d.outcome[r] == Outcome::won ? x : NAN; };
  if (t.has_lost) read("win_rate", [&](std::uint32_t r) { return t.rated[r] != 0 ? (d.outcome[r] == Outcome::won ? 1.0 : 0.0) : NAN; });
  read("dqs", [&](std::uint32_t r) { return t.dqs[r]; });
  read("cycle", [&](std::uint32_t r) { return won(r, d.cycle[r]); });
  read("effort", [&](std::uint32_t r) { return d.effort[r] >= 0 ? d.effort[r] : NAN; });
  read("retention", [&](std::uint32_t r) { return won(r, d.retention[r] >= 0 ? d.retention[r] : NAN); });
  return out;
}

std::vector<BehaviourTest> test_behaviour(std::span<const BehaviourMeasure> measures, std::uint64_t seed, const Stop& stop) {
  std::vector<BehaviourTest> out;
  std::vector<double> p;
  for (const BehaviourMeasure& m : measures) {
    std::vector<double> values;
    std::vector<std::int32_t> company;
    for (const Observation& o : m.observations) {
      values.push_back(o.value);
      company.push_back(o.company);
    }
    BehaviourTest test;
    test.measure = m.name;
    test.n = static_cast<std::int64_t>(values.size());
    test.companies = static_cast<std::int64_t>(std::set<std::int32_t>(company.begin(), company.end()).size());
    const auto groups = static_cast<std::size_t>(*std::max_element(m.group.begin(), m.group.end())) + 1;
    std::vector<double> sum(groups), weight(groups);
    const double observed = between(m, values, sum, weight);
    const Permuter permuter(company);
    const std::uint64_t most = std::clamp(work / std::max<std::uint64_t>(1, values.size()), least_permutations, most_permutations);
    double chance = 0;
    std::uint64_t exceeding = 0, done = 0;
    while (done < most && exceeding < enough_exceeding) {   // Besag & Clifford (1991)
      stop.poll();
      const double x = between(m, permuter.permute(values, seed, done), sum, weight);
      ++done;
      chance += x;
      if (x >= observed * (1 - 1e-12)) ++exceeding;
    }
    chance /= static_cast<double>(done);
    test.p = exceeding >= enough_exceeding ? static_cast<double>(exceeding) / static_cast<double>(done)
                                           : static_cast<double>(exceeding + 1) / static_cast<double>(done + 1);
    test.explained = chance < 1 ? std::max(0.0, (observed - chance) / (1 - chance)) : 0;
    p.push_back(test.p);
    out.push_back(std::move(test));
  }
  const std::vector<double> adjusted = holm(p);
  for (std::size_t i = 0; i < out.size(); ++i) out[i].p_adjusted = adjusted[i];
  return out;
}

std::vector<BehaviourPair> compare_pairs(std::span<const BehaviourMeasure> measures, std::int32_t groups, const Stop& stop) {
  const auto k = static_cast<std::size_t>(groups);
  std::vector<std::vector<Side>> by_measure;
  for (const BehaviourMeasure& m : measures) by_measure.push_back(sides(m, k));
  std::vector<BehaviourPair> out;
  std::vector<double> p;
  std::vector<std::pair<std::size_t, std::size_t>> of;   // pair, measure
  for (std::size_t a = 0; a < k; ++a)
    for (std::size_t b = a + 1; b < k; ++b) {
      stop.poll();
      BehaviourPair pair;
      pair.a = static_cast<std::int32_t>(a);
      pair.b = static_cast<std::int32_t>(b);
      for (std::size_t m = 0; m < measures.size(); ++m) {
        const Side &x = by_measure[m][a], &y = by_measure[m][b];
        if (x.effective() < fewest || y.effective() < fewest) continue;
        pair.tested = true;
        p.push_back(difference(x, y));
        of.emplace_back(out.size(), m);
      }
      out.push_back(std::move(pair));
    }
  const std::vector<double> adjusted = holm(p);
  std::vector<double> least(out.size(), 2);
  for (std::size_t i = 0; i < p.size(); ++i) {
    const auto [pair, measure] = of[i];
    if (p[i] >= least[pair]) continue;
    least[pair] = p[i];
    out[pair].measure = measures[measure].name;
    out[pair].p_adjusted = adjusted[i];
  }
  return out;
}

}  // namespace icp
