// Functions that show what the bridge does, for test/property/bridge.sh only; the extension has none of them.
#include <map>
#include <string>
#include <vector>

#include "icp/archive.hpp"
#include "icp/text.hpp"
#include "icp/value.hpp"

#include "pg/expanded.hpp"
#include "pg/guard.hpp"
#include "pg/memory.hpp"
#include "pg/numeric.hpp"
#include "pg/row.hpp"
#include "pg/varlena.hpp"
#include "pg/zone.hpp"

using namespace icp;
using namespace icp::pg;

namespace {

// Counts how many are alive: an error that skipped a destructor shows.
struct Counted {
  static inline int alive = 0;
  Counted() { ++alive; }
  Counted(const Counted&) { ++alive; }
  ~Counted() { --alive; }
};

struct Tally {
  static constexpr std::uint16_t version = 1;
  std::map<std::string, std::int64_t> counts;
  template <class A>
  void describe(A& a) { a.field("counts", counts); }
  void validate() const {
    for (const auto& [key, n] : counts)
      if (n < 0) throw Error(ErrorCode::invalid_text, "invalid bridge_tally", "A count is negative.");
  }
};

// Keeps its data in the memory of its object.
struct Heap {
  explicit Heap(std::pmr::memory_resource* memory) : numbers(memory) {}
  Heap(Heap&&) = default;
  Heap& operator=(Heap&&) = default;
  std::pmr::vector<double> numbers;
  Counted counted;
  std::string to_bytes() const { return std::string(reinterpret_cast<const char*>(numbers.data()), numbers.size() * 8); }
  static Heap from_bytes(std::string_view bytes, const char* type, std::pmr::memory_resource* memory) {
    if (bytes.size() % 8 != 0) throw Error(ErrorCode::invalid_binary, std::string("invalid binary form of type ") + type);
    Heap h(memory);
    h.numbers.resize(bytes.size() / 8);
    std::memcpy(h.numbers.data(), bytes.data(), bytes.size());
    return h;
  }
};

std::string shown(const RowReader& reader, std::span<const Value> values) {
  std::string out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Value& v = values[i];
    if (i > 0) out += ' ';
    out += reader.columns()[i].name + "=";
    if (!reader.present(i)) {
      out += "absent";
      continue;
    }
    switch (v.type) {
      case ValueType::missing: out += "missing"; break;
      case ValueType::number: out += "number:" + number_text(v.number); break;
      case ValueType::boolean: out += v.boolean ? "true" : "false"; break;
      case ValueType::text: out += "text:" + std::string(v.text); break;
      case ValueType::set:
        out += "set:";
        for (const auto item : v.items) out += "[" + std::string(item) + "]";
        break;
      case ValueType::moment: out += "moment:" + std::to_string(v.microseconds) + (v.boolean ? "L" : ""); break;
      case ValueType::other: out += "other"; break;
    }
  }
  return out;
}

struct Site {
  std::unique_ptr<RowReader> reader;
};

RowReader& reader_of(FunctionCallInfo fcinfo, int names_index) {
  Site& site = call_site<Site>(fcinfo);
  if (!site.reader) {
    Datum* elements = nullptr;
    int n = 0;
    const Datum names = PG_GETARG_DATUM(names_index);
    pg_call([&] {
      bool* nulls = nullptr;
      deconstruct_array(DatumGetArrayTypeP(names), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
    });
    std::vector<RowReader::Column> wanted;
    std::vector<std::string> identities;
    bool all = false;
    for (int i = 0; i < n; ++i) {
      std::string name(text_of(elements[i]));
      if (name == "*") {
        all = true;
        continue;
      }
      const bool identity = name.starts_with("#");
      if (identity) name.erase(0, 1);
      if (identity) identities.push_back(name);
      wanted.push_back({name, identity});
    }
    if (all) site.reader = std::make_unique<RowReader>(fcinfo->flinfo->fn_mcxt, std::span<const std::string>(identities));
    else site.reader = std::make_unique<RowReader>(fcinfo->flinfo->fn_mcxt, std::move(wanted));
  }
  return *site.reader;
}

}  // namespace

ICP_TYPE_NAME(Tally, "bridge_tally")
ICP_TYPE_NAME(Heap, "bridge_heap")
ICP_TYPE_FUNCTIONS(Tally, bridge_tally)
ICP_STATE_FUNCTIONS(Heap, bridge_heap)

// bridge_row(record, text[]): names wanted; "#name" as identity; "*" reads all columns.
ICP_FUNCTION(bridge_row) {
  RowReader& reader = reader_of(fcinfo, 1);
  const auto values = reader.read_record(PG_GETARG_DATUM(0));
  return make_text(shown(reader, values));
}
ICP_FUNCTION(bridge_json) {
  RowReader& reader = reader_of(fcinfo, 1);
  const auto values = reader.read_json(PG_GETARG_DATUM(0));
  return make_text(shown(reader, values));
}
// The same without showing: what reading costs.
ICP_FUNCTION(bridge_read) {
  RowReader& reader = reader_of(fcinfo, 1);
  int known = 0;
  for (const Value& v : reader.read_record(PG_GETARG_DATUM(0))) known += v.type != ValueType::missing;
  return Int32GetDatum(known);
}
ICP_FUNCTION(bridge_read_json) {
  RowReader& reader = reader_of(fcinfo, 1);
  int known = 0;
  for (const Value& v : reader.read_json(PG_GETARG_DATUM(0))) known += v.type != ValueType::missing;
  return Int32GetDatum(known);
}
ICP_FUNCTION(bridge_noop) { return Int32GetDatum(0); }

ICP_FUNCTION(bridge_numeric) {
  const auto v = numeric_value(PG_GETARG_DATUM(0));
  if (!v) PG_RETURN_NULL();
  return Float8GetDatum(*v);
}

ICP_FUNCTION(bridge_fail) {
  const std::string how(text_argument(fcinfo, 0));
  const Counted counted;
  const std::vector<char> memory(10000);
  if (how == "error") throw Error(ErrorCode::undefined_column, "no such column", "A detail.", "A hint: \xc3\xa9.");
  if (how == "bad_alloc") throw std::bad_alloc();
  if (how == "length") std::vector<char>().resize(std::numeric_limits<std::size_t>::max());
  if (how == "runtime") throw std::runtime_error("something");
  if (how == "int") throw 1;
  if (how == "cancelled") throw Cancelled{};
  if (how == "long") throw Error(ErrorCode::too_large, std::string(5000, 'x'), std::string(9999, 'y'), std::string(9999, 'z'));
  if (how == "postgres") pg_call([] { ereport(ERROR, (errcode(ERRCODE_DIVISION_BY_ZERO), errmsg("from below"), errdetail("d"), errhint("h"))); });
  if (how == "thrown") pg_call([] { throw Error(ErrorCode::cardinality, "thrown inside"); });
  if (how == "big") allocate(CurrentMemoryContext, std::size_t{1} << 50);
  if (how == "warn") warn("a warning", "its detail", "its hint");
  return make_text(how);
}
ICP_FUNCTION(bridge_alive) { return Int32GetDatum(Counted::alive); }

// Computes for that many milliseconds, polling; returns how often it polled (0 where it never did).
ICP_FUNCTION(bridge_spin) {
  const Counted counted;
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(PG_GETARG_INT32(0));
  const Stop s = stop();
  std::int64_t polls = 0;
  while (std::chrono::steady_clock::now() < end) {
    s.poll();
    ++polls;
  }
  return Int64GetDatum(polls);
}

ICP_FUNCTION(bridge_zone) { return Int64GetDatum(zone_of(text_argument(fcinfo, 0))(PG_GETARG_INT64(1))); }

ICP_FUNCTION(bridge_options) { return make_text(json_argument(fcinfo, 0)); }
ICP_FUNCTION(bridge_jsonb) { return make_jsonb(text_argument(fcinfo, 0)); }

// bridge_tally: counts texts; a described type as a state.
ICP_FUNCTION(bridge_tally_step) {
  auto state = Expanded<Tally>::change(fcinfo, 0);
  if (!PG_ARGISNULL(1)) ++state->counts[std::string(text_argument(fcinfo, 1))];
  return state.datum();
}
ICP_FUNCTION(bridge_tally_combine) {
  auto state = Expanded<Tally>::change(fcinfo, 0);
  if (!PG_ARGISNULL(1))
    for (const auto& [key, n] : Expanded<Tally>::read(PG_GETARG_DATUM(1)).counts) state->counts[key] += n;
  return state.datum();
}
ICP_FUNCTION(bridge_tally_total) {
  std::int64_t total = 0;
  for (const auto& [key, n] : Expanded<Tally>::read(PG_GETARG_DATUM(0)).counts) total += n;
  return Int64GetDatum(total);
}

// bridge_heap: collects doubles; a state that writes itself.
ICP_FUNCTION(bridge_heap_step) {
  auto state = Expanded<Heap>::change(fcinfo, 0);
  if (!PG_ARGISNULL(1)) state->numbers.push_back(PG_GETARG_FLOAT8(1));
  return state.datum();
}
ICP_FUNCTION(bridge_heap_combine) {
  auto state = Expanded<Heap>::change(fcinfo, 0);
  if (!PG_ARGISNULL(1))
    for (const double v : Expanded<Heap>::read(PG_GETARG_DATUM(1)).numbers) state->numbers.push_back(v);
  return state.datum();
}
ICP_FUNCTION(bridge_heap_total) {
  double total = 0;
  for (const double v : Expanded<Heap>::read(PG_GETARG_DATUM(0)).numbers) total += v;
  return Float8GetDatum(total);
}

// Resident memory of this backend in kilobytes.
ICP_FUNCTION(bridge_memory) {
  std::int64_t pages = 0;
  if (FILE* f = std::fopen("/proc/self/statm", "r")) {
    long size = 0, resident = 0;
    if (std::fscanf(f, "%ld %ld", &size, &resident) == 2) pages = resident;
    std::fclose(f);
  }
  return Int64GetDatum(pages * 4);
}
