/*
 * items.h
 *		Lists of item names, shares of an order's total, phrases in names.
 *
 * Pure C: no backend headers, no allocation, no locale.  Text is bytes with a
 * length in an encoding whose ASCII bytes stand for themselves.
 */
#ifndef PATTERNOS_ITEMS_H
#define PATTERNOS_ITEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A parenthesis or quote that is not closed within so many bytes is an ordinary character. */
#define ITEM_NESTING_SPAN 1000

/* Bytes of an item name that are searched for phrases. */
#define PHRASE_TEXT_SIZE 1000

/* One item of a list: size bytes from start, quotes still doubled when quoted. */
typedef struct ItemPart
{
	const char *start;
	size_t		size;
	bool		quoted;
} ItemPart;

/* A line's share of a total that could not be given in whole units. */
typedef struct AllocateShare
{
	uint64_t	high;			/* of the remainder: allocated memory is not
								 * aligned for 128 bits */
	uint64_t	low;
	int			position;
} AllocateShare;

/* One phrase of a dictionary: its words, normalised, joined by blanks. */
typedef struct Phrase
{
	const char *words;			/* NULL: a free slot */
	uint64_t	hash;
	uint32_t	size;
	int32_t		id;
} Phrase;

/* Phrases in a hash table of slots (a power of two, at most half of them filled). */
typedef struct PhraseSet
{
	Phrase	   *slots;
	uint64_t	mask;
	int			longest;		/* words of the longest phrase */
} PhraseSet;

/* Which of several phrases in a text counts: the longest, or the one with the smallest id. */
typedef enum PhraseOrder
{
	PHRASE_LONGEST,
	PHRASE_FIRST
} PhraseOrder;

/* The list without the brackets around it, if there are any. */
extern void items_trim(const char **text, const char *end, const char **trimmed_end);

/* The next item of the list at *cursor; false at its end. */
extern bool items_next(const char **cursor, const char *end, ItemPart *part);

/* Copies an item without its quoting; result has room for part->size bytes. */
extern size_t items_copy(const ItemPart *part, char *result);

/* Divides total by weights; scratch has room for count shares. */
extern void allocate_units(int64_t total, const int64_t *weights, int count,
						   int64_t *result, AllocateShare *scratch);

/* Normalised words of a text; result has room for PHRASE_TEXT_SIZE bytes. */
extern size_t phrase_words(const char *text, size_t length, char *result);

/* Adds normalised words; false when there already. */
extern bool phrase_add(PhraseSet *set, const char *words, size_t size, int id);

/* The id of the phrase found in normalised words, or -1. */
extern int	phrase_find(const PhraseSet *set, const char *words, size_t size, PhraseOrder order);

#endif							/* PATTERNOS_ITEMS_H */
