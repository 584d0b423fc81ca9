// potential_cell() over numeric and double precision, and the readers of a cell.
#include "icp/potential.hpp"

#include "pg/memory.hpp"
#include "pg/numeric.hpp"
#include "pg/varlena.hpp"

extern "C" {
#include "catalog/pg_enum.h"
#include "utils/syscache.h"
}

using icp::pg::is_finite;
using icp::pg::pg_call;

namespace {

// A numeric as the core's arithmetic wants it: what PostgreSQL's own operators say of it, exactly.
struct Decimal {
  Datum value;
};
bool operator<(Decimal a, Decimal b) {
  return pg_call([&] { return DatumGetBool(DirectFunctionCall2(numeric_lt, a.value, b.value)); });
}
Decimal operator*(Decimal a, Decimal b) {
  return pg_call([&] { return Decimal{DirectFunctionCall2(numeric_mul, a.value, b.value)}; });
}
Decimal decimal(int value) {
  return pg_call([&] { return Decimal{DirectFunctionCall1(int4_numeric, Int32GetDatum(value))}; });
}

constexpr std::array<const char*, 5> names = {"potential", "purchases", "low", "high", "reached_from"};

void require_finite(bool finite, std::size_t index) {
  if (!finite)
    throw icp::Error(icp::ErrorCode::invalid_parameter, std::string(names[index]) + " must be a finite number", "It is NaN or infinite.",
                     "Give NULL where it is not known.");
}

// The labels of the enum in this database; looked up once per call site, from the type that the function returns.
struct Cells {
  std::array<Oid, icp::potential_cells> label{};
};

Datum cell_datum(FunctionCallInfo fcinfo, int number) {
  auto& cells = icp::pg::call_site<Cells>(fcinfo);
  Oid& oid = cells.label[static_cast<std::size_t>(number - 1)];
  if (oid == InvalidOid)
    oid = pg_call([&] {
      const char* key = icp::potential_cell_keys[static_cast<std::size_t>(number - 1)];
      const Oid type = get_func_rettype(fcinfo->flinfo->fn_oid);
      HeapTuple tuple = SearchSysCache2(ENUMTYPOIDNAME, ObjectIdGetDatum(type), CStringGetDatum(key));
      if (!HeapTupleIsValid(tuple)) ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("the enum of potential cells has no value \"%s\"", key)));
      const Oid found = reinterpret_cast<Form_pg_enum>(GETSTRUCT(tuple))->oid;
      ReleaseSysCache(tuple);
      return found;
    });
  return ObjectIdGetDatum(oid);
}

// The number (1–9) of the cell that is the first argument.
int cell_argument(FunctionCallInfo fcinfo) {
  const Oid cell = PG_GETARG_OID(0);
  const auto label = pg_call([&] {
    HeapTuple tuple = SearchSysCache1(ENUMOID, ObjectIdGetDatum(cell));
    if (!HeapTupleIsValid(tuple))
      ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION), errmsg("invalid internal value for enum: %u", cell)));
    const NameData name = reinterpret_cast<Form_pg_enum>(GETSTRUCT(tuple))->enumlabel;
    ReleaseSysCache(tuple);
    return name;
  });
  const int number = icp::potential_cell_number(NameStr(label));
  if (number == 0)
    throw icp::Error(icp::ErrorCode::undefined_object, std::string("there is no potential cell \"") + NameStr(label) + "\"");
  return number;
}

}  // namespace

ICP_FUNCTION(potential_cell_numeric) {
  std::array<Decimal, 5> a;
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] = {PG_GETARG_DATUM(i)};
    require_finite(is_finite(a[i].value), i);
  }
  const int number = icp::place_potential(a[0], a[1], a[2], a[3], a[4], decimal(0), decimal(1));
  if (number == 0) PG_RETURN_NULL();
  return cell_datum(fcinfo, number);
}

ICP_FUNCTION(potential_cell_double) {
  std::array<double, 5> a;
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] = PG_GETARG_FLOAT8(i);
    require_finite(std::isfinite(a[i]), i);
  }
  const int number = icp::place_potential(a[0], a[1], a[2], a[3], a[4], 0.0, 1.0);
  if (number == 0) PG_RETURN_NULL();
  return cell_datum(fcinfo, number);
}

ICP_FUNCTION(potential_cell_number) { PG_RETURN_INT32(cell_argument(fcinfo)); }

ICP_FUNCTION(potential_cell_title) {
  return icp::pg::make_text(icp::potential_cell_title(cell_argument(fcinfo), icp::parse_language(icp::pg::text_argument(fcinfo, 1))));
}

ICP_FUNCTION(potential_cell_strategy) {
  return icp::pg::make_text(icp::potential_cell_strategy(cell_argument(fcinfo), icp::parse_language(icp::pg::text_argument(fcinfo, 1))));
}
