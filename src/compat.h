/*
 * compat.h
 *		Everything that differs between the supported server versions.
 */
#ifndef PATTERNOS_COMPAT_H
#define PATTERNOS_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "patternos needs PostgreSQL 15 or newer"
#endif

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#include "executor/executor.h"
#include "lib/stringinfo.h"
#include "parser/parse_relation.h"
#include "storage/lockdefs.h"
#include "utils/lsyscache.h"

/*
 * PG 17 has initReadOnlyStringInfo(); before, a StringInfo over foreign bytes
 * is filled in by hand.
 */
#if PG_VERSION_NUM < 170000
static inline void
initReadOnlyStringInfo(StringInfo str, char *data, int len)
{
	str->data = data;
	str->len = len;
	str->maxlen = 0;
	str->cursor = 0;
}
#endif

/* PG 18 says that a function does not return at its beginning. */
#ifndef pg_noreturn
#define pg_noreturn __attribute__((noreturn))
#endif

/* PG 18 has no Abs() any more. */
#ifndef Abs
#define Abs(x) ((x) >= 0 ? (x) : -(x))
#endif

/*
 * A range table of one table that rows are inserted into.  PG 16 took the
 * permissions out of its entries, PG 18 wants to know which are not pruned.
 */
static inline void
init_insert_range_table(EState *estate, Oid table)
{
	RangeTblEntry *entry = makeNode(RangeTblEntry);
#if PG_VERSION_NUM >= 160000
	List	   *permissions = NIL;
#endif

	entry->rtekind = RTE_RELATION;
	entry->relid = table;
	entry->relkind = get_rel_relkind(table);
	entry->rellockmode = RowExclusiveLock;
#if PG_VERSION_NUM >= 180000
	addRTEPermissionInfo(&permissions, entry)->requiredPerms = ACL_INSERT;
	ExecInitRangeTable(estate, list_make1(entry), permissions, bms_make_singleton(1));
#elif PG_VERSION_NUM >= 160000
	addRTEPermissionInfo(&permissions, entry)->requiredPerms = ACL_INSERT;
	ExecInitRangeTable(estate, list_make1(entry), permissions);
#else
	entry->requiredPerms = ACL_INSERT;
	ExecInitRangeTable(estate, list_make1(entry));
#endif
}

/* PG 16 made the argument for summarizing indexes. */
static inline List *
insert_index_tuples(ResultRelInfo *relation, TupleTableSlot *slot, EState *estate)
{
#if PG_VERSION_NUM >= 160000
	return ExecInsertIndexTuples(relation, slot, estate, false, false, NULL, NIL, false);
#else
	return ExecInsertIndexTuples(relation, slot, estate, false, false, NULL, NIL);
#endif
}

/* From the table's rows to a partition's, NULL when they are alike. */
static inline TupleConversionMap *
root_to_partition_map(ResultRelInfo *partition, EState *estate)
{
#if PG_VERSION_NUM >= 160000
	return ExecGetRootToChildMap(partition, estate);
#else
	return partition->ri_RootToPartitionMap;
#endif
}

#endif							/* PATTERNOS_COMPAT_H */
