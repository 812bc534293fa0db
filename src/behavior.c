/*
 * behavior.c
 *		Aggregates of a customer's events and purchases.
 *
 * The state is a journal with a row per hit: time, kind and device class, and
 * the words of platform, session and detail (search term or category).  All
 * work is done on the sorted hits at the end.
 */
#include "behavior.h"
#include "composite.h"
#include "money.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#define EVENT_COLUMNS		6
#define RULE_COLUMNS		5
#define FEATURE_COLUMNS		23
#define MAX_RULE_HOURS		8784	/* a year */
#define LATEST_END			INT64CONST(252455616000000000)	/* 10000-01-01 */
#define MIN_PURCHASES		3	/* for a preferred hour */
#define LONGEST_DEVICE		16	/* bytes of a known device's name */

PG_FUNCTION_INFO_V1(patternos__behavior_step);
PG_FUNCTION_INFO_V1(patternos__behavior_final);
PG_FUNCTION_INFO_V1(patternos__behavior_by_platform_final);

/* what a call site of the transition keeps between rows */
typedef struct StepCache
{
	TupleDesc	events;
	TupleDesc	rules;
	Size		rules_size;
	char	   *rules_bytes;	/* the rules last read */
	int64		parameters[JOURNAL_PARAMETERS];
	text	   *zone;
} StepCache;

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
 * The class of a device's name: unknown for NULL and empty.
 */
static DeviceClass
device_class(Datum name, bool isnull)
{
	char		key[LONGEST_DEVICE + 1];
	text	   *value;
	int			size;
	const DeviceName *found;

	if (isnull)
		return DEVICE_UNKNOWN;
	value = DatumGetTextPP(name);
	size = VARSIZE_ANY_EXHDR(value);
	if (size == 0)
		return DEVICE_UNKNOWN;
	if (size > LONGEST_DEVICE)
		return DEVICE_OTHER;
	for (int i = 0; i < size; i++)
		key[i] = pg_ascii_tolower(VARDATA_ANY(value)[i]);
	key[size] = '\0';
	found = bsearch(key, device_names, lengthof(device_names), sizeof(DeviceName), compare_device_names);
	return found ? found->device : DEVICE_OTHER;
}

/*
 * A duration of the rules in microseconds; error 22023 out of range.
 */
static int64
rule_duration(Datum value, int64 unit, int64 limit, const char *name)
{
	int32		number = DatumGetInt32(value);

	if (number < 1 || number > limit)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be between 1 and %lld", name, (long long) limit)));
	return number * unit;
}

/*
 * Reads the rules unless they are those of the row before. Error 22004 for a
 * NULL in them, 22023 for a duration out of range, 22008 for a date that is
 * not finite or after year 9999.
 */
static void
read_rules(StepCache *cache, HeapTupleHeader rules, MemoryContext context)
{
	Datum		values[RULE_COLUMNS];
	bool		nulls[RULE_COLUMNS];
	Size		size = HeapTupleHeaderGetDatumLength(rules);
	MemoryContext caller;
	DateADT		as_of;

	if (cache->rules_bytes && cache->rules_size == size && memcmp(cache->rules_bytes, rules, size) == 0)
		return;
	if (cache->rules == NULL)
		cache->rules = composite_type(rules, RULE_COLUMNS, context);
	composite_deform(rules, cache->rules, values, nulls);
	for (int i = 0; i < RULE_COLUMNS; i++)
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("rules of behavior must not contain NULL")));
	as_of = DatumGetDateADT(values[0]);
	if (DATE_NOT_FINITE(as_of) || as_of >= LATEST_END / USECS_PER_DAY)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("reference date is out of range")));
	if (cache->zone)
		pfree(cache->zone);
	caller = MemoryContextSwitchTo(context);
	cache->zone = DatumGetTextPCopy(values[1]);
	MemoryContextSwitchTo(caller);
	cache->parameters[RULE_END] =
		DatumGetTimestampTz(DirectFunctionCall2(timestamp_zone, PointerGetDatum(cache->zone),
												TimestampGetDatum(as_of * USECS_PER_DAY)));
	cache->parameters[RULE_GAP] = rule_duration(values[2], USECS_PER_MINUTE, MAX_RULE_HOURS * 60, "session gap in minutes");
	cache->parameters[RULE_CAP] = rule_duration(values[3], USECS_PER_HOUR, MAX_RULE_HOURS, "session cap in hours");
	cache->parameters[RULE_CART_TIMEOUT] = rule_duration(values[4], USECS_PER_HOUR, MAX_RULE_HOURS, "cart time-out in hours");
	cache->parameters[RULE_ZONE] = (int64) hash_bytes((unsigned char *) VARDATA(cache->zone),
													  VARSIZE(cache->zone) - VARHDRSZ);
	cache->rules_bytes = cache->rules_bytes ? repalloc(cache->rules_bytes, size) : MemoryContextAlloc(context, size);
	memcpy(cache->rules_bytes, rules, size);
	cache->rules_size = size;
}

/*
 * The word of a text; none for NULL and empty.
 */
static int32
word_or_none(Journal *journal, Datum value, bool isnull)
{
	return journal_varlena(journal, value, isnull || VARSIZE_ANY_EXHDR(DatumGetTextPP(value)) == 0);
}

/*
 * Takes an event into the journal unless it is at the reference date or
 * later, or has no time.
 */
static void
add_event(Journal *journal, const StepCache *cache, const Datum *values, const bool *nulls)
{
	int64		numbers[HIT_NUMBERS];
	int32		words[HIT_WORDS];
	text	   *name;
	EventKind	kind = EVENT_OTHER;

	if (nulls[2])
		return;
	numbers[HIT_AT] = DatumGetTimestampTz(values[2]);
	if (TIMESTAMP_NOT_FINITE(numbers[HIT_AT]))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("times of events must be finite")));
	if (numbers[HIT_AT] >= cache->parameters[RULE_END])
		return;
	if (!nulls[1])
	{
		name = DatumGetTextPP(values[1]);
		kind = event_kind(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	}
	numbers[HIT_WHAT] = HIT_PACK(kind, device_class(values[4], nulls[4]));
	words[HIT_PLATFORM] = word_or_none(journal, values[0], nulls[0]);
	words[HIT_SESSION] = word_or_none(journal, values[3], nulls[3]);
	words[HIT_DETAIL] = NO_WORD;
	/* other kinds' details are of no use */
	if (kind == EVENT_SEARCH || kind == EVENT_PRODUCT_VIEW || kind == EVENT_CATEGORY_VIEW)
		words[HIT_DETAIL] = word_or_none(journal, values[5], nulls[5]);
	journal_add(journal, numbers, words);
}

/*
 * Transition: an event under the rules. A NULL event or rules are skipped.
 */
Datum
patternos__behavior_step(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	Journal    *journal = PG_ARGISNULL(0) ? NULL : (Journal *) PG_GETARG_POINTER(0);
	StepCache  *cache = fcinfo->flinfo->fn_extra;
	HeapTupleHeader event;
	Datum		values[EVENT_COLUMNS];
	bool		nulls[EVENT_COLUMNS];

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
	{
		if (journal == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(journal);
	}
	event = PG_GETARG_HEAPTUPLEHEADER(1);
	if (cache == NULL)
	{
		cache = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(StepCache));
		cache->events = composite_type(event, EVENT_COLUMNS, fcinfo->flinfo->fn_mcxt);
		fcinfo->flinfo->fn_extra = cache;
	}
	read_rules(cache, PG_GETARG_HEAPTUPLEHEADER(2), fcinfo->flinfo->fn_mcxt);
	if (journal == NULL)
	{
		journal = journal_create(context, HIT_NUMBERS, HIT_WORDS, cache->parameters);
		journal_word(journal, VARDATA(cache->zone), VARSIZE(cache->zone) - VARHDRSZ);
	}
	else
		journal_check(journal, cache->parameters);
	composite_deform(event, cache->events, values, nulls);
	add_event(journal, cache, values, nulls);
	PG_RETURN_POINTER(journal);
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
 * A row of features, in the order of type behavior_features.
 */
static Datum
feature_row(TupleDesc type, Datum platform, const BehaviorSums *sums)
{
	Datum		values[FEATURE_COLUMNS] = {0};
	bool		nulls[FEATURE_COLUMNS] = {false};
	int32		searches = sums->counts[EVENT_SEARCH];
	int32		views = sums->counts[EVENT_PAGE_VIEW];

	values[0] = platform;
	nulls[0] = platform == (Datum) 0;
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
	return HeapTupleGetDatum(heap_form_tuple(type, values, nulls));
}

/*
 * The last hit plus one of the platform that begins at start.
 */
static int
platform_end(const Hit *hits, int count, int start)
{
	int			end = start + 1;

	while (end < count && hits[end].platform == hits[start].platform)
		end++;
	return end;
}

/*
 * Sums over all platforms: sessions stay within their platform.
 */
static void
sum_all(const Journal *journal, const Hit *hits, BehaviorSums *sums)
{
	memset(sums, 0, sizeof(BehaviorSums));
	sums->last_event_at = DT_NOBEGIN;
	for (int start = 0, end; start < journal->count; start = end)
	{
		end = platform_end(hits, journal->count, start);
		behavior_sessions(journal, hits + start, end - start, sums);
	}
	behavior_purchases(hits, journal->count, true, sums);
	behavior_details(hits, journal->count, sums);
}

/*
 * Final of behavior(): one row over all platforms; NULL without hits.
 */
Datum
patternos__behavior_final(PG_FUNCTION_ARGS)
{
	Journal    *journal;
	BehaviorSums sums;

	(void) aggregate_context(fcinfo);
	journal = PG_ARGISNULL(0) ? NULL : (Journal *) PG_GETARG_POINTER(0);
	if (journal == NULL || journal->count == 0)
		PG_RETURN_NULL();
	sum_all(journal, behavior_hits(journal), &sums);
	PG_RETURN_DATUM(feature_row(result_row_type(fcinfo), CStringGetTextDatum("ALL"), &sums));
}

typedef struct PlatformRange
{
	int			start;
	int			end;
	const char *name;
	int32		size;			/* of the name */
} PlatformRange;

static int
compare_ranges(const void *a, const void *b)
{
	const PlatformRange *x = a;
	const PlatformRange *y = b;
	int			order = memcmp(x->name, y->name, Min(x->size, y->size));

	return order != 0 ? order : x->size - y->size;
}

/*
 * The hits' platforms by name; palloc'd.
 */
static PlatformRange *
platform_ranges(const Journal *journal, const Hit *hits, int *platforms)
{
	PlatformRange *ranges = palloc(sizeof(PlatformRange) * (journal->nentries + 1));
	int			used = 0;

	for (int start = 0, end; start < journal->count; start = end)
	{
		end = platform_end(hits, journal->count, start);
		if (hits[start].platform == NO_WORD)
			continue;
		ranges[used].start = start;
		ranges[used].end = end;
		ranges[used].name = journal_bytes(journal, hits[start].platform, &ranges[used].size);
		used++;
	}
	qsort(ranges, used, sizeof(PlatformRange), compare_ranges);
	*platforms = used;
	return ranges;
}

/*
 * Final of behavior_by_platform(): a row for each platform by name, then one
 * over all; NULL without hits. Hits without a platform count in the last only.
 */
Datum
patternos__behavior_by_platform_final(PG_FUNCTION_ARGS)
{
	Journal    *journal;
	TupleDesc	type;
	BehaviorSums sums;
	Hit		   *hits;
	PlatformRange *ranges;
	Datum	   *rows;
	int			platforms;

	(void) aggregate_context(fcinfo);
	journal = PG_ARGISNULL(0) ? NULL : (Journal *) PG_GETARG_POINTER(0);
	if (journal == NULL || journal->count == 0)
		PG_RETURN_NULL();
	type = result_row_type(fcinfo);
	hits = behavior_hits(journal);
	ranges = platform_ranges(journal, hits, &platforms);
	rows = palloc(sizeof(Datum) * (platforms + 1));
	for (int i = 0; i < platforms; i++)
	{
		const Hit  *first = hits + ranges[i].start;
		int			count = ranges[i].end - ranges[i].start;

		CHECK_FOR_INTERRUPTS();
		memset(&sums, 0, sizeof(sums));
		sums.last_event_at = DT_NOBEGIN;
		behavior_sessions(journal, first, count, &sums);
		behavior_purchases(first, count, false, &sums);
		behavior_details(first, count, &sums);
		rows[i] = feature_row(type, PointerGetDatum(cstring_to_text_with_len(ranges[i].name, ranges[i].size)), &sums);
	}
	sum_all(journal, hits, &sums);
	rows[platforms] = feature_row(type, CStringGetTextDatum("ALL"), &sums);
	PG_RETURN_DATUM(array_of_rows(type, rows, platforms + 1));
}
