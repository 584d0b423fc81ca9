// icp_score_lead(): the trigger that scores a lead as it is stored.
#include "icp/error.hpp"
#include "icp/score.hpp"

#include "pg/lead.hpp"
#include "pg/memory.hpp"
#include "pg/override.hpp"
#include "pg/trigger.hpp"
#include "pg/varlena.hpp"

extern "C" {
#include "access/xact.h"
}

namespace icp::pg {

namespace {

std::string describe(const Trigger& trigger, Relation table) {
  if (!OidIsValid(trigger.tgoid)) return "icp_scored() of table \"" + std::string(to_core(RelationGetRelationName(table))) + "\"";
  return "trigger \"" + std::string(to_core(trigger.tgname)) + "\" on table \"" + std::string(to_core(RelationGetRelationName(table))) + "\"";
}

// What a trigger works with, kept from statement to statement: one-row statements are what a CRM sends.
class Prepared {
 public:
  Prepared(const Trigger& trigger, Relation table)
      : definition_(trigger), table_(RelationGetRelid(table)), row_type_(table->rd_rel->reltype),
        memory_(make_context(TopMemoryContext, "icp_score_lead")) {
    for (int i = 0; i < trigger.tgnargs; ++i) arguments_.emplace_back(trigger.tgargs[i]);
    identifier_ = current_identifier();
    std::vector<std::string> missing;
    for (const auto& pair : definition_.columns_of(RelationGetDescr(table), &missing))
      targets_.emplace_back(RelationGetDescr(table), pair.column.c_str(), pair.field, memory_);
    for (const TargetColumn& t : targets_) {
      decidable_ = decidable_ || lead_field_decided(t.field());
      forecasts_ = forecasts_ || lead_field_forecast(t.field());
    }
    for (const std::string& name : missing) missing_ += (missing_.empty() ? "" : ", ") + std::string(to_core(name));
    is_target_.assign(static_cast<std::size_t>(RelationGetDescr(table)->natts), false);
    for (const TargetColumn& t : targets_) is_target_[static_cast<std::size_t>(t.number() - 1)] = true;
  }
  ~Prepared() { MemoryContextDelete(memory_); }
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;

  // Whether nothing that this was made from has changed.
  bool serves(const Trigger& trigger, Relation table) const {
    if (RelationGetRelid(table) != table_ || trigger.tgnargs != static_cast<int>(arguments_.size())) return false;
    for (std::size_t i = 0; i < arguments_.size(); ++i)
      if (arguments_[i] != trigger.tgargs[i]) return false;
    return identifier_ != 0 && identifier_ == current_identifier();
  }

  const TriggerDefinition& definition() const { return definition_; }
  const std::string& missing() const { return missing_; }
  // Whether a column takes what a decision about the label would change.
  bool decidable() const { return decidable_; }
  // Whether a column takes what only the scorecards tell.
  bool forecasts() const { return forecasts_; }
  std::vector<TargetColumn>& targets() { return targets_; }
  ModelPin& pin() { return pin_; }
  Oid row_type() const { return row_type_; }

  // Makes ready what depends on the model.
  void use(const SharedScorer& scorer, Relation table) {
    if (reader_ && reader_->shared() == scorer) return;
    reader_.reset();
    old_reader_.reset();
    needed_.clear();
    if (reader_memory_ == nullptr) reader_memory_ = make_context(memory_, "icp_score_lead model");
    else MemoryContextReset(reader_memory_);
    reader_ = std::make_unique<LeadReader>(reader_memory_, scorer);
    const TupleDesc columns = RelationGetDescr(table);
    for (const std::string_view name : scorer->columns())
      for (int i = 0; i < columns->natts; ++i) {
        const auto attribute = TupleDescAttr(columns, i);
        if (!attribute->attisdropped && to_core(NameStr(attribute->attname)) == name) needed_.push_back(static_cast<AttrNumber>(i + 1));
      }
  }
  LeadReader& reader() { return *reader_; }
  LeadReader& old_reader() {
    if (!old_reader_) old_reader_ = std::make_unique<LeadReader>(reader_memory_, reader_->shared());
    return *old_reader_;
  }

  // Whether a column that the model uses differs between two rows, byte for byte.
  bool features_differ(HeapTuple before, HeapTuple after, TupleDesc columns) const {
    return std::any_of(needed_.begin(), needed_.end(), [&](AttrNumber n) { return differ(before, after, columns, n); });
  }
  // Whether any column differs that the trigger does not fill itself.
  bool others_differ(HeapTuple before, HeapTuple after, TupleDesc columns) const {
    for (std::size_t i = 0; i < is_target_.size(); ++i)
      if (!is_target_[i] && !TupleDescAttr(columns, static_cast<int>(i))->attisdropped && differ(before, after, columns, static_cast<AttrNumber>(i + 1)))
        return true;
    return false;
  }

 private:
  std::uint64_t current_identifier() const {
    return pg_call([&] { return lookup_type_cache(row_type_, TYPECACHE_TUPDESC)->tupDesc_identifier; });
  }
  static bool differ(HeapTuple before, HeapTuple after, TupleDesc columns, AttrNumber n) {
    bool null_before = false, null_after = false;
    const Datum a = heap_getattr(before, n, columns, &null_before), b = heap_getattr(after, n, columns, &null_after);
    if (null_before || null_after) return null_before != null_after;
    const auto attribute = TupleDescAttr(columns, n - 1);
    return !datumIsEqual(a, b, attribute->attbyval, attribute->attlen);
  }

  TriggerDefinition definition_;
  Oid table_, row_type_;
  std::vector<std::string> arguments_;
  std::uint64_t identifier_ = 0;
  MemoryContext memory_, reader_memory_ = nullptr;
  std::vector<TargetColumn> targets_;
  std::string missing_;
  std::vector<bool> is_target_;
  bool decidable_ = false, forecasts_ = false;
  ModelPin pin_;
  std::unique_ptr<LeadReader> reader_, old_reader_;
  std::vector<AttrNumber> needed_;
};

std::shared_ptr<Prepared> prepared(const Trigger& trigger, Relation table) {
  // Never destroyed: the backend's end may still run callbacks of memory contexts.
  static auto* const kept = new std::unordered_map<Oid, std::shared_ptr<Prepared>>;
  const auto it = kept->find(trigger.tgoid);
  if (it != kept->end() && it->second->serves(trigger, table)) return it->second;
  auto made = std::make_shared<Prepared>(trigger, table);
  constexpr std::size_t most = 256;
  if (kept->size() >= most) kept->clear();
  (*kept)[trigger.tgoid] = made;
  return made;
}

}  // namespace

struct TriggerStatement::State {
  std::shared_ptr<Prepared> prepared;
  OverrideLookup overrides;
  InputFunction input;
  FmgrInfo input_call{};
  TupleDesc input_columns = nullptr;
  TupleConversionMap* to_input = nullptr;
  bool failed = false;   // no row of this statement can be scored
  bool warned = false;
  struct Stored {
    std::vector<int> numbers;
    std::vector<Datum> values;
    std::vector<std::uint8_t> nulls;
    // Whether each column takes NULL, asked where one is to be stored.
    std::vector<std::optional<bool>> takes_null;
  } stored;  // memory reused from row to row
};

namespace {

using Statement = TriggerStatement::State;

// One warning a statement also where it stores into several partitions, each with its own Statement.
bool first_warning(const Trigger& trigger) {
  static TimestampTz last_start = 0;
  static CommandId last_command = 0;
  static char last_trigger[NAMEDATALEN];
  const TimestampTz start = GetCurrentStatementStartTimestamp();
  const CommandId command = GetCurrentCommandId(false);
  if (start == last_start && command == last_command && std::strncmp(last_trigger, trigger.tgname, NAMEDATALEN) == 0) return false;
  last_start = start;
  last_command = command;
  strlcpy(last_trigger, trigger.tgname, NAMEDATALEN);
  return true;
}

void warn_once(Statement& s, const Trigger& trigger, Relation table, const std::string& what, const std::string& detail, const std::string& hint) {
  if (s.warned) return;
  s.warned = true;
  if (!first_warning(trigger)) return;
  std::string sentence = detail;
  if (!sentence.empty() && sentence.back() != '.') sentence += '.';
  if (!sentence.empty() && sentence[0] >= 'a' && sentence[0] <= 'z') sentence[0] = static_cast<char>(sentence[0] - 'a' + 'A');
  warn(describe(trigger, table) + " " + what, sentence, hint);
}

void require(const TriggerData& data) {
  const char* wrong = nullptr;
  if (!TRIGGER_FIRED_FOR_ROW(data.tg_event)) wrong = "it is declared FOR EACH STATEMENT";
  else if (TRIGGER_FIRED_INSTEAD(data.tg_event)) wrong = "it is declared INSTEAD OF";
  else if (!TRIGGER_FIRED_BEFORE(data.tg_event)) wrong = "it is declared AFTER";
  else if (!TRIGGER_FIRED_BY_INSERT(data.tg_event) && !TRIGGER_FIRED_BY_UPDATE(data.tg_event)) wrong = "it fires on neither INSERT nor UPDATE";
  if (wrong == nullptr) return;
  throw Error(ErrorCode::invalid_parameter, describe(*data.tg_trigger, data.tg_relation) + " cannot run icp_score_lead(): " + wrong, {},
              "Declare it BEFORE INSERT OR UPDATE … FOR EACH ROW.");
}

bool same(const Value& a, const Value& b) {
  return a.type == b.type && a.boolean == b.boolean && a.number == b.number && a.microseconds == b.microseconds && a.text == b.text &&
         std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end());
}

class Run {
 public:
  Run(FunctionCallInfo fcinfo, Statement& statement, TriggerData& data)
      : function_(fcinfo->flinfo->fn_oid), memory_(fcinfo->flinfo->fn_mcxt), s_(statement), p_(*statement.prepared),
        data_(data), strict_(!OidIsValid(data.tg_trigger->tgoid)), columns_(RelationGetDescr(data_.tg_relation)),
        old_(TRIGGER_FIRED_BY_UPDATE(data_.tg_event) ? data_.tg_trigtuple : nullptr),
        new_(old_ != nullptr ? data_.tg_newtuple : data_.tg_trigtuple) {}

  HeapTuple row() {
    std::optional<LeadScore> score;
    SharedScorer scorer;  // what `score` looks into; a nested statement may make the trigger use another model
    try {
      Refusal refusal;
      if (!s_.failed && !(scorer = trigger_model(p_.pin(), function_, p_.definition().model, refusal))) fail(refusal);
      if (scorer) p_.use(scorer, data_.tg_relation);
      if (!changed(scorer != nullptr)) return new_;
      if (scorer) score = measure();
    } catch (const Error& e) {
      if (strict_ || e.code() == ErrorCode::out_of_memory) throw;
      refuse({e.what(), e.hint()});
      score.reset();
    }
    if (strict_ && refused_) return nullptr;
    return store(score, scorer.get(), keep_ ? std::string_view() : decided(scorer.get()));
  }

 private:
  void refuse(const Refusal& r) { warn_once(s_, *data_.tg_trigger, data_.tg_relation, "stores leads without a score", r.message, r.hint); }
  void fail(const Refusal& r) {
    if (strict_) throw Error(ErrorCode::undefined_object, r.message, {}, r.hint);
    s_.failed = true;
    refuse(r);
  }

  // The label that somebody has decided for this lead; "" where nobody has.
  std::string_view decided(const Scorer* scorer) {
    if (scorer == nullptr || !p_.decidable() || !scorer->model().name) return {};
    return s_.overrides.find(function_, to_server(*scorer->model().name), data_.tg_relation, new_);
  }

  // Whether an UPDATE asks for a new score. Where the model is not known, neither are its features.
  bool changed(bool have_model) {
    if (old_ == nullptr) return true;
    if (!have_model || !p_.definition().input.empty()) return p_.others_differ(old_, new_, columns_);
    return p_.features_differ(old_, new_, columns_);
  }

  std::optional<LeadScore> measure() {
    LeadReader& reader = p_.reader();
    if (p_.definition().input.empty()) return reader.scorer().score(reader.tuple(new_, p_.row_type()), reader.buffer(), p_.forecasts());
    Datum row = 0;
    if (const auto refusal = input(new_, &row)) {
      refused_ = true;
      refuse(*refusal);
      return std::nullopt;
    }
    if (row == 0) return std::nullopt;
    if (old_ != nullptr && unchanged_input(row)) {
      keep_ = true;
      return std::nullopt;
    }
    return reader.scorer().score(reader.json(row), reader.buffer(), p_.forecasts());
  }

  bool unchanged_input(Datum row) {
    Datum before = 0;
    if (input(old_, &before) || before == 0) return false;
    const auto a = p_.old_reader().json(before), b = p_.reader().json(row);
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
  }

  // The jsonb that the function of the argument input= makes of a row; 0 where that is NULL.
  std::optional<Refusal> input(HeapTuple tuple, Datum* result) {
    struct Call {
      const char* name;
      Statement* s;
      MemoryContext memory;
      Relation table;
      HeapTuple tuple;
      Datum result;
    } call{p_.definition().input.c_str(), &s_, memory_, data_.tg_relation, tuple, 0};
    auto body = [&call] { call.result = call_input(*call.s, call.name, call.memory, call.table, call.tuple); };
    auto refusal = refused(body);
    if (refusal) s_.input = {};
    *result = call.result;
    return refusal;
  }

  // Under in_subtransaction(): no C++ object with a destructor.
  static Datum call_input(Statement& s, const char* name, MemoryContext memory, Relation table, HeapTuple tuple) {
    if (!OidIsValid(s.input.function)) {
      const InputFunction found = InputFunction::find(name, table);
      MemoryContext before = MemoryContextSwitchTo(memory);
      fmgr_info(found.function, &s.input_call);
      // No map where the columns of a partition stand as those of its table.
      s.input_columns = lookup_rowtype_tupdesc_copy(found.row_type, -1);
      s.to_input = found.row_type == table->rd_rel->reltype ? nullptr : convert_tuples_by_name(RelationGetDescr(table), s.input_columns);
      MemoryContextSwitchTo(before);
      s.input = found;
    }
    if (s.to_input != nullptr) tuple = execute_attr_map_tuple(tuple, s.to_input);
    LOCAL_FCINFO(fcinfo, 1);
    InitFunctionCallInfoData(*fcinfo, &s.input_call, 1, InvalidOid, nullptr, nullptr);
    fcinfo->args[0].value = heap_copy_tuple_as_datum(tuple, s.input_columns);
    fcinfo->args[0].isnull = false;
    const Datum json = FunctionCallInvoke(fcinfo);
    return fcinfo->isnull ? Datum{0} : PointerGetDatum(PG_DETOAST_DATUM_COPY(json));
  }

  // `refusal` is of the first row only: a statement warns once.
  bool takes_null(std::size_t target, Refusal& refusal) {
    auto& known = s_.stored.takes_null;
    known.resize(p_.targets().size());
    if (!known[target]) known[target] = p_.targets()[target].takes_null(refusal);
    return *known[target];
  }

  HeapTuple store(std::optional<LeadScore>& score, const Scorer* scorer, std::string_view label) {
    if (keep_) return new_;
    LeadScore only_label;
    LeadScore* const labelled = label.empty() ? nullptr : score ? &*score : &only_label;
    if (labelled != nullptr) set_label(*labelled, label);
    auto& targets = p_.targets();
    // Of the statement: a conversion may run SQL that fires the trigger of another one.
    auto& numbers = s_.stored.numbers;
    auto& values = s_.stored.values;
    auto& nulls = s_.stored.nulls;
    numbers.clear();
    values.clear();
    nulls.clear();
    for (std::size_t i = 0; i < targets.size(); ++i) {
      LeadField field;
      if (score) field = field_of(*score, scorer->model(), targets[i].field());
      else if (labelled != nullptr && lead_field_decided(targets[i].field())) field = field_of(only_label, scorer->model(), targets[i].field());
      const bool known = field.kind != LeadField::Kind::missing;
      std::optional<Datum> value;
      Refusal unfit;
      if (known) value = targets[i].convert(field, unfit);
      if (!value) {
        Refusal no_null;
        const bool empty = takes_null(i, no_null);
        const Refusal& why = known ? unfit : no_null;
        if (known || !empty)
          warn_once(s_, *data_.tg_trigger, data_.tg_relation, empty ? "leaves a column empty" : "leaves a column as it comes", why.message, why.hint);
        // The row keeps what it has: a NULL put there would pass by the constraints of a domain.
        if (!empty) continue;
      }
      numbers.push_back(targets[i].number());
      values.push_back(value.value_or(Datum{0}));
      nulls.push_back(value ? 0 : 1);
    }
    if (strict_ && !p_.missing().empty())
      throw Error(ErrorCode::undefined_column, describe(*data_.tg_trigger, data_.tg_relation) + " names columns that the table does not have",
                  "They are " + p_.missing() + ".");
    if (!p_.missing().empty())
      warn_once(s_, *data_.tg_trigger, data_.tg_relation, "names columns that the table does not have", "They are " + p_.missing(),
                "Create the trigger again, or add the columns.");
    if (numbers.empty()) return new_;
    return pg_call([&] {
      return heap_modify_tuple_by_cols(new_, columns_, static_cast<int>(numbers.size()), numbers.data(), values.data(),
                                       reinterpret_cast<bool*>(nulls.data()));
    });
  }

  Oid function_;
  MemoryContext memory_;
  Statement& s_;
  Prepared& p_;
  TriggerData& data_;
  bool strict_;           // no row is being stored: what is wrong with all rows is an error
  TupleDesc columns_;
  HeapTuple old_, new_;
  bool keep_ = false, refused_ = false;
};

}  // namespace

TriggerStatement::TriggerStatement() : state_(std::make_unique<State>()) {}
TriggerStatement::~TriggerStatement() = default;

HeapTuple TriggerStatement::row(FunctionCallInfo fcinfo, TriggerData& data) {
  if (!state_->prepared) state_->prepared = prepared(*data.tg_trigger, data.tg_relation);
  return Run(fcinfo, *state_, data).row();
}

ICP_FUNCTION(icp_score_lead) {
  if (!CALLED_AS_TRIGGER(fcinfo))
    throw Error(ErrorCode::invalid_parameter, "icp_score_lead() can only be called as a trigger", {},
                "Write CREATE TRIGGER … BEFORE INSERT OR UPDATE ON … FOR EACH ROW EXECUTE FUNCTION icp_score_lead('main').");
  auto& data = *reinterpret_cast<TriggerData*>(fcinfo->context);
  require(data);
  return PointerGetDatum(call_site<TriggerStatement>(fcinfo).row(fcinfo, data));
}

}  // namespace icp::pg
