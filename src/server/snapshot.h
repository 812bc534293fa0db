/*
 * snapshot.h
 *		Queries whose columns bear the names of a table's.
 */
#ifndef PATTERNOS_SNAPSHOT_H
#define PATTERNOS_SNAPSHOT_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "utils/relcache.h"

/*
 * The query that delivers all of the table's columns, in order and type, from
 * one that delivers the given columns: defaults and generated ones are added.
 */
extern char *complete_query(Relation rel, TupleDesc columns, const char *query);

#endif							/* PATTERNOS_SNAPSHOT_H */
