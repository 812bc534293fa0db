/*
 * cross_platform_columns.c
 *		From a customer's orders to the features of platforms.
 */
#include "cross_platform.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "server/money.h"

#define WINDOW_DAYS		30

typedef struct PlatformSum
{
	int128		spend;
	int32		uses;
	int32		purchases;
	int32		recent;			/* purchases in the window */
} PlatformSum;

static inline int
compare_orders(const CrossOrder *x, const CrossOrder *y)
{
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return (x->platform > y->platform) - (x->platform < y->platform);
}

#define ST_SORT sort_orders
#define ST_ELEMENT_TYPE CrossOrder
#define ST_COMPARE(a, b) compare_orders(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

#define ST_SORT sort_bought
#define ST_ELEMENT_TYPE uint64
#define ST_COMPARE(a, b) (*(a) < *(b) ? -1 : *(a) > *(b))
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/*
 * Array of names.
 */
static Datum
name_array(const CrossName *names, const int32 *places, int count)
{
	Datum	   *texts = palloc(sizeof(Datum) * (count + 1));

	for (int i = 0; i < count; i++)
		texts[i] = PointerGetDatum(cstring_to_text_with_len(names[places[i]].bytes, names[places[i]].size));
	return PointerGetDatum(construct_array(texts, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * Categories bought on two or more platforms into common; returns how many,
 * and the number of all categories bought.
 */
static int
common_categories(CrossPurchases *purchases, int32 *common, int *total)
{
	const uint64 *bought = purchases->bought;
	Size		count = purchases->nbought;
	int			shared = 0;

	sort_bought(purchases->bought, count);
	*total = 0;
	for (Size start = 0, end; start < count; start = end)
	{
		for (end = start + 1; end < count && bought[end] >> 32 == bought[start] >> 32; end++)
			;
		(*total)++;
		if (bought[end - 1] != bought[start])
			common[shared++] = (int32) (bought[start] >> 32);
	}
	return shared;
}

/*
 * Sums per platform; returns how often the platform changed from one order to
 * the next.
 */
static int
sum_platforms(const CrossPurchases *purchases, PlatformSum *sums, int128 *recent_value)
{
	const CrossOrder *orders = purchases->orders;
	int			changes = 0;

	*recent_value = 0;
	for (Size i = 0; i < purchases->norders; i++)
	{
		PlatformSum *sum = &sums[orders[i].platform];

		changes += i > 0 && orders[i].platform != orders[i - 1].platform;
		sum->uses++;
		if (!orders[i].paid)
			continue;
		sum->purchases++;
		sum->spend += orders[i].amount;
		if (orders[i].day >= purchases->as_of - WINDOW_DAYS)
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
put_dominant(const CrossPurchases *input, const PlatformSum *sums, Datum *values, bool *nulls)
{
	int32		best = -1;
	int64		purchases = 0;
	double		squares = 0;	/* of integers below 2^53: exact in any order */

	for (int32 place = 0; place < input->nplatforms; place++)
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
	values[7] = PointerGetDatum(cstring_to_text_with_len(input->platforms[best].bytes, input->platforms[best].size));
	values[8] = rounded_numeric((double) sums[best].purchases / purchases, 4);
	values[9] = rounded_numeric(squares / ((double) purchases * purchases), 4);
}

/*
 * The columns of platforms used and of the last 30 days, where purchases
 * count when they are on two or more platforms.
 */
static void
put_platforms(const CrossPurchases *purchases, const PlatformSum *sums, int128 recent_value, Datum *values)
{
	int32	   *used = palloc(sizeof(int32) * (purchases->nplatforms + 1));
	int			platforms = 0;
	int			recent_platforms = 0;
	int32		recent = 0;

	for (int32 place = 0; place < purchases->nplatforms; place++)
	{
		if (sums[place].uses > 0)
			used[platforms++] = place;
		recent += sums[place].recent;
		recent_platforms += sums[place].recent > 0;
	}
	values[0] = Int32GetDatum(platforms);
	values[1] = name_array(purchases->platforms, used, platforms);
	values[2] = Int32GetDatum(recent_platforms >= 2 ? recent : 0);
	values[3] = money_to_numeric(recent_platforms >= 2 ? recent_value : 0);
}

/*
 * All columns, see the header.
 */
void
cross_platform_columns(CrossPurchases *purchases, Datum *values, bool *nulls)
{
	PlatformSum *sums = palloc0(sizeof(PlatformSum) * purchases->nplatforms);
	int32	   *common = palloc_extended(sizeof(int32) * (purchases->nbought + 1), MCXT_ALLOC_HUGE);
	int128		recent_value;
	int			changes,
				shared,
				categories,
				tenure;

	memset(nulls, 0, sizeof(bool) * CROSS_COLUMNS);
	sort_orders(purchases->orders, purchases->norders);
	changes = sum_platforms(purchases, sums, &recent_value);
	shared = common_categories(purchases, common, &categories);

	put_platforms(purchases, sums, recent_value, values);
	values[4] = name_array(purchases->categories, common, shared);
	nulls[5] = categories == 0;
	if (categories > 0)
		values[5] = rounded_numeric((double) shared / categories, 4);
	/* from the first order's day to the reference date */
	tenure = purchases->as_of - purchases->orders[0].day;
	values[6] = rounded_numeric((double) changes * WINDOW_DAYS / tenure, 4);
	put_dominant(purchases, sums, values, nulls);
}
