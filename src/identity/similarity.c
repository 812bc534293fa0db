/*
 * similarity.c
 *		Distances and similarities of two texts as SQL functions.
 *
 * All are symmetric, count code points and tell upper from lower case.  Short ASCII
 * texts are compared where they lie.
 */
#include "patternos.h"

#include "miscadmin.h"
#include "server/utf8_argument.h"

/* Longest text: the matrix of the slowest function then takes some seconds. */
#define MAX_CHARACTERS 65535

PG_FUNCTION_INFO_V1(patternos_jaro);
PG_FUNCTION_INFO_V1(patternos_jaro_winkler);
PG_FUNCTION_INFO_V1(patternos_levenshtein);
PG_FUNCTION_INFO_V1(patternos_levenshtein_similarity);
PG_FUNCTION_INFO_V1(patternos_osa_distance);
PG_FUNCTION_INFO_V1(patternos_damerau_levenshtein);
PG_FUNCTION_INFO_V1(patternos_jaccard);
PG_FUNCTION_INFO_V1(patternos_dice);

typedef struct TextPair
{
	SimText		a;
	SimText		b;
	SimWork		work;
} TextPair;

static void
check_for_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

/*
 * Decodes a text of more than 64 bytes or with characters beyond ASCII; 54000 when it
 * is too long.
 */
static void
decode(Utf8 value, SimText *result)
{
	if (value.size <= (size_t) MAX_CHARACTERS * MAX_MULTIBYTE_CHAR_LEN)
	{
		uint32_t   *codes = NULL;

		if (!sim_is_ascii(value.text, value.size))
			codes = palloc(value.size * sizeof(uint32_t));
		sim_text(value.text, value.size, codes, result);
		if (result->length <= MAX_CHARACTERS)
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("text is too long to be compared"),
			 errdetail("Texts of up to %d characters can be compared.", MAX_CHARACTERS)));
}

/*
 * The first two arguments, and memory where they are long.
 */
static pg_noinline void
get_long_texts(Utf8 a, Utf8 b, TextPair *pair)
{
	size_t		size;

	decode(a, &pair->a);
	decode(b, &pair->b);
	size = sim_work_size(pair->a.length, pair->b.length);
	pair->work.memory = size > 0 ? palloc(size) : NULL;
	pair->work.pulse = check_for_interrupts;
}

static inline void
get_texts(FunctionCallInfo fcinfo, TextPair *pair)
{
	Utf8		a = PG_GETARG_UTF8(0);
	Utf8		b = PG_GETARG_UTF8(1);

	pair->work.memory = NULL;
	pair->work.pulse = NULL;
	if (a.size <= SIM_SHORT && b.size <= SIM_SHORT &&
		sim_is_ascii(a.text, a.size) && sim_is_ascii(b.text, b.size))
	{
		sim_ascii_text(a.text, a.size, &pair->a);
		sim_ascii_text(b.text, b.size, &pair->b);
	}
	else
		get_long_texts(a, b, pair);
}

/*
 * Jaro's similarity, 0 to 1; 54000 for texts of more than MAX_CHARACTERS, as in all
 * functions here.
 */
Datum
patternos_jaro(PG_FUNCTION_ARGS)
{
	TextPair	pair;

	get_texts(fcinfo, &pair);
	PG_RETURN_FLOAT8(sim_jaro(&pair.a, &pair.b, &pair.work));
}

/*
 * Jaro's and Winkler's similarity, 0 to 1.
 */
Datum
patternos_jaro_winkler(PG_FUNCTION_ARGS)
{
	TextPair	pair;

	get_texts(fcinfo, &pair);
	PG_RETURN_FLOAT8(sim_jaro_winkler(&pair.a, &pair.b, &pair.work));
}

/*
 * Least number of characters to insert, delete and replace.
 */
Datum
patternos_levenshtein(PG_FUNCTION_ARGS)
{
	TextPair	pair;

	get_texts(fcinfo, &pair);
	PG_RETURN_INT32((int32) sim_levenshtein(&pair.a, &pair.b, &pair.work));
}

/*
 * One less Levenshtein's distance over the length of the longer text, 0 to 1.
 */
Datum
patternos_levenshtein_similarity(PG_FUNCTION_ARGS)
{
	TextPair	pair;
	size_t		longer;

	get_texts(fcinfo, &pair);
	longer = Max(pair.a.length, pair.b.length);
	if (longer == 0)
		PG_RETURN_FLOAT8(1);
	PG_RETURN_FLOAT8(1 - (double) sim_levenshtein(&pair.a, &pair.b, &pair.work) / (double) longer);
}

/*
 * The same with swaps of two neighbours, no piece edited twice.
 */
Datum
patternos_osa_distance(PG_FUNCTION_ARGS)
{
	TextPair	pair;

	get_texts(fcinfo, &pair);
	PG_RETURN_INT32((int32) sim_osa(&pair.a, &pair.b, &pair.work));
}

/*
 * The same with swaps of two characters that are neighbours after or before edits.
 */
Datum
patternos_damerau_levenshtein(PG_FUNCTION_ARGS)
{
	TextPair	pair;

	get_texts(fcinfo, &pair);
	PG_RETURN_INT32((int32) sim_damerau(&pair.a, &pair.b, &pair.work));
}

/*
 * The number of characters in a gram; 22023 when out of range.
 */
static int
gram_argument(int q)
{
	if (q < 1 || q > SIM_MAX_GRAM)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("length of grams is out of range"),
				 errdetail("Grams have 1 to %d characters.", SIM_MAX_GRAM)));
	return q;
}

/*
 * Distinct grams that both texts have over those that either has, 0 to 1.
 */
Datum
patternos_jaccard(PG_FUNCTION_ARGS)
{
	int			q = gram_argument(PG_GETARG_INT32(2));
	TextPair	pair;

	get_texts(fcinfo, &pair);
	PG_RETURN_FLOAT8(sim_jaccard(&pair.a, &pair.b, q, &pair.work));
}

/*
 * Twice the distinct grams that both texts have over the sum of their numbers, 0 to 1.
 */
Datum
patternos_dice(PG_FUNCTION_ARGS)
{
	int			q = gram_argument(PG_GETARG_INT32(2));
	TextPair	pair;

	get_texts(fcinfo, &pair);
	PG_RETURN_FLOAT8(sim_dice(&pair.a, &pair.b, q, &pair.work));
}
