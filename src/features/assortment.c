/*
 * assortment.c
 *		What the lines of orders are of: categories and brands, by item.
 */
#include "assortment.h"

#include "common/hashfn.h"

/* columns of the queries */
enum
{
	ITEM_PLATFORM, ITEM_ITEM, ITEM_CATEGORY, ITEM_BRAND, ITEM_COLUMNS
};
enum
{
	CATEGORY_ID, CATEGORY_CATEGORY, CATEGORY_UNIFIED, CATEGORY_COLUMNS
};

/* words of platform and item, or a category's id */
typedef struct AssortmentEntry
{
	uint64		key;
	AssortmentItem item;
	char		status;
} AssortmentEntry;

#define SH_PREFIX assortment
#define SH_ELEMENT_TYPE AssortmentEntry
#define SH_KEY_TYPE uint64
#define SH_KEY key
#define SH_HASH_KEY(tb, key) ((uint32) murmurhash32((uint32) (key) ^ (uint32) ((key) >> 32) * 0x9e3779b1))
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

struct Assortment
{
	assortment_hash *items;
	assortment_hash *categories;
};

static const AssortmentItem nothing = {NULL_VALUE, NULL_VALUE, NULL_VALUE};

static inline uint64
item_key(int64 platform, int64 item)
{
	return (uint64) platform << 32 | (uint64) item;
}

/*
 * What a key stands for; nothing when it is unknown.
 */
static inline AssortmentItem
find(assortment_hash * table, uint64 key)
{
	AssortmentEntry *entry = assortment_lookup(table, key);

	return entry ? entry->item : nothing;
}

/*
 * Reads an assortment, see the header.
 */
Assortment *
assortment_read(const char *items, const char *categories, Intern *words)
{
	Assortment *assortment = palloc(sizeof(Assortment));
	KeyedRows  *rows = keyed_rows_read(categories, CATEGORY_COLUMNS, words);
	bool		found;

	assortment->categories = assortment_create(CurrentMemoryContext, rows->count, NULL);
	for (Size i = 0; i < rows->count; i++)
	{
		int64	   *row = keyed_row(rows, i);
		AssortmentEntry *entry = assortment_insert(assortment->categories, row[CATEGORY_ID], &found);

		entry->item.category = row[CATEGORY_CATEGORY];
		entry->item.unified_category = row[CATEGORY_UNIFIED];
		entry->item.brand = NULL_VALUE;
	}
	rows = keyed_rows_read(items, ITEM_COLUMNS, words);
	assortment->items = assortment_create(CurrentMemoryContext, rows->count, NULL);
	for (Size i = 0; i < rows->count; i++)
	{
		int64	   *row = keyed_row(rows, i);
		AssortmentEntry *entry = assortment_insert(assortment->items, item_key(row[ITEM_PLATFORM], row[ITEM_ITEM]), &found);

		entry->item = find(assortment->categories, row[ITEM_CATEGORY]);
		entry->item.brand = row[ITEM_BRAND];
	}
	return assortment;
}

/*
 * Marks the words of unified categories.
 */
void
assortment_mark_unified(const Assortment *assortment, bool *marks)
{
	assortment_iterator iterator;
	AssortmentEntry *entry;

	assortment_start_iterate(assortment->categories, &iterator);
	while ((entry = assortment_iterate(assortment->categories, &iterator)) != NULL)
	{
		if (entry->item.unified_category != NULL_VALUE)
			marks[entry->item.unified_category] = true;
	}
}

/*
 * Marks the words of an item.
 */
static void
mark_item(const AssortmentItem *item, bool *marks)
{
	if (item->category != NULL_VALUE)
		marks[item->category] = true;
	if (item->unified_category != NULL_VALUE)
		marks[item->unified_category] = true;
	if (item->brand != NULL_VALUE)
		marks[item->brand] = true;
}

/*
 * Marks the words of all that items and categories are of.
 */
void
assortment_mark(const Assortment *assortment, bool *marks)
{
	assortment_iterator iterator;
	AssortmentEntry *entry;

	assortment_start_iterate(assortment->categories, &iterator);
	while ((entry = assortment_iterate(assortment->categories, &iterator)) != NULL)
		mark_item(&entry->item, marks);
	assortment_start_iterate(assortment->items, &iterator);
	while ((entry = assortment_iterate(assortment->items, &iterator)) != NULL)
		mark_item(&entry->item, marks);
}

/*
 * What a line is of, see the header.
 */
AssortmentItem
assortment_item(const Assortment *assortment, int64 platform, int64 item, int64 category_id)
{
	AssortmentItem result = item == NULL_VALUE ? nothing : find(assortment->items, item_key(platform, item));

	if (result.category == NULL_VALUE && category_id != NULL_VALUE)
	{
		int64		brand = result.brand;

		result = find(assortment->categories, category_id);
		result.brand = brand;
	}
	return result;
}
