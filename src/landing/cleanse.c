/*
 * cleanse.c
 *		The loaders' parsers as SQL functions: NULL instead of an error, and the
 *		reason on request.
 */
#include "patternos.h"

#include "core/normalize.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

/* Decimals that parse_amount() keeps. */
#define AMOUNT_SCALE 4

PG_FUNCTION_INFO_V1(patternos_parse_amount);
PG_FUNCTION_INFO_V1(patternos_parse_datetime);
PG_FUNCTION_INFO_V1(patternos_parse_flag);
PG_FUNCTION_INFO_V1(patternos_check_value);

/*
 * patternos.parse_amount(value): the amount without its currency, four decimals at
 * most; NULL when it is none.
 */
Datum
patternos_parse_amount(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	int64		units;
	Numeric		result;

	if (parse_amount(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), AMOUNT_SCALE, &units) != REASON_OK)
		PG_RETURN_NULL();
	result = int64_div_fast_to_numeric(units, AMOUNT_SCALE);
	return DirectFunctionCall1(numeric_trim_scale, NumericGetDatum(result));
}

/*
 * The format argument: NULL for '', an error for an unknown one.
 */
static const char *
checked_format(const char *format)
{
	if (format[0] == '\0')
		return NULL;
	if (strcmp(format, "dmy") != 0 && strcmp(format, "mdy") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown format of dates"),
				 errhint("Formats are dmy, mdy and the empty text.")));
	return format;
}

/*
 * patternos.parse_datetime(value, format, time_zone): the moment; time_zone applies
 * where the text names no offset.  NULL when it is no date.
 */
Datum
patternos_parse_datetime(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	const char *format = checked_format(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	char		name[TZ_STRLEN_MAX + 1];
	pg_tz	   *zone;
	CivilTime	t;
	struct pg_tm tm = {0};
	int			offset;
	Timestamp	result;

	text_to_cstring_buffer(PG_GETARG_TEXT_PP(2), name, sizeof(name));
	zone = pg_tzset(name);
	if (zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown time zone"),
				 errhint("View pg_timezone_names lists them.")));
	if (parse_datetime(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), format, &t) != REASON_OK)
		PG_RETURN_NULL();
	tm.tm_year = t.year;
	tm.tm_mon = t.month;
	tm.tm_mday = t.day;
	tm.tm_hour = t.hour;
	tm.tm_min = t.minute;
	tm.tm_sec = t.second;
	tm.tm_isdst = -1;
	offset = t.has_offset ? -t.offset_seconds : DetermineTimeZoneOffset(&tm, zone);
	if (tm2timestamp(&tm, t.microsecond, &offset, &result) != 0)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(result);
}

/*
 * patternos.parse_flag(value): true or false; NULL when it is neither.
 */
Datum
patternos_parse_flag(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	bool		result;

	if (parse_flag(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), &result) != REASON_OK)
		PG_RETURN_NULL();
	PG_RETURN_BOOL(result);
}

/*
 * The verdict on a value of a kind; REASON_COUNT for an unknown kind.
 */
static Reason
check(const char *kind, const char *s, size_t length)
{
	static const struct
	{
		const char *kind;
		Reason		(*normalize) (const char *text, size_t length,
								  char *result, size_t size, size_t *result_size);
	}			identifiers[] = {
		{"email", normalize_email}, {"phone", normalize_phone}, {"name", normalize_name},
		{"address", normalize_address}, {"code", normalize_code}, {"ip", normalize_ip}
	};
	char		buffer[NORMALIZE_MAX];
	const char *start;
	size_t		size;
	int64		number;
	bool		flag;
	CivilTime	t;

	for (int i = 0; i < lengthof(identifiers); i++)
	{
		if (strcmp(kind, identifiers[i].kind) == 0)
			return identifiers[i].normalize(s, length, buffer, sizeof(buffer), &size);
	}
	if (strcmp(kind, "text") == 0)
		return parse_text(s, length, SIZE_MAX, &start, &size);
	if (strcmp(kind, "amount") == 0)
		return parse_amount(s, length, AMOUNT_SCALE, &number);
	if (strcmp(kind, "integer") == 0)
		return parse_integer(s, length, &number);
	if (strcmp(kind, "flag") == 0)
		return parse_flag(s, length, &flag);
	if (strcmp(kind, "pincode") == 0)
		return parse_pincode(s, length, buffer);
	if (strcmp(kind, "sha256") == 0)
		return parse_sha256(s, length, (uint8 *) buffer);
	if (strcmp(kind, "datetime") == 0)
		return parse_datetime(s, length, NULL, &t);
	if (strcmp(kind, "datetime_dmy") == 0 || strcmp(kind, "datetime_mdy") == 0)
		return parse_datetime(s, length, kind + strlen("datetime_"), &t);
	return REASON_COUNT;
}

/*
 * patternos.check_value(kind, value): the reason code, 'ok' for a good value.
 */
Datum
patternos_check_value(PG_FUNCTION_ARGS)
{
	char	   *kind = text_to_cstring(PG_GETARG_TEXT_PP(0));
	text	   *value = PG_GETARG_TEXT_PP(1);
	Reason		reason = check(kind, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));

	if (reason == REASON_COUNT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown kind of value"),
				 errhint("Kinds are text, datetime, datetime_dmy, datetime_mdy, amount, integer, flag, pincode, email, phone, name, address, code, ip and sha256.")));
	PG_RETURN_TEXT_P(cstring_to_text(reason_name(reason)));
}
