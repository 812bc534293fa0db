/*
 * cross_platform.c
 *		How a customer spreads over platforms.
 *
 * The aggregate's state is a journal with a row per purchase line: local time,
 * order, amount (ten-thousandths) and whether there is one, and the words of
 * platform and category.  An order is a distinct (platform, order id); one
 * without any amount, an enquiry, is use of the platform and no purchase.
 */
#include "composite.h"
#include "journal.h"
#include "money.h"

#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#define LINE_COLUMNS	5
#define RESULT_COLUMNS	10
#define WINDOW_DAYS		30

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

/* a line, and then an order of summed lines */
typedef struct Order
{
	int64		at;
	int64		order;
	int128		amount;
	int32		platform;		/* place of its name among the words */
	bool		paid;
} Order;

/* a category bought on a platform */
typedef struct Bought
{
	int32		category;
	int32		platform;
} Bought;

typedef struct PlatformSum
{
	int128		spend;
	int32		uses;
	int32		purchases;
	int32		recent;			/* purchases in the window */
} PlatformSum;

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
	const Order *x = a;
	const Order *y = b;

	if (x->platform != y->platform)
		return x->platform < y->platform ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static int
compare_order_times(const void *a, const void *b, void *arg)
{
	const Order *x = a;
	const Order *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return (x->platform > y->platform) - (x->platform < y->platform);
}

static int
compare_bought(const void *a, const void *b, void *arg)
{
	const Bought *x = a;
	const Bought *y = b;

	if (x->category != y->category)
		return x->category < y->category ? -1 : 1;
	return (x->platform > y->platform) - (x->platform < y->platform);
}

/*
 * The journal's orders by time, the lines of each summed; returns how many.
 */
static int
collect_orders(const Journal *journal, const int32 *ranks, Order **result)
{
	Order	   *orders = palloc_extended(sizeof(Order) * ((Size) journal->count + 1), MCXT_ALLOC_HUGE);
	int			used = 0;

	for (int32 i = 0; i < journal->count; i++)
	{
		const int64 *numbers = journal->numbers + (Size) i * LINE_NUMBERS;

		orders[i].at = numbers[LINE_AT];
		orders[i].order = numbers[LINE_ORDER];
		orders[i].amount = numbers[LINE_AMOUNT];
		orders[i].paid = numbers[LINE_PAID] != 0;
		orders[i].platform = ranks[journal->words[(Size) i * LINE_WORDS + LINE_PLATFORM]];
	}
	qsort_interruptible(orders, journal->count, sizeof(Order), compare_order_ids, NULL);
	for (int32 i = 0; i < journal->count; i++)
	{
		Order	   *last = &orders[used - 1];

		if (used == 0 || compare_order_ids(last, &orders[i], NULL) != 0)
		{
			orders[used++] = orders[i];
			continue;
		}
		last->at = Min(last->at, orders[i].at);
		last->amount += orders[i].amount;
		last->paid |= orders[i].paid;
	}
	qsort_interruptible(orders, used, sizeof(Order), compare_order_times, NULL);
	*result = orders;
	return used;
}

/*
 * Array of the texts at so many places among the sorted words.
 */
static Datum
text_array(const Journal *journal, const int32 *words, const int32 *places, int count)
{
	Datum	   *texts = palloc(sizeof(Datum) * (count + 1));

	for (int i = 0; i < count; i++)
	{
		int32		size;
		const char *bytes = journal_bytes(journal, words[places[i]], &size);

		texts[i] = PointerGetDatum(cstring_to_text_with_len(bytes, size));
	}
	return PointerGetDatum(construct_array(texts, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * Categories bought on two or more platforms into common; returns how many,
 * and the number of all categories bought.
 */
static int
common_categories(const Journal *journal, const int32 *ranks, int32 *common, int *total)
{
	Bought	   *bought = palloc_extended(sizeof(Bought) * ((Size) journal->count + 1), MCXT_ALLOC_HUGE);
	int			used = 0;
	int			shared = 0;

	*total = 0;
	for (int32 i = 0; i < journal->count; i++)
	{
		const int32 *words = journal->words + (Size) i * LINE_WORDS;

		if (words[LINE_CATEGORY] == NO_WORD || !journal->numbers[(Size) i * LINE_NUMBERS + LINE_PAID])
			continue;
		bought[used].category = ranks[words[LINE_CATEGORY]];
		bought[used++].platform = ranks[words[LINE_PLATFORM]];
	}
	qsort_interruptible(bought, used, sizeof(Bought), compare_bought, NULL);
	for (int start = 0, end; start < used; start = end)
	{
		for (end = start + 1; end < used && bought[end].category == bought[start].category; end++)
			;
		(*total)++;
		if (bought[end - 1].platform != bought[start].platform)
			common[shared++] = bought[start].category;
	}
	pfree(bought);
	return shared;
}

/*
 * Sums per platform (by its name's place); returns how often the platform
 * changed from one order to the next.
 */
static int
sum_platforms(const Journal *journal, const Order *orders, int count, PlatformSum *sums, int128 *recent_value)
{
	int64		start = journal->parameters[0] - WINDOW_DAYS * USECS_PER_DAY;
	int			changes = 0;

	*recent_value = 0;
	for (int i = 0; i < count; i++)
	{
		PlatformSum *sum = &sums[orders[i].platform];

		changes += i > 0 && orders[i].platform != orders[i - 1].platform;
		sum->uses++;
		if (!orders[i].paid)
			continue;
		sum->purchases++;
		sum->spend += orders[i].amount;
		if (orders[i].at >= start)
		{
			sum->recent++;
			*recent_value += orders[i].amount;
		}
	}
	return changes;
}

/*
 * The columns of the dominant platform: most purchases, then spend, then
 * name; its share; and the Herfindahl index. NULL without purchases.
 */
static void
put_dominant(const Journal *journal, const int32 *words, const PlatformSum *sums, Datum *values, bool *nulls)
{
	int32		best = -1;
	int64		purchases = 0;
	double		squares = 0;	/* of integers below 2^53: exact in any order */
	int32		size;
	const char *bytes;

	for (int32 place = 0; place < journal->nentries; place++)
	{
		const PlatformSum *sum = &sums[place];

		if (sum->purchases == 0)
			continue;
		purchases += sum->purchases;
		squares += (double) sum->purchases * sum->purchases;
		if (best < 0 || sum->purchases > sums[best].purchases ||
			(sum->purchases == sums[best].purchases && sum->spend > sums[best].spend))
			best = place;
	}
	nulls[7] = nulls[8] = nulls[9] = best < 0;
	if (best < 0)
		return;
	bytes = journal_bytes(journal, words[best], &size);
	values[7] = PointerGetDatum(cstring_to_text_with_len(bytes, size));
	values[8] = rounded_numeric((double) sums[best].purchases / purchases, 4);
	values[9] = rounded_numeric(squares / ((double) purchases * purchases), 4);
}

/*
 * The columns of platforms used and of the last 30 days, where purchases
 * count when they are on two or more platforms.
 */
static void
put_platforms(const Journal *journal, const int32 *words, const PlatformSum *sums, int128 recent_value, Datum *values)
{
	int32	   *used = palloc(sizeof(int32) * (journal->nentries + 1));
	int			platforms = 0;
	int			recent_platforms = 0;
	int32		recent = 0;

	for (int32 place = 0; place < journal->nentries; place++)
	{
		if (sums[place].uses > 0)
			used[platforms++] = place;
		recent += sums[place].recent;
		recent_platforms += sums[place].recent > 0;
	}
	values[0] = Int32GetDatum(platforms);
	values[1] = text_array(journal, words, used, platforms);
	values[2] = Int32GetDatum(recent_platforms >= 2 ? recent : 0);
	values[3] = money_to_numeric(recent_platforms >= 2 ? recent_value : 0);
}

/*
 * Final: a row of type cross_platform_features; NULL without lines.
 */
Datum
patternos__cross_platform_final(PG_FUNCTION_ARGS)
{
	Journal    *journal;
	Datum		values[RESULT_COLUMNS] = {0};
	bool		nulls[RESULT_COLUMNS] = {false};
	int32	   *ranks,
			   *words,
			   *common;
	Order	   *orders;
	PlatformSum *sums;
	int128		recent_value;
	int			count,
				changes,
				shared,
				categories;
	int64		tenure;

	(void) aggregate_context(fcinfo);
	journal = PG_ARGISNULL(0) ? NULL : (Journal *) PG_GETARG_POINTER(0);
	if (journal == NULL || journal->count == 0)
		PG_RETURN_NULL();
	ranks = journal_ranks(journal);
	words = palloc(sizeof(int32) * journal->nentries);
	for (int32 word = 0; word < journal->nentries; word++)
		words[ranks[word]] = word;
	common = palloc(sizeof(int32) * journal->nentries);
	sums = palloc0(sizeof(PlatformSum) * journal->nentries);
	count = collect_orders(journal, ranks, &orders);
	changes = sum_platforms(journal, orders, count, sums, &recent_value);
	shared = common_categories(journal, ranks, common, &categories);

	put_platforms(journal, words, sums, recent_value, values);
	values[4] = text_array(journal, words, common, shared);
	nulls[5] = categories == 0;
	if (categories > 0)
		values[5] = rounded_numeric((double) shared / categories, 4);
	/* from the first order's day to the reference date, at least one day */
	tenure = (journal->parameters[0] - orders[0].at + USECS_PER_DAY - 1) / USECS_PER_DAY;
	values[6] = rounded_numeric((double) changes * WINDOW_DAYS / tenure, 4);
	put_dominant(journal, words, sums, values, nulls);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(result_row_type(fcinfo), values, nulls)));
}
