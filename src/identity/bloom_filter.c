/*
 * bloom_filter.c
 *		Keyed Bloom filters of texts, and their similarity, as SQL functions.
 *
 * The bits of grams are remembered in fn_extra as long as key and parameters stay.
 */
#include "patternos.h"

#include "core/bloom.h"
#include "server/utf8_argument.h"

#define MIN_KEY 16
#define MAX_TEXT 65535

PG_FUNCTION_INFO_V1(patternos_bloom_encode);
PG_FUNCTION_INFO_V1(patternos_bloom_dice);

/* A prepared field and what it was prepared from. */
typedef struct Encoder
{
	bytea	   *key;
	text	   *name;
	int			bits;
	int			hashes;
	BloomField *field;
} Encoder;

static bool
same_bytes(const struct varlena *a, const struct varlena *b)
{
	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

static struct varlena *
copy_bytes(const struct varlena *value)
{
	return memcpy(palloc(VARSIZE_ANY(value)), value, VARSIZE_ANY(value));
}

/*
 * Prepares a field in the function's memory; 22023 for parameters out of range.
 */
static Encoder *
make_encoder(FmgrInfo *flinfo, bytea *key, text *name, int bits, int hashes)
{
	MemoryContext caller;
	Encoder    *encoder;

	if (!bloom_valid_parameters(bits, hashes))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of bits or hashes of a filter is out of range"),
				 errdetail("Bits are a multiple of 64 from %d to %d, hashes 1 to %d.",
						   BLOOM_MIN_BITS, BLOOM_MAX_BITS, BLOOM_MAX_HASHES)));
	if (VARSIZE_ANY_EXHDR(key) < MIN_KEY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("key of a filter is too short"),
				 errdetail("A key has at least %d bytes.", MIN_KEY),
				 errhint("gen_random_bytes(32) of pgcrypto makes one.")));
	caller = MemoryContextSwitchTo(flinfo->fn_mcxt);
	encoder = flinfo->fn_extra;
	if (encoder != NULL)
	{
		flinfo->fn_extra = NULL;
		pfree(encoder->key);
		pfree(encoder->name);
		pfree(encoder->field);
		pfree(encoder);
	}
	encoder = palloc(sizeof(Encoder));
	encoder->key = copy_bytes(key);
	encoder->name = copy_bytes(name);
	encoder->bits = bits;
	encoder->hashes = hashes;
	encoder->field = palloc(bloom_field_size(bits));
	bloom_field_init(encoder->field, VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key),
					 VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), bits, hashes);
	flinfo->fn_extra = encoder;
	MemoryContextSwitchTo(caller);
	return encoder;
}

/*
 * The filter of a text; NULL for an empty one.  22023 for a key of less than 16 bytes
 * and parameters out of range, 54000 for a text that is too long.
 */
Datum
patternos_bloom_encode(PG_FUNCTION_ARGS)
{
	Utf8		value = PG_GETARG_UTF8(0);
	bytea	   *key = PG_GETARG_BYTEA_PP(1);
	text	   *name = PG_GETARG_TEXT_PP(2);
	int			bits = PG_GETARG_INT32(3);
	int			hashes = PG_GETARG_INT32(4);
	Encoder    *encoder = fcinfo->flinfo->fn_extra;
	bytea	   *result;

	if (value.size > MAX_TEXT)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("text is too long for a filter"),
				 errdetail("A text has at most %d bytes in UTF-8.", MAX_TEXT)));
	if (encoder == NULL || encoder->bits != bits || encoder->hashes != hashes ||
		!same_bytes(encoder->key, key) || !same_bytes(encoder->name, name))
		encoder = make_encoder(fcinfo->flinfo, key, name, bits, hashes);
	result = palloc(VARHDRSZ + bloom_size(bits));
	SET_VARSIZE(result, VARHDRSZ + bloom_size(bits));
	if (!bloom_encode(encoder->field, value.text, value.size, (uint8_t *) VARDATA(result)))
		PG_RETURN_NULL();
	PG_RETURN_BYTEA_P(result);
}

/*
 * Dice's coefficient of two filters, 0 to 1; 22023 when one is none or their sizes differ.
 */
Datum
patternos_bloom_dice(PG_FUNCTION_ARGS)
{
	bytea	   *a = PG_GETARG_BYTEA_PP(0);
	bytea	   *b = PG_GETARG_BYTEA_PP(1);
	const uint8_t *x = (const uint8_t *) VARDATA_ANY(a);
	const uint8_t *y = (const uint8_t *) VARDATA_ANY(b);
	size_t		size = VARSIZE_ANY_EXHDR(a);
	double		result = -1;

	if (VARSIZE_ANY_EXHDR(b) == size && bloom_valid(x, size) && bloom_valid(y, size))
		result = bloom_dice(x, y, size, 0);
	if (result < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bytes are no Bloom filters of one size"),
				 errdetail("A filter is what bloom_encode() returns.")));
	PG_RETURN_FLOAT8(result);
}
