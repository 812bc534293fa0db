/*
 * intent.c
 *		The documented purchase intent index, and probabilities of a purchase.
 *
 * intent_score = 0.4 (1 - min(r / 180, 1)) + 0.3 min(f / 10, 1) + 0.3 min(m / 50000, 1)
 *
 * It is computed in integers over the common denominator of its three terms,
 * so that rounding to four decimals is exact.
 */
#include "server/money.h"

#include <math.h>

#include "core/gamma_poisson.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

/* units in a score of 1: r counts 1/450 each day, f 3/100, m 3/5e9 each ten-thousandth */
#define SCORE_UNITS		INT64CONST(45000000000)
#define RECENCY_UNIT	(SCORE_UNITS / 450)
#define FREQUENCY_UNIT	(SCORE_UNITS / 100 * 3)
#define MONETARY_UNIT	(SCORE_UNITS / INT64CONST(5000000000) * 3)
#define RECENCY_CAP		180
#define FREQUENCY_CAP	10
#define MONETARY_CAP	(INT64CONST(50000) * MONEY_SCALE)

PG_FUNCTION_INFO_V1(patternos_intent_score);
PG_FUNCTION_INFO_V1(patternos__intent_terms);
PG_FUNCTION_INFO_V1(patternos_intent_level);
PG_FUNCTION_INFO_V1(patternos_purchase_probability);
PG_FUNCTION_INFO_V1(patternos_predicted_purchase_days);

/*
 * The three terms in units of the score.
 */
static void
intent_terms(FunctionCallInfo fcinfo, int64 terms[3])
{
	int32		recency = PG_GETARG_INT32(0);
	int64		frequency = PG_GETARG_INT64(1);
	int64		money = money_limited(PG_GETARG_DATUM(2));

	if (recency < 0 || frequency < 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("recency and frequency must not be negative")));
	terms[0] = (RECENCY_CAP - Min(recency, RECENCY_CAP)) * RECENCY_UNIT;
	terms[1] = Min(frequency, FREQUENCY_CAP) * FREQUENCY_UNIT;
	terms[2] = Max(Min(money, MONETARY_CAP), 0) * MONETARY_UNIT;
}

/*
 * Units of the score as numeric with four decimals.
 */
static Datum
score_datum(int64 units)
{
	int64		rounded = (units * 10000 + SCORE_UNITS / 2) / SCORE_UNITS;

	return decimal_numeric(rounded, 4);
}

/*
 * intent_score(recency_days integer, frequency_90d bigint, monetary_90d
 * numeric) returns numeric
 *
 * 0.0000 to 1.0000.  A negative amount counts as 0.  22003 for a negative
 * recency or frequency and for NaN.
 */
Datum
patternos_intent_score(PG_FUNCTION_ARGS)
{
	int64		terms[3];

	intent_terms(fcinfo, terms);
	return score_datum(terms[0] + terms[1] + terms[2]);
}

/*
 * _intent_terms(recency_days integer, frequency_90d bigint, monetary_90d
 * numeric) returns jsonb
 *
 * What each of the three contributes to the score.
 */
Datum
patternos__intent_terms(PG_FUNCTION_ARGS)
{
	static const char *const names[3] = {"recency_days", "frequency_90d", "monetary_90d"};
	JsonbParseState *state = NULL;
	JsonbValue	item;
	int64		terms[3];
	int			i;

	intent_terms(fcinfo, terms);
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (i = 0; i < 3; i++)
	{
		item.type = jbvString;
		item.val.string.val = unconstify(char *, names[i]);
		item.val.string.len = strlen(names[i]);
		pushJsonbValue(&state, WJB_KEY, &item);
		item.type = jbvNumeric;
		item.val.numeric = DatumGetNumeric(score_datum(terms[i]));
		pushJsonbValue(&state, WJB_VALUE, &item);
	}
	PG_RETURN_JSONB_P(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}

/*
 * intent_level(score numeric, high numeric, medium numeric) returns text
 *
 * high from the first cut on, medium from the second on, else low.  22003 for
 * NaN, 22023 when the cuts are the wrong way round.
 */
Datum
patternos_intent_level(PG_FUNCTION_ARGS)
{
	Datum		score = PG_GETARG_DATUM(0);
	Datum		high = PG_GETARG_DATUM(1);
	Datum		medium = PG_GETARG_DATUM(2);
	const char *level;

	if (numeric_is_nan(DatumGetNumeric(score)) ||
		numeric_is_nan(DatumGetNumeric(high)) || numeric_is_nan(DatumGetNumeric(medium)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("score and cuts must be numbers")));
	if (DatumGetBool(DirectFunctionCall2(numeric_lt, high, medium)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the cut for high must not be below the one for medium")));
	if (DatumGetBool(DirectFunctionCall2(numeric_ge, score, high)))
		level = "high";
	else if (DatumGetBool(DirectFunctionCall2(numeric_ge, score, medium)))
		level = "medium";
	else
		level = "low";
	PG_RETURN_TEXT_P(cstring_to_text(level));
}

/*
 * Refuses what is no customer of a gamma-Poisson model.
 */
static void
check_rate_arguments(int64 x, float8 t, float8 r, float8 alpha)
{
	if (x < 0 || !(t >= 0) || isinf(t) ||
		!(r > 0) || isinf(r) || !(alpha > 0) || isinf(alpha))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("purchases and time must not be negative, and r and alpha must be positive numbers")));
}

/*
 * purchase_probability(x bigint, t float8, r float8, alpha float8,
 * horizon float8) returns float8
 *
 * 0 to 1; t, alpha and horizon in the same unit.  22003 for values out of
 * range.
 */
Datum
patternos_purchase_probability(PG_FUNCTION_ARGS)
{
	int64		x = PG_GETARG_INT64(0);
	float8		t = PG_GETARG_FLOAT8(1);
	float8		r = PG_GETARG_FLOAT8(2);
	float8		alpha = PG_GETARG_FLOAT8(3);
	float8		horizon = PG_GETARG_FLOAT8(4);

	check_rate_arguments(x, t, r, alpha);
	if (!(horizon >= 0))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("horizon must not be negative")));
	PG_RETURN_FLOAT8(gamma_poisson_probability((float8) x, t, r, alpha, horizon));
}

/*
 * predicted_purchase_days(x bigint, t float8, r float8, alpha float8)
 * returns float8
 *
 * The time within which the next purchase comes with probability 1/2, in the
 * unit of t and alpha; may be infinite.  22003 for values out of range.
 */
Datum
patternos_predicted_purchase_days(PG_FUNCTION_ARGS)
{
	int64		x = PG_GETARG_INT64(0);
	float8		t = PG_GETARG_FLOAT8(1);
	float8		r = PG_GETARG_FLOAT8(2);
	float8		alpha = PG_GETARG_FLOAT8(3);

	check_rate_arguments(x, t, r, alpha);
	PG_RETURN_FLOAT8(gamma_poisson_median_wait((float8) x, t, r, alpha));
}
