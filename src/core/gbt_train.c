/*
 * gbt_train.c
 *		Training of gradient-boosted trees on histograms, binary logistic loss.
 *
 * The same job gives the same bits.
 */
#include "core/gbt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/gbt_grow.h"
#include "core/random.h"
#include "core/tree_xgboost.h"

/* streams of random numbers */
#define STREAM_ROWS		1
#define STREAM_COLUMNS	2

static int
max_nodes_of(const GbtParams *params, size_t nrows)
{
	size_t		by_depth = ((size_t) 2 << params->max_depth) - 1;
	size_t		by_rows = 2 * (nrows > 0 ? nrows : 1) - 1;
	size_t		most = by_depth < by_rows ? by_depth : by_rows;

	return most < TREE_MAX_NODES ? (int) most : TREE_MAX_NODES;
}

/*
 * Takes bytes from a block, or only counts them when the block is NULL.
 */
static void *
carve(char *block, size_t *used, size_t size)
{
	void	   *result = block ? block + *used : NULL;

	*used += (size + 63) & ~(size_t) 63;
	return result;
}

static size_t
lay_out(const GbtJob *job, char *block, Workspace *space)
{
	size_t		n = job->train.nrows;
	size_t		nvalid = job->valid.nrows;
	size_t		f = (size_t) job->cuts.nfeatures;
	size_t		width = (size_t) job->cuts.start[f] + 2 * f;
	size_t		used = 0;

	space->max_nodes = max_nodes_of(&job->params, n);
	space->packed = carve(block, &used, n * sizeof(int64_t));
	space->histograms = carve(block, &used, ((size_t) job->params.max_depth + 2) * width * sizeof(int64_t));
	space->margins = carve(block, &used, n * sizeof(float));
	space->valid_margins = carve(block, &used, nvalid * sizeof(float));
	space->ranking = carve(block, &used, job->params.stop_on_auc ? nvalid * 2 * sizeof(float) : 0);
	space->index = carve(block, &used, n * sizeof(uint32_t));
	space->scratch = carve(block, &used, n * sizeof(uint32_t));
	space->active = carve(block, &used, f * sizeof(int32_t));
	space->offset = carve(block, &used, f * sizeof(int32_t));
	space->nbins = carve(block, &used, f * sizeof(int32_t));
	space->grown = carve(block, &used, (size_t) space->max_nodes * sizeof(Growing));
	space->nodes = carve(block, &used, (size_t) space->max_nodes * sizeof(TreeNode));
	space->order = carve(block, &used, (size_t) space->max_nodes * sizeof(int32_t));
	return used;
}

/*
 * Bytes that gbt_train needs beside the rows themselves.
 */
size_t
gbt_workspace_size(const GbtJob *job)
{
	Workspace	space;

	return lay_out(job, NULL, &space);
}

static double
weight_of(const GbtParams *params, const GbtRows *rows, size_t row)
{
	double		weight = rows->weights ? rows->weights[row] : 1;

	return rows->labels[row] ? weight * params->scale_pos_weight : weight;
}

/*
 * The weighted mean of the labels, kept off 0 and 1.
 */
static double
base_rate(const GbtJob *job)
{
	double		positive = 0,
				total = 0;
	size_t		i;

	for (i = 0; i < job->train.nrows; i++)
	{
		double		weight = weight_of(&job->params, &job->train, i);

		total += weight;
		if (job->train.labels[i])
			positive += weight;
	}
	return total > 0 ? fmin(fmax(positive / total, 1e-6), 1 - 1e-6) : 0.5;
}

/*
 * The derivatives of the loss at the present margins, as fixed-point numbers
 * with a unit that is a power of two and fine enough to use 31 bits in total.
 */
static void
differentiate(Trainer *trainer)
{
	const GbtRows *rows = &trainer->job->train;
	const GbtParams *params = &trainer->job->params;
	Workspace  *space = &trainer->space;
	double		gradients = 0,
				hessians = 0,
				by_gradient,
				by_hessian;
	int			exponent;
	size_t		i;

	/* a first pass for the sums; floats wait where the fixed-point numbers go */
	for (i = 0; i < rows->nrows; i++)
	{
		float		p = tree_sigmoid(space->margins[i]);
		float		weight = (float) weight_of(params, rows, i);
		float		pair[2];

		pair[0] = (p - rows->labels[i]) * weight;
		pair[1] = fmaxf(p * (1 - p), 1e-16f) * weight;
		gradients += fabsf(pair[0]);
		hessians += pair[1];
		memcpy(&space->packed[i], pair, sizeof(pair));
	}
	/* half a unit of rounding a row may come on top of each sum */
	(void) frexp(gradients / (2147483647.0 - (double) rows->nrows), &exponent);
	trainer->tree.gradient_unit = gradients > 0 ? ldexp(1, exponent) : 1;
	(void) frexp(hessians / (4294967295.0 - (double) rows->nrows), &exponent);
	trainer->tree.hessian_unit = hessians > 0 ? ldexp(1, exponent) : 1;
	by_gradient = 1 / trainer->tree.gradient_unit;
	by_hessian = 1 / trainer->tree.hessian_unit;
	for (i = 0; i < rows->nrows; i++)
	{
		float		pair[2];

		memcpy(pair, &space->packed[i], sizeof(pair));
		space->packed[i] = (int64_t) ((uint64_t) (int64_t) rint(pair[0] * by_gradient) << 32)
			+ (int64_t) rint(pair[1] * by_hessian);
	}
}

/*
 * Chooses the rows and features of a tree; rows not chosen go behind the
 * others in the index.
 */
static void
sample(Trainer *trainer, int round)
{
	const GbtParams *params = &trainer->job->params;
	Workspace  *space = &trainer->space;
	uint32_t	n = (uint32_t) trainer->job->train.nrows;
	int			f = trainer->job->cuts.nfeatures;
	int			wanted = (int) fmax(1, rint(params->colsample_bytree * f));
	uint32_t	nleft = 0,
				i;
	Random		random;
	int			k;

	trainer->nsampled = n;
	for (i = 0; i < n; i++)
		space->index[i] = i;
	if (params->subsample < 1)
	{
		uint32_t	nsampled = 0;

		random_start(&random, params->seed, STREAM_ROWS, (uint64_t) round);
		for (i = 0; i < n; i++)
		{
			if (random_uniform(&random) < params->subsample)
				space->index[nsampled++] = i;
			else
				space->scratch[nleft++] = i;
		}
		memcpy(space->index + nsampled, space->scratch, nleft * sizeof(uint32_t));
		trainer->nsampled = nsampled;
	}
	trainer->tree.nactive = 0;
	random_start(&random, params->seed, STREAM_COLUMNS, (uint64_t) round);
	for (k = 0; k < f && wanted > 0; k++)
	{
		/* each subset of the wanted size is equally likely */
		if (wanted < f - k && random_below(&random, (uint32_t) (f - k)) >= (uint32_t) wanted)
			continue;
		space->active[trainer->tree.nactive++] = k;
		wanted--;
	}
}

/*
 * Appends the tree to the result, its nodes renumbered level by level.
 */
static bool
keep_tree(Trainer *trainer, GbtResult *result)
{
	Workspace  *space = &trainer->space;
	int32_t		first = result->start[result->ntrees];
	int32_t		count = 1,
				at;
	TreeNode   *out;

	if (first + (size_t) trainer->nnodes > result->nodes_allocated
		&& !result->grow(trainer->job->context, result, first + (size_t) trainer->nnodes))
		return false;
	out = result->nodes + first;
	space->order[0] = 0;
	for (at = 0; at < count; at++)
	{
		out[at] = space->nodes[space->order[at]];
		if (out[at].left < 0)
			continue;
		space->order[count] = out[at].left;
		space->order[count + 1] = out[at].right;
		out[at].left = count;
		out[at].right = count + 1;
		count += 2;
	}
	result->start[++result->ntrees] = first + count;
	return true;
}

static int
compare_ranking(const void *a, const void *b)
{
	const float *x = a;
	const float *y = b;

	return (x[0] > y[0]) - (x[0] < y[0]);
}

/*
 * Area under the ROC curve of the validation rows, unweighted, ties counted
 * half; 0.5 when one class is missing.
 */
static double
valid_auc(Trainer *trainer)
{
	const GbtRows *rows = &trainer->job->valid;
	float	   *ranking = trainer->space.ranking;
	double		above = 0,
				negatives = 0,
				positives = 0;
	size_t		i,
				j;

	for (i = 0; i < rows->nrows; i++)
	{
		ranking[2 * i] = trainer->space.valid_margins[i];
		ranking[2 * i + 1] = rows->labels[i];
	}
	qsort(ranking, rows->nrows, 2 * sizeof(float), compare_ranking);
	for (i = 0; i < rows->nrows; i = j)
	{
		double		positive = 0;

		for (j = i; j < rows->nrows && ranking[2 * j] == ranking[2 * i]; j++)
			positive += ranking[2 * j + 1];
		above += positive * (negatives + ((double) (j - i) - positive) / 2);
		negatives += (double) (j - i) - positive;
		positives += positive;
	}
	return positives > 0 && negatives > 0 ? above / (positives * negatives) : 0.5;
}

/*
 * Mean log loss of rows at margins, with their weights.
 */
static double
log_loss(const GbtParams *params, const GbtRows *rows, const float *margins)
{
	double		loss = 0,
				total = 0;
	size_t		i;

	for (i = 0; i < rows->nrows; i++)
	{
		double		weight = weight_of(params, rows, i);
		double		against = rows->labels[i] ? -margins[i] : margins[i];

		/* ln(1 + e^x) without overflow */
		loss += weight * (fmax(against, 0) + log1p(exp(-fabs(against))));
		total += weight;
	}
	return total > 0 ? loss / total : 0;
}

/*
 * Reports a round.  Returns false when the caller wants no more; *better says
 * whether the validation rows are served best so far.
 */
static bool
report(Trainer *trainer, int round, double *best, bool *better)
{
	const GbtJob *job = trainer->job;
	GbtRound	state = {.round = round,.train_loss = NAN,.valid_loss = NAN,.valid_auc = NAN};
	double		merit;

	*better = true;
	if (job->valid.nrows > 0)
	{
		state.valid_loss = log_loss(&job->params, &job->valid, trainer->space.valid_margins);
		if (job->params.stop_on_auc)
			state.valid_auc = valid_auc(trainer);
		merit = job->params.stop_on_auc ? state.valid_auc : -state.valid_loss;
		*better = merit > *best;
		if (*better)
			*best = merit;
	}
	if (round % 10 == 0)
		state.train_loss = log_loss(&job->params, &job->train, trainer->space.margins);
	return !job->report || job->report(job->context, &state);
}

static void
prepare(Trainer *trainer, const GbtJob *job, void *workspace, GbtResult *result)
{
	Workspace  *space = &trainer->space;
	int32_t		offset = 0;
	size_t		i;
	int			k;

	memset(trainer, 0, sizeof(*trainer));
	trainer->job = job;
	(void) lay_out(job, workspace, space);
	for (k = 0; k < job->cuts.nfeatures; k++)
	{
		space->nbins[k] = job->cuts.start[k + 1] - job->cuts.start[k] + 2;
		space->offset[k] = offset;
		offset += space->nbins[k];
	}
	trainer->tree = (GbtTree)
	{
		.params = &job->params,.rows = &job->train,.nfeatures = job->cuts.nfeatures,
			.active = space->active,.offset = space->offset,.nbins = space->nbins,.width = offset,.packed = space->packed
	};
	for (k = 0; k < job->params.max_depth + 2; k++)
		space->slots[space->nslots++] = k;
	result->ntrees = result->nrounds = 0;
	result->start[0] = 0;
	result->base_score = (float) base_rate(job);
	result->base_margin = tree_base_margin(result->base_score);
	for (i = 0; i < job->train.nrows; i++)
		space->margins[i] = result->base_margin;
	for (i = 0; i < job->valid.nrows; i++)
		space->valid_margins[i] = result->base_margin;
}

/*
 * One more tree.
 */
static bool
boost(Trainer *trainer, GbtResult *result, int round)
{
	Workspace  *space = &trainer->space;
	int64_t		sum = 0;
	uint32_t	i;

	differentiate(trainer);
	sample(trainer, round);
	for (i = 0; i < trainer->nsampled; i++)
		sum += space->packed[space->index[i]];
	gbt_grow(trainer, sum);
	return keep_tree(trainer, result);
}

/*
 * Trains.  The workspace has gbt_workspace_size bytes.  Returns false when
 * memory for nodes could not be had or the report asked to stop; the result
 * then holds the trees so far.
 */
bool
gbt_train(const GbtJob *job, void *workspace, GbtResult *result)
{
	Trainer		trainer;
	double		best = -INFINITY;
	int			best_round = 0;
	bool		finished = true;

	prepare(&trainer, job, workspace, result);
	while (finished && result->nrounds < job->params.n_estimators)
	{
		bool		better;

		if (!boost(&trainer, result, result->nrounds))
			return false;
		result->nrounds++;
		finished = report(&trainer, result->nrounds, &best, &better);
		if (better)
			best_round = result->nrounds;
		else if (job->params.early_stopping_rounds > 0
				 && result->nrounds - best_round >= job->params.early_stopping_rounds)
			break;
	}
	if (job->params.early_stopping_rounds > 0 && job->valid.nrows > 0)
		result->ntrees = best_round;
	return finished;
}
