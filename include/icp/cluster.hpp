// Groups of rows without a model: what icp_cluster() does between reading a partition's rows twice.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "icp/encoder.hpp"
#include "icp/mixture.hpp"
#include "icp/options.hpp"
#include "icp/sample.hpp"
#include "icp/stop.hpp"
#include "icp/value.hpp"

namespace icp {

// The options of icp_cluster: those of icp_fit that speak of columns (roles, features, ignore, keep, kinds) and of the
// search (k_max, seed, sample: distinct rows learned from, default 20,000). `k` is 1 to 50; nothing: chosen.
Options parse_cluster_options(std::string_view json, std::optional<std::int64_t> k);

// Throws Error(out_of_memory) with both numbers when `rows` rows of `columns` columns and about `row_bytes` each need
// more than `limit` bytes.
void require_cluster_memory(const Options& options, std::uint64_t rows, std::size_t columns, std::size_t row_bytes,
                            std::uint64_t limit);

class Clusters {
 public:
  static constexpr int nothing_known = -1;

  // Learns from a sample of the rows. Error: undefined_column when no column of the rows may be a feature at all.
  Clusters(const Sample& sample, const Options& options, const Stop& stop);

  int count() const { return count_; }
  // The columns that label() reads.
  const std::vector<std::string>& columns() const { return columns_; }
  // The group of a row, 0 … count() − 1, from the values of columns(), or nothing_known.
  int label(std::span<const Value> values);

 private:
  Encoder encoder_;
  Mixture mixture_;
  int count_ = 1;
  int reference_ = -1;  // among columns(): the day at which ages are taken
  std::vector<std::string> columns_;
  EncodedBuffer buffer_;
  std::vector<double> joint_;
};

// Number of each group when groups are counted from 1 by decreasing size (ties: in their own order).
std::vector<std::int32_t> number_by_size(std::span<const std::uint64_t> sizes);

}  // namespace icp
