/*
 * patternos.h
 *		What every SQL-callable source file shares.
 */
#ifndef PATTERNOS_H
#define PATTERNOS_H

#include "postgres.h"

#include "compat.h"
#include "fmgr.h"

/* patternos.key_file: path of the secret key, set by a superuser */
extern char *patternos_key_file;

/* patternos.source: name of the file or stream that is being landed */
extern char *patternos_source;

/*
 * The memory context of an aggregate, or an error for a caller that is none.
 */
static inline MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("function can only be called as part of an aggregate")));
	return context;
}

#endif							/* PATTERNOS_H */
