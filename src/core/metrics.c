/*
 * metrics.c
 *		How well scores foretell outcomes: ranking, losses, shares at the top.
 */
#include "core/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Probabilities are kept this far from 0 and 1 before a logarithm is taken. */
#define CLIP 2.220446049250313e-16

static int
compare_outcomes(const void *a, const void *b)
{
	const Outcome *x = a;
	const Outcome *y = b;

	if (x->score != y->score)
		return x->score < y->score ? -1 : 1;
	return (int) x->label - (int) y->label;
}

void
metrics_sort(Outcome *outcomes, size_t count)
{
	if (count > 1)
		qsort(outcomes, count, sizeof(Outcome), compare_outcomes);
}

size_t
metrics_positives(const Outcome *outcomes, size_t count)
{
	size_t		positives = 0;
	size_t		i;

	for (i = 0; i < count; i++)
		positives += outcomes[i].label;
	return positives;
}

/*
 * The end of the run of equal scores that begins at i, and how many of it are
 * positive.
 */
static size_t
end_of_tie(const Outcome *outcomes, size_t count, size_t i, size_t *positives)
{
	size_t		j;

	*positives = 0;
	for (j = i; j < count && outcomes[j].score == outcomes[i].score; j++)
		*positives += outcomes[j].label;
	return j;
}

/*
 * Area under the ROC curve, ties counted half, with the standard error of
 * DeLong, DeLong and Clarke-Pearson (1988).  NaN when a class is missing.
 */
Estimate
metrics_auc(const Outcome *outcomes, size_t count)
{
	double		p = (double) metrics_positives(outcomes, count);
	double		n = (double) count - p;
	double		below = 0,
				positives_below = 0,
				area = 0,
				squares_positive = 0,
				squares_negative = 0;
	Estimate	result = {NAN, NAN};
	size_t		positives,
				i,
				j;

	if (p == 0 || n == 0)
		return result;
	for (i = 0; i < count; i = j)
	{
		double		negatives,
					place;

		j = end_of_tie(outcomes, count, i, &positives);
		negatives = (double) (j - i - positives);

		/*
		 * the share of negatives below a positive here, and of positives
		 * above a negative
		 */
		place = (below + negatives / 2) / n;
		area += (double) positives * place;
		squares_positive += (double) positives * place * place;
		place = (p - positives_below - (double) positives / 2) / p;
		squares_negative += negatives * place * place;
		below += negatives;
		positives_below += (double) positives;
	}
	result.value = area / p;
	if (p > 1 && n > 1)
	{
		double		by_positive = (squares_positive - p * result.value * result.value) / (p - 1);
		double		by_negative = (squares_negative - n * result.value * result.value) / (n - 1);

		result.error = sqrt(fmax(by_positive, 0) / p + fmax(by_negative, 0) / n);
	}
	return result;
}

/*
 * Average precision: the precision at each threshold, weighted by the recall
 * that the threshold adds.  NaN without positives.
 */
double
metrics_average_precision(const Outcome *outcomes, size_t count)
{
	double		total = (double) metrics_positives(outcomes, count);
	double		found = 0,
				sum = 0;
	size_t		end = count;

	if (total == 0)
		return NAN;
	while (end > 0)
	{
		size_t		begin = end - 1;
		size_t		positives;

		while (begin > 0 && outcomes[begin - 1].score == outcomes[begin].score)
			begin--;
		(void) end_of_tie(outcomes, end, begin, &positives);
		found += (double) positives;
		sum += (double) positives * found / (double) (count - begin);
		end = begin;
	}
	return sum / total;
}

/*
 * Mean and standard error of a loss.
 */
static Estimate
mean_of(double sum, double squares, size_t count)
{
	Estimate	result = {NAN, NAN};

	if (count == 0)
		return result;
	result.value = sum / (double) count;
	if (count > 1)
		result.error = sqrt(fmax(squares - sum * result.value, 0) / (double) (count - 1) / (double) count);
	return result;
}

Estimate
metrics_log_loss(const Outcome *outcomes, size_t count)
{
	double		sum = 0,
				squares = 0;
	size_t		i;

	for (i = 0; i < count; i++)
	{
		double		p = fmin(fmax(outcomes[i].score, CLIP), 1 - CLIP);
		double		loss = -log(outcomes[i].label ? p : 1 - p);

		sum += loss;
		squares += loss * loss;
	}
	return mean_of(sum, squares, count);
}

/*
 * Mean square of the difference between score and outcome.
 */
Estimate
metrics_brier(const Outcome *outcomes, size_t count)
{
	double		sum = 0,
				squares = 0;
	size_t		i;

	for (i = 0; i < count; i++)
	{
		double		difference = outcomes[i].score - outcomes[i].label;

		sum += difference * difference;
		squares += difference * difference * difference * difference;
	}
	return mean_of(sum, squares, count);
}

/*
 * How many of the highest "wanted" scores are positive.  Where a tie lies across
 * the border, its share counts: what a random order of it gives on average.
 */
static double
positives_at_top(const Outcome *outcomes, size_t count, double wanted)
{
	double		found = 0;
	size_t		end = count;

	while (end > 0 && wanted > 0)
	{
		size_t		begin = end - 1;
		size_t		positives;
		double		rows;

		while (begin > 0 && outcomes[begin - 1].score == outcomes[begin].score)
			begin--;
		(void) end_of_tie(outcomes, end, begin, &positives);
		rows = (double) (end - begin);
		found += rows <= wanted ? (double) positives : (double) positives * wanted / rows;
		wanted -= rows;
		end = begin;
	}
	return found;
}

/*
 * Precision, recall and lift among a fraction of the rows, at least one, with
 * the highest scores.  NaN without rows; recall and lift NaN without positives.
 */
TopShare
metrics_top(const Outcome *outcomes, size_t count, double fraction)
{
	double		wanted = fmax(1, rint(fraction * (double) count));
	double		total = (double) metrics_positives(outcomes, count);
	TopShare	result = {NAN, NAN, NAN};
	double		found;

	if (count == 0)
		return result;
	found = positives_at_top(outcomes, count, wanted);
	result.precision = found / wanted;
	if (total > 0)
	{
		result.recall = found / total;
		result.lift = result.precision / (total / (double) count);
	}
	return result;
}

/*
 * Rows, positives and scores by equal parts of the range from 0 to 1.
 */
void
metrics_calibration(const Outcome *outcomes, size_t count, int bins, ScoreBin *result)
{
	size_t		i;

	memset(result, 0, (size_t) bins * sizeof(ScoreBin));
	for (i = 0; i < count; i++)
	{
		int			number = (int) fmin(floor(outcomes[i].score * bins), bins - 1);
		ScoreBin   *bin = &result[number];

		if (bin->rows++ == 0)
			bin->lowest = outcomes[i].score;
		bin->highest = outcomes[i].score;
		bin->positives += outcomes[i].label;
		bin->score_sum += outcomes[i].score;
	}
}

/*
 * Expected calibration error: the mean distance, over rows, between score and
 * share of positives of the row's bin.
 */
double
metrics_calibration_error(const Outcome *outcomes, size_t count, int bins, ScoreBin *work)
{
	double		sum = 0;
	int			i;

	if (count == 0)
		return NAN;
	metrics_calibration(outcomes, count, bins, work);
	for (i = 0; i < bins; i++)
		sum += fabs(work[i].score_sum - work[i].positives);
	return sum / (double) count;
}

/*
 * Parts of equal numbers of rows, the highest scores first.  A tie across a
 * border counts by share.
 */
void
metrics_quantiles(const Outcome *outcomes, size_t count, int parts, ScoreBin *result)
{
	double		found = 0;
	size_t		begin = 0;
	int			i;

	memset(result, 0, (size_t) parts * sizeof(ScoreBin));
	for (i = 0; i < parts; i++)
	{
		size_t		end = (size_t) ((double) count * (i + 1) / parts + 0.5);
		double		total = positives_at_top(outcomes, count, (double) end);
		size_t		row;

		result[i].rows = end - begin;
		result[i].positives = total - found;
		if (end > begin)
		{
			result[i].highest = outcomes[count - begin - 1].score;
			result[i].lowest = outcomes[count - end].score;
		}
		for (row = count - end; row < count - begin; row++)
			result[i].score_sum += outcomes[row].score;
		found = total;
		begin = end;
	}
}

/*
 * Points of the ROC curve, from nobody to everybody, without those that lie on
 * a line with their neighbours.  There is room for count + 1; returns how many
 * there are, 0 when a class is missing.
 */
size_t
metrics_roc(const Outcome *outcomes, size_t count, RocPoint *result)
{
	double		p = (double) metrics_positives(outcomes, count);
	double		n = (double) count - p;
	size_t		end = count,
				points = 0;
	double		hits = 0,
				misses = 0;

	if (p == 0 || n == 0)
		return 0;
	result[points++] = (RocPoint)
	{
		INFINITY, 0, 0
	};
	while (end > 0)
	{
		size_t		begin = end - 1;
		size_t		positives;

		while (begin > 0 && outcomes[begin - 1].score == outcomes[begin].score)
			begin--;
		(void) end_of_tie(outcomes, end, begin, &positives);
		hits += (double) positives;
		misses += (double) (end - begin - positives);
		if (points >= 2)
		{
			RocPoint   *last = &result[points - 1];
			RocPoint   *before = &result[points - 2];

			/* counts are whole, so this comparison is exact */
			if ((last->true_positive_rate - before->true_positive_rate) * (misses - last->false_positive_rate)
				== (hits - last->true_positive_rate) * (last->false_positive_rate - before->false_positive_rate))
				points--;
		}
		result[points++] = (RocPoint)
		{
			outcomes[begin].score, misses, hits
		};
		end = begin;
	}
	for (end = 0; end < points; end++)
	{
		result[end].false_positive_rate /= n;
		result[end].true_positive_rate /= p;
	}
	return points;
}
