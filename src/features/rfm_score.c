/*
 * rfm_score.c
 *		Scores and segments of recency, frequency and monetary value.
 *
 * Scores go from 1 to 5 (in general, from 1 to the number of cut points plus
 * one), 5 is best.  Cut points ascend.  Where more is better, a value reaches
 * a cut point by being at least as great; where less is better, by being at
 * most as great.  Nothing here reads a table: one customer scored alone gets
 * what the batch gave.
 */
#include "server/money.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#define MAX_CUTS 1000

/* an array of cut points, taken apart */
typedef struct CutPoints
{
	ArrayType  *array;
	Datum	   *cuts;			/* in it */
	int			ncuts;
} CutPoints;

PG_FUNCTION_INFO_V1(patternos_recency_score);
PG_FUNCTION_INFO_V1(patternos_frequency_score);
PG_FUNCTION_INFO_V1(patternos_monetary_score);
PG_FUNCTION_INFO_V1(patternos_rfm_score);
PG_FUNCTION_INFO_V1(patternos_rfm_segment);
PG_FUNCTION_INFO_V1(patternos_score_by_cuts);
PG_FUNCTION_INFO_V1(patternos_score_by_ranked_cuts);

/* the documented thresholds */
static const int64 recency_cuts[] = {7, 30, 90, 180};
static const int64 frequency_cuts[] = {2, 3, 6, 10};
static const int64 monetary_cuts[] = {
	INT64CONST(2500) * MONEY_SCALE, INT64CONST(10000) * MONEY_SCALE,
	INT64CONST(20000) * MONEY_SCALE, INT64CONST(50000) * MONEY_SCALE
};

/* rows: recency score 1 to 5; columns: frequency score 1 to 5 */
static const char *const segments[5][5] = {
	{"Lost", "Lost", "At Risk", "At Risk", "Can't Lose Them"},
	{"Hibernating", "Hibernating", "At Risk", "At Risk", "Can't Lose Them"},
	{"About To Sleep", "About To Sleep", "Need Attention", "Loyal", "Loyal"},
	{"Promising", "Potential Loyalist", "Potential Loyalist", "Loyal", "Loyal"},
	{"New Customers", "Potential Loyalist", "Potential Loyalist", "Champions", "Champions"},
};

/*
 * 1 + how many of the four cut points a value is at least.
 */
static int
reached(int64 value, const int64 *cuts)
{
	return 1 + (value >= cuts[0]) + (value >= cuts[1]) +
		(value >= cuts[2]) + (value >= cuts[3]);
}

/*
 * Refuses a negative count of days or purchases.
 */
static void
check_not_negative(int64 value, const char *what)
{
	if (value < 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s must not be negative", what)));
}

/*
 * The documented score of days since the last purchase.
 */
static int
score_recency(int32 days)
{
	check_not_negative(days, "recency");
	return 6 - reached((int64) days - 1, recency_cuts);
}

/*
 * The documented score of purchases in 90 days.
 */
static int
score_frequency(int64 purchases)
{
	check_not_negative(purchases, "frequency");
	return reached(purchases, frequency_cuts);
}

/*
 * recency_score(recency_days integer) returns integer
 *
 * 5 to 1 for up to 7, 30, 90, 180 and more days; 22003 when negative.
 */
Datum
patternos_recency_score(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(score_recency(PG_GETARG_INT32(0)));
}

/*
 * frequency_score(frequency_90d bigint) returns integer
 *
 * 5 to 1 for at least 10, 6, 3, 2 and fewer purchases; 22003 when negative.
 */
Datum
patternos_frequency_score(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(score_frequency(PG_GETARG_INT64(0)));
}

/*
 * monetary_score(monetary_90d numeric) returns integer
 *
 * 5 to 1 for at least 50,000, 20,000, 10,000, 2,500 and less; 22003 for NaN.
 */
Datum
patternos_monetary_score(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(reached(money_limited(PG_GETARG_DATUM(0)), monetary_cuts));
}

/*
 * rfm_score(recency_days integer, frequency_90d bigint, monetary_90d numeric)
 * returns text
 *
 * The three scores as three digits; errors as for the scores.
 */
Datum
patternos_rfm_score(PG_FUNCTION_ARGS)
{
	char		digits[3];

	digits[0] = '0' + score_recency(PG_GETARG_INT32(0));
	digits[1] = '0' + score_frequency(PG_GETARG_INT64(1));
	digits[2] = '0' + reached(money_limited(PG_GETARG_DATUM(2)), monetary_cuts);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(digits, 3));
}

/*
 * rfm_segment(recency_score integer, frequency_score integer) returns text
 *
 * The segment of a pair of scores.  Without a recency score nothing was ever
 * bought: Prospect.  NULL without a frequency score; 22003 outside 1 to 5.
 */
Datum
patternos_rfm_segment(PG_FUNCTION_ARGS)
{
	int32		recency,
				frequency;

	if (PG_ARGISNULL(0))
		PG_RETURN_TEXT_P(cstring_to_text("Prospect"));
	if (PG_ARGISNULL(1))
		PG_RETURN_NULL();
	recency = PG_GETARG_INT32(0);
	frequency = PG_GETARG_INT32(1);
	if (recency >= 1 && recency <= 5 && frequency >= 1 && frequency <= 5)
		PG_RETURN_TEXT_P(cstring_to_text(segments[recency - 1][frequency - 1]));
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("recency and frequency score must be between 1 and 5")));
}

/*
 * Order of two numerics.
 */
static int
compare_numeric(Datum a, Datum b)
{
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, a, b));
}

/*
 * Takes the cut points of an array apart; they must ascend and not be NULL.
 */
static void
read_cuts(ArrayType *array, CutPoints *points)
{
	bool	   *nulls;
	int			i;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("cut points must be a one-dimensional array")));
	deconstruct_array(array, NUMERICOID, -1, false, TYPALIGN_INT, &points->cuts, &nulls, &points->ncuts);
	if (points->ncuts > MAX_CUTS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("more than %d cut points", MAX_CUTS)));
	for (i = 0; i < points->ncuts; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("cut points must not be null")));
		if (i > 0 && compare_numeric(points->cuts[i - 1], points->cuts[i]) > 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("cut points must ascend")));
	}
	pfree(nulls);
}

/*
 * The cut points of an argument.  A call site keeps the last: rows mostly come
 * with the same.
 */
static const CutPoints *
get_cuts(FunctionCallInfo fcinfo, int argument)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(argument);
	CutPoints  *points = fcinfo->flinfo->fn_extra;
	MemoryContext caller;
	ArrayType  *copy;

	if (points != NULL && VARSIZE(points->array) == VARSIZE(array) &&
		memcmp(points->array, array, VARSIZE(array)) == 0)
		return points;
	caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	if (points != NULL)
	{
		fcinfo->flinfo->fn_extra = NULL;
		pfree(points->cuts);
		pfree(points->array);
		pfree(points);
	}
	points = palloc(sizeof(CutPoints));
	copy = palloc(VARSIZE(array));
	memcpy(copy, array, VARSIZE(array));
	points->array = copy;
	read_cuts(copy, points);
	fcinfo->flinfo->fn_extra = points;
	MemoryContextSwitchTo(caller);
	return points;
}

/*
 * Refuses NaN, which is neither good nor bad.
 */
static void
check_value(Numeric value)
{
	if (numeric_is_nan(value))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("value must be a number")));
}

/*
 * score_by_cuts(value numeric, cuts numeric[], higher_is_better boolean)
 * returns integer
 *
 * 1 + how many cut points the value reaches.  22003 for NaN, 22004 for a NULL
 * cut point, 22023 when they do not ascend, 54000 for more than 1,000.
 */
Datum
patternos_score_by_cuts(PG_FUNCTION_ARGS)
{
	Numeric		value = PG_GETARG_NUMERIC(0);
	bool		higher = PG_GETARG_BOOL(2);
	const CutPoints *points;
	int			i,
				score = 1;

	check_value(value);
	points = get_cuts(fcinfo, 1);
	for (i = 0; i < points->ncuts; i++)
	{
		int			order = compare_numeric(NumericGetDatum(value), points->cuts[i]);

		score += higher ? order >= 0 : order <= 0;
	}
	PG_RETURN_INT32(score);
}

/*
 * score_by_cuts(value numeric, key bigint, cuts numeric[], keys bigint[],
 *				 higher_is_better boolean) returns integer
 *
 * The same where equal values are told apart by a key, as ntile() with a tie
 * break by key does: a value equal to a cut point reaches it when its key is
 * at least that of the cut point.  22023 when there are not as many keys.
 */
Datum
patternos_score_by_ranked_cuts(PG_FUNCTION_ARGS)
{
	Numeric		value = PG_GETARG_NUMERIC(0);
	int64		key = PG_GETARG_INT64(1);
	ArrayType  *keys = PG_GETARG_ARRAYTYPE_P(3);
	bool		higher = PG_GETARG_BOOL(4);
	const CutPoints *points;
	int			i,
				score = 1;

	check_value(value);
	points = get_cuts(fcinfo, 2);
	if (ARR_HASNULL(keys) || ArrayGetNItems(ARR_NDIM(keys), ARR_DIMS(keys)) != points->ncuts)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there must be one key for each cut point")));
	for (i = 0; i < points->ncuts; i++)
	{
		int			order = compare_numeric(NumericGetDatum(value), points->cuts[i]);

		if (order == 0)
			score += key >= ((int64 *) ARR_DATA_PTR(keys))[i];
		else
			score += higher ? order > 0 : order < 0;
	}
	PG_RETURN_INT32(score);
}
