/*
 * match_value.c
 *		Levels of dates, numbers, sets and Bloom filters.
 */
#include "core/match_view.h"

#include "core/bloom.h"

/* Members of a set whose evidence counts; further ones depend on them. */
#define EVIDENCE_MEMBERS 2

/* Digits of month and day of a date of which often only the year is known. */
#define JANUARY_FIRST 0x0101

/*
 * Whether two dates of eight digits differ in one digit, or in two neighbours that
 * changed places.
 */
static bool
one_digit_edit(uint32_t a, uint32_t b)
{
	uint32_t	differ = a ^ b;
	int			shift = __builtin_ctz(differ) & ~3;

	if (differ >> shift < 16)
		return true;
	return differ >> shift < 256 && (a >> shift & 15) == (b >> (shift + 4) & 15) &&
		(b >> shift & 15) == (a >> (shift + 4) & 15);
}

/*
 * Whether a level's test holds for two dates.  A part that is 0 is not known and
 * equals nothing.
 */
static bool
date_holds(const MatchLevel *level, const DateField *a, const DateField *b)
{
	uint32_t	differ = a->digits ^ b->digits;
	bool		year = (differ & 0xFFFF0000) == 0;
	bool		month = (differ & 0xFF00) == 0 && (a->digits & 0xFF00) != 0;
	bool		day = (differ & 0xFF) == 0 && (a->digits & 0xFF) != 0;
	bool		january = (a->digits & 0xFFFF) == JANUARY_FIRST && (b->digits & 0xFFFF) == JANUARY_FIRST;

	switch (level->test)
	{
		case TEST_ELSE:
			return true;
		case TEST_EXACT:
			return differ == 0;
		case TEST_SWAPPED_DAY_MONTH:
			return year && (a->digits & 0xFF) != 0 && (a->digits & 0xFF) == (b->digits >> 8 & 0xFF) &&
				(b->digits & 0xFF) != 0 && (b->digits & 0xFF) == (a->digits >> 8 & 0xFF);
		case TEST_ONE_EDIT:
			return differ == 0 || (!january && one_digit_edit(a->digits, b->digits));
		case TEST_ONE_EDIT_YEAR:
			return differ == 0 || (january && one_digit_edit(a->digits, b->digits));
		case TEST_TWO_PARTS:
			return year + month + day >= 2 && (year || !january);
		case TEST_SAME_YEAR_MONTH:
			return year && month;
		case TEST_SAME_YEAR:
			return year;
		case TEST_WITHIN_DAYS:
			return a->day != DAY_UNKNOWN && b->day != DAY_UNKNOWN &&
				fabs((double) a->day - b->day) <= level->threshold;
		default:
			return false;
	}
}

/*
 * The level of two dates.
 */
int
date_level(const MatchComparison *comparison, MatchBytes a, MatchBytes b)
{
	DateField	x,
				y;

	if (a.size < DATE_FIELD_SIZE || b.size < DATE_FIELD_SIZE)
		return LEVEL_BAD;
	memcpy(&x, a.bytes, DATE_FIELD_SIZE);
	memcpy(&y, b.bytes, DATE_FIELD_SIZE);
	for (int i = 0; i < comparison->levels; i++)
	{
		if (date_holds(&comparison->level[i], &x, &y))
			return i;
	}
	return LEVEL_BAD;
}

/*
 * The level of two dates in columns of year, month and day, whose values can only be
 * equal or not.  Null when less than two of them are known on both sides.
 */
int
date_parts_level(const MatchComparison *comparison, const MatchBytes *a, const MatchBytes *b,
				 const FieldState *a_state, const FieldState *b_state)
{
	TextView	x[3],
				y[3];
	bool		same[3];
	bool		crossed = true;
	int			known = 0;

	for (int i = 0; i < 3; i++)
	{
		same[i] = false;
		if ((a_state[i] == FIELD_GOOD && !read_text(a[i], KIND_EXACT, &x[i])) ||
			(b_state[i] == FIELD_GOOD && !read_text(b[i], KIND_EXACT, &y[i])))
			return LEVEL_BAD;
		if (a_state[i] != FIELD_GOOD || b_state[i] != FIELD_GOOD)
		{
			crossed = crossed && i == 0;
			continue;
		}
		known++;
		same[i] = text_equal(&x[i], &y[i]);
	}
	if (known < 2)
		return LEVEL_NULL;
	crossed = crossed && same[0] && text_equal(&x[1], &y[2]) && text_equal(&x[2], &y[1]);
	for (int i = 0; i < comparison->levels; i++)
	{
		int			test = comparison->level[i].test;

		if (test == TEST_ELSE ||
			(test == TEST_EXACT && same[0] && same[1] && same[2]) ||
			(test == TEST_SWAPPED_DAY_MONTH && crossed) ||
			(test == TEST_TWO_PARTS && same[0] + same[1] + same[2] >= 2) ||
			(test == TEST_SAME_YEAR_MONTH && same[0] && same[1]) ||
			(test == TEST_SAME_YEAR && same[0]))
			return i;
	}
	return LEVEL_BAD;
}

/*
 * The level of two numbers.
 */
int
number_level(const MatchComparison *comparison, MatchBytes a, MatchBytes b)
{
	double		x,
				y,
				differ,
				larger;

	if (a.size < NUMBER_FIELD_SIZE || b.size < NUMBER_FIELD_SIZE)
		return LEVEL_BAD;
	memcpy(&x, a.bytes, sizeof(x));
	memcpy(&y, b.bytes, sizeof(y));
	differ = fabs(x - y);
	larger = fmax(fabs(x), fabs(y));
	for (int i = 0; i < comparison->levels; i++)
	{
		const MatchLevel *level = &comparison->level[i];

		if (level->test == TEST_ELSE ||
			(level->test == TEST_EXACT && x == y) ||
			(level->test == TEST_ABSOLUTE && differ <= level->threshold) ||
			(level->test == TEST_RELATIVE && differ <= level->threshold * larger))
			return i;
	}
	return LEVEL_BAD;
}

/*
 * Common members of two sets and the evidence of the two rarest: the sum of
 * -log2(frequency).
 */
static int
intersect(const char *a, int a_count, const char *b, int b_count, double *evidence)
{
	double		top[EVIDENCE_MEMBERS] = {0, 0};
	int			common = 0;

	for (int i = 0, j = 0; i < a_count && j < b_count;)
	{
		const char *p = a + (size_t) i * SET_MEMBER_SIZE;
		const char *q = b + (size_t) j * SET_MEMBER_SIZE;
		uint64_t	x,
					y;
		float		x_tf,
					y_tf;
		double		bits;

		memcpy(&x, p, sizeof(x));
		memcpy(&y, q, sizeof(y));
		if (x != y)
		{
			x < y ? i++ : j++;
			continue;
		}
		memcpy(&x_tf, p + sizeof(x), sizeof(x_tf));
		memcpy(&y_tf, q + sizeof(y), sizeof(y_tf));
		bits = -fmax(x_tf, y_tf);	/* of the one that is known, NaN for none */
		common++;
		i++;
		j++;
		if (bits > top[0])
		{
			top[1] = top[0];
			top[0] = bits;
		}
		else if (bits > top[1])
			top[1] = bits;
	}
	*evidence = top[0] + top[1];
	return common;
}

/*
 * Whether a level's test holds for two sets.
 */
static bool
set_holds(const MatchLevel *level, int common, double evidence, int a_count, int b_count)
{
	switch (level->test)
	{
		case TEST_ELSE:
			return true;
		case TEST_SHARED:
			return common >= level->threshold;
		case TEST_SHARED_WEIGHT:
			return common > 0 && evidence >= level->threshold;
		case TEST_JACCARD:
			return (double) common / (a_count + b_count - common) >= level->threshold;
		case TEST_DICE:
			return 2.0 * common / (a_count + b_count) >= level->threshold;
		case TEST_DISJOINT:
			return common == 0;
		default:
			return false;
	}
}

/*
 * The level of two sets.
 */
int
set_level(const MatchComparison *comparison, MatchBytes a, MatchBytes b)
{
	SetHeader	x,
				y;
	double		evidence;
	int			common;

	if (a.size < sizeof(x) || b.size < sizeof(y))
		return LEVEL_BAD;
	memcpy(&x, a.bytes, sizeof(x));
	memcpy(&y, b.bytes, sizeof(y));
	if (x.members == 0 || y.members == 0 ||
		a.size - sizeof(x) < (size_t) x.members * SET_MEMBER_SIZE ||
		b.size - sizeof(y) < (size_t) y.members * SET_MEMBER_SIZE)
		return LEVEL_BAD;
	common = intersect(a.bytes + sizeof(x), x.members, b.bytes + sizeof(y), y.members, &evidence);
	for (int i = 0; i < comparison->levels; i++)
	{
		if (set_holds(&comparison->level[i], common, evidence, x.members, y.members))
			return i;
	}
	return LEVEL_BAD;
}

/*
 * The level of two Bloom filters; filters of different sizes are not alike.
 */
int
bloom_level(const MatchComparison *comparison, MatchBytes a, MatchBytes b)
{
	BloomHeader x,
				y;
	const uint8_t *p = (const uint8_t *) a.bytes + sizeof(x);
	const uint8_t *q = (const uint8_t *) b.bytes + sizeof(y);
	double		dice = 0;
	bool		equal;

	if (a.size < sizeof(x) || b.size < sizeof(y))
		return LEVEL_BAD;
	memcpy(&x, a.bytes, sizeof(x));
	memcpy(&y, b.bytes, sizeof(y));
	if (a.size - sizeof(x) < x.bytes || b.size - sizeof(y) < y.bytes ||
		!bloom_valid(p, x.bytes) || !bloom_valid(q, y.bytes))
		return LEVEL_BAD;
	equal = x.bytes == y.bytes && memcmp(p, q, x.bytes) == 0;
	if (equal)
		dice = 1;
	else if (x.bytes == y.bytes)
		dice = bloom_dice(p, q, x.bytes, 0);
	if (dice < 0)
		return LEVEL_BAD;
	for (int i = 0; i < comparison->levels; i++)
	{
		const MatchLevel *level = &comparison->level[i];

		if (level->test == TEST_ELSE || (level->test == TEST_EXACT && equal) ||
			(level->test == TEST_DICE && dice >= level->threshold) ||
			(level->test == TEST_JACCARD && dice / (2 - dice) >= level->threshold))
			return i;
	}
	return LEVEL_BAD;
}
