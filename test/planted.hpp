// Data with planted groups, for tests: a random law of mixed features in k groups, rows drawn from it with values missing
// at random, and its Bayes classifier, the best that any method can do on such rows.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "icp/hash.hpp"
#include "icp/table.hpp"

namespace icp::planted {

// Adjusted Rand index (Hubert & Arabie 1985) of two labelings; weight 1 a row.
inline double adjusted_rand(std::span<const std::int32_t> a, std::span<const std::int32_t> b) {
  const auto most = [](std::span<const std::int32_t> x) { return static_cast<std::size_t>(*std::max_element(x.begin(), x.end())) + 1; };
  if (a.empty()) return 1;
  const std::size_t p = most(a), q = most(b);
  std::vector<double> both(p * q, 0), left(p, 0), right(q, 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto x = static_cast<std::size_t>(a[i]), y = static_cast<std::size_t>(b[i]);
    ++both[x * q + y];
    ++left[x];
    ++right[y];
  }
  const auto pairs = [](const std::vector<double>& n) {
    double s = 0;
    for (const double x : n) s += x * (x - 1) / 2;
    return s;
  };
  const double index = pairs(both), l = pairs(left), r = pairs(right), n = static_cast<double>(a.size());
  const double expected = l * r / (n * (n - 1) / 2), top = (l + r) / 2;
  return top == expected ? 1 : (index - expected) / (top - expected);
}

enum class Shape { normal, lognormal, uniform, gamma, student, count, zero_inflated, laplace };
enum class Family { gaussian, shapes, correlated, covariance, categories, prototypes, market };

inline double gamma_draw(Random& random, double shape) {  // Marsaglia & Tsang 2000
  if (shape < 1) return gamma_draw(random, shape + 1) * std::pow(1 - random.uniform(), 1 / shape);
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  while (true) {
    const double x = random.normal(), v = std::pow(1 + c * x, 3);
    if (v <= 0) continue;
    if (std::log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

inline std::vector<double> dirichlet_draw(Random& random, std::size_t n, double concentration) {
  std::vector<double> p(n);
  double sum = 0;
  for (double& x : p) sum += x = gamma_draw(random, concentration) + 1e-6;
  for (double& x : p) x /= sum;
  return p;
}

struct Number {                        // one numeric feature alone
  Shape shape = Shape::normal;
  std::vector<std::array<double, 3>> of;   // per group: location, scale, share of zeros
  double draw(Random& random, std::size_t g) const {
    const auto [location, scale, zeros] = of[g];
    switch (shape) {
      case Shape::normal:
      case Shape::lognormal: return location + scale * random.normal();   // lognormal: as the encoder's logarithm shows it
      case Shape::uniform: return location + scale * std::sqrt(12.0) * (random.uniform() - 0.5);
      case Shape::gamma: return location + scale * (gamma_draw(random, 3) - 3) / std::sqrt(3.0);
      case Shape::student: return location + scale * random.normal() / std::sqrt(gamma_draw(random, 2) / 2) / std::sqrt(2.0);
      case Shape::laplace: {
        const double e = -std::log(1 - random.uniform()) * scale / std::numbers::sqrt2;
        return random.uniform() < 0.5 ? location - e : location + e;
      }
      case Shape::count: return static_cast<double>(poisson(random, location));
      case Shape::zero_inflated: return random.uniform() < zeros ? 0 : 1 + std::exp(0.35 * (location + scale * random.normal()));
    }
    return 0;
  }
  double log_density(double x, std::size_t g) const {
    const auto [location, scale, zeros] = of[g];
    const double z = (x - location) / scale;
    switch (shape) {
      case Shape::normal:
      case Shape::lognormal: return -0.5 * z * z - std::log(scale);
      case Shape::uniform: return std::abs(z) <= std::sqrt(3.0) ? -std::log(scale) : -50;
      case Shape::gamma: {
        const double y = z * std::sqrt(3.0) + 3;
        return y <= 0 ? -50 : 2 * std::log(y) - y - std::log(scale);
      }
      case Shape::student: return -2.5 * std::log1p(z * z * 2 / 4) - std::log(scale);
      case Shape::laplace: return -std::numbers::sqrt2 * std::abs(z) - std::log(scale);
      case Shape::count: return x * std::log(location) - location - std::lgamma(x + 1);
      case Shape::zero_inflated: {
        if (x == 0) return std::log(zeros);
        const double u = (std::log(x - 1) / 0.35 - location) / scale;
        return std::log(1 - zeros) - 0.5 * u * u - std::log(scale);
      }
    }
    return 0;
  }

 private:
  static int poisson(Random& random, double mean) {
    const double stop = std::exp(-mean);
    int n = 0;
    for (double p = random.uniform(); p > stop && n < 500; p *= random.uniform()) ++n;
    return n;
  }
};

struct Joint {                         // Gaussian numbers together
  std::vector<std::size_t> features;
  std::vector<std::vector<double>> mean, covariance;   // per group
};

struct Categories {
  std::vector<std::vector<double>> probability;   // per group
};

// A law of rows. Features are numbers, joints' numbers, categories, sets, in the order of `kinds`.
struct Law {
  std::size_t groups = 1;
  std::vector<double> weight;
  std::vector<Kind> kinds;
  std::vector<std::int32_t> levels;
  std::vector<Number> numbers;            // by feature; empty `of` where in a joint or not numeric
  std::vector<Joint> joints;
  std::vector<Categories> categories;     // by feature: categories, or a set's items
  double missing = 0.1;

  struct Rows {
    Table table;
    std::vector<std::int32_t> truth;      // the group that made the row
    std::vector<std::int32_t> bayes;      // the group the Bayes classifier gives it
  };

  Rows draw(std::size_t n, Random& random) const {
    Rows out;
    out.table.rows = n;
    out.table.columns.resize(kinds.size());
    for (std::size_t f = 0; f < kinds.size(); ++f) {
      TableColumn& column = out.table.columns[f];
      column.kind = kinds[f];
      column.categories = levels[f];
      if (kinds[f] == Kind::set) column.offsets.push_back(0);
    }
    std::vector<double> value(kinds.size());
    std::vector<std::vector<std::int32_t>> sets(kinds.size());
    std::vector<char> known(kinds.size());
    for (std::size_t r = 0; r < n; ++r) {
      double u = random.uniform();
      std::size_t g = 0;
      while (g + 1 < groups && (u -= weight[g]) >= 0) ++g;
      out.truth.push_back(static_cast<std::int32_t>(g));
      for (const Joint& joint : joints) {
        const std::size_t m = joint.features.size();
        const std::vector<double> l = cholesky(joint.covariance[g], m);
        std::vector<double> z(m);
        for (double& x : z) x = random.normal();
        for (std::size_t i = 0; i < m; ++i) {
          double x = joint.mean[g][i];
          for (std::size_t j = 0; j <= i; ++j) x += l[i * m + j] * z[j];
          value[joint.features[i]] = x;
        }
      }
      for (std::size_t f = 0; f < kinds.size(); ++f) {
        known[f] = random.uniform() >= missing;
        TableColumn& column = out.table.columns[f];
        if (kinds[f] == Kind::numeric) {
          if (!numbers[f].of.empty()) value[f] = numbers[f].draw(random, g);
          column.numbers.push_back(known[f] ? value[f] : missing_number);
        } else if (kinds[f] == Kind::set) {
          sets[f].clear();
          for (std::int32_t i = 0; i < levels[f]; ++i)
            if (random.uniform() < categories[f].probability[g][static_cast<std::size_t>(i)]) sets[f].push_back(i);
          if (known[f]) column.items.insert(column.items.end(), sets[f].begin(), sets[f].end());
          column.offsets.push_back(static_cast<std::uint32_t>(column.items.size()));
          column.known.push_back(known[f] ? 1 : 0);
        } else {
          double v = random.uniform();
          std::int32_t l = 0;
          while (l + 1 < levels[f] && (v -= categories[f].probability[g][static_cast<std::size_t>(l)]) >= 0) ++l;
          value[f] = l;
          column.codes.push_back(known[f] ? l : missing_category);
        }
      }
      double best = 0;
      std::size_t best_group = 0;
      for (std::size_t h = 0; h < groups; ++h) {
        const double p = log_density(h, value, sets, known);
        if (h == 0 || p > best) {
          best = p;
          best_group = h;
        }
      }
      out.bayes.push_back(static_cast<std::int32_t>(best_group));
    }
    return out;
  }

 private:
  static std::vector<double> cholesky(std::vector<double> a, std::size_t m) {
    for (std::size_t j = 0; j < m; ++j)
      for (std::size_t i = 0; i < m; ++i) {
        if (i < j) {
          a[i * m + j] = 0;
          continue;
        }
        double s = a[i * m + j];
        for (std::size_t k = 0; k < j; ++k) s -= a[i * m + k] * a[j * m + k];
        a[i * m + j] = i == j ? std::sqrt(std::max(s, 1e-9)) : s / a[j * m + j];
      }
    return a;
  }
  double log_density(std::size_t g, const std::vector<double>& value, const std::vector<std::vector<std::int32_t>>& sets,
                     const std::vector<char>& known) const {
    double sum = std::log(weight[g]);
    for (std::size_t f = 0; f < kinds.size(); ++f) {
      if (!known[f]) continue;
      if (kinds[f] == Kind::numeric) {
        if (!numbers[f].of.empty()) sum += numbers[f].log_density(value[f], g);
      } else if (kinds[f] == Kind::set) {
        const auto& p = categories[f].probability[g];
        for (const double x : p) sum += std::log1p(-x);
        for (const std::int32_t i : sets[f]) sum += std::log(p[static_cast<std::size_t>(i)] / (1 - p[static_cast<std::size_t>(i)]));
      } else {
        sum += std::log(categories[f].probability[g][static_cast<std::size_t>(value[f])]);
      }
    }
    for (const Joint& joint : joints) {
      std::vector<std::size_t> at;
      for (std::size_t i = 0; i < joint.features.size(); ++i)
        if (known[joint.features[i]]) at.push_back(i);
      const std::size_t m = at.size(), all = joint.features.size();
      std::vector<double> c(m * m), y(m);
      for (std::size_t i = 0; i < m; ++i)
        for (std::size_t j = 0; j < m; ++j) c[i * m + j] = joint.covariance[g][at[i] * all + at[j]];
      const std::vector<double> l = cholesky(c, m);
      for (std::size_t i = 0; i < m; ++i) {
        double s = value[joint.features[at[i]]] - joint.mean[g][at[i]];
        for (std::size_t j = 0; j < i; ++j) s -= l[i * m + j] * y[j];
        y[i] = s / l[i * m + i];
        sum -= 0.5 * y[i] * y[i] + std::log(l[i * m + i]);
      }
    }
    return sum;
  }
};

// A random law of one family. `spread` says how far apart the groups are. With one group, features of every kind that
// show none.
inline Law random_law(Family family, std::size_t groups, double spread, bool balanced, Random random) {
  Law law;
  law.groups = groups;
  law.weight.assign(groups, 1.0 / static_cast<double>(groups));
  if (!balanced && groups > 1) {
    const std::vector<double> p = dirichlet_draw(random, groups, 1.5);
    const double floor = 0.4 / static_cast<double>(groups);
    for (std::size_t g = 0; g < groups; ++g) law.weight[g] = floor + (1 - 0.4) * p[g];
  }
  const std::size_t features = 6 + random.below(15);
  const double noise = 0.4 * random.uniform();
  std::size_t joint_left = 0;
  const auto pick = [&](std::initializer_list<int> odds) {
    int total = 0, i = 0;
    for (const int o : odds) total += o;
    int at = static_cast<int>(random.below(static_cast<std::uint64_t>(total)));
    for (const int o : odds) {
      if ((at -= o) < 0) return i;
      ++i;
    }
    return 0;
  };
  for (std::size_t f = 0; f < features; ++f) {
    const bool flat = f >= 4 && random.uniform() < noise;   // a feature that tells nothing
    law.numbers.emplace_back();
    law.categories.emplace_back();
    law.levels.push_back(0);
    law.kinds.push_back(Kind::numeric);
    int kind = 0;   // number, category, boolean, set, joint
    switch (family) {
      case Family::gaussian: kind = pick({6, 2, 1, 1, 0}); break;
      case Family::shapes: kind = pick({7, 2, 1, 0, 0}); break;
      case Family::correlated: kind = pick({2, 2, 1, 0, 5}); break;
      case Family::covariance: kind = pick({1, 2, 1, 0, 5}); break;
      case Family::categories: kind = pick({0, 5, 3, 2, 0}); break;
      case Family::prototypes: kind = pick({3, 5, 1, 1, 0}); break;
      case Family::market: kind = pick({5, 3, 1, 1, 1}); break;
    }
    if (joint_left > 0) {
      --joint_left;
      Joint& joint = law.joints.back();
      joint.features.push_back(f);
      continue;
    }
    if (kind == 4) {
      const std::size_t size = family == Family::covariance ? 3 + random.below(3) : 2;
      if (f + size > features) {
        kind = 0;
      } else {
        law.joints.emplace_back();
        law.joints.back().features.push_back(f);
        joint_left = size - 1;
        Joint& joint = law.joints.back();
        const bool same = random.uniform() < 0.5;
        std::vector<double> base;
        for (std::size_t g = 0; g < groups; ++g) {
          std::vector<double> mean(size), covariance(size * size, 0);
          for (double& x : mean) x = flat ? 0 : spread * 1.1 * random.normal();
          if (base.empty() || !(same || flat)) {
            if (family == Family::covariance) {   // a factor and a rest
              std::vector<double> a(size * size);
              for (double& x : a) x = random.normal();
              for (std::size_t i = 0; i < size; ++i)
                for (std::size_t j = 0; j < size; ++j) {
                  for (std::size_t k = 0; k < size; ++k) covariance[i * size + j] += a[i * size + k] * a[j * size + k] / static_cast<double>(size);
                  if (i == j) covariance[i * size + j] += 0.15;
                }
            } else {
              const double rho = (random.uniform() < 0.2 ? -1 : 1) * (0.5 + 0.42 * random.uniform());
              covariance = {1, rho, rho, 1};
            }
            base = covariance;
          }
          joint.mean.push_back(std::move(mean));
          joint.covariance.push_back(base);
        }
        continue;
      }
    }
    if (kind == 0) {
      Number& number = law.numbers[f];
      switch (family) {
        case Family::shapes:
          number.shape = std::array{Shape::uniform, Shape::gamma, Shape::student, Shape::count, Shape::zero_inflated, Shape::laplace,
                                    Shape::normal}[random.below(7)];
          break;
        case Family::market:
          number.shape = std::array{Shape::lognormal, Shape::lognormal, Shape::zero_inflated, Shape::count, Shape::gamma}[random.below(5)];
          break;
        default: number.shape = Shape::normal;
      }
      const double zeros = 0.1 + 0.4 * random.uniform(), mean = 2 + 6 * random.uniform();
      for (std::size_t g = 0; g < groups; ++g) {
        double location = flat ? 0 : spread * 1.1 * random.normal();
        double scale = flat || random.uniform() < 0.5 ? 1 : 0.6 + 0.8 * random.uniform();
        double share = flat ? zeros : std::clamp(zeros + 0.3 * spread * (random.uniform() - 0.5), 0.03, 0.8);
        if (number.shape == Shape::count) location = flat ? mean : std::clamp(mean * std::exp(0.5 * location), 0.3, 60.0);
        if (number.shape == Shape::zero_inflated) location += 3;
        number.of.push_back({location, scale, share});
      }
      continue;
    }
    law.kinds[f] = kind == 1 ? Kind::categorical : kind == 2 ? Kind::binary : Kind::set;
    std::size_t n = 2;
    if (kind == 1) n = random.uniform() < 0.25 ? 10 + random.below(21) : 3 + random.below(7);
    if (kind == 3) n = 5 + random.below(15);
    law.levels[f] = static_cast<std::int32_t>(n);
    std::vector<double> common = kind == 3 ? std::vector<double>(n) : dirichlet_draw(random, n, 1);
    if (kind == 3)
      for (double& x : common) x = 0.05 + 0.4 * random.uniform();
    const double pull = std::min(0.9, 0.55 * spread);
    for (std::size_t g = 0; g < groups; ++g) {
      std::vector<double> p = common;
      if (!flat) {
        if (kind == 3) {
          for (double& x : p)
            if (random.uniform() < 0.4) x = (1 - pull) * x + pull * random.uniform() * random.uniform();
        } else if (family == Family::prototypes) {
          const std::size_t own = random.below(n);
          for (std::size_t l = 0; l < n; ++l) p[l] = (1 - pull) * p[l] + (l == own ? pull : 0);
        } else {
          const std::vector<double> q = dirichlet_draw(random, n, 0.5);
          for (std::size_t l = 0; l < n; ++l) p[l] = (1 - pull) * p[l] + pull * q[l];
        }
      }
      for (double& x : p) x = kind == 3 ? std::clamp(x, 0.005, 0.995) : x;
      law.categories[f].probability.push_back(std::move(p));
    }
  }
  return law;
}

// The law with the smallest spread (of a rising sequence) whose Bayes classifier has an adjusted Rand index of at least
// `reach`: as hard as such data may be.
inline Law separable_law(Family family, std::size_t groups, bool balanced, double reach, std::uint64_t seed) {
  double spread = 0.6;
  while (true) {
    Law law = random_law(family, groups, spread, balanced, Random(seed));
    if (groups == 1) return law;
    Random random(seed ^ 0x5bd1e995);
    const Law::Rows rows = law.draw(1500, random);
    if (adjusted_rand(rows.truth, rows.bayes) >= reach || spread > 6) return law;
    spread *= 1.15;
  }
}

inline const char* name(Family f) {
  constexpr std::array names{"gaussian", "shapes", "correlated", "covariance", "categories", "prototypes", "market"};
  return names[static_cast<std::size_t>(f)];
}
inline constexpr std::array families{Family::gaussian, Family::shapes, Family::correlated, Family::covariance,
                                     Family::categories, Family::prototypes, Family::market};

}  // namespace icp::planted
