/*
 * utf8_argument.h
 *		A text argument's characters in UTF-8, whatever the database's encoding.
 */
#ifndef PATTERNOS_UTF8_ARGUMENT_H
#define PATTERNOS_UTF8_ARGUMENT_H

#include "postgres.h"

#include "core/similarity.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"

typedef struct Utf8
{
	const char *text;			/* not terminated */
	size_t		size;
} Utf8;

/*
 * A text value in UTF-8: in place, or converted into the current memory context.
 * Bytes of a SQL_ASCII database are taken as they are.
 */
static inline Utf8
utf8_value(text *value)
{
	Utf8		result = {VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)};

	if (GetDatabaseEncoding() != PG_UTF8 && GetDatabaseEncoding() != PG_SQL_ASCII &&
		!sim_is_ascii(result.text, result.size))
	{
		char	   *converted = pg_server_to_any(result.text, (int) result.size, PG_UTF8);

		if (converted != result.text)
		{
			result.text = converted;
			result.size = strlen(converted);
		}
	}
	return result;
}

#define PG_GETARG_UTF8(n) utf8_value(PG_GETARG_TEXT_PP(n))

#endif							/* PATTERNOS_UTF8_ARGUMENT_H */
