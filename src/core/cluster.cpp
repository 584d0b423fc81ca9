#include "icp/cluster.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "icp/dataset.hpp"
#include "icp/error.hpp"
#include "icp/memory.hpp"

namespace icp {

namespace {

constexpr std::uint64_t default_sample = 20'000;
constexpr std::int64_t most_clusters = 50;
constexpr const char* known_options[] = {"features", "ignore", "k_max", "keep", "kinds", "roles", "sample", "seed"};

}  // namespace

Options parse_cluster_options(std::string_view text, std::optional<std::int64_t> k) {
  // Text that is no JSON object is refused by parse_options() below.
  const auto json = nlohmann::json::parse(text, nullptr, false);
  bool sample_given = false;
  if (json.is_object()) {
    for (const auto& [key, value] : json.items()) {
      sample_given = sample_given || key == "sample";
      if (std::find(std::begin(known_options), std::end(known_options), key) == std::end(known_options))
        throw Error(ErrorCode::invalid_parameter, fmt::format("unrecognized option \"{}\"", key), {},
                    fmt::format("Options of icp_cluster are {}. The number of clusters is its second argument.",
                                fmt::join(known_options, ", ")));
    }
  }
  Options o = parse_options(text);
  if (!sample_given) o.sample = default_sample;
  if (k) {
    if (*k < 1 || *k > most_clusters)
      throw Error(ErrorCode::invalid_parameter, fmt::format("k must be 1 to {}", most_clusters), fmt::format("It is {}.", *k),
                  "Leave k out to have it chosen from the data.");
    o.k = static_cast<int>(*k);
    o.k_max = std::max(o.k_max, o.k);
  }
  return o;
}

void require_cluster_memory(const Options& options, std::uint64_t rows, std::size_t columns, std::size_t row_bytes,
                            std::uint64_t limit) {
  // The sample holds up to twice its limit before it is thinned out; the dataset, its encoding and the posteriors of
  // the fit hold it once; one byte a row for the labels.
  const std::uint64_t kept = std::min(rows, options.sample);
  const std::uint64_t sampled = std::min(rows, 2 * options.sample + 1024) * (row_bytes + 96);
  const std::uint64_t learned = kept * (columns * 96 + static_cast<std::uint64_t>(options.k_max) * 24);
  const std::uint64_t need = sampled + learned + rows;
  require_memory(fmt::format("clustering {} rows", rows), need, limit);
}

Clusters::Clusters(const Sample& sample, const Options& options, const Stop& stop) {
  const Dataset data = read_dataset(sample, options, Zone{}, stop, true);
  std::vector<std::uint32_t> rows(data.rows);
  std::iota(rows.begin(), rows.end(), std::uint32_t{0});
  std::vector<Finding> findings;
  // Nothing is stored, so a category needs only enough rows to say something.
  const std::uint64_t floor = data.rows < 100 ? 2 : Encoder::category_floor;
  encoder_ = learn_encoder(data, rows, options, findings, stop, floor);
  if (encoder_.features.empty()) {
    for (const DataColumn& c : data.columns)
      if (!options.is_role(c.name) && options.ignore.count(c.name) == 0) columns_.push_back(c.name);
    if (columns_.empty())
      throw Error(ErrorCode::undefined_column, "no column of the rows can tell groups apart",
                  "Columns that have a role in the deals view are not features.", "Name the columns: {\"features\": [\"amount\"]}.");
    return;  // constant, say: one group of all rows in which anything is known
  }
  for (const Feature& f : encoder_.features) columns_.push_back(f.name);
  if (encoder_.has_age()) {
    const std::string reference = options.column_of("first_contact_at");
    const auto at = std::find(columns_.begin(), columns_.end(), reference);
    reference_ = static_cast<int>(at - columns_.begin());
    if (at == columns_.end()) columns_.push_back(reference);
  }
  Table table = encoder_.encode(data, rows, stop);
  table.weight.resize(data.rows);
  for (std::size_t r = 0; r < data.rows; ++r) table.weight[r] = data.weight_of(r);
  MixtureOptions fit;
  fit.k = options.k;
  fit.k_max = options.k_max;
  fit.seed = options.seed;
  fit.fit_rows = options.sample;
  fit.explain = options.k > 0;
  mixture_ = fit_mixture(table, fit, stop);
  count_ = std::max(1, mixture_.clusters());
  encoder_.resize(buffer_);
  joint_.resize(static_cast<std::size_t>(count_));
}

int Clusters::label(std::span<const Value> values) {
  if (encoder_.features.empty()) {
    const bool known = std::any_of(values.begin(), values.end(), [](const Value& v) { return v.type != ValueType::missing; });
    return known ? 0 : nothing_known;
  }
  double reference = missing_number;
  if (reference_ >= 0) reference = day_of(values[static_cast<std::size_t>(reference_)], Zone{});
  bool any = false;
  for (std::size_t f = 0; f < encoder_.features.size(); ++f) {
    encoder_.encode(f, values[f], reference, buffer_);
    any = any || buffer_.known[f] != 0;
  }
  if (!any) return nothing_known;
  mixture_.log_joint(buffer_.row(), joint_);
  return static_cast<int>(std::max_element(joint_.begin(), joint_.end()) - joint_.begin());
}

std::vector<std::int32_t> number_by_size(std::span<const std::uint64_t> sizes) {
  std::vector<std::size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return sizes[a] > sizes[b]; });
  std::vector<std::int32_t> number(sizes.size());
  for (std::size_t i = 0; i < order.size(); ++i) number[order[i]] = static_cast<std::int32_t>(i) + 1;
  return number;
}

}  // namespace icp
