/*
 * similarity.h
 *		Distances and similarities of two texts, by code points.
 *
 * Pure C.  A text is decoded once by sim_text() and may be compared any number of
 * times; an ASCII text is used where it lies.  Every function is symmetric in its
 * texts.  Similarities lie in [0, 1], and equal texts, empty ones too, have 1.
 */
#ifndef PATTERNOS_SIMILARITY_H
#define PATTERNOS_SIMILARITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Texts up to this length need no working memory. */
#define SIM_SHORT 64

/* Longest gram: three code points of 21 bits fit in a word. */
#define SIM_MAX_GRAM 3

/* No bound for a distance. */
#define SIM_UNBOUNDED SIZE_MAX

typedef struct SimText
{
	const unsigned char *bytes; /* ASCII; or NULL, and then codes */
	const uint32_t *codes;
	size_t		length;			/* characters */
} SimText;

/* What texts longer than SIM_SHORT need; NULL will do for shorter ones. */
typedef struct SimWork
{
	void	   *memory;			/* sim_work_size() bytes, aligned for uint64_t */
	void		(*pulse) (void);	/* called now and then; may leave by
									 * longjmp; or NULL */
} SimWork;

/* Whether no byte has its high bit set. */
static inline bool
sim_is_ascii(const char *text, size_t size)
{
	uint64_t	seen = 0;
	uint64_t	word;
	uint32_t	half;

	if (size >= sizeof(word))
	{
		for (size_t i = 0; i < size - sizeof(word); i += sizeof(word))
		{
			memcpy(&word, text + i, sizeof(word));
			seen |= word;
		}
		/* the last eight bytes, some of them again */
		memcpy(&word, text + size - sizeof(word), sizeof(word));
		seen |= word;
	}
	else if (size >= sizeof(half))
	{
		memcpy(&half, text, sizeof(half));
		seen = half;
		memcpy(&half, text + size - sizeof(half), sizeof(half));
		seen |= half;
	}
	else if (size > 0)
		seen = (unsigned char) (text[0] | text[size / 2] | text[size - 1]);
	return (seen & UINT64_C(0x8080808080808080)) == 0;
}

/* An ASCII text, where it lies. */
static inline void
sim_ascii_text(const char *text, size_t size, SimText *result)
{
	result->bytes = (const unsigned char *) text;
	result->codes = NULL;
	result->length = size;
}

extern void sim_text_decode(const char *text, size_t size, uint32_t *codes, SimText *result);

/*
 * Decodes size bytes of UTF-8.  codes has room for as many code points, and may be
 * NULL for ASCII; it lives as long as the result.  A byte that is no UTF-8 counts as
 * a character of its own that equals only itself.
 */
static inline void
sim_text(const char *text, size_t size, uint32_t *codes, SimText *result)
{
	sim_ascii_text(text, size, result);
	if (!sim_is_ascii(text, size))
		sim_text_decode(text, size, codes, result);
}

/* Bytes of working memory for texts of these lengths; 0 when both are short. */
extern size_t sim_work_size(size_t a, size_t b);

extern bool sim_equal(const SimText *a, const SimText *b);

/* Jaro's similarity; and Winkler's, with 0.1 for each of at most 4 common first
 * characters where Jaro's is above 0.7. */
extern double sim_jaro(const SimText *a, const SimText *b, const SimWork *work);
extern double sim_jaro_winkler(const SimText *a, const SimText *b, const SimWork *work);

/*
 * Edit distances, or max + 1 when they exceed max: Levenshtein's; optimal string
 * alignment, where two neighbours may swap but a piece is edited only once; and
 * Damerau's, where swapped characters may have had neighbours inserted or deleted.
 */
extern size_t sim_levenshtein_within(const SimText *a, const SimText *b, size_t max,
									 const SimWork *work);
extern size_t sim_osa_within(const SimText *a, const SimText *b, size_t max,
							 const SimWork *work);
extern size_t sim_damerau_within(const SimText *a, const SimText *b, size_t max,
								 const SimWork *work);

/* The same without a bound. */
extern size_t sim_levenshtein(const SimText *a, const SimText *b, const SimWork *work);
extern size_t sim_osa(const SimText *a, const SimText *b, const SimWork *work);
extern size_t sim_damerau(const SimText *a, const SimText *b, const SimWork *work);

/*
 * Of the two sets of grams of q characters, 1 <= q <= SIM_MAX_GRAM: common over all,
 * and twice the common over the sum.  A shorter text is a gram itself.
 */
extern double sim_jaccard(const SimText *a, const SimText *b, int q, const SimWork *work);
extern double sim_dice(const SimText *a, const SimText *b, int q, const SimWork *work);

#endif							/* PATTERNOS_SIMILARITY_H */
