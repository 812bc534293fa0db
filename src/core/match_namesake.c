/*
 * match_namesake.c
 *		Values that are made of names, such as e-mail addresses: namesakes have
 *		similar ones.
 *
 * A similar address beside an equal name says less than among all pairs, and the
 * weights of a pair are added as if it said the same.  So u of the levels at which
 * such values are similar is that among pairs whose names agree, of the training
 * passes that say nothing about the value.  Before any such pair is seen, the level
 * keeps a quarter of its weight.
 */
#include "core/match_fit.h"

#include <math.h>
#include <string.h>

#include "core/random.h"

#define PRIOR_WEIGHT 0.25
#define PRIOR_PAIRS 20.0

/* Names agree that have this part of the greatest weight of names. */
#define LEAST_AGREEMENT 0.5

#define MAX_ITERATIONS 20
#define CONVERGENCE 1e-6

/* logarithms of the weights of names' levels, 0 for what is no name or missing */
typedef struct NameWeights
{
	double		weight[EM_MAX_COMPARISONS][EM_MAX_LEVELS + 1];
	double		greatest[EM_MAX_COMPARISONS];
} NameWeights;

static void
take_weights(const MatchFit *fit, NameWeights *names)
{
	memset(names, 0, sizeof(NameWeights));
	for (int c = 0; c < fit->model.ncomparisons; c++)
	{
		const EmComparison *comparison = &fit->model.comparisons[c];

		if (fit->naming[c][1] != NAMING_NAME)
			continue;
		for (int level = 1; level <= comparison->levels; level++)
		{
			double		weight = portable_log(comparison->m[level] / comparison->u[level]);

			names->weight[c][level] = weight;
			names->greatest[c] = fmax(names->greatest[c], weight);
		}
	}
}

/*
 * Whether the names of a pair agree.
 */
static bool
are_namesakes(const NameWeights *names, int ncomparisons, uint64_t pattern)
{
	double		weight = 0;
	double		greatest = 0;

	for (int c = 0; c < ncomparisons; c++)
	{
		int			level = (pattern >> (4 * c)) & 15;

		weight += names->weight[c][level];
		greatest += level > 0 ? names->greatest[c] : 0;
	}
	return greatest > 0 && weight >= LEAST_AGREEMENT * greatest;
}

/*
 * Puts the namesakes of all passes that say nothing about a comparison in the
 * scratch area.
 */
static size_t
collect_namesakes(MatchFit *fit, int c)
{
	NameWeights names;
	size_t		found = 0;

	take_weights(fit, &names);
	for (int s = 0; s < fit->nsessions; s++)
	{
		const MatchSession *session = &fit->sessions[s];

		if (((session->mask >> (4 * c)) & 15) == 0)
			continue;
		for (size_t i = 0; i < session->ncounts; i++)
			if (((session->counts[i].pattern >> (4 * c)) & 15) &&
				are_namesakes(&names, fit->model.ncomparisons, session->counts[i].pattern))
				fit->scratch[found++] = session->counts[i];
	}
	return found;
}

/*
 * One comparison: the expected non-matches among the namesakes, level by level,
 * for the u at hand, and u out of them.
 */
static void
fit_comparison(MatchFit *fit, int c)
{
	EmComparison *comparison = &fit->model.comparisons[c];
	size_t		found = collect_namesakes(fit, c);
	double		among_all[EM_MAX_LEVELS + 1];
	double		prior[EM_MAX_LEVELS + 1];
	bool		learned[EM_MAX_LEVELS + 1] = {false};
	double		change = 1;

	for (int level = 1; level <= comparison->levels; level++)
	{
		double		m = comparison->m[level];
		double		u = among_all[level] = comparison->u[level];

		learned[level] = fit->naming[c][level] == NAMING_LIKENESS && !comparison->fix_u[level] && m > u;
		if (!learned[level])
			continue;
		prior[level] = m * portable_exp(PRIOR_WEIGHT * portable_log(u / m));
		comparison->u[level] = fmax(u, fit->namesake_u[c][level] > 0 ? fit->namesake_u[c][level] : prior[level]);
	}
	for (int i = 0; i < MAX_ITERATIONS && change >= CONVERGENCE; i++)
	{
		EmSums		sums;
		double		strangers = 0;

		em_expect(&fit->model, fit->scratch, found, &sums);
		for (int level = 1; level <= comparison->levels; level++)
			strangers += sums.u[c][level] + sums.h[c][level];
		change = 0;
		for (int level = 1; level <= comparison->levels; level++)
		{
			double		u;

			if (!learned[level])
				continue;
			u = (sums.u[c][level] + sums.h[c][level] + PRIOR_PAIRS * prior[level]) / (strangers + PRIOR_PAIRS);
			u = fmax(u, among_all[level]);
			change = fmax(change, fabs(u - comparison->u[level]));
			comparison->u[level] = fit->namesake_u[c][level] = u;
		}
	}
}

/*
 * u of all levels that are made of names.
 */
void
namesake_fit(MatchFit *fit)
{
	for (int c = 0; c < fit->model.ncomparisons; c++)
		for (int level = 1; level <= fit->model.comparisons[c].levels; level++)
			if (fit->naming[c][level] == NAMING_LIKENESS)
			{
				fit_comparison(fit, c);
				break;
			}
}
