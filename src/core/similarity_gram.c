/*
 * similarity_gram.c
 *		Jaccard's and Dice's similarity of the sets of grams of two texts.
 */
#include "core/similarity_match.h"

#include <stdlib.h>

/* What two sets have in common, and the sum of their sizes. */
typedef struct Overlap
{
	size_t		common;
	size_t		sum;
} Overlap;

/*
 * Number of bits set in each byte, without the instruction that not every processor has.
 */
static inline uint64_t
byte_counts(uint64_t x)
{
	x -= x >> 1 & UINT64_C(0x5555555555555555);
	x = (x & UINT64_C(0x3333333333333333)) + (x >> 2 & UINT64_C(0x3333333333333333));
	return (x + (x >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F);
}

/*
 * Number of bits set in two words.
 */
static inline size_t
count_bits(uint64_t x, uint64_t y)
{
	return (size_t) ((byte_counts(x) + byte_counts(y)) * UINT64_C(0x0101010101010101) >> 56);
}

/*
 * Turns matches of characters into matches of grams, in place; returns their columns.
 */
static size_t
match_grams(uint64_t *match, size_t columns, int q)
{
	for (; q > 1; q--)
	{
		columns--;
		for (size_t j = 0; j < columns; j++)
			match[j] &= match[j + 1] >> 1;
	}
	return columns;
}

/*
 * Which grams of a short text of at least q characters are the first of their kind,
 * as bits; their number is added to *count.
 */
static uint64_t
first_grams(const SimText *a, int q, size_t *count)
{
	uint64_t	match[SIM_SHORT];
	uint64_t	result = 0;
	size_t		columns;

	sim_match(a, a, match);
	columns = match_grams(match, a->length, q);
	for (size_t j = 0; j < columns; j++)
	{
		uint64_t	first = (match[j] & low_bits(j)) == 0;

		result |= first << j;
		*count += first;
	}
	return result;
}

/*
 * The overlap of short texts of at least q characters.
 */
static Overlap
overlap_short(const SimText *a, const SimText *b, int q)
{
	Overlap		result = {0, 0};
	uint64_t	match[SIM_SHORT];
	uint64_t	first;
	size_t		columns;

	first_grams(a, q, &result.sum);
	first = first_grams(b, q, &result.sum);
	sim_match(a, b, match);
	columns = match_grams(match, b->length, q);
	for (size_t j = 0; j < columns; j++)
		result.common += match[j] != 0 && (first >> j & 1);
	return result;
}

/* A set of ASCII characters. */
typedef struct AsciiSet
{
	uint64_t	low;
	uint64_t	high;
} AsciiSet;

static inline AsciiSet
ascii_set(const SimText *text)
{
	AsciiSet	set = {0, 0};

	for (size_t i = 0; i < text->length; i++)
	{
		uint64_t	bit = UINT64_C(1) << text->bytes[i] % 64;
		uint64_t	is_high = -(uint64_t) (text->bytes[i] >> 6);

		set.high |= bit & is_high;
		set.low |= bit & ~is_high;
	}
	return set;
}

/*
 * The overlap of the characters of ASCII texts of any length.
 */
static Overlap
overlap_ascii(const SimText *a, const SimText *b)
{
	AsciiSet	x = ascii_set(a);
	AsciiSet	y = ascii_set(b);

	size_t		common = count_bits(x.low & y.low, x.high & y.high);

	return (Overlap)
	{
		common, common + count_bits(x.low | y.low, x.high | y.high)
	};
}

static int
compare_grams(const void *a, const void *b)
{
	uint64_t	x = *(const uint64_t *) a;
	uint64_t	y = *(const uint64_t *) b;

	return (x > y) - (x < y);
}

/*
 * Writes the sorted distinct grams of a text of at least q characters, one a word.
 */
static size_t
sorted_grams(const SimText *a, int q, uint64_t *grams)
{
	size_t		count = a->length - (size_t) q + 1;
	size_t		n = 0;

	for (size_t i = 0; i < count; i++)
	{
		grams[i] = 0;
		for (int k = 0; k < q; k++)
			grams[i] = grams[i] << 21 | sim_at(a, i + (size_t) k);
	}
	qsort(grams, count, sizeof(*grams), compare_grams);
	for (size_t i = 0; i < count; i++)
	{
		if (i == 0 || grams[i] != grams[i - 1])
			grams[n++] = grams[i];
	}
	return n;
}

/*
 * The overlap of texts of any length of at least q characters.
 */
static Overlap
overlap_long(const SimText *a, const SimText *b, int q, uint64_t *memory)
{
	uint64_t   *x = memory;
	uint64_t   *y = memory + a->length;
	size_t		x_count = sorted_grams(a, q, x);
	size_t		y_count = sorted_grams(b, q, y);
	Overlap		result = {0, x_count + y_count};
	size_t		i = 0;
	size_t		j = 0;

	while (i < x_count && j < y_count)
	{
		uint64_t	gram = x[i];

		result.common += gram == y[j];
		i += gram <= y[j];
		j += gram >= y[j];
	}
	return result;
}

/*
 * The overlap of any two texts, not both empty.
 */
static Overlap
overlap(const SimText *a, const SimText *b, int q, const SimWork *work)
{
	size_t		least = (size_t) q;

	if (q == 1 && a->bytes != NULL && b->bytes != NULL)
		return overlap_ascii(a, b);
	if (a->length >= least && b->length >= least)
	{
		if (sim_is_short(a) && sim_is_short(b))
			return overlap_short(a, b, q);
		return overlap_long(a, b, q, work->memory);
	}

	/*
	 * the text of less than q characters is its only gram, and no gram of the
	 * other
	 */
	return (Overlap)
	{
		sim_equal(a, b), 2
	};
}

/*
 * Jaccard's similarity.
 */
double
sim_jaccard(const SimText *a, const SimText *b, int q, const SimWork *work)
{
	Overlap		o;

	if (a->length == 0 || b->length == 0)
		return a->length == b->length;
	o = overlap(a, b, q, work);
	return (double) o.common / (double) (o.sum - o.common);
}

/*
 * Dice's.
 */
double
sim_dice(const SimText *a, const SimText *b, int q, const SimWork *work)
{
	Overlap		o;

	if (a->length == 0 || b->length == 0)
		return a->length == b->length;
	o = overlap(a, b, q, work);
	return 2.0 * (double) o.common / (double) o.sum;
}
