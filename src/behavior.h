/*
 * behavior.h
 *		From a customer's hits to the features of behaviour.
 */
#ifndef PATTERNOS_BEHAVIOR_H
#define PATTERNOS_BEHAVIOR_H

#include "journal.h"

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

/* The journal's hits by platform, session and time; palloc'd. */
extern Hit *behavior_hits(const Journal *journal);

/* Sums of the hits of one platform (total false) or, added up over platforms, of all. */
extern void behavior_sessions(const Journal *journal, const Hit *hits, int count, BehaviorSums *sums);
extern void behavior_purchases(const Hit *hits, int count, bool total, BehaviorSums *sums);
extern void behavior_details(const Hit *hits, int count, BehaviorSums *sums);

#endif							/* PATTERNOS_BEHAVIOR_H */
