/*
 * match_block.c
 *		The pairs of records that a blocking rule puts together.
 *
 * Records come in order of the rule's key, so that a block is held once and its
 * records are compared where they lie, while a join in SQL finds both records of
 * each pair anew.
 */
#include "match.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "server/query_rows.h"
#include "utils/array.h"
#include "utils/builtins.h"

/* columns of the query: its own keys stand before those of the earlier rules */
enum
{
	BLOCK_KEY, BLOCK_RECORD, BLOCK_ENCODED, BLOCK_SOURCE, BLOCK_MEMBERS, BLOCK_COLUMNS
};

typedef struct BlockRecord
{
	int64		rec;
	MatchBytes	encoded;
	text	   *source;			/* NULL: pairs of one source count */
	Datum	   *keys;			/* its members, then the keys of earlier rules */
	bool	   *nulls;
} BlockRecord;

typedef struct Blocks
{
	ReturnSetInfo *result;
	const MatchModel *model;
	double		floor;
	int			nkeys;
	bool		is_array[MaxTupleAttributeNumber];
	MemoryContext context;		/* of the block at hand */
	int64		key;
	BlockRecord *records;
	int			nrecords;
	int			allocated;
} Blocks;

PG_FUNCTION_INFO_V1(patternos_first_common);
PG_FUNCTION_INFO_V1(patternos__block_edges);

/*
 * The members of an array of bigint that is one-dimensional and has no NULLs,
 * or an error.
 */
static int64 *
bigint_members(ArrayType *array, int *count)
{
	if (ARR_ELEMTYPE(array) != INT8OID || ARR_NDIM(array) > 1 || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("keys must be a one-dimensional array of bigint without NULLs")));
	*count = ARR_NDIM(array) == 0 ? 0 : ARR_DIMS(array)[0];
	return (int64 *) ARR_DATA_PTR(array);
}

/*
 * Finds the smallest member of two ordered arrays.
 */
static bool
first_common(ArrayType *x, ArrayType *y, int64 *common)
{
	int			a_count;
	int			b_count;
	int64	   *a = bigint_members(x, &a_count);
	int64	   *b = bigint_members(y, &b_count);
	int			i = 0;
	int			j = 0;

	while (i < a_count && j < b_count)
	{
		if (a[i] == b[j])
		{
			*common = a[i];
			return true;
		}
		if (a[i] < b[j])
			i++;
		else
			j++;
	}
	return false;
}

/*
 * _first_common(a bigint[], b bigint[]) returns bigint
 *
 * The smallest member of both, NULL when there is none; both must be in
 * ascending order.  Strict.
 */
Datum
patternos_first_common(PG_FUNCTION_ARGS)
{
	int64		common;

	if (!first_common(PG_GETARG_ARRAYTYPE_P(0), PG_GETARG_ARRAYTYPE_P(1), &common))
		PG_RETURN_NULL();
	PG_RETURN_INT64(common);
}

/*
 * Whether this block is where the pair is met: no earlier rule finds it, nor an
 * earlier member of this rule's arrays.
 */
static bool
is_met_here(const Blocks *blocks, const BlockRecord *a, const BlockRecord *b)
{
	if (a->source != NULL && b->source != NULL &&
		VARSIZE(a->source) == VARSIZE(b->source) && memcmp(a->source, b->source, VARSIZE(a->source)) == 0)
		return false;
	for (int i = 0; i < blocks->nkeys; i++)
	{
		int64		common;

		if (a->nulls[i] || b->nulls[i])
			continue;
		if (!blocks->is_array[i])
		{
			if (DatumGetInt64(a->keys[i]) == DatumGetInt64(b->keys[i]))
				return false;
		}
		else if (first_common(DatumGetArrayTypeP(a->keys[i]), DatumGetArrayTypeP(b->keys[i]), &common) &&
				 (i > 0 || common != blocks->key))
			return false;
	}
	return true;
}

/*
 * Puts the edges of the block at hand into the result, and forgets it.
 */
static void
finish_block(Blocks *blocks)
{
	for (int i = 0; i < blocks->nrecords; i++)
	{
		const BlockRecord *a = &blocks->records[i];

		CHECK_FOR_INTERRUPTS();
		for (int j = i + 1; j < blocks->nrecords; j++)
		{
			const BlockRecord *b = &blocks->records[j];
			double		weight;
			int64		pattern;
			Datum		values[5];
			bool		nulls[5] = {false};

			if (a->rec == b->rec || !is_met_here(blocks, a, b))
				continue;
			if (!match_weight(blocks->model, a->encoded, b->encoded, blocks->floor, &weight))
				match_refuse_record();
			if (weight < blocks->floor)
				continue;
			if (!match_pattern(blocks->model, a->encoded, b->encoded, &pattern))
				match_refuse_record();
			values[0] = Int64GetDatum(blocks->key);
			values[1] = Int64GetDatum(a->rec);
			values[2] = Int64GetDatum(b->rec);
			values[3] = Float8GetDatum(weight);
			values[4] = Int64GetDatum(pattern);
			tuplestore_putvalues(blocks->result->setResult, blocks->result->setDesc, values, nulls);
		}
	}
	blocks->nrecords = 0;
	MemoryContextReset(blocks->context);
}

/*
 * Checks the query's columns.
 */
static void
start_blocks(void *state, TupleDesc type)
{
	static const Oid types[BLOCK_MEMBERS] = {INT8OID, INT8OID, BYTEAOID, TEXTOID};
	Blocks	   *blocks = state;

	if (type->natts < BLOCK_COLUMNS)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("query must return %d columns or more", BLOCK_COLUMNS)));
	blocks->nkeys = type->natts - BLOCK_MEMBERS;
	for (int i = 0; i < type->natts; i++)
	{
		Oid			column = TupleDescAttr(type, i)->atttypid;
		bool		fits = i < BLOCK_MEMBERS ? column == types[i]
		: column == INT8ARRAYOID || (column == INT8OID && i > BLOCK_MEMBERS);

		if (!fits)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column %d of the query must not be of type %s", i + 1, format_type_be(column))));
		if (i >= BLOCK_MEMBERS)
			blocks->is_array[i - BLOCK_MEMBERS] = column == INT8ARRAYOID;
	}
}

/*
 * Takes a row of the query.
 */
static void
take_record(void *state, const Datum *values, const bool *nulls)
{
	Blocks	   *blocks = state;
	BlockRecord *record;
	MemoryContext caller;
	bytea	   *encoded;

	if (nulls[BLOCK_KEY] || nulls[BLOCK_RECORD] || nulls[BLOCK_ENCODED])
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("key, number and bytes of a record must not be null")));
	if (blocks->nrecords > 0 && DatumGetInt64(values[BLOCK_KEY]) != blocks->key)
		finish_block(blocks);
	blocks->key = DatumGetInt64(values[BLOCK_KEY]);
	if (blocks->nrecords == blocks->allocated)
	{
		blocks->allocated *= 2;
		blocks->records = repalloc_huge(blocks->records, sizeof(BlockRecord) * blocks->allocated);
	}
	caller = MemoryContextSwitchTo(blocks->context);
	record = &blocks->records[blocks->nrecords++];
	record->rec = DatumGetInt64(values[BLOCK_RECORD]);
	encoded = DatumGetByteaPCopy(values[BLOCK_ENCODED]);
	record->encoded.bytes = VARDATA(encoded);
	record->encoded.size = VARSIZE(encoded) - VARHDRSZ;
	record->source = nulls[BLOCK_SOURCE] ? NULL : DatumGetTextPCopy(values[BLOCK_SOURCE]);
	record->keys = palloc(sizeof(Datum) * blocks->nkeys);
	record->nulls = palloc(sizeof(bool) * blocks->nkeys);
	for (int i = 0; i < blocks->nkeys; i++)
	{
		record->nulls[i] = nulls[BLOCK_MEMBERS + i];
		if (record->nulls[i] || !blocks->is_array[i])
			record->keys[i] = values[BLOCK_MEMBERS + i];
		else
			record->keys[i] = PointerGetDatum(DatumGetArrayTypePCopy(values[BLOCK_MEMBERS + i]));
	}
	MemoryContextSwitchTo(caller);
}

/*
 * _block_edges(query text, model bytea, floor float8) returns setof
 *	   (key bigint, a bigint, b bigint, weight float8, pattern bigint)
 *
 * The pairs of weight floor and above among the records with the same key, those
 * that are met elsewhere left out.  The query returns the rule's key, the record's
 * number and bytes, its source where only pairs of two sources count, its members
 * where the key is one of several, and the keys of earlier rules, in order of key and
 * number.  Strict.  Memory: a block.
 */
Datum
patternos__block_edges(PG_FUNCTION_ARGS)
{
	Blocks		blocks = {.result = (ReturnSetInfo *) fcinfo->resultinfo};
	char	   *query = text_to_cstring(PG_GETARG_TEXT_PP(0));

	blocks.model = match_model_argument(fcinfo, 1, 0, NULL);
	blocks.floor = PG_GETARG_FLOAT8(2);
	if (isnan(blocks.floor))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("floor must be a number")));
	InitMaterializedSRF(fcinfo, 0);
	blocks.context = AllocSetContextCreate(CurrentMemoryContext, "patternos block", ALLOCSET_DEFAULT_SIZES);
	blocks.allocated = 64;
	blocks.records = palloc(sizeof(BlockRecord) * blocks.allocated);
	query_any_rows(query, start_blocks, take_record, &blocks);
	finish_block(&blocks);
	return (Datum) 0;
}
