/*
 * identifier.c
 *		Canonical forms and hashes of personal identifiers, for SQL and for the
 *		loaders.
 */
#include "patternos.h"

#include "core/normalize.h"
#include "core/sha256.h"
#include "privacy/key.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"

typedef Reason (*Normalizer) (const char *text, size_t length,
							  char *result, size_t size, size_t *result_size);

static Reason normalize_person(const char *text, size_t length,
							   char *result, size_t size, size_t *result_size);

/* Kinds of identifiers; normalize NULL: the text is a SHA-256 of the canonical form. */
static const struct
{
	const char *name;
	const char *label;			/* in the keyed hash */
	Normalizer	normalize;
}			kinds[] = {
	{"email", "email", normalize_email},
	{"mobile", "phone", normalize_phone},
	{"phone", "phone", normalize_phone},
	{"email_sha256", "email", NULL},
	{"mobile_sha256", "phone", NULL},
	{"loyalty_id", "loyalty_id", normalize_code},
	{"device", "device", normalize_code},
	{"ip", "ip", normalize_ip},
	{"name", "name", normalize_name},
	{"address", "address", normalize_address},
	{"name_address_dob", "name_address_dob", normalize_person},
};

/*
 * Name, address and birth date, written with '|' between them: the three canonical
 * forms with a unit separator between them, the date as YYYY-MM-DD.
 */
static Reason
normalize_person(const char *s, size_t length,
				 char *result, size_t size, size_t *result_size)
{
	const char *first = memchr(s, '|', length);
	const char *last = s + length;
	size_t		name_size,
				address_size;
	CivilTime	birth;
	Reason		reason;

	while (last > s && last[-1] != '|')
		last--;
	if (first == NULL || last - 1 <= first)
		return REASON_BAD_VALUE;
	reason = normalize_name(s, first - s, result, size / 3, &name_size);
	if (reason != REASON_OK)
		return reason;
	result[name_size++] = '\x1f';
	reason = normalize_address(first + 1, last - 1 - (first + 1), result + name_size, size / 2, &address_size);
	if (reason != REASON_OK)
		return reason;
	address_size += name_size;
	result[address_size++] = '\x1f';
	reason = parse_datetime(last, s + length - last, NULL, &birth);
	if (reason != REASON_OK)
		return reason;
	*result_size = address_size + snprintf(result + address_size, size - address_size, "%04d-%02d-%02d",
										   birth.year, birth.month, birth.day);
	return REASON_OK;
}

/*
 * The keyed hash of an identifier of a kind as it was written.  result is set only
 * with REASON_OK; REASON_COUNT means that there is no such kind.
 */
Reason
hash_identifier(const char *kind, const char *text, size_t length,
				uint8 result[IDENTIFIER_HASH_SIZE])
{
	for (int i = 0; i < lengthof(kinds); i++)
	{
		char		canonical[NORMALIZE_MAX];
		size_t		size = 0;
		uint8		inner[SHA256_SIZE];
		Reason		reason;

		if (strcmp(kinds[i].name, kind) != 0)
			continue;
		if (kinds[i].normalize == NULL)
			reason = parse_sha256(text, length, inner);
		else
			reason = kinds[i].normalize(text, length, canonical, sizeof(canonical), &size);
		if (reason != REASON_OK)
			return reason;
		if (kinds[i].normalize != NULL)
			sha256(canonical, size, inner);
		identifier_hash_prehashed(kinds[i].label, inner, result);
		return REASON_OK;
	}
	return REASON_COUNT;
}

/*
 * The canonical form of a text argument, or NULL.
 */
static Datum
normalized(FunctionCallInfo fcinfo, Normalizer normalize)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	char		result[NORMALIZE_MAX];
	size_t		size;

	if (normalize(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), result, sizeof(result), &size) != REASON_OK)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(result, size));
}

#define NORMALIZER(name) \
	PG_FUNCTION_INFO_V1(patternos_##name); \
	Datum \
	patternos_##name(PG_FUNCTION_ARGS) \
	{ \
		return normalized(fcinfo, name); \
	} \
	extern Datum patternos_##name(PG_FUNCTION_ARGS)

NORMALIZER(normalize_email);
NORMALIZER(normalize_phone);
NORMALIZER(normalize_name);
NORMALIZER(normalize_address);
NORMALIZER(normalize_code);
NORMALIZER(normalize_ip);

PG_FUNCTION_INFO_V1(patternos_hash_identifier);
PG_FUNCTION_INFO_V1(patternos_hash_pii);
PG_FUNCTION_INFO_V1(patternos__value_key);

/*
 * patternos.hash_identifier(kind, value): the stored hash, NULL for a value that is
 * refused.
 */
Datum
patternos_hash_identifier(PG_FUNCTION_ARGS)
{
	char	   *kind = text_to_cstring(PG_GETARG_TEXT_PP(0));
	text	   *value = PG_GETARG_TEXT_PP(1);
	bytea	   *result = palloc(VARHDRSZ + IDENTIFIER_HASH_SIZE);
	Reason		reason = hash_identifier(kind, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value),
										 (uint8 *) VARDATA(result));

	if (reason == REASON_COUNT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown kind of identifier"),
				 errhint("Kinds are email, mobile, email_sha256, mobile_sha256, loyalty_id, device, ip, name, address and name_address_dob.")));
	if (reason != REASON_OK)
		PG_RETURN_NULL();
	SET_VARSIZE(result, VARHDRSZ + IDENTIFIER_HASH_SIZE);
	PG_RETURN_BYTEA_P(result);
}

/*
 * patternos.hash_pii(value, salt): SHA-256 of value followed by salt, in hexadecimal.
 */
Datum
patternos_hash_pii(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	text	   *salt = PG_GETARG_TEXT_PP(1);
	char		hex[2 * SHA256_SIZE];
	uint8		digest[SHA256_SIZE];
	Sha256		state;

	sha256_init(&state);
	sha256_update(&state, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	sha256_update(&state, VARDATA_ANY(salt), VARSIZE_ANY_EXHDR(salt));
	sha256_final(&state, digest);
	hex_encode((char *) digest, SHA256_SIZE, hex);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(hex, sizeof(hex)));
}

/*
 * patternos._value_key(value_hash): its first 64 bits, highest first; NULL for fewer
 * than eight bytes.
 */
Datum
patternos__value_key(PG_FUNCTION_ARGS)
{
	bytea	   *hash = PG_GETARG_BYTEA_PP(0);
	uint64		bits;

	if (VARSIZE_ANY_EXHDR(hash) < sizeof(bits))
		PG_RETURN_NULL();
	memcpy(&bits, VARDATA_ANY(hash), sizeof(bits));
	PG_RETURN_INT64((int64) pg_ntoh64(bits));
}
