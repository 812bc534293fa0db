/*
 * composite.h
 *		Named composites as arguments and results.
 */
#ifndef PATTERNOS_COMPOSITE_H
#define PATTERNOS_COMPOSITE_H

#include "patternos.h"

#include "access/htup_details.h"
#include "funcapi.h"

/* The row type that a function returns, or that its array result has as elements; looked up once a call site. */
extern TupleDesc result_row_type(FunctionCallInfo fcinfo);

/* An array of rows of that type. */
extern Datum array_of_rows(TupleDesc rows, Datum *elements, int count);

/* A private copy of a composite argument's row type; error 42804 when it has not so many columns. */
extern TupleDesc composite_type(HeapTupleHeader row, int columns, MemoryContext context);
extern void composite_deform(HeapTupleHeader row, TupleDesc type, Datum *values, bool *nulls);

#endif							/* PATTERNOS_COMPOSITE_H */
