/*
 * session.h
 *		When a session ends.
 */
#ifndef PATTERNOS_SESSION_H
#define PATTERNOS_SESSION_H

#include "patternos.h"

#include "datatype/timestamp.h"

typedef struct SessionRules
{
	int64		gap;			/* microseconds of inactivity that end a
								 * session without an id */
	int64		cap;			/* microseconds that a session lasts at most */
} SessionRules;

/*
 * Whether an event belongs to the session that began at first and had its
 * last event at last; events come in order of time.
 */
static inline bool
session_continues(const SessionRules *rules, bool has_id,
				  int64 first, int64 last, int64 at)
{
	return at - first < rules->cap && (has_id || at - last < rules->gap);
}

#endif							/* PATTERNOS_SESSION_H */
