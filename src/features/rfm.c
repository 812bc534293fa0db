/*
 * rfm.c
 *		Aggregates that compute recency, frequency and monetary value.
 *
 *	1. A purchase counts when its local date lies before the reference date.
 *	2. Recency is the age in days of the last purchase, NULL without any.
 *	3. The mean gap is (last day - first day) / (purchases - 1), NULL below two
 *	   purchases.  Two purchases of one day have a gap of 0.
 *	4. Consistency is 1 / (1 + CV), where CV is the population standard
 *	   deviation of the gaps over their mean: NULL below three purchases and
 *	   when all are of one day.
 *	5. Sums are exact.  Quotients are rounded half away from zero.
 */
#include "server/composite.h"
#include "server/money.h"
#include "rfm_state.h"

#include <math.h>

#include "access/htup_details.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(patternos__rfm_add);
PG_FUNCTION_INFO_V1(patternos__rfm_add_net);
PG_FUNCTION_INFO_V1(patternos__rfm_add_platform);
PG_FUNCTION_INFO_V1(patternos__rfm_add_net_platform);
PG_FUNCTION_INFO_V1(patternos__rfm_combine);
PG_FUNCTION_INFO_V1(patternos__rfm_serialize);
PG_FUNCTION_INFO_V1(patternos__rfm_deserialize);
PG_FUNCTION_INFO_V1(patternos__rfm_result);
PG_FUNCTION_INFO_V1(patternos__rfm_results);

/*
 * The state of a transition, made at the first row; the reference date must
 * be finite and the same for all rows.
 */
static RfmState *
get_state(FunctionCallInfo fcinfo, int as_of_argument)
{
	MemoryContext context = aggregate_context(fcinfo);
	RfmState   *state;
	DateADT		as_of;

	if (PG_ARGISNULL(as_of_argument))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("reference date must not be null")));
	as_of = PG_GETARG_DATEADT(as_of_argument);
	if (PG_ARGISNULL(0))
	{
		if (DATE_NOT_FINITE(as_of))
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("reference date must be finite")));
		return rfm_state_create(context, as_of);
	}
	state = (RfmState *) PG_GETARG_POINTER(0);
	if (state->as_of != as_of)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("reference date must be the same for all rows of a group")));
	return state;
}

/*
 * The age in days of a moment of local time; 0 or less when it does not lie
 * before the reference date.
 */
static int32
age_of(Timestamp moment, DateADT as_of)
{
	int64		day;

	if (TIMESTAMP_IS_NOEND(moment))
		return 0;
	if (TIMESTAMP_IS_NOBEGIN(moment))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("time of a purchase must be finite")));
	day = moment / USECS_PER_DAY;
	if (moment % USECS_PER_DAY < 0)
		day--;
	return (int32) (as_of - day);
}

/*
 * A transition: one purchase with its amount and net amount, and its platform
 * where there are parts.  A purchase without time or amount is skipped; one
 * without a net amount has none of discount and returns; one without a
 * platform counts for all together only.
 */
static Datum
add_purchase(FunctionCallInfo fcinfo, int net_argument, int as_of_argument, int platform_argument)
{
	RfmState   *state = get_state(fcinfo, as_of_argument);
	int64		money,
				net;
	int32		age;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_POINTER(state);
	age = age_of(PG_GETARG_TIMESTAMP(1), state->as_of);
	if (age < 1)
		PG_RETURN_POINTER(state);
	money = net = money_from_datum(PG_GETARG_DATUM(2));
	if (net_argument > 0 && !PG_ARGISNULL(net_argument))
		net = money_from_datum(PG_GETARG_DATUM(net_argument));

	rfm_part_add_purchase(state, &state->parts[0], age);
	rfm_part_add_money(&state->parts[0], age, money, net);
	if (platform_argument > 0 && !PG_ARGISNULL(platform_argument))
	{
		text	   *platform = PG_GETARG_TEXT_PP(platform_argument);
		RfmPart    *part;

		if (VARSIZE_ANY_EXHDR(platform) == 3 && memcmp(VARDATA_ANY(platform), "ALL", 3) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("platform ALL stands for all platforms together")));
		part = rfm_state_part(state, VARDATA_ANY(platform), VARSIZE_ANY_EXHDR(platform));
		rfm_part_add_purchase(state, part, age);
		rfm_part_add_money(part, age, money, net);
	}
	PG_RETURN_POINTER(state);
}

/*
 * Transition of rfm(ordered_at timestamp, amount numeric, as_of date).
 */
Datum
patternos__rfm_add(PG_FUNCTION_ARGS)
{
	return add_purchase(fcinfo, 0, 3, 0);
}

/*
 * Transition of rfm(ordered_at, amount, net_amount numeric, as_of).
 */
Datum
patternos__rfm_add_net(PG_FUNCTION_ARGS)
{
	return add_purchase(fcinfo, 3, 4, 0);
}

/*
 * Transition of rfm_by_platform(ordered_at, amount, as_of, platform text).
 */
Datum
patternos__rfm_add_platform(PG_FUNCTION_ARGS)
{
	return add_purchase(fcinfo, 0, 3, 4);
}

/*
 * Transition of rfm_by_platform(ordered_at, amount, net_amount, as_of, platform).
 */
Datum
patternos__rfm_add_net_platform(PG_FUNCTION_ARGS)
{
	return add_purchase(fcinfo, 3, 4, 5);
}

/*
 * Adds the second state to the first.
 */
Datum
patternos__rfm_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	RfmState   *into;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	if (PG_ARGISNULL(0))
		into = rfm_state_create(context, ((RfmState *) PG_GETARG_POINTER(1))->as_of);
	else
		into = (RfmState *) PG_GETARG_POINTER(0);
	rfm_state_merge(into, (RfmState *) PG_GETARG_POINTER(1));
	PG_RETURN_POINTER(into);
}

/*
 * A state as bytes.
 */
Datum
patternos__rfm_serialize(PG_FUNCTION_ARGS)
{
	StringInfoData out;

	(void) aggregate_context(fcinfo);
	pq_begintypsend(&out);
	rfm_state_send(&out, (RfmState *) PG_GETARG_POINTER(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

/*
 * A state from bytes; it is short-lived, combining copies it.
 */
Datum
patternos__rfm_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	StringInfoData in;

	(void) aggregate_context(fcinfo);
	initReadOnlyStringInfo(&in, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	PG_RETURN_POINTER(rfm_state_receive(&in, CurrentMemoryContext));
}

/*
 * Final function of rfm: a row of type rfm_result.
 */
Datum
patternos__rfm_result(PG_FUNCTION_ARGS)
{
	RfmState   *state;
	TupleDesc	columns;
	Datum		values[RFM_COLUMNS];
	bool		nulls[RFM_COLUMNS];

	(void) aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (RfmState *) PG_GETARG_POINTER(0);
	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE ||
		columns->natts != RFM_COLUMNS)
		elog(ERROR, "unexpected result type of rfm");
	rfm_part_columns(&state->parts[0], state->as_of, values, nulls);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls)));
}

/*
 * Final function of rfm_by_platform: an array of rows of type
 * rfm_platform_result, 'ALL' first, then a row per platform.
 */
Datum
patternos__rfm_results(PG_FUNCTION_ARGS)
{
	RfmState   *state;
	TupleDesc	type;
	const RfmPart **parts;
	Datum	   *rows;
	Datum		values[RFM_COLUMNS + 1];
	bool		nulls[RFM_COLUMNS + 1] = {false};
	int			i;

	(void) aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (RfmState *) PG_GETARG_POINTER(0);
	type = result_row_type(fcinfo);
	if (type->natts != RFM_COLUMNS + 1)
		elog(ERROR, "unexpected result type of rfm_by_platform");
	parts = rfm_state_parts(state);
	rows = palloc(state->nparts * sizeof(Datum));
	for (i = 0; i < state->nparts; i++)
	{
		const RfmPart *part = parts[i];

		values[0] = PointerGetDatum(part->platform == NULL ? cstring_to_text("ALL") :
									cstring_to_text_with_len(part->platform, part->platform_length));
		rfm_part_columns(part, state->as_of, values + 1, nulls + 1);
		rows[i] = HeapTupleGetDatum(heap_form_tuple(type, values, nulls));
	}
	PG_RETURN_DATUM(array_of_rows(type, rows, state->nparts));
}
