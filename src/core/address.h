/*
 * address.h
 *		The words and numbers of a postal address, and how alike two addresses are.
 *
 * Pure C.  Text is UTF-8.
 */
#ifndef PATTERNOS_ADDRESS_H
#define PATTERNOS_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/normalize.h"

#define ADDRESS_MAX_WORDS 32

typedef struct AddressWord
{
	const char *text;			/* normalised, abbreviations written out */
	size_t		size;
	const char *end;			/* of the word as it was written, in text */
	bool		is_number;		/* has a digit */
	bool		is_letters;		/* single letters in a row */
	bool		is_common;		/* road, floor, nagar …: says little */
} AddressWord;

typedef struct AddressWords
{
	AddressWord words[ADDRESS_MAX_WORDS];
	int			count;
	int			house;			/* the house number's word, or -1 */
	char		text[NORMALIZE_MAX];
} AddressWords;

/* Splits an address; false when it has no words. */
extern bool address_split(const char *address, size_t size, AddressWords *result);

/*
 * 0 to 1: words found again in any order and spelling, common ones counting little,
 * and a third for the house number where both have one.
 */
extern double address_similarity(const AddressWords *a, const AddressWords *b);

#endif							/* PATTERNOS_ADDRESS_H */
