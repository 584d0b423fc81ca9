// The trigger icp_score_lead(): its definition, and values entering columns without raising errors.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pg/lead.hpp"

extern "C" {
#include "access/table.h"
}

namespace icp::pg {

// An error on the row path that must not keep the row from being stored: the column gets NULL, or keeps what it has where
// it takes no NULL, and one WARNING says why.
struct Refusal {
  std::string message, hint;
};

// The arguments of the trigger, as written in CREATE TRIGGER: the model's name, then pairs. Names are in the server's
// encoding. Error invalid_parameter, with a hint, where they make no sense.
struct TriggerDefinition {
  struct Pair {
    std::string column;
    std::size_t field;
  };
  std::string model;         // empty: the registered default
  std::string input;         // function of the row that returns jsonb, as written; empty: the row itself
  std::vector<Pair> pairs;   // empty: every column named icp_ and a field
  explicit TriggerDefinition(const Trigger& trigger);
  // `of` names what has the arguments, in messages.
  TriggerDefinition(const std::string& of, std::span<char* const> arguments);
  // Which column takes which field. `missing` gets the columns that the table lacks.
  std::vector<Pair> columns_of(TupleDesc columns, std::vector<std::string>* missing) const;
};

// A column that takes a field: values enter it through the input function of its type.
class TargetColumn {
 public:
  TargetColumn(TupleDesc columns, const char* name, std::size_t field, MemoryContext memory);

  AttrNumber number() const { return number_; }
  std::size_t field() const { return field_; }
  // Whether every value that does not fit is found without a subtransaction.
  bool soft() const { return soft_ != Soft::no; }
  // Nothing where the value does not fit; `refusal` then says why. Errors that must not be swallowed leave.
  std::optional<Datum> convert(const LeadField& value, Refusal& refusal);
  // Whether the column takes NULL; `refusal` then says that it does not. Of a domain its constraints are asked, by code
  // that may run SQL: keep the answer for a statement, not longer, since they can change without the table.
  bool takes_null(Refusal& refusal);

 private:
  // Types whose input cannot fail once the text has been looked at.
  enum class Soft : std::uint8_t { no, text, limited_text, int2, int4, int8, float4, float8, numeric, boolean };
  bool fits(const char* text) const;
  // The value of a text, or of none, by the input function; nothing where that refuses it, and why where it says so.
  std::optional<Datum> enter(char* text, Refusal& refusal);

  AttrNumber number_ = 0;
  std::size_t field_ = 0;
  std::string name_, type_;
  Oid type_id_ = InvalidOid, input_ = InvalidOid, parameter_ = InvalidOid;
  std::int32_t typmod_ = -1;
  Soft soft_ = Soft::no;
  bool not_null_ = false, domain_ = false;
  FmgrInfo function_{};
};

// The function `input=` of a table's row, found by the rules of the search path.
struct InputFunction {
  Oid function = InvalidOid;
  Oid row_type = InvalidOid;  // its argument: the table's row type, or that of a partitioned table above it
  // Raises in PostgreSQL's way; call under pg_call or in a subtransaction.
  static InputFunction find(const char* name, Relation table);
};

// Runs the body in a subtransaction. An error that may be swallowed is rolled back and returned, null otherwise; one
// that may not (cancel, shutdown, out of memory, serialization, internal) leaves. C only in the body.
ErrorData* in_subtransaction(void (*body)(void*), void* argument);
template <class F>
std::optional<Refusal> refused(F&& body) {
  ErrorData* error = in_subtransaction([](void* p) { (*static_cast<std::remove_reference_t<F>*>(p))(); }, &body);
  if (error == nullptr) return std::nullopt;
  Refusal refusal{std::string(to_core(error->message == nullptr ? "" : error->message)),
                  std::string(to_core(error->hint == nullptr ? "" : error->hint))};
  FreeErrorData(error);
  return refusal;
}

// What the trigger does with the rows of one statement and one table (a partition is a table).
class TriggerStatement {
 public:
  TriggerStatement();
  ~TriggerStatement();
  // The row to store. A trigger whose tgoid is InvalidOid stands for icp_scored(): what is wrong with every row is an
  // error then, and a row that cannot be scored gives null.
  HeapTuple row(FunctionCallInfo fcinfo, TriggerData& data);
  struct State;

 private:
  std::unique_ptr<State> state_;
};

// Closes the table also when an exception passes.
struct Opened {
  explicit Opened(Oid id) : relation(pg_call([&] { return table_open(id, AccessShareLock); })) {}
  ~Opened() { table_close(relation, AccessShareLock); }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
  Relation relation;
};

// Whether a function is icp_score_lead() of a schema.
bool runs_score_lead(Oid function, Oid schema);

// The model of a trigger, under the active snapshot; nothing, and why, where there is none or it may not be read.
SharedScorer trigger_model(ModelPin& pin, Oid function, const std::string& name, Refusal& refusal);

}  // namespace icp::pg
