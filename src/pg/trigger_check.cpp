// icp_check_trigger(): what of a table's trigger icp_score_lead() will not fit, before a row is stored.
#include <set>

#include "icp/error.hpp"
#include "icp/model.hpp"
#include "icp/report.hpp"

#include "pg/lead.hpp"
#include "pg/memory.hpp"
#include "pg/report.hpp"
#include "pg/trigger.hpp"
#include "pg/varlena.hpp"

extern "C" {
#include "catalog/partition.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "utils/partcache.h"
}

namespace icp::pg {

namespace {

class TriggerCheck {
 public:
  TriggerCheck(Relation table, Oid function, std::vector<Finding>& findings)
      : table_(table), columns_(RelationGetDescr(table)), function_(function), findings_(findings) {}

  void run(const Trigger& trigger) {
    name_ = to_core(trigger.tgname);
    declaration(trigger);
    try {
      // Without its own word of which trigger it is: add() says that.
      const TriggerDefinition definition({}, {trigger.tgargs, static_cast<std::size_t>(trigger.tgnargs)});
      const SharedScorer scorer = model(definition);
      targets(definition, scorer.get());
      constraints();
      partitions();
      if (!definition.input.empty()) input(definition);
      else if (scorer) features(trigger, scorer);
    } catch (const Error& e) {
      if (e.code() == ErrorCode::out_of_memory) throw;
      add("error", {}, e.what(), e.hint());
    }
  }

 private:
  void add(const char* severity, std::string column, const std::string& message, std::string hint) {
    findings_.push_back({severity, std::move(column), -1, "trigger \"" + name_ + "\": " + message, std::move(hint)});
  }

  void declaration(const Trigger& t) {
    const char* wrong = nullptr;
    if (!TRIGGER_FOR_ROW(t.tgtype)) wrong = "it is declared FOR EACH STATEMENT";
    else if (!TRIGGER_FOR_BEFORE(t.tgtype)) wrong = "it is not declared BEFORE";
    else if (TRIGGER_FOR_DELETE(t.tgtype)) wrong = "it fires on DELETE";
    if (wrong != nullptr) add("error", {}, std::string("the function cannot run: ") + wrong, "declare it BEFORE INSERT OR UPDATE … FOR EACH ROW");
    if (!TRIGGER_FOR_INSERT(t.tgtype)) add("warning", {}, "it does not fire on INSERT: new leads are not scored", "declare it BEFORE INSERT OR UPDATE");
    if (!TRIGGER_FOR_UPDATE(t.tgtype)) add("info", {}, "it does not fire on UPDATE: a score stays as it was when the lead came", "declare it BEFORE INSERT OR UPDATE");
    if (t.tgenabled == TRIGGER_DISABLED) add("error", {}, "it is disabled", "ALTER TABLE … ENABLE TRIGGER");
    if (t.tgenabled == TRIGGER_FIRES_ON_REPLICA) add("warning", {}, "it fires only where session_replication_role is replica", "ALTER TABLE … ENABLE TRIGGER");
  }

  SharedScorer model(const TriggerDefinition& definition) {
    Refusal refusal;
    SharedScorer scorer = trigger_model(pin_, function_, definition.model, refusal);
    if (!scorer) add("error", {}, refusal.message, refusal.hint);
    return scorer;
  }

  // Every value that a field can take is tried on its column, by the code that the trigger runs.
  static std::vector<LeadField> possible(std::size_t field, const Scorer* scorer) {
    std::vector<LeadField> out;
    const auto texts = [&](std::initializer_list<std::string_view> values) {
      for (const auto v : values) out.push_back({LeadField::Kind::text, v, 0});
    };
    const std::string_view name = lead_field_names[field];
    if (name == "label") texts({"gold", "ordinary", "non_target", "unknown"});
    else if (name == "priority") texts({"high", "normal", "low"});
    else if (name == "grade") texts({"A", "B", "C"});
    else if (name == "cohort" && scorer != nullptr)
      for (const Cohort& c : scorer->model().cohorts) texts({c.key});
    else if (name == "model" && scorer != nullptr && scorer->model().name) texts({*scorer->model().name});
    else if (name == "version" && scorer != nullptr && scorer->model().number)
      out.push_back({LeadField::Kind::integer, {}, static_cast<double>(*scorer->model().number)});
    else if (name == "priority_rank")
      for (const double v : {1.0, 2.0, 3.0}) out.push_back({LeadField::Kind::integer, {}, v});
    else if (name == "similarity" || name == "coverage" || name == "win_probability")
      for (const double v : {0.0, 0.515625, 1.0}) out.push_back({LeadField::Kind::number, {}, v});
    else if (name == "expected_dqs")
      for (const double v : {0.0, 51.5625, 100.0}) out.push_back({LeadField::Kind::number, {}, v});
    return out;
  }

  void targets(const TriggerDefinition& definition, const Scorer* scorer) {
    std::vector<std::string> missing;
    const auto pairs = definition.columns_of(columns_, &missing);
    for (const std::string& m : missing) {
      const std::string column(to_core(m));
      add("error", column, "the table has no column " + column, "add the column, or create the trigger again");
    }
    if (pairs.empty() && missing.empty())
      add("error", {}, "the table has no column to fill", "add columns such as icp_cohort and icp_label, or name pairs column=field");
    for (const auto& pair : pairs) {
      TargetColumn target(columns_, pair.column.c_str(), pair.field, CurrentMemoryContext);
      const std::string column(to_core(pair.column));
      targets_.insert(pair.column);
      const auto attribute = TupleDescAttr(columns_, target.number() - 1);
      if (attribute->attgenerated != '\0') {
        add("error", column, "a generated column cannot be filled", "use an ordinary column");
        continue;
      }
      for (const LeadField& value : possible(pair.field, scorer)) {
        Refusal refusal;
        if (target.convert(value, refusal)) continue;
        add("error", column, refusal.message, "change the type of the column");
        break;
      }
      Refusal refusal;
      if (!target.takes_null(refusal))
        add("warning", column, "the column takes no NULL: a lead that gets no " + std::string(lead_field_names[pair.field]) + " keeps what it comes with, and is not stored where that is NULL",
            attribute->attnotnull ? "drop NOT NULL" : "use a type that takes NULL");
    }
  }

  // Of the columns that an expression looks at, those that the trigger fills.
  std::vector<std::string> filled(Relation table, Node* expression) const {
    Bitmapset* used = nullptr;
    pg_call([&] { pull_varattnos(expression, 1, &used); });
    const auto uses = [&](AttrNumber n) { return bms_is_member(n - FirstLowInvalidHeapAttributeNumber, used); };
    std::vector<std::string> out;
    const TupleDesc columns = RelationGetDescr(table);
    for (int i = 0; i < columns->natts; ++i) {
      const char* name = NameStr(TupleDescAttr(columns, i)->attname);
      if (targets_.count(name) > 0 && (uses(static_cast<AttrNumber>(i + 1)) || uses(0))) out.emplace_back(to_core(name));
    }
    return out;
  }

  void may_refuse(const std::string& what, const char* constraint, const std::string& column) {
    add("warning", column, "the " + what + " \"" + std::string(to_core(constraint)) + "\" may refuse a lead for its " + column,
        "let it admit every value that the trigger stores, and NULL");
  }

  // What the table refuses ends the statement: it is looked at after the trigger.
  void constraints() {
    const TupleConstr* all = columns_->constr;
    for (int i = 0; all != nullptr && i < all->num_check; ++i) {
      const ConstrCheck& check = all->check[i];
      if (!enforced(check)) continue;
      auto* expression = pg_call([&] { return static_cast<Node*>(stringToNode(check.ccbin)); });
      for (const std::string& column : filled(table_, expression)) may_refuse("constraint", check.ccname, column);
    }
    // A copy, as of the triggers.
    List* keys = pg_call([&] { return static_cast<List*>(copyObjectImpl(RelationGetFKeyList(table_))); });
    ListCell* cell = nullptr;
    foreach (cell, keys) {
      const auto* key = static_cast<ForeignKeyCacheInfo*>(lfirst(cell));
      const char* name = pg_call([&] { return get_constraint_name(key->conoid); });
      for (int i = 0; name != nullptr && i < key->nkeys; ++i) {
        const char* column = NameStr(TupleDescAttr(columns_, key->conkey[i] - 1)->attname);
        if (targets_.count(column) > 0) may_refuse("foreign key", name, std::string(to_core(column)));
      }
    }
  }

  // The partition of a row is chosen before the trigger runs.
  void partitions() {
    List* tree = pg_call([&] {
      const Oid id = RelationGetRelid(table_);
      List* out = table_->rd_rel->relispartition ? get_partition_ancestors(id) : NIL;
      return list_concat(out, table_->rd_rel->relkind == RELKIND_PARTITIONED_TABLE ? find_all_inheritors(id, AccessShareLock, nullptr) : NIL);
    });
    std::set<std::string> keys;
    ListCell* cell = nullptr;
    foreach (cell, tree) {
      if (pg_call([&] { return get_rel_relkind(lfirst_oid(cell)); }) != RELKIND_PARTITIONED_TABLE) continue;
      const Opened one(lfirst_oid(cell));
      const auto columns = filled(one.relation, pg_call([&] { return partition_key(one.relation); }));
      keys.insert(columns.begin(), columns.end());
    }
    for (const std::string& column : keys)
      add("error", column, "the table is partitioned by " + column + ": a lead that its score sends to another partition cannot be stored", "partition it by another column");
  }

  // As one expression.
  static Node* partition_key(Relation table) {
    const PartitionKey key = RelationGetPartitionKey(table);
    List* parts = list_copy(key->partexprs);
    for (int i = 0; i < key->partnatts; ++i)
      if (key->partattrs[i] != 0)
        parts = lappend(parts, makeVar(1, key->partattrs[i], key->parttypid[i], key->parttypmod[i], key->parttypcoll[i], 0));
    return reinterpret_cast<Node*>(parts);
  }

  void input(const TriggerDefinition& definition) {
    auto body = [this, name = definition.input.c_str()] { InputFunction::find(name, table_); };
    if (const auto refusal = refused(body)) add("error", {}, refusal->message, refusal->hint);
  }

  // Numbers, booleans, text, enums, arrays and dates; or a type that is text by another name.
  static bool readable(Oid type) {
    char category = 0;
    bool preferred = false;
    pg_call([&] { get_type_category_preferred(getBaseType(type), &category, &preferred); });
    return std::strchr("NBSEAD", category) != nullptr;
  }

  void features(const Trigger& trigger, const SharedScorer& scorer) {
    // A row of NULLs shows what the reader makes of the columns.
    MemoryContext memory = make_context(CurrentMemoryContext, "icp_check_trigger");
    std::vector<RowReader::Column> wanted;
    for (const std::string_view name : scorer->columns()) wanted.push_back({std::string(name), false});
    RowReader reader(memory, std::move(wanted));
    std::vector<Datum> values(static_cast<std::size_t>(columns_->natts), Datum{0});
    std::vector<std::uint8_t> nulls(values.size(), 1);
    HeapTuple row = pg_call([&] { return heap_form_tuple(columns_, values.data(), reinterpret_cast<bool*>(nulls.data())); });
    reader.read_tuple(row, table_->rd_rel->reltype);
    const std::size_t n = scorer->feature_count();
    std::size_t present = 0;
    for (std::size_t f = 0; f < n; ++f) {
      const std::string column(scorer->columns()[f]);
      if (!reader.present(f)) {
        add("warning", column, "the table has no column " + column + ", a feature of the model: it lowers coverage", "add the column, or supply it by input=function");
        continue;
      }
      ++present;
      for (int i = 0; i < columns_->natts; ++i) {
        const auto attribute = TupleDescAttr(columns_, i);
        if (attribute->attisdropped || to_core(NameStr(attribute->attname)) != column) continue;
        if (!readable(attribute->atttypid))
          add("warning", column, column + " has a type that no feature can have: it is never known", "cast it by input=function");
        if (attribute->attgenerated != '\0')
          add("warning", column, column + " is a generated column: it is not yet known when the trigger runs", "compute it by input=function");
        if (targets_.count(NameStr(attribute->attname)) > 0)
          add("warning", column, column + " is a feature of the model and is filled by the trigger", "fill another column");
        const bool listed = trigger.tgnattr == 0 || std::find(trigger.tgattr, trigger.tgattr + trigger.tgnattr, attribute->attnum) != trigger.tgattr + trigger.tgnattr;
        if (TRIGGER_FOR_UPDATE(trigger.tgtype) && !listed)
          add("warning", column, "UPDATE OF does not list " + column + ": a change of it is not noticed", "declare the trigger BEFORE INSERT OR UPDATE");
      }
    }
    for (std::size_t f = scorer->first_of_exclusions(); f < scorer->columns().size(); ++f)
      if (!reader.present(f)) {
        const std::string column(scorer->columns()[f]);
        add("warning", column, "the table has no column " + column + ", which an exclusion of the model looks at: it excludes nobody", "add the column, or supply it by input=function");
      }
    if (present == 0 && n > 0) scorer->no_features();
  }

  Relation table_;
  TupleDesc columns_;
  Oid function_;
  std::vector<Finding>& findings_;
  std::string name_;
  ModelPin pin_;
  std::set<std::string> targets_;
};

}  // namespace

ICP_FUNCTION(icp_check_trigger) {
  std::vector<Finding> findings;
  const Oid function = fcinfo->flinfo->fn_oid;
  const Oid schema = pg_call([&] { return get_func_namespace(function); });
  {
    const Opened table(PG_GETARG_OID(0));
    int count = 0;
    // A copy: the relation's own goes when it is rebuilt, which a look-up can cause.
    const TriggerDesc* triggers = pg_call([&] { return CopyTriggerDesc(table.relation->trigdesc); });
    for (int i = 0; triggers != nullptr && i < triggers->numtriggers; ++i) {
      const Trigger& trigger = triggers->triggers[i];
      if (!runs_score_lead(trigger.tgfoid, schema)) continue;
      ++count;
      TriggerCheck(table.relation, function, findings).run(trigger);
    }
    if (count == 0)
      findings.push_back({"error", {}, -1, "no trigger of the table runs icp_score_lead()",
                          "CREATE TRIGGER … BEFORE INSERT OR UPDATE ON … FOR EACH ROW EXECUTE FUNCTION icp_score_lead('main')"});
  }
  return return_report(fcinfo, report_findings(findings));
}

}  // namespace icp::pg
