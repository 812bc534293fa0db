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

/* What two records of one household agree on besides chance. */
typedef enum Sharing
{
	SHARING_NONE,				/* what a person has alone: birth date,
								 * forename */
	SHARING_VALUE,				/* a value: address, phone, e-mail, surname */
	SHARING_SURNAME				/* the surname of a whole name */
} Sharing;

/* Which parts of a whole name agree at a level. */
typedef enum NameAgreement
{
	AGREES_NEITHER,
	AGREES_SURNAME,
	AGREES_FORENAME,
	AGREES_BOTH,
	AGREES_SIMILAR,				/* surname, and the forename nearly */
	AGREES_INITIAL				/* surname and the forename's first letter */
} NameAgreement;

/* How a comparison behaves within a household. */
typedef struct MatchSharing
{
	Sharing		sharing;
	double		expected;		/* share of households that share it, before
								 * anything is counted */
	double		strength;		/* pairs that this is worth; infinite: it
								 * stays */
	double		share;			/* out */
	NameAgreement names[EM_MAX_LEVELS + 1]; /* of a whole name's levels */
} MatchSharing;

/* What the levels of a comparison have to do with names. */
typedef enum Naming
{
	NAMING_NOTHING,
	NAMING_NAME,				/* a level of a name */
	NAMING_LIKENESS				/* a likeness of values that are made of names */
} Naming;

typedef struct MatchFit
{
	EmModel		model;			/* in: priors and what is fixed; out: the fit */
	double		agreement[EM_MAX_COMPARISONS][EM_MAX_LEVELS + 1];	/* pairs per level among
																	 * all */
	double		looked_at;		/* part of all pairs that agreement counts */
	double		total;			/* number of all pairs */
	bool		fix_lambda;		/* model.lambda is given */
	MatchSession *sessions;
	int			nsessions;
	const EmCount *blocked;		/* pairs that any rule finds, each once */
	size_t		nblocked;
	EmCount    *scratch;		/* room for all sessions */
	Naming		naming[EM_MAX_COMPARISONS][EM_MAX_LEVELS + 1];
	double		namesake_u[EM_MAX_COMPARISONS][EM_MAX_LEVELS + 1];	/* out: among namesakes */
	bool		households;		/* whether pairs of one household are looked
								 * for */
	MatchSharing sharing[EM_MAX_COMPARISONS];
	int			rounds;			/* out */
	double		change;			/* out: of the last round */
	void		(*check) (void);
} MatchFit;

extern void match_fit(MatchFit *fit);

/* h of all levels out of m, u and what is shared. */
extern void household_levels(MatchFit *fit);

/* What is shared, and how often, for the expected counts at hand. */
extern void household_fit(MatchFit *fit, const EmSums *sums);

/* u of likenesses as among namesakes, for the m and u at hand. */
extern void namesake_fit(MatchFit *fit);

#endif							/* PATTERNOS_MATCH_FIT_H */
