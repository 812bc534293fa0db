/*
 * behavior_sums.c
 *		Sessions, carts, searches, hours and categories of sorted hits.
 *
 * A session belongs to one platform.  Purchases are no part of sessions; they
 * convert them.  A cart is a session with an add: converted when a purchase on
 * the platform follows its first add and comes before the time-out after its
 * last one, abandoned when that time is over before the reference date, open
 * otherwise.  Searching sessions convert by the same rule.
 */
#include "behavior.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/timestamp.h"

#define EPOCH_WEEKDAY	5		/* 2000-01-01 was a Saturday; Monday is 0 */

/* what decides over the session at hand */
typedef struct Session
{
	int64		first;
	int64		last;
	int64		first_add,
				last_add;
	int64		first_search,
				last_search;
	bool		has_add;
	bool		has_search;
	DeviceClass device;
	int64		device_at;
} Session;

/* times of the purchases on a platform, in order */
typedef struct Conversions
{
	int64	   *times;
	int			count;
	int64		end;			/* the reference date's beginning */
	int64		timeout;
} Conversions;

typedef enum Outcome
{
	OPEN,
	CONVERTED,
	FAILED
} Outcome;

static int
compare_hits(const void *a, const void *b, void *arg)
{
	const Hit  *x = a;
	const Hit  *y = b;

	if (x->platform != y->platform)
		return x->platform < y->platform ? -1 : 1;
	if (x->session != y->session)
		return x->session < y->session ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

static int
compare_times(const void *a, const void *b, void *arg)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return (x > y) - (x < y);
}

static int
compare_numbers(const void *a, const void *b, void *arg)
{
	int32		x = *(const int32 *) a;
	int32		y = *(const int32 *) b;

	return (x > y) - (x < y);
}

/*
 * Orders hits by platform, session and time.
 */
void
behavior_sort_hits(Hit *hits, Size count)
{
	qsort_interruptible(hits, count, sizeof(Hit), compare_hits, NULL);
}

/*
 * What became of a wish between two moments.
 */
static Outcome
outcome(const Conversions *conversions, int64 first, int64 last)
{
	int			low = 0;
	int			high = conversions->count;

	/* the first purchase at or after the first moment */
	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (conversions->times[middle] < first)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < conversions->count && conversions->times[low] < last + conversions->timeout)
		return CONVERTED;
	return last + conversions->timeout > conversions->end ? OPEN : FAILED;
}

/*
 * Adds a finished session.
 */
static void
close_session(const Session *session, const Conversions *conversions, BehaviorSums *sums)
{
	sums->sessions++;
	sums->duration += session->last - session->first;
	if (session->has_add)
	{
		Outcome		cart = outcome(conversions, session->first_add, session->last_add);

		sums->carts_converted += cart == CONVERTED;
		sums->carts_abandoned += cart == FAILED;
	}
	if (session->has_search)
	{
		Outcome		search = outcome(conversions, session->first_search, session->last_search);

		sums->searches_converted += search == CONVERTED;
		sums->searches_failed += search == FAILED;
	}
	sums->mobile_sessions += session->device == DEVICE_MOBILE;
	sums->desktop_sessions += session->device == DEVICE_DESKTOP;
	sums->device_sessions += session->device != DEVICE_UNKNOWN;
}

/*
 * Takes the next event into the session.
 */
static void
extend_session(Session *session, const Hit *hit)
{
	session->last = hit->at;
	if (hit->kind == EVENT_ADD_TO_CART)
	{
		if (!session->has_add)
			session->first_add = hit->at;
		session->last_add = hit->at;
		session->has_add = true;
	}
	if (hit->kind == EVENT_SEARCH)
	{
		if (!session->has_search)
			session->first_search = hit->at;
		session->last_search = hit->at;
		session->has_search = true;
	}

	/*
	 * the first known device; of several at once the one with the lowest
	 * number
	 */
	if (hit->device != DEVICE_UNKNOWN &&
		(session->device == DEVICE_UNKNOWN ||
		 (session->device_at == hit->at && hit->device < session->device)))
	{
		session->device = hit->device;
		session->device_at = hit->at;
	}
}

/*
 * The purchases that count on the platform of the hits.
 */
static void
collect_conversions(const int64 *rules, const Hit *hits, int count, Conversions *conversions)
{
	conversions->times = palloc_extended(sizeof(int64) * ((Size) count + 1), MCXT_ALLOC_HUGE);
	conversions->count = 0;
	conversions->end = rules[RULE_END];
	conversions->timeout = rules[RULE_CART_TIMEOUT];
	for (int i = 0; i < count; i++)
		if (hits[i].kind == EVENT_PURCHASE || hits[i].kind == EVENT_ENQUIRY)
			conversions->times[conversions->count++] = hits[i].at;
	qsort_interruptible(conversions->times, conversions->count, sizeof(int64), compare_times, NULL);
}

/*
 * Adds what happened in the sessions of one platform.
 */
static void
add_sessions(const int64 *rules, const Hit *hits, int count, BehaviorSums *sums)
{
	SessionRules limits = {rules[RULE_GAP], rules[RULE_CAP]};
	Conversions conversions;
	Session		session = {0};
	const Hit  *last = NULL;

	collect_conversions(rules, hits, count, &conversions);
	for (int i = 0; i < count; i++)
	{
		const Hit  *hit = &hits[i];

		if (behavior_is_purchase(hit->kind))
			continue;
		if (last == NULL || hit->session != last->session ||
			!session_continues(&limits, hit->session != NO_WORD, session.first, session.last, hit->at))
		{
			if (last != NULL)
				close_session(&session, &conversions, sums);
			memset(&session, 0, sizeof(session));
			session.first = hit->at;
		}
		extend_session(&session, hit);
		sums->counts[hit->kind]++;
		sums->last_event_at = Max(sums->last_event_at, hit->at);
		last = hit;
	}
	if (last != NULL)
		close_session(&session, &conversions, sums);
	pfree(conversions.times);
}

/*
 * Adds number, local hours and days of the purchases that count here.
 */
static void
add_purchases(const Hit *hits, int count, bool total, BehaviorSums *sums)
{
	EventKind	other = total ? EVENT_PURCHASE_OVERALL : EVENT_ENQUIRY;

	for (int i = 0; i < count; i++)
	{
		int64		local = hits[i].local;
		int64		day;
		int			hour;

		if (hits[i].kind != EVENT_PURCHASE && hits[i].kind != other)
			continue;
		day = local / USECS_PER_DAY - (local % USECS_PER_DAY < 0);
		hour = (int) ((local - day * USECS_PER_DAY) / USECS_PER_HOUR);
		sums->purchases++;
		sums->hours[hour]++;
		sums->night += hour >= 22 || hour < 6;
		sums->weekend += ((day + EPOCH_WEEKDAY) % 7 + 7) % 7 >= 5;
	}
}

/*
 * Entropy of the categories' shares over the logarithm of their number; 0
 * for one category, -1 for none. The array is sorted.
 */
static double
normalised_entropy(int32 *categories, int count)
{
	int			distinct = 0;
	double		entropy = 0;

	if (count == 0)
		return -1;
	qsort_interruptible(categories, count, sizeof(int32), compare_numbers, NULL);
	for (int start = 0, i = 1; i <= count; i++)
	{
		if (i < count && categories[i] == categories[start])
			continue;
		/* behind the reader: never more runs than values read */
		categories[distinct++] = i - start;
		start = i;
	}
	if (distinct == 1)
		return 0;

	/* in order of size, so that the sum does not depend on the words' numbers */
	qsort_interruptible(categories, distinct, sizeof(int32), compare_numbers, NULL);
	for (int i = 0; i < distinct; i++)
	{
		double		share = (double) categories[i] / count;

		entropy -= share * log(share);
	}
	return Min(entropy / log(distinct), 1.0);
}

/*
 * Distinct search terms, and how evenly views spread over categories.
 */
static void
add_details(const Hit *hits, int count, BehaviorSums *sums)
{
	int32	   *details = palloc_extended(sizeof(int32) * ((Size) count + 1), MCXT_ALLOC_HUGE);
	int			used = 0;

	for (int i = 0; i < count; i++)
		if (hits[i].kind == EVENT_SEARCH && hits[i].detail != NO_WORD)
			details[used++] = hits[i].detail;
	qsort_interruptible(details, used, sizeof(int32), compare_numbers, NULL);
	sums->search_terms = 0;
	for (int i = 0; i < used; i++)
		sums->search_terms += i == 0 || details[i] != details[i - 1];
	used = 0;
	for (int i = 0; i < count; i++)
		if ((hits[i].kind == EVENT_PRODUCT_VIEW || hits[i].kind == EVENT_CATEGORY_VIEW) &&
			hits[i].detail != NO_WORD)
			details[used++] = hits[i].detail;
	sums->exploration = normalised_entropy(details, used);
	pfree(details);
}

/*
 * The last hit plus one of the platform that begins at start.
 */
int
behavior_platform_end(const Hit *hits, int count, int start)
{
	int			end = start + 1;

	while (end < count && hits[end].platform == hits[start].platform)
		end++;
	return end;
}

/*
 * Sums of the hits of one platform.
 */
void
behavior_sum_platform(const int64 *rules, const Hit *hits, int count, BehaviorSums *sums)
{
	memset(sums, 0, sizeof(BehaviorSums));
	sums->last_event_at = DT_NOBEGIN;
	add_sessions(rules, hits, count, sums);
	add_purchases(hits, count, false, sums);
	add_details(hits, count, sums);
}

/*
 * Sums over all platforms: sessions stay within their platform.
 */
void
behavior_sum_all(const int64 *rules, const Hit *hits, int count, BehaviorSums *sums)
{
	memset(sums, 0, sizeof(BehaviorSums));
	sums->last_event_at = DT_NOBEGIN;
	for (int start = 0, end; start < count; start = end)
	{
		end = behavior_platform_end(hits, count, start);
		add_sessions(rules, hits + start, end - start, sums);
	}
	add_purchases(hits, count, true, sums);
	add_details(hits, count, sums);
}
