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

/*
 * Parts of the pairs with a surname in common whose forenames are the same, too, or
 * only similar, and how often two forenames begin alike.
 */
#define SAME_FORENAME 0.01
#define SIMILAR_FORENAME 0.01
#define SAME_INITIAL 0.06

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
 * h of a whole name's levels.  Levels at which both names agree, or nearly, are as
 * likely against each other as in matches, the rest as among strangers.
 */
static void
name_levels(EmComparison *comparison, const MatchSharing *sharing)
{
	int			levels = comparison->levels;
	double		s = sharing->share;
	double		m_both = sum_where(comparison->m, sharing, levels, AGREES_BOTH);
	double		m_similar = sum_where(comparison->m, sharing, levels, AGREES_SIMILAR);
	double		initial = SAME_INITIAL * sum_where(comparison->m, sharing, levels, AGREES_INITIAL);
	double		surname = sum_where(comparison->u, sharing, levels, AGREES_SURNAME);
	double		rest = sum_where(comparison->u, sharing, levels, AGREES_NEITHER) +
	sum_where(comparison->u, sharing, levels, AGREES_FORENAME);

	for (int level = 1; level <= levels; level++)
	{
		double		m = comparison->m[level];
		double		u = comparison->u[level];
		double		h = u;

		if (sharing->names[level] == AGREES_BOTH && m_both > 0)
			h = s * SAME_FORENAME * m / m_both;
		else if (sharing->names[level] == AGREES_SIMILAR && m_similar > 0)
			h = s * SIMILAR_FORENAME * m / m_similar;
		else if (sharing->names[level] == AGREES_INITIAL)
			h = s * SAME_INITIAL * m;
		else if (sharing->names[level] == AGREES_SURNAME && surname > 0)
			h = s * (1 - SAME_FORENAME - SIMILAR_FORENAME - initial) * u / surname;
		else if (rest > 0)
			h = (1 - s) * u / rest;
		comparison->h[level] = h < EM_LEAST ? EM_LEAST : h;
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
			shared += sharing->names[level] != AGREES_NEITHER && sharing->names[level] != AGREES_FORENAME ? counts[level] : 0;
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
