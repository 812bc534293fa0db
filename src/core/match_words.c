/*
 * match_words.c
 *		Words that two texts have in common, and the streets and house numbers of
 *		addresses.
 */
#include "core/match_view.h"

/* Weights of a word and of one that stands in many addresses. */
#define WORD_WEIGHT 4
#define COMMON_WEIGHT 1

/* Words this similar are spellings of one. */
#define SPELLING 0.9

/*
 * Splits a text at its blanks; returns the number of words.
 */
static int
split_words(const TextView *view, TextView words[MATCH_MAX_WORDS])
{
	int			n = 0;
	int			start = 0;

	for (int i = 0; i <= view->count && n < MATCH_MAX_WORDS; i++)
	{
		if (i < view->count && text_char(view, i) != ' ')
			continue;
		if (i > start)
		{
			words[n].chars = view->chars + ((size_t) start << (view->wide ? 2 : 0));
			words[n].count = i - start;
			words[n++].wide = view->wide;
		}
		start = i + 1;
	}
	return n;
}

/*
 * Whether a word is among the first n of a list.
 */
static bool
among(const TextView *word, const TextView *words, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (same_chars(word, &words[i]))
			return true;
	}
	return false;
}

/*
 * Words in common over all words, each counted once.
 */
double
text_token_overlap(const TextView *a, const TextView *b)
{
	TextView	x[MATCH_MAX_WORDS],
				y[MATCH_MAX_WORDS];
	int			m = split_words(a, x);
	int			n = split_words(b, y);
	int			common = 0;
	int			all = 0;

	for (int i = 0; i < m; i++)
	{
		if (among(&x[i], x, i))
			continue;
		all++;
		common += among(&x[i], y, n);
	}
	for (int i = 0; i < n; i++)
		all += !among(&y[i], y, i) && !among(&y[i], x, m);
	return all == 0 ? 0 : (double) common / all;
}

/*
 * Whether both addresses have a house number and it is the same.
 */
bool
same_house(const TextView *a, const TextView *b)
{
	TextView	x[MATCH_MAX_WORDS],
				y[MATCH_MAX_WORDS];
	int			m = split_words(a, x);
	int			n = split_words(b, y);

	return a->address.house >= 0 && a->address.house < m &&
		b->address.house >= 0 && b->address.house < n &&
		same_chars(&x[a->address.house], &y[b->address.house]);
}

/*
 * Whether two words are one: equal, or without digits and spelt alike.
 */
static bool
alike(const TextView *a, const TextView *b)
{
	if (same_chars(a, b))
		return true;
	if (a->count < 4 || b->count < 4)
		return false;
	for (int i = 0; i < a->count; i++)
	{
		if (text_char(a, i) <= '9')
			return false;
	}
	for (int i = 0; i < b->count; i++)
	{
		if (text_char(b, i) <= '9')
			return false;
	}
	return text_similarity(TEST_JARO_WINKLER, a, b) >= SPELLING;
}

/*
 * Weight of the words of an address, those that have a like one on the other side in
 * *found; the house number is left out.
 */
static int
weigh(const TextView *words, int n, AddressPart part, const bool *matched, int *found)
{
	int			total = 0;

	for (int i = 0; i < n; i++)
	{
		int			weight = (part.common >> i & 1) != 0 ? COMMON_WEIGHT : WORD_WEIGHT;

		if (i == part.house)
			continue;
		total += weight;
		if (matched[i])
			*found += weight;
	}
	return total;
}

/*
 * Share of the words, besides the house numbers, that have a like one on the other
 * side; common words count little.
 */
double
street_overlap(const TextView *a, const TextView *b)
{
	TextView	x[MATCH_MAX_WORDS],
				y[MATCH_MAX_WORDS];
	bool		x_matched[MATCH_MAX_WORDS] = {false};
	bool		y_matched[MATCH_MAX_WORDS] = {false};
	int			m = split_words(a, x);
	int			n = split_words(b, y);
	int			found = 0;
	int			total;

	for (int i = 0; i < m; i++)
	{
		for (int j = 0; j < n; j++)
		{
			if (i != a->address.house && j != b->address.house &&
				!(x_matched[i] && y_matched[j]) && alike(&x[i], &y[j]))
				x_matched[i] = y_matched[j] = true;
		}
	}
	total = weigh(x, m, a->address, x_matched, &found);
	total += weigh(y, n, b->address, y_matched, &found);
	return total == 0 ? 0 : (double) found / total;
}
