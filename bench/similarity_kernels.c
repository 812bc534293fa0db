/*
 * similarity_kernels.c
 *		Seconds that each similarity of src/core takes for all pairs of a file, which is
 *		read into memory first: lines of two texts with a tab between them.
 *
 * Prints a line per kernel: name, seconds of the processor, sum of the results.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/bloom.h"
#include "core/similarity.h"

#define MAX_PAIRS 5000000
#define ROUNDS 3

typedef struct Pair
{
	const char *a;
	const char *b;
	uint16_t	a_size;
	uint16_t	b_size;
} Pair;

static Pair *pairs;
static size_t count;

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

static void
read_pairs(const char *path)
{
	FILE	   *f = fopen(path, "r");
	char	   *line = NULL;
	size_t		room = 0;
	ssize_t		n;

	pairs = malloc(MAX_PAIRS * sizeof(Pair));
	while (f != NULL && count < MAX_PAIRS && (n = getline(&line, &room, f)) > 0)
	{
		char	   *copy = strndup(line, (size_t) n - 1);
		char	   *tab = strchr(copy, '\t');

		if (tab == NULL)
			continue;
		pairs[count].a = copy;
		pairs[count].a_size = (uint16_t) (tab - copy);
		pairs[count].b = tab + 1;
		pairs[count++].b_size = (uint16_t) strlen(tab + 1);
	}
}

/* The texts are decoded for every pair, as they are in SQL. */
#define MEASURE(name, expression) \
	do { \
		double		best = 1e9; \
		double		sum = 0; \
		for (int round = 0; round < ROUNDS; round++) \
		{ \
			double		begin = seconds(); \
			sum = 0; \
			for (size_t i = 0; i < count; i++) \
			{ \
				uint32_t	a_codes[256]; \
				uint32_t	b_codes[256]; \
				SimText		a; \
				SimText		b; \
				if (pairs[i].a_size > SIM_SHORT || pairs[i].b_size > SIM_SHORT) \
					continue; \
				sim_text(pairs[i].a, pairs[i].a_size, a_codes, &a); \
				sim_text(pairs[i].b, pairs[i].b_size, b_codes, &b); \
				sum += (double) (expression); \
			} \
			if (seconds() - begin < best) \
				best = seconds() - begin; \
		} \
		printf("%s %.4f %.6f\n", name, best, sum); \
	} while (0)

/* Filters of both texts of every pair, and Dice's coefficient of each two. */
static void
measure_filters(void)
{
	size_t		size = bloom_size(512);
	uint8_t    *filters = malloc(2 * count * size);
	BloomField *field = malloc(bloom_field_size(512));
	double		best = 1e9;
	double		sum = 0;
	double		begin = seconds();

	bloom_field_init(field, "0123456789abcdef", 16, "name", 4, 512, 16);
	for (size_t i = 0; i < count; i++)
	{
		bloom_encode(field, pairs[i].a, pairs[i].a_size, filters + 2 * i * size);
		bloom_encode(field, pairs[i].b, pairs[i].b_size, filters + (2 * i + 1) * size);
	}
	printf("bloom_encode %.4f %zu\n", seconds() - begin, 2 * count);
	for (int round = 0; round < ROUNDS; round++)
	{
		begin = seconds();
		sum = 0;
		for (size_t i = 0; i < count; i++)
			sum += bloom_dice(filters + 2 * i * size, filters + (2 * i + 1) * size, size, 0);
		if (seconds() - begin < best)
			best = seconds() - begin;
	}
	printf("bloom_dice %.4f %.6f\n", best, sum);
}

int
main(int argc, char **argv)
{
	read_pairs(argc > 1 ? argv[1] : "");
	if (count == 0)
		return 1;
	MEASURE("jaro", sim_jaro(&a, &b, NULL));
	MEASURE("jaro_winkler", sim_jaro_winkler(&a, &b, NULL));
	MEASURE("levenshtein", sim_levenshtein(&a, &b, NULL));
	MEASURE("osa", sim_osa(&a, &b, NULL));
	MEASURE("damerau", sim_damerau(&a, &b, NULL));
	MEASURE("jaccard", sim_jaccard(&a, &b, 1, NULL));
	MEASURE("dice", sim_dice(&a, &b, 2, NULL));
	measure_filters();
	return 0;
}
