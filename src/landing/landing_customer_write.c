/*
 * landing_customer_write.c
 *		Writing of accounts: what the newest row of each says about it.
 *
 * Rows of new accounts are written here, in one pass over what was staged.  For
 * accounts that are known the steps read, besides "staged" and what
 * landing_profile.c and landing_account.c register,
 *
 *	"staged_identifier" (line, identity_key, kind, value_hash),
 *	"staged_feature" (the columns of account_feature), both of newest rows,
 *	"staged_statement" (account, line, updated_at, content_hash): the newest row of
 *	each account, of rows of the same time the last.
 *
 * A new account that has several rows is left to the steps as far as its consents
 * and the counting of rows that add nothing go.
 */
#include "landing_customer.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "privacy/key.h"
#include "landing_batch.h"
#include "landing_feature.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* Where the identifiers of a row are, and the kind of each; devices and IP addresses are features. */
static const struct
{
	CustomerField field;
	const char *kind;
}			identifiers[] = {
	{EMAIL, "email"}, {EMAIL_SHA256, "email"}, {MOBILE, "mobile"}, {MOBILE_SHA256, "mobile"},
	{LOYALTY_ID, "loyalty_id"}, {PERSON, "name_address_dob"}
};

static const WriterColumn customer_columns[] = {
	{"customer_key", INT8OID}, {"global_customer_id", TEXTOID}, SEEN_COLUMNS, {"primary_age_group", TEXTOID},
	{"gender", TEXTOID}, {"primary_state", TEXTOID}, {"primary_city", TEXTOID}, {"primary_pincode", TEXTOID},
	{"email_hash", BYTEAOID}, {"mobile_hash", BYTEAOID}, {"consent_marketing", BOOLOID},
	{"consent_personalization", BOOLOID}, {"consent_sharing", BOOLOID}
};

static const WriterColumn identifier_columns[] = {
	{"identity_key", INT8OID}, {"kind", TEXTOID}, {"value_hash", BYTEAOID}, {"value_key", INT8OID},
	{"first_seen", TIMESTAMPTZOID}, {"last_seen", TIMESTAMPTZOID}
};

static const WriterColumn consent_columns[] = {
	{"identity_key", INT8OID}, {"occurred_at", TIMESTAMPTZOID}, {"batch_id", INT8OID}, {"marketing", BOOLOID},
	{"personalization", BOOLOID}, {"sharing", BOOLOID}
};

static const WriterColumn change_columns[] = {{"customer_key", INT8OID}, {"customers", INT8OID}, {"reason", TEXTOID}};

/* account_feature; the hashes in the order of FeatureHash */
#define FEATURE_FIRST_HASH 1
#define FEATURE_OTHERS (FEATURE_FIRST_HASH + FEATURE_HASHES)
#define FEATURE_COLUMNS (FEATURE_OTHERS + 8)
static const WriterColumn feature_columns[FEATURE_COLUMNS] = {
	{"identity_key", INT8OID}, {"name_hash", INT8OID}, {"forename_hash", INT8OID}, {"surname_hash", INT8OID},
	{"forename_canonical_hash", INT8OID}, {"forename_phonetic_hash", INT8OID}, {"surname_phonetic_hash", INT8OID},
	{"forename_initial_hash", INT8OID}, {"surname_initial_hash", INT8OID}, {"birth_date_hash", INT8OID},
	{"birth_day_hash", INT8OID}, {"birth_month_hash", INT8OID}, {"birth_year_hash", INT8OID},
	{"email_user_hash", INT8OID}, {"mobile_last7_hash", INT8OID}, {"pincode_area_hash", INT8OID},
	{"address_hash", INT8OID}, {"house_hash", INT8OID}, {"email_hash", INT8OID}, {"mobile_hash", INT8OID},
	{"birth_year_hashes", INT8ARRAYOID}, {"device_hashes", INT8ARRAYOID}, {"ip_hashes", INT8ARRAYOID},
	{"forename_bloom", BYTEAOID}, {"surname_bloom", BYTEAOID}, {"address_bloom", BYTEAOID}
};

typedef struct CustomerWriter
{
	TableWriter *customers;
	TableWriter *identifiers;
	TableWriter *features;
	TableWriter *consents;
	Datum		kinds[lengthof(identifiers)];
	int64	   *blocked;		/* value keys of emails and mobiles that link
								 * nobody, sorted */
	uint64		blocked_count;

	/* of known accounts */
	TupleDesc	identifier_desc;
	Tuplestorestate *known_identifiers;
	TupleDesc	feature_desc;
	Tuplestorestate *known_features;
} CustomerWriter;

static int
compare_keys(const void *a, const void *b)
{
	const int64 *left = a;
	const int64 *right = b;

	return (*left > *right) - (*left < *right);
}

/* Reads which emails and mobiles are nobody's. */
static void
read_blocked(CustomerWriter *writer)
{
	bool		isnull;

	landing_query("SELECT patternos._value_key(value_hash) FROM patternos_dw.identifier_block "
				  "WHERE kind IN ('email', 'mobile') ORDER BY 1", 0, NULL);
	writer->blocked_count = SPI_processed;
	writer->blocked = MemoryContextAllocHuge(CurrentMemoryContext, (SPI_processed + 1) * sizeof(int64));
	for (uint64 i = 0; i < SPI_processed; i++)
		writer->blocked[i] = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_freetuptable(SPI_tuptable);
}

/* A description of columns. */
static TupleDesc
describe_columns(const WriterColumn *columns, int count)
{
	TupleDesc	desc = CreateTemplateTupleDesc(count);

	for (int i = 0; i < count; i++)
		TupleDescInitEntry(desc, i + 1, columns[i].name, columns[i].type, -1, 0);
	return desc;
}

static void
begin_writer(LandingBatch *batch, CustomerWriter *writer)
{
	static const WriterColumn known_columns[] = {{"line", INT8OID}, {"identity_key", INT8OID}, {"kind", TEXTOID}, {"value_hash", BYTEAOID}};
	MemoryContext old;

	read_blocked(writer);
	writer->customers = table_writer_begin(batch, "patternos_dw.dim_customer", lengthof(customer_columns), customer_columns);
	writer->identifiers = table_writer_begin(batch, "patternos_dw.account_identifier", lengthof(identifier_columns), identifier_columns);
	writer->features = table_writer_begin(batch, "patternos_dw.account_feature", FEATURE_COLUMNS, feature_columns);
	writer->consents = table_writer_begin(batch, "patternos_dw.account_consent", lengthof(consent_columns), consent_columns);
	old = MemoryContextSwitchTo(batch->context);
	for (int i = 0; i < lengthof(identifiers); i++)
		writer->kinds[i] = CStringGetTextDatum(identifiers[i].kind);
	writer->identifier_desc = describe_columns(known_columns, lengthof(known_columns));
	TupleDescInitEntryCollation(writer->identifier_desc, 3, C_COLLATION_OID);
	writer->known_identifiers = batch_tuplestore(batch);
	writer->feature_desc = describe_columns(feature_columns, FEATURE_COLUMNS);
	writer->known_features = batch_tuplestore(batch);
	MemoryContextSwitchTo(old);
}

/* A field's hashes; NULL when the row has none. */
static const uint8 *
field_hashes(const LandingBatch *batch, CustomerField field, int *count)
{
	bytea	   *hashes;

	*count = 0;
	if (FIELD_IS_NULL(batch, field))
		return NULL;
	hashes = DatumGetByteaPP(FIELD_VALUE(batch, field));
	*count = VARSIZE_ANY_EXHDR(hashes) / IDENTIFIER_HASH_SIZE;
	return (const uint8 *) VARDATA_ANY(hashes);
}

/* The lesser of the hashes that a field and the one of partners' hashes after it hold, NULL when both are empty. */
static const uint8 *
least_hash(const LandingBatch *batch, CustomerField field)
{
	int			count;
	const uint8 *own = field_hashes(batch, field, &count);
	const uint8 *partner = field_hashes(batch, field + 1, &count);

	if (own == NULL || partner == NULL)
		return own == NULL ? partner : own;
	return memcmp(own, partner, IDENTIFIER_HASH_SIZE) <= 0 ? own : partner;
}

/* Writes each value of a kind once, of a known account for the steps. */
static void
put_identifiers(LandingBatch *batch, CustomerWriter *writer, const AccountKey *key, const Statement *statement)
{
	static const bool nulls[lengthof(identifier_columns)] = {false};
	struct
	{
		int32		header;
		uint8		bytes[IDENTIFIER_HASH_SIZE];
	}			hash;

	SET_VARSIZE(&hash, sizeof(hash));
	for (int i = 0; i < lengthof(identifiers); i++)
	{
		CustomerField field = identifiers[i].field;
		int			count;
		int			before_count = 0;
		const uint8 *hashes = field_hashes(batch, field, &count);
		const uint8 *before = NULL;

		if (field == EMAIL_SHA256 || field == MOBILE_SHA256)
			before = field_hashes(batch, field - 1, &before_count);
		for (const uint8 *value = hashes; value < hashes + count * IDENTIFIER_HASH_SIZE; value += IDENTIFIER_HASH_SIZE)
		{
			Datum		values[lengthof(identifier_columns)];

			if (before != NULL && memcmp(value, before, IDENTIFIER_HASH_SIZE) == 0)
				continue;
			memcpy(hash.bytes, value, IDENTIFIER_HASH_SIZE);
			values[0] = Int64GetDatum(key->identity_key);
			values[1] = writer->kinds[i];
			values[2] = PointerGetDatum(&hash);
			values[3] = Int64GetDatum(value_key(value));
			values[4] = values[5] = TimestampTzGetDatum(statement->updated_at);
			if (key->is_new)
				table_writer_put(writer->identifiers, values, nulls);
			else
			{
				Datum		known[] = {Int64GetDatum(statement->line), values[0], values[1], values[2]};

				tuplestore_putvalues(writer->known_identifiers, writer->identifier_desc, known, (bool *) nulls);
			}
		}
	}
}

/* An array of keys. */
static Datum
key_array(const int64 *keys, int count)
{
	Size		size = ARR_OVERHEAD_NONULLS(1) + count * sizeof(int64);
	ArrayType  *result = palloc0(size);

	SET_VARSIZE(result, size);
	result->ndim = 1;
	result->elemtype = INT8OID;
	ARR_DIMS(result)[0] = count;
	ARR_LBOUND(result)[0] = 1;
	memcpy(ARR_DATA_PTR(result), keys, count * sizeof(int64));
	return PointerGetDatum(result);
}

/* The keys of a list of hashes, sorted. */
static void
put_keys(const LandingBatch *batch, CustomerField field, Datum *value, bool *isnull)
{
	int			count;
	const uint8 *hashes = field_hashes(batch, field, &count);
	int64	   *keys;

	*isnull = count == 0;
	if (count == 0)
		return;
	keys = palloc(count * sizeof(int64));
	for (int i = 0; i < count; i++)
		keys[i] = value_key(hashes + i * IDENTIFIER_HASH_SIZE);
	qsort(keys, count, sizeof(int64), compare_keys);
	*value = key_array(keys, count);
}

/* A filter; one without a bit is none. */
static void
put_filter(const uint8 *filter, Size size, Datum *value, bool *isnull)
{
	bytea	   *result;

	*isnull = filter[0] == 0 && filter[1] == 0;
	if (*isnull)
		return;
	result = palloc(VARHDRSZ + size);
	SET_VARSIZE(result, VARHDRSZ + size);
	memcpy(VARDATA(result), filter, size);
	*value = PointerGetDatum(result);
}

/* Writes what the account is compared by, of a known one for the steps. */
static void
put_features(LandingBatch *batch, CustomerWriter *writer, const AccountKey *key)
{
	Datum		values[FEATURE_COLUMNS];
	bool		nulls[FEATURE_COLUMNS];
	Datum	   *value = values + FEATURE_OTHERS;
	bool	   *isnull = nulls + FEATURE_OTHERS;
	const uint8 *email = least_hash(batch, EMAIL);
	const uint8 *mobile = least_hash(batch, MOBILE);
	AccountFeature feature;

	memset(&feature, 0, sizeof(feature));
	if (!FIELD_IS_NULL(batch, FEATURE))
		memcpy(&feature, VARDATA_ANY(DatumGetByteaPP(FIELD_VALUE(batch, FEATURE))), sizeof(feature));
	memset(nulls, false, sizeof(nulls));
	values[0] = Int64GetDatum(key->identity_key);
	for (int i = 0; i < FEATURE_HASHES; i++)
	{
		values[FEATURE_FIRST_HASH + i] = Int64GetDatum(feature.hash[i]);
		nulls[FEATURE_FIRST_HASH + i] = (feature.known & UINT32_C(1) << i) == 0;
	}
	isnull[0] = email == NULL;
	value[0] = email == NULL ? (Datum) 0 : Int64GetDatum(value_key(email));
	isnull[1] = mobile == NULL;
	value[1] = mobile == NULL ? (Datum) 0 : Int64GetDatum(value_key(mobile));
	isnull[2] = (feature.known & UINT32_C(1) << BIRTH_YEAR_HASH) == 0;
	if (!isnull[2])
		value[2] = key_array(feature.birth_years, BIRTH_YEARS);
	put_keys(batch, DEVICES, &value[3], &isnull[3]);
	put_keys(batch, IPS, &value[4], &isnull[4]);
	put_filter(feature.forename_bloom, NAME_BLOOM_SIZE, &value[5], &isnull[5]);
	put_filter(feature.surname_bloom, NAME_BLOOM_SIZE, &value[6], &isnull[6]);
	put_filter(feature.address_bloom, ADDRESS_BLOOM_SIZE, &value[7], &isnull[7]);
	if (key->is_new)
		table_writer_put(writer->features, values, nulls);
	else
		tuplestore_putvalues(writer->known_features, writer->feature_desc, values, nulls);
}

/* The hash that a new customer shows as its email or mobile: none that is nobody's. */
static void
put_shown_hash(const LandingBatch *batch, const CustomerWriter *writer, CustomerField field, Datum *value, bool *isnull)
{
	const uint8 *hash = least_hash(batch, field);
	int64		key = hash == NULL ? 0 : value_key(hash);

	*isnull = hash == NULL || bsearch(&key, writer->blocked, writer->blocked_count, sizeof(int64), compare_keys) != NULL;
	if (!*isnull)
		*value = PointerGetDatum(cstring_to_text_with_len((const char *) hash, IDENTIFIER_HASH_SIZE));
}

/* Writes a new customer, with what patternos._rebuild_customers() would give it. */
static void
put_customer(LandingBatch *batch, CustomerWriter *writer, const AccountKey *key, const Statement *statement)
{
	static const WriterColumn profile_columns[] = {PROFILE_COLUMNS};
	Datum		values[lengthof(customer_columns)];
	bool		nulls[lengthof(customer_columns)] = {false};
	Datum		profile[lengthof(profile_columns)];
	bool		unknown[lengthof(profile_columns)];
	static const int shown[] = {2, 4, 6, 7, 8}; /* age group, gender, state,
												 * city, PIN code */

	profile_values(batch->profile, batch->account, profile, unknown);
	values[0] = Int64GetDatum(key->customer_key);
	values[1] = generated_id("GLOBAL", 6, key->customer_key);
	profile_seen(batch, batch->account, values + 2);
	for (int i = 0; i < lengthof(shown); i++)
	{
		values[4 + i] = profile[shown[i]];
		nulls[4 + i] = unknown[shown[i]];
	}
	put_shown_hash(batch, writer, EMAIL, &values[9], &nulls[9]);
	put_shown_hash(batch, writer, MOBILE, &values[10], &nulls[10]);
	for (int i = 0; i < CONSENTS; i++)
		values[11 + i] = BoolGetDatum(statement->granted[i]);
	table_writer_put(writer->customers, values, nulls);
}

/* Writes the consents of a new account's only row. */
static void
put_consents(LandingBatch *batch, CustomerWriter *writer, const AccountKey *key, const Statement *statement)
{
	Datum		values[lengthof(consent_columns)] = {Int64GetDatum(key->identity_key),
	TimestampTzGetDatum(statement->updated_at), Int64GetDatum(batch->batch_id)};
	bool		nulls[lengthof(consent_columns)] = {false};
	bool		is_silent = true;

	for (int i = 0; i < CONSENTS; i++)
	{
		values[3 + i] = FIELD_VALUE(batch, MARKETING + i);
		nulls[3 + i] = FIELD_IS_NULL(batch, MARKETING + i);
		is_silent = is_silent && nulls[3 + i];
	}
	if (!is_silent)
		table_writer_put(writer->consents, values, nulls);
}

/* Writes what a staged row says, if it is the newest of its account. */
static void
put_row(LandingBatch *batch, CustomerWriter *writer)
{
	const CustomerState *state = batch->entity_state;
	const Statement *statement;
	AccountKey *key;

	batch->account = DatumGetInt32(batch->values[STAGED_ACCOUNT]);
	statement = &state->statements[batch->account];
	key = &batch->keys[batch->account];
	if (statement->line != DatumGetInt64(batch->values[STAGED_LINE]))
		return;
	put_identifiers(batch, writer, key, statement);
	put_features(batch, writer, key);
	if (!key->is_new)
		return;
	put_customer(batch, writer, key, statement);
	key->is_settled = statement->rows == 1;
	if (key->is_settled)
		put_consents(batch, writer, key, statement);
}

/*
 * Writes new accounts, and registers what the steps need of known ones.
 */
void
customer_write_accounts(LandingBatch *batch)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(batch->staged_desc, &TTSOpsMinimalTuple);
	CustomerWriter writer;

	begin_writer(batch, &writer);
	tuplestore_select_read_pointer(batch->staged, 0);
	tuplestore_rescan(batch->staged);
	while (tuplestore_gettupleslot(batch->staged, true, false, slot))
	{
		MemoryContext old = MemoryContextSwitchTo(batch->row_context);

		slot_getallattrs(slot);
		memcpy(batch->values, slot->tts_values, batch->staged_desc->natts * sizeof(Datum));
		memcpy(batch->nulls, slot->tts_isnull, batch->staged_desc->natts * sizeof(bool));
		put_row(batch, &writer);
		MemoryContextSwitchTo(old);
		MemoryContextReset(batch->row_context);
		CHECK_FOR_INTERRUPTS();
	}
	ExecDropSingleTupleTableSlot(slot);
	(void) table_writer_end(writer.customers);
	(void) table_writer_end(writer.identifiers);
	(void) table_writer_end(writer.features);
	(void) table_writer_end(writer.consents);
	mark_new_accounts(batch, "patternos_dw.changed_customer", true, lengthof(change_columns), change_columns);
	register_relation("staged_identifier", writer.identifier_desc, writer.known_identifiers,
					  tuplestore_tuple_count(writer.known_identifiers));
	register_relation("staged_feature", writer.feature_desc, writer.known_features,
					  tuplestore_tuple_count(writer.known_features));
}

/*
 * Registers "staged_statement": the newest row of each account that the steps look at.
 */
void
customer_statement_relation(LandingBatch *batch)
{
	const CustomerState *state = batch->entity_state;
	TupleDesc	desc = CreateTemplateTupleDesc(4);
	Tuplestorestate *rows = batch_tuplestore(batch);

	TupleDescInitEntry(desc, 1, "account", INT4OID, -1, 0);
	TupleDescInitEntry(desc, 2, "line", INT8OID, -1, 0);
	TupleDescInitEntry(desc, 3, "updated_at", TIMESTAMPTZOID, -1, 0);
	TupleDescInitEntry(desc, 4, "content_hash", INT8OID, -1, 0);
	for (uint32 i = 0; i < intern_count(batch->accounts); i++)
	{
		const Statement *statement = &state->statements[i];
		Datum		values[] = {Int32GetDatum(i), Int64GetDatum(statement->line),
		TimestampTzGetDatum(statement->updated_at), Int64GetDatum(statement->content_hash)};
		bool		nulls[] = {false, false, false, false};

		if (!batch->keys[i].is_settled)
			tuplestore_putvalues(rows, desc, values, nulls);
		CHECK_FOR_INTERRUPTS();
	}
	register_relation("staged_statement", desc, rows, tuplestore_tuple_count(rows));
}
