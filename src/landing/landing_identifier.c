/*
 * landing_identifier.c
 *		Parsers of the columns that tell who somebody is.
 *
 * An identifier becomes its keyed hash at once; name, address and birth date
 * become one together.  A value that identifies nobody (malformed, or a
 * placeholder) is refused: the row lands without it.  Only bytes that are no
 * text reject the row.
 *
 * The tokens ('h' and a hash in hexadecimal) and bands of age that the payload
 * of a parked batch keeps instead of the values are read back as they are.
 */
#include "landing.h"

#include "core/normalize.h"
#include "privacy/key.h"
#include "landing_feature.h"
#include "utils/builtins.h"

/* What a parser answers for a value that identifies nobody. */
static Reason
refuse(FieldValue *result, Reason reason, size_t size)
{
	if (reason == REASON_EMPTY || reason == REASON_BAD_UTF8)
		return reason;
	result->refused = reason;
	result->refused_size = size;
	return REASON_EMPTY;
}

/*
 * The hash of a membership: the programme is the mapping's format, else the
 * row's platform.
 */
static Reason
hash_membership(const char *programme, const char *written, size_t size, uint8 *hash)
{
	char		canonical[2 * NORMALIZE_MAX];
	size_t		prefix;
	size_t		length;
	Reason		reason = normalize_code(programme, strlen(programme), canonical, NORMALIZE_MAX, &prefix);

	if (reason != REASON_OK)
		return reason;
	canonical[prefix++] = ':';
	reason = normalize_code(written, size, canonical + prefix, NORMALIZE_MAX, &length);
	if (reason == REASON_OK)
		identifier_hash("loyalty_id", canonical, prefix + length, hash);
	return reason;
}

/* The hash of an email address or a mobile number; its parts are features. */
static Reason
hash_contact(LandingBatch *batch, bool is_email, const char *written, size_t size, uint8 *hash)
{
	char		canonical[NORMALIZE_MAX];
	size_t		length = 0;
	Reason		reason = (is_email ? normalize_email : normalize_phone) (written, size, canonical, sizeof(canonical), &length);

	if (reason != REASON_OK)
		return reason;
	identifier_hash(is_email ? "email" : "phone", canonical, length, hash);
	feature_contact(batch, is_email, canonical, length);
	return REASON_OK;
}

/* The hash of one identifier of the field's kind. */
static Reason
hash_value(LandingBatch *batch, const LandingField *field, const char *format,
		   const char *written, size_t size, uint8 *hash)
{
	if (is_token(written, size))
	{
		(void) hex_decode(written + 1, TOKEN_SIZE - 1, (char *) hash);
		return REASON_OK;
	}
	if (strcmp(field->choices, "loyalty_id") == 0)
		return hash_membership(format == NULL ? batch->row_platform : format, written, size, hash);
	if (strcmp(field->choices, "email") == 0 || strcmp(field->choices, "mobile") == 0)
		return hash_contact(batch, field->choices[0] == 'e', written, size, hash);
	return hash_identifier(field->choices, written, size, hash);
}

static int
compare_hashes(const void *a, const void *b)
{
	return memcmp(a, b, IDENTIFIER_HASH_SIZE);
}

/* Sorts hashes and drops those that come twice; returns how many are left. */
static int
unite_hashes(uint8 *hashes, int count)
{
	int			distinct = 0;

	qsort(hashes, count, IDENTIFIER_HASH_SIZE, compare_hashes);
	for (int i = 0; i < count; i++)
	{
		uint8	   *hash = hashes + i * IDENTIFIER_HASH_SIZE;

		if (i > 0 && compare_hashes(hash, hash - IDENTIFIER_HASH_SIZE) == 0)
			continue;
		memmove(hashes + distinct * IDENTIFIER_HASH_SIZE, hash, IDENTIFIER_HASH_SIZE);
		distinct++;
	}
	return distinct;
}

/*
 * Identifiers of the kind that the field's choices name, with ';' between them
 * and in any order; with limit 1 the whole value is one.  Gives their hashes,
 * sorted; the row's identity keeps the same.
 */
Reason
parse_identifiers(LandingBatch *batch, const LandingField *field, const char *format,
				  const char *written, size_t size, FieldValue *result)
{
	const char *end = written + size;
	bytea	   *hashes = NULL;
	int			count = 0;

	for (const char *part = written; part <= end;)
	{
		const char *stop = field->limit == 1 ? NULL : memchr(part, ';', end - part);
		uint8		hash[IDENTIFIER_HASH_SIZE];
		Reason		reason = REASON_TOO_LONG;

		if (stop == NULL)
			stop = end;
		if (count < field->limit)
			reason = hash_value(batch, field, format, part, stop - part, hash);
		if (reason == REASON_OK)
		{
			if (hashes == NULL)
				hashes = palloc(VARHDRSZ + field->limit * IDENTIFIER_HASH_SIZE);
			memcpy(VARDATA(hashes) + count++ * IDENTIFIER_HASH_SIZE, hash, IDENTIFIER_HASH_SIZE);
		}
		else if (refuse(result, reason, size) == REASON_BAD_UTF8)
			return REASON_BAD_UTF8;
		if (reason == REASON_TOO_LONG && count == field->limit)
			break;
		part = stop + 1;
	}
	if (count == 0)
		return REASON_EMPTY;
	if (count > 1)
		count = unite_hashes((uint8 *) VARDATA(hashes), count);
	SET_VARSIZE(hashes, VARHDRSZ + count * IDENTIFIER_HASH_SIZE);
	result->datum = PointerGetDatum(hashes);
	result->stored = VARDATA(hashes);
	result->stored_size = count * IDENTIFIER_HASH_SIZE;
	return REASON_OK;
}

/*
 * A name or an address, in its canonical form; of a parked row the token of its
 * person instead of a name, that of its features instead of an address.
 */
Reason
parse_person(LandingBatch *batch, const LandingField *field, const char *format,
			 const char *written, size_t size, FieldValue *result)
{
	bool		is_name = strcmp(field->choices, "name") == 0;
	char		canonical[NORMALIZE_MAX];
	size_t		length;
	Reason		reason;

	result->stored = "";
	if (is_name ? is_token(written, size) : is_feature_token(written, size))
	{
		result->datum = PointerGetDatum(cstring_to_text_with_len(written, size));
		return REASON_OK;
	}
	if (is_name)
		reason = normalize_name(written, size, canonical, PERSON_NAME_MAX, &length);
	else
		reason = normalize_address(written, size, canonical, PERSON_ADDRESS_MAX, &length);
	if (reason != REASON_OK)
		return refuse(result, reason, size);
	result->datum = PointerGetDatum(cstring_to_text_with_len(canonical, length));
	return REASON_OK;
}

/*
 * A birth date, as YYYYMMDD; of a parked row the band of age, as minus its
 * number counted from 1.
 */
Reason
parse_birth_date(LandingBatch *batch, const LandingField *field, const char *format,
				 const char *written, size_t size, FieldValue *result)
{
	int			band = find_age_band(written, size);
	CivilTime	birth;
	Reason		reason;

	result->stored = "";
	if (band >= 0)
	{
		result->datum = Int32GetDatum(-band - 1);
		return REASON_OK;
	}
	reason = parse_datetime(written, size, format, &birth);
	if (reason == REASON_OK && (birth.year < 1850 || birth.year > 9999))
		reason = REASON_DATE_OUT_OF_RANGE;
	if (reason != REASON_OK)
		return refuse(result, reason, size);
	result->datum = Int32GetDatum(birth.year * 10000 + birth.month * 100 + birth.day);
	return REASON_OK;
}
