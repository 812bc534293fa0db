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
	[ORDER_ID] = {"order_id", FIELD_CODE, TEXTOID, false, 200},
	[TYPE] = {"transaction_type", FIELD_CHOICE, TEXTOID, false, 0, "order|booking|enquiry|inquiry=enquiry"},
	[STATUS] = {"transaction_status", FIELD_CHOICE, TEXTOID, false, 0, STATUS_CHOICES},
	[ORIGINAL_ORDER_ID] = {"original_order_id", FIELD_CODE, TEXTOID, false, 200},
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
	ItemList   *items;
} TransactionState;

static void
begin_transactions(LandingBatch *batch)
{
	TransactionState *state = MemoryContextAllocZero(batch->context, sizeof(TransactionState));

	profile_begin(batch);
	state->items = item_list_create(batch);
	batch->entity_state = state;
}

/*
 * An enquiry's price is a quote and never revenue; a negative total makes a
 * cancelled or returned row a credit note, whose discount is negative too.
 */
static void
settle_amounts(LandingBatch *batch)
{
	text	   *type = DatumGetTextPP(FIELD_VALUE(batch, TYPE));
	bool		is_enquiry = VARDATA_ANY(type)[0] == 'e';
	bool		is_completed = FIELD_IS_NULL(batch, STATUS) || VARDATA_ANY(DatumGetTextPP(FIELD_VALUE(batch, STATUS)))[1] == 'o';

	if (is_enquiry)
	{
		if (FIELD_IS_NULL(batch, QUOTED) && !FIELD_IS_NULL(batch, TOTAL))
			set_field(batch, QUOTED, Int64GetDatum(Abs(DatumGetInt64(FIELD_VALUE(batch, TOTAL)))));
		set_field(batch, TOTAL, Int64GetDatum(0));
		set_field(batch, DISCOUNT, Int64GetDatum(0));
	}
	else if (FIELD_IS_NULL(batch, TOTAL))
		reject_field(batch, TOTAL, REASON_MISSING);
	else if (DatumGetInt64(FIELD_VALUE(batch, TOTAL)) < 0 && is_completed)
		reject_field(batch, TOTAL, REASON_NEGATIVE);
	else
	{
		int64		total = DatumGetInt64(FIELD_VALUE(batch, TOTAL));
		int64		discount = FIELD_IS_NULL(batch, DISCOUNT) ? 0 : DatumGetInt64(FIELD_VALUE(batch, DISCOUNT));

		if (discount > Abs(total))
			reject_field(batch, DISCOUNT, REASON_DISCOUNT_OVER_TOTAL);
		set_field(batch, DISCOUNT, Int64GetDatum(total < 0 ? -discount : discount));
	}
	if (FIELD_IS_NULL(batch, STATUS))
		set_field(batch, STATUS, CStringGetTextDatum("completed"));
}

/* Checks the row's fields against one another. */
static void
check_transaction(LandingBatch *batch)
{
	static const int amounts[] = {TOTAL, QUOTED, DISCOUNT};
	int			date;
	int			date_id;

	if (FIELD_IS_NULL(batch, TYPE))
	{
		const char *type = batch->conversion_type;

		set_field(batch, TYPE, CStringGetTextDatum(strcmp(type, "any") == 0 ? "order" : type));
	}
	local_date(batch, DatumGetTimestampTz(FIELD_VALUE(batch, ORDERED_AT)), &date, &date_id);
	set_field(batch, DAY, DateADTGetDatum(date));
	set_field(batch, DATE_ID, Int32GetDatum(date_id));
	settle_amounts(batch);
	if (!batch->faulty)
		exchange_fields(batch, CURRENCY, amounts, lengthof(amounts), date);
}

/* Fills in what is derived and notes what the row says about its account. */
static void
stage_transaction(LandingBatch *batch)
{
	AccountSighting sighting = {
		.account = batch->account,
		.time = DatumGetTimestampTz(FIELD_VALUE(batch, ORDERED_AT)),
		.age_group = field_text(batch, AGE_GROUP),
		.gender = field_text(batch, GENDER),
		.state = field_text(batch, STATE),
		.city = field_text(batch, CITY),
		.pincode = field_text(batch, PINCODE)
	};
	TransactionState *state = batch->entity_state;
	int			location = profile_note(batch->profile, &sighting);
	Datum		items;

	if (location >= 0)
		set_field(batch, LOCATION, Int32GetDatum(location));
	if (!FIELD_IS_NULL(batch, ITEMS_LIST) && item_list_note(state->items, DatumGetTextPP(FIELD_VALUE(batch, ITEMS_LIST)), &items))
		set_field(batch, ITEMS, items);
	set_field(batch, TRANSACTION_ID, FIELD_IS_NULL(batch, ORDER_ID) ? batch->values[STAGED_ROW_ID] :
			  Int64GetDatum(order_identity(batch, ORDER_ID)));
	if (!FIELD_IS_NULL(batch, CATEGORY))
		add_text_property(batch, "category", VARDATA_ANY(field_text(batch, CATEGORY)),
						  VARSIZE_ANY_EXHDR(field_text(batch, CATEGORY)));
	if (!FIELD_IS_NULL(batch, ORIGINAL_ORDER_ID))
		set_field(batch, ORIGINAL_ID, Int64GetDatum(order_identity(batch, ORIGINAL_ORDER_ID)));
}

static void
make_transaction_relations(LandingBatch *batch)
{
	TransactionState *state = batch->entity_state;

	profile_relations(batch);
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
