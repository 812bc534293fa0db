/*
 * fuzz_match.c
 *		Mutated records and models: no reader leaves its bytes, whole records stay
 *		symmetric, and a floor changes no weight above it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bloom.h"
#include "core/match_record.h"

#define BYTES 16384

static uint64_t state = 1;

/* splitmix64 */
static uint32_t
number(uint32_t below)
{
	uint64_t	z = state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return (uint32_t) ((z ^ z >> 31) % below);
}

/* A model with every kind, and every test that the kind may have. */
static void
make_model(MatchModel *model)
{
	static const uint8_t columns[] = {
		KIND_EXACT, KIND_NAME, KIND_FULL_NAME, KIND_DATE, KIND_EMAIL, KIND_PHONE, KIND_POSTCODE,
		KIND_ADDRESS, KIND_TEXT, KIND_NUMBER, KIND_SET, KIND_BLOOM, KIND_NAME, KIND_BLOOM, KIND_EXACT, KIND_EXACT
	};
	static const uint8_t parts[][4] = {
		{KIND_FULL_NAME, 1, 12, 0}, {KIND_BLOOM, 11, 13, 0}, {KIND_DATE, 0, 14, 15}
	};

	memset(model, 0, sizeof(*model));
	model->columns = (int) sizeof(columns);
	model->comparisons = 15;
	for (int i = 0; i < model->columns; i++)
	{
		model->column[i].kind = columns[i];
		model->column[i].tf = i % 2 == 0;
		model->column[i].log2_u = -5;
	}
	for (int c = 0; c < model->comparisons; c++)
	{
		MatchComparison *comparison = &model->comparison[c];
		int			first = (int) number(TEST_COUNT);

		comparison->kind = c < 12 ? columns[c] : parts[c - 12][0];
		comparison->columns = c < 12 ? 1 : c < 14 ? 2 : 3;
		for (int i = 0; i < comparison->columns; i++)
			comparison->column[i] = c < 12 ? (uint8_t) c : parts[c - 12][1 + i];
		for (int t = 0; t < TEST_COUNT && comparison->levels < MATCH_MAX_LEVELS - 1; t++)
		{
			int			test = (t + first) % TEST_COUNT;
			MatchLevel *level = &comparison->level[comparison->levels];
			const TestInfo *info = &match_tests[test];

			if (test == TEST_ELSE || !match_test_fits(comparison->kind, comparison->columns, test))
				continue;
			level->test = (uint8_t) test;
			level->threshold = info->highest > 1 ? info->lowest + number(4) : info->highest * number(11) / 10;
			level->weight = (double) number(200) / 10 - 8;
			level->tf_weight = number(2);
			level->log2_floor = -10;
			comparison->levels++;
		}
		comparison->level[comparison->levels].test = TEST_ELSE;
		comparison->level[comparison->levels++].weight = -4;
	}
	match_prepare_model(model);
}

/* A record of values that are often alike. */
static size_t
make_record(const MatchModel *model, char *bytes)
{
	static const char *const values[] = {
		"anita", "anitha", "a", "john smith", "smith, john w", "bob", "robert", "1971-06-24", "24/06/1972", "19711324",
		"anita@x.com", "anita@y.org", "+91 98765 43210", "98765 43211", "sw1a 2aa", "560001", "12 hill road", "12 hil rd bandra",
		"नरेंद्र मोद�63", "Żółć Łódź", "日本 東京", "1e3", "1000.5", "\xff\xfe", "", "n/a",
		"a very long text that goes on and on with many words and goes on and on with many words and more than sixty-four characters",
	};
	RecordWriter writer;
	SetMember	members[8];
	char		filter[BLOOM_HEADER + 8];

	match_start_record(&writer, model, bytes);
	while (writer.column < model->columns)
	{
		int			kind = model->column[writer.column].kind;
		const char *value = values[number(sizeof(values) / sizeof(values[0]))];
		char		normal[MATCH_NORMAL_MAX];
		size_t		size;
		int			year,
					month,
					day;
		double		x;
		double		tf = number(10) / 5.0;

		if (kind == KIND_SET)
		{
			int			n = (int) number(8);

			for (int i = 0; i < n; i++)
			{
				members[i].hash = number(6);
				members[i].log2_tf = -(float) number(20);
			}
			match_add_set(&writer, members, (size_t) n);
		}
		else if (kind == KIND_BLOOM)
		{
			memset(filter, 0, sizeof(filter));
			filter[BLOOM_HEADER] = (char) (1 + number(3));
			filter[0] = (char) (filter[BLOOM_HEADER] == 3 ? 2 : 1);
			match_add_bloom(&writer, filter, sizeof(filter), tf);
		}
		else if (kind == KIND_DATE && match_parse_date(value, strlen(value), &year, &month, &day))
			match_add_date(&writer, year, month, day, tf);
		else if (kind == KIND_NUMBER && match_parse_number(value, strlen(value), &x))
			match_add_number(&writer, x, tf);
		else if (kind != KIND_DATE && kind != KIND_NUMBER &&
				 match_normalize((MatchKind) kind, value, strlen(value), normal, &size))
			match_add_text(&writer, normal, size, tf, match_generation(value, strlen(value)));
		else
			match_add_null(&writer);
	}
	return writer.size;
}

/* A copy of its own size, so that a sanitizer sees every step beyond it. */
static MatchBytes
copy(const char *bytes, size_t size)
{
	char	   *result = malloc(size > 0 ? size : 1);
	MatchBytes	record = {result, size};

	memcpy(result, bytes, size);
	return record;
}

static void
fail(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

/* What must hold of two whole records. */
static void
check_pair(const MatchModel *model, MatchBytes a, MatchBytes b)
{
	MatchTerms	terms;
	int64_t		ab,
				ba;
	double		exact,
				floored,
				sum = model->prior;
	double		floor = (double) number(400) / 10 - 20;

	if (!match_pattern(model, a, b, &ab) || !match_pattern(model, b, a, &ba) || ab != ba)
		fail("the pattern is not symmetric");
	if (!match_terms(model, a, b, &terms) || !match_weight(model, a, b, -INFINITY, &exact) ||
		!match_weight(model, a, b, floor, &floored))
		fail("a whole record is refused");
	for (int c = 0; c < model->comparisons; c++)
	{
		sum += terms.weight[c];
		sum += terms.tf[c];
		if ((ab >> (4 * c) & 15) != terms.level[c])
			fail("pattern and terms differ");
	}
	sum += terms.household;
	if (sum != exact)
		fail("the terms do not sum to the weight");
	if (floored != (exact >= floor ? exact : -INFINITY))
		fail("the floor changes a weight");
}

/* Calls every reader on what may be no record. */
static void
read_all(const MatchModel *model, MatchBytes a, MatchBytes b)
{
	MatchTerms	terms;
	int64_t		pattern;
	double		weight;

	match_pattern(model, a, b, &pattern);
	match_terms(model, a, b, &terms);
	match_weight(model, a, b, 5, &weight);
}

int
main(int argc, char **argv)
{
	long		rounds = argc > 1 ? atol(argv[1]) : 20000;
	static char first[BYTES],
				second[BYTES],
				compiled[65536];
	static MatchModel model,
				mutated;

	for (long round = 0; round < rounds; round++)
	{
		size_t		m,
					n,
					size;
		MatchBytes	a,
					b,
					c;

		if (round % 64 == 0)
			make_model(&model);
		m = make_record(&model, first);
		n = make_record(&model, second);
		a = copy(first, m);
		b = copy(second, n);
		check_pair(&model, a, b);
		c = copy(first, number((uint32_t) m + 1));
		read_all(&model, c, b);
		read_all(&model, b, c);
		free((void *) c.bytes);
		for (uint32_t i = number(8) + 1; i > 0; i--)
			first[8 + number((uint32_t) m - 8)] ^= (char) (1 << number(8));
		c = copy(first, m);
		read_all(&model, c, b);
		free((void *) a.bytes);
		free((void *) b.bytes);
		free((void *) c.bytes);

		size = match_model_size(&model);
		match_write_model(&model, compiled);
		if (!match_read_model(compiled, size, &mutated) || mutated.layout != model.layout)
			fail("a model is not read back");
		c = copy(compiled, number((uint32_t) size));
		if (match_read_model(c.bytes, c.size, &mutated))
			fail("half a model is taken");
		free((void *) c.bytes);
		compiled[number((uint32_t) size)] ^= (char) (1 << number(8));
		match_read_model(compiled, size, &mutated);
	}
	return 0;
}
