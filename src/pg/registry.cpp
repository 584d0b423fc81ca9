#include <list>

#include "icp/archive.hpp"
#include "icp/error.hpp"

#include "pg/memory.hpp"
#include "pg/registry.hpp"
#include "pg/zone.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
extern "C" {
#include "access/detoast.h"
#include "access/genam.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "utils/fmgroids.h"
#include "utils/rls.h"
}
#pragma GCC diagnostic pop

namespace icp::pg {

namespace {

constexpr std::size_t digest_size = 16;
constexpr const char* registry_table = "icp_models";

void put_digest(char* to, const Hash128& digest) {
  std::memcpy(to, &digest.low, 8);
  std::memcpy(to + 8, &digest.high, 8);
}

Hash128 get_digest(const char* from) {
  Hash128 digest;
  std::memcpy(&digest.low, from, 8);
  std::memcpy(&digest.high, from + 8, 8);
  return digest;
}

[[noreturn]] void fail(const char* why) {
  throw Error(ErrorCode::corrupted, "a stored value of type icp_model is damaged", why);
}

}  // namespace

Datum make_model_of_bytes(std::string_view bytes) {
  if (bytes.size() > MaxAllocSize - VARHDRSZ - digest_size)
    throw Error(ErrorCode::too_large, "a model is too large to be stored",
                "It takes " + std::to_string(bytes.size()) + " bytes; the limit is 1 GB.");
  const std::size_t size = VARHDRSZ + digest_size + bytes.size();
  auto* p = static_cast<struct varlena*>(allocate(CurrentMemoryContext, size));
  SET_VARSIZE(p, size);
  put_digest(VARDATA(p), hash128(bytes));
  std::memcpy(VARDATA(p) + digest_size, bytes.data(), bytes.size());
  return PointerGetDatum(p);
}

Datum make_model(const Model& model) { return make_model_of_bytes(to_binary(model)); }

std::string_view model_bytes(Datum model) {
  const std::string_view stored = bytes_of(model);
  if (stored.size() < digest_size) fail("It is shorter than its digest.");
  const std::string_view bytes = stored.substr(digest_size);
  if (hash128(bytes) != get_digest(stored.data())) fail("Its digest is not that of its contents.");
  return bytes;
}

Model model_of(Datum model) { return from_binary<Model>(model_bytes(model), type_name<Model>); }

// The cache of parsed models ---------------------------------------------------------------------------------------

namespace {

// A value stored out of line is found by its address, without reading it; any value by a digest of its contents under
// a secret of this backend, which nobody can aim at. An address means another value only after the server's counter
// of object ids has gone round, four thousand million values later, so an address is believed for an hour.
class ModelCache {
 public:
  SharedScorer by_address(const varatt_external& address) {
    for (auto it = entries_.begin(); it != entries_.end(); ++it) {
      for (const Address& a : it->addresses) {
        if (std::memcmp(&a.pointer, &address, sizeof address) != 0) continue;
        if (GetCurrentStatementStartTimestamp() - a.learned > lifetime) return nullptr;
        entries_.splice(entries_.begin(), entries_, it);
        return entries_.front().scorer;
      }
    }
    return nullptr;
  }

  SharedScorer by_contents(std::string_view bytes, const varatt_external* address) {
    const Hash128 digest = hash128(bytes, secret());
    auto it = std::find_if(entries_.begin(), entries_.end(),
                           [&](const Entry& e) { return e.digest == digest && e.size == bytes.size(); });
    if (it != entries_.end()) {
      entries_.splice(entries_.begin(), entries_, it);
    } else {
      // What parsing and the look-up tables take, by the size of the bytes.
      const std::size_t cost = 16384 + 4 * bytes.size();
      auto model = from_binary<Model>(bytes, type_name<Model>);
      const Zone zone = model.encoder.has_age() ? zone_of(parse_options(model.options).timezone) : Zone{};
      auto scorer = std::make_shared<const Scorer>(std::move(model), zone);
      if (cost > most_bytes) return scorer;
      entries_.push_front(Entry{digest, bytes.size(), cost, std::move(scorer), {}});
      bytes_ += cost;
      while (bytes_ > most_bytes) {
        bytes_ -= entries_.back().cost;
        entries_.pop_back();
      }
    }
    Entry& entry = entries_.front();
    if (address != nullptr) {
      std::erase_if(entry.addresses, [&](const Address& a) { return std::memcmp(&a.pointer, address, sizeof *address) == 0; });
      if (entry.addresses.size() >= 8) entry.addresses.erase(entry.addresses.begin());
      entry.addresses.push_back({*address, GetCurrentStatementStartTimestamp()});
    }
    return entry.scorer;
  }

 private:
  static constexpr std::size_t most_bytes = std::size_t{64} << 20;
  static constexpr TimestampTz lifetime = std::int64_t{3600} * 1'000'000;

  struct Address {
    varatt_external pointer;
    TimestampTz learned;
  };
  struct Entry {
    Hash128 digest;
    std::size_t size, cost;
    SharedScorer scorer;
    std::vector<Address> addresses;
  };

  std::uint64_t secret() {
    if (!have_secret_) {
      if (!pg_strong_random(&secret_, sizeof secret_)) throw std::runtime_error("no random numbers for the cache of models");
      have_secret_ = true;
    }
    return secret_;
  }

  std::list<Entry> entries_;  // the most recently used first
  std::size_t bytes_ = 0;
  bool have_secret_ = false;
  std::uint64_t secret_ = 0;
};

// Never destroyed: the backend's end may still run callbacks of memory contexts.
ModelCache& cache() {
  static ModelCache* const instance = new ModelCache;
  return *instance;
}

const struct varlena* varlena_of(Datum datum) { return reinterpret_cast<const struct varlena*>(DatumGetPointer(datum)); }

varatt_external address_of(const struct varlena* p) {
  varatt_external address;
  std::memcpy(&address, VARDATA_EXTERNAL(p), sizeof address);
  return address;
}

}  // namespace

SharedScorer shared_scorer(Datum model) {
  const auto* p = varlena_of(model);
  if (!VARATT_IS_EXTERNAL_ONDISK(p)) return cache().by_contents(model_bytes(model), nullptr);
  const varatt_external address = address_of(p);
  if (auto scorer = cache().by_address(address)) return scorer;
  MemoryContext memory = make_context(CurrentMemoryContext, "icp_model");
  SharedScorer scorer;
  {
    InContext in(memory);
    scorer = cache().by_contents(model_bytes(model), &address);
  }
  MemoryContextDelete(memory);
  return scorer;
}

// The registry -----------------------------------------------------------------------------------------------------

namespace {

struct Wanted {
  Oid schema;
  const char* name;        // in the server's encoding; not terminated
  std::size_t length;      // 0: the default
  std::int32_t version;    // 0: the active one
};

enum class Scan { found, missing, unsuited, row_security };

AttrNumber column(TupleDesc columns, const char* name) {
  for (int i = 0; i < columns->natts; ++i)
    if (!TupleDescAttr(columns, i)->attisdropped && std::strcmp(NameStr(TupleDescAttr(columns, i)->attname), name) == 0)
      return static_cast<AttrNumber>(i + 1);
  elog(ERROR, "column \"%s\" of table \"%s\" does not exist", name, registry_table);
  pg_unreachable();
}

// The quick way: one index scan, where the user may read the whole table and no policy applies. C only; may raise.
Scan scan_registry(const Wanted& wanted, Datum* result) {
  const Oid table = get_relname_relid(registry_table, wanted.schema);
  const char* index_name = wanted.length == 0 ? "icp_models_default" : wanted.version == 0 ? "icp_models_active" : "icp_models_pkey";
  const Oid index_id = get_relname_relid(index_name, wanted.schema);
  if (!OidIsValid(table) || !OidIsValid(index_id)) return Scan::unsuited;
  if (check_enable_rls(table, InvalidOid, true) == RLS_ENABLED) return Scan::row_security;
  if (pg_class_aclcheck(table, GetUserId(), ACL_SELECT) != ACLCHECK_OK) return Scan::unsuited;
  Relation heap = table_open(table, AccessShareLock);
  Relation index = index_open(index_id, AccessShareLock);
  Scan found = Scan::unsuited;
  if (heap->rd_rel->relkind == RELKIND_RELATION && index->rd_index->indisvalid && !index->rd_index->indcheckxmin) {
    ScanKeyData keys[2];
    int count = 1;
    if (wanted.length == 0) {
      ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_BOOLEQ, BoolGetDatum(true));
    } else {
      ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_TEXTEQ,
                  PointerGetDatum(cstring_to_text_with_len(wanted.name, static_cast<int>(wanted.length))));
      if (wanted.version != 0) ScanKeyInit(&keys[count++], 2, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(wanted.version));
    }
    TupleTableSlot* slot = table_slot_create(heap, nullptr);
    IndexScanDesc scan = begin_index_scan(heap, index, GetActiveSnapshot(), count);
    index_rescan(scan, keys, count, nullptr, 0);
    found = Scan::missing;
    if (index_getnext_slot(scan, ForwardScanDirection, slot)) {
      bool is_null = false;
      const TupleDesc columns = RelationGetDescr(heap);
      // The default may have no active version.
      if (wanted.version != 0 || DatumGetBool(slot_getattr(slot, column(columns, "active"), &is_null))) {
        const Datum model = slot_getattr(slot, column(columns, "model"), &is_null);
        *result = datumCopy(model, false, -1);
        found = Scan::found;
      }
    }
    index_endscan(scan);
    ExecDropSingleTupleTableSlot(slot);
  }
  index_close(index, AccessShareLock);
  table_close(heap, AccessShareLock);
  return found;
}

// The general way: column privileges, policies, tables that an extension has distributed. C only; may raise.
bool query_registry(const Wanted& wanted, Datum* result) {
  static Oid planned_schema = InvalidOid;
  static SPIPlanPtr plans[3];
  MemoryContext caller = CurrentMemoryContext;
  const int which = wanted.length == 0 ? 0 : wanted.version == 0 ? 1 : 2;
  if (planned_schema != wanted.schema) {
    for (auto& plan : plans) {
      if (plan != nullptr) SPI_freeplan(plan);
      plan = nullptr;
    }
    planned_schema = wanted.schema;
  }
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  if (plans[which] == nullptr) {
    const char* const conditions[] = {"m.is_default AND m.active", "m.name OPERATOR(pg_catalog.=) $1 AND m.active",
                                      "m.name OPERATOR(pg_catalog.=) $1 AND m.version OPERATOR(pg_catalog.=) $2"};
    StringInfoData query;
    initStringInfo(&query);
    appendStringInfo(&query, "SELECT m.model FROM %s.%s m WHERE %s", quote_identifier(get_namespace_name(wanted.schema)),
                     registry_table, conditions[which]);
    Oid types[] = {TEXTOID, INT4OID};
    SPIPlanPtr plan = SPI_prepare(query.data, which, types);
    if (plan == nullptr || SPI_keepplan(plan) != 0) elog(ERROR, "the look-up of a model could not be planned");
    plans[which] = plan;
  }
  Datum values[] = {which == 0 ? Datum{0} : PointerGetDatum(cstring_to_text_with_len(wanted.name, static_cast<int>(wanted.length))),
                    Int32GetDatum(wanted.version)};
  if (SPI_execute_plan(plans[which], values, nullptr, true, 1) != SPI_OK_SELECT) elog(ERROR, "the look-up of a model failed");
  bool found = false;
  if (SPI_processed > 0) {
    bool is_null = false;
    const Datum model = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
    if (!is_null) {
      MemoryContext before = MemoryContextSwitchTo(caller);
      *result = datumCopy(model, false, -1);
      MemoryContextSwitchTo(before);
      found = true;
    }
  }
  SPI_finish();
  return found;
}

// "main@3" is version 3 of main; a name has no @.
Wanted parse_name(std::string_view name) {
  Wanted wanted{InvalidOid, name.data(), name.size(), 0};
  const auto at = name.find('@');
  if (at == std::string_view::npos) return wanted;
  wanted.length = at;
  const char* const end = name.data() + name.size();
  const auto [p, error] = std::from_chars(name.data() + at + 1, end, wanted.version);
  if (error != std::errc{} || p != end || wanted.version <= 0 || at == 0)
    throw Error(ErrorCode::invalid_parameter, "invalid name of a model: \"" + std::string(to_core(name)) + "\"", {},
                "Write the name alone for its active version, or name@version, for example main@3.");
  return wanted;
}

[[noreturn]] void no_model(std::string_view server_name, const Wanted& wanted) {
  if (server_name.empty())
    throw Error(ErrorCode::undefined_object, "there is no default model", {},
                "Train one with icp_train(), choose one with icp_set_default(), or name the model.");
  const std::string name(to_core(server_name));
  if (wanted.version != 0)
    throw Error(ErrorCode::undefined_object, "model \"" + name + "\" does not exist", {},
                "The registry icp_models lists the versions there are; icp_train() makes new ones.");
  throw Error(ErrorCode::undefined_object, "model \"" + name + "\" does not exist or has no active version", {},
              "Train it with icp_train(), or choose a version with icp_activate(). Where this ran on another node, pass "
              "the model as a value: (SELECT icp_load('" + name + "')).");
}

}  // namespace

RegisteredModel registered_model(Oid function, std::string_view server_name, bool plainly) {
  Wanted wanted = parse_name(server_name);
  struct Answer {
    Datum model;
    bool found, row_security;
  };
  const auto answer = pg_call([&] {
    Answer a{0, false, false};
    const bool pushed = !ActiveSnapshotSet();
    if (pushed) PushActiveSnapshot(GetTransactionSnapshot());
    wanted.schema = get_func_namespace(function);
    const Scan scan = scan_registry(wanted, &a.model);
    a.found = scan == Scan::found;
    if (!a.found && !plainly) {
      a.row_security = scan == Scan::row_security;
      a.found = query_registry(wanted, &a.model);
    }
    if (pushed) PopActiveSnapshot();
    return a;
  });
  if (!answer.found && !plainly) no_model(server_name, wanted);
  return {answer.model, answer.row_security};
}

// Call sites -------------------------------------------------------------------------------------------------------

void SnapshotKey::take(const SnapshotData& s) {
  xmin_ = s.xmin;
  xmax_ = s.xmax;
  command_ = s.curcid;
  recovery_ = s.takenDuringRecovery;
  count_ = s.xcnt;
  running_.assign(s.xip, s.xip + s.xcnt);
  if (s.subxcnt > 0) running_.insert(running_.end(), s.subxip, s.subxip + s.subxcnt);
}

bool SnapshotKey::matches(const SnapshotData& s) const noexcept {
  const std::size_t subtransactions = s.subxcnt > 0 ? static_cast<std::size_t>(s.subxcnt) : 0;
  return s.xmin == xmin_ && s.xmax == xmax_ && s.curcid == command_ && s.takenDuringRecovery == recovery_ && s.xcnt == count_ &&
         subtransactions + s.xcnt == running_.size() &&
         (s.xcnt == 0 || std::memcmp(s.xip, running_.data(), s.xcnt * sizeof(TransactionId)) == 0) &&
         (subtransactions == 0 ||
          std::memcmp(s.subxip, running_.data() + s.xcnt, subtransactions * sizeof(TransactionId)) == 0);
}

void ModelPin::pin(SharedScorer scorer) {
  if (scorer != scorer_) ++generation_;
  scorer_ = std::move(scorer);
}

const Scorer& ModelPin::value(Datum model) {
  const auto* p = varlena_of(model);
  if (VARATT_IS_EXTERNAL_ONDISK(p)) {
    const varatt_external address = address_of(p);
    if (by_ == By::toast && std::memcmp(&address, &toast_, sizeof address) == 0) return *scorer_;
    by_ = By::nothing;
    pin(shared_scorer(model));
    toast_ = address;
    by_ = By::toast;
    return *scorer_;
  }
  Hash128 digest;
  std::size_t size = 0;
  if (VARATT_IS_EXTENDED(p) && !VARATT_IS_SHORT(p)) {
    // Compressed: the first bytes are enough.
    struct Head {
      struct varlena* bytes;
      std::size_t size;
    };
    const auto head = pg_call([&] {
      auto* whole = const_cast<struct varlena*>(p);
      return Head{pg_detoast_datum_slice(whole, 0, static_cast<int32>(digest_size)), toast_raw_datum_size(model) - VARHDRSZ};
    });
    if (VARSIZE_ANY_EXHDR(head.bytes) < digest_size) fail("It is shorter than its digest.");
    digest = get_digest(VARDATA_ANY(head.bytes));
    size = head.size;
    pfree(head.bytes);
  } else {
    size = VARSIZE_ANY_EXHDR(p);
    if (size < digest_size) fail("It is shorter than its digest.");
    digest = get_digest(VARDATA_ANY(p));
  }
  if (by_ == By::digest && digest == digest_ && size == size_) return *scorer_;
  by_ = By::nothing;
  pin(shared_scorer(model));
  digest_ = digest;
  size_ = size;
  by_ = By::digest;
  return *scorer_;
}

const Scorer& ModelPin::value(FunctionCallInfo fcinfo, int argument) {
  if (PG_ARGISNULL(argument))
    throw Error(ErrorCode::undefined_object, "the model is NULL", {},
                "icp_fit() of no rows gives NULL. Pass a model, its name, or neither for the registered default.");
  return value(PG_GETARG_DATUM(argument));
}

bool ModelPin::find(Oid function, std::string_view server_name, bool plainly) {
  const Snapshot snapshot = ActiveSnapshotSet() ? GetActiveSnapshot() : nullptr;
  const bool comparable = snapshot != nullptr && snapshot->snapshot_type == SNAPSHOT_MVCC;
  const Oid user = GetUserId();
  const SubTransactionId subtransaction = GetCurrentSubTransactionId();
  if (by_ == By::name && comparable && user == user_ && subtransaction == subtransaction_ && function == function_ &&
      server_name == name_ && snapshot_.matches(*snapshot))
    return true;
  by_ = By::nothing;
  const RegisteredModel found = registered_model(function, server_name, plainly);
  if (found.model == 0) return false;
  pin(shared_scorer(found.model));
  pfree(DatumGetPointer(found.model));
  if (comparable && !found.row_security) {
    snapshot_.take(*snapshot);
    user_ = user;
    subtransaction_ = subtransaction;
    function_ = function;
    name_ = server_name;
    by_ = By::name;
  }
  return true;
}

const Scorer& ModelPin::named(Oid function, std::string_view server_name) {
  find(function, server_name, false);
  return *scorer_;
}

bool ModelPin::named_plainly(Oid function, std::string_view server_name) { return find(function, server_name, true); }

const Scorer& ModelPin::named(FunctionCallInfo fcinfo, int argument) {
  const std::string_view name = PG_ARGISNULL(argument) ? std::string_view() : bytes_of(PG_GETARG_DATUM(argument));
  return named(fcinfo->flinfo->fn_oid, name);
}

}  // namespace icp::pg
