/*
 * similarity_jaro.c
 *		The similarities of Jaro and Winkler.
 *
 * Two characters match when they are equal and no further apart than half the longer
 * text, less one.  Each character of one text takes the first free one of the other;
 * this is the same whichever text goes first.
 */
#include "core/similarity_match.h"

#include <string.h>

#define WINKLER_WEIGHT 0.1
#define WINKLER_PREFIX 4
#define WINKLER_THRESHOLD 0.7

/* Behind the last character of a kind; not 0, which would free its slot. */
#define END_OF_LIST UINT32_MAX

/*
 * The similarity from the number of matches and of those out of order.
 */
static double
jaro_result(size_t a_length, size_t b_length, size_t common, size_t unordered)
{
	double		m = (double) common;
	size_t		swaps = unordered / 2;

	if (common == 0)
		return 0;
	return (m / (double) a_length + m / (double) b_length +
			(double) (common - swaps) / m) / 3;
}

/*
 * Jaro's similarity of short texts, neither empty.
 */
static double
jaro_short(const SimText *a, const SimText *b, size_t reach)
{
	uint64_t	match[SIM_SHORT];
	uint64_t	window = low_bits(reach + 1);
	uint64_t	rows = 0;		/* matched, of a */
	uint64_t	columns = 0;	/* matched, of b */
	size_t		common = 0;
	size_t		unordered = 0;

	sim_match(a, b, match);
	for (size_t j = 0; j < b->length; j++)
	{
		uint64_t	found = match[j] & window & ~rows;

		rows |= found & -found;
		columns |= (uint64_t) (found != 0) << j;
		common += found != 0;
		window = window << 1 | (j < reach);
	}
	for (; columns != 0; columns &= columns - 1, rows &= rows - 1)
		unordered += (match[__builtin_ctzll(columns)] & rows & -rows) == 0;
	return jaro_result(a->length, b->length, common, unordered);
}

/*
 * Jaro's similarity of texts of any length, neither empty, in linear time: every
 * character of a has a link to the next equal one.
 */
static double
jaro_long(const SimText *a, const SimText *b, size_t reach, void *memory)
{
	size_t		slots = code_map_slots(a->length);
	CodeSlot   *first = memory;
	uint32_t   *next = (uint32_t *) (first + slots);
	unsigned char *row = (unsigned char *) (next + a->length);
	unsigned char *column = row + a->length;
	size_t		common = 0;
	size_t		unordered = 0;

	code_map_clear(first, slots);
	memset(row, 0, a->length);
	for (size_t i = a->length; i > 0; i--)
	{
		CodeSlot   *slot = code_map_slot(first, slots, sim_at(a, i - 1));

		next[i - 1] = slot->value == 0 ? END_OF_LIST : slot->value;
		slot->value = (uint32_t) i;
	}
	for (size_t j = 0; j < b->length; j++)
	{
		CodeSlot   *slot = code_map_slot(first, slots, sim_at(b, j));

		column[j] = 0;
		if (slot->value == 0)
			continue;
		while (slot->value != END_OF_LIST && slot->value - 1 + reach < j)
			slot->value = next[slot->value - 1];
		if (slot->value != END_OF_LIST && slot->value - 1 <= j + reach)
		{
			row[slot->value - 1] = column[j] = 1;
			slot->value = next[slot->value - 1];
			common++;
		}
	}
	for (size_t i = 0, j = 0; i < a->length; i++)
	{
		if (!row[i])
			continue;
		while (!column[j])
			j++;
		unordered += sim_at(a, i) != sim_at(b, j++);
	}
	return jaro_result(a->length, b->length, common, unordered);
}

/*
 * Jaro's similarity.
 */
double
sim_jaro(const SimText *a, const SimText *b, const SimWork *work)
{
	size_t		longer = a->length > b->length ? a->length : b->length;
	size_t		reach = longer < 4 ? 0 : longer / 2 - 1;

	if (a->length == 0 || b->length == 0)
		return a->length == b->length;
	return longer <= SIM_SHORT ? jaro_short(a, b, reach) : jaro_long(a, b, reach, work->memory);
}

/*
 * Winkler's.
 */
double
sim_jaro_winkler(const SimText *a, const SimText *b, const SimWork *work)
{
	double		result = sim_jaro(a, b, work);
	size_t		n = a->length < b->length ? a->length : b->length;
	size_t		prefix = 0;

	if (result <= WINKLER_THRESHOLD)
		return result;
	while (prefix < n && prefix < WINKLER_PREFIX && sim_at(a, prefix) == sim_at(b, prefix))
		prefix++;
	result += (double) prefix * WINKLER_WEIGHT * (1 - result);
	return result < 1 ? result : 1;
}
