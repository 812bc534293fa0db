/*
 * landing_batch.h
 *		Opening a batch and deciding over it.
 */
#ifndef PATTERNOS_LANDING_BATCH_H
#define PATTERNOS_LANDING_BATCH_H

#include "landing.h"

extern void landing_query(const char *sql, int nargs, const char **texts);
extern void open_batch(LandingBatch *batch, TupleDesc view);
extern void close_batch(LandingBatch *batch);

#endif							/* PATTERNOS_LANDING_BATCH_H */
