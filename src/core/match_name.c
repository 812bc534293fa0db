/*
 * match_name.c
 *		Levels of a forename with a surname: a full name in one column or two, or
 *		two Bloom filters.
 *
 * A full name of one word is a surname; as it may as well be a forename, it is
 * held against both names of the other side.  Of a senior and a junior the forenames
 * count as different.
 */
#include "core/match_view.h"

#include "core/bloom.h"

/* Both names of one record. */
typedef struct Person
{
	bool		has_forename;
	bool		has_surname;
	bool		one_word;
	TextView	whole;			/* of one column */
	TextView	forename;
	TextView	surname;
	int			generation;
} Person;

enum
{
	FORENAMES,					/* of both */
	SURNAMES,
	FORENAME_SURNAME,			/* a's and b's */
	SURNAME_FORENAME,
	SIMILARITIES
};

typedef struct NamePair
{
	bool		bloom;
	bool		split;			/* two columns */
	bool		other_generation;	/* senior and junior */
	Person		a;
	Person		b;
	double		similarity[SIMILARITIES];	/* negative: not computed yet */
} NamePair;

/*
 * A Bloom filter as a view: its bytes are the characters.
 */
static bool
read_bloom_view(MatchBytes field, TextView *view)
{
	BloomHeader header;

	if (field.size < sizeof(header))
		return false;
	memcpy(&header, field.bytes, sizeof(header));
	view->chars = field.bytes + sizeof(header);
	view->count = header.bytes;
	view->wide = false;
	return header.bytes <= field.size - sizeof(header) &&
		bloom_valid((const uint8_t *) view->chars, header.bytes);
}

/*
 * A part of a text.
 */
static bool
slice(const TextView *whole, int start, int count, NameKeys keys, TextView *part)
{
	if (count == 0 || start + count > whole->count)
		return false;
	*part = *whole;
	part->chars += (size_t) start << (whole->wide ? 2 : 0);
	part->count = count;
	part->hash = 0;
	part->keys = keys;
	part->mask = text_mask(part);
	return true;
}

/*
 * Reads a full name of one column.
 */
static bool
read_whole_name(MatchBytes field, Person *person)
{
	FullNameParts parts;

	if (!read_text(field, KIND_FULL_NAME, &person->whole))
		return false;
	memcpy(&parts, field.bytes + sizeof(TextHeader), sizeof(parts));
	person->has_surname = true;
	person->generation = person->whole.generation;
	if (!slice(&person->whole, parts.surname_start, parts.surname_chars, parts.surname, &person->surname))
		return false;
	person->has_forename = parts.forename_chars > 0;
	person->one_word = !person->has_forename;
	if (person->one_word)
		person->forename = person->surname;
	else if (!slice(&person->whole, parts.forename_start, parts.forename_chars, parts.forename, &person->forename))
		return false;
	return true;
}

/*
 * Reads the names of one record.
 */
static bool
read_person(const MatchComparison *comparison, const MatchBytes *fields, const FieldState *states,
			Person *person)
{
	TextView   *views[] = {&person->forename, &person->surname};

	person->one_word = false;
	person->generation = 0;
	if (comparison->columns == 1)
		return read_whole_name(fields[0], person);
	person->has_forename = states[0] == FIELD_GOOD;
	person->has_surname = states[1] == FIELD_GOOD;
	for (int i = 0; i < 2; i++)
	{
		if (states[i] == FIELD_GOOD &&
			!(comparison->kind == KIND_BLOOM ? read_bloom_view(fields[i], views[i]) :
			  read_text(fields[i], KIND_NAME, views[i])))
			return false;
		if (states[i] == FIELD_GOOD && comparison->kind != KIND_BLOOM && views[i]->generation != 0)
			person->generation = views[i]->generation;
	}
	return true;
}

/*
 * Similarity of two names: Jaro-Winkler, or Dice of two filters.
 */
static double
similarity(NamePair *pair, int which)
{
	const TextView *x = which == FORENAMES || which == FORENAME_SURNAME ? &pair->a.forename : &pair->a.surname;
	const TextView *y = which == FORENAMES || which == SURNAME_FORENAME ? &pair->b.forename : &pair->b.surname;
	double	   *result = &pair->similarity[which];

	if (*result >= 0)
		return *result;
	if (same_chars(x, y))
		*result = 1;
	else if (!pair->bloom)
		*result = text_similarity(TEST_JARO_WINKLER, x, y);
	else if (x->count != y->count)
		*result = 0;
	else
	{
		*result = bloom_dice((const uint8_t *) x->chars, (const uint8_t *) y->chars, (size_t) x->count, 0);
		if (*result < 0)
			*result = 0;
	}
	return *result;
}

/*
 * Whether two names are at least so similar; bounds first.
 */
static bool
similar(NamePair *pair, int which, double threshold)
{
	if (pair->similarity[which] < 0 && !pair->bloom && threshold > 0)
	{
		const TextView *x = which == FORENAMES || which == FORENAME_SURNAME ? &pair->a.forename : &pair->a.surname;
		const TextView *y = which == FORENAMES || which == SURNAME_FORENAME ? &pair->b.forename : &pair->b.surname;

		if (threshold >= 1)
			return same_chars(x, y);
		if (jaro_winkler_bound(x, y) < threshold)
			return false;
	}
	return threshold <= 0 || similarity(pair, which) >= threshold;
}

/*
 * Whether one forename is an initial and starts the other.
 */
static bool
initial_agrees(const TextView *a, const TextView *b)
{
	return (a->count == 1 || b->count == 1) && text_char(a, 0) == text_char(b, 0);
}

/*
 * Whether all words of two whole names agree, in any order; of two columns, each
 * name with the other one.
 */
static bool
swapped(NamePair *pair, double threshold)
{
	if (!pair->a.has_forename || !pair->b.has_forename || !pair->a.has_surname || !pair->b.has_surname)
		return false;
	if (similar(pair, FORENAME_SURNAME, threshold) && similar(pair, SURNAME_FORENAME, threshold))
		return true;
	return !pair->split && pair->a.whole.count == pair->b.whole.count &&
		text_token_overlap(&pair->a.whole, &pair->b.whole) >= 1;
}

/*
 * Whether a level's test holds.
 */
static bool
name_holds(const MatchLevel *level, NamePair *pair)
{
	const Person *a = &pair->a;
	const Person *b = &pair->b;
	double		t = level->threshold;

	/*
	 * two names of one word each are whole names: of a firm, or as one is
	 * known
	 */
	bool		forenames = (a->has_forename && b->has_forename) || (a->one_word && b->one_word);
	bool		surnames = a->has_surname && b->has_surname;
	bool		both = forenames && surnames;

	if (pair->other_generation && level->test != TEST_ELSE && (level->test != TEST_SURNAME_EXACT || t > 0))
		return false;
	switch (level->test)
	{
		case TEST_ELSE:
			return true;
		case TEST_EXACT:
			if (!pair->split)
				return text_equal(&a->whole, &b->whole);
			return both && same_chars(&a->forename, &b->forename) && same_chars(&a->surname, &b->surname);
		case TEST_SWAPPED:
			return swapped(pair, t);
		case TEST_BOTH_JARO_WINKLER:
			return both && ((similar(pair, FORENAMES, t) && similar(pair, SURNAMES, t)) ||
							(similar(pair, FORENAME_SURNAME, t) && similar(pair, SURNAME_FORENAME, t)));
		case TEST_SURNAME_EXACT:
			return both && similar(pair, SURNAMES, 1) && similar(pair, FORENAMES, t);
		case TEST_FORENAME_EXACT:
			return both && similar(pair, FORENAMES, 1) && similar(pair, SURNAMES, t);
		case TEST_NICKNAME:
			return both && a->forename.keys.canonical != 0 &&
				a->forename.keys.canonical == b->forename.keys.canonical && similar(pair, SURNAMES, t);
		case TEST_PHONETIC:
			return both && a->forename.keys.phonetic != 0 && a->surname.keys.phonetic != 0 &&
				a->forename.keys.phonetic == b->forename.keys.phonetic &&
				a->surname.keys.phonetic == b->surname.keys.phonetic;
		case TEST_INITIAL:
			return both && initial_agrees(&a->forename, &b->forename) && similar(pair, SURNAMES, t);
		case TEST_SURNAME_ONLY:
			return !forenames && surnames && similar(pair, SURNAMES, t);
		case TEST_FORENAME_ONLY:
			return ((forenames && !surnames) || ((a->one_word || b->one_word) && a->one_word != b->one_word)) &&
				similar(pair, FORENAMES, t);
		case TEST_TOKEN_OVERLAP:
			return text_token_overlap(&a->whole, &b->whole) >= t;
		default:
			return false;
	}
}

/*
 * Whether one of two names is in Latin letters and the other is not.
 */
static bool
names_differ_in_script(const NamePair *pair)
{
	if (pair->a.has_surname && pair->b.has_surname)
		return other_script(&pair->a.surname, &pair->b.surname);
	return other_script(&pair->a.forename, &pair->b.forename);
}

/*
 * The level of two names.  Null when neither forenames nor surnames are known on
 * both sides, or when they are in different scripts.
 */
int
name_level(const MatchModel *model, const MatchComparison *comparison, const MatchBytes *a,
		   const MatchBytes *b, const FieldState *a_state, const FieldState *b_state)
{
	NamePair	pair;

	pair.bloom = comparison->kind == KIND_BLOOM;
	pair.split = comparison->columns == 2;
	if (!read_person(comparison, a, a_state, &pair.a) || !read_person(comparison, b, b_state, &pair.b))
		return LEVEL_BAD;
	if (!(pair.a.has_forename && pair.b.has_forename) && !(pair.a.has_surname && pair.b.has_surname))
		return LEVEL_NULL;
	if (!pair.bloom && names_differ_in_script(&pair))
		return LEVEL_NULL;
	pair.other_generation = pair.a.generation != 0 && pair.b.generation != 0 &&
		pair.a.generation != pair.b.generation;
	for (int i = 0; i < SIMILARITIES; i++)
		pair.similarity[i] = -1;
	for (int i = 0; i < comparison->levels; i++)
	{
		if (name_holds(&comparison->level[i], &pair))
			return i;
	}
	return LEVEL_BAD;
}
