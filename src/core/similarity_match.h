/*
 * similarity_match.h
 *		Which characters of one text equal which of another, as bits: what the distances
 *		of short texts are computed from.  For the files similarity_*.c only.
 */
#ifndef PATTERNOS_SIMILARITY_MATCH_H
#define PATTERNOS_SIMILARITY_MATCH_H

#include "core/similarity.h"

/* A map from the characters of at most SIM_SHORT rows of a text to their rows' bits. */
#define ROW_SLOTS 128

typedef struct RowMap
{
	uint64_t	bits[ROW_SLOTS];	/* by byte, or by slot; 0 is an empty slot */
	uint32_t	codes[ROW_SLOTS];
} RowMap;

static inline uint32_t
sim_at(const SimText *text, size_t i)
{
	return text->bytes != NULL ? text->bytes[i] : text->codes[i];
}

static inline bool
sim_is_short(const SimText *text)
{
	return text->length <= SIM_SHORT;
}

/* The lowest n bits, n <= 64. */
static inline uint64_t
low_bits(size_t n)
{
	return n >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << n) - 1;
}

/* match[j] gets bit i where a[i] = b[j]; both texts are short. */
extern void sim_match(const SimText *a, const SimText *b, uint64_t *match);

/* Rows [first, first + SIM_SHORT) of a text, and the bits of those with a character. */
extern void row_map_build(RowMap *map, const SimText *a, size_t first);
extern uint64_t row_map_find(const RowMap *map, uint32_t code);

/* A map from any character to a number; slots is a power of two above the entries. */
typedef struct CodeSlot
{
	uint32_t	code;
	uint32_t	value;			/* 0 is an empty slot */
} CodeSlot;

extern size_t code_map_slots(size_t entries);
extern void code_map_clear(CodeSlot *slots, size_t count);

/* The slot of a character, which has value 0 when it is new. */
extern CodeSlot *code_map_slot(CodeSlot *slots, size_t count, uint32_t code);

#endif							/* PATTERNOS_SIMILARITY_MATCH_H */
