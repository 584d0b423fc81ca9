#include "icp/stability.hpp"

#include <algorithm>

#include "icp/hash.hpp"

namespace icp {

std::vector<std::optional<double>> bootstrap_stability(const Table& table, std::span<const std::int32_t> company,
                                                       std::span<const std::int32_t> cluster, int clusters,
                                                       MixtureOptions options, const Stop& stop) {
  const auto k = static_cast<std::size_t>(clusters);
  std::vector<std::int32_t> present(company.begin(), company.end());
  std::sort(present.begin(), present.end());
  present.erase(std::unique(present.begin(), present.end()), present.end());
  std::vector<std::optional<double>> out(k);
  if (present.size() < 2) return out;
  if (k == 1) return {1.0};                    // of any rows there is one
  options.k = clusters;
  // From the clusters themselves and from chance, whichever fits the resample better: from chance alone a fit may end in a
  // local optimum, which would look like clusters that do not come back.
  options.start.assign(cluster.begin(), cluster.end());
  options.starts = 3;
  const std::size_t resamples = std::clamp<std::size_t>(50'000 / std::max<std::size_t>(1, table.rows), 8, 25);
  std::vector<double> sum(k, 0), number(k, 0);
  Table resampled = table;
  resampled.weight.resize(table.rows);
  std::vector<double> times(present.size());
  for (std::size_t b = 0; b < resamples; ++b) {
    stop.progress("stability: resamples", b, resamples);
    Random random(hash64("stability", options.seed) + b * 0x9e3779b97f4a7c15ULL);
    std::fill(times.begin(), times.end(), 0.0);
    for (std::size_t i = 0; i < present.size(); ++i) times[random.below(present.size())] += 1;
    for (std::size_t r = 0; r < table.rows; ++r) {
      const auto at = std::lower_bound(present.begin(), present.end(), company[r]) - present.begin();
      resampled.weight[r] = table.weight_of(r) * times[static_cast<std::size_t>(at)];
    }
    const Mixture m = fit_mixture(resampled, options, stop);
    const std::vector<std::int32_t> other = assign_clusters(m, table, stop);   // from 1; 0: nothing known
    std::vector<double> both(k * k, 0), here(k, 0), there(k, 0);
    for (std::size_t r = 0; r < table.rows; ++r) {
      if (!(resampled.weight[r] > 0)) continue;
      const auto x = static_cast<std::size_t>(cluster[r]), y = static_cast<std::size_t>(other[r] - 1);
      if (cluster[r] >= 0) here[x] += 1;
      if (other[r] > 0) there[y] += 1;
      if (cluster[r] >= 0 && other[r] > 0) both[x * k + y] += 1;
    }
    for (std::size_t x = 0; x < k; ++x) {
      if (here[x] == 0) continue;
      double best = 0;
      for (std::size_t y = 0; y < k; ++y)
        if (both[x * k + y] > 0) best = std::max(best, both[x * k + y] / (here[x] + there[y] - both[x * k + y]));
      sum[x] += best;
      number[x] += 1;
    }
  }
  for (std::size_t x = 0; x < k; ++x)
    if (number[x] > 0) out[x] = sum[x] / number[x];
  return out;
}

}  // namespace icp
