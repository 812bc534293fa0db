/*
 * match_text.c
 *		Levels of comparisons of one text: exact, name, email, phone, postcode,
 *		address, text.
 */
#include "core/match_view.h"

#include <stdlib.h>

#define WINKLER_PREFIX 4

/* Enough for sim_work_size() of two views. */
#define WORK_SIZE (40 * 2 * MATCH_MAX_CHARS + 1024)

typedef union Work
{
	uint64_t	aligned;
	char		bytes[WORK_SIZE];
} Work;

/* A text with room for its characters when they do not lie aligned in the record. */
typedef struct Kernel
{
	SimText		text;
	uint32_t	codes[MATCH_MAX_CHARS];
} Kernel;

/*
 * Reads a text's field; false when it does not lie within the record.
 */
bool
read_text(MatchBytes field, int kind, TextView *view)
{
	TextHeader	header;
	size_t		part = text_part_size(kind);

	if (field.size < sizeof(header) + part)
		return false;
	memcpy(&header, field.bytes, sizeof(header));
	view->chars = field.bytes + sizeof(header) + part;
	view->count = header.chars;
	view->wide = header.wide != 0;
	view->mask = header.mask;
	view->hash = header.hash;
	view->generation = header.generation;
	if (kind == KIND_NAME)
		memcpy(&view->keys, field.bytes + sizeof(header), sizeof(view->keys));
	else if (kind == KIND_ADDRESS)
		memcpy(&view->address, field.bytes + sizeof(header), sizeof(view->address));
	else if (kind == KIND_EMAIL)
	{
		memcpy(&view->user, field.bytes + sizeof(header), sizeof(view->user));
		if (view->user > (uint32_t) view->count)
			return false;
	}
	return view->count > 0 && view->count <= MATCH_MAX_CHARS &&
		((size_t) view->count << (view->wide ? 2 : 0)) <= field.size - sizeof(header) - part;
}

/*
 * One character of a view.
 */
static inline uint32_t
char_at(const TextView *view, int i)
{
	uint32_t	code;

	if (!view->wide)
		return (unsigned char) view->chars[i];
	memcpy(&code, view->chars + sizeof(code) * (size_t) i, sizeof(code));
	return code;
}

uint32_t
text_char(const TextView *view, int i)
{
	return char_at(view, i);
}

/*
 * The bits of a view's characters.
 */
uint64_t
text_mask(const TextView *view)
{
	uint64_t	mask = 0;

	for (int i = 0; i < view->count; i++)
		mask |= UINT64_C(1) << (char_at(view, i) & 63);
	return mask;
}

/*
 * The view as the kernels take it.
 */
static inline void
to_kernel(const TextView *view, Kernel *kernel)
{
	kernel->text.length = (size_t) view->count;
	kernel->text.bytes = view->wide ? NULL : (const unsigned char *) view->chars;
	kernel->text.codes = kernel->codes;
	if (view->wide)
		memcpy(kernel->codes, view->chars, sizeof(uint32_t) * (size_t) view->count);
}

/*
 * Whether all characters are the same, and what could not be kept of them too.
 */
bool
text_equal(const TextView *a, const TextView *b)
{
	return a->hash == b->hash && a->count == b->count && a->wide == b->wide &&
		memcmp(a->chars, b->chars, (size_t) a->count << (a->wide ? 2 : 0)) == 0;
}

/*
 * Whether both names tell a generation, and not the same.
 */
bool
other_generation(const TextView *a, const TextView *b)
{
	return a->generation != 0 && b->generation != 0 && a->generation != b->generation;
}

/*
 * Whether one name is in Latin letters and the other is not: letters of two scripts
 * never agree, which says nothing of the names.
 */
bool
other_script(const TextView *a, const TextView *b)
{
	bool		a_latin = !a->wide || char_at(a, 0) < 0x250;
	bool		b_latin = !b->wide || char_at(b, 0) < 0x250;

	return a_latin != b_latin;
}

/*
 * A similarity between 0 and 1.
 */
double
text_similarity(MatchTest test, const TextView *a, const TextView *b)
{
	Kernel		x,
				y;
	Work		work;
	SimWork		memory = {&work, NULL};

	to_kernel(a, &x);
	to_kernel(b, &y);
	switch (test)
	{
		case TEST_JARO:
			return sim_jaro(&x.text, &y.text, &memory);
		case TEST_JACCARD:
			return sim_jaccard(&x.text, &y.text, 1, &memory);
		case TEST_DICE:
			return sim_dice(&x.text, &y.text, 2, &memory);
		default:
			return sim_jaro_winkler(&x.text, &y.text, &memory);
	}
}

/*
 * Whether an edit distance is at most the limit.
 */
bool
text_within(MatchTest test, const TextView *a, const TextView *b, double limit)
{
	Kernel		x,
				y;
	Work		work;
	SimWork		memory = {&work, NULL};
	size_t		most = (size_t) limit;
	uint64_t	a_only = a->mask & ~b->mask;
	uint64_t	b_only = b->mask & ~a->mask;

	/* an edit removes one character at most, and adds one */
	if (abs(a->count - b->count) > (int) most ||
		count_bits(a_only) > (int) most || count_bits(b_only) > (int) most)
		return false;
	to_kernel(a, &x);
	to_kernel(b, &y);
	if (test == TEST_LEVENSHTEIN)
		return sim_levenshtein_within(&x.text, &y.text, most, &memory) <= most;
	if (most <= 1)				/* where both distances agree */
		return sim_osa_within(&x.text, &y.text, most, &memory) <= most;
	return sim_damerau_within(&x.text, &y.text, most, &memory) <= most;
}

/*
 * Upper bound of Jaro-Winkler: a character that the other text has not cannot match.
 */
double
jaro_winkler_bound(const TextView *a, const TextView *b)
{
	int			from_a = a->count - count_bits(a->mask & ~b->mask);
	int			from_b = b->count - count_bits(b->mask & ~a->mask);
	int			most = from_a < from_b ? from_a : from_b;
	int			shorter = a->count < b->count ? a->count : b->count;
	int			prefix = 0;
	double		jaro;

	if (most <= 0)
		return 0;
	jaro = ((double) most / a->count + (double) most / b->count + 1) / 3;
	while (prefix < WINKLER_PREFIX && prefix < shorter && char_at(a, prefix) == char_at(b, prefix))
		prefix++;
	return jaro + prefix * 0.1 * (1 - jaro) + 1e-9;
}

/*
 * Whether two texts have the same characters, however they are held.
 */
bool
same_chars(const TextView *a, const TextView *b)
{
	if (a->count != b->count)
		return false;
	if (!a->wide && !b->wide)
		return memcmp(a->chars, b->chars, (size_t) a->count) == 0;
	for (int i = 0; i < a->count; i++)
	{
		if (char_at(a, i) != char_at(b, i))
			return false;
	}
	return true;
}

/*
 * Whether the last characters are the same.
 */
static bool
same_end(const TextView *a, const TextView *b, int n)
{
	if (a->count < n || b->count < n)
		return false;
	for (int i = 1; i <= n; i++)
	{
		if (char_at(a, a->count - i) != char_at(b, b->count - i))
			return false;
	}
	return true;
}

/*
 * Whether the first n characters are the same, or all but the last -n of the longer.
 */
static bool
same_start(const TextView *a, const TextView *b, int n)
{
	int			longer = a->count > b->count ? a->count : b->count;

	if (n <= 0)
		n += longer;
	if (n < 1 || a->count < n || b->count < n)
		return false;
	for (int i = 0; i < n; i++)
	{
		if (char_at(a, i) != char_at(b, i))
			return false;
	}
	return true;
}

/*
 * The pair's Jaro-Winkler, or 0 when a bound says that it is below every threshold.
 */
static double
jaro_winkler_of(TextPair *pair)
{
	if (pair->jaro_winkler < 0)
		pair->jaro_winkler = jaro_winkler_bound(&pair->side[0], &pair->side[1]) < pair->below ? 0 :
			text_similarity(TEST_JARO_WINKLER, &pair->side[0], &pair->side[1]);
	return pair->jaro_winkler;
}

/*
 * Similarity of what stands before the @.
 */
static double
user_similarity(const TextPair *pair)
{
	TextView	a = pair->side[0];
	TextView	b = pair->side[1];

	a.count = (int) a.user;
	b.count = (int) b.user;
	if (a.count == 0 || b.count == 0)
		return 0;
	return text_similarity(TEST_JARO_WINKLER, &a, &b);
}

/*
 * Whether the users are the same.
 */
static bool
same_user(const TextPair *pair)
{
	TextView	a = pair->side[0];
	TextView	b = pair->side[1];

	a.count = (int) a.user;
	b.count = (int) b.user;
	return a.count > 0 && same_chars(&a, &b);
}

/*
 * Whether a level's test holds.
 */
static bool
text_holds(const MatchLevel *level, TextPair *pair)
{
	const TextView *a = &pair->side[0];
	const TextView *b = &pair->side[1];

	switch (level->test)
	{
		case TEST_ELSE:
			return true;
		case TEST_EXACT:
			return pair->equal;
		case TEST_JARO_WINKLER:
			return jaro_winkler_of(pair) >= level->threshold;
		case TEST_JARO:
		case TEST_JACCARD:
		case TEST_DICE:
			return text_similarity(level->test, a, b) >= level->threshold;
		case TEST_LEVENSHTEIN:
		case TEST_DAMERAU_LEVENSHTEIN:
			return text_within(level->test, a, b, level->threshold);
		case TEST_ONE_EDIT:
			return text_within(TEST_DAMERAU_LEVENSHTEIN, a, b, 1);
		case TEST_TOKEN_OVERLAP:
			return text_token_overlap(a, b) >= level->threshold;
		case TEST_NICKNAME:
			return a->keys.canonical != 0 && a->keys.canonical == b->keys.canonical;
		case TEST_PHONETIC:
			return a->keys.phonetic != 0 && a->keys.phonetic == b->keys.phonetic;
		case TEST_INITIAL:
			return (a->count == 1 || b->count == 1) && char_at(a, 0) == char_at(b, 0);
		case TEST_USER_EXACT:
			return same_user(pair);
		case TEST_USER_JARO_WINKLER:
			return user_similarity(pair) >= level->threshold;
		case TEST_LAST_DIGITS:
			return same_end(a, b, (int) level->threshold);
		case TEST_PREFIX:
			return same_start(a, b, (int) level->threshold);
		case TEST_SAME_HOUSE_AND_STREET:
			return same_house(a, b) && street_overlap(a, b) >= level->threshold;
		case TEST_STREET:
			return street_overlap(a, b) >= level->threshold;
		case TEST_HOUSE_NUMBER:
			return same_house(a, b);
		default:
			return false;
	}
}

/*
 * The level of two texts.
 */
int
text_level(const MatchComparison *comparison, MatchBytes a, MatchBytes b)
{
	TextPair	pair = {0};

	if (!read_text(a, comparison->kind, &pair.side[0]) || !read_text(b, comparison->kind, &pair.side[1]))
		return LEVEL_BAD;
	if (comparison->kind == KIND_NAME && other_script(&pair.side[0], &pair.side[1]))
		return LEVEL_NULL;
	if (comparison->kind == KIND_NAME && other_generation(&pair.side[0], &pair.side[1]))
		return comparison->levels - 1;
	pair.equal = text_equal(&pair.side[0], &pair.side[1]);
	pair.jaro_winkler = pair.equal ? 1 : -1;
	pair.below = comparison->lowest_jaro_winkler;
	for (int i = 0; i < comparison->levels; i++)
	{
		if (text_holds(&comparison->level[i], &pair))
			return i;
	}
	return LEVEL_BAD;
}
