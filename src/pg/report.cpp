#include "icp/error.hpp"

#include "pg/report.hpp"
#include "pg/varlena.hpp"

namespace icp::pg {

namespace {

// text[] of a JSON array of strings.
Datum text_array(const std::string& json) {
  const Datum parsed = make_jsonb(json);
  return pg_call([&] {
    Jsonb* array = DatumGetJsonbP(parsed);
    ArrayBuildState* state = initArrayResult(TEXTOID, CurrentMemoryContext, false);
    JsonbIterator* it = JsonbIteratorInit(&array->root);
    JsonbValue value;
    for (JsonbIteratorToken token = JsonbIteratorNext(&it, &value, true); token != WJB_DONE; token = JsonbIteratorNext(&it, &value, true)) {
      if (token != WJB_ELEM || value.type != jbvString) continue;
      state = accumArrayResult(state, PointerGetDatum(cstring_to_text_with_len(value.val.string.val, value.val.string.len)), false,
                               TEXTOID, CurrentMemoryContext);
    }
    return makeArrayResult(state, CurrentMemoryContext);
  });
}

void set_cell(ResultSet& rows, const char* column, const Cell& cell) {
  const Oid type = rows.type_of(column);
  if (type == InvalidOid || std::holds_alternative<std::monostate>(cell)) return;
  if (const auto* text = std::get_if<std::string>(&cell)) {
    if (type == TEXTOID) return void(rows.text(column, *text));
    if (type == JSONBOID) return void(rows.datum(column, make_jsonb(*text)));
    if (type == TEXTARRAYOID) return void(rows.datum(column, text_array(*text)));
  } else if (const auto* truth = std::get_if<bool>(&cell)) {
    if (type == BOOLOID) return void(rows.boolean(column, *truth));
  } else if (const auto* whole = std::get_if<std::int64_t>(&cell)) {
    if (type == INT8OID || type == INT4OID) return void(rows.integer(column, *whole));
    if (type == FLOAT8OID) return void(rows.number(column, static_cast<double>(*whole)));
  } else if (const auto* number = std::get_if<double>(&cell)) {
    if (type == FLOAT8OID) return void(rows.number(column, *number));
  }
  throw std::logic_error(std::string("the column ") + column + " has another type than its values");
}

}  // namespace

void set_cells(ResultSet& rows, const Report& report, std::size_t row) {
  for (std::size_t i = 0; i < report.columns.size(); ++i) set_cell(rows, report.columns[i].c_str(), report.rows[row][i]);
}

Datum return_report(FunctionCallInfo fcinfo, const Report& report) {
  ResultSet rows(fcinfo);
  for (std::size_t row = 0; row < report.rows.size(); ++row) {
    set_cells(rows, report, row);
    rows.emit();
  }
  return ResultSet::done();
}

Datum return_report_array(FunctionCallInfo fcinfo, const Report& report) {
  ResultSet rows(fcinfo, ResultSet::AsArray{});
  for (std::size_t row = 0; row < report.rows.size(); ++row) {
    set_cells(rows, report, row);
    rows.emit();
  }
  return rows.array();
}

Datum return_report_row(FunctionCallInfo fcinfo, const Report& report) {
  ResultSet rows(fcinfo, ResultSet::AsRow{});
  set_cells(rows, report, 0);
  return rows.row();
}

}  // namespace icp::pg
