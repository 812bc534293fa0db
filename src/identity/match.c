/*
 * match.c
 *		Pairs of encoded records under a compiled model, as SQL functions.
 *
 * A call site reads its model once: fn_extra holds it, together with the bytes that
 * it came from unless it is a constant of the query.
 */
#include "match.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "nodes/primnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"

typedef struct ModelCache
{
	MatchModel	model;
	bool		stable;			/* the argument is the same in every call */
	Size		size;
	char	   *bytes;			/* NULL when stable */
	void	   *extra;
} ModelCache;

PG_FUNCTION_INFO_V1(patternos__match_pattern);
PG_FUNCTION_INFO_V1(patternos__match_weight);
PG_FUNCTION_INFO_V1(patternos__match_terms);
PG_FUNCTION_INFO_V1(patternos_match_probability);
PG_FUNCTION_INFO_V1(patternos_match_weight);

/*
 * Whether an argument is a constant of the query.  A parameter is not: expressions of
 * PL/pgSQL keep their call sites while its variables change.
 */
static bool
is_constant(Node *call, int arg)
{
	return call != NULL && IsA(call, FuncExpr) && arg < list_length(((FuncExpr *) call)->args) &&
		IsA(list_nth(((FuncExpr *) call)->args, arg), Const);
}

/*
 * See match.h.
 */
const MatchModel *
match_model_argument(FunctionCallInfo fcinfo, int arg, Size extra_size, void **extra)
{
	ModelCache *cache = fcinfo->flinfo->fn_extra;
	bytea	   *argument;
	Size		size;
	const char *bytes;

	if (cache != NULL && cache->stable)
	{
		if (extra != NULL)
			*extra = cache->extra;
		return &cache->model;
	}
	argument = PG_GETARG_BYTEA_PP(arg);
	size = VARSIZE_ANY_EXHDR(argument);
	bytes = VARDATA_ANY(argument);
	if (cache == NULL || cache->size != size || memcmp(cache->bytes, bytes, size) != 0)
	{
		MemoryContext context = fcinfo->flinfo->fn_mcxt;

		fcinfo->flinfo->fn_extra = NULL;
		cache = MemoryContextAllocZero(context, sizeof(ModelCache));
		if (!match_read_model(bytes, size, &cache->model))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("not a compiled match model"),
					 errhint("Compile the document with patternos._compile_match_model().")));
		cache->stable = is_constant(fcinfo->flinfo->fn_expr, arg);
		cache->size = size;
		cache->bytes = MemoryContextAlloc(context, size);
		memcpy(cache->bytes, bytes, size);
		if (extra_size > 0)
			cache->extra = MemoryContextAllocZero(context, extra_size);
		fcinfo->flinfo->fn_extra = cache;
	}
	if (extra != NULL)
		*extra = cache->extra;
	return &cache->model;
}

/*
 * The bytes of a record.
 */
static inline MatchBytes
record_argument(FunctionCallInfo fcinfo, int arg)
{
	bytea	   *record = PG_GETARG_BYTEA_PP(arg);
	MatchBytes	result = {VARDATA_ANY(record), VARSIZE_ANY_EXHDR(record)};

	return result;
}

/*
 * See match.h.
 */
void
match_refuse_record(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("not a record of this match model"),
			 errhint("Encode both records with patternos._encode_record() and the model that compares them.")));
}

/*
 * patternos._match_pattern(a, b, model): four bits a comparison, the first lowest;
 * 0 null, 1 else, 2 and above better levels.
 */
Datum
patternos__match_pattern(PG_FUNCTION_ARGS)
{
	const MatchModel *model = match_model_argument(fcinfo, 2, 0, NULL);
	int64		pattern;

	if (!match_pattern(model, record_argument(fcinfo, 0), record_argument(fcinfo, 1), &pattern))
		match_refuse_record();
	PG_RETURN_INT64(pattern);
}

/*
 * patternos._match_weight(a, b, model, floor): bits of evidence, prior included;
 * minus infinity when they are below the floor.
 */
Datum
patternos__match_weight(PG_FUNCTION_ARGS)
{
	const MatchModel *model = match_model_argument(fcinfo, 2, 0, NULL);
	float8		floor = PG_GETARG_FLOAT8(3);
	double		weight;

	if (isnan(floor))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("floor must be a number")));
	if (!match_weight(model, record_argument(fcinfo, 0), record_argument(fcinfo, 1), floor, &weight))
		match_refuse_record();
	PG_RETURN_FLOAT8(weight);
}

/*
 * patternos._match_terms(a, b, model): prior, then weight of the level and frequency
 * term of each comparison, then the term of the household; their sum from left to
 * right is the weight.
 */
Datum
patternos__match_terms(PG_FUNCTION_ARGS)
{
	const MatchModel *model = match_model_argument(fcinfo, 2, 0, NULL);
	MatchTerms	terms;
	Datum		elements[2 + 2 * MATCH_MAX_COMPARISONS];
	int			n = 0;

	if (!match_terms(model, record_argument(fcinfo, 0), record_argument(fcinfo, 1), &terms))
		match_refuse_record();
	elements[n++] = Float8GetDatum(model->prior);
	for (int c = 0; c < model->comparisons; c++)
	{
		elements[n++] = Float8GetDatum(terms.weight[c]);
		elements[n++] = Float8GetDatum(terms.tf[c]);
	}
	elements[n++] = Float8GetDatum(terms.household);
	PG_RETURN_ARRAYTYPE_P(construct_array(elements, n, FLOAT8OID, sizeof(float8),
										  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/*
 * patternos.match_probability(weight): 1 / (1 + 2^-weight); NaN for NaN.
 */
Datum
patternos_match_probability(PG_FUNCTION_ARGS)
{
	double		weight = PG_GETARG_FLOAT8(0);
	double		odds;

	if (isnan(weight))
		PG_RETURN_FLOAT8(weight);
	if (weight >= 0)
		PG_RETURN_FLOAT8(1 / (1 + exp2(-weight)));
	odds = exp2(weight);
	PG_RETURN_FLOAT8(odds / (1 + odds));
}

/*
 * patternos.match_weight(probability): log2 of the odds, infinite at 0 and 1.
 */
Datum
patternos_match_weight(PG_FUNCTION_ARGS)
{
	double		probability = PG_GETARG_FLOAT8(0);

	if (isnan(probability) || probability < 0 || probability > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("probability must lie between 0 and 1")));
	PG_RETURN_FLOAT8(log2(probability) - log2(1 - probability));
}
