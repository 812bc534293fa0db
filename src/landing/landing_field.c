/*
 * landing_field.c
 *		Parsers of a landing view's columns, by kind of field, and the identity
 *		of a row.
 *
 * Each parser gives the typed value and the text that may be kept of it: what
 * is personal in that text has been replaced already.  Row identity is a hash
 * of the kept texts only, so that nobody can find a replaced value by trying
 * out what hashes to the row's id.
 */
#include "landing.h"

#include "core/detect.h"
#include "core/json.h"
#include "core/normalize.h"
#include "core/utf8.h"
#include "privacy/key.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

/* No single amount is believed beyond ten billion of the currency's units. */
#define LARGEST_AMOUNT INT64CONST(10000000000)

extern Datum patternos_redact_jsonb(PG_FUNCTION_ARGS);

typedef Reason (*FieldParser) (LandingBatch *batch, const LandingField *field, const char *format,
							   const char *text, size_t size, FieldValue *result);

/* Sets a text value that is stored as it is. */
static void
set_text(FieldValue *result, const char *text, size_t size)
{
	result->stored = text;

	result->stored_size = size;
	result->datum = PointerGetDatum(cstring_to_text_with_len(text, size));
}

/*
 * Whether a value has been replaced by its hash already: it comes from a
 * parked batch.
 */
bool
is_token(const char *text, size_t size)
{
	if (size != TOKEN_SIZE || text[0] != 'h')
		return false;
	for (size_t i = 1; i < size; i++)
		if (strchr("0123456789abcdef", text[i]) == NULL || text[i] == '\0')
			return false;
	return true;
}

/* The platform of the row, whatever its case; its times are read in the platform's zone. */
static Reason
parse_platform(LandingBatch *batch, const LandingField *field, const char *format,
			   const char *text, size_t size, FieldValue *result)
{
	Reason		reason = parse_text(text, size, 63, &text, &size);

	if (reason != REASON_OK)
		return reason;
	for (int i = 0; i < batch->platform_count; i++)
	{
		const LandingPlatform *platform = &batch->platforms[i];

		if (strlen(platform->id) == size && pg_strncasecmp(platform->id, text, size) == 0)
		{
			batch->row_platform = platform->id;
			batch->platform_zone = platform->zone;
			set_text(result, platform->id, size);
			return REASON_OK;
		}
	}
	return REASON_BAD_VALUE;
}

/* An id, above all the platform's of its customer; a hash when it is an identifier itself. */
static Reason
parse_code(LandingBatch *batch, const LandingField *field, const char *format,
		   const char *text, size_t size, FieldValue *result)
{
	Reason		reason = parse_text(text, size, field->limit, &text, &size);
	uint8		hash[IDENTIFIER_HASH_SIZE];
	char	   *token;

	if (reason != REASON_OK)
		return reason;
	if (!has_identifier(text, size) || is_token(text, size))
	{
		set_text(result, text, size);
		return REASON_OK;
	}
	identifier_hash("account", text, size, hash);
	token = palloc(TOKEN_SIZE + 1);
	token[0] = 'h';
	hex_encode((const char *) hash, IDENTIFIER_HASH_SIZE, token + 1);
	set_text(result, token, TOKEN_SIZE);
	return REASON_OK;
}

/* Free text: identifiers in it are replaced by their kind. */
static Reason
parse_free_text(LandingBatch *batch, const LandingField *field, const char *format,
				const char *text, size_t size, FieldValue *result)
{
	Reason		reason = parse_text(text, size, field->limit, &text, &size);
	char	   *redacted;
	int			found;

	if (reason != REASON_OK)
		return reason;
	redacted = palloc(REDACTED_SIZE(size));
	size = redact_text(text, size, redacted, &found);
	set_text(result, redacted, size);
	return REASON_OK;
}

/*
 * One of the field's choices, whatever its case; "other=b" among them says
 * that other is stored as b, "*=b" at their end that all else is.
 */
static Reason
parse_choice(LandingBatch *batch, const LandingField *field, const char *format,
			 const char *text, size_t size, FieldValue *result)
{
	Reason		reason = parse_text(text, size, 100, &text, &size);
	const char *choice = field->choices;

	if (reason != REASON_OK)
		return reason;
	while (*choice != '\0')
	{
		size_t		written = strcspn(choice, "|=");
		size_t		whole = strcspn(choice, "|");

		if ((written == size && pg_strncasecmp(choice, text, size) == 0) ||
			(written == 1 && *choice == '*'))
		{
			size_t		skip = written < whole ? written + 1 : 0;

			set_text(result, choice + skip, whole - skip);
			return REASON_OK;
		}
		choice += whole + (choice[whole] == '|');
	}
	return REASON_BAD_VALUE;
}

static const struct
{
	const char *name;
	int			upper;			/* oldest age in it */
}			age_bands[] = {
	{"0-17", 17}, {"18-24", 24}, {"25-34", 34}, {"35-44", 44}, {"45-54", 54}, {"55+", 130}
};

/*
 * Number of the band of age that a text is, -1 when it is none.
 */
int
find_age_band(const char *text, size_t size)
{
	for (int i = 0; i < lengthof(age_bands); i++)
		if (strlen(age_bands[i].name) == size && memcmp(age_bands[i].name, text, size) == 0)
			return i;
	return -1;
}

/*
 * Number of the band that an age in years is in, -1 when nobody is so old.
 */
int
age_band(int64 age)
{
	for (int i = 0; i < lengthof(age_bands); i++)
		if (age >= 0 && age <= age_bands[i].upper)
			return i;
	return -1;
}

const char *
age_band_name(int band)
{
	return age_bands[band].name;
}

/* A band such as 18-24 or 55+; an age in years becomes the band it is in. */
static Reason
parse_age_group(LandingBatch *batch, const LandingField *field, const char *format,
				const char *text, size_t size, FieldValue *result)
{
	Reason		reason = parse_text(text, size, 20, &text, &size);
	int64		age;
	int			band;

	if (reason != REASON_OK)
		return reason;
	band = find_age_band(text, size);
	if (band < 0 && parse_integer(text, size, &age) != REASON_OK)
		return REASON_BAD_VALUE;
	if (band < 0)
		band = age_band(age);
	if (band < 0)
		return REASON_OUT_OF_RANGE;
	set_text(result, age_bands[band].name, strlen(age_bands[band].name));
	return REASON_OK;
}

static Reason
parse_pincode_field(LandingBatch *batch, const LandingField *field, const char *format,
					const char *text, size_t size, FieldValue *result)
{
	char	   *pincode = palloc(7);
	Reason		reason = parse_pincode(text, size, pincode);

	if (reason == REASON_OK)
		set_text(result, pincode, 6);
	return reason;
}

/* An ISO 4217 code. */
static Reason
parse_currency(LandingBatch *batch, const LandingField *field, const char *format,
			   const char *text, size_t size, FieldValue *result)
{
	Reason		reason = parse_text(text, size, 20, &text, &size);
	char	   *code;

	if (reason != REASON_OK)
		return reason;
	if (size != 3)
		return REASON_BAD_VALUE;
	code = palloc(3);
	for (int i = 0; i < 3; i++)
	{
		code[i] = pg_ascii_toupper((unsigned char) text[i]);
		if (code[i] < 'A' || code[i] > 'Z')
			return REASON_BAD_VALUE;
	}
	set_text(result, code, 3);
	return REASON_OK;
}

/* A moment; a time without an offset is read in the platform's time zone. */
static Reason
parse_time(LandingBatch *batch, const LandingField *field, const char *format,
		   const char *text, size_t size, FieldValue *result)
{
	CivilTime	civil;
	struct pg_tm tm = {0};
	int			offset;
	TimestampTz time;
	Reason		reason = parse_datetime(text, size, format, &civil);

	if (reason != REASON_OK)
		return reason;
	tm.tm_year = civil.year;
	tm.tm_mon = civil.month;
	tm.tm_mday = civil.day;
	tm.tm_hour = civil.hour;
	tm.tm_min = civil.minute;
	tm.tm_sec = civil.second;
	if (civil.has_offset)
		offset = -civil.offset_seconds;
	else
		offset = DetermineTimeZoneOffset(&tm, batch->platform_zone);
	if (tm2timestamp(&tm, civil.microsecond, &offset, &time) != 0)
		return REASON_DATE_OUT_OF_RANGE;
	if (time < batch->earliest)
		return REASON_DATE_OUT_OF_RANGE;
	if (time > batch->latest)
		return REASON_FUTURE_DATE;
	result->datum = TimestampTzGetDatum(time);
	return REASON_OK;
}

/* An amount that may be negative, in units of 10^-limit. */
static Reason
parse_signed_amount(LandingBatch *batch, const LandingField *field, const char *format,
					const char *text, size_t size, FieldValue *result)
{
	int64		amount;
	int64		largest = LARGEST_AMOUNT;
	Reason		reason = parse_amount(text, size, field->limit, &amount);

	if (reason != REASON_OK)
		return reason;
	for (int i = 0; i < field->limit; i++)
		largest *= 10;
	if (amount > largest || amount < -largest)
		return REASON_OUT_OF_RANGE;
	result->datum = Int64GetDatum(amount);
	return REASON_OK;
}

static Reason
parse_positive_amount(LandingBatch *batch, const LandingField *field, const char *format,
					  const char *text, size_t size, FieldValue *result)
{
	Reason		reason = parse_signed_amount(batch, field, format, text, size, result);

	if (reason == REASON_OK && DatumGetInt64(result->datum) < 0)
		return REASON_NEGATIVE;
	return reason;
}

static Reason
parse_integer_field(LandingBatch *batch, const LandingField *field, const char *format,
					const char *text, size_t size, FieldValue *result)
{
	int64		number;
	Reason		reason = parse_integer(text, size, &number);

	if (reason != REASON_OK)
		return reason;
	if (number < 0)
		return REASON_NEGATIVE;
	if (number > field->limit)
		return REASON_OUT_OF_RANGE;
	result->datum = Int64GetDatum(number);
	return REASON_OK;
}

static Reason
parse_flag_field(LandingBatch *batch, const LandingField *field, const char *format,
				 const char *text, size_t size, FieldValue *result)
{
	bool		flag;
	Reason		reason = parse_flag(text, size, &flag);

	if (reason == REASON_OK)
		result->datum = BoolGetDatum(flag);
	return reason;
}

/* The keyed hash of an identifier; stored is its token, which is taken back as it is. */
static Reason
parse_identifier(LandingBatch *batch, const LandingField *field, const char *format,
				 const char *text, size_t size, FieldValue *result)
{
	bytea	   *hash;
	char	   *token;
	Reason		reason = parse_text(text, size, NORMALIZE_MAX, &text, &size);

	if (reason != REASON_OK)
		return reason;
	hash = palloc(VARHDRSZ + IDENTIFIER_HASH_SIZE);
	SET_VARSIZE(hash, VARHDRSZ + IDENTIFIER_HASH_SIZE);
	if (is_token(text, size))
		(void) hex_decode(text +1, size - 1, VARDATA(hash));
	else
	{
		reason = hash_identifier(field->choices, text, size, (uint8 *) VARDATA(hash));
		if (reason != REASON_OK)
			return reason == REASON_PLACEHOLDER ? REASON_EMPTY : reason;
	}
	token = palloc(TOKEN_SIZE);
	token[0] = 'h';
	hex_encode(VARDATA(hash), IDENTIFIER_HASH_SIZE, token + 1);
	result->stored = token;
	result->stored_size = TOKEN_SIZE;
	result->datum = PointerGetDatum(hash);
	return REASON_OK;
}

/* A JSON object, identifiers in it replaced; stored is its redacted text. */
static Reason
parse_json(LandingBatch *batch, const LandingField *field, const char *format,
		   const char *text, size_t size, FieldValue *result)
{
	Jsonb	   *document;

	trim(&text, &size);
	if (size == 0)
		return REASON_EMPTY;
	if (size > field->limit)
		return REASON_TOO_LONG;
	if (!json_is_object(text, size))
		return REASON_BAD_VALUE;
	result->datum = DirectFunctionCall1(jsonb_in, CStringGetDatum(pnstrdup(text, size)));
	result->datum = DirectFunctionCall1(patternos_redact_jsonb, result->datum);
	document = DatumGetJsonbP(result->datum);
	result->stored = JsonbToCString(NULL, &document->root, size);
	result->stored_size = strlen(result->stored);
	return REASON_OK;
}

static const FieldParser parsers[FIELD_KINDS] = {
	[FIELD_PLATFORM] = parse_platform,
	[FIELD_ACCOUNT] = parse_code,
	[FIELD_TEXT] = parse_free_text,
	[FIELD_CHOICE] = parse_choice,
	[FIELD_AGE_GROUP] = parse_age_group,
	[FIELD_PINCODE] = parse_pincode_field,
	[FIELD_CURRENCY] = parse_currency,
	[FIELD_TIME] = parse_time,
	[FIELD_AMOUNT] = parse_positive_amount,
	[FIELD_SIGNED_AMOUNT] = parse_signed_amount,
	[FIELD_INTEGER] = parse_integer_field,
	[FIELD_FLAG] = parse_flag_field,
	[FIELD_CODE] = parse_code,
	[FIELD_IDENTIFIER] = parse_identifier,
	[FIELD_JSON] = parse_json,
	[FIELD_IDENTIFIERS] = parse_identifiers,
	[FIELD_PERSON] = parse_person,
	[FIELD_BIRTH_DATE] = parse_birth_date,
};

/*
 * Parses one column's value; text is NULL for a NULL.  Empty is a NULL too,
 * and a fault where the field is required.  What a parser did not replace is
 * stored as it was written.
 */
Reason
parse_field(LandingBatch *batch, const LandingField *field, const char *format,
			const char *text, size_t size, FieldValue *result)
{
	Reason		reason = REASON_EMPTY;

	result->isnull = true;
	result->stored = NULL;
	result->stored_size = 0;
	result->refused = REASON_OK;
	if (text !=NULL)
		reason = parsers[field->kind] (batch, field, format, text, size, result);
	if (reason == REASON_OK)
	{
		result->isnull = false;
		if (result->stored == NULL)
		{
			result->stored = text;

			result->stored_size = size;
		}
	}
	else if (reason == REASON_EMPTY)
		reason = field->required ? REASON_MISSING : REASON_OK;
	return reason;
}

/*
 * The day in the warehouse's time zone on which a moment falls, as a date and
 * as YYYYMMDD.
 */
void
local_date(const LandingBatch *batch, TimestampTz time, int *date, int *date_id)
{
	struct pg_tm tm;
	fsec_t		fsec;
	int			offset;

	if (timestamp2tm(time, &offset, &tm, &fsec, NULL, batch->warehouse_zone) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	*date = date2j(tm.tm_year, tm.tm_mon, tm.tm_mday) - POSTGRES_EPOCH_JDATE;
	*date_id = tm.tm_year * 10000 + tm.tm_mon * 100 + tm.tm_mday;
}
