/*
 * affinity.c
 *		What a customer likes: purchases of a category or brand among all.
 *
 * The aggregates' state is a journal with a row per input row: local day,
 * order and amount (ten-thousandths), and the word of the item.  A purchase is a distinct order, so an order of several lines counts once for each item in
 * it and once in all.
 */
#include "affinity.h"
#include "server/composite.h"
#include "server/journal.h"
#include "server/money.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#define COUNT_WEIGHT	0.4
#define RECENCY_WEIGHT	0.3
#define SPEND_WEIGHT	0.3
#define RECENCY_DAYS	180
#define ITEM_COLUMNS	9

PG_FUNCTION_INFO_V1(patternos_recency_weight);
PG_FUNCTION_INFO_V1(patternos_category_affinity);
PG_FUNCTION_INFO_V1(patternos_affinity_index);
PG_FUNCTION_INFO_V1(patternos__affinity_step);
PG_FUNCTION_INFO_V1(patternos__affinity_final);
PG_FUNCTION_INFO_V1(patternos__brand_affinity_final);

/* a row of the journal, to be sorted */
typedef struct Line
{
	int64		order;
	int64		amount;
	int32		item;			/* its word */
	int32		day;
} Line;

/* an item's sums */
typedef struct ItemSum
{
	int128		value;
	double		count_share;
	double		spend_share;
	int64		score;			/* in ten-thousandths, as it is stored */
	int64		order;			/* last one counted */
	int32		word;
	int32		place;			/* of the word in the order of bytes */
	int32		purchases;
	int32		last_day;
} ItemSum;

/*
 * 1 - min(days / 180, 1).
 */
static double
recency_weight(int32 days)
{
	return days >= RECENCY_DAYS ? 0.0 : 1.0 - (double) days / RECENCY_DAYS;
}

static double
category_affinity(double count_share, double recency, double spend_share)
{
	return COUNT_WEIGHT * count_share + RECENCY_WEIGHT * recency + SPEND_WEIGHT * spend_share;
}

/*
 * Part of the spend, between 0 and 1; 0 when nothing was spent in all.
 */
double
affinity_share_of_spend(int128 value, int128 spend)
{
	if (spend <= 0 || value <= 0)
		return 0.0;
	return value >= spend ? 1.0 : (double) value / (double) spend;
}

/*
 * The score of an item as it is stored, in ten-thousandths.
 */
int64
affinity_score(bool by_count, double count_share, int32 days, double spend_share)
{
	return rounded(by_count ? count_share :
				   category_affinity(count_share, recency_weight(days), spend_share), 4);
}

/*
 * Weight of a purchase so many days ago, from 1 down to 0 at 180 days and
 * more. Error 22023 for negative days.
 */
Datum
patternos_recency_weight(PG_FUNCTION_ARGS)
{
	int32		days = PG_GETARG_INT32(0);

	if (days < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("days must not be negative")));
	PG_RETURN_FLOAT8(recency_weight(days));
}

/*
 * 0.4 count_share + 0.3 recency_weight + 0.3 spend_share, 4 decimals. Error
 * 22023 for an argument outside 0 to 1.
 */
Datum
patternos_category_affinity(PG_FUNCTION_ARGS)
{
	for (int i = 0; i < 3; i++)
	{
		double		share = PG_GETARG_FLOAT8(i);

		if (!(share >= 0 && share <= 1))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("shares and weights must be between 0 and 1")));
	}
	return rounded_numeric(category_affinity(PG_GETARG_FLOAT8(0), PG_GETARG_FLOAT8(1),
											 PG_GETARG_FLOAT8(2)), 4);
}

/*
 * 100 * (purchases + k p) / (all + k) / p for a population share p, 2
 * decimals. NULL when p is 0 or nothing is known about the customer and k is
 * 0. Error 22023 for counts, share or k out of range.
 */
Datum
patternos_affinity_index(PG_FUNCTION_ARGS)
{
	int64		purchases = PG_GETARG_INT64(0);
	int64		all = PG_GETARG_INT64(1);
	double		share = PG_GETARG_FLOAT8(2);
	double		k = PG_GETARG_FLOAT8(3);

	if (purchases < 0 || purchases > all)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("purchases must be between 0 and all purchases")));
	if (!(share >= 0 && share <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("population share must be between 0 and 1")));
	if (!(k >= 0 && k <= 1e9))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("smoothing must be between 0 and 1e9")));
	if (share == 0 || all + k == 0)
		PG_RETURN_NULL();
	return rounded_numeric(100.0 * (purchases + k * share) / (all + k) / share, 2);
}

/*
 * Transition of affinity and brand_affinity: a line (item, order id, time,
 * amount) before the date as_of; a NULL item counts among all purchases only,
 * a NULL amount is 0.  Lines without order, time or date and lines at the date
 * or later are skipped.
 */
Datum
patternos__affinity_step(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	Journal    *journal = PG_ARGISNULL(0) ? NULL : (Journal *) PG_GETARG_POINTER(0);
	int64		parameters[JOURNAL_PARAMETERS] = {0};
	int64		numbers[3];
	int32		word;
	DateADT		as_of;

	if (PG_ARGISNULL(2) || PG_ARGISNULL(3) || PG_ARGISNULL(5))
		goto done;
	as_of = PG_GETARG_DATEADT(5);
	numbers[0] = PG_GETARG_TIMESTAMP(3);
	if (DATE_NOT_FINITE(as_of) || TIMESTAMP_NOT_FINITE(numbers[0]))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("times and reference date must be finite")));
	/* days since 2000-01-01, rounded down before it as well */
	numbers[0] = numbers[0] / USECS_PER_DAY - (numbers[0] % USECS_PER_DAY < 0);
	parameters[0] = as_of;
	if (journal == NULL)
		journal = journal_create(context, 3, 1, parameters);
	else
		journal_check(journal, parameters);
	if (numbers[0] >= as_of)
		goto done;
	numbers[1] = PG_GETARG_INT64(2);
	numbers[2] = PG_ARGISNULL(4) ? 0 : money_from_datum(PG_GETARG_DATUM(4));
	word = journal_text(journal, fcinfo, 1);
	journal_add(journal, numbers, &word);
done:
	if (journal == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(journal);
}

static int
compare_lines(const void *a, const void *b, void *arg)
{
	const Line *x = a;
	const Line *y = b;

	if (x->item != y->item)
		return x->item < y->item ? -1 : 1;
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return 0;
}

static int
compare_orders(const void *a, const void *b, void *arg)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return (x > y) - (x < y);
}

/* best stored score first, then most spend, then by name */
static int
compare_items(const void *a, const void *b, void *arg)
{
	const ItemSum *x = a;
	const ItemSum *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	if (x->value != y->value)
		return x->value > y->value ? -1 : 1;
	return x->place - y->place;
}

/*
 * Number of distinct orders in the journal.
 */
static int32
count_orders(const Journal *journal)
{
	int64	   *orders = palloc(sizeof(int64) * (journal->count + 1));
	int32		distinct = 0;

	for (int32 i = 0; i < journal->count; i++)
		orders[i] = journal->numbers[(Size) i * 3 + 1];
	qsort_interruptible(orders, journal->count, sizeof(int64), compare_orders, NULL);
	for (int32 i = 0; i < journal->count; i++)
		distinct += i == 0 || orders[i] != orders[i - 1];
	pfree(orders);
	return distinct;
}

/*
 * Sums per item, in no particular order; returns how many, and the
 * spend of all lines.
 */
static int32
sum_items(const Journal *journal, const int32 *ranks, ItemSum *sums, int128 *spend)
{
	Line	   *lines = palloc(sizeof(Line) * (journal->count + 1));
	ItemSum    *sum = NULL;
	int32		items = 0;
	int32		nlines = 0;

	*spend = 0;
	for (int32 i = 0; i < journal->count; i++)
	{
		int32		word = journal->words[i];
		Line	   *line = &lines[nlines];

		line->amount = journal->numbers[(Size) i * 3 + 2];
		*spend += line->amount;
		if (word == NO_WORD)
			continue;
		line->day = (int32) journal->numbers[(Size) i * 3];
		line->order = journal->numbers[(Size) i * 3 + 1];
		line->item = word;
		nlines++;
	}
	qsort_interruptible(lines, nlines, sizeof(Line), compare_lines, NULL);
	for (int32 i = 0; i < nlines; i++)
	{
		const Line *line = &lines[i];

		if (sum == NULL || sum->word != line->item)
		{
			sum = &sums[items++];
			memset(sum, 0, sizeof(ItemSum));
			sum->word = line->item;
			sum->place = ranks[line->item];
			sum->last_day = line->day;
		}
		if (sum->purchases == 0 || line->order != sum->order)
			sum->purchases++;
		sum->order = line->order;
		sum->value += line->amount;
		sum->last_day = Max(sum->last_day, line->day);
	}
	pfree(lines);
	return items;
}

/*
 * The items with their scores, best first: by the weighted
 * affinity, or for brands by the share of purchases.  Returns how many; there
 * is room for every word in sums.
 */
static int32
score_items(const Journal *journal, const int32 *ranks, bool by_count, int32 orders, ItemSum *sums)
{
	int128		spend;
	int32		items = sum_items(journal, ranks, sums, &spend);

	for (int32 i = 0; i < items; i++)
	{
		ItemSum    *sum = &sums[i];
		int32		days = (int32) (journal->parameters[0] - sum->last_day);

		sum->count_share = (double) sum->purchases / orders;
		sum->spend_share = affinity_share_of_spend(sum->value, spend);
		sum->score = affinity_score(by_count, sum->count_share, days, sum->spend_share);
	}
	qsort_interruptible(sums, items, sizeof(ItemSum), compare_items, NULL);
	return items;
}

/*
 * The text of an item.
 */
static Datum
item_text(const Journal *journal, int32 word)
{
	int32		size;
	const char *bytes = journal_bytes(journal, word, &size);

	return PointerGetDatum(cstring_to_text_with_len(bytes, size));
}

/*
 * Final of both aggregates: an array of items, best first; NULL without rows.
 */
static Datum
affinity_result(FunctionCallInfo fcinfo, bool by_count)
{
	Journal    *journal;
	TupleDesc	type;
	ItemSum    *sums;
	Datum	   *elements;
	int32		items,
				orders;

	(void) aggregate_context(fcinfo);
	journal = PG_ARGISNULL(0) ? NULL : (Journal *) PG_GETARG_POINTER(0);
	if (journal == NULL || journal->count == 0)
		PG_RETURN_NULL();
	type = result_row_type(fcinfo);
	orders = count_orders(journal);
	sums = palloc(sizeof(ItemSum) * (journal->nentries + 1));
	items = score_items(journal, journal_ranks(journal), by_count, orders, sums);
	elements = palloc(sizeof(Datum) * (items + 1));
	for (int32 i = 0; i < items; i++)
	{
		Datum		values[ITEM_COLUMNS];
		bool		nulls[ITEM_COLUMNS] = {false};

		CHECK_FOR_INTERRUPTS();
		values[0] = item_text(journal, sums[i].word);
		values[1] = Int32GetDatum(sums[i].purchases);
		values[2] = Int32GetDatum(orders);
		values[3] = money_to_numeric(sums[i].value);
		values[4] = Int32GetDatum((int32) (journal->parameters[0] - sums[i].last_day));
		values[5] = rounded_numeric(sums[i].count_share, 4);
		values[6] = rounded_numeric(sums[i].spend_share, 4);
		values[7] = decimal_numeric(sums[i].score, 4);
		values[8] = Int32GetDatum(i + 1);
		elements[i] = HeapTupleGetDatum(heap_form_tuple(type, values, nulls));
	}
	PG_RETURN_DATUM(array_of_rows(type, elements, items));
}

/*
 * Final function of affinity().
 */
Datum
patternos__affinity_final(PG_FUNCTION_ARGS)
{
	return affinity_result(fcinfo, false);
}

/*
 * Final function of brand_affinity().
 */
Datum
patternos__brand_affinity_final(PG_FUNCTION_ARGS)
{
	return affinity_result(fcinfo, true);
}
