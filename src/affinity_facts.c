/*
 * affinity_facts.c
 *		What customers like, from the facts, one customer after the other.
 *
 * The same as the aggregates affinity and brand_affinity, for three levels of
 * items at once: category, unified category and brand.  Items are numbers, in
 * the order of their names.  What all customers together bought is counted
 * first, by a pass of its own: keeping the customers' rows until then would
 * cost more than computing them again.
 */
#include "affinity.h"
#include "assortment.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "money.h"
#include "order_lines.h"

#define LEVELS			3
#define BRAND_LEVEL		2
#define TOTAL_COLUMNS	2
#define SMOOTHING		10

/* the queries */
enum
{
	QUERY_PURCHASES, QUERY_LINES, QUERY_ITEMS, QUERY_CATEGORIES, QUERY_POPULATION, QUERIES
};

/* columns of the population: the items that were bought */
enum
{
	ITEM_NUMBER, ITEM_LEVEL, ITEM_NAME, ITEM_CATEGORY_ID, ITEM_UNIFIED, ITEM_SHARE, ITEM_COLUMNS
};

/* columns of the result; those of categories and of brands are alike */
enum
{
	RESULT_CUSTOMER, RESULT_AS_OF, RESULT_WINDOW, RESULT_LEVEL, RESULT_ITEM, RESULT_CATEGORY_ID, RESULT_UNIFIED, RESULT_BRAND,
	RESULT_OF_CATEGORY, RESULT_OF_BRAND = RESULT_OF_CATEGORY + 4, RESULT_PURCHASES = RESULT_OF_BRAND + 4, RESULT_INDEX, RESULT_RANK, RESULT_COLUMNS
};

/* columns of the purchases behind those that join lines */
enum
{
	PURCHASE_DAY = ORDER_KEYS, PURCHASE_TOTAL, PURCHASE_COLUMNS
};

PG_FUNCTION_INFO_V1(patternos__affinity_totals);
PG_FUNCTION_INFO_V1(patternos__affinity_of_facts);

/* an item as all results show it */
typedef struct ItemText
{
	Datum		level;
	Datum		item;
	int32		category_id;
	bool		has_category_id;
	bool		has_unified;
	Datum		unified;
	double		share;			/* of all purchases; 0 when unknown */
} ItemText;

/* what is the same for all customers */
typedef struct AffinityFacts
{
	OrderLines	input;
	Assortment *assortment;
	ItemText   *items;			/* by number */
	int64		nitems;
	DateADT		as_of;
	int16		window_days;
} AffinityFacts;

/* a line's item of one level */
typedef struct ItemLine
{
	int64		item;
	int64		amount;			/* ten-thousandths */
	int32		order;			/* its number among the customer's */
	int32		day;
} ItemLine;

/* an item's sums */
typedef struct ItemSum
{
	int128		value;
	int64		item;
	int64		score;			/* in ten-thousandths, as it is stored */
	int32		purchases;
	int32		last_order;		/* counted */
	int32		last_day;
} ItemSum;

/* what a customer bought */
typedef struct Basket
{
	ItemLine   *lines[LEVELS];
	int32		nlines[LEVELS];
	int32		orders;
	int128		spend;
} Basket;

static inline int
compare_lines(const ItemLine *x, const ItemLine *y)
{
	if (x->item != y->item)
		return x->item < y->item ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

/* best stored score first, then most spend, then by name */
static inline int
compare_sums(const ItemSum *x, const ItemSum *y)
{
	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	if (x->value != y->value)
		return x->value > y->value ? -1 : 1;
	return (x->item > y->item) - (x->item < y->item);
}

#define ST_SORT sort_lines
#define ST_ELEMENT_TYPE ItemLine
#define ST_COMPARE(a, b) compare_lines(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

#define ST_SORT sort_sums
#define ST_ELEMENT_TYPE ItemSum
#define ST_COMPARE(a, b) compare_sums(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/*
 * Takes an item into its level of the basket, unless there is none.
 */
static inline void
add_item(Basket *basket, int level, int64 item, int64 amount, int32 day)
{
	ItemLine   *line = &basket->lines[level][basket->nlines[level]];

	if (item == NULL_VALUE)
		return;
	line->item = item;
	line->amount = amount;
	line->order = basket->orders;
	line->day = day;
	basket->nlines[level]++;
}

/*
 * The basket of the customer at hand.
 */
static void
fill_basket(Basket *basket, OrderLines *input, const Assortment *assortment)
{
	Size		nlines = input->line.end - input->line.first;

	memset(basket, 0, sizeof(Basket));
	for (int level = 0; level < LEVELS; level++)
		basket->lines[level] = palloc_extended(sizeof(ItemLine) * (nlines + 1), MCXT_ALLOC_HUGE);
	for (Size i = input->order.first; i < input->order.end; i++)
	{
		const int64 *purchase = keyed_row(input->orders, i);
		KeyedRange	lines = order_lines_of(input, purchase);

		if (lines.first == lines.end)
			basket->spend += purchase[PURCHASE_TOTAL];
		for (Size j = lines.first; j < lines.end; j++)
		{
			const int64 *line = keyed_row(input->lines, j);
			AssortmentItem item = assortment_item(assortment, line[LINE_PLATFORM], line[LINE_ITEM], line[LINE_CATEGORY_ID]);

			add_item(basket, 0, item.category, line[LINE_AMOUNT], purchase[PURCHASE_DAY]);
			add_item(basket, 1, item.unified_category, line[LINE_AMOUNT], purchase[PURCHASE_DAY]);
			add_item(basket, BRAND_LEVEL, item.brand, line[LINE_AMOUNT], purchase[PURCHASE_DAY]);
			basket->spend += line[LINE_AMOUNT];
		}
		basket->orders++;
	}
}

/*
 * The sums of a level's items, best first; returns how many.
 */
static int32
sum_level(const Basket *basket, int level, DateADT as_of, ItemSum *sums)
{
	ItemSum    *sum = NULL;
	int32		items = 0;

	sort_lines(basket->lines[level], basket->nlines[level]);
	for (int32 i = 0; i < basket->nlines[level]; i++)
	{
		const ItemLine *line = &basket->lines[level][i];

		if (sum == NULL || sum->item != line->item)
		{
			sum = &sums[items++];
			sum->item = line->item;
			sum->value = 0;
			sum->purchases = 0;
			sum->last_day = line->day;
		}
		if (sum->purchases == 0 || sum->last_order != line->order)
			sum->purchases++;
		sum->last_order = line->order;
		sum->last_day = Max(sum->last_day, line->day);
		sum->value += line->amount;
	}
	for (int32 i = 0; i < items; i++)
		sums[i].score = affinity_score(level == BRAND_LEVEL, (double) sums[i].purchases / basket->orders,
									   as_of - sums[i].last_day,
									   affinity_share_of_spend(sums[i].value, basket->spend));
	sort_sums(sums, items);
	return items;
}

/*
 * Adds the purchases that have a level's items to the totals.
 */
static void
count_level(const Basket *basket, int level, int64 *totals)
{
	const ItemLine *lines = basket->lines[level];

	sort_lines(basket->lines[level], basket->nlines[level]);
	for (int32 i = 0; i < basket->nlines[level]; i++)
	{
		if (i == 0 || compare_lines(&lines[i - 1], &lines[i]) != 0)
			totals[lines[i].item]++;
	}
}

/*
 * A word as text.
 */
static Datum
word_text(const Intern *words, int64 word)
{
	size_t		size;
	const char *bytes = intern_value(words, word, &size);

	return PointerGetDatum(cstring_to_text_with_len(bytes, (int) size));
}

/*
 * Keeps the items of the population by their numbers.
 */
static void
read_population(AffinityFacts *facts, const KeyedRows *rows)
{
	facts->nitems = assortment_greatest(facts->assortment) + 1;
	facts->items = palloc_extended(sizeof(ItemText) * facts->nitems, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (Size i = 0; i < rows->count; i++)
	{
		const int64 *row = keyed_row(rows, i);
		ItemText   *item = &facts->items[row[ITEM_NUMBER]];

		item->level = word_text(rows->words, row[ITEM_LEVEL]);
		item->item = word_text(rows->words, row[ITEM_NAME]);
		item->has_category_id = row[ITEM_CATEGORY_ID] != NULL_VALUE;
		item->category_id = item->has_category_id ? (int32) row[ITEM_CATEGORY_ID] : 0;
		item->has_unified = row[ITEM_UNIFIED] != NULL_VALUE;
		item->unified = item->has_unified ? word_text(rows->words, row[ITEM_UNIFIED]) : (Datum) 0;
		if (row[ITEM_SHARE] != NULL_VALUE)
			memcpy(&item->share, &row[ITEM_SHARE], sizeof(double));
	}
}

/*
 * Reads the queries that an array names, into the current memory context.
 */
static void
read_facts(AffinityFacts *facts, ArrayType *array, int nqueries, Intern *words)
{
	Datum	   *queries;
	bool	   *nulls;
	int			count;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &queries, &nulls, &count);
	if (count != nqueries || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there must be %d queries", nqueries)));
	order_lines_read(&facts->input, TextDatumGetCString(queries[QUERY_PURCHASES]), PURCHASE_COLUMNS,
					 TextDatumGetCString(queries[QUERY_LINES]), words);
	facts->assortment = assortment_read(TextDatumGetCString(queries[QUERY_ITEMS]),
										TextDatumGetCString(queries[QUERY_CATEGORIES]), words);
	if (nqueries > QUERY_POPULATION)
		read_population(facts, keyed_rows_read(TextDatumGetCString(queries[QUERY_POPULATION]), ITEM_COLUMNS, words));
}

/*
 * The columns of an item's purchases.
 */
static void
put_sums(const ItemSum *sum, DateADT as_of, Datum *values)
{
	values[0] = Int32GetDatum(sum->purchases);
	values[1] = money_to_numeric(sum->value);
	values[2] = Int32GetDatum(as_of - sum->last_day);
	values[3] = decimal_numeric(sum->score, 4);
}

/*
 * Writes the rows of a customer.
 */
static void
put_basket(ReturnSetInfo *result, const AffinityFacts *facts, int64 customer, const Basket *basket)
{
	Datum		values[RESULT_COLUMNS] = {0};
	bool		nulls[RESULT_COLUMNS] = {false};

	values[RESULT_CUSTOMER] = Int64GetDatum(customer);
	values[RESULT_AS_OF] = DateADTGetDatum(facts->as_of);
	values[RESULT_WINDOW] = Int16GetDatum(facts->window_days);
	values[RESULT_PURCHASES] = Int32GetDatum(basket->orders);
	for (int level = 0; level < LEVELS; level++)
	{
		ItemSum    *sums = palloc_extended(sizeof(ItemSum) * (basket->nlines[level] + (Size) 1), MCXT_ALLOC_HUGE);
		int32		items = sum_level(basket, level, facts->as_of, sums);
		bool		is_brand = level == BRAND_LEVEL;

		nulls[RESULT_BRAND] = !is_brand;
		memset(&nulls[RESULT_OF_CATEGORY], is_brand, 4);
		memset(&nulls[RESULT_OF_BRAND], !is_brand, 4);
		for (int32 i = 0; i < items; i++)
		{
			const ItemText *item = &facts->items[sums[i].item];

			values[RESULT_LEVEL] = item->level;
			values[RESULT_ITEM] = values[RESULT_BRAND] = item->item;
			values[RESULT_CATEGORY_ID] = Int32GetDatum(item->category_id);
			nulls[RESULT_CATEGORY_ID] = !item->has_category_id;
			values[RESULT_UNIFIED] = item->unified;
			nulls[RESULT_UNIFIED] = !item->has_unified;
			put_sums(&sums[i], facts->as_of, &values[is_brand ? RESULT_OF_BRAND : RESULT_OF_CATEGORY]);
			nulls[RESULT_INDEX] = !(item->share > 0);
			if (item->share > 0)
				values[RESULT_INDEX] = affinity_index(sums[i].purchases, basket->orders, item->share, SMOOTHING);
			values[RESULT_RANK] = Int32GetDatum(i + 1);
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
}

/*
 * _affinity_totals(queries text[]) returns table (item_number integer,
 * purchases bigint)
 *
 * In how many purchases each item is, and under NULL how many there are; the
 * queries are those of _affinity_of_facts but the last.
 */
Datum
patternos__affinity_totals(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	AffinityFacts facts = {0};
	int64	   *totals;
	int64		orders = 0;
	Datum		values[TOTAL_COLUMNS] = {0};
	bool		nulls[TOTAL_COLUMNS] = {false};
	MemoryContext context,
				previous;

	InitMaterializedSRF(fcinfo, 0);
	read_facts(&facts, PG_GETARG_ARRAYTYPE_P(0), QUERY_POPULATION, intern_create(CurrentMemoryContext));
	facts.nitems = assortment_greatest(facts.assortment) + 1;
	totals = palloc_extended(sizeof(int64) * facts.nitems, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	context = AllocSetContextCreate(CurrentMemoryContext, "patternos customer", ALLOCSET_DEFAULT_SIZES);
	previous = MemoryContextSwitchTo(context);
	while (order_lines_next(&facts.input))
	{
		Basket		basket;

		CHECK_FOR_INTERRUPTS();
		fill_basket(&basket, &facts.input, facts.assortment);
		for (int level = 0; level < LEVELS; level++)
			count_level(&basket, level, totals);
		orders += basket.orders;
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(previous);
	for (int64 item = 0; item < facts.nitems; item++)
	{
		values[0] = Int32GetDatum((int32) item);
		values[1] = Int64GetDatum(totals[item]);
		if (totals[item] > 0)
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	values[1] = Int64GetDatum(orders);
	nulls[0] = true;
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	PG_RETURN_VOID();
}

/*
 * _affinity_of_facts(queries text[], as_of date, window_days smallint) returns
 * setof _affinity_customer
 *
 * The items of every customer in a query of the purchases of the window:
 * customer_key, time, id, day and total.  The other queries are lines:
 * customer_key, time, id, platform, item, category_id and amount; items and
 * categories, as numbers: see assortment.h; and the population: number, level,
 * name, category_id, unified category and share of all purchases, of every
 * item that was bought.  Without shares there is no index.  A purchase without
 * lines counts among all purchases only.
 */
Datum
patternos__affinity_of_facts(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	AffinityFacts facts = {0};
	MemoryContext context,
				previous;

	InitMaterializedSRF(fcinfo, 0);
	read_facts(&facts, PG_GETARG_ARRAYTYPE_P(0), QUERIES, intern_create(CurrentMemoryContext));
	facts.as_of = PG_GETARG_DATEADT(1);
	facts.window_days = PG_GETARG_INT16(2);
	context = AllocSetContextCreate(CurrentMemoryContext, "patternos customer", ALLOCSET_DEFAULT_SIZES);
	previous = MemoryContextSwitchTo(context);
	while (order_lines_next(&facts.input))
	{
		Basket		basket;

		CHECK_FOR_INTERRUPTS();
		fill_basket(&basket, &facts.input, facts.assortment);
		put_basket(result, &facts, keyed_row(facts.input.orders, facts.input.order.first)[ORDER_CUSTOMER], &basket);
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(previous);
	PG_RETURN_VOID();
}
