// icp_cohort(), icp_score(), icp_explain(), lookalike_similarity().
#include "icp/error.hpp"
#include "icp/score.hpp"

#include "pg/lead.hpp"
#include "pg/memory.hpp"
#include "pg/result.hpp"
#include "pg/varlena.hpp"

namespace icp::pg {

namespace {

// The composite result of icp_score(), matched by name to the attributes that the type has at run time.
class LeadResult {
 public:
  void start(FunctionCallInfo fcinfo) {
    const Oid function = fcinfo->flinfo->fn_oid;
    MemoryContext memory = fcinfo->flinfo->fn_mcxt;
    TupleDesc columns = pg_call([&] {
      MemoryContext before = MemoryContextSwitchTo(memory);
      TupleDesc copy = BlessTupleDesc(lookup_rowtype_tupdesc_copy(get_func_rettype(function), -1));
      MemoryContextSwitchTo(before);
      return copy;
    });
    const auto n = static_cast<std::size_t>(columns->natts);
    fields_.assign(n, none);
    values_.assign(n, Datum{0});
    nulls_.assign(n, 1);
    for (std::size_t i = 0; i < n; ++i) {
      Form_pg_attribute attribute = TupleDescAttr(columns, static_cast<int>(i));
      if (attribute->attisdropped) continue;
      if (const auto field = lead_field(NameStr(attribute->attname))) fields_[i] = *field;
    }
    columns_ = columns;
  }
  bool started() const { return columns_ != nullptr; }

  Datum datum(const LeadScore& score, const Model& model) {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      if (fields_[i] == none) continue;
      const LeadField f = field_of(score, model, fields_[i]);
      nulls_[i] = f.kind == LeadField::Kind::missing;
      switch (f.kind) {
        case LeadField::Kind::missing: break;
        case LeadField::Kind::text: values_[i] = make_text(f.text); break;
        case LeadField::Kind::number: values_[i] = Float8GetDatum(f.number); break;
        case LeadField::Kind::integer: values_[i] = Int32GetDatum(static_cast<std::int32_t>(f.number)); break;
      }
    }
    return pg_call([&] {
      return HeapTupleGetDatum(heap_form_tuple(columns_, values_.data(), reinterpret_cast<bool*>(nulls_.data())));
    });
  }

 private:
  static constexpr std::size_t none = lead_field_names.size();
  TupleDesc columns_ = nullptr;
  std::vector<std::size_t> fields_;
  std::vector<Datum> values_;
  std::vector<std::uint8_t> nulls_;
};
static_assert(sizeof(bool) == 1);

template <RowForm row, ModelForm model>
Datum cohort(FunctionCallInfo fcinfo) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  LeadReader& reader = call_site<ModelSite<LeadReader>>(fcinfo).template get<model>(fcinfo, 1);
  const int found = reader.scorer().cohort(reader.read<row>(PG_GETARG_DATUM(0)), reader.buffer());
  if (found < 0) PG_RETURN_NULL();
  return make_text(reader.scorer().cohort_key(found));
}

struct ScoreSite : ModelSite<LeadReader> {
  LeadResult result;
};

template <RowForm row, ModelForm model>
Datum score(FunctionCallInfo fcinfo) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  auto& site = call_site<ScoreSite>(fcinfo);
  LeadReader& reader = site.template get<model>(fcinfo, 1);
  if (!site.result.started()) site.result.start(fcinfo);
  const Scorer& scorer = reader.scorer();
  return site.result.datum(scorer.score(reader.read<row>(PG_GETARG_DATUM(0)), reader.buffer()), scorer.model());
}

template <RowForm row, ModelForm model>
Datum explain(FunctionCallInfo fcinfo) {
  ResultSet rows(fcinfo);
  if (PG_ARGISNULL(0)) return rows.done();
  if (PG_ARGISNULL(2)) throw Error(ErrorCode::invalid_parameter, "the language is NULL", {}, "The known languages are en and ru.");
  LeadReader& reader = call_site<ModelSite<LeadReader>>(fcinfo).template get<model>(fcinfo, 1);
  const std::string language(text_argument(fcinfo, 2));
  for (const Explanation& e : reader.scorer().explain(reader.read<row>(PG_GETARG_DATUM(0)), reader.buffer(), language)) {
    rows.text("score", e.score).number("weight", e.weight).number("points", e.points).text("text", e.text);
    if (!e.feature.empty()) rows.text("feature", e.feature);
    if (!e.cohort.empty()) rows.text("cohort", e.cohort);
    if (e.value) rows.text("value", *e.value);
    if (!e.usual.empty()) rows.text("usual", e.usual);
    rows.emit();
  }
  return rows.done();
}

Datum number_or_null(FunctionCallInfo fcinfo, std::optional<double> value) {
  if (!value) PG_RETURN_NULL();
  PG_RETURN_FLOAT8(*value);
}

template <RowForm row, ModelForm model>
Datum similarity(FunctionCallInfo fcinfo) {
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) PG_RETURN_NULL();
  LeadReader& reader = call_site<ModelSite<LeadReader>>(fcinfo).template get<model>(fcinfo, 2);
  const std::string_view key = text_argument(fcinfo, 1);
  return number_or_null(fcinfo, reader.scorer().similarity(reader.read<row>(PG_GETARG_DATUM(0)), reader.buffer(), key));
}

// Two rows need two readers: values live until the next row is read.
struct Pair {
  Pair(MemoryContext memory, const SharedScorer& scorer) : first(memory, scorer), second(memory, scorer) {}
  LeadReader first, second;
};

template <RowForm row, ModelForm model>
Datum similarity_of_rows(FunctionCallInfo fcinfo) {
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) PG_RETURN_NULL();
  Pair& pair = call_site<ModelSite<Pair>>(fcinfo).template get<model>(fcinfo, 2);
  const auto first = pair.first.read<row>(PG_GETARG_DATUM(0));
  const auto second = pair.second.read<row>(PG_GETARG_DATUM(1));
  return number_or_null(fcinfo, pair.first.scorer().similarity(first, second, pair.first.buffer()));
}

}  // namespace

ICP_SCORING_FUNCTION(icp_cohort, cohort)
ICP_SCORING_FUNCTION(icp_score, score)
ICP_SCORING_FUNCTION(icp_explain, explain)
ICP_SCORING_FUNCTION(lookalike_similarity, similarity)
ICP_SCORING_FUNCTION(lookalike_similarity_rows, similarity_of_rows)

}  // namespace icp::pg
