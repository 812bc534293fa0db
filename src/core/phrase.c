/*
 * phrase.c
 *		Finds the phrases of a dictionary in item names, word by word.
 *
 * Words are compared by their letters and digits: without case, apostrophes,
 * accents of Latin letters and a plural s; an ampersand is the word "and".
 */
#include "core/items.h"

#include <string.h>

/* ASCII letters of U+00C0 to U+00FF; '?' where there is none */
static const char latin_letters[] =
"aaaaaaaceeeeiiii?nooooo?ouuuuy?saaaaaaaceeeeiiii?nooooo?ouuuuy?y";

/*
 * Drops a plural s from the word that ends a text of size bytes.
 */
static size_t
without_plural(const char *result, size_t word, size_t size)
{
	if (size - word > 3 && result[size - 1] == 's' && result[size - 2] != 's')
		size--;
	return size;
}

/*
 * The letter or digit at text, lower case, 0 for what ends a word and '\'' for
 * what is passed over.  *bytes tells how many bytes were read.
 */
static char
word_letter(const char *text, const char *end, size_t *bytes)
{
	unsigned char c = (unsigned char) *text;

	*bytes = 1;
	if (c >= 'A' && c <= 'Z')
		return (char) (c + ('a' - 'A'));
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
		return (char) c;
	if (c == '\'' || c == '`')
		return '\'';
	if (c < 0x80)
		return 0;
	if (c == 0xC2 && end - text >= 2)
	{
		*bytes = 2;				/* signs of Latin-1: trade marks, no-break
								 * space */
		return 0;
	}
	if (c == 0xC3 && end - text >= 2 && (unsigned char) text[1] >= 0x80 &&
		(unsigned char) text[1] < 0xC0 && latin_letters[(unsigned char) text[1] - 0x80] != '?')
	{
		*bytes = 2;
		return latin_letters[(unsigned char) text[1] - 0x80];
	}
	if (c == 0xE2 && end - text >= 3 && (unsigned char) text[1] == 0x80)
	{
		*bytes = 3;				/* general punctuation; the single quotes join */
		return (unsigned char) text[2] == 0x98 || (unsigned char) text[2] == 0x99 ? '\'' : 0;
	}
	return (char) c;
}

/*
 * The words of a text, normalised and joined by single blanks.  What does not
 * fit is left out.  Returns the size.
 */
size_t
phrase_words(const char *text, size_t length, char *result)
{
	const char *end = text + length;
	size_t		size = 0;
	size_t		word = 0;

	while (text < end && size + 4 < PHRASE_TEXT_SIZE)
	{
		size_t		bytes;
		char		c = word_letter(text, end, &bytes);

		if (c != 0 && c != '\'')
			result[size++] = c;
		else if (c == 0)
		{
			if (size > word)
			{
				size = without_plural(result, word, size);
				result[size++] = ' ';
				word = size;
			}
			if (*text == '&')
			{
				memcpy(result + size, "and ", 4);
				size += 4;
				word = size;
			}
		}
		text += bytes;
	}
	if (size > word)
		return without_plural(result, word, size);
	return size > 0 ? size - 1 : 0;
}

/*
 * FNV-1a, continued from hash.
 */
static uint64_t
hash_bytes(uint64_t hash, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (unsigned char) bytes[i]) * UINT64_C(1099511628211);
	return hash;
}

/*
 * The slot of these words, or the free one where they belong.
 */
static Phrase *
phrase_slot(const PhraseSet *set, uint64_t hash, const char *words, size_t size)
{
	uint64_t	slot = (hash ^ (hash >> 32)) & set->mask;

	while (set->slots[slot].words != NULL &&
		   !(set->slots[slot].hash == hash && set->slots[slot].size == size &&
			 memcmp(set->slots[slot].words, words, size) == 0))
		slot = (slot + 1) & set->mask;
	return &set->slots[slot];
}

/*
 * Adds a phrase; of two equal ones the first stays.  The words must live as
 * long as the set.
 */
bool
phrase_add(PhraseSet *set, const char *words, size_t size, int id)
{
	uint64_t	hash = hash_bytes(UINT64_C(14695981039346656037), words, size);
	Phrase	   *slot = phrase_slot(set, hash, words, size);
	int			count = 1;

	if (slot->words != NULL)
		return false;
	for (size_t i = 0; i < size; i++)
		count += words[i] == ' ';
	if (count > set->longest)
		set->longest = count;
	slot->words = words;
	slot->hash = hash;
	slot->size = (uint32_t) size;
	slot->id = id;
	return true;
}

/*
 * Looks up every run of words of at most the longest phrase's count.  Of equally
 * long phrases the one that stands first in the text wins.
 */
int
phrase_find(const PhraseSet *set, const char *words, size_t size, PhraseOrder order)
{
	int			best = -1;
	size_t		best_size = 0;
	size_t		start = 0;

	while (start < size)
	{
		uint64_t	hash = UINT64_C(14695981039346656037);
		size_t		at = start;
		size_t		next = size;

		for (int count = 0; count < set->longest && at < size; count++)
		{
			const char *blank = memchr(words + at, ' ', size - at);
			size_t		stop = blank == NULL ? size : (size_t) (blank - words);
			const Phrase *phrase;

			if (count == 0)
				next = stop + 1;
			else
				at--;
			hash = hash_bytes(hash, words + at, stop - at);
			phrase = phrase_slot(set, hash, words + start, stop - start);
			if (phrase->words != NULL &&
				(best < 0 ||
				 (order == PHRASE_LONGEST ? phrase->size > best_size : phrase->id < best)))
			{
				best = phrase->id;
				best_size = phrase->size;
			}
			at = stop + 1;
		}
		start = next;
	}
	return best;
}
