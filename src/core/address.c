/*
 * address.c
 *		The words and numbers of a postal address, and how alike two addresses are.
 */
#include "core/address.h"

#include <stdint.h>
#include <string.h>

#include "core/similarity.h"
#include "core/utf8.h"

/* Bytes of an address that count. */
#define MAX_ADDRESS 512

/* Digits of an Indian PIN code, which is no house number. */
#define PINCODE_DIGITS 6

/* Similarity of words in ten-thousandths, and the lowest that counts. */
#define SAME 10000
#define LOWEST 8800

#define WORD_WEIGHT 4
#define COMMON_WEIGHT 1

/* The house number's part, and what it is worth when it is another number there. */
#define HOUSE_SHARE 0.35
#define HOUSE_ELSEWHERE 0.6

typedef struct AddressForm
{
	const char *form;
	const char *full;			/* "" to leave it out */
} AddressForm;

/* Words that stand in many addresses; sorted by form. */
static const AddressForm forms[] = {
	{"apartment", "apartment"}, {"apartments", "apartment"}, {"appt", "apartment"},
	{"apt", "apartment"}, {"apts", "apartment"}, {"ave", "avenue"}, {"avenue", "avenue"},
	{"behind", ""}, {"beside", ""}, {"bldg", "building"}, {"blk", "block"},
	{"block", "block"}, {"blvd", "boulevard"}, {"boulevard", "boulevard"},
	{"building", "building"}, {"chs", "society"}, {"chsl", "society"}, {"clny", "colony"},
	{"close", "close"}, {"colony", "colony"}, {"court", "court"}, {"cross", "cross"},
	{"crs", "cross"}, {"ct", "court"}, {"dist", "district"}, {"district", "district"},
	{"door", ""}, {"dr", "drive"}, {"drive", "drive"}, {"encl", "enclave"},
	{"enclave", "enclave"}, {"ext", "extension"}, {"extension", "extension"},
	{"extn", "extension"}, {"flat", "flat"}, {"floor", "floor"}, {"flr", "floor"},
	{"gali", "gali"}, {"ground", "ground"}, {"h", ""}, {"hno", ""}, {"house", ""},
	{"housing", "housing"}, {"hse", ""}, {"hsg", "housing"}, {"lane", "lane"},
	{"layout", "layout"}, {"ln", "lane"}, {"main", "main"}, {"marg", "marg"},
	{"nagar", "nagar"}, {"near", ""}, {"ngr", "nagar"}, {"no", ""}, {"nr", ""},
	{"opp", ""}, {"opposite", ""}, {"ph", "phase"}, {"phase", "phase"}, {"place", "place"},
	{"plot", "plot"}, {"rd", "road"}, {"residency", "residency"}, {"road", "road"},
	{"sec", "sector"}, {"sector", "sector"}, {"soc", "society"}, {"society", "society"},
	{"sq", "square"}, {"square", "square"}, {"st", "street"}, {"str", "street"},
	{"street", "street"}, {"the", ""}, {"tower", "tower"}, {"towers", "tower"},
	{"twr", "tower"}, {"unit", "unit"}, {"vill", "village"}, {"village", "village"},
	{"wing", "wing"}
};

/*
 * The entry of a word that stands in many addresses, or NULL.
 */
static const AddressForm *
find_form(const char *word, size_t size)
{
	size_t		low = 0;
	size_t		high = sizeof(forms) / sizeof(forms[0]);

	while (low < high)
	{
		size_t		middle = (low + high) / 2;
		size_t		n = strlen(forms[middle].form);
		int			order = memcmp(word, forms[middle].form, size < n ? size : n);

		if (order == 0)
			order = (size > n) - (size < n);
		if (order == 0)
			return &forms[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/*
 * Whether a word tells what the number behind it counts, other than houses.
 */
static bool
counts_other(const AddressWord *word)
{
	static const char *const words[] = {
		"apartment", "block", "cross", "flat", "floor", "gali", "lane", "main", "phase",
		"sector", "tower", "unit", "wing"
	};

	for (size_t i = 0; word->is_common && i < sizeof(words) / sizeof(words[0]); i++)
	{
		if (strcmp(word->text, words[i]) == 0)
			return true;
	}
	return false;
}

static bool
has_digit(const char *word, size_t size)
{
	for (size_t i = 0; i < size; i++)
	{
		if (is_ascii_digit(word[i]))
			return true;
	}
	return false;
}

/*
 * How many single letters stand in a row from a word on.
 */
static int
count_letters(const char *word, const char *end)
{
	int			result = 0;

	while (word < end && is_ascii_letter(*word) && (word + 1 == end || word[1] == ' '))
	{
		result++;
		word += 2;
	}
	return result;
}

/*
 * Whether the first of some letters belongs to the word before it: behind other single
 * letters ("m g road", "mg road") and behind a number ("12 b", "12b"), unless they are two,
 * which are initials ("12 m g road", but "12 b s v road").
 */
static bool
continues(const AddressWord *last, const char *text, int letters)
{
	return letters > 0 && last->end + 1 == text &&
		(last->is_letters ||
		 (last->is_number && letters != 2 && is_ascii_digit(last->text[last->size - 1])));
}

/*
 * Adds a word; letters says how many single letters stand in a row from it on.
 */
static void
add_word(AddressWords *words, char *text, size_t size, int letters)
{
	const AddressForm *form = find_form(text, size);
	AddressWord *last = words->count > 0 ? &words->words[words->count - 1] : NULL;
	AddressWord *word = &words->words[words->count];

	if (last != NULL && continues(last, text, letters))
	{
		words->text[last->text - words->text + (ptrdiff_t) last->size] = *text;
		last->size++;
		last->end = text + size;
		return;
	}
	if (words->count == ADDRESS_MAX_WORDS || (form != NULL && form->full[0] == '\0'))
		return;
	word->text = form != NULL ? form->full : text;
	word->size = form != NULL ? strlen(form->full) : size;
	word->end = text + size;
	word->is_common = form != NULL;
	word->is_letters = form == NULL && letters > 0;
	word->is_number = has_digit(word->text, word->size);
	if (words->house < 0 && word->is_number && is_ascii_digit(*word->text) &&
		size != PINCODE_DIGITS && (last == NULL || !counts_other(last)))
		words->house = words->count;
	words->count++;
}

/*
 * The words of an address, of a very long one those of its beginning.
 */
bool
address_split(const char *address, size_t size, AddressWords *result)
{
	char	   *word = result->text;
	char	   *end;
	size_t		n = utf8_prefix(address, size, MAX_ADDRESS);

	result->count = 0;
	result->house = -1;
	if (normalize_address(address, n, result->text, sizeof(result->text), &n) != REASON_OK)
		return false;
	end = result->text + n;
	while (word < end)
	{
		char	   *space = memchr(word, ' ', (size_t) (end - word));
		size_t		length = (size_t) ((space != NULL ? space : end) - word);

		add_word(result, word, length, count_letters(word, end));
		word += length + 1;
	}
	return result->count > 0;
}

static bool
same_word(const AddressWord *x, const AddressWord *y)
{
	return x->size == y->size && memcmp(x->text, y->text, x->size) == 0;
}

/*
 * Similarity of two words; numbers are the same or not.
 */
static int
word_similarity(const AddressWord *x, const AddressWord *y)
{
	uint32_t	x_codes[SIM_SHORT];
	uint32_t	y_codes[SIM_SHORT];
	SimText		x_text;
	SimText		y_text;
	int			result;

	if (same_word(x, y))
		return SAME;
	if (x->is_number || y->is_number || x->size > SIM_SHORT || y->size > SIM_SHORT)
		return 0;
	sim_text(x->text, x->size, x_codes, &x_text);
	sim_text(y->text, y->size, y_codes, &y_text);
	result = (int) (sim_jaro_winkler(&x_text, &y_text, NULL) * SAME + 0.5);
	return result < LOWEST ? 0 : result;
}

static inline int
weight(const AddressWord *word)
{
	return word->is_common ? COMMON_WEIGHT : WORD_WEIGHT;
}

/*
 * What the house numbers say, 0 to 1; -1 when one is missing.
 */
static double
compare_houses(const AddressWords *a, const AddressWords *b)
{
	bool		a_elsewhere = false;
	bool		b_elsewhere = false;

	if (a->house < 0 || b->house < 0)
		return -1;
	if (same_word(&a->words[a->house], &b->words[b->house]))
		return 1;
	for (int i = 0; i < a->count; i++)
		a_elsewhere |= same_word(&a->words[i], &b->words[b->house]);
	for (int i = 0; i < b->count; i++)
		b_elsewhere |= same_word(&b->words[i], &a->words[a->house]);
	return a_elsewhere || b_elsewhere ? HOUSE_ELSEWHERE : 0;
}

/*
 * Twice the weight of what each side finds on the other, over the sum of weights; and
 * the house number's part.
 */
double
address_similarity(const AddressWords *a, const AddressWords *b)
{
	int			b_best[ADDRESS_MAX_WORDS] = {0};
	int64_t		found = 0;
	int64_t		total = 0;
	double		house = compare_houses(a, b);
	double		result;

	if (a->count == 0 || b->count == 0)
		return 0;
	for (int i = 0; i < a->count; i++)
	{
		int			best = 0;

		for (int j = 0; j < b->count; j++)
		{
			int			s = word_similarity(&a->words[i], &b->words[j]);

			best = s > best ? s : best;
			b_best[j] = s > b_best[j] ? s : b_best[j];
		}
		found += (int64_t) weight(&a->words[i]) * best;
		total += weight(&a->words[i]);
	}
	for (int j = 0; j < b->count; j++)
	{
		found += (int64_t) weight(&b->words[j]) * b_best[j];
		total += weight(&b->words[j]);
	}
	result = (double) found / (double) (SAME * total);
	return house < 0 ? result : (1 - HOUSE_SHARE) * result + HOUSE_SHARE * house;
}
