/*
 * snapshot.c
 *		Fills a new table from a query that may run in parallel.
 *
 * INSERT ... SELECT is planned serially, and a table made by CREATE TABLE AS
 * has neither generated columns nor constraints.  Here a plan with parallel
 * workers streams into a receiver that writes pages in bulk.  Generated
 * columns and defaults are part of the query, so that workers compute them.
 *
 * Invariants: the table was made in the current subtransaction and has no
 * index, so nobody else can see it and its rows may be written frozen; the
 * query that is run delivers exactly the table's columns, in its order, with
 * its types.
 */
#include "patternos.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "rewrite/rewriteHandler.h"
#include "snapshot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

#define FILL_MAX_ROWS	1000
#define FILL_WORK_MEM	(64 * 1024)

/* a receiver of query rows that appends them to a table */
typedef struct FillReceiver
{
	DestReceiver pub;
	Relation	rel;
	EState	   *estate;			/* of the table's constraints */
	ResultRelInfo *target;
	BulkInsertState bistate;
	CommandId	cid;
	MemoryContext write_context;	/* what writing a batch leaks */
	TupleTableSlot *slots[FILL_MAX_ROWS];
	int			nslots;			/* rows waiting */
} FillReceiver;

PG_FUNCTION_INFO_V1(patternos__fill_table);

/*
 * Writes the waiting rows.
 */
static void
fill_flush(FillReceiver *fill)
{
	MemoryContext caller;
	int			i;

	if (fill->nslots == 0)
		return;
	caller = MemoryContextSwitchTo(fill->write_context);
	table_multi_insert(fill->rel, fill->slots, fill->nslots, fill->cid,
					   TABLE_INSERT_FROZEN | TABLE_INSERT_SKIP_FSM,
					   fill->bistate);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(fill->write_context);
	for (i = 0; i < fill->nslots; i++)
		ExecClearTuple(fill->slots[i]);
	fill->nslots = 0;
}

/*
 * Checks that the rows to come have the table's physical layout.
 */
static void
fill_startup(DestReceiver *self, int operation, TupleDesc rows)
{
	FillReceiver *fill = (FillReceiver *) self;
	TupleDesc	table = RelationGetDescr(fill->rel);
	int			i;

	if (rows->natts != table->natts)
		elog(ERROR, "query delivers %d columns for %d", rows->natts, table->natts);
	for (i = 0; i < table->natts; i++)
	{
		if (TupleDescAttr(rows, i)->atttypid != TupleDescAttr(table, i)->atttypid)
			elog(ERROR, "query delivers another type for column %d", i + 1);
	}
	fill->cid = GetCurrentCommandId(true);
}

/*
 * Takes one row: checks the table's constraints and keeps it for the next
 * batch.
 */
static bool
fill_receive(TupleTableSlot *row, DestReceiver *self)
{
	FillReceiver *fill = (FillReceiver *) self;
	TupleTableSlot *slot = fill->slots[fill->nslots];

	if (slot == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(fill->estate->es_query_cxt);

		slot = table_slot_create(fill->rel, NULL);
		fill->slots[fill->nslots] = slot;
		MemoryContextSwitchTo(caller);
	}
	ExecCopySlot(slot, row);
	slot->tts_tableOid = RelationGetRelid(fill->rel);
	if (fill->rel->rd_att->constr)
	{
		ExecConstraints(fill->target, slot, fill->estate);
		ResetPerTupleExprContext(fill->estate);
	}
	if (++fill->nslots == FILL_MAX_ROWS)
		fill_flush(fill);
	return true;
}

/*
 * Writes what is left at the end of the query.
 */
static void
fill_shutdown(DestReceiver *self)
{
	fill_flush((FillReceiver *) self);
}

/*
 * The receiver lives in the memory context of its caller.
 */
static void
fill_destroy(DestReceiver *self)
{
}

/*
 * Opens a receiver for a table that must be new and bare, see above.
 */
static FillReceiver *
fill_open(Oid relid)
{
	FillReceiver *fill = palloc0(sizeof(FillReceiver));
	Relation	rel = table_open(relid, AccessExclusiveLock);

	if (rel->rd_rel->relkind != RELKIND_RELATION ||
		rel->rd_createSubid != GetCurrentSubTransactionId() ||
		rel->rd_rel->relhasindex || rel->rd_rel->relhastriggers)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("only a table without indexes and triggers, made in the same subtransaction, can be filled")));
	fill->pub.receiveSlot = fill_receive;
	fill->pub.rStartup = fill_startup;
	fill->pub.rShutdown = fill_shutdown;
	fill->pub.rDestroy = fill_destroy;
	fill->pub.mydest = DestIntoRel;
	fill->rel = rel;
	fill->estate = CreateExecutorState();
	fill->target = makeNode(ResultRelInfo);
	InitResultRelInfo(fill->target, rel, 0, NULL, 0);
	fill->bistate = GetBulkInsertState();
	fill->write_context = AllocSetContextCreate(CurrentMemoryContext,
												"patternos snapshot", ALLOCSET_DEFAULT_SIZES);
	return fill;
}

/*
 * Ends the writing of a table and releases the receiver's resources.
 */
static void
fill_close(FillReceiver *fill)
{
	int			i;

	FreeBulkInsertState(fill->bistate);
	table_finish_bulk_insert(fill->rel, TABLE_INSERT_FROZEN);
	for (i = 0; i < FILL_MAX_ROWS && fill->slots[i] != NULL; i++)
		ExecDropSingleTupleTableSlot(fill->slots[i]);
	FreeExecutorState(fill->estate);
	table_close(fill->rel, NoLock);
}

/*
 * The columns that a query delivers; an error when it is not one SELECT.
 */
static TupleDesc
query_columns(const char *query)
{
	SPIPlanPtr	plan = SPI_prepare(query, 0, NULL);
	List	   *sources;
	CachedPlanSource *source;

	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	sources = SPI_plan_get_plan_sources(plan);
	source = sources == NIL ? NULL : (CachedPlanSource *) linitial(sources);
	if (list_length(sources) != 1 || source->commandTag != CMDTAG_SELECT || source->resultDesc == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("query must be one SELECT")));
	return source->resultDesc;
}

/*
 * Whether a query delivers a column of that name.
 */
static bool
has_column(TupleDesc columns, const char *name)
{
	int			i;

	for (i = 0; i < columns->natts; i++)
	{
		if (strcmp(NameStr(TupleDescAttr(columns, i)->attname), name) == 0)
			return true;
	}
	return false;
}

/*
 * Refuses a query that delivers what the table does not take.
 */
static void
check_columns(Relation rel, TupleDesc columns)
{
	int			i;

	for (i = 0; i < columns->natts; i++)
	{
		char	   *name = NameStr(TupleDescAttr(columns, i)->attname);
		AttrNumber	attnum = get_attnum(RelationGetRelid(rel), name);

		if (attnum <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("the query's column \"%s\" is no column of table \"%s\"",
							name, RelationGetRelationName(rel))));
		if (TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attgenerated)
			ereport(ERROR,
					(errcode(ERRCODE_GENERATED_ALWAYS),
					 errmsg("column \"%s\" of table \"%s\" is generated",
							name, RelationGetRelationName(rel))));
	}
}

/*
 * The text of a column's default or generation expression.
 */
static char *
default_text(Relation rel, int attnum)
{
	Node	   *expression = build_column_default(rel, attnum);

	if (expression == NULL)
		return NULL;
	return deparse_expression(expression,
							  deparse_context_for(RelationGetRelationName(rel),
												  RelationGetRelid(rel)),
							  false, false);
}

/*
 * The query that delivers the table's columns: those of the given query cast
 * to the table's types, defaults (or NULL) for those that it lacks, and
 * generated columns computed from the former.
 */
char	   *
complete_query(Relation rel, TupleDesc columns, const char *query)
{
	TupleDesc	table = RelationGetDescr(rel);
	StringInfoData outer,
				inner;
	int			i;

	check_columns(rel, columns);
	initStringInfo(&outer);
	initStringInfo(&inner);
	for (i = 0; i < table->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(table, i);
		const char *name = quote_identifier(NameStr(column->attname));
		char	   *type = format_type_extended(column->atttypid, column->atttypmod,
												FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
		char	   *given = column->atthasdef ? default_text(rel, i + 1) : NULL;

		appendStringInfo(&outer, "%s%s", i > 0 ? ", " : "",
						 column->attgenerated == ATTRIBUTE_GENERATED_STORED ? given : name);
		if (has_column(columns, NameStr(column->attname)))
			appendStringInfo(&inner, ", q.%s::%s AS %s", name, type, name);
		else if (column->attgenerated != ATTRIBUTE_GENERATED_STORED)
			appendStringInfo(&inner, ", (%s)::%s AS %s", given ? given : "NULL", type, name);
	}
	return psprintf("SELECT %s FROM (SELECT %s FROM (%s\n) q) t",
					outer.data, inner.data + 2, query);
}

/*
 * Sets, until the caller's nest level ends, what lets the planner see that a
 * grouping by customer pays off in parallel and partition by partition.
 */
static void
set_planner_costs(void)
{
	static const char *const settings[][2] = {
		{"jit", "off"},
		{"enable_partitionwise_aggregate", "on"},
		{"enable_partitionwise_join", "on"},
		{"parallel_setup_cost", "100"},
		{"parallel_tuple_cost", "0.001"},
	};
	int			i;

	for (i = 0; i < lengthof(settings); i++)
		(void) set_config_option(settings[i][0], settings[i][1], PGC_USERSET,
								 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	if (work_mem < FILL_WORK_MEM)
		(void) set_config_option("work_mem", "64MB", PGC_USERSET,
								 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

/*
 * _fill_table(target regclass, query text) returns bigint
 *
 * Fills a table, made in the same subtransaction and still without indexes,
 * from a query whose columns bear the names of the table's, and returns the
 * number of rows.  Errors: 42703 and 428C9 for columns that the table does not
 * take, 22023 for what is no SELECT, 55000 for a table that others may see,
 * and those of the query and of the table's constraints.
 */
Datum
patternos__fill_table(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	char	   *query = text_to_cstring(PG_GETARG_TEXT_PP(1));
	FillReceiver *fill = fill_open(relid);
	SPIExecuteOptions options;
	int			save_nestlevel;
	int64		rows;

	/* a transaction id cannot be assigned once parallel workers run */
	(void) GetCurrentTransactionId();

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	save_nestlevel = NewGUCNestLevel();
	set_planner_costs();
	memset(&options, 0, sizeof(options));
	options.dest = &fill->pub;
	if (SPI_execute_extended(complete_query(fill->rel, query_columns(query), query), &options) != SPI_OK_SELECT)
		elog(ERROR, "the query of a snapshot failed");
	rows = (int64) SPI_processed;
	AtEOXact_GUC(false, save_nestlevel);
	SPI_finish();
	fill_close(fill);
	PG_RETURN_INT64(rows);
}
