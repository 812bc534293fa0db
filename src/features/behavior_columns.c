/*
 * behavior_columns.c
 *		Classes of devices, and the columns of features from the sums.
 */
#include "behavior.h"

#include "utils/date.h"
#include "utils/timestamp.h"

#include "server/money.h"

#define MIN_PURCHASES		3	/* for a preferred hour */
#define LONGEST_DEVICE		16	/* bytes of a known device's name */

typedef struct DeviceName
{
	const char *name;
	DeviceClass device;
} DeviceName;

/* sorted by name */
static const DeviceName device_names[] = {
	{"android", DEVICE_MOBILE}, {"android app", DEVICE_MOBILE},
	{"app", DEVICE_MOBILE}, {"computer", DEVICE_DESKTOP},
	{"desktop", DEVICE_DESKTOP}, {"ios", DEVICE_MOBILE},
	{"ios app", DEVICE_MOBILE}, {"iphone", DEVICE_MOBILE},
	{"laptop", DEVICE_DESKTOP}, {"mobile", DEVICE_MOBILE},
	{"mobile app", DEVICE_MOBILE}, {"mobile web", DEVICE_MOBILE},
	{"pc", DEVICE_DESKTOP}, {"phone", DEVICE_MOBILE},
	{"smartphone", DEVICE_MOBILE}
};

static int
compare_device_names(const void *key, const void *entry)
{
	return strcmp(key, ((const DeviceName *) entry)->name);
}

/*
 * The class of a device's name: unknown for an empty one.
 */
DeviceClass
behavior_device(const char *name, int size)
{
	char		key[LONGEST_DEVICE + 1];
	const DeviceName *found;

	if (size == 0)
		return DEVICE_UNKNOWN;
	if (size > LONGEST_DEVICE)
		return DEVICE_OTHER;
	for (int i = 0; i < size; i++)
		key[i] = pg_ascii_tolower(name[i]);
	key[size] = '\0';
	found = bsearch(key, device_names, lengthof(device_names), sizeof(DeviceName), compare_device_names);
	return found ? found->device : DEVICE_OTHER;
}

/*
 * A share as a column, NULL of nothing.
 */
static void
put_share(Datum *value, bool *isnull, int32 part, int32 whole)
{
	*isnull = whole == 0;
	if (!*isnull)
		*value = rounded_numeric((double) part / whole, 4);
}

/*
 * The columns that come from purchases.
 */
static void
put_purchases(const BehaviorSums *sums, Datum *values, bool *nulls)
{
	int			preferred = 0;

	for (int hour = 1; hour < 24; hour++)
		if (sums->hours[hour] > sums->hours[preferred])
			preferred = hour;
	values[15] = Int16GetDatum(preferred);
	nulls[15] = sums->purchases < MIN_PURCHASES;
	put_share(&values[16], &nulls[16], sums->weekend, sums->purchases);
	put_share(&values[17], &nulls[17], sums->night, sums->purchases);
	values[18] = BoolGetDatum(2 * sums->night >= sums->purchases);
	nulls[18] = sums->purchases == 0;
}

/*
 * The columns of features, in the order of type behavior_features.
 */
void
behavior_columns(Datum platform, const BehaviorSums *sums, Datum *values, bool *nulls)
{
	int32		searches = sums->counts[EVENT_SEARCH];
	int32		views = sums->counts[EVENT_PAGE_VIEW];

	memset(nulls, 0, sizeof(bool) * BEHAVIOR_COLUMNS);
	values[0] = platform;
	values[1] = Int32GetDatum(sums->sessions);
	nulls[2] = nulls[4] = sums->sessions == 0;
	if (sums->sessions > 0)
	{
		values[2] = rounded_numeric((double) sums->duration / USECS_PER_SEC / sums->sessions, 2);
		values[4] = rounded_numeric((double) views / sums->sessions, 2);
	}
	values[3] = Int32GetDatum(views);
	values[5] = Int32GetDatum(searches);
	values[6] = Int32GetDatum(sums->search_terms);
	put_share(&values[7], &nulls[7], sums->purchases, searches);
	put_share(&values[8], &nulls[8], sums->searches_converted,
			  sums->searches_converted + sums->searches_failed);
	values[9] = Int32GetDatum(sums->counts[EVENT_ADD_TO_CART]);
	values[10] = Int32GetDatum(sums->counts[EVENT_REMOVE_FROM_CART]);
	values[11] = Int32GetDatum(sums->carts_abandoned);
	put_share(&values[12], &nulls[12], sums->carts_abandoned,
			  sums->carts_abandoned + sums->carts_converted);
	values[13] = Int32GetDatum(sums->counts[EVENT_WISHLIST_ADD]);
	values[14] = Int32GetDatum(sums->counts[EVENT_PRODUCT_VIEW]);
	put_purchases(sums, values, nulls);
	nulls[19] = sums->exploration < 0;
	if (!nulls[19])
		values[19] = rounded_numeric(sums->exploration, 4);
	put_share(&values[20], &nulls[20], sums->mobile_sessions, sums->device_sessions);
	put_share(&values[21], &nulls[21], sums->desktop_sessions, sums->device_sessions);
	values[22] = TimestampTzGetDatum(sums->last_event_at);
	nulls[22] = sums->sessions == 0;
}
