/*
 * bulk_insert.c
 *		Appends rows to a table, partitioned or not, in bulk.
 *
 * INSERT ... SELECT writes row by row.  Here rows are collected by table or
 * partition and written page by page, as COPY does, and their index entries
 * index by index, so that neighbours in an index come one after another.  An
 * index of one bigint column gets its entries in order: those that come in
 * another are kept, and entered sorted.
 *
 * Invariants: bulk_insert_possible() has been asked, so no trigger, rule, policy
 * or foreign table is involved and all unique constraints are immediate (a
 * deferrable one is a trigger); rows that come from a query have their generated
 * columns and defaults; the order of rows within a table or partition is kept.
 */
#include "bulk_insert.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "executor/execPartition.h"
#include "executor/executor.h"
#include "executor/nodeModifyTable.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/datum.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/syscache.h"

/* Rows of a table or partition that are written at once: a few pages of most tables. */
#define BUFFER_ROWS 128

/* After so many bytes all partitions' rows are written. */
#define BUFFER_BYTES (16 * 1024 * 1024)

/* an index entry that waits */
typedef struct KeyEntry
{
	int64		key;
	ItemPointerData tid;
} KeyEntry;

/* an index of a table that rows are written to */
typedef struct IndexTarget
{
	Relation	index;
	IndexInfo  *info;
	int			keys;
	bool		is_bigint;		/* its only column is a bigint */
	KeyEntry   *kept;			/* entries to be made in order */
	Size		kept_count;
	Size		kept_size;
	Datum	   *values;			/* of the waiting rows, keys of each */
	bool	   *nulls;
} IndexTarget;

#define ST_SORT sort_entries
#define ST_ELEMENT_TYPE KeyEntry
#define ST_COMPARE(a, b) (((a)->key > (b)->key) - ((a)->key < (b)->key))
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* rows that wait for being written to a table or partition */
typedef struct RowBuffer
{
	ResultRelInfo *relation;	/* hash key */
	TupleTableSlot **slots;
	int			count;
	IndexTarget *indexes;		/* as many as the relation has */
	bool		is_simple;		/* no index is partial or an exclusion
								 * constraint */
} RowBuffer;

/* a column whose value comes with no row */
typedef struct ColumnDefault
{
	int			column;			/* from 0 */
	ExprState  *expression;		/* NULL = value and isnull serve all rows */
	Datum		value;
	bool		isnull;
} ColumnDefault;

struct BulkInsert
{
	DestReceiver pub;
	Oid			table;
	EState	   *estate;
	ModifyTableState *modify;	/* what routing needs to know of the target */
	PartitionTupleRouting *routing; /* NULL = the table has no partitions */
	HTAB	   *buffers;		/* RowBuffer */
	RowBuffer  *last;			/* the one used last, NULL = none */
	Size		bytes;			/* taken since all rows were last written */

	/* for rows that come as values */
	TupleTableSlot *row;
	int			column_count;
	int		   *columns;		/* of the table, from 0, by column given */
	ColumnDefault *defaults;
	int			default_count;
	bool		has_generated;
};

/* Whether a table or partition has nothing that INSERT has to care for. */
static bool
is_plain(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Form_pg_class class;
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	class = (Form_pg_class) GETSTRUCT(tuple);
	result = (class->relkind == RELKIND_RELATION || class->relkind == RELKIND_PARTITIONED_TABLE) &&
		!class->relhastriggers && !class->relhasrules;
	ReleaseSysCache(tuple);
	return result;
}

bool
bulk_insert_possible(Oid table)
{
	ListCell   *cell;

	LockRelationOid(table, RowExclusiveLock);
	if (!is_plain(table) ||
		pg_class_aclcheck(table, GetUserId(), ACL_INSERT) != ACLCHECK_OK ||
		check_enable_rls(table, InvalidOid, true) == RLS_ENABLED)
		return false;
	foreach(cell, find_all_inheritors(table, RowExclusiveLock, NULL))
	{
		if (!is_plain(lfirst_oid(cell)))
			return false;
	}
	return true;
}

/* Makes one entry. */
static void
insert_entry(const RowBuffer *buffer, const IndexTarget *target, Datum *values, bool *nulls, ItemPointer tid)
{
	index_insert(target->index, values, nulls, tid, buffer->relation->ri_RelationDesc,
				 target->info->ii_Unique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO, false, target->info);
}

/* Makes the entries of an index that were kept. */
static void
insert_kept_entries(const RowBuffer *buffer, IndexTarget *target)
{
	sort_entries(target->kept, target->kept_count);
	for (Size i = 0; i < target->kept_count; i++)
	{
		Datum		value = Int64GetDatum(target->kept[i].key);
		bool		isnull = false;

		insert_entry(buffer, target, &value, &isnull, &target->kept[i].tid);
		CHECK_FOR_INTERRUPTS();
	}
	target->kept_count = 0;
}

/* Keeps an entry, in at most the memory of a maintenance task. */
static void
keep_entry(BulkInsert *bulk, const RowBuffer *buffer, IndexTarget *target, int64 key, ItemPointer tid)
{
	if (target->kept_count == target->kept_size)
	{
		if (target->kept_size * sizeof(KeyEntry) > (Size) maintenance_work_mem * 1024)
			insert_kept_entries(buffer, target);
		else if (target->kept == NULL)
		{
			target->kept_size = BUFFER_ROWS;
			target->kept = MemoryContextAlloc(bulk->estate->es_query_cxt, target->kept_size * sizeof(KeyEntry));
		}
		else
		{
			target->kept_size *= 2;
			target->kept = repalloc_huge(target->kept, target->kept_size * sizeof(KeyEntry));
		}
	}
	target->kept[target->kept_count].key = key;
	target->kept[target->kept_count++].tid = *tid;
}

/* Whether waiting rows come in the order of a bigint index, none of them NULL. */
static bool
is_in_order(const IndexTarget *target, int rows)
{
	for (int row = 0; row < rows; row++)
		if (target->nulls[row] ||
			(row > 0 && DatumGetInt64(target->values[row - 1]) > DatumGetInt64(target->values[row])))
			return false;
	return true;
}

/* Makes the entries of waiting rows in one index, or keeps them. */
static void
insert_entries(BulkInsert *bulk, RowBuffer *buffer, IndexTarget *target)
{
	ExprContext *econtext = GetPerTupleExprContext(bulk->estate);
	bool		keep;

	for (int row = 0; row < buffer->count; row++)
	{
		econtext->ecxt_scantuple = buffer->slots[row];
		FormIndexDatum(target->info, buffer->slots[row], bulk->estate,
					   target->values + row * target->keys, target->nulls + row * target->keys);
	}
	keep = target->is_bigint && !is_in_order(target, buffer->count);
	for (int row = 0; row < buffer->count; row++)
	{
		Datum	   *values = target->values + row * target->keys;
		bool	   *nulls = target->nulls + row * target->keys;
		ItemPointer tid = &buffer->slots[row]->tts_tid;

		if (keep && !nulls[0])
			keep_entry(bulk, buffer, target, DatumGetInt64(values[0]), tid);
		else
			insert_entry(buffer, target, values, nulls, tid);
	}
}

/* Writes a table's or partition's waiting rows and their index entries. */
static void
flush_buffer(BulkInsert *bulk, RowBuffer *buffer)
{
	EState	   *estate = bulk->estate;
	MemoryContext caller;

	if (buffer->count == 0)
		return;
	caller = MemoryContextSwitchTo(GetPerTupleMemoryContext(estate));
	table_multi_insert(buffer->relation->ri_RelationDesc, buffer->slots, buffer->count,
					   estate->es_output_cid, 0, NULL);
	for (int i = 0; i < buffer->relation->ri_NumIndices && buffer->is_simple; i++)
		if (buffer->indexes[i].info->ii_ReadyForInserts)
			insert_entries(bulk, buffer, &buffer->indexes[i]);
	for (int i = 0; i < buffer->count; i++)
	{
		if (!buffer->is_simple)
			(void) insert_index_tuples(buffer->relation, buffer->slots[i], estate);
		ExecClearTuple(buffer->slots[i]);
	}
	MemoryContextSwitchTo(caller);
	ResetPerTupleExprContext(estate);
	buffer->count = 0;
	CHECK_FOR_INTERRUPTS();
}

/* Writes all waiting rows; at the end also what was kept for it. */
static void
flush_all(BulkInsert *bulk, bool is_end)
{
	HASH_SEQ_STATUS scan;
	RowBuffer  *buffer;

	hash_seq_init(&scan, bulk->buffers);
	while ((buffer = hash_seq_search(&scan)) != NULL)
	{
		flush_buffer(bulk, buffer);
		for (int i = 0; i < buffer->relation->ri_NumIndices && is_end; i++)
			insert_kept_entries(buffer, &buffer->indexes[i]);
	}
	bulk->bytes = 0;
}

/* Makes ready for an index's entries. */
static void
open_index(BulkInsert *bulk, RowBuffer *buffer, int number)
{
	IndexTarget *target = &buffer->indexes[number];

	target->index = buffer->relation->ri_IndexRelationDescs[number];
	target->info = buffer->relation->ri_IndexRelationInfo[number];
	target->keys = target->info->ii_NumIndexAttrs;
	target->values = palloc(BUFFER_ROWS * target->keys * sizeof(Datum));
	target->nulls = palloc(BUFFER_ROWS * target->keys * sizeof(bool));
	if (target->info->ii_Predicate != NIL || target->info->ii_ExclusionOps != NULL)
		buffer->is_simple = false;
	target->is_bigint = target->keys == 1 && target->index->rd_rel->relam == BTREE_AM_OID &&
		target->index->rd_opcintype[0] == INT8OID && target->index->rd_indoption[0] == 0;
}

/* The waiting rows of a table or partition. */
static RowBuffer *
find_buffer(BulkInsert *bulk, ResultRelInfo *relation)
{
	bool		found;
	RowBuffer  *buffer;

	if (bulk->last != NULL && bulk->last->relation == relation)
		return bulk->last;
	buffer = bulk->last = hash_search(bulk->buffers, &relation, HASH_ENTER, &found);
	if (!found)
	{
		MemoryContext caller = MemoryContextSwitchTo(bulk->estate->es_query_cxt);

		buffer->slots = palloc0(BUFFER_ROWS * sizeof(TupleTableSlot *));
		buffer->count = 0;
		buffer->is_simple = true;
		buffer->indexes = palloc0(relation->ri_NumIndices * sizeof(IndexTarget));
		for (int i = 0; i < relation->ri_NumIndices; i++)
			open_index(bulk, buffer, i);
		MemoryContextSwitchTo(caller);
	}
	return buffer;
}

/* The place for a table's or partition's next row. */
static TupleTableSlot *
next_slot(BulkInsert *bulk, RowBuffer *buffer)
{
	if (buffer->slots[buffer->count] == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(bulk->estate->es_query_cxt);

		buffer->slots[buffer->count] = table_slot_create(buffer->relation->ri_RelationDesc,
														 &bulk->estate->es_tupleTable);
		MemoryContextSwitchTo(caller);
	}
	return buffer->slots[buffer->count];
}

/* Takes one row: finds its partition, checks constraints and keeps it. */
static bool
bulk_receive(TupleTableSlot *row, DestReceiver *self)
{
	BulkInsert *bulk = (BulkInsert *) self;
	EState	   *estate = bulk->estate;
	ResultRelInfo *relation = bulk->modify->rootResultRelInfo;
	RowBuffer  *buffer;
	TupleTableSlot *slot;
	TupleConversionMap *map = NULL;

	if (bulk->routing != NULL)
	{
		relation = ExecFindPartition(bulk->modify, relation, bulk->routing, row, estate);
		map = root_to_partition_map(relation, estate);
	}
	buffer = find_buffer(bulk, relation);
	slot = next_slot(bulk, buffer);
	if (map != NULL)
		slot = execute_attr_map_slot(map->attrMap, row, slot);
	else
		ExecCopySlot(slot, row);
	slot->tts_tableOid = RelationGetRelid(relation->ri_RelationDesc);
	if (relation->ri_RelationDesc->rd_att->constr)
		ExecConstraints(relation, slot, estate);
	ResetPerTupleExprContext(estate);
	bulk->bytes += ExecFetchSlotHeapTuple(slot, true, NULL)->t_len;
	if (++buffer->count == BUFFER_ROWS)
		flush_buffer(bulk, buffer);
	if (bulk->bytes >= BUFFER_BYTES)
		flush_all(bulk, false);
	return true;
}

/* Opens the table for rows. */
static void
open_table(BulkInsert *bulk)
{
	EState	   *estate = CreateExecutorState();
	MemoryContext caller = MemoryContextSwitchTo(estate->es_query_cxt);
	ResultRelInfo *target = makeNode(ResultRelInfo);
	HASHCTL		control = {.keysize = sizeof(ResultRelInfo *),.entrysize = sizeof(RowBuffer),.hcxt = estate->es_query_cxt};

	init_insert_range_table(estate, bulk->table);
	ExecInitResultRelation(estate, target, 1);
	estate->es_output_cid = GetCurrentCommandId(true);
	bulk->estate = estate;
	bulk->modify = makeNode(ModifyTableState);
	bulk->modify->ps.state = estate;
	bulk->modify->operation = CMD_INSERT;
	bulk->modify->mt_nrels = 1;
	bulk->modify->resultRelInfo = target;
	bulk->modify->rootResultRelInfo = target;
	if (target->ri_RelationDesc->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
		bulk->routing = ExecSetupPartitionTupleRouting(estate, target->ri_RelationDesc);
	else
		ExecOpenIndices(target, false);
	bulk->buffers = hash_create("patternos bulk insert", 32, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	MemoryContextSwitchTo(caller);
}

/* Makes ready for rows of a query, which must have the table's columns. */
static void
bulk_startup(DestReceiver *self, int operation, TupleDesc rows)
{
	BulkInsert *bulk = (BulkInsert *) self;
	TupleDesc	table;

	open_table(bulk);
	table = RelationGetDescr(bulk->modify->rootResultRelInfo->ri_RelationDesc);
	for (int i = 0; i < Max(rows->natts, table->natts); i++)
	{
		if (i >= rows->natts || i >= table->natts ||
			TupleDescAttr(rows, i)->atttypid != TupleDescAttr(table, i)->atttypid)
			elog(ERROR, "query delivers other columns than the table's");
	}
}

/* Writes what is left at the end of the query and closes the table. */
static void
bulk_shutdown(DestReceiver *self)
{
	BulkInsert *bulk = (BulkInsert *) self;

	flush_all(bulk, true);
	ExecResetTupleTable(bulk->estate->es_tupleTable, true);
	if (bulk->routing != NULL)
		ExecCleanupTupleRouting(bulk->modify, bulk->routing);
	ExecCloseResultRelations(bulk->estate);
	ExecCloseRangeTableRelations(bulk->estate);
	FreeExecutorState(bulk->estate);
}

static void
bulk_destroy(DestReceiver *self)
{
	pfree(self);
}

DestReceiver *
bulk_insert_receiver(Oid table)
{
	BulkInsert *bulk = palloc0(sizeof(BulkInsert));

	bulk->pub.receiveSlot = bulk_receive;
	bulk->pub.rStartup = bulk_startup;
	bulk->pub.rShutdown = bulk_shutdown;
	bulk->pub.rDestroy = bulk_destroy;
	bulk->pub.mydest = DestIntoRel;
	bulk->table = table;
	return &bulk->pub;
}

/* The number of a column of this name and type, -1 when the table has none. */
static int
find_column(TupleDesc table, Form_pg_attribute wanted)
{
	for (int i = 0; i < table->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(table, i);

		if (!column->attisdropped && strcmp(NameStr(column->attname), NameStr(wanted->attname)) == 0)
			return column->atttypid == wanted->atttypid ? i : -1;
	}
	return -1;
}

/* Settles what a column gets that comes with no row. */
static void
add_default(BulkInsert *bulk, Relation rel, int column)
{
	Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(rel), column);
	Node	   *expression;
	ColumnDefault *result;

	if (attribute->attisdropped)
		return;
	if (attribute->attgenerated != '\0')
	{
		bulk->has_generated = true;
		return;
	}
	expression = build_column_default(rel, column + 1);
	if (expression == NULL)
		return;
	result = &bulk->defaults[bulk->default_count++];
	result->column = column;
	result->expression = ExecPrepareExpr((Expr *) expression, bulk->estate);
	if (contain_volatile_functions(expression))
		return;
	result->value = ExecEvalExpr(result->expression, GetPerTupleExprContext(bulk->estate), &result->isnull);
	if (!result->isnull && !attribute->attbyval)
		result->value = datumCopy(result->value, false, attribute->attlen);
	result->expression = NULL;
}

BulkInsert *
bulk_insert_begin(Oid table, TupleDesc columns)
{
	BulkInsert *bulk;
	TupleDesc	desc;
	Relation	rel;
	MemoryContext caller;
	Bitmapset  *given = NULL;

	if (!bulk_insert_possible(table))
		return NULL;
	bulk = (BulkInsert *) bulk_insert_receiver(table);
	open_table(bulk);
	caller = MemoryContextSwitchTo(bulk->estate->es_query_cxt);
	rel = bulk->modify->rootResultRelInfo->ri_RelationDesc;
	desc = RelationGetDescr(rel);
	bulk->row = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
	bulk->column_count = columns->natts;
	bulk->columns = palloc(columns->natts * sizeof(int));
	bulk->defaults = palloc(desc->natts * sizeof(ColumnDefault));
	for (int i = 0; i < columns->natts; i++)
	{
		bulk->columns[i] = find_column(desc, TupleDescAttr(columns, i));
		if (bulk->columns[i] < 0)
		{
			MemoryContextSwitchTo(caller);
			bulk_insert_end(bulk);
			return NULL;
		}
		given = bms_add_member(given, bulk->columns[i]);
	}
	for (int i = 0; i < desc->natts; i++)
		if (!bms_is_member(i, given))
			add_default(bulk, rel, i);
	MemoryContextSwitchTo(caller);
	return bulk;
}

/*
 * Appends a row; its values are copied.
 */
void
bulk_insert_row(BulkInsert *bulk, const Datum *values, const bool *nulls)
{
	TupleTableSlot *row = bulk->row;

	ExecClearTuple(row);
	memset(row->tts_isnull, true, row->tts_tupleDescriptor->natts * sizeof(bool));
	for (int i = 0; i < bulk->default_count; i++)
	{
		ColumnDefault *value = &bulk->defaults[i];

		if (value->expression != NULL)
			value->value = ExecEvalExpr(value->expression, GetPerTupleExprContext(bulk->estate), &value->isnull);
		row->tts_values[value->column] = value->value;
		row->tts_isnull[value->column] = value->isnull;
	}
	for (int i = 0; i < bulk->column_count; i++)
	{
		row->tts_values[bulk->columns[i]] = values[i];
		row->tts_isnull[bulk->columns[i]] = nulls[i];
	}
	ExecStoreVirtualTuple(row);
	if (bulk->has_generated)
		ExecComputeStoredGenerated(bulk->modify->rootResultRelInfo, bulk->estate, row, CMD_INSERT);
	(void) bulk_receive(row, &bulk->pub);
}

/*
 * Writes what is left and closes the table.
 */
void
bulk_insert_end(BulkInsert *bulk)
{
	ExecDropSingleTupleTableSlot(bulk->row);
	bulk_shutdown(&bulk->pub);
	bulk_destroy(&bulk->pub);
}
