/*
 * landing_feature.c
 *		What an account is compared by when its identifiers differ.
 *
 * A hash is the first 64 bits of the keyed hash of its part under the part's
 * label; parts that may stand in each other's place (forename and surname, day and
 * month) share a label.  What comes again and again is computed once a batch.
 */
#include "landing_feature.h"

#include "core/address.h"
#include "core/bloom.h"
#include "core/name.h"
#include "core/phonetic.h"
#include "privacy/key.h"
#include "port/pg_bitutils.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* Bits that a pair of letters sets. */
#define NAME_HASHES 16
#define ADDRESS_HASHES 10

/* Words of a name that are told apart. */
#define MAX_WORDS 16

#define FIRST_YEAR 1849
#define YEARS 256

/* Words of names whose features are remembered before all are forgotten. */
#define REMEMBERED_WORDS 65536

/* What a word of a name gives. */
typedef struct WordFeature
{
	bool		has_sound;
	bool		has_initial;
	int64		hash;
	int64		canonical;
	int64		sound;
	int64		initial;
	uint8		bloom[NAME_BLOOM_SIZE];
} WordFeature;

/* Hashes of numbers from 0 on, 0 = not computed yet. */
typedef struct NumberHashes
{
	const char *label;
	int64		hash[YEARS];
} NumberHashes;

struct FeatureState
{
	int64		line;			/* of the row at hand when it has any feature */
	AccountFeature row;
	BloomField *name;			/* NULL = not prepared yet */
	BloomField *address;
	MemoryContext word_context;
	Intern	   *words;			/* of names, NULL = none yet */
	WordFeature *word_features; /* by word */
	uint32		word_capacity;
	NumberHashes day_months;
	NumberHashes years;			/* counted from FIRST_YEAR */
	NumberHashes initials;		/* by byte, of ASCII letters */
};

typedef struct Word
{
	const char *text;
	size_t		size;
} Word;

/*
 * Prepares the features of a batch's rows.
 */
void
feature_begin(LandingBatch *batch)
{
	struct FeatureState *state = MemoryContextAllocZero(batch->context, sizeof(struct FeatureState));

	state->word_context = AllocSetContextCreate(batch->context, "landing words", ALLOCSET_DEFAULT_SIZES);
	state->day_months.label = "daymonth";
	state->years.label = "birthyear";
	state->initials.label = "initial";
	batch->features = state;
}

int64
value_key(const uint8 *hash)
{
	uint64		bits;

	memcpy(&bits, hash, sizeof(bits));
	return (int64) pg_ntoh64(bits);
}

/* The hash of a part. */
static int64
part_hash(const char *label, const char *text, size_t size)
{
	uint8		hash[IDENTIFIER_HASH_SIZE];

	identifier_hash(label, text, size, hash);
	return value_key(hash);
}

/* The hash of a number, from memory when it came before. */
static int64
number_hash(NumberHashes *hashes, int number, int shown, int digits)
{
	if (hashes->hash[number] == 0)
	{
		char text[	16];

		hashes->hash[number] = part_hash(hashes->label, text, snprintf(text, sizeof(text), "%0*d", digits, shown));
	}
	return hashes->hash[number];
}

/* The features of the row at hand, at first none. */
static AccountFeature *
feature_of_row(LandingBatch *batch)
{
	struct FeatureState *state = batch->features;

	if (state->line != batch->rows)
		memset(&state->row, 0, sizeof(state->row));
	state->line = batch->rows;
	return &state->row;
}

const AccountFeature *
row_feature(LandingBatch *batch)
{
	return batch->features->line == batch->rows ? &batch->features->row : NULL;
}

static void
set_hash(AccountFeature *feature, FeatureHash part, int64 hash)
{
	feature->hash[part] = hash;
	feature->known |= UINT32_C(1) << part;
}

/* Filters of one key in this warehouse: made at the first name or address. */
static void
prepare_filters(LandingBatch *batch)
{
	struct FeatureState *state = batch->features;
	uint8		key[IDENTIFIER_HASH_SIZE];

	if (state->name != NULL)
		return;
	identifier_hash("bloom", "", 0, key);
	state->name = MemoryContextAlloc(batch->context, bloom_field_size(NAME_BITS));
	state->address = MemoryContextAlloc(batch->context, bloom_field_size(ADDRESS_BITS));
	bloom_field_init(state->name, key, sizeof(key), "name", 4, NAME_BITS, NAME_HASHES);
	bloom_field_init(state->address, key, sizeof(key), "address", 7, ADDRESS_BITS, ADDRESS_HASHES);
}

/*
 * Whether a text is the token of features, which a parked row keeps.
 */
bool
is_feature_token(const char *text, size_t size)
{
	if (size != FEATURE_TOKEN_SIZE || text[0] != 'f')
		return false;
	for (size_t i = 1; i < size; i++)
		if (strchr("0123456789abcdef", text[i]) == NULL || text[i] == '\0')
			return false;
	return true;
}

static int
compare_keys(const void *a, const void *b)
{
	const int64 *left = a;
	const int64 *right = b;

	return (*left > *right) - (*left < *right);
}

/* Makes a filter that does not state its own number of bits an unknown one. */
static void
check_filter(uint8 *filter, size_t size)
{
	if (pg_popcount((const char *) filter + BLOOM_HEADER, size - BLOOM_HEADER) != (uint64) (filter[0] | filter[1] << 8))
		memset(filter, 0, size);
}

/*
 * Takes the features of the row at hand from a token, which may have been written by
 * anybody: so they are made fit for comparison.
 */
void
feature_token(LandingBatch *batch, const char *text)
{
	AccountFeature *feature = feature_of_row(batch);

	(void) hex_decode(text +1, FEATURE_TOKEN_SIZE - 1, (char *) feature);
	feature->known &= (UINT32_C(1) << FEATURE_HASHES) - 1;
	qsort(feature->birth_years, BIRTH_YEARS, sizeof(int64), compare_keys);
	check_filter(feature->forename_bloom, NAME_BLOOM_SIZE);
	check_filter(feature->surname_bloom, NAME_BLOOM_SIZE);
	check_filter(feature->address_bloom, ADDRESS_BLOOM_SIZE);
}

/*
 * What an email address or a mobile number gives.
 */
void
feature_contact(LandingBatch *batch, bool is_email, const char *canonical, size_t size)
{
	AccountFeature *feature = feature_of_row(batch);
	const char *at = memchr(canonical, '@', size);

	if (is_email && at != NULL)
		set_hash(feature, EMAIL_USER_HASH, part_hash("emailuser", canonical, at - canonical));
	else if (!is_email && size >= 7)
		set_hash(feature, MOBILE_LAST7_HASH, part_hash("last7", canonical + size - 7, 7));
}

static int
compare_words(const void *a, const void *b)
{
	const Word *left = a;
	const Word *right = b;
	int			result = memcmp(left->text, right->text, Min(left->size, right->size));

	return result != 0 ? result : (left->size > right->size) - (left->size < right->size);
}

/* The words of a canonical text, at most MAX_WORDS. */
static int
split_words(const char *text, size_t size, Word *words)
{
	const char *end = text +size;
	int			count = 0;

	while (text <end && count < MAX_WORDS)
	{
		const char *space = memchr(text, ' ', end - text);
		const char *stop = space == NULL ? end : space;

		words[count].text = text;
		words[count++].size = stop - text;
		text = stop + 1;
	}
	return count;
}

/* The hash of a name whose words have been sorted. */
static int64
sorted_name_hash(const Word *words, int count)
{
	char text[	PERSON_NAME_MAX + MAX_WORDS];
	size_t		size = 0;

	for (int i = 0; i < count; i++)
	{
		memcpy(text +size, words[i].text, words[i].size);
		size += words[i].size;
		text[		size++] = ' ';
	}
	return part_hash("fullname", text, size);
}

/* Computes what a word of a name gives. */
static void
compute_word(LandingBatch *batch, const Word *word, WordFeature *result)
{
	struct FeatureState *state = batch->features;
	unsigned char letter = word->text[0];
	char		sound[PHONETIC_MAX];
	size_t		size = phonetic_key_normalized(word->text, word->size, sound);
	size_t		full_size;
	const char *full = name_canonical(word->text, word->size, &full_size);

	memset(result, 0, sizeof(WordFeature));
	prepare_filters(batch);
	result->hash = part_hash("nameword", word->text, word->size);
	result->canonical = full == word->text ? result->hash : part_hash("nameword", full, full_size);
	result->has_sound = size > 0;
	if (result->has_sound)
		result->sound = part_hash("namesound", sound, size);
	result->has_initial = letter < 128;
	if (result->has_initial)
		result->initial = number_hash(&state->initials, letter, letter, 0);
	(void) bloom_encode(state->name, word->text, word->size, result->bloom);
}

/* Begins to remember words, none at first. */
static void
remember_words(struct FeatureState *state)
{
	MemoryContextReset(state->word_context);
	state->words = intern_create(state->word_context);
	state->word_capacity = 256;
	state->word_features = MemoryContextAlloc(state->word_context, state->word_capacity * sizeof(WordFeature));
}

/* What a word of a name gives, from memory when it came before; valid until the next call. */
static const WordFeature *
find_word(LandingBatch *batch, const Word *word)
{
	struct FeatureState *state = batch->features;
	bool		is_new;
	uint32		number;

	if (state->words == NULL || intern_count(state->words) == REMEMBERED_WORDS)
		remember_words(state);
	number = intern_number(state->words, word->text, word->size, &is_new);
	if (is_new && number == state->word_capacity)
	{
		state->word_capacity *= 2;
		state->word_features = repalloc(state->word_features, state->word_capacity * sizeof(WordFeature));
	}
	if (is_new)
		compute_word(batch, word, &state->word_features[number]);
	return &state->word_features[number];
}

/* What the first or the last word of a name gives. */
static void
add_word(LandingBatch *batch, AccountFeature *feature, const Word *word, bool is_surname)
{
	const WordFeature *known = find_word(batch, word);

	set_hash(feature, is_surname ? SURNAME_HASH : FORENAME_HASH, known->hash);
	if (!is_surname)
		set_hash(feature, FORENAME_CANONICAL_HASH, known->canonical);
	if (known->has_sound)
		set_hash(feature, is_surname ? SURNAME_PHONETIC_HASH : FORENAME_PHONETIC_HASH, known->sound);
	if (known->has_initial)
		set_hash(feature, is_surname ? SURNAME_INITIAL_HASH : FORENAME_INITIAL_HASH, known->initial);
	memcpy(is_surname ? feature->surname_bloom : feature->forename_bloom, known->bloom, NAME_BLOOM_SIZE);
}

/*
 * What a canonical name gives: of its first word, of its last one, and of all.
 */
void
feature_name(LandingBatch *batch, const char *canonical, size_t size)
{
	AccountFeature *feature = feature_of_row(batch);
	Word		words[MAX_WORDS];
	int			count = split_words(canonical, size, words);

	if (count == 0)
		return;
	add_word(batch, feature, &words[0], false);
	if (count > 1)
		add_word(batch, feature, &words[count - 1], true);
	qsort(words, count, sizeof(Word), compare_words);
	set_hash(feature, NAME_HASH, sorted_name_hash(words, count));
}

/*
 * What a canonical address gives: of its words with abbreviations written out, and
 * of its house number, without one of its first number.
 */
void
feature_address(LandingBatch *batch, const char *canonical, size_t size)
{
	AccountFeature *feature = feature_of_row(batch);
	AddressWords address;
	const AddressWord *house = NULL;
	char		words[2 * NORMALIZE_MAX];
	size_t		length = 0;

	prepare_filters(batch);
	set_hash(feature, ADDRESS_HASH, part_hash("address", canonical, size));
	if (!address_split(canonical, size, &address))
		return;
	if (address.house >= 0)
		house = &address.words[address.house];
	for (int i = 0; i < address.count; i++)
	{
		memcpy(words + length, address.words[i].text, address.words[i].size);
		length += address.words[i].size;
		words[length++] = ' ';
		if (house == NULL && address.words[i].is_number)
			house = &address.words[i];
	}
	(void) bloom_encode(batch->features->address, words, length - 1, feature->address_bloom);
	if (house != NULL)
		set_hash(feature, HOUSE_HASH, part_hash("house", house->text, house->size));
}

/*
 * What a birth date, YYYYMMDD, gives.
 */
void
feature_birth_date(LandingBatch *batch, int date)
{
	struct FeatureState *state = batch->features;
	AccountFeature *feature = feature_of_row(batch);
	int			year = date / 10000 - FIRST_YEAR;
	char		digits[8];

	if (year < 1 || year >= YEARS - 1)
		return;
	for (int i = 7, rest = date; i >= 0; i--, rest /= 10)
		digits[i] = '0' + rest % 10;
	set_hash(feature, BIRTH_DATE_HASH, part_hash("birthdate", digits, sizeof(digits)));
	set_hash(feature, BIRTH_DAY_HASH, number_hash(&state->day_months, date % 100, date % 100, 2));
	set_hash(feature, BIRTH_MONTH_HASH, number_hash(&state->day_months, date / 100 % 100, date / 100 % 100, 2));
	for (int i = 0; i < BIRTH_YEARS; i++)
		feature->birth_years[i] = number_hash(&state->years, year + i - 1, FIRST_YEAR + year + i - 1, 4);
	set_hash(feature, BIRTH_YEAR_HASH, feature->birth_years[1]);
	qsort(feature->birth_years, BIRTH_YEARS, sizeof(int64), compare_keys);
}

/*
 * What a PIN code, six digits, gives.
 */
void
feature_pincode(LandingBatch *batch, const char *pincode)
{
	set_hash(feature_of_row(batch), PINCODE_AREA_HASH, part_hash("pinarea", pincode, 3));
}
