/*
 * rfm_state.h
 *		State of the RFM aggregates: one customer's purchases seen from a date.
 *
 * Purchases are counted and summed in buckets of age that do not overlap; a
 * window is the sum of the buckets up to it.  The age of a purchase is the
 * number of days from its local date to the reference date, so yesterday is 1
 * and the window of w days holds ages 1 to w.  Sums are integers, and the days
 * with a purchase are a set, so nothing depends on the order of input.
 */
#ifndef PATTERNOS_RFM_STATE_H
#define PATTERNOS_RFM_STATE_H

#include "patternos.h"

#include "lib/stringinfo.h"
#include "utils/date.h"

/* ages up to 7, 30, 90, 365 days, and all others */
#define RFM_WINDOWS 5

/* columns of rfm_result; rfm_platform_result has the platform before them */
#define RFM_COLUMNS	(1 + 3 * RFM_WINDOWS + 3 + 2 + 2)

/* what is known of one platform, or of all together */
typedef struct RfmPart
{
	char	   *platform;		/* not terminated; NULL for all together */
	int32		platform_length;
	int32		ndays;			/* entries of 'days' in use */
	int32		maxdays;		/* entries allocated */
	int32		nsorted;		/* so many at the front are strictly
								 * descending */
	int32	   *days;			/* ages on which something was bought */
	int64		frequency[RFM_WINDOWS]; /* purchases by bucket of age */
	int128		money[RFM_WINDOWS]; /* ten-thousandths, by bucket of age */
	int128		net[RFM_WINDOWS];	/* the same after discounts and returns */
} RfmPart;

typedef struct RfmState
{
	MemoryContext context;		/* where everything here lives */
	DateADT		as_of;
	int32		nparts;			/* at least 1: part 0 is all together */
	int32		maxparts;
	RfmPart    *parts;
} RfmState;

extern RfmState *rfm_state_create(MemoryContext context, DateADT as_of);
extern RfmPart *rfm_state_part(RfmState *state, const char *platform, int length);
extern int	rfm_bucket(int32 age);
extern void rfm_part_add_purchase(RfmState *state, RfmPart *part, int32 age);
extern void rfm_part_add_money(RfmPart *part, int32 age, int128 money, int128 net);
extern void rfm_state_merge(RfmState *into, const RfmState *from);
extern int32 rfm_part_sort_days(const RfmPart *part, int32 **days);
extern void rfm_state_send(StringInfo out, const RfmState *state);
extern RfmState *rfm_state_receive(StringInfo in, MemoryContext context);

/* The columns of a part's result. */
extern void rfm_part_columns(const RfmPart *part, DateADT as_of, Datum *values, bool *nulls);

/* The parts in the order of results: all together first, then by the bytes of the platform; palloc'd. */
extern const RfmPart **rfm_state_parts(const RfmState *state);

#endif							/* PATTERNOS_RFM_STATE_H */
