/*
 * em.c
 *		Fellegi-Sunter mixture over agreement patterns, fitted by expectation
 *		maximisation.
 *
 * With g_c the level of comparison c in pattern g, and missing values left out,
 *		log P(g | match)     = sum over c of log m_c[g_c]
 *		log P(g | non-match) = sum over c of log u_c[g_c]
 *		p_g = lambda P(g | match) / (lambda P(g | match) + (1 - lambda) P(g | non-match))
 * and an iteration sets lambda to the mean of p, m to the shares of the levels
 * weighted by p and u to those weighted by 1 - p.
 *
 * Non-matches may be a mixture of their own: a share of them is of one household,
 *		P(g | non-match) = (1 - household) prod u_c[g_c] + household prod h_c[g_c]
 * (three classes, as Winkler 1993 and Larsen and Rubin 2001 have them).
 */
#include "core/em.h"

#include <math.h>
#include <string.h>

#include "core/random.h"

/* logarithms of a model's parameters */
typedef struct EmLogs
{
	bool		has_household;
	double		match;
	double		non_match;
	double		household;
	double		m[EM_MAX_COMPARISONS][EM_MAX_LEVELS + 1];
	double		u[EM_MAX_COMPARISONS][EM_MAX_LEVELS + 1];
	double		h[EM_MAX_COMPARISONS][EM_MAX_LEVELS + 1];
} EmLogs;

/* probabilities of a pattern's classes */
typedef struct EmPosterior
{
	double		match;
	double		household;
	double		log_likelihood;
} EmPosterior;

static inline int
level_of(uint64_t pattern, int comparison)
{
	return (int) (pattern >> (4 * comparison)) & 15;
}

static double
log_of(double probability)
{
	return portable_log(probability > EM_LEAST ? probability : EM_LEAST);
}

/*
 * Whether each level of a pattern exists in the model.
 */
bool
em_pattern_fits(const EmModel *model, uint64_t pattern)
{
	for (int c = 0; c < model->ncomparisons; c++)
		if (level_of(pattern, c) > model->comparisons[c].levels)
			return false;
	return pattern >> (4 * model->ncomparisons) == 0;
}

/*
 * Logarithms of all parameters; a missing value's are 0, so that it counts for
 * nothing.
 */
static void
take_logs(const EmModel *model, EmLogs *logs)
{
	logs->has_household = model->household > 0;
	logs->match = log_of(model->lambda);
	logs->non_match = log_of(1 - model->lambda) + log_of(1 - model->household);
	logs->household = log_of(1 - model->lambda) + log_of(model->household);
	for (int c = 0; c < model->ncomparisons; c++)
	{
		const EmComparison *comparison = &model->comparisons[c];

		logs->m[c][0] = 0;
		logs->u[c][0] = 0;
		logs->h[c][0] = 0;
		for (int level = 1; level <= comparison->levels; level++)
		{
			logs->m[c][level] = log_of(comparison->m[level]);
			logs->u[c][level] = log_of(comparison->u[level]);
			if (logs->has_household)
				logs->h[c][level] = log_of(comparison->h[level]);
		}
	}
}

/*
 * Probabilities of a pattern's classes, and the logarithm of its own.
 */
static EmPosterior
posterior(const EmLogs *logs, int ncomparisons, uint64_t pattern)
{
	EmPosterior result = {0};
	double		match = logs->match;
	double		non_match = logs->non_match;
	double		household = logs->household;
	double		odds;			/* of the less likely class, at most 1 */
	double		share = 0;		/* of the household among non-matches */

	for (int c = 0; c < ncomparisons; c++)
	{
		int			level = level_of(pattern, c);

		match += logs->m[c][level];
		non_match += logs->u[c][level];
		household += logs->h[c][level];
	}
	if (logs->has_household)
	{
		odds = portable_exp(household < non_match ? household - non_match : non_match - household);
		share = (household < non_match ? odds : 1) / (1 + odds);
		non_match = (household < non_match ? non_match : household) + portable_log(1 + odds);
	}
	odds = portable_exp(match < non_match ? match - non_match : non_match - match);
	result.log_likelihood = (match < non_match ? non_match : match) + portable_log(1 + odds);
	result.match = (match < non_match ? odds : 1) / (1 + odds);
	result.household = (1 - result.match) * share;
	return result;
}

/*
 * Probability that a pair of this pattern is a match.
 */
double
em_probability(const EmModel *model, uint64_t pattern)
{
	EmLogs		logs;

	take_logs(model, &logs);
	return posterior(&logs, model->ncomparisons, pattern).match;
}

/*
 * The expectation step: weighted counts under the model.
 */
void
em_expect(const EmModel *model, const EmCount *counts, size_t ncounts, EmSums *sums)
{
	EmLogs		logs;

	take_logs(model, &logs);
	memset(sums, 0, sizeof(EmSums));
	for (size_t i = 0; i < ncounts; i++)
	{
		double		count = counts[i].count;
		EmPosterior p = posterior(&logs, model->ncomparisons, counts[i].pattern);

		if (counts[i].truth == EM_MATCH)
			p.household = 0;
		else if (counts[i].truth == EM_NON_MATCH)
			p.household /= p.match < 1 ? 1 - p.match : 1;
		if (counts[i].truth != EM_UNKNOWN)
			p.match = counts[i].truth == EM_MATCH ? 1 : 0;
		sums->total += count;
		sums->matches += count * p.match;
		sums->households += count * p.household;
		sums->log_likelihood += count * p.log_likelihood;
		for (int c = 0; c < model->ncomparisons; c++)
		{
			int			level = level_of(counts[i].pattern, c);

			sums->m[c][level] += count * p.match;
			sums->u[c][level] += count * (1 - p.match);
			sums->h[c][level] += count * p.household;
		}
	}
}

/*
 * Puts a comparison's counts, with pseudo-counts added, into probabilities:
 * levels that are fixed keep theirs, the others share the rest.  Without any
 * count nothing changes.
 */
void
em_normalise(double *probability, const double *count, const double *prior,
			 const bool *fixed, int levels)
{
	double		rest = 1;
	double		sum = 0;

	for (int level = 1; level <= levels; level++)
	{
		if (fixed[level])
			rest -= probability[level];
		else
			sum += count[level] + prior[level];
	}
	if (sum <= 0)
		return;
	for (int level = 1; level <= levels; level++)
		if (!fixed[level])
		{
			double		value = rest * (count[level] + prior[level]) / sum;

			probability[level] = value > EM_LEAST ? value : EM_LEAST;
		}
}

static double
greater_change(double change, const double *before, const double *after, int levels)
{
	for (int level = 1; level <= levels; level++)
	{
		double		difference = fabs(after[level] - before[level]);

		if (difference > change)
			change = difference;
	}
	return change;
}

/*
 * The maximisation step; returns the greatest change of a parameter.
 */
static double
maximise(EmModel *model, const EmSums *sums, const EmOptions *options)
{
	double		change = 0;

	if (!options->fix_lambda && sums->total > 0)
	{
		double		total = options->total > sums->total ? options->total : sums->total;
		double		lambda = sums->matches / total;

		lambda = lambda < EM_LEAST ? EM_LEAST : lambda > 1 - EM_LEAST ? 1 - EM_LEAST : lambda;
		change = fabs(lambda - model->lambda);
		model->lambda = lambda;
	}
	for (int c = 0; c < model->ncomparisons; c++)
	{
		EmComparison *comparison = &model->comparisons[c];
		EmComparison before = *comparison;

		if (!options->fix_m)
			em_normalise(comparison->m, sums->m[c], comparison->prior_m, comparison->fix_m, comparison->levels);
		if (!options->fix_u)
			em_normalise(comparison->u, sums->u[c], comparison->prior_u, comparison->fix_u, comparison->levels);
		change = greater_change(change, before.m, comparison->m, comparison->levels);
		change = greater_change(change, before.u, comparison->u, comparison->levels);
	}
	return change;
}

/*
 * Fits the model in place, beginning with its values.
 */
EmFit
em_fit(EmModel *model, const EmCount *counts, size_t ncounts, const EmOptions *options)
{
	EmFit		fit = {0};
	EmSums		sums;

	do
	{
		if (options->check)
			options->check();
		em_expect(model, counts, ncounts, &sums);
		fit.change = maximise(model, &sums, options);
		fit.iterations++;
	} while (fit.change >= options->convergence && fit.iterations < options->max_iterations);
	fit.log_likelihood = sums.log_likelihood;
	fit.matches = sums.matches;
	return fit;
}
