/*
 * money.c
 *		Amounts as integers of ten-thousandths, and rounded fractions.
 */
#include "money.h"

#include <math.h>

#include "common/int.h"
#include "utils/fmgrprotos.h"

PG_FUNCTION_INFO_V1(patternos__decimal);

static const int64 power_of_ten[] = {1, 10, 100, 1000, 10000};

/*
 * How a stored numeric is laid out: a header word, in the long form a second
 * word with the weight, then digits of base 10000, most significant first.
 * The format is that of data files, so it does not change between versions.
 */
#define HEADER_KIND			0xC000
#define HEADER_SHORT		0x8000
#define HEADER_SPECIAL		0xC000
#define HEADER_SIGN			0x2000	/* of the short form */
#define HEADER_NEGATIVE		0x4000	/* of the long form */
#define SHORT_WEIGHT_SIGN	0x0040
#define SHORT_WEIGHT		0x003F
#define SHORT_SCALE_SHIFT	7

typedef enum MoneyRange
{
	MONEY_FINE,
	MONEY_TOO_GREAT,
	MONEY_TOO_SMALL,
	MONEY_NAN,
} MoneyRange;

/*
 * Decodes a numeric into ten-thousandths, truncated towards zero; 'carry'
 * is what rounding half away from zero adds to that (-1, 0 or 1).  As ten thousand is the base of
 * the digits, no division is needed.
 */
static MoneyRange
decode(const char *data, int size, int64 *result, int *carry)
{
	uint16		header;
	int16		digit;
	int			weight,
				ndigits,
				i;
	bool		negative;
	uint64		sum = 0;

	memcpy(&header, data, sizeof(header));
	data += sizeof(header);
	size -= sizeof(header);
	if ((header & HEADER_KIND) == HEADER_SPECIAL)
		return header == 0xD000 ? MONEY_TOO_GREAT :
			header == 0xF000 ? MONEY_TOO_SMALL : MONEY_NAN;
	if (header & HEADER_SHORT)
	{
		negative = (header & HEADER_SIGN) != 0;
		weight = (int) (header & SHORT_WEIGHT) -
			((header & SHORT_WEIGHT_SIGN) ? SHORT_WEIGHT + 1 : 0);
	}
	else
	{
		negative = (header & HEADER_KIND) == HEADER_NEGATIVE;
		memcpy(&digit, data, sizeof(digit));
		data += sizeof(digit);
		size -= sizeof(digit);
		weight = digit;
	}
	ndigits = size / (int) sizeof(int16);

	*carry = 0;
	for (i = 0; i <= weight + 1 || i < ndigits; i++)
	{
		digit = 0;
		if (i < ndigits)
			memcpy(&digit, data + i * sizeof(int16), sizeof(digit));
		if (i > weight + 1)
		{
			/* only the digit right behind the last one kept matters */
			if (i == weight + 2 && digit >= MONEY_SCALE / 2)
				*carry = negative ? -1 : 1;
			break;
		}
		if (sum > ((uint64) PG_INT64_MAX - digit) / MONEY_SCALE)
			return negative ? MONEY_TOO_SMALL : MONEY_TOO_GREAT;
		sum = sum * MONEY_SCALE + digit;
	}
	*result = negative ? -(int64) sum : (int64) sum;
	return MONEY_FINE;
}

/*
 * Decodes a Datum, which may be packed or even toasted.
 */
static MoneyRange
decode_datum(Datum amount, int64 *result, int *carry)
{
	struct varlena *packed = PG_DETOAST_DATUM_PACKED(amount);
	MoneyRange	range = decode(VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed), result, carry);

	if ((Pointer) packed != DatumGetPointer(amount))
		pfree(packed);
	return range;
}

/*
 * An amount in ten-thousandths, rounded half away from zero.  NaN, infinity
 * and amounts beyond an int64 are errors.
 */
int64
money_from_datum(Datum amount)
{
	int64		result = 0;
	int			carry = 0;

	if (decode_datum(amount, &result, &carry) != MONEY_FINE ||
		pg_add_s64_overflow(result, carry, &result))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("amount must be a finite number below 922 trillion")));
	return result;
}

/*
 * The same for a caller that has a Numeric.
 */
int64
money_from_numeric(Numeric amount)
{
	return money_from_datum(NumericGetDatum(amount));
}

/*
 * An amount in ten-thousandths, truncated towards zero, for comparisons: what
 * is beyond an int64 counts as its limit.  NaN is an error.
 */
int64
money_limited(Datum amount)
{
	int64		result = 0;
	int			carry;

	switch (decode_datum(amount, &result, &carry))
	{
		case MONEY_FINE:
			return result;
		case MONEY_TOO_GREAT:
			return PG_INT64_MAX;
		case MONEY_TOO_SMALL:
			return -PG_INT64_MAX;
		case MONEY_NAN:
			break;
	}
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("amount must be a number")));
}

/*
 * An integer of units of the last decimal as numeric with so many decimals (0
 * to 4).  Only the last of the digits of base 10000 holds decimals.
 */
Datum
decimal_numeric(int64 units, int decimals)
{
	uint64		rest = units < 0 ? -(uint64) units : (uint64) units;
	int16		digits[6];
	int			first = lengthof(digits),
				ndigits;
	uint16		header = HEADER_SHORT | (uint16) (decimals << SHORT_SCALE_SHIFT);
	struct varlena *result;

	digits[--first] = (int16) (rest % power_of_ten[decimals] * power_of_ten[4 - decimals]);
	for (rest /= power_of_ten[decimals]; rest > 0; rest /= MONEY_SCALE)
		digits[--first] = (int16) (rest % MONEY_SCALE);
	ndigits = lengthof(digits) - first;
	while (ndigits > 0 && digits[first + ndigits - 1] == 0)
		ndigits--;
	if (ndigits > 0)
	{
		/* a fraction alone has weight -1 */
		header |= (uint16) ((int) lengthof(digits) - 2 - first) & (SHORT_WEIGHT | SHORT_WEIGHT_SIGN);
		if (units < 0)
			header |= HEADER_SIGN;
	}
	result = palloc(VARHDRSZ + sizeof(header) + ndigits * sizeof(int16));
	SET_VARSIZE(result, VARHDRSZ + sizeof(header) + ndigits * sizeof(int16));
	memcpy(VARDATA(result), &header, sizeof(header));
	memcpy(VARDATA(result) + sizeof(header), digits + first, ndigits * sizeof(int16));
	return PointerGetDatum(result);
}

/*
 * A sum of ten-thousandths as numeric(18,2), rounded half away from zero.
 */
Datum
money_to_numeric(int128 sum)
{
	/* dividing 128 bits is slow, and hardly ever needed */
	if (sum < PG_INT64_MAX - 50 && sum > PG_INT64_MIN + 50)
		return decimal_numeric(((int64) sum + (sum < 0 ? -50 : 50)) / 100, 2);

	sum = (sum + (sum < 0 ? -50 : 50)) / 100;
	if (sum >= INT64CONST(1000000000000000000) || sum <= -INT64CONST(1000000000000000000))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("sum of amounts is out of range")));
	return decimal_numeric((int64) sum, 2);
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
	return decimal_numeric(rounded(value, decimals), decimals);
}

/*
 * _decimal(units bigint, scale integer) returns numeric: units of 10^-scale.
 * Error 22023 unless scale is 0 to 18.
 */
Datum
patternos__decimal(PG_FUNCTION_ARGS)
{
	int32		scale = PG_GETARG_INT32(1);

	if (scale < 0 || scale > 18)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("scale must be between 0 and 18")));
	PG_RETURN_NUMERIC(int64_div_fast_to_numeric(PG_GETARG_INT64(0), scale));
}
