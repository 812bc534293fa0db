/*
 * activity.c
 *		What a customer did lately: sessions and events by window, and when
 *		something was done last.
 *
 * Everything is counted in the shortest window that holds it; a window is the
 * sum of those up to it.  A session counts where it began.
 */
#include "activity.h"

#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

static const int window_days[ACTIVITY_WINDOWS] = {7, 14, 30, 90};

/* columns of counts: of sessions (no kind) or of a kind, within a window */
static const struct
{
	int			kind;			/* -1: sessions */
	int			window;
}			counted[] = {
	{-1, 0}, {-1, 1}, {-1, 2}, {-1, 3},
	{EVENT_PRODUCT_VIEW, 0}, {EVENT_PRODUCT_VIEW, 1}, {EVENT_PRODUCT_VIEW, 2}, {EVENT_PRODUCT_VIEW, 3},
	{EVENT_SEARCH, 0}, {EVENT_SEARCH, 2},
	{EVENT_ADD_TO_CART, 0}, {EVENT_ADD_TO_CART, 2}
};

/* columns of last times */
static const EventKind timed[] = {EVENT_PRODUCT_VIEW, EVENT_SEARCH, EVENT_ADD_TO_CART};

StaticAssertDecl(lengthof(counted) + lengthof(timed) == ACTIVITY_COLUMNS, "columns of activity");

/* counts by kind and window, the sessions last; window ACTIVITY_WINDOWS is before all */
typedef struct Activity
{
	int32		counts[EVENT_KINDS + 1][ACTIVITY_WINDOWS + 1];
	int64		last_at[EVENT_KINDS];
} Activity;

/*
 * When each window begins: at the start of a local day.
 */
void
activity_windows(const int64 *rules, Datum zone, int64 since[ACTIVITY_WINDOWS])
{
	Timestamp	end = DatumGetTimestamp(DirectFunctionCall2(timestamptz_zone, zone, TimestampTzGetDatum(rules[RULE_END])));

	for (int i = 0; i < ACTIVITY_WINDOWS; i++)
	{
		Timestamp	start = end - window_days[i] * USECS_PER_DAY;

		/* nothing can be so early, so that the window holds all */
		since[i] = start < MIN_TIMESTAMP + USECS_PER_DAY ? DT_NOBEGIN :
			DatumGetTimestampTz(DirectFunctionCall2(timestamp_zone, zone, TimestampGetDatum(start)));
	}
}

/*
 * The shortest window that holds a moment.
 */
static int
window_of(const int64 *since, int64 at)
{
	int			window = 0;

	while (window < ACTIVITY_WINDOWS && at < since[window])
		window++;
	return window;
}

/*
 * Counts the hits; sessions as in behavior_sums.c.
 */
static void
count_hits(const int64 *rules, const int64 *since, const Hit *hits, int count, Activity *activity)
{
	SessionRules limits = {rules[RULE_GAP], rules[RULE_CAP]};
	const Hit  *last = NULL;
	int64		first = 0;

	memset(activity, 0, sizeof(Activity));
	for (int i = 0; i < EVENT_KINDS; i++)
		activity->last_at[i] = DT_NOBEGIN;
	for (int i = 0; i < count; i++)
	{
		const Hit  *hit = &hits[i];

		if (behavior_is_purchase(hit->kind))
			continue;
		if (last == NULL || hit->platform != last->platform || hit->session != last->session ||
			!session_continues(&limits, hit->session != NO_WORD, first, last->at, hit->at))
		{
			first = hit->at;
			activity->counts[EVENT_KINDS][window_of(since, first)]++;
		}
		activity->counts[hit->kind][window_of(since, hit->at)]++;
		activity->last_at[hit->kind] = Max(activity->last_at[hit->kind], hit->at);
		last = hit;
	}
}

/*
 * The columns of recent activity, in the order of type _behavior_customer.
 */
void
activity_columns(const int64 *rules, const int64 *since, const Hit *hits, int count,
				 Datum *values, bool *nulls)
{
	Activity	activity;
	int			column = 0;

	count_hits(rules, since, hits, count, &activity);
	for (int i = 0; i < lengthof(counted); i++)
	{
		const int32 *counts = activity.counts[counted[i].kind < 0 ? EVENT_KINDS : counted[i].kind];
		int32		sum = 0;

		for (int window = 0; window <= counted[i].window; window++)
			sum += counts[window];
		nulls[column] = false;
		values[column++] = Int32GetDatum(sum);
	}
	for (int i = 0; i < lengthof(timed); i++)
	{
		nulls[column] = activity.last_at[timed[i]] == DT_NOBEGIN;
		values[column++] = TimestampTzGetDatum(activity.last_at[timed[i]]);
	}
}
