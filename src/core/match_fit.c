/*
 * match_fit.c
 *		All parameters of a match model out of counts of patterns.
 *
 * Pairs at a level among all pairs are matches, pairs of one household (see
 * match_household.c) and strangers; what is left without the former gives u,
 * but for what is made of names (see match_namesake.c).
 * m comes from training passes, each over the pairs that agree on a blocking
 * rule, with the comparisons of the rule's columns left out; of the passes'
 * estimates the median counts.  lambda is the number of matches expected among
 * all blocked pairs, over the number of all pairs.  As each needs the others,
 * the three steps are repeated until nothing changes.
 */
#include "core/match_fit.h"

#include <math.h>
#include <string.h>

#define MAX_ROUNDS 25
#define MAX_ITERATIONS 200
#define CONVERGENCE 1e-6
#define ROUND_CONVERGENCE 1e-5

/* a pass that expects fewer matches than this has nothing to say of a comparison */
#define LEAST_MATCHES 5.0

/*
 * The least share of a level's pairs that are taken to be strangers, because the
 * others are estimates.
 */
#define LEAST_CHANCE 0.02

static double
bounded(double lambda)
{
	return lambda < EM_LEAST ? EM_LEAST : lambda > 1 - EM_LEAST ? 1 - EM_LEAST : lambda;
}

/*
 * u of every level: what is left of all pairs at the level when the matches and
 * the households expected there are taken off.
 */
static void
fit_u(MatchFit *fit)
{
	EmModel    *model = &fit->model;
	EmSums		sums;

	em_expect(model, fit->blocked, fit->nblocked, &sums);
	for (int c = 0; c < model->ncomparisons; c++)
	{
		EmComparison *comparison = &model->comparisons[c];
		double		count[EM_MAX_LEVELS + 1] = {0};

		for (int level = 1; level <= comparison->levels; level++)
		{
			double		pairs = fit->agreement[c][level];
			double		others = pairs - (sums.m[c][level] + sums.h[c][level]) * fit->looked_at;
			double		least = pairs * LEAST_CHANCE;

			count[level] = others > least ? others : least;
		}
		em_normalise(comparison->u, count, comparison->prior_u, comparison->fix_u, comparison->levels);
	}
	namesake_fit(fit);
	if (fit->households)
		household_levels(fit);
}

/*
 * lambda and the share of households for the m and u at hand: pairs that no rule
 * finds count as strangers.
 */
static void
fit_lambda(MatchFit *fit)
{
	for (int i = 0; i < MAX_ITERATIONS && fit->nblocked > 0; i++)
	{
		double		before = fit->model.lambda;
		double		total = fit->total;
		EmSums		sums;

		if (fit->check)
			fit->check();
		em_expect(&fit->model, fit->blocked, fit->nblocked, &sums);
		if (total < sums.total)
			total = sums.total;
		if (!fit->fix_lambda)
			fit->model.lambda = bounded(sums.matches / total);
		if (fit->households && fit->model.household > 0)
			household_fit(fit, &sums);
		if (fabs(fit->model.lambda - before) < before * CONVERGENCE && i > 0)
			break;
	}
}

/*
 * One training pass, beginning with the model at hand.  How likely a pair is a
 * match is judged by all comparisons under the one lambda, but m is learned only
 * of those that the rule says nothing about.
 */
static void
fit_session(MatchFit *fit, MatchSession *session)
{
	EmModel		model = fit->model;
	EmOptions	options = {0};
	double		pairs = 0;

	for (int c = 0; c < model.ncomparisons; c++)
		if (((session->mask >> (4 * c)) & 15) == 0)
			memset(model.comparisons[c].fix_m, true, sizeof(model.comparisons[c].fix_m));
	options.fix_lambda = true;
	options.fix_u = true;
	options.max_iterations = MAX_ITERATIONS;
	options.convergence = CONVERGENCE;
	options.check = fit->check;
	session->fit = em_fit(&model, session->counts, session->ncounts, &options);
	for (size_t i = 0; i < session->ncounts; i++)
		pairs += session->counts[i].count;
	session->lambda = pairs > 0 ? session->fit.matches / pairs : 0;
	for (int c = 0; c < model.ncomparisons; c++)
		memcpy(session->m[c], model.comparisons[c].m, sizeof(session->m[c]));
}

/*
 * Whether a pass has seen enough matches with both values of a comparison.
 */
static bool
session_knows(const MatchSession *session, int comparison)
{
	double		seen = 0;
	double		pairs = 0;

	if (((session->mask >> (4 * comparison)) & 15) == 0)
		return false;
	for (size_t i = 0; i < session->ncounts; i++)
	{
		pairs += session->counts[i].count;
		if ((session->counts[i].pattern >> (4 * comparison)) & 15)
			seen += session->counts[i].count;
	}
	return pairs > 0 && session->fit.matches * seen / pairs >= LEAST_MATCHES;
}

/*
 * Median of a few values, which are put in order.
 */
static double
median(double *values, int count)
{
	for (int i = 1; i < count; i++)
		for (int j = i; j > 0 && values[j - 1] > values[j]; j--)
		{
			double		swap = values[j];

			values[j] = values[j - 1];
			values[j - 1] = swap;
		}
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

/*
 * m of a comparison: the median of the passes that know it, the prior where
 * none does.
 */
static void
combine_sessions(MatchFit *fit, int c)
{
	EmComparison *comparison = &fit->model.comparisons[c];
	double		count[EM_MAX_LEVELS + 1] = {0};
	double		none[EM_MAX_LEVELS + 1] = {0};
	double		values[64];
	bool		known = false;

	for (int level = 1; level <= comparison->levels; level++)
	{
		int			n = 0;

		for (int s = 0; s < fit->nsessions && n < 64; s++)
			if (session_knows(&fit->sessions[s], c))
				values[n++] = fit->sessions[s].m[c][level];
		if (n > 0)
			count[level] = median(values, n);
		known = known || n > 0;
	}
	em_normalise(comparison->m, count, known ? none : comparison->prior_m,
				 comparison->fix_m, comparison->levels);
}

/*
 * Greatest difference of a parameter between two models, lambda's relative.
 */
static double
model_change(const EmModel *a, const EmModel *b)
{
	double		change = fabs(a->lambda - b->lambda) / a->lambda;

	for (int c = 0; c < a->ncomparisons; c++)
		for (int level = 1; level <= a->comparisons[c].levels; level++)
		{
			double		m = fabs(a->comparisons[c].m[level] - b->comparisons[c].m[level]);
			double		u = fabs(a->comparisons[c].u[level] - b->comparisons[c].u[level]);

			change = m > change ? m : change;
			change = u > change ? u : change;
		}
	return change;
}

/*
 * Fits the model in place and fills in what came of the passes.
 */
void
match_fit(MatchFit *fit)
{
	if (fit->households)
	{
		fit->model.household = fit->model.lambda;
		for (int c = 0; c < fit->model.ncomparisons; c++)
			fit->sharing[c].share = fit->sharing[c].expected;
		household_levels(fit);
	}
	fit_u(fit);
	fit_lambda(fit);
	do
	{
		EmModel		before = fit->model;

		for (int s = 0; s < fit->nsessions; s++)
			fit_session(fit, &fit->sessions[s]);
		for (int c = 0; c < fit->model.ncomparisons; c++)
			combine_sessions(fit, c);
		fit_u(fit);
		fit_lambda(fit);
		fit->rounds++;
		fit->change = model_change(&before, &fit->model);
	} while (fit->change >= ROUND_CONVERGENCE && fit->rounds < MAX_ROUNDS);
}
