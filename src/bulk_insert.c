/*
 * bulk_insert.c
 *		Appends the rows of a query to a partitioned table, in bulk.
 *
 * INSERT ... SELECT writes row by row.  Here rows are collected by partition
 * and written page by page, as COPY does, and their index entries partition by
 * partition, so that neighbours in an index come one after another.
 *
 * Invariants: bulk_insert_possible() has been asked, so no trigger, rule, policy
 * or foreign table is involved and all unique constraints are immediate (a
 * deferrable one is a trigger); rows arrive with their generated columns and
 * defaults; the order of rows within a partition is kept.
 */
#include "bulk_insert.h"

#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "compat.h"
#include "executor/execPartition.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/syscache.h"

/* Rows of a partition that are written at once: a few pages of most tables. */
#define BUFFER_ROWS 128

/* After so many bytes all partitions' rows are written. */
#define BUFFER_BYTES (16 * 1024 * 1024)

/* rows that wait for being written to a partition */
typedef struct PartitionBuffer
{
	ResultRelInfo *partition;	/* hash key */
	TupleTableSlot **slots;
	int			count;
} PartitionBuffer;

typedef struct BulkInsert
{
	DestReceiver pub;
	Oid			table;
	EState	   *estate;
	ModifyTableState *modify;	/* what routing needs to know of the target */
	PartitionTupleRouting *routing;
	HTAB	   *buffers;		/* PartitionBuffer */
	Size		bytes;			/* taken since all rows were last written */
} BulkInsert;

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
	if (get_rel_relkind(table) != RELKIND_PARTITIONED_TABLE ||
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

/* Writes a partition's waiting rows and their index entries. */
static void
flush_partition(BulkInsert *bulk, PartitionBuffer *buffer)
{
	EState	   *estate = bulk->estate;
	MemoryContext caller;

	if (buffer->count == 0)
		return;
	caller = MemoryContextSwitchTo(GetPerTupleMemoryContext(estate));
	table_multi_insert(buffer->partition->ri_RelationDesc, buffer->slots, buffer->count,
					   estate->es_output_cid, 0, NULL);
	for (int i = 0; i < buffer->count; i++)
	{
		if (buffer->partition->ri_NumIndices > 0)
			(void) insert_index_tuples(buffer->partition, buffer->slots[i], estate);
		ExecClearTuple(buffer->slots[i]);
	}
	MemoryContextSwitchTo(caller);
	ResetPerTupleExprContext(estate);
	buffer->count = 0;
	CHECK_FOR_INTERRUPTS();
}

/* Writes all waiting rows. */
static void
flush_all(BulkInsert *bulk)
{
	HASH_SEQ_STATUS scan;
	PartitionBuffer *buffer;

	hash_seq_init(&scan, bulk->buffers);
	while ((buffer = hash_seq_search(&scan)) != NULL)
		flush_partition(bulk, buffer);
	bulk->bytes = 0;
}

/* The waiting rows of a partition. */
static PartitionBuffer *
partition_buffer(BulkInsert *bulk, ResultRelInfo *partition)
{
	bool		found;
	PartitionBuffer *buffer = hash_search(bulk->buffers, &partition, HASH_ENTER, &found);

	if (!found)
	{
		buffer->slots = MemoryContextAllocZero(bulk->estate->es_query_cxt, BUFFER_ROWS * sizeof(TupleTableSlot *));
		buffer->count = 0;
	}
	return buffer;
}

/* The place for a partition's next row. */
static TupleTableSlot *
next_slot(BulkInsert *bulk, PartitionBuffer *buffer)
{
	if (buffer->slots[buffer->count] == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(bulk->estate->es_query_cxt);

		buffer->slots[buffer->count] = table_slot_create(buffer->partition->ri_RelationDesc,
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
	ResultRelInfo *partition = ExecFindPartition(bulk->modify, bulk->modify->rootResultRelInfo,
												 bulk->routing, row, estate);
	PartitionBuffer *buffer = partition_buffer(bulk, partition);
	TupleTableSlot *slot = next_slot(bulk, buffer);
	TupleConversionMap *map = root_to_partition_map(partition, estate);

	if (map != NULL)
		slot = execute_attr_map_slot(map->attrMap, row, slot);
	else
		ExecCopySlot(slot, row);
	slot->tts_tableOid = RelationGetRelid(partition->ri_RelationDesc);
	if (partition->ri_RelationDesc->rd_att->constr)
		ExecConstraints(partition, slot, estate);
	ResetPerTupleExprContext(estate);
	bulk->bytes += ExecFetchSlotHeapTuple(slot, true, NULL)->t_len;
	if (++buffer->count == BUFFER_ROWS)
		flush_partition(bulk, buffer);
	if (bulk->bytes >= BUFFER_BYTES)
		flush_all(bulk);
	return true;
}

/* Makes ready for rows, which must have the table's columns. */
static void
bulk_startup(DestReceiver *self, int operation, TupleDesc rows)
{
	BulkInsert *bulk = (BulkInsert *) self;
	EState	   *estate = CreateExecutorState();
	MemoryContext caller = MemoryContextSwitchTo(estate->es_query_cxt);
	ResultRelInfo *target = makeNode(ResultRelInfo);
	HASHCTL		control = {.keysize = sizeof(ResultRelInfo *),.entrysize = sizeof(PartitionBuffer),.hcxt = estate->es_query_cxt};
	TupleDesc	table;

	init_insert_range_table(estate, bulk->table);
	ExecInitResultRelation(estate, target, 1);
	table = RelationGetDescr(target->ri_RelationDesc);
	for (int i = 0; i < Max(rows->natts, table->natts); i++)
	{
		if (i >= rows->natts || i >= table->natts ||
			TupleDescAttr(rows, i)->atttypid != TupleDescAttr(table, i)->atttypid)
			elog(ERROR, "query delivers other columns than the table's");
	}
	estate->es_output_cid = GetCurrentCommandId(true);
	bulk->estate = estate;
	bulk->modify = makeNode(ModifyTableState);
	bulk->modify->ps.state = estate;
	bulk->modify->operation = CMD_INSERT;
	bulk->modify->mt_nrels = 1;
	bulk->modify->resultRelInfo = target;
	bulk->modify->rootResultRelInfo = target;
	bulk->routing = ExecSetupPartitionTupleRouting(estate, target->ri_RelationDesc);
	bulk->buffers = hash_create("patternos bulk insert", 32, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	MemoryContextSwitchTo(caller);
}

/* Writes what is left at the end of the query and closes the table. */
static void
bulk_shutdown(DestReceiver *self)
{
	BulkInsert *bulk = (BulkInsert *) self;

	flush_all(bulk);
	ExecResetTupleTable(bulk->estate->es_tupleTable, true);
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
