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
 * Beside "staged" the steps read "staged_profile" and "staged_location" (see
 * landing_profile.c), "staged_identifier" (line, account, kind, value_hash)
 * and "staged_statement" (account, line, updated_at, content_hash, marketing,
 * personalization, sharing), the newest row of each account, of rows of the
 * same time the last, and what the account agreed to last.
 */
#include "landing.h"

#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "core/normalize.h"
#include "key.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* No account is believed to have more devices or addresses. */
#define LIST_LIMIT 100

#define CONSENTS 3

typedef enum CustomerField
{
	PLATFORM,
	CUSTOMER,
	NAME,
	ADDRESS,
	BIRTH_DATE,
	EMAIL,
	EMAIL_SHA256,
	MOBILE,
	MOBILE_SHA256,
	LOYALTY_ID,
	DEVICES,
	IPS,
	AGE_GROUP,
	GENDER,
	STATE,
	CITY,
	PINCODE,
	MARKETING,
	PERSONALIZATION,
	SHARING,
	UPDATED_AT,
	PERSON,
	CUSTOMER_FIELDS
} CustomerField;

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
};

/* Where the identifiers of a row are, and the kind of each. */
static const struct
{
	CustomerField field;
	const char *kind;
}			identifiers[] = {
	{EMAIL, "email"}, {EMAIL_SHA256, "email"}, {MOBILE, "mobile"}, {MOBILE_SHA256, "mobile"},
	{LOYALTY_ID, "loyalty_id"}, {PERSON, "name_address_dob"}, {DEVICES, "device"}, {IPS, "ip"}
};

/* The newest row of an account. */
typedef struct Statement
{
	TimestampTz updated_at;
	int64		line;			/* 0 = none yet */
	int64		content_hash;
	TimestampTz consent_at[CONSENTS];	/* newest statement on each purpose */
	bool		granted[CONSENTS];
} Statement;

typedef struct CustomerState
{
	Profile    *profile;
	int			column[CUSTOMER_FIELDS];	/* that feeds the field, -1 = none */
	char	  **marker;			/* by column: what the payload keeps of an
								 * identifier, NULL = the column is none */
	Datum		kinds[lengthof(identifiers)];
	TupleDesc	identifier_desc;
	Tuplestorestate *identifiers;
	Statement  *statements;		/* by account */
	uint32		capacity;
} CustomerState;

static void
begin_customers(LandingBatch *batch)
{
	MemoryContext old = MemoryContextSwitchTo(batch->context);
	CustomerState *state = palloc0(sizeof(CustomerState));

	state->profile = profile_create(batch);
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
	for (int i = 0; i < lengthof(identifiers); i++)
		state->kinds[i] = CStringGetTextDatum(identifiers[i].kind);
	state->identifier_desc = CreateTemplateTupleDesc(4);
	TupleDescInitEntry(state->identifier_desc, 1, "line", INT8OID, -1, 0);
	TupleDescInitEntry(state->identifier_desc, 2, "account", INT4OID, -1, 0);
	TupleDescInitEntry(state->identifier_desc, 3, "kind", TEXTOID, -1, 0);
	TupleDescInitEntryCollation(state->identifier_desc, 3, C_COLLATION_OID);
	TupleDescInitEntry(state->identifier_desc, 4, "value_hash", BYTEAOID, -1, 0);
	state->identifiers = batch_tuplestore(batch);
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

/* Makes one identifier of name, address and birth date, when all are there. */
static void
settle_person(LandingBatch *batch)
{
	const CustomerState *state = batch->entity_state;
	const text *name = field_text(batch, NAME);
	const text *address = field_text(batch, ADDRESS);
	bytea	   *person = palloc(VARHDRSZ + IDENTIFIER_HASH_SIZE);

	SET_VARSIZE(person, VARHDRSZ + IDENTIFIER_HASH_SIZE);
	if (name == NULL)
		return;
	if (is_token(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name)))
		(void) hex_decode(VARDATA_ANY(name) + 1, TOKEN_SIZE - 1, VARDATA(person));
	else if (address != NULL && !FIELD_IS_NULL(batch, BIRTH_DATE) &&
			 DatumGetInt32(FIELD_VALUE(batch, BIRTH_DATE)) > 0)
	{
		int			birth = DatumGetInt32(FIELD_VALUE(batch, BIRTH_DATE));
		char	   *canonical = psprintf("%.*s\x1f%.*s\x1f%04d-%02d-%02d",
										 (int) VARSIZE_ANY_EXHDR(name), VARDATA_ANY(name),
										 (int) VARSIZE_ANY_EXHDR(address), VARDATA_ANY(address),
										 birth / 10000, birth / 100 % 100, birth % 100);

		identifier_hash("name_address_dob", canonical, strlen(canonical), (uint8 *) VARDATA(person));
	}
	else
		return;
	set_field(batch, PERSON, PointerGetDatum(person));
	batch->parsed[state->column[NAME]].stored = VARDATA(person);
	batch->parsed[state->column[NAME]].stored_size = IDENTIFIER_HASH_SIZE;
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

/* Writes the row's identifiers to their relation; each value of a kind once. */
static void
put_identifiers(LandingBatch *batch, CustomerState *state)
{
	Datum		values[] = {batch->values[STAGED_LINE], Int32GetDatum(batch->account), (Datum) 0, (Datum) 0};
	bool		nulls[] = {false, false, false, false};
	char		hash[VARHDRSZ + IDENTIFIER_HASH_SIZE];

	SET_VARSIZE(hash, sizeof(hash));
	values[3] = PointerGetDatum(hash);
	for (int i = 0; i < lengthof(identifiers); i++)
	{
		int			field = identifiers[i].field;
		bytea	   *hashes;

		if (FIELD_IS_NULL(batch, field))
			continue;
		hashes = DatumGetByteaPP(FIELD_VALUE(batch, field));
		if ((field == EMAIL_SHA256 || field == MOBILE_SHA256) && !FIELD_IS_NULL(batch, field - 1) &&
			memcmp(VARDATA_ANY(hashes), VARDATA_ANY(DatumGetByteaPP(FIELD_VALUE(batch, field - 1))), IDENTIFIER_HASH_SIZE) == 0)
			continue;
		values[2] = state->kinds[i];
		for (Size at = 0; at < VARSIZE_ANY_EXHDR(hashes); at += IDENTIFIER_HASH_SIZE)
		{
			memcpy(VARDATA(hash), VARDATA_ANY(hashes) + at, IDENTIFIER_HASH_SIZE);
			tuplestore_putvalues(state->identifiers, state->identifier_desc, values, nulls);
		}
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

	(void) profile_note(state->profile, &sighting);
	put_identifiers(batch, state);
	note_statement(batch, state);
}

static void
make_customer_relations(LandingBatch *batch)
{
	static const char *const purposes[CONSENTS] = {"marketing", "personalization", "sharing"};
	CustomerState *state = batch->entity_state;
	TupleDesc	desc = CreateTemplateTupleDesc(4 + CONSENTS);
	Tuplestorestate *rows = batch_tuplestore(batch);

	profile_relations(batch, state->profile);
	register_relation("staged_identifier", state->identifier_desc, state->identifiers,
					  tuplestore_tuple_count(state->identifiers));
	TupleDescInitEntry(desc, 1, "account", INT4OID, -1, 0);
	TupleDescInitEntry(desc, 2, "line", INT8OID, -1, 0);
	TupleDescInitEntry(desc, 3, "updated_at", TIMESTAMPTZOID, -1, 0);
	TupleDescInitEntry(desc, 4, "content_hash", INT8OID, -1, 0);
	for (int i = 0; i < CONSENTS; i++)
		TupleDescInitEntry(desc, 5 + i, purposes[i], BOOLOID, -1, 0);
	for (uint32 i = 0; i < intern_count(batch->accounts); i++)
	{
		const Statement *statement = &state->statements[i];
		Datum		values[] = {Int32GetDatum(i), Int64GetDatum(statement->line),
			TimestampTzGetDatum(statement->updated_at), Int64GetDatum(statement->content_hash),
			BoolGetDatum(statement->granted[0]), BoolGetDatum(statement->granted[1]),
		BoolGetDatum(statement->granted[2])};
		bool		nulls[4 + CONSENTS] = {false};

		tuplestore_putvalues(rows, desc, values, nulls);
		CHECK_FOR_INTERRUPTS();
	}
	register_relation("staged_statement", desc, rows, intern_count(batch->accounts));
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
	.make_relations = make_customer_relations,
	.parked_payload = "patternos._parked_customer_payload"
};
