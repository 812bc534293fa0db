/*
 * landing_hash.c
 *		Identity of rows and of whole batches: SHA-256 over what is stored.
 *
 * Every value goes into the hash with its length before it, so that no two
 * rows of different values look alike; a NULL has the length -1.
 */
#include "landing.h"

#include "port/pg_bswap.h"

/* Adds a value and its length to what is to be hashed; value NULL is a NULL. */
static void
add_value(StringInfo content, const char *value, size_t size)
{
	uint64		length = pg_hton64(value == NULL ? PG_UINT64_MAX : (uint64) size);

	appendBinaryStringInfo(content, (const char *) &length, sizeof(length));
	if (value != NULL)
		appendBinaryStringInfo(content, value, size);
}

/* The digest of a content, which is emptied. */
static void
hash_content(LandingBatch *batch, uint8 *digest)
{
	sha256(batch->row_content.data, batch->row_content.len, digest);
	resetStringInfo(&batch->row_content);
}

/* The first 63 bits of a digest. */
static int64
first_bits(const uint8 *digest)
{
	uint64		bits;

	memcpy(&bits, digest, sizeof(bits));
	return (int64) (pg_ntoh64(bits) >> 1);
}

/*
 * Makes the hash of a batch.
 */
void
hash_begin(LandingBatch *batch)
{
	MemoryContext old = MemoryContextSwitchTo(batch->context);

	initStringInfo(&batch->row_content);
	MemoryContextSwitchTo(old);
	sha256_init(&batch->content_hash);
}

/*
 * Adds the row at hand to the batch's content and returns its identity: 63
 * bits of the hash of platform, stored values and the row's occurrence.
 */
int64
hash_row(LandingBatch *batch)
{
	StringInfo	content = &batch->row_content;
	uint8		digest[SHA256_SIZE];
	uint32		occurrence;

	add_value(content, batch->row_platform, strlen(batch->row_platform));
	for (int i = 0; i < batch->column_count; i++)
		add_value(content, batch->parsed[i].stored, batch->parsed[i].stored_size);
	hash_content(batch, digest);
	sha256_update(&batch->content_hash, digest, sizeof(digest));
	if (batch->faulty)
		return 0;
	batch->occurrence = row_counter_add(batch->occurrences, first_bits(digest));
	if (batch->occurrence == 1)
		return first_bits(digest);
	occurrence = pg_hton32(batch->occurrence);
	appendBinaryStringInfo(content, (const char *) digest, sizeof(digest));
	appendBinaryStringInfo(content, (const char *) &occurrence, sizeof(occurrence));
	hash_content(batch, digest);
	return first_bits(digest);
}

/*
 * Identity of what a platform's own id names, of a kind: order or event.
 */
int64
declared_identity(LandingBatch *batch, const char *kind, const text *id)
{
	StringInfo	content = &batch->row_content;
	uint8		digest[SHA256_SIZE];

	add_value(content, batch->row_platform, strlen(batch->row_platform));
	add_value(content, kind, strlen(kind));
	add_value(content, VARDATA_ANY(id), VARSIZE_ANY_EXHDR(id));
	hash_content(batch, digest);
	return first_bits(digest);
}

/*
 * Identity of an order whose id a field holds; the id is kept among the row's
 * properties under the field's name.
 */
int64
order_identity(LandingBatch *batch, int field)
{
	const text *id = field_text(batch, field);

	add_text_property(batch, batch->entity->fields[field].name, VARDATA_ANY(id), VARSIZE_ANY_EXHDR(id));
	return declared_identity(batch, "order", id);
}

/*
 * The hash of the whole batch, 32 bytes.
 */
void
hash_end(LandingBatch *batch, uint8 *digest)
{
	sha256_final(&batch->content_hash, digest);
}
