/*
 * gbt_bins.c
 *		From values to bins of one byte.
 */
#include "core/gbt.h"

#include <math.h>
#include <stdlib.h>

static int
compare_floats(const void *a, const void *b)
{
	float		x = *(const float *) a;
	float		y = *(const float *) b;

	return (x > y) - (x < y);
}

/*
 * A cut above low and at most high, half way where that is representable.
 */
static float
cut_between(float low, float high)
{
	float		middle = (float) (low + ((double) high - low) / 2);

	return middle > low && middle <= high ? middle : high;
}

/*
 * Chooses at most max_cuts rising cuts for a sample of values, which is sorted
 * in place: between all neighbours where there are few distinct values, else
 * where quantiles lie.  Missing values (NaN) must have been left out.  Returns
 * the number of cuts.
 */
int
gbt_make_cuts(float *values, size_t count, int max_cuts, float *cuts)
{
	size_t		distinct = 0;
	int			ncuts = 0;
	size_t		i;

	if (count == 0)
		return 0;
	qsort(values, count, sizeof(float), compare_floats);
	for (i = 1; i < count; i++)
		distinct += values[i] > values[i - 1];
	if (distinct <= (size_t) max_cuts)
	{
		for (i = 1; i < count; i++)
			if (values[i] > values[i - 1])
				cuts[ncuts++] = cut_between(values[i - 1], values[i]);
		return ncuts;
	}
	for (i = 1; i <= (size_t) max_cuts; i++)
	{
		size_t		rank = count * i / ((size_t) max_cuts + 1);
		size_t		first = rank;
		float		cut;

		/* the first of the values equal to the one at this rank */
		while (first > 0 && values[first - 1] == values[rank])
			first--;
		if (first == 0)
			continue;
		cut = cut_between(values[first - 1], values[rank]);
		if (ncuts == 0 || cut > cuts[ncuts - 1])
			cuts[ncuts++] = cut;
	}
	return ncuts;
}

/*
 * The bin of a value: 0 when it is missing (NaN), else one more than the
 * number of cuts that are not above it.
 */
uint8_t
gbt_bin(const float *cuts, int ncuts, float value)
{
	const float *base = cuts;
	int			length = ncuts;

	if (isnan(value))
		return 0;
	while (length > 0)
	{
		int			half = length / 2;

		if (base[half] <= value)
		{
			base += half + 1;
			length -= half + 1;
		}
		else
			length = half;
	}
	return (uint8_t) (base - cuts + 1);
}
