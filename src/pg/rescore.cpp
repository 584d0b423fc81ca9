// icp_scored(), icp_score_targets(), icp_trigger_arguments(): what icp_rescore needs of the trigger's code.
#include "icp/error.hpp"

#include "pg/kept.hpp"
#include "pg/memory.hpp"
#include "pg/override.hpp"
#include "pg/result.hpp"
#include "pg/trigger.hpp"
#include "pg/varlena.hpp"

namespace icp::pg {

namespace {

// The elements of an array of text, which lives in the current memory context.
std::vector<char*> texts(FunctionCallInfo fcinfo, int argument) {
  struct Elements {
    char** text;
    int count;
    bool has_null;
  };
  const auto e = pg_call([&] {
    ArrayType* array = PG_GETARG_ARRAYTYPE_P(argument);
    Datum* values = nullptr;
    bool* nulls = nullptr;
    Elements out{nullptr, 0, false};
    deconstruct_array(array, TEXTOID, -1, false, 'i', &values, &nulls, &out.count);
    out.text = static_cast<char**>(palloc0(sizeof(char*) * static_cast<std::size_t>(out.count + 1)));
    for (int i = 0; i < out.count; ++i) {
      if (nulls[i]) out.has_null = true;
      else out.text[i] = TextDatumGetCString(values[i]);
    }
    return out;
  });
  if (e.has_null) throw Error(ErrorCode::invalid_parameter, "an argument is NULL", {}, "Write them as those of the trigger: ARRAY['main', 'icp_label=label'].");
  return {e.text, e.text + e.count};
}

[[noreturn]] void no_row() {
  throw Error(ErrorCode::wrong_type, "icp_scored() takes a whole row of a table", {}, "Write icp_scored(l) FROM lead l; icp_score() takes any row.");
}

struct ScoredSite {
  KeptArgument kept;
  bool have = false, composite = false;
  std::vector<std::string> arguments;
  std::vector<char*> pointers;
  Trigger trigger{};
  Oid table = InvalidOid;
  std::unique_ptr<TriggerStatement> statement;
};

// The table whose rows have a type.
Oid table_of(Oid type) {
  const Oid table = pg_call([&] {
    const Oid relation = OidIsValid(type) && type != RECORDOID ? get_typ_typrelid(type) : InvalidOid;
    const char kind = OidIsValid(relation) ? get_rel_relkind(relation) : '\0';
    return kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE || kind == RELKIND_FOREIGN_TABLE ? relation : InvalidOid;
  });
  if (!OidIsValid(table)) no_row();
  return table;
}

}  // namespace

ICP_FUNCTION(icp_scored) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  auto& site = call_site<ScoredSite>(fcinfo);
  if (!site.composite) {
    if (!pg_call([&] { return type_is_rowtype(get_fn_expr_argtype(fcinfo->flinfo, 0)); })) no_row();
    site.composite = true;
  }
  HeapTupleHeader header = pg_call([&] { return PG_GETARG_HEAPTUPLEHEADER(0); });
  if (PG_ARGISNULL(1)) throw Error(ErrorCode::invalid_parameter, "the arguments are NULL", {}, "Write them as those of the trigger, or leave them out.");
  const Oid table_id = table_of(HeapTupleHeaderGetTypeId(header));
  if (!site.have || site.kept.changed(fcinfo, 1)) {
    site.arguments.clear();
    site.pointers.clear();
    for (const char* text : texts(fcinfo, 1)) site.arguments.emplace_back(text);
    for (std::string& text : site.arguments) site.pointers.push_back(text.data());
    site.trigger.tgname = const_cast<char*>("icp_scored");
    site.trigger.tgargs = site.pointers.data();
    site.trigger.tgnargs = static_cast<std::int16_t>(site.pointers.size());
    site.statement.reset();
    site.kept.keep(fcinfo, 1);
    site.have = true;
  }
  if (!site.statement || site.table != table_id) {
    site.statement = std::make_unique<TriggerStatement>();
    site.table = table_id;
  }
  const Opened table(table_id);
  HeapTupleData row{};
  row.t_len = HeapTupleHeaderGetDatumLength(header);
  ItemPointerSetInvalid(&row.t_self);
  row.t_tableOid = table_id;
  row.t_data = header;
  TriggerData data{};
  data.type = T_TriggerData;
  data.tg_event = TRIGGER_EVENT_INSERT | TRIGGER_EVENT_ROW | TRIGGER_EVENT_BEFORE;
  data.tg_relation = table.relation;
  data.tg_trigtuple = &row;
  data.tg_trigger = &site.trigger;
  HeapTuple scored = site.statement->row(fcinfo, data);
  if (scored == nullptr) PG_RETURN_NULL();
  return pg_call([&] { return heap_copy_tuple_as_datum(scored, RelationGetDescr(table.relation)); });
}

ICP_FUNCTION(icp_score_targets) {
  ResultSet rows(fcinfo);
  const Opened table(PG_GETARG_OID(0));
  const std::vector<char*> arguments = texts(fcinfo, 1);
  const TriggerDefinition definition({}, arguments);
  std::vector<std::string> missing;
  const auto pairs = definition.columns_of(RelationGetDescr(table.relation), &missing);
  if (!missing.empty())
    throw Error(ErrorCode::undefined_column, "column \"" + std::string(to_core(missing.front())) + "\" does not exist", {},
                "Name the columns as the table has them: ARRAY['main', 'icp_label=label'].");
  const char* input = nullptr;
  if (!definition.input.empty())
    input = pg_call([&] {
      const Oid function = InputFunction::find(definition.input.c_str(), table.relation).function;
      return quote_qualified_identifier(get_namespace_name(get_func_namespace(function)), get_func_name(function));
    });
  const AttrNumber lead = lead_column(table.relation);
  for (const auto& pair : pairs) {
    rows.datum("column_name", pg_call([&] { return CStringGetTextDatum(pair.column.c_str()); }));
    rows.text("field", lead_field_names[pair.field]);
    if (!definition.model.empty()) rows.datum("model", pg_call([&] { return CStringGetTextDatum(definition.model.c_str()); }));
    if (input != nullptr) rows.datum("input", pg_call([&] { return CStringGetTextDatum(input); }));
    if (lead > 0)
      rows.datum("lead_column", pg_call([&] { return CStringGetTextDatum(NameStr(TupleDescAttr(RelationGetDescr(table.relation), lead - 1)->attname)); }));
    rows.emit();
  }
  return rows.done();
}

ICP_FUNCTION(icp_trigger_arguments) {
  const Opened table(PG_GETARG_OID(0));
  const Oid schema = pg_call([&] { return get_func_namespace(fcinfo->flinfo->fn_oid); });
  const TriggerDesc* triggers = pg_call([&] { return CopyTriggerDesc(table.relation->trigdesc); });
  const Trigger* found = nullptr;
  for (int i = 0; triggers != nullptr && i < triggers->numtriggers; ++i) {
    if (!runs_score_lead(triggers->triggers[i].tgfoid, schema)) continue;
    if (found != nullptr)
      throw Error(ErrorCode::invalid_parameter, "several triggers of the table run icp_score_lead()", {}, "Give the arguments of the one that is meant.");
    found = &triggers->triggers[i];
  }
  if (found == nullptr) PG_RETURN_NULL();
  return pg_call([&] {
    std::size_t n = static_cast<std::size_t>(found->tgnargs);
    auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * (n + 1)));
    for (std::size_t i = 0; i < n; ++i) values[i] = CStringGetTextDatum(found->tgargs[i]);
    return PointerGetDatum(construct_array(values, static_cast<int>(n), TEXTOID, -1, false, 'i'));
  });
}

}  // namespace icp::pg
