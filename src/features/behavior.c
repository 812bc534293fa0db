/*
 * behavior.c
 *		Aggregates of a customer's events and purchases.
 *
 * The state is a journal with a row per hit: time, kind and device class, and
 * the words of platform, session and detail (search term or category).  All
 * work is done on the sorted hits at the end.
 */
#include "behavior.h"
#include "server/composite.h"
#include "server/money.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#define EVENT_COLUMNS		6
#define MAX_RULE_HOURS		8784	/* a year */
#define LATEST_END			INT64CONST(252455616000000000)	/* 10000-01-01 */

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
 * The parameters of rules, and their time zone's name. Error 22004 for a NULL
 * in them, 22023 for a duration out of range, 22008 for a date that is not
 * finite or after year 9999.
 */
text	   *
behavior_read_rules(HeapTupleHeader rules, TupleDesc type, int64 *parameters)
{
	Datum		values[RULE_COLUMNS];
	bool		nulls[RULE_COLUMNS];
	DateADT		as_of;
	text	   *zone;

	composite_deform(rules, type, values, nulls);
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
	zone = DatumGetTextPCopy(values[1]);
	parameters[RULE_END] =
		DatumGetTimestampTz(DirectFunctionCall2(timestamp_zone, PointerGetDatum(zone),
												TimestampGetDatum(as_of * USECS_PER_DAY)));
	parameters[RULE_GAP] = rule_duration(values[2], USECS_PER_MINUTE, MAX_RULE_HOURS * 60, "session gap in minutes");
	parameters[RULE_CAP] = rule_duration(values[3], USECS_PER_HOUR, MAX_RULE_HOURS, "session cap in hours");
	parameters[RULE_CART_TIMEOUT] = rule_duration(values[4], USECS_PER_HOUR, MAX_RULE_HOURS, "cart time-out in hours");
	parameters[RULE_ZONE] = (int64) hash_bytes((unsigned char *) VARDATA(zone), VARSIZE(zone) - VARHDRSZ);
	return zone;
}

/*
 * Reads the rules unless they are those of the row before.
 */
static void
cache_rules(StepCache *cache, HeapTupleHeader rules, MemoryContext context)
{
	Size		size = HeapTupleHeaderGetDatumLength(rules);
	MemoryContext caller;

	if (cache->rules_bytes && cache->rules_size == size && memcmp(cache->rules_bytes, rules, size) == 0)
		return;
	if (cache->rules == NULL)
		cache->rules = composite_type(rules, RULE_COLUMNS, context);
	if (cache->zone)
		pfree(cache->zone);
	caller = MemoryContextSwitchTo(context);
	cache->zone = behavior_read_rules(rules, cache->rules, cache->parameters);
	cache->rules_bytes = cache->rules_bytes ? repalloc(cache->rules_bytes, size) : palloc(size);
	MemoryContextSwitchTo(caller);
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
	DeviceClass device = DEVICE_UNKNOWN;

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
	if (!nulls[4])
	{
		name = DatumGetTextPP(values[4]);
		device = behavior_device(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	}
	numbers[HIT_WHAT] = HIT_PACK(kind, device);
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
	cache_rules(cache, PG_GETARG_HEAPTUPLEHEADER(2), fcinfo->flinfo->fn_mcxt);
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
 * The journal's hits by platform, session and time.
 */
static Hit *
journal_hits(const Journal *journal)
{
	Hit		   *hits = palloc_extended(sizeof(Hit) * ((Size) journal->count + 1), MCXT_ALLOC_HUGE);
	int32		size;
	const char *bytes = journal_bytes(journal, 0, &size);
	Datum		zone = PointerGetDatum(cstring_to_text_with_len(bytes, size));

	for (int32 i = 0; i < journal->count; i++)
	{
		const int64 *numbers = journal->numbers + (Size) i * HIT_NUMBERS;
		const int32 *words = journal->words + (Size) i * HIT_WORDS;

		CHECK_FOR_INTERRUPTS();
		hits[i].at = numbers[HIT_AT];
		hits[i].kind = HIT_KIND(numbers[HIT_WHAT]);
		hits[i].device = HIT_DEVICE(numbers[HIT_WHAT]);
		hits[i].platform = words[HIT_PLATFORM];
		hits[i].session = words[HIT_SESSION];
		hits[i].detail = words[HIT_DETAIL];
		hits[i].local = 0;
		if (behavior_is_purchase(hits[i].kind))
			hits[i].local = DatumGetTimestamp(DirectFunctionCall2(timestamptz_zone, zone,
																  TimestampTzGetDatum(hits[i].at)));
	}
	behavior_sort_hits(hits, journal->count);
	return hits;
}

/*
 * A row of features.
 */
static Datum
feature_row(TupleDesc type, Datum platform, const BehaviorSums *sums)
{
	Datum		values[BEHAVIOR_COLUMNS];
	bool		nulls[BEHAVIOR_COLUMNS];

	behavior_columns(platform, sums, values, nulls);
	return HeapTupleGetDatum(heap_form_tuple(type, values, nulls));
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
	behavior_sum_all(journal->parameters, journal_hits(journal), journal->count, &sums);
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
		end = behavior_platform_end(hits, journal->count, start);
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
	hits = journal_hits(journal);
	ranges = platform_ranges(journal, hits, &platforms);
	rows = palloc(sizeof(Datum) * (platforms + 1));
	for (int i = 0; i < platforms; i++)
	{
		const Hit  *first = hits + ranges[i].start;
		int			count = ranges[i].end - ranges[i].start;

		CHECK_FOR_INTERRUPTS();
		behavior_sum_platform(journal->parameters, first, count, &sums);
		rows[i] = feature_row(type, PointerGetDatum(cstring_to_text_with_len(ranges[i].name, ranges[i].size)), &sums);
	}
	behavior_sum_all(journal->parameters, hits, journal->count, &sums);
	rows[platforms] = feature_row(type, CStringGetTextDatum("ALL"), &sums);
	PG_RETURN_DATUM(array_of_rows(type, rows, platforms + 1));
}
