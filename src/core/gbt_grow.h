/*
 * gbt_grow.h
 *		Growing one tree: what a training keeps while it works on it.
 */
#ifndef PATTERNOS_GBT_GROW_H
#define PATTERNOS_GBT_GROW_H

#include "core/gbt_split.h"

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

extern void gbt_tick(Trainer *trainer, size_t cells);
extern void gbt_grow(Trainer *trainer, int64_t sum);

#endif							/* PATTERNOS_GBT_GROW_H */
