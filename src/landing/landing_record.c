/*
 * landing_record.c
 *		What is kept of a batch's rows: raw_record and raw_reject.
 */
#include "landing_batch.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#define LINE_BIT(line) (UINT64_C(1) << (line) % 64)

/*
 * Notes the rows that add nothing, lines in the first column: they get no raw_record.
 */
void
note_duplicates(LandingBatch *batch, TupleDesc desc, Tuplestorestate *rows)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);

	batch->duplicates = MemoryContextAllocExtended(batch->context, (batch->rows / 64 + 1) * sizeof(uint64),
												   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	while (tuplestore_gettupleslot(rows, true, false, slot))
	{
		bool		isnull;
		int64		line = DatumGetInt64(slot_getattr(slot, 1, &isnull));

		batch->duplicates[line / 64] |= LINE_BIT(line);
	}
	tuplestore_rescan(rows);
	ExecDropSingleTupleTableSlot(slot);
}

/* Makes the partitions that the rows go to. */
static void
ensure_months(LandingBatch *batch)
{
	RowCounterIterator months;
	uint64		month;

	row_counter_scan(batch->months, &months);
	while (row_counter_next(&months, &month))
	{
		char		year_month[32];
		const char *argument = year_month;

		snprintf(year_month, sizeof(year_month), "%04d-%02d-01", (int) (month / 12), (int) (month % 12) + 1);
		landing_query("SELECT patternos._ensure_raw_month($1::date)", 1, &argument);
	}
}

/* Keeps a staged row, with its payload as it is. */
static void
put_record(LandingBatch *batch, TableWriter *writer, TupleTableSlot *slot, const Datum *constants)
{
	MemoryContext old = MemoryContextSwitchTo(batch->row_context);
	Datum	   *staged = slot->tts_values;
	bool	   *unknown = slot->tts_isnull;
	bool		has_account = !unknown[STAGED_ACCOUNT];
	Datum		values[] = {staged[STAGED_RECORD_TIME], Int64GetDatum(batch->batch_id), staged[STAGED_LINE],
		unknown[STAGED_PLATFORM] ? constants[0] : staged[STAGED_PLATFORM], constants[1],
	has_account ? account_id(batch, DatumGetInt32(staged[STAGED_ACCOUNT])) : (Datum) 0, staged[STAGED_PAYLOAD]};
	bool		nulls[] = {false, false, false, false, false, !has_account, false};

	table_writer_put(writer, values, nulls);
	MemoryContextSwitchTo(old);
	MemoryContextReset(batch->row_context);
}

/*
 * Keeps the sound rows that are new.
 */
void
write_records(LandingBatch *batch)
{
	static const WriterColumn columns[] = {
		{"record_time", TIMESTAMPTZOID}, {"batch_id", INT8OID}, {"line", INT8OID}, {"platform_id", TEXTOID},
		{"entity", TEXTOID}, {"platform_customer_id", TEXTOID}, {"payload", JSONBOID}
	};
	Datum		constants[] = {CStringGetTextDatum(batch->platform_id == NULL ? "" : batch->platform_id),
	CStringGetTextDatum(batch->entity->name)};
	TupleTableSlot *slot;
	TableWriter *writer;
	PGRUsage	begin;

	pg_rusage_init(&begin);
	ensure_months(batch);
	slot = MakeSingleTupleTableSlot(batch->staged_desc, &TTSOpsMinimalTuple);
	writer = table_writer_begin(batch, "patternos_dw.raw_record", lengthof(columns), columns);
	tuplestore_select_read_pointer(batch->staged, 0);
	tuplestore_rescan(batch->staged);
	while (tuplestore_gettupleslot(batch->staged, true, false, slot))
	{
		int64		line;

		slot_getsomeattrs(slot, STAGED_HEAD_COLUMNS);
		line = DatumGetInt64(slot->tts_values[STAGED_LINE]);
		if (batch->duplicates == NULL || (batch->duplicates[line / 64] & LINE_BIT(line)) == 0)
			put_record(batch, writer, slot, constants);
		CHECK_FOR_INTERRUPTS();
	}
	ExecDropSingleTupleTableSlot(slot);
	(void) table_writer_end(writer);
	report_step(batch, "patternos_dw.raw_record", NULL, &begin);
}

/*
 * The query of what raw_record keeps of a parked batch: so much of each sound row
 * that it can be loaded again.
 */
const char *
parked_records(LandingBatch *batch)
{
	const char *view = batch->view_name;
	const char *payload = "s.payload";

	ensure_months(batch);
	if (batch->entity->parked_payload != NULL)
	{
		landing_query(psprintf("SELECT %s($1)", batch->entity->parked_payload), 1, &view);
		payload = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	}
	return psprintf("SELECT s.record_time, $1 AS batch_id, s.line, coalesce(s.row_platform, $2) AS platform_id, "
					" '%s' AS entity, a.platform_customer_id, %s AS payload "
					"FROM staged s LEFT JOIN staged_account a USING (account)", batch->entity->name, payload);
}
