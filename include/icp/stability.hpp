// Whether clusters come back from a resample of the companies (cluster-wise bootstrap Jaccard: Hennig 2007).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "icp/mixture.hpp"
#include "icp/stop.hpp"
#include "icp/table.hpp"

namespace icp {

inline constexpr double stable_jaccard = 0.75;   // below it a cluster is not stable

// The mean, over resamples of the companies with replacement, of the Jaccard similarity of each cluster 0..clusters-1 with
// its best match among as many clusters learned from the resample, on the rows in it. `cluster` holds the cluster of each
// row of the table, -1 none. Fits of a resample start from the clusters themselves (as in the bootstrap of mixtures of
// O'Hagan, Murphy, Scrucca & Gormley 2019) and from chance; what fits it best counts. 25 resamples of up to 2,000 rows, fewer
// of more, at least 8.
std::vector<std::optional<double>> bootstrap_stability(const Table& table, std::span<const std::int32_t> company,
                                                       std::span<const std::int32_t> cluster, int clusters,
                                                       MixtureOptions options, const Stop& stop);

}  // namespace icp
