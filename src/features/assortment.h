/*
 * assortment.h
 *		What the lines of orders are of: categories and brands, by item.
 */
#ifndef PATTERNOS_ASSORTMENT_H
#define PATTERNOS_ASSORTMENT_H

#include "server/keyed_rows.h"

typedef struct Assortment Assortment;

/* what an item or a line is of, as words; NULL_VALUE for nothing */
typedef struct AssortmentItem
{
	int64		category;
	int64		unified_category;
	int64		brand;
} AssortmentItem;

/*
 * Reads an assortment into the current memory context, from a query of items
 * (platform, item, category's id, brand) and one of categories (id, category,
 * unified category).
 */
extern Assortment *assortment_read(const char *items, const char *categories, Intern *words);

/* The unified categories, as words: marks those that there are. */
extern void assortment_mark_unified(const Assortment *assortment, bool *marks);

/* Marks the words of all that items and categories are of. */
extern void assortment_mark(const Assortment *assortment, bool *marks);

/* What a line is of: the item's category, or else that with the line's id. */
extern AssortmentItem assortment_item(const Assortment *assortment, int64 platform, int64 item, int64 category_id);

#endif							/* PATTERNOS_ASSORTMENT_H */
