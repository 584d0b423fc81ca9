// The fields of the SQL type icp_lead_score, and rows made ready for one model: what the scoring functions and the
// trigger share.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "icp/score.hpp"

#include "pg/memory.hpp"
#include "pg/registry.hpp"
#include "pg/row.hpp"

namespace icp::pg {

inline constexpr std::array<const char*, 12> lead_field_names = {
    "cohort", "grade", "similarity", "label", "priority", "priority_rank", "win_probability", "expected_dqs", "coverage",
    "exclusion", "model", "version"};
// The index of a field; nothing where there is none of that name.
std::optional<std::size_t> lead_field(std::string_view name);
// Whether a field follows a label that somebody has decided.
bool lead_field_decided(std::size_t field);
// Whether a field is one that the scorecards give.
bool lead_field_forecast(std::size_t field);

// One field of a score: missing, text or a number (`integral`: a whole one).
struct LeadField {
  enum class Kind : std::uint8_t { missing, text, number, integer } kind = Kind::missing;
  std::string_view text;
  double number = 0;
  // As text, for the input function of a column's type.
  std::string str() const;
};
// A view into the score and the model.
LeadField field_of(const LeadScore& score, const Model& model, std::size_t field);

// Whether the argument for the model is its name or a value of icp_model.
enum class ModelForm : std::uint8_t { named, value };
// Whether the row is a record or jsonb.
enum class RowForm : std::uint8_t { record, json };

// Reads rows for one model and keeps the memory that scoring reuses. It pins the model.
class LeadReader {
 public:
  // `memory` must outlive the reader; it makes contexts below it.
  LeadReader(MemoryContext memory, SharedScorer scorer);

  const Scorer& scorer() const { return *scorer_; }
  const SharedScorer& shared() const { return scorer_; }
  template <RowForm form>
  std::span<const Value> read(Datum row) {
    return form == RowForm::record ? record(row) : json(row);
  }
  // Values for the scorer. A row that has none of the features is an error.
  std::span<const Value> record(Datum row) { return checked(reader_.read_record(row)); }
  std::span<const Value> json(Datum row) { return checked(reader_.read_json(row)); }
  std::span<const Value> tuple(HeapTuple row, Oid row_type) { return checked(reader_.read_tuple(row, row_type)); }
  ScoreBuffer& buffer() { return buffer_; }
  // Whether the last row had the column at all.
  bool present(std::size_t column) const { return reader_.present(column); }

 private:
  std::span<const Value> checked(std::span<const Value> values) {
    // Columns of a record change only with its type; those of jsonb may change with each row.
    if (__builtin_expect(reader_.binding() != binding_ || reader_.from_json(), 0)) check();
    return values;
  }
  void check();

  SharedScorer scorer_;
  RowReader reader_;
  ScoreBuffer buffer_;
  std::uint64_t binding_ = 0;
};

// Per call site: what was made of each model that answers there, a T made from (MemoryContext, SharedScorer). Many calls
// name one model; `icp_score(l, 'line_' || l.business_line)` names a few by turns.
template <class T>
class ModelSite {
 public:
  // The T of the model that an argument gives. A name that is '' (the default of the argument) means the registered
  // default; NULL is an error, since a name put together from a NULL must not quietly mean another model.
  template <ModelForm form>
  T& get(FunctionCallInfo fcinfo, int argument) {
    if constexpr (form == ModelForm::value) {
      Entry& entry = at(fcinfo, {});
      entry.pin.value(fcinfo, argument);
      return made(fcinfo, entry);
    } else {
      if (PG_ARGISNULL(argument)) null_name();
      const std::string_view name = bytes_of(PG_GETARG_DATUM(argument));
      Entry& entry = at(fcinfo, name);
      entry.pin.named(fcinfo->flinfo->fn_oid, name);
      return made(fcinfo, entry);
    }
  }

 private:
  static constexpr std::size_t most = 64;
  struct Entry {
    std::string name;
    ModelPin pin;
    std::uint64_t generation = 0;
    MemoryContext memory = nullptr;  // a child of the function's, with which it goes at the end
    std::unique_ptr<T> made;
  };

  [[noreturn]] static void null_name() {
    throw Error(ErrorCode::undefined_object, "the name of the model is NULL", {},
                "Leave the argument out to mean the registered default, or give the name of a model.");
  }

  Entry& at(FunctionCallInfo fcinfo, std::string_view name) {
    for (std::size_t i = 0; i < entries_.size(); ++i)
      if (entries_[i]->name == name) {
        if (i != 0) std::rotate(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(i), entries_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
        return *entries_.front();
      }
    if (entries_.size() >= most) {
      drop(*entries_.back());
      entries_.pop_back();
    }
    auto entry = std::make_unique<Entry>();
    entry->name = name;
    entry->memory = make_context(fcinfo->flinfo->fn_mcxt, "icp model at a call site");
    entries_.insert(entries_.begin(), std::move(entry));
    return *entries_.front();
  }
  T& made(FunctionCallInfo, Entry& entry) {
    if (__builtin_expect(!entry.made || entry.generation != entry.pin.generation(), 0)) {
      drop(entry);
      entry.made = std::make_unique<T>(entry.memory, entry.pin.shared());
      entry.generation = entry.pin.generation();
    }
    return *entry.made;
  }
  void drop(Entry& entry) {
    entry.made.reset();
    MemoryContextReset(entry.memory);
  }

  std::vector<std::unique_ptr<Entry>> entries_;  // the most recently used first
};

}  // namespace icp::pg

// Defines the four C functions of one SQL function: name_record, name_jsonb (the model by name) and name_record_model,
// name_jsonb_model (the model as a value), from a template <RowForm, ModelForm> Datum body(FunctionCallInfo).
#define ICP_SCORING_FUNCTION(name, body)                                                                                \
  ICP_FUNCTION(name##_record) { return body<::icp::pg::RowForm::record, ::icp::pg::ModelForm::named>(fcinfo); }         \
  ICP_FUNCTION(name##_jsonb) { return body<::icp::pg::RowForm::json, ::icp::pg::ModelForm::named>(fcinfo); }            \
  ICP_FUNCTION(name##_record_model) { return body<::icp::pg::RowForm::record, ::icp::pg::ModelForm::value>(fcinfo); }   \
  ICP_FUNCTION(name##_jsonb_model) { return body<::icp::pg::RowForm::json, ::icp::pg::ModelForm::value>(fcinfo); }
