// icp_allocate(): a total shared out over the rows of a window's partition.
#include "icp/cac.hpp"

#include "pg/memory.hpp"
#include "pg/numeric.hpp"
#include "pg/varlena.hpp"

namespace icp::pg {

namespace {

// In the partition's memory, zeroed when the partition starts; set last, so that an error leaves nothing behind.
struct Shares {
  Datum* of_row;  // 0: the total is NULL
};

struct WindowArgument {
  Datum value;
  bool null;
};

WindowArgument in_partition(WindowObject window, int argument, std::size_t row) {
  return pg_call([&] {
    WindowArgument a{0, true};
    bool out = false;
    a.value = WinGetFuncArgInPartition(window, argument, static_cast<int>(row), WINDOW_SEEK_HEAD, false, &a.null, &out);
    a.null = a.null || out;
    return a;
  });
}

// The total of the partition as text, in the current memory context; empty where it is NULL.
std::string total_of(WindowObject window, std::size_t rows, const Stop& stop) {
  const WindowArgument first = in_partition(window, 0, 0);
  const std::string text = first.null ? std::string() : numeric_cstring(DatumGetPointer(first.value));
  const Datum total = first.null ? Datum{0} : make_numeric(text.c_str());
  for (std::size_t row = 1; row < rows; ++row) {
    stop.poll();
    const WindowArgument other = in_partition(window, 0, row);
    const bool same = first.null || other.null ? first.null == other.null
                                               : pg_call([&] { return DatumGetBool(DirectFunctionCall2(numeric_eq, total, other.value)); });
    if (!same)
      throw Error(ErrorCode::invalid_parameter, "the total to be shared out differs within a partition", {}, "PARTITION BY what the total belongs to.");
  }
  return text;
}

Datum* shares_of_partition(WindowObject window, MemoryContext memory) {
  const std::int64_t count = pg_call([&] { return WinGetPartitionRowCount(window); });
  if (count > std::numeric_limits<std::int32_t>::max()) throw Error(ErrorCode::too_large, "too many rows in one partition", "At most 2147483647 can have a share.");
  const auto rows = static_cast<std::size_t>(count);
  const Stop stop_here = stop();
  auto* kept = static_cast<Datum*>(allocate(memory, std::max<std::size_t>(rows, 1) * sizeof(Datum)));
  std::fill_n(kept, rows, Datum{0});
  const std::string total = total_of(window, rows, stop_here);
  if (total.empty()) return kept;
  const WindowArgument digits = in_partition(window, 2, 0);
  std::vector<std::string> weights;
  weights.reserve(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    stop_here.poll();
    const WindowArgument weight = in_partition(window, 1, row);
    weights.emplace_back(weight.null ? "0" : numeric_cstring(DatumGetPointer(weight.value)));
  }
  const auto shares = icp::allocate(total, weights, digits.null ? 2 : DatumGetInt32(digits.value), stop_here);
  const InContext switched(memory);
  for (std::size_t row = 0; row < rows; ++row) kept[row] = make_numeric(shares[row].c_str());
  return kept;
}

}  // namespace

}  // namespace icp::pg

ICP_FUNCTION(icp_allocate) {
  using namespace icp::pg;
  auto* window = PG_WINDOW_OBJECT();
  auto* shares = static_cast<Shares*>(pg_call([&] { return WinGetPartitionLocalMemory(window, sizeof(Shares)); }));
  if (shares->of_row == nullptr) shares->of_row = shares_of_partition(window, GetMemoryChunkContext(shares));
  const Datum share = shares->of_row[WinGetCurrentPosition(window)];
  if (share == 0) PG_RETURN_NULL();
  return share;
}
