/*
 * metrics.c
 *		Aggregates over scores and outcomes, for any table.
 *
 * The state is the list of pairs; it is sorted when the result is asked for, so
 * that neither the order of rows nor the number of workers shows.  Rows where
 * score or label is NULL are left out.  The third argument of some (fraction,
 * number of bins) must be the same in all rows.
 */
#include "patternos.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "core/metrics.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/memutils.h"

#include "server/composite.h"

/* As many pairs as a serialised state can hold. */
#define MOST_OUTCOMES	((int64) ((MaxAllocSize - 64) / 9))

/*
 * Pairs as they came.  parameter is NaN until a row has brought it.
 */
typedef struct ScoredState
{
	int64		count;
	int64		allocated;
	double		parameter;
	bool		is_sorted;
	Outcome    *outcomes;
} ScoredState;

static ScoredState *
new_state(MemoryContext context, int64 allocated)
{
	ScoredState *state = MemoryContextAllocZero(context, sizeof(ScoredState));

	state->allocated = Max(allocated, 64);
	state->parameter = NAN;
	state->outcomes = MemoryContextAllocHuge(context, state->allocated * sizeof(Outcome));
	return state;
}

/*
 * Makes room for more pairs.
 */
static void
reserve(ScoredState *state, int64 more)
{
	if (state->count + more > MOST_OUTCOMES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many rows to evaluate at once"),
				 errhint("Evaluate a sample.")));
	if (state->count + more <= state->allocated)
		return;
	state->allocated = Max(state->allocated * 2, state->count + more);
	state->outcomes = repalloc_huge(state->outcomes, state->allocated * sizeof(Outcome));
}

static void
note_parameter(ScoredState *state, double parameter)
{
	if (isnan(parameter) || (!isnan(state->parameter) && state->parameter != parameter))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("fraction or number of bins must be one number for all rows")));
	state->parameter = parameter;
}

/*
 * _scored_step(internal, score float8, label boolean[, parameter float8])
 *
 * Errors: a score that is NaN or infinite.
 */
PG_FUNCTION_INFO_V1(patternos__scored_step);
Datum
patternos__scored_step(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	ScoredState *state = PG_ARGISNULL(0) ? NULL : (ScoredState *) PG_GETARG_POINTER(0);
	double		score;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || (PG_NARGS() > 3 && PG_ARGISNULL(3)))
	{
		if (state)
			PG_RETURN_POINTER(state);
		PG_RETURN_NULL();
	}
	score = PG_GETARG_FLOAT8(1);
	if (isnan(score) || isinf(score))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("score must be a finite number")));
	if (!state)
		state = new_state(context, 0);
	if (PG_NARGS() > 3)
		note_parameter(state, PG_GETARG_FLOAT8(3));
	reserve(state, 1);
	/* zero has one sign here, so that ties are ties in the bytes as well */
	state->outcomes[state->count++] = (Outcome)
	{
		score == 0 ? 0 : score, PG_GETARG_BOOL(2)
	};
	state->is_sorted = false;
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(patternos__scored_combine);
Datum
patternos__scored_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	ScoredState *into = PG_ARGISNULL(0) ? NULL : (ScoredState *) PG_GETARG_POINTER(0);
	ScoredState *from = PG_ARGISNULL(1) ? NULL : (ScoredState *) PG_GETARG_POINTER(1);

	if (!from)
	{
		if (into)
			PG_RETURN_POINTER(into);
		PG_RETURN_NULL();
	}
	if (!into)
		into = new_state(context, from->count);
	if (!isnan(from->parameter))
		note_parameter(into, from->parameter);
	reserve(into, from->count);
	memcpy(into->outcomes + into->count, from->outcomes, from->count * sizeof(Outcome));
	into->count += from->count;
	into->is_sorted = false;
	PG_RETURN_POINTER(into);
}

PG_FUNCTION_INFO_V1(patternos__scored_serialize);
Datum
patternos__scored_serialize(PG_FUNCTION_ARGS)
{
	ScoredState *state;
	StringInfoData buf;

	(void) aggregate_context(fcinfo);
	state = (ScoredState *) PG_GETARG_POINTER(0);
	pq_begintypsend(&buf);
	enlargeStringInfo(&buf, (int) (state->count * 9 + 16));
	pq_sendint64(&buf, state->count);
	pq_sendfloat8(&buf, state->parameter);
	for (int64 i = 0; i < state->count; i++)
	{
		pq_sendfloat8(&buf, state->outcomes[i].score);
		pq_sendbyte(&buf, state->outcomes[i].label);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

PG_FUNCTION_INFO_V1(patternos__scored_deserialize);
Datum
patternos__scored_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *bytes;
	StringInfoData buf;
	ScoredState *state;
	int64		count;

	(void) aggregate_context(fcinfo);
	bytes = PG_GETARG_BYTEA_PP(0);
	initReadOnlyStringInfo(&buf, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	count = pq_getmsgint64(&buf);
	if (count < 0 || count > (buf.len - buf.cursor) / 9)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("state of scores is damaged")));
	state = new_state(CurrentMemoryContext, count);
	state->parameter = pq_getmsgfloat8(&buf);
	for (int64 i = 0; i < count; i++)
	{
		state->outcomes[i].score = pq_getmsgfloat8(&buf);
		state->outcomes[i].label = pq_getmsgbyte(&buf) != 0;
	}
	state->count = count;
	pq_getmsgend(&buf);
	PG_RETURN_POINTER(state);
}

/*
 * The state of a final function, sorted; NULL without rows.
 */
static ScoredState *
sorted_state(FunctionCallInfo fcinfo)
{
	ScoredState *state;

	(void) aggregate_context(fcinfo);
	state = PG_ARGISNULL(0) ? NULL : (ScoredState *) PG_GETARG_POINTER(0);
	if (state && !state->is_sorted)
	{
		CHECK_FOR_INTERRUPTS();
		metrics_sort(state->outcomes, state->count);
		CHECK_FOR_INTERRUPTS();
		state->is_sorted = true;
	}
	return state && state->count > 0 ? state : NULL;
}

/*
 * Scores of losses and of calibration are probabilities.
 */
static ScoredState *
sorted_probabilities(FunctionCallInfo fcinfo)
{
	ScoredState *state = sorted_state(fcinfo);

	if (state && (state->outcomes[0].score < 0 || state->outcomes[state->count - 1].score > 1))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("score must be a probability between 0 and 1"),
				 errhint("Use patternos.score(), or calibrate margins first.")));
	return state;
}

static double
fraction_of(const ScoredState *state)
{
	if (!(state->parameter > 0 && state->parameter <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("fraction must be above 0 and at most 1")));
	return state->parameter;
}

static int
bins_of(const ScoredState *state)
{
	if (!(state->parameter >= 1 && state->parameter <= 1000))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of bins must be between 1 and 1000")));
	return (int) state->parameter;
}

static Datum
number_or_null(FunctionCallInfo fcinfo, double value)
{
	if (isnan(value))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(value);
}

/* A final function of one number: NULL where it is not defined. */
#define NUMBER_FINAL(name, get_state, expression) \
	PG_FUNCTION_INFO_V1(patternos__##name##_final); \
	Datum \
	patternos__##name##_final(PG_FUNCTION_ARGS) \
	{ \
		ScoredState *state = get_state(fcinfo); \
 \
		if (!state) \
			PG_RETURN_NULL(); \
		return number_or_null(fcinfo, expression); \
	}

NUMBER_FINAL(auc, sorted_state, metrics_auc(state->outcomes, state->count).value)
NUMBER_FINAL(auc_error, sorted_state, metrics_auc(state->outcomes, state->count).error)
NUMBER_FINAL(pr_auc, sorted_state, metrics_average_precision(state->outcomes, state->count))
NUMBER_FINAL(log_loss, sorted_probabilities, metrics_log_loss(state->outcomes, state->count).value)
NUMBER_FINAL(log_loss_error, sorted_probabilities, metrics_log_loss(state->outcomes, state->count).error)
NUMBER_FINAL(brier, sorted_probabilities, metrics_brier(state->outcomes, state->count).value)
NUMBER_FINAL(brier_error, sorted_probabilities, metrics_brier(state->outcomes, state->count).error)
NUMBER_FINAL(precision_at, sorted_state, metrics_top(state->outcomes, state->count, fraction_of(state)).precision)
NUMBER_FINAL(recall_at, sorted_state, metrics_top(state->outcomes, state->count, fraction_of(state)).recall)
NUMBER_FINAL(lift_at, sorted_state, metrics_top(state->outcomes, state->count, fraction_of(state)).lift)
NUMBER_FINAL(ece, sorted_probabilities,
			 metrics_calibration_error(state->outcomes, state->count, bins_of(state),
									   palloc(bins_of(state) * sizeof(ScoreBin))))

/*
 * One row of a curve.
 */
static Datum
curve_row(TupleDesc desc, const double *numbers)
{
	Datum		values[8];
	bool		nulls[8];

	for (int i = 0; i < desc->natts; i++)
	{
		nulls[i] = isnan(numbers[i]);
		values[i] = TupleDescAttr(desc, i)->atttypid == INT8OID
			? Int64GetDatum(nulls[i] ? 0 : (int64) numbers[i]) : Float8GetDatum(numbers[i]);
	}
	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
}

/*
 * The ROC curve as an array of (threshold, false_positive_rate,
 * true_positive_rate); NULL when a class is missing.
 */
PG_FUNCTION_INFO_V1(patternos__roc_curve_final);
Datum
patternos__roc_curve_final(PG_FUNCTION_ARGS)
{
	ScoredState *state = sorted_state(fcinfo);
	TupleDesc	desc = result_row_type(fcinfo);
	RocPoint   *points;
	Datum	   *rows;
	size_t		count;

	if (!state)
		PG_RETURN_NULL();
	points = palloc_extended((state->count + 1) * sizeof(RocPoint), MCXT_ALLOC_HUGE);
	count = metrics_roc(state->outcomes, state->count, points);
	if (count == 0)
		PG_RETURN_NULL();
	rows = palloc_extended(count * sizeof(Datum), MCXT_ALLOC_HUGE);
	for (size_t i = 0; i < count; i++)
	{
		double		numbers[] = {points[i].threshold, points[i].false_positive_rate, points[i].true_positive_rate};

		CHECK_FOR_INTERRUPTS();
		rows[i] = curve_row(desc, numbers);
	}
	return array_of_rows(desc, rows, (int) count);
}

/*
 * The calibration curve as an array of (bin, rows, mean_score, rate).
 */
PG_FUNCTION_INFO_V1(patternos__calibration_curve_final);
Datum
patternos__calibration_curve_final(PG_FUNCTION_ARGS)
{
	ScoredState *state = sorted_probabilities(fcinfo);
	TupleDesc	desc = result_row_type(fcinfo);
	ScoreBin   *bins;
	Datum	   *rows;
	int			nbins;

	if (!state)
		PG_RETURN_NULL();
	nbins = bins_of(state);
	bins = palloc(nbins * sizeof(ScoreBin));
	rows = palloc(nbins * sizeof(Datum));
	metrics_calibration(state->outcomes, state->count, nbins, bins);
	for (int i = 0; i < nbins; i++)
	{
		double		n = bins[i].rows > 0 ? (double) bins[i].rows : NAN;
		double		numbers[] = {i + 1, (double) bins[i].rows, bins[i].score_sum / n, bins[i].positives / n};

		rows[i] = curve_row(desc, numbers);
	}
	return array_of_rows(desc, rows, nbins);
}

/*
 * Deciles, the highest scores first, as an array of (decile, rows, positives,
 * rate, lift, cumulative_recall, lowest_score, mean_score).
 */
PG_FUNCTION_INFO_V1(patternos__decile_table_final);
Datum
patternos__decile_table_final(PG_FUNCTION_ARGS)
{
	ScoredState *state = sorted_state(fcinfo);
	TupleDesc	desc = result_row_type(fcinfo);
	ScoreBin	bins[10];
	Datum		rows[10];
	double		total,
				found = 0;

	if (!state)
		PG_RETURN_NULL();
	total = (double) metrics_positives(state->outcomes, state->count);
	metrics_quantiles(state->outcomes, state->count, 10, bins);
	for (int i = 0; i < 10; i++)
	{
		double		n = bins[i].rows > 0 ? (double) bins[i].rows : NAN;
		double		p = total > 0 ? total : NAN;
		double		numbers[] = {i + 1, (double) bins[i].rows, bins[i].positives, bins[i].positives / n,
			bins[i].positives / n / (p / (double) state->count), (found + bins[i].positives) / p,
		bins[i].rows > 0 ? bins[i].lowest : NAN, bins[i].score_sum / n};

		found += bins[i].positives;
		rows[i] = curve_row(desc, numbers);
	}
	return array_of_rows(desc, rows, 10);
}

static Datum
doubles_array(const double *numbers, size_t count)
{
	Datum	   *elements = palloc_extended(Max(count, 1) * sizeof(Datum), MCXT_ALLOC_HUGE);

	for (size_t i = 0; i < count; i++)
		elements[i] = Float8GetDatum(numbers[i]);
	return PointerGetDatum(construct_array(elements, (int) count, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/*
 * Knots of a calibration as (x, y).
 */
static Datum
calibration_row(FunctionCallInfo fcinfo, const double *x, const double *y, size_t count)
{
	Datum		values[2] = {doubles_array(x, count), doubles_array(y, count)};
	bool		nulls[2] = {false};

	return HeapTupleGetDatum(heap_form_tuple(result_row_type(fcinfo), values, nulls));
}

/*
 * Platt's curve of a margin: x is the slope, y the intercept.  NULL when a class
 * is missing.
 */
PG_FUNCTION_INFO_V1(patternos__platt_final);
Datum
patternos__platt_final(PG_FUNCTION_ARGS)
{
	ScoredState *state = sorted_state(fcinfo);
	double		slope,
				intercept;

	if (!state || !metrics_platt(state->outcomes, state->count, &slope, &intercept))
		PG_RETURN_NULL();
	return calibration_row(fcinfo, &slope, &intercept, 1);
}

/*
 * Isotonic regression of labels on scores: knots between which one
 * interpolates.
 */
PG_FUNCTION_INFO_V1(patternos__isotonic_final);
Datum
patternos__isotonic_final(PG_FUNCTION_ARGS)
{
	ScoredState *state = sorted_state(fcinfo);
	double	   *x;
	double	   *y;
	size_t		count;

	if (!state)
		PG_RETURN_NULL();
	x = palloc_extended(state->count * sizeof(double), MCXT_ALLOC_HUGE);
	y = palloc_extended(state->count * sizeof(double), MCXT_ALLOC_HUGE);
	count = metrics_isotonic(state->outcomes, state->count, x, y);
	return calibration_row(fcinfo, x, y, count);
}
