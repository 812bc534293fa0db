/*
 * contradict.c
 *		Whether what is known of two accounts speaks against one person.
 *
 * The traits of an account are an array of bigint: gender (1 female, 2 male),
 * the hashes of the day, month and year of birth, the hash of the platform,
 * each 0 when not known, and the hashes of its loyalty ids there, if any.
 */
#include "patternos.h"

#include "catalog/pg_type.h"
#include "utils/array.h"

enum
{
	TRAIT_GENDER,
	TRAIT_DAY,
	TRAIT_MONTH,
	TRAIT_YEAR,
	TRAIT_PLATFORM,
	TRAIT_LOYALTY
};

PG_FUNCTION_INFO_V1(patternos__contradict);

static const int64 *
traits(ArrayType *array, int *count)
{
	if (ARR_ELEMTYPE(array) != INT8OID || ARR_NDIM(array) != 1 || ARR_HASNULL(array) ||
		ARR_DIMS(array)[0] < TRAIT_LOYALTY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("traits must be an array of at least %d numbers", TRAIT_LOYALTY)));
	*count = ARR_DIMS(array)[0];
	return (const int64 *) ARR_DATA_PTR(array);
}

/*
 * Two parts of the birth dates differ; day and month the other way round are a
 * slip of the pen.
 */
static bool
birth_dates_differ(const int64 *a, const int64 *b)
{
	int			differing = 0;

	for (int i = TRAIT_DAY; i <= TRAIT_YEAR; i++)
	{
		if (a[i] == 0 || b[i] == 0)
			return false;
		differing += a[i] != b[i];
	}
	return differing > 1 &&
		!(a[TRAIT_YEAR] == b[TRAIT_YEAR] && a[TRAIT_DAY] == b[TRAIT_MONTH] && a[TRAIT_MONTH] == b[TRAIT_DAY]);
}

/*
 * Both have loyalty ids of one platform's programme, and none in common.
 */
static bool
loyalty_differs(const int64 *a, int count_a, const int64 *b, int count_b)
{
	if (a[TRAIT_PLATFORM] != b[TRAIT_PLATFORM] || count_a == TRAIT_LOYALTY || count_b == TRAIT_LOYALTY)
		return false;
	for (int i = TRAIT_LOYALTY; i < count_a; i++)
		for (int j = TRAIT_LOYALTY; j < count_b; j++)
			if (a[i] == b[j])
				return false;
	return true;
}

/*
 * _contradict(a bigint[], b bigint[]) returns boolean
 *
 * Strict.  Error 22023 for arrays that are no traits.
 */
Datum
patternos__contradict(PG_FUNCTION_ARGS)
{
	int			count_a;
	int			count_b;
	const int64 *a = traits(PG_GETARG_ARRAYTYPE_P(0), &count_a);
	const int64 *b = traits(PG_GETARG_ARRAYTYPE_P(1), &count_b);

	PG_RETURN_BOOL((a[TRAIT_GENDER] != 0 && b[TRAIT_GENDER] != 0 && a[TRAIT_GENDER] != b[TRAIT_GENDER]) ||
				   birth_dates_differ(a, b) ||
				   loyalty_differs(a, count_a, b, count_b));
}
