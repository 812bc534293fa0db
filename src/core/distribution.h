/*
 * distribution.h
 *		The normal and Student's t distribution.
 *
 * Pure C, no backend headers.
 */
#ifndef PATTERNOS_DISTRIBUTION_H
#define PATTERNOS_DISTRIBUTION_H

/* Probability that a standard normal variable is at most x. */
extern double normal_cdf(double x);

/* Probability that its size exceeds |x|. */
extern double normal_two_sided(double x);

/* What a standard normal variable exceeds with probability 1 - p; 0 < p < 1. */
extern double normal_quantile(double p);

/* Probability that a t variable with df > 0 degrees of freedom exceeds |t| in size. */
extern double student_two_sided(double t, double df);

/* What its size exceeds with probability p; 0 < p < 1. */
extern double student_two_sided_quantile(double p, double df);

#endif							/* PATTERNOS_DISTRIBUTION_H */
