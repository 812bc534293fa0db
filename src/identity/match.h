/*
 * match.h
 *		A compiled match model as the argument of SQL functions.
 */
#ifndef PATTERNOS_SQL_MATCH_H
#define PATTERNOS_SQL_MATCH_H

#include "patternos.h"

#include "core/match.h"

/*
 * The model in argument number arg of a call, read once per call site; an error
 * (22023) for bytes that _compile_match_model did not make.  *extra, when not NULL,
 * gets zeroed memory of extra_size bytes that lives as long as the call site and is
 * zeroed again whenever the model changes.
 */
extern const MatchModel *match_model_argument(FunctionCallInfo fcinfo, int arg,
											  Size extra_size, void **extra);

/* Complains of bytes that are no record of the model. */
pg_noreturn extern void match_refuse_record(void);

/* Complains of an unknown kind and lists the known. */
pg_noreturn extern void match_refuse_kind(const char *where);

#endif							/* PATTERNOS_SQL_MATCH_H */
