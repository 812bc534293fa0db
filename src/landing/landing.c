/*
 * landing.c
 *		Triggers of the landing views: a statement's rows become one batch.
 *
 * The batches a session has open form a stack, since a statement that a row's
 * evaluation starts ends before the row does.  A batch lives in a memory
 * context of the subtransaction that opened it; when that is rolled back, the
 * context's callback takes the batch off the stack.
 */
#include "patternos.h"

#include "landing.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "landing_batch.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#define ROW_MEMORY (64 * 1024)

static LandingBatch *open_batches = NULL;

/* the batch whose steps are running, NULL = none */
static LandingBatch *loading_batch = NULL;

PG_FUNCTION_INFO_V1(patternos__landing_begin);
PG_FUNCTION_INFO_V1(patternos__landing_row);
PG_FUNCTION_INFO_V1(patternos__landing_end);

/* Takes a batch off the stack when its memory goes. */
static void
forget_batch(void *arg)
{
	LandingBatch **link = &open_batches;

	if (loading_batch == arg)
		loading_batch = NULL;
	while (*link != NULL && *link != arg)
		link = &(*link)->outer;
	if (*link != NULL)
		*link = (*link)->outer;
}

/* The batch that a statement on the view has open. */
static LandingBatch *
current_batch(Oid view)
{
	for (LandingBatch *batch = open_batches; batch != NULL; batch = batch->outer)
		if (batch->view == view)
			return batch;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("landing view lacks its statement triggers"),
			 errhint("Call patternos.create_views().")));
	return NULL;
}

/*
 * The batch whose steps are running, which has items; an error when there is
 * none.
 */
LandingBatch *
batch_with_items(void)
{
	if (loading_batch == NULL || loading_batch->items == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("function can only be called by the steps of a load")));
	return loading_batch;
}

/* The call's trigger data, checked to be an INSERT into a view. */
static TriggerData *
landing_trigger(FunctionCallInfo fcinfo)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BY_INSERT(data->tg_event) ||
		data->tg_relation->rd_rel->relkind != RELKIND_VIEW)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function can only be called by a landing view's INSERT trigger")));
	return data;
}

/*
 * Becomes the view's owner with a fixed search_path and the memory of a
 * maintenance task; returns what to hand to leave_owner().
 */
static int
enter_owner(LandingBatch *batch, Oid *user, int *security)
{
	const char *memory = GetConfigOption("maintenance_work_mem", false, false);
	const struct
	{
		const char *name;
		const char *value;
	}			settings[] = {
		{"search_path", "pg_catalog, pg_temp"},
		{"jit", "off"},
		{"work_mem", memory},
	};
	int			nest = NewGUCNestLevel();

	GetUserIdAndSecContext(user, security);
	SetUserIdAndSecContext(batch->owner, *security | SECURITY_LOCAL_USERID_CHANGE);
	for (int i = 0; i < lengthof(settings); i++)
		(void) set_config_option(settings[i].name, settings[i].value, PGC_USERSET,
								 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return nest;
}

static void
leave_owner(int nest, Oid user, int security)
{
	AtEOXact_GUC(false, nest);
	SetUserIdAndSecContext(user, security);
}

/*
 * BEFORE INSERT, once per statement: opens the batch.
 */
Datum
patternos__landing_begin(PG_FUNCTION_ARGS)
{
	TriggerData *data = landing_trigger(fcinfo);
	MemoryContext context = AllocSetContextCreate(CurTransactionContext, "landing batch",
												  ALLOCSET_DEFAULT_SIZES);
	LandingBatch *batch = MemoryContextAllocZero(context, sizeof(LandingBatch));
	MemoryContextCallback *callback = MemoryContextAlloc(context, sizeof(MemoryContextCallback));
	Oid			user;
	int			security;
	int			nest;

	batch->context = context;
	/* what a row needs fits in the block that a reset keeps */
	batch->row_context = AllocSetContextCreate(context, "landing row", ROW_MEMORY, ROW_MEMORY, ALLOCSET_DEFAULT_MAXSIZE);
	batch->view = RelationGetRelid(data->tg_relation);
	batch->owner = data->tg_relation->rd_rel->relowner;
	batch->view_name = MemoryContextStrdup(context, RelationGetRelationName(data->tg_relation));
	callback->func = forget_batch;
	callback->arg = batch;
	MemoryContextRegisterResetCallback(context, callback);
	batch->outer = open_batches;
	open_batches = batch;

	nest = enter_owner(batch, &user, &security);
	open_batch(batch, RelationGetDescr(data->tg_relation));
	leave_owner(nest, user, security);
	return PointerGetDatum(NULL);
}

/* Parses one column into its field's place in the staged row. */
static void
parse_column(LandingBatch *batch, int number, Datum value, bool isnull)
{
	const LandingColumn *column = &batch->columns[number];
	FieldValue *parsed = &batch->parsed[number];
	const char *text = NULL;
	size_t		size = 0;
	Reason		reason;

	if (column->field == COLUMN_IGNORED)
	{
		parsed->isnull = true;
		parsed->stored = NULL;
		parsed->refused = REASON_OK;
		return;
	}
	if (!isnull)
	{
		struct varlena *packed = PG_DETOAST_DATUM_PACKED(value);

		text = VARDATA_ANY(packed);

		size = VARSIZE_ANY_EXHDR(packed);
	}
	reason = parse_field(batch, &column->rule, column->format, text, size, parsed);
	if (reason != REASON_OK)
		reject_value(batch, column->name, reason, size);
	if (column->field >= 0)
	{
		batch->values[STAGED_FIELD(column->field)] = parsed->datum;
		batch->nulls[STAGED_FIELD(column->field)] = parsed->isnull;
	}
}

/* Parses all columns, the platform first: it tells the time zone of the others. */
static void
parse_columns(LandingBatch *batch, const Datum *values, const bool *nulls)
{
	int			first = batch->platform_column;

	batch->row_platform = batch->platform_id == NULL ? "" : batch->platform_id;
	if (first >= 0)
		parse_column(batch, first, values[first], nulls[first]);
	for (int i = 0; i < batch->column_count; i++)
		if (i != first)
			parse_column(batch, i, values[i], nulls[i]);
}

/* The account's number: of its platform and id together. */
static int
account_number(LandingBatch *batch, const FieldValue *account)
{
	size_t		prefix = strlen(batch->row_platform);
	char	   *key = palloc(prefix + 1 + account->stored_size);
	bool		is_new;

	memcpy(key, batch->row_platform, prefix);
	key[prefix] = ACCOUNT_SEPARATOR;
	memcpy(key + prefix + 1, account->stored, account->stored_size);
	return intern_number(batch->accounts, key, prefix + 1 + account->stored_size, &is_new);
}

/* Notes the month of the row's time, whose partition must exist before the write. */
static void
note_month(LandingBatch *batch)
{
	struct pg_tm tm;
	fsec_t		fsec;

	if (timestamp2tm(DatumGetTimestampTz(batch->values[STAGED_RECORD_TIME]), NULL, &tm, &fsec, NULL, NULL) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	(void) row_counter_add(batch->months, tm.tm_year * 12 + tm.tm_mon - 1);
}

/* Counts rows of one account that fall into the same second but differ. */
static void
note_second(LandingBatch *batch)
{
	int64		second = DatumGetTimestampTz(batch->values[STAGED_RECORD_TIME]) / USECS_PER_SEC;
	uint32		rows;

	if (batch->declared || batch->occurrence > 1)
		return;
	rows = row_counter_add(batch->seconds, ((uint64) batch->account << 40) ^ (uint64) second);
	if (rows > 1)
		batch->same_second += rows == 2 ? 2 : 1;
}

/* Fills in the head of the staged row. */
static void
finish_head(LandingBatch *batch, int64 row_id)
{
	int			time_field = batch->entity->time_field;

	batch->values[STAGED_LINE] = Int64GetDatum(batch->rows);
	if (time_field >= 0 && !FIELD_IS_NULL(batch, time_field))
		batch->values[STAGED_RECORD_TIME] = FIELD_VALUE(batch, time_field);
	else
		batch->values[STAGED_RECORD_TIME] = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	batch->nulls[STAGED_RECORD_TIME] = false;
	batch->values[STAGED_ROW_ID] = Int64GetDatum(row_id);
	if (batch->platform_column >= 0)
	{
		batch->values[STAGED_PLATFORM] = batch->parsed[batch->platform_column].datum;
		batch->nulls[STAGED_PLATFORM] = false;
	}
	note_month(batch);
	batch->account = -1;
	if (batch->account_column >= 0 && !batch->parsed[batch->account_column].isnull)
	{
		batch->account = account_number(batch, &batch->parsed[batch->account_column]);
		batch->values[STAGED_ACCOUNT] = Int32GetDatum(batch->account);
		batch->nulls[STAGED_ACCOUNT] = false;
		note_second(batch);
	}
	batch->values[STAGED_PAYLOAD] = payload_datum(batch->payload_shape, batch->parsed);
}

/* Writes a line of raw_reject. */
static void
note_reject(LandingBatch *batch, const char *column, Reason reason, int64 size)
{
	Datum		values[] = {Int64GetDatum(batch->rows), CStringGetTextDatum(column),
		CStringGetTextDatum(reason_name(reason)), Int32GetDatum((int32) Min(size, PG_INT32_MAX)),
	BoolGetDatum(batch->faulty)};
	bool		nulls[] = {false, false, false, false, false};

	tuplestore_putvalues(batch->rejects, batch->reject_desc, values, nulls);
}

/* Notes the values that the row at hand, a sound one, does without. */
static void
note_refusals(LandingBatch *batch)
{
	for (int i = 0; i < batch->column_count; i++)
		if (batch->parsed[i].refused != REASON_OK)
		{
			note_reject(batch, batch->columns[i].name, batch->parsed[i].refused, batch->parsed[i].refused_size);
			batch->refused++;
		}
}

/*
 * INSTEAD OF INSERT, once per row: parses, hashes, redacts and stages it.
 */
Datum
patternos__landing_row(PG_FUNCTION_ARGS)
{
	TriggerData *data = landing_trigger(fcinfo);
	TupleDesc	desc = RelationGetDescr(data->tg_relation);
	LandingBatch *batch = current_batch(RelationGetRelid(data->tg_relation));
	MemoryContext old = MemoryContextSwitchTo(batch->row_context);
	int64		row_id;

	heap_deform_tuple(data->tg_trigtuple, desc, batch->column_values, batch->column_nulls);
	memset(batch->nulls, true, batch->staged_desc->natts * sizeof(bool));
	batch->nulls[STAGED_LINE] = batch->nulls[STAGED_ROW_ID] = batch->nulls[STAGED_PAYLOAD] = false;
	batch->properties = NULL;
	batch->faulty = false;
	batch->rows++;
	parse_columns(batch, batch->column_values, batch->column_nulls);
	if (!batch->faulty && batch->entity->prepare_row != NULL)
		batch->entity->prepare_row(batch);
	row_id = hash_row(batch);
	if (!batch->faulty)
		batch->entity->check_row(batch);
	if (!batch->faulty)
	{
		finish_head(batch, row_id);
		note_refusals(batch);
		batch->entity->stage_row(batch);
		batch->values[STAGED_PROPERTIES] = properties_datum(batch, &batch->nulls[STAGED_PROPERTIES]);
		tuplestore_putvalues(batch->staged, batch->staged_desc, batch->values, batch->nulls);
	}
	else
		batch->rejected++;
	MemoryContextSwitchTo(old);
	MemoryContextReset(batch->row_context);
	return PointerGetDatum(data->tg_trigtuple);
}

/*
 * AFTER INSERT, once per statement: decides over the batch and loads it.
 */
Datum
patternos__landing_end(PG_FUNCTION_ARGS)
{
	TriggerData *data = landing_trigger(fcinfo);
	LandingBatch *batch = current_batch(RelationGetRelid(data->tg_relation));
	Oid			user;
	int			security;
	int			nest = enter_owner(batch, &user, &security);
	LandingBatch *outer = loading_batch;

	loading_batch = batch;
	close_batch(batch);
	loading_batch = outer;
	leave_owner(nest, user, security);
	MemoryContextDelete(batch->context);
	return PointerGetDatum(NULL);
}

/*
 * Notes a fault in a column of the row at hand: the row is rejected.
 */
void
reject_value(LandingBatch *batch, const char *column, Reason reason, int64 size)
{
	batch->faulty = true;
	note_reject(batch, column, reason, size);
}

/*
 * The text of a field of the row at hand, NULL when it is NULL.
 */
const text *
field_text(const LandingBatch *batch, int field)
{
	return batch->nulls[STAGED_FIELD(field)] ? NULL : DatumGetTextPP(batch->values[STAGED_FIELD(field)]);
}

/*
 * Notes a fault in the column that feeds a field of the entity.
 */
void
reject_field(LandingBatch *batch, int field, Reason reason)
{
	for (int i = 0; i < batch->column_count; i++)
		if (batch->columns[i].field == field)
		{
			reject_value(batch, batch->columns[i].name, reason, batch->parsed[i].stored_size);
			return;
		}
	reject_value(batch, batch->entity->fields[field].name, reason, 0);
}
