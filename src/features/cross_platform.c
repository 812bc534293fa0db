/*
 * cross_platform.c
 *		How a customer spreads over platforms.
 *
 * The aggregate's state is a journal with a row per purchase line: local time,
 * order, amount (ten-thousandths) and whether there is one, and the words of
 * platform and category.  An order is a distinct (platform, order id); one
 * without any amount, an enquiry, is use of the platform and no purchase.
 */
#include "server/composite.h"
#include "cross_platform.h"
#include "server/journal.h"
#include "server/money.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#define LINE_COLUMNS	5

/* reference dates from 4713 BC to 10000-01-01 keep microseconds within an int64 */
#define EARLIEST_DATE	(-2451545)
#define LATEST_DATE		2921940

PG_FUNCTION_INFO_V1(patternos_platform_diversity_score);
PG_FUNCTION_INFO_V1(patternos_category_overlap_score);
PG_FUNCTION_INFO_V1(patternos__cross_platform_step);
PG_FUNCTION_INFO_V1(patternos__cross_platform_final);

/* what a journal's row holds */
enum
{
	LINE_AT, LINE_ORDER, LINE_AMOUNT, LINE_PAID, LINE_NUMBERS
};
enum
{
	LINE_PLATFORM, LINE_CATEGORY, LINE_WORDS
};

/*
 * A share with 4 decimals, NULL of nothing. Error 22023 for counts below zero.
 */
static Datum
share_of_counts(FunctionCallInfo fcinfo)
{
	int32		part = PG_GETARG_INT32(0);
	int32		whole = PG_GETARG_INT32(1);

	if (part < 0 || whole < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("counts must not be negative")));
	if (whole == 0)
		PG_RETURN_NULL();
	return rounded_numeric(Min((double) part / whole, 1.0), 4);
}

/*
 * Platforms used / active platforms, at most 1.
 */
Datum
patternos_platform_diversity_score(PG_FUNCTION_ARGS)
{
	return share_of_counts(fcinfo);
}

/*
 * Categories bought on several platforms / all categories, at most 1.
 */
Datum
patternos_category_overlap_score(PG_FUNCTION_ARGS)
{
	return share_of_counts(fcinfo);
}

/*
 * Takes a line into the journal unless it has no platform, order or time, or
 * is at the reference date or later.
 */
static void
add_line(Journal *journal, const Datum *values, const bool *nulls)
{
	int64		numbers[LINE_NUMBERS] = {0};
	int32		words[LINE_WORDS];

	if (nulls[0] || nulls[1] || nulls[2])
		return;
	numbers[LINE_AT] = DatumGetTimestamp(values[2]);
	if (TIMESTAMP_NOT_FINITE(numbers[LINE_AT]))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("times of purchases must be finite")));
	if (numbers[LINE_AT] >= journal->parameters[0])
		return;
	numbers[LINE_ORDER] = DatumGetInt64(values[1]);
	numbers[LINE_PAID] = !nulls[3];
	if (!nulls[3])
		numbers[LINE_AMOUNT] = money_from_datum(values[3]);
	words[LINE_PLATFORM] = journal_varlena(journal, values[0], false);
	words[LINE_CATEGORY] = journal_varlena(journal, values[4], nulls[4]);
	journal_add(journal, numbers, words);
}

/*
 * Transition: a purchase line before the date as_of. A NULL line or date is
 * skipped.
 */
Datum
patternos__cross_platform_step(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	Journal    *journal = PG_ARGISNULL(0) ? NULL : (Journal *) PG_GETARG_POINTER(0);
	int64		parameters[JOURNAL_PARAMETERS] = {0};
	Datum		values[LINE_COLUMNS];
	bool		nulls[LINE_COLUMNS];
	HeapTupleHeader line;
	DateADT		as_of;

	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2))
	{
		line = PG_GETARG_HEAPTUPLEHEADER(1);
		as_of = PG_GETARG_DATEADT(2);
		if (DATE_NOT_FINITE(as_of) || as_of < EARLIEST_DATE || as_of > LATEST_DATE)
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("reference date is out of range")));
		parameters[0] = as_of * USECS_PER_DAY;
		if (fcinfo->flinfo->fn_extra == NULL)
			fcinfo->flinfo->fn_extra = composite_type(line, LINE_COLUMNS, fcinfo->flinfo->fn_mcxt);
		if (journal == NULL)
			journal = journal_create(context, LINE_NUMBERS, LINE_WORDS, parameters);
		else
			journal_check(journal, parameters);
		composite_deform(line, fcinfo->flinfo->fn_extra, values, nulls);
		add_line(journal, values, nulls);
	}
	if (journal == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(journal);
}

static int
compare_order_ids(const void *a, const void *b, void *arg)
{
	const CrossOrder *x = a;
	const CrossOrder *y = b;

	if (x->platform != y->platform)
		return x->platform < y->platform ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

/*
 * The journal's orders, the lines of each summed.
 */
static void
collect_orders(const Journal *journal, const int32 *ranks, CrossPurchases *purchases)
{
	CrossOrder *orders = palloc_extended(sizeof(CrossOrder) * ((Size) journal->count + 1), MCXT_ALLOC_HUGE);
	int			used = 0;

	for (int32 i = 0; i < journal->count; i++)
	{
		const int64 *numbers = journal->numbers + (Size) i * LINE_NUMBERS;

		orders[i].at = numbers[LINE_AT];
		orders[i].day = numbers[LINE_AT] / USECS_PER_DAY - (numbers[LINE_AT] % USECS_PER_DAY < 0);
		orders[i].order = numbers[LINE_ORDER];
		orders[i].amount = numbers[LINE_AMOUNT];
		orders[i].paid = numbers[LINE_PAID] != 0;
		orders[i].platform = ranks[journal->words[(Size) i * LINE_WORDS + LINE_PLATFORM]];
	}
	qsort_interruptible(orders, journal->count, sizeof(CrossOrder), compare_order_ids, NULL);
	for (int32 i = 0; i < journal->count; i++)
	{
		CrossOrder *last = &orders[used - 1];

		if (used == 0 || compare_order_ids(last, &orders[i], NULL) != 0)
		{
			orders[used++] = orders[i];
			continue;
		}
		if (orders[i].at < last->at)
		{
			last->at = orders[i].at;
			last->day = orders[i].day;
		}
		last->amount += orders[i].amount;
		last->paid |= orders[i].paid;
	}
	purchases->orders = orders;
	purchases->norders = used;
}

/*
 * The categories bought in the journal, with their platforms.
 */
static void
collect_categories(const Journal *journal, const int32 *ranks, CrossPurchases *purchases)
{
	purchases->bought = palloc_extended(sizeof(uint64) * ((Size) journal->count + 1), MCXT_ALLOC_HUGE);
	purchases->nbought = 0;
	for (int32 i = 0; i < journal->count; i++)
	{
		const int32 *words = journal->words + (Size) i * LINE_WORDS;

		if (words[LINE_CATEGORY] == NO_WORD || !journal->numbers[(Size) i * LINE_NUMBERS + LINE_PAID])
			continue;
		purchases->bought[purchases->nbought++] =
			CROSS_BOUGHT(ranks[words[LINE_CATEGORY]], ranks[words[LINE_PLATFORM]]);
	}
}

/*
 * Final: a row of type cross_platform_features; NULL without lines.
 */
Datum
patternos__cross_platform_final(PG_FUNCTION_ARGS)
{
	Journal    *journal;
	Datum		values[CROSS_COLUMNS];
	bool		nulls[CROSS_COLUMNS];
	int32	   *ranks;
	CrossName  *names;
	CrossPurchases purchases;

	(void) aggregate_context(fcinfo);
	journal = PG_ARGISNULL(0) ? NULL : (Journal *) PG_GETARG_POINTER(0);
	if (journal == NULL || journal->count == 0)
		PG_RETURN_NULL();
	ranks = journal_ranks(journal);
	names = palloc(sizeof(CrossName) * journal->nentries);
	for (int32 word = 0; word < journal->nentries; word++)
		names[ranks[word]].bytes = journal_bytes(journal, word, &names[ranks[word]].size);
	purchases.as_of = (DateADT) (journal->parameters[0] / USECS_PER_DAY);
	purchases.nplatforms = journal->nentries;
	purchases.platforms = purchases.categories = names;
	collect_orders(journal, ranks, &purchases);
	collect_categories(journal, ranks, &purchases);
	cross_platform_columns(&purchases, values, nulls);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(result_row_type(fcinfo), values, nulls)));
}
