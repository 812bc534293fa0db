/*
 * log_hook.c
 *		Keeps personal values out of the server's log.
 *
 * COPY names the line it failed in, failing statements are logged with their
 * literals, messages quote what could not be read.  For statements that name a
 * landing view or something of patternos, this hook
 *	- hides the statement where it holds literals,
 *	- cuts the line's content from COPY's context ("COPY landing_x, line 3"),
 *	- drops details, contexts and queries that hold literals or parameters,
 *	- masks quoted values in messages, except names, which are lower-case, and what
 *	  the functions of patternos quote themselves when they refuse a call.
 * SQLSTATE, the rest of the message, hint, line and column stay.  The client gets
 * the same: the server builds one report for both.
 *
 * The hook runs inside error handling: it neither raises errors nor reads catalogs.
 */
#include "patternos.h"

#include "commands/prepare.h"
#include "core/detect.h"
#include "log_hook.h"
#include "tcop/pquery.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/elog.h"
#include "utils/guc.h"
#include "utils/portal.h"

/* Longer messages than this are cut before they are searched. */
#define MAX_MESSAGE_SIZE 8192

static emit_log_hook_type previous_hook;

/*
 * Where a lower-case word begins in a text, in any case; NULL when it does not occur.
 */
static const char *
find_word(const char *s, const char *word)
{
	size_t		n = strlen(word);

	for (; *s != '\0'; s++)
	{
		if (pg_strncasecmp(s, word, n) == 0)
			return s;
	}
	return NULL;
}

/*
 * Whether a text names a landing view or something of patternos.
 */
static bool
is_ours(const char *s)
{
	return s != NULL && (find_word(s, "landing_") || find_word(s, "patternos"));
}

/*
 * Whether a statement executes a prepared one that is ours.
 */
static bool
executes_ours(const char *statement)
{
	const char *p = statement == NULL ? NULL : find_word(statement, "execute ");
	char		name[NAMEDATALEN];
	size_t		n = 0;
	PreparedStatement *prepared;

	if (p == NULL)
		return false;
	for (p += strlen("execute "); *p == ' ' || *p == '"'; p++)
		;
	for (; *p != '\0' && strchr(" (;\"", *p) == NULL && n < NAMEDATALEN - 1; p++)
		name[n++] = (char) pg_tolower((unsigned char) *p);
	name[n] = '\0';
	prepared = FetchPreparedStatement(name, false);
	return prepared != NULL && is_ours(prepared->plansource->query_string);
}

/*
 * Whether a quoted text is written like the name of a column or table.
 */
static bool
is_name(const char *s, size_t length)
{
	return length > 0 && length < NAMEDATALEN &&
		strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_.") >= length;
}

/*
 * Where the first literal of a statement begins: a quote, a dollar quote, a number
 * of six digits or more, or double quotes around what is no name; NULL when there is
 * none.
 */
static const char *
find_literal(const char *s)
{
	int			digits = 0;

	for (; *s != '\0'; s++)
	{
		if (*s == '\'' || (*s == '$' && !(s[1] >= '0' && s[1] <= '9')))
			return s;
		if (*s == '"')
		{
			const char *end = strchr(s + 1, '"');

			if (end == NULL || !is_name(s + 1, end - s - 1))
				return s;
			s = end;
		}
		digits = *s >= '0' && *s <= '9' ? digits + 1 : 0;
		if (digits == 6)
			return s - 5;
	}
	return NULL;
}

/*
 * The text up to its first literal, with '...' in its place.
 */
static char *
cut_literals(char *s)
{
	const char *literal = find_literal(s);

	return literal == NULL ? s : psprintf("%.*s...", (int) (literal - s), s);
}

/*
 * The context without the line that COPY read; NULL when it holds other values.
 */
static char *
clean_context(char *context)
{
	char	   *copy;

	if (context == NULL)
		return NULL;
	copy = unconstify(char *, find_word(context, "copy landing_"));
	if (copy != NULL)
	{
		char	   *colon = strchr(copy, ':');

		if (colon != NULL)
			context = pnstrdup(context, colon - context);
	}
	else if (strstr(context, "JSON") != NULL)
		return NULL;
	return find_literal(context) == NULL && log_parameter_max_length_on_error == 0 ? context : NULL;
}

/*
 * Whether a function of patternos raised the error by itself: it quotes platforms and
 * other objects, never values.
 */
static bool
is_own_refusal(const ErrorData *edata)
{
	static const char ours[] = "PL/pgSQL function patternos.";
	static const char raised[] = " at RAISE";
	size_t		length = edata->context == NULL ? 0 : strcspn(edata->context, "\n");

	return edata->funcname != NULL && strcmp(edata->funcname, "exec_stmt_raise") == 0 &&
		length >= strlen(ours) + strlen(raised) &&
		strncmp(edata->context, ours, strlen(ours)) == 0 &&
		strncmp(edata->context + length - strlen(raised), raised, strlen(raised)) == 0;
}

/*
 * The message with quoted values masked: all of them where the error is about input
 * or syntax, otherwise those that are no names; then whatever looks like an
 * identifier.
 */
static char *
clean_message(const ErrorData *edata)
{
	bool		all = ERRCODE_TO_CATEGORY(edata->sqlerrcode) == ERRCODE_DATA_EXCEPTION ||
	edata->sqlerrcode == ERRCODE_SYNTAX_ERROR ||
	edata->sqlerrcode == ERRCODE_BAD_COPY_FILE_FORMAT;
	bool		none = !all && is_own_refusal(edata);
	const char *p = edata->message;
	char	   *masked;
	char	   *result;
	size_t		size;
	int			found;
	StringInfoData buffer;

	if (edata->message_id != NULL && strncmp(edata->message_id, "column name mismatch in header", 30) == 0)
		return pstrdup("column name mismatch in header line");
	/* a translation that quotes in another way */
	if (all && edata->message_id != NULL && strchr(edata->message_id, '"') != NULL && strchr(p, '"') == NULL)
		return pstrdup(edata->message_id);
	initStringInfo(&buffer);
	while (*p != '\0' && buffer.len < MAX_MESSAGE_SIZE)
	{
		const char *end = *p == '"' && !none ? strchr(p + 1, '"') : NULL;
		const char *last = *p == '"' ? strrchr(p, '"') : NULL;

		if (end == NULL)
		{
			appendStringInfoChar(&buffer, *p++);
			continue;
		}
		if (is_name(p + 1, end - p - 1) && !(all && edata->message_id != NULL && strchr(edata->message_id, '"') != NULL))
		{
			appendBinaryStringInfo(&buffer, p, end - p + 1);
			p = end + 1;
			continue;
		}
		/* the value may hold quotes itself */
		appendStringInfoString(&buffer, "\"...\"");
		p = last + 1;
	}
	masked = buffer.data;
	result = palloc(REDACTED_SIZE(buffer.len) + 1);
	size = redact_text(masked, buffer.len, result, &found);
	result[size] = '\0';
	return result;
}

/*
 * Removes personal values from a report about one of our statements.
 */
static void
clean_report(ErrorData *edata, bool statement_is_ours)
{
	if (statement_is_ours)
	{
		if (edata->elevel >= WARNING)
			edata->message = clean_message(edata);
		else
			edata->message = cut_literals(edata->message);
		edata->context = clean_context(edata->context);
		/* details quote rows, keys and parameters; ours hold no values */
		if (edata->message_id == NULL || edata->detail == NULL || find_literal(edata->detail) ||
			strchr(edata->detail, '(') || strchr(edata->detail, '"'))
			edata->detail = NULL;
		edata->detail_log = NULL;
		edata->internalquery = NULL;
		edata->hide_stmt = edata->hide_stmt || debug_query_string == NULL ||
			find_literal(debug_query_string) != NULL;
		return;
	}
	/* another process reports ours: a crash, a deadlock */
	if (is_ours(edata->message))
		edata->message = cut_literals(edata->message);
	if (is_ours(edata->detail))
		edata->detail = cut_literals(edata->detail);
	if (is_ours(edata->detail_log))
		edata->detail_log = cut_literals(edata->detail_log);
}

/*
 * The hook; it changes only reports that name us.
 */
static void
log_hook(ErrorData *edata)
{
	bool		ours = is_ours(debug_query_string) || is_ours(edata->context) ||
	executes_ours(debug_query_string) ||
	(ActivePortal != NULL && is_ours(ActivePortal->sourceText));

	if (edata->message != NULL &&
		(ours || is_ours(edata->message) || is_ours(edata->detail) || is_ours(edata->detail_log)))
		clean_report(edata, ours);
	if (previous_hook)
		previous_hook(edata);
}

/*
 * Puts the hook in front of others when the library is loaded.
 */
void
install_log_hook(void)
{
	previous_hook = emit_log_hook;
	emit_log_hook = log_hook;
}
