/*
 * gbt_split.h
 *		Histograms of gradients and the best split of a node.
 *
 * Pure C.  First and second derivatives are fixed-point numbers packed into 64
 * bits, the first in the upper half (signed), the second in the lower (not
 * negative).  One addition sums both, and sums are exact: they depend neither
 * on the order of the rows nor on how a node's rows are divided.
 */
#ifndef PATTERNOS_GBT_SPLIT_H
#define PATTERNOS_GBT_SPLIT_H

#include "core/gbt.h"

/* What the leaves' weights may be, by the monotone constraints above. */
typedef struct GbtBounds
{
	double		low;
	double		high;
} GbtBounds;

/* Constants of a tree: which features it may use, where their bins are, the units of the sums. */
typedef struct GbtTree
{
	const GbtParams *params;
	const GbtRows *rows;
	int			nfeatures;		/* in a row of bins */
	int			nactive;
	const int32_t *active;		/* features in use, rising */
	const int32_t *offset;		/* of each feature's bins in a histogram */
	const int32_t *nbins;
	int32_t		width;			/* of a histogram */
	double		gradient_unit;
	double		hessian_unit;
	const int64_t *packed;		/* derivatives of each row */
} GbtTree;

typedef struct GbtSplit
{
	double		gain;			/* 0: there is none */
	int32_t		feature;
	int32_t		bin;			/* bins 1 to bin go left */
	bool		default_left;
	int64_t		left;			/* sum of the left child */
	double		left_weight;
	double		right_weight;
} GbtSplit;

static inline double
gbt_gradient(const GbtTree *tree, int64_t sum)
{
	/* the lower half is not negative, so the upper one is exact as it stands */
	return (double) (int32_t) (sum >> 32) * tree->gradient_unit;
}

static inline double
gbt_hessian(const GbtTree *tree, int64_t sum)
{
	return (double) (uint32_t) sum * tree->hessian_unit;
}

extern double gbt_weight(const GbtParams *params, double gradient, double hessian, GbtBounds bounds);
extern void gbt_fill_histogram(const GbtTree *tree, const uint32_t *index, size_t count, int64_t *histogram);
extern void gbt_subtract_histogram(const GbtTree *tree, int64_t *from, const int64_t *part);
extern GbtSplit gbt_find_split(const GbtTree *tree, const int64_t *histogram, int64_t total, GbtBounds bounds);

#endif							/* PATTERNOS_GBT_SPLIT_H */
