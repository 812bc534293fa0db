/*
 * gbt_split.c
 *		Histograms of gradients and the best split of a node.
 */
#include "core/gbt_split.h"

#include <math.h>
#include <string.h>

/* Rows ahead that are fetched while one is summed. */
#define PREFETCH 12

/* Improvements below this are rounding. */
#define SMALLEST_GAIN 1e-6

/*
 * What is left of a gradient after the L1 penalty.
 */
static inline double
shrunk(double gradient, double alpha)
{
	if (gradient > alpha)
		return gradient - alpha;
	if (gradient < -alpha)
		return gradient + alpha;
	return 0;
}

/*
 * The best weight of a leaf with these sums, before the learning rate.
 */
double
gbt_weight(const GbtParams *params, double gradient, double hessian, GbtBounds bounds)
{
	double		weight;

	if (hessian <= 0)
		return fmin(fmax(0, bounds.low), bounds.high);
	weight = -shrunk(gradient, params->reg_alpha) / (hessian + params->reg_lambda);
	return fmin(fmax(weight, bounds.low), bounds.high);
}

/*
 * Twice how much a leaf of this weight lowers the loss.
 */
static double
gain_of_weight(const GbtParams *params, double gradient, double hessian, double weight)
{
	return -(2 * gradient * weight + (hessian + params->reg_lambda) * weight * weight
			 + 2 * params->reg_alpha * fabs(weight));
}

/*
 * Adds the rows of a node, or all of them in order when index is NULL, to a
 * histogram that holds zeros.
 */
void
gbt_fill_histogram(const GbtTree *tree, const uint32_t *index, size_t count, int64_t *histogram)
{
	const uint8_t *bins = tree->rows->bins;
	const int32_t *offset = tree->offset;
	const size_t stride = (size_t) tree->nfeatures;
	size_t		i;

	for (i = 0; i < count; i++)
	{
		size_t		row = index ? index[i] : i;
		const uint8_t *line = bins + row * stride;
		int64_t		add = tree->packed[row];
		int			k;

		if (index && i + PREFETCH < count)
		{
			const uint8_t *ahead = bins + index[i + PREFETCH] * stride;

			for (k = 0; k < (int) stride; k += 64)
				__builtin_prefetch(ahead + k);
			__builtin_prefetch(tree->packed + index[i + PREFETCH]);
		}
		if (tree->nactive == tree->nfeatures)
			for (k = 0; k < tree->nfeatures; k++)
				histogram[offset[k] + line[k]] += add;
		else
			for (k = 0; k < tree->nactive; k++)
				histogram[offset[tree->active[k]] + line[tree->active[k]]] += add;
	}
}

/*
 * Takes a child's histogram off its parent's, which leaves the other child's.
 */
void
gbt_subtract_histogram(const GbtTree *tree, int64_t *from, const int64_t *part)
{
	int32_t		i;

	for (i = 0; i < tree->width; i++)
		from[i] -= part[i];
}

/*
 * Keeps a candidate split if it is better than the best one so far.
 */
static void
consider(const GbtTree *tree, GbtSplit *best, int32_t feature, int32_t bin, bool default_left, int64_t left,
		 int64_t total, double parent_gain, GbtBounds bounds)
{
	const GbtParams *params = tree->params;
	double		left_gradient = gbt_gradient(tree, left);
	double		left_hessian = gbt_hessian(tree, left);
	double		right_gradient = gbt_gradient(tree, total - left);
	double		right_hessian = gbt_hessian(tree, total - left);
	int			constraint = params->monotone ? params->monotone[feature] : 0;
	double		left_weight,
				right_weight,
				gain;

	if (left_hessian < params->min_child_weight || right_hessian < params->min_child_weight
		|| left_hessian <= 0 || right_hessian <= 0)
		return;
	if (!params->monotone && params->reg_alpha == 0)
	{
		/* the frequent case in fewer steps; one division for both sides */
		double		l = left_hessian + params->reg_lambda;
		double		r = right_hessian + params->reg_lambda;

		gain = (left_gradient * left_gradient * r + right_gradient * right_gradient * l) / (l * r) - parent_gain;
		if (gain <= best->gain)
			return;
		left_weight = -left_gradient / l;
		right_weight = -right_gradient / r;
	}
	else
	{
		left_weight = gbt_weight(params, left_gradient, left_hessian, bounds);
		right_weight = gbt_weight(params, right_gradient, right_hessian, bounds);
		if ((constraint > 0 && left_weight > right_weight) || (constraint < 0 && left_weight < right_weight))
			return;
		gain = gain_of_weight(params, left_gradient, left_hessian, left_weight)
			+ gain_of_weight(params, right_gradient, right_hessian, right_weight) - parent_gain;
		if (gain <= best->gain)
			return;
	}
	best->gain = gain;
	best->feature = feature;
	best->bin = bin;
	best->default_left = default_left;
	best->left = left;
	best->left_weight = left_weight;
	best->right_weight = right_weight;
}

/*
 * The best split of a node: every bin of every feature, with missing values on
 * either side where there are any.  Ties go to the lower feature, the lower
 * bin, and missing values right.
 */
GbtSplit
gbt_find_split(const GbtTree *tree, const int64_t *histogram, int64_t total, GbtBounds bounds)
{
	GbtSplit	best = {0};
	double		gradient = gbt_gradient(tree, total);
	double		hessian = gbt_hessian(tree, total);
	double		parent_gain = gain_of_weight(tree->params, gradient, hessian,
											 gbt_weight(tree->params, gradient, hessian, bounds));
	int			k;

	best.gain = SMALLEST_GAIN;
	best.feature = -1;
	for (k = 0; k < tree->nactive; k++)
	{
		int32_t		feature = tree->active[k];
		const int64_t *bins = histogram + tree->offset[feature];
		int32_t		last = tree->nbins[feature] - 1;
		int64_t		missing = bins[0];
		int64_t		left = 0;
		int32_t		bin;

		for (bin = 1; bin < last; bin++)
		{
			if (bins[bin] == 0)
				continue;
			left += bins[bin];
			consider(tree, &best, feature, bin, false, left, total, parent_gain, bounds);
			if (missing != 0)
				consider(tree, &best, feature, bin, true, left + missing, total, parent_gain, bounds);
		}

		/*
		 * missing values alone on the left, everything else on the right: the
		 * last bin goes left otherwise
		 */
		if (missing != 0)
			consider(tree, &best, feature, last, false, total - missing, total, parent_gain, bounds);
	}
	if (best.feature < 0)
		best.gain = 0;
	return best;
}
