/*
 * compat.h
 *		Everything that differs between the supported server versions.
 */
#ifndef PATTERNOS_COMPAT_H
#define PATTERNOS_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "patternos needs PostgreSQL 15 or newer"
#endif

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#include "lib/stringinfo.h"

/*
 * PG 17 has initReadOnlyStringInfo(); before, a StringInfo over foreign bytes
 * is filled in by hand.
 */
#if PG_VERSION_NUM < 170000
static inline void
initReadOnlyStringInfo(StringInfo str, char *data, int len)
{
	str->data = data;
	str->len = len;
	str->maxlen = 0;
	str->cursor = 0;
}
#endif

/* PG 18 has no Abs() any more. */
#ifndef Abs
#define Abs(x) ((x) >= 0 ? (x) : -(x))
#endif

#endif							/* PATTERNOS_COMPAT_H */
