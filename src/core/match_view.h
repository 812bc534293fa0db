/*
 * match_view.h
 *		A pair's fields of one comparison, as its levels see them.  For the files
 *		match_*.c only.
 */
#ifndef PATTERNOS_MATCH_VIEW_H
#define PATTERNOS_MATCH_VIEW_H

#include <math.h>
#include <string.h>

#include "core/match_record.h"
#include "core/similarity.h"

/* A text of a record, or a part of one. */
typedef struct TextView
{
	const char *chars;
	int			count;
	bool		wide;
	uint64_t	mask;			/* bit (code mod 64) of each character */
	uint64_t	hash;			/* 0 when not known */
	NameKeys	keys;
	int			generation;		/* of a name; 0 unknown */
	uint32_t	user;			/* of an e-mail address: characters before the
								 * @ */
	AddressPart address;
} TextView;

/* Two texts with what has been computed of them. */
typedef struct TextPair
{
	TextView	side[2];
	bool		equal;
	double		jaro_winkler;	/* negative: not computed yet */
	double		below;			/* jaro_winkler is below this: no need to
								 * compute */
} TextPair;

/* What a field turned out to be. */
typedef enum FieldState
{
	FIELD_NULL,
	FIELD_GOOD,
	FIELD_BAD
} FieldState;

/* Set bits, without the library call that the compiler makes of its builtin. */
static inline int
count_bits(uint64_t bits)
{
	bits -= bits >> 1 & UINT64_C(0x5555555555555555);
	bits = (bits & UINT64_C(0x3333333333333333)) + (bits >> 2 & UINT64_C(0x3333333333333333));
	bits = (bits + (bits >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F);
	return (int) (bits * UINT64_C(0x0101010101010101) >> 56);
}

/* The field of a column: its first byte and the bytes up to the record's end. */
static inline FieldState
find_field(MatchBytes record, int column, MatchBytes *field)
{
	uint16_t	place;
	size_t		start;

	memcpy(&place, record.bytes + sizeof(RecordHeader) + sizeof(place) * (size_t) column, sizeof(place));
	if (place == 0)
		return FIELD_NULL;
	start = (size_t) place * RECORD_UNIT;
	if (start >= record.size)
		return FIELD_BAD;
	field->bytes = record.bytes + start;
	field->size = record.size - start;
	return FIELD_GOOD;
}

/* Bits of the characters of a part of a text. */
extern uint64_t text_mask(const TextView *view);
extern uint32_t text_char(const TextView *view, int i);
extern bool read_text(MatchBytes field, int kind, TextView *view);

/* Similarities of two views, by the kernels of similarity.h. */
extern bool same_chars(const TextView *a, const TextView *b);
extern bool text_equal(const TextView *a, const TextView *b);

/* Whether two names tell different generations; whether one is in Latin letters. */
extern bool other_generation(const TextView *a, const TextView *b);
extern bool other_script(const TextView *a, const TextView *b);
extern double text_similarity(MatchTest test, const TextView *a, const TextView *b);
extern bool text_within(MatchTest test, const TextView *a, const TextView *b, double limit);
extern double text_token_overlap(const TextView *a, const TextView *b);
extern bool same_house(const TextView *a, const TextView *b);
extern double street_overlap(const TextView *a, const TextView *b);

/* Upper bound of Jaro-Winkler from lengths, characters and the common start. */
extern double jaro_winkler_bound(const TextView *a, const TextView *b);

/* Index of the level of a pair; -1 when it is null; -2 for bytes that are no record. */
#define LEVEL_NULL (-1)
#define LEVEL_BAD (-2)

extern int	text_level(const MatchComparison *comparison, MatchBytes a, MatchBytes b);
extern int	name_level(const MatchModel *model, const MatchComparison *comparison,
					   const MatchBytes *a, const MatchBytes *b, const FieldState *a_state,
					   const FieldState *b_state);
extern int	date_level(const MatchComparison *comparison, MatchBytes a, MatchBytes b);
extern int	number_level(const MatchComparison *comparison, MatchBytes a, MatchBytes b);
extern int	set_level(const MatchComparison *comparison, MatchBytes a, MatchBytes b);
extern int	bloom_level(const MatchComparison *comparison, MatchBytes a, MatchBytes b);
extern int	date_parts_level(const MatchComparison *comparison, const MatchBytes *a,
							 const MatchBytes *b, const FieldState *a_state,
							 const FieldState *b_state);

#endif							/* PATTERNOS_MATCH_VIEW_H */
