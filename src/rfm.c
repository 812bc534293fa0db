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
#include "composite.h"
#include "money.h"
#include "rfm_state.h"

#include <math.h>

#include "access/htup_details.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/* what a row of the facts counts for; sql/48_refresh_rfm.sql computes it */
#define ROLE_PLATFORM_PURCHASE	1
#define ROLE_PURCHASE			2
#define ROLE_MONEY				4
#define ROLE_RETURN				8

/* columns of rfm_result; rfm_platform_result has the platform before them */
#define RESULT_COLUMNS	(1 + 3 * RFM_WINDOWS + 3 + 2 + 2)

PG_FUNCTION_INFO_V1(patternos__rfm_add);
PG_FUNCTION_INFO_V1(patternos__rfm_add_net);
PG_FUNCTION_INFO_V1(patternos__rfm_add_platform);
PG_FUNCTION_INFO_V1(patternos__rfm_add_net_platform);
PG_FUNCTION_INFO_V1(patternos__rfm_add_fact);
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
 * Transition of _rfm_facts(purchase_date date, total numeric, discount
 * numeric, as_of date, platform text, role integer).
 * Unlike a user's purchases, a row of the facts may count on its platform
 * only, bring money only, or take back what was bought.  The facts hold no
 * NULL; a row with one is skipped.
 */
Datum
patternos__rfm_add_fact(PG_FUNCTION_ARGS)
{
	RfmState   *state = get_state(fcinfo, 4);
	DateADT		day;
	int32		age,
				role;
	text	   *platform;
	RfmPart    *part;

	for (int i = 1; i <= 6; i++)
	{
		if (PG_ARGISNULL(i))
			PG_RETURN_POINTER(state);
	}
	day = PG_GETARG_DATEADT(1);
	role = PG_GETARG_INT32(6);
	if (role == 0 || day >= state->as_of)
		PG_RETURN_POINTER(state);
	if (DATE_NOT_FINITE(day))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("date of a purchase must be finite")));
	age = state->as_of - day;
	platform = PG_GETARG_TEXT_PP(5);
	part = rfm_state_part(state, VARDATA_ANY(platform), VARSIZE_ANY_EXHDR(platform));
	if (role & ROLE_PURCHASE)
		rfm_part_add_purchase(state, &state->parts[0], age);
	if (role & ROLE_PLATFORM_PURCHASE)
		rfm_part_add_purchase(state, part, age);
	if (role & (ROLE_MONEY | ROLE_RETURN))
	{
		int64		money = money_from_datum(PG_GETARG_DATUM(2));
		int128		net = (int128) money - money_from_datum(PG_GETARG_DATUM(3));

		if (role & ROLE_RETURN)
		{
			money = 0;
			net = net < 0 ? net : -net;
		}
		rfm_part_add_money(&state->parts[0], age, money, net);
		rfm_part_add_money(part, age, money, net);
	}
	PG_RETURN_POINTER(state);
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
 * A count as integer; 22003 when it does not fit.
 */
static Datum
count_datum(int64 count)
{
	if (count > PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("number of purchases is out of range")));
	return Int32GetDatum((int32) count);
}

/*
 * A quotient with two decimals, from a sum of ten-thousandths and a count.
 */
static Datum
mean_datum(int128 sum, int64 count)
{
	int128		twice = 2 * sum;
	int128		divisor = 200 * (int128) count;
	int128		hundredths = (twice + (sum < 0 ? -divisor / 2 : divisor / 2)) / divisor;

	return money_to_numeric(hundredths * 100);
}

/*
 * A mean gap in days with two decimals, as numeric(10,2).
 */
static Datum
mean_gap_datum(int64 span, int64 gaps)
{
	if (span / gaps >= 99999999)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("gap between purchases is out of range")));
	return mean_datum((int128) span * MONEY_SCALE, gaps);
}

/*
 * Consistency of the gaps between purchases, see rules 3 and 4.
 */
static bool
consistency(const RfmPart *part, int64 purchases, Datum *result)
{
	int32	   *days;
	int32		ndays = rfm_part_sort_days(part, &days);
	int128		squares = 0;
	int64		span,
				gaps = purchases - 1;
	int128		spread;
	double		root;
	int32		i;

	if (purchases < 3 || ndays < 2)
		return false;
	span = (int64) days[0] - days[ndays - 1];
	for (i = 1; i < ndays; i++)
	{
		int64		gap = (int64) days[i - 1] - days[i];

		squares += (int128) gap * gap;
	}

	/*
	 * 1 / (1 + CV) = span / (span + root); a whole root makes a fraction that
	 * is rounded exactly
	 */
	spread = gaps * squares - (int128) span * span;
	root = sqrt((double) spread);
	if (root < INT64CONST(1) << 31 && (int64) root * (int64) root == spread)
		*result = decimal_numeric((20000 * span + span + (int64) root) / (2 * (span + (int64) root)), 4);
	else
		*result = rounded_numeric((double) span / ((double) span + root), 4);
	return true;
}

/*
 * The columns of a result.
 */
static void
fill_result(const RfmPart *part, DateADT as_of, Datum *values, bool *nulls)
{
	int64		frequency[RFM_WINDOWS];
	int128		money = 0,
				net = 0,
				sums[RFM_WINDOWS];
	int64		count = 0;
	int			first = RFM_WINDOWS + 1,
				w;
	int32		oldest = 0,
				newest = 0,
				i;

	memset(nulls, 0, RESULT_COLUMNS * sizeof(bool));
	for (w = 0; w < RFM_WINDOWS; w++)
	{
		frequency[w] = count += part->frequency[w];
		sums[w] = money += part->money[w];
		net += part->net[w];
		values[1 + w] = count_datum(count);
		values[first + w] = money_to_numeric(money);
		values[first + RFM_WINDOWS + w] = money_to_numeric(net);
	}
	for (i = 0; i < part->ndays; i++)
	{
		if (i == 0 || part->days[i] > oldest)
			oldest = part->days[i];
		if (i == 0 || part->days[i] < newest)
			newest = part->days[i];
	}
	values[0] = Int32GetDatum(newest);
	nulls[0] = count == 0;

	/* mean order values over 30 and 90 days and all time */
	first += 2 * RFM_WINDOWS;
	for (w = 0; w < 3; w++)
	{
		int			window = w == 2 ? RFM_WINDOWS - 1 : w + 1;

		nulls[first + w] = frequency[window] == 0;
		if (!nulls[first + w])
			values[first + w] = mean_datum(sums[window], frequency[window]);
	}
	first += 3;
	nulls[first] = count < 2;
	if (!nulls[first])
		values[first] = mean_gap_datum((int64) oldest - newest, count - 1);
	nulls[first + 1] = !consistency(part, count, &values[first + 1]);
	nulls[first + 2] = nulls[first + 3] = count == 0;
	values[first + 2] = DateADTGetDatum(as_of - oldest);
	values[first + 3] = DateADTGetDatum(as_of - newest);
}

/*
 * Final function of rfm: a row of type rfm_result.
 */
Datum
patternos__rfm_result(PG_FUNCTION_ARGS)
{
	RfmState   *state;
	TupleDesc	columns;
	Datum		values[RESULT_COLUMNS];
	bool		nulls[RESULT_COLUMNS];

	(void) aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (RfmState *) PG_GETARG_POINTER(0);
	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE ||
		columns->natts != RESULT_COLUMNS)
		elog(ERROR, "unexpected result type of rfm");
	fill_result(&state->parts[0], state->as_of, values, nulls);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls)));
}

/*
 * Order of parts: all together first, then by the bytes of the platform.
 */
static int
compare_parts(const void *a, const void *b)
{
	const RfmPart *left = *(const RfmPart *const *) a;
	const RfmPart *right = *(const RfmPart *const *) b;
	int			order;

	if (left->platform == NULL || right->platform == NULL)
		return (left->platform != NULL) - (right->platform != NULL);
	order = memcmp(left->platform, right->platform,
				   Min(left->platform_length, right->platform_length));
	return order != 0 ? order : left->platform_length - right->platform_length;
}

/*
 * Final function of rfm_by_platform and _rfm_facts: an array of rows of type
 * rfm_platform_result, 'ALL' first, then a row per platform.
 */
Datum
patternos__rfm_results(PG_FUNCTION_ARGS)
{
	RfmState   *state;
	TupleDesc	type;
	const RfmPart **parts;
	Datum	   *rows;
	Datum		values[RESULT_COLUMNS + 1];
	bool		nulls[RESULT_COLUMNS + 1] = {false};
	int			i;

	(void) aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (RfmState *) PG_GETARG_POINTER(0);
	type = result_row_type(fcinfo);
	if (type->natts != RESULT_COLUMNS + 1)
		elog(ERROR, "unexpected result type of rfm_by_platform");
	parts = palloc(state->nparts * sizeof(RfmPart *));
	rows = palloc(state->nparts * sizeof(Datum));
	for (i = 0; i < state->nparts; i++)
		parts[i] = &state->parts[i];
	qsort(parts, state->nparts, sizeof(RfmPart *), compare_parts);
	for (i = 0; i < state->nparts; i++)
	{
		const RfmPart *part = parts[i];

		values[0] = PointerGetDatum(part->platform == NULL ? cstring_to_text("ALL") :
									cstring_to_text_with_len(part->platform, part->platform_length));
		fill_result(part, state->as_of, values + 1, nulls + 1);
		rows[i] = HeapTupleGetDatum(heap_form_tuple(type, values, nulls));
	}
	PG_RETURN_DATUM(array_of_rows(type, rows, state->nparts));
}
