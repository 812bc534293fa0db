/*
 * tree.h
 *		Sums of binary decision trees over float features, and their evaluation.
 *
 * Pure C; memory belongs to the caller.  A row goes left where its value is
 * less than the cut, right otherwise, and where the value is missing (NaN) the
 * way that the node prescribes.  The margin is the base margin plus one leaf of
 * every tree, added as floats in the order of the trees: that is how XGBoost
 * adds, so its models score here with the same bits.
 */
#ifndef PATTERNOS_TREE_H
#define PATTERNOS_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a document may hold. */
#define TREE_MAX_TREES		10000
#define TREE_MAX_FEATURES	4096
#define TREE_MAX_NODES		65535
#define TREE_MAX_DEPTH		32

/* A node as trained, imported and explained; children are numbers within the tree, a leaf has left = -1. */
typedef struct TreeNode
{
	int32_t		left;
	int32_t		right;
	int32_t		feature;
	float		value;			/* the cut, or the leaf's addition to the
								 * margin */
	float		gain;			/* what the split improved, 0 for a leaf */
	float		cover;			/* sum of second derivatives, or rows */
	bool		default_left;
} TreeNode;

/* A model: the nodes of tree t are nodes[start[t]] to nodes[start[t + 1] - 1], the root first. */
typedef struct TreeModel
{
	int			ntrees;
	int			nfeatures;
	float		base_margin;
	const int32_t *start;
	const TreeNode *nodes;
} TreeModel;

/*
 * The compiled form: a PackedTrees, then ntrees PackedRoot, then nnodes
 * PackedNode, eight bytes each.  Siblings are adjacent, the left one first, and
 * behind their parent.  feature holds the number times two, plus one where
 * missing goes left: its place in a row that was spread, for a leaf the place
 * behind all features.  child is the distance to the left child, 0 for a leaf.
 */
typedef struct PackedNode
{
	float		value;
	uint16_t	feature;
	uint16_t	child;
} PackedNode;

typedef struct PackedRoot
{
	int32_t		node;
	int32_t		depth;
} PackedRoot;

#define PACKED_TREES_MAGIC		0x324e5054	/* "TPN2" where the lowest byte
											 * comes first */

typedef struct PackedTrees
{
	uint32_t	magic;
	int32_t		ntrees;
	int32_t		nfeatures;
	int32_t		nnodes;
	float		base_margin;
	uint32_t	unused;
} PackedTrees;

/* Rows that are scored together, and how many of them go side by side. */
#define TREE_BLOCK_ROWS		64
#define TREE_LANES			8

/* Floats that a row takes when it is spread. */
static inline size_t
tree_spread_size(int nfeatures)
{
	return 2 * (size_t) nfeatures + 1;
}

/* Floats that a block of rows takes when it is spread. */
static inline size_t
tree_block_size(int nfeatures)
{
	return tree_spread_size(nfeatures) * TREE_BLOCK_ROWS;
}

static inline const PackedRoot *
packed_roots(const PackedTrees *packed)
{
	return (const PackedRoot *) (packed + 1);
}

static inline const PackedNode *
packed_nodes(const PackedTrees *packed)
{
	return (const PackedNode *) (packed_roots(packed) + packed->ntrees);
}

extern const char *tree_check(const TreeModel *model);
extern size_t tree_packed_size(const TreeModel *model);
extern void tree_pack(const TreeModel *model, int32_t *order, PackedTrees *packed);
extern const char *tree_packed_check(const PackedTrees *packed, size_t size);
extern void tree_spread(const float *row, int nfeatures, float *spread);
extern float tree_margin(const PackedTrees *packed, const float *spread);
extern void tree_margins(const PackedTrees *packed, const float *rows, size_t nrows, float *block, float *margins);
extern float tree_sigmoid(float margin);

#endif							/* PATTERNOS_TREE_H */
