/*
 * match_fit.h
 *		All parameters of a match model out of counts of patterns.
 *
 * Pure C, no backend headers.
 */
#ifndef PATTERNOS_MATCH_FIT_H
#define PATTERNOS_MATCH_FIT_H

#include "core/em.h"

/* A training pass: the pairs that agree on a blocking rule. */
typedef struct MatchSession
{
	uint64_t	mask;			/* 15 at the comparisons that the rule says
								 * nothing about */
	const EmCount *counts;
	size_t		ncounts;
	EmFit		fit;			/* out */
	double		lambda;			/* out: share of matches in the pass */
	double		m[EM_MAX_COMPARISONS][EM_MAX_LEVELS + 1];	/* out */
} MatchSession;

typedef struct MatchFit
{
	EmModel		model;			/* in: priors and what is fixed; out: the fit */
	double		agreement[EM_MAX_COMPARISONS][EM_MAX_LEVELS + 1];	/* pairs per level among
																	 * all */
	double		total;			/* number of all pairs */
	bool		fix_lambda;		/* model.lambda is given */
	MatchSession *sessions;
	int			nsessions;
	const EmCount *blocked;		/* pairs that any rule finds, each once */
	size_t		nblocked;
	EmCount    *scratch;		/* room for the largest session */
	int			rounds;			/* out */
	double		change;			/* out: of the last round */
	void		(*check) (void);
} MatchFit;

extern void match_fit(MatchFit *fit);

#endif							/* PATTERNOS_MATCH_FIT_H */
