/*
 * landing_transaction.c
 *		Landing of orders, bookings and enquiries, one per row.
 *
 * Beside "staged" the steps read "staged_profile" (what the batch says about
 * each account, the most recent value of each attribute) and
 * "staged_location" (the batch's distinct places).
 */
#include "landing.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

typedef enum TransactionField
{
	CUSTOMER,
	ORDERED_AT,
	ORDER_ID,
	TYPE,
	STATUS,
	ORIGINAL_ORDER_ID,
	AGE_GROUP,
	GENDER,
	STATE,
	CITY,
	PINCODE,
	ITEMS_COUNT,
	ITEMS_LIST,
	IS_REPEAT,
	TOTAL,
	QUOTED,
	DISCOUNT,
	CURRENCY,
	CATEGORY,
	PAYMENT_MODE,
	DELIVERY_SPEED,
	FULFILLMENT_HOURS,
	PRIME_MEMBER,
	LOYALTY_MEMBER,
	TRANSACTION_ID,
	ORIGINAL_ID,
	DAY,
	DATE_ID,
	LOCATION,
	ITEMS,
	TRANSACTION_FIELDS
} TransactionField;

static const LandingField fields[TRANSACTION_FIELDS] = {
	[CUSTOMER] = {"platform_customer_id", FIELD_ACCOUNT, TEXTOID, true, 200},
	[ORDERED_AT] = {"transaction_datetime", FIELD_TIME, TIMESTAMPTZOID, true},
	[ORDER_ID] = {"order_id", FIELD_TEXT, TEXTOID, false, 200},
	[TYPE] = {"transaction_type", FIELD_CHOICE, TEXTOID, false, 0, "order|booking|enquiry|inquiry=enquiry"},
	[STATUS] = {"transaction_status", FIELD_CHOICE, TEXTOID, false, 0,
	"completed|cancelled|returned|complete=completed|delivered=completed|success=completed|"
	"canceled=cancelled|refunded=returned|return=returned"},
	[ORIGINAL_ORDER_ID] = {"original_order_id", FIELD_TEXT, TEXTOID, false, 200},
	[AGE_GROUP] = {"age_group", FIELD_AGE_GROUP, TEXTOID},
	[GENDER] = {"gender", FIELD_CHOICE, TEXTOID, false, 0, GENDER_CHOICES},
	[STATE] = {"state", FIELD_TEXT, TEXTOID, false, 100},
	[CITY] = {"city", FIELD_TEXT, TEXTOID, false, 100},
	[PINCODE] = {"pincode", FIELD_PINCODE, TEXTOID},
	[ITEMS_COUNT] = {"items_count", FIELD_INTEGER, INT8OID, false, 1000000},
	[ITEMS_LIST] = {"items_list", FIELD_TEXT, TEXTOID, false, 100000},
	[IS_REPEAT] = {"is_repeat", FIELD_FLAG, BOOLOID},
	[TOTAL] = {"total_value", FIELD_SIGNED_AMOUNT, INT8OID, false, 2},
	[QUOTED] = {"quoted_value", FIELD_AMOUNT, INT8OID, false, 2},
	[DISCOUNT] = {"discount_value", FIELD_AMOUNT, INT8OID, false, 2},
	[CURRENCY] = {"currency", FIELD_CURRENCY, TEXTOID},
	[CATEGORY] = {"category", FIELD_TEXT, TEXTOID, false, 200},
	[PAYMENT_MODE] = {"payment_mode", FIELD_TEXT, TEXTOID, false, 100},
	[DELIVERY_SPEED] = {"delivery_speed", FIELD_TEXT, TEXTOID, false, 100},
	[FULFILLMENT_HOURS] = {"fulfillment_time_hours", FIELD_AMOUNT, INT8OID, false, 2},
	[PRIME_MEMBER] = {"prime_member", FIELD_FLAG, BOOLOID},
	[LOYALTY_MEMBER] = {"loyalty_member", FIELD_FLAG, BOOLOID},
	[TRANSACTION_ID] = {"transaction_id", FIELD_DERIVED, INT8OID},
	[ORIGINAL_ID] = {"original_transaction_id", FIELD_DERIVED, INT8OID},
	[DAY] = {"transaction_date", FIELD_DERIVED, DATEOID},
	[DATE_ID] = {"date_id", FIELD_DERIVED, INT4OID},
	[LOCATION] = {"location", FIELD_DERIVED, INT4OID},
	[ITEMS] = {"items", FIELD_DERIVED, INT4ARRAYOID},
};

typedef struct TransactionState
{
	Profile    *profile;
	ItemList   *items;
} TransactionState;

/* Places of the staged row's values. */
#define VALUE(field) (batch->values[STAGED_FIELD(field)])
#define ISNULL(field) (batch->nulls[STAGED_FIELD(field)])

/* Puts a value into the staged row. */
static void
set_value(LandingBatch *batch, TransactionField field, Datum value)
{
	VALUE(field) = value;
	ISNULL(field) = false;
}

static void
begin_transactions(LandingBatch *batch)
{
	TransactionState *state = MemoryContextAllocZero(batch->context, sizeof(TransactionState));

	state->profile = profile_create(batch);
	state->items = item_list_create(batch);
	batch->entity_state = state;
}

/*
 * An enquiry's price is a quote and never revenue; a negative total is the
 * amount that a cancellation or return takes back.
 */
static void
settle_amounts(LandingBatch *batch)
{
	text	   *type = DatumGetTextPP(VALUE(TYPE));
	bool		is_enquiry = VARDATA_ANY(type)[0] == 'e';
	bool		is_completed = ISNULL(STATUS) || VARDATA_ANY(DatumGetTextPP(VALUE(STATUS)))[1] == 'o';

	if (is_enquiry)
	{
		if (ISNULL(QUOTED) && !ISNULL(TOTAL))
			set_value(batch, QUOTED, Int64GetDatum(Abs(DatumGetInt64(VALUE(TOTAL)))));
		set_value(batch, TOTAL, Int64GetDatum(0));
		set_value(batch, DISCOUNT, Int64GetDatum(0));
	}
	else if (ISNULL(TOTAL))
		reject_field(batch, TOTAL, REASON_MISSING);
	else if (DatumGetInt64(VALUE(TOTAL)) < 0 && is_completed)
		reject_field(batch, TOTAL, REASON_NEGATIVE);
	else
	{
		set_value(batch, TOTAL, Int64GetDatum(Abs(DatumGetInt64(VALUE(TOTAL)))));
		if (ISNULL(DISCOUNT))
			set_value(batch, DISCOUNT, Int64GetDatum(0));
		if (DatumGetInt64(VALUE(DISCOUNT)) > DatumGetInt64(VALUE(TOTAL)))
			reject_field(batch, DISCOUNT, REASON_DISCOUNT_OVER_TOTAL);
	}
	if (ISNULL(STATUS))
		set_value(batch, STATUS, CStringGetTextDatum("completed"));
}

/* Converts the amounts into the warehouse's currency and keeps the originals. */
static void
convert_amounts(LandingBatch *batch, int date)
{
	static const TransactionField amounts[] = {TOTAL, QUOTED, DISCOUNT};
	const char *currency = batch->platform_currency;

	if (ISNULL(CURRENCY))
		set_value(batch, CURRENCY, CStringGetTextDatum(currency));
	else
		currency = TextDatumGetCString(VALUE(CURRENCY));
	if (strcmp(currency, batch->currency) == 0)
		return;
	for (int i = 0; i < lengthof(amounts); i++)
	{
		char		name[64];
		int64		amount;

		if (ISNULL(amounts[i]))
			continue;
		amount = DatumGetInt64(VALUE(amounts[i]));
		snprintf(name, sizeof(name), "original_%s", fields[amounts[i]].name);
		add_number_property(batch, name, amount, 2);
		if (!exchange(batch, currency, date, &amount))
		{
			reject_field(batch, ISNULL(TOTAL) ? QUOTED : TOTAL, REASON_MISSING_RATE);
			return;
		}
		set_value(batch, amounts[i], Int64GetDatum(amount));
	}
}

/* Checks the row's fields against one another. */
static void
check_transaction(LandingBatch *batch)
{
	int			date;
	int			date_id;

	if (ISNULL(TYPE))
	{
		const char *type = batch->conversion_type;

		set_value(batch, TYPE, CStringGetTextDatum(strcmp(type, "any") == 0 ? "order" : type));
	}
	local_date(batch, DatumGetTimestampTz(VALUE(ORDERED_AT)), &date, &date_id);
	set_value(batch, DAY, DateADTGetDatum(date));
	set_value(batch, DATE_ID, Int32GetDatum(date_id));
	settle_amounts(batch);
	if (!batch->faulty)
		convert_amounts(batch, date);
}

/* The identity of an order that the platform names. */
static int64
declared_id(LandingBatch *batch, TransactionField field, const char *property)
{
	text	   *id = DatumGetTextPP(VALUE(field));

	add_text_property(batch, property, VARDATA_ANY(id), VARSIZE_ANY_EXHDR(id));
	return hash_declared(batch, "order", VARDATA_ANY(id), VARSIZE_ANY_EXHDR(id));
}

/* Fills in what is derived and notes what the row says about its account. */
static void
stage_transaction(LandingBatch *batch)
{
	AccountSighting sighting = {
		.account = batch->account,
		.time = DatumGetTimestampTz(VALUE(ORDERED_AT)),
		.age_group = field_text(batch, AGE_GROUP),
		.gender = field_text(batch, GENDER),
		.state = field_text(batch, STATE),
		.city = field_text(batch, CITY),
		.pincode = field_text(batch, PINCODE)
	};
	TransactionState *state = batch->entity_state;
	int			location = profile_note(state->profile, &sighting);
	Datum		items;

	if (location >= 0)
		set_value(batch, LOCATION, Int32GetDatum(location));
	if (!ISNULL(ITEMS_LIST) && item_list_note(state->items, DatumGetTextPP(VALUE(ITEMS_LIST)), &items))
		set_value(batch, ITEMS, items);
	set_value(batch, TRANSACTION_ID,
			  ISNULL(ORDER_ID) ? batch->values[STAGED_ROW_ID] : Int64GetDatum(declared_id(batch, ORDER_ID, "order_id")));
	if (!ISNULL(CATEGORY))
		add_text_property(batch, "category", VARDATA_ANY(field_text(batch, CATEGORY)),
						  VARSIZE_ANY_EXHDR(field_text(batch, CATEGORY)));
	if (!ISNULL(ORIGINAL_ORDER_ID))
		set_value(batch, ORIGINAL_ID, Int64GetDatum(declared_id(batch, ORIGINAL_ORDER_ID, "original_order_id")));
}

static void
make_transaction_relations(LandingBatch *batch)
{
	TransactionState *state = batch->entity_state;

	profile_relations(batch, state->profile);
	item_relation(batch, state->items);
}

const LandingEntity landing_transaction = {
	.name = "transaction",
	.fields = fields,
	.field_count = TRANSACTION_FIELDS,
	.time_field = ORDERED_AT,
	.begin = begin_transactions,
	.check_row = check_transaction,
	.stage_row = stage_transaction,
	.make_relations = make_transaction_relations
};
