/*
 * landing_customer.c
 *		Landing of accounts: who a platform says that its customer is, and what
 *		that customer agreed to.
 *
 * Identifiers are hashed while a row is parsed; name, address and birth date
 * leave one hash together, and the birth date a band of age.  None of them
 * reaches the staged row, which may be spilled to disk.  In the payload an
 * identifier's kind stands for it.
 *
 * What the rows say about new accounts is written by landing_customer_write.c,
 * which also lists the relations that the steps read.
 */
#include "landing_customer.h"

#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "core/normalize.h"
#include "privacy/key.h"
#include "landing_feature.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* No account is believed to have more devices or addresses. */
#define LIST_LIMIT 100

static const LandingField fields[CUSTOMER_FIELDS] = {
	[PLATFORM] = {"platform_id", FIELD_PLATFORM, TEXTOID, true},
	[CUSTOMER] = {"platform_customer_id", FIELD_ACCOUNT, TEXTOID, true, 200},
	[NAME] = {"name", FIELD_PERSON, TEXTOID, false, 0, "name"},
	[ADDRESS] = {"address", FIELD_PERSON, TEXTOID, false, 0, "address"},
	[BIRTH_DATE] = {"birth_date", FIELD_BIRTH_DATE, INT4OID, false, 0, "birth_date"},
	[EMAIL] = {"email", FIELD_IDENTIFIERS, BYTEAOID, false, 1, "email"},
	[EMAIL_SHA256] = {"email_sha256", FIELD_IDENTIFIERS, BYTEAOID, false, 1, "email_sha256"},
	[MOBILE] = {"mobile", FIELD_IDENTIFIERS, BYTEAOID, false, 1, "mobile"},
	[MOBILE_SHA256] = {"mobile_sha256", FIELD_IDENTIFIERS, BYTEAOID, false, 1, "mobile_sha256"},
	[LOYALTY_ID] = {"loyalty_id", FIELD_IDENTIFIERS, BYTEAOID, false, 1, "loyalty_id"},
	[DEVICES] = {"devices", FIELD_IDENTIFIERS, BYTEAOID, false, LIST_LIMIT, "device"},
	[IPS] = {"ips", FIELD_IDENTIFIERS, BYTEAOID, false, LIST_LIMIT, "ip"},
	[AGE_GROUP] = {"age_group", FIELD_AGE_GROUP, TEXTOID},
	[GENDER] = {"gender", FIELD_CHOICE, TEXTOID, false, 0, GENDER_CHOICES},
	[STATE] = {"state", FIELD_TEXT, TEXTOID, false, 100},
	[CITY] = {"city", FIELD_TEXT, TEXTOID, false, 100},
	[PINCODE] = {"pincode", FIELD_PINCODE, TEXTOID},
	[MARKETING] = {"consent_marketing", FIELD_FLAG, BOOLOID},
	[PERSONALIZATION] = {"consent_personalization", FIELD_FLAG, BOOLOID},
	[SHARING] = {"consent_sharing", FIELD_FLAG, BOOLOID},
	[UPDATED_AT] = {"updated_at", FIELD_TIME, TIMESTAMPTZOID},
	[PERSON] = {"name_address_dob", FIELD_DERIVED, BYTEAOID},
	[FEATURE] = {"feature", FIELD_DERIVED, BYTEAOID},
};

static void
begin_customers(LandingBatch *batch)
{
	MemoryContext old = MemoryContextSwitchTo(batch->context);
	CustomerState *state = palloc0(sizeof(CustomerState));

	profile_begin(batch);
	feature_begin(batch);
	state->marker = palloc0(batch->column_count * sizeof(char *));
	memset(state->column, -1, sizeof(state->column));
	for (int i = 0; i < batch->column_count; i++)
	{
		const LandingColumn *column = &batch->columns[i];

		if (column->field < 0)
			continue;
		state->column[column->field] = i;
		if (column->field >= NAME && column->field <= IPS)
			state->marker[i] = psprintf("[%s]", fields[column->field].choices);
	}
	state->capacity = 1024;
	state->statements = palloc0(state->capacity * sizeof(Statement));
	batch->declared = true;
	batch->entity_state = state;
	MemoryContextSwitchTo(old);
}

/* Sets the band of age that a birth date gives at the row's time. */
static void
settle_age(LandingBatch *batch)
{
	const CustomerState *state = batch->entity_state;
	FieldValue *parsed = &batch->parsed[state->column[BIRTH_DATE]];
	int			birth = DatumGetInt32(FIELD_VALUE(batch, BIRTH_DATE));
	int			band = -birth - 1;

	if (birth > 0)
	{
		int			date;
		int			date_id;

		local_date(batch, DatumGetTimestampTz(FIELD_VALUE(batch, UPDATED_AT)), &date, &date_id);
		band = date_id < birth ? -1 : age_band((date_id - birth) / 10000);
		if (band < 0)
		{
			parsed->refused = date_id < birth ? REASON_FUTURE_DATE : REASON_OUT_OF_RANGE;
			parsed->isnull = true;
			FIELD_IS_NULL(batch, BIRTH_DATE) = true;
			return;
		}
	}
	parsed->stored = age_band_name(band);
	parsed->stored_size = strlen(parsed->stored);
	set_field(batch, AGE_GROUP, CStringGetTextDatum(age_band_name(band)));
}

/* Adds a text and a separator; returns the size so far. */
static size_t
add_part(char *canonical, size_t size, const text *part)
{
	memcpy(canonical + size, VARDATA_ANY(part), VARSIZE_ANY_EXHDR(part));
	size += VARSIZE_ANY_EXHDR(part);
	canonical[size] = '\x1f';
	return size + 1;
}

/* Writes YYYYMMDD as YYYY-MM-DD; returns its size. */
static size_t
put_date(char *result, int date)
{
	static const int places[] = {10000000, 1000000, 100000, 10000, 0, 1000, 100, 0, 10, 1};

	for (int i = 0; i < lengthof(places); i++)
		result[i] = places[i] == 0 ? '-' : '0' + date / places[i] % 10;
	return lengthof(places);
}

/* Whether an address is the token of features, which says nothing in plain text. */
static bool
is_feature_text(const text *address)
{
	return is_feature_token(VARDATA_ANY(address), VARSIZE_ANY_EXHDR(address));
}

/* Makes one identifier of name, address and birth date, when all are there. */
static void
settle_person(LandingBatch *batch)
{
	const CustomerState *state = batch->entity_state;
	FieldValue *stored;
	const text *name = field_text(batch, NAME);
	const text *address = field_text(batch, ADDRESS);
	bytea	   *person = palloc(VARHDRSZ + IDENTIFIER_HASH_SIZE);

	SET_VARSIZE(person, VARHDRSZ + IDENTIFIER_HASH_SIZE);
	if (name == NULL)
		return;
	stored = &batch->parsed[state->column[NAME]];
	stored->stored = NULL;
	if (is_token(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name)))
		(void) hex_decode(VARDATA_ANY(name) + 1, TOKEN_SIZE - 1, VARDATA(person));
	else if (address != NULL && !is_feature_text(address) && !FIELD_IS_NULL(batch, BIRTH_DATE) &&
			 DatumGetInt32(FIELD_VALUE(batch, BIRTH_DATE)) > 0)
	{
		char		canonical[PERSON_NAME_MAX + PERSON_ADDRESS_MAX + 16];
		size_t		size = add_part(canonical, 0, name);

		size = add_part(canonical, size, address);
		size += put_date(canonical + size, DatumGetInt32(FIELD_VALUE(batch, BIRTH_DATE)));
		identifier_hash("name_address_dob", canonical, size, (uint8 *) VARDATA(person));
	}
	else
		return;
	set_field(batch, PERSON, PointerGetDatum(person));
	stored->stored = VARDATA(person);
	stored->stored_size = IDENTIFIER_HASH_SIZE;
}

/* Notes the features of name, address, birth date and PIN code. */
static void
note_features(LandingBatch *batch)
{
	const text *name = field_text(batch, NAME);
	const text *address = field_text(batch, ADDRESS);
	const text *pincode = field_text(batch, PINCODE);

	if (address != NULL && is_feature_text(address))
	{
		feature_token(batch, VARDATA_ANY(address));
		return;
	}
	if (address != NULL)
		feature_address(batch, VARDATA_ANY(address), VARSIZE_ANY_EXHDR(address));
	if (name != NULL && !is_token(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name)))
		feature_name(batch, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	if (!FIELD_IS_NULL(batch, BIRTH_DATE) && DatumGetInt32(FIELD_VALUE(batch, BIRTH_DATE)) > 0)
		feature_birth_date(batch, DatumGetInt32(FIELD_VALUE(batch, BIRTH_DATE)));
	if (pincode != NULL)
		feature_pincode(batch, VARDATA_ANY(pincode));
}

/*
 * Keeps the row's features.  Names, addresses and birth dates are part of the row's
 * identity through them: it has another one when one of these is corrected.
 */
static void
settle_features(LandingBatch *batch)
{
	const CustomerState *state = batch->entity_state;
	const AccountFeature *feature;
	bytea	   *value;

	note_features(batch);
	feature = row_feature(batch);
	if (feature == NULL)
		return;
	value = palloc(VARHDRSZ + sizeof(AccountFeature));
	SET_VARSIZE(value, VARHDRSZ + sizeof(AccountFeature));
	memcpy(VARDATA(value), feature, sizeof(AccountFeature));
	set_field(batch, FEATURE, PointerGetDatum(value));
	if (state->column[ADDRESS] >= 0)
	{
		batch->parsed[state->column[ADDRESS]].stored = VARDATA(value);
		batch->parsed[state->column[ADDRESS]].stored_size = offsetof(AccountFeature, birth_years);
	}
}

/*
 * Before the row gets its identity: what several columns make together.
 * Without a time of its own a row speaks of the time it came.
 */
static void
prepare_customer(LandingBatch *batch)
{
	if (FIELD_IS_NULL(batch, UPDATED_AT))
		set_field(batch, UPDATED_AT, TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()));
	if (!FIELD_IS_NULL(batch, BIRTH_DATE))
		settle_age(batch);
	settle_person(batch);
	settle_features(batch);
	FIELD_IS_NULL(batch, NAME) = true;
	FIELD_IS_NULL(batch, ADDRESS) = true;
	FIELD_IS_NULL(batch, BIRTH_DATE) = true;
}

/* After that: the payload keeps the kinds of identifiers only. */
static void
mask_customer(LandingBatch *batch)
{
	const CustomerState *state = batch->entity_state;

	for (int i = 0; i < batch->column_count; i++)
		if (state->marker[i] != NULL && !batch->parsed[i].isnull)
		{
			batch->parsed[i].stored = state->marker[i];
			batch->parsed[i].stored_size = strlen(state->marker[i]);
		}
}

/*
 * Keeps the newest row of the account (one that comes a second time is not
 * newer), and of consents the newest statement, at the same moment the refusal.
 */
static void
note_statement(LandingBatch *batch, CustomerState *state)
{
	TimestampTz time = DatumGetTimestampTz(FIELD_VALUE(batch, UPDATED_AT));
	Statement  *statement;

	if (batch->account >= state->capacity)
	{
		state->statements = repalloc_huge(state->statements, 2 * (Size) state->capacity * sizeof(Statement));
		memset(state->statements + state->capacity, 0, state->capacity * sizeof(Statement));
		state->capacity *= 2;
	}
	statement = &state->statements[batch->account];
	statement->rows++;
	for (int i = 0; i < CONSENTS; i++)
	{
		bool		granted = DatumGetBool(FIELD_VALUE(batch, MARKETING + i));
		bool		is_newer = statement->consent_at[i] < time || statement->consent_at[i] == 0;

		if (FIELD_IS_NULL(batch, MARKETING + i) || (!is_newer && statement->consent_at[i] > time))
			continue;
		statement->granted[i] = granted && (is_newer || statement->granted[i]);
		statement->consent_at[i] = time;
	}
	if (statement->line != 0 && (statement->updated_at > time || batch->occurrence > 1))
		return;
	statement->updated_at = time;
	statement->line = batch->rows;
	statement->content_hash = DatumGetInt64(batch->values[STAGED_ROW_ID]);
}

static void
stage_customer(LandingBatch *batch)
{
	CustomerState *state = batch->entity_state;
	AccountSighting sighting = {
		.account = batch->account,
		.time = DatumGetTimestampTz(FIELD_VALUE(batch, UPDATED_AT)),
		.age_group = field_text(batch, AGE_GROUP),
		.gender = field_text(batch, GENDER),
		.state = field_text(batch, STATE),
		.city = field_text(batch, CITY),
		.pincode = field_text(batch, PINCODE)
	};

	(void) profile_note(batch->profile, &sighting);
	note_statement(batch, state);
}

/* Time and hash of an account's newest row. */
static void
newest_statement(LandingBatch *batch, uint32 account, Datum *time, Datum *hash)
{
	const CustomerState *state = batch->entity_state;

	*time = TimestampTzGetDatum(state->statements[account].updated_at);
	*hash = Int64GetDatum(state->statements[account].content_hash);
}

static void
make_customer_relations(LandingBatch *batch)
{
	profile_relations(batch);
	customer_statement_relation(batch);
}

const LandingEntity landing_customer = {
	.name = "customer",
	.fields = fields,
	.field_count = CUSTOMER_FIELDS,
	.time_field = UPDATED_AT,
	.begin = begin_customers,
	.prepare_row = prepare_customer,
	.check_row = mask_customer,
	.stage_row = stage_customer,
	.write_accounts = customer_write_accounts,
	.statement = newest_statement,
	.make_relations = make_customer_relations,
	.parked_payload = "patternos._parked_customer_payload"
};
