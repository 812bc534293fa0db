/*
 * evidence.c
 *		What the members of groups have in common.
 *
 * Items of evidence are read once and sorted by group, kind and value; the rest
 * is one pass.
 */
#include "server/query_rows.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#define MOST_KINDS 31

typedef struct Evidence
{
	int64		group;
	int64		member;
	int64		value;
	int32		kind;
} Evidence;

typedef struct EvidenceList
{
	Evidence   *items;
	int64		count;
	int64		capacity;
} EvidenceList;

/* a member with the kinds in which it was compared, and those in which it shares a value */
typedef struct Finding
{
	int64		member;
	int32		compared;
	int32		shared;
} Finding;

PG_FUNCTION_INFO_V1(patternos__common_evidence);

static void
take_item(void *state, const Datum *values, const bool *nulls)
{
	EvidenceList *list = state;
	Evidence   *item;

	if (nulls[0] || nulls[1] || nulls[2] || nulls[3])
		return;
	if (list->count == list->capacity)
	{
		list->capacity *= 2;
		list->items = repalloc_huge(list->items, list->capacity * sizeof(Evidence));
	}
	item = &list->items[list->count++];
	item->group = DatumGetInt64(values[0]);
	item->member = DatumGetInt64(values[1]);
	item->kind = DatumGetInt32(values[2]);
	item->value = DatumGetInt64(values[3]);
	if (item->kind < 0 || item->kind >= MOST_KINDS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("kind of evidence must be between 0 and %d", MOST_KINDS - 1)));
}

static int
compare_items(const void *a, const void *b)
{
	const Evidence *x = a;
	const Evidence *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return x->member < y->member ? -1 : x->member > y->member;
}

static int
compare_findings(const void *a, const void *b)
{
	const Finding *x = a;
	const Finding *y = b;

	return x->member < y->member ? -1 : x->member > y->member;
}

/*
 * The place after the items from start on that have its group and kind, or with
 * same_value also its value; *several: more than one member has them.
 */
static int64
end_of_run(const EvidenceList *list, int64 start, bool same_value, bool *several)
{
	const Evidence *first = &list->items[start];
	int64		end = start;

	*several = false;
	for (; end < list->count; end++)
	{
		const Evidence *item = &list->items[end];

		if (item->group != first->group || item->kind != first->kind || (same_value && item->value != first->value))
			break;
		if (item->member != first->member)
			*several = true;
	}
	return end;
}

/*
 * A finding for each item whose kind was compared in its group.
 */
static int64
find_common(const EvidenceList *list, Finding *findings)
{
	int64		count = 0;
	bool		compared;
	bool		shared;

	for (int64 start = 0; start < list->count;)
	{
		int64		end = end_of_run(list, start, false, &compared);

		CHECK_FOR_INTERRUPTS();
		while (start < end)
		{
			int64		end_of_value = end_of_run(list, start, true, &shared);

			for (; start < end_of_value; start++)
				if (compared)
				{
					int32		bit = 1 << list->items[start].kind;

					findings[count++] = (Finding)
					{
						list->items[start].member, bit, shared ? bit : 0
					};
				}
		}
	}
	return count;
}

/*
 * _common_evidence(query text) returns table (member bigint, compared integer,
 * shared integer)
 *
 * Strict.  The query returns (group bigint, member bigint, kind integer 0 to
 * 30, value bigint).  Of each member the kinds, as bits, in which another
 * member of its group has a value too, and in which one has the same value.
 * Errors: 42804 for other columns, 22023 for another kind.
 */
Datum
patternos__common_evidence(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {INT8OID, INT8OID, INT4OID, INT8OID};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *query = text_to_cstring(PG_GETARG_TEXT_PP(0));
	EvidenceList list = {NULL, 0, 1024};
	Finding    *findings;
	int64		count;
	MemoryContext context;
	MemoryContext previous;

	InitMaterializedSRF(fcinfo, 0);
	context = AllocSetContextCreate(CurrentMemoryContext, "patternos evidence", ALLOCSET_DEFAULT_SIZES);
	previous = MemoryContextSwitchTo(context);
	list.items = palloc(list.capacity * sizeof(Evidence));
	query_rows(query, 4, types, take_item, &list);
	qsort(list.items, list.count, sizeof(Evidence), compare_items);
	findings = MemoryContextAllocHuge(context, Max(list.count, 1) * sizeof(Finding));
	count = find_common(&list, findings);
	qsort(findings, count, sizeof(Finding), compare_findings);
	for (int64 i = 0; i < count;)
	{
		Finding		sum = findings[i];
		Datum		values[3];
		bool		nulls[3] = {false, false, false};

		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		for (i++; i < count && findings[i].member == sum.member; i++)
		{
			sum.compared |= findings[i].compared;
			sum.shared |= findings[i].shared;
		}
		values[0] = Int64GetDatum(sum.member);
		values[1] = Int32GetDatum(sum.compared);
		values[2] = Int32GetDatum(sum.shared);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	MemoryContextSwitchTo(previous);
	MemoryContextDelete(context);
	return (Datum) 0;
}
