/*
 * rfm_state.c
 *		Keeping, merging and transporting the state of the RFM aggregates.
 *
 * The format in transit: reference date, number of parts; for each part its
 * platform, the buckets and the days in descending order of age.
 */
#include "rfm_state.h"

#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#define FIRST_PARTS 4
#define FIRST_DAYS	8
#define MAX_PARTS	10000

/* bytes in transit of a part without its name and days */
#define PART_BYTES	(4 + RFM_WINDOWS * (8 + 16 + 16) + 4)

/*
 * An empty state, which knows all platforms together only.
 */
RfmState   *
rfm_state_create(MemoryContext context, DateADT as_of)
{
	RfmState   *state = MemoryContextAlloc(context, sizeof(RfmState));

	state->context = context;
	state->as_of = as_of;
	state->nparts = 1;
	state->maxparts = FIRST_PARTS;
	state->parts = MemoryContextAlloc(context, FIRST_PARTS * sizeof(RfmPart));
	memset(state->parts, 0, sizeof(RfmPart));
	return state;
}

/*
 * The part of a platform, made at first sight.  The pointer is good until
 * another part is made.
 */
RfmPart    *
rfm_state_part(RfmState *state, const char *platform, int length)
{
	RfmPart    *part;
	int			i;

	/* the newest first: input often comes in runs of a platform */
	for (i = state->nparts - 1; i > 0; i--)
	{
		part = &state->parts[i];
		if (part->platform_length == length &&
			memcmp(part->platform, platform, length) == 0)
			return part;
	}
	if (state->nparts == MAX_PARTS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("more than %d platforms in one group", MAX_PARTS)));
	if (state->nparts == state->maxparts)
	{
		state->maxparts *= 2;
		state->parts = repalloc(state->parts, state->maxparts * sizeof(RfmPart));
	}
	part = &state->parts[state->nparts++];
	memset(part, 0, sizeof(RfmPart));
	part->platform = MemoryContextAlloc(state->context, Max(length, 1));
	memcpy(part->platform, platform, length);
	part->platform_length = length;
	return part;
}

/*
 * The bucket of an age.
 */
int
rfm_bucket(int32 age)
{
	return age <= 30 ? (age <= 7 ? 0 : 1) :
		age <= 90 ? 2 : age <= 365 ? 3 : 4;
}

/*
 * Order of ages, the greatest (oldest) first.
 */
static int
compare_ages(const void *a, const void *b)
{
	int32		left = *(const int32 *) a;
	int32		right = *(const int32 *) b;

	return (left < right) - (left > right);
}

/*
 * Sorts ages and drops repetitions; returns how many are left.
 */
static int32
sort_ages(int32 *ages, int32 count)
{
	int32		kept = 0;
	int32		i;

	qsort(ages, count, sizeof(int32), compare_ages);
	for (i = 0; i < count; i++)
	{
		if (kept == 0 || ages[kept - 1] != ages[i])
			ages[kept++] = ages[i];
	}
	return kept;
}

/*
 * Notes that something was bought at an age.  The array only grows when most
 * of it are different days, so its size is bounded by their number.
 */
static void
add_day(RfmState *state, RfmPart *part, int32 age)
{
	if (part->ndays > 0 && part->days[part->ndays - 1] == age)
		return;
	if (part->ndays == part->maxdays)
	{
		if (part->maxdays == 0)
		{
			part->maxdays = FIRST_DAYS;
			part->days = MemoryContextAlloc(state->context, FIRST_DAYS * sizeof(int32));
		}
		else if (part->nsorted < part->ndays)
			part->nsorted = part->ndays = sort_ages(part->days, part->ndays);
		if (part->ndays > part->maxdays / 2)
		{
			part->maxdays *= 2;
			part->days = repalloc_huge(part->days, (Size) part->maxdays * sizeof(int32));
		}
	}
	if (part->nsorted == part->ndays &&
		(part->ndays == 0 || part->days[part->ndays - 1] > age))
		part->nsorted++;
	part->days[part->ndays++] = age;
}

/*
 * Counts a purchase.
 */
void
rfm_part_add_purchase(RfmState *state, RfmPart *part, int32 age)
{
	part->frequency[rfm_bucket(age)]++;
	add_day(state, part, age);
}

/*
 * Adds to the sums.
 */
void
rfm_part_add_money(RfmPart *part, int32 age, int128 money, int128 net)
{
	int			bucket = rfm_bucket(age);

	part->money[bucket] += money;
	part->net[bucket] += net;
}

/*
 * Adds one state to another of the same reference date.
 */
void
rfm_state_merge(RfmState *into, const RfmState *from)
{
	int			i,
				bucket;
	int32		day;

	if (into->as_of != from->as_of)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("reference date must be the same for all rows of a group")));
	for (i = 0; i < from->nparts; i++)
	{
		const RfmPart *source = &from->parts[i];
		RfmPart    *part = i == 0 ? &into->parts[0] :
		rfm_state_part(into, source->platform, source->platform_length);

		CHECK_FOR_INTERRUPTS();
		for (bucket = 0; bucket < RFM_WINDOWS; bucket++)
		{
			part->frequency[bucket] += source->frequency[bucket];
			part->money[bucket] += source->money[bucket];
			part->net[bucket] += source->net[bucket];
		}
		for (day = 0; day < source->ndays; day++)
			add_day(into, part, source->days[day]);
	}
}

/*
 * The different ages of a part in descending order: its own array where that
 * is in order already, else a copy.  Returns their number.
 */
int32
rfm_part_sort_days(const RfmPart *part, int32 **days)
{
	*days = part->days;
	if (part->nsorted == part->ndays)
		return part->ndays;
	*days = MemoryContextAllocHuge(CurrentMemoryContext,
								   (Size) part->ndays * sizeof(int32));
	memcpy(*days, part->days, (Size) part->ndays * sizeof(int32));
	return sort_ages(*days, part->ndays);
}

/*
 * Sends an integer of 128 bits.
 */
static void
send_int128(StringInfo out, int128 value)
{
	pq_sendint64(out, (uint64) ((uint128) value >> 64));
	pq_sendint64(out, (uint64) value);
}

/*
 * Receives an integer of 128 bits.
 */
static int128
receive_int128(StringInfo in)
{
	uint64		high = pq_getmsgint64(in);
	uint64		low = pq_getmsgint64(in);

	return (int128) (((uint128) high << 64) | low);
}

/*
 * Writes a state for transport.
 */
void
rfm_state_send(StringInfo out, const RfmState *state)
{
	int			i,
				bucket;
	int32		day;

	pq_sendint32(out, state->as_of);
	pq_sendint32(out, state->nparts);
	for (i = 0; i < state->nparts; i++)
	{
		const RfmPart *part = &state->parts[i];
		int32	   *days;
		int32		ndays = rfm_part_sort_days(part, &days);

		CHECK_FOR_INTERRUPTS();
		pq_sendint32(out, part->platform_length);
		if (part->platform_length > 0)
			pq_sendbytes(out, part->platform, part->platform_length);
		for (bucket = 0; bucket < RFM_WINDOWS; bucket++)
		{
			pq_sendint64(out, part->frequency[bucket]);
			send_int128(out, part->money[bucket]);
			send_int128(out, part->net[bucket]);
		}
		pq_sendint32(out, ndays);
		for (day = 0; day < ndays; day++)
			pq_sendint32(out, days[day]);
	}
}

/*
 * A count from a message, of items that take at least so many bytes each.
 */
static int32
receive_count(StringInfo in, int bytes)
{
	uint32		count = pq_getmsgint(in, 4);

	if (count > (uint32) (in->len - in->cursor) / bytes)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("state of an RFM aggregate is malformed")));
	return (int32) count;
}

/*
 * Reads one part.
 */
static void
receive_part(StringInfo in, RfmState *state, int number)
{
	int32		length = receive_count(in, 1);
	const char *platform = pq_getmsgbytes(in, length);
	RfmPart    *part = number == 0 ? &state->parts[0] :
	rfm_state_part(state, platform, length);
	int			bucket;
	int32		ndays;

	for (bucket = 0; bucket < RFM_WINDOWS; bucket++)
	{
		part->frequency[bucket] = pq_getmsgint64(in);
		part->money[bucket] = receive_int128(in);
		part->net[bucket] = receive_int128(in);
	}
	for (ndays = receive_count(in, 4); ndays > 0; ndays--)
		add_day(state, part, (int32) pq_getmsgint(in, 4));
}

/*
 * Reads a state into a memory context; 22P03 when it is malformed.
 */
RfmState   *
rfm_state_receive(StringInfo in, MemoryContext context)
{
	RfmState   *state = rfm_state_create(context, (DateADT) pq_getmsgint(in, 4));
	int32		nparts = receive_count(in, PART_BYTES);
	int			i;

	for (i = 0; i < nparts; i++)
	{
		CHECK_FOR_INTERRUPTS();
		receive_part(in, state, i);
	}
	pq_getmsgend(in);
	return state;
}
