/*
 * tree.c
 *		Sums of decision trees: check, compiled form, evaluation.
 */
#include "core/tree.h"

#include <math.h>
#include <string.h>

/* Trees or rows that are walked side by side, to hide the latency of loads. */
#define LANES		TREE_LANES

/*
 * Checks the nodes of one tree: every node but the root is the child of exactly
 * one node before it, which also excludes cycles.  Returns what is wrong, or
 * NULL.
 */
static const char *
check_tree(const TreeModel *model, const TreeNode *nodes, int32_t count)
{
	uint8_t		depth[TREE_MAX_NODES];
	int32_t		i;

	if (count < 1 || count > TREE_MAX_NODES)
		return "number of nodes of a tree";
	memset(depth, 0, (size_t) count);
	depth[0] = 1;
	for (i = 0; i < count; i++)
	{
		const TreeNode *node = &nodes[i];

		if (depth[i] == 0)
			return "node without a parent before it";
		if (!isfinite(node->value))
			return "value that is not finite";
		if (node->left < 0)
			continue;
		if (node->left <= i || node->right <= i || node->left >= count || node->right >= count
			|| node->left == node->right)
			return "number of a child";
		if (depth[node->left] != 0 || depth[node->right] != 0)
			return "node with two parents";
		if (node->feature < 0 || node->feature >= model->nfeatures)
			return "number of a feature";
		if (depth[i] > TREE_MAX_DEPTH)
			return "depth of a tree";
		depth[node->left] = depth[node->right] = (uint8_t) (depth[i] + 1);
	}
	return NULL;
}

/*
 * What is wrong with a model, or NULL.  Nothing else here checks again.
 */
const char *
tree_check(const TreeModel *model)
{
	int			t;

	if (model->ntrees < 0 || model->ntrees > TREE_MAX_TREES)
		return "number of trees";
	if (model->nfeatures < 1 || model->nfeatures > TREE_MAX_FEATURES)
		return "number of features";
	if (!isfinite(model->base_margin))
		return "base score";
	for (t = 0; t < model->ntrees; t++)
	{
		const char *wrong = check_tree(model, model->nodes + model->start[t], model->start[t + 1] - model->start[t]);

		if (wrong)
			return wrong;
	}
	return NULL;
}

/*
 * Bytes of the compiled form.
 */
size_t
tree_packed_size(const TreeModel *model)
{
	return sizeof(PackedTrees) + (size_t) model->ntrees * sizeof(PackedRoot)
		+ (size_t) model->start[model->ntrees] * sizeof(PackedNode);
}

/*
 * Writes one tree, level by level, and returns its depth.
 */
static int32_t
pack_tree(const TreeNode *nodes, int nfeatures, int32_t *order, PackedNode *out)
{
	int32_t		count = 1,
				depth = 0,
				level_end = 1,
				i;

	order[0] = 0;
	for (i = 0; i < count; i++)
	{
		const TreeNode *node = &nodes[order[i]];

		if (i == level_end)
		{
			depth++;
			level_end = count;
		}
		out[i].value = node->value;
		out[i].feature = (uint16_t) (nfeatures * 2);
		out[i].child = 0;
		if (node->left < 0)
			continue;
		out[i].feature = (uint16_t) (node->feature * 2 + (node->default_left ? 1 : 0));
		out[i].child = (uint16_t) (count - i);
		order[count++] = node->left;
		order[count++] = node->right;
	}
	return depth;
}

/*
 * Compiles a model that tree_check has passed.  order has room for the largest
 * tree's nodes.
 */
void
tree_pack(const TreeModel *model, int32_t *order, PackedTrees *packed)
{
	PackedRoot *roots = (PackedRoot *) (packed + 1);
	PackedNode *nodes = (PackedNode *) (roots + model->ntrees);
	int			t;

	memset(packed, 0, sizeof(*packed));
	packed->magic = PACKED_TREES_MAGIC;
	packed->ntrees = model->ntrees;
	packed->nfeatures = model->nfeatures;
	packed->nnodes = model->start[model->ntrees];
	packed->base_margin = model->base_margin;
	for (t = 0; t < model->ntrees; t++)
	{
		roots[t].node = model->start[t];
		roots[t].depth = pack_tree(model->nodes + model->start[t], model->nfeatures, order, nodes + model->start[t]);
	}
}

/*
 * Checks one compiled tree: no child outside of it, no leaf deeper than said.
 */
static const char *
check_packed_tree(const PackedTrees *packed, const PackedNode *nodes, int32_t count, int32_t depth)
{
	uint8_t		level[TREE_MAX_NODES];
	int32_t		i;

	if (count < 1 || count > TREE_MAX_NODES || depth < 0 || depth > TREE_MAX_DEPTH)
		return "size of a tree";
	memset(level, 0, (size_t) count);
	for (i = 0; i < count; i++)
	{
		if (!isfinite(nodes[i].value))
			return "value that is not finite";
		if (nodes[i].child == 0)
		{
			if (nodes[i].feature != packed->nfeatures * 2)
				return "leaf of a tree";
			continue;
		}
		if (nodes[i].child + 1 >= count - i || nodes[i].feature / 2 >= packed->nfeatures || level[i] >= depth)
			return "node of a tree";
		level[i + nodes[i].child] = level[i + nodes[i].child + 1] = (uint8_t) (level[i] + 1);
	}
	return NULL;
}

/*
 * What is wrong with a compiled model of this many bytes, or NULL.
 */
const char *
tree_packed_check(const PackedTrees *packed, size_t size)
{
	const PackedRoot *roots;
	int			t;

	if (size < sizeof(PackedTrees) || packed->magic != PACKED_TREES_MAGIC)
		return "format";
	if (packed->ntrees < 0 || packed->ntrees > TREE_MAX_TREES || packed->nfeatures < 1
		|| packed->nfeatures > TREE_MAX_FEATURES || packed->nnodes < 0 || !isfinite(packed->base_margin))
		return "head";
	if (size != sizeof(PackedTrees) + (size_t) packed->ntrees * sizeof(PackedRoot)
		+ (size_t) packed->nnodes * sizeof(PackedNode))
		return "length";
	roots = packed_roots(packed);
	for (t = 0; t < packed->ntrees; t++)
	{
		int32_t		end = t + 1 < packed->ntrees ? roots[t + 1].node : packed->nnodes;
		const char *wrong;

		if (roots[t].node < 0 || roots[t].node >= end || end > packed->nnodes || (t == 0 && roots[t].node != 0))
			return "root of a tree";
		wrong = check_packed_tree(packed, packed_nodes(packed) + roots[t].node, end - roots[t].node, roots[t].depth);
		if (wrong)
			return wrong;
	}
	return packed->ntrees == 0 && packed->nnodes != 0 ? "length" : NULL;
}

/*
 * Spreads a row for evaluation: every feature twice, missing as more than any
 * cut and as less than any, so that a comparison sends it the way that a node
 * prescribes; then NaN, which leaves compare with and stay where they are.
 * There is room for tree_spread_size floats.
 */
void
tree_spread(const float *row, int nfeatures, float *spread)
{
	int			i;

	for (i = 0; i < nfeatures; i++)
	{
		float		value = row[i];

		spread[2 * i] = value != value ? INFINITY : value;
		spread[2 * i + 1] = value != value ? -INFINITY : value;
	}
	spread[2 * nfeatures] = NAN;
}

/*
 * The node that follows for a row that was spread; a leaf follows itself.
 * Without a branch, so that lanes go side by side.
 */
static inline uint32_t
follow(const PackedNode *nodes, uint32_t at, const float *spread)
{
	const PackedNode *node = &nodes[at];

	return at + node->child + (uint32_t) (spread[node->feature] >= node->value);
}

/*
 * The margin of one row that was spread: several trees side by side, their
 * leaves added in order.
 */
float
tree_margin(const PackedTrees *packed, const float *spread)
{
	const PackedRoot *roots = packed_roots(packed);
	const PackedNode *nodes = packed_nodes(packed);
	float		margin = packed->base_margin;
	int			t = 0;

	for (; t + LANES <= packed->ntrees; t += LANES)
	{
		uint32_t	at[LANES];
		int32_t		depth = 0,
					level;
		int			k;

		for (k = 0; k < LANES; k++)
		{
			at[k] = (uint32_t) roots[t + k].node;
			depth = roots[t + k].depth > depth ? roots[t + k].depth : depth;
		}
		for (level = 0; level < depth; level++)
#pragma GCC unroll 8
			for (k = 0; k < LANES; k++)
				at[k] = follow(nodes, at[k], spread);
		for (k = 0; k < LANES; k++)
			margin += nodes[at[k]].value;
	}
	for (; t < packed->ntrees; t++)
	{
		uint32_t	at = (uint32_t) roots[t].node;

		while (nodes[at].child != 0)
			at = follow(nodes, at, spread);
		margin += nodes[at].value;
	}
	return margin;
}

/*
 * Adds one tree to the margins of LANES rows side by side, whose values of a
 * feature stand next to each other.
 */
static inline void
add_tree(const PackedNode *nodes, PackedRoot root, const float *lanes, float *margins)
{
	uint32_t	at[LANES];
	int32_t		level;
	int			k;

	for (k = 0; k < LANES; k++)
		at[k] = (uint32_t) root.node;
	for (level = 0; level < root.depth; level++)
#pragma GCC unroll 8
		for (k = 0; k < LANES; k++)
		{
			const PackedNode *node = &nodes[at[k]];

			at[k] += node->child + (uint32_t) (lanes[(size_t) node->feature * LANES + k] >= node->value);
		}
	for (k = 0; k < LANES; k++)
		margins[k] += nodes[at[k]].value;
}

/*
 * Spreads LANES rows for add_tree; the last of count rows is repeated.
 */
static void
spread_lanes(const float *rows, size_t count, int nfeatures, float *lanes)
{
	size_t		k;
	int			i;

	for (k = 0; k < LANES; k++)
	{
		const float *row = rows + (k < count ? k : count - 1) * (size_t) nfeatures;
		float	   *lane = lanes + k;

		for (i = 0; i < nfeatures; i++)
		{
			float		value = row[i];

			lane[(size_t) i * 2 * LANES] = value != value ? INFINITY : value;
			lane[(size_t) i * 2 * LANES + LANES] = value != value ? -INFINITY : value;
		}
		lane[(size_t) nfeatures * 2 * LANES] = NAN;
	}
}

/*
 * The margins of up to TREE_BLOCK_ROWS rows, given one after the other, every
 * tree passed over all of them: the same bits as row by row.  There is room
 * for tree_block_size floats.
 */
void
tree_margins(const PackedTrees *packed, const float *rows, size_t nrows, float *block, float *margins)
{
	const PackedRoot *roots = packed_roots(packed);
	const PackedNode *nodes = packed_nodes(packed);
	size_t		size = tree_spread_size(packed->nfeatures) * LANES;
	float		sums[TREE_BLOCK_ROWS];
	size_t		i;
	int			t;

	for (i = 0; i < nrows; i += LANES)
		spread_lanes(rows + i * (size_t) packed->nfeatures, nrows - i, packed->nfeatures, block + i / LANES * size);
	for (i = 0; i < TREE_BLOCK_ROWS; i++)
		sums[i] = packed->base_margin;
	for (t = 0; t < packed->ntrees; t++)
		for (i = 0; i < nrows; i += LANES)
			add_tree(nodes, roots[t], block + i / LANES * size, sums + i);
	memcpy(margins, sums, nrows * sizeof(float));
}

/*
 * The probability of a margin.
 */
float
tree_sigmoid(float margin)
{
	return 1.0f / (1.0f + expf(-margin));
}
