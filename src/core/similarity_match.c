/*
 * similarity_match.c
 *		Decoded texts, and which characters of two texts are equal, as bits.
 */
#include "core/similarity_match.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "core/utf8.h"

/* A byte that is no UTF-8 becomes a code of its own above Unicode's, below 2^21. */
#define INVALID_BYTE 0x110000

/*
 * The code points of a text that is not ASCII.
 */
void
sim_text_decode(const char *text, size_t size, uint32_t *codes, SimText *result)
{
	size_t		n = 0;
	size_t		i = 0;

	while (i < size)
	{
		uint32_t	code;
		size_t		used = utf8_decode(text + i, size - i, &code);

		if (used == 0)
		{
			code = INVALID_BYTE + (unsigned char) text[i];
			used = 1;
		}
		codes[n++] = code;
		i += used;
	}
	result->bytes = NULL;
	result->codes = codes;
	result->length = n;
}

/*
 * The largest need is Jaro's: per character of one text a link and a mark, and two to
 * four slots of a map.
 */
size_t
sim_work_size(size_t a, size_t b)
{
	return a <= SIM_SHORT && b <= SIM_SHORT ? 0 : 40 * (a + b) + 1024;
}

/*
 * Whether two texts have the same characters.
 */
bool
sim_equal(const SimText *a, const SimText *b)
{
	if (a->length != b->length || (a->bytes == NULL) != (b->bytes == NULL))
		return false;
	return a->bytes != NULL ? memcmp(a->bytes, b->bytes, a->length) == 0 :
		memcmp(a->codes, b->codes, a->length * sizeof(uint32_t)) == 0;
}

#ifdef __SSE2__

/*
 * The next up to 16 bytes, zeros behind them; reads none past the end.
 */
static inline __m128i
load_bytes(const unsigned char *p, size_t n)
{
	uint64_t	low;
	uint64_t	high = 0;

	if (n >= 16)
		return _mm_loadu_si128((const __m128i *) p);
	if (n >= 8)
	{
		memcpy(&low, p, 8);
		memcpy(&high, p + n - 8, 8);
		high = n == 8 ? 0 : high >> 8 * (16 - n);
	}
	else if (n >= 4)
	{
		uint32_t	first;
		uint32_t	last;

		memcpy(&first, p, 4);
		memcpy(&last, p + n - 4, 4);
		low = (uint64_t) last << 8 * (n - 4) | first;
	}
	else
		low = n == 0 ? 0 : p[0] | (uint64_t) p[n / 2] << 8 * (n / 2) | (uint64_t) p[n - 1] << 8 * (n - 1);
	return _mm_set_epi64x((long long) high, (long long) low);
}

static inline uint64_t
equal_bytes(__m128i v, __m128i c)
{
	return (uint32_t) _mm_movemask_epi8(_mm_cmpeq_epi8(v, c));
}

/*
 * sim_match() for bytes: each character of b against 16 of a at once.
 */
static void
match_bytes(const unsigned char *a, size_t a_length, const unsigned char *b,
			size_t b_length, uint64_t *match)
{
	uint64_t	rows = low_bits(a_length);
	__m128i		v[4];

	v[0] = load_bytes(a, a_length);
	if (a_length <= 16)
	{
		for (size_t j = 0; j < b_length; j++)
			match[j] = equal_bytes(v[0], _mm_set1_epi8((char) b[j])) & rows;
		return;
	}
	for (size_t k = 1; k < 4; k++)
		v[k] = load_bytes(a + 16 * k, a_length > 16 * k ? a_length - 16 * k : 0);
	for (size_t j = 0; j < b_length; j++)
	{
		__m128i		c = _mm_set1_epi8((char) b[j]);

		match[j] = (equal_bytes(v[0], c) | equal_bytes(v[1], c) << 16 |
					equal_bytes(v[2], c) << 32 | equal_bytes(v[3], c) << 48) & rows;
	}
}

#else

/*
 * sim_match() for bytes, through a table of which only the entries in use are set.
 */
static void
match_bytes(const unsigned char *a, size_t a_length, const unsigned char *b,
			size_t b_length, uint64_t *match)
{
	uint64_t	rows[256];

	for (size_t i = 0; i < a_length; i++)
		rows[a[i]] = 0;
	for (size_t j = 0; j < b_length; j++)
		rows[b[j]] = 0;
	for (size_t i = 0; i < a_length; i++)
		rows[a[i]] |= UINT64_C(1) << i;
	for (size_t j = 0; j < b_length; j++)
		match[j] = rows[b[j]];
}

#endif

/*
 * Bit i of match[j] says whether a[i] = b[j].
 */
void
sim_match(const SimText *a, const SimText *b, uint64_t *match)
{
	RowMap		map;

	if (a->bytes != NULL && b->bytes != NULL)
	{
		match_bytes(a->bytes, a->length, b->bytes, b->length, match);
		return;
	}
	row_map_build(&map, a, 0);
	for (size_t j = 0; j < b->length; j++)
		match[j] = row_map_find(&map, sim_at(b, j));
}

/* The first slot to look at. */
static inline uint32_t
row_slot(uint32_t code)
{
	return (code ^ code >> 7 ^ code >> 14) % ROW_SLOTS;
}

/*
 * Takes up to SIM_SHORT rows into the map; at most half of its slots are used.
 */
void
row_map_build(RowMap *map, const SimText *a, size_t first)
{
	size_t		n = a->length - first;

	if (n > SIM_SHORT)
		n = SIM_SHORT;
	memset(map->bits, 0, sizeof(map->bits));
	for (size_t i = 0; i < n; i++)
	{
		uint32_t	code = sim_at(a, first + i);
		uint32_t	slot = row_slot(code);

		while (map->bits[slot] != 0 && map->codes[slot] != code)
			slot = (slot + 1) % ROW_SLOTS;
		map->codes[slot] = code;
		map->bits[slot] |= UINT64_C(1) << i;
	}
}

/*
 * The rows that hold a character.
 */
uint64_t
row_map_find(const RowMap *map, uint32_t code)
{
	uint32_t	slot = row_slot(code);

	while (map->bits[slot] != 0 && map->codes[slot] != code)
		slot = (slot + 1) % ROW_SLOTS;
	return map->bits[slot];
}

/*
 * Slots for a number of entries: a power of two, twice to four times as many.
 */
size_t
code_map_slots(size_t entries)
{
	size_t		count = 16;

	while (count < 2 * entries)
		count *= 2;
	return count;
}

/*
 * Empties a map.
 */
void
code_map_clear(CodeSlot *slots, size_t count)
{
	memset(slots, 0, count * sizeof(*slots));
}

/*
 * The slot of a character or the empty one where it belongs.
 */
CodeSlot   *
code_map_slot(CodeSlot *slots, size_t count, uint32_t code)
{
	size_t		slot = (code * UINT64_C(0x9E3779B97F4A7C15) >> 32) % count;

	while (slots[slot].value != 0 && slots[slot].code != code)
		slot = (slot + 1) % count;
	slots[slot].code = code;
	return &slots[slot];
}
