/* What any C function of a row and any C trigger cost: the measure for bench/score.sh and bench/trigger.sh. */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/typcache.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(noop_row);
Datum noop_row(PG_FUNCTION_ARGS) {
  /* The argument is built by the executor; reading its header keeps the compiler honest. */
  volatile int natts = HeapTupleHeaderGetNatts(DatumGetHeapTupleHeader(PG_GETARG_DATUM(0)));
  (void)natts;
  PG_RETURN_TEXT_P(cstring_to_text("wholesale_owner"));
}

/* What it costs to read a row and to hand back a composite like icp_score()'s, whose texts and numbers never change. */
PG_FUNCTION_INFO_V1(noop_score);
Datum noop_score(PG_FUNCTION_ARGS) {
  HeapTupleHeader row = DatumGetHeapTupleHeader(PG_GETARG_DATUM(0));
  HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(row), .t_data = row};
  Datum values[64];
  bool nulls[64] = {false};
  TupleDesc *columns = (TupleDesc *)fcinfo->flinfo->fn_extra; /* of the row, of the result */
  if (columns == NULL) {
    MemoryContext before = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
    fcinfo->flinfo->fn_extra = columns = palloc(2 * sizeof(TupleDesc));
    columns[0] = lookup_rowtype_tupdesc_copy(HeapTupleHeaderGetTypeId(row), HeapTupleHeaderGetTypMod(row));
    get_call_result_type(fcinfo, NULL, &columns[1]);
    columns[1] = BlessTupleDesc(CreateTupleDescCopy(columns[1]));
    MemoryContextSwitchTo(before);
    if (columns[0]->natts > (int)lengthof(values) || columns[1]->natts > (int)lengthof(values)) elog(ERROR, "too many columns");
  }
  heap_deform_tuple(&tuple, columns[0], values, nulls);
  for (int i = 0; i < columns[1]->natts; i++) {
    const Oid type = TupleDescAttr(columns[1], i)->atttypid;
    nulls[i] = type != TEXTOID && type != FLOAT8OID && type != INT4OID;
    if (type == TEXTOID) values[i] = PointerGetDatum(cstring_to_text("wholesale_owner"));
    else values[i] = type == FLOAT8OID ? Float8GetDatum(0.5) : Int32GetDatum(1);
  }
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(columns[1], values, nulls)));
}

PG_FUNCTION_INFO_V1(noop_trigger);
Datum noop_trigger(PG_FUNCTION_ARGS) {
  TriggerData *data = (TriggerData *)fcinfo->context;
  PG_RETURN_POINTER(TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple : data->tg_trigtuple);
}
