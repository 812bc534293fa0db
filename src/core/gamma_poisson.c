/*
 * gamma_poisson.c
 *		Fitting and reading the gamma-Poisson model of purchases.
 *
 * P(x | t) = Gamma(r + x) / (Gamma(r) x!) (alpha / (alpha + t))^r (t / (alpha + t))^x
 *
 * Newton's method on the logarithms of r and alpha, damped, in a box.  As x is
 * an integer, lnGamma(r + x) - lnGamma(r) is the sum of ln(r + j) for j < x, and
 * over all customers the sum of exceeding[j] ln(r + j): no digamma is needed.
 */
#include "gamma_poisson.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

#define MAX_ITERATIONS	200
#define TOLERANCE		1e-10

/* bounds of ln r, and of ln alpha in units of the mean time */
static const double lower[2] = {-6.907755278982137, -11.512925464970229};	/* 0.001, 0.00001 */
static const double upper[2] = {6.907755278982137, 11.512925464970229}; /* 1000, 100000 */

/* what the likelihood is computed from; times in units of their mean */
typedef struct Problem
{
	const GammaPoissonCell *cells;
	size_t		ncells;
	const int64_t *exceeding;
	size_t		nexceeding;
	double		unit;
	double		customers;
} Problem;

/* value, gradient and Hessian in (ln r, ln alpha) */
typedef struct Point
{
	double		value;
	double		gradient[2];
	double		hessian[3];		/* rr, ra, aa */
} Point;

/*
 * The logarithm of the likelihood, without the terms that depend on neither
 * parameter, and its derivatives.
 */
static Point
evaluate(const Problem *problem, const double at[2])
{
	double		r = exp(at[0]);
	double		alpha = exp(at[1]);
	double		n = problem->customers;
	double		value = n * r * at[1];
	double		by_r = n * at[1],
				by_rr = 0,
				by_ra = n / alpha,
				by_a = n * r / alpha,
				by_aa = -n * r / (alpha * alpha);
	Point		result;
	size_t		i;

	for (i = 0; i < problem->nexceeding; i++)
	{
		double		weight = (double) problem->exceeding[i];
		double		term = r + (double) i;

		value += weight * log(term);
		by_r += weight / term;
		by_rr -= weight / (term * term);
	}
	for (i = 0; i < problem->ncells; i++)
	{
		const GammaPoissonCell *cell = &problem->cells[i];
		double		weight = (double) cell->customers;
		double		time = alpha + cell->t / problem->unit;
		double		shape = r + (double) cell->x;
		double		logarithm = log(time);

		value -= weight * shape * logarithm;
		by_r -= weight * logarithm;
		by_ra -= weight / time;
		by_a -= weight * shape / time;
		by_aa += weight * shape / (time * time);
	}
	result.value = value;
	result.gradient[0] = r * by_r;
	result.gradient[1] = alpha * by_a;
	result.hessian[0] = r * r * by_rr + r * by_r;
	result.hessian[1] = r * alpha * by_ra;
	result.hessian[2] = alpha * alpha * by_aa + alpha * by_a;
	return result;
}

/*
 * The damped Newton step.  A parameter at a bound that wants to go beyond it
 * stays where it is.
 */
static void
newton_step(const Point *point, const double at[2], double damping, double step[2])
{
	bool		held[2];
	double		a,
				b,
				c,
				determinant;
	int			k;

	for (k = 0; k < 2; k++)
		held[k] = (at[k] <= lower[k] && point->gradient[k] < 0) ||
			(at[k] >= upper[k] && point->gradient[k] > 0);
	a = -point->hessian[0] + damping;
	b = -point->hessian[1];
	c = -point->hessian[2] + damping;
	step[0] = step[1] = 0;
	if (held[0] && held[1])
		return;
	if (held[0] || held[1])
	{
		k = held[0] ? 1 : 0;
		step[k] = point->gradient[k] / fmax(k == 0 ? a : c, damping);
		return;
	}
	determinant = a * c - b * b;
	if (a > 0 && determinant > 0)
	{
		step[0] = (c * point->gradient[0] - b * point->gradient[1]) / determinant;
		step[1] = (a * point->gradient[1] - b * point->gradient[0]) / determinant;
	}
	else
	{
		/* not curved like a maximum: go uphill */
		step[0] = point->gradient[0] / (damping + fabs(point->hessian[0]));
		step[1] = point->gradient[1] / (damping + fabs(point->hessian[2]));
	}
}

/*
 * Goes up from a starting point until steps become tiny.
 */
static void
maximize(const Problem *problem, double at[2], void (*check) (void))
{
	Point		here = evaluate(problem, at);
	double		damping = 1e-6 * problem->customers;
	int			iteration;

	for (iteration = 0; iteration < MAX_ITERATIONS; iteration++)
	{
		double		step[2],
					next[2];
		Point		there;
		int			k;

		check();
		newton_step(&here, at, damping, step);
		for (k = 0; k < 2; k++)
		{
			/*
			 * a factor of e^2 at a time, so as not to jump into the flat far
			 * end
			 */
			step[k] = fmin(fmax(step[k], -2), 2);
			next[k] = fmin(fmax(at[k] + step[k], lower[k]), upper[k]);
		}
		if (fabs(next[0] - at[0]) + fabs(next[1] - at[1]) < TOLERANCE)
			break;
		there = evaluate(problem, next);
		if (there.value >= here.value)
		{
			at[0] = next[0];
			at[1] = next[1];
			here = there;
			damping = fmax(damping / 10, DBL_MIN);
		}
		else
			damping = fmax(damping * 10, 1e-9 * problem->customers);
	}
}

/*
 * The terms of the likelihood that depend on neither parameter.
 */
static double
constant_terms(const Problem *problem)
{
	double		sum = 0;
	size_t		i;

	for (i = 0; i < problem->ncells; i++)
	{
		const GammaPoissonCell *cell = &problem->cells[i];

		sum += (double) cell->customers *
			((double) cell->x * log(cell->t / problem->unit) - lgamma((double) cell->x + 1));
	}
	return sum;
}

/*
 * See the header.  Without any purchase the likelihood has no maximum: then
 * r is 1 and alpha the total time, as if one purchase were about to happen.
 */
GammaPoissonFit
gamma_poisson_fit(const GammaPoissonCell *cells, size_t ncells,
				  const int64_t *exceeding, size_t nexceeding, void (*check) (void))
{
	Problem		problem = {cells, ncells, exceeding, nexceeding, 0, 0};
	GammaPoissonFit fit = {0, 0, 0, 0};
	double		time = 0,
				purchases = 0,
				at[2];
	size_t		i;

	for (i = 0; i < ncells; i++)
	{
		time += cells[i].t * (double) cells[i].customers;
		purchases += (double) cells[i].x * (double) cells[i].customers;
		fit.customers += cells[i].customers;
	}
	problem.customers = (double) fit.customers;
	problem.unit = time / problem.customers;
	if (purchases > 0)
	{
		/* r = 1 and the observed mean rate */
		at[0] = 0;
		at[1] = fmin(fmax(-log(purchases / problem.customers), lower[1]), upper[1]);
		maximize(&problem, at, check);
	}
	else
	{
		at[0] = 0;
		at[1] = log(problem.customers);
	}
	fit.r = exp(at[0]);
	fit.alpha = exp(at[1]) * problem.unit;
	fit.log_likelihood = evaluate(&problem, at).value + constant_terms(&problem);
	return fit;
}

/*
 * 1 - ((alpha + t) / (alpha + t + horizon))^(r + x)
 */
double
gamma_poisson_probability(double x, double t, double r, double alpha, double horizon)
{
	return -expm1(-(r + x) * log1p(horizon / (alpha + t)));
}

/*
 * The horizon at which that probability is 1/2.
 */
double
gamma_poisson_median_wait(double x, double t, double r, double alpha)
{
	return (alpha + t) * expm1(log(2) / (r + x));
}
