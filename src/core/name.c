/*
 * name.c
 *		The words of a person's name, their short forms, and how alike two names are.
 */
#include "core/name.h"

#include <stdint.h>
#include <string.h>

#include "core/name_words.h"
#include "core/phonetic.h"
#include "core/similarity.h"
#include "core/utf8.h"

/* Bytes of a name that count. */
#define MAX_NAME 512

/* Similarities of two words, in ten-thousandths; below the lowest they differ. */
#define SAME 10000
#define SAME_FULL_FORM 9500
#define SAME_SOUND 9200
#define INITIAL_OF 8000
#define LOWEST 8000

/* Spellings of one sound are at least so alike; "John" and "Jane" are not. */
#define LOWEST_OF_SOUND 7500

/* What a word and an initial weigh. */
#define WORD_WEIGHT 5
#define INITIAL_WEIGHT 2

/* The part of the result that asks for the words' order. */
#define ORDER_SHARE 0.1

/* The same letters, divided into words differently. */
#define JOINED 0.97

static const char *const titles[] = {
	"adv", "capt", "captain", "col", "dame", "dr", "er", "gen", "haji", "hon", "janab",
	"km", "kumari", "lady", "late", "lord", "lt", "maj", "major", "master", "maulana",
	"md", "messrs", "miss", "mr", "mrs", "ms", "mx", "pandit", "prof", "professor", "pt",
	"rev", "selvi", "shree", "shri", "shrimati", "sir", "smt", "sri", "srimati", "thiru",
	"tmt", "ustad"
};

/* Words behind a name that are no part of it. */
static const char *const suffixes[] = {
	"esq", "garu", "ii", "iii", "iv", "ji", "jr", "junior", "phd", "sahab", "saheb",
	"sahib", "senior", "sr"
};

static int
compare_word(const char *word, size_t size, const char *other)
{
	size_t		n = strlen(other);
	int			order = memcmp(word, other, size < n ? size : n);

	return order != 0 ? order : (size > n) - (size < n);
}

static bool
is_one_of(const char *word, size_t size, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		if (compare_word(word, size, list[i]) == 0)
			return true;
	}
	return false;
}

bool
name_is_title(const char *word, size_t size)
{
	return is_one_of(word, size, titles, sizeof(titles) / sizeof(titles[0]));
}

static bool
is_suffix(const char *word, size_t size)
{
	return is_one_of(word, size, suffixes, sizeof(suffixes) / sizeof(suffixes[0]));
}

/*
 * The full form of a word, or the word.
 */
const char *
name_canonical(const char *word, size_t size, size_t *result_size)
{
	size_t		low = 0;
	size_t		high = name_short_form_count;

	while (low < high)
	{
		size_t		middle = (low + high) / 2;
		int			order = compare_word(word, size, name_short_forms[middle].form);

		if (order == 0)
		{
			*result_size = strlen(name_short_forms[middle].full);
			return name_short_forms[middle].full;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	*result_size = size;
	return word;
}

/*
 * The size of a name up to "s/o", "d/o", "w/o" or "c/o" and at most MAX_NAME.
 */
static size_t
own_part(const char *name, size_t size)
{
	size = utf8_prefix(name, size, MAX_NAME);
	for (size_t i = 1; i + 3 < size; i++)
	{
		if (name[i - 1] == ' ' && memchr("sdwcSDWC", name[i], 8) != NULL &&
			name[i + 1] == '/' && ascii_lower(name[i + 2]) == 'o')
			return i;
	}
	return size;
}

/*
 * Adds the words of a normalised part without the titles in front and the suffixes
 * behind, but never none.
 */
static void
add_words(NameWords *words, const char *part, size_t size)
{
	const char *end = part + size;
	const char *space;

	while ((space = memchr(part, ' ', (size_t) (end - part))) != NULL &&
		   name_is_title(part, (size_t) (space - part)))
		part = space + 1;
	for (space = end; space > part; space--)
	{
		if (*(space - 1) != ' ')
			continue;
		if (!is_suffix(space, (size_t) (end - space)))
			break;
		end = space - 1;
	}
	while (part < end && words->count < NAME_MAX_WORDS)
	{
		NameWord   *word = &words->words[words->count++];
		uint32_t	code;

		space = memchr(part, ' ', (size_t) (end - part));
		word->text = part;
		word->size = (size_t) ((space != NULL ? space : end) - part);
		word->is_initial = utf8_decode(part, word->size, &code) == word->size;
		part += word->size + 1;
	}
}

/*
 * Whether a normalised part of a name holds only titles and suffixes.
 */
static bool
is_addition(const char *part, size_t size)
{
	const char *end = part + size;

	while (part < end)
	{
		const char *space = memchr(part, ' ', (size_t) (end - part));
		size_t		n = (size_t) ((space != NULL ? space : end) - part);

		if (!name_is_title(part, n) && !is_suffix(part, n))
			return false;
		part += n + 1;
	}
	return true;
}

/*
 * The words of a name; false when it has none.
 */
bool
name_split(const char *name, size_t size, NameWords *result)
{
	size_t		length = own_part(name, size);
	const char *comma = memchr(name, ',', length);
	size_t		before = comma != NULL ? (size_t) (comma - name) : length;
	char	   *surname = result->text;
	char	   *given = result->text;
	size_t		surname_size = 0;
	size_t		given_size = 0;

	result->count = 0;
	if (normalize_name(name, before, surname, NORMALIZE_MAX, &surname_size) != REASON_OK)
		surname_size = 0;
	given += surname_size;
	if (comma == NULL ||
		normalize_name(comma + 1, length - before - 1, given, NORMALIZE_MAX - surname_size, &given_size) != REASON_OK ||
		is_addition(given, given_size))
		given_size = 0;
	if (given_size > 0)
		add_words(result, given, given_size);
	if (surname_size > 0)
		add_words(result, surname, surname_size);
	return result->count > 0;
}

/*
 * The first SIM_SHORT bytes of a word as characters.
 */
static void
word_text(const NameWord *word, uint32_t *codes, SimText *result)
{
	sim_text(word->text, utf8_prefix(word->text, word->size, SIM_SHORT), codes, result);
}

/*
 * Similarity of two words.
 */
static int
word_similarity(const NameWord *x, const NameWord *y)
{
	uint32_t	x_codes[SIM_SHORT];
	uint32_t	y_codes[SIM_SHORT];
	char		x_key[PHONETIC_MAX];
	char		y_key[PHONETIC_MAX];
	SimText		x_text;
	SimText		y_text;
	size_t		x_size;
	size_t		y_size;
	const char *x_full;
	const char *y_full;
	int			result;

	if (x->size == y->size && memcmp(x->text, y->text, x->size) == 0)
		return SAME;
	if (x->is_initial || y->is_initial)
	{
		size_t		n = x->size < y->size ? x->size : y->size;

		return memcmp(x->text, y->text, n) == 0 ? INITIAL_OF : 0;
	}
	x_full = name_canonical(x->text, x->size, &x_size);
	y_full = name_canonical(y->text, y->size, &y_size);
	if (x_size == y_size && memcmp(x_full, y_full, x_size) == 0)
		return SAME_FULL_FORM;
	word_text(x, x_codes, &x_text);
	word_text(y, y_codes, &y_text);
	result = (int) (sim_jaro_winkler(&x_text, &y_text, NULL) * SAME + 0.5);
	if (result >= LOWEST_OF_SOUND && result < SAME_SOUND)
	{
		x_size = phonetic_key_normalized(x->text, x->size, x_key);
		y_size = phonetic_key_normalized(y->text, y->size, y_key);
		if (x_size > 1 && x_size == y_size && memcmp(x_key, y_key, x_size) == 0)
			return SAME_SOUND;
	}
	return result < LOWEST ? 0 : result;
}

static inline int
weight(const NameWord *word)
{
	return word->is_initial ? INITIAL_WEIGHT : WORD_WEIGHT;
}

/* What pairs of words add up to: their similarity times both weights. */
typedef int64_t PairValues[NAME_MAX_WORDS][NAME_MAX_WORDS];

/*
 * The most that pairs of words can add up to, each word in one pair at most.
 */
static int64_t
best_pairs(const PairValues values, int rows, int columns)
{
	int64_t		best[1 << NAME_MAX_WORDS] = {0};

	for (int i = 0; i < rows; i++)
	{
		for (int used = (1 << columns) - 1; used > 0; used--)
		{
			for (int j = 0; j < columns; j++)
			{
				int64_t		value;

				if ((used >> j & 1) == 0)
					continue;
				value = best[used & ~(1 << j)] + values[i][j];
				if (value > best[used])
					best[used] = value;
			}
		}
	}
	return best[(1 << columns) - 1];
}

/*
 * The same for pairs in the order of both names.
 */
static int64_t
best_ordered_pairs(const PairValues values, int rows, int columns)
{
	int64_t		best[NAME_MAX_WORDS + 1] = {0};

	for (int i = 0; i < rows; i++)
	{
		int64_t		corner = 0;

		for (int j = 0; j < columns; j++)
		{
			int64_t		above = best[j + 1];
			int64_t		value = corner + values[i][j];

			if (value > best[j + 1])
				best[j + 1] = value;
			if (best[j] > best[j + 1])
				best[j + 1] = best[j];
			corner = above;
		}
	}
	return best[columns];
}

/*
 * Whether two names have the same letters when their blanks are taken out.
 */
static bool
same_joined(const NameWords *a, const NameWords *b)
{
	int			i = 0;
	int			j = 0;
	size_t		x = 0;
	size_t		y = 0;

	while (i < a->count && j < b->count)
	{
		if (a->words[i].text[x] != b->words[j].text[y])
			return false;
		if (++x == a->words[i].size)
		{
			i++;
			x = 0;
		}
		if (++y == b->words[j].size)
		{
			j++;
			y = 0;
		}
	}
	return i == a->count && j == b->count;
}

/*
 * The mean of two shares: what agrees of both names, and of the one with less; of a
 * name of one word only the former counts.
 */
double
name_similarity(const NameWords *a, const NameWords *b)
{
	PairValues	values;
	int64_t		a_weight = 0;
	int64_t		b_weight = 0;
	int64_t		less;
	double		common;
	double		result;

	if (a->count == 0 || b->count == 0)
		return 0;
	for (int i = 0; i < a->count; i++)
		a_weight += weight(&a->words[i]);
	for (int j = 0; j < b->count; j++)
		b_weight += weight(&b->words[j]);
	for (int i = 0; i < a->count; i++)
	{
		for (int j = 0; j < b->count; j++)
			values[i][j] = (int64_t) word_similarity(&a->words[i], &b->words[j]) *
				(weight(&a->words[i]) + weight(&b->words[j]));
	}
	common = (1 - ORDER_SHARE) * (double) best_pairs(values, a->count, b->count) +
		ORDER_SHARE * (double) best_ordered_pairs(values, a->count, b->count);
	result = common / (double) (SAME * (a_weight + b_weight));
	less = a_weight < b_weight ? a_weight : b_weight;
	if (less >= 2 * WORD_WEIGHT)
	{
		double		of_less = common / (double) (2 * SAME * less);

		result = (result + (of_less < 1 ? of_less : 1)) / 2;
	}
	if (result < JOINED && same_joined(a, b))
		result = JOINED;
	return result < 1 ? result : 1;
}
