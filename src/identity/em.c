/*
 * em.c
 *		Parameters of match models out of counts of agreement patterns, for SQL.
 *
 * Parameters come and go as one array: lambda, then m of every level of every
 * comparison, worst level first, then u in the same order.  Pseudo-counts and
 * flags that keep a value have the same layout.
 */
#include "patternos.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "core/match_fit.h"

#define EM_MAX_ITERATIONS 10000
#define MAX_SESSIONS 60
#define SESSION_FIGURES 6

PG_FUNCTION_INFO_V1(patternos_em);
PG_FUNCTION_INFO_V1(patternos_fit_match_model);

static void
check_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

static void
bad_argument(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid %s", what)));
}

/*
 * The elements of an array argument without NULLs; 22023 when their number is
 * not the one expected (any number for -1).
 */
static Datum *
array_elements(FunctionCallInfo fcinfo, int argument, const char *what, int expected, int *count)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(argument);
	Datum	   *elements;
	bool	   *nulls;
	int			n;
	int16		length;
	bool		byvalue;
	char		align;

	get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &byvalue, &align);
	deconstruct_array(array, ARR_ELEMTYPE(array), length, byvalue, align, &elements, &nulls, &n);
	if (ARR_NDIM(array) > 1 || array_contains_nulls(array) || (expected >= 0 && n != expected))
		bad_argument(what);
	if (count)
		*count = n;
	return elements;
}

/*
 * Reads the numbers of levels into the model and returns the number of
 * parameters.
 */
static int
read_levels(FunctionCallInfo fcinfo, int argument, EmModel *model)
{
	Datum	   *levels = array_elements(fcinfo, argument, "levels", -1, &model->ncomparisons);
	int			sum = 0;

	if (model->ncomparisons < 1 || model->ncomparisons > EM_MAX_COMPARISONS)
		bad_argument("levels");
	for (int c = 0; c < model->ncomparisons; c++)
	{
		int			n = DatumGetInt32(levels[c]);

		if (n < 1 || n > EM_MAX_LEVELS)
			bad_argument("levels");
		model->comparisons[c].levels = n;
		sum += n;
	}
	return 1 + 2 * sum;
}

/* which of the three arrays with the layout of the parameters is read */
typedef enum Part
{
	PART_START,
	PART_PRIOR,
	PART_FIXED
} Part;

/*
 * One value of an array into the model.
 */
static void
read_part(EmComparison *comparison, bool is_m, int level, Part part, Datum value)
{
	double		number = part == PART_FIXED ? 0 : DatumGetFloat8(value);

	if (!(number >= 0 && number <= (part == PART_START ? 1 : 1e15)))
		bad_argument("parameter: it must be between 0 and 1");
	if (part == PART_START)
		(is_m ? comparison->m : comparison->u)[level] = number;
	else if (part == PART_PRIOR)
		(is_m ? comparison->prior_m : comparison->prior_u)[level] = number;
	else
		(is_m ? comparison->fix_m : comparison->fix_u)[level] = DatumGetBool(value);
}

/*
 * Reads an array with the layout of the parameters into the model; the first
 * element is returned.
 */
static Datum
read_parameters(FunctionCallInfo fcinfo, int argument, EmModel *model, int nparameters, Part part)
{
	Datum	   *values = array_elements(fcinfo, argument, "number of parameters", nparameters, NULL);
	int			next = 1;

	for (int is_m = 1; is_m >= 0; is_m--)
		for (int c = 0; c < model->ncomparisons; c++)
			for (int level = 1; level <= model->comparisons[c].levels; level++)
				read_part(&model->comparisons[c], is_m, level, part, values[next++]);
	return values[0];
}

/*
 * lambda and all m and u as an array.
 */
static ArrayType *
write_parameters(const EmModel *model, int nparameters)
{
	Datum	   *values = palloc(nparameters * sizeof(Datum));
	int			next = 0;

	values[next++] = Float8GetDatum(model->lambda);
	for (int is_m = 1; is_m >= 0; is_m--)
		for (int c = 0; c < model->ncomparisons; c++)
			for (int level = 1; level <= model->comparisons[c].levels; level++)
				values[next++] = Float8GetDatum(is_m ? model->comparisons[c].m[level]
												: model->comparisons[c].u[level]);
	return construct_array(values, nparameters, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

static int
compare_counts(const void *a, const void *b)
{
	const EmCount *left = a;
	const EmCount *right = b;

	if (left->pattern != right->pattern)
		return left->pattern < right->pattern ? -1 : 1;
	if (left->truth != right->truth)
		return left->truth < right->truth ? -1 : 1;
	return left->count < right->count ? -1 : left->count > right->count;
}

/*
 * Checks one entry of pattern counts.
 */
static EmCount
read_count(const EmModel *model, Datum pattern, double count, int truth)
{
	EmCount		entry;

	entry.pattern = (uint64_t) DatumGetInt64(pattern);
	entry.count = count;
	entry.truth = (EmTruth) truth;
	if (!em_pattern_fits(model, entry.pattern))
		bad_argument("pattern: a level is greater than the model's");
	if (!(count >= 0 && count <= 1e15))
		bad_argument("count: it must not be negative");
	if (truth < EM_NON_MATCH || truth > EM_UNKNOWN)
		bad_argument("truth: 0 is a non-match, 1 a match, 2 unknown");
	return entry;
}

/*
 * _em(patterns bigint[], counts bigint[], levels integer[], start float8[],
 *	   fixed boolean[]) returns (parameters float8[], iterations integer,
 *	   change float8, log_likelihood float8)
 *
 * Plain expectation maximisation without pseudo-counts until no parameter
 * changes by 1e-9.  22023 for arrays that do not fit together.
 */
Datum
patternos_em(PG_FUNCTION_ARGS)
{
	EmModel    *model = palloc0(sizeof(EmModel));
	EmOptions	options = {0};
	EmFit		fit;
	TupleDesc	descriptor;
	Datum		values[4];
	bool		nulls[4] = {false};
	int			npatterns;
	Datum	   *patterns = array_elements(fcinfo, 0, "patterns", -1, &npatterns);
	Datum	   *counts = array_elements(fcinfo, 1, "number of counts", npatterns, NULL);
	int			nparameters = read_levels(fcinfo, 2, model);
	EmCount    *entries = palloc(Max(npatterns, 1) * sizeof(EmCount));

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "result must be a row");
	model->lambda = DatumGetFloat8(read_parameters(fcinfo, 3, model, nparameters, PART_START));
	options.fix_lambda = DatumGetBool(read_parameters(fcinfo, 4, model, nparameters, PART_FIXED));
	if (!(model->lambda > 0 && model->lambda < 1))
		bad_argument("lambda: it must be between 0 and 1");
	for (int i = 0; i < npatterns; i++)
		entries[i] = read_count(model, patterns[i], (double) DatumGetInt64(counts[i]), EM_UNKNOWN);
	qsort(entries, npatterns, sizeof(EmCount), compare_counts);
	options.max_iterations = EM_MAX_ITERATIONS;
	options.convergence = 1e-9;
	options.check = check_interrupts;
	fit = em_fit(model, entries, npatterns, &options);
	values[0] = PointerGetDatum(write_parameters(model, nparameters));
	values[1] = Int32GetDatum(fit.iterations);
	values[2] = Float8GetDatum(fit.change);
	values[3] = Float8GetDatum(fit.log_likelihood);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}

/*
 * Reads the entries of all passes, each pass in order of its patterns: pass 0
 * is the blocked pairs, each once, the others are training passes.
 */
static void
read_sessions(FunctionCallInfo fcinfo, MatchFit *fit)
{
	int			nentries;
	Datum	   *masks = array_elements(fcinfo, 6, "masks", -1, &fit->nsessions);
	Datum	   *sessions = array_elements(fcinfo, 7, "sessions", -1, &nentries);
	Datum	   *patterns = array_elements(fcinfo, 8, "number of patterns", nentries, NULL);
	Datum	   *counts = array_elements(fcinfo, 9, "number of counts", nentries, NULL);
	Datum	   *truths = array_elements(fcinfo, 10, "number of truths", nentries, NULL);
	EmCount    *entries = palloc(Max(nentries, 1) * sizeof(EmCount));
	int			next = 0;

	if (fit->nsessions > MAX_SESSIONS)
		bad_argument("number of sessions");
	fit->sessions = palloc0(Max(fit->nsessions, 1) * sizeof(MatchSession));
	fit->scratch = palloc(Max(nentries, 1) * sizeof(EmCount));
	for (int s = 0; s <= fit->nsessions; s++)
	{
		int			first = next;

		for (int i = 0; i < nentries; i++)
			if (DatumGetInt32(sessions[i]) == s)
				entries[next++] = read_count(&fit->model, patterns[i], DatumGetFloat8(counts[i]),
											 DatumGetInt32(truths[i]));
		qsort(entries + first, next - first, sizeof(EmCount), compare_counts);
		if (s == 0)
		{
			fit->blocked = entries;
			fit->nblocked = next;
			continue;
		}
		fit->sessions[s - 1].mask = (uint64_t) DatumGetInt64(masks[s - 1]);
		fit->sessions[s - 1].counts = entries + first;
		fit->sessions[s - 1].ncounts = next - first;
	}
	if (next != nentries)
		bad_argument("session number");
}

/*
 * What came of each pass, one after the other: lambda, expected matches,
 * iterations, last change, log-likelihood, pairs, then m of all levels.
 */
static ArrayType *
write_sessions(const MatchFit *fit, int nlevels)
{
	int			width = SESSION_FIGURES + nlevels;
	Datum	   *values = palloc(Max(fit->nsessions * width, 1) * sizeof(Datum));
	int			next = 0;

	for (int s = 0; s < fit->nsessions; s++)
	{
		const MatchSession *session = &fit->sessions[s];
		double		pairs = 0;

		for (size_t i = 0; i < session->ncounts; i++)
			pairs += session->counts[i].count;
		values[next++] = Float8GetDatum(session->lambda);
		values[next++] = Float8GetDatum(session->fit.matches);
		values[next++] = Float8GetDatum((double) session->fit.iterations);
		values[next++] = Float8GetDatum(session->fit.change);
		values[next++] = Float8GetDatum(session->fit.log_likelihood);
		values[next++] = Float8GetDatum(pairs);
		for (int c = 0; c < fit->model.ncomparisons; c++)
			for (int level = 1; level <= fit->model.comparisons[c].levels; level++)
				values[next++] = Float8GetDatum(session->m[c][level]);
	}
	return construct_array(values, next, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

/*
 * How many blocked pairs are matches with a probability of at least 0.9 when
 * lambda is halved, as it is, and doubled.
 */
static ArrayType *
write_sensitivity(const MatchFit *fit)
{
	Datum		values[3];

	for (int i = 0; i < 3; i++)
	{
		EmModel		model = fit->model;
		double		pairs = 0;

		model.lambda = Min(ldexp(model.lambda, i - 1), (1 + model.lambda) / 2);
		for (size_t j = 0; j < fit->nblocked; j++)
			if (em_probability(&model, fit->blocked[j].pattern) >= 0.9)
				pairs += fit->blocked[j].count;
		values[i] = Float8GetDatum(pairs);
	}
	return construct_array(values, 3, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

/*
 * What the comparisons share within a household: per comparison a Sharing, how
 * often and how sure that is, and per level a NameAgreement.
 */
static void
read_sharing(FunctionCallInfo fcinfo, MatchFit *fit, int nlevels)
{
	Datum	   *sharing = array_elements(fcinfo, 12, "sharing", 3 * fit->model.ncomparisons, NULL);
	Datum	   *names = array_elements(fcinfo, 13, "names", nlevels, NULL);
	bool		any = false;
	int			next = 0;

	for (int c = 0; c < fit->model.ncomparisons; c++)
	{
		MatchSharing *s = &fit->sharing[c];
		double		kind = DatumGetFloat8(sharing[3 * c]);

		s->sharing = kind == SHARING_VALUE ? SHARING_VALUE : kind == SHARING_SURNAME ? SHARING_SURNAME : SHARING_NONE;
		s->expected = DatumGetFloat8(sharing[3 * c + 1]);
		s->strength = DatumGetFloat8(sharing[3 * c + 2]);
		if (!(s->expected >= 0 && s->expected <= 1 && s->strength >= 0 && s->strength <= 1e15))
			bad_argument("sharing");
		for (int level = 1; level <= fit->model.comparisons[c].levels; level++)
		{
			int			name = DatumGetInt32(names[next++]);

			if (name < AGREES_NEITHER || name > AGREES_INITIAL)
				bad_argument("names");
			s->names[level] = (NameAgreement) name;
		}
		any |= s->sharing == SHARING_VALUE;
	}
	fit->households = any;
}

/*
 * What the levels have to do with names: per level a Naming.
 */
static void
read_naming(FunctionCallInfo fcinfo, MatchFit *fit, int nlevels)
{
	Datum	   *naming = array_elements(fcinfo, 14, "naming", nlevels, NULL);
	int			next = 0;

	for (int c = 0; c < fit->model.ncomparisons; c++)
		for (int level = 1; level <= fit->model.comparisons[c].levels; level++)
		{
			int			value = DatumGetInt32(naming[next++]);

			if (value < NAMING_NOTHING || value > NAMING_LIKENESS)
				bad_argument("naming");
			fit->naming[c][level] = (Naming) value;
		}
}

/*
 * The share of households among non-matches, then h of all levels; NULL without
 * households.
 */
static Datum
write_households(const MatchFit *fit, int nlevels, bool *isnull)
{
	Datum	   *values = palloc((1 + nlevels) * sizeof(Datum));
	int			next = 0;

	*isnull = !fit->households || fit->model.household <= 0;
	if (*isnull)
		return (Datum) 0;
	values[next++] = Float8GetDatum(fit->model.household);
	for (int c = 0; c < fit->model.ncomparisons; c++)
		for (int level = 1; level <= fit->model.comparisons[c].levels; level++)
			values[next++] = Float8GetDatum(fit->model.comparisons[c].h[level]);
	return PointerGetDatum(construct_array(values, next, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/*
 * _fit_match_model(levels integer[], start float8[], prior float8[],
 *	   fixed boolean[], agreement float8[], total float8, masks bigint[],
 *	   sessions integer[], patterns bigint[], counts float8[], truths integer[],
 *	   looked_at float8, sharing float8[], names integer[], naming integer[])
 *	   returns (parameters float8[], passes float8[], rounds integer,
 *	   change float8, sensitivity float8[], households float8[])
 *
 * agreement holds, in the order of m, the pairs per level among all pairs, or
 * among that part of them that was looked at; total is the number of all pairs.
 * 22023 for arrays that do not fit together.
 */
Datum
patternos_fit_match_model(PG_FUNCTION_ARGS)
{
	MatchFit   *fit = palloc0(sizeof(MatchFit));
	TupleDesc	descriptor;
	Datum	   *agreement;
	Datum		values[6];
	bool		nulls[6] = {false};
	int			nparameters = read_levels(fcinfo, 0, &fit->model);
	int			next = 0;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "result must be a row");
	fit->model.lambda = DatumGetFloat8(read_parameters(fcinfo, 1, &fit->model, nparameters, PART_START));
	read_parameters(fcinfo, 2, &fit->model, nparameters, PART_PRIOR);
	fit->fix_lambda = DatumGetBool(read_parameters(fcinfo, 3, &fit->model, nparameters, PART_FIXED));
	agreement = array_elements(fcinfo, 4, "agreement", (nparameters - 1) / 2, NULL);
	for (int c = 0; c < fit->model.ncomparisons; c++)
		for (int level = 1; level <= fit->model.comparisons[c].levels; level++)
			fit->agreement[c][level] = DatumGetFloat8(agreement[next++]);
	fit->total = PG_GETARG_FLOAT8(5);
	fit->looked_at = PG_GETARG_FLOAT8(11);
	if (!(fit->model.lambda > 0 && fit->model.lambda < 1 && fit->total >= 0 && fit->looked_at >= 0))
		bad_argument("lambda: it must be between 0 and 1");
	read_sharing(fcinfo, fit, (nparameters - 1) / 2);
	read_naming(fcinfo, fit, (nparameters - 1) / 2);
	read_sessions(fcinfo, fit);
	fit->check = check_interrupts;
	match_fit(fit);
	values[0] = PointerGetDatum(write_parameters(&fit->model, nparameters));
	values[1] = PointerGetDatum(write_sessions(fit, (nparameters - 1) / 2));
	values[2] = Int32GetDatum(fit->rounds);
	values[3] = Float8GetDatum(fit->change);
	values[4] = PointerGetDatum(write_sensitivity(fit));
	values[5] = write_households(fit, (nparameters - 1) / 2, &nulls[5]);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}
