#include "core/ltv_family.hpp"

#include <array>
#include <cmath>

#include <boost/math/quadrature/gauss.hpp>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>

namespace icp::ltv {

namespace {

template <unsigned N>
struct Table {
  std::array<double, N> nodes{}, weights{};
  Table() {
    const auto& x = boost::math::quadrature::gauss<double, N>::abscissa();   // the upper half of [-1, 1]
    const auto& w = boost::math::quadrature::gauss<double, N>::weights();
    for (std::size_t i = 0; i < N / 2; ++i) {
      nodes[N / 2 + i] = (1 + x[i]) / 2;
      nodes[N / 2 - 1 - i] = (1 - x[i]) / 2;
      weights[N / 2 + i] = weights[N / 2 - 1 - i] = w[i] / 2;
    }
  }
};

template <unsigned N>
const Rule& rule() {
  static const Table<N> table;
  static const Rule rule{table.nodes, table.weights};
  return rule;
}

constexpr double few = 64;   // so many terms are added one by one

}  // namespace

const Rule& rule8() { return rule<8>(); }
const Rule& rule12() { return rule<12>(); }

namespace {
using Fast = boost::math::policies::policy<boost::math::policies::promote_double<false>>;
}
double log_gamma(double a) { return boost::math::lgamma(a, Fast()); }
double digamma(double a) { return boost::math::digamma(a, Fast()); }
double trigamma(double a) { return boost::math::trigamma(a, Fast()); }

double log_rising(double a, double n) {
  if (n > few || n != std::floor(n)) return log_gamma(a + n) - log_gamma(a);
  double sum = 0, product = 1;
  for (int k = 0; k < static_cast<int>(n); ++k) {
    product *= a + k;
    if (product > 1e100 || product < 1e-100) sum += std::log(product), product = 1;
  }
  return sum + std::log(product);
}

double digamma_rising(double a, double n) {
  if (n > few || n != std::floor(n)) return digamma(a + n) - digamma(a);
  double sum = 0;
  for (int k = 0; k < static_cast<int>(n); ++k) sum += 1 / (a + k);
  return sum;
}

const Family& family_of(LtvKind kind) {
  switch (kind) {
    case LtvKind::bg_nbd: return bg_nbd();
    case LtvKind::mbg_nbd: return mbg_nbd();
    case LtvKind::pareto_nbd: return pareto_nbd();
    case LtvKind::bg_bb: return bg_bb();
    case LtvKind::sbg: break;
  }
  return sbg();
}

}  // namespace icp::ltv
