#include "icp/error.hpp"
#include "icp/text.hpp"

#include "pg/trigger.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/partition.h"
#include "parser/parse_func.h"
#include "utils/resowner.h"
#include "utils/syscache.h"
}

namespace icp::pg {

// Definition -------------------------------------------------------------------------------------------------------

namespace {

constexpr std::string_view input_key = "input=";

std::string fields() {
  std::string list;
  for (const char* name : lead_field_names) list += (list.empty() ? "" : ", ") + std::string(name);
  return list;
}

}  // namespace

TriggerDefinition::TriggerDefinition(const Trigger& trigger)
    : TriggerDefinition(OidIsValid(trigger.tgoid) ? "trigger \"" + std::string(to_core(trigger.tgname)) + "\": " : std::string(),
                        {trigger.tgargs, static_cast<std::size_t>(trigger.tgnargs)}) {}

TriggerDefinition::TriggerDefinition(const std::string& of, std::span<char* const> arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument(arguments[i]);
    const auto equals = argument.rfind('=');
    if (equals == std::string_view::npos) {
      if (i != 0)
        throw Error(ErrorCode::invalid_parameter, of + "the argument \"" + std::string(to_core(argument)) + "\" is not a pair", {},
                    "After the model's name come pairs column=field, for example icp_label=label, or input=schema.function.");
      model = argument;
      continue;
    }
    if (argument.starts_with(input_key)) {
      if (!input.empty()) throw Error(ErrorCode::invalid_parameter, of + "input= is given twice", {}, "One function supplies the attributes.");
      input = argument.substr(input_key.size());
      if (input.empty())
        throw Error(ErrorCode::invalid_parameter, of + "input= names no function", {}, "Write input=schema.function, a function of the row that returns jsonb.");
      continue;
    }
    const std::string_view column = argument.substr(0, equals), field = argument.substr(equals + 1);
    const auto index = lead_field(field);
    if (!index)
      throw Error(ErrorCode::invalid_parameter, of + "\"" + std::string(to_core(field)) + "\" is no field of a score", {},
                  "The fields are " + fields() + ".");
    for (const Pair& p : pairs)
      if (p.column == column)
        throw Error(ErrorCode::invalid_parameter, of + "the column \"" + std::string(to_core(column)) + "\" is named twice", {}, "Give each column one field.");
    pairs.push_back({std::string(column), *index});
  }
}

std::vector<TriggerDefinition::Pair> TriggerDefinition::columns_of(TupleDesc columns, std::vector<std::string>* missing) const {
  const auto exists = [&](const std::string& name) {
    for (int i = 0; i < columns->natts; ++i)
      if (!TupleDescAttr(columns, i)->attisdropped && name == NameStr(TupleDescAttr(columns, i)->attname)) return true;
    return false;
  };
  std::vector<Pair> out;
  for (const Pair& p : pairs) {
    if (exists(p.column)) out.push_back(p);
    else missing->push_back(p.column);
  }
  if (!pairs.empty()) return out;
  for (std::size_t f = 0; f < lead_field_names.size(); ++f) {
    std::string name = std::string("icp_") + lead_field_names[f];
    if (exists(name)) out.push_back({std::move(name), f});
  }
  return out;
}

// Columns ----------------------------------------------------------------------------------------------------------

TargetColumn::TargetColumn(TupleDesc columns, const char* name, std::size_t field, MemoryContext memory) : field_(field), name_(name) {
  Form_pg_attribute attribute = nullptr;
  for (int i = 0; i < columns->natts && attribute == nullptr; ++i) {
    const auto one = TupleDescAttr(columns, i);
    if (!one->attisdropped && name_ == NameStr(one->attname)) attribute = one;
  }
  if (attribute == nullptr) throw Error(ErrorCode::undefined_column, "column \"" + std::string(to_core(name_)) + "\" does not exist");
  number_ = attribute->attnum;
  type_id_ = attribute->atttypid;
  typmod_ = attribute->atttypmod;
  not_null_ = attribute->attnotnull;
  const char* written = pg_call([&] {
    getTypeInputInfo(type_id_, &input_, &parameter_);
    fmgr_info_cxt(input_, &function_, memory);
    domain_ = get_typtype(type_id_) == TYPTYPE_DOMAIN;
    return format_type_with_typemod(type_id_, typmod_);
  });
  type_ = to_core(written);
  switch (type_id_) {
    case TEXTOID: soft_ = Soft::text; break;
    case VARCHAROID:
    case BPCHAROID: soft_ = typmod_ < 0 ? Soft::text : Soft::limited_text; break;
    case INT2OID: soft_ = Soft::int2; break;
    case INT4OID: soft_ = Soft::int4; break;
    case INT8OID: soft_ = Soft::int8; break;
    case FLOAT4OID: soft_ = Soft::float4; break;
    case FLOAT8OID: soft_ = Soft::float8; break;
    case NUMERICOID: soft_ = Soft::numeric; break;
    case BOOLOID: soft_ = Soft::boolean; break;
    default: break;
  }
}

namespace {

template <class T>
bool whole(const char* text) {
  T value = 0;
  const char* const end = text + std::strlen(text);
  const auto [p, error] = std::from_chars(text, end, value);
  return error == std::errc() && p == end;
}

}  // namespace

bool TargetColumn::fits(const char* text) const {
  switch (soft_) {
    case Soft::text: return true;
    case Soft::limited_text: return pg_mbstrlen(text) <= typmod_ - VARHDRSZ;
    case Soft::int2: return whole<std::int16_t>(text);
    case Soft::int4: return whole<std::int32_t>(text);
    case Soft::int8: return whole<std::int64_t>(text);
    case Soft::float4: {
      const auto v = parse_number(text);
      return v && (std::abs(*v) <= 3.4e38 && (*v == 0 || std::abs(*v) >= 1.2e-38));
    }
    case Soft::float8: return parse_number(text).has_value();
    case Soft::numeric: {
      const auto v = parse_number(text);
      if (!v) return false;
      if (typmod_ < static_cast<std::int32_t>(VARHDRSZ)) return true;
      // numeric(precision, scale): what is left of the point must fit after rounding. The scale has 11 bits, signed
      // from PostgreSQL 15 on.
      const int precision = (typmod_ - VARHDRSZ) >> 16 & 0xffff;
      const int scale = (((typmod_ - VARHDRSZ) & 0x7ff) ^ 1024) - 1024;
      return std::abs(*v) + 0.5 * std::pow(10.0, -scale) < std::pow(10.0, precision - scale);
    }
    case Soft::boolean: {
      bool value = false;
      return parse_bool(text, &value);
    }
    case Soft::no: break;
  }
  return false;
}

std::optional<Datum> TargetColumn::enter(char* text, Refusal& refusal) {
  Datum result = 0;
  if constexpr (soft_input) {
    if (pg_call([&] { return input_softly(&function_, text, parameter_, typmod_, &result); })) return result;
  } else {
    auto body = [&] { result = OidInputFunctionCall(input_, text, parameter_, typmod_); };
    const auto raised = refused(body);
    if (!raised) return result;
    refusal = *raised;
  }
  return std::nullopt;
}

bool TargetColumn::takes_null(Refusal& refusal) {
  if (!not_null_ && (!domain_ || enter(nullptr, refusal))) return true;
  refusal = {"column \"" + std::string(to_core(name_)) + "\" of type " + type_ + " takes no NULL, and a lead has no " + lead_field_names[field_],
             "icp_check_trigger() says which columns do not fit."};
  return false;
}

std::optional<Datum> TargetColumn::convert(const LeadField& value, Refusal& refusal) {
  // The usual columns, without a detour through text.
  if (soft_ == Soft::text && type_id_ != BPCHAROID && value.kind == LeadField::Kind::text) return make_text(value.text);
  if (soft_ == Soft::float8 && value.kind != LeadField::Kind::text) return Float8GetDatum(value.number);
  std::string written = value.str();
  char* text = make_cstring(written);
  if (soft_ != Soft::no) {
    if (fits(text)) return pg_call([&] { return InputFunctionCall(&function_, text, parameter_, typmod_); });
  } else {
    refusal = {};
    if (const auto value = enter(text, refusal)) return value;
    if (!refusal.message.empty()) return std::nullopt;
  }
  refusal = {"column \"" + std::string(to_core(name_)) + "\" of type " + type_ + " cannot hold " + lead_field_names[field_] + " \"" + written + "\"",
             "icp_check_trigger() says which columns do not fit."};
  return std::nullopt;
}

// The function input= ----------------------------------------------------------------------------------------------

InputFunction InputFunction::find(const char* name, Relation table) {
  List* parts = qualified_name(name);
  const Oid own = table->rd_rel->reltype;
  Oid function = LookupFuncName(parts, 1, &own, true);
  Oid row_type = own;
  if (!OidIsValid(function) && table->rd_rel->relispartition) {
    ListCell* cell = nullptr;
    List* ancestors = get_partition_ancestors(RelationGetRelid(table));
    foreach (cell, ancestors) {
      row_type = get_rel_type_id(lfirst_oid(cell));
      function = LookupFuncName(parts, 1, &row_type, true);
      if (OidIsValid(function)) break;
    }
  }
  if (!OidIsValid(function))
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION), errmsg("function %s(%s) does not exist", name, format_type_be(own)),
                    errhint("The argument input= of the trigger names a function of the table's row that returns jsonb.")));
  if (get_func_rettype(function) != JSONBOID || get_func_retset(function) || get_func_prokind(function) != PROKIND_FUNCTION)
    ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH), errmsg("function %s(%s) does not return jsonb", name, format_type_be(row_type)),
                    errhint("The argument input= of the trigger names a function of the table's row that returns jsonb.")));
  if (!may_execute(function))
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("permission denied for function %s", name)));
  return {function, row_type};
}

bool runs_score_lead(Oid function, Oid schema) {
  return pg_call([&] {
    const char* name = get_func_name(function);
    return name != nullptr && std::strcmp(name, "icp_score_lead") == 0 && get_func_namespace(function) == schema;
  });
}

// Errors -----------------------------------------------------------------------------------------------------------

namespace {

bool may_be_swallowed(int sqlstate) {
  switch (ERRCODE_TO_CATEGORY(sqlstate)) {
    case MAKE_SQLSTATE('4', '0', '0', '0', '0'):  // transaction rollback: serialization, deadlock
    case MAKE_SQLSTATE('5', '3', '0', '0', '0'):  // insufficient resources: out of memory
    case MAKE_SQLSTATE('5', '7', '0', '0', '0'):  // operator intervention: cancel, shutdown
    case MAKE_SQLSTATE('5', '8', '0', '0', '0'):  // system error
    case MAKE_SQLSTATE('X', 'X', '0', '0', '0'):  // internal
      return false;
    default: return true;
  }
}

struct Subtransaction {
  void (*body)(void*);
  void* argument;
  ErrorData* error;
};

void run(Subtransaction* s) {
  MemoryContext memory = CurrentMemoryContext;
  ResourceOwner owner = CurrentResourceOwner;
  BeginInternalSubTransaction(nullptr);
  MemoryContextSwitchTo(memory);
  PG_TRY();
  {
    s->body(s->argument);
    ReleaseCurrentSubTransaction();
  }
  PG_CATCH();
  {
    MemoryContextSwitchTo(memory);
    ErrorData* error = CopyErrorData();
    FlushErrorState();
    RollbackAndReleaseCurrentSubTransaction();
    MemoryContextSwitchTo(memory);
    CurrentResourceOwner = owner;
    if (!may_be_swallowed(error->sqlerrcode)) ReThrowError(error);
    s->error = error;
  }
  PG_END_TRY();
  MemoryContextSwitchTo(memory);
  CurrentResourceOwner = owner;
}

}  // namespace

ErrorData* in_subtransaction(void (*body)(void*), void* argument) {
  Subtransaction s{body, argument, nullptr};
  pg_call([&] { run(&s); });
  return s.error;
}

SharedScorer trigger_model(ModelPin& pin, Oid function, const std::string& name, Refusal& refusal) {
  try {
    if (pin.named_plainly(function, name)) return pin.shared();
    // Privileges on single columns, and policies, are looked at by a query, which raises errors.
    std::optional<Error> thrown;
    std::exception_ptr other;
    auto body = [&] {
      ErrorData* raised = nullptr;
      try {
        pin.named(function, name);
      } catch (const PgError& e) {
        raised = e.data();
      } catch (const Error& e) {
        thrown.emplace(e);
      } catch (...) {
        other = std::current_exception();
      }
      if (raised != nullptr) ReThrowError(raised);
    };
    if (const auto raised = refused(body)) {
      refusal = *raised;
      return nullptr;
    }
    if (other) std::rethrow_exception(other);
    if (thrown) throw Error(*thrown);
    return pin.shared();
  } catch (const Error& e) {
    if (e.code() == ErrorCode::out_of_memory) throw;
    refusal = {e.what(), e.hint()};
    return nullptr;
  }
}

}  // namespace icp::pg
