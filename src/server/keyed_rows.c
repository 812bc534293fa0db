/*
 * keyed_rows.c
 *		Rows of a query as integers, in the order of their key.
 *
 * The sort is by digits of the key, the least significant first: it takes
 * time in proportion to the rows, and leaves the order of equal keys.
 */
#include "keyed_rows.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "money.h"

#define DIGIT_BITS	11
#define DIGITS		(1 << DIGIT_BITS)
#define MAX_COLUMNS	12
#define MAX_ROWS	((Size) 1 << 31)

/* a row's place while it is sorted */
typedef struct KeyedPlace
{
	uint64		key;			/* less the least of all */
	uint32		row;
} KeyedPlace;

/* a receiver of query rows that keeps them as integers */
typedef struct RowReceiver
{
	DestReceiver pub;
	KeyedRows  *rows;
	Oid			types[MAX_COLUMNS];
} RowReceiver;

/*
 * Checks the query's columns.
 */
static void
rows_startup(DestReceiver *self, int operation, TupleDesc type)
{
	RowReceiver *receiver = (RowReceiver *) self;

	if (type->natts != receiver->rows->ncolumns)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("query must return %d columns, not %d", receiver->rows->ncolumns, type->natts)));
	for (int i = 0; i < type->natts; i++)
		receiver->types[i] = TupleDescAttr(type, i)->atttypid;
}

/*
 * A value as integer.
 */
static inline int64
value_number(Oid type, Datum value, Intern *words)
{
	text	   *word;
	bool		is_new;

	switch (type)
	{
		case INT8OID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return DatumGetInt64(value);
		case INT4OID:
		case DATEOID:
			return DatumGetInt32(value);
		case INT2OID:
			return DatumGetInt16(value);
		case BOOLOID:
			return DatumGetBool(value);
		case NUMERICOID:
			return money_from_datum(value);
		case TEXTOID:
			word = DatumGetTextPP(value);
			return intern_number(words, VARDATA_ANY(word), VARSIZE_ANY_EXHDR(word), &is_new);
		default:
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("query must not return columns of type %s", format_type_be(type))));
	}
}

/*
 * Takes one row.
 */
static bool
rows_receive(TupleTableSlot *slot, DestReceiver *self)
{
	RowReceiver *receiver = (RowReceiver *) self;
	KeyedRows  *rows = receiver->rows;
	int64	   *row;

	if (rows->count == rows->capacity)
	{
		if (rows->capacity == MAX_ROWS)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("query must not return more than %zu rows", MAX_ROWS)));
		rows->capacity *= 2;
		rows->values = repalloc_huge(rows->values, rows->capacity * rows->ncolumns * sizeof(int64));
	}
	row = keyed_row(rows, rows->count++);
	slot_getallattrs(slot);
	for (int i = 0; i < rows->ncolumns; i++)
		row[i] = slot->tts_isnull[i] ? NULL_VALUE :
			value_number(receiver->types[i], slot->tts_values[i], rows->words);
	return true;
}

static void
rows_shutdown(DestReceiver *self)
{
}

/*
 * Orders places by the keys' digits that differ.
 */
static KeyedPlace *
sort_places(KeyedPlace *places, KeyedPlace *spare, Size count, uint64 greatest)
{
	for (int shift = 0; shift < 64 && greatest >> shift > 0; shift += DIGIT_BITS)
	{
		Size		starts[DIGITS + 1] = {0};
		KeyedPlace *swap = places;

		CHECK_FOR_INTERRUPTS();
		for (Size i = 0; i < count; i++)
			starts[(places[i].key >> shift & (DIGITS - 1)) + 1]++;
		for (int digit = 0; digit < DIGITS; digit++)
			starts[digit + 1] += starts[digit];
		for (Size i = 0; i < count; i++)
			spare[starts[places[i].key >> shift & (DIGITS - 1)]++] = places[i];
		places = spare;
		spare = swap;
	}
	return places;
}

/*
 * Puts the rows in the order of their first column.
 */
static void
sort_rows(KeyedRows *rows)
{
	Size		count = rows->count;
	Size		width = rows->ncolumns * sizeof(int64);
	KeyedPlace *places,
			   *spare,
			   *sorted;
	int64	   *values;
	int64		least,
				greatest;

	if (count < 2)
		return;
	least = greatest = keyed_row(rows, 0)[0];
	for (Size i = 1; i < count; i++)
	{
		least = Min(least, keyed_row(rows, i)[0]);
		greatest = Max(greatest, keyed_row(rows, i)[0]);
	}
	places = palloc_extended(count * sizeof(KeyedPlace), MCXT_ALLOC_HUGE);
	spare = palloc_extended(count * sizeof(KeyedPlace), MCXT_ALLOC_HUGE);
	for (Size i = 0; i < count; i++)
	{
		places[i].key = (uint64) keyed_row(rows, i)[0] - (uint64) least;
		places[i].row = (uint32) i;
	}
	sorted = sort_places(places, spare, count, (uint64) greatest - (uint64) least);
	values = palloc_extended(count * width, MCXT_ALLOC_HUGE);
	for (Size i = 0; i < count; i++)
		memcpy(values + i * rows->ncolumns, keyed_row(rows, sorted[i].row), width);
	pfree(rows->values);
	pfree(places);
	pfree(spare);
	rows->values = values;
	rows->capacity = count;
}

/*
 * Runs a query and sorts its rows, see the header.  The plan is serial: a
 * worker may be who asks.
 */
KeyedRows  *
keyed_rows_read(const char *query, int ncolumns, Intern *words)
{
	KeyedRows  *rows = palloc0(sizeof(KeyedRows));
	RowReceiver receiver = {{rows_receive, rows_startup, rows_shutdown, rows_shutdown, DestNone}};
	SPIExecuteOptions options = {0};
	SPIPlanPtr	plan;

	Assert(ncolumns <= MAX_COLUMNS);
	rows->ncolumns = ncolumns;
	rows->capacity = 1024;
	rows->words = words;
	rows->values = palloc(rows->capacity * ncolumns * sizeof(int64));
	receiver.rows = rows;
	options.read_only = true;
	options.must_return_tuples = true;
	options.dest = (DestReceiver *) &receiver;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	plan = SPI_prepare(query, 0, NULL);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	SPI_execute_plan_extended(plan, &options);
	SPI_finish();
	sort_rows(rows);
	return rows;
}

/*
 * Marks the words of a column.
 */
void
keyed_mark_words(const KeyedRows *rows, int column, bool *marks)
{
	for (Size i = 0; i < rows->count; i++)
	{
		int64		word = keyed_row(rows, i)[column];

		if (word != NULL_VALUE)
			marks[word] = true;
	}
}

static int
compare_words(const void *a, const void *b, void *arg)
{
	const Intern *words = arg;
	size_t		left_size,
				right_size;
	const char *left = intern_value(words, *(const int32 *) a, &left_size);
	const char *right = intern_value(words, *(const int32 *) b, &right_size);
	int			order = memcmp(left, right, Min(left_size, right_size));

	return order != 0 ? order : (left_size > right_size) - (left_size < right_size);
}

/*
 * Puts the marked words in the order of bytes, see the header.
 */
int32
keyed_place_words(const Intern *words, const bool *marks, int32 **places, int32 **ordered)
{
	int32		nwords = intern_count(words);
	int32		count = 0;

	*places = palloc_extended(sizeof(int32) * ((Size) nwords + 1), MCXT_ALLOC_HUGE);
	*ordered = palloc_extended(sizeof(int32) * ((Size) nwords + 1), MCXT_ALLOC_HUGE);
	for (int32 word = 0; word < nwords; word++)
	{
		(*places)[word] = -1;
		if (marks[word])
			(*ordered)[count++] = word;
	}
	qsort_interruptible(*ordered, count, sizeof(int32), compare_words, unconstify(Intern *, words));
	for (int32 place = 0; place < count; place++)
		(*places)[(*ordered)[place]] = place;
	return count;
}

/*
 * Moves on to the rows of the next key; false behind the last.
 */
bool
keyed_rows_next(const KeyedRows *rows, KeyedRange *range)
{
	int64		key;

	if (range->end == rows->count)
		return false;
	range->first = range->end;
	key = keyed_row(rows, range->first)[0];
	while (range->end < rows->count && keyed_row(rows, range->end)[0] == key)
		range->end++;
	return true;
}

/*
 * Moves on to the rows of a key.
 */
void
keyed_rows_seek(const KeyedRows *rows, int64 key, KeyedRange *range)
{
	range->first = range->end;
	while (range->first < rows->count && keyed_row(rows, range->first)[0] < key)
		range->first++;
	range->end = range->first;
	while (range->end < rows->count && keyed_row(rows, range->end)[0] == key)
		range->end++;
}
