/*
 * landing_item.c
 *		The items of a batch's orders: distinct names, and what they make of an
 *		order.
 *
 * Names are numbered as they come; an order carries the numbers of its items.
 * After the steps have looked the names up, patternos._note_categories() gives
 * each number its category, from which patternos._main_category() tells an
 * order's.
 */
#include "landing.h"

#include "catalog/pg_type.h"
#include "core/items.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(patternos__note_categories);
PG_FUNCTION_INFO_V1(patternos__main_category);

struct ItemList
{
	MemoryContext context;
	Intern	   *names;
	int32	   *category;		/* by item, -1 = unknown */
	uint32		category_count;
	char	  **category_names; /* in order */
};

/*
 * An empty list, in the batch's memory.
 */
ItemList   *
item_list_create(LandingBatch *batch)
{
	ItemList   *list = MemoryContextAllocZero(batch->context, sizeof(ItemList));

	list->context = batch->context;
	list->names = intern_create(batch->context);
	batch->items = list;
	return list;
}

/*
 * The numbers of the items in a list of names, as integer[]; false when the
 * list is empty.
 */
bool
item_list_note(ItemList *list, const text *items, Datum *numbers)
{
	const char *text = VARDATA_ANY(items);
	const char *end = text +VARSIZE_ANY_EXHDR(items);
	char	   *name = palloc(VARSIZE_ANY_EXHDR(items) + 1);
	int			capacity = 8;
	int			count = 0;
	Datum	   *elements = palloc(capacity * sizeof(Datum));
	ItemPart	part;

	items_trim(&text, end, &end);
	while (items_next(&text, end, &part))
	{
		bool		is_new;
		size_t		size = items_copy(&part, name);

		if (count == capacity)
		{
			capacity *= 2;
			elements = repalloc(elements, capacity * sizeof(Datum));
		}
		elements[count++] = Int32GetDatum(intern_number(list->names, name, size, &is_new));
	}
	if (count == 0)
		return false;
	*numbers = PointerGetDatum(construct_array(elements, count, INT4OID, sizeof(int32), true, TYPALIGN_INT));
	return true;
}

/*
 * The number of one item's name.
 */
int
item_note(ItemList *list, const text *name)
{
	bool		is_new;

	return intern_number(list->names, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), &is_new);
}

/*
 * Registers "staged_item" (item, item_name).
 */
void
item_relation(LandingBatch *batch, ItemList *list)
{
	TupleDesc	desc = CreateTemplateTupleDesc(2);
	Tuplestorestate *rows = batch_tuplestore(batch);

	TupleDescInitEntry(desc, 1, "item", INT4OID, -1, 0);
	TupleDescInitEntry(desc, 2, "item_name", TEXTOID, -1, 0);
	for (uint32 i = 0; i < intern_count(list->names); i++)
	{
		size_t		size;
		const char *name = intern_value(list->names, i, &size);
		Datum		values[] = {Int32GetDatum(i), PointerGetDatum(cstring_to_text_with_len(name, size))};
		bool		nulls[] = {false, false};

		tuplestore_putvalues(rows, desc, values, nulls);
		CHECK_FOR_INTERRUPTS();
	}
	register_relation("staged_item", desc, rows, intern_count(list->names));
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/*
 * _note_categories(integer[], text[]): the unified category of each item of
 * the batch, NULL where it is unknown.
 */
Datum
patternos__note_categories(PG_FUNCTION_ARGS)
{
	ItemList   *list = batch_with_items()->items;
	ArrayType  *items = PG_GETARG_ARRAYTYPE_P(0);
	Datum	   *names;
	bool	   *nulls;
	int			count;
	uint32		item_count = intern_count(list->names);
	char	  **sorted;
	uint32		distinct = 0;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &count);
	if (count != ArrayGetNItems(ARR_NDIM(items), ARR_DIMS(items)) || array_contains_nulls(items))
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("arrays of items and categories do not belong together")));
	sorted = MemoryContextAlloc(list->context, Max(count, 1) * sizeof(char *));
	for (int i = 0; i < count; i++)
		if (!nulls[i])
			sorted[distinct++] = MemoryContextStrdup(list->context, TextDatumGetCString(names[i]));
	qsort(sorted, distinct, sizeof(char *), compare_names);
	list->category_count = 0;
	for (uint32 i = 0; i < distinct; i++)
		if (list->category_count == 0 || strcmp(sorted[list->category_count - 1], sorted[i]) != 0)
			sorted[list->category_count++] = sorted[i];
	list->category_names = sorted;
	list->category = MemoryContextAlloc(list->context, Max(item_count, 1) * sizeof(int32));
	memset(list->category, 0xff, item_count * sizeof(int32));
	for (int i = 0; i < count; i++)
	{
		uint32		item = ((int32 *) ARR_DATA_PTR(items))[i];
		char	   *name;
		char	  **found;

		if (nulls[i] || item >= item_count)
			continue;
		name = TextDatumGetCString(names[i]);
		found = bsearch(&name, sorted, list->category_count, sizeof(char *), compare_names);
		list->category[item] = found - sorted;
	}
	PG_RETURN_VOID();
}

/* The category of an item of the batch, -1 when it is unknown. */
static int
item_category(const ItemList *list, int32 item)
{
	return item >= 0 && item < intern_count(list->names) ? list->category[item] : -1;
}

/* Number of a category's name among the batch's, category_count when it is another. */
static uint32
category_number(const ItemList *list, const char *name)
{
	char	  **found = list->category_count == 0 ? NULL :
	bsearch(&name, list->category_names, list->category_count, sizeof(char *), compare_names);

	return found == NULL ? list->category_count : found - list->category_names;
}

/* Value of line i of count: its own, or its share of an order's total. */
static int64
line_value(const ArrayType *values, int i, int count)
{
	int			value_count = ArrayGetNItems(ARR_NDIM(values), ARR_DIMS(values));
	const int64 *value = (const int64 *) ARR_DATA_PTR(values);

	if (value_count == count)
		return value[i];
	return value[0] / count + (i < value[0] % count);
}

/*
 * _main_category(integer[], bigint[], text): the category with most of the
 * values of an order's lines; by number of lines when they are all 0, ties by
 * name.  One value stands for an order's total, shared evenly over its lines.
 * Items without a category count for the third argument; NULL when that is
 * NULL and no item's category is known.
 */
Datum
patternos__main_category(PG_FUNCTION_ARGS)
{
	ItemList   *list = batch_with_items()->items;
	ArrayType  *items = PG_ARGISNULL(0) ? construct_empty_array(INT4OID) : PG_GETARG_ARRAYTYPE_P(0);
	ArrayType  *line_values = PG_ARGISNULL(1) ? construct_empty_array(INT8OID) : PG_GETARG_ARRAYTYPE_P(1);
	char	   *fallback = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2));
	int			count = ArrayGetNItems(ARR_NDIM(items), ARR_DIMS(items));
	int			value_count = ArrayGetNItems(ARR_NDIM(line_values), ARR_DIMS(line_values));
	uint32		other = fallback == NULL ? PG_UINT32_MAX : category_number(list, fallback);
	int64	   *totals = palloc0((list->category_count + 1) * sizeof(int64));
	bool	   *present = palloc0((list->category_count + 1) * sizeof(bool));
	bool		all_zero = true;
	uint32		best = PG_UINT32_MAX;
	const char *best_name = fallback;

	if (value_count != count && value_count != 1)
		count = 0;
	for (int i = 0; i < count; i++)
		all_zero &= line_value(line_values, i, count) == 0;
	for (int i = 0; i < count; i++)
	{
		int			category = item_category(list, ((int32 *) ARR_DATA_PTR(items))[i]);
		uint32		number = category >= 0 ? category : other;

		if (number == PG_UINT32_MAX)
			continue;
		present[number] = true;
		totals[number] += all_zero ? 1 : line_value(line_values, i, count);
	}
	for (uint32 i = 0; i <= list->category_count; i++)
	{
		const char *name = i < list->category_count ? list->category_names[i] : fallback;

		if (!present[i])
			continue;
		if (best == PG_UINT32_MAX || totals[i] > totals[best] ||
			(totals[i] == totals[best] && strcmp(name, best_name) < 0))
		{
			best = i;
			best_name = name;
		}
	}
	if (best_name == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(best_name));
}
