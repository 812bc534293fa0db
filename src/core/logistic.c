/*
 * logistic.c
 *		Logistic regression with an L2 penalty, by Newton's method.
 */
#include "core/logistic.h"

#include <math.h>
#include <string.h>

/*
 * Bytes that a fit works with.
 */
size_t
logistic_size(int nfeatures)
{
	size_t		width = (size_t) nfeatures + 1;

	return (6 * width + width * width) * sizeof(double);
}

/*
 * Lays a fit out over memory of logistic_size bytes.
 */
void
logistic_start(Logistic *fit, int nfeatures, double penalty, void *memory)
{
	size_t		width = (size_t) nfeatures + 1;
	double	   *at = memory;

	memset(memory, 0, logistic_size(nfeatures));
	*fit = (Logistic)
	{
		.nfeatures = nfeatures,.penalty = penalty,.mean = at,.scale = at + width,.beta = at + 2 * width,
			.trial = at + 3 * width,.gradient = at + 4 * width,.row = at + 5 * width,.hessian = at + 6 * width
	};
}

/*
 * Takes a row into the means and deviations, by Welford's method; gradient
 * holds the weight of each feature's values meanwhile.
 */
void
logistic_note(Logistic *fit, const float *features, double weight)
{
	int			k;

	for (k = 0; k < fit->nfeatures && weight > 0; k++)
	{
		double		difference;

		if (isnan(features[k]))
			continue;
		fit->gradient[k] += weight;
		difference = features[k] - fit->mean[k];
		fit->mean[k] += difference * weight / fit->gradient[k];
		fit->scale[k] += weight * difference * (features[k] - fit->mean[k]);
	}
}

/*
 * All rows have been noted.
 */
void
logistic_noted(Logistic *fit)
{
	int			k;

	for (k = 0; k < fit->nfeatures; k++)
	{
		double		deviation = fit->gradient[k] > 0 ? sqrt(fit->scale[k] / fit->gradient[k]) : 0;

		fit->scale[k] = deviation > 1e-7 * fabs(fit->mean[k]) ? 1 / deviation : 0;
		if (!isfinite(fit->scale[k]))
			fit->scale[k] = 0;
	}
}

/*
 * Starts a pass over the rows.
 */
void
logistic_begin(Logistic *fit)
{
	size_t		width = (size_t) fit->nfeatures + 1;

	memset(fit->gradient, 0, width * sizeof(double));
	memset(fit->hessian, 0, width * width * sizeof(double));
	fit->loss = fit->weight = 0;
}

/*
 * Adds a row to the loss and its derivatives.
 */
void
logistic_add(Logistic *fit, const float *features, bool label, double weight)
{
	int			width = fit->nfeatures + 1;
	double		margin = fit->beta[0];
	double		p,
				error,
				curvature;
	int			i,
				k;

	fit->row[0] = 1;
	for (k = 1; k < width; k++)
	{
		fit->row[k] = isnan(features[k - 1]) ? 0 : (features[k - 1] - fit->mean[k - 1]) * fit->scale[k - 1];
		margin += fit->beta[k] * fit->row[k];
	}
	p = 1 / (1 + exp(-margin));
	error = (p - label) * weight;
	curvature = p * (1 - p) * weight;
	fit->loss += weight * (fmax(label ? -margin : margin, 0) + log1p(exp(-fabs(margin))));
	fit->weight += weight;
	for (i = 0; i < width; i++)
	{
		double		part = curvature * fit->row[i];
		double	   *line = fit->hessian + (size_t) i * (size_t) width;

		fit->gradient[i] += error * fit->row[i];
		for (k = 0; k <= i; k++)
			line[k] += part * fit->row[k];
	}
}

/*
 * The Cholesky factor of the Hessian in its place; a direction without
 * curvature is left out.
 */
static void
factor(double *matrix, int width)
{
	int			i,
				j,
				k;

	for (j = 0; j < width; j++)
	{
		double	   *line = matrix + (size_t) j * (size_t) width;
		double		pivot = line[j];

		for (k = 0; k < j; k++)
			pivot -= line[k] * line[k];
		line[j] = pivot > 1e-9 ? sqrt(pivot) : INFINITY;
		for (i = j + 1; i < width; i++)
		{
			double	   *other = matrix + (size_t) i * (size_t) width;
			double		sum = other[j];

			for (k = 0; k < j; k++)
				sum -= other[k] * line[k];
			other[j] = sum / line[j];
		}
	}
}

/*
 * A pass is complete: takes Newton's step.  Returns false, and takes none, when
 * the coefficients are where they should be.
 */
bool
logistic_step(Logistic *fit)
{
	int			width = fit->nfeatures + 1;
	double		steepest = 0;
	int			i,
				k;

	for (i = 0; i < width; i++)
	{
		double		penalty = i == 0 ? 0 : fit->penalty;

		fit->gradient[i] += penalty * fit->beta[i];
		fit->hessian[(size_t) i * (size_t) width + (size_t) i] += penalty;
		steepest = fmax(steepest, fabs(fit->gradient[i]));
	}
	if (steepest <= 1e-8 * fit->weight)
		return false;
	factor(fit->hessian, width);
	memcpy(fit->trial, fit->beta, (size_t) width * sizeof(double));
	for (i = 0; i < width; i++)
	{
		const double *line = fit->hessian + (size_t) i * (size_t) width;

		for (k = 0; k < i; k++)
			fit->gradient[i] -= line[k] * fit->gradient[k];
		fit->gradient[i] /= line[i];
	}
	for (i = width - 1; i >= 0; i--)
	{
		for (k = i + 1; k < width; k++)
			fit->gradient[i] -= fit->hessian[(size_t) k * (size_t) width + (size_t) i] * fit->gradient[k];
		fit->gradient[i] /= fit->hessian[(size_t) i * (size_t) width + (size_t) i];
		fit->beta[i] -= fit->gradient[i];
	}
	return true;
}

/*
 * Goes back half of the last step.
 */
void
logistic_halve(Logistic *fit)
{
	int			i;

	for (i = 0; i <= fit->nfeatures; i++)
		fit->beta[i] = (fit->beta[i] + fit->trial[i]) / 2;
}

/*
 * The loss with its penalty, after a pass; lower is better.
 */
double
logistic_progress(const Logistic *fit)
{
	double		squares = 0;
	int			k;

	for (k = 1; k <= fit->nfeatures; k++)
		squares += fit->beta[k] * fit->beta[k];
	return fit->loss + fit->penalty * squares / 2;
}

/*
 * The intercept, then for each feature its coefficient and what replaces a
 * missing value, all in the features' own units.
 */
void
logistic_result(const Logistic *fit, double *coefficients)
{
	int			k;

	coefficients[0] = fit->beta[0];
	for (k = 0; k < fit->nfeatures; k++)
	{
		coefficients[2 * k + 1] = fit->beta[k + 1] * fit->scale[k];
		coefficients[2 * k + 2] = fit->mean[k];
		coefficients[0] -= coefficients[2 * k + 1] * fit->mean[k];
	}
}
