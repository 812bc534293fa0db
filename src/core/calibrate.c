/*
 * calibrate.c
 *		From scores to probabilities: Platt's logistic curve and isotonic regression.
 */
#include "core/metrics.h"

#include <math.h>

#define MOST_STEPS	100

/* Loss of a curve and its derivatives by slope and intercept. */
typedef struct PlattPoint
{
	double		loss;
	double		by_slope;
	double		by_intercept;
	double		hessian[3];		/* slope slope, slope intercept, intercept
								 * intercept */
} PlattPoint;

static PlattPoint
platt_evaluate(const Outcome *outcomes, size_t count, double positive, double negative, double slope, double intercept)
{
	PlattPoint	point = {0};
	size_t		i;

	for (i = 0; i < count; i++)
	{
		double		x = outcomes[i].score;
		double		target = outcomes[i].label ? positive : negative;
		double		margin = slope * x + intercept;
		double		p = 1 / (1 + exp(-margin));
		double		weight = p * (1 - p);

		point.loss += fmax(margin, 0) + log1p(exp(-fabs(margin))) - target * margin;
		point.by_slope += (p - target) * x;
		point.by_intercept += p - target;
		point.hessian[0] += weight * x * x;
		point.hessian[1] += weight * x;
		point.hessian[2] += weight;
	}
	return point;
}

/*
 * Fits p = 1 / (1 + exp(-(slope * score + intercept))) by Newton's method with
 * step halving and Platt's targets (n+ + 1)/(n+ + 2) and 1/(n- + 2), as in Lin,
 * Lin and Weng (2007).  False when a class is missing.
 */
bool
metrics_platt(const Outcome *outcomes, size_t count, double *slope, double *intercept)
{
	double		p = (double) metrics_positives(outcomes, count);
	double		n = (double) count - p;
	double		positive = (p + 1) / (p + 2);
	double		negative = 1 / (n + 2);
	PlattPoint	at;
	int			step;

	if (p == 0 || n == 0)
		return false;
	*slope = 0;
	*intercept = log((p + 1) / (n + 1));
	at = platt_evaluate(outcomes, count, positive, negative, *slope, *intercept);
	for (step = 0; step < MOST_STEPS; step++)
	{
		double		ss = at.hessian[0] + 1e-12;
		double		ii = at.hessian[2] + 1e-12;
		double		determinant = ss * ii - at.hessian[1] * at.hessian[1];
		double		to_slope = -(ii * at.by_slope - at.hessian[1] * at.by_intercept) / determinant;
		double		to_intercept = -(ss * at.by_intercept - at.hessian[1] * at.by_slope) / determinant;
		double		downhill = at.by_slope * to_slope + at.by_intercept * to_intercept;
		double		length = 1;

		if (!(determinant > 0) || (fabs(at.by_slope) < 1e-9 * (double) count && fabs(at.by_intercept) < 1e-9 * (double) count))
			break;
		while (length > 1e-10)
		{
			PlattPoint	next = platt_evaluate(outcomes, count, positive, negative, *slope + length * to_slope,
											  *intercept + length * to_intercept);

			if (next.loss <= at.loss + 1e-4 * length * downhill)
			{
				*slope += length * to_slope;
				*intercept += length * to_intercept;
				at = next;
				break;
			}
			length /= 2;
		}
		if (length <= 1e-10)
			break;
	}
	return isfinite(*slope) && isfinite(*intercept);
}

/* Neighbouring outcomes with one mean. */
typedef struct Pool
{
	double		sum;
	double		weight;
} Pool;

/*
 * Isotonic regression of labels on scores by pooling adjacent violators.  x and
 * y have room for count knots each, which are the first and last score of each
 * level; between them one interpolates.  Returns the number of knots.
 */
size_t
metrics_isotonic(const Outcome *outcomes, size_t count, double *x, double *y)
{
	size_t		levels = 0,
				knots = 0,
				i = 0,
				level,
				place;

	/*
	 * y keeps the sum of labels of each level and x its number of rows while
	 * levels are found; there are never more of them than rows.
	 */
	while (i < count)
	{
		Pool		pool = {0};
		double		score = outcomes[i].score;

		for (; i < count && outcomes[i].score == score; i++)
		{
			pool.sum += outcomes[i].label;
			pool.weight += 1;
		}
		while (levels > 0 && y[levels - 1] * pool.weight >= pool.sum * x[levels - 1])
		{
			levels--;
			pool.sum += y[levels];
			pool.weight += x[levels];
		}
		y[levels] = pool.sum;
		x[levels] = pool.weight;
		levels++;
	}
	for (level = 0, i = 0; level < levels; level++)
	{
		size_t		end = i + (size_t) x[level];

		knots += outcomes[end - 1].score > outcomes[i].score ? 2 : 1;
		i = end;
	}

	/*
	 * from the last level down, so that no level is overwritten before it is
	 * read
	 */
	for (level = levels, place = knots; level-- > 0;)
	{
		size_t		begin = i - (size_t) x[level];
		double		mean = y[level] / x[level];
		double		first = outcomes[begin].score;
		double		last = outcomes[i - 1].score;

		if (last > first)
		{
			x[--place] = last;
			y[place] = mean;
		}
		x[--place] = first;
		y[place] = mean;
		i = begin;
	}
	return knots;
}
