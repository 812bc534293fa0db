/*
 * query_rows.h
 *		The rows of a query, one by one, without storing them.
 */
#ifndef PATTERNOS_QUERY_ROWS_H
#define PATTERNOS_QUERY_ROWS_H

#include "patternos.h"

/* Called for each row; what it keeps it must allocate in a context of its own. */
typedef void (*RowCallback) (void *state, const Datum *values, const bool *nulls);

/* Called before the first row with the type of all. */
typedef void (*RowTypeCallback) (void *state, TupleDesc type);

extern void query_any_rows(const char *query, RowTypeCallback start, RowCallback callback, void *state);
extern void query_rows(const char *query, int columns, const Oid *types, RowCallback callback, void *state);

#endif							/* PATTERNOS_QUERY_ROWS_H */
