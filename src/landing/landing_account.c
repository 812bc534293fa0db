/*
 * landing_account.c
 *		The keys of a batch's accounts, and the rows of those that are new.
 *
 * An account that the warehouse does not know gets a customer of its own.  Its
 * rows are written here and by the entity, without a query: nothing of it can be
 * there already.  What a batch says about known accounts is left to the steps.
 */
#include "landing_batch.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/pg_rusage.h"
#include "utils/timestamp.h"

/* Rows of a query's result that are held at once. */
#define FETCH_ROWS 10000

/* Digits of a generated id. */
#define ID_SIZE 32

/* Where an account's id begins; size gets that of platform, separator and id. */
static const char *
account_parts(LandingBatch *batch, uint32 account, const char **platform, size_t *size)
{
	*platform = intern_value(batch->accounts, account, size);
	return (const char *) memchr(*platform, ACCOUNT_SEPARATOR, *size) + 1;
}

/*
 * The platform's id of an account, as a text.
 */
Datum
account_id(LandingBatch *batch, uint32 account)
{
	const char *platform;
	size_t		size;
	const char *id = account_parts(batch, account, &platform, &size);

	return PointerGetDatum(cstring_to_text_with_len(id, platform + size - id));
}

/* The platform of an account, as a text. */
static Datum
account_platform(LandingBatch *batch, uint32 account)
{
	const char *platform;
	size_t		size;
	const char *id = account_parts(batch, account, &platform, &size);

	return PointerGetDatum(cstring_to_text_with_len(platform, id - 1 - platform));
}

/*
 * Makes the batch's accounts a relation.
 */
void
account_relation(LandingBatch *batch)
{
	TupleDesc	desc = CreateTemplateTupleDesc(3);
	Tuplestorestate *rows = batch_tuplestore(batch);

	TupleDescInitEntry(desc, 1, "account", INT4OID, -1, 0);
	TupleDescInitEntry(desc, 2, "platform_id", TEXTOID, -1, 0);
	TupleDescInitEntryCollation(desc, 2, C_COLLATION_OID);
	TupleDescInitEntry(desc, 3, "platform_customer_id", TEXTOID, -1, 0);
	TupleDescInitEntryCollation(desc, 3, C_COLLATION_OID);
	for (uint32 i = 0; i < intern_count(batch->accounts); i++)
	{
		MemoryContext old = MemoryContextSwitchTo(batch->row_context);
		Datum		values[] = {Int32GetDatum(i), (Datum) 0, (Datum) 0};
		bool		nulls[] = {false, false, false};

		values[1] = account_platform(batch, i);
		values[2] = account_id(batch, i);
		tuplestore_putvalues(rows, desc, values, nulls);
		MemoryContextSwitchTo(old);
		MemoryContextReset(batch->row_context);
		CHECK_FOR_INTERRUPTS();
	}
	register_relation("staged_account", desc, rows, intern_count(batch->accounts));
}

/* The sequence that numbers a table's rows. */
static Datum
key_sequence(const char *table, const char *column)
{
	Datum		name = DirectFunctionCall2(pg_get_serial_sequence, CStringGetTextDatum(table), CStringGetTextDatum(column));

	return DirectFunctionCall1(regclassin, CStringGetDatum(TextDatumGetCString(name)));
}

/* Takes the keys of the accounts that are known. */
static void
find_known_accounts(LandingBatch *batch)
{
	Portal		portal = SPI_cursor_open_with_args(NULL,
												   "SELECT a.account, i.customer_key, i.identity_key FROM staged_account a "
												   "JOIN patternos_dw.dim_customer_identity i USING (platform_id, platform_customer_id)",
												   0, NULL, NULL, NULL, false, 0);

	do
	{
		SPI_cursor_fetch(portal, true, FETCH_ROWS);
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			HeapTuple	row = SPI_tuptable->vals[i];
			TupleDesc	desc = SPI_tuptable->tupdesc;
			bool		isnull;
			AccountKey *key = &batch->keys[DatumGetInt32(SPI_getbinval(row, desc, 1, &isnull))];

			key->customer_key = DatumGetInt64(SPI_getbinval(row, desc, 2, &isnull));
			key->identity_key = DatumGetInt64(SPI_getbinval(row, desc, 3, &isnull));
		}
		SPI_freetuptable(SPI_tuptable);
	} while (SPI_processed > 0);
	SPI_cursor_close(portal);
}

/* The text of an id as the table generates it: a prefix and at least so many digits. */
Datum
generated_id(const char *prefix, int digits, int64 key)
{
	char		id[ID_SIZE];
	char	   *end = id + sizeof(id);
	char	   *begin = end;
	size_t		size = strlen(prefix);

	Assert(key >= 0);
	for (; key > 0 || end - begin < digits; key /= 10)
		*--begin = '0' + key % 10;
	begin -= size;
	memcpy(begin, prefix, size);
	return PointerGetDatum(cstring_to_text_with_len(begin, end - begin));
}

/*
 * Marks the batch's new accounts as changed: their identities or their customers,
 * keys that follow each other in one row of (key, number of keys, reason).
 */
void
mark_new_accounts(LandingBatch *batch, const char *table, bool customers, int count, const WriterColumn *columns)
{
	static const bool nulls[] = {false, false, false};
	TableWriter *writer = table_writer_begin(batch, table, count, columns);
	Datum		values[] = {(Datum) 0, (Datum) 0, CStringGetTextDatum("load")};
	int64		first = 0;
	int64		number = 0;

	for (uint32 i = 0; i <= intern_count(batch->accounts); i++)
	{
		bool		is_end = i == intern_count(batch->accounts);
		int64		key = is_end ? 0 : customers ? batch->keys[i].customer_key : batch->keys[i].identity_key;

		if (!is_end && !batch->keys[i].is_new)
			continue;
		if (number > 0 && key == first + number)
		{
			number++;
			continue;
		}
		values[0] = Int64GetDatum(first);
		values[1] = Int64GetDatum(number);
		if (number > 0)
			table_writer_put(writer, values, nulls);
		first = key;
		number = 1;
	}
	(void) table_writer_end(writer);
}

/* Gives new accounts their keys and writes them. */
static void
write_identities(LandingBatch *batch)
{
	static const WriterColumn columns[] = {
		{"customer_key", INT8OID}, {"identity_key", INT8OID}, {"global_customer_id", TEXTOID}, {"identity_id", TEXTOID},
		{"platform_id", TEXTOID}, {"platform_customer_id", TEXTOID}
	};
	static const WriterColumn change_columns[] = {{"identity_key", INT8OID}, {"accounts", INT8OID}};
	static const bool nulls[lengthof(columns)] = {false};
	Datum		customers = key_sequence("patternos_dw.dim_customer", "customer_key");
	Datum		identities = key_sequence("patternos_dw.dim_customer_identity", "identity_key");
	TableWriter *writer = table_writer_begin(batch, "patternos_dw.dim_customer_identity", lengthof(columns), columns);

	for (uint32 i = 0; i < intern_count(batch->accounts); i++)
	{
		AccountKey *key = &batch->keys[i];
		MemoryContext old;
		Datum		values[lengthof(columns)];

		if (key->identity_key != 0)
			continue;
		old = MemoryContextSwitchTo(batch->row_context);
		key->is_new = true;
		key->customer_key = DatumGetInt64(DirectFunctionCall1(nextval_oid, customers));
		key->identity_key = DatumGetInt64(DirectFunctionCall1(nextval_oid, identities));
		values[0] = Int64GetDatum(key->customer_key);
		values[1] = Int64GetDatum(key->identity_key);
		values[2] = generated_id("GLOBAL", 6, key->customer_key);
		values[3] = generated_id("ID", 8, key->identity_key);
		values[4] = account_platform(batch, i);
		values[5] = account_id(batch, i);
		table_writer_put(writer, values, nulls);
		MemoryContextSwitchTo(old);
		MemoryContextReset(batch->row_context);
		CHECK_FOR_INTERRUPTS();
	}
	batch->new_accounts = table_writer_end(writer);
	mark_new_accounts(batch, "patternos_dw.changed_account", false, lengthof(change_columns), change_columns);
}

/* Writes what the batch says of new accounts. */
static void
write_profiles(LandingBatch *batch)
{
	static const WriterColumn columns[] = {{"identity_key", INT8OID}, {"stated_at", TIMESTAMPTZOID}, {"stated_hash", INT8OID},
	PROFILE_COLUMNS};
	TableWriter *writer = table_writer_begin(batch, "patternos_dw.account_profile", lengthof(columns), columns);

	for (uint32 i = 0; i < intern_count(batch->accounts); i++)
	{
		Datum		values[lengthof(columns)];
		bool		nulls[lengthof(columns)] = {false, true, true};
		MemoryContext old;

		if (!batch->keys[i].is_new)
			continue;
		old = MemoryContextSwitchTo(batch->row_context);
		values[0] = Int64GetDatum(batch->keys[i].identity_key);
		if (batch->entity->statement != NULL)
		{
			nulls[1] = nulls[2] = false;
			batch->entity->statement(batch, i, &values[1], &values[2]);
		}
		profile_values(batch->profile, i, values + 3, nulls + 3);
		table_writer_put(writer, values, nulls);
		MemoryContextSwitchTo(old);
		MemoryContextReset(batch->row_context);
		CHECK_FOR_INTERRUPTS();
	}
	(void) table_writer_end(writer);
}

/* Writes the customers of new accounts of whom nothing but their sightings is known. */
static void
write_customers(LandingBatch *batch)
{
	static const WriterColumn columns[] = {{"customer_key", INT8OID}, {"global_customer_id", TEXTOID}, SEEN_COLUMNS};
	static const bool nulls[lengthof(columns)] = {false};
	TableWriter *writer = table_writer_begin(batch, "patternos_dw.dim_customer", lengthof(columns), columns);

	for (uint32 i = 0; i < intern_count(batch->accounts); i++)
	{
		Datum		values[lengthof(columns)];
		MemoryContext old;

		if (!batch->keys[i].is_new)
			continue;
		old = MemoryContextSwitchTo(batch->row_context);
		values[0] = Int64GetDatum(batch->keys[i].customer_key);
		values[1] = generated_id("GLOBAL", 6, batch->keys[i].customer_key);
		profile_seen(batch, i, values + 2);
		table_writer_put(writer, values, nulls);
		MemoryContextSwitchTo(old);
		MemoryContextReset(batch->row_context);
		CHECK_FOR_INTERRUPTS();
	}
	(void) table_writer_end(writer);
}

/* Makes the keys of accounts a relation: of all, of the new or of the known ones. */
static void
key_relation(LandingBatch *batch, const char *name, bool with_new, bool with_known)
{
	TupleDesc	desc = CreateTemplateTupleDesc(5);
	Tuplestorestate *rows = batch_tuplestore(batch);
	int64		count = 0;

	TupleDescInitEntry(desc, 1, "account", INT4OID, -1, 0);
	TupleDescInitEntry(desc, 2, "customer_key", INT8OID, -1, 0);
	TupleDescInitEntry(desc, 3, "identity_key", INT8OID, -1, 0);
	TupleDescInitEntry(desc, 4, "is_new", BOOLOID, -1, 0);
	TupleDescInitEntry(desc, 5, "platform_customer_id", TEXTOID, -1, 0);
	TupleDescInitEntryCollation(desc, 5, C_COLLATION_OID);
	for (uint32 i = 0; i < intern_count(batch->accounts); i++)
	{
		const AccountKey *key = &batch->keys[i];
		Datum		values[] = {Int32GetDatum(i), Int64GetDatum(key->customer_key), Int64GetDatum(key->identity_key),
		BoolGetDatum(key->is_new), (Datum) 0};
		bool		nulls[] = {false, false, false, false, false};
		MemoryContext old;

		if (!(key->is_new ? with_new : with_known) || key->is_settled)
			continue;
		old = MemoryContextSwitchTo(batch->row_context);
		values[4] = account_id(batch, i);
		tuplestore_putvalues(rows, desc, values, nulls);
		MemoryContextSwitchTo(old);
		MemoryContextReset(batch->row_context);
		count++;
		CHECK_FOR_INTERRUPTS();
	}
	register_relation(name, desc, rows, count);
}

/*
 * Finds or makes the keys of the batch's accounts, writes what is known of new
 * ones and leaves the relations "account_key" (account, customer_key,
 * identity_key, is_new, platform_customer_id), of these "new_key" and "known_key"
 * apart.  Accounts that the entity settles itself are in none of them.
 */
void
settle_accounts(LandingBatch *batch)
{
	PGRUsage	begin;

	if (batch->profile == NULL)
		return;
	pg_rusage_init(&begin);
	batch->keys = MemoryContextAllocExtended(batch->context, (intern_count(batch->accounts) + 1) * sizeof(AccountKey),
											 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	landing_query("SELECT patternos._lock_identities(false)", 0, NULL);
	find_known_accounts(batch);
	write_identities(batch);
	write_profiles(batch);
	if (batch->entity->write_accounts == NULL)
		write_customers(batch);
	else
		batch->entity->write_accounts(batch);
	key_relation(batch, "account_key", true, true);
	key_relation(batch, "new_key", true, false);
	key_relation(batch, "known_key", false, true);
	report_step(batch, "accounts", NULL, &begin);
}
