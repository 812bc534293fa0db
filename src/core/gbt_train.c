/*
 * gbt_train.c
 *		Training of gradient-boosted trees on histograms, binary logistic loss.
 *
 * A tree is grown depth first: the smaller child's histogram is summed from its
 * rows, the larger one's is the parent's less that, so max_depth + 1 histograms
 * are enough.  The same job gives the same bits.
 */
#include "core/gbt.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/gbt_split.h"
#include "core/random.h"
#include "core/tree_xgboost.h"

#define NO_HISTOGRAM	(-1)
#define TICK_CELLS		100000

/* streams of random numbers */
#define STREAM_ROWS		1
#define STREAM_COLUMNS	2

/* A node that is being grown: its rows are index[begin] to index[end - 1]. */
typedef struct Growing
{
	int32_t		node;
	int32_t		bin;			/* bins 1 to bin go left */
	uint32_t	begin;
	uint32_t	end;
	int			depth;
	int			histogram;		/* number of the slot, or NO_HISTOGRAM */
	int64_t		sum;
	double		weight;
	GbtBounds	bounds;
} Growing;

/* Memory of a job, carved from one block. */
typedef struct Workspace
{
	int64_t    *packed;
	int64_t    *histograms;		/* max_depth + 2 slots */
	float	   *margins;
	float	   *valid_margins;
	float	   *ranking;		/* pairs of margin and label of the validation
								 * rows */
	uint32_t   *index;
	uint32_t   *scratch;
	int32_t    *active;
	int32_t    *offset;
	int32_t    *nbins;
	Growing    *grown;			/* per node of the tree in work */
	TreeNode   *nodes;
	int32_t    *order;
	int			max_nodes;
	int			nslots;
	int			slots[GBT_MAX_DEPTH + 2];
	int			stack[GBT_MAX_DEPTH + 2];
} Workspace;

/* A training: the job, its memory and the tree in work. */
typedef struct Trainer
{
	const GbtJob *job;
	Workspace	space;
	GbtTree		tree;
	int			nnodes;
	size_t		cells;			/* since the last tick */
	uint32_t	nsampled;
} Trainer;

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

static void
tick(Trainer *trainer, size_t cells)
{
	trainer->cells += cells;
	if (trainer->cells < TICK_CELLS)
		return;
	trainer->cells = 0;
	if (trainer->job->tick)
		trainer->job->tick(trainer->job->context);
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
 * Sums rows of the index, or all rows in order, into a cleared histogram slot.
 */
static void
fill(Trainer *trainer, uint32_t begin, uint32_t end, bool in_order, int64_t *histogram)
{
	size_t		width = (size_t) trainer->tree.nactive;
	uint32_t	step = (uint32_t) (TICK_CELLS / (width ? width : 1)) + 1;
	uint32_t	at;

	memset(histogram, 0, (size_t) trainer->tree.width * sizeof(int64_t));
	if (in_order)
	{
		/*
		 * chunks keep the wait for a cancel short; rows are found by their
		 * number
		 */
		gbt_fill_histogram(&trainer->tree, NULL, end, histogram);
		tick(trainer, end * width);
		return;
	}
	for (at = begin; at < end; at += step)
	{
		uint32_t	count = end - at < step ? end - at : step;

		gbt_fill_histogram(&trainer->tree, trainer->space.index + at, count, histogram);
		tick(trainer, count * width);
	}
}

static bool
goes_left(const Growing *node, const TreeNode *split, uint8_t bin)
{
	return bin == 0 ? split->default_left : bin <= node->bin;
}

/*
 * Divides the rows of a node among its children, each in the order it had.
 * Returns where the right one's begin.
 */
static uint32_t
divide(Trainer *trainer, const Growing *node, const TreeNode *split)
{
	Workspace  *space = &trainer->space;
	const uint8_t *bins = trainer->job->train.bins + split->feature;
	size_t		stride = (size_t) trainer->job->cuts.nfeatures;
	uint32_t	nleft = node->begin,
				nright = 0,
				i;

	for (i = node->begin; i < node->end; i++)
	{
		uint32_t	row = space->index[i];
		bool		left = goes_left(node, split, bins[row * stride]);

		/* both stores always, so that there is no branch to mispredict */
		space->index[nleft] = row;
		space->scratch[nright] = row;
		nleft += left;
		nright += !left;
	}
	memcpy(space->index + nleft, space->scratch, nright * sizeof(uint32_t));
	tick(trainer, node->end - node->begin);
	return nleft;
}

static int32_t
new_node(Trainer *trainer, uint32_t begin, uint32_t end, int depth, int64_t sum, double weight, GbtBounds bounds)
{
	int32_t		number = trainer->nnodes++;
	Growing    *growing = &trainer->space.grown[number];
	TreeNode   *node = &trainer->space.nodes[number];

	memset(node, 0, sizeof(*node));
	node->left = node->right = -1;
	node->cover = (float) gbt_hessian(&trainer->tree, sum);
	growing->node = number;
	growing->begin = begin;
	growing->end = end;
	growing->depth = depth;
	growing->histogram = NO_HISTOGRAM;
	growing->sum = sum;
	growing->weight = weight;
	growing->bounds = bounds;
	return number;
}

static int64_t *
slot(Trainer *trainer, int number)
{
	return trainer->space.histograms + (size_t) number * (size_t) trainer->tree.width;
}

/*
 * Splits a node into two, whose numbers follow each other; false when there is
 * nothing to gain.
 */
static bool
split_node(Trainer *trainer, int32_t number)
{
	Workspace  *space = &trainer->space;
	Growing    *growing = &space->grown[number];
	TreeNode   *node = &space->nodes[number];
	const GbtCuts *cuts = &trainer->job->cuts;
	GbtBounds	left_bounds = growing->bounds,
				right_bounds = growing->bounds;
	GbtSplit	split;
	uint32_t	middle;
	int			constraint;

	if (trainer->nnodes + 2 > space->max_nodes)
		return false;
	split = gbt_find_split(&trainer->tree, slot(trainer, growing->histogram), growing->sum, growing->bounds);
	tick(trainer, (size_t) trainer->tree.width);
	if (split.feature < 0)
		return false;
	node->feature = split.feature;
	node->gain = (float) split.gain;
	node->default_left = split.default_left;
	growing->bin = split.bin;
	node->value = split.bin > cuts->start[split.feature + 1] - cuts->start[split.feature]
		? FLT_MAX : cuts->cuts[cuts->start[split.feature] + split.bin - 1];
	middle = divide(trainer, growing, node);
	constraint = trainer->job->params.monotone ? trainer->job->params.monotone[split.feature] : 0;
	if (constraint != 0)
	{
		double		between = (split.left_weight + split.right_weight) / 2;

		if (constraint > 0)
			left_bounds.high = right_bounds.low = between;
		else
			left_bounds.low = right_bounds.high = between;
	}
	node->left = new_node(trainer, growing->begin, middle, growing->depth + 1, split.left, split.left_weight, left_bounds);
	node->right = new_node(trainer, middle, growing->end, growing->depth + 1, growing->sum - split.left,
						   split.right_weight, right_bounds);
	return true;
}

/*
 * Gives the children of a node that has just been split their histograms: its
 * own becomes the larger child's.
 */
static void
hand_on_histogram(Trainer *trainer, const Growing *parent, const TreeNode *node)
{
	Workspace  *space = &trainer->space;
	Growing    *left = &space->grown[node->left];
	Growing    *right = &space->grown[node->right];
	bool		left_is_smaller = left->end - left->begin <= right->end - right->begin;
	Growing    *smaller = left_is_smaller ? left : right;
	Growing    *larger = left_is_smaller ? right : left;

	smaller->histogram = space->slots[--space->nslots];
	fill(trainer, smaller->begin, smaller->end, false, slot(trainer, smaller->histogram));
	larger->histogram = parent->histogram;
	gbt_subtract_histogram(&trainer->tree, slot(trainer, larger->histogram), slot(trainer, smaller->histogram));
}

/*
 * Grows the tree depth first, the child with fewer rows first, which keeps the
 * number of histograms in use below max_depth + 2.
 */
static void
grow(Trainer *trainer)
{
	Workspace  *space = &trainer->space;
	const GbtParams *params = &trainer->job->params;
	int			pending = 0;

	space->stack[pending++] = 0;
	while (pending > 0)
	{
		int32_t		number = space->stack[--pending];
		Growing    *growing = &space->grown[number];
		bool		splits = split_node(trainer, number);

		if (splits && growing->depth + 1 < params->max_depth)
		{
			const TreeNode *node = &space->nodes[number];

			hand_on_histogram(trainer, growing, node);
			if (space->grown[node->left].end - space->grown[node->left].begin
				<= space->grown[node->right].end - space->grown[node->right].begin)
			{
				space->stack[pending++] = node->right;
				space->stack[pending++] = node->left;
			}
			else
			{
				space->stack[pending++] = node->left;
				space->stack[pending++] = node->right;
			}
		}
		else
			space->slots[space->nslots++] = growing->histogram;
	}
}

/*
 * Takes back splits that gain less than gamma, from the leaves up.  Children
 * have higher numbers than their parents.
 */
static void
prune(Trainer *trainer)
{
	TreeNode   *nodes = trainer->space.nodes;
	int32_t		i;

	for (i = trainer->nnodes - 1; i >= 0; i--)
	{
		TreeNode   *node = &nodes[i];

		if (node->left >= 0 && nodes[node->left].left < 0 && nodes[node->right].left < 0
			&& node->gain < trainer->job->params.gamma)
			node->left = node->right = -1;
	}
}

/*
 * Adds a leaf's weight to the margins of its rows.
 */
static void
settle_leaf(Trainer *trainer, int32_t number)
{
	Workspace  *space = &trainer->space;
	const Growing *growing = &space->grown[number];
	TreeNode   *node = &space->nodes[number];
	uint32_t	i;

	node->value = (float) (growing->weight * trainer->job->params.learning_rate);
	node->gain = 0;
	node->feature = 0;
	node->default_left = false;
	for (i = growing->begin; i < growing->end; i++)
		space->margins[space->index[i]] += node->value;
}

/*
 * The leaf that a row of bins comes to.
 */
static const TreeNode *
leaf_of(const Trainer *trainer, const uint8_t *line)
{
	const TreeNode *nodes = trainer->space.nodes;
	int32_t		at = 0;

	while (nodes[at].left >= 0)
		at = goes_left(&trainer->space.grown[at], &nodes[at], line[nodes[at].feature]) ? nodes[at].left : nodes[at].right;
	return &nodes[at];
}

/*
 * Adds the tree to the margins of everybody: through the leaves' rows for those
 * it was grown on, down the tree for the rest.
 */
static void
settle(Trainer *trainer)
{
	const GbtJob *job = trainer->job;
	Workspace  *space = &trainer->space;
	size_t		stride = (size_t) job->cuts.nfeatures;
	int			pending = 0;
	size_t		i;

	/* a walk, because nodes below a pruned one are not part of the tree */
	space->order[pending++] = 0;
	while (pending > 0)
	{
		const TreeNode *node = &space->nodes[space->order[--pending]];

		if (node->left < 0)
		{
			settle_leaf(trainer, (int32_t) (node - space->nodes));
			continue;
		}
		space->order[pending++] = node->left;
		space->order[pending++] = node->right;
	}
	for (i = trainer->nsampled; i < job->train.nrows; i++)
		space->margins[space->index[i]] += leaf_of(trainer, job->train.bins + space->index[i] * stride)->value;
	for (i = 0; i < job->valid.nrows; i++)
		space->valid_margins[i] += leaf_of(trainer, job->valid.bins + i * stride)->value;
	tick(trainer, job->train.nrows + job->valid.nrows * (size_t) job->params.max_depth);
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
	GbtBounds	everything = {-INFINITY, INFINITY};
	int64_t		sum = 0;
	uint32_t	i;
	int			root;

	differentiate(trainer);
	sample(trainer, round);
	for (i = 0; i < trainer->nsampled; i++)
		sum += space->packed[space->index[i]];
	trainer->nnodes = 0;
	root = new_node(trainer, 0, trainer->nsampled, 0, sum, 0, everything);
	space->grown[root].weight = gbt_weight(&trainer->job->params, gbt_gradient(&trainer->tree, sum),
										   gbt_hessian(&trainer->tree, sum), everything);
	space->grown[root].histogram = space->slots[--space->nslots];
	fill(trainer, 0, trainer->nsampled, trainer->nsampled == trainer->job->train.nrows,
		 slot(trainer, space->grown[root].histogram));
	grow(trainer);
	if (trainer->job->params.gamma > 0)
		prune(trainer);
	settle(trainer);
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
