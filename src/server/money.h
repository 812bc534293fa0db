/*
 * money.h
 *		Amounts as integers of ten-thousandths, and fractions as numeric(5,4).
 *
 * Sums of integers do not depend on the order of their terms.
 */
#ifndef PATTERNOS_MONEY_H
#define PATTERNOS_MONEY_H

#include "patternos.h"

#include "utils/numeric.h"

/* ten-thousandths in one unit: numeric(18,4) is what the facts store */
#define MONEY_SCALE 10000

/* An amount in ten-thousandths, rounded half away from zero; error 22003 for NaN, infinity and more than an int64 holds. */
extern int64 money_from_numeric(Numeric amount);

/* The same from a Datum of type numeric as it lies in a tuple, without copying it. */
extern int64 money_from_datum(Datum amount);

/* The same truncated towards zero, and limited to what an int64 holds; error 22003 for NaN only. */
extern int64 money_limited(Datum amount);

/* A sum of ten-thousandths as numeric(18,2); error 22003 when it does not fit. */
extern Datum money_to_numeric(int128 sum);

/* An integer of units of the last decimal as numeric with so many decimals (0 to 4). */
extern Datum decimal_numeric(int64 units, int decimals);

/* A finite number times ten to so many decimals (0 to 4), rounded half away from zero. */
extern int64 rounded(double value, int decimals);

/* The same as numeric of that scale. */
extern Datum rounded_numeric(double value, int decimals);

#endif							/* PATTERNOS_MONEY_H */
