/*
 * landing_line.c
 *		Landing of order lines: several rows with one declared order id are an
 *		order.
 *
 * The steps gather the lines into "arrived", one row per order, and go on as
 * with whole orders.  All lines of an order have to come in one batch.
 */
#include "landing.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

typedef enum LineField
{
	CUSTOMER,
	ORDERED_AT,
	ORDER_ID,
	STATUS,
	ORIGINAL_ORDER_ID,
	AGE_GROUP,
	GENDER,
	STATE,
	CITY,
	PINCODE,
	ITEM_ID,
	ITEM_NAME,
	QUANTITY,
	UNIT_PRICE,
	LINE_TOTAL,
	DISCOUNT,
	CURRENCY,
	CATEGORY,
	PAYMENT_MODE,
	TRANSACTION_ID,
	ORIGINAL_ID,
	TYPE,
	DAY,
	DATE_ID,
	LOCATION,
	ITEM	   ,
				LINE_FIELDS
} LineField;

/* quantities, prices and totals of lines have four decimal places */
#define LINE_SCALE 4
#define LINE_UNIT 10000

static const LandingField fields[LINE_FIELDS] = {
	[CUSTOMER] = {"platform_customer_id", FIELD_ACCOUNT, TEXTOID, true, 200},
	[ORDERED_AT] = {"transaction_datetime", FIELD_TIME, TIMESTAMPTZOID, true},
	[ORDER_ID] = {"order_id", FIELD_CODE, TEXTOID, true, 200},
	[STATUS] = {"transaction_status", FIELD_CHOICE, TEXTOID, false, 0, STATUS_CHOICES},
	[ORIGINAL_ORDER_ID] = {"original_order_id", FIELD_CODE, TEXTOID, false, 200},
	[AGE_GROUP] = {"age_group", FIELD_AGE_GROUP, TEXTOID},
	[GENDER] = {"gender", FIELD_CHOICE, TEXTOID, false, 0, GENDER_CHOICES},
	[STATE] = {"state", FIELD_TEXT, TEXTOID, false, 100},
	[CITY] = {"city", FIELD_TEXT, TEXTOID, false, 100},
	[PINCODE] = {"pincode", FIELD_PINCODE, TEXTOID},
	[ITEM_ID] = {"item_id", FIELD_CODE, TEXTOID, false, 200},
	[ITEM_NAME] = {"item_name", FIELD_TEXT, TEXTOID, false, 500},
	[QUANTITY] = {"quantity", FIELD_SIGNED_AMOUNT, INT8OID, false, LINE_SCALE},
	[UNIT_PRICE] = {"unit_price", FIELD_AMOUNT, INT8OID, false, LINE_SCALE},
	[LINE_TOTAL] = {"line_total", FIELD_SIGNED_AMOUNT, INT8OID, false, LINE_SCALE},
	[DISCOUNT] = {"discount_value", FIELD_AMOUNT, INT8OID, false, LINE_SCALE},
	[CURRENCY] = {"currency", FIELD_CURRENCY, TEXTOID},
	[CATEGORY] = {"category", FIELD_TEXT, TEXTOID, false, 200},
	[PAYMENT_MODE] = {"payment_mode", FIELD_TEXT, TEXTOID, false, 100},
	[TRANSACTION_ID] = {"transaction_id", FIELD_DERIVED, INT8OID},
	[ORIGINAL_ID] = {"original_transaction_id", FIELD_DERIVED, INT8OID},
	[TYPE] = {"transaction_type", FIELD_DERIVED, TEXTOID},
	[DAY] = {"transaction_date", FIELD_DERIVED, DATEOID},
	[DATE_ID] = {"date_id", FIELD_DERIVED, INT4OID},
	[LOCATION] = {"location", FIELD_DERIVED, INT4OID},
	[ITEM] = {"item", FIELD_DERIVED, INT4OID},
};

typedef struct LineState
{
	ItemList   *items;
	const char *cancelled;		/* prefix of the ids of cancelled orders, NULL
								 * = none */
} LineState;

static void
begin_lines(LandingBatch *batch)
{
	static const char prefix[] = "cancelled:";
	LineState  *state = MemoryContextAllocZero(batch->context, sizeof(LineState));

	profile_begin(batch);
	state->items = item_list_create(batch);
	for (int i = 0; i < batch->column_count; i++)
	{
		const char *format = batch->columns[i].format;

		if (batch->columns[i].field == ORDER_ID && format != NULL &&
			strncmp(format, prefix, strlen(prefix)) == 0 && format[strlen(prefix)] != '\0')
			state->cancelled = format + strlen(prefix);
	}
	batch->entity_state = state;
}

/* Sets the status: the declared one, else what the order's id says. */
static void
settle_status(LandingBatch *batch)
{
	const LineState *state = batch->entity_state;
	const text *id = field_text(batch, ORDER_ID);
	bool		is_cancelled;

	if (!FIELD_IS_NULL(batch, STATUS))
		return;
	is_cancelled = state->cancelled != NULL && VARSIZE_ANY_EXHDR(id) > strlen(state->cancelled) &&
		strncmp(VARDATA_ANY(id), state->cancelled, strlen(state->cancelled)) == 0;
	set_field(batch, STATUS, CStringGetTextDatum(is_cancelled ? "cancelled" : "completed"));
}

/*
 * Quantity, price and total of the line.  A credit note, which takes back what
 * another order was, has a negative quantity, total and discount; a cancelled
 * or returned order itself has positive ones.
 */
static void
settle_line(LandingBatch *batch)
{
	bool		is_completed = VARDATA_ANY(field_text(batch, STATUS))[1] == 'o';
	int64		quantity = FIELD_IS_NULL(batch, QUANTITY) ? LINE_UNIT : DatumGetInt64(FIELD_VALUE(batch, QUANTITY));
	int64		discount,
				sign;
	int128		total;

	if (quantity < 0 && is_completed)
		reject_field(batch, QUANTITY, REASON_NEGATIVE);
	else if (FIELD_IS_NULL(batch, LINE_TOTAL) && FIELD_IS_NULL(batch, UNIT_PRICE))
		reject_field(batch, UNIT_PRICE, REASON_MISSING);
	if (batch->faulty)
		return;
	if (!FIELD_IS_NULL(batch, LINE_TOTAL))
		total = DatumGetInt64(FIELD_VALUE(batch, LINE_TOTAL));
	else
	{
		total = (int128) quantity * DatumGetInt64(FIELD_VALUE(batch, UNIT_PRICE));
		total = (total + (total < 0 ? -LINE_UNIT / 2 : LINE_UNIT / 2)) / LINE_UNIT;
	}
	if (total < 0 && is_completed)
		reject_field(batch, LINE_TOTAL, REASON_NEGATIVE);
	else if (total > INT64CONST(100000000000000) || total < -INT64CONST(100000000000000))
		reject_field(batch, UNIT_PRICE, REASON_OUT_OF_RANGE);
	if (batch->faulty)
		return;
	sign = quantity < 0 || total < 0 ? -1 : 1;
	total = Abs(total);
	discount = FIELD_IS_NULL(batch, DISCOUNT) ? 0 : DatumGetInt64(FIELD_VALUE(batch, DISCOUNT));
	if (discount > total)
		reject_field(batch, DISCOUNT, REASON_DISCOUNT_OVER_TOTAL);
	set_field(batch, QUANTITY, Int64GetDatum(sign * Abs(quantity)));
	set_field(batch, LINE_TOTAL, Int64GetDatum(sign * (int64) total));
	set_field(batch, DISCOUNT, Int64GetDatum(sign * discount));
}

static void
check_line(LandingBatch *batch)
{
	static const int amounts[] = {LINE_TOTAL, UNIT_PRICE, DISCOUNT};
	const char *type = batch->conversion_type;
	int			date;
	int			date_id;

	set_field(batch, TYPE, CStringGetTextDatum(strcmp(type, "any") == 0 ? "order" : type));
	local_date(batch, DatumGetTimestampTz(FIELD_VALUE(batch, ORDERED_AT)), &date, &date_id);
	set_field(batch, DAY, DateADTGetDatum(date));
	set_field(batch, DATE_ID, Int32GetDatum(date_id));
	settle_status(batch);
	settle_line(batch);
	if (!batch->faulty)
		exchange_fields(batch, CURRENCY, amounts, lengthof(amounts), date);
}

static void
stage_line(LandingBatch *batch)
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
	LineState  *state = batch->entity_state;
	int			location = profile_note(batch->profile, &sighting);
	const text *name = field_text(batch, ITEM_NAME);

	if (location >= 0)
		set_field(batch, LOCATION, Int32GetDatum(location));
	if (name == NULL)
		name = field_text(batch, ITEM_ID);
	if (name != NULL)
		set_field(batch, ITEM, Int32GetDatum(item_note(state->items, name)));
	set_field(batch, TRANSACTION_ID, Int64GetDatum(order_identity(batch, ORDER_ID)));
	if (!FIELD_IS_NULL(batch, ORIGINAL_ORDER_ID))
		set_field(batch, ORIGINAL_ID, Int64GetDatum(order_identity(batch, ORIGINAL_ORDER_ID)));
}

static void
make_line_relations(LandingBatch *batch)
{
	LineState  *state = batch->entity_state;

	profile_relations(batch);
	item_relation(batch, state->items);
}

const LandingEntity landing_transaction_line = {
	.name = "transaction_line",
	.fields = fields,
	.field_count = LINE_FIELDS,
	.time_field = ORDERED_AT,
	.begin = begin_lines,
	.check_row = check_line,
	.stage_row = stage_line,
	.make_relations = make_line_relations
};
