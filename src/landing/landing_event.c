/*
 * landing_event.c
 *		Landing of events: what visitors do on the platforms.
 *
 * Rows name their platform.  An event with an account is a fact; one of a
 * visitor without an account waits until the visitor is known.  An account's
 * visitor ids are devices of that account, which makes the visitor known.
 */
#include "landing.h"

#include "catalog/pg_type.h"
#include "core/event_kind.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

typedef enum EventField
{
	PLATFORM,
	CUSTOMER,
	VISITOR,
	SESSION,
	TYPE,
	HAPPENED_AT,
	PAGE_URL,
	REFERRER_URL,
	SEARCH_TERM,
	PRODUCT,
	CATEGORY,
	DEVICE,
	BROWSER,
	SYSTEM,
	IP,
	EVENT_PROPERTIES,
	EVENT_ID,
	SESSION_SECONDS,
	SESSION_PAGES,
	EVENT_NUMBER,
	IS_REPEATED,
	EVENT_FIELDS
} EventField;

#define DEVICE_CHOICES \
	"mobile|desktop|tablet|tv|console|wearable|other|phone=mobile|smartphone=mobile|mobile app=mobile|" \
	"mobile web=mobile|app=mobile|android=mobile|ios=mobile|iphone=mobile|android app=mobile|ios app=mobile|ipad=tablet|pc=desktop|" \
	"computer=desktop|laptop=desktop|smart tv=tv|*=other"

static const LandingField fields[EVENT_FIELDS] = {
	[PLATFORM] = {"platform_id", FIELD_PLATFORM, TEXTOID, true},
	[CUSTOMER] = {"platform_customer_id", FIELD_ACCOUNT, TEXTOID, false, 200},
	[VISITOR] = {"visitor_id", FIELD_IDENTIFIER, BYTEAOID, false, 0, "device"},
	[SESSION] = {"session_id", FIELD_CODE, TEXTOID, false, 200},
	[TYPE] = {"event_type", FIELD_TEXT, TEXTOID, true, 100},
	[HAPPENED_AT] = {"event_timestamp", FIELD_TIME, TIMESTAMPTZOID, true},
	[PAGE_URL] = {"page_url", FIELD_TEXT, TEXTOID, false, 8000},
	[REFERRER_URL] = {"referrer_url", FIELD_TEXT, TEXTOID, false, 8000},
	[SEARCH_TERM] = {"search_term", FIELD_TEXT, TEXTOID, false, 1000},
	[PRODUCT] = {"product_id", FIELD_CODE, TEXTOID, false, 200},
	[CATEGORY] = {"category", FIELD_TEXT, TEXTOID, false, 200},
	[DEVICE] = {"device_type", FIELD_CHOICE, TEXTOID, false, 0, DEVICE_CHOICES},
	[BROWSER] = {"browser", FIELD_TEXT, TEXTOID, false, 200},
	[SYSTEM] = {"os", FIELD_TEXT, TEXTOID, false, 200},
	[IP] = {"ip", FIELD_IDENTIFIER, BYTEAOID, false, 0, "ip"},
	[EVENT_PROPERTIES] = {"event_properties", FIELD_JSON, JSONBOID, false, 100000},
	[EVENT_ID] = {"event_id", FIELD_CODE, TEXTOID, false, 200},
	[SESSION_SECONDS] = {"session_duration_seconds", FIELD_INTEGER, INT8OID, false, PG_INT32_MAX},
	[SESSION_PAGES] = {"pages_viewed_in_session", FIELD_INTEGER, INT8OID, false, PG_INT32_MAX},
	[EVENT_NUMBER] = {"event_number", FIELD_DERIVED, INT8OID},
	[IS_REPEATED] = {"is_repeated", FIELD_DERIVED, BOOLOID},
};

typedef struct EventState
{
	RowCounter *numbers;		/* of events with an id of their own */
} EventState;

static void
begin_events(LandingBatch *batch)
{
	EventState *state = MemoryContextAllocZero(batch->context, sizeof(EventState));

	profile_begin(batch);
	state->numbers = row_counter_create(batch->context);
	batch->entity_state = state;
}

/* Somebody must have done it; its type is the kind behind the platform's own name. */
static void
check_event(LandingBatch *batch)
{
	const text *name = field_text(batch, TYPE);
	EventKind	kind = event_kind(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));

	if (FIELD_IS_NULL(batch, CUSTOMER) && FIELD_IS_NULL(batch, VISITOR))
		reject_field(batch, VISITOR, REASON_MISSING);
	if (kind != EVENT_OTHER)
		set_field(batch, TYPE, CStringGetTextDatum(event_kind_name(kind)));
}

/* Numbers the event and notes that its account was seen. */
static void
stage_event(LandingBatch *batch)
{
	AccountSighting sighting = {
		.account = batch->account,
		.time = DatumGetTimestampTz(FIELD_VALUE(batch, HAPPENED_AT))
	};

	EventState *state = batch->entity_state;
	int64		number = DatumGetInt64(batch->values[STAGED_ROW_ID]);
	bool		is_repeated = false;

	if (batch->account >= 0)
		(void) profile_note(batch->profile, &sighting);
	if (!FIELD_IS_NULL(batch, EVENT_ID))
	{
		number = declared_identity(batch, "event", field_text(batch, EVENT_ID));
		is_repeated = row_counter_add(state->numbers, number) > 1;
	}
	set_field(batch, EVENT_NUMBER, Int64GetDatum(number));
	set_field(batch, IS_REPEATED, BoolGetDatum(is_repeated));
}

static void
make_event_relations(LandingBatch *batch)
{
	profile_relations(batch);
}

const LandingEntity landing_event = {
	.name = "event",
	.fields = fields,
	.field_count = EVENT_FIELDS,
	.time_field = HAPPENED_AT,
	.begin = begin_events,
	.check_row = check_event,
	.stage_row = stage_event,
	.make_relations = make_event_relations
};
