/*
 * affinity_facts.c
 *		What customers like, from the facts, one customer after the other.
 *
 * The same as the aggregates affinity and brand_affinity, for three levels of
 * items at once: category, unified category and brand.  An item is known by
 * the place of its name among all names, in the order of bytes.
 */
#include "affinity.h"
#include "assortment.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "order_lines.h"
#include "server/money.h"

#define LEVELS			3
#define BRAND_LEVEL		2
/* the queries */
enum
{
	QUERY_PURCHASES, QUERY_LINES, QUERY_ITEMS, QUERY_CATEGORIES, QUERY_PATHS, QUERIES
};

/* columns of the paths: what the rows of a category show beside it */
enum
{
	PATH_NAME, PATH_CATEGORY_ID, PATH_UNIFIED, PATH_COLUMNS
};

/* columns of the result; those of categories and of brands are alike */
enum
{
	RESULT_CUSTOMER, RESULT_AS_OF, RESULT_WINDOW, RESULT_LEVEL, RESULT_ITEM, RESULT_CATEGORY_ID, RESULT_UNIFIED, RESULT_BRAND,
	RESULT_OF_CATEGORY, RESULT_OF_BRAND = RESULT_OF_CATEGORY + 4, RESULT_PURCHASES = RESULT_OF_BRAND + 4, RESULT_RANK, RESULT_COLUMNS
};

/* columns of the purchases behind those that join lines */
enum
{
	PURCHASE_DAY = ORDER_KEYS, PURCHASE_TOTAL, PURCHASE_COLUMNS
};

PG_FUNCTION_INFO_V1(patternos__affinity_of_facts);

/* a name, and what the rows of the category with that path show beside it */
typedef struct ItemName
{
	Datum		name;
	Datum		unified;		/* 0 for none */
	int32		category_id;
	bool		has_category_id;
} ItemName;

/* what is the same for all customers */
typedef struct AffinityFacts
{
	OrderLines	input;
	Assortment *assortment;
	int32	   *places;			/* of words that name items */
	ItemName   *items;			/* at those places */
	Datum		levels[LEVELS]; /* their names */
	DateADT		as_of;
	int16		window_days;
} AffinityFacts;

/* a line's item of one level */
typedef struct ItemLine
{
	int64		amount;			/* ten-thousandths */
	int32		item;
	int32		order;			/* its number among the customer's */
	int32		day;
} ItemLine;

/* an item's sums */
typedef struct ItemSum
{
	int128		value;
	int64		score;			/* in ten-thousandths, as it is stored */
	int32		item;
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
add_item(const AffinityFacts *facts, Basket *basket, int level, int64 word, int64 amount, int32 day)
{
	ItemLine   *line = &basket->lines[level][basket->nlines[level]];

	if (word == NULL_VALUE)
		return;
	line->item = facts->places[word];
	line->amount = amount;
	line->order = basket->orders;
	line->day = day;
	basket->nlines[level]++;
}

/*
 * The basket of the customer at hand.
 */
static void
fill_basket(AffinityFacts *facts, Basket *basket)
{
	OrderLines *input = &facts->input;
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
			AssortmentItem item = assortment_item(facts->assortment, line[LINE_PLATFORM], line[LINE_ITEM], line[LINE_CATEGORY_ID]);

			add_item(facts, basket, 0, item.category, line[LINE_AMOUNT], purchase[PURCHASE_DAY]);
			add_item(facts, basket, 1, item.unified_category, line[LINE_AMOUNT], purchase[PURCHASE_DAY]);
			add_item(facts, basket, BRAND_LEVEL, item.brand, line[LINE_AMOUNT], purchase[PURCHASE_DAY]);
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
 * Finds the places of items, and what their rows show.
 */
static void
place_items(AffinityFacts *facts, const KeyedRows *paths, const Intern *words)
{
	bool	   *marks = palloc_extended((Size) intern_count(words) + 1, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	int32	   *ordered;
	int32		count;

	assortment_mark(facts->assortment, marks);
	count = keyed_place_words(words, marks, &facts->places, &ordered);
	facts->items = palloc_extended(sizeof(ItemName) * ((Size) count + 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int32 place = 0; place < count; place++)
		facts->items[place].name = word_text(words, ordered[place]);
	for (Size i = 0; i < paths->count; i++)
	{
		const int64 *path = keyed_row(paths, i);
		ItemName   *item = &facts->items[facts->places[path[PATH_NAME]]];

		item->has_category_id = path[PATH_CATEGORY_ID] != NULL_VALUE;
		item->category_id = item->has_category_id ? (int32) path[PATH_CATEGORY_ID] : 0;
		if (path[PATH_UNIFIED] != NULL_VALUE)
			item->unified = facts->items[facts->places[path[PATH_UNIFIED]]].name;
	}
}

/*
 * Reads the queries that an array names, into the current memory context.
 */
static void
read_facts(AffinityFacts *facts, ArrayType *array)
{
	Intern	   *words = intern_create(CurrentMemoryContext);
	Datum	   *queries;
	bool	   *nulls;
	int			count;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &queries, &nulls, &count);
	if (count != QUERIES || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there must be %d queries", QUERIES)));
	order_lines_read(&facts->input, TextDatumGetCString(queries[QUERY_PURCHASES]), PURCHASE_COLUMNS,
					 TextDatumGetCString(queries[QUERY_LINES]), words);
	facts->assortment = assortment_read(TextDatumGetCString(queries[QUERY_ITEMS]),
										TextDatumGetCString(queries[QUERY_CATEGORIES]), words);
	place_items(facts, keyed_rows_read(TextDatumGetCString(queries[QUERY_PATHS]), PATH_COLUMNS, words), words);
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

		values[RESULT_LEVEL] = facts->levels[level];
		nulls[RESULT_BRAND] = !is_brand;
		memset(&nulls[RESULT_OF_CATEGORY], is_brand, 4);
		memset(&nulls[RESULT_OF_BRAND], !is_brand, 4);
		for (int32 i = 0; i < items; i++)
		{
			const ItemName *item = &facts->items[sums[i].item];

			values[RESULT_ITEM] = values[RESULT_BRAND] = item->name;
			values[RESULT_CATEGORY_ID] = Int32GetDatum(item->category_id);
			nulls[RESULT_CATEGORY_ID] = level != 0 || !item->has_category_id;
			values[RESULT_UNIFIED] = level == 0 ? item->unified : item->name;
			nulls[RESULT_UNIFIED] = is_brand || values[RESULT_UNIFIED] == (Datum) 0;
			put_sums(&sums[i], facts->as_of, &values[is_brand ? RESULT_OF_BRAND : RESULT_OF_CATEGORY]);
			values[RESULT_RANK] = Int32GetDatum(i + 1);
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
}

/*
 * _affinity_of_facts(queries text[], as_of date, window_days smallint) returns
 * setof _affinity_customer
 *
 * The items of every customer in a query of the purchases of the window:
 * customer_key, time, id, day and total.  The other queries are lines:
 * customer_key, time, id, platform, item, category_id and amount; items and
 * categories: see assortment.h; and paths, the names of categories: name,
 * category_id and unified category.  A purchase without lines counts among all
 * purchases only.
 */
Datum
patternos__affinity_of_facts(PG_FUNCTION_ARGS)
{
	static const char *const levels[LEVELS] = {"category", "unified_category", "brand"};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	AffinityFacts facts = {0};
	MemoryContext context,
				previous;

	InitMaterializedSRF(fcinfo, 0);
	read_facts(&facts, PG_GETARG_ARRAYTYPE_P(0));
	facts.as_of = PG_GETARG_DATEADT(1);
	facts.window_days = PG_GETARG_INT16(2);
	for (int level = 0; level < LEVELS; level++)
		facts.levels[level] = CStringGetTextDatum(levels[level]);
	context = AllocSetContextCreate(CurrentMemoryContext, "patternos customer", ALLOCSET_DEFAULT_SIZES);
	previous = MemoryContextSwitchTo(context);
	while (order_lines_next(&facts.input))
	{
		Basket		basket;

		CHECK_FOR_INTERRUPTS();
		fill_basket(&facts, &basket);
		put_basket(result, &facts, keyed_row(facts.input.orders, facts.input.order.first)[ORDER_CUSTOMER], &basket);
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(previous);
	PG_RETURN_VOID();
}
