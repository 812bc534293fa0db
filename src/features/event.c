/*
 * event.c
 *		Row functions of events and of what happens to carts and searches.
 */
#include "server/money.h"

#include "core/event_kind.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(patternos_event_kind);
PG_FUNCTION_INFO_V1(patternos_cart_abandonment_rate);
PG_FUNCTION_INFO_V1(patternos_search_to_purchase_ratio);

/*
 * The kind of an event from its name; 'other' for an unknown name.
 */
Datum
patternos_event_kind(PG_FUNCTION_ARGS)
{
	text	   *name = PG_GETARG_TEXT_PP(0);
	EventKind	kind = event_kind(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));

	PG_RETURN_TEXT_P(cstring_to_text(event_kind_name(kind)));
}

/*
 * Refuses counts below zero with 22023.
 */
static void
check_counts(int64 first, int64 second)
{
	if (first < 0 || second < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("counts must not be negative")));
}

/*
 * (adds - purchases) / adds, 4 decimals; 0 when there are more purchases than
 * adds, NULL without adds.
 */
Datum
patternos_cart_abandonment_rate(PG_FUNCTION_ARGS)
{
	int64		adds = PG_GETARG_INT64(0);
	int64		purchases = PG_GETARG_INT64(1);

	check_counts(adds, purchases);
	if (adds == 0)
		PG_RETURN_NULL();
	if (purchases > adds)
		purchases = adds;
	return rounded_numeric((double) (adds - purchases) / adds, 4);
}

/*
 * purchases / searches, 4 decimals; may pass 1, NULL without searches.
 */
Datum
patternos_search_to_purchase_ratio(PG_FUNCTION_ARGS)
{
	int64		purchases = PG_GETARG_INT64(0);
	int64		searches = PG_GETARG_INT64(1);

	check_counts(purchases, searches);
	if (searches == 0)
		PG_RETURN_NULL();
	return rounded_numeric((double) purchases / searches, 4);
}
