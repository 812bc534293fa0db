/*
 * sample_catalogue.c
 *		What the platforms of the sample data sell.
 */
#include "core/sample_catalogue.h"

#include <stdio.h>
#include <string.h>

#define FAVOURITE_KIND 0.5
#define FAVOURITE_BRAND 0.6

static const char *const sku_prefixes[SAMPLE_PLATFORMS] = {
	"SKU", "SWGSKU", "AMZSKU", "NYKSKU", "CHBSKU", "MMTSKU", "CARSKU"
};

/* entries of a list parted by '|'; an empty list has one, empty entry */
static int
list_length(const char *list)
{
	int			count = 1;

	for (; *list; list++)
		count += *list == '|';
	return count;
}

static int
kind_size(const ItemKind *kind)
{
	return list_length(kind->a) * list_length(kind->b) * list_length(kind->c);
}

/*
 * How many items a platform has.
 */
int
catalogue_size(SamplePlatform platform)
{
	const Catalogue *catalogue = &sample_catalogues[platform];
	int			size = 0;

	for (int i = 0; i < catalogue->count; i++)
		size += kind_size(&catalogue->kinds[i]);
	return size;
}

/* a price within the kind's range that grows with the size, which is the last list */
static int
item_price(SamplePlatform platform, const ItemKind *kind, const int choice[3])
{
	uint64_t	number = kind - sample_catalogues[platform].kinds;
	uint64_t	mix = random_mix((((platform * 100 + number) * 100 + choice[0]) * 100 +
								  choice[1]) * 100 + choice[2]);
	int			price = kind->low + (int) (mix % (uint64_t) (kind->high - kind->low + 1));
	int			size = kind->c[0] ? choice[2] : choice[1];

	if (platform == SAMPLE_ZEPTO || platform == SAMPLE_NYKAA || platform == SAMPLE_MAKEMYTRIP)
		price += price * size * 6 / 10;
	return price;
}

/*
 * CatalogueItem "number" (from 0, below catalogue_size) of a platform.
 */
CatalogueItem
catalogue_item(SamplePlatform platform, int number)
{
	const Catalogue *catalogue = &sample_catalogues[platform];
	int			rest = number;
	int			kind = 0;
	int			sizes;
	int			variants;
	CatalogueItem item;

	while (rest >= kind_size(&catalogue->kinds[kind]))
		rest -= kind_size(&catalogue->kinds[kind++]);
	item.kind = &catalogue->kinds[kind];
	sizes = list_length(item.kind->c);
	variants = list_length(item.kind->b);
	item.choice[2] = rest % sizes;
	item.choice[1] = rest / sizes % variants;
	item.choice[0] = rest / sizes / variants;
	item.price = item_price(platform, item.kind, item.choice);
	return item;
}

/*
 * An item that the person would choose: of a favourite kind and brand, or any.
 */
void
pick_item(Random *random, const Person *person, SamplePlatform platform, CatalogueItem *item)
{
	const Catalogue *catalogue = &sample_catalogues[platform];
	int			kind = random_zipf(random, catalogue->count);
	uint64_t	taste = random_mix(person->seed ^ (person->number * 8 + platform));

	if (random_chance(random, FAVOURITE_KIND))
		kind = (int) random_permuted(taste, kind, catalogue->count);
	item->kind = &catalogue->kinds[kind];
	item->choice[0] = random_below(random, list_length(item->kind->a));
	if (random_chance(random, FAVOURITE_BRAND))
		item->choice[0] = (int) (random_mix(taste + kind) % (uint64_t) list_length(item->kind->a));
	item->choice[1] = random_below(random, list_length(item->kind->b));
	item->choice[2] = random_below(random, list_length(item->kind->c));
	item->price = item_price(platform, item->kind, item->choice);
}

/*
 * The number of an item: what catalogue_item() makes it from.
 */
int
item_number(SamplePlatform platform, const CatalogueItem *item)
{
	int			number = (item->choice[0] * list_length(item->kind->b) + item->choice[1]) *
	list_length(item->kind->c) + item->choice[2];

	for (const ItemKind *kind = sample_catalogues[platform].kinds; kind < item->kind; kind++)
		number += kind_size(kind);
	return number;
}

/*
 * Entry "choice" of a list parted by '|'.
 */
void
write_choice(const char *list, int choice, char *result, int size)
{
	int			length;

	for (; choice > 0 && *list; list++)
		choice -= *list == '|';
	length = (int) strcspn(list, "|");
	if (length >= size)
		length = size - 1;
	memcpy(result, list, length);
	result[length] = '\0';
}

/*
 * The item's name as the platform writes it.
 */
void
write_item_name(const CatalogueItem *item, char result[ITEM_NAME_SIZE])
{
	const char *const lists[3] = {item->kind->a, item->kind->b, item->kind->c};
	int			used = 0;

	for (const char *p = item->kind->pattern; *p && used < ITEM_NAME_SIZE - 1; p++)
	{
		if (*p == '%')
		{
			int			list = *++p - 'a';

			write_choice(lists[list], item->choice[list], result + used, ITEM_NAME_SIZE - used);
			used += (int) strlen(result + used);
		}
		else
			result[used++] = *p;
	}
	result[used] = '\0';
}

/*
 * The id of an item in the platform's catalogue.
 */
void
write_sku_id(SamplePlatform platform, int number, char result[24])
{
	snprintf(result, 24, "%s%06d", sku_prefixes[platform], number);
}
