/*
 * blocking_keys.c
 *		Arrays of blocking keys and of hashed values of accounts.
 */
#include "patternos.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

/* a key has the number of its rule here and above, bits of a hash below */
#define RULE_SHIFT 56
#define MOST_RULES 127

PG_FUNCTION_INFO_V1(patternos__blocking_keys);
PG_FUNCTION_INFO_V1(patternos__without);

typedef struct Numbers
{
	int64	   *items;
	int			count;
	int			capacity;
} Numbers;

static void
add_number(Numbers *numbers, int64 item)
{
	if (numbers->count == numbers->capacity)
	{
		numbers->capacity *= 2;
		numbers->items = repalloc(numbers->items, numbers->capacity * sizeof(int64));
	}
	numbers->items[numbers->count++] = item;
}

static int
compare_numbers(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

/*
 * The numbers in ascending order, each once, as an array.
 */
static Datum
number_array(Numbers *numbers)
{
	ArrayType  *result;
	Size		size;
	int			count = 0;

	qsort(numbers->items, numbers->count, sizeof(int64), compare_numbers);
	for (int i = 0; i < numbers->count; i++)
		if (count == 0 || numbers->items[count - 1] != numbers->items[i])
			numbers->items[count++] = numbers->items[i];
	if (count == 0)
		return PointerGetDatum(construct_empty_array(INT8OID));
	size = ARR_OVERHEAD_NONULLS(1) + count * sizeof(int64);
	result = palloc0(size);
	SET_VARSIZE(result, size);
	result->ndim = 1;
	result->elemtype = INT8OID;
	ARR_DIMS(result)[0] = count;
	ARR_LBOUND(result)[0] = 1;
	memcpy(ARR_DATA_PTR(result), numbers->items, count * sizeof(int64));
	return PointerGetDatum(result);
}

/*
 * Calls for each member of an array of bigint that is not NULL.
 */
static void
add_members(Numbers *numbers, ArrayType *array, int64 prefix, uint64 mask)
{
	int			members = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	const int64 *items = (const int64 *) ARR_DATA_PTR(array);
	const bits8 *bitmap = ARR_NULLBITMAP(array);

	for (int i = 0; i < members; i++)
	{
		if (bitmap && !(bitmap[i / 8] & (1 << i % 8)))
			continue;
		add_number(numbers, prefix | (int64) ((uint64) *items++ & mask));
	}
}

/*
 * _blocking_keys(VARIADIC "any") returns bigint[]
 *
 * Of each argument, a hash as bigint or several as bigint[], the keys of the
 * rule of its number, ascending; NULL has none.  Errors: 42804 for other types,
 * 54000 for more than 127 rules.
 */
Datum
patternos__blocking_keys(PG_FUNCTION_ARGS)
{
	const uint64 mask = (UINT64CONST(1) << RULE_SHIFT) - 1;
	Numbers		keys = {palloc(16 * sizeof(int64)), 0, 16};

	if (PG_NARGS() > MOST_RULES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many blocking rules: at most %d are supported", MOST_RULES)));
	for (int i = 0; i < PG_NARGS(); i++)
	{
		int64		prefix = (int64) (i + 1) << RULE_SHIFT;
		Oid			type = get_fn_expr_argtype(fcinfo->flinfo, i);

		if (type != INT8OID && type != INT8ARRAYOID)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("hashes must be bigint or bigint[], not %s", format_type_be(type))));
		if (PG_ARGISNULL(i))
			continue;
		if (type == INT8OID)
			add_number(&keys, prefix | (int64) ((uint64) PG_GETARG_INT64(i) & mask));
		else
			add_members(&keys, PG_GETARG_ARRAYTYPE_P(i), prefix, mask);
	}
	return number_array(&keys);
}

/*
 * _without(numbers bigint[], unwanted bigint[]) returns bigint[]
 *
 * The numbers that are not among the unwanted, which ascend, in ascending
 * order, each once and without NULL.  NULL for NULL numbers; NULL unwanted are
 * none.
 */
Datum
patternos__without(PG_FUNCTION_ARGS)
{
	Numbers		numbers = {palloc(16 * sizeof(int64)), 0, 16};
	ArrayType  *unwanted;
	int			count = 0;
	int			kept = 0;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	add_members(&numbers, PG_GETARG_ARRAYTYPE_P(0), 0, PG_UINT64_MAX);
	if (PG_ARGISNULL(1))
		return number_array(&numbers);
	unwanted = PG_GETARG_ARRAYTYPE_P(1);
	if (!ARR_HASNULL(unwanted))
		count = ArrayGetNItems(ARR_NDIM(unwanted), ARR_DIMS(unwanted));
	for (int i = 0; i < numbers.count; i++)
		if (bsearch(&numbers.items[i], ARR_DATA_PTR(unwanted), count, sizeof(int64), compare_numbers) == NULL)
			numbers.items[kept++] = numbers.items[i];
	numbers.count = kept;
	return number_array(&numbers);
}
