/*
 * sample_catalogue.h
 *		What the platforms of the sample data sell.
 *
 * Pure C.  A platform's catalogue is the product of its kinds' lists: item n
 * is one choice of brand, variant and size of one kind.
 */
#ifndef PATTERNOS_SAMPLE_CATALOGUE_H
#define PATTERNOS_SAMPLE_CATALOGUE_H

#include "core/sample_person.h"

#define ITEM_NAME_SIZE 96
#define MOST_ITEMS 8

/* %a, %b and %c in the pattern stand for an entry of the lists, parted by '|' */
typedef struct ItemKind
{
	const char *pattern;
	const char *level_1;
	const char *level_2;
	const char *a;
	const char *b;
	const char *c;
	int			low;			/* price of the smallest size in rupees */
	int			high;
} ItemKind;

typedef struct Catalogue
{
	const ItemKind *kinds;
	int			count;
} Catalogue;

typedef struct CatalogueItem
{
	const ItemKind *kind;
	int			choice[3];
	int			price;			/* rupees */
} CatalogueItem;

extern const Catalogue sample_catalogues[SAMPLE_PLATFORMS];

extern int	catalogue_size(SamplePlatform platform);
extern CatalogueItem catalogue_item(SamplePlatform platform, int number);
extern int	item_number(SamplePlatform platform, const CatalogueItem *item);
extern void pick_item(Random *random, const Person *person, SamplePlatform platform, CatalogueItem *item);
extern void write_item_name(const CatalogueItem *item, char result[ITEM_NAME_SIZE]);
extern void write_choice(const char *list, int choice, char *result, int size);
extern void write_sku_id(SamplePlatform platform, int number, char result[24]);

#endif							/* PATTERNOS_SAMPLE_CATALOGUE_H */
