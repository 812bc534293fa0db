/*
 * bulk_insert.h
 *		Appends rows to a table, partitioned or not, in bulk.
 *
 * Rows come from a query through a receiver, or one by one as values.
 */
#ifndef PATTERNOS_BULK_INSERT_H
#define PATTERNOS_BULK_INSERT_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "tcop/dest.h"

typedef struct BulkInsert BulkInsert;

/*
 * Whether rows may be appended in bulk by the current user; if not, INSERT
 * does what this module leaves out.  Locks the table and its partitions.
 */
extern bool bulk_insert_possible(Oid table);

/* A receiver of rows that have exactly the table's columns. */
extern DestReceiver *bulk_insert_receiver(Oid table);

/*
 * Begins to append rows of the given columns, by name; the others get their
 * defaults or are generated.  NULL when the table does not have these columns
 * in these types, or when rows may not be appended in bulk.
 */
extern BulkInsert *bulk_insert_begin(Oid table, TupleDesc columns);
extern void bulk_insert_row(BulkInsert *bulk, const Datum *values, const bool *nulls);
extern void bulk_insert_end(BulkInsert *bulk);

#endif							/* PATTERNOS_BULK_INSERT_H */
