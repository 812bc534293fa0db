/*
 * patternos.c
 *		Library entry point and settings.
 */
#include "patternos.h"

#include "privacy/log_hook.h"
#include "miscadmin.h"
#include "utils/guc.h"

#if PG_VERSION_NUM >= 180000
PG_MODULE_MAGIC_EXT(.name = "patternos",.version = PATTERNOS_VERSION);
#else
PG_MODULE_MAGIC;
#endif

char	   *patternos_key_file;
char	   *patternos_source;

/* whether the postmaster loaded the library, so that every backend has it */
static bool is_preloaded = false;

PGDLLEXPORT void _PG_init(void);

PG_FUNCTION_INFO_V1(patternos__is_preloaded);

/*
 * Defines the settings and takes its place in logging when the library is loaded.
 */
void
_PG_init(void)
{
	is_preloaded = process_shared_preload_libraries_in_progress;
	DefineCustomStringVariable("patternos.key_file",
							   "File with the secret key that hashes personal identifiers.",
							   "At least 32 bytes, readable by the server's user only, outside the data directory.",
							   &patternos_key_file,
							   "",
							   PGC_SUSET,
							   GUC_SUPERUSER_ONLY | GUC_NOT_IN_SAMPLE,
							   NULL, NULL, NULL);
	DefineCustomStringVariable("patternos.source",
							   "Name of the file or stream that is being landed, for raw_batch.source.",
							   NULL,
							   &patternos_source,
							   "",
							   PGC_USERSET,
							   GUC_NOT_IN_SAMPLE,
							   NULL, NULL, NULL);
	MarkGUCPrefixReserved("patternos");
	install_log_hook();
}

/*
 * Whether the library was loaded at server start.
 */
Datum
patternos__is_preloaded(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(is_preloaded);
}
