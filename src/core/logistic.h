/*
 * logistic.h
 *		Logistic regression with an L2 penalty, by Newton's method.
 *
 * Pure C; memory belongs to the caller.  Features are standardised, and a
 * missing one (NaN) counts as the mean, so the penalty means the same for all.
 */
#ifndef PATTERNOS_LOGISTIC_H
#define PATTERNOS_LOGISTIC_H

#include <stdbool.h>
#include <stddef.h>

/* A step of the fit: sums over all rows at the present coefficients. */
typedef struct Logistic
{
	int			nfeatures;
	double		penalty;		/* on the squares of the standardised
								 * coefficients */
	double	   *mean;			/* by feature */
	double	   *scale;			/* 1 / standard deviation, 0 for a constant */
	double	   *beta;			/* intercept, then by feature, standardised */
	double	   *trial;			/* beta before the last step */
	double	   *gradient;		/* 1 + nfeatures */
	double	   *hessian;		/* its square, the lower triangle is used */
	double	   *row;			/* 1, then the standardised features */
	double		loss;
	double		weight;
} Logistic;

extern size_t logistic_size(int nfeatures);
extern void logistic_start(Logistic *fit, int nfeatures, double penalty, void *memory);
extern void logistic_note(Logistic *fit, const float *features, double weight);
extern void logistic_noted(Logistic *fit);
extern void logistic_begin(Logistic *fit);
extern void logistic_add(Logistic *fit, const float *features, bool label, double weight);
extern bool logistic_step(Logistic *fit);
extern void logistic_halve(Logistic *fit);
extern double logistic_progress(const Logistic *fit);
extern void logistic_result(const Logistic *fit, double *coefficients);

#endif							/* PATTERNOS_LOGISTIC_H */
