/*
 * composite.h
 *		Named composites, and arrays of them, as results.
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

#endif							/* PATTERNOS_COMPOSITE_H */
