/*
 * lift.c
 *		The difference that a treatment makes between two groups.
 *
 * Proportions: Newcombe's hybrid score interval of the difference (Newcombe
 * 1998, method 10), Katz's interval of the ratio on the log scale, the pooled
 * z test.  Means: Welch's t interval and test, the delta method on the log
 * scale for the ratio.  Divisions: Pearson's chi-square.
 */
#include "core/lift.h"

#include <math.h>

#include "core/distribution.h"

#define POWER 0.8

static const Lift undefined = {{NAN, NAN, NAN}, {NAN, NAN, NAN}, NAN, NAN};

/*
 * Wilson's interval of a proportion.
 */
static Estimated
wilson(double share, double n, double z)
{
	double		middle = share + z * z / (2 * n);
	double		half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n));
	double		scale = 1 + z * z / n;
	Estimated	result = {share, (middle - half) / scale, (middle + half) / scale};

	return result;
}

/*
 * A ratio less 1 from the variance of its logarithm.
 */
static Estimated
relative_lift(double ratio, double log_variance, double z)
{
	double		factor = exp(z * sqrt(log_variance));
	Estimated	result = {ratio - 1, ratio / factor - 1, ratio * factor - 1};

	return result;
}

Lift
lift_of_rates(int64_t hits_a, int64_t n_a, int64_t hits_b, int64_t n_b, double confidence)
{
	Lift		result = undefined;
	double		z = normal_quantile(0.5 + confidence / 2);
	double		n[2] = {(double) n_a, (double) n_b};
	double		rate[2] = {(double) hits_a / n[0], (double) hits_b / n[1]};
	double		pooled = ((double) hits_a + (double) hits_b) / (n[0] + n[1]);
	double		per_group = 1 / n[0] + 1 / n[1];
	Estimated	a,
				b;

	if (n_a == 0 || n_b == 0)
		return result;
	a = wilson(rate[0], n[0], z);
	b = wilson(rate[1], n[1], z);
	result.difference.value = rate[0] - rate[1];
	result.difference.low = result.difference.value - hypot(rate[0] - a.low, b.high - rate[1]);
	result.difference.high = result.difference.value + hypot(a.high - rate[0], rate[1] - b.low);
	if (hits_b > 0)
		result.relative.value = rate[0] / rate[1] - 1;
	if (hits_a > 0 && hits_b > 0)
		result.relative = relative_lift(rate[0] / rate[1],
										(1 - rate[0]) / (double) hits_a + (1 - rate[1]) / (double) hits_b, z);
	if (pooled > 0 && pooled < 1)
		result.p_value = normal_two_sided(result.difference.value / sqrt(pooled * (1 - pooled) * per_group));
	if (hits_b > 0 && hits_b < n_b)
		result.detectable = (z + normal_quantile(POWER)) * sqrt(rate[1] * (1 - rate[1]) * per_group);
	return result;
}

Lift
lift_of_means(Sample a, Sample b, double confidence)
{
	Lift		result = undefined;
	double		z = normal_quantile(0.5 + confidence / 2);
	double		part_a = a.variance / (double) a.n;
	double		part_b = b.variance / (double) b.n;
	double		error = sqrt(part_a + part_b);
	double		df;
	double		t;

	if (a.n == 0 || b.n == 0)
		return result;
	result.difference.value = a.mean - b.mean;
	if (b.mean > 0)
		result.relative.value = a.mean / b.mean - 1;
	if (a.n < 2 || b.n < 2 || !(error > 0))
		return result;
	df = (part_a + part_b) * (part_a + part_b) /
		(part_a * part_a / (double) (a.n - 1) + part_b * part_b / (double) (b.n - 1));
	t = student_two_sided_quantile(1 - confidence, df);
	result.difference.low = result.difference.value - t * error;
	result.difference.high = result.difference.value + t * error;
	if (a.mean > 0 && b.mean > 0)
		result.relative = relative_lift(a.mean / b.mean,
										part_a / (a.mean * a.mean) + part_b / (b.mean * b.mean), z);
	result.p_value = student_two_sided(result.difference.value / error, df);
	result.detectable = (z + normal_quantile(POWER)) * error;
	return result;
}

double
sample_ratio_p(int64_t n_a, int64_t n_b, double share)
{
	double		n = (double) n_a + (double) n_b;
	double		excess = (double) n_a - n * share;

	if (n == 0)
		return NAN;
	/* the square root of chi-square with one degree of freedom is normal */
	return normal_two_sided(excess / sqrt(n * share * (1 - share)));
}
