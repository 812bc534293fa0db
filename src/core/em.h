/*
 * em.h
 *		Fellegi-Sunter mixture over agreement patterns, fitted by expectation
 *		maximisation.
 *
 * A pattern has four bits per comparison, the first comparison in the lowest:
 * 0 where a side is missing, 1 for the worst level, 2 and up for better ones.
 *
 * Pure C, no backend headers.  The same counts in the same order give the same
 * bits on every machine.
 */
#ifndef PATTERNOS_EM_H
#define PATTERNOS_EM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EM_MAX_COMPARISONS 15
#define EM_MAX_LEVELS 15

/* no probability of a level is less */
#define EM_LEAST 1e-12

/* probabilities of a comparison's levels; entry 0, a missing value, is unused */
typedef struct EmComparison
{
	int			levels;
	double		m[EM_MAX_LEVELS + 1];	/* of a match */
	double		u[EM_MAX_LEVELS + 1];	/* of a non-match */
	double		h[EM_MAX_LEVELS + 1];	/* of a non-match of one household */
	double		prior_m[EM_MAX_LEVELS + 1]; /* pseudo-counts */
	double		prior_u[EM_MAX_LEVELS + 1];
	bool		fix_m[EM_MAX_LEVELS + 1];	/* keep the value given */
	bool		fix_u[EM_MAX_LEVELS + 1];
} EmComparison;

typedef struct EmModel
{
	int			ncomparisons;
	double		lambda;			/* share of matches */
	double		household;		/* share of one household among non-matches;
								 * 0: they are all of one kind */
	EmComparison comparisons[EM_MAX_COMPARISONS];
} EmModel;

/* weighted counts of entries: expected matches, households, all other pairs */
typedef struct EmSums
{
	double		total;
	double		matches;
	double		households;
	double		log_likelihood;
	double		m[EM_MAX_COMPARISONS][EM_MAX_LEVELS + 1];
	double		u[EM_MAX_COMPARISONS][EM_MAX_LEVELS + 1];
	double		h[EM_MAX_COMPARISONS][EM_MAX_LEVELS + 1];
} EmSums;

/* What is known of the pairs of an entry. */
typedef enum EmTruth
{
	EM_NON_MATCH = 0,
	EM_MATCH = 1,
	EM_UNKNOWN = 2
} EmTruth;

typedef struct EmCount
{
	uint64_t	pattern;
	double		count;
	EmTruth		truth;
} EmCount;

typedef struct EmOptions
{
	bool		fix_lambda;
	bool		fix_m;
	bool		fix_u;
	double		total;			/* pairs of which the entries are a part, all
								 * others non-matches; 0: the entries are all */
	int			max_iterations;
	double		convergence;	/* greatest change of any parameter */
	void		(*check) (void);	/* called between iterations, for
									 * cancelling */
} EmOptions;

typedef struct EmFit
{
	int			iterations;
	double		change;			/* greatest of the last iteration */
	double		log_likelihood; /* natural, before the last iteration */
	double		matches;		/* expected among the entries */
} EmFit;

/* Whether each level of a pattern exists in the model. */
extern bool em_pattern_fits(const EmModel *model, uint64_t pattern);

/* Probability that a pair of this pattern is a match. */
extern double em_probability(const EmModel *model, uint64_t pattern);

/* The expectation step. */
extern void em_expect(const EmModel *model, const EmCount *counts, size_t ncounts, EmSums *sums);

/*
 * Puts a comparison's counts, with pseudo-counts added, into probabilities:
 * levels that are fixed keep theirs, the others share the rest.
 */
extern void em_normalise(double *probability, const double *count, const double *prior,
						 const bool *fixed, int levels);

/* Fits the model in place. */
extern EmFit em_fit(EmModel *model, const EmCount *counts, size_t ncounts,
					const EmOptions *options);

#endif							/* PATTERNOS_EM_H */
