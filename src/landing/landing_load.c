/*
 * landing_load.c
 *		Closing a batch: deciding over it and running its steps.
 *
 * Everything here runs as the owner of the landing view with a fixed
 * search_path.  A batch that is a repetition adds nothing; one with too many
 * faults is parked, its sound rows kept for patternos.load_parked_batch();
 * any other is loaded whole by the entity's steps.
 */
#include "patternos.h"

#include "landing_batch.h"

#include "access/table.h"
#include "server/bulk_insert.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "core/detect.h"
#include "executor/spi.h"
#include "executor/tstoreReceiver.h"
#include "privacy/key.h"
#include "miscadmin.h"
#include "nodes/params.h"
#include "server/snapshot.h"
#include "utils/builtins.h"
#include "utils/pg_rusage.h"
#include "utils/plancache.h"
#include "utils/timestamp.h"

/* What the steps of a batch run with: $1 to $3. */
typedef struct StepArguments
{
	ParamListInfo params;
	Oid			types[3];
} StepArguments;

/*
 * Runs a query with up to four text arguments, NULL for NULL.  Needs a
 * connection to SPI.
 */
void
landing_query(const char *sql, int nargs, const char **texts)
{
	Oid			types[4];
	Datum		values[4];
	char		nulls[4];

	for (int i = 0; i < nargs; i++)
	{
		types[i] = TEXTOID;
		nulls[i] = texts[i] == NULL ? 'n' : ' ';
		values[i] = texts[i] == NULL ? (Datum) 0 : CStringGetTextDatum(texts[i]);
	}
	(void) SPI_execute_with_args(sql, nargs, types, values, nulls, false, 0);
}

/*
 * Makes rows readable by name for the statements that follow.
 */
void
register_relation(const char *name, TupleDesc desc, Tuplestorestate *rows, int64 count)
{
	EphemeralNamedRelation relation = palloc0(sizeof(EphemeralNamedRelationData));

	relation->md.name = pstrdup(name);
	relation->md.tupdesc = desc;
	relation->md.enrtype = ENR_NAMED_TUPLESTORE;
	relation->md.enrtuples = count;
	relation->reldata = rows;
	if (SPI_register_relation(relation) != SPI_OK_REL_REGISTER)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 errmsg("relation \"%s\" exists twice among a batch's steps", name)));
}

/* The arguments that all steps share. */
static StepArguments
step_arguments(LandingBatch *batch)
{
	StepArguments arguments = {makeParamList(3), {INT8OID, TEXTOID, TIMESTAMPTZOID}};

	for (int i = 0; i < 3; i++)
	{
		arguments.params->params[i].ptype = arguments.types[i];
		arguments.params->params[i].pflags = PARAM_FLAG_CONST;
		arguments.params->params[i].isnull = false;
	}
	arguments.params->params[0].value = Int64GetDatum(batch->batch_id);
	arguments.params->params[1].isnull = batch->platform_id == NULL;
	if (batch->platform_id != NULL)
		arguments.params->params[1].value = CStringGetTextDatum(batch->platform_id);
	arguments.params->params[2].value = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	return arguments;
}

/*
 * Says, to who listens at DEBUG1, how long a statement took.
 */
void
report_step(const LandingBatch *batch, const char *relation, const char *sql, const PGRUsage *begin)
{
	const char *what = relation != NULL ? relation : sql + strspn(sql, " \n");

	ereport(DEBUG1,
			(errmsg_internal("batch " INT64_FORMAT ": %s for %.*s", batch->batch_id,
							 pg_rusage_show(begin), (int) strcspn(what, "\n("), what)));
}

/* A step's statement, prepared. */
static SPIPlanPtr
prepare_step(StepArguments *arguments, const char *sql)
{
	SPIPlanPtr	plan = SPI_prepare(sql, 3, arguments->types);

	if (plan == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not prepare a step of the load: %s", SPI_result_code_string(SPI_result))));
	return plan;
}

/* The columns that a prepared query delivers, in the batch's memory. */
static TupleDesc
step_columns(LandingBatch *batch, SPIPlanPtr plan)
{
	CachedPlanSource *source = linitial(SPI_plan_get_plan_sources(plan));
	MemoryContext old = MemoryContextSwitchTo(batch->context);
	TupleDesc	result = CreateTupleDescCopy(source->resultDesc);

	MemoryContextSwitchTo(old);
	return result;
}

/* The INSERT of a query's rows, by the names of its columns. */
static char *
insertion(const char *table, TupleDesc columns, const char *sql)
{
	StringInfoData result;

	initStringInfo(&result);
	appendStringInfo(&result, "INSERT INTO %s (", table);
	for (int i = 0; i < columns->natts; i++)
		appendStringInfo(&result, "%s%s", i > 0 ? ", " : "", quote_identifier(NameStr(TupleDescAttr(columns, i)->attname)));
	appendStringInfo(&result, ") %s", sql);
	return result.data;
}

/* The columns that a query delivers. */
static TupleDesc
query_columns(LandingBatch *batch, StepArguments *arguments, const char *sql)
{
	SPIPlanPtr	query = prepare_step(arguments, sql);
	TupleDesc	result = step_columns(batch, query);

	SPI_freeplan(query);
	return result;
}

/*
 * The plan that appends a query's rows to a table: in bulk through *dest, or as an
 * INSERT where that is not possible.
 */
static SPIPlanPtr
prepare_insertion(LandingBatch *batch, StepArguments *arguments, const char *table, const char *sql, DestReceiver **dest)
{
	Oid			relid = DatumGetObjectId(DirectFunctionCall1(regclassin, CStringGetDatum(table)));
	TupleDesc	columns = query_columns(batch, arguments, sql);
	Relation	rel;

	if (!bulk_insert_possible(relid))
		return prepare_step(arguments, insertion(table, columns, sql));
	*dest = bulk_insert_receiver(relid);
	rel = table_open(relid, NoLock);
	sql = complete_query(rel, columns, sql);
	table_close(rel, NoLock);
	return prepare_step(arguments, sql);
}

/*
 * The statement of a step named "relation INTO schema.table RETURNING columns":
 * inserts the query's rows that are not there yet.  *relation loses what follows it.
 */
static const char *
insertion_of_new(LandingBatch *batch, StepArguments *arguments, const char **relation, const char *sql)
{
	const char *into = *relation == NULL ? NULL : strstr(*relation, " INTO ");
	const char *returning;
	char	   *table;

	if (into == NULL)
		return sql;
	returning = strstr(into, " RETURNING ");
	table = pnstrdup(into + 6, returning - into - 6);
	*relation = pnstrdup(*relation, into - *relation);
	return psprintf("%s ON CONFLICT DO NOTHING%s", insertion(table, query_columns(batch, arguments, sql), sql), returning);
}

/*
 * Runs one statement.  With a relation name, its result becomes a relation;
 * with the name of a table, schema.table, it is appended to that; with both,
 * see insertion_of_new().  Returns the number of rows it wrote or gave.
 */
static int64
run_step(LandingBatch *batch, StepArguments *arguments, const char *relation, const char *sql)
{
	SPIExecuteOptions options = {.params = arguments->params};
	Tuplestorestate *rows = NULL;
	TupleDesc	desc = NULL;
	bool		is_table;
	SPIPlanPtr	plan;
	PGRUsage	begin;

	pg_rusage_init(&begin);
	sql = insertion_of_new(batch, arguments, &relation, sql);
	is_table = relation != NULL && strchr(relation, '.') != NULL;
	if (is_table)
		plan = prepare_insertion(batch, arguments, relation, sql, &options.dest);
	else
		plan = prepare_step(arguments, sql);
	if (relation != NULL && !is_table)
	{
		desc = step_columns(batch, plan);
		rows = batch_tuplestore(batch);
		options.dest = CreateTuplestoreDestReceiver();
		SetTuplestoreDestReceiverParams(options.dest, rows, batch->context, false, NULL, NULL);
	}
	if (SPI_execute_plan_extended(plan, &options) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not run a step of the load: %s", SPI_result_code_string(SPI_result))));
	SPI_freeplan(plan);
	if (rows != NULL)
		register_relation(relation, desc, rows, tuplestore_tuple_count(rows));
	if (rows != NULL && strcmp(relation, "duplicate") == 0)
		note_duplicates(batch, desc, rows);
	report_step(batch, relation, sql, &begin);
	return SPI_processed;
}

/* Settles the accounts and runs the entity's steps; returns how many staged rows added nothing. */
static int64
run_steps(LandingBatch *batch, StepArguments *arguments)
{
	const char *view = batch->view_name;
	SPITupleTable *steps;
	uint64		count;
	int64		duplicates = 0;

	settle_accounts(batch);
	batch->entity->make_relations(batch);
	landing_query("SELECT relation, statement FROM patternos._landing_steps($1) ORDER BY step", 1, &view);
	steps = SPI_tuptable;
	count = SPI_processed;
	for (uint64 i = 0; i < count; i++)
	{
		char	   *relation = SPI_getvalue(steps->vals[i], steps->tupdesc, 1);
		char	   *statement = SPI_getvalue(steps->vals[i], steps->tupdesc, 2);
		int64		rows = run_step(batch, arguments, relation, statement);

		if (relation != NULL && strcmp(relation, "duplicate") == 0)
			duplicates = rows;
		else if (relation != NULL && strcmp(relation, "orphan") == 0 && rows > 0)
			ereport(ERROR,
					(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
					 errmsg("load would leave " INT64_FORMAT " keys that lead nowhere", rows)));
	}
	return duplicates;
}

/* Whether the same content has been loaded before without a fault. */
static bool
is_repetition(LandingBatch *batch, Datum content_hash)
{
	Oid			types[] = {BYTEAOID, TEXTOID, TEXTOID};
	Datum		values[] = {content_hash, CStringGetTextDatum(batch->entity->name), (Datum) 0};
	char		nulls[] = {' ', ' ', 'n'};

	if (batch->platform_id != NULL)
	{
		values[2] = CStringGetTextDatum(batch->platform_id);
		nulls[2] = ' ';
	}
	(void) SPI_execute_with_args("SELECT FROM patternos_dw.raw_batch "
								 "WHERE content_hash = $1 AND entity = $2 AND platform_id IS NOT DISTINCT FROM $3 "
								 "AND status = 'loaded' AND rows_rejected = 0 AND rows_total > 0",
								 3, types, values, nulls, false, 1);
	return SPI_processed > 0;
}

/* Where the batch came from: setting patternos.source, redacted, or the landing view. */
static Datum
source_name(LandingBatch *batch)
{
	size_t		size = strlen(patternos_source);
	char	   *redacted = palloc(REDACTED_SIZE(size));
	int			found;

	if (size == 0)
		return CStringGetTextDatum(batch->view_name);
	size = redact_text(patternos_source, size, redacted, &found);
	return PointerGetDatum(cstring_to_text_with_len(redacted, size));
}

/* Writes the batch's row. */
static void
write_batch(LandingBatch *batch, const char *status, Datum content_hash, int64 duplicates)
{
	Oid			types[] = {INT8OID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID, INT8OID, INT8OID, INT8OID, TEXTOID, INT8OID, TEXTOID, INT8OID};
	Datum		values[] = {Int64GetDatum(batch->batch_id), (Datum) 0, CStringGetTextDatum(batch->entity->name),
		CStringGetTextDatum(batch->view_name), content_hash, Int64GetDatum(batch->rows),
		Int64GetDatum(batch->rejected), Int64GetDatum(duplicates), CStringGetTextDatum(status),
	Int64GetDatum(batch->same_second), source_name(batch), Int64GetDatum(batch->refused)};
	char		nulls[] = "            ";

	if (batch->platform_id == NULL)
		nulls[1] = 'n';
	else
		values[1] = CStringGetTextDatum(batch->platform_id);
	(void) SPI_execute_with_args("INSERT INTO patternos_dw.raw_batch (batch_id, platform_id, entity, landing_view, "
								 " content_hash, rows_total, rows_accepted, rows_rejected, rows_duplicate, status, "
								 " rows_same_second, source, values_refused, loaded_at) "
								 "VALUES ($1, $2, $3, $4, $5, $6, $6 - $7 - $8, $7, $8, $9, $10, $11, $12, "
								 " CASE $9 WHEN 'loaded' THEN now() END)",
								 lengthof(types), types, values, nulls, false, 0);
}

/* Says what became of the batch. */
static void
report(LandingBatch *batch, const char *status, int64 duplicates)
{
	int64		accepted = batch->rows - batch->rejected - duplicates;
	bool		parked = strcmp(status, "parked") == 0;

	ereport(NOTICE,
			(errmsg("batch " INT64_FORMAT " from %s is %s: " INT64_FORMAT " rows, " INT64_FORMAT " accepted, "
					INT64_FORMAT " rejected, " INT64_FORMAT " duplicate, 0 suppressed",
					batch->batch_id, batch->view_name, status, batch->rows, accepted,
					batch->rejected, duplicates),
			 batch->same_second == 0 ? 0 :
			 errdetail(INT64_FORMAT " rows share customer and second with another row of different content; they were kept.",
					   batch->same_second),
			 batch->refused == 0 ? 0 :
			 errdetail(INT64_FORMAT " identifiers of these rows identify nobody and were left out: see patternos_dw.raw_reject.",
					   batch->refused),
			 !parked ? 0 :
			 errhint("Too many rows were rejected: see patternos_dw.raw_reject. Call patternos.load_parked_batch(" INT64_FORMAT
					 ") to load the others, or patternos.drop_parked_batch(" INT64_FORMAT ") and send a corrected file.",
					 batch->batch_id, batch->batch_id)));
}

/*
 * Decides over the batch and loads it.
 */
void
close_batch(LandingBatch *batch)
{
	bytea	   *content_hash = palloc(VARHDRSZ + SHA256_SIZE);
	const char *platform = batch->platform_id;
	const char *status = "loaded";
	int64		duplicates = 0;
	StepArguments arguments;

	SET_VARSIZE(content_hash, VARHDRSZ + SHA256_SIZE);
	hash_end(batch, (uint8 *) VARDATA(content_hash));
	SPI_connect();
	arguments = step_arguments(batch);

	/* one load of a platform at a time; who may name all takes them in order */
	landing_query("SELECT pg_advisory_xact_lock(hashtextextended('patternos landing ' || p.platform_id, 0)) "
				  "FROM (SELECT platform_id FROM patternos_dw.dim_platform "
				  " WHERE platform_id = coalesce($1, platform_id) ORDER BY platform_id) p", 1, &platform);
	if (key_is_unregistered())
		landing_query("SELECT patternos._register_key()", 0, NULL);
	register_relation("staged", batch->staged_desc, batch->staged, tuplestore_tuple_count(batch->staged));
	if (!batch->declared)
		register_relation("arrived", batch->staged_desc, batch->staged, tuplestore_tuple_count(batch->staged));
	register_relation("reject", batch->reject_desc, batch->rejects, tuplestore_tuple_count(batch->rejects));
	if (is_repetition(batch, PointerGetDatum(content_hash)))
	{
		duplicates = batch->rows;
		batch->rejected = 0;
		batch->refused = 0;
		batch->same_second = 0;
	}
	else
	{
		if (batch->rejected > batch->max_reject_share * batch->rows)
			status = "parked";
		account_relation(batch);
		if (strcmp(status, "loaded") == 0)
			duplicates = run_steps(batch, &arguments);
		if (strcmp(status, "loaded") == 0)
			write_records(batch);
		else
			run_step(batch, &arguments, "patternos_dw.raw_record", parked_records(batch));
		run_step(batch, &arguments, NULL,
				 "INSERT INTO patternos_dw.raw_reject (batch_id, line, column_name, reason_code, value_length, row_rejected) "
				 "SELECT $1, line, column_name, reason_code, value_length, row_rejected FROM reject");
	}
	write_batch(batch, status, PointerGetDatum(content_hash), duplicates);
	report(batch, status, duplicates);
	SPI_finish();
	for (int i = 0; i < list_length(batch->stores); i++)
		tuplestore_end(list_nth(batch->stores, i));
}
