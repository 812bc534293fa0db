/*
 * behavior_facts.c
 *		Behaviour of customers from the facts, one after the other.
 *
 * The same as the aggregate behavior_by_platform, without groups and
 * composites of the executor: events and purchases come in two streams, each
 * in the order of customers.
 */
#include "activity.h"
#include "server/composite.h"
#include "server/keyed_rows.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#define OFFSET_DAYS		4096	/* power of two */

/* columns of the queries */
enum
{
	EVENT_CUSTOMER, EVENT_AT, EVENT_PLATFORM, EVENT_NAME, EVENT_SESSION, EVENT_DEVICE, EVENT_TERM, EVENT_CATEGORY, EVENT_COLUMNS
};
enum
{
	PURCHASE_CUSTOMER, PURCHASE_AT, PURCHASE_PLATFORM, PURCHASE_ON_PLATFORM, PURCHASE_ON_ALL, PURCHASE_COLUMNS
};

PG_FUNCTION_INFO_V1(patternos__behavior_of_facts);

/* a day of universal time and how far the local time is from it */
typedef struct DayOffset
{
	int64		day;
	int64		offset;			/* microseconds */
	bool		constant;		/* all day long */
} DayOffset;

/* what is the same for all customers */
typedef struct BehaviorFacts
{
	KeyedRows  *events;
	KeyedRows  *purchases;
	KeyedRange	event;			/* those of the customer */
	KeyedRange	purchase;
	int64		rules[JOURNAL_PARAMETERS];
	int64		since[ACTIVITY_WINDOWS];	/* when windows begin */
	Datum		zone;
	DayOffset  *offsets;
	EventKind  *kinds;			/* of words that name events */
	DeviceClass *devices;		/* of words that name devices */
	int32	   *places;			/* of words that name platforms */
	Datum	   *platforms;		/* names at those places */
} BehaviorFacts;

/*
 * The local time less the universal time.
 */
static int64
zone_offset(const BehaviorFacts *facts, TimestampTz at)
{
	return DatumGetTimestamp(DirectFunctionCall2(timestamptz_zone, facts->zone, TimestampTzGetDatum(at))) - at;
}

/*
 * The local time of a moment; most days are looked up once.
 */
static Timestamp
local_time(const BehaviorFacts *facts, TimestampTz at)
{
	int64		day = at / USECS_PER_DAY - (at % USECS_PER_DAY < 0);
	DayOffset  *offset = &facts->offsets[day & (OFFSET_DAYS - 1)];

	if (offset->day != day)
	{
		offset->day = day;
		offset->offset = zone_offset(facts, day * USECS_PER_DAY);
		offset->constant = offset->offset == zone_offset(facts, (day + 1) * USECS_PER_DAY);
	}
	return at + (offset->constant ? offset->offset : zone_offset(facts, at));
}

/*
 * An event as hit.
 */
static void
set_event(const BehaviorFacts *facts, const int64 *event, Hit *hit)
{
	hit->at = event[EVENT_AT];
	hit->local = 0;
	hit->platform = facts->places[event[EVENT_PLATFORM]];
	hit->session = event[EVENT_SESSION] == NULL_VALUE ? NO_WORD : (int32) event[EVENT_SESSION];
	hit->kind = facts->kinds[event[EVENT_NAME]];

	/*
	 * purchases come from the transactions, the click stream's are mere
	 * activity
	 */
	if (behavior_is_purchase(hit->kind))
		hit->kind = EVENT_OTHER;
	hit->device = event[EVENT_DEVICE] == NULL_VALUE ? DEVICE_UNKNOWN : facts->devices[event[EVENT_DEVICE]];
	hit->detail = NO_WORD;
	if (hit->kind == EVENT_SEARCH && event[EVENT_TERM] != NULL_VALUE)
		hit->detail = (int32) event[EVENT_TERM];
	if ((hit->kind == EVENT_PRODUCT_VIEW || hit->kind == EVENT_CATEGORY_VIEW) && event[EVENT_CATEGORY] != NULL_VALUE)
		hit->detail = (int32) event[EVENT_CATEGORY];
}

/*
 * A purchase as hit.
 */
static void
set_purchase(const BehaviorFacts *facts, const int64 *purchase, Hit *hit)
{
	hit->at = purchase[PURCHASE_AT];
	hit->local = local_time(facts, purchase[PURCHASE_AT]);
	hit->platform = facts->places[purchase[PURCHASE_PLATFORM]];
	hit->session = NO_WORD;
	hit->detail = NO_WORD;
	hit->device = DEVICE_UNKNOWN;
	hit->kind = !purchase[PURCHASE_ON_ALL] ? EVENT_ENQUIRY :
		purchase[PURCHASE_ON_PLATFORM] ? EVENT_PURCHASE : EVENT_PURCHASE_OVERALL;
}

/*
 * The ordered hits of the customer at hand.
 */
static Hit *
customer_hits(const BehaviorFacts *facts, int *count)
{
	Size		nevents = facts->event.end - facts->event.first;
	Size		npurchases = facts->purchase.end - facts->purchase.first;
	Hit		   *hits = palloc_extended(sizeof(Hit) * (nevents + npurchases), MCXT_ALLOC_HUGE);

	for (Size i = 0; i < nevents; i++)
		set_event(facts, keyed_row(facts->events, facts->event.first + i), &hits[i]);
	for (Size i = 0; i < npurchases; i++)
		set_purchase(facts, keyed_row(facts->purchases, facts->purchase.first + i), &hits[nevents + i]);
	behavior_sort_hits(hits, nevents + npurchases);
	*count = (int) (nevents + npurchases);
	return hits;
}

/*
 * Moves on to the next customer of either stream; false behind the last.
 */
static bool
next_customer(BehaviorFacts *facts, int64 *customer)
{
	int64		of_events = PG_INT64_MAX,
				of_purchases = PG_INT64_MAX;
	bool		has_events = keyed_rows_peek(facts->events, &facts->event, &of_events);
	bool		has_purchases = keyed_rows_peek(facts->purchases, &facts->purchase, &of_purchases);

	if (!has_events && !has_purchases)
		return false;
	*customer = Min(of_events, of_purchases);
	keyed_rows_seek(facts->events, *customer, &facts->event);
	keyed_rows_seek(facts->purchases, *customer, &facts->purchase);
	return true;
}

/*
 * Finds what the words stand for.
 */
static void
read_words(BehaviorFacts *facts, const Intern *words)
{
	Size		nwords = (Size) intern_count(words) + 1;
	bool	   *names = palloc_extended(nwords, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	bool	   *devices = palloc_extended(nwords, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	bool	   *platforms = palloc_extended(nwords, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	int32	   *ordered;
	int32		count;

	facts->kinds = palloc_extended(sizeof(EventKind) * nwords, MCXT_ALLOC_HUGE);
	facts->devices = palloc_extended(sizeof(DeviceClass) * nwords, MCXT_ALLOC_HUGE);
	keyed_mark_words(facts->events, EVENT_NAME, names);
	keyed_mark_words(facts->events, EVENT_DEVICE, devices);
	keyed_mark_words(facts->events, EVENT_PLATFORM, platforms);
	keyed_mark_words(facts->purchases, PURCHASE_PLATFORM, platforms);
	for (uint32 word = 0; word < intern_count(words); word++)
	{
		size_t		size;
		const char *bytes = intern_value(words, word, &size);

		if (names[word])
			facts->kinds[word] = event_kind(bytes, size);
		if (devices[word])
			facts->devices[word] = behavior_device(bytes, (int) size);
	}
	count = keyed_place_words(words, platforms, &facts->places, &ordered);
	facts->platforms = palloc(sizeof(Datum) * (count + 1));
	for (int32 place = 0; place < count; place++)
	{
		size_t		size;
		const char *bytes = intern_value(words, ordered[place], &size);

		facts->platforms[place] = PointerGetDatum(cstring_to_text_with_len(bytes, (int) size));
	}
}

/*
 * Writes the rows of a customer: all platforms together, then each by name.
 */
static void
put_hits(ReturnSetInfo *result, const BehaviorFacts *facts, int64 customer, const Hit *hits, int count)
{
	Datum		values[1 + BEHAVIOR_COLUMNS + ACTIVITY_COLUMNS];
	bool		nulls[1 + BEHAVIOR_COLUMNS + ACTIVITY_COLUMNS] = {false};
	Datum	   *recent = values + 1 + BEHAVIOR_COLUMNS;
	bool	   *recent_nulls = nulls + 1 + BEHAVIOR_COLUMNS;
	BehaviorSums sums;

	values[0] = Int64GetDatum(customer);
	behavior_sum_all(facts->rules, hits, count, &sums);
	behavior_columns(CStringGetTextDatum("ALL"), &sums, values + 1, nulls + 1);
	activity_columns(facts->rules, facts->since, hits, count, recent, recent_nulls);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	for (int start = 0, end; start < count; start = end)
	{
		end = behavior_platform_end(hits, count, start);
		behavior_sum_platform(facts->rules, hits + start, end - start, &sums);
		behavior_columns(facts->platforms[hits[start].platform], &sums, values + 1, nulls + 1);
		activity_columns(facts->rules, facts->since, hits + start, end - start, recent, recent_nulls);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/*
 * _behavior_of_facts(events text, purchases text, rules behavior_rules)
 * returns setof _behavior_customer
 *
 * The rows of every customer in a query of events before the date:
 * customer_key, time, platform, name, session, device, search term and
 * category; and one of purchases: customer_key, time, platform, whether it
 * counts on the platform, whether on all together.  NULL may be the session,
 * device, term and category.
 */
Datum
patternos__behavior_of_facts(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	HeapTupleHeader rules = PG_GETARG_HEAPTUPLEHEADER(2);
	Intern	   *words = intern_create(CurrentMemoryContext);
	BehaviorFacts facts = {0};
	MemoryContext context,
				previous;
	int64		customer;

	InitMaterializedSRF(fcinfo, 0);
	facts.zone = PointerGetDatum(behavior_read_rules(rules, composite_type(rules, RULE_COLUMNS, CurrentMemoryContext), facts.rules));
	activity_windows(facts.rules, facts.zone, facts.since);
	facts.offsets = palloc0(sizeof(DayOffset) * OFFSET_DAYS);
	for (int i = 0; i < OFFSET_DAYS; i++)
		facts.offsets[i].day = PG_INT64_MIN;
	facts.events = keyed_rows_read(text_to_cstring(PG_GETARG_TEXT_PP(0)), EVENT_COLUMNS, words);
	facts.purchases = keyed_rows_read(text_to_cstring(PG_GETARG_TEXT_PP(1)), PURCHASE_COLUMNS, words);
	read_words(&facts, words);
	context = AllocSetContextCreate(CurrentMemoryContext, "patternos customer", ALLOCSET_DEFAULT_SIZES);
	previous = MemoryContextSwitchTo(context);
	while (next_customer(&facts, &customer))
	{
		int			count;
		Hit		   *hits = customer_hits(&facts, &count);

		CHECK_FOR_INTERRUPTS();
		put_hits(result, &facts, customer, hits, count);
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(previous);
	PG_RETURN_VOID();
}
