/*
 * money.c
 *		Amounts as integers of ten-thousandths, and rounded fractions.
 */
#include "money.h"

#include <math.h>

#include "utils/fmgrprotos.h"

static const int64 power_of_ten[] = {1, 10, 100, 1000, 10000};

/*
 * An amount in ten-thousandths, rounded half away from zero. NaN, infinity
 * and amounts beyond an int64 are errors.
 */
int64
money_from_numeric(Numeric amount)
{
	Datum		scaled;

	if (numeric_is_nan(amount) || numeric_is_inf(amount))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("amount must be a finite number")));
	scaled = DirectFunctionCall2(numeric_mul, NumericGetDatum(amount),
								 NumericGetDatum(int64_to_numeric(MONEY_SCALE)));
	return DatumGetInt64(DirectFunctionCall1(numeric_int8, scaled));
}

/*
 * A sum of ten-thousandths as numeric(18,2), rounded half away from zero.
 */
Datum
money_to_numeric(int128 sum)
{
	int128		cents = (sum + (sum < 0 ? -50 : 50)) / 100;

	if (cents >= INT64CONST(1000000000000000000) || cents <= -INT64CONST(1000000000000000000))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("sum of amounts is out of range")));
	return NumericGetDatum(int64_div_fast_to_numeric((int64) cents, 2));
}

/*
 * A finite number times ten to so many decimals (0 to 4), rounded half away
 * from zero. Error 22003 beyond 18 digits.
 */
int64
rounded(double value, int decimals)
{
	double		scaled = value * power_of_ten[decimals];

	scaled = scaled < 0 ? ceil(scaled - 0.5) : floor(scaled + 0.5);
	if (!(fabs(scaled) < 1e18))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("value is out of range")));
	return (int64) scaled;
}

/*
 * The same as numeric of that scale.
 */
Datum
rounded_numeric(double value, int decimals)
{
	return NumericGetDatum(int64_div_fast_to_numeric(rounded(value, decimals), decimals));
}
