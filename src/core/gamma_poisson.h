/*
 * gamma_poisson.h
 *		Purchase rates that differ by customer: Poisson counts whose rate has a
 *		gamma distribution of shape r and rate alpha.
 *
 * Pure C, no backend headers.
 */
#ifndef PATTERNOS_GAMMA_POISSON_H
#define PATTERNOS_GAMMA_POISSON_H

#include <stddef.h>
#include <stdint.h>

/* greatest count that a fit takes */
#define GAMMA_POISSON_MAX_COUNT 1000000

/* so many customers made x purchases in time t */
typedef struct GammaPoissonCell
{
	double		t;				/* more than 0 */
	int64_t		x;				/* 0 to GAMMA_POISSON_MAX_COUNT */
	int64_t		customers;		/* more than 0 */
} GammaPoissonCell;

typedef struct GammaPoissonFit
{
	double		r;
	double		alpha;
	double		log_likelihood;
	int64_t		customers;
} GammaPoissonFit;

/*
 * Maximum likelihood over at least one cell, none of them twice and always in
 * the same order for the same bits.  'exceeding' has one entry per count from
 * 0 to the greatest x: how many customers made more purchases than that.
 * 'check' is called between iterations, for cancelling.
 */
extern GammaPoissonFit gamma_poisson_fit(const GammaPoissonCell *cells, size_t ncells,
										 const int64_t *exceeding, size_t nexceeding,
										 void (*check) (void));

/* Probability of a purchase within the horizon, of a customer with x purchases in time t. */
extern double gamma_poisson_probability(double x, double t, double r, double alpha, double horizon);

/* The time within which such a customer buys again with probability 1/2. */
extern double gamma_poisson_median_wait(double x, double t, double r, double alpha);

#endif							/* PATTERNOS_GAMMA_POISSON_H */
