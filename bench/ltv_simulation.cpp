// How often the 95 % intervals of what ltv_fit() learns hold the truth: sets of simulated customers with known parameters.
// Aims: mean rate, mean drop-out, expected purchases and P(alive) in 92 to 98 of 100, parameters as they stand in at least 90.
//   ltv_simulation [SETS [CUSTOMERS]]      1000 sets of 2000 customers by default
#include <cstdio>
#include <cstdlib>

#include "recovery.hpp"

int main(int argc, char** argv) {
  using namespace icp;
  const int sets = argc > 1 ? std::atoi(argv[1]) : 1000, customers = argc > 2 ? std::atoi(argv[2]) : 2000;
  std::printf("%d sets of %d customers\n", sets, customers);
  bool good = true;
  for (const LtvKind kind : {LtvKind::bg_nbd, LtvKind::mbg_nbd, LtvKind::pareto_nbd, LtvKind::bg_bb, LtvKind::sbg}) {
    const test::Recovered r = test::recover(kind, sets, customers, 1);
    for (std::size_t i = 0; i < r.quantities.size(); ++i) {
      const double share = 100.0 * r.held[i] / r.sets;
      const bool met = r.quantities[i].raw ? share >= 90 : share >= 92 && share <= 98;
      good = good && met;
      std::printf("%-10s %-36s %5.1f %%%s\n", name_of(kind), r.quantities[i].name.c_str(), share, met ? "" : "  outside of the aim");
    }
    if (r.not_converged > 0) std::printf("%-10s not converged: %d\n", name_of(kind), r.not_converged);
    std::fflush(stdout);
  }
  return good ? 0 : 1;
}
