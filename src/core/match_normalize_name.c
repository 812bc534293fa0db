/*
 * match_normalize_name.c
 *		Normal forms of names for matching, and the generation that they tell.
 *
 * "Smith Jr" and "Smith" are one name and may be one person; "Smith Jr" and "Smith
 * Sr" are two persons.  So the generation is no part of the name, but kept beside it.
 */
#include "core/match_record.h"

#include <string.h>

#include "core/name.h"
#include "core/normalize.h"
#include "core/utf8.h"

/*
 * Whether a word is a Roman number from II to IV, which is never a name in itself
 * behind another one.
 */
static bool
is_number(const char *word, size_t size)
{
	return equals_word(word, size, "ii") || equals_word(word, size, "iii") || equals_word(word, size, "iv");
}

/*
 * The generation that a word tells; 0 for a word that tells none.
 */
static int
word_generation(const char *word, size_t size)
{
	static const struct
	{
		const char *word;
		int			generation;
	}			words[] = {
		{"i", 1}, {"sr", 1}, {"snr", 1}, {"senior", 1}, {"ii", 2}, {"jr", 2}, {"jnr", 2},
		{"junior", 2}, {"iii", 3}, {"iv", 4}
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		if (equals_word(word, size, words[i].word))
			return words[i].generation;
	}
	return 0;
}

/*
 * Which of several persons of one name is meant.  The first word is never such a
 * word, and a lone "I" may be an initial, so that any other word goes before it.
 */
int
match_generation(const char *text, size_t length)
{
	int			result = 0;
	bool		first = true;

	for (size_t i = 0; i < length;)
	{
		size_t		start = i;
		int			generation;

		while (i < length && (is_ascii_letter(text[i]) || (unsigned char) text[i] >= 0x80))
			i++;
		generation = first ? 0 : word_generation(text + start, i - start);
		first = first && i == start;
		if (generation > 1 || (generation == 1 && result == 0))
			result = generation;
		if (i == start)
			i++;
	}
	return result;
}

/*
 * Forenames and surnames: folded words without honorifics and generations.
 */
bool
match_normalize_name(const char *text, size_t length, char *result, size_t *size)
{
	size_t		n;
	const char *space;

	if (normalize_name(text, length, result, MATCH_NORMAL_MAX, size) != REASON_OK)
		return false;
	for (n = *size; n > 0; n--)
	{
		space = result + n - 1;
		if (*space != ' ')
			continue;
		if (*size - n < 2 || word_generation(result + n, *size - n) == 0)
			break;
		*size = n - 1;
	}
	return true;
}

/*
 * Full names: given names first, without titles and generations.
 */
bool
match_normalize_full_name(const char *text, size_t length, char *result, size_t *size)
{
	NameWords	words;
	size_t		n = 0;

	if (normalize_name(text, length, result, MATCH_NORMAL_MAX, size) == REASON_PLACEHOLDER ||
		!name_split(text, length, &words))
		return false;
	for (int i = 0; i < words.count; i++)
	{
		if (i > 0 && is_number(words.words[i].text, words.words[i].size))
			continue;
		if (n > 0)
			result[n++] = ' ';
		memcpy(result + n, words.words[i].text, words.words[i].size);
		n += words.words[i].size;
	}
	*size = n;
	return true;
}
