/*
 * match_block.c
 *		Keys of records that have several for one blocking rule.
 */
#include "patternos.h"

#include "catalog/pg_type.h"
#include "utils/array.h"

/*
 * The members of an array of bigint that is one-dimensional and has no NULLs,
 * or an error.
 */
static int64 *
bigint_members(ArrayType *array, int *count)
{
	if (ARR_ELEMTYPE(array) != INT8OID || ARR_NDIM(array) > 1 || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("keys must be a one-dimensional array of bigint without NULLs")));
	*count = ARR_NDIM(array) == 0 ? 0 : ARR_DIMS(array)[0];
	return (int64 *) ARR_DATA_PTR(array);
}

/*
 * _first_common(a bigint[], b bigint[]) returns bigint
 *
 * The smallest member of both, NULL when there is none; both must be in
 * ascending order.  Strict.
 */
PG_FUNCTION_INFO_V1(patternos_first_common);
Datum
patternos_first_common(PG_FUNCTION_ARGS)
{
	int			a_count;
	int			b_count;
	int64	   *a = bigint_members(PG_GETARG_ARRAYTYPE_P(0), &a_count);
	int64	   *b = bigint_members(PG_GETARG_ARRAYTYPE_P(1), &b_count);
	int			i = 0;
	int			j = 0;

	while (i < a_count && j < b_count)
	{
		if (a[i] == b[j])
			PG_RETURN_INT64(a[i]);
		if (a[i] < b[j])
			i++;
		else
			j++;
	}
	PG_RETURN_NULL();
}
