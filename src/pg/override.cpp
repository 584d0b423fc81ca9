#include "icp/score.hpp"

#include "pg/override.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
extern "C" {
#include "access/genam.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "nodes/bitmapset.h"
#include "storage/bufmgr.h"
#include "utils/fmgroids.h"
#include "utils/relcache.h"
#include "utils/rls.h"
}
#pragma GCC diagnostic pop

namespace icp::pg {

namespace {

constexpr const char* overrides_table = "icp_overrides";
constexpr const char* overrides_index = "icp_overrides_lead";
// Columns of the table, in the order of sql/override.sql.
constexpr AttrNumber lead_id_column = 3, label_column = 4, until_column = 6;
// Reading a page of decisions takes about as long as ten look-ups. A larger table is never read as a whole.
constexpr std::size_t lookups_per_page = 10, fewest_lookups = 64, most_pages = 1024;

struct Found {
  char label[16];  // "" none
};

bool in_force(Datum until, bool is_null) {
  return is_null || DatumGetTimestampTz(until) > GetCurrentTransactionStartTimestamp();
}

void take(Found* found, Datum label, bool is_null) {
  if (is_null) return;
  text* const t = DatumGetTextPP(label);
  if (VARSIZE_ANY_EXHDR(t) < sizeof found->label) std::memcpy(found->label, VARDATA_ANY(t), VARSIZE_ANY_EXHDR(t));
}

// The latest decision, by one index scan. C only; may raise.
Found scan(Oid table, Oid index_id, const char* model, std::size_t length, const char* lead) {
  Found found{};
  Relation heap = table_open(table, AccessShareLock);
  Relation index = index_open(index_id, AccessShareLock);
  ScanKeyData keys[2];
  Datum name = PointerGetDatum(cstring_to_text_with_len(model, static_cast<int>(length)));
  Datum id = CStringGetTextDatum(lead);
  ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_TEXTEQ, name);
  ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_TEXTEQ, id);
  IndexScanDesc s = begin_index_scan(heap, index, GetActiveSnapshot(), 2);
  index_rescan(s, keys, 2, nullptr, 0);
  // Most leads have none: then nothing is made ready to read the table.
  TupleTableSlot* slot = nullptr;
  while (index_getnext_tid(s, BackwardScanDirection) != nullptr) {
    if (slot == nullptr) slot = table_slot_create(heap, nullptr);
    if (!index_fetch_heap(s, slot)) continue;
    bool is_null = false, no_label = false;
    const Datum until = slot_getattr(slot, until_column, &is_null);
    const Datum label = slot_getattr(slot, label_column, &no_label);
    if (in_force(until, is_null)) take(&found, label, no_label);
    break;
  }
  index_endscan(s);
  if (slot != nullptr) ExecDropSingleTupleTableSlot(slot);
  index_close(index, AccessShareLock);
  table_close(heap, AccessShareLock);
  pfree(DatumGetPointer(name));
  pfree(DatumGetPointer(id));
  return found;
}

// Where policies say which rows there are. C only; may raise.
Found query(Oid table, const char* model, std::size_t length, const char* lead) {
  Found found{};
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  StringInfoData text;
  initStringInfo(&text);
  appendStringInfo(&text,
                   "SELECT o.label, o.until FROM %s.%s o WHERE o.model OPERATOR(pg_catalog.=) $1 AND o.lead_id OPERATOR(pg_catalog.=) $2 "
                   "ORDER BY o.id DESC LIMIT 1",
                   quote_identifier(get_namespace_name(get_rel_namespace(table))), overrides_table);
  Oid types[] = {TEXTOID, TEXTOID};
  Datum values[] = {PointerGetDatum(cstring_to_text_with_len(model, static_cast<int>(length))), CStringGetTextDatum(lead)};
  if (SPI_execute_with_args(text.data, 2, types, values, nullptr, true, 1) != SPI_OK_SELECT) elog(ERROR, "the look-up of an override failed");
  if (SPI_processed > 0) {
    bool is_null = false, no_label = false;
    HeapTuple row = SPI_tuptable->vals[0];
    const Datum until = SPI_getbinval(row, SPI_tuptable->tupdesc, 2, &is_null);
    if (in_force(until, is_null)) {
      const Datum label = SPI_getbinval(row, SPI_tuptable->tupdesc, 1, &no_label);
      take(&found, label, no_label);
    }
  }
  SPI_finish();
  return found;
}

}  // namespace

AttrNumber lead_column(Relation table) {
  const TupleDesc columns = RelationGetDescr(table);
  for (int i = 0; i < columns->natts; ++i) {
    const auto attribute = TupleDescAttr(columns, i);
    if (!attribute->attisdropped && std::strcmp(NameStr(attribute->attname), "lead_id") == 0) return attribute->attnum;
  }
  return pg_call([&] {
    Bitmapset* key = RelationGetIndexAttrBitmap(table, INDEX_ATTR_BITMAP_PRIMARY_KEY);
    int member = 0;
    const bool one = bms_get_singleton_member(key, &member);
    bms_free(key);
    return static_cast<AttrNumber>(one ? member + FirstLowInvalidHeapAttributeNumber : 0);
  });
}

// Whether there is nothing to find under this snapshot.
bool OverrideLookup::nothing(Oid function) {
  const Snapshot snapshot = ActiveSnapshotSet() ? GetActiveSnapshot() : nullptr;
  if (snapshot == nullptr || snapshot->snapshot_type != SNAPSHOT_MVCC) return true;
  if (!looked_ || user_ != GetUserId() || !snapshot_.matches(*snapshot)) {
    looked_ = loaded_ = false;
    lookups_ = 0;
    worth_loading_ = std::numeric_limits<std::size_t>::max();
    none_ = pg_call([&] {
      const Oid schema = get_func_namespace(function);
      overrides_ = get_relname_relid(overrides_table, schema);
      index_ = get_relname_relid(overrides_index, schema);
      if (!OidIsValid(overrides_) || !OidIsValid(index_)) return true;
      if (pg_class_aclcheck(overrides_, GetUserId(), ACL_SELECT) != ACLCHECK_OK) return true;
      policies_ = check_enable_rls(overrides_, InvalidOid, true) == RLS_ENABLED;
      return false;
    });
    snapshot_.take(*snapshot);
    user_ = GetUserId();
    looked_ = true;
    return none_;
  }
  // With the second row it pays to ask for the size of the table, which is a call of the system.
  if (!none_ && ++lookups_ == 1) {
    const std::size_t pages = pg_call([&] {
      Relation heap = table_open(overrides_, AccessShareLock);
      const std::size_t n = RelationGetNumberOfBlocks(heap);
      table_close(heap, AccessShareLock);
      return n;
    });
    none_ = pages == 0;
    worth_loading_ = policies_ || pages > most_pages ? std::numeric_limits<std::size_t>::max() : fewest_lookups + lookups_per_page * pages;
  }
  return none_;
}

void OverrideLookup::load(std::string_view model) {
  decided_.clear();
  pg_call([&] {
    Relation heap = table_open(overrides_, AccessShareLock);
    Relation index = index_open(index_, AccessShareLock);
    ScanKeyData key;
    Datum name = PointerGetDatum(cstring_to_text_with_len(model.data(), static_cast<int>(model.size())));
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_TEXTEQ, name);
    TupleTableSlot* slot = table_slot_create(heap, nullptr);
    IndexScanDesc s = begin_index_scan(heap, index, GetActiveSnapshot(), 1);
    index_rescan(s, &key, 1, nullptr, 0);
    // Later decisions come later.
    while (index_getnext_slot(s, ForwardScanDirection, slot)) {
      bool is_null = false, no_label = false;
      Found found{};
      text* const lead = DatumGetTextPP(slot_getattr(slot, lead_id_column, &is_null));
      const Datum until = slot_getattr(slot, until_column, &is_null);
      const Datum label = slot_getattr(slot, label_column, &no_label);
      if (in_force(until, is_null)) take(&found, label, no_label);
      decided_[std::string(VARDATA_ANY(lead), VARSIZE_ANY_EXHDR(lead))] = label_named(found.label);
    }
    index_endscan(s);
    ExecDropSingleTupleTableSlot(slot);
    index_close(index, AccessShareLock);
    table_close(heap, AccessShareLock);
    pfree(DatumGetPointer(name));
  });
  loaded_model_ = model;
  loaded_ = true;
}

void OverrideLookup::identify(Relation table) {
  if (table_ == RelationGetRelid(table)) return;
  column_ = lead_column(table);
  output_ = InvalidOid;
  if (column_ > 0) {
    const Oid type = getBaseType(TupleDescAttr(RelationGetDescr(table), column_ - 1)->atttypid);
    if (type != TEXTOID && type != VARCHAROID)
      pg_call([&] {
        bool is_varlena = false;
        getTypeOutputInfo(type, &output_, &is_varlena);
      });
  }
  table_ = RelationGetRelid(table);
}

std::string_view OverrideLookup::find(Oid function, std::string_view model, Relation table, HeapTuple row) {
  if (model.empty() || nothing(function)) return {};
  identify(table);
  if (column_ <= 0) return {};
  bool is_null = false;
  const Datum id = heap_getattr(row, column_, RelationGetDescr(table), &is_null);
  if (is_null) return {};
  char* const lead = pg_call([&] { return OidIsValid(output_) ? OidOutputFunctionCall(output_, id) : TextDatumGetCString(id); });
  if (!loaded_ && lookups_ > worth_loading_) load(model);
  std::string_view label;
  if (loaded_ && loaded_model_ == model) {
    const auto it = decided_.find(lead);
    if (it != decided_.end()) label = it->second;
  } else {
    const Found found = pg_call([&] {
      return policies_ ? query(overrides_, model.data(), model.size(), lead) : scan(overrides_, index_, model.data(), model.size(), lead);
    });
    label = label_named(found.label);
  }
  pfree(lead);
  return label;
}

}  // namespace icp::pg
