/*
 * landing_item.c
 *		The items of a batch's orders: distinct names, and what they make of an
 *		order.
 *
 * Names are numbered as they come; an order carries the numbers of its items.
 * After the steps have looked the names up, patternos._note_categories() gives
 * each number its category, from which patternos._main_category() tells an
 * order's.  Categories are numbered in the order of their names, so that the
 * smaller number wins a tie.
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
	int32	   *category;		/* by item, -1 = unknown; NULL before they were noted */
	uint32		category_count;
	char	  **category_names; /* in order */
};

/*
 * An empty list, in the batch's memory.
 */
ItemList *
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
	const char *end = text + VARSIZE_ANY_EXHDR(items);
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
	ItemList   *list = innermost_batch()->items;
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

/*
 * _main_category(integer[], bigint[]): the category with most of the values
 * of an order's lines; by number of lines when they are all 0.  One value
 * stands for an order's total, shared evenly over its lines.  NULL when no
 * item's category is known.
 */
Datum
patternos__main_category(PG_FUNCTION_ARGS)
{
	ItemList   *list = innermost_batch()->items;
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	ArrayType  *value_array = PG_GETARG_ARRAYTYPE_P(1);
	int			count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	int32	   *items = (int32 *) ARR_DATA_PTR(array);
	int			value_count = ArrayGetNItems(ARR_NDIM(value_array), ARR_DIMS(value_array));
	int64	   *line_values = (int64 *) ARR_DATA_PTR(value_array);
	bool		all_zero = true;
	int64	   *values;
	int			best = -1;

	if (list->category_count == 0 || array_contains_nulls(array) || array_contains_nulls(value_array) ||
		(value_count != 1 && value_count != count))
		PG_RETURN_NULL();
	for (int i = 0; i < value_count; i++)
		all_zero &= line_values[i] == 0;
	values = palloc0(list->category_count * sizeof(int64));
	for (int i = 0; i < count; i++)
	{
		int			category = item_category(list, items[i]);

		if (category < 0)
			continue;
		if (all_zero)
			values[category]++;
		else if (value_count == count)
			values[category] += line_values[i];
		else
			values[category] += line_values[0] / count + (i < line_values[0] % count);
	}
	for (int i = 0; i < count; i++)
	{
		int			category = item_category(list, items[i]);

		if (category >= 0 && (best < 0 || values[category] > values[best] ||
							  (values[category] == values[best] && category < best)))
			best = category;
	}
	pfree(values);
	if (best < 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(list->category_names[best]));
}
