/*
 * activity.h
 *		What a customer did lately: sessions and events by window, and when
 *		something was done last.
 */
#ifndef PATTERNOS_ACTIVITY_H
#define PATTERNOS_ACTIVITY_H

#include "behavior.h"

/* windows of 7, 14, 30 and 90 local days before the reference date */
#define ACTIVITY_WINDOWS	4
#define ACTIVITY_COLUMNS	15	/* of _behavior_customer, behind the features */

/* When each window begins, in microseconds. */
extern void activity_windows(const int64 *rules, Datum zone, int64 since[ACTIVITY_WINDOWS]);

/* The columns of the ordered hits of a platform, or of all. */
extern void activity_columns(const int64 *rules, const int64 *since, const Hit *hits, int count,
							 Datum *values, bool *nulls);

#endif							/* PATTERNOS_ACTIVITY_H */
