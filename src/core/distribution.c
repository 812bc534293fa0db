/*
 * distribution.c
 *		The normal and Student's t distribution.
 *
 * Relative errors are below 1e-12 for degrees of freedom up to 1e9; beyond,
 * t is taken as normal.  Sources: Abramowitz and Stegun 26.2.23 (first guess
 * of the quantile), 26.5.8 (continued fraction of the incomplete beta
 * function) and 6.1.47 (ratio of gamma functions).
 */
#include "core/distribution.h"

#include <math.h>

#define MOST_NORMAL_DF	1e9
#define MOST_TERMS		100000

double
normal_cdf(double x)
{
	return 0.5 * erfc(-x * M_SQRT1_2);
}

double
normal_two_sided(double x)
{
	return erfc(fabs(x) * M_SQRT1_2);
}

double
normal_quantile(double p)
{
	double		tail = p < 0.5 ? p : 1 - p;
	double		t = sqrt(-2 * log(tail));
	double		x = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
	(1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
	int			i;

	/* x is above the tail; Halley's method triples the digits each time */
	for (i = 0; i < 4; i++)
	{
		double		error = (normal_cdf(-x) - tail) * sqrt(2 * M_PI) * exp(x * x / 2);

		x += error / (1 + x * error / 2);
	}
	return p < 0.5 ? -x : x;
}

/*
 * The continued fraction of the incomplete beta function, by Lentz's method;
 * converges fast for x < (a + 1) / (a + b + 2).
 */
static double
beta_fraction(double a, double b, double x)
{
	const double tiny = 1e-300;
	double		c = 1;
	double		d = 1 - (a + b) * x / (a + 1);
	double		result;
	int			m;

	d = 1 / (fabs(d) < tiny ? tiny : d);
	result = d;
	for (m = 1; m <= MOST_TERMS; m++)
	{
		double		even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double		odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		double		step;

		d = 1 + even * d;
		c = 1 + even / c;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = fabs(c) < tiny ? tiny : c;
		result *= d * c;
		d = 1 + odd * d;
		c = 1 + odd / c;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = fabs(c) < tiny ? tiny : c;
		step = d * c;
		result *= step;
		if (fabs(step - 1) < 1e-16)
			break;
	}
	return result;
}

/*
 * ln(gamma(a + 1/2) / gamma(a)), without the cancellation of large logarithms.
 */
static double
half_gamma_ratio(double a)
{
	double		inverse = 1 / a;
	double		square = inverse * inverse;

	if (a < 30)
		return lgamma(a + 0.5) - lgamma(a);
	return 0.5 * log(a) + inverse * (-1.0 / 8 + square * (1.0 / 192 + square * (-1.0 / 640 + square * 17.0 / 14336)));
}

double
student_two_sided(double t, double df)
{
	double		square = t * t;
	double		a = df / 2;
	double		x = df / (df + square);
	double		rest = square / (df + square);
	double		front;

	if (df > MOST_NORMAL_DF)
		return normal_two_sided(t);
	if (isinf(square))
		return 0;
	if (square == 0)
		return 1;
	/* x^a (1 - x)^(1/2) / B(a, 1/2) */
	front = exp(-a * log1p(square / df) + 0.5 * log(rest) + half_gamma_ratio(a) - 0.5 * log(M_PI));
	if (x < (a + 1) / (a + 2.5))
		return front * beta_fraction(a, 0.5, x) / a;
	return 1 - front * beta_fraction(0.5, a, rest) / 0.5;
}

double
student_two_sided_quantile(double p, double df)
{
	/* t has more in its tails than the normal distribution */
	double		low = normal_quantile(1 - p / 2);
	double		high = low > 0 ? low : 1e-300;

	if (df > MOST_NORMAL_DF)
		return low;
	while (student_two_sided(high, df) > p && high < 1e300)
		high *= 2;
	while (high - low > 4e-16 * high)
	{
		double		middle = low + (high - low) / 2;

		if (middle <= low || middle >= high)
			break;
		if (student_two_sided(middle, df) > p)
			low = middle;
		else
			high = middle;
	}
	return high;
}
