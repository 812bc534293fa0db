/*
 * fuzz_items.c
 *		Feeds arbitrary bytes to the item lists, phrases and shares of src/core and checks
 *		what must hold for any input.  Built like fuzz_values.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/items.h"

static void
require(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "violated: %s\n", what);
	abort();
}

/* Items lie within the list, in order, none is empty, and copies are no longer. */
static void
check_list(const char *text, size_t length)
{
	const char *cursor = text;
	const char *end = text + length;
	const char *last = text;
	char	   *copy = malloc(length + 1);
	ItemPart	part;

	items_trim(&cursor, end, &end);
	require(cursor >= text && cursor <= end && end <= text + length, "trimmed list");
	while (items_next(&cursor, end, &part))
	{
		require(part.size > 0 && part.start >= last && part.start + part.size <= end, "item within the list");
		require(items_copy(&part, copy) <= part.size, "copy of an item");
		last = part.start + part.size;
		require(cursor >= last && cursor <= end, "cursor");
	}
	free(copy);
}

/* A text has the phrase that it is, under both orders. */
static void
check_phrases(const char *text, size_t length)
{
	Phrase		slots[4] = {{NULL, 0, 0, 0}};
	PhraseSet	set = {slots, 3, 0};
	char	   *words = malloc(PHRASE_TEXT_SIZE);
	size_t		size = phrase_words(text, length, words);

	require(size <= PHRASE_TEXT_SIZE, "size of words");
	if (size > 0)
	{
		require(words[0] != ' ' && words[size - 1] != ' ', "blanks between words only");
		require(phrase_add(&set, words, size, 7) && !phrase_add(&set, words, size, 8), "phrase added once");
		require(phrase_find(&set, words, size, PHRASE_LONGEST) == 7, "longest phrase");
		require(phrase_find(&set, words, size, PHRASE_FIRST) == 7, "first phrase");
	}
	require(phrase_find(&set, words, 0, PHRASE_FIRST) == -1, "no words");
	free(words);
}

/* Shares have the total's sign, add up to it, and a weight of 0 gets nothing beside others. */
static void
check_shares(const char *text, size_t length)
{
	int			count = (int) (length / 8) - 1;
	int64_t		total;
	int64_t    *weights;
	int64_t    *shares;
	AllocateShare *scratch;
	__int128	sum = 0;
	int			positive = 0;

	if (count < 1)
		return;
	weights = malloc(count * sizeof(int64_t));
	shares = malloc(count * sizeof(int64_t));
	scratch = malloc(count * sizeof(AllocateShare));
	memcpy(&total, text, 8);
	memcpy(weights, text + 8, count * 8);
	for (int i = 0; i < count; i++)
	{
		weights[i] &= INT64_MAX;
		positive += weights[i] > 0;
	}
	allocate_units(total, weights, count, shares, scratch);
	for (int i = 0; i < count; i++)
	{
		sum += shares[i];
		require(total >= 0 ? shares[i] >= 0 : shares[i] <= 0, "sign of a share");
		require(weights[i] > 0 || positive == 0 || shares[i] == 0, "share of nothing");
	}
	require(sum == total, "shares add up");
	free(weights);
	free(shares);
	free(scratch);
}

extern int	LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	/* a copy of exact size, so that the sanitizer sees a read past the end */
	char	   *text = malloc(size > 0 ? size : 1);

	if (size > 0)
		memcpy(text, data, size);
	check_list(text, size);
	check_phrases(text, size);
	check_shares(text, size);
	free(text);
	return 0;
}

#ifdef STANDALONE
int
main(int argc, char **argv)
{
	static const char alphabet[] = "ab s',\"\\()[]{}&\n\r\t-\xC3\xA9\xC2\xA0\xE2\x80\x99\xFF\x00";
	unsigned char data[2200];
	int			rounds = argc > 1 ? atoi(argv[1]) : 30000;

	srand(7);
	for (int round = 0; round < rounds; round++)
	{
		size_t		size = rand() % (round % 100 == 0 ? sizeof(data) : 60);

		for (size_t i = 0; i < size; i++)
			data[i] = rand() % 10 == 0 ? rand() : alphabet[rand() % (sizeof(alphabet) - 1)];
		LLVMFuzzerTestOneInput(data, size);
	}
	return 0;
}
#endif
