/*
 * composite.c
 *		Named composites as arguments and results.
 */
#include "composite.h"

#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

/*
 * The row type of the function's result, or of the elements when it returns
 * an array; kept for as long as the call site lives.
 */
TupleDesc
result_row_type(FunctionCallInfo fcinfo)
{
	FmgrInfo   *flinfo = fcinfo->flinfo;

	if (flinfo->fn_extra == NULL)
	{
		Oid			type = get_func_rettype(flinfo->fn_oid);
		Oid			element = get_element_type(type);
		TupleDesc	found = lookup_rowtype_tupdesc(OidIsValid(element) ? element : type, -1);
		MemoryContext caller = MemoryContextSwitchTo(flinfo->fn_mcxt);

		flinfo->fn_extra = BlessTupleDesc(CreateTupleDescCopy(found));
		MemoryContextSwitchTo(caller);
		ReleaseTupleDesc(found);
	}
	return flinfo->fn_extra;
}

/*
 * An array of rows; empty for none.
 */
Datum
array_of_rows(TupleDesc rows, Datum *elements, int count)
{
	return PointerGetDatum(construct_array(elements, count, rows->tdtypeid, -1, false, TYPALIGN_DOUBLE));
}

/*
 * A private copy of the row type of a composite, with a check of its width.
 */
TupleDesc
composite_type(HeapTupleHeader row, int columns, MemoryContext context)
{
	TupleDesc	found = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(row), HeapTupleHeaderGetTypMod(row));
	MemoryContext caller = MemoryContextSwitchTo(context);
	TupleDesc	copy = CreateTupleDescCopy(found);

	MemoryContextSwitchTo(caller);
	ReleaseTupleDesc(found);
	if (copy->natts != columns)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("row type must have %d columns", columns)));
	return copy;
}

/*
 * The columns of a composite.
 */
void
composite_deform(HeapTupleHeader row, TupleDesc type, Datum *values, bool *nulls)
{
	HeapTupleData tuple;

	tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = row;
	heap_deform_tuple(&tuple, type, values, nulls);
}
