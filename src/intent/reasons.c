/*
 * reasons.c
 *		What made a score, in short: the features that moved a margin most.
 */
#include "patternos.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "server/money.h"

/* A contribution and its feature, to be sorted. */
typedef struct Reason
{
	int			feature;
	double		size;
} Reason;

/* The larger contribution first; of equal ones the earlier feature. */
static int
compare_reasons(const void *a, const void *b)
{
	const Reason *x = a;
	const Reason *y = b;

	if (fabs(x->size) != fabs(y->size))
		return fabs(x->size) > fabs(y->size) ? -1 : 1;
	return x->feature < y->feature ? -1 : 1;
}

/*
 * Adds a member to the object, unless it rounds to nothing.
 */
static void
push_reason(JsonbParseState **state, text *name, double size)
{
	int64		rounded = (int64) rint(Min(Max(size, -1e9), 1e9) * 10000);
	JsonbValue	item;

	if (rounded == 0)
		return;
	item.type = jbvString;
	item.val.string.val = VARDATA_ANY(name);
	item.val.string.len = VARSIZE_ANY_EXHDR(name);
	pushJsonbValue(state, WJB_KEY, &item);
	item.type = jbvNumeric;
	item.val.numeric = DatumGetNumeric(decimal_numeric(rounded, 4));
	pushJsonbValue(state, WJB_VALUE, &item);
}

/*
 * _top_reasons(names text[], contributions float8[], most integer) returns jsonb
 *
 * An object of the largest contributions by absolute size, to four places;
 * contributions may have more elements than names.  Strict.  Errors: fewer
 * contributions than names.
 */
PG_FUNCTION_INFO_V1(patternos__top_reasons);
Datum
patternos__top_reasons(PG_FUNCTION_ARGS)
{
	int			most = PG_GETARG_INT32(2);
	JsonbParseState *state = NULL;
	Datum	   *names;
	Datum	   *sizes;
	bool	   *nameless;
	bool	   *unknown;
	int			count;
	int			nsizes;
	int			nreasons = 0;
	Reason	   *reasons;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), TEXTOID, -1, false, TYPALIGN_INT, &names, &nameless, &count);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
					  &sizes, &unknown, &nsizes);
	if (nsizes < count)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("there must be a contribution for each name")));
	reasons = palloc(Max(count, 1) * sizeof(Reason));
	for (int i = 0; i < count; i++)
	{
		if (nameless[i] || unknown[i] || isnan(DatumGetFloat8(sizes[i])))
			continue;
		reasons[nreasons].feature = i;
		reasons[nreasons++].size = DatumGetFloat8(sizes[i]);
	}
	qsort(reasons, nreasons, sizeof(Reason), compare_reasons);
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < nreasons && i < most; i++)
		push_reason(&state, DatumGetTextPP(names[reasons[i].feature]), reasons[i].size);
	PG_RETURN_JSONB_P(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}
