/*
 * cross_platform_facts.c
 *		How customers spread over platforms, from the facts, one after the
 *		other.
 *
 * The same as the aggregate cross_platform, without groups and joins of the
 * executor: purchases and lines come in two streams, each in the order of
 * customers.
 */
#include "assortment.h"
#include "cross_platform.h"

#include "miscadmin.h"
#include "utils/builtins.h"

#include "order_lines.h"

/* columns of the purchases behind those that join lines */
enum
{
	PURCHASE_PLATFORM = ORDER_KEYS, PURCHASE_DAY, PURCHASE_PAID, PURCHASE_TOTAL, PURCHASE_CATEGORY, PURCHASE_COLUMNS
};

PG_FUNCTION_INFO_V1(patternos__cross_platform_of_facts);

/* what is the same for all customers */
typedef struct CrossFacts
{
	OrderLines	input;
	Assortment *assortment;
	int32	   *platforms;		/* the place of a word among them */
	int32	   *categories;
	CrossPurchases purchases;
} CrossFacts;

/*
 * The places of marked words, and their names in that order; returns how many
 * there are.
 */
static int32
place_names(const Intern *words, const bool *marks, int32 **places, const CrossName **names)
{
	int32	   *ordered;
	int32		count = keyed_place_words(words, marks, places, &ordered);
	CrossName  *found = palloc(sizeof(CrossName) * (count + 1));

	for (int32 place = 0; place < count; place++)
	{
		size_t		size;

		found[place].bytes = intern_value(words, ordered[place], &size);
		found[place].size = (int32) size;
	}
	*names = found;
	return count;
}

/*
 * Finds the places of platforms and unified categories.
 */
static void
place_all(CrossFacts *facts)
{
	const Intern *words = facts->input.orders->words;
	bool	   *platforms = palloc0(intern_count(words) + 1);
	bool	   *categories = palloc0(intern_count(words) + 1);

	keyed_mark_words(facts->input.orders, PURCHASE_PLATFORM, platforms);
	keyed_mark_words(facts->input.orders, PURCHASE_CATEGORY, categories);
	assortment_mark_unified(facts->assortment, categories);
	facts->purchases.nplatforms = place_names(words, platforms, &facts->platforms, &facts->purchases.platforms);
	(void) place_names(words, categories, &facts->categories, &facts->purchases.categories);
}

/*
 * Notes what was bought; nothing for an unknown category.
 */
static void
add_category(CrossFacts *facts, int64 category, int32 platform)
{
	if (category != NULL_VALUE)
		facts->purchases.bought[facts->purchases.nbought++] =
			CROSS_BOUGHT(facts->categories[category], platform);
}

/*
 * Takes an order with its lines; without lines it is one itself.
 */
static void
add_order(CrossFacts *facts, const int64 *purchase)
{
	CrossOrder *order = &facts->purchases.orders[facts->purchases.norders++];
	KeyedRange	lines = order_lines_of(&facts->input, purchase);

	order->at = purchase[ORDER_AT];
	order->day = (DateADT) purchase[PURCHASE_DAY];
	order->platform = facts->platforms[purchase[PURCHASE_PLATFORM]];
	order->paid = purchase[PURCHASE_PAID] != 0;
	order->amount = lines.first == lines.end ? purchase[PURCHASE_TOTAL] : 0;
	if (!order->paid)
		return;
	if (lines.first == lines.end)
		add_category(facts, purchase[PURCHASE_CATEGORY], order->platform);
	for (Size i = lines.first; i < lines.end; i++)
	{
		const int64 *line = keyed_row(facts->input.lines, i);
		AssortmentItem item = assortment_item(facts->assortment, line[LINE_PLATFORM], line[LINE_ITEM], line[LINE_CATEGORY_ID]);

		order->amount += line[LINE_AMOUNT];
		add_category(facts, item.unified_category != NULL_VALUE ? item.unified_category : purchase[PURCHASE_CATEGORY],
					 order->platform);
	}
}

/*
 * Takes the orders of the customer at hand.
 */
static void
add_orders(CrossFacts *facts)
{
	const KeyedRange *range = &facts->input.order;
	Size		norders = range->end - range->first;
	Size		nlines = facts->input.line.end - facts->input.line.first;

	facts->purchases.orders = palloc_extended(sizeof(CrossOrder) * norders, MCXT_ALLOC_HUGE);
	facts->purchases.bought = palloc_extended(sizeof(uint64) * (norders + nlines), MCXT_ALLOC_HUGE);
	facts->purchases.norders = facts->purchases.nbought = 0;
	for (Size i = range->first; i < range->end; i++)
		add_order(facts, keyed_row(facts->input.orders, i));
}

/*
 * _cross_platform_of_facts(purchases text, lines text, items text, categories
 * text, as_of date) returns setof _cross_platform_customer
 *
 * The features of every customer in a query of purchases before the date:
 * customer_key, time, id, platform, day, whether it is a purchase (else mere
 * use), total and category; lines: customer_key, time, id, platform, item,
 * category_id and amount; items and categories: see assortment.h.
 */
Datum
patternos__cross_platform_of_facts(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Intern	   *words = intern_create(CurrentMemoryContext);
	CrossFacts	facts;
	MemoryContext context,
				previous;
	Datum		values[1 + CROSS_COLUMNS];
	bool		nulls[1 + CROSS_COLUMNS] = {false};

	InitMaterializedSRF(fcinfo, 0);
	order_lines_read(&facts.input, text_to_cstring(PG_GETARG_TEXT_PP(0)), PURCHASE_COLUMNS,
					 text_to_cstring(PG_GETARG_TEXT_PP(1)), words);
	facts.assortment = assortment_read(text_to_cstring(PG_GETARG_TEXT_PP(2)),
									   text_to_cstring(PG_GETARG_TEXT_PP(3)), words);
	facts.purchases.as_of = PG_GETARG_DATEADT(4);
	place_all(&facts);
	context = AllocSetContextCreate(CurrentMemoryContext, "patternos customer", ALLOCSET_DEFAULT_SIZES);
	previous = MemoryContextSwitchTo(context);
	while (order_lines_next(&facts.input))
	{
		CHECK_FOR_INTERRUPTS();
		add_orders(&facts);
		values[0] = Int64GetDatum(keyed_row(facts.input.orders, facts.input.order.first)[ORDER_CUSTOMER]);
		cross_platform_columns(&facts.purchases, values + 1, nulls + 1);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(previous);
	PG_RETURN_VOID();
}
