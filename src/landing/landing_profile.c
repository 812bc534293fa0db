/*
 * landing_profile.c
 *		What a batch says about its accounts and places.
 *
 * For each account the most recent non-null value of each attribute is kept,
 * with its time; of two values of the same moment the greater text, so that
 * the order of rows does not matter.  State, city and PIN code belong
 * together: they come from the same row.
 */
#include "landing.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

typedef struct Attribute
{
	int			number;			/* in the profile's values, -1 = unknown */
	TimestampTz time;
} Attribute;

typedef struct AccountProfile
{
	TimestampTz first_seen;
	TimestampTz last_seen;
	TimestampTz previous;		/* time of the last row, to count rows of one
								 * second */
	Attribute	age_group;
	Attribute	gender;
	Attribute	location;
} AccountProfile;

struct Profile
{
	MemoryContext context;
	AccountProfile *accounts;
	uint32		count;
	uint32		capacity;
	Intern	   *values;			/* age groups and genders */
	Intern	   *locations;		/* state, city, PIN code, each ended by a unit
								 * separator */
};

#define SEPARATOR '\x1f'
#define PLACE_COLUMNS 3

/*
 * Empty profiles, in the batch's memory.
 */
void
profile_begin(LandingBatch *batch)
{
	Profile    *profile = MemoryContextAllocZero(batch->context, sizeof(Profile));

	profile->context = batch->context;
	profile->capacity = 64;
	profile->accounts = MemoryContextAlloc(batch->context, profile->capacity * sizeof(AccountProfile));
	profile->values = intern_create(batch->context);
	profile->locations = intern_create(batch->context);
	batch->profile = profile;
}

/* The account's profile, made at first sight; accounts are numbered in order. */
static AccountProfile *
account_profile(Profile *profile, uint32 account, TimestampTz time)
{
	while (account >= profile->count)
	{
		AccountProfile *fresh;

		if (profile->count == profile->capacity)
		{
			profile->capacity *= 2;
			profile->accounts = repalloc_huge(profile->accounts, (Size) profile->capacity * sizeof(AccountProfile));
		}
		fresh = &profile->accounts[profile->count++];
		fresh->first_seen = fresh->last_seen = time;
		fresh->age_group.number = fresh->gender.number = fresh->location.number = -1;
	}
	return &profile->accounts[account];
}

/* Keeps the later of two values, of the same moment the greater. */
static void
keep_latest(const Intern *values, Attribute *attribute, int number, TimestampTz time)
{
	size_t		size;

	if (attribute->number >= 0 && attribute->time > time)
		return;
	if (attribute->number >= 0 && attribute->time == time &&
		strcmp(intern_value(values, attribute->number, &size), intern_value(values, number, &size)) > 0)
		return;
	attribute->number = number;
	attribute->time = time;
}

/* Notes a value out of a text. */
static void
note_value(Profile *profile, Attribute *attribute, const text *value, TimestampTz time)
{
	bool		is_new;

	if (value == NULL)
		return;
	keep_latest(profile->values, attribute,
				intern_number(profile->values, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), &is_new), time);
}

/* Number of a place, -1 when nothing is known of it. */
static int
location_number(Profile *profile, const AccountSighting *sighting)
{
	const text *parts[] = {sighting->state, sighting->city, sighting->pincode};
	char		buffer[1024];
	size_t		size = 0;
	bool		is_new;

	if (parts[0] == NULL && parts[1] == NULL && parts[2] == NULL)
		return -1;
	for (int i = 0; i < lengthof(parts); i++)
	{
		if (parts[i] != NULL)
		{
			size_t		part_size = Min(VARSIZE_ANY_EXHDR(parts[i]), sizeof(buffer) / 4);

			memcpy(buffer + size, VARDATA_ANY(parts[i]), part_size);
			size += part_size;
		}
		buffer[size++] = SEPARATOR;
	}
	return intern_number(profile->locations, buffer, size, &is_new);
}

/*
 * Notes what a row says about its account; returns the number of its place in
 * "staged_location", -1 when it names none.
 */
int
profile_note(Profile *profile, const AccountSighting *sighting)
{
	int			location = location_number(profile, sighting);
	AccountProfile *account;

	if (sighting->account < 0)
		return location;
	account = account_profile(profile, sighting->account, sighting->time);
	account->first_seen = Min(account->first_seen, sighting->time);
	account->last_seen = Max(account->last_seen, sighting->time);
	note_value(profile, &account->age_group, sighting->age_group, sighting->time);
	note_value(profile, &account->gender, sighting->gender, sighting->time);
	if (location >= 0)
		keep_latest(profile->locations, &account->location, location, sighting->time);
	return location;
}

/* Writes an attribute and its time into a row. */
static void
put_attribute(const Intern *values, const Attribute *attribute, Datum *datums, bool *nulls)
{
	size_t		size;
	const char *value;

	nulls[0] = nulls[1] = attribute->number < 0;
	if (nulls[0])
		return;
	value = intern_value(values, attribute->number, &size);
	datums[0] = PointerGetDatum(cstring_to_text_with_len(value, size));
	datums[1] = TimestampTzGetDatum(attribute->time);
}

/* State, city and PIN code of a place as texts, NULL for what is not known. */
static void
place_texts(const Profile *profile, int location, Datum *values, bool *nulls)
{
	size_t		size;
	const char *part = intern_value(profile->locations, location, &size);

	for (int i = 0; i < PLACE_COLUMNS; i++)
	{
		const char *end = strchr(part, SEPARATOR);

		nulls[i] = end == part;
		if (!nulls[i])
			values[i] = PointerGetDatum(cstring_to_text_with_len(part, end - part));
		part = end + 1;
	}
}

/*
 * What is known of an account: PROFILE_COLUMNS.
 */
void
profile_values(const Profile *profile, uint32 account, Datum *values, bool *nulls)
{
	const AccountProfile *known = &profile->accounts[account];

	values[0] = TimestampTzGetDatum(known->first_seen);
	values[1] = TimestampTzGetDatum(known->last_seen);
	nulls[0] = nulls[1] = false;
	put_attribute(profile->values, &known->age_group, values + 2, nulls + 2);
	put_attribute(profile->values, &known->gender, values + 4, nulls + 4);
	memset(nulls + 6, true, (PLACE_COLUMNS + 1) * sizeof(bool));
	if (known->location.number < 0)
		return;
	place_texts(profile, known->location.number, values + 6, nulls + 6);
	values[9] = TimestampTzGetDatum(known->location.time);
	nulls[9] = false;
}

/*
 * The local days on which an account was first and last seen: SEEN_COLUMNS.
 */
void
profile_seen(const LandingBatch *batch, uint32 account, Datum *values)
{
	const AccountProfile *known = &batch->profile->accounts[account];
	int			date;
	int			date_id;

	local_date(batch, known->first_seen, &date, &date_id);
	values[0] = DateADTGetDatum(date);
	if (known->last_seen != known->first_seen)
		local_date(batch, known->last_seen, &date, &date_id);
	values[1] = DateADTGetDatum(date);
}

/* The batch's distinct places as a relation. */
static void
location_relation(LandingBatch *batch, const Profile *profile)
{
	static const char *const names[] = {"location", "state", "city", "pincode"};
	TupleDesc	desc = CreateTemplateTupleDesc(lengthof(names));
	Tuplestorestate *rows = batch_tuplestore(batch);

	for (int i = 0; i < lengthof(names); i++)
		TupleDescInitEntry(desc, i + 1, names[i], i == 0 ? INT4OID : TEXTOID, -1, 0);
	for (uint32 i = 0; i < intern_count(profile->locations); i++)
	{
		Datum		values[lengthof(names)];
		bool		nulls[lengthof(names)] = {false};

		values[0] = Int32GetDatum(i);
		place_texts(profile, i, values + 1, nulls + 1);
		tuplestore_putvalues(rows, desc, values, nulls);
		CHECK_FOR_INTERRUPTS();
	}
	register_relation("staged_location", desc, rows, intern_count(profile->locations));
}

/*
 * Registers "staged_profile", of known accounts, and "staged_location".
 */
void
profile_relations(LandingBatch *batch)
{
	static const WriterColumn columns[] = {{"account", INT4OID}, PROFILE_COLUMNS};
	const Profile *profile = batch->profile;
	TupleDesc	desc = CreateTemplateTupleDesc(lengthof(columns));
	Tuplestorestate *rows = batch_tuplestore(batch);

	for (int i = 0; i < lengthof(columns); i++)
		TupleDescInitEntry(desc, i + 1, columns[i].name, columns[i].type, -1, 0);
	for (uint32 i = 0; i < profile->count; i++)
	{
		Datum		values[lengthof(columns)];
		bool		nulls[lengthof(columns)] = {false};
		MemoryContext old;

		if (batch->keys[i].is_new)
			continue;
		old = MemoryContextSwitchTo(batch->row_context);
		values[0] = Int32GetDatum(i);
		profile_values(profile, i, values + 1, nulls + 1);
		tuplestore_putvalues(rows, desc, values, nulls);
		MemoryContextSwitchTo(old);
		MemoryContextReset(batch->row_context);
		CHECK_FOR_INTERRUPTS();
	}
	register_relation("staged_profile", desc, rows, tuplestore_tuple_count(rows));
	location_relation(batch, profile);
}
