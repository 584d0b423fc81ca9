// icp_cluster(row, k, options) OVER (…): the whole partition is read twice at its first row, once for a sample to learn
// from and once for the labels, of which one byte a row is kept.
#include "icp/cluster.hpp"

#include "pg/memory.hpp"
#include "pg/row.hpp"
#include "pg/varlena.hpp"

namespace icp::pg {

namespace {

// In the partition's memory, zeroed when the partition starts. `labels` is set last: an error leaves nothing behind
// that a later call could take for a result.
struct Partition {
  std::uint8_t* labels;   // 0: nothing known; else the cluster's number
};

class PartitionReader {
 public:
  PartitionReader(WindowObject window, MemoryContext memory, bool json) : window_(window), row_(memory), json_(json) {}

  // The first argument in row `index`, good until the next call; nothing for NULL.
  std::optional<Datum> datum(std::int64_t index) {
    MemoryContextReset(row_);
    const InContext in(row_);
    bool null = true, out = false;
    const Datum datum = pg_call([&] {
      return WinGetFuncArgInPartition(window_, 0, static_cast<int>(index), WINDOW_SEEK_HEAD, false, &null, &out);
    });
    if (null || out) return std::nullopt;
    return datum;
  }
  std::span<const Value> read(RowReader& reader, Datum row) const {
    return json_ ? reader.read_json(row) : reader.read_record(row);
  }

 private:
  WindowObject window_;
  MemoryContext row_;   // the executor evaluates the argument in the caller's memory: one row at a time is kept
  bool json_;
};

std::uint8_t* cluster(WindowObject window, MemoryContext partition, const Options& options, std::int64_t rows, bool json) {
  const TemporaryContext work(partition, "icp_cluster");
  const Stop stop_here = stop();
  PartitionReader reader(window, make_context(work.get(), "icp_cluster row"), json);
  ContextResource memory(work.get());
  Sample sample(&memory);
  sample.start("", "", options.sample, options.seed);
  {
    RowReader all(work.get(), std::span<const std::string>());
    Sample::Binding binding;
    bool first = true;
    for (std::int64_t i = 0; i < rows; ++i) {
      stop_here.poll();
      const auto datum = reader.datum(i);
      if (!datum) continue;
      const std::size_t before = all.columns().size();
      const auto values = reader.read(all, *datum);
      if (first)
        require_cluster_memory(options, static_cast<std::uint64_t>(rows), all.columns().size(),
                               VARSIZE_ANY(DatumGetPointer(*datum)), memory_limit());
      if (first || all.columns().size() != before) {
        std::vector<std::string_view> names;
        for (const auto& c : all.columns()) names.push_back(c.name);
        binding = sample.bind(names);
      }
      first = false;
      sample.add(binding, values);
    }
  }
  auto* labels = static_cast<std::uint8_t*>(allocate(partition, static_cast<std::size_t>(rows)));
  std::memset(labels, 0, static_cast<std::size_t>(rows));
  if (sample.rows_seen() == 0) return labels;
  Clusters clusters(sample, options, stop_here);
  std::vector<RowReader::Column> wanted;
  for (const std::string& name : clusters.columns()) wanted.push_back({name});
  RowReader some(work.get(), std::move(wanted));
  std::vector<std::uint64_t> sizes(static_cast<std::size_t>(clusters.count()), 0);
  for (std::int64_t i = 0; i < rows; ++i) {
    stop_here.poll();
    const auto datum = reader.datum(i);
    if (!datum) continue;
    const int label = clusters.label(reader.read(some, *datum));
    if (label == Clusters::nothing_known) continue;
    ++sizes[static_cast<std::size_t>(label)];
    labels[i] = static_cast<std::uint8_t>(label + 1);
  }
  const std::vector<std::int32_t> number = number_by_size(sizes);
  for (std::int64_t i = 0; i < rows; ++i)
    if (labels[i] != 0) labels[i] = static_cast<std::uint8_t>(number[labels[i] - 1U]);
  return labels;
}

Datum label_of_current(FunctionCallInfo fcinfo, bool json) {
  auto* window = PG_WINDOW_OBJECT();
  auto* partition = static_cast<Partition*>(pg_call([&] { return WinGetPartitionLocalMemory(window, sizeof(Partition)); }));
  if (partition->labels == nullptr) {
    struct {
      bool no_k, no_options;
      std::int32_t k;
      Datum options;
      std::int64_t rows;
    } call{};
    pg_call([&] {
      call.k = DatumGetInt32(WinGetFuncArgCurrent(window, 1, &call.no_k));
      call.options = WinGetFuncArgCurrent(window, 2, &call.no_options);
      call.rows = WinGetPartitionRowCount(window);
    });
    const Options options = parse_cluster_options(call.no_options ? std::string_view("{}") : json_of(call.options),
                                                  call.no_k ? std::nullopt : std::optional<std::int64_t>(call.k));
    if (call.rows > std::numeric_limits<std::int32_t>::max())
      throw Error(ErrorCode::too_large, "too many rows in one partition", "At most 2147483647 can be clustered.");
    partition->labels = cluster(window, GetMemoryChunkContext(partition), options, call.rows, json);
  }
  const std::int64_t current = WinGetCurrentPosition(window);
  const std::uint8_t label = partition->labels[current];
  if (label == 0) PG_RETURN_NULL();
  PG_RETURN_INT32(label);
}

}  // namespace

}  // namespace icp::pg

ICP_FUNCTION(icp_cluster) { return icp::pg::label_of_current(fcinfo, false); }
ICP_FUNCTION(icp_cluster_jsonb) { return icp::pg::label_of_current(fcinfo, true); }
