/*
 * name.h
 *		The words of a person's name, their short forms, and how alike two names are.
 *
 * Pure C.  Text is UTF-8.
 */
#ifndef PATTERNOS_NAME_H
#define PATTERNOS_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "core/normalize.h"

#define NAME_MAX_WORDS 8

typedef struct NameWord
{
	const char *text;			/* normalised, in NameWords.text */
	size_t		size;
	bool		is_initial;		/* a single letter */
} NameWord;

/* A name's words, the given ones first; titles and "son of" are left out. */
typedef struct NameWords
{
	NameWord	words[NAME_MAX_WORDS];
	int			count;
	char		text[NORMALIZE_MAX];
} NameWords;

/*
 * The usual full form of a normalised word ("bob" → "robert", "mohd" → "mohammed"); the
 * word itself, unchanged, when none is known.  *result_size gets its size; the result
 * is constant or the word.
 */
extern const char *name_canonical(const char *word, size_t size, size_t *result_size);

/* Whether a normalised word is a title: mr, mrs, smt, shri, dr, kumari … */
extern bool name_is_title(const char *word, size_t size);

/* Splits a name; a part before a comma is the surname.  False when it has no words. */
extern bool name_split(const char *name, size_t size, NameWords *result);

/*
 * 0 to 1: words in any order, initials for words, short forms and spellings; 0 when
 * either has no words.
 */
extern double name_similarity(const NameWords *a, const NameWords *b);

#endif							/* PATTERNOS_NAME_H */
