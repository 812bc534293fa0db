/*
 * sample_customers.c
 *		Accounts of the sample population, in the columns of landing_customer.
 */
#include "sample.h"

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "core/sample_contact.h"
#include "utils/builtins.h"

/* sets the next column to the value's SHA-256 in hexadecimal, NULL when there is none */
static void
hash_or_null(SampleRow *row, const char *value, bool wanted)
{
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	char		digits[PG_SHA256_DIGEST_STRING_LENGTH];
	pg_cryptohash_ctx *context;

	if (!wanted || !value[0])
	{
		sample_null(row);
		return;
	}
	context = pg_cryptohash_create(PG_SHA256);
	if (pg_cryptohash_init(context) < 0 ||
		pg_cryptohash_update(context, (const uint8 *) value, strlen(value)) < 0 ||
		pg_cryptohash_final(context, digest, sizeof(digest)) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
				 errmsg("could not compute SHA-256")));
	pg_cryptohash_free(context);
	hex_encode((const char *) digest, sizeof(digest), digits);
	digits[2 * sizeof(digest)] = '\0';
	sample_text(row, digits);
}

static void
write_account(SampleRow *row, const Person *person, const Account *account)
{
	const Home *home = account_home(person, account);
	Contact		contact;

	draw_contact(&contact, person, account);
	sample_text(row, sample_platform_ids[account->platform]);
	sample_text(row, account->id);
	sample_text(row, contact.name);
	sample_text_or_null(row, contact.hashed ? "" : contact.email);
	sample_text_or_null(row, contact.hashed ? "" : contact.phone);
	sample_text_or_null(row, contact.birth_date);
	sample_text_or_null(row, contact.gender);
	sample_text_or_null(row, contact.address);
	sample_text(row, sample_cities[home->city].name);
	sample_text(row, sample_cities[home->city].state);
	sample_format(row, "%06d", home->pincode);
	sample_text_or_null(row, contact.loyalty_id);
	sample_text_or_null(row, contact.devices);
	sample_text_or_null(row, contact.ips);
	for (int i = 0; i < 3; i++)
		sample_text_or_null(row, contact.consents[i]);
	hash_or_null(row, contact.canonical_email, contact.hashed);
	hash_or_null(row, contact.canonical_phone, contact.hashed);
	sample_time(row, contact.updated_day, contact.updated_second);
}

/*
 * One row per account of persons first_person to people, all text, in the
 * columns of landing_customer: (people, seed, overlap, first_person, dirty).
 */
PG_FUNCTION_INFO_V1(patternos_sample_customers);
Datum
patternos_sample_customers(PG_FUNCTION_ARGS)
{
	SampleRange range;
	SampleRow	row;
	double		dirty;
	Person		person;
	Random		random;

	sample_check_people(&range, PG_GETARG_INT32(0), PG_GETARG_INT64(1),
						PG_GETARG_FLOAT8(2), PG_GETARG_INT32(3));
	dirty = sample_check_share("dirty", PG_GETARG_FLOAT8(4));
	sample_start(&row, fcinfo);
	for (uint64 number = range.first; number <= range.last; number++)
	{
		draw_person(&person, range.seed, range.overlap, number);
		random_start(&random, range.seed, STREAM_DIRT, number);
		for (int i = 0; i < person.accounts; i++)
		{
			write_account(&row, &person, &person.account[i]);
			if (random_chance(&random, dirty))
				sample_replace(&row, random_below(&random, 2), "");
			sample_emit(&row);
		}
	}
	return (Datum) 0;
}
