/*
 * fuzz_similarity.c
 *		Feeds arbitrary bytes to the similarities, filters and keys of src/core and checks
 *		what must hold for any input.  Built like fuzz_values.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "core/bloom.h"
#include "core/name.h"
#include "core/phonetic.h"
#include "core/similarity.h"
#include "core/utf8.h"

typedef size_t (*Distance) (const SimText *, const SimText *, size_t, const SimWork *);

static void
require(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "violated: %s\n", what);
	abort();
}

static int
in_unit(double x)
{
	return x >= 0 && x <= 1;
}

/* Copies of exact size, so that the sanitizer sees a read past the end. */
static char *
copy(const char *text, size_t size)
{
	char	   *result = malloc(size > 0 ? size : 1);

	if (size > 0)
		memcpy(result, text, size);
	return result;
}

/* Bounds give the same distance or one more than the bound; no order of texts matters. */
static size_t
check_distance(Distance distance, const SimText *a, const SimText *b, const SimWork *work)
{
	size_t		result = distance(a, b, SIM_UNBOUNDED, work);
	size_t		longer = a->length > b->length ? a->length : b->length;

	require(result <= longer, "distance within the longer text");
	require((result == 0) == sim_equal(a, b), "distance of equal texts only is 0");
	require(distance(b, a, SIM_UNBOUNDED, work) == result, "symmetric distance");
	for (size_t max = 0; max < 8; max++)
		require(distance(a, b, max, work) == (result <= max ? result : max + 1), "bounded distance");
	require(distance(a, b, result, work) == result, "distance at its bound");
	if (result > 0)
		require(distance(a, b, result - 1, work) == result, "distance over its bound");
	return result;
}

static void
check_texts(const SimText *a, const SimText *b)
{
	SimWork		work = {malloc(sim_work_size(a->length, b->length)), NULL};
	size_t		levenshtein = check_distance(sim_levenshtein_within, a, b, &work);
	size_t		osa = check_distance(sim_osa_within, a, b, &work);
	size_t		damerau = check_distance(sim_damerau_within, a, b, &work);
	double		jaro = sim_jaro(a, b, &work);
	double		winkler = sim_jaro_winkler(a, b, &work);

	require(osa <= levenshtein && damerau <= osa && 3 * damerau >= 2 * osa, "order of distances");
	require(in_unit(jaro) && in_unit(winkler) && winkler >= jaro, "range of Jaro");
	require(jaro == sim_jaro(b, a, &work) && winkler == sim_jaro_winkler(b, a, &work), "symmetric Jaro");
	require(!sim_equal(a, b) || jaro == 1, "Jaro of equal texts");
	for (int q = 1; q <= SIM_MAX_GRAM; q++)
	{
		double		jaccard = sim_jaccard(a, b, q, &work);
		double		dice = sim_dice(a, b, q, &work);

		require(in_unit(jaccard) && in_unit(dice) && dice >= jaccard, "range of grams");
		require(jaccard == sim_jaccard(b, a, q, &work) && dice == sim_dice(b, a, q, &work), "symmetric grams");
		require(!sim_equal(a, b) || jaccard == 1, "grams of equal texts");
	}
	free(work.memory);
}

/* A filter of a gram that was remembered is the same as one that was computed. */
static void
check_filters(const char *a, size_t a_size, const char *b, size_t b_size)
{
	static BloomField *field;
	BloomField *fresh = malloc(bloom_field_size(128));
	uint8_t		x[BLOOM_HEADER + 128 / 8];
	uint8_t		y[BLOOM_HEADER + 128 / 8];

	if (field == NULL)
	{
		field = malloc(bloom_field_size(128));
		bloom_field_init(field, "0123456789abcdef", 16, "name", 4, 128, 5);
	}
	bloom_field_init(fresh, "0123456789abcdef", 16, "name", 4, 128, 5);
	require(bloom_encode(field, a, a_size, x) == (a_size > 0), "filter of a text");
	require(bloom_encode(fresh, a, a_size, y) == (a_size > 0), "filter of a text again");
	if (a_size > 0)
	{
		require(memcmp(x, y, sizeof(x)) == 0, "filter with and without memory");
		require(bloom_valid(x, sizeof(x)) && bloom_dice(x, y, sizeof(x), 0) == 1, "filter of equal texts");
	}
	if (a_size > 0 && b_size > 0)
	{
		double		dice;

		bloom_encode(field, b, b_size, y);
		dice = bloom_dice(x, y, sizeof(x), 0);
		require(in_unit(dice) && dice == bloom_dice(y, x, sizeof(x), 0), "Dice of filters");
		for (double floor = 0.1; floor < 1; floor += 0.2)
			require(dice < floor || bloom_dice(x, y, sizeof(x), floor) == dice, "floor of Dice");
	}
	/* bytes that are no filter */
	if (bloom_valid((const uint8_t *) a, a_size))
		require(bloom_dice((const uint8_t *) a, (const uint8_t *) a, a_size, 0) <= 1, "Dice of any bytes");
	free(fresh);
}

static void
check_people(const char *a, size_t a_size, const char *b, size_t b_size)
{
	static NameWords a_name;
	static NameWords b_name;
	static AddressWords a_address;
	static AddressWords b_address;
	char		key[PHONETIC_MAX];

	require(phonetic_key(a, a_size, key) <= PHONETIC_MAX, "length of a key");
	if (name_split(a, a_size, &a_name) && name_split(b, b_size, &b_name))
	{
		double		s = name_similarity(&a_name, &b_name);

		require(in_unit(s) && s == name_similarity(&b_name, &a_name), "names");
		require(name_similarity(&a_name, &a_name) == 1, "equal names");
	}
	if (address_split(a, a_size, &a_address) && address_split(b, b_size, &b_address))
	{
		double		s = address_similarity(&a_address, &b_address);

		require(in_unit(s) && s == address_similarity(&b_address, &a_address), "addresses");
		require(address_similarity(&a_address, &a_address) == 1, "equal addresses");
	}
}

extern int	LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	/* the first byte says where the first text ends */
	size_t		a_size = size == 0 ? 0 : (size - 1) * data[0] / 255;
	size_t		b_size = size == 0 ? 0 : size - 1 - a_size;
	char	   *a = copy((const char *) data + (size > 0), a_size);
	char	   *b = copy((const char *) data + (size > 0) + a_size, b_size);
	uint32_t   *a_codes = malloc((a_size + 1) * sizeof(uint32_t));
	uint32_t   *b_codes = malloc((b_size + 1) * sizeof(uint32_t));
	SimText		a_text;
	SimText		b_text;

	sim_text(a, a_size, a_codes, &a_text);
	sim_text(b, b_size, b_codes, &b_text);
	check_texts(&a_text, &b_text);
	check_filters(a, a_size, b, b_size);
	check_people(a, a_size, b, b_size);
	free(a);
	free(b);
	free(a_codes);
	free(b_codes);
	return 0;
}

#ifdef STANDALONE
int
main(int argc, char **argv)
{
	static const char *const pieces[] = {
		"a", "b", "c", "ab", "ba", "krishna", "chh", "ksh", " ", ",", "s/o ", "mr ", "12", "road ",
		"b ", "\xC3\xA9", "\xE0\xA4\x95\xE0\xA5\x8D", "\xE0\xA4\xB7", "\xF0\x9F\x98\x80", "\xFF", "\xC3", "9", "-", "\n"
	};
	unsigned char data[1200];
	int			rounds = argc > 1 ? atoi(argv[1]) : 20000;

	srand(7);
	for (int round = 0; round < rounds; round++)
	{
		size_t		limit = round % 50 == 0 ? sizeof(data) - 10 : (size_t) (rand() % 140);
		int			kinds = 1 + rand() % (int) (sizeof(pieces) / sizeof(pieces[0]));
		size_t		size = 1;

		data[0] = (unsigned char) rand();
		while (size < limit)
		{
			const char *piece = pieces[rand() % kinds];

			memcpy(data + size, piece, strlen(piece));
			size += strlen(piece);
			if (rand() % 30 == 0)
				data[size++] = (unsigned char) rand();
		}
		LLVMFuzzerTestOneInput(data, size);
	}
	return 0;
}
#endif
