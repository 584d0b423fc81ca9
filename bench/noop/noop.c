/* What any C function of a row and any C trigger cost: the measure for bench/score.sh and bench/trigger.sh. */
#include "postgres.h"

#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/builtins.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(noop_row);
Datum noop_row(PG_FUNCTION_ARGS) {
  /* The argument is built by the executor; reading its header keeps the compiler honest. */
  volatile int natts = HeapTupleHeaderGetNatts(DatumGetHeapTupleHeader(PG_GETARG_DATUM(0)));
  (void)natts;
  PG_RETURN_TEXT_P(cstring_to_text("wholesale_owner"));
}

PG_FUNCTION_INFO_V1(noop_trigger);
Datum noop_trigger(PG_FUNCTION_ARGS) {
  TriggerData *data = (TriggerData *)fcinfo->context;
  PG_RETURN_POINTER(TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple : data->tg_trigtuple);
}
