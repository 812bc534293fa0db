/*
 * bulk_insert.h
 *		Appends the rows of a query to a partitioned table, in bulk.
 */
#ifndef PATTERNOS_BULK_INSERT_H
#define PATTERNOS_BULK_INSERT_H

#include "postgres.h"

#include "tcop/dest.h"

/*
 * Whether rows may be appended in bulk by the current user; if not, INSERT
 * does what this module leaves out.  Locks the table and its partitions.
 */
extern bool bulk_insert_possible(Oid table);

/* A receiver of rows that have exactly the table's columns. */
extern DestReceiver *bulk_insert_receiver(Oid table);

#endif							/* PATTERNOS_BULK_INSERT_H */
