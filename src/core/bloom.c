/*
 * bloom.c
 *		Keyed Bloom filters of short texts, and Dice's coefficient of two filters.
 */
#include "core/bloom.h"

#include <string.h>

#include "core/sha256.h"
#include "core/utf8.h"

/* Separates these keys from whatever else is derived from the same key. */
#define KEY_LABEL "patternos bloom 1"

/* Characters of which pairs are remembered: edge, letters, digits, blank. */
#define SYMBOLS 38

/* Positions of digits that are remembered. */
#define POSITIONS 24

#define GRAM_SLOTS (SYMBOLS * SYMBOLS + POSITIONS * 10)

/* Bits from one HMAC. */
#define SLICES (SHA256_SIZE / 2)

#define GRAM_PAIR 1
#define GRAM_DIGIT 2

struct BloomField
{
	HmacKey		key;
	int			bits;
	int			hashes;
	int			words;			/* of a filter's bits */
	uint64_t	unseen[BLOOM_MAX_BITS / 64];	/* a gram that has no slot */
	uint8_t		seen[GRAM_SLOTS];
	uint64_t	grams[];		/* bits of each slot's gram */
};

size_t
bloom_field_size(int bits)
{
	return sizeof(BloomField) + GRAM_SLOTS * ((size_t) bits / 8);
}

size_t
bloom_size(int bits)
{
	return BLOOM_HEADER + (size_t) bits / 8;
}

bool
bloom_valid_parameters(int bits, int hashes)
{
	return bits >= BLOOM_MIN_BITS && bits <= BLOOM_MAX_BITS && bits % 64 == 0 &&
		hashes >= 1 && hashes <= BLOOM_MAX_HASHES;
}

/*
 * Derives the field's key and forgets all grams.
 */
void
bloom_field_init(BloomField *field, const void *key, size_t key_size,
				 const char *name, size_t name_size, int bits, int hashes)
{
	HmacKey		master;
	uint8_t		derived[SHA256_SIZE];

	hmac_key(&master, key, key_size);
	hmac_sha256(&master, KEY_LABEL, sizeof(KEY_LABEL), name, name_size, derived);
	hmac_key(&field->key, derived, sizeof(derived));
	field->bits = bits;
	field->hashes = hashes;
	field->words = bits / 64;
	memset(field->seen, 0, sizeof(field->seen));
}

/*
 * The bits of a gram, computed.
 */
static void
compute_gram(const BloomField *field, uint8_t kind, uint32_t x, uint32_t y, uint64_t *result)
{
	uint8_t		gram[9] = {
		kind, (uint8_t) (x >> 24), (uint8_t) (x >> 16), (uint8_t) (x >> 8), (uint8_t) x,
		(uint8_t) (y >> 24), (uint8_t) (y >> 16), (uint8_t) (y >> 8), (uint8_t) y
	};
	uint8_t    *bytes = (uint8_t *) result;
	uint8_t		digest[SHA256_SIZE];

	memset(result, 0, (size_t) field->words * sizeof(uint64_t));
	for (int i = 0; i < field->hashes; i++)
	{
		uint8_t		block = (uint8_t) (i / SLICES);
		int			bit;

		if (i % SLICES == 0)
			hmac_sha256(&field->key, &block, 1, gram, sizeof(gram), digest);
		bit = (digest[i % SLICES * 2] << 8 | digest[i % SLICES * 2 + 1]) % field->bits;
		bytes[bit / 8] |= (uint8_t) (1 << bit % 8);
	}
}

/*
 * A character's number among those remembered, or -1.
 */
static inline int
symbol_of(uint32_t code)
{
	if (code >= 'a' && code <= 'z')
		return (int) (code - 'a') + 1;
	if (code >= '0' && code <= '9')
		return (int) (code - '0') + 27;
	return code == 0 ? 0 : code == ' ' ? SYMBOLS - 1 : -1;
}

/*
 * Sets the bits of a gram, known from before where it has a slot.
 */
static void
add_gram(BloomField *field, uint8_t kind, uint32_t x, uint32_t y, uint64_t *bits)
{
	uint64_t   *gram = field->unseen;
	int			slot = -1;

	if (kind == GRAM_PAIR && symbol_of(x) >= 0 && symbol_of(y) >= 0)
		slot = symbol_of(x) * SYMBOLS + symbol_of(y);
	else if (kind == GRAM_DIGIT && x < POSITIONS)
		slot = SYMBOLS * SYMBOLS + (int) (x * 10 + y);
	if (slot >= 0)
		gram = field->grams + (size_t) slot * (size_t) field->words;
	if (slot < 0 || !field->seen[slot])
		compute_gram(field, kind, x, y, gram);
	if (slot >= 0)
		field->seen[slot] = 1;
	for (int i = 0; i < field->words; i++)
		bits[i] |= gram[i];
}

/*
 * The first character and its size; a byte that is no UTF-8 is a character above
 * Unicode's.
 */
static size_t
next_character(const char *text, size_t size, uint32_t *code)
{
	size_t		used = utf8_decode(text, size, code);

	if (used > 0)
		return used;
	*code = 0x110000 + (unsigned char) *text;
	return 1;
}

/*
 * Whether a text is a number: digits and no letters.
 */
static bool
is_number(const char *text, size_t size)
{
	bool		digits = false;

	for (size_t i = 0; i < size; i++)
	{
		if (is_ascii_letter(text[i]) || (text[i] & 0x80) != 0)
			return false;
		digits |= is_ascii_digit(text[i]);
	}
	return digits;
}

static int	count_bits(const uint8_t *a, const uint8_t *b, size_t size);

/*
 * The filter of a text; false when it is empty.
 */
bool
bloom_encode(BloomField *field, const char *text, size_t size, uint8_t *result)
{
	uint64_t	bits[BLOOM_MAX_BITS / 64];
	size_t		bits_size = (size_t) field->words * sizeof(uint64_t);
	uint32_t	last = 0;
	uint32_t	position = 0;
	int			count;

	if (size == 0)
		return false;
	memset(bits, 0, bits_size);
	if (is_number(text, size))
	{
		for (size_t i = 0; i < size; i++)
		{
			if (is_ascii_digit(text[i]))
				add_gram(field, GRAM_DIGIT, position++, (uint32_t) (text[i] - '0'), bits);
		}
	}
	else
	{
		for (size_t i = 0; i < size;)
		{
			uint32_t	code;

			i += next_character(text + i, size - i, &code);
			add_gram(field, GRAM_PAIR, last, code, bits);
			last = code;
		}
		add_gram(field, GRAM_PAIR, last, 0, bits);
	}
	count = count_bits((uint8_t *) bits, (uint8_t *) bits, bits_size);
	result[0] = (uint8_t) count;
	result[1] = (uint8_t) (count >> 8);
	memcpy(result + BLOOM_HEADER, bits, bits_size);
	return true;
}

static inline int
stated_bits(const uint8_t *filter)
{
	return filter[0] | filter[1] << 8;
}

bool
bloom_valid(const uint8_t *filter, size_t size)
{
	return size >= BLOOM_HEADER + BLOOM_MIN_BITS / 8 && size <= BLOOM_HEADER + BLOOM_MAX_BITS / 8 &&
		(size - BLOOM_HEADER) % 8 == 0 && (size_t) stated_bits(filter) <= (size - BLOOM_HEADER) * 8;
}

/*
 * Bits set in both of two arrays of size bytes, a multiple of 8.
 */
static inline int
count_words(const uint8_t *a, const uint8_t *b, size_t size)
{
	uint64_t	count = 0;
	uint64_t	x;
	uint64_t	y;

	for (size_t i = 0; i < size; i += sizeof(x))
	{
		memcpy(&x, a + i, sizeof(x));
		memcpy(&y, b + i, sizeof(y));
		count += (uint64_t) __builtin_popcountll(x & y);
	}
	return (int) count;
}

#if defined(__x86_64__) && defined(__GNUC__)

/* The same with the processor's instruction, which not every x86 has. */
__attribute__((target("popcnt")))
static int
count_words_popcnt(const uint8_t *a, const uint8_t *b, size_t size)
{
	return count_words(a, b, size);
}

static int
count_bits(const uint8_t *a, const uint8_t *b, size_t size)
{
	return __builtin_cpu_supports("popcnt") ? count_words_popcnt(a, b, size) : count_words(a, b, size);
}

#else

static int
count_bits(const uint8_t *a, const uint8_t *b, size_t size)
{
	return count_words(a, b, size);
}

#endif

/*
 * Dice's coefficient; filters whose numbers of bits differ so much that it is below
 * floor are not looked at.
 */
double
bloom_dice(const uint8_t *a, const uint8_t *b, size_t size, double floor)
{
	int			x = stated_bits(a);
	int			y = stated_bits(b);
	int			fewer = x < y ? x : y;
	int			common;

	if (fewer == 0 || 2.0 * fewer < floor * (x + y))
		return 0;
	common = count_bits(a + BLOOM_HEADER, b + BLOOM_HEADER, size - BLOOM_HEADER);
	if (common > fewer)
		return -1;
	return 2.0 * common / (x + y);
}
