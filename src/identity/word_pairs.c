/*
 * word_pairs.c
 *		Pairs of words of a text, to find candidates by.
 *
 * One word of a title is too common to be a key and the whole title too rare; two
 * that occur together seldom do so in the titles of different things.
 */
#include "patternos.h"

#include "catalog/pg_type.h"
#include "core/match.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "server/utf8_argument.h"
#include "utils/array.h"
#include "utils/builtins.h"

#define MOST_WORDS 16

PG_FUNCTION_INFO_V1(patternos_word_pairs);

typedef struct Word
{
	const char *text;
	size_t		size;
} Word;

static int
compare_words(const void *a, const void *b)
{
	const Word *x = a;
	const Word *y = b;
	int			order = memcmp(x->text, y->text, Min(x->size, y->size));

	return order != 0 ? order : (x->size > y->size) - (x->size < y->size);
}

/*
 * The first different words of a text whose words are separated by blanks, in order
 * of bytes; returns how many.
 */
static int
split_words(const char *text, size_t size, Word *words)
{
	int			count = 0;
	size_t		begin = 0;

	while (begin < size && count < MOST_WORDS)
	{
		const char *blank = memchr(text +begin, ' ', size - begin);
		const char *end = blank == NULL ? text +size : blank;
		Word		word;
		bool		is_new = true;

		word.text = text +begin;

		word.size = (size_t) (end - word.text);
		begin += word.size + 1;
		for (int i = 0; i < count && is_new; i++)
			is_new = compare_words(&words[i], &word) != 0;
		if (word.size > 0 && is_new)
			words[count++] = word;
	}
	qsort(words, count, sizeof(Word), compare_words);
	return count;
}

/*
 * Two words, or one, as a text of the database's encoding.
 */
static Datum
pair_text(const Word *first, const Word *second)
{
	StringInfoData pair;

	initStringInfo(&pair);
	appendBinaryStringInfo(&pair, first->text, (int) first->size);
	if (second != NULL)
	{
		appendStringInfoChar(&pair, ' ');
		appendBinaryStringInfo(&pair, second->text, (int) second->size);
	}
	return PointerGetDatum(cstring_to_text(pg_any_to_server(pair.data, pair.len, PG_UTF8)));
}

/*
 * word_pairs(value text) returns text[]
 *
 * Strict.  Each pair of the first 16 different words of the normal form, the lesser
 * first; the word itself where there is but one.  NULL when the text says nothing.
 */
Datum
patternos_word_pairs(PG_FUNCTION_ARGS)
{
	Utf8		value = PG_GETARG_UTF8(0);
	char		normal[MATCH_NORMAL_MAX];
	size_t		size;
	Word		words[MOST_WORDS];
	int			count;
	Datum		pairs[MOST_WORDS * (MOST_WORDS - 1) / 2];
	int			npairs = 0;

	if (!match_normalize(KIND_TEXT, value.text, value.size, normal, &size))
		PG_RETURN_NULL();
	count = split_words(normal, size, words);
	if (count == 0)
		PG_RETURN_NULL();
	if (count == 1)
		pairs[npairs++] = pair_text(&words[0], NULL);
	for (int i = 0; i < count; i++)
		for (int j = i + 1; j < count; j++)
			pairs[npairs++] = pair_text(&words[i], &words[j]);
	PG_RETURN_ARRAYTYPE_P(construct_array(pairs, npairs, TEXTOID, -1, false, TYPALIGN_INT));
}
