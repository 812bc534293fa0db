/*
 * behavior.h
 *		From a customer's hits to the features of behaviour.
 */
#ifndef PATTERNOS_BEHAVIOR_H
#define PATTERNOS_BEHAVIOR_H

#include "server/journal.h"

#include "access/htup_details.h"

#include "core/event_kind.h"
#include "session.h"

/* what a journal's row holds */
enum
{
	HIT_AT,						/* numbers: microseconds, */
	HIT_WHAT,					/* kind and device class */
	HIT_NUMBERS
};
enum
{
	HIT_PLATFORM,				/* words */
	HIT_SESSION,
	HIT_DETAIL,
	HIT_WORDS
};

/* the journal's parameters */
enum
{
	RULE_END,					/* the reference date's beginning,
								 * microseconds */
	RULE_GAP,
	RULE_CAP,
	RULE_CART_TIMEOUT,
	RULE_ZONE					/* hash of the time zone; its name is word 0 */
};

typedef enum DeviceClass
{
	DEVICE_UNKNOWN,
	DEVICE_MOBILE,
	DEVICE_DESKTOP,
	DEVICE_OTHER
} DeviceClass;

#define HIT_PACK(kind, device)	((int64) (kind) | (int64) (device) << 8)
#define HIT_KIND(what)			((EventKind) ((what) & 0xff))
#define HIT_DEVICE(what)		((DeviceClass) ((what) >> 8))

#define RULE_COLUMNS		5	/* of behavior_rules */
#define BEHAVIOR_COLUMNS	23	/* of behavior_features */

/* a hit: an event or a purchase */
typedef struct Hit
{
	int64		at;
	int64		local;			/* of purchases: the same in the time zone of
								 * the rules */
	int32		platform;		/* words, NO_WORD for NULL */
	int32		session;
	int32		detail;
	EventKind	kind;
	DeviceClass device;
} Hit;

/* sums over a platform, or over all */
typedef struct BehaviorSums
{
	int128		duration;		/* microseconds */
	int64		last_event_at;
	int32		sessions;
	int32		counts[EVENT_KINDS];
	int32		purchases;
	int32		hours[24];
	int32		weekend;
	int32		night;
	int32		carts_converted;
	int32		carts_abandoned;
	int32		searches_converted; /* sessions with a search */
	int32		searches_failed;
	int32		mobile_sessions;
	int32		desktop_sessions;
	int32		device_sessions;
	int32		search_terms;
	double		exploration;	/* below 0: no category was viewed */
} BehaviorSums;

static inline bool
behavior_is_purchase(EventKind kind)
{
	return kind == EVENT_PURCHASE || kind == EVENT_PURCHASE_OVERALL || kind == EVENT_ENQUIRY;
}

/* The class of a device by its name. */
extern DeviceClass behavior_device(const char *name, int size);

/* Reads a row of type behavior_rules: the parameters, and the time zone's name; palloc'd. */
extern text *behavior_read_rules(HeapTupleHeader rules, TupleDesc type, int64 *parameters);

/* Orders hits by platform, session and time. */
extern void behavior_sort_hits(Hit *hits, Size count);

/* The hit behind the last of the platform that begins at start. */
extern int	behavior_platform_end(const Hit *hits, int count, int start);

/* Sums of the ordered hits of one platform, or of all. */
extern void behavior_sum_platform(const int64 *rules, const Hit *hits, int count, BehaviorSums *sums);
extern void behavior_sum_all(const int64 *rules, const Hit *hits, int count, BehaviorSums *sums);

/* The columns of behavior_features. */
extern void behavior_columns(Datum platform, const BehaviorSums *sums, Datum *values, bool *nulls);

#endif							/* PATTERNOS_BEHAVIOR_H */
