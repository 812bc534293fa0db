/*
 * redact.c
 *		Redaction of personal identifiers in text and JSON.
 */
#include "patternos.h"

#include "core/detect.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

PG_FUNCTION_INFO_V1(patternos_redact_text);
PG_FUNCTION_INFO_V1(patternos_redact_jsonb);

/*
 * A palloc'd copy with identifiers replaced; the text itself when there are none.
 */
static const char *
redacted(const char *s, size_t length, size_t *size)
{
	char	   *result;
	int			found;

	*size = length;
	if (!has_identifier(s, length))
		return s;
	if (length > MaxAllocSize / 4)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("text is too long to be redacted"),
				 errhint("Redact it in parts of at most 256 MB.")));
	result = palloc(REDACTED_SIZE(length));
	*size = redact_text(s, length, result, &found);
	return result;
}

/*
 * patternos.redact_pii(text): the text with identifiers replaced by labels.
 */
Datum
patternos_redact_text(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	size_t		size;
	const char *result = redacted(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), &size);

	if (result == VARDATA_ANY(value))
		PG_RETURN_TEXT_P(value);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(result, size));
}

/*
 * Redacts one scalar of a JSON document.  A number that is an identifier becomes a
 * string.
 */
static void
redact_scalar(JsonbValue *value)
{
	char	   *number;
	size_t		size;

	if (value->type == jbvString)
	{
		value->val.string.val = unconstify(char *, redacted(value->val.string.val, value->val.string.len, &size));
		value->val.string.len = (int) size;
	}
	else if (value->type == jbvNumeric)
	{
		number = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
		if (!has_identifier(number, strlen(number)))
			return;
		value->type = jbvString;
		value->val.string.val = unconstify(char *, redacted(number, strlen(number), &size));
		value->val.string.len = (int) size;
	}
}

/*
 * patternos.redact_pii(jsonb): the document with identifiers in keys, strings and
 * numbers replaced by labels.
 */
Datum
patternos_redact_jsonb(PG_FUNCTION_ARGS)
{
	Jsonb	   *document = PG_GETARG_JSONB_P(0);
	JsonbIterator *iterator = JsonbIteratorInit(&document->root);
	JsonbParseState *state = NULL;
	JsonbValue *result = NULL;
	JsonbValue	value;
	JsonbIteratorToken token;
	bool		scalar = JB_ROOT_IS_SCALAR(document);

	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		if (token == WJB_KEY || token == WJB_VALUE || token == WJB_ELEM)
		{
			redact_scalar(&value);
			result = pushJsonbValue(&state, token, &value);
			continue;
		}
		if (token == WJB_BEGIN_ARRAY)
			value.val.array.rawScalar = scalar;
		result = pushJsonbValue(&state, token, token == WJB_BEGIN_ARRAY && scalar ? &value : NULL);
	}
	PG_RETURN_JSONB_P(JsonbValueToJsonb(result));
}
