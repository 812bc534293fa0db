/*
 * lift.h
 *		The difference that a treatment makes between two groups.
 *
 * Pure C, no backend headers.  What is not defined is NaN.
 */
#ifndef PATTERNOS_LIFT_H
#define PATTERNOS_LIFT_H

#include <stdint.h>

/* A value with its confidence interval. */
typedef struct Estimated
{
	double		value;
	double		low;
	double		high;
} Estimated;

typedef struct Lift
{
	Estimated	difference;		/* first group less second */
	Estimated	relative;		/* difference / second group */
	double		p_value;		/* two-sided, of no difference */
	double		detectable;		/* difference found with a probability of 80 % */
} Lift;

typedef struct Sample
{
	int64_t		n;
	double		mean;
	double		variance;
} Sample;

/* Of two proportions: so many of n. */
extern Lift lift_of_rates(int64_t hits_a, int64_t n_a, int64_t hits_b, int64_t n_b, double confidence);

/* Of two means. */
extern Lift lift_of_means(Sample a, Sample b, double confidence);

/* Probability of a division at least as unequal as n_a and n_b, where the first has the share. */
extern double sample_ratio_p(int64_t n_a, int64_t n_b, double share);

#endif							/* PATTERNOS_LIFT_H */
