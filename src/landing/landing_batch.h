/*
 * landing_batch.h
 *		Opening a batch and deciding over it.
 */
#ifndef PATTERNOS_LANDING_BATCH_H
#define PATTERNOS_LANDING_BATCH_H

#include "landing.h"

#include "utils/pg_rusage.h"

extern void landing_query(const char *sql, int nargs, const char **texts);
extern void report_step(const LandingBatch *batch, const char *relation, const char *sql, const PGRUsage *begin);
extern void account_relation(LandingBatch *batch);
extern Datum account_id(LandingBatch *batch, uint32 account);
extern void settle_accounts(LandingBatch *batch);
extern void mark_new_accounts(LandingBatch *batch, const char *table, bool customers, int count, const WriterColumn *columns);
extern void note_duplicates(LandingBatch *batch, TupleDesc desc, Tuplestorestate *rows);
extern void write_records(LandingBatch *batch);
extern const char *parked_records(LandingBatch *batch);
extern void open_batch(LandingBatch *batch, TupleDesc view);
extern void close_batch(LandingBatch *batch);

#endif							/* PATTERNOS_LANDING_BATCH_H */
