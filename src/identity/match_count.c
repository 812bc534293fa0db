/*
 * match_count.c
 *		Counts how often the values of several bigint columns repeat, in one
 *		pass over a query.
 *
 * The values of each column are gathered and sorted; keys are hashes, so they
 * are spread evenly and a radix sort costs a few passes over memory.  When all
 * of them would need more memory than allowed, the query runs several times,
 * each time for one part of the range of keys.
 */
#include "patternos.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/dest.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#define MOST_COLUMNS 64
#define MEMORY_LIMIT ((Size) 512 * 1024 * 1024)
#define DIGIT_BITS 16
#define DIGITS (1 << DIGIT_BITS)

typedef struct KeyColumn
{
	uint64	   *keys;
	int64		count;
	int64		capacity;
	int64		rows;			/* rows that have a value */
	bool		is_array;
} KeyColumn;

typedef struct KeyReceiver
{
	DestReceiver receiver;
	MemoryContext context;
	int			columns;
	KeyColumn	column[MOST_COLUMNS];
	uint64		part;			/* keys of this part of the range are counted */
	uint64		parts;
} KeyReceiver;

/*
 * Sorts keys; other is memory of as many.
 */
static void
sort_keys(uint64 *keys, uint64 *other, int64 count, int64 *places)
{
	for (int shift = 0; shift < 64; shift += DIGIT_BITS)
	{
		uint64	   *swap = keys;
		int64		sum = 0;

		CHECK_FOR_INTERRUPTS();
		memset(places, 0, DIGITS * sizeof(int64));
		for (int64 i = 0; i < count; i++)
			places[(keys[i] >> shift) & (DIGITS - 1)]++;
		for (int d = 0; d < DIGITS; d++)
		{
			int64		here = places[d];

			places[d] = sum;
			sum += here;
		}
		for (int64 i = 0; i < count; i++)
			other[places[(keys[i] >> shift) & (DIGITS - 1)]++] = keys[i];
		keys = other;
		other = swap;
	}
	/* an even number of passes: the result is where it began */
}

static void
add_key(KeyReceiver *self, KeyColumn *column, int64 value)
{
	uint64		key = (uint64) value;

	if (self->parts > 1 && (key >> 32) % self->parts != self->part)
		return;
	if (column->count == column->capacity)
	{
		column->capacity *= 2;
		column->keys = repalloc_huge(column->keys, (Size) column->capacity * sizeof(uint64));
	}
	column->keys[column->count++] = key;
}

/*
 * Checks the query's columns.
 */
static void
keys_startup(DestReceiver *receiver, int operation, TupleDesc type)
{
	KeyReceiver *self = (KeyReceiver *) receiver;

	if (type->natts > MOST_COLUMNS)
		ereport(ERROR,
				(errcode(ERRCODE_TOO_MANY_COLUMNS),
				 errmsg("at most %d blocking rules and columns with term frequencies are supported", MOST_COLUMNS)));
	self->columns = type->natts;
	for (int i = 0; i < type->natts; i++)
	{
		KeyColumn  *column = &self->column[i];
		Oid			oid = TupleDescAttr(type, i)->atttypid;

		if (oid != INT8OID && oid != INT8ARRAYOID)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("keys must be bigint, not %s", format_type_be(oid))));
		column->is_array = oid == INT8ARRAYOID;
		column->count = 0;
		column->rows = 0;
		if (!column->keys)
		{
			column->capacity = 1024;
			column->keys = MemoryContextAlloc(self->context, column->capacity * sizeof(uint64));
		}
	}
}

/*
 * Takes the keys of one row.
 */
static bool
keys_receive(TupleTableSlot *slot, DestReceiver *receiver)
{
	KeyReceiver *self = (KeyReceiver *) receiver;

	slot_getallattrs(slot);
	for (int i = 0; i < self->columns; i++)
	{
		KeyColumn  *column = &self->column[i];
		ArrayType  *array;
		bits8	   *known;
		int64	   *members;
		int			count;

		if (slot->tts_isnull[i])
			continue;
		column->rows++;
		if (!column->is_array)
		{
			add_key(self, column, DatumGetInt64(slot->tts_values[i]));
			continue;
		}
		array = DatumGetArrayTypeP(slot->tts_values[i]);
		members = (int64 *) ARR_DATA_PTR(array);
		known = ARR_NULLBITMAP(array);
		count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
		/* a NULL takes a bit but no room among the members */
		for (int m = 0; m < count; m++)
			if (known == NULL || (known[m / 8] & (1 << (m % 8))) != 0)
				add_key(self, column, *members++);
		if ((Pointer) array != DatumGetPointer(slot->tts_values[i]))
			pfree(array);
	}
	return true;
}

static void
keys_shutdown(DestReceiver *receiver)
{
}

/*
 * Returns a column's keys that came more than once, in order, and once for a
 * query how many rows have a value.
 */
static void
return_column(KeyReceiver *self, int number, uint64 *other, int64 *places, ReturnSetInfo *result)
{
	KeyColumn  *column = &self->column[number];
	Datum		values[3] = {Int32GetDatum(number + 1)};
	bool		nulls[3] = {false, true, false};

	if (self->part == 0)
	{
		values[2] = Int64GetDatum(column->rows);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	nulls[1] = false;
	sort_keys(column->keys, other, column->count, places);
	for (int64 i = 0, next; i < column->count; i = next)
	{
		next = i + 1;
		while (next < column->count && column->keys[next] == column->keys[i])
			next++;
		if (next - i == 1)
			continue;
		values[1] = Int64GetDatum((int64) column->keys[i]);
		values[2] = Int64GetDatum(next - i);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/*
 * Runs the query for one part of the range of keys.
 */
static void
count_part(KeyReceiver *self, const char *query, ReturnSetInfo *result)
{
	SPIExecuteOptions options = {0};
	int64		most = 1;
	uint64	   *other;
	int64	   *places;

	options.read_only = true;
	options.must_return_tuples = true;
	options.dest = (DestReceiver *) self;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	SPI_execute_extended(query, &options);
	SPI_finish();
	for (int i = 0; i < self->columns; i++)
		most = Max(most, self->column[i].count);
	other = MemoryContextAllocHuge(self->context, (Size) most * sizeof(uint64));
	places = MemoryContextAlloc(self->context, DIGITS * sizeof(int64));
	for (int i = 0; i < self->columns; i++)
		return_column(self, i, other, places, result);
	pfree(other);
	pfree(places);
}

/*
 * _repeated_keys(query text, rows bigint) returns table (col integer, k bigint,
 * n bigint)
 *
 * The query returns columns of bigint or bigint[], rows is about how many it
 * returns.  A row for each value that a column (counted from 1) has more than
 * once, and for each column one with k NULL: how many rows have a value.
 * Strict.
 */
PG_FUNCTION_INFO_V1(patternos_repeated_keys);
Datum
patternos_repeated_keys(PG_FUNCTION_ARGS)
{
	char	   *query = text_to_cstring(PG_GETARG_TEXT_PP(0));
	int64		rows = Max(PG_GETARG_INT64(1), 1);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	KeyReceiver self = {{keys_receive, keys_startup, keys_shutdown, keys_shutdown, DestNone}};

	InitMaterializedSRF(fcinfo, 0);
	self.context = AllocSetContextCreate(CurrentMemoryContext, "patternos keys", ALLOCSET_DEFAULT_SIZES);
	/* a column of keys, grown by doubling, at the size of all of them */
	self.parts = 1 + (double) rows * 16 * sizeof(uint64) / MEMORY_LIMIT;
	for (self.part = 0; self.part < self.parts; self.part++)
		count_part(&self, query, result);
	MemoryContextDelete(self.context);
	return (Datum) 0;
}
