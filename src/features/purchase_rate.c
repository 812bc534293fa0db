/*
 * purchase_rate.c
 *		Fits the gamma-Poisson model of purchases to counts of customers.
 *
 * The caller groups customers by what they have in common (purchases and
 * time), which any database does in parallel; the fit then takes milliseconds.
 * Cells are sorted and merged first, so their order does not matter.
 */
#include "patternos.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "core/gamma_poisson.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"

PG_FUNCTION_INFO_V1(patternos_fit_purchase_rate);

/*
 * Lets a fit be cancelled.
 */
static void
check_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

/*
 * The elements of an array without NULLs, of eight bytes each.
 */
static void *
get_elements(ArrayType *array, int *count)
{
	if (ARR_HASNULL(array) || ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("arrays must have one dimension and no nulls")));
	*count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	return ARR_DATA_PTR(array);
}

/*
 * Order of cells, by time and purchases.
 */
static int
compare_cells(const void *a, const void *b)
{
	const GammaPoissonCell *left = a;
	const GammaPoissonCell *right = b;

	if (left->t != right->t)
		return left->t < right->t ? -1 : 1;
	return (left->x > right->x) - (left->x < right->x);
}

/*
 * The cells of three arrays, sorted, equal ones merged.
 */
static GammaPoissonCell *
get_cells(FunctionCallInfo fcinfo, int *ncells)
{
	int			nx,
				nt,
				nn,
				i,
				kept = 0;
	int64	   *x = get_elements(PG_GETARG_ARRAYTYPE_P(0), &nx);
	float8	   *t = get_elements(PG_GETARG_ARRAYTYPE_P(1), &nt);
	int64	   *customers = get_elements(PG_GETARG_ARRAYTYPE_P(2), &nn);
	int64		total = 0;
	GammaPoissonCell *cells;

	if (nx != nt || nx != nn)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("arrays must have the same length")));
	cells = palloc_extended(Max(nx, 1) * sizeof(GammaPoissonCell), MCXT_ALLOC_HUGE);
	for (i = 0; i < nx; i++)
	{
		if (x[i] < 0 || x[i] > GAMMA_POISSON_MAX_COUNT || !(t[i] > 0) || isinf(t[i]) ||
			customers[i] <= 0 || pg_add_s64_overflow(total, customers[i], &total))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("purchases must be between 0 and %d, times and customers positive",
							GAMMA_POISSON_MAX_COUNT)));
		cells[i].x = x[i];
		cells[i].t = t[i];
		cells[i].customers = customers[i];
	}
	qsort(cells, nx, sizeof(GammaPoissonCell), compare_cells);
	for (i = 0; i < nx; i++)
	{
		if (kept > 0 && compare_cells(&cells[kept - 1], &cells[i]) == 0)
			cells[kept - 1].customers += cells[i].customers;
		else
			cells[kept++] = cells[i];
	}
	*ncells = kept;
	return cells;
}

/*
 * fit_purchase_rate(x bigint[], t float8[], customers bigint[])
 * returns purchase_rate
 *
 * Shape r and rate alpha of the gamma distribution of purchase rates, the
 * logarithm of the likelihood and the number of customers, from how many
 * customers made x purchases in time t.  NULL for empty arrays.  Errors: 22004
 * for NULLs, 2202E for lengths that differ, 22003 for values out of range.
 */
Datum
patternos_fit_purchase_rate(PG_FUNCTION_ARGS)
{
	int			ncells,
				i;
	GammaPoissonCell *cells = get_cells(fcinfo, &ncells);
	int64		greatest = 0;
	int64	   *exceeding;
	GammaPoissonFit fit;
	TupleDesc	columns;
	Datum		values[4];
	bool		nulls[4] = {false};

	if (ncells == 0)
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE || columns->natts != 4)
		elog(ERROR, "unexpected result type of fit_purchase_rate");
	for (i = 0; i < ncells; i++)
		greatest = Max(greatest, cells[i].x);
	exceeding = palloc0((greatest + 1) * sizeof(int64));
	for (i = 0; i < ncells; i++)
	{
		if (cells[i].x > 0)
			exceeding[cells[i].x - 1] += cells[i].customers;
	}
	for (i = greatest - 1; i >= 0; i--)
		exceeding[i] += exceeding[i + 1];
	fit = gamma_poisson_fit(cells, ncells, exceeding, greatest, check_interrupts);
	values[0] = Float8GetDatum(fit.r);
	values[1] = Float8GetDatum(fit.alpha);
	values[2] = Float8GetDatum(fit.log_likelihood);
	values[3] = Int64GetDatum(fit.customers);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls)));
}
