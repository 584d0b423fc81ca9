#include "pg/result.hpp"

namespace icp::pg {

ResultSet::ResultSet(FunctionCallInfo fcinfo) {
  struct Started {
    TupleDesc columns;
    Tuplestorestate* store;
  };
  const auto started = pg_call([&] {
    auto* info = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    if (info == nullptr || !IsA(info, ReturnSetInfo) || (info->allowedModes & SFRM_Materialize) == 0)
      ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("set-valued function called in a context that cannot accept a set")));
    MemoryContext before = MemoryContextSwitchTo(info->econtext->ecxt_per_query_memory);
    TupleDesc columns = nullptr;
    if (get_call_result_type(fcinfo, nullptr, &columns) != TYPEFUNC_COMPOSITE)
      ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("function returning a composite type called in a context that cannot accept it")));
    // A copy of this call's own already, which the executor frees with the result; another would stay until the query ends.
    columns = BlessTupleDesc(columns);
    Tuplestorestate* store = tuplestore_begin_heap((info->allowedModes & SFRM_Materialize_Random) != 0, false, work_mem);
    info->returnMode = SFRM_Materialize;
    info->setResult = store;
    info->setDesc = columns;
    MemoryContextSwitchTo(before);
    return Started{columns, store};
  });
  columns_ = started.columns;
  store_ = started.store;
  values_.resize(static_cast<std::size_t>(columns_->natts));
  nulls_.assign(values_.size(), 1);
}

int ResultSet::index_of(const char* column) const {
  for (int i = 0; i < columns_->natts; ++i) {
    const auto attribute = TupleDescAttr(columns_, i);
    if (!attribute->attisdropped && std::strcmp(NameStr(attribute->attname), column) == 0) return i;
  }
  return -1;
}

Oid ResultSet::type_of(const char* column) const {
  const int i = index_of(column);
  return i < 0 ? InvalidOid : TupleDescAttr(columns_, i)->atttypid;
}

ResultSet& ResultSet::datum(const char* column, Datum value) {
  const int i = index_of(column);
  if (i >= 0) {
    values_[static_cast<std::size_t>(i)] = value;
    nulls_[static_cast<std::size_t>(i)] = 0;
  }
  return *this;
}

ResultSet& ResultSet::integer(const char* column, std::int64_t value) {
  const int i = index_of(column);
  if (i < 0) return *this;
  if (TupleDescAttr(columns_, i)->atttypid == INT8OID) return datum(column, Int64GetDatum(value));
  if (value < std::numeric_limits<std::int32_t>::min() || value > std::numeric_limits<std::int32_t>::max())
    throw Error(ErrorCode::too_large, std::string("the column ") + column + " is too small for its value");
  return datum(column, Int32GetDatum(static_cast<std::int32_t>(value)));
}

void ResultSet::emit() {
  auto* nulls = reinterpret_cast<bool*>(nulls_.data());
  if (store_ != nullptr) pg_call([&] { tuplestore_putvalues(store_, columns_, values_.data(), nulls); });
  else elements_.push_back(row());
  nulls_.assign(nulls_.size(), 1);
}

void ResultSet::describe(Oid type) {
  columns_ = pg_call([&] {
    TupleDesc kept = lookup_rowtype_tupdesc(type, -1);
    TupleDesc columns = CreateTupleDescCopy(kept);
    ReleaseTupleDesc(kept);
    return columns;
  });
  values_.resize(static_cast<std::size_t>(columns_->natts));
  nulls_.assign(values_.size(), 1);
}

ResultSet::ResultSet(FunctionCallInfo fcinfo, AsArray) {
  element_ = pg_call([&] { return get_element_type(get_func_rettype(fcinfo->flinfo->fn_oid)); });
  describe(element_);
}

ResultSet::ResultSet(FunctionCallInfo fcinfo, AsRow) {
  describe(pg_call([&] { return get_func_rettype(fcinfo->flinfo->fn_oid); }));
}

Datum ResultSet::row() {
  const Datum row = pg_call([&] { return HeapTupleGetDatum(heap_form_tuple(columns_, values_.data(), reinterpret_cast<bool*>(nulls_.data()))); });
  nulls_.assign(nulls_.size(), 1);
  return row;
}

Datum ResultSet::array() const {
  return pg_call([&] {
    int16 length = 0;
    bool by_value = false;
    char align = 0;
    get_typlenbyvalalign(element_, &length, &by_value, &align);
    return PointerGetDatum(construct_array(const_cast<Datum*>(elements_.data()), static_cast<int>(elements_.size()), element_, length,
                                           by_value, align));
  });
}

}  // namespace icp::pg
