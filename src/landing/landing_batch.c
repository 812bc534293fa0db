/*
 * landing_batch.c
 *		Opening a batch: what the settings, the platform and the mapping say about
 *		its rows, and the places they are staged in.
 */
#include "landing_batch.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

static const LandingEntity *const entities[] = {
	&landing_transaction,
	&landing_transaction_line,
	&landing_event,
	&landing_customer,
	&landing_sku,
};

PG_FUNCTION_INFO_V1(patternos__landing_fields);

/*
 * patternos._landing_fields(entity): the fields that a mapping may name, in
 * order; NULL for an unknown entity.
 */
Datum
patternos__landing_fields(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));

	for (int i = 0; i < lengthof(entities); i++)
	{
		const LandingEntity *entity = entities[i];
		Datum	   *names = palloc(entity->field_count * sizeof(Datum));
		int			count = 0;

		if (strcmp(entity->name, name) != 0)
			continue;
		for (int j = 0; j < entity->field_count; j++)
			if (entity->fields[j].kind != FIELD_DERIVED)
				names[count++] = CStringGetTextDatum(entity->fields[j].name);
		PG_RETURN_POINTER(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
	}
	PG_RETURN_NULL();
}

/* A value of the only row of the last query as text in the batch's memory, NULL for NULL. */
static char *
spi_text(LandingBatch *batch, int column)
{
	char	   *value = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column);

	return value == NULL ? NULL : MemoryContextStrdup(batch->context, value);
}

static Datum
spi_datum(int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? (Datum) 0 : value;
}

/* Time zone of a name; an error when the server does not know it. */
static pg_tz *
find_zone(const char *name)
{
	pg_tz	   *zone = pg_tzset(name);

	if (zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" not recognized", name),
				 errhint("Correct it in patternos_dw.dim_platform or patternos_dw.setting.")));
	return zone;
}

/* Reads what the platform, the settings and the mapping say about the view. */
static void
read_context(LandingBatch *batch)
{
	const char *view = batch->view_name;
	const char *name;

	landing_query("SELECT m.entity, m.platform_id, coalesce(p.time_zone, w.zone), coalesce(p.currency, w.currency), "
				  " coalesce(p.conversion_type, 'order'), w.zone, w.currency, "
				  " w.earliest::date::timestamp AT TIME ZONE w.zone, now() + w.tolerance::interval, "
				  " w.share::float8, nextval(pg_get_serial_sequence('patternos_dw.raw_batch', 'batch_id')) "
				  "FROM (SELECT DISTINCT entity, platform_id FROM patternos_dw.source_mapping WHERE landing_view = $1) m "
				  "LEFT JOIN patternos_dw.dim_platform p USING (platform_id) "
				  "CROSS JOIN (SELECT patternos._setting('time_zone') AS zone, patternos._setting('currency') AS currency, "
				  " patternos._setting('earliest_date') AS earliest, patternos._setting('future_tolerance') AS tolerance, "
				  " patternos._setting('max_reject_share') AS share) w", 1, &view);
	if (SPI_processed != 1)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("landing view \"%s\" has no mapping of one entity and platform", view),
				 errhint("Correct its rows in patternos_dw.source_mapping.")));
	name = spi_text(batch, 1);
	for (int i = 0; i < lengthof(entities); i++)
		if (strcmp(entities[i]->name, name) == 0)
			batch->entity = entities[i];
	if (batch->entity == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot land rows of entity \"%s\"", name)));
	batch->platform_id = spi_text(batch, 2);
	batch->platform_zone = find_zone(spi_text(batch, 3));
	batch->platform_currency = spi_text(batch, 4);
	batch->conversion_type = spi_text(batch, 5);
	batch->warehouse_zone = find_zone(spi_text(batch, 6));
	batch->currency = spi_text(batch, 7);
	batch->earliest = DatumGetTimestampTz(spi_datum(8));
	batch->latest = DatumGetTimestampTz(spi_datum(9));
	batch->max_reject_share = DatumGetFloat8(spi_datum(10));
	batch->batch_id = DatumGetInt64(spi_datum(11));
}

/* Reads the platforms that rows of a view for all of them may name. */
static void
read_platforms(LandingBatch *batch)
{
	landing_query("SELECT platform_id, time_zone FROM patternos_dw.dim_platform WHERE platform_id <> 'ALL'", 0, NULL);
	batch->platform_count = SPI_processed;
	batch->platforms = MemoryContextAllocZero(batch->context, SPI_processed * sizeof(LandingPlatform));
	for (int i = 0; i < batch->platform_count; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];

		batch->platforms[i].id = MemoryContextStrdup(batch->context, SPI_getvalue(tuple, SPI_tuptable->tupdesc, 1));
		batch->platforms[i].zone = find_zone(SPI_getvalue(tuple, SPI_tuptable->tupdesc, 2));
	}
}

/* The field that a column feeds, by the names in its mapping. */
static void
map_field(LandingBatch *batch, LandingColumn *column, const char *field)
{
	static const struct
	{
		const char *format;
		FieldKind	kind;
		int			limit;
	}			properties[] = {
		{"text", FIELD_TEXT, 1000}, {"integer", FIELD_INTEGER, PG_INT32_MAX},
		{"flag", FIELD_FLAG, 0}, {"amount", FIELD_AMOUNT, 2}
	};

	if (strcmp(field, "property") == 0)
	{
		const char *format = column->format == NULL ? "text" : column->format;

		column->field = COLUMN_PROPERTY;
		for (int i = 0; i < lengthof(properties); i++)
			if (strcmp(properties[i].format, format) == 0)
			{
				column->rule.kind = properties[i].kind;
				column->rule.limit = properties[i].limit;
				return;
			}
	}
	else if (strcmp(field, "ignored") == 0)
	{
		column->field = COLUMN_IGNORED;
		return;
	}
	else
		for (int i = 0; i < batch->entity->field_count; i++)
			if (strcmp(batch->entity->fields[i].name, field) == 0 &&
				batch->entity->fields[i].kind != FIELD_DERIVED)
			{
				column->field = i;
				column->rule = batch->entity->fields[i];
				if (column->rule.kind == FIELD_ACCOUNT && column->format != NULL)
					column->rule.required = strcmp(column->format, "optional") != 0;
				return;
			}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("column \"%s\" of landing view \"%s\" is mapped to an unknown field or format",
					column->name, batch->view_name),
			 errhint("Correct its row in patternos_dw.source_mapping.")));
}

/* Maps the view's columns to fields. */
static void
read_columns(LandingBatch *batch, TupleDesc view)
{
	const char *name = batch->view_name;

	batch->column_count = view->natts;
	batch->columns = MemoryContextAllocZero(batch->context, view->natts * sizeof(LandingColumn));
	batch->account_column = -1;
	batch->platform_column = -1;
	landing_query("SELECT column_name, field, format FROM patternos_dw.source_mapping WHERE landing_view = $1", 1, &name);
	for (int i = 0; i < view->natts; i++)
	{
		LandingColumn *column = &batch->columns[i];
		const char *field = NULL;

		column->name = MemoryContextStrdup(batch->context, NameStr(TupleDescAttr(view, i)->attname));
		for (uint64 row = 0; row < SPI_processed && field == NULL; row++)
		{
			HeapTuple	tuple = SPI_tuptable->vals[row];
			char	   *format;

			if (strcmp(SPI_getvalue(tuple, SPI_tuptable->tupdesc, 1), column->name) != 0)
				continue;
			field = SPI_getvalue(tuple, SPI_tuptable->tupdesc, 2);
			format = SPI_getvalue(tuple, SPI_tuptable->tupdesc, 3);
			if (format != NULL)
				column->format = MemoryContextStrdup(batch->context, format);
		}
		if (field == NULL || TupleDescAttr(view, i)->atttypid != TEXTOID)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("column \"%s\" of landing view \"%s\" has no mapping or is not text",
							column->name, batch->view_name),
					 errhint("Correct patternos_dw.source_mapping, then call patternos.create_views().")));
		map_field(batch, column, field);
		batch->declared |= strcmp(field, "order_id") == 0 || strcmp(field, "event_id") == 0;
		if (column->field >= 0 && batch->entity->fields[column->field].kind == FIELD_ACCOUNT)
			batch->account_column = i;
		if (column->field >= 0 && batch->entity->fields[column->field].kind == FIELD_PLATFORM)
			batch->platform_column = i;
	}
}

/*
 * A tuplestore of the batch, kept in memory as far as maintenance_work_mem goes.
 * Its rows are never freed one by one, so their memory need not be rounded up.
 */
Tuplestorestate *
batch_tuplestore(LandingBatch *batch)
{
	MemoryContext rows = GenerationContextCreate(batch->context, "landing tuplestore", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(rows);
	Tuplestorestate *store = tuplestore_begin_heap(false, false, maintenance_work_mem);

	MemoryContextSwitchTo(batch->context);
	batch->stores = lappend(batch->stores, store);
	MemoryContextSwitchTo(old);
	return store;
}

/* Makes the places that rows are staged in. */
static void
make_stores(LandingBatch *batch)
{
	static const struct
	{
		const char *name;
		Oid			type;
	}			head[STAGED_HEAD_COLUMNS] = {
		[STAGED_LINE] = {"line", INT8OID},
		[STAGED_RECORD_TIME] = {"record_time", TIMESTAMPTZOID},
		[STAGED_ROW_ID] = {"row_id", INT8OID},
		[STAGED_PLATFORM] = {"row_platform", TEXTOID},
		[STAGED_ACCOUNT] = {"account", INT4OID},
		[STAGED_PROPERTIES] = {"properties", JSONBOID},
		[STAGED_PAYLOAD] = {"payload", JSONBOID}
	};
	MemoryContext old = MemoryContextSwitchTo(batch->context);
	int			columns = STAGED_HEAD_COLUMNS + batch->entity->field_count;

	batch->staged_desc = CreateTemplateTupleDesc(columns);
	for (int i = 0; i < STAGED_HEAD_COLUMNS; i++)
		TupleDescInitEntry(batch->staged_desc, i + 1, head[i].name, head[i].type, -1, 0);
	for (int i = 0; i < batch->entity->field_count; i++)
		TupleDescInitEntry(batch->staged_desc, STAGED_FIELD(i) + 1,
						   batch->entity->fields[i].name, batch->entity->fields[i].type, -1, 0);
	batch->reject_desc = CreateTemplateTupleDesc(5);
	TupleDescInitEntry(batch->reject_desc, 1, "line", INT8OID, -1, 0);
	TupleDescInitEntry(batch->reject_desc, 2, "column_name", TEXTOID, -1, 0);
	TupleDescInitEntry(batch->reject_desc, 3, "reason_code", TEXTOID, -1, 0);
	TupleDescInitEntry(batch->reject_desc, 4, "value_length", INT4OID, -1, 0);
	TupleDescInitEntry(batch->reject_desc, 5, "row_rejected", BOOLOID, -1, 0);
	batch->staged = batch_tuplestore(batch);
	batch->rejects = batch_tuplestore(batch);
	batch->values = palloc0(columns * sizeof(Datum));
	batch->nulls = palloc0(columns * sizeof(bool));
	batch->column_values = palloc0(batch->column_count * sizeof(Datum));
	batch->column_nulls = palloc0(batch->column_count * sizeof(bool));
	batch->parsed = palloc0(batch->column_count * sizeof(FieldValue));
	MemoryContextSwitchTo(old);
	batch->payload_shape = payload_shape(batch->context, batch->column_count, batch->columns);
	batch->accounts = intern_create(batch->context);
	batch->occurrences = row_counter_create(batch->context);
	batch->months = row_counter_create(batch->context);
	batch->seconds = row_counter_create(batch->context);
}

/*
 * Reads the context of a new batch and makes it ready for rows.
 */
void
open_batch(LandingBatch *batch, TupleDesc view)
{
	SPI_connect();
	read_context(batch);
	read_columns(batch, view);
	if (batch->platform_id == NULL)
		read_platforms(batch);
	make_stores(batch);
	hash_begin(batch);
	load_exchange_rates(batch);
	batch->entity->begin(batch);
	SPI_finish();
}
