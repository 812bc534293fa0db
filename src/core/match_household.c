/*
 * match_household.c
 *		Non-matches of one household: people who share an address, a telephone, a
 *		mailbox or a surname, and nothing else but by chance.
 *
 * Of a comparison such a pair agrees like a match with the probability s that it
 * is shared, and like strangers otherwise: h = s m + (1 - s) u.  Of a whole name
 * the surname may be shared, while forenames hardly ever agree, though families
 * repeat them now and then: levels at which surnames agree have s of the
 * probability.  How many such pairs there are and what they share is
 * estimated from the pairs that the blocking rules find.
 */
#include "core/match_fit.h"

/* fewer pairs than this are no class of their own */
#define LEAST_HOUSEHOLDS 1.0
#define MOST_SHARE 0.98

/* Part of the households with a surname in common whose forenames are alike, too. */
#define REPEATED_FORENAME 0.01

/*
 * Sum of a comparison's probabilities at levels where these parts of a name agree.
 */
static double
sum_where(const double *probability, const MatchSharing *sharing, int levels, NameAgreement names)
{
	double		sum = 0;

	for (int level = 1; level <= levels; level++)
		if (sharing->names[level] == names)
			sum += probability[level];
	return sum;
}

/*
 * h of a whole name's levels: pairs whose forenames agree look like matches, the
 * others like strangers.
 */
static void
name_levels(EmComparison *comparison, const MatchSharing *sharing)
{
	double		s = sharing->share;
	double		m_both = sum_where(comparison->m, sharing, comparison->levels, AGREES_BOTH);
	double		both = sum_where(comparison->u, sharing, comparison->levels, AGREES_BOTH);
	double		surname = sum_where(comparison->u, sharing, comparison->levels, AGREES_SURNAME);
	double		rest = 1 - both - surname;

	for (int level = 1; level <= comparison->levels; level++)
	{
		double		u = comparison->u[level];

		if (sharing->names[level] == AGREES_BOTH)
			comparison->h[level] = m_both > 0 ? s * REPEATED_FORENAME * comparison->m[level] / m_both : u;
		else if (sharing->names[level] == AGREES_SURNAME)
			comparison->h[level] = surname > 0 ? s * (1 - REPEATED_FORENAME) * u / surname : u;
		else
			comparison->h[level] = rest > 0 ? (1 - s) * u / rest : u;
		if (comparison->h[level] < EM_LEAST)
			comparison->h[level] = EM_LEAST;
	}
}

/*
 * h of all levels.
 */
void
household_levels(MatchFit *fit)
{
	for (int c = 0; c < fit->model.ncomparisons; c++)
	{
		EmComparison *comparison = &fit->model.comparisons[c];
		double		s = fit->sharing[c].share;

		if (fit->sharing[c].sharing == SHARING_SURNAME)
		{
			name_levels(comparison, &fit->sharing[c]);
			continue;
		}
		for (int level = 1; level <= comparison->levels; level++)
			comparison->h[level] = s * comparison->m[level] + (1 - s) * comparison->u[level];
	}
}

/*
 * Expected households that share a comparison's value, and those in which both
 * values are known.
 */
static double
count_sharing(const EmComparison *comparison, const MatchSharing *sharing, const double *counts,
			  double *known)
{
	double		shared = 0;

	*known = 0;
	for (int level = 1; level <= comparison->levels; level++)
	{
		*known += counts[level];
		if (sharing->sharing == SHARING_SURNAME)
			shared += sharing->names[level] == AGREES_SURNAME || sharing->names[level] == AGREES_BOTH ? counts[level] : 0;
		else if (comparison->h[level] > 0)
			shared += counts[level] * sharing->share * comparison->m[level] / comparison->h[level];
	}
	return shared;
}

/*
 * What is shared, and the share of such pairs among the non-matches.
 */
void
household_fit(MatchFit *fit, const EmSums *sums)
{
	double		others = fit->total * (1 - fit->model.lambda);

	if (sums->households < LEAST_HOUSEHOLDS || others <= sums->households)
	{
		fit->model.household = 0;
		return;
	}
	fit->model.household = sums->households / others;
	for (int c = 0; c < fit->model.ncomparisons; c++)
	{
		MatchSharing *sharing = &fit->sharing[c];
		double		known;
		double		shared = count_sharing(&fit->model.comparisons[c], sharing, sums->h[c], &known);

		if (sharing->sharing == SHARING_NONE)
			continue;
		sharing->share = (shared + sharing->strength * sharing->expected) / (known + sharing->strength);
		if (sharing->share > MOST_SHARE)
			sharing->share = MOST_SHARE;
	}
	household_levels(fit);
}
