/*
 * landing.h
 *		How rows of a landing view become typed, hashed and redacted rows that
 *		set-based SQL can load.
 *
 * A landing view's columns are all text.  source_mapping names for each column
 * the field it feeds and, where the file needs it, a format.  What fields an
 * entity has, and of what kind, is its LandingEntity.
 *
 * The BEFORE STATEMENT trigger opens a batch.  The row trigger parses every
 * column with the parser of its field's kind and appends one row to the
 * tuplestore "staged": the head columns below, then one column per field; the
 * entity fills its derived fields in.  A row with a fault goes to "reject"
 * instead: line, column, reason and length of the value.  "staged_account"
 * (account, platform_id, platform_customer_id) holds the batch's accounts.
 *
 * The AFTER STATEMENT trigger finds or makes the keys of the accounts and writes
 * what the batch says of new ones (landing_account.c).  Then it runs the entity's
 * steps: SQL statements that patternos._landing_steps(view) returns in order,
 * which read "staged" and the entity's other relations by name, with $1 =
 * batch_id, $2 = platform_id and $3 = the time the batch became known.  A step
 * with a relation name leaves its result as a relation for the steps after it;
 * one with the name of a table, schema.table, appends its result to that table,
 * by names of columns; one named "relation INTO schema.table RETURNING columns"
 * inserts there what is new and leaves those columns of it.
 *
 * To add an entity:
 *	1. list its fields and derived columns in a LandingEntity (landing_NAME.c)
 *	   and add it to entities[] in landing_batch.c;
 *	2. write patternos._landing_steps_NAME(has_order_id boolean) in SQL, returning
 *	   (relation, statement); its steps must leave a relation "duplicate" (line
 *	   bigint) of the staged rows that add nothing: all others count as accepted
 *	   and get their raw_record.  A relation "orphan" with rows fails the load;
 *	3. seed source_mapping rows for its view.
 * To add a kind of field: a FieldKind and its parser in landing_field.c.
 */
#ifndef PATTERNOS_LANDING_H
#define PATTERNOS_LANDING_H

#include "postgres.h"

#include "compat.h"

#include "core/parse.h"
#include "core/sha256.h"
#include "datatype/timestamp.h"
#include "server/intern.h"
#include "nodes/pg_list.h"
#include "pgtime.h"
#include "utils/tuplestore.h"

typedef enum FieldKind
{
	FIELD_DERIVED,				/* not read from a column: filled in by
								 * check_row or stage_row */
	FIELD_PLATFORM,				/* text: the platform of a row whose view
								 * serves several */
	FIELD_ACCOUNT,				/* text: the platform's id of its customer,
								 * hashed when it is personal */
	FIELD_TEXT,					/* text, redacted; limit = bytes */
	FIELD_CHOICE,				/* text out of choices, compared without case */
	FIELD_AGE_GROUP,			/* text: a band, made of an age where one is
								 * given */
	FIELD_PINCODE,				/* text of six digits */
	FIELD_CURRENCY,				/* text of three capital letters */
	FIELD_TIME,					/* timestamptz, within the warehouse's range
								 * of dates */
	FIELD_AMOUNT,				/* bigint in units of 10^-limit, not negative */
	FIELD_SIGNED_AMOUNT,		/* the same, may be negative */
	FIELD_INTEGER,				/* bigint, not negative, at most limit */
	FIELD_FLAG,					/* boolean */
	FIELD_CODE,					/* text: an id, hashed when it is personal;
								 * limit = bytes */
	FIELD_IDENTIFIER,			/* bytea: keyed hash of an identifier of the
								 * kind in choices; NULL for a placeholder */
	FIELD_JSON,					/* jsonb: an object, redacted; limit = bytes */
	FIELD_IDENTIFIERS,			/* bytea: keyed hashes of at most limit
								 * identifiers of the kind in choices; those
								 * of nobody are refused */
	FIELD_PERSON,				/* text: canonical name or address, as choices
								 * say; never staged */
	FIELD_BIRTH_DATE,			/* integer: YYYYMMDD; never staged */
	FIELD_KINDS
} FieldKind;

typedef struct LandingField
{
	const char *name;			/* as in source_mapping.field; the staged
								 * column's name */
	FieldKind	kind;
	Oid			type;			/* of the staged column */
	bool		required;		/* empty is a fault */
	int			limit;
	const char *choices;		/* "a|b|other=b": what may be written, and
								 * what it means; "*=b": all else */
} LandingField;

typedef struct LandingBatch LandingBatch;
typedef struct ItemList ItemList;
typedef struct Profile Profile;
typedef struct TableWriter TableWriter;

typedef struct LandingEntity
{
	const char *name;			/* as in source_mapping.entity */
	const LandingField *fields;
	int			field_count;
	int			time_field;		/* the row's record_time, -1 = its arrival */

	/* Makes the entity's state when a batch begins. */
	void		(*begin) (LandingBatch *batch);

	/* Settles what is kept of a row before it gets its identity; may be NULL. */
	void		(*prepare_row) (LandingBatch *batch);

	/* Checks fields against one another; may reject the row. */
	void		(*check_row) (LandingBatch *batch);

	/* Fills derived columns in, once the row is known to be sound. */
	void		(*stage_row) (LandingBatch *batch);

	/*
	 * Writes the customers of new accounts and what else their rows say;
	 * NULL: nothing but when they were seen.
	 */
	void		(*write_accounts) (LandingBatch *batch);

	/*
	 * Time and hash of an account's newest row in landing_customer; NULL: it
	 * is none.
	 */
	void		(*statement) (LandingBatch *batch, uint32 account, Datum *time, Datum *hash);

	/* Registers relations beside "staged" before the steps run. */
	void		(*make_relations) (LandingBatch *batch);

	/*
	 * SQL function of the view's name that gives the payload of a parked row
	 * as an expression over staged s; NULL = s.payload.
	 */
	const char *parked_payload;
} LandingEntity;

/* The columns at the head of every staged row. */
typedef enum StagedHead
{
	STAGED_LINE,				/* bigint: number of the row in its batch,
								 * from 1 */
	STAGED_RECORD_TIME,			/* timestamptz */
	STAGED_ROW_ID,				/* bigint: 63 bits of a hash of platform,
								 * content and occurrence */
	STAGED_PLATFORM,			/* text row_platform: where rows name theirs,
								 * else NULL */
	STAGED_ACCOUNT,				/* integer: number in "staged_account", NULL
								 * without an account */
	STAGED_PROPERTIES,			/* jsonb of columns mapped to 'property' */
	STAGED_PAYLOAD,				/* jsonb of the whole row, personal data
								 * replaced */
	STAGED_HEAD_COLUMNS
} StagedHead;

#define ACCOUNT_SEPARATOR '\x1f'	/* between platform and id in the table of
									 * accounts */

/* A token that stands for a hashed value: 'h' and 64 hexadecimal digits. */
#define TOKEN_SIZE 65

/* The longest canonical name and address that make a person. */
#define PERSON_NAME_MAX (NORMALIZE_MAX / 3)
#define PERSON_ADDRESS_MAX (NORMALIZE_MAX / 2)

#define COLUMN_PROPERTY (-1)	/* goes into the properties under its own name */
#define COLUMN_IGNORED (-2)		/* is not kept at all */

#define STATUS_CHOICES \
	"completed|cancelled|returned|complete=completed|delivered=completed|success=completed|" \
	"canceled=cancelled|refunded=returned|return=returned"
#define GENDER_CHOICES "female|male|other|f=female|m=male|o=other|woman=female|man=male"

/* A column of the landing view. */
typedef struct LandingColumn
{
	const char *name;
	const char *format;			/* NULL when the mapping names none */
	int			field;			/* index into the entity's fields, or one of
								 * the two below */
	LandingField rule;			/* how its values are parsed: the field's rule
								 * as the mapping amends it */
} LandingColumn;

/* A platform that rows may name. */
typedef struct LandingPlatform
{
	const char *id;
	pg_tz	   *zone;
} LandingPlatform;

/* What a parser made of a value. */
typedef struct FieldValue
{
	Datum		datum;
	bool		isnull;
	const char *stored;			/* what payload and row identity keep, not
								 * terminated */
	size_t		stored_size;
	Reason		refused;		/* why the row does without the value, else
								 * REASON_OK */
	size_t		refused_size;
} FieldValue;

/* What an account is known by. */
typedef struct AccountKey
{
	int64		customer_key;
	int64		identity_key;	/* 0 = not yet looked for */
	bool		is_new;
	bool		is_settled;		/* the steps have nothing to do with it */
} AccountKey;

/* A column of the rows that a TableWriter takes. */
typedef struct WriterColumn
{
	const char *name;
	Oid			type;
} WriterColumn;

struct LandingBatch
{
	struct LandingBatch *outer; /* the batch opened before this one in the
								 * session */
	MemoryContext context;
	MemoryContext row_context;	/* reset for every row */
	Oid			view;
	Oid			owner;
	const LandingEntity *entity;
	const char *view_name;
	LandingColumn *columns;
	int			column_count;
	bool		declared;		/* rows carry the platform's order id */
	int			account_column; /* column of kind FIELD_ACCOUNT, -1 = none */
	int			platform_column;	/* column of kind FIELD_PLATFORM, -1 =
									 * none */

	const char *platform_id;	/* NULL when rows name their platform */
	LandingPlatform *platforms; /* that rows may name */
	int			platform_count;
	const char *conversion_type;
	const char *platform_currency;
	const char *currency;		/* the warehouse's */
	pg_tz	   *platform_zone;
	pg_tz	   *warehouse_zone;
	TimestampTz earliest;
	TimestampTz latest;
	double		max_reject_share;

	int64		batch_id;
	int64		rows;
	int64		rejected;
	int64		refused;		/* values that sound rows do without */
	int64		same_second;	/* rows that share account and second with
								 * another */

	List	   *stores;			/* all tuplestores, to be ended with the batch */
	TupleDesc	staged_desc;
	Tuplestorestate *staged;
	TupleDesc	reject_desc;
	Tuplestorestate *rejects;
	uint64	   *duplicates;		/* bits by line of the rows that add nothing,
								 * NULL = none */
	Intern	   *accounts;
	AccountKey *keys;			/* by account, once they are settled */
	int64		new_accounts;
	struct FeatureState *features;	/* for fuzzy matching, NULL = rows have
									 * none */
	Profile    *profile;		/* of the accounts, NULL = rows have none */
	RowCounter *months;			/* of record_time in UTC, as year * 12 + month
								 * - 1 */

	/* the row at hand */
	const char *row_platform;	/* its platform */
	Datum	   *column_values;
	bool	   *column_nulls;
	int			account;		/* its number, -1 = the row has none */
	uint32		occurrence;		/* how often this content came in the batch so
								 * far */
	Datum	   *values;
	bool	   *nulls;
	FieldValue *parsed;			/* by column of the view */
	bool		faulty;

	StringInfoData row_content; /* what is hashed */
	Sha256		content_hash;
	RowCounter *occurrences;
	RowCounter *seconds;		/* rows of different content by account and
								 * second */
	struct JsonbParseState *properties; /* of the row at hand, NULL = none yet */
	struct PayloadShape *payload_shape;
	struct ExchangeRates *rates;
	ItemList   *items;			/* for patternos._main_category(), NULL = none */
	void	   *entity_state;
};

extern const LandingEntity landing_transaction;
extern const LandingEntity landing_transaction_line;
extern const LandingEntity landing_event;
extern const LandingEntity landing_customer;
extern const LandingEntity landing_sku;

/* landing_field.c: parsing */
extern Reason parse_field(LandingBatch *batch, const LandingField *field, const char *format,
						  const char *text, size_t size, FieldValue *result);
extern bool is_token(const char *text, size_t size);
extern int	find_age_band(const char *text, size_t size);
extern int	age_band(int64 age);
extern const char *age_band_name(int band);
extern void local_date(const LandingBatch *batch, TimestampTz time, int *date, int *date_id);

/* landing_identifier.c: parsers of identifiers */
extern Reason parse_identifiers(LandingBatch *batch, const LandingField *field, const char *format,
								const char *text, size_t size, FieldValue *result);
extern Reason parse_person(LandingBatch *batch, const LandingField *field, const char *format,
						   const char *text, size_t size, FieldValue *result);
extern Reason parse_birth_date(LandingBatch *batch, const LandingField *field, const char *format,
							   const char *text, size_t size, FieldValue *result);

/* landing_hash.c: identity of rows and batches */
extern void hash_begin(LandingBatch *batch);
extern int64 hash_row(LandingBatch *batch);
extern int64 declared_identity(LandingBatch *batch, const char *kind, const text *id);
extern int64 order_identity(LandingBatch *batch, int field);
extern void hash_end(LandingBatch *batch, uint8 *digest);

/* landing_payload.c: jsonb of a row */
extern struct PayloadShape *payload_shape(MemoryContext context, int count, const LandingColumn *columns);
extern Datum payload_datum(const struct PayloadShape *shape, const FieldValue *values);
extern Datum properties_datum(LandingBatch *batch, bool *isnull);
extern void add_text_property(LandingBatch *batch, const char *name, const char *text, size_t size);
extern void add_number_property(LandingBatch *batch, const char *name, int64 number, int scale);

/* landing.c: for entities */
extern void reject_value(LandingBatch *batch, const char *column, Reason reason, int64 size);
extern void reject_field(LandingBatch *batch, int field, Reason reason);
extern const text *field_text(const LandingBatch *batch, int field);
extern void register_relation(const char *name, TupleDesc desc, Tuplestorestate *rows, int64 count);
extern Tuplestorestate *batch_tuplestore(LandingBatch *batch);
extern LandingBatch *batch_with_items(void);

/* landing_profile.c: what a batch says about its accounts and places */
typedef struct AccountSighting
{
	int			account;		/* -1 = none */
	TimestampTz time;
	const text *age_group;		/* these five NULL when the row does not say */
	const text *gender;
	const text *state;
	const text *city;
	const text *pincode;
} AccountSighting;

extern void profile_begin(LandingBatch *batch);
extern int	profile_note(Profile *profile, const AccountSighting *sighting);
extern void profile_values(const Profile *profile, uint32 account, Datum *values, bool *nulls);
extern void profile_seen(const LandingBatch *batch, uint32 account, Datum *values);
extern void profile_relations(LandingBatch *batch);

/* Columns of what profile_values() and profile_seen() give. */
#define PROFILE_COLUMNS \
	{"first_seen", TIMESTAMPTZOID}, {"last_seen", TIMESTAMPTZOID}, {"age_group", TEXTOID}, {"age_group_at", TIMESTAMPTZOID}, \
	{"gender", TEXTOID}, {"gender_at", TIMESTAMPTZOID}, {"state", TEXTOID}, {"city", TEXTOID}, {"pincode", TEXTOID}, \
	{"location_at", TIMESTAMPTZOID}
#define SEEN_COLUMNS {"first_seen_date", DATEOID}, {"last_seen_date", DATEOID}

/* landing_write.c: writers of tables */
extern TableWriter *table_writer_begin(LandingBatch *batch, const char *table, int count, const WriterColumn *columns);
extern void table_writer_put(TableWriter *writer, const Datum *values, const bool *nulls);
extern int64 table_writer_end(TableWriter *writer);

/* landing_account.c: keys of accounts */
extern Datum generated_id(const char *prefix, int digits, int64 key);

/* landing_item.c: the items of a batch's orders */
extern ItemList *item_list_create(LandingBatch *batch);
extern bool item_list_note(ItemList *list, const text *items, Datum *numbers);
extern int	item_note(ItemList *list, const text *name);
extern void item_relation(LandingBatch *batch, ItemList *list);

/* exchange.c: currencies */
extern void load_exchange_rates(LandingBatch *batch);
extern void exchange_fields(LandingBatch *batch, int currency_field, const int *amounts, int count, int date);

/* Fields of the row at hand in its staged row. */
#define STAGED_FIELD(field) (STAGED_HEAD_COLUMNS + (field))
#define FIELD_VALUE(batch, field) ((batch)->values[STAGED_FIELD(field)])
#define FIELD_IS_NULL(batch, field) ((batch)->nulls[STAGED_FIELD(field)])

/*
 * Sets a field of the row at hand.
 */
static inline void
set_field(LandingBatch *batch, int field, Datum value)
{
	FIELD_VALUE(batch, field) = value;
	FIELD_IS_NULL(batch, field) = false;
}

#endif							/* PATTERNOS_LANDING_H */
