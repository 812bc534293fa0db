/*
 * similarity_edit.c
 *		Edit distances, 64 rows of the matrix in one machine word.
 *
 * A column of the matrix is kept as the differences between its neighbouring cells
 * (Myers 1999, Hyyrö 2003).  Longer texts go in strips of 64 rows: a strip hands the
 * differences along its lowest row, one byte a column, to the strip below.
 */
#include "core/similarity_match.h"

#include <string.h>

/* What a strip hands down at a column. */
#define CARRY_UP 1				/* the lowest row's cell is above its left
								 * neighbour's by one */
#define CARRY_DOWN 2			/* below */
#define CARRY_SWAP 4			/* the first character of a swap stands in the
								 * lowest row */

/* Columns between two calls of pulse. */
#define PULSE_COLUMNS 65536

/* Vertical differences of the current column; what a swap needs of the one before. */
typedef struct Column
{
	uint64_t	up;				/* cell is above the one over it by one */
	uint64_t	down;			/* below */
	uint64_t	diagonal;		/* cell equals its upper left neighbour */
	uint64_t	match;
} Column;

/*
 * Steps to the next column of a strip of which `bottom` is the lowest row's bit.
 * carry is taken from above and returned for below.
 */
static inline unsigned
step(Column *c, uint64_t match, unsigned carry, uint64_t bottom, bool swaps)
{
	uint64_t	below = (carry & CARRY_DOWN) != 0;
	uint64_t	x = match | below;
	uint64_t	first = ~c->diagonal & match;
	uint64_t	diagonal = (((x & c->up) + c->up) ^ c->up) | x | c->down;
	uint64_t	up;
	uint64_t	down;
	unsigned	result;

	if (swaps)
		diagonal |= (first << 1 | (carry & CARRY_SWAP) >> 2) & c->match;
	up = c->down | ~(diagonal | c->up);
	down = diagonal & c->up;
	result = ((up & bottom) != 0 ? CARRY_UP : 0) | ((down & bottom) != 0 ? CARRY_DOWN : 0);
	if (swaps)
		result |= (first & bottom) != 0 ? CARRY_SWAP : 0;
	up = up << 1 | (carry & CARRY_UP);
	down = down << 1 | below;
	c->up = down | ~(diagonal | up);
	c->down = up & diagonal;
	c->diagonal = diagonal;
	c->match = match;
	return result;
}

/*
 * Distance of short texts, a not empty, from their matches.
 */
static inline size_t
short_distance(const uint64_t *match, size_t a_length, size_t b_length, size_t max, bool swaps)
{
	Column		c = {~UINT64_C(0), 0, 0, 0};
	uint64_t	bottom = UINT64_C(1) << (a_length - 1);
	size_t		distance = a_length;

	for (size_t j = 0; j < b_length; j++)
	{
		unsigned	carry = step(&c, match[j], CARRY_UP, bottom, swaps);

		distance += carry & CARRY_UP;
		distance -= (carry & CARRY_DOWN) / CARRY_DOWN;
		/* each column left takes off one at most */
		if (distance > max && distance - max > b_length - 1 - j)
			return max + 1;
	}
	return distance;
}

/*
 * Takes the common ends off: no distance depends on them.
 */
static void
strip_ends(SimText *a, SimText *b)
{
	size_t		n = a->length < b->length ? a->length : b->length;
	size_t		i = 0;

	while (i < n && sim_at(a, i) == sim_at(b, i))
		i++;
	*a = (SimText)
	{
		a->bytes ? a->bytes + i : NULL, a->codes ? a->codes + i : NULL, a->length - i
	};
	*b = (SimText)
	{
		b->bytes ? b->bytes + i : NULL, b->codes ? b->codes + i : NULL, b->length - i
	};
	n -= i;
	for (i = 0; i < n && sim_at(a, a->length - 1) == sim_at(b, b->length - 1); i++)
	{
		a->length--;
		b->length--;
	}
}

/*
 * Distance of texts of any length, neither empty, strip by strip.  Only columns that
 * a path of cost max can touch are computed; beyond them cells are taken as reached
 * from the nearest computed one, which is never too low.
 */
static size_t
long_distance(const SimText *a, const SimText *b, size_t max, bool swaps, const SimWork *work)
{
	unsigned char *carry = work->memory;
	size_t		start = 0;		/* first column computed */
	size_t		corner = 0;		/* cell left of it, above the strip */
	size_t		done = 0;		/* columns computed since the last pulse */
	size_t		distance = 0;
	RowMap		map;

	memset(carry, CARRY_UP, b->length);
	for (size_t row = 0; row < a->length; row += SIM_SHORT)
	{
		size_t		rows = a->length - row < SIM_SHORT ? a->length - row : SIM_SHORT;
		size_t		end = b->length;
		uint64_t	bottom = UINT64_C(1) << (rows - 1);
		Column		c = {~UINT64_C(0), 0, ~UINT64_C(0), 0};

		if (max < b->length && row + rows + max + 1 < b->length)
			end = row + rows + max + 1;
		for (; start + max < row && max < row; start++)
			corner = corner + (carry[start] & CARRY_UP) - (carry[start] & CARRY_DOWN) / CARRY_DOWN;
		row_map_build(&map, a, row);
		if (start > 0)
			c.match = row_map_find(&map, sim_at(b, start - 1));
		distance = corner += rows;
		for (size_t j = start; j < end; j++)
		{
			carry[j] = (unsigned char) step(&c, row_map_find(&map, sim_at(b, j)), carry[j], bottom, swaps);
			distance = distance + (carry[j] & CARRY_UP) - (carry[j] & CARRY_DOWN) / CARRY_DOWN;
		}
		done += end - start;
		if (done >= PULSE_COLUMNS && work->pulse != NULL)
		{
			done = 0;
			work->pulse();
		}
	}
	return distance > max ? max + 1 : distance;
}

/*
 * Levenshtein's distance or that of optimal string alignment; of short texts also
 * the matches, unless one is empty or the lengths differ by more than max.
 */
static inline size_t
distance_within(const SimText *a, const SimText *b, size_t max, bool swaps,
				const SimWork *work, uint64_t *match)
{
	SimText		x = a->length <= b->length ? *a : *b;
	SimText		y = a->length <= b->length ? *b : *a;

	if (y.length - x.length > max)
		return max + 1;
	if (!sim_is_short(&y))
		strip_ends(&x, &y);
	if (x.length == 0)
		return y.length;
	if (!sim_is_short(&y))
		return long_distance(&x, &y, max, swaps, work);
	sim_match(&x, &y, match);
	return short_distance(match, x.length, y.length, max, swaps);
}

size_t
sim_levenshtein_within(const SimText *a, const SimText *b, size_t max, const SimWork *work)
{
	uint64_t	match[SIM_SHORT];

	return distance_within(a, b, max, false, work, match);
}

size_t
sim_osa_within(const SimText *a, const SimText *b, size_t max, const SimWork *work)
{
	uint64_t	match[SIM_SHORT];

	return distance_within(a, b, max, true, work, match);
}

/*
 * Whether a swap with characters inserted or deleted in between is possible: two
 * different neighbours of one text stand in the other order, and not as neighbours,
 * in the other text.  A swap with gaps in both texts costs no less than replacing.
 */
static bool
has_wide_swap(const uint64_t *match, size_t columns)
{
	uint64_t	seen = 0;		/* rows whose character stands two or more
								 * columns back */

	for (size_t j = 1; j < columns; j++)
	{
		/* NOLINTNEXTLINE: the caller has filled all columns */
		uint64_t	lowest = match[j] & -match[j];
		uint64_t	behind = match[j] == 0 ? 0 : ~((lowest << 2) - 1);

		if ((match[j] << 1 & ~match[j] & seen) != 0 ||
			(match[j - 1] & ~match[j] & behind) != 0)
			return true;
		seen |= match[j - 1];
	}
	return false;
}

/* Memory of the matrix of Damerau's distance; rows have the column before the first at [0]. */
typedef struct DamerauMatrix
{
	uint32_t   *above;
	uint32_t   *current;
	uint32_t   *swap;			/* by column: cell before the last match in it */
	const uint64_t *match;		/* of short texts, by column; or NULL, and
								 * then */
	CodeSlot   *last_row;		/* by character: last row that holds it */
	size_t		slots;
} DamerauMatrix;

/*
 * The last row before row i whose character is that of column j; 0 for none.
 */
static inline size_t
last_match(const DamerauMatrix *m, const SimText *b, size_t i, size_t j)
{
	uint64_t	rows;

	if (m->match == NULL)
		return code_map_slot(m->last_row, m->slots, sim_at(b, j - 1))->value;
	rows = m->match[j - 1] & low_bits(i - 1);
	return rows == 0 ? 0 : 64 - (size_t) __builtin_clzll(rows);
}

/*
 * Row i of the matrix (Zhao and Sahni 2019): a swap has its gap in one text only, so
 * it either ends right after the row's last match or in the row after the column's.
 */
static inline void
damerau_row(DamerauMatrix *m, const SimText *a, const SimText *b, size_t i)
{
	uint32_t   *above = m->above;
	uint32_t   *current = m->current;
	uint32_t	x = sim_at(a, i - 1);
	uint32_t	two_above = current[1]; /* cell of row i - 2, one column back */
	uint32_t	before_match = above[0];
	size_t		match_column = 0;

	current[1] = (uint32_t) i;
	for (size_t j = 1; j <= b->length; j++)
	{
		bool		same = sim_at(b, j - 1) == x;
		uint32_t	best = above[j] + !same;

		if (current[j] + 1 < best)
			best = current[j] + 1;
		if (above[j + 1] + 1 < best)
			best = above[j + 1] + 1;
		if (same)
		{
			match_column = j;
			m->swap[j + 1] = above[j - 1];
			before_match = two_above;
		}
		else
		{
			size_t		match_row = last_match(m, b, i, j);
			uint32_t	swapped = best;

			if (j - match_column == 1)
				swapped = m->swap[j + 1] + (uint32_t) (i - match_row);
			else if (i - match_row == 1)
				swapped = before_match + (uint32_t) (j - match_column);
			if (swapped < best)
				best = swapped;
		}
		two_above = current[j + 1];
		current[j + 1] = best;
	}
	if (m->match == NULL)
		code_map_slot(m->last_row, m->slots, x)->value = (uint32_t) i;
}

/*
 * Damerau's distance by the whole matrix; neither text is empty.  match is that of
 * short texts, or NULL.
 */
static inline size_t
damerau_matrix(const SimText *a, const SimText *b, const uint64_t *match,
			   void *long_memory, void (*pulse) (void))
{
	size_t		width = b->length + 2;
	uint32_t	infinite = (uint32_t) (a->length + b->length + 1);
	uint32_t	memory[3 * (SIM_SHORT + 2)];
	size_t		done = 0;
	DamerauMatrix m = {memory, NULL, NULL, match, NULL, 0};

	if (match == NULL)
	{
		m.slots = code_map_slots(a->length);
		m.last_row = long_memory;
		m.above = (uint32_t *) (m.last_row + m.slots);
		code_map_clear(m.last_row, m.slots);
	}
	m.current = m.above + width;
	m.swap = m.current + width;
	for (size_t j = 0; j < width; j++)
	{
		m.above[j] = m.swap[j] = infinite;
		m.current[j] = j == 0 ? infinite : (uint32_t) (j - 1);
	}
	for (size_t i = 1; i <= a->length; i++)
	{
		uint32_t   *row = m.above;

		m.above = m.current;
		m.current = row;
		damerau_row(&m, a, b, i);
		done += b->length;
		if (pulse != NULL && done >= PULSE_COLUMNS)
		{
			done = 0;
			pulse();
		}
	}
	return m.current[width - 1];
}

/*
 * Damerau's distance.  A swap with gaps costs at least two and saves one, so that of
 * optimal string alignment is right up to 2, and never above one and a half of it.
 */
size_t
sim_damerau_within(const SimText *a, const SimText *b, size_t max, const SimWork *work)
{
	uint64_t	match[SIM_SHORT];
	SimText		x = a->length <= b->length ? *a : *b;
	SimText		y = a->length <= b->length ? *b : *a;
	size_t		bound = max > SIZE_MAX / 2 ? SIM_UNBOUNDED : max + max / 2;
	size_t		distance;

	strip_ends(&x, &y);
	if (x.length == 0)
		return y.length > max ? max + 1 : y.length;
	distance = distance_within(&x, &y, bound, true, work, match);
	if (distance > bound)
		return max + 1;
	if (distance > 2)
	{
		if (!sim_is_short(&y))
			distance = damerau_matrix(&x, &y, NULL, work->memory, work->pulse);
		else if (has_wide_swap(match, y.length))
			distance = damerau_matrix(&x, &y, match, NULL, NULL);
	}
	return distance > max ? max + 1 : distance;
}

size_t
sim_levenshtein(const SimText *a, const SimText *b, const SimWork *work)
{
	return sim_levenshtein_within(a, b, SIM_UNBOUNDED, work);
}

size_t
sim_osa(const SimText *a, const SimText *b, const SimWork *work)
{
	return sim_osa_within(a, b, SIM_UNBOUNDED, work);
}

size_t
sim_damerau(const SimText *a, const SimText *b, const SimWork *work)
{
	return sim_damerau_within(a, b, SIM_UNBOUNDED, work);
}
