/*
 * gbt_grow.c
 *		Growing one tree and adding it to the margins.
 *
 * A tree is grown depth first: the smaller child's histogram is summed from its
 * rows, the larger one's is the parent's less that, so max_depth + 1 histograms
 * are enough.
 */
#include "core/gbt_grow.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define NO_HISTOGRAM	(-1)
#define TICK_CELLS		100000

/*
 * Counts work, and gives the caller a chance to end the training now and then.
 */
void
gbt_tick(Trainer *trainer, size_t cells)
{
	trainer->cells += cells;
	if (trainer->cells < TICK_CELLS)
		return;
	trainer->cells = 0;
	if (trainer->job->tick)
		trainer->job->tick(trainer->job->context);
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
		gbt_tick(trainer, end * width);
		return;
	}
	for (at = begin; at < end; at += step)
	{
		uint32_t	count = end - at < step ? end - at : step;

		gbt_fill_histogram(&trainer->tree, trainer->space.index + at, count, histogram);
		gbt_tick(trainer, count * width);
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
	gbt_tick(trainer, node->end - node->begin);
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
	gbt_tick(trainer, (size_t) trainer->tree.width);
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
	gbt_tick(trainer, job->train.nrows + job->valid.nrows * (size_t) job->params.max_depth);
}

/*
 * Grows the tree over the rows and features that were chosen, whose sum is
 * given, and adds it to the margins.
 */
void
gbt_grow(Trainer *trainer, int64_t sum)
{
	Workspace  *space = &trainer->space;
	GbtBounds	everything = {-INFINITY, INFINITY};
	int			root;

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
}
