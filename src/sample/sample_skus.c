/*
 * sample_skus.c
 *		Catalogues of the sample data, in the columns of landing_sku.
 */
#include "sample.h"

#include "utils/builtins.h"

#define LAST_UPDATED 9443		/* 2025-11-08 */

static const char *const regions[] = {
	"Maharashtra", "Karnataka", "Delhi", "Tamil Nadu", "Telangana", "Gujarat", "West Bengal", "Rajasthan"
};
static const char *const availabilities[] = {"In Stock", "In Stock", "In Stock", "Out of Stock", "Seasonal"};

static void
write_day(SampleRow *row, int day)
{
	int			year;
	int			month;
	int			day_of_month;

	date_of_day(day, &year, &month, &day_of_month);
	sample_format(row, "%04d-%02d-%02d", year, month, day_of_month);
}

/* sets the next column to an amount given in hundredths */
static void
write_hundredths(SampleRow *row, int64 amount)
{
	sample_format(row, INT64_FORMAT ".%02d", amount / 100, (int) (amount % 100));
}

/* sets the next column to the unit that a size is given in */
static void
write_unit(SampleRow *row, const char *size)
{
	int			length = strlen(size);

	if (strncmp(size, "Pack", 4) == 0)
		sample_text(row, "Pack");
	else if (length > 2 && strcmp(size + length - 2, "ml") == 0)
		sample_text(row, "ml");
	else if (length > 2 && strcmp(size + length - 2, "kg") == 0)
		sample_text(row, "kg");
	else if (length > 1 && size[length - 1] == 'L')
		sample_text(row, "L");
	else if (length > 1 && size[length - 1] == 'g' && size[length - 2] >= '0' && size[length - 2] <= '9')
		sample_text(row, "g");
	else
		sample_text(row, "piece");
}

/* who makes an item; empty for dishes, tickets and rides */
static void
find_brand(SamplePlatform platform, const CatalogueItem *item, char *result, int size)
{
	const char *pattern = item->kind->pattern;

	result[0] = '\0';
	if (platform == SAMPLE_CHUMBAK || platform == SAMPLE_CARWALE)
		snprintf(result, size, "%.*s", (int) (strchr(pattern, '%') - 1 - pattern), pattern);
	else if (platform != SAMPLE_SWIGGY &&
			 (platform != SAMPLE_MAKEMYTRIP || strcmp(item->kind->level_2, "Hotel") == 0))
		write_choice(item->kind->a, item->choice[0], result, size);
}

static void
write_description(SampleRow *row, SamplePlatform platform, const CatalogueItem *item)
{
	const ItemKind *kind = item->kind;
	int			last = kind->c[0] ? 2 : 1;
	char		name[ITEM_NAME_SIZE];
	char		brand[ITEM_NAME_SIZE];
	char		size[ITEM_NAME_SIZE];

	write_item_name(item, name);
	find_brand(platform, item, brand, sizeof(brand));
	write_choice(last == 2 ? kind->c : kind->b, item->choice[last], size, sizeof(size));
	sample_text(row, name);
	sample_text_or_null(row, brand);
	if (brand[0])
		sample_format(row, "%s Pvt Ltd", brand);
	else
		sample_null(row);
	sample_text(row, kind->level_1);
	sample_text(row, kind->level_2);
	sample_text(row, kind->level_2);
	sample_format(row, "%s, bought by many.", name);
	sample_text(row, size);
	write_unit(row, size);
}

static void
write_sku(SampleRow *row, SamplePlatform platform, int number, uint64 seed)
{
	CatalogueItem item = catalogue_item(platform, number);
	int64		selling = item.price * INT64CONST(100);
	int			third = (item.kind->high - item.kind->low) / 3;
	int			discount;
	int			units;
	char		sku[24];
	Random		random;

	random_start(&random, seed, STREAM_SKUS, (uint64) platform * 1000003 + number);
	discount = random_between(&random, 0, 2000);	/* hundredths of a percent */
	units = random_between(&random, 20, 5000);
	write_sku_id(platform, number, sku);
	sample_text(row, sku);
	write_description(row, platform, &item);
	write_hundredths(row, selling * 10000 / (10000 - discount));
	write_hundredths(row, selling);
	sample_text(row, item.price < item.kind->low + third ? "Low" :
				item.price < item.kind->low + 2 * third ? "Medium" : "High");
	sample_text(row, availabilities[random_below(&random, lengthof(availabilities))]);
	sample_format(row, "%d.%d", random_between(&random, 3, 4), random_between(&random, 0, 9));
	sample_format(row, "%d", random_between(&random, 0, 4999));
	write_day(row, random_between(&random, 8401, 9300));
	write_hundredths(row, discount);
	sample_text(row, random_chance(&random, 0.5) ? "True" : "False");
	sample_text(row, random_chance(&random, 0.5) ? "True" : "False");
	sample_format(row, "%d", units);
	write_hundredths(row, selling * units);
	write_hundredths(row, random_between(&random, 300, 3000));
	sample_text(row, regions[random_below(&random, lengthof(regions))]);
	write_day(row, LAST_UPDATED);
	sample_emit(row);
}

/*
 * n different items of a platform's catalogue, chosen by the seed, all text,
 * in the columns of landing_sku: (platform, n, seed).  n beyond the catalogue
 * gives all of it.
 */
PG_FUNCTION_INFO_V1(patternos_sample_skus);
Datum
patternos_sample_skus(PG_FUNCTION_ARGS)
{
	SamplePlatform platform = sample_check_platform(PG_GETARG_TEXT_PP(0));
	int32		n = PG_GETARG_INT32(1);
	uint64		seed = (uint64) PG_GETARG_INT64(2);
	int			size = catalogue_size(platform);
	SampleRow	row;

	if (n < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of items is negative"),
				 errhint("Give 0 or more; no more items are returned than the catalogue has.")));
	sample_start(&row, fcinfo);
	for (int i = 0; i < n && i < size; i++)
		write_sku(&row, platform, (int) random_permuted(random_mix(seed), i, size), seed);
	return (Datum) 0;
}
