/*
 * rfm_result.c
 *		The columns of RFM results from the state of a customer's purchases.
 *
 * The rules are numbered in rfm.c.
 */
#include "server/money.h"
#include "rfm_state.h"

#include <math.h>

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
void
rfm_part_columns(const RfmPart *part, DateADT as_of, Datum *values, bool *nulls)
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

	memset(nulls, 0, RFM_COLUMNS * sizeof(bool));
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
 * The parts in the order of results; palloc'd.
 */
const RfmPart **
rfm_state_parts(const RfmState *state)
{
	const RfmPart **parts = palloc(state->nparts * sizeof(RfmPart *));

	for (int i = 0; i < state->nparts; i++)
		parts[i] = &state->parts[i];
	qsort(parts, state->nparts, sizeof(RfmPart *), compare_parts);
	return parts;
}
